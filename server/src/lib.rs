//! The server: decides commands, keeps the log, serves pages, the API and the feed.
//!
//! The binary is thin, so that tests and benchmarks start the same server in their own process: [`start`].
//!
//! Reading order:
//!
//! 1. [`config`]: what can be set; [`secrets`]: and what must not be
//! 2. [`shop`]: a shop in use, and the one task that writes its log
//! 3. [`http`]: the doors; [`service`]: what pages reach the shops by
//! 4. [`access`]: who is asking
//! 5. [`running`]: from a configuration to a server that listens, and its end
//! 6. [`demo`]: the demo shop
//! 7. [`archive`]: a shop's log as a file
//! 8. [`cli`]: the command line

// The type of a page is as deep as the page: the pages of `app` are laid out in this crate.
#![recursion_limit = "256"]

pub mod access;
pub mod archive;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod http;
pub mod metrics;
pub mod pictures;
pub mod running;
pub mod secrets;
pub mod service;
pub mod shop;

pub use config::{Config, Limits, Mail};
pub use running::{Running, StartError, start, start_on};
