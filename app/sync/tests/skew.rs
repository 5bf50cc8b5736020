//! Old clients are normal, and so are old servers during a rolling update: what earlier builds wrote is kept under
//! `fixtures/protocol-<number>`, as they wrote it, and read here by this build.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{fs, path::PathBuf};

use domain::{
    CommandId,
    books::{Author, Books, FOLD_VERSION, Request, Role},
    chain::{Hash, link},
    values::Millis,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sync::{
    Acknowledged, Config, Input, OutboxRecord, Output, Replica, Report, Stage, StoredState,
    authority::Authority,
    connection::DataState,
    protocol::{
        Bye, Events, FeedFrame, Heartbeat, OLDEST_PROTOCOL, Outcome, PROTOCOL, ProtocolError, Push, PushAnswer,
        Snapshot, StartOver,
    },
};
use uuid::Uuid;

const NOW: Millis = Millis(1_767_225_700_000);

fn text(protocol: u16, name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/protocol-{protocol}"));
    let path = folder.join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read<T: DeserializeOwned>(protocol: u16, name: &str) -> T {
    serde_json::from_str(&text(protocol, name)).unwrap_or_else(|error| panic!("{name} of {protocol}: {error}"))
}

/// Every number that is still answered has its messages here.
fn answered() -> impl Iterator<Item = u16> {
    OLDEST_PROTOCOL..=PROTOCOL
}

fn author() -> Author {
    Author { actor: "demo".into(), role: Role::Owner }
}

fn config() -> Config {
    Config { device: "T10001".into(), author: author(), jitter_seed: 1 }
}

fn authority_at(snapshot: &Snapshot) -> Authority {
    Authority { epoch: snapshot.epoch, hash: snapshot.hash, books: snapshot.books.clone() }
}

#[test]
fn p8_this_build_decides_what_earlier_builds_push() {
    for protocol in answered() {
        let push: Push = read(protocol, "push");
        assert_eq!(push.protocol, protocol);
        let snapshot: Snapshot = read(protocol, "snapshot");
        let books = if snapshot.fold == FOLD_VERSION { snapshot } else { continue };
        let request = |submission: &domain::Submission| Request { submission: submission.clone(), author: author() };
        let requests: Vec<Request> = push.submissions.iter().map(request).collect();
        let batch = authority_at(&books).decide(&requests, &Default::default(), NOW).unwrap();
        let theirs: PushAnswer = read(protocol, "push-answer");
        let kind = |outcome: &Outcome| serde_json::to_value(outcome).unwrap()["outcome"].clone();
        assert_eq!(
            batch.outcomes.iter().map(kind).collect::<Vec<_>>(),
            theirs.outcomes.iter().map(kind).collect::<Vec<_>>()
        );
    }
}

/// What an earlier build reads must stand, under the same name and with the same value, in what this one writes.
fn has_all(ours: &Value, theirs: &Value, path: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in theirs {
                let here = ours.get(key).unwrap_or_else(|| panic!("{path}/{key} is gone"));
                has_all(here, value, &format!("{path}/{key}"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{path}");
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                has_all(ours, theirs, &format!("{path}/{at}"));
            }
        }
        _ => assert_eq!(ours, theirs, "{path}"),
    }
}

fn comes_back<T: Serialize + DeserializeOwned>(protocol: u16, name: &str) {
    let ours = serde_json::to_value(read::<T>(protocol, name)).unwrap();
    has_all(&ours, &serde_json::from_str(&text(protocol, name)).unwrap(), name);
}

#[test]
fn p8_earlier_builds_find_in_every_message_what_they_read() {
    for protocol in answered() {
        comes_back::<Push>(protocol, "push");
        comes_back::<PushAnswer>(protocol, "push-answer");
        comes_back::<Heartbeat>(protocol, "heartbeat");
        comes_back::<Events>(protocol, "events");
        comes_back::<StartOver>(protocol, "start-over");
        comes_back::<Bye>(protocol, "bye");
        comes_back::<Vec<ProtocolError>>(protocol, "problems");
        comes_back::<Vec<OutboxRecord>>(protocol, "outbox");
        if read::<Snapshot>(protocol, "snapshot").fold == FOLD_VERSION {
            comes_back::<Snapshot>(protocol, "snapshot");
        }
    }
}

/// Without what storage did not take: the chip speaks of that first.
fn outbox(protocol: u16) -> Vec<OutboxRecord> {
    let mut outbox: Vec<OutboxRecord> = read(protocol, "outbox");
    outbox.retain(|record| record.stage != Stage::Unsaved);
    outbox
}

fn frame(name: &str, protocol: u16, file: &str) -> Box<FeedFrame> {
    Box::new(FeedFrame::parse(name, &text(protocol, file)).unwrap().unwrap())
}

fn opened(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| if let Output::OpenFeed { feed, .. } = output { Some(*feed) } else { None })
}

fn pushed(outputs: &[Output]) -> Option<Push> {
    outputs.iter().find_map(|output| if let Output::Push { push, .. } = output { Some(push.clone()) } else { None })
}

#[test]
fn p8_a_replica_of_this_build_follows_a_server_of_an_earlier_one() {
    for protocol in answered() {
        let mut replica = Replica::new(config());
        let mut outputs = replica.handle(Input::Lead, NOW);
        let ticket = outputs.iter().find_map(|output| match output {
            Output::FetchSnapshot { ticket, .. } => Some(*ticket),
            _ => None,
        });
        let answer = Ok(read(protocol, "snapshot"));
        outputs = replica.handle(Input::SnapshotAnswered { ticket: ticket.unwrap(), answer }, NOW);
        if read::<Snapshot>(protocol, "snapshot").fold != FOLD_VERSION {
            assert_eq!(replica.connection().state, DataState::Update);
            continue;
        }
        let feed = opened(&outputs).unwrap();
        for (name, file) in [("events", "events"), ("heartbeat", "heartbeat")] {
            replica.handle(Input::FeedFrame { feed, frame: frame(name, protocol, file) }, NOW);
        }
        let heartbeat: Heartbeat = read(protocol, "heartbeat");
        assert_eq!(replica.digests().agreed.map(|agreed| agreed.position), Some(heartbeat.head));
        assert_eq!(replica.confirmed().digest(), heartbeat.digest);
        // Answers say which protocol they are of, and nothing more is made of it while they can be read.
        let outputs = replica.handle(Input::FeedFrame { feed, frame: frame("reset", protocol, "start-over") }, NOW);
        assert!(outputs.iter().any(|output| matches!(output, Output::Report(Report::OtherLog { .. }))));
    }
}

#[test]
fn p8_an_outbox_of_an_earlier_build_is_kept_and_sent() {
    for protocol in answered() {
        let outbox: Vec<OutboxRecord> = read(protocol, "outbox");
        let snapshot: Snapshot = read(protocol, "snapshot");
        let stored = StoredState { snapshot: Some(snapshot), outbox: outbox.clone(), ..StoredState::default() };
        let (mut replica, _) = Replica::restore(config(), stored, NOW);
        assert_eq!(replica.pending().count(), outbox.len());
        let push = pushed(&replica.handle(Input::Lead, NOW)).unwrap();
        assert_eq!(push.submissions.iter().map(|one| one.id).collect::<Vec<_>>(), [outbox[0].submission.id]);
    }
}

#[test]
#[ignore = "its snapshot is of an earlier fold, which this build fetches anew instead of using: it needs one of this fold"]
fn p8_an_unknown_event_stops_the_fold_also_after_a_restart_and_the_outbox_is_sent() {
    let snapshot: Snapshot = read(PROTOCOL, "snapshot");
    let outbox = outbox(PROTOCOL);
    let mut events: Events = read(PROTOCOL, "events");
    let unknown = &mut events.events[0];
    unknown.event_type = "PictureAdded".into();
    unknown.hash = link(snapshot.hash, unknown);
    let position = snapshot.books.position;
    // It lies in the copy of the log as well: another tab, of a newer build, has taken it.
    for tail in [Vec::new(), events.events.clone()] {
        let is_fresh = tail.is_empty();
        let stored =
            StoredState { snapshot: Some(snapshot.clone()), tail, outbox: outbox.clone(), ..StoredState::default() };
        let (mut replica, _) = Replica::restore(config(), stored, NOW);
        let outputs = replica.handle(Input::Lead, NOW);
        assert_eq!(pushed(&outputs).map(|push| push.submissions.len()), Some(1), "it is still sent");
        if is_fresh {
            let frame = Box::new(FeedFrame::Events(events.clone()));
            replica.handle(Input::FeedFrame { feed: opened(&outputs).unwrap(), frame }, NOW);
        } else {
            assert!(opened(&outputs).is_none(), "there is nothing to follow before the update");
        }
        assert_eq!(replica.connection().state, DataState::Update);
        assert_eq!(replica.confirmed().position, position, "never skipped");
        assert_eq!(replica.pending().count(), outbox.len());
    }
}

#[test]
fn p8_a_snapshot_of_a_newer_fold_asks_for_the_update_whatever_its_books_are() {
    let mut newer: Value = serde_json::from_str(&text(PROTOCOL, "snapshot")).unwrap();
    newer["fold"] = (FOLD_VERSION + 1).into();
    newer["books"] = serde_json::json!({"shelves": [1, {"of": "another shape"}]});
    newer["more"] = serde_json::json!({"also": "unknown"});
    // As servers write it, `fold` before `books`: a map of `serde_json` is in alphabetical order.
    let books = newer.as_object_mut().unwrap().remove("books").unwrap();
    let text = newer.to_string();
    let text = format!("{},\"books\":{books}}}", text.strip_suffix('}').unwrap());
    let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(snapshot.books, Books::default());

    let outbox = outbox(PROTOCOL);
    let (mut replica, mut outputs) =
        Replica::restore(config(), StoredState { outbox: outbox.clone(), ..StoredState::default() }, NOW);
    outputs.extend(replica.handle(Input::Lead, NOW));
    let ticket = outputs.iter().find_map(|output| match output {
        Output::FetchSnapshot { ticket, .. } => Some(*ticket),
        _ => None,
    });
    replica.handle(Input::SnapshotAnswered { ticket: ticket.unwrap(), answer: Ok(Box::new(snapshot)) }, NOW);
    assert_eq!(replica.connection().state, DataState::Update);
    assert_eq!(replica.pending().count(), outbox.len());
}

#[test]
fn p8_too_old_keeps_the_outbox_until_the_update() {
    let outbox = outbox(PROTOCOL);
    let stored =
        || StoredState { snapshot: Some(read(PROTOCOL, "snapshot")), outbox: outbox.clone(), ..StoredState::default() };
    let (mut replica, _) = Replica::restore(config(), stored(), NOW);
    let outputs = replica.handle(Input::Lead, NOW);
    let ticket = outputs.iter().find_map(|output| match output {
        Output::Push { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let answer = Err(ProtocolError::TooOld { spoken: 1, least: 2 });
    let outputs = replica.handle(Input::PushAnswered { ticket: ticket.unwrap(), answer }, NOW);
    assert_eq!(replica.connection().state, DataState::Update);
    assert_eq!(replica.pending().count(), outbox.len());
    let removed = |output: &Output| matches!(output, Output::Forget(_) | Output::Keep { .. });
    assert!(!outputs.iter().any(removed));
    // The new version starts from the same storage.
    let (mut replica, _) = Replica::restore(config(), stored(), NOW);
    assert!(pushed(&replica.handle(Input::Lead, NOW)).is_some());
}

#[test]
fn what_is_kept_of_settled_commands_reads_back() {
    let outbox = outbox(PROTOCOL);
    let OutboxRecord { submission, sequence, .. } = outbox[0].clone();
    let seen = sync::protocol::Waypoint { position: 3, hash: Hash::ORIGIN };
    let kept = Acknowledged { submission, sequence, seen, at: NOW };
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Acknowledged>(&text).unwrap(), kept);
    assert_eq!(kept.id(), CommandId(Uuid::from_u128(100)));
}
