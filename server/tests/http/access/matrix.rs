//! The authorisation matrix: every route and server function, and everybody who may knock at it, with a token, or with a
//! session ([`sessions`]). A route without a row here fails.

mod canary;
mod heads;
mod other_sites;
mod sessions;

use std::collections::BTreeSet;

use domain::{books::Role, values::BlobHash};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use store::contract::Fixture;
use sync::{
    past::{Asked, Moment},
    protocol::{PROTOCOL, Push},
};
use uuid::Uuid;

use super::{
    Visitor, owner,
    visitors::{Is, everybody},
};
use crate::{
    pictures::DOT,
    support::{Daybook, SHOP, answer, on_every_store},
};

on_every_store!(
    p9_every_route_of_the_api_lets_in_whom_it_should_and_nobody_else,
    p9_pages_forms_and_server_functions_of_a_shop_with_people_open_to_no_token,
);

/// What a route of the API is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    /// Everybody of the shop sees it.
    Goods,
    /// Whoever may see money.
    Money,
    /// The same, and people who may not: their devices follow it.
    Log,
    /// Takes in a sale.
    Commands,
    /// Takes in a picture, of whoever may write something.
    Pictures,
}

/// Route, an address that is there, what it is for.
const API: &[(&str, &str, Door)] = &[
    ("POST /commands", "/commands", Door::Commands),
    ("GET /commands/{id}", "/commands/00000000-0000-0000-0000-000000000007", Door::Goods),
    ("GET /feed", "/feed?after=0", Door::Log),
    ("GET /digest", "/digest", Door::Goods),
    ("GET /events", "/events", Door::Log),
    ("GET /snapshot", "/snapshot", Door::Log),
    ("GET /products", "/products", Door::Goods),
    ("GET /products/{sku}", "/products/A", Door::Goods),
    ("GET /categories/{category}", "/categories/Bread", Door::Goods),
    ("GET /batches/{batchref}", "/batches/B", Door::Goods),
    ("GET /stock/{sku}", "/stock/A", Door::Goods),
    ("GET /orders", "/orders", Door::Goods),
    ("GET /orders/{id}", "/orders/O", Door::Goods),
    ("GET /orders/{id}/allocations", "/orders/O/allocations", Door::Goods),
    ("GET /orders/{id}/allocations/{sku}", "/orders/O/allocations/A", Door::Goods),
    ("GET /accounts", "/accounts", Door::Money),
    ("GET /accounts/{id}", "/accounts/1", Door::Money),
    ("GET /transfers/{id}", "/transfers/T", Door::Money),
    ("POST /blobs", "/blobs", Door::Pictures),
    ("GET /blobs/{name}", "/blobs/{blob}", Door::Goods),
    ("GET /pictures", "/pictures", Door::Goods),
    ("GET /pictures/{id}", "/pictures/P", Door::Goods),
    ("GET /pictures/{id}/comments", "/pictures/P/comments", Door::Goods),
    ("GET /comments/{id}", "/comments/C", Door::Goods),
    ("GET /history/{aggregate}", "/history/product-A", Door::Goods),
    ("GET /history/{aggregate}", "/history/account-1", Door::Money),
    ("GET /history/{aggregate}", "/history/sale-S", Door::Money),
    // Accounts by their owners' names.
    ("GET /search", "/search?q=bread", Door::Money),
    ("GET /openapi.json", "/openapi.json", Door::Goods),
    ("GET /schemas/{file}", "/schemas/LineAllocated.json", Door::Goods),
];

/// Routes that are no shop's: what they show is for everybody. Pages and server functions are found in the application.
const OPEN: &[&str] = &[
    "/api/v1",
    "/api/v1/{*rest}",
    // Where people come in, and go.
    "/session",
    "/session/end",
    "/session/pin",
    "/session/switch",
    "/session/elsewhere",
    "/session/password",
    "/reset",
    "/join",
    "/shops/leave",
    // Each makes a shop, and shows none.
    "/start",
    "/demo",
    "/healthz",
    "/readyz",
    "/metrics",
    "/sw.js",
    // The document that opens offline: it has nothing of any shop in it.
    "worker::SHELL",
];
const FORMS: &[&str] = &["/s/{shop}/commands", "/s/{shop}/commands/picture", "/s/{shop}/people", "/s/{shop}/devices"];

/// The first argument of each `.route(…)` in a function, and the method that it takes.
fn registered(function: &str) -> BTreeSet<(String, String)> {
    let text = include_str!("../../../src/http/mod.rs");
    let body = text.split_once(&format!("fn {function}(")).unwrap().1.split_once("\n}\n").unwrap().0;
    let routes = body.split(".route(").skip(1).map(|route| {
        let (path, door) = route.split_once(',').unwrap();
        let method = if door.trim().starts_with("write(post(") { "POST" } else { "GET" };
        (method.to_owned(), path.trim().trim_matches('"').to_owned())
    });
    routes.collect()
}

#[test]
fn every_route_has_a_row_in_the_matrix() {
    let api: BTreeSet<String> =
        registered("shop_routes").into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(api, API.iter().map(|(route, ..)| (*route).to_owned()).collect());
    let others: BTreeSet<String> = registered("router").into_iter().map(|(_, path)| path).collect();
    assert_eq!(others, OPEN.iter().chain(FORMS).map(|path| (*path).to_owned()).collect());
}

/// A shop with one of everything, an owner, and another shop beside it.
async fn stocked(fixture: &Fixture) -> Daybook {
    let daybook = Daybook::configured(&fixture.store, |config| config.views = vec!["search".to_owned()]).await;
    daybook
        .accepted("product.add", json!({"sku": "A", "name": "Canary bread", "category": "Bread", "price": 420}))
        .await;
    daybook.receive("B", "A", 40).await;
    daybook.accepted("order.place", json!({"order_id": "O", "lines": [{"sku": "A", "qty": 2}]})).await;
    for (id, balance) in [("1", 500), ("2", 0)] {
        let account = json!({"account_id": id, "title": "Canary", "owner": "Canary", "initial_balance": balance});
        daybook.accepted("account.open", account).await;
    }
    daybook.accepted("transfer.request", json!({"transfer_id": "T", "from": "1", "to": "2", "amount": 5})).await;
    daybook.accepted("sale.record", sale("S")).await;
    let sent = daybook.client.post(daybook.url("/blobs")).body(DOT).send().await.unwrap();
    let (_, kept) = answer(sent).await;
    let picture = json!({"picture_id": "P", "blob": kept["blob"], "media_type": kept["media_type"],
        "width": kept["width"], "height": kept["height"]});
    daybook.accepted("picture.add", picture).await;
    daybook.accepted("comment.add", json!({"comment_id": "C", "picture_id": "P", "text": "Canary"})).await;
    let known = json!({"id": Uuid::from_u128(7), "type": "product.archive", "data": {"sku": "A"}});
    assert_eq!(daybook.post(&known).send().await.unwrap().status(), StatusCode::OK);
    let other = domain::ShopSlug::parse("other").unwrap();
    fixture.store.create_shop(&other, "Other shop", Uuid::new_v4()).await.unwrap();
    fixture.store.access().set_member(owner()).await.unwrap();
    // What the server has found out before that is good for a moment.
    crate::support::until(async || {
        let status = daybook.get("/digest").send().await.unwrap().status();
        (status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    daybook
}

fn sale(id: &str) -> Value {
    json!({"sale_id": id, "lines": [{"sku": "A", "qty": 1, "price": 420}], "payment": "cash"})
}

fn request(daybook: &Daybook, path: &str, door: Door) -> RequestBuilder {
    match door {
        Door::Commands => {
            daybook.post(&json!({"type": "sale.record", "data": sale(&Uuid::new_v4().simple().to_string())}))
        }
        Door::Pictures => daybook.client.post(daybook.url(path)).body(DOT),
        // The feed answers once; for other reads it is the usual.
        Door::Goods | Door::Money | Door::Log => {
            daybook.get(&path.replace("{blob}", &BlobHash::of(DOT).to_string())).header("accept", "application/json")
        }
    }
}

/// The status, and the code where it is a problem.
fn expected(is: Is, door: Door) -> (StatusCode, Option<&'static str>) {
    let forbidden = (StatusCode::FORBIDDEN, Some("not_allowed"));
    let refused = (StatusCode::UNPROCESSABLE_ENTITY, Some("not_allowed"));
    match (is, door) {
        (Is::Nobody, _) => (StatusCode::UNAUTHORIZED, Some("not_signed_in")),
        (Is::Unknown, _) => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
        (Is::OfAnotherShop, _) => (StatusCode::NOT_FOUND, Some("unknown_shop")),
        (Is::ReadsOnly, Door::Commands | Door::Pictures) => (StatusCode::FORBIDDEN, Some("reads_only")),
        (Is::Role(Role::StockHand), Door::Money | Door::Log) => forbidden,
        (Is::Role(Role::Reader | Role::StockHand), Door::Commands) => refused,
        (Is::Role(Role::Reader), Door::Pictures) => forbidden,
        (Is::ReadsOnly | Is::Role(_), _) => (StatusCode::OK, None),
    }
}

async fn p9_every_route_of_the_api_lets_in_whom_it_should_and_nobody_else(fixture: Fixture) {
    let daybook = stocked(&fixture).await;
    let all = everybody(&*fixture.store, SHOP, "other").await;
    for (route, path, door) in API {
        for visitor in &all {
            let before = head(&fixture).await;
            let answered = visitor.asks(request(&daybook, path, *door)).send().await.unwrap();
            let (status, code) = expected(visitor.is, *door);
            let got = answered.status();
            assert_eq!(got, status, "{route} by {}", visitor.name);
            if let Some(code) = code {
                assert_eq!(answered.headers()["content-type"], "application/problem+json", "{route}");
                let body = answered.text().await.unwrap();
                assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["code"], code, "{route} by {}", visitor.name);
                assert!(!body.contains("Canary") && !body.contains("Test shop"), "{route} by {}: {body}", visitor.name);
            }
            // What was turned away at the door is in no book.
            if [401, 403, 404].contains(&got.as_u16()) {
                assert_eq!(head(&fixture).await, before, "{route} by {}", visitor.name);
            }
        }
    }
    swapped(&daybook, &all).await;
}

/// Whoever is let into one shop is not let into the next by its name.
async fn swapped(daybook: &Daybook, all: &[Visitor]) {
    for visitor in all {
        for (shop, there) in [("other", true), ("no-such", false)] {
            let address = format!("{}/api/v1/shops/{shop}/products", daybook.origin);
            let answered = visitor.asks(daybook.client.get(address)).send().await.unwrap();
            let expected = match visitor.is {
                Is::OfAnotherShop if there => StatusCode::OK,
                // Nobody has ever belonged to it: it asks nobody.
                Is::Nobody if there => StatusCode::OK,
                Is::Unknown => StatusCode::UNAUTHORIZED,
                _ => StatusCode::NOT_FOUND,
            };
            assert_eq!(answered.status(), expected, "{shop} by {}", visitor.name);
        }
    }
}

async fn head(fixture: &Fixture) -> u64 {
    let shop = domain::ShopSlug::parse(SHOP).unwrap();
    fixture.store.head(&shop).await.unwrap().unwrap().position
}

/// What a server function is called with.
fn arguments(path: &str) -> Value {
    match path {
        "/api/push_commands" => {
            json!({"shop": SHOP, "push": Push { protocol: PROTOCOL, person: None, device: None, unsent: None, submissions: vec![] }})
        }
        "/api/replica_snapshot" => json!({"shop": SHOP, "request": null}),
        "/api/past_snapshot" => json!({"shop": SHOP, "moment": Moment::Entry(1)}),
        "/api/read_entries" => json!({"shop": SHOP, "asked": Asked::Before { before: None, limit: 1 }}),
        "/api/shop_people" | "/api/shop_devices" | "/api/who_am_i" => json!({"shop": SHOP}),
        "/api/shop_status" => json!({"shop": SHOP, "check": false}),
        path => panic!("the server function {path} has no row in the matrix"),
    }
}

/// Every page below a shop, by its route there.
pub(super) fn routes_of_pages() -> BTreeSet<String> {
    let routes = leptos_axum::generate_route_list(server_app).into_iter();
    let pages = routes.filter_map(|route| route.path().strip_prefix("/s/{shop}").map(str::to_owned));
    pages.collect()
}

/// The same, with something in place of each name.
fn pages() -> Vec<String> {
    let pages = routes_of_pages();
    assert!(pages.len() > 20, "{pages:?}");
    let part = |part: &str| if part.starts_with('{') { "1".to_owned() } else { part.to_owned() };
    let page = |path: &String| path.split('/').map(part).collect::<Vec<_>>().join("/");
    pages.iter().map(|path| format!("/s/{SHOP}{}", page(path))).collect()
}

fn server_app() -> impl leptos::IntoView {
    app::App()
}

async fn p9_pages_forms_and_server_functions_of_a_shop_with_people_open_to_no_token(fixture: Fixture) {
    let daybook = stocked(&fixture).await;
    let all = everybody(&*fixture.store, SHOP, "other").await;
    let (client, origin) = (&daybook.client, &daybook.origin);
    let mut doors: Vec<(String, Box<dyn Fn() -> RequestBuilder>)> = Vec::new();
    for page in pages() {
        let address = format!("{origin}{page}");
        let ask = move || client.get(&address).header("accept", "text/html");
        doors.push((page, Box::new(ask)));
    }
    for (path, method) in server_fn_paths() {
        assert_eq!(method, Method::POST, "{path}: nothing is changed, or shown to scripts of others, by GET");
        let (address, body) = (format!("{origin}{path}"), arguments(path));
        let ask = move || client.post(&address).header("accept", "application/json").json(&body);
        doors.push((path.to_owned(), Box::new(ask)));
    }
    for form in FORMS {
        let address = format!("{origin}{}", form.replace("{shop}", SHOP));
        let ask = move || client.post(&address).form(&[("type", "product.archive"), ("sku", "A")]);
        doors.push(((*form).to_owned(), Box::new(ask)));
    }
    let before = head(&fixture).await;
    for (door, ask) in &doors {
        for visitor in &all {
            let answered = visitor.asks(ask()).send().await.unwrap();
            let status = answered.status();
            let expected = if door.starts_with("/s/") && !FORMS.contains(&door.as_str()) {
                // To the page where one signs in.
                StatusCode::SEE_OTHER
            } else {
                StatusCode::UNAUTHORIZED
            };
            assert_eq!(status, expected, "{door} by {}", visitor.name);
            let body = answered.text().await.unwrap();
            assert!(!body.contains("Canary") && !body.contains("Test shop"), "{door} by {}: {body}", visitor.name);
        }
    }
    assert_eq!(head(&fixture).await, before);
    // The same doors of a shop that asks nobody stand open: it is the asking that closes them.
    for (path, _) in server_fn_paths() {
        let mut body = arguments(path);
        body["shop"] = "other".into();
        let answered = client.post(format!("{origin}{path}")).header("accept", "application/json").json(&body);
        assert_eq!(answered.send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
}
