//! After a form: on to a page that can be read again.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Bytes of an address; browsers and proxies take no longer ones.
const LONGEST: usize = 16 * 1024;

/// 303: the browser reads the next page with GET, so reloading it posts nothing. What was typed goes along in the address, as
/// far as it has room.
pub(super) fn see_other(location: &str) -> Response {
    let location = if location.len() > LONGEST { location.split('?').next().unwrap_or("/") } else { location };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same, with what the page is to be told.
pub(super) fn see_other_with(page: &str, told: &[(&str, &str)]) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(told).finish();
    see_other(&format!("{page}?{query}"))
}
