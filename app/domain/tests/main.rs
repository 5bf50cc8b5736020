//! What a shop may do, by rule. One program for all of it: a file that is a program of its own compiles the books anew.
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
