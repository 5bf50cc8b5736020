//! Compresses the files and writes the table that the crate includes.

use crate::{Result, content_type::content_type};
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

pub struct File {
    path: String,
    bytes: Vec<u8>,
    immutable: bool,
}

impl File {
    /// A file of the app, named by its content: it may be kept for ever.
    pub fn hashed(extension: &str, bytes: Vec<u8>) -> Self {
        Self { path: format!("/pkg/daybook.{}.{extension}", hash(&bytes)), bytes, immutable: true }
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// Every file below a folder, under its own name.
pub fn tree(folder: &Path, url: &str) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{url}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files.extend(tree(&entry.path(), &path)?);
        } else {
            files.push(File { path, bytes: fs::read(entry.path())?, immutable: false });
        }
    }
    Ok(files)
}

pub fn write(mut files: Vec<File>, out: &Path) -> Result<()> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let store = out.join("files");
    fs::create_dir_all(&store)?;
    let mut table = String::from("&[\n");
    for File { path, bytes, immutable } in &files {
        let hash = hash(bytes);
        let identity = keep(&store, &hash, "", bytes, |bytes| Ok(bytes.to_vec()))?;
        let brotli = smaller(keep(&store, &hash, ".br", bytes, brotli)?, bytes)?;
        let gzip = smaller(keep(&store, &hash, ".gz", bytes, gzip)?, bytes)?;
        writeln!(
            table,
            "Asset {{ path: Cow::Borrowed({path:?}), content_type: {:?}, \
             identity: Cow::Borrowed(include_bytes!({identity:?})), brotli: {brotli}, gzip: {gzip}, \
             immutable: {immutable}, etag: Cow::Borrowed({:?}) }},",
            content_type(path),
            format!("\"{hash}\"")
        )?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// Writes one form of a file, unless an earlier run did: packing Wasm well takes seconds.
fn keep(store: &Path, hash: &str, suffix: &str, bytes: &[u8], form: fn(&[u8]) -> Result<Vec<u8>>) -> Result<PathBuf> {
    let path = store.join(format!("{hash}{suffix}"));
    if !path.exists() {
        let unfinished = store.join("unfinished");
        fs::write(&unfinished, form(bytes)?)?;
        fs::rename(unfinished, &path)?;
    }
    Ok(path)
}

fn smaller(packed: PathBuf, bytes: &[u8]) -> Result<String> {
    let worth = fs::metadata(&packed)?.len() < bytes.len() as u64;
    Ok(if worth { format!("Some(include_bytes!({packed:?}))") } else { "None".into() })
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let settings =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &settings)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes)?;
    Ok(packed.finish()?)
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().chars().take(16).collect()
}
