//! What a shop may do, by rule. One program for all of it: each file that were one of its own would compile the books
//! anew, and there are many.
#![allow(clippy::unwrap_used)] // Helpers of tests are outside of what `allow-unwrap-in-tests` covers.

mod comments;
mod currency;
mod deciders;
mod golden;
mod money;
mod ordering;
mod past;
mod properties;
mod refused;
mod roles;
mod rules;
mod support;
mod undo;
