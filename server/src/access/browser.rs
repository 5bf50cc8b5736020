//! The browser itself, by which it is known again whoever uses it: a second secret of 256 bits beside that of the session,
//! which outlives sessions. Whoever signs in gets one where there is none. PINs are worth something on their browser alone,
//! and a device of a shop is one browser.

use axum::http::{HeaderMap, HeaderValue};

use super::{
    secret::Secret,
    session::{self, SignInError},
};

const NAME: &str = "daybook_browser";

/// The one that sent a request, where it is known.
pub(super) fn known(headers: &HeaderMap) -> Option<Secret> {
    Secret::parse(session::value_of(headers, NAME)?)
}

/// The one that sent a request, or the secret by which it is to be known from now on.
///
/// # Errors
/// [`SignInError::Random`].
pub(super) fn of(headers: &HeaderMap) -> Result<Secret, SignInError> {
    known(headers).map_or_else(session::fresh, Ok)
}

/// `Set-Cookie` by which it is known again, for as long as a session may last.
#[must_use]
pub fn set_cookie(headers: &HeaderMap, browser: &Secret) -> Option<HeaderValue> {
    session::cookie(headers, NAME, &browser.text(), session::LONGEST / 1_000)
}
