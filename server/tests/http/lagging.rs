//! Logs that process managers have not seen: what they would have caused is done at the first start, and once.

use std::sync::Arc;

use domain::{EventRecord, ShopSlug, processes::PROCESSES};
use serde_json::json;
use store::{Append, EventStore, contract::Fixture};

use crate::support::{Daybook, SHOP, memory, on_every_store};

on_every_store!(
    p6_what_no_process_has_seen_is_answered_at_the_start_and_once,
    r_10_a_log_that_asks_for_nothing_is_looked_through_once,
);

fn shop() -> ShopSlug {
    ShopSlug::parse(SHOP).unwrap()
}

/// The log of a server on which `fill` was done, as far as `until` says.
async fn written_elsewhere(fill: impl AsyncFnOnce(&Daybook) -> u64) -> (uuid::Uuid, Vec<EventRecord>) {
    let origin = memory().await.unwrap();
    let daybook = Daybook::on(&origin.store).await;
    let until = fill(&daybook).await;
    let head = origin.store.head(&shop()).await.unwrap().unwrap();
    let records = origin.store.read(&shop(), 0, u32::try_from(until).unwrap()).await.unwrap();
    (head.epoch, records)
}

/// Puts entries into an empty store, as another program would: without verdicts and checkpoints.
async fn put(store: &Arc<dyn EventStore>, (epoch, records): (uuid::Uuid, Vec<EventRecord>)) {
    store.create_shop(&shop(), "Test", epoch).await.unwrap();
    let append = Append { epoch, after: 0, records, ..Append::default() };
    store.append(&shop(), append).await.unwrap();
}

/// How far each process manager has come, the least of them.
async fn processed(store: &Arc<dyn EventStore>) -> u64 {
    let checkpoints = store.checkpoints(&shop()).await.unwrap();
    assert_eq!(checkpoints.len(), PROCESSES.len());
    checkpoints.iter().map(|one| one.position).min().unwrap()
}

async fn p6_what_no_process_has_seen_is_answered_at_the_start_and_once(fixture: Fixture) {
    let cut_off = written_elsewhere(async |daybook| {
        daybook.receive("B", "A", 10).await;
        let sale = json!({"sale_id": "S", "lines": [{"sku": "A", "qty": 3, "price": 100}], "payment": "cash"});
        // The sale alone: the goods that leave with it are written by a process manager, as the last entry.
        daybook.accepted("sale.record", sale).await - 1
    })
    .await;
    let sold = cut_off.1.len() as u64;
    put(&fixture.store, cut_off).await;

    let daybook = Daybook::on(&fixture.store).await;
    assert_eq!(daybook.json("/stock/A").await["on_hand"], 7);
    let head = daybook.head().await;
    assert!(head > sold, "{head}");
    daybook.stop().await;
    assert_eq!(processed(&fixture.store).await, head);

    let again = Daybook::on(&fixture.store).await;
    assert_eq!((again.json("/stock/A").await["on_hand"].clone(), again.head().await), (json!(7), head));
}

async fn r_10_a_log_that_asks_for_nothing_is_looked_through_once(fixture: Fixture) {
    // More than a page of entries.
    let log = written_elsewhere(async |daybook| {
        let many: Vec<_> = (0..500)
            .map(|number| json!({"type": "product.add", "data": {"sku": format!("A{number}"), "name": "A", "description": "", "category": "c", "price": 1}}))
            .collect();
        for (round, kind) in ["product.add", "product.change", "product.change"].into_iter().enumerate() {
            let change = |one: &serde_json::Value| {
                let mut one = one.clone();
                one["type"] = json!(kind);
                one["data"]["price"] = json!(round + 1);
                one
            };
            let body = serde_json::Value::Array(many.iter().map(change).collect());
            let answer = daybook.post(&body).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
        daybook.head().await
    })
    .await;
    let head = log.1.len() as u64;
    assert!(head > 1_000, "{head}");
    put(&fixture.store, log).await;

    let daybook = Daybook::on(&fixture.store).await;
    assert_eq!(daybook.head().await, head);
    assert_eq!(processed(&fixture.store).await, head, "the next start has nothing to look through");
}
