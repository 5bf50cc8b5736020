//! The files of a debug build: what `cargo leptos` wrote (`LEPTOS_SITE_ROOT`, else `target/site`), the style sources, which a
//! browser can follow import by import, and `public`. Read once, at first use.

use crate::{Asset, content_type::content_type};
use std::{
    collections::BTreeMap,
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

pub fn read() -> Vec<Asset> {
    let root = Path::new(ROOT);
    let site = env::var_os("LEPTOS_SITE_ROOT").map_or_else(|| root.join("target/site"), PathBuf::from);
    from([(root.join("public"), ""), (root.join("style"), "/style"), (site, "")])
}

/// Where two folders have the same file, the later one wins.
pub fn from(folders: impl IntoIterator<Item = (PathBuf, &'static str)>) -> Vec<Asset> {
    let mut found = BTreeMap::new();
    for (folder, url) in folders {
        walk(&folder, url, &mut found);
    }
    found.into_iter().map(|(path, bytes)| asset(path, bytes)).collect()
}

/// A folder that is not there has no files.
fn walk(folder: &Path, url: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = format!("{url}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &path, found);
        } else if let Ok(bytes) = fs::read(entry.path()) {
            found.insert(path, bytes);
        }
    }
}

fn asset(path: String, bytes: Vec<u8>) -> Asset {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Asset {
        content_type: content_type(&path),
        path: path.into(),
        identity: bytes.into(),
        brotli: None,
        gzip: None,
        immutable: false,
        etag: format!("\"{:016x}\"", hasher.finish()).into(),
    }
}
