//! PostgreSQL's errors to ours: by SQLSTATE and constraint name, never by the text of a message, which is translated.

use domain::ShopSlug;
use sqlx::{
    migrate::MigrateError,
    postgres::{PgDatabaseError, PgSeverity},
};

use crate::error::{AppendError, StoreError};

pub(super) const UNIQUE_VIOLATION: &str = "23505";
const DUPLICATE_OBJECT: &str = "42710";
const FOREIGN_KEY_VIOLATION: &str = "23503";
/// Raised by `enqueue.sql`.
pub(super) const ID_REUSED: &str = "DB003";

/// Whether the server answered the statement itself with an error, and so rolled it back. A fatal error ends the
/// session instead, and may come after the commit.
pub(super) fn certainly_not_written(error: &PgDatabaseError) -> bool {
    matches!(error.severity(), PgSeverity::Error)
}

/// Classes of errors that pass: connection, resources (disk full, too many connections), operator's intervention,
/// lock not available, rollback by deadlock, read-only (a standby, or a switch-over).
fn passes(state: &str) -> bool {
    matches!(state.get(..2), Some("08" | "40" | "53" | "55" | "57" | "58")) || state == "25006"
}

pub(super) fn state(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

/// An append that was answered with an error.
pub(super) fn not_written(error: &PgDatabaseError) -> AppendError {
    if passes(error.code()) {
        AppendError::Unavailable { reason: error.to_string() }
    } else {
        AppendError::Database { state: error.code().to_owned(), problem: error.message().to_owned() }
    }
}

/// Anything but an append. An idempotent write whose outcome is unknown may simply be made again.
pub(crate) fn read_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => {
            let state = database.code().unwrap_or_default();
            match &*state {
                passing if passes(passing) => StoreError::Unavailable { reason: error.to_string() },
                // Undefined table or column, function or schema: `migrate` was not run, or not by this version.
                "42P01" | "42703" | "42883" | "3F000" => StoreError::Schema { problem: database.message().to_owned() },
                _ => StoreError::Database { state: state.into_owned(), problem: database.message().to_owned() },
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable { reason: error.to_string() },
        sqlx::Error::Configuration(problem) => StoreError::Address { problem: problem.to_string() },
        _ => StoreError::Unreadable { what: "a row", problem: error.to_string() },
    }
}

/// Whether something was not made because it is there: two that make it at once meet in the catalogue's key.
pub(super) fn is_there(error: &sqlx::Error) -> bool {
    matches!(state(error).as_deref(), Some(DUPLICATE_OBJECT | UNIQUE_VIOLATION))
}

/// Whether a row was refused because it needs a shop that is not there.
pub(super) fn is_of_no_shop(error: &sqlx::Error) -> bool {
    state(error).as_deref() == Some(FOREIGN_KEY_VIOLATION)
}

/// A write to a table whose rows need a shop.
pub(crate) fn of_shop(error: sqlx::Error, shop: &ShopSlug) -> StoreError {
    if is_of_no_shop(&error) {
        return StoreError::UnknownShop { shop: shop.clone() };
    }
    read_error(error)
}

pub(super) fn migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => read_error(error),
        other => StoreError::Schema { problem: other.to_string() },
    }
}
