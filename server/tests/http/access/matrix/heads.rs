//! What stands in the head of every answer: of each route of the matrix, of files, of errors, to somebody and to nobody.

use domain::books::Role;
use reqwest::{RequestBuilder, Response, StatusCode, header::HeaderMap};

use super::{
    canary::{of_nobody, of_shop},
    stocked,
};
use crate::{
    people::{person, session},
    support::{Daybook, SHOP, memory},
};

/// With `Accept: text/event-stream` it would not end.
fn asked_of(daybook: &Daybook) -> Vec<(String, RequestBuilder)> {
    let doors = of_shop(daybook, SHOP).into_iter().chain(of_nobody(daybook));
    let mut all: Vec<_> = doors.map(|door| (door.name.clone(), (door.ask)())).collect();
    let (client, origin) = (&daybook.client, &daybook.origin);
    let get = |path: &str| client.get(format!("{origin}{path}"));
    for file in site::assets() {
        all.push((file.path.to_string(), get(&file.path)));
    }
    for (name, request) in [
        ("another method", client.delete(daybook.url("/orders"))),
        ("another site", client.post(daybook.url("/commands")).header("sec-fetch-site", "cross-site")),
        ("another name", get("/").header("host", "evil.example")),
        ("a page that is not there", get("/no/such/page").header("accept", "text/html")),
        ("a shop that is not there", get("/s/no-such-shop").header("accept", "text/html")),
        ("no JSON", client.post(daybook.url("/commands")).header("content-type", "application/json").body("{")),
        ("a feed", daybook.get("/feed?after=0").header("accept", "text/event-stream")),
        ("sign-in", client.post(format!("{origin}/session")).form(&[("login", "x"), ("password", "y")])),
    ] {
        all.push((name.to_owned(), request));
    }
    all
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers.get_all(name).iter();
    let first = found.next().map(|value| value.to_str().unwrap());
    assert!(found.next().is_none(), "{name} twice");
    first
}

fn look_at(name: &str, answered: &Response, is_somebodys: bool) {
    let headers = answered.headers();
    for (header, expected) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(self), geolocation=(), microphone=()"),
    ] {
        assert_eq!(one(headers, header), Some(expected), "{name}");
    }
    let policy = one(headers, "content-security-policy").unwrap_or_else(|| panic!("{name} has no policy"));
    for word in ["unsafe-inline", "'unsafe-eval'", "http:", "*"] {
        assert!(!policy.contains(word), "{name}: {policy}");
    }
    assert!(policy.contains("frame-ancestors 'none'") || policy.contains("sandbox"), "{name}: {policy}");
    for banner in ["server", "x-powered-by", "via", "strict-transport-security"] {
        assert_eq!(one(headers, banner), None, "{name}");
    }
    let Some(kind) = one(headers, "content-type") else {
        let has_no_body = [StatusCode::SEE_OTHER, StatusCode::NOT_MODIFIED, StatusCode::FOUND];
        assert!(has_no_body.contains(&answered.status()), "{name}: {}", answered.status());
        return;
    };
    assert!(!kind.starts_with("text/csv"), "{name}: a spreadsheet would take texts for formulas");
    if kind.starts_with("text/") && kind != "text/event-stream" {
        assert!(kind.contains("charset=utf-8"), "{name}: {kind}");
    }
    let is_document =
        ["text/html", "application/json", "application/problem+json", "application/x-ndjson", "text/event-stream"];
    if is_somebodys && is_document.iter().any(|document| kind.starts_with(document)) {
        assert_eq!(one(headers, "cache-control"), Some("no-store"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_whole_set_of_headers_and_says_nothing_of_what_runs_here() {
    let fixture = memory().await.unwrap();
    let daybook = stocked(&fixture).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let cookie = session(&daybook, "asha").await;
    let mut kinds = std::collections::BTreeSet::new();
    for cookie in [None, Some(&cookie)] {
        for (name, request) in asked_of(&daybook) {
            let request = cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie));
            let answered = request.send().await.unwrap();
            look_at(&name, &answered, cookie.is_some());
            kinds.insert(answered.status().as_u16());
        }
    }
    for status in [200, 303, 400, 401, 403, 404, 405, 421, 422] {
        assert!(kinds.contains(&status), "{status} was not among {kinds:?}");
    }
}
