//! The end of a server.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Daybook, Feed, memory};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_bye_and_ends_with_open_feeds() {
    // A feed that did not end by itself would hold the server as long.
    let drain = Duration::from_secs(120);
    let daybook = Daybook::with(&memory().await.unwrap().store, |limits| limits.drain = drain).await;
    let mut feeds = Vec::new();
    for _ in 0..3 {
        feeds.push(Feed::open(daybook.get("/feed?after=0")).await);
    }
    daybook.receive("B", "A", 1).await;
    let origin = daybook.origin.clone();
    let begun = Instant::now();
    let stopping = tokio::spawn(daybook.stop());
    for feed in &mut feeds {
        let bye = feed.next_named("bye").await;
        assert!(bye.data["spread_ms"].as_u64().is_some_and(|spread| spread > 0));
        assert!(feed.next().await.is_none());
    }
    stopping.await.unwrap();
    assert!(begun.elapsed() < drain / 2, "{:?}", begun.elapsed());
    assert!(reqwest::get(format!("{origin}/healthz")).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_what_was_answered_is_there_after_a_stop_under_load() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    let posts: Vec<_> = (0..100)
        .map(|number| {
            let data = json!({"batchref": format!("B-{number}"), "sku": "A", "qty": 1});
            tokio::spawn(daybook.post(&json!({"type": "stock.receive", "data": data})).send())
        })
        .collect();
    daybook.stop().await;
    let mut accepted = 0;
    for post in posts {
        if let Ok(response) = post.await.unwrap() {
            match response.status() {
                StatusCode::OK => accepted += 1,
                other => assert_eq!(other, StatusCode::SERVICE_UNAVAILABLE),
            }
        }
    }
    let again = Daybook::on(&fixture.store).await;
    let written = again.types_after(0).await.iter().filter(|name| *name == "BatchReceived").count();
    // A connection may be cut after its command was taken on: more may be written than was answered, never less.
    assert!(written >= accepted, "{written} written, {accepted} answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_shop_is_put_away_and_comes_back() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.idle = Duration::from_millis(200)).await;
    let head = daybook.receive("B", "A", 1).await;
    let active = async |count: &str| {
        let metrics = daybook.client.get(format!("{}/metrics", daybook.origin)).send().await.unwrap();
        metrics.text().await.unwrap().contains(&format!("daybook_shops_active {count}\n")).then_some(())
    };
    crate::support::until(async || active("0").await).await;
    assert_eq!(daybook.head().await, head);
    assert_eq!(daybook.receive("C", "A", 1).await, head + 1);
}
