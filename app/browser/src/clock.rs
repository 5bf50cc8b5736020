//! The device's clock: a claim that is shown to people, and the ruler for waiting. It never decides an order.

use domain::values::Millis;

/// Milliseconds since 1970.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a whole number of milliseconds, far below 2^53")]
pub fn now() -> Millis {
    Millis(js_sys::Date::now() as i64)
}
