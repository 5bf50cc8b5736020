//! `GET /feed`.

use std::time::Duration;

use serde_json::json;
use store::contract::Fixture;
use uuid::Uuid;

use crate::support::{Daybook, Feed, on_every_store};

on_every_store!(
    p3_p_12_a_feed_goes_on_where_it_was_cut,
    p3_many_feeds_see_the_same_log_while_it_grows,
    p4_a_heartbeat_tells_the_head_and_its_digest,
    f6_no_id_is_met_with_silence,
    f6_a_reader_too_far_behind_starts_from_a_snapshot,
    f16_another_epoch_ends_every_feed_with_a_reset,
    f19_a_poll_answers_with_what_was_missed_at_once,
    f19_a_poll_waits_for_what_comes_next,
    f6_f19_no_id_of_a_poll_is_met_with_silence,
);

fn poll(daybook: &Daybook, after: &str, wait: u32) -> reqwest::RequestBuilder {
    daybook.get(&format!("/feed?after={after}&wait={wait}")).header("accept", "application/json")
}

async fn polled(daybook: &Daybook, after: &str, wait: u32) -> Vec<(String, serde_json::Value)> {
    let response = poll(daybook, after, wait).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = response.text().await.unwrap();
    // As a page reads it.
    sync::protocol::Poll::parse(&text).unwrap().read().unwrap();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let frames = read["frames"].as_array().unwrap();
    frames.iter().map(|frame| (frame["event"].as_str().unwrap().to_owned(), frame["data"].clone())).collect()
}

fn positions(frames: &[(String, serde_json::Value)]) -> Vec<u64> {
    let events = frames.iter().filter(|(event, _)| event == "events");
    let entries = events.flat_map(|(_, data)| data["events"].as_array().unwrap());
    entries.map(|entry| entry["position"].as_u64().unwrap()).collect()
}

async fn f19_a_poll_answers_with_what_was_missed_at_once(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B-1", "A", 1).await;
    let head = daybook.receive("B-2", "B", 1).await;
    // From the frames that are kept, and, by a server that has none, from the log.
    for daybook in [&daybook, &Daybook::on(&fixture.reopened().await).await] {
        let begun = std::time::Instant::now();
        let frames = polled(daybook, "0", 25).await;
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(positions(&frames), (1..=head).collect::<Vec<_>>());
        let (last, beat) = frames.last().unwrap();
        assert_eq!((last.as_str(), &beat["head"]), ("heartbeat", &head.into()));
    }
    let nothing = polled(&daybook, &head.to_string(), 0).await;
    assert_eq!((nothing.len(), nothing[0].0.as_str()), (1, "heartbeat"), "nought seconds: at once");
}

async fn f19_a_poll_waits_for_what_comes_next(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.heartbeat = Duration::from_millis(50)).await;
    let head = daybook.receive("B-1", "A", 1).await;
    let asked = poll(&daybook, &head.to_string(), 25);
    let waiting = tokio::spawn(asked.send());
    let clients = async || {
        let metrics = daybook.client.get(format!("{}/metrics", daybook.origin)).send().await.unwrap();
        metrics.text().await.unwrap().contains("daybook_feed_clients 1\n").then_some(())
    };
    crate::support::until(clients).await;
    let next = daybook.receive("B-2", "A", 1).await;
    let text = waiting.await.unwrap().unwrap().text().await.unwrap();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = &read["frames"][0];
    assert_eq!(first["event"], "events", "not one of the heartbeats of streams: {read}");
    assert_eq!(first["data"]["events"].as_array().unwrap().last().unwrap()["position"], next);
    // And with nothing to say, it says so when the time is over.
    let frames = polled(&daybook, &next.to_string(), 1).await;
    assert_eq!((frames.len(), frames[0].0.as_str(), &frames[0].1["head"]), (1, "heartbeat", &next.into()));
    let wrong = daybook.get("/feed?after=0&wait=soon").header("accept", "application/json").send().await.unwrap();
    assert_eq!(wrong.status(), reqwest::StatusCode::BAD_REQUEST);
}

async fn f6_f19_no_id_of_a_poll_is_met_with_silence(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.feed_backlog = 3).await;
    for number in 0..3 {
        daybook.receive(&format!("B-{number}"), "A", 1).await;
    }
    let head = daybook.head().await;
    let table = [
        (format!("{}:0", Uuid::new_v4()), "reset"),
        ((head + 1).to_string(), "reset"),
        ("garbage".to_owned(), "reset"),
        ("0".to_owned(), "snapshot"),
    ];
    for (after, expected) in table {
        let frames = polled(&daybook, &after, 25).await;
        let names: Vec<_> = frames.iter().map(|(event, _)| event.as_str()).collect();
        assert_eq!(names, [expected], "{after}");
    }
}

async fn p3_p_12_a_feed_goes_on_where_it_was_cut(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut first = Feed::open(daybook.get("/feed?after=0")).await;
    daybook.receive("B-1", "A", 1).await;
    let seen = first.next_named("events").await;
    drop(first);
    let head = daybook.receive("B-2", "B", 1).await;
    // From the frames that are kept, and, by a server that has none, from the log.
    for daybook in [&daybook, &Daybook::on(&fixture.reopened().await).await] {
        let request = daybook.get("/feed?after=0").header("last-event-id", seen.id.clone().unwrap());
        let mut second = Feed::open(request).await;
        let rest = second.next_named("events").await;
        let positions = [seen.positions(), rest.positions()].concat();
        assert_eq!(positions, (1..=head).collect::<Vec<_>>());
        assert_eq!(rest.id.unwrap(), format!("{}:{head}", rest.data["epoch"].as_str().unwrap()));
    }
}

async fn p3_many_feeds_see_the_same_log_while_it_grows(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    const LAST: u64 = 80;
    let readers: Vec<_> = (0..10)
        .map(|_| {
            let request = daybook.get("/feed?after=0");
            tokio::spawn(async move {
                let (mut feed, mut seen) = (Feed::open(request).await, Vec::new());
                while seen.last().is_none_or(|last| *last < LAST) {
                    seen.extend(feed.next_named("events").await.positions());
                }
                seen
            })
        })
        .collect();
    // Each writes two entries: the batch, and the product that it makes known.
    let writing = (0..LAST / 2).map(|number| daybook.receive_owned(number));
    futures::future::join_all(writing).await;
    for reader in readers {
        assert_eq!(reader.await.unwrap(), (1..=LAST).collect::<Vec<_>>());
    }
}

impl Daybook {
    async fn receive_owned(&self, number: u64) {
        self.receive(&format!("B-{number}"), &format!("SKU-{number}"), 1).await;
    }
}

async fn p4_a_heartbeat_tells_the_head_and_its_digest(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.heartbeat = Duration::from_millis(50)).await;
    let head = daybook.receive("B", "A", 1).await;
    let mut feed = Feed::open(daybook.get(&format!("/feed?after={head}"))).await;
    for _ in 0..3 {
        let beat = feed.next().await.unwrap();
        let digest = daybook.json("/digest").await;
        assert_eq!((beat.event.as_str(), &beat.data["head"]), ("heartbeat", &digest["position"]));
        assert_eq!((&beat.data["digest"], &beat.data["epoch"]), (&digest["digest"], &digest["epoch"]));
        assert_eq!((&beat.data["fold"], &beat.data["protocol"]), (&digest["fold"], &sync::protocol::PROTOCOL.into()));
    }
}

async fn f6_no_id_is_met_with_silence(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B-1", "A", 1).await;
    let head = daybook.receive("B-2", "B", 1).await;
    let epoch = daybook.json("/digest").await["epoch"].as_str().unwrap().to_owned();
    let table = [
        (format!("{epoch}:0"), "events"),
        (format!("{epoch}:1"), "events"),
        (format!("{epoch}:{head}"), "heartbeat"),
        (format!("{epoch}:{}", head + 1), "reset"),
        (format!("{epoch}:{}", 1_u64 << 63), "reset"),
        (format!("{epoch}:99999999999999999999999"), "reset"),
        (format!("{epoch}:-1"), "reset"),
        (format!("{epoch}:"), "reset"),
        ("-1".to_owned(), "reset"),
        ("0".to_owned(), "events"),
        (head.to_string(), "heartbeat"),
        (format!("{}:{head}", Uuid::new_v4()), "reset"),
        (format!("{}:0", Uuid::new_v4()), "reset"),
        ("garbage".to_owned(), "reset"),
        ("x".repeat(10_000), "reset"),
    ];
    for (id, expected) in table {
        // The header counts, whatever the address says.
        let mut feed = Feed::open(daybook.get("/feed?after=1").header("last-event-id", &id)).await;
        let frame = feed.next().await.unwrap();
        let id: String = id.chars().take(60).collect();
        assert_eq!(frame.event, expected, "{id}");
        match expected {
            "events" => assert_eq!(frame.positions()[0], id.rsplit(':').next().unwrap().parse::<u64>().unwrap() + 1),
            "reset" => {
                assert_eq!((&frame.data["epoch"], &frame.data["head"]), (&epoch.clone().into(), &head.into()));
                assert!(feed.next().await.is_none(), "there is nothing to follow after a reset");
            }
            _ => {}
        }
        let mut same = Feed::open(daybook.get("/feed").query(&[("after", id.as_str())])).await;
        assert_eq!(same.next().await.unwrap().event, expected, "?after={id}");
    }
}

async fn f6_a_reader_too_far_behind_starts_from_a_snapshot(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.feed_backlog = 3).await;
    for number in 0..3 {
        daybook.receive(&format!("B-{number}"), "A", 1).await;
    }
    let head = daybook.head().await;
    let frame = Feed::open(daybook.get("/feed?after=0")).await.next().await.unwrap();
    assert_eq!((frame.event.as_str(), &frame.data["head"]), ("snapshot", &head.into()));
    let snapshot = daybook.json("/snapshot").await;
    let read: sync::protocol::Snapshot = serde_json::from_value(snapshot).unwrap();
    assert_eq!((read.books.position, read.books.digest()), (head, read.digest));
}

async fn f16_another_epoch_ends_every_feed_with_a_reset(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let head = daybook.receive("B", "A", 1).await;
    let mut feed = Feed::open(daybook.get(&format!("/feed?after={head}"))).await;
    assert_eq!(feed.next().await.unwrap().event, "heartbeat");
    let epoch = Uuid::new_v4();
    daybook.store.change_epoch(&domain::ShopSlug::parse("test").unwrap(), epoch).await.unwrap();
    let frame = feed.next().await.unwrap();
    assert_eq!((frame.event.as_str(), &frame.data["epoch"]), ("reset", &epoch.to_string().into()));
    assert!(feed.next().await.is_none());
    // And what is written from here on is written under the new one.
    let head = daybook.receive("C", "A", 1).await;
    assert_eq!(daybook.json("/digest").await["epoch"], epoch.to_string());
    assert_eq!(daybook.head().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_no_middle_man_may_buffer_or_change_a_feed() {
    let daybook = Daybook::on(&crate::support::memory().await.unwrap().store).await;
    let response = daybook.get("/feed").header("accept-encoding", "gzip, br").send().await.unwrap();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
    assert_eq!(header("content-encoding"), "");
}

/// Frames wait in one place for all feeds, and only so many of them: whoever reads too slowly meets the end of the
/// feed, comes back by id, and has missed nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f21_a_reader_too_slow_is_closed_and_resumes_without_a_hole() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.feed_lag = 2).await;
    let mut slow = Feed::open(daybook.get("/feed?after=0")).await;
    assert_eq!(slow.next().await.unwrap().event, "heartbeat");
    // More than the buffers of a connection hold.
    let long = "long ".repeat(390);
    for batch in 0..24 {
        let products = (0..500).map(|at| {
            let data = json!({"sku": format!("S-{batch}-{at}"), "name": "N", "description": long, "price": 1});
            json!({"type": "product.add", "data": data})
        });
        assert!(daybook.post(&products.collect()).send().await.unwrap().status().is_success());
    }
    let head = daybook.head().await;
    let (mut seen, mut last_id) = (Vec::new(), None);
    while let Some(frame) = slow.next().await {
        seen.extend(frame.positions());
        last_id = frame.id.or(last_id);
    }
    assert!(seen.last().is_some_and(|last| *last < head), "it was closed before it had everything");
    let mut resumed = Feed::open(daybook.get("/feed").header("last-event-id", last_id.unwrap())).await;
    while seen.last().is_none_or(|last| *last < head) {
        seen.extend(resumed.next_named("events").await.positions());
    }
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());
    let metrics = daybook.client.get(format!("{}/metrics", daybook.origin)).send().await.unwrap();
    assert!(metrics.text().await.unwrap().contains("daybook_feed_closed_slow_total 1\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_limited() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.feeds = 1).await;
    let open = Feed::open(daybook.get("/feed")).await;
    let second = daybook.get("/feed").send().await.unwrap();
    assert_eq!(second.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
    assert!(second.headers().contains_key("retry-after"));
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_feeds_of_everybody_else() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.feeds_each = 2).await;
    for login in ["asha", "marek"] {
        crate::people::person(&*fixture.store, login, "test", domain::books::Role::Seller).await;
    }
    let (ashas, mareks) =
        (crate::people::session(&daybook, "asha").await, crate::people::session(&daybook, "marek").await);
    let ask = |cookie: &str| daybook.get("/feed").header("cookie", cookie);
    let held = [Feed::open(ask(&ashas)).await, Feed::open(ask(&ashas)).await];
    let third = ask(&ashas).send().await.unwrap();
    assert_eq!(third.status(), reqwest::StatusCode::TOO_MANY_REQUESTS);
    assert!(third.headers().contains_key("retry-after"));
    let _others = Feed::open(ask(&mareks)).await;
    drop(held);
    let again = async || ask(&ashas).send().await.unwrap().status().is_success().then_some(());
    crate::support::until(again).await;
}
