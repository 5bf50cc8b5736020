//! The simulator as Wasm, for Node to call: a number in, a line of text out. The test
//! `p4_the_same_seeds_come_to_the_same_end_as_wasm` builds it and compares the lines with its own.

#![allow(dead_code, reason = "the simulator's tests use the rest")]

#[path = "../tests/simulator/checks.rs"]
mod checks;
#[path = "../tests/simulator/faults.rs"]
mod faults;
#[path = "../tests/simulator/node.rs"]
mod node;
#[path = "../tests/simulator/people.rs"]
mod people;
#[path = "../tests/simulator/server.rs"]
mod server;
#[path = "../tests/simulator/sometimes.rs"]
mod sometimes;
#[path = "../tests/simulator/tabs.rs"]
mod tabs;
#[path = "../tests/simulator/workload.rs"]
mod workload;
#[path = "../tests/simulator/world.rs"]
mod world;

use std::cell::RefCell;

use world::{Broken, World};

thread_local! {
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs a seed to its end; answers the length of what there is to say about it.
#[unsafe(no_mangle)]
pub extern "C" fn run(seed: u64) -> usize {
    let line = World::new(seed, Broken::Nothing, false).run_to_line().unwrap_or_else(|problem| problem);
    LINE.with_borrow_mut(|kept| {
        *kept = line;
        kept.len()
    })
}

/// Where it lies.
#[unsafe(no_mangle)]
pub extern "C" fn line() -> *const u8 {
    LINE.with_borrow(|kept| kept.as_ptr())
}
