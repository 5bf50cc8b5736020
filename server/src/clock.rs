//! The server's clock: the only place that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::values::Millis;

/// Now, in milliseconds since 1970-01-01 UTC.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
