//! What stands in front of every route: other sites' requests, other names, and the headers of every answer.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{peer::Peer, problem::Problem, worker::RELEASE};
use crate::access::log;

/// Refuses what another site's page makes a browser send. Browsers say so themselves (`Sec-Fetch-Site`, and
/// `Origin` where that is missing); programs send neither and are let through, since they carry no cookies that
/// they were not given.
pub async fn cross_site(request: Request, next: Next) -> Response {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if safe || is_same_site(request.headers()) {
        next.run(request).await
    } else {
        log::refused(Peer::of(request.extensions()), "cross_site");
        Problem::new(StatusCode::FORBIDDEN, "cross_site", "this request came from another site").into_response()
    }
}

fn is_same_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST)
        }
        (None, None) => true,
    }
}

/// Whether the request is for a name of this machine itself: there the connection may be a plain one.
#[must_use]
pub fn is_local(headers: &HeaderMap) -> bool {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(is_loopback)
}

/// Refuses requests for a name that is not this machine's. To a shop without people the loopback address is the only
/// lock on the door, and a name that an attacker's site points at 127.0.0.1 would be a key to it.
pub async fn loopback_name(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.or_else(|| request.uri().authority().map(ToString::to_string));
    match host.as_deref().map(is_loopback) {
        // HTTP/1.0 has no Host: not a browser.
        None | Some(true) => next.run(request).await,
        Some(false) => {
            log::refused(Peer::of(request.extensions()), "wrong_host");
            let title = "this server answers for localhost only";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", title).into_response()
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// On every answer, errors and files included.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = policy_of(headers);
    headers.insert(HeaderName::from_static("daybook-release"), RELEASE.clone());
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(self), geolocation=(), microphone=()"),
        ("content-security-policy", policy),
    ] {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// For whatever has no policy of its own: pages have theirs, with a nonce, and so does the document that opens without a
/// network, with hashes. Data opened by itself must do nothing; the files of the app, the worker's script among them, fetch.
fn policy_of(headers: &HeaderMap) -> &'static str {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_data =
        [&b"application/json"[..], b"application/problem+json", b"application/x-ndjson", b"text/event-stream"]
            .iter()
            .any(|data| kind.starts_with(data));
    if is_data {
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
    } else {
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_is_opened_by_itself_can_do_nothing() {
        for (kind, harmless) in [
            ("application/json", true),
            ("application/problem+json", true),
            ("text/event-stream", true),
            ("text/javascript", false),
            ("text/html; charset=utf-8", false),
        ] {
            assert_eq!(
                policy_of(&headers_of(&[("content-type", kind)])).contains("default-src 'none'"),
                harmless,
                "{kind}"
            );
        }
    }

    fn headers_of(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_this_site_and_programs_may_change_anything() {
        for (same, pairs) in [
            (true, &[][..]),
            (true, &[("sec-fetch-site", "same-origin")]),
            (true, &[("sec-fetch-site", "none")]),
            (false, &[("sec-fetch-site", "cross-site")]),
            (false, &[("sec-fetch-site", "same-site")]),
            (true, &[("origin", "http://localhost:3000"), ("host", "localhost:3000")]),
            (false, &[("origin", "http://localhost:3001"), ("host", "localhost:3000")]),
            (false, &[("origin", "null"), ("host", "localhost:3000")]),
            // The browser's own word counts, whatever Origin says.
            (false, &[("sec-fetch-site", "cross-site"), ("origin", "http://h"), ("host", "h")]),
        ] {
            assert_eq!(is_same_site(&headers_of(pairs)), same, "{pairs:?}");
        }
    }

    #[test]
    fn a_name_that_points_here_from_outside_is_refused() {
        for (host, loopback) in [
            ("localhost:3000", true),
            ("shop.localhost", true),
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("192.168.1.2", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), loopback, "{host}");
        }
    }
}
