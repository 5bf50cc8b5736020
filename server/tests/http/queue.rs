//! `Prefer: respond-async`: answered before it is decided.

use std::sync::Arc;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use store::{AppendError, contract::Fixture, testing::Interposed};
use uuid::Uuid;

use crate::support::{Daybook, answer, on_every_store, until};

on_every_store!(
    d_13_an_accepted_command_tells_where_its_outcome_is_read,
    d_12_what_was_queued_is_handled_after_a_restart,
    d_15_what_became_invalid_meanwhile_is_refused_with_its_reason,
    d_21_what_cannot_be_handled_is_parked_with_its_reason,
    d_31_transient_errors_are_tried_again,
    p2_queued_and_direct_is_one_command,
);

fn asynchronously(request: RequestBuilder) -> RequestBuilder {
    request.header("prefer", "respond-async")
}

impl Daybook {
    /// Queues it, and answers where to ask.
    async fn queue(&self, body: &Value) -> String {
        let response = asynchronously(self.post(body)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()["preference-applied"], "respond-async");
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    async fn settled(&self, location: &str) -> Value {
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

async fn p2_queued_and_direct_is_one_command(fixture: Fixture) {
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
