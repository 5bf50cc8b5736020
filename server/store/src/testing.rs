//! For tests of this crate and of those above it: a PostgreSQL to run on, and a store that can be bent.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up must fail loudly")]

mod at_exit;
mod cluster;
mod database;
mod interposed;
mod proxy;
mod redis;
mod sqlite_file;

pub use cluster::Cluster;
pub use database::{as_role, execute, postgres_url};
pub use interposed::Interposed;
pub use proxy::{End, Line, Mode, Proxy};
pub use redis::{Redis, redis_url};
pub use sqlite_file::SqliteFile;
