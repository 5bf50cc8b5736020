//! Servers whose database, or whose operator, lets them do less: one that only reads, and one whose role cannot change
//! what is written down.

use std::{sync::Arc, time::Duration};

use domain::books::Role;
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use server::{Config, Limits, StartError};
use store::{
    Duty, EventStore, Rights, SnapshotRow, StoreError,
    contract::Fixture,
    open,
    postgres::grant,
    testing::{as_role, postgres_url},
};
use sync::protocol::{PROTOCOL, Push};

use crate::{
    people::{person, session},
    pictures::DOT,
    support::{Daybook, Feed, SHOP, answer, on_every_store, until},
};

on_every_store!(p_2_a_server_that_only_reads_shows_what_others_write_and_decides_nothing);

const SERVING: &str = "daybook_test_serving";
const READING: &str = "daybook_test_reading";

fn config() -> Config {
    let limits = Limits { poll: Duration::from_millis(50), drain: Duration::from_secs(5), ..Limits::default() };
    Config { listen: ([127, 0, 0, 1], 0).into(), read_only: true, limits, ..Config::default() }
}

async fn reading(store: &Arc<dyn EventStore>) -> Daybook {
    let running = server::start_on(config(), store.clone()).await.unwrap();
    let origin = format!("http://{}", running.addr);
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    Daybook { running: Some(running), store: store.clone(), client, origin }
}

async fn p_2_a_server_that_only_reads_shows_what_others_write_and_decides_nothing(fixture: Fixture) {
    shows_and_decides_nothing(&fixture.store, &fixture.reopened().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p_2_a_read_only_server_on_a_database_role_that_cannot_insert() {
    let Some((owner, serving)) = serving().await else { return };
    let reads = open(&as_role(&owner, READING)).await.unwrap();
    shows_and_decides_nothing(&serving.store, &reads).await;

    // Not only would it not: it could not.
    let shop = domain::ShopSlug::parse(SHOP).unwrap();
    let head = reads.head(&shop).await.unwrap().unwrap();
    let snapshot = SnapshotRow { position: 1, fold: 1, hash: head.hash, bytes: Vec::new() };
    for denied in [
        reads.save_snapshot(&shop, snapshot).await.err(),
        reads.create_shop(&shop, "", head.epoch).await.err(),
        reads.change_epoch(&shop, head.epoch).await.err(),
    ] {
        // By its rights, or because the session is for reading.
        let by_rights = matches!(&denied, Some(StoreError::Database { state, .. }) if state == "42501");
        assert!(by_rights, "{denied:?}");
    }
    let writing = server::start_on(Config { read_only: false, ..config() }, reads).await;
    assert!(matches!(writing.err(), Some(StartError::MayNotWrite)));
}

async fn shows_and_decides_nothing(writes: &Arc<dyn EventStore>, reads: &Arc<dyn EventStore>) {
    let writer = Daybook::on(writes).await;
    writer.accepted("product.add", json!({"sku": "A", "name": "Oat bread", "price": 420})).await;
    let head = writer.receive("B", "A", 4).await;
    let reader = reading(reads).await;
    assert_eq!(reader.json("/products/A").await, writer.json("/products/A").await);
    let page = reader.client.get(format!("{}/s/{SHOP}/products", reader.origin)).header("accept", "text/html");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("Oat bread"));
    let called = |name: &str, body: Value| {
        let call = reader.client.post(format!("{}/api/{name}", reader.origin)).json(&body);
        call.header("accept", "application/json")
    };
    let snapshot = called("replica_snapshot", json!({"shop": SHOP, "request": null})).send().await.unwrap();
    assert_eq!(snapshot.status(), StatusCode::OK, "a device starts from it");

    let mut feed = Feed::open(reader.get(&format!("/feed?after={head}"))).await;
    let sale = json!({"sale_id": "S", "lines": [{"sku": "A", "qty": 1, "price": 420}], "payment": "cash"});
    let sold = writer.accepted("sale.record", sale.clone()).await;
    while feed.next_named("events").await.positions().last() != Some(&sold) {}

    let command = json!({"type": "sale.record", "data": sale});
    let form = reader.client.post(format!("{}/s/{SHOP}/commands", reader.origin));
    let session = reader.client.post(format!("{}/session", reader.origin));
    let doors: [(&str, RequestBuilder); 5] = [
        ("command", reader.post(&command)),
        ("queued command", reader.post(&command).header("prefer", "respond-async")),
        ("picture", reader.client.post(reader.url("/blobs")).body(DOT)),
        ("form", form.form(&[("type", "product.archive"), ("sku", "A")])),
        ("signing in", session.form(&[("login", "asha"), ("password", "x")])),
    ];
    for (door, request) in doors {
        let response = request.send().await.unwrap();
        assert!(response.headers().contains_key("retry-after"), "{door}");
        let (status, problem) = answer(response).await;
        assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("read_only")), "{door}");
    }
    let push = Push { protocol: PROTOCOL, person: None, device: None, unsent: None, submissions: vec![] };
    let pushed = called("push_commands", json!({"shop": SHOP, "push": push})).send().await.unwrap();
    assert!(!pushed.status().is_success());
    let said = pushed.text().await.unwrap().to_lowercase();
    assert!(said.contains("unavailable"), "the device keeps what it has: {said}");
    assert_eq!(reader.head().await, sold);
    reader.stop().await;
    writer.stop().await;
}

/// A database with its owner's address, and a fixture on the role that serves.
async fn serving() -> Option<(String, Fixture)> {
    let owner = postgres_url().await?;
    open(&owner).await.unwrap().migrate().await.unwrap();
    grant(&owner, SERVING, Duty::Serves).await.unwrap();
    grant(&owner, READING, Duty::Reads).await.unwrap();
    let fixture = Fixture::at(as_role(&owner, SERVING), ()).await;
    Some((owner, fixture))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_served_on_a_role_that_cannot_change_the_log() {
    let Some((_, fixture)) = serving().await else { return };
    assert_eq!(fixture.store.rights().await.unwrap(), Some(Rights::Only(Duty::Serves)));
    let daybook = Daybook::configured(&fixture.store, |config| {
        config.views = vec!["search".to_owned()];
        config.inline_views = vec!["allocations".to_owned()];
        config.limits.snapshot_every = 2;
    })
    .await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Oat bread", "price": 420})).await;
    daybook.receive("B", "A", 4).await;
    daybook.accepted("order.allocate", json!({"order_id": "O", "sku": "A", "qty": 1})).await;
    let refused = daybook.command("order.allocate", json!({"order_id": "P", "sku": "A", "qty": 9})).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let picture = daybook.client.post(daybook.url("/blobs")).body(DOT).send().await.unwrap();
    assert_eq!(picture.status(), StatusCode::CREATED);

    let later = json!({"type": "order.allocate", "data": {"order_id": "Q", "sku": "A", "qty": 1}});
    let (status, queued) = answer(daybook.post(&later).header("prefer", "respond-async").send().await.unwrap()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
    let place = format!("/commands/{}", queued["id"].as_str().unwrap());
    until(async || (daybook.json(&place).await["status"] == "accepted").then_some(())).await;
    until(async || {
        let found = daybook.json("/search?q=oat").await;
        (!found["items"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;
    let shop = domain::ShopSlug::parse(SHOP).unwrap();
    let view = fixture.store.views().into_iter().find(|view| view.name() == "allocations").unwrap();
    assert_eq!(view.all(&shop).await.unwrap().len(), 2);

    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let cookie = session(&daybook, "asha").await;
    until(async || {
        let status = daybook.get("/digest").send().await.unwrap().status();
        (status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    let hers = daybook.get("/events?limit=1000").header("cookie", &cookie).send().await.unwrap();
    let events = answer(hers).await.1["events"].as_array().unwrap().len();
    daybook.stop().await;

    let again = Daybook::on(&fixture.reopened().await).await;
    let hers = again.get("/events?limit=1000").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(answer(hers).await.1["events"].as_array().unwrap().len(), events, "from a snapshot and the log");
    let walked = fixture.store.verify(&shop).await.unwrap().unwrap();
    assert_eq!(walked.first_bad, None);
}
