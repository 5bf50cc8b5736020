//! What another site makes a browser send, at every door; and reading, which changes nothing anywhere.

use domain::{ShopSlug, books::Role};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{Client, Request, StatusCode};
use store::contract::Fixture;

use super::{FORMS, OPEN, arguments, canary::of_shop, stocked};
use crate::{
    people::{PASSWORD, person, session},
    support::{Daybook, SHOP, memory},
};

/// All that anybody could change: the log, who belongs to the shop, who is signed in, and on which devices.
async fn all_that_is(fixture: &Fixture) -> String {
    let (store, access, shop) = (&fixture.store, fixture.store.access(), ShopSlug::parse(SHOP).unwrap());
    let head = store.head(&shop).await.unwrap().unwrap();
    let people = access.people().await.unwrap();
    let mut sessions = Vec::new();
    for person in &people {
        sessions.push(access.sessions(person.id).await.unwrap().len());
    }
    let (members, invites) = (access.known_members(&shop).await.unwrap(), access.invites(&shop).await.unwrap());
    let devices = access.devices(&shop).await.unwrap();
    let passwords: Vec<_> = people.iter().map(|person| person.password.as_ref().map(|hash| hash.0.clone())).collect();
    format!("{head:?} {people:?} {passwords:?} {sessions:?} {members:?} {invites:?} {devices:?}")
}

async fn send(client: &Client, request: Request) -> StatusCode {
    client.execute(request).await.unwrap().status()
}

/// Every door that takes something in, with what it would take.
fn doors_that_write(daybook: &Daybook) -> Vec<(String, Request)> {
    let form = |path: &str, fields: &[(&str, &str)]| {
        let address = format!("{}{}", daybook.origin, path.replace("{shop}", SHOP));
        daybook.client.post(address).form(fields).build().unwrap()
    };
    let fields = |path: &str| -> Vec<(&str, &str)> {
        match path {
            "/s/{shop}/people" => vec![("do", "invite"), ("role", "owner")],
            "/session" => vec![("login", "asha"), ("password", PASSWORD)],
            "/session/password" => vec![("current", PASSWORD), ("password", "another horse battery")],
            "/start" => vec![("title", "Theirs")],
            "/shops/leave" => vec![("shop", SHOP)],
            "/session/pin" => vec![("password", PASSWORD), ("pin", "2580")],
            _ => vec![("type", "product.archive"), ("sku", "A")],
        }
    };
    let shops = of_shop(daybook, SHOP).into_iter().map(|door| (door.name.clone(), (door.ask)().build().unwrap()));
    let mut all: Vec<_> = shops.filter(|(_, request)| request.method() == "POST").collect();
    let posted = [
        "/session",
        "/session/end",
        "/session/elsewhere",
        "/session/password",
        "/session/pin",
        "/session/switch",
        "/join",
        "/start",
        "/shops/leave",
        "/reset",
        "/demo",
    ];
    assert!(posted.iter().all(|path| OPEN.contains(path)));
    for path in posted.iter().chain(FORMS) {
        all.push(((*path).to_owned(), form(path, &fields(path))));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_sends_is_refused_at_every_door_and_reading_changes_nothing() {
    let fixture = memory().await.unwrap();
    let daybook = stocked(&fixture).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let cookie = session(&daybook, "asha").await;
    let before = all_that_is(&fixture).await;
    let foreign = [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        // What a page may send without asking first.
        &[("origin", "https://evil.example"), ("content-type", "text/plain")],
    ];
    let doors = doors_that_write(&daybook);
    assert!(doors.len() > 12, "{}", doors.len());
    for (name, door) in &doors {
        for forged in foreign {
            let mut request = door.try_clone().unwrap();
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
            for (header, value) in forged {
                request.headers_mut().insert(*header, value.parse().unwrap());
            }
            assert_eq!(send(&daybook.client, request).await, StatusCode::FORBIDDEN, "{name} {forged:?}");
        }
        // And by an address alone, as a picture or a link on another site would ask.
        let mut get = door.try_clone().unwrap();
        *get.method_mut() = reqwest::Method::GET;
        get.headers_mut().insert("cookie", cookie.parse().unwrap());
        let status = send(&daybook.client, get).await;
        assert!(!status.is_server_error(), "{name} {status}");
    }
    for (path, _) in server_fn_paths() {
        let query = form_urlencoded(&arguments(path));
        for method in [reqwest::Method::GET, reqwest::Method::HEAD, reqwest::Method::PUT, reqwest::Method::DELETE] {
            let address = format!("{}{path}?{query}", daybook.origin);
            let asked = daybook.client.request(method.clone(), address).header("cookie", &cookie);
            let status = asked.send().await.unwrap().status();
            assert!(!status.is_success(), "{method} {path}: {status}");
        }
    }
    for door in of_shop(&daybook, SHOP) {
        let asked = (door.ask)().header("cookie", &cookie).header("sec-fetch-mode", "navigate");
        let request = asked.query(&[("device", "T10001")]).build().unwrap();
        if request.method() == "GET" {
            assert!(!send(&daybook.client, request).await.is_server_error(), "{}", door.name);
        }
    }
    assert_eq!(all_that_is(&fixture).await, before);
}

/// The fields of an object as a query.
fn form_urlencoded(arguments: &serde_json::Value) -> String {
    let fields = arguments.as_object().unwrap().iter().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    });
    fields.collect::<Vec<_>>().join("&").replace('"', "%22").replace('{', "%7B").replace('}', "%7D")
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_away_by_a_forged_referer() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    for (path, _) in server_fn_paths() {
        for (referer, expected) in [
            ("https://evil.example/x".to_owned(), "/".to_owned()),
            (format!("{}.evil.example/", daybook.origin), "/".to_owned()),
            (format!("{}/s/test", daybook.origin), format!("{}/s/test", daybook.origin)),
        ] {
            let post = daybook.client.post(format!("{}{path}", daybook.origin)).json(&arguments(path));
            let answered = post.header("accept", "text/html").header("referer", &referer).send().await.unwrap();
            let to = answered.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            let to = to.map(|to| to.trim_end_matches('?').to_owned());
            assert_eq!(to, Some(expected), "{path} from {referer}");
        }
    }
}
