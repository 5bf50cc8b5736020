//! The same seeds as Wasm, in Node: browsers run the same core as the server, so both must come to the same numbers.

use std::{path::Path, process::Command};

use crate::{
    number,
    world::{Broken, World},
};

const SEEDS: u64 = 300;

/// What `examples/seeds.rs` says of the seeds before `seeds`, as Wasm.
fn lines_of_wasm(seeds: u64) -> Vec<String> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "sync", "--example", "seeds", "--target", TARGET, "--target-dir"])
        .arg(target_folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo");
    assert!(built.success(), "the simulator does not build as Wasm");
    let output = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/seeds.mjs"))
        .arg(target_folder.join(TARGET).join("debug/examples/seeds.wasm"))
        .arg(seeds.to_string())
        .output()
        .expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn p4_the_same_seeds_come_to_the_same_end_as_wasm() {
    let seeds = number("DAYBOOK_WASM_SEEDS").unwrap_or(SEEDS);
    let lines = lines_of_wasm(seeds);
    assert_eq!(lines.len() as u64, seeds);
    for (seed, wasm) in (0..seeds).zip(&lines) {
        let native = World::new(seed, Broken::Nothing, false).run_to_line().unwrap_or_else(|problem| problem);
        assert_eq!(&native, wasm, "seed {seed}: native on the left, Wasm on the right");
    }
    println!("{seeds} seeds came to the same end natively and as Wasm, such as: {}", lines[0]);
}
