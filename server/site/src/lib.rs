//! The files of the browser half: JavaScript, Wasm, style sheet, icons.
//!
//! A release build compiles them and carries them inside the binary, named by their content and already compressed. Any
//! other build reads what `cargo leptos` left in the site folder, and the style sheet from its sources; see [`disk`].

#[cfg(any(test, not(embedded)))]
mod content_type;
#[cfg(any(test, not(embedded)))]
#[cfg_attr(embedded, allow(dead_code))]
mod disk;

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

/// One file, in each form it can be sent.
pub struct Asset {
    /// Where the page finds it: `/pkg/daybook.<hash>.wasm`, `/favicon.svg`.
    pub path: Cow<'static, str>,
    pub content_type: &'static str,
    pub identity: Cow<'static, [u8]>,
    /// Absent where compressing gains nothing.
    pub brotli: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
    /// The path names the content, so a browser may keep it for ever.
    pub immutable: bool,
    /// Quoted, ready for the header.
    pub etag: Cow<'static, str>,
}

/// The addresses that a page names to start the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub js: &'static str,
    pub wasm: &'static str,
    pub css: &'static str,
}

#[cfg(embedded)]
static EMBEDDED: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// All files, ordered by path.
#[cfg(embedded)]
pub fn assets() -> &'static [Asset] {
    EMBEDDED
}

/// All files, ordered by path; none when there is nothing on disk.
#[cfg(not(embedded))]
pub fn assets() -> &'static [Asset] {
    static READ: LazyLock<Vec<Asset>> = LazyLock::new(disk::read);
    &READ
}

pub fn find(path: &str) -> Option<&'static Asset> {
    let assets = assets();
    assets.binary_search_by(|asset| asset.path.as_ref().cmp(path)).ok().map(|at| &assets[at])
}

pub fn entry() -> Entry {
    static ENTRY: LazyLock<Entry> = LazyLock::new(|| {
        let hashed =
            |ending: &str| assets().iter().find(|a| a.immutable && a.path.ends_with(ending)).map(|a| a.path.as_ref());
        Entry {
            js: hashed(".js").unwrap_or("/pkg/daybook.js"),
            wasm: hashed(".wasm").unwrap_or("/pkg/daybook.wasm"),
            css: hashed(".css").unwrap_or("/style/main.css"),
        }
    });
    *ENTRY
}

/// Names this set of files: it changes when any of them does.
pub fn release_id() -> &'static str {
    static ID: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        assets().iter().for_each(|asset| (&asset.path, &asset.etag).hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    });
    &ID
}

#[cfg(test)]
mod tests;
