//! Builds the browser half and turns it into a table of embedded files.
//!
//! Only a release build does any of this: `check`, lints, tests and debug builds get a crate that reads from disk.
//! `DAYBOOK_SITE=skip` gives the same in a release build.

#[path = "../src/content_type.rs"]
mod content_type;
mod front;
mod pack;
mod style;

use std::{env, error::Error, path::PathBuf};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rustc-check-cfg=cfg(embedded)");
    for path in ["build", "src/content_type.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=DAYBOOK_SITE");
    let skip = env::var("DAYBOOK_SITE").is_ok_and(|value| value == "skip");
    if skip || env::var("PROFILE")? != "release" {
        return Ok(());
    }

    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    for path in ["app", "style", "public", "Cargo.lock", "Cargo.toml", ".cargo/config.toml", "rust-toolchain.toml"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = front::build(&root, &out)?;
    files.push(style::bundle(&root.join("style/main.css"))?);
    files.extend(pack::tree(&root.join("public"), "")?);
    pack::write(files, &out)?;
    println!("cargo::rustc-cfg=embedded");
    Ok(())
}
