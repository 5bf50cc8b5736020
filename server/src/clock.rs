//! The server's clock: the only place that reads it.

use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};

use domain::values::Millis;

/// By how much this process is set off from the machine's clock.
static OFFSET: AtomicI64 = AtomicI64::new(0);

/// Now, in milliseconds since 1970-01-01 UTC.
#[must_use]
pub fn now() -> Millis {
    Millis(machine().saturating_add(OFFSET.load(Relaxed)))
}

fn machine() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Lets this process believe that it is `now`, and time go on from there: for tests and pictures that must show the
/// same dates each time.
pub fn set(now: Millis) {
    OFFSET.store(now.0.saturating_sub(machine()), Relaxed);
}
