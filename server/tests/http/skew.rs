//! Messages of other builds at the doors that pages use. The messages are those that `sync` keeps of earlier builds.

use std::{fs, io::BufReader, path::PathBuf};

use domain::{EventRecord, ShopSlug};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use server::archive::import::import;
use store::{Append, contract::Fixture};
use sync::protocol::{
    OLDEST_PROTOCOL, Outcome, PROTOCOL, Poll, ProtocolError, Push, PushAnswer, Snapshot, feed_address,
};
use uuid::Uuid;

use crate::support::{Daybook, Feed, SHOP, answer, on_every_store};

mod recording;

on_every_store!(
    p8_a_push_of_every_earlier_build_is_answered,
    p8_a_client_of_an_earlier_build_is_answered_as_by_its_own_server,
    r_27_k_12_entries_of_an_earlier_schema_are_served_as_written_and_read_in_todays_words,
    p8_a_page_from_before_there_was_anything_to_say_gets_its_snapshot,
    p8_too_old_is_426_and_nothing_is_decided,
    p8_too_old_for_the_feed_is_said_to_polls_and_to_streams,
    p8_whoever_says_no_number_or_a_newer_one_reads_the_feed,
    p8_a_page_that_is_ahead_is_told_to_wait,
    p5_a_push_that_cannot_be_read_is_400_and_nothing_is_decided,
    p5_a_push_that_is_too_large_is_413_and_nothing_is_decided,
);

/// The messages of an earlier build.
#[derive(Debug)]
struct Build(PathBuf);

impl Build {
    fn has(&self, name: &str) -> bool {
        self.0.join(format!("{name}.json")).exists()
    }

    fn text(&self, name: &str) -> String {
        let path = self.0.join(format!("{name}.json"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_str(&self.text(name)).unwrap_or_else(|error| panic!("{name} of {self:?}: {error}"))
    }
}

/// At least two of them.
fn builds() -> Vec<Build> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../app/sync/tests/fixtures");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let builds: Vec<_> = entries.filter(|path| path.is_dir()).map(Build).collect();
    assert!(builds.len() >= 2);
    builds
}

/// One of this build.
fn push(protocol: u16) -> Value {
    let mut push: Value = builds().pop().unwrap().read("push");
    push["protocol"] = protocol.into();
    push
}

/// As JSON, without the numbers that entries have, but with how many there are.
fn without_places(outcomes: &[Outcome]) -> Value {
    fn forget(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    match (field.as_str(), value) {
                        ("position", value) => *value = Value::Null,
                        ("positions", Value::Array(positions)) => positions.fill(Value::Null),
                        (_, value) => forget(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(forget),
            _ => {}
        }
    }
    let mut outcomes = serde_json::to_value(outcomes).unwrap();
    forget(&mut outcomes);
    outcomes
}

async fn ask(daybook: &Daybook, door: &str, body: &Value) -> (StatusCode, Value) {
    let request = daybook.client.post(format!("{}/api/{door}", daybook.origin)).json(body);
    answer(request.send().await.unwrap()).await
}

async fn p8_a_push_of_every_earlier_build_is_answered(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B-0", "OAT-1", 20).await;
    for build in builds() {
        let push: Value = build.read("push");
        let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": push})).await;
        assert_eq!(status, StatusCode::OK, "{build:?}: {body}");
        let read: PushAnswer = serde_json::from_value(body).unwrap();
        let asked: Vec<&str> =
            push["submissions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(read.outcomes.iter().map(|one| one.id().to_string()).collect::<Vec<_>>(), asked);
    }
}

/// What a reader of an earlier build looks for is there, and of the same kind.
fn reads_alike(ours: &Value, theirs: &Value, path: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in theirs {
                let here = ours.get(key).unwrap_or_else(|| panic!("{path}/{key} is gone"));
                reads_alike(here, value, &format!("{path}/{key}"));
            }
        }
        // What follows from a command by itself is more today than it was: theirs are among ours, in their order.
        (Value::Array(ours), Value::Array(theirs)) if path.ends_with("/events") => {
            let mut ours = ours.iter();
            for event in theirs {
                let same = ours.find(|our| our["type"] == event["type"] && our["aggregate"] == event["aggregate"]);
                let same = same.unwrap_or_else(|| panic!("{path} lacks {event}"));
                // One of a later schema says so, and the reader of that build stops there.
                let is_later = same["schema"].as_u64() > event["schema"].as_u64();
                let (same, event) = if is_later { (&same["schema"], &event["schema"]) } else { (same, event) };
                reads_alike(same, event, path);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{path}");
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                reads_alike(ours, theirs, &format!("{path}/{at}"));
            }
        }
        // A number or null, as each event has a cause or none.
        (Value::Number(_) | Value::Null, Value::Number(_) | Value::Null) if path.ends_with("/causation") => {}
        _ => assert_eq!(std::mem::discriminant(ours), std::mem::discriminant(theirs), "{path}: {ours} and {theirs}"),
    }
}

/// The newest of them that has a log: its shop is put here as it was, and its client comes back.
async fn p8_a_client_of_an_earlier_build_is_answered_as_by_its_own_server(fixture: Fixture) {
    let mut builds: Vec<_> = builds().into_iter().filter(|build| build.has("log")).collect();
    builds.sort_by(|one, other| one.0.cmp(&other.0));
    let build = builds.pop().expect("a build with its log");
    let (log, theirs): (Vec<EventRecord>, Value) = (build.read("log"), build.read("snapshot"));
    let epoch: Uuid = serde_json::from_value(theirs["epoch"].clone()).unwrap();
    let shop = ShopSlug::parse(SHOP).unwrap();
    fixture.store.create_shop(&shop, "Test shop", epoch).await.unwrap();
    let append = Append { epoch, records: log.clone(), ..Append::default() };
    fixture.store.append(&shop, append).await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;

    let request: Value = build.read("snapshot-request");
    let (status, ours) = ask(&daybook, "replica_snapshot", &json!({"shop": SHOP, "request": request})).await;
    assert_eq!(status, StatusCode::OK, "{ours}");
    for name in ["protocol", "fold", "epoch", "hash", "digest", "title"] {
        reads_alike(&ours[name], &theirs[name], name);
    }
    let snapshot: Snapshot = serde_json::from_value(ours).unwrap();
    assert_eq!((snapshot.books.position, snapshot.hash), (log.len() as u64, log.last().unwrap().hash));

    let (push, theirs): (Push, PushAnswer) = (build.read("push"), build.read("push-answer"));
    let (status, ours) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": push})).await;
    assert_eq!(status, StatusCode::OK, "{ours}");
    reads_alike(&ours, &serde_json::from_str(&build.text("push-answer")).unwrap(), "push-answer");
    let ours: PushAnswer = serde_json::from_value(ours).unwrap();
    // What follows from a command by itself is more today than it was, so entries stand further apart.
    assert_eq!(without_places(&ours.outcomes), without_places(&theirs.outcomes));
    assert!(ours.head >= theirs.head, "{} before {}", ours.head, theirs.head);

    // At the addresses that it asks at, on a server that has kept no frames, as theirs.
    daybook.stop().await;
    let daybook = Daybook::on(&fixture.reopened().await).await;
    let addresses: Value = build.read("addresses");
    let at = |kind: &str| daybook.client.get(format!("{}{}", daybook.origin, addresses[kind].as_str().unwrap()));
    let text = at("poll").header("accept", "application/json").send().await.unwrap().text().await.unwrap();
    reads_alike(&serde_json::from_str(&text).unwrap(), &build.read("poll"), "poll");
    let frames = Poll::parse(&text).unwrap().frames;
    let mut stream = Feed::open(at("feed")).await;
    for frame in frames {
        let streamed = stream.next().await.unwrap();
        assert_eq!((streamed.event, streamed.text.as_str()), (frame.event, frame.data.get()));
    }
    daybook.stop().await;
    let bye = stream.next_named("bye").await;
    reads_alike(&bye.data, &build.read("bye"), "bye");
}

/// Its archive is put here. Programs get its bytes, with the schema that they are of; people read one language.
async fn r_27_k_12_entries_of_an_earlier_schema_are_served_as_written_and_read_in_todays_words(fixture: Fixture) {
    let archive = builds().into_iter().map(|build| build.0.join("archive.ndjson")).find(|path| path.exists()).unwrap();
    let read = || Ok(BufReader::new(fs::File::open(&archive).unwrap()));
    import(&*fixture.store, read, None, &mut |_, _| {}).await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    let asked = json!({"order_id": "O-99", "sku": "OAT-1", "qty": 90});
    let why = |reason: &str| json!({"command_id": Uuid::from_u128(99), "type": "order.allocate", "data": asked, "reason": reason});
    daybook.accepted("change.decline", why("Customer left")).await;
    daybook.accepted("change.decline", why("Snow, all week")).await;

    let log = daybook.json("/events?after=0&limit=500").await;
    let declined = log["events"].as_array().unwrap().iter().filter(|event| event["type"] == "Declined");
    let told: Vec<Value> = declined
        .map(|event| json!([event["schema"], event["data"]["reason"], event["data"]["because"], event["data"]["note"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!([1, "Customer left", null, null]),
            json!([1, "Rain, all day", null, null]),
            json!([1, "Done another way", null, null]),
            json!([2, null, "customer_left", null]),
            json!([2, null, "other", "Snow, all week"]),
        ]
    );
    for event in log["events"].as_array().unwrap().iter().filter(|event| event["type"] == "Declined") {
        let file = if event["schema"] == 1 { "Declined-1" } else { "Declined" };
        crate::reading::fits(&daybook.json(&format!("/schemas/{file}.json")).await, &event["data"], file);
    }
    let page = daybook.client.get(format!("{}/s/{SHOP}/book", daybook.origin)).header("accept", "text/html");
    let html = page.send().await.unwrap().text().await.unwrap();
    for (words, times) in
        [("Customer left.", 2), ("Rain, all day.", 1), ("Done another way.", 1), ("Snow, all week.", 1)]
    {
        assert!(html.matches(words).count() >= times, "{words} is not {times} times in {html}");
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

const TOO_OLD: ProtocolError = ProtocolError::TooOld { spoken: OLDEST_PROTOCOL - 1, least: OLDEST_PROTOCOL };

async fn p8_too_old_is_426_and_nothing_is_decided(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let old = push(OLDEST_PROTOCOL - 1);
    let request = json!({"protocol": OLDEST_PROTOCOL - 1});
    for (door, body) in [
        ("push_commands", json!({"shop": SHOP, "push": old})),
        ("replica_snapshot", json!({"shop": SHOP, "request": request})),
    ] {
        let (status, body) = ask(&daybook, door, &body).await;
        assert_eq!(status, StatusCode::UPGRADE_REQUIRED, "{door}: {body}");
        let read: ProtocolError = serde_json::from_value(body).unwrap();
        assert_eq!(read, TOO_OLD);
    }
    assert_eq!(daybook.head().await, 0);
}

async fn p8_too_old_for_the_feed_is_said_to_polls_and_to_streams(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let address = format!("/feed?after=0&protocol={}", OLDEST_PROTOCOL - 1);
    let (status, body) = answer(daybook.get(&address).header("accept", "application/json").send().await.unwrap()).await;
    assert_eq!(status, StatusCode::UPGRADE_REQUIRED, "{body}");
    assert_eq!(serde_json::from_value::<ProtocolError>(body).unwrap(), TOO_OLD);

    // The browser shows nobody the status of a stream: there it is a frame, and the last.
    let mut stream = Feed::open(daybook.get(&address)).await;
    let frame = stream.next().await.unwrap();
    assert_eq!(frame.event, "too_old");
    assert_eq!(frame.data, json!({"protocol": PROTOCOL, "spoken": OLDEST_PROTOCOL - 1, "least": OLDEST_PROTOCOL}));
    assert!(stream.next().await.is_none());
}

async fn p8_whoever_says_no_number_or_a_newer_one_reads_the_feed(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B-1", "A", 1).await;
    let epoch = daybook.json("/digest").await["epoch"].as_str().unwrap().parse().unwrap();
    let this = feed_address(SHOP, epoch, 0, "T10001");
    let next = this.replace(&format!("protocol={PROTOCOL}"), &format!("protocol={}", PROTOCOL + 1));
    assert_ne!(this, next);
    for address in [this, next, format!("/api/v1/shops/{SHOP}/feed?after=0")] {
        let mut feed = Feed::open(daybook.client.get(format!("{}{address}", daybook.origin))).await;
        let frame = feed.next().await.unwrap();
        assert_eq!((frame.event.as_str(), &frame.data["protocol"]), ("events", &PROTOCOL.into()), "{address}");
    }
    let wrong = daybook.get("/feed?after=0&protocol=x").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
}

async fn p8_a_page_that_is_ahead_is_told_to_wait(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let newer = push(PROTOCOL + 1);
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
    let mut daybook = Daybook::on(&fixture.store).await;
    let mut push = push(PROTOCOL);
    push["padding"] = "x".repeat(3 * 1024 * 1024).into();
    let (status, body) = ask(&daybook, "push_commands", &json!({"shop": SHOP, "push": push})).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
    let read: ProtocolError = serde_json::from_value(body).unwrap();
    assert!(matches!(read, ProtocolError::Malformed { .. }), "{read:?}");
    // The server closes the connection of a body that it did not read to its end, and a pool may hand it out once more.
    daybook.client = reqwest::Client::new();
    assert_eq!(daybook.head().await, 0);
}
