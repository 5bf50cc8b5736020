//! The measured work that runs natively and in Node alike: folding a log, and rebasing pending commands.
//!
//! Reading order: [`workload`] makes a log from a fixed seed; [`fold`] and [`rebase`] work on it; `wasm` is the thin
//! door for Node, which brings its own clock.

pub mod fold;
pub mod rebase;
pub mod workload;

#[cfg(target_arch = "wasm32")]
mod wasm;
