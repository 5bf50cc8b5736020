//! Messages of other builds at the doors that pages use. The messages are those that `sync` keeps of earlier builds.

use reqwest::StatusCode;
use serde_json::{Value, json};
use store::contract::Fixture;
use sync::protocol::{OLDEST_PROTOCOL, PROTOCOL, ProtocolError, PushAnswer, Snapshot};

use crate::support::{Daybook, SHOP, answer, on_every_store};

on_every_store!(
    p8_a_push_of_every_earlier_protocol_is_answered,
    p8_a_page_from_before_there_was_anything_to_say_gets_its_snapshot,
    p8_too_old_is_426_and_nothing_is_decided,
    p8_a_page_that_is_ahead_is_told_to_wait,
    p5_a_push_that_cannot_be_read_is_400_and_nothing_is_decided,
    p5_a_push_that_is_too_large_is_413_and_nothing_is_decided,
);

fn push(protocol: u16) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/sync/tests/fixtures");
    let text = std::fs::read_to_string(format!("{folder}/protocol-{protocol}/push.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn ask(daybook: &Daybook, door: &str, body: &Value) -> (StatusCode, Value) {
    let request = daybook.client.post(format!("{}/api/{door}", daybook.origin)).json(body);
    answer(request.send().await.unwrap()).await
}

async fn p8_a_push_of_every_earlier_protocol_is_answered(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B-0", "OAT-1", 20).await;
    for protocol in OLDEST_PROTOCOL..=PROTOCOL {
        let push = push(protocol);
        let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": push})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let read: PushAnswer = serde_json::from_value(body).unwrap();
        let asked: Vec<&str> =
            push["submissions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(read.outcomes.iter().map(|one| one.id().to_string()).collect::<Vec<_>>(), asked);
    }
}

async fn p8_a_page_from_before_there_was_anything_to_say_gets_its_snapshot(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let head = daybook.receive("B-0", "OAT-1", 20).await;
    let (status, body) = ask(&daybook, "replica_snapshot", &json!({"shop": SHOP})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body.get("common").is_none());
    let snapshot: Snapshot = serde_json::from_value(body).unwrap();
    assert_eq!(snapshot.books.position, head);
}

async fn p8_too_old_is_426_and_nothing_is_decided(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut old = push(PROTOCOL);
    old["protocol"] = (OLDEST_PROTOCOL - 1).into();
    // What it sends may have any shape: its number is read first.
    old["submissions"] = json!([{"wish": "of another time"}]);
    let request = json!({"protocol": OLDEST_PROTOCOL - 1});
    for (door, body) in [
        ("push_commands", json!({"shop": SHOP, "push": old})),
        ("replica_snapshot", json!({"shop": SHOP, "request": request})),
    ] {
        let (status, body) = ask(&daybook, door, &body).await;
        assert_eq!(status, StatusCode::UPGRADE_REQUIRED, "{door}: {body}");
        let read: ProtocolError = serde_json::from_value(body).unwrap();
        assert_eq!(read, ProtocolError::TooOld { spoken: OLDEST_PROTOCOL - 1, least: OLDEST_PROTOCOL });
    }
    assert_eq!(daybook.head().await, 0);
}

async fn p8_a_page_that_is_ahead_is_told_to_wait(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut newer = push(PROTOCOL);
    newer["protocol"] = (PROTOCOL + 1).into();
    newer["submissions"] = json!([{"wish": "of another time"}]);
    let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": newer})).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    let read: ProtocolError = serde_json::from_value(body).unwrap();
    assert!(!read.is_permanent(), "its outbox waits: {read}");
    assert_eq!(daybook.head().await, 0);
}

/// The device sends fewer at a time until it has found the one: see `sync`.
async fn p5_a_push_that_cannot_be_read_is_400_and_nothing_is_decided(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut push = push(PROTOCOL);
    push["submissions"][1]["type"] = "stock.conjure".into();
    let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": push})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    let read: ProtocolError = serde_json::from_value(body).unwrap();
    assert!(matches!(read, ProtocolError::Malformed { .. }), "{read:?}");
    let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(daybook.head().await, 0);
}

async fn p5_a_push_that_is_too_large_is_413_and_nothing_is_decided(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut push = push(PROTOCOL);
    push["padding"] = "x".repeat(3 * 1024 * 1024).into();
    let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": push})).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
    let read: ProtocolError = serde_json::from_value(body).unwrap();
    assert!(matches!(read, ProtocolError::Malformed { .. }), "{read:?}");
    assert_eq!(daybook.head().await, 0);
}
