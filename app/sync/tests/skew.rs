//! Old clients are normal, and so are old servers during a rolling update: what earlier builds wrote is kept under
//! `fixtures`, as they wrote it, and read here by this build.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{fs, path::PathBuf};

use domain::{
    CommandId, EventRecord, ShopSlug,
    books::{Author, Books, FOLD_VERSION, Request, Role},
    chain::{Hash, link},
    event::schema_of,
    values::Millis,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sync::{
    Acknowledged, Config, FeedEnd, Input, Lost, OutboxRecord, Output, Replica, Report, Stage, StoredState,
    authority::Authority,
    bundle::Bundle,
    connection::DataState,
    protocol::{
        Bye, Events, FeedFrame, Heartbeat, OLDEST_PROTOCOL, Outcome, PROTOCOL, Poll, ProtocolError, Push, PushAnswer,
        Snapshot, SnapshotRequest, StartOver, TooOld,
    },
    unsent_file,
};

const NOW: Millis = Millis(1_767_225_700_000);

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

    fn protocol(&self) -> u16 {
        self.read::<Push>("push").protocol
    }

    /// The server of that build before it decided the push, in the books of this one.
    fn authority(&self) -> Authority {
        let snapshot: Snapshot = self.read("snapshot");
        let log: Vec<EventRecord> = self.read("log");
        let mut books = Books::default();
        for record in &log {
            books.apply(&record.decode().unwrap()).unwrap();
        }
        Authority { epoch: snapshot.epoch, hash: log.last().unwrap().hash, books }
    }

    /// What a device of this build has, where its server was of that one.
    fn stored(&self) -> StoredState {
        let Authority { epoch, hash, books } = self.authority();
        let snapshot = Snapshot {
            protocol: PROTOCOL,
            fold: FOLD_VERSION,
            epoch,
            hash,
            digest: books.digest(),
            title: "Test shop".to_owned(),
            common: None,
            books,
        };
        StoredState { snapshot: Some(snapshot), ..StoredState::default() }
    }

    /// What came behind the log that [`Self::authority`] has.
    fn news(&self) -> Events {
        let mut events: Events = self.read("events");
        let known = self.authority().books.position;
        events.events.retain(|record| record.position > known);
        assert!(!events.events.is_empty());
        events
    }
}

fn builds() -> Vec<Build> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut builds: Vec<_> = entries.filter(|path| path.is_dir()).map(Build).collect();
    builds.sort_by(|one, other| one.0.cmp(&other.0));
    builds
}

/// Those that say all that led to what they say.
fn builds_with_a_log() -> Vec<Build> {
    let builds: Vec<_> = builds().into_iter().filter(|build| build.has("log")).collect();
    assert!(!builds.is_empty());
    builds
}

fn newest() -> Build {
    builds_with_a_log().pop().unwrap()
}

#[test]
fn p8_two_earlier_builds_are_kept_and_every_number_before_this_one_is_among_them() {
    let spoken: Vec<u16> = builds().iter().map(Build::protocol).collect();
    assert!(spoken.len() >= 2, "{spoken:?}");
    for number in OLDEST_PROTOCOL..PROTOCOL {
        assert!(spoken.contains(&number), "nothing is kept of protocol {number}");
    }
}

fn author() -> Author {
    Author { actor: "demo".into(), role: Role::Owner }
}

fn config() -> Config {
    Config { device: "T10001".into(), author: author(), person: None, colleagues: Vec::new(), jitter_seed: 1 }
}

/// Which numbers entries have, but not how many there are.
fn forget_places(outcome: &mut Value) {
    match outcome {
        Value::Object(fields) => {
            for (field, value) in fields {
                match (field.as_str(), value) {
                    ("position", value) => *value = Value::Null,
                    ("positions", Value::Array(positions)) => positions.fill(Value::Null),
                    (_, value) => forget_places(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}

#[test]
fn p8_this_build_decides_what_earlier_builds_push_as_they_did() {
    for build in builds_with_a_log() {
        let push: Push = build.read("push");
        let request = |submission: &domain::Submission| Request { submission: submission.clone(), author: author() };
        let requests: Vec<Request> = push.submissions.iter().map(request).collect();
        let batch = build.authority().decide(&requests, &Default::default(), NOW).unwrap();
        let theirs: PushAnswer = build.read("push-answer");
        // What follows from a command by itself is more today than it was, so entries stand further apart.
        let without_places = |outcomes: &[Outcome]| -> Vec<Value> {
            let mut outcomes: Vec<Value> = outcomes.iter().map(|one| serde_json::to_value(one).unwrap()).collect();
            outcomes.iter_mut().for_each(forget_places);
            outcomes
        };
        assert_eq!(without_places(&batch.outcomes), without_places(&theirs.outcomes), "{build:?}");
        let kinds: Vec<Value> =
            theirs.outcomes.iter().map(|one: &Outcome| serde_json::to_value(one).unwrap()["outcome"].clone()).collect();
        for kind in ["settled", "held", "version_conflict"] {
            assert!(kinds.contains(&kind.into()), "{kinds:?}");
        }
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

/// What was not kept of a build says nothing; `all` is what every build must have.
fn comes_back<T: Serialize + DeserializeOwned>(build: &Build, name: &str) -> usize {
    if !build.has(name) {
        return 0;
    }
    let ours = serde_json::to_value(build.read::<T>(name)).unwrap();
    has_all(&ours, &serde_json::from_str(&build.text(name)).unwrap(), name);
    1
}

#[test]
fn p8_k_12_earlier_builds_find_in_every_message_what_they_read() {
    for build in builds() {
        let mut read = 0;
        read += comes_back::<Push>(&build, "push");
        read += comes_back::<PushAnswer>(&build, "push-answer");
        read += comes_back::<Heartbeat>(&build, "heartbeat");
        read += comes_back::<Events>(&build, "events");
        read += comes_back::<StartOver>(&build, "start-over");
        read += comes_back::<Bye>(&build, "bye");
        read += comes_back::<Vec<ProtocolError>>(&build, "problems");
        read += comes_back::<Vec<OutboxRecord>>(&build, "outbox");
        assert_eq!(read, 8, "{build:?}");
        let snapshot: Snapshot = build.read("snapshot");
        if snapshot.fold == FOLD_VERSION {
            comes_back::<Snapshot>(&build, "snapshot");
        }
    }
    for build in builds_with_a_log() {
        let mut read = 0;
        read += comes_back::<SnapshotRequest>(&build, "snapshot-request");
        read += comes_back::<Poll>(&build, "poll");
        read += comes_back::<Vec<Acknowledged>>(&build, "acknowledged");
        read += comes_back::<Vec<Lost>>(&build, "lost");
        assert_eq!(read, 4, "{build:?}");
    }
}

/// A process may end between a record's write and the removal of the one whose place it takes.
fn without_replaced(outbox: &[OutboxRecord]) -> Vec<&OutboxRecord> {
    let is_replaced = |id| outbox.iter().any(|record| record.replaces == Some(id));
    outbox.iter().filter(|record| !is_replaced(record.submission.id)).collect()
}

#[test]
fn p8_files_that_an_earlier_build_has_saved_open() {
    for build in builds_with_a_log() {
        let shop = ShopSlug::parse("test").unwrap();
        let unsent = unsent_file::read(&shop, build.text("unsent-file").trim_end()).unwrap();
        assert!(!unsent.is_empty());
        let bundle = Bundle::read(&build.text("bundle")).unwrap();
        let kept = without_replaced(&bundle.outbox).len();
        assert_eq!(bundle.open().0.pending().count(), kept);
    }
}

fn frame(name: &str, build: &Build, file: &str) -> Box<FeedFrame> {
    Box::new(FeedFrame::parse(name, &build.text(file)).unwrap().unwrap())
}

fn opened(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| if let Output::OpenFeed { feed, .. } = output { Some(*feed) } else { None })
}

/// It leads, and the server is there.
fn leading(replica: &mut Replica) -> Vec<Output> {
    let mut outputs = replica.handle(Input::Lead, NOW);
    outputs.extend(replica.handle(Input::Probed { reached: true }, NOW));
    outputs
}

fn pushed(outputs: &[Output]) -> Option<(u64, Push)> {
    outputs.iter().find_map(|output| match output {
        Output::Push { ticket, push } => Some((*ticket, push.clone())),
        _ => None,
    })
}

fn fetched(outputs: &[Output]) -> Option<u64> {
    outputs
        .iter()
        .find_map(|output| if let Output::FetchSnapshot { ticket, .. } = output { Some(*ticket) } else { None })
}

fn ids(submissions: &[domain::Submission]) -> Vec<CommandId> {
    submissions.iter().map(|one| one.id).collect()
}

/// A server that was brought back to an earlier build: its frames are read, and its books where they fold alike.
#[test]
fn p8_a_replica_of_this_build_follows_a_server_of_an_earlier_one() {
    for build in builds_with_a_log() {
        let (mut replica, _) = Replica::restore(config(), build.stored(), NOW);
        let feed = opened(&leading(&mut replica)).unwrap();
        replica.handle(Input::FeedFrame { feed, frame: Box::new(FeedFrame::Events(build.news())) }, NOW);
        replica.handle(Input::FeedFrame { feed, frame: frame("heartbeat", &build, "heartbeat") }, NOW);
        let heartbeat: Heartbeat = build.read("heartbeat");
        assert_eq!(replica.confirmed().position, heartbeat.head);
        let agreed = replica.digests().agreed.map(|agreed| agreed.position);
        assert_eq!(agreed == Some(heartbeat.head), heartbeat.fold == FOLD_VERSION, "{build:?}");
        assert_eq!(replica.connection().state, DataState::Live);
        let outputs = replica.handle(Input::FeedFrame { feed, frame: frame("reset", &build, "start-over") }, NOW);
        let other = outputs.iter().any(|output| matches!(output, Output::Report(Report::OtherLog { .. })));
        assert_eq!(other, build.read::<StartOver>("start-over").reason == "other_epoch");
    }
}

#[test]
fn p8_a_snapshot_of_an_earlier_build_is_used_or_asks_for_the_update() {
    for build in builds() {
        let mut replica = Replica::new(config());
        let ticket = fetched(&leading(&mut replica)).unwrap();
        let snapshot: Snapshot = build.read("snapshot");
        let (fold, position) = (snapshot.fold, snapshot.books.position);
        let outputs = replica.handle(Input::SnapshotAnswered { ticket, answer: Ok(Box::new(snapshot)) }, NOW);
        if fold == FOLD_VERSION {
            assert_eq!((replica.confirmed().position, opened(&outputs).is_some()), (position, true));
        } else {
            assert_eq!(replica.connection().state, DataState::Update);
        }
    }
}

#[test]
fn p8_answers_of_an_earlier_build_settle_the_outbox() {
    for build in builds_with_a_log() {
        let push: Push = build.read("push");
        let record = |(at, submission): (usize, &domain::Submission)| OutboxRecord::new(submission.clone(), at as u64);
        let outbox = push.submissions.iter().enumerate().map(record).collect();
        let (mut replica, _) = Replica::restore(config(), StoredState { outbox, ..build.stored() }, NOW);
        let (ticket, sent) = pushed(&leading(&mut replica)).unwrap();
        assert_eq!(ids(&sent.submissions), ids(&push.submissions));
        replica.handle(Input::PushAnswered { ticket, answer: Ok(build.read("push-answer")) }, NOW);
        let waiting = replica.pending().filter(|view| matches!(view.stage, Stage::Saved)).count();
        assert_eq!(waiting, 0, "{build:?}");
    }
}

#[test]
fn p8_an_outbox_of_an_earlier_build_is_kept_and_sent() {
    for build in builds() {
        let outbox: Vec<OutboxRecord> = build.read("outbox");
        let kept = without_replaced(&outbox);
        let saved = kept.iter().filter(|record| record.stage == Stage::Saved);
        let sendable: Vec<CommandId> = saved.map(|record| record.submission.id).collect();
        assert!(!sendable.is_empty());
        let stored = StoredState { outbox: outbox.clone(), ..StoredState::default() };
        let (mut replica, _) = Replica::restore(config(), stored, NOW);
        assert_eq!(replica.pending().count(), kept.len());
        let (_, push) = pushed(&leading(&mut replica)).unwrap();
        assert_eq!(ids(&push.submissions), sendable, "{build:?}");
    }
}

/// Without what storage did not take: the chip speaks of that first.
fn outbox(build: &Build) -> Vec<OutboxRecord> {
    let mut outbox: Vec<OutboxRecord> = build.read("outbox");
    outbox.retain(|record| record.stage == Stage::Saved && record.replaces.is_none());
    assert!(!outbox.is_empty());
    outbox
}

/// Its type is not known, or is known and written in a later form than this page's.
#[test]
fn r_27_p8_an_unknown_event_stops_the_fold_also_after_a_restart_and_the_outbox_is_sent() {
    stops_at(|unknown| unknown.event_type = "PictureFramed".into());
    stops_at(|newer| newer.schema = schema_of(&newer.event_type) + 1);
}

fn stops_at(written_by_a_newer_build: fn(&mut EventRecord)) {
    let build = newest();
    let stored = StoredState { outbox: outbox(&build), ..build.stored() };
    let snapshot = stored.snapshot.clone().unwrap();
    let mut events = build.news();
    let unknown = &mut events.events[0];
    written_by_a_newer_build(unknown);
    unknown.hash = link(snapshot.hash, unknown);
    let position = snapshot.books.position;
    // It lies in the copy of the log as well: another tab, of a newer build, has taken it.
    for tail in [Vec::new(), events.events.clone()] {
        let is_fresh = tail.is_empty();
        let (mut replica, _) = Replica::restore(config(), StoredState { tail, ..stored.clone() }, NOW);
        let outputs = leading(&mut replica);
        assert_eq!(pushed(&outputs).map(|(_, push)| push.submissions.len()), Some(stored.outbox.len()), "still sent");
        if is_fresh {
            let frame = Box::new(FeedFrame::Events(events.clone()));
            replica.handle(Input::FeedFrame { feed: opened(&outputs).unwrap(), frame }, NOW);
        } else {
            assert!(opened(&outputs).is_none(), "there is nothing to follow before the update");
        }
        assert_eq!(replica.connection().state, DataState::Update);
        assert_eq!(replica.confirmed().position, position, "never skipped");
        assert_eq!(replica.pending().count(), stored.outbox.len());
    }
}

#[test]
fn p8_a_snapshot_of_a_newer_fold_asks_for_the_update_whatever_its_books_are() {
    let build = newest();
    let mut newer: Value = serde_json::from_str(&build.text("snapshot")).unwrap();
    newer["fold"] = (FOLD_VERSION + 1).into();
    newer["books"] = json!({"shelves": [1, {"of": "another shape"}]});
    newer["more"] = json!({"also": "unknown"});
    // As servers write it, `fold` before `books`: a map of `serde_json` is in alphabetical order.
    let books = newer.as_object_mut().unwrap().remove("books").unwrap();
    let text = newer.to_string();
    let text = format!("{},\"books\":{books}}}", text.strip_suffix('}').unwrap());
    let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(snapshot.books, Books::default());

    let outbox = outbox(&build);
    let (mut replica, mut outputs) =
        Replica::restore(config(), StoredState { outbox: outbox.clone(), ..StoredState::default() }, NOW);
    outputs.extend(leading(&mut replica));
    let ticket = fetched(&outputs).unwrap();
    replica.handle(Input::SnapshotAnswered { ticket, answer: Ok(Box::new(snapshot)) }, NOW);
    assert_eq!(replica.connection().state, DataState::Update);
    assert_eq!(replica.pending().count(), outbox.len());
}

/// Whichever door says it.
#[test]
fn p8_too_old_keeps_the_outbox_until_the_update() {
    let build = newest();
    let stored = StoredState { outbox: outbox(&build), ..build.stored() };
    let problem = || ProtocolError::TooOld { spoken: 1, least: 2 };
    let says: [&dyn Fn(u64, u64) -> Input; 3] = [
        &|ticket, _| Input::PushAnswered { ticket, answer: Err(problem()) },
        &|_, feed| Input::FeedClosed { feed, end: FeedEnd::Refused(problem()) },
        &|_, feed| {
            let too_old = FeedFrame::TooOld(TooOld { protocol: 3, spoken: 1, least: 2 });
            Input::FeedFrame { feed, frame: Box::new(too_old) }
        },
    ];
    for input in says {
        let (mut replica, _) = Replica::restore(config(), stored.clone(), NOW);
        let outputs = leading(&mut replica);
        let (ticket, feed) = (pushed(&outputs).unwrap().0, opened(&outputs).unwrap());
        let outputs = replica.handle(input(ticket, feed), NOW);
        assert_eq!(replica.connection().state, DataState::Update);
        assert_eq!(replica.pending().count(), stored.outbox.len());
        let removed = |output: &Output| matches!(output, Output::Forget(_) | Output::Keep { .. });
        assert!(!outputs.iter().any(removed));
        // Nothing is tried again by itself.
        let later = replica.handle(Input::Wake, Millis(NOW.0 + 3_600_000));
        assert!(opened(&later).is_none() && pushed(&later).is_none());
        // The new version starts from the same storage.
        let (mut replica, _) = Replica::restore(config(), stored.clone(), NOW);
        assert!(pushed(&leading(&mut replica)).is_some());
    }
}

#[test]
fn p8_an_added_kind_of_frame_stops_nobody_and_what_was_said_before_numbers_is_read() {
    assert!(FeedFrame::parse("weather", r#"{"protocol":9,"sun":true}"#).unwrap().is_none());
    let old = FeedFrame::parse("bye", r#"{"spread_ms":7}"#).unwrap();
    assert!(matches!(old, Some(FeedFrame::Bye(Bye { protocol: 1, spread_ms: 7 }))));
    let poll = Poll::parse(r#"{"frames":[{"event":"weather","data":{}},{"event":"bye","data":{"spread_ms":7}}]}"#);
    assert_eq!(poll.unwrap().read().unwrap().len(), 1);
}

#[test]
fn what_is_kept_of_settled_commands_reads_back() {
    let OutboxRecord { submission, sequence, .. } = outbox(&newest())[0].clone();
    let seen = sync::protocol::Waypoint { position: 3, hash: Hash::ORIGIN };
    let kept = Acknowledged { submission, sequence, seen, epoch: None, at: NOW, person: None, replaces: None };
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Acknowledged>(&text).unwrap(), kept);
    assert_eq!(kept.id(), kept.submission.id);
}
