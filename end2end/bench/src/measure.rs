//! What is measured natively, and what it is measured with.

pub mod append;
pub mod browser;
pub mod client;
pub mod core;
pub mod feed;
pub mod growth;
pub mod log;
pub mod page;
pub mod processes;
pub mod table;
