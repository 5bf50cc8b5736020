//! SQLite's errors to ours: by result code, never by the text of a message.

use domain::ShopSlug;
use sqlx::migrate::MigrateError;

use crate::error::{AppendError, StoreError};

/// <https://sqlite.org/rescode.html>
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NO_MEMORY: i32 = 7;
const READ_ONLY: i32 = 8;
const IO: i32 = 10;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const CONSTRAINT_FOREIGN_KEY: i32 = 787;

/// What a write answers when the database did not take it.
pub(crate) trait WriteError {
    fn not_written(error: sqlx::Error) -> Self;
    fn unknown(reason: String) -> Self;
}

impl WriteError for AppendError {
    fn not_written(error: sqlx::Error) -> Self {
        match store_error(error) {
            StoreError::Unavailable { reason } => Self::Unavailable { reason },
            StoreError::Database { state, problem } => Self::Database { state, problem },
            other => Self::Database { state: other.code().to_owned(), problem: other.to_string() },
        }
    }

    fn unknown(reason: String) -> Self {
        Self::OutcomeUnknown { reason }
    }
}

impl WriteError for StoreError {
    fn not_written(error: sqlx::Error) -> Self {
        store_error(error)
    }

    /// Every write but an append may simply be made again.
    fn unknown(reason: String) -> Self {
        Self::Unavailable { reason }
    }
}

/// The extended result code.
fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

pub(crate) fn is_constraint(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code & 0xff == CONSTRAINT)
}

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => match code(&error).map(|code| code & 0xff) {
            Some(BUSY | LOCKED | NO_MEMORY | READ_ONLY | IO | FULL | CANNOT_OPEN) => {
                StoreError::Unavailable { reason: error.to_string() }
            }
            _ => StoreError::Database {
                state: database.code().unwrap_or_default().into_owned(),
                problem: database.message().to_owned(),
            },
        },
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => {
            StoreError::Unavailable { reason: error.to_string() }
        }
        sqlx::Error::Configuration(problem) => StoreError::Address { problem: problem.to_string() },
        _ => StoreError::Unreadable { what: "a row", problem: error.to_string() },
    }
}

/// A write to a table whose rows need a shop.
pub(crate) fn of_shop(error: sqlx::Error, shop: &ShopSlug) -> StoreError {
    if code(&error) == Some(CONSTRAINT_FOREIGN_KEY) {
        return StoreError::UnknownShop { shop: shop.clone() };
    }
    store_error(error)
}

pub(crate) fn migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => store_error(error),
        other => StoreError::Schema { problem: other.to_string() },
    }
}
