//! What is measured natively, and what it is measured with.

pub mod append;
pub mod client;
pub mod core;
pub mod feed;
pub mod page;
pub mod processes;
pub mod table;
