mod code_taken;
mod past;
mod people;
mod recovery;
mod revoked;
mod storage_lost;

use std::collections::BTreeMap;

use domain::{
    Entry, books::Request, books::Role, chain::Hash, projections::day_book::BookEntry, record::seal, values::Sku,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    SyncState,
    authority::Authority,
    bundle::Bundle,
    connection::DataState,
    outbox::Reason,
    protocol::{Events, Heartbeat, Outcome, StartOver},
};

const NOW: Millis = Millis(1_767_225_600_000);

fn later(seconds: i64) -> Millis {
    Millis(NOW.0 + seconds * 1_000)
}

fn command(command_type: &str, data: Value) -> Command {
    Command::parse(command_type, &data).unwrap()
}

fn author() -> Author {
    Author { actor: "asha".into(), role: Role::Manager }
}

fn id(number: u128) -> CommandId {
    CommandId(Uuid::from_u128(number))
}

fn config() -> Config {
    Config { device: "till-1".into(), author: author(), person: None, colleagues: Vec::new(), jitter_seed: 7 }
}

/// A server, as far as a test needs one.
struct Shop {
    authority: Authority,
    log: Vec<EventRecord>,
    known: BTreeMap<CommandId, domain::VerdictRecord>,
    serial: u128,
}

impl Shop {
    fn new() -> Self {
        let authority = Authority { epoch: Uuid::from_u128(9), hash: Hash::ORIGIN, books: Books::default() };
        let mut shop = Self { authority, log: Vec::new(), known: BTreeMap::new(), serial: 1_000_000 };
        shop.other("product.add", json!({"sku": "OAT-1", "name": "Oat bread", "price": 250}));
        shop.other("product.add", json!({"sku": "RYE-1", "name": "Rye bread", "price": 300}));
        shop.other("stock.receive", json!({"batchref": "B-0", "sku": "OAT-1", "qty": 5}));
        shop
    }

    fn decide(&mut self, submissions: Vec<Submission>) -> Vec<Outcome> {
        let requests: Vec<_> =
            submissions.into_iter().map(|submission| Request { submission, author: author() }).collect();
        let batch = self.authority.decide(&requests, &self.known, NOW).unwrap();
        self.known.extend(batch.verdicts.iter().map(|record| (record.command_id, record.clone())));
        self.log.extend(batch.records.iter().cloned());
        let outcomes = batch.outcomes.clone();
        self.authority.commit(batch);
        outcomes
    }

    /// Another device's command.
    fn other(&mut self, command_type: &str, data: Value) -> Vec<Outcome> {
        self.serial += 1;
        self.decide(vec![Submission {
            id: id(self.serial),
            command: command(command_type, data),
            if_version: None,
            device: "till-2".into(),
            issued_at: NOW,
            undoes: None,
            replaces: None,
            depends_on: Vec::new(),
        }])
    }

    fn answer(&mut self, push: Push) -> PushAnswer {
        let outcomes = self.decide(push.submissions);
        PushAnswer { protocol: PROTOCOL, epoch: self.authority.epoch, head: self.head(), outcomes }
    }

    fn head(&self) -> u64 {
        self.log.len() as u64
    }

    fn snapshot(&self) -> Box<Snapshot> {
        let Authority { epoch, hash, books } = self.authority.clone();
        let (fold, digest) = (domain::books::FOLD_VERSION, books.digest());
        let title = "The shop".to_owned();
        Box::new(Snapshot { protocol: PROTOCOL, fold, epoch, hash, digest, title, common: None, books })
    }

    fn events(&self, after: u64) -> Box<FeedFrame> {
        let events = self.log[usize::try_from(after).unwrap()..].to_vec();
        Box::new(FeedFrame::Events(Events { protocol: PROTOCOL, epoch: self.authority.epoch, events }))
    }

    fn heartbeat(&self) -> Box<FeedFrame> {
        let (head, digest) = (self.head(), self.authority.books.digest());
        let fold = domain::books::FOLD_VERSION;
        Box::new(FeedFrame::Heartbeat(Heartbeat {
            epoch: self.authority.epoch,
            head,
            digest,
            fold,
            protocol: PROTOCOL,
        }))
    }

    /// A replica that leads, has this shop's books and an open feed.
    fn replica(&self) -> (Replica, u64) {
        let mut replica = Replica::new(config());
        replica.handle(Input::SnapshotOffered(self.snapshot()), NOW);
        let outputs = replica.handle(Input::Lead, NOW);
        let feed = opened(&outputs).expect("a feed is asked for").0;
        replica.handle(Input::FeedOpened { feed }, NOW);
        (replica, feed)
    }

    /// Brings the replica what it has not had, by its feed.
    fn feed(&self, replica: &mut Replica, feed: u64, now: Millis) -> Vec<Output> {
        let frame = self.events(replica.confirmed().position);
        replica.handle(Input::FeedFrame { feed, frame }, now)
    }
}

fn opened(outputs: &[Output]) -> Option<(u64, u64)> {
    outputs.iter().find_map(|output| match output {
        Output::OpenFeed { feed, after, .. } => Some((*feed, *after)),
        _ => None,
    })
}

fn pushed(outputs: &[Output]) -> Option<(u64, Push)> {
    outputs.iter().find_map(|output| match output {
        Output::Push { ticket, push } => Some((*ticket, push.clone())),
        _ => None,
    })
}

/// The commands that leave the outbox because they are in the log.
fn kept(outputs: &[Output]) -> Vec<CommandId> {
    let kept = outputs.iter().filter_map(|output| match output {
        Output::Keep { acknowledged, .. } => Some(acknowledged.id()),
        _ => None,
    });
    kept.collect()
}

fn ids(push: &Push) -> Vec<CommandId> {
    push.submissions.iter().map(|submission| submission.id).collect()
}

fn issue(replica: &mut Replica, number: u128, command_type: &str, data: Value) -> Result<Issued, Refusal> {
    let issue = Issue::new(id(number), command(command_type, data));
    replica.issue(issue, NOW)
}

/// Issues and stores; says what the replica wants then.
fn saved(replica: &mut Replica, number: u128, command_type: &str, data: Value) -> Vec<Output> {
    issue(replica, number, command_type, data).unwrap();
    replica.handle(Input::Persisted(id(number)), NOW)
}

fn sale(number: u32, sku: &str) -> Value {
    json!({"sale_id": format!("S-{number}"), "lines": [{"sku": sku, "qty": 1, "price": 250}], "payment": "cash"})
}

fn state(replica: &Replica, number: u128) -> Option<SyncState> {
    replica.pending_of(id(number)).map(|view| view.state)
}

fn answered(ticket: u64, answer: PushAnswer) -> Input {
    Input::PushAnswered { ticket, answer: Ok(answer) }
}

fn failed(ticket: u64, error: ProtocolError) -> Input {
    Input::PushAnswered { ticket, answer: Err(error) }
}

#[test]
fn p1_a_command_is_neither_called_saved_nor_sent_before_its_strict_commit() {
    let (mut replica, _) = Shop::new().replica();
    let issued = issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    assert!(matches!(issued.outputs[0], Output::Persist(_)));
    assert!(pushed(&issued.outputs).is_none());
    assert_eq!(state(&replica, 1), Some(SyncState::Saving));
    let oat = Sku::parse("OAT-1").unwrap();
    assert_eq!(replica.overlay().aggregates.stocks[&oat].on_hand(), 4, "shown at once");
    assert_eq!(replica.confirmed().aggregates.stocks[&oat].on_hand(), 5);

    let outputs = replica.handle(Input::Persisted(id(1)), NOW);
    assert_eq!(state(&replica, 1), Some(SyncState::SavedHere));
    assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(1)]);
}

#[test]
fn p1_what_storage_did_not_take_is_not_shown_as_done_and_can_be_tried_again() {
    let (mut replica, _) = Shop::new().replica();
    issue(&mut replica, 1, "stock.receive", json!({"batchref": "B-9", "sku": "OAT-1", "qty": 2})).unwrap();
    issue(&mut replica, 2, "stock.change_quantity", json!({"batchref": "B-9", "qty": 1})).unwrap();
    replica.handle(Input::Persisted(id(2)), NOW);
    replica.handle(Input::StorageFailed(id(1)), NOW);
    assert_eq!(state(&replica, 1), Some(SyncState::NeedsAttention));
    assert_eq!(state(&replica, 2), Some(SyncState::Held));
    assert_eq!(replica.connection().state, DataState::Storage);
    assert_eq!(replica.overlay().aggregates, replica.confirmed().aggregates);

    let outputs = replica.retry(id(1), id(90), NOW).unwrap();
    assert!(outputs.iter().any(|output| matches!(output, Output::Persist(record) if record.submission.id == id(1))));
    let outputs = replica.handle(Input::Persisted(id(1)), NOW);
    assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(1), id(2)]);
}

#[test]
fn p1_a_strict_commit_that_never_answers_counts_as_failed_until_it_answers() {
    let (mut replica, _) = Shop::new().replica();
    issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    replica.handle(Input::Wake, later(11));
    assert_eq!(state(&replica, 1), Some(SyncState::NeedsAttention));
    let outputs = replica.handle(Input::Persisted(id(1)), later(12));
    assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(1)]);
}

#[test]
fn a_command_that_is_refused_here_writes_nothing() {
    let (mut replica, _) = Shop::new().replica();
    let refused = issue(&mut replica, 1, "order.allocate", json!({"order_id": "O-1", "sku": "OAT-1", "qty": 6}));
    assert_eq!(refused.unwrap_err().code(), "out_of_stock");
    assert_eq!(replica.pending().count(), 0);
}

#[test]
fn p2_an_unknown_outcome_is_sent_again_under_the_same_id_in_order() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let (ticket, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    saved(&mut replica, 2, "sale.record", sale(2, "OAT-1"));
    // The server decides, and the answer is lost.
    shop.answer(push);
    replica.handle(failed(ticket, ProtocolError::NoAnswer { problem: String::new() }), NOW);
    replica.handle(Input::Probed { reached: true }, NOW);
    let (ticket, push) = pushed(&replica.handle(Input::Wake, later(2))).unwrap();
    assert_eq!(ids(&push), [id(1), id(2)]);
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), later(2));
    assert_eq!(shop.log.iter().filter(|record| record.command_id == id(1)).count(), 1);
    shop.feed(&mut replica, feed, later(2));
    assert_eq!(replica.pending().count(), 0);
    assert_eq!(replica.overlay(), replica.confirmed());
}

#[test]
fn the_feed_may_settle_a_command_before_its_answer_comes() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let (ticket, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    let answer = shop.answer(push);
    let outputs = shop.feed(&mut replica, feed, NOW);
    assert_eq!(kept(&outputs), [id(1)]);
    let outputs = replica.handle(answered(ticket, answer), NOW);
    assert_eq!(replica.pending().count(), 0);
    assert_eq!(replica.connection().state, DataState::Live);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Probe)), "nothing failed");
    let next = saved(&mut replica, 2, "sale.record", sale(2, "OAT-1"));
    assert!(pushed(&next).is_some(), "the next one goes at once");
}

#[test]
fn an_answer_about_nothing_that_was_sent_is_not_followed_by_the_same_push_at_once() {
    let shop = Shop::new();
    let (mut replica, _) = shop.replica();
    let (ticket, _) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    let (epoch, head) = (shop.authority.epoch, shop.head());
    let nothing = PushAnswer { protocol: PROTOCOL, epoch, head, outcomes: vec![] };
    assert!(pushed(&replica.handle(answered(ticket, nothing), NOW)).is_none());
    assert!(pushed(&replica.handle(Input::Probed { reached: true }, NOW)).is_none());
    let outputs = replica.handle(Input::Wake, later(2));
    assert_eq!(pushed(&outputs).map(|(_, push)| ids(&push)), Some(vec![id(1)]));
}

/// A delivery whose number another till has just used, what builds on it, and what does not.
fn refused_and_held(shop: &mut Shop) -> (Replica, u64) {
    let (mut replica, feed) = shop.replica();
    shop.other("stock.receive", json!({"batchref": "B-9", "sku": "OAT-1", "qty": 1}));
    let receive = json!({"batchref": "B-9", "sku": "RYE-1", "qty": 4});
    let (ticket, push) = pushed(&saved(&mut replica, 1, "stock.receive", receive)).unwrap();
    saved(&mut replica, 2, "stock.damage", json!({"batchref": "B-9", "qty": 1, "reason": "wet"}));
    saved(&mut replica, 3, "sale.record", sale(3, "OAT-1"));
    saved(&mut replica, 4, "stock.change_quantity", json!({"batchref": "B-9", "qty": 2}));
    let answer = shop.answer(push);
    let outputs = replica.handle(answered(ticket, answer), NOW);
    let (ticket, push) = pushed(&outputs).unwrap();
    assert_eq!(ids(&push), [id(3)], "everything else goes on");
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    (replica, feed)
}

#[test]
fn p5_a_refused_command_stays_with_its_reason_and_holds_back_only_what_builds_on_it() {
    let mut shop = Shop::new();
    let (replica, _) = refused_and_held(&mut shop);
    let refused = replica.pending_of(id(1)).unwrap();
    assert_eq!(refused.state, SyncState::NeedsAttention);
    assert_eq!(refused.refusal().map(Refusal::code), Some("already_exists"));
    assert!(matches!(refused.stage, Stage::Refused { reason: Reason::Refused { position: Some(5), .. } }));
    assert_eq!(state(&replica, 2), Some(SyncState::Held));
    assert_eq!(state(&replica, 4), Some(SyncState::Held), "what builds on a held command is held too");
    assert_eq!(state(&replica, 3), None, "confirmed is silent");
    assert_eq!((replica.connection().waiting, replica.connection().attention), (0, 3));
}

#[test]
fn p5_trying_again_takes_a_new_id_and_frees_what_waited() {
    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    replica.retry(id(1), id(50), NOW).unwrap();
    assert_eq!(state(&replica, 1), Some(SyncState::NeedsAttention), "until the new one is durable");
    let outputs = replica.handle(Input::Persisted(id(50)), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Forget(gone) if *gone == id(1))));
    let (_, push) = pushed(&outputs).unwrap();
    assert_eq!(ids(&push), [id(50), id(2), id(4)], "in the place of the one that was refused");
    assert_eq!(push.submissions[1].depends_on, [id(50)]);
    let replaced: Vec<_> = push.submissions.iter().map(|submission| submission.replaces).collect();
    assert_eq!(replaced, [Some(id(1)), None, None], "whoever reads the log sees that somebody has seen to it");
}

#[test]
fn p5_a_discarded_command_stays_in_the_history_and_what_built_on_it_waits_for_a_person() {
    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    replica.discard(id(1), "mistake", Dependants::Wait, NOW).unwrap();
    assert_eq!(state(&replica, 1), Some(SyncState::Discarded));
    assert_eq!(state(&replica, 2), Some(SyncState::Held));
    let outputs = replica.retry(id(2), id(51), NOW).unwrap();
    assert_eq!(pushed(&outputs).map(|(_, push)| push.submissions[0].depends_on.clone()), Some(vec![]));
    assert_eq!(replica.discard(id(2), "mistake", Dependants::Wait, NOW).unwrap_err(), NotNow::Sent);
    replica.acknowledge(id(1), NOW).unwrap();
    assert_eq!(state(&replica, 1), None);
}

#[test]
fn a_command_is_at_risk_when_newer_entries_leave_nothing_for_it() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "order.allocate", json!({"order_id": "O-1", "sku": "OAT-1", "qty": 3}));
    saved(&mut replica, 2, "product.change", json!({"sku": "RYE-1", "price": 310}));
    shop.other("order.allocate", json!({"order_id": "O-2", "sku": "OAT-1", "qty": 4}));
    replica.handle(Input::Relayed(shop.events(3)), NOW);
    let _ = feed;
    assert_eq!(state(&replica, 1), Some(SyncState::AtRisk));
    assert_eq!(replica.pending_of(id(1)).unwrap().refusal().map(Refusal::code), Some("out_of_stock"));
    assert_eq!(state(&replica, 2), Some(SyncState::SavedHere));
    let trace = replica.last_rebase();
    assert_eq!((trace.kept, trace.decided_again, trace.changed.len()), (1, 1, 1));
    assert_eq!(trace.changed[0].id, id(1));
}

#[test]
fn a_result_that_differs_from_what_was_shown_is_said_until_it_is_seen() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.other("stock.receive", json!({"batchref": "B-1", "sku": "OAT-1", "qty": 5}));
    shop.feed(&mut replica, feed, NOW);
    shop.other("order.allocate", json!({"order_id": "O-2", "sku": "OAT-1", "qty": 4}));
    let allocate = json!({"order_id": "O-1", "sku": "OAT-1", "qty": 3});
    let (ticket, push) = pushed(&saved(&mut replica, 1, "order.allocate", allocate)).unwrap();
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    let view = replica.pending_of(id(1)).unwrap();
    assert_eq!(view.state, SyncState::ConfirmedChanged);
    let Stage::Changed { shown, actual, .. } = view.stage else { panic!("{:?}", view.stage) };
    assert_ne!(shown, actual, "from another batch");
    assert_eq!(replica.overlay(), replica.confirmed());
    replica.acknowledge(id(1), NOW).unwrap();
    assert_eq!(replica.pending().count(), 0);
}

#[test]
fn p3_a_hole_in_the_feed_is_not_skipped_and_the_feed_is_opened_behind_the_last_entry() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    shop.other("product.change", json!({"sku": "OAT-1", "price": 2}));
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.events(4) }, NOW);
    assert_eq!(replica.confirmed().position, 3);
    assert!(outputs.iter().any(|output| matches!(output, Output::CloseFeed)));
    let outputs = replica.handle(Input::Wake, later(1));
    assert_eq!(opened(&outputs).map(|(_, after)| after), Some(3));
}

#[test]
fn p3_an_entry_that_came_before_is_dropped_and_another_one_in_its_place_is_noticed() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let other_past = shop.authority.clone();
    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    let frame = shop.events(3);
    replica.handle(Input::FeedFrame { feed, frame: frame.clone() }, NOW);
    let outputs = replica.handle(Input::FeedFrame { feed, frame }, NOW);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Report(_))));
    // A server that lost the last entry and wrote another one there.
    shop.authority = other_past;
    shop.log.truncate(3);
    shop.other("product.change", json!({"sku": "OAT-1", "price": 2}));
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.events(3) }, NOW);
    assert!(matches!(
        outputs.iter().find_map(|output| if let Output::Report(report) = output { Some(report) } else { None }),
        Some(Report::HistoryDiffers { position: 4 })
    ));
    assert!(outputs.iter().any(|output| matches!(output, Output::FetchSnapshot { .. })));
}

#[test]
fn p3_an_entry_that_does_not_continue_the_chain_is_not_taken() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    shop.log[3].actor = "somebody else".into();
    shop.feed(&mut replica, feed, NOW);
    assert_eq!(replica.confirmed().position, 3);
}

#[test]
fn p4_books_that_differ_are_reported_and_replaced() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    assert_eq!(replica.digests().agreed.map(|agreed| agreed.position), Some(3));
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    replica.spoil();
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Report(Report::DigestDiffers { .. }))));
    let fetch = outputs.iter().find_map(|output| match output {
        Output::FetchSnapshot { ticket, .. } => Some(*ticket),
        _ => None,
    });
    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    let answer = Ok(shop.snapshot());
    let outputs = replica.handle(Input::SnapshotAnswered { ticket: fetch.unwrap(), answer }, NOW);
    assert_eq!(replica.confirmed().digest(), shop.authority.books.digest());
    assert_eq!(opened(&outputs).map(|(_, after)| after), Some(4));
    assert!(state(&replica, 1).is_some(), "the outbox stays");
}

#[test]
fn p4_a_digest_of_an_earlier_position_is_compared_with_what_was_there_then() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let early = shop.heartbeat();
    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    shop.feed(&mut replica, feed, NOW);
    let outputs = replica.handle(Input::FeedFrame { feed, frame: early }, NOW);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Report(_))));
    assert_eq!(replica.digests().agreed.map(|agreed| agreed.position), Some(3));
}

#[test]
fn p4_a_snapshot_and_its_tail_give_the_same_books_and_settle_what_the_tail_brought() {
    let mut shop = Shop::new();
    let text = serde_json::to_string(&*shop.snapshot()).unwrap();
    let (mut replica, _) = shop.replica();
    let outputs = issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap().outputs;
    let Output::Persist(record) = &outputs[0] else { panic!("{outputs:?}") };
    let (_, push) = pushed(&replica.handle(Input::Persisted(id(1)), NOW)).unwrap();
    shop.answer(push);
    let stored = StoredState {
        snapshot: Some(serde_json::from_str(&text).unwrap()),
        tail: shop.log[3..].to_vec(),
        outbox: vec![(**record).clone()],
        ..StoredState::default()
    };
    let (restored, outputs) = Replica::restore(config(), stored, NOW);
    assert_eq!(restored.confirmed().digest(), shop.authority.books.digest());
    assert_eq!(restored.hash(), shop.authority.hash);
    assert_eq!(restored.pending().count(), 0);
    assert_eq!(kept(&outputs), [id(1)]);
}

#[test]
fn p7_another_log_replaces_the_books_and_is_offered_what_the_old_one_had_accepted() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let backup = (shop.authority.clone(), shop.log.clone());
    let (ticket, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    // Restored from a backup that does not have it.
    (shop.authority, shop.log) = backup;
    shop.known.clear();
    shop.authority.epoch = Uuid::from_u128(10);
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    let ticket = outputs.iter().find_map(|output| match output {
        Output::FetchSnapshot { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let answer = Ok(shop.snapshot());
    let outputs = replica.handle(Input::SnapshotAnswered { ticket: ticket.unwrap(), answer }, NOW);
    assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(1)]);
    assert_eq!(replica.epoch(), Some(Uuid::from_u128(10)));
}

#[test]
fn p8_an_unknown_event_stops_the_fold_and_the_outbox_is_still_sent() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    let mut record = shop.log[3].clone();
    record.event_type = "PictureAdded".into();
    record.hash = domain::chain::link(shop.log[2].hash, &record);
    shop.log[3] = record;
    let outputs = shop.feed(&mut replica, feed, NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Report(Report::Undecodable { position: 4, .. }))));
    assert_eq!(replica.confirmed().position, 3);
    assert_eq!(replica.connection().state, DataState::Update);
    let outputs = saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(1)]);
}

#[test]
fn p1_a_commit_that_came_after_its_command_was_given_up_does_not_bring_it_back() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    replica.replace(id(1), Issue::new(id(2), command("sale.record", sale(2, "OAT-1"))), NOW).unwrap();
    let is_forgotten = |output: &Output| matches!(output, Output::Forget(forgotten) if *forgotten == id(2));
    // Storage does not answer: the first form stands, and the second one is nowhere.
    assert!(replica.handle(Input::Wake, later(60)).iter().any(is_forgotten));
    assert_eq!((state(&replica, 1), state(&replica, 2)), (Some(SyncState::SavedHere), None));
    // It answers after all, and has it now.
    assert!(replica.handle(Input::Persisted(id(2)), later(90)).iter().any(is_forgotten));
}

#[test]
fn p5_what_another_tab_gave_up_while_storage_is_silent_stays_given_up() {
    let (mut replica, _) = Shop::new().replica();
    issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    let mut record = replica.items.get(id(1)).unwrap().record.clone();
    // The other tab reads it in the synchronous half; there it is saved already.
    record.stage = Stage::Saved;
    replica.handle(Input::Adopted(Box::new(record.clone())), NOW);
    assert_eq!(replica.pending_of(id(1)).unwrap().stage, Stage::Saving);
    record.stage = Stage::Discarded { reason: "customer left".into(), at: NOW, by: None };
    replica.handle(Input::Adopted(Box::new(record.clone())), NOW);
    replica.handle(Input::Wake, later(60));
    assert_eq!(replica.pending_of(id(1)).unwrap().stage, record.stage);
}

#[test]
fn p4_a_giving_up_that_came_with_a_snapshot_stands_in_the_book_once() {
    let mut shop = Shop::new();
    let (mut replica, feed) = refused_and_held(&mut shop);
    replica.discard(id(1), "Customer left", Dependants::Wait, NOW).unwrap();
    let declined = domain::change::decline_id(id(1));
    let (ticket, push) = pushed(&replica.handle(Input::Persisted(declined), NOW)).unwrap();
    let answer = shop.answer(push);
    let over = StartOver { protocol: PROTOCOL, epoch: shop.authority.epoch, head: shop.head(), reason: "far".into() };
    let outputs = replica.handle(Input::FeedFrame { feed, frame: Box::new(FeedFrame::Snapshot(over)) }, NOW);
    let asked = outputs.iter().find_map(|output| match output {
        Output::FetchSnapshot { ticket, .. } => Some(*ticket),
        _ => None,
    });
    replica.handle(Input::SnapshotAnswered { ticket: asked.unwrap(), answer: Ok(shop.snapshot()) }, NOW);
    replica.handle(answered(ticket, answer), NOW);
    let entries = &replica.overlay().projections.day_book.entries;
    assert_eq!(entries.iter().filter(|(_, entry)| entry.command_id == declined).count(), 1);
}

/// Both words leave the page. A full disk must not hide that nothing is sent until somebody signs in; what the page could
/// not keep comes first.
#[test]
fn p1_the_chip_asks_for_what_a_person_can_do_next() {
    let (mut replica, _) = Shop::new().replica();
    let (ticket, _) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    replica.handle(Input::CacheFailed, NOW);
    assert_eq!(replica.connection().state, DataState::Storage);
    replica.handle(failed(ticket, ProtocolError::NotSignedIn), NOW);
    assert_eq!(replica.connection().state, DataState::SignIn);
    issue(&mut replica, 2, "sale.record", sale(2, "OAT-1")).unwrap();
    replica.handle(Input::StorageFailed(id(2)), NOW);
    assert_eq!(replica.connection().state, DataState::Storage);
}

#[test]
fn p8_a_page_that_is_too_old_or_signed_out_keeps_its_outbox() {
    for (error, word) in [
        (ProtocolError::TooOld { spoken: 1, least: 2 }, DataState::Update),
        (ProtocolError::NotSignedIn, DataState::SignIn),
    ] {
        let (mut replica, _) = Shop::new().replica();
        let (ticket, _) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
        replica.handle(failed(ticket, error), NOW);
        assert_eq!(replica.connection().state, word);
        assert!(pushed(&replica.handle(Input::Wake, later(60))).is_none());
        assert_eq!(state(&replica, 1), Some(SyncState::SavedHere));
        if word == DataState::SignIn {
            let outputs = replica.handle(Input::SignedIn, later(61));
            assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(1)]);
        }
    }
}

#[test]
fn one_command_that_the_server_cannot_read_does_not_block_the_others() {
    let mut shop = Shop::new();
    let (mut replica, _) = shop.replica();
    replica.handle(Input::Pause, NOW);
    for number in 1..=5 {
        saved(&mut replica, number, "sale.record", sale(u32::try_from(number).unwrap(), "OAT-1"));
    }
    let mut outputs = replica.handle(Input::Unpause, NOW);
    while let Some((ticket, push)) = pushed(&outputs) {
        let input = if ids(&push).contains(&id(3)) {
            failed(ticket, ProtocolError::Malformed { errors: Vec::new() })
        } else {
            answered(ticket, shop.answer(push))
        };
        outputs = replica.handle(input, NOW);
    }
    assert_eq!(state(&replica, 3), Some(SyncState::NeedsAttention));
    for number in [1, 2, 4, 5] {
        assert!(shop.known.contains_key(&id(number)), "{number}");
    }
}

#[test]
fn if_version_is_checked_here_too() {
    let (mut replica, _) = Shop::new().replica();
    let change = command("product.change", json!({"sku": "OAT-1", "price": 9}));
    let issue = Issue { if_version: Some(2), ..Issue::new(id(1), change) };
    assert_eq!(replica.issue(issue, NOW).unwrap_err().code(), "changed_meanwhile");
}

#[test]
fn a_following_tab_sends_nothing_and_is_settled_by_what_is_relayed() {
    let mut shop = Shop::new();
    let mut follower = Replica::new(config());
    follower.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    let outputs = saved(&mut follower, 1, "sale.record", sale(1, "OAT-1"));
    assert!(pushed(&outputs).is_none() && opened(&outputs).is_none());
    let record = follower.items.get(id(1)).unwrap().record.clone();

    let (mut leader, _) = shop.replica();
    let (_, push) = pushed(&leader.handle(Input::Adopted(Box::new(record)), NOW)).unwrap();
    let answer = shop.answer(push);
    follower.handle(Input::RelayedAnswer(Box::new(answer)), NOW);
    follower.handle(Input::Relayed(shop.events(3)), NOW);
    assert_eq!(follower.pending().count(), 0);
    assert_eq!(follower.confirmed().digest(), shop.authority.books.digest());

    shop.other("product.change", json!({"sku": "OAT-1", "price": 1}));
    shop.other("product.change", json!({"sku": "OAT-1", "price": 2}));
    let after = follower.confirmed().position;
    let outputs = follower.handle(Input::Relayed(shop.events(after + 1)), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::CatchUp { after: from } if *from == after)));
}

#[test]
fn p7_a_following_tab_reads_in_storage_what_the_leading_one_has_held() {
    let shop = Shop::new();
    let (mut replica, _) = shop.replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    let record = stored(&replica).outbox.remove(0);
    let held = OutboxRecord { stage: Stage::Held { by: id(9) }, ..record.clone() };
    assert!(replica.knows(&record) && replica.knows(&held), "the leading tab wrote it, and knows better");
    replica.handle(Input::Follow, NOW);
    assert!(replica.knows(&record) && !replica.knows(&held));
}

#[test]
fn p7_what_was_given_up_in_another_tab_while_it_was_tried_again_is_given_up_in_storage_too() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Pause, NOW);
    issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    replica.handle(Input::StorageFailed(id(1)), NOW);
    let unsaved = replica.items.get(id(1)).unwrap().record.clone();
    let again = replica.retry(id(1), id(2), NOW).unwrap();
    assert!(again.iter().any(|output| matches!(output, Output::Persist(_))));
    let discarded = Stage::Discarded { reason: "Mistake".to_owned(), at: NOW, by: None };
    let given_up = OutboxRecord { stage: discarded.clone(), ..unsaved };
    replica.handle(Input::Adopted(Box::new(given_up)), NOW);
    let outputs = replica.handle(Input::Persisted(id(1)), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Update(record) if record.stage == discarded)));
}

#[test]
fn p7_what_a_following_tab_has_put_aside_goes_on_when_the_leading_one_lets_it_go() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "product.add", json!({"sku": "NEW-1", "name": "New", "price": 100}));
    saved(&mut replica, 2, "stock.receive", json!({"batchref": "B-9", "sku": "NEW-1", "qty": 5}));
    saved(&mut replica, 3, "stock.damage", json!({"batchref": "B-9", "qty": 1, "reason": "Fell"}));
    let [mut first, mut second, mut third] = <[OutboxRecord; 3]>::try_from(stored(&replica).outbox).unwrap();
    (second.submission.depends_on, third.submission.depends_on) = (vec![id(1)], vec![id(2)]);
    let (mut follower, _) = Shop::new().replica();
    follower.handle(Input::Follow, NOW);
    for record in [&first, &second, &third] {
        follower.handle(Input::Adopted(Box::new(record.clone())), NOW);
    }
    // Given up in the other tab, so that what waits for it goes on. One note comes before the other.
    first.stage = Stage::Discarded { reason: "Mistake".to_owned(), at: NOW, by: None };
    second.submission.depends_on.clear();
    follower.handle(Input::Adopted(Box::new(first)), NOW);
    assert_eq!((state(&follower, 2), state(&follower, 3)), (Some(SyncState::Held), Some(SyncState::Held)));
    follower.handle(Input::Adopted(Box::new(second)), NOW);
    assert_eq!((state(&follower, 2), state(&follower, 3)), (Some(SyncState::SavedHere), Some(SyncState::SavedHere)));
    let (_, push) = pushed(&follower.handle(Input::Lead, NOW)).unwrap();
    assert_eq!(ids(&push), [id(2), id(3)]);
}

#[test]
fn p7_a_following_tab_that_finds_nothing_in_storage_asks_the_server() {
    let mut shop = Shop::new();
    let mut follower = Replica::new(config());
    follower.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    follower.handle(Input::Follow, NOW);
    for price in 1..4 {
        shop.other("product.change", json!({"sku": "OAT-1", "price": price}));
    }
    let outputs = follower.handle(Input::Relayed(shop.events(5)), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::CatchUp { after: 3 })));
    let outputs = follower.handle(Input::Missed { after: 3 }, NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::FetchSnapshot { .. })), "{outputs:?}");
    let (mut leader, _) = shop.replica();
    let outputs = leader.handle(Input::Missed { after: shop.head() }, NOW);
    assert!(!outputs.iter().any(|output| matches!(output, Output::FetchSnapshot { .. })));
}

#[test]
fn a_mark_is_the_strongest_state_of_a_record() {
    let mut shop = Shop::new();
    let (replica, _) = refused_and_held(&mut shop);
    let stock = |sku: &str| domain::AggregateId::new("stock", sku);
    assert_eq!(replica.marks_for(&stock("RYE-1")), Some(SyncState::NeedsAttention));
    assert_eq!(replica.marks_for(&domain::AggregateId::new("product", "RYE-1")), None);
    assert_eq!(replica.marks().get(&stock("RYE-1")), Some(&SyncState::NeedsAttention));
}

#[test]
fn sealing_what_a_replica_decoded_gives_the_same_bytes() {
    let shop = Shop::new();
    let entries: Vec<Entry> = shop.log.iter().map(|record| record.decode().unwrap()).collect();
    let sealed = seal(&entries, Hash::ORIGIN).unwrap();
    assert_eq!(sealed.last().map(|record| record.hash), Some(shop.authority.hash));
}

#[test]
fn p1_p2_unsent_commands_go_to_another_device_and_reach_the_book_once() {
    let mut shop = Shop::new();
    let (mut lost, _) = shop.replica();
    lost.handle(Input::Pause, NOW);
    saved(&mut lost, 1, "sale.record", sale(1, "OAT-1"));
    saved(&mut lost, 2, "sale.record", sale(2, "OAT-1"));
    let unsent = lost.unsent();
    assert_eq!(unsent.iter().map(|one| one.submission.id).collect::<Vec<_>>(), [id(1), id(2)]);

    let (mut other, _) = shop.replica();
    let outputs = other.take_in(unsent.clone(), NOW);
    assert_eq!(outputs.iter().filter(|output| matches!(output, Output::Persist(_))).count(), 2);
    assert!(pushed(&outputs).is_none(), "not before it is saved");
    other.handle(Input::Persisted(id(1)), NOW);
    assert!(other.take_in(unsent, NOW).iter().all(|output| !matches!(output, Output::Persist(_))));
    other.handle(Input::Persisted(id(2)), NOW);
    assert_eq!(other.pending().count(), 2);

    // The first device finds its way to the server after all.
    let (ticket, push) = pushed(&lost.handle(Input::Unpause, NOW)).unwrap();
    let answer = shop.answer(push.clone());
    lost.handle(answered(ticket, answer), NOW);
    let before = shop.log.len();
    shop.answer(push);
    assert_eq!(shop.log.len(), before, "the same ids again: the same verdicts");
}

#[test]
fn a_bundle_reproduces_the_replica() {
    let mut shop = Shop::new();
    let (mut replica, _) = shop.replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    saved(&mut replica, 2, "order.allocate", json!({"order_id": "O-1", "sku": "OAT-1", "qty": 2}));
    shop.other("stock.count", json!({"sku": "OAT-1", "counted": 1}));
    let tail = shop.log[3..].to_vec();
    let ashas = |item: &Item| OutboxRecord { person: Some("asha".into()), ..item.record.clone() };
    let outbox = replica.items.iter().map(ashas).collect();
    let snapshot = Shop::new().snapshot();
    let (position, entry) = replica.confirmed().projections.day_book.entries.iter().next().unwrap();
    // In the log of before, and not in this one.
    let lost = vec![Lost { position: *position, entry: BookEntry { command_id: id(99), ..entry.clone() } }];
    let stored = StoredState { snapshot: Some(*snapshot), tail, outbox, lost: lost.clone(), ..StoredState::default() };
    let bundle = Bundle::new("1", domain::ShopSlug::parse("corner").unwrap(), &config(), stored, NOW);
    let (reopened, _) = Bundle::read(&bundle.written()).unwrap().open();
    assert_eq!(reopened.confirmed().digest(), shop.authority.books.digest());
    assert_eq!(state(&reopened, 1), Some(SyncState::SavedHere));
    assert_eq!(state(&reopened, 2), Some(SyncState::AtRisk));
    assert_eq!(reopened.lost(), lost);
    assert!(Bundle::read("{}").is_err());
}

#[test]
fn us_10_giving_up_what_was_refused_is_a_command_of_its_own_and_what_never_left_is_just_gone() {
    let mut shop = Shop::new();
    let (mut replica, feed) = refused_and_held(&mut shop);
    let declined = domain::change::decline_id(id(1));
    let outputs = replica.discard(id(1), "Customer left", Dependants::Wait, NOW).unwrap();
    assert!(outputs.iter().any(|output| matches!(output, Output::Persist(record) if record.submission.id == declined)));
    let (ticket, push) = pushed(&replica.handle(Input::Persisted(declined), NOW)).unwrap();
    assert_eq!(ids(&push), [declined]);
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    let entry = shop.log.last().unwrap().decode().unwrap();
    let Event::Declined(event) = &entry.event else { panic!("{entry:?}") };
    let because = domain::change::Because::CustomerLeft;
    assert_eq!((event.command_id, event.because, &event.note, &*entry.actor), (id(1), because, &None, "asha"));
    assert_eq!(state(&replica, 1), Some(SyncState::Discarded), "this device's history keeps it");
    assert_eq!(replica.pending_of(declined), None, "confirmed is silent");

    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 9, "sale.record", sale(9, "OAT-1"));
    let outputs = replica.discard(id(9), "Mistake", Dependants::Wait, NOW).unwrap();
    assert!(!outputs.iter().any(|output| matches!(output, Output::Persist(_))), "nobody had heard of it");
}

#[test]
fn us_10_what_somebody_who_leads_gives_up_goes_from_the_tray_of_its_author_and_stays_in_their_history() {
    let mut shop = Shop::new();
    let (mut replica, feed) = refused_and_held(&mut shop);
    let submission = &replica.items.get(id(1)).unwrap().record.submission;
    let (command_type, data) = submission.command.to_json();
    let decline = json!({"command_id": id(1), "type": command_type, "data": data, "reason": "Done another way"});
    shop.other("change.decline", decline.clone());
    let outputs = shop.feed(&mut replica, feed, NOW);
    let stage = Stage::Discarded { reason: "Done another way".to_owned(), at: NOW, by: Some("asha".into()) };
    assert_eq!(replica.pending_of(id(1)).map(|view| view.stage), Some(stage.clone()));
    let is_kept = |output: &Output| matches!(output, Output::Update(record) if record.submission.id == id(1) && record.stage == stage);
    assert!(outputs.iter().any(is_kept), "also after a restart");
    assert_eq!(state(&replica, 2), Some(SyncState::Held), "what built on it still waits for its author");

    // Whoever was quicker here has decided.
    let (mut replica, feed) = refused_and_held(&mut Shop::new());
    let mut shop = Shop::new();
    refused_and_held(&mut shop);
    replica.discard(id(1), "Mistake", Dependants::Wait, NOW).unwrap();
    shop.other("change.decline", decline);
    shop.feed(&mut replica, feed, NOW);
    let own = Stage::Discarded { reason: "Mistake".to_owned(), at: NOW, by: None };
    assert_eq!(replica.pending_of(id(1)).map(|view| view.stage), Some(own));
}

#[test]
fn us_11_what_waits_for_a_given_up_command_goes_on_or_is_given_up_too() {
    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    let outputs = replica.discard(id(1), "There is one already", Dependants::GoOn, NOW).unwrap();
    assert_eq!((state(&replica, 2), state(&replica, 4)), (Some(SyncState::SavedHere), Some(SyncState::SavedHere)));
    let (_, push) = pushed(&outputs).unwrap();
    assert_eq!(ids(&push), [id(2), id(4)]);
    assert!(push.submissions.iter().all(|submission| !submission.depends_on.contains(&id(1))));

    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    replica.discard(id(1), "Mistake", Dependants::GiveUp, NOW).unwrap();
    for number in [1, 2, 4] {
        assert_eq!(state(&replica, number), Some(SyncState::Discarded), "{number}");
        assert!(replica.pending_of(domain::change::decline_id(id(number))).is_some());
    }
}

#[test]
fn us_09_a_changed_command_takes_the_place_of_the_refused_one_once_it_is_durable() {
    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    let other = |batchref: &str| {
        Issue::new(id(60), command("stock.receive", json!({"batchref": batchref, "sku": "RYE-1", "qty": 4})))
    };
    let taken = replica.replace(id(1), other("B-9"), NOW).unwrap_err();
    assert!(matches!(taken, NotIssued::Refused(Refusal::AlreadyExists { .. })));
    assert_eq!(state(&replica, 1), Some(SyncState::NeedsAttention), "and nothing was changed");

    let issued = replica.replace(id(1), other("B-10"), NOW).unwrap();
    let Output::Persist(record) =
        issued.outputs.iter().find(|output| matches!(output, Output::Persist(_))).unwrap().clone()
    else {
        unreachable!()
    };
    let outputs = replica.handle(Input::Persisted(id(60)), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Forget(gone) if *gone == id(1))));
    assert_eq!(state(&replica, 1), None, "the tray has it no more");
    let (_, push) = pushed(&outputs).unwrap();
    assert_eq!(ids(&push), [id(60), id(2), id(4)], "what waited goes on by itself");
    assert_eq!(push.submissions[0].replaces, Some(id(1)), "and others read that somebody has seen to it");

    // The same when the process ends between the commit and the end of the old record.
    let old = OutboxRecord {
        submission: Submission { id: id(1), ..record.submission.clone() },
        stage: Stage::Refused { reason: Reason::IdReused },
        ..OutboxRecord::new(record.submission.clone(), 1)
    };
    let stored = StoredState { outbox: vec![old, *record], ..StoredState::default() };
    let (restored, outputs) = Replica::restore(config(), stored, NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Forget(gone) if *gone == id(1))));
    assert_eq!(restored.pending().map(|view| view.id).collect::<Vec<_>>(), [id(60)]);
}

#[test]
fn us_09_what_is_changed_twice_before_it_is_sent_still_takes_the_place_of_the_refused_one() {
    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    replica.handle(Input::Pause, NOW);
    let receive = |batchref: &str| command("stock.receive", json!({"batchref": batchref, "sku": "RYE-1", "qty": 4}));
    for (old, new, batchref) in [(1, 60, "B-10"), (60, 61, "B-11")] {
        replica.replace(id(old), Issue::new(id(new), receive(batchref)), NOW).unwrap();
        replica.handle(Input::Persisted(id(new)), NOW);
    }
    let (ticket, push) = pushed(&replica.handle(Input::Unpause, NOW)).unwrap();
    assert_eq!(ids(&push)[0], id(61));
    assert_eq!(push.submissions[0].replaces, Some(id(1)), "nobody has heard of the one between");

    // Nor of one that the server did not decide, when it is tried again.
    let (epoch, head) = (shop.authority.epoch, shop.head());
    let outcomes = vec![Outcome::IdReused { id: id(61) }];
    replica.handle(answered(ticket, PushAnswer { protocol: PROTOCOL, epoch, head, outcomes }), NOW);
    replica.retry(id(61), id(62), NOW).unwrap();
    let again = replica.items.get(id(62)).unwrap();
    assert_eq!(again.record.submission.replaces, Some(id(1)));
}

#[test]
fn us_12_a_command_at_risk_can_be_given_another_form_before_it_is_sent() {
    let mut shop = Shop::new();
    let (mut replica, _) = shop.replica();
    replica.handle(Input::Pause, NOW);
    let allocate = |qty: i64| json!({"order_id": "O-1", "sku": "OAT-1", "qty": qty});
    saved(&mut replica, 1, "order.allocate", allocate(4));
    shop.other(
        "sale.record",
        json!({"sale_id": "S-9", "lines": [{"sku": "OAT-1", "qty": 2, "price": 1}], "payment": "cash"}),
    );
    replica.handle(Input::Relayed(shop.events(3)), NOW);
    assert_eq!(state(&replica, 1), Some(SyncState::AtRisk));
    let smaller = Issue::new(id(2), command("order.allocate", allocate(3)));
    replica.replace(id(1), smaller.clone(), NOW).unwrap();
    assert_eq!(state(&replica, 2), Some(SyncState::Saving));
    // Storage does not take it: the one before stands, and is still at risk.
    replica.handle(Input::StorageFailed(id(2)), NOW);
    assert_eq!((state(&replica, 1), state(&replica, 2)), (Some(SyncState::AtRisk), None));

    replica.replace(id(1), Issue { id: id(3), ..smaller }, NOW).unwrap();
    replica.handle(Input::Persisted(id(3)), NOW);
    assert_eq!((state(&replica, 1), state(&replica, 3)), (None, Some(SyncState::SavedHere)));
    let (_, push) = pushed(&replica.handle(Input::Unpause, NOW)).unwrap();
    assert_eq!(ids(&push), [id(3)]);
    assert_eq!(push.submissions[0].replaces, None, "nobody has heard of the one before");
}

/// What storage holds of a replica's outbox once the writes are through.
fn stored(replica: &Replica) -> StoredState {
    let outbox = replica.items.iter().map(|item| item.record.clone()).collect();
    StoredState { snapshot: replica.snapshot(), outbox, ..StoredState::default() }
}

fn attempted(outputs: &[Output]) -> Vec<CommandId> {
    let records = outputs.iter().filter_map(|output| match output {
        Output::Attempt(records) => Some(records.iter().map(|record| record.submission.id)),
        _ => None,
    });
    records.flatten().collect()
}

#[test]
fn us_15_a_following_tab_takes_nothing_back_that_the_leading_one_may_have_sent() {
    let shop = Shop::new();
    let mut follower = Replica::new(config());
    follower.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    follower.handle(Input::Follow, NOW);
    saved(&mut follower, 1, "sale.record", sale(1, "OAT-1"));
    let view = follower.pending_of(id(1)).unwrap();
    assert!(!view.discardable && !view.replaceable && view.unclear, "no other tab has said that it leads");
    let outputs = follower.handle(Input::Led(DataState::Live), NOW);
    let repaints = |output: &Output| matches!(output, Output::Changed(changes) if changes.pending);
    assert!(outputs.iter().any(repaints) && !follower.pending_of(id(1)).unwrap().unclear);
    assert_eq!(follower.discard(id(1), "Undone", Dependants::Wait, NOW).unwrap_err(), NotNow::Sent);

    // Nobody has sent it, and this tab comes to lead without a network.
    follower.handle(Input::Pause, NOW);
    follower.handle(Input::Lead, NOW);
    let view = follower.pending_of(id(1)).unwrap();
    assert!(view.discardable && !view.unclear);
    let mut other = follower.clone();
    follower.discard(id(1), "Undone", Dependants::Wait, NOW).unwrap();

    // The one that led before has sent it, as storage knows.
    let record = other.items.get(id(1)).unwrap().record.clone();
    let sent = OutboxRecord { attempted: true, ..record.clone() };
    assert!(other.knows(&record) && !other.knows(&sent));
    other.handle(Input::Adopted(Box::new(sent)), NOW);
    assert!(!other.pending_of(id(1)).unwrap().discardable);
    other.handle(Input::Adopted(Box::new(record)), NOW);
    assert!(!other.pending_of(id(1)).unwrap().discardable, "a late note does not make it unsent");
}

#[test]
fn us_15_what_was_never_sent_can_be_taken_back_and_changed_after_a_restart_and_what_was_cannot() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let outputs = saved(&mut replica, 1, "order.allocate", json!({"order_id": "O-1", "sku": "OAT-1", "qty": 4}));
    let place = |wanted: fn(&Output) -> bool| outputs.iter().position(wanted).unwrap();
    assert!(
        place(|output| matches!(output, Output::Attempt(_))) < place(|output| matches!(output, Output::Push { .. }))
    );
    assert_eq!(attempted(&outputs), [id(1)], "written down before it goes out");
    let (ticket, push) = pushed(&outputs).unwrap();
    replica.handle(failed(ticket, ProtocolError::NoAnswer { problem: String::new() }), NOW);
    replica.handle(Input::FeedClosed { feed, end: FeedEnd::Lost }, NOW);
    replica.handle(Input::Probed { reached: false }, NOW);
    let outputs = saved(&mut replica, 2, "order.allocate", json!({"order_id": "O-2", "sku": "OAT-1", "qty": 1}));
    assert!(pushed(&outputs).is_none(), "into the dark");

    let (mut reopened, _) = Replica::restore(config(), stored(&replica), NOW);
    let outputs = reopened.handle(Input::Lead, NOW);
    let repaints = |output: &Output| matches!(output, Output::Changed(changes) if changes.pending);
    assert!(outputs.iter().any(repaints), "the buttons depend on it");
    assert!(pushed(&outputs).is_none(), "nobody knows yet whether the server is there");
    assert!(outputs.iter().any(|output| matches!(output, Output::Probe)));
    let discardable = |replica: &Replica, number| replica.pending_of(id(number)).unwrap().discardable;
    assert!(!discardable(&reopened, 1) && discardable(&reopened, 2));
    assert!(reopened.pending_of(id(2)).unwrap().replaceable);

    // The first one did arrive, and another till took the rest: the second one is at risk, and has its buttons.
    shop.answer(push);
    shop.other("order.allocate", json!({"order_id": "O-9", "sku": "OAT-1", "qty": 1}));
    reopened.handle(Input::SnapshotOffered(shop.snapshot()), NOW);
    assert_eq!(state(&reopened, 2), Some(SyncState::AtRisk));
    let smaller = Issue::new(id(3), command("sale.record", sale(3, "OAT-1")));
    reopened.replace(id(2), smaller, NOW).unwrap();
}

#[test]
fn us_15_what_was_taken_back_and_is_in_the_book_all_the_same_is_said() {
    let mut shop = Shop::new();
    let (mut replica, _) = shop.replica();
    let (_, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    shop.answer(push);
    // The power failed before it was on the disk that it was sent.
    let mut stored = stored(&replica);
    stored.outbox[0].attempted = false;
    let (mut reopened, _) = Replica::restore(config(), stored, NOW);
    reopened.handle(Input::Lead, NOW);
    reopened.discard(id(1), "Undone", Dependants::Wait, NOW).unwrap();
    reopened.handle(Input::Relayed(shop.events(3)), NOW);
    assert_eq!(state(&reopened, 1), Some(SyncState::ConfirmedChanged));
    assert_eq!(reopened.overlay(), reopened.confirmed());
}

#[test]
fn us_15_what_puts_back_a_command_on_its_way_waits_for_the_same_person() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    // Another till uses the number first.
    shop.other("stock.receive", json!({"batchref": "B-9", "sku": "RYE-1", "qty": 1}));
    let receive = json!({"batchref": "B-9", "sku": "OAT-1", "qty": 4});
    let (ticket, push) = pushed(&saved(&mut replica, 1, "stock.receive", receive)).unwrap();
    let undo = domain::undo::of_command(replica.overlay(), id(1), &author()).unwrap();
    let issue = Issue { undoes: Some(undo.undoes), ..Issue::new(id(2), undo.command) };
    replica.issue(issue, NOW).unwrap();
    assert_eq!(replica.pending_of(id(2)).unwrap().depends_on, [id(1)]);
    replica.handle(Input::Persisted(id(2)), NOW);
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    assert_eq!((state(&replica, 1), state(&replica, 2)), (Some(SyncState::NeedsAttention), Some(SyncState::Held)));
}

#[test]
fn us_15_undo_of_a_confirmed_command_is_a_linked_entry_also_after_a_restart() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let (ticket, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    let stored = StoredState { snapshot: replica.snapshot(), ..StoredState::default() };
    let (mut restored, _) = Replica::restore(config(), stored, NOW);
    let undo = domain::undo::of_command(restored.overlay(), id(1), &author()).unwrap();
    let issue = Issue { undoes: Some(undo.undoes), ..Issue::new(id(2), undo.command) };
    restored.issue(issue.clone(), NOW).unwrap();
    let oat = Sku::parse("OAT-1").unwrap();
    assert_eq!(restored.overlay().aggregates.stocks[&oat].on_hand(), 5);
    let twice = restored.issue(Issue { id: id(3), ..issue }, NOW).unwrap_err();
    assert_eq!(twice.code(), "wrong_state", "put back once, also before it is sent");
    let record = restored.items.get(id(2)).unwrap().record.clone();
    shop.decide(vec![record.submission]);
    let entry = shop.log.iter().find(|record| &*record.event_type == "SalePutBack").unwrap().decode().unwrap();
    assert_eq!(entry.undoes, Some(id(1)));
}

#[test]
fn p5_a_refused_command_that_was_given_up_stays_so_after_a_restart() {
    let mut shop = Shop::new();
    let snapshot = shop.snapshot();
    let (mut replica, _) = refused_and_held(&mut shop);
    replica.discard(id(1), "Customer left", Dependants::Wait, NOW).unwrap();
    let outbox = replica.items.iter().map(|item| item.record.clone()).collect();
    // The refusal is still in the kept tail, and is read again.
    let stored =
        StoredState { snapshot: Some(*snapshot), tail: shop.log[3..].to_vec(), outbox, ..StoredState::default() };
    let (reopened, _) = Replica::restore(config(), stored, NOW);
    assert_eq!(state(&reopened, 1), Some(SyncState::Discarded));
}
