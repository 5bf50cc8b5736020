//! Builds `examples/page.rs` for the browser, once a test run.

use std::{path::Path, process::Command, sync::OnceLock};

use wasm_bindgen_cli_support::Bindgen;

pub struct Files {
    pub glue: String,
    pub wasm: Vec<u8>,
}

pub fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(build)
}

fn build() -> Files {
    const TARGET: &str = "wasm32-unknown-unknown";
    // <target>/tmp; what cargo builds for another target lies in a folder of its own beside it.
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "browser", "--example", "page", "--target", TARGET])
        .arg("--target-dir")
        .arg(target_folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo");
    assert!(built.success(), "the page does not build");
    let folder = target_folder.join("tmp/in-chromium");
    Bindgen::new()
        .input_path(target_folder.join(TARGET).join("debug/examples/page.wasm"))
        .web(true)
        .and_then(|bindgen| bindgen.typescript(false).out_name("page").generate(&folder))
        .expect("the glue");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("what was just written");
    Files { glue: String::from_utf8(read("page.js")).expect("text"), wasm: read("page_bg.wasm") }
}
