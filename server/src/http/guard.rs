//! What stands in front of every route: other sites' requests, other names, and the headers of every answer.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{arrival::Arrival, pages::is_for_people, peer::Peer, problem::Problem, worker::RELEASE};
use crate::access::{log, session};

/// Refuses what another site's page makes a browser send. Browsers say so themselves (`Sec-Fetch-Site`, and
/// `Origin` where that is missing); programs send neither and are let through, since they carry no cookies that
/// they were not given.
///
/// A form without a script goes back to its page by `Referer`: one that names another site is nobody's page here.
pub async fn cross_site(mut request: Request, next: Next) -> Response {
    if !is_led_here(request.headers()) {
        request.headers_mut().remove(header::REFERER);
    }
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
        (None, Some(origin)) => origin_of(headers).is_some_and(|own| own == origin),
        (None, None) => true,
    }
}

/// Whether a script of this server's own pages has asked, or a program: not a link, an address that was typed, or another
/// site's page. Browsers that do not say so (`Sec-Fetch-Mode`) still ask for a document by its type.
#[must_use]
pub fn is_by_own_page(headers: &HeaderMap) -> bool {
    let mode = headers.get(HeaderName::from_static("sec-fetch-mode"));
    is_same_site(headers) && mode.is_none_or(|mode| mode != "navigate") && !is_for_people(headers)
}

/// Whether the page that a request was led here by is one of this server, if it names any.
fn is_led_here(headers: &HeaderMap) -> bool {
    let Some(page) = headers.get(header::REFERER).map(|page| page.to_str().unwrap_or("?")) else { return true };
    let rest = origin_of(headers).and_then(|own| page.strip_prefix(&own).map(str::to_owned));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the request is for a name of this machine itself: there the connection may be a plain one. Behind
/// [`own_name`], no request of somebody elsewhere is.
#[must_use]
pub fn is_local(headers: &HeaderMap) -> bool {
    host(headers).is_some_and(is_loopback)
}

/// What stands in front of the path in the address that was asked for.
#[must_use]
pub fn origin_of(headers: &HeaderMap) -> Option<String> {
    let scheme = if is_local(headers) { "http" } else { "https" };
    host(headers).map(|host| format!("{scheme}://{host}"))
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok())
}

/// Refuses requests for a name that is neither this machine's nor one that the operator gave. To a shop without people the
/// loopback address is the only lock on the door, and a name that an attacker's site points at 127.0.0.1 would be a key to it.
pub async fn own_name(request: Request, next: Next) -> Response {
    if request.extensions().get() == Some(&Arrival::Foreign) {
        log::refused(Peer::of(request.extensions()), "wrong_host");
        let title = "this server answers for localhost, and for the names that its operator gave, over TLS";
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", title).into_response();
    }
    next.run(request).await
}

pub(super) fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// On every answer, errors and files included.
pub async fn headers(request: Request, next: Next) -> Response {
    let is_secure = request.extensions().get() == Some(&Arrival::Public);
    let is_somebodys = request.headers().contains_key(header::AUTHORIZATION) || session::is_named(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = policy_of(headers);
    if is_secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_FROM_NOW_ON);
    }
    // What somebody was shown who has said who they are is not left on the machine for the next one.
    if is_somebodys && is_document(headers) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
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

/// Two years, of this name and all below it.
const TLS_FROM_NOW_ON: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

const DATA: [&[u8]; 4] =
    [b"application/json", b"application/problem+json", b"application/x-ndjson", b"text/event-stream"];

fn kind(headers: &HeaderMap) -> &[u8] {
    headers.get(header::CONTENT_TYPE).map_or(b"", HeaderValue::as_bytes)
}

/// A page, or data: not a file of the app, and not a picture, whose name is its content.
fn is_document(headers: &HeaderMap) -> bool {
    kind(headers).starts_with(b"text/html") || DATA.iter().any(|data| kind(headers).starts_with(data))
}

/// For whatever has no policy of its own: pages have theirs, with a nonce, and so does the document that opens without a
/// network, with hashes. Data opened by itself must do nothing; the files of the app, the worker's script among them, fetch.
fn policy_of(headers: &HeaderMap) -> &'static str {
    if DATA.iter().any(|data| kind(headers).starts_with(data)) {
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
            (true, &[("origin", "https://books.example"), ("host", "books.example")]),
            (false, &[("origin", "http://books.example"), ("host", "books.example")]),
            (false, &[("origin", "https://books.example")]),
            // The browser's own word counts, whatever Origin says.
            (false, &[("sec-fetch-site", "cross-site"), ("origin", "http://h"), ("host", "h")]),
        ] {
            assert_eq!(is_same_site(&headers_of(pairs)), same, "{pairs:?}");
        }
    }

    #[test]
    fn nobody_is_led_back_to_another_site() {
        for (referer, ours) in [
            ("https://books.example/s/corner", true),
            ("https://books.example", true),
            ("http://books.example/", false),
            ("https://books.example.evil.example/", false),
            ("https://evil.example/", false),
            ("/s/corner", false),
            ("", false),
        ] {
            assert_eq!(is_led_here(&headers_of(&[("host", "books.example"), ("referer", referer)])), ours, "{referer}");
        }
        assert!(is_led_here(&headers_of(&[("host", "books.example")])));
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
