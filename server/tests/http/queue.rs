//! `Prefer: respond-async`: answered before it is decided.

use std::sync::Arc;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use server::shop::replay::{Again, again};
use store::{AppendError, EventStore, Queued, RowState, contract::Fixture, testing::Interposed};
use uuid::Uuid;

use crate::{
    device::Device,
    support::{Daybook, SHOP, answer, on_every_store, until},
};

on_every_store!(
    d_13_an_accepted_command_tells_where_its_outcome_is_read,
    d_12_what_was_queued_is_handled_after_a_restart,
    d_15_what_became_invalid_meanwhile_is_refused_with_its_reason,
    d_21_what_cannot_be_handled_is_parked_with_its_reason,
    d_11_a_request_becomes_several_commands_all_or_none,
    d_25_a_row_in_its_first_form_is_still_handled,
    d_26_one_command_by_every_source_gives_the_same_event,
    d_27_one_handler_stops_and_the_other_goes_on,
    d_28_order_of_each_key_is_kept_by_two_handlers,
    d_29_another_reader_decides_the_same_beside_the_book,
    d_30_handling_again_changes_nothing,
    d_31_transient_errors_are_tried_again,
    d_31_order_of_a_key_is_kept_while_it_is_tried_again,
    p2_d_3_queued_and_direct_is_one_command,
);

fn asynchronously(request: RequestBuilder) -> RequestBuilder {
    request.header("prefer", "respond-async")
}

impl Daybook {
    /// Queues it, and answers where to ask.
    pub(crate) async fn queue(&self, body: &Value) -> String {
        let response = asynchronously(self.post(body)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()["preference-applied"], "respond-async");
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    pub(crate) async fn settled(&self, location: &str) -> Value {
        until(async || {
            let response = self.client.get(format!("{}{location}", self.origin)).send().await.unwrap();
            let (status, body) = answer(response).await;
            assert_eq!(status, StatusCode::OK);
            (body["status"] != "queued").then_some(body)
        })
        .await
    }
}

fn receive(batchref: &str) -> Value {
    json!({"type": "stock.receive", "data": {"batchref": batchref, "sku": "A", "qty": 4}})
}

async fn d_13_an_accepted_command_tells_where_its_outcome_is_read(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let accepted = daybook.settled(&daybook.queue(&receive("B")).await).await;
    assert_eq!((&accepted["status"], &accepted["positions"]), (&json!("accepted"), &json!([1])));
    assert_eq!(daybook.json("/batches/B").await["qty"], 4);
}

/// A store that writes nothing at all stands for a server that is killed between taking a command on and handling it.
async fn d_12_what_was_queued_is_handled_after_a_restart(fixture: Fixture) {
    let broken = Interposed::new(fixture.store.clone())
        .before(|_| async { Err(AppendError::Unavailable { reason: "switched off".to_owned() }) });
    let daybook = Daybook::on(&(Arc::new(broken) as Arc<dyn store::EventStore>)).await;
    let mut places = Vec::new();
    for number in 0..5 {
        places.push(daybook.queue(&receive(&format!("B-{number}"))).await);
    }
    assert_eq!(daybook.head().await, 0);
    daybook.stop().await;
    let daybook = Daybook::on(&fixture.reopened().await).await;
    for place in &places {
        assert_eq!(daybook.settled(place).await["status"], "accepted");
    }
    let types = daybook.types_after(0).await;
    assert_eq!(types.iter().filter(|name| *name == "BatchReceived").count(), 5);
}

async fn d_15_what_became_invalid_meanwhile_is_refused_with_its_reason(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    let body = json!({"type": "order.allocate", "data": {"order_id": "O", "sku": "A", "qty": 5}});
    let refused = daybook.settled(&daybook.queue(&body).await).await;
    assert_eq!((&refused["status"], &refused["code"]), (&json!("refused"), &json!("out_of_stock")));
    assert_eq!(refused["detail"]["left"], 4);
    assert_eq!(refused["position"], daybook.head().await);
}

async fn d_21_what_cannot_be_handled_is_parked_with_its_reason(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "One", "price": 1})).await;
    let head = daybook.head().await;
    let body = json!({"type": "product.change", "data": {"sku": "A", "name": "Two"}, "if_version": 7});
    let parked = daybook.settled(&daybook.queue(&body).await).await;
    assert_eq!(parked["status"], "parked");
    assert!(parked["reason"].as_str().unwrap().starts_with("changed_meanwhile"), "{parked}");
    assert_eq!(daybook.head().await, head);
    // It holds nobody up.
    assert_eq!(daybook.settled(&daybook.queue(&receive("B")).await).await["status"], "accepted");
}

async fn d_31_transient_errors_are_tried_again(fixture: Fixture) {
    let left = Arc::new(std::sync::atomic::AtomicI32::new(3));
    let flaky = Interposed::new(fixture.store.clone()).before(move |_| {
        let fails = left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) > 0;
        async move { if fails { Err(AppendError::Unavailable { reason: "later".to_owned() }) } else { Ok(()) } }
    });
    let daybook = Daybook::on(&(Arc::new(flaky) as Arc<dyn store::EventStore>)).await;
    let accepted = daybook.settled(&daybook.queue(&receive("B")).await).await;
    assert_eq!((&accepted["status"], &accepted["positions"]), (&json!("accepted"), &json!([1])));
}

async fn p2_d_3_queued_and_direct_is_one_command(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut body = receive("B");
    body["id"] = json!(Uuid::new_v4());
    let (place, direct) = futures::join!(daybook.queue(&body), daybook.post(&body).send());
    let (status, direct) = answer(direct.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let queued = daybook.settled(&place).await;
    assert_eq!(queued["positions"], direct["positions"]);
    // Its row leaves the queue although its verdict was there first.
    let (shop, id) =
        (domain::ShopSlug::parse("test").unwrap(), domain::CommandId::parse(body["id"].as_str().unwrap()).unwrap());
    until(async || daybook.store.queue_status(&shop, id).await.unwrap().is_none().then_some(())).await;
    assert_eq!(daybook.types_after(0).await.iter().filter(|name| *name == "BatchReceived").count(), 1);
}

fn shop() -> domain::ShopSlug {
    domain::ShopSlug::parse(SHOP).unwrap()
}

fn receive_for(sku: &str, number: usize) -> Value {
    json!({"type": "stock.receive", "data": {"batchref": format!("{sku}-{number}"), "sku": sku, "qty": 1}})
}

/// Batches of a SKU in the order in which they were written down.
async fn received(daybook: &Daybook, sku: &str) -> Vec<String> {
    // What is in the store is in a door's own books a little later, whether it appended it itself or not.
    let head = daybook.store.head(&shop()).await.unwrap().unwrap().position;
    daybook.json(&format!("/digest?min_position={head}")).await;
    let log = daybook.json("/events?limit=1000").await;
    let events = log["events"].as_array().unwrap().iter();
    let of_sku = events.filter(|event| event["type"] == "BatchReceived" && event["data"]["sku"] == sku);
    of_sku.map(|event| event["data"]["batchref"].as_str().unwrap().to_owned()).collect()
}

fn numbered(sku: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("{sku}-{number}")).collect()
}

async fn settled_rows(store: &Arc<dyn EventStore>) -> Option<usize> {
    let rows = store.queue_rows(None, 0, 1000).await.unwrap();
    rows.iter().all(|row| row.state == RowState::Settled).then_some(rows.len())
}

/// Fails every third append, before anything is written.
fn flaky(store: &Arc<dyn EventStore>) -> Arc<dyn EventStore> {
    let appends = std::sync::atomic::AtomicU32::new(0);
    Arc::new(Interposed::new(store.clone()).before(move |_| {
        let fails = appends.fetch_add(1, std::sync::atomic::Ordering::SeqCst).is_multiple_of(3);
        async move { if fails { Err(AppendError::Unavailable { reason: "later".to_owned() }) } else { Ok(()) } }
    }))
}

async fn d_11_a_request_becomes_several_commands_all_or_none(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let known = json!({"id": Uuid::from_u128(1), "type": "product.add", "data": {"sku": "K", "name": "K", "price": 1}});
    daybook.settled(&daybook.queue(&known).await).await;
    let head = daybook.head().await;
    let product = json!({"type": "product.add", "data": {"sku": "P", "name": "Cup", "price": 300}});
    let malformed = json!({"type": "stock.receive", "data": {"batchref": "B", "sku": "P", "qty": -1}});
    let mut reused = receive_for("P", 1);
    reused["id"] = known["id"].clone();
    for (wrong, expected) in [(malformed, StatusCode::BAD_REQUEST), (reused, StatusCode::CONFLICT)] {
        let body = json!([product, receive_for("P", 0), wrong]);
        assert_eq!(asynchronously(daybook.post(&body)).send().await.unwrap().status(), expected);
        assert_eq!(settled_rows(&fixture.store).await, Some(1), "none of them was queued");
        assert_eq!(daybook.head().await, head);
    }
    // What the first one begins, the later ones may build on.
    let fewer = json!({"type": "stock.change_quantity", "data": {"batchref": "P-0", "qty": 9}});
    let body = json!([product, receive_for("P", 0), fewer]);
    let (status, said) = answer(asynchronously(daybook.post(&body)).send().await.unwrap()).await;
    assert_eq!((status, said.as_array().unwrap().len()), (StatusCode::ACCEPTED, 3));
    for item in said.as_array().unwrap() {
        let settled = daybook.settled(item["location"].as_str().unwrap()).await;
        assert_eq!(settled["status"], "accepted", "{settled}");
    }
    assert_eq!(daybook.json("/batches/P-0").await["qty"], 9);
}

/// What a request looks like may change; whoever handles it reads rows, and those of earlier versions too.
async fn d_25_a_row_in_its_first_form_is_still_handled(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let body = r#"{"submission":{"id":"00000000-0000-0000-0000-000000000007","type":"stock.receive",
        "data":{"batchref":"B","sku":"A","qty":4},"device":"api","issued_at":"2026-05-03T13:40:00.000Z"},
        "actor":"demo","role":"owner"}"#;
    let id = domain::CommandId(Uuid::from_u128(7));
    let body = body.as_bytes().to_vec();
    let row = Queued { id, key: "".into(), body, fingerprint: 1, enqueued_at: domain::values::Millis(1) };
    fixture.store.enqueue(&shop(), vec![row]).await.unwrap();
    let settled = daybook.settled(&format!("/api/v1/shops/{SHOP}/commands/{id}")).await;
    assert_eq!(settled["positions"], json!([1]));
    assert_eq!(daybook.json("/batches/B").await["qty"], 4);
}

async fn d_26_one_command_by_every_source_gives_the_same_event(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let add = |sku: &str| json!({"sku": sku, "name": "Cup", "price": 300});
    daybook.accepted("product.add", add("BY-HTTP")).await;
    daybook.settled(&daybook.queue(&json!({"type": "product.add", "data": add("BY-QUEUE")})).await).await;
    let mut till = Device::open("till", &daybook).await;
    till.issue("product.add", &add("BY-OUTBOX"));
    till.until_settled().await;
    let log = daybook.json("/events?limit=10").await;
    let data: Vec<String> = log["events"].as_array().unwrap().iter().map(|event| event["data"].to_string()).collect();
    assert_eq!(data.len(), 3);
    let alike: Vec<String> = ["BY-HTTP", "BY-QUEUE", "BY-OUTBOX"]
        .iter()
        .zip(&data)
        .map(|(source, data)| {
            assert!(data.contains(source), "{data}");
            data.replace(source, "SKU")
        })
        .collect();
    assert!(alike.iter().all(|one| *one == alike[0]), "{alike:?}");
}

async fn d_27_one_handler_stops_and_the_other_goes_on(fixture: Fixture) {
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    let mut places = Vec::new();
    for number in 0..20 {
        places.push(one.queue(&receive_for("A", number)).await);
    }
    one.stop().await;
    for number in 20..30 {
        places.push(other.queue(&receive_for("A", number)).await);
    }
    for place in &places {
        assert_eq!(other.settled(place).await["status"], "accepted");
    }
    assert_eq!(received(&other, "A").await, numbered("A", 0..30));
}

async fn d_28_order_of_each_key_is_kept_by_two_handlers(fixture: Fixture) {
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    let skus = ["A", "B", "C", "D", "E"];
    for number in 0..12 {
        for (turn, sku) in skus.iter().enumerate() {
            let door = if (number + turn).is_multiple_of(2) { &one } else { &other };
            door.queue(&receive_for(sku, number)).await;
        }
    }
    assert_eq!(until(async || settled_rows(&fixture.store).await).await, 60);
    for sku in skus {
        assert_eq!(received(&one, sku).await, numbered(sku, 0..12));
    }
}

async fn d_29_another_reader_decides_the_same_beside_the_book(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let allocate =
        |order: &str, qty| json!({"type": "order.allocate", "data": {"order_id": order, "sku": "A", "qty": qty}});
    let batch = json!({"type": "stock.receive", "data": {"batchref": "A-0", "sku": "A", "qty": 4}});
    for body in [batch, allocate("O", 3), allocate("P", 3), allocate("O", 3)] {
        daybook.settled(&daybook.queue(&body).await).await;
    }
    // All of it is gone again: decided now, not one of them would come out as it did.
    daybook.accepted("stock.damage", json!({"batchref": "A-0", "qty": 1, "reason": "wet"})).await;
    let head = daybook.head().await;
    let rows = fixture.store.queue_rows(None, 0, 10).await.unwrap();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let came = again(fixture.store.clone(), row).await.unwrap();
        assert!(matches!(came, Again::Same(_)), "{came:?}");
    }
    assert_eq!(daybook.head().await, head, "nothing was written");
}

async fn d_30_handling_again_changes_nothing(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let place = daybook.queue(&receive_for("A", 0)).await;
    let first = daybook.settled(&place).await;
    daybook.receive("B", "A", 4).await;
    let before = daybook.json("/events?limit=100").await;
    let rows = fixture.store.queue_rows(None, 0, 10).await.unwrap();
    fixture.store.requeue(&[rows[0].arrival]).await.unwrap();
    assert_eq!(until(async || settled_rows(&fixture.store).await).await, 1);
    assert_eq!(daybook.settled(&place).await["positions"], first["positions"]);
    assert_eq!(daybook.json("/events?limit=100").await, before);
}

async fn d_31_order_of_a_key_is_kept_while_it_is_tried_again(fixture: Fixture) {
    let daybook = Daybook::on(&flaky(&fixture.store)).await;
    for number in 0..15 {
        daybook.queue(&receive_for("A", number)).await;
    }
    assert_eq!(until(async || settled_rows(&fixture.store).await).await, 15);
    assert_eq!(received(&daybook, "A").await, numbered("A", 0..15), "each once, in order");
}
