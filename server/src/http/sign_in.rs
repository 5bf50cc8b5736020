//! The doors of people: `POST /session` signs in, `POST /session/end` signs out. Both redirect to a page that can be
//! read again; what went wrong stands in its address as a word.

use std::{net::IpAddr, time::Instant};

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Shared;
use crate::access::session::{self, SignInError};

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// `POST /session`, a form with `login`, `password` and `next`, the page to go on to.
pub async fn post(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let field = |name: &str| {
        let found = form_urlencoded::parse(&body).find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let (login, next) = (field("login"), field("next"));
    let again = |problem: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("problem", problem)
            .append_pair("next", &next)
            .finish();
        see_other(&format!("/sign-in?{query}"))
    };
    if server.access.attempts.begin(address, &login, Instant::now()).is_err() {
        tracing::info!(%address, "sign-in: too many tries");
        return again("later");
    }
    match server.access.sign_in(&login, field("password"), &headers).await {
        Ok(secret) => {
            server.access.attempts.right(address, &login);
            let mut response = see_other(ours(&next));
            response.headers_mut().extend(session::set_cookie(&headers, &secret).map(|it| (header::SET_COOKIE, it)));
            response
        }
        Err(SignInError::Wrong) => {
            tracing::info!(%address, "sign-in: wrong");
            again("wrong")
        }
        Err(error) => {
            tracing::warn!(%error, "sign-in: not looked up");
            again("unavailable")
        }
    }
}

/// `POST /session/end`
pub async fn end(State(server): Shared, headers: HeaderMap) -> Response {
    if let Err(error) = server.access.sign_out(&headers).await {
        tracing::warn!(%error, "sign-out: the session ends by itself");
    }
    let mut response = see_other("/sign-in");
    response.headers_mut().extend(session::forget_cookie(&headers).map(|it| (header::SET_COOKIE, it)));
    response
}

/// A page of this server, whatever the form says.
fn ours(next: &str) -> &str {
    let is_path = next.starts_with("/s/") && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path { next } else { "/" }
}

pub(super) fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_away() {
        for (next, expected) in [
            ("/s/demo/products?x=1", "/s/demo/products?x=1"),
            ("", "/"),
            ("//evil.example/s/", "/"),
            ("https://evil.example", "/"),
            ("/s/\\evil.example", "/"),
            ("/s/demo\r\nset-cookie: x", "/"),
            ("/s/../../x y", "/"),
        ] {
            assert_eq!(ours(next), expected, "{next:?}");
        }
    }
}
