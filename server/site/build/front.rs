//! The browser half: a cargo inside cargo compiles `app` to Wasm, wasm-bindgen writes the glue.

use crate::{
    Result,
    pack::{self, File},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm-release";

/// What the inner cargo must not know of the outer one: what is being built. Where things are and the shared job slots stay.
const CLEARED: &str = "CARGO_ RUSTC RUSTDOC RUSTFLAGS DEP_ OUT_DIR TARGET HOST PROFILE DEBUG OPT_LEVEL NUM_JOBS";
const KEPT: &str = "CARGO_HOME CARGO_MAKEFLAGS CARGO_NET CARGO_HTTP CARGO_REGISTR CARGO_SOURCE CARGO_TERM";

pub fn build(root: &Path, out: &Path) -> Result<Vec<File>> {
    let wasm = compile(root, out)?;
    let pkg = out.join("bindgen");
    let _ = fs::remove_dir_all(&pkg);
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(false)
        .out_name("daybook")
        .generate(&pkg)?;

    let wasm = File::hashed("wasm", fs::read(pkg.join("daybook_bg.wasm"))?);
    // The glue looks for its Wasm beside itself unless the page names one.
    let glue = fs::read_to_string(pkg.join("daybook.js"))?.replace("daybook_bg.wasm", wasm.name());
    let mut files = vec![File::hashed("js", glue.into_bytes()), wasm];
    if pkg.join("snippets").exists() {
        files.extend(pack::tree(&pkg.join("snippets"), "/pkg/snippets")?);
    }
    Ok(files)
}

fn compile(root: &Path, out: &Path) -> Result<PathBuf> {
    require_target()?;
    // <target>/<profile>/build/site-<hash>/out. A folder of its own: the outer cargo holds the lock of the usual one.
    let target_dir = out.ancestors().nth(4).ok_or("OUT_DIR is not where cargo puts it")?.join("front");
    let built = target_dir.join(TARGET).join(PROFILE);
    forget_that_of_another_checkout(root, &target_dir, &built)?;
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("no CARGO")?);
    cargo.current_dir(root).args(["build", "--package", "app", "--lib", "--no-default-features"]);
    cargo
        .args(["--features", "hydrate", "--target", TARGET, "--profile", PROFILE])
        .arg("--target-dir")
        .arg(&target_dir);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let starts = |list: &str| list.split(' ').any(|prefix| text.starts_with(prefix));
        if starts(CLEARED) && !starts(KEPT) {
            cargo.env_remove(&name);
        }
    }
    if !cargo.status()?.success() {
        return Err("the browser half does not build, see above".into());
    }
    Ok(built.join("app.wasm"))
}

/// Checkouts may share a target folder. Cargo keeps them apart by a hash in the names of what it builds, but for this one
/// file, whose name has none: it would take one that another checkout has built for its own.
fn forget_that_of_another_checkout(root: &Path, target_dir: &Path, built: &Path) -> Result<()> {
    let note = target_dir.join("checkout");
    let of_whom = root.to_string_lossy();
    if fs::read_to_string(&note).is_ok_and(|known| known == of_whom) {
        return Ok(());
    }
    fs::create_dir_all(target_dir)?;
    let _ = fs::remove_file(built.join("deps").join("app.wasm"));
    fs::write(note, of_whom.as_bytes())?;
    Ok(())
}

fn require_target() -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    if Path::new(String::from_utf8(answer.stdout)?.trim()).is_dir() {
        return Ok(());
    }
    Err("the Wasm target is missing; add it with: rustup target add wasm32-unknown-unknown".into())
}
