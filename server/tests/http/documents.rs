//! Documents that were answered before: found again, and never in the wrong place.

use std::{collections::BTreeMap, sync::Arc};

use domain::ShopSlug;
use serde_json::json;
use store::contract::Fixture;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::support::{Daybook, SHOP, on_every_store, until};

on_every_store!(
    p_20_first_a_miss_then_a_hit_and_an_event_makes_it_anew,
    p_20_p_4_no_answer_is_older_or_younger_than_it_says,
    p_20_what_was_answered_then_is_what_is_answered_as_of_then,
    p_20_what_is_not_there_is_looked_for_again,
    p9_p_20_the_same_address_in_two_shops_is_two_documents,
    p_20_a_log_with_another_identity_has_other_documents,
);

impl Daybook {
    /// Hits and misses so far.
    async fn counted(&self) -> (u64, u64) {
        let metrics = self.metrics().await;
        let figure = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse().unwrap()
        };
        (figure("daybook_document_hits_total "), figure("daybook_document_misses_total "))
    }
}

async fn p_20_first_a_miss_then_a_hit_and_an_event_makes_it_anew(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let head = daybook.receive("B", "A", 4).await;
    for path in ["/products/A", "/products", "/stock/A", "/history/stock-A"] {
        let (hits, misses) = daybook.counted().await;
        let made = daybook.json(path).await;
        assert_eq!(daybook.counted().await, (hits, misses + 1), "{path}");
        assert_eq!(daybook.json(path).await, made, "{path}");
        assert_eq!(daybook.counted().await, (hits + 1, misses + 1), "{path}");
    }
    let before = daybook.counted().await;
    let known = daybook.get("/products/A").header("if-none-match", format!("\"{head}\"")).send().await.unwrap();
    assert_eq!((known.status().as_u16(), daybook.counted().await), (304, before), "nothing is made or looked for");

    daybook.receive("C", "A", 5).await;
    assert_eq!(daybook.json("/products/A").await["on_hand"], 9);
    assert_eq!(daybook.counted().await, (before.0, before.1 + 1));
    assert_eq!(daybook.json("/products/A").await["on_hand"], 9);
    assert_eq!(daybook.counted().await, (before.0 + 1, before.1 + 1));
}

/// Readers ask while it is written: what each gets is what was there at the position that the answer names, and whoever
/// asks for a position that was written gets that or a later one.
async fn p_20_p_4_no_answer_is_older_or_younger_than_it_says(fixture: Fixture) {
    let daybook = Arc::new(Daybook::on(&fixture.store).await);
    let written = Arc::new(Mutex::new(BTreeMap::from([(daybook.receive("B-0", "A", 1).await, 1)])));
    let mut readers = Vec::new();
    for _ in 0..4 {
        let (daybook, written) = (daybook.clone(), written.clone());
        readers.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            loop {
                let least = *written.lock().await.last_key_value().unwrap().0;
                let read = daybook.get(&format!("/products/A?min_position={least}")).send().await.unwrap();
                let position: u64 = read.headers()["daybook-position"].to_str().unwrap().parse().unwrap();
                assert!(position >= least, "{position} is before {least}");
                let document: serde_json::Value = read.json().await.unwrap();
                seen.push((position, document["on_hand"].as_u64().unwrap()));
                if document["on_hand"] == 40 {
                    return seen;
                }
            }
        }));
    }
    for number in 2..=40 {
        let head = daybook.receive(&format!("B-{number}"), "A", 1).await;
        written.lock().await.insert(head, number);
    }
    for reader in readers {
        for (position, on_hand) in reader.await.unwrap() {
            assert_eq!(written.lock().await.get(&position), Some(&on_hand), "at {position}");
        }
    }
}

async fn p_20_what_was_answered_then_is_what_is_answered_as_of_then(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let then = daybook.receive("B", "A", 4).await;
    let document = daybook.json("/products/A").await;
    daybook.receive("C", "A", 5).await;
    let (hits, misses) = daybook.counted().await;
    assert_eq!(daybook.json(&format!("/products/A?as_of={then}")).await, document);
    assert_eq!(daybook.counted().await, (hits + 1, misses));
}

async fn p_20_what_is_not_there_is_looked_for_again(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    let before = daybook.counted().await;
    for _ in 0..2 {
        assert_eq!(daybook.get("/products/Z").send().await.unwrap().status(), 404);
    }
    assert_eq!(daybook.counted().await, (before.0, before.1 + 2));
}

async fn p9_p_20_the_same_address_in_two_shops_is_two_documents(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    // The same epoch, and the same place: nothing has happened in either.
    let head = fixture.store.head(&ShopSlug::parse(SHOP).unwrap()).await.unwrap().unwrap();
    fixture.store.create_shop(&ShopSlug::parse("other").unwrap(), "Other", head.epoch).await.unwrap();
    let other = format!("{}/api/v1/shops/other", daybook.origin);
    let ask = async |path: &str| {
        let there = daybook.client.get(format!("{other}{path}")).send().await.unwrap();
        (daybook.json(path).await, there.json::<serde_json::Value>().await.unwrap())
    };
    for _ in 0..2 {
        let (here, there) = ask("/snapshot").await;
        assert_eq!((&here["title"], &there["title"]), (&json!("Test shop"), &json!("Other")));
    }
    daybook.receive("CANARY", "A", 4).await;
    let theirs = json!({"type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 7}});
    daybook.client.post(format!("{other}/commands")).json(&theirs).send().await.unwrap();
    for _ in 0..2 {
        let (here, there) = ask("/stock/A").await;
        assert_eq!((&here["on_hand"], &there["on_hand"]), (&json!(4), &json!(7)));
        assert!(!there.to_string().contains("CANARY"));
    }
}

/// After a restore the same position is another place.
async fn p_20_a_log_with_another_identity_has_other_documents(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    let before = daybook.json("/snapshot").await;
    let (hits, misses) = daybook.counted().await;
    assert_eq!(daybook.json("/snapshot").await, before);
    assert_eq!(daybook.counted().await, (hits + 1, misses));
    let epoch = Uuid::new_v4();
    fixture.store.change_epoch(&ShopSlug::parse(SHOP).unwrap(), epoch).await.unwrap();
    until(async || (daybook.json("/snapshot").await["epoch"] == json!(epoch)).then_some(())).await;
}
