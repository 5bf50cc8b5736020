//! A server restored from a backup, seen from a device that is ahead of it.

use super::*;
use crate::{
    acknowledged::{Acknowledged, Kept, LONGEST_KEPT, MOST_KEPT},
    protocol::{SnapshotRequest, Waypoint},
};

/// What a backup has.
struct Backup(Authority, Vec<EventRecord>, BTreeMap<CommandId, domain::VerdictRecord>);

impl Shop {
    fn back_up(&self) -> Backup {
        Backup(self.authority.clone(), self.log.clone(), self.known.clone())
    }

    fn put_back(&mut self, backup: &Backup) {
        self.authority = backup.0.clone();
        self.log = backup.1.clone();
        self.known = backup.2.clone();
    }

    fn restore(&mut self, backup: &Backup) {
        self.put_back(backup);
        self.authority.epoch = Uuid::from_u128(self.authority.epoch.as_u128() + 1);
    }

    fn snapshot_for(&self, request: &SnapshotRequest) -> Box<Snapshot> {
        let is_ours = |known: &&Waypoint| {
            let at = known.position.checked_sub(1).and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| self.log.get(at)).is_some_and(|entry| entry.hash == known.hash)
        };
        let common = request.known.iter().rev().find(is_ours).map_or(0, |known| known.position);
        let mut snapshot = self.snapshot();
        snapshot.common = (!request.known.is_empty()).then_some(common);
        snapshot
    }

    /// A sale of this device, from the press to the entry that comes back.
    fn sell(&mut self, replica: &mut Replica, feed: u64, number: u32) -> Vec<Output> {
        let outputs = saved(replica, u128::from(number), "sale.record", sale(number, "OAT-1"));
        let (ticket, push) = pushed(&outputs).unwrap();
        let answer = self.answer(push);
        replica.handle(answered(ticket, answer), NOW);
        self.feed(replica, feed, NOW)
    }

    /// Answers whatever the replica asks, until it asks nothing more and has all entries.
    fn settle(&mut self, replica: &mut Replica, mut outputs: Vec<Output>) -> Vec<Output> {
        let (mut all, mut open, mut now) = (Vec::new(), None, NOW);
        for _ in 0..100 {
            let mut inputs = Vec::new();
            for output in &outputs {
                match output {
                    Output::FetchSnapshot { ticket, request } => {
                        let answer = Ok(self.snapshot_for(request));
                        inputs.push(Input::SnapshotAnswered { ticket: *ticket, answer });
                    }
                    Output::Push { ticket, push } => inputs.push(answered(*ticket, self.answer(push.clone()))),
                    Output::OpenFeed { feed, after, epoch } => {
                        open = (*epoch == self.authority.epoch && *after <= self.head()).then_some(*feed);
                        let over = StartOver {
                            protocol: PROTOCOL,
                            epoch: self.authority.epoch,
                            head: self.head(),
                            reason: String::new(),
                        };
                        let reset = Box::new(FeedFrame::Reset(over));
                        let frame = if open.is_some() { self.heartbeat() } else { reset };
                        inputs.push(Input::FeedFrame { feed: *feed, frame });
                    }
                    // Back-off, not the watch over a silent feed.
                    Output::WakeAt(at) if *at < later(5) => {
                        now = *at;
                        inputs.push(Input::Wake);
                    }
                    _ => {}
                }
            }
            all.append(&mut outputs);
            if inputs.is_empty()
                && let Some(feed) = open
                && replica.confirmed().position < self.head()
            {
                inputs.push(Input::FeedFrame { feed, frame: self.events(replica.confirmed().position) });
            }
            if inputs.is_empty() {
                return all;
            }
            outputs = inputs.into_iter().flat_map(|input| replica.handle(input, now)).collect();
        }
        panic!("it never comes to rest");
    }

    fn times_in_the_log(&self, number: u128) -> usize {
        self.log.iter().filter(|record| record.command_id == id(number) && record.index_in_command == 0).count()
    }
}

fn request_of(outputs: &[Output]) -> Option<SnapshotRequest> {
    outputs.iter().find_map(|output| match output {
        Output::FetchSnapshot { request, .. } => Some(request.clone()),
        _ => None,
    })
}

fn offered(outputs: &[Output]) -> Vec<CommandId> {
    let offers = outputs.iter().filter_map(|output| match output {
        Output::Offer { records, .. } => Some(records.iter().map(|record| record.submission.id)),
        _ => None,
    });
    offers.flatten().collect()
}

fn restored(outputs: &[Output]) -> Option<(u64, usize, usize)> {
    outputs.iter().find_map(|output| match output {
        Output::Report(Report::Restored { common, offered, lost }) => Some((*common, *offered, *lost)),
        _ => None,
    })
}

#[test]
fn p7_what_the_server_lost_is_offered_again_under_its_old_ids_in_order() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.sell(&mut replica, feed, 1);
    let (backup, common) = (shop.back_up(), shop.head());
    shop.sell(&mut replica, feed, 3);
    shop.sell(&mut replica, feed, 2);
    assert_eq!((replica.pending().count(), replica.kept()), (0, 3));

    shop.restore(&backup);
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    let request = request_of(&outputs).unwrap();
    assert!(request.known.iter().any(|known| known.position == common), "{request:?}");
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!(offered(&outputs), [id(3), id(2)], "in order of issue, and not the one that the backup has");
    assert_eq!(restored(&outputs), Some((common, 2, 0)));
    for number in 1..=3 {
        assert_eq!(shop.times_in_the_log(number), 1, "{number}");
    }
    assert_eq!((replica.epoch(), replica.confirmed().position), (Some(shop.authority.epoch), shop.head()));
    assert_eq!(replica.confirmed().digest(), shop.authority.books.digest());
    assert_eq!((replica.pending().count(), replica.kept()), (0, 3));
}

#[test]
fn p7_a_backup_put_back_without_a_word_is_noticed_by_the_chain() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let backup = shop.back_up();
    shop.sell(&mut replica, feed, 1);
    let ahead = shop.head();
    // The same epoch, and as many entries as before, but others.
    shop.put_back(&backup);
    while shop.head() <= ahead {
        shop.other("product.change", json!({"sku": "RYE-1", "price": shop.head()}));
    }
    let outputs = shop.feed(&mut replica, feed, NOW);
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!(offered(&outputs), [id(1)]);
    assert_eq!(shop.times_in_the_log(1), 1);
    assert_eq!(replica.confirmed().digest(), shop.authority.books.digest());
}

#[test]
fn p7_a_device_that_is_too_far_behind_to_be_told_notices_all_the_same() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let backup = shop.back_up();
    shop.sell(&mut replica, feed, 1);
    shop.put_back(&backup);
    for price in 0..20 {
        shop.other("product.change", json!({"sku": "RYE-1", "price": price}));
    }
    let over = StartOver {
        protocol: PROTOCOL,
        epoch: shop.authority.epoch,
        head: shop.head(),
        reason: "too_far_behind".to_owned(),
    };
    let frame = Box::new(FeedFrame::Snapshot(over));
    let outputs = replica.handle(Input::FeedFrame { feed, frame }, NOW);
    assert_eq!(request_of(&outputs).unwrap().known.len(), 1, "one place is enough to see it");
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!((offered(&outputs), shop.times_in_the_log(1)), (vec![id(1)], 1));
}

#[test]
fn a_snapshot_of_the_same_log_offers_nothing() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.sell(&mut replica, feed, 1);
    for price in 0..20 {
        shop.other("product.change", json!({"sku": "RYE-1", "price": price}));
    }
    let over = StartOver {
        protocol: PROTOCOL,
        epoch: shop.authority.epoch,
        head: shop.head(),
        reason: "too_far_behind".to_owned(),
    };
    let outputs = replica.handle(Input::FeedFrame { feed, frame: Box::new(FeedFrame::Snapshot(over)) }, NOW);
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!((offered(&outputs), restored(&outputs)), (vec![], None));
    assert_eq!(replica.confirmed().digest(), shop.authority.books.digest());
}

#[test]
fn p7_what_another_tab_saw_in_the_restored_log_does_not_hide_where_the_logs_part() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let (backup, common) = (shop.back_up(), shop.head());
    shop.sell(&mut replica, feed, 1);
    shop.restore(&backup);
    // A following tab of the same device is quicker, and has settled a command in the new log.
    let (mut follower, its_feed) = shop.replica();
    for price in 0..9 {
        shop.other("product.change", json!({"sku": "RYE-1", "price": price}));
    }
    shop.feed(&mut follower, its_feed, NOW);
    let outputs = shop.sell(&mut follower, its_feed, 2);
    let seen = outputs.iter().find_map(|output| match output {
        Output::Keep { acknowledged, .. } => Some((**acknowledged).clone()),
        _ => None,
    });
    let outputs = replica.handle(Input::Recalled(vec![seen.unwrap()]), NOW);
    let outputs = shop.settle(&mut replica, outputs);
    // Which of the two logs is the newer one cannot be told: what was seen in the other one is asked about again.
    assert_eq!((offered(&outputs), restored(&outputs)), (vec![id(2), id(1)], Some((common, 1, 0))));
    assert_eq!((shop.times_in_the_log(1), shop.times_in_the_log(2)), (1, 1));
}

#[test]
fn p7_what_a_tab_has_left_that_never_came_to_the_restored_log_is_offered_too() {
    let mut shop = Shop::new();
    let (mut leader, feed) = shop.replica();
    let backup = shop.back_up();
    let outputs = shop.sell(&mut leader, feed, 1);
    let kept = outputs.iter().find_map(|output| match output {
        Output::Keep { acknowledged, .. } => Some((**acknowledged).clone()),
        _ => None,
    });
    shop.restore(&backup);
    let (mut next, _) = shop.replica();
    next.handle(Input::Follow, NOW);
    next.handle(Input::Recalled(vec![kept.unwrap()]), NOW);
    assert_eq!(next.pending().count(), 0, "storage may have it in the outbox by now");
    let outputs = next.handle(Input::Lead, NOW);
    assert_eq!(offered(&outputs), [id(1)]);
    shop.settle(&mut next, outputs);
    assert_eq!((shop.times_in_the_log(1), next.pending().count(), next.kept()), (1, 0, 1));
}

#[test]
fn p7_a_server_that_cannot_say_where_the_logs_part_is_offered_everything_and_nothing_doubles() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.sell(&mut replica, feed, 1);
    let backup = shop.back_up();
    shop.sell(&mut replica, feed, 2);
    shop.restore(&backup);
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    let ticket = outputs.iter().find_map(|output| match output {
        Output::FetchSnapshot { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let answer = Ok(shop.snapshot());
    let outputs = replica.handle(Input::SnapshotAnswered { ticket: ticket.unwrap(), answer }, NOW);
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!(offered(&outputs), [id(1), id(2)]);
    assert_eq!((shop.times_in_the_log(1), shop.times_in_the_log(2)), (1, 1));
    assert_eq!(replica.pending().count(), 0);
    assert_eq!(replica.confirmed().digest(), shop.authority.books.digest());
}

#[test]
fn p1_what_was_replaced_for_good_and_stayed_in_storage_is_taken_away_where_it_is_found() {
    let mut shop = Shop::new();
    let (mut replica, _) = shop.replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    let first = replica.items.get(id(1)).unwrap().record.clone();
    replica.replace(id(1), Issue::new(id(2), command("sale.record", sale(2, "OAT-1"))), NOW).unwrap();
    replica.handle(Input::Persisted(id(2)), NOW);
    let outputs = replica.handle(Input::Unpause, NOW);
    shop.settle(&mut replica, outputs);
    assert_eq!(replica.pending().count(), 0);
    let outputs = replica.handle(Input::Adopted(Box::new(first)), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Forget(forgotten) if *forgotten == id(1))));
    assert_eq!(replica.pending().count(), 0);
}

/// A tab that lists nothing writes the books, and with them what another one had listed: the list in storage is older.
#[test]
fn p7_what_the_stored_books_hold_is_not_listed_as_lost_after_a_start() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let backup = shop.back_up();
    shop.other("sale.record", sale(8, "OAT-1"));
    shop.feed(&mut replica, feed, NOW);
    let books_with_it = replica.snapshot();
    shop.restore(&backup);
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    shop.settle(&mut replica, outputs);
    let lost = replica.lost().to_vec();
    assert_eq!(lost.len(), 1);

    let stored = StoredState { snapshot: books_with_it, lost, ..StoredState::default() };
    let (replica, outputs) = Replica::restore(config(), stored, NOW);
    assert!(replica.lost().is_empty());
    assert!(outputs.iter().any(|output| matches!(output, Output::KeepLost(kept) if kept.is_empty())));
}

#[test]
fn p7_what_others_had_written_is_listed_until_it_is_in_the_log_again() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let (backup, common) = (shop.back_up(), shop.head());
    shop.other("sale.record", sale(8, "OAT-1"));
    let others = id(shop.serial);
    shop.other("product.change", json!({"sku": "RYE-1", "price": 310}));
    shop.feed(&mut replica, feed, NOW);
    shop.sell(&mut replica, feed, 1);

    shop.restore(&backup);
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!(restored(&outputs), Some((common, 1, 2)));
    let lost: Vec<_> = replica.lost().iter().map(|lost| (lost.position, lost.entry.command_id)).collect();
    assert_eq!(lost[0], (common + 1, others), "the sale, and not what followed from it");
    assert_eq!(lost.len(), 2);
    assert!(outputs.iter().any(|output| matches!(output, Output::KeepLost(kept) if kept.len() == 2)));

    // It is still listed after a restart, and the other till has come back by then.
    let stored = StoredState { snapshot: replica.snapshot(), lost: replica.lost().to_vec(), ..StoredState::default() };
    let (mut replica, _) = Replica::restore(config(), stored, NOW);
    shop.decide(vec![Submission {
        id: others,
        command: command("sale.record", sale(8, "OAT-1")),
        if_version: None,
        device: "till-2".into(),
        issued_at: NOW,
        undoes: None,
        replaces: None,
        depends_on: Vec::new(),
    }]);
    let outputs = replica.handle(Input::Lead, NOW);
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!(replica.lost().len(), 1);
    assert!(outputs.iter().any(|output| matches!(output, Output::KeepLost(kept) if kept.len() == 1)));
    let outputs = replica.dismiss_lost(NOW);
    assert!(replica.lost().is_empty());
    assert!(outputs.iter().any(|output| matches!(output, Output::KeepLost(kept) if kept.is_empty())));
}

#[test]
fn p1_a_page_that_ends_before_the_offer_is_stored_begins_anew() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let backup = shop.back_up();
    let before = replica.snapshot();
    let outputs = shop.sell(&mut replica, feed, 1);
    let kept = outputs.iter().find_map(|output| match output {
        Output::Keep { acknowledged, .. } => Some((**acknowledged).clone()),
        _ => None,
    });
    let tail = shop.log[backup.1.len()..].to_vec();
    let stored = StoredState { snapshot: before, tail, acknowledged: vec![kept.unwrap()], ..StoredState::default() };
    for _ in 0..2 {
        shop.restore(&backup);
        let (mut replica, _) = Replica::restore(config(), stored.clone(), NOW);
        let outputs = replica.handle(Input::Lead, NOW);
        let outputs = shop.settle(&mut replica, outputs);
        assert_eq!(offered(&outputs), [id(1)]);
        assert_eq!(replica.confirmed().digest(), shop.authority.books.digest());
    }
    // Also where the copy of the log was thrown away meanwhile.
    let stored = StoredState { snapshot: None, tail: Vec::new(), ..stored };
    shop.restore(&backup);
    let (mut replica, mut outputs) = Replica::restore(config(), stored, NOW);
    outputs.extend(replica.handle(Input::Lead, NOW));
    let outputs = shop.settle(&mut replica, outputs);
    assert_eq!((offered(&outputs), shop.times_in_the_log(1)), (vec![id(1)], 1));
}

#[test]
fn p5_what_the_restored_shop_refuses_stays_with_its_reason() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let backup = shop.back_up();
    let allocate = json!({"order_id": "O-1", "sku": "OAT-1", "qty": 4});
    let (ticket, push) = pushed(&saved(&mut replica, 1, "order.allocate", allocate)).unwrap();
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    assert_eq!(replica.pending().count(), 0);
    shop.restore(&backup);
    shop.other("order.allocate", json!({"order_id": "O-2", "sku": "OAT-1", "qty": 4}));
    let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    shop.settle(&mut replica, outputs);
    let refused = replica.pending_of(id(1)).unwrap();
    assert_eq!(
        (refused.state, refused.refusal().map(Refusal::code)),
        (SyncState::NeedsAttention, Some("out_of_stock"))
    );
}

#[test]
fn a_command_that_came_out_otherwise_is_offered_too_and_kept_once_it_was_seen() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    shop.other("stock.receive", json!({"batchref": "B-1", "sku": "OAT-1", "qty": 5}));
    shop.feed(&mut replica, feed, NOW);
    let backup = shop.back_up();
    shop.other("order.allocate", json!({"order_id": "O-2", "sku": "OAT-1", "qty": 4}));
    let allocate = json!({"order_id": "O-1", "sku": "OAT-1", "qty": 3});
    let (ticket, push) = pushed(&saved(&mut replica, 1, "order.allocate", allocate)).unwrap();
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    assert_eq!(state(&replica, 1), Some(SyncState::ConfirmedChanged));
    let mut seen = replica.clone();
    seen.acknowledge(id(1), NOW).unwrap();
    assert_eq!(seen.kept(), 1);
    shop.restore(&backup);
    for mut replica in [replica, seen] {
        let outputs = replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
        let outputs = shop.settle(&mut replica, outputs);
        assert_eq!((offered(&outputs), shop.times_in_the_log(1)), (vec![id(1)], 1));
        shop.restore(&backup);
    }
}

fn acknowledged(number: u64, at: i64) -> Acknowledged {
    let submission = Submission {
        id: id(u128::from(number)),
        command: command("stock.count", json!({"sku": "OAT-1", "counted": 1})),
        if_version: None,
        device: "till-1".into(),
        issued_at: NOW,
        undoes: None,
        replaces: None,
        depends_on: Vec::new(),
    };
    Acknowledged {
        submission,
        sequence: number,
        seen: Waypoint { position: number, hash: Hash::ORIGIN },
        epoch: None,
        at: Millis(at),
        person: None,
        replaces: None,
    }
}

#[test]
fn p2_a_command_that_was_given_another_form_does_not_come_back_from_the_half_that_is_written_late() {
    let settled = Acknowledged { replaces: Some(id(1)), ..acknowledged(2, 0) };
    let late = OutboxRecord::new(acknowledged(1, 0).submission, 1);
    let stored = StoredState { outbox: vec![late.clone()], acknowledged: vec![settled], ..StoredState::default() };
    let (mut replica, outputs) = Replica::restore(config(), stored, NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Forget(gone) if *gone == id(1))), "{outputs:?}");
    replica.handle(Input::Adopted(Box::new(late)), NOW);
    assert_eq!(replica.pending().count(), 0);
}

#[test]
fn p2_what_another_tab_has_settled_is_not_sent_in_the_form_that_it_had_before() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Follow, NOW);
    let before = OutboxRecord::new(acknowledged(1, 0).submission, 1);
    replica.handle(Input::Adopted(Box::new(before)), NOW);
    assert_eq!(replica.pending().count(), 1);
    let settled = Acknowledged { replaces: Some(id(1)), ..acknowledged(2, 0) };
    let outputs = replica.handle(Input::Recalled(vec![settled]), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Forget(gone) if *gone == id(1))));
    assert_eq!(replica.pending().count(), 0);
    assert_eq!(replica.overlay().digest(), replica.confirmed().digest());
}

#[test]
fn what_is_kept_is_bounded_in_number_and_age() {
    let mut kept = Kept::default();
    let most = MOST_KEPT as u64;
    for number in 1..=most {
        assert!(kept.push(acknowledged(number, 0)).is_empty());
    }
    assert_eq!(kept.push(acknowledged(most + 1, 0)), [id(1)]);
    assert_eq!((kept.len(), kept.last_sequence()), (MOST_KEPT, most + 1));
    let dropped = kept.push(acknowledged(most + 2, LONGEST_KEPT + 1));
    assert_eq!((dropped.len(), kept.len()), (MOST_KEPT, 1));
    assert!(kept.push(acknowledged(most + 2, LONGEST_KEPT + 1)).is_empty(), "again");
    assert_eq!(kept.len(), 1);
}
