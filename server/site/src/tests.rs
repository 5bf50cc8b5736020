use crate::{assets, content_type::content_type, disk, entry, find, release_id};
use std::{env, fs};

#[test]
fn every_file_is_found_by_its_path() {
    assert!(assets().is_sorted_by(|a, b| a.path < b.path));
    for asset in assets() {
        let found = find(&asset.path).map(|found| &found.etag);
        assert_eq!(found, Some(&asset.etag), "{}", asset.path);
        assert!(asset.etag.starts_with('"') && asset.etag.ends_with('"'));
    }
    assert!(find("/nothing").is_none());
    assert_eq!(release_id().len(), 16);
}

#[test]
fn the_icon_and_the_style_sheet_are_always_there() {
    assert_eq!(find("/favicon.svg").map(|icon| icon.content_type), Some("image/svg+xml"));
    assert_eq!(find(entry().css).map(|css| css.content_type), Some("text/css; charset=utf-8"));
}

#[test]
fn a_release_build_carries_what_the_page_names() {
    let Some(wasm) = find(entry().wasm).filter(|wasm| wasm.immutable) else { return };
    assert_eq!(&wasm.identity[..4], b"\0asm");
    let glue = find(entry().js).map(|js| String::from_utf8_lossy(&js.identity));
    let name = wasm.path.trim_start_matches("/pkg/");
    assert!(glue.is_some_and(|glue| glue.contains(name)), "the glue names its Wasm");
    let css = find(entry().css).map(|css| String::from_utf8_lossy(&css.identity)).unwrap_or_default();
    assert!(!css.contains("@import") && css.starts_with("@layer "), "the style sheet is one file");
    for asset in assets().iter().filter(|asset| asset.immutable) {
        assert!(asset.brotli.is_some_and(|packed| packed.len() < asset.identity.len()), "{} is compressed", asset.path);
    }
}

#[test]
fn disk_files_are_overlaid_and_a_missing_folder_is_empty() -> std::io::Result<()> {
    let base = env::temp_dir().join(format!("daybook-site-{}", std::process::id()));
    fs::create_dir_all(base.join("site/pkg"))?;
    fs::create_dir_all(base.join("public"))?;
    fs::write(base.join("public/a.txt"), "old")?;
    fs::write(base.join("site/a.txt"), "new")?;
    fs::write(base.join("site/pkg/daybook.js"), "js")?;
    let files = disk::from([(base.join("public"), ""), (base.join("site"), ""), (base.join("none"), "")]);
    fs::remove_dir_all(&base)?;
    let seen: Vec<_> = files.iter().map(|file| (file.path.as_ref(), file.identity.as_ref())).collect();
    assert_eq!(seen, [("/a.txt", b"new".as_ref()), ("/pkg/daybook.js", b"js".as_ref())]);
    Ok(())
}

#[test]
fn content_types_follow_the_ending() {
    assert_eq!(content_type("/pkg/x.wasm"), "application/wasm");
    assert_eq!(content_type("/LICENCE"), "application/octet-stream");
}
