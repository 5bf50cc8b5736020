//! A device that is shut out, or whose person is.

use super::*;
use crate::protocol::{Fate, Revocation, Revoked, ShutOut};

const SINCE: Revocation = Revocation { of: ShutOut::Device, at: Millis(NOW.0 + 5_000) };

fn revoked() -> Box<FeedFrame> {
    Box::new(FeedFrame::Revoked(Revoked { protocol: PROTOCOL, revocation: Some(SINCE) }))
}

fn handed_over(ticket: u64, fates: Vec<Fate>) -> Input {
    Input::PushAnswered { ticket, answer: Err(ProtocolError::Revoked { revocation: SINCE, fates }) }
}

fn no_answer() -> ProtocolError {
    ProtocolError::NoAnswer { problem: "broken".to_owned() }
}

fn wipes(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::Revoked(_))).count()
}

/// A replica that leads, with two sales that wait since the server cannot be heard.
fn with_two_unsent() -> (Shop, Replica, u64) {
    let shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    replica.handle(Input::NetworkDown, NOW);
    replica.handle(Input::Probed { reached: false }, NOW);
    for number in [1, 2] {
        saved(&mut replica, u128::from(number), "sale.record", sale(number, "OAT-1"));
    }
    (shop, replica, feed)
}

#[test]
fn p9_a_revoked_device_forgets_the_books_and_keeps_its_outbox() {
    let (shop, mut replica, feed) = with_two_unsent();
    assert_eq!(replica.confirmed().position, shop.head());
    let outputs = replica.handle(Input::FeedFrame { feed, frame: revoked() }, later(6));
    assert_eq!(wipes(&outputs), 1);
    assert_eq!((replica.epoch(), replica.confirmed().position, replica.snapshot().is_none()), (None, 0, true));
    assert!(
        !replica.overlay().aggregates.products.contains_key(&Sku::parse("RYE-1").unwrap()),
        "and shows nothing of them"
    );
    assert_eq!(replica.pending().map(|view| view.id).collect::<Vec<_>>(), [id(1), id(2)]);
    assert_eq!((replica.revocation(), replica.connection().state), (Some(SINCE), DataState::Revoked));
    assert_eq!(replica.unsent().len(), 2, "what it wrote can be saved as a file");
    // Told again, by another way or another tab: nothing is left to be forgotten.
    for again in [Input::Relayed(revoked()), Input::Wake] {
        assert_eq!(wipes(&replica.handle(again, later(7))), 0);
    }
}

#[test]
fn p5_what_was_written_before_the_end_is_handed_over_and_stays_in_sight() {
    let (_, mut replica, feed) = with_two_unsent();
    let (ticket, push) = pushed(&replica.handle(Input::FeedFrame { feed, frame: revoked() }, later(6))).unwrap();
    assert_eq!((ids(&push), push.device.as_deref(), push.unsent), (vec![id(1), id(2)], Some("till-1"), Some(0)));
    let fates = vec![Fate::Quarantined { id: id(1) }, Fate::TooLate { id: id(2) }];
    let outputs = replica.handle(handed_over(ticket, fates), later(7));
    assert!(pushed(&outputs).is_none() && !outputs.iter().any(|output| matches!(output, Output::Forget(_))));
    let stages: Vec<_> = replica.pending().map(|view| view.stage).collect();
    let refused = |reason| Stage::Refused { reason };
    assert_eq!(stages, [refused(Reason::Quarantined), refused(Reason::TooLate)]);

    // It must not come to the book twice: by its owner, and under another id from here.
    assert_eq!(replica.retry(id(1), id(11), later(8)).unwrap_err(), NotNow::State);
    let given_up = replica.discard(id(1), "It is with the owner", Dependants::Wait, later(8)).unwrap();
    assert!(pushed(&given_up).is_none(), "the shop hears nothing more from this device");
    assert_eq!(replica.pending().filter(|view| view.state == SyncState::NeedsAttention).count(), 1);
}

#[test]
fn p5_what_builds_on_a_command_in_quarantine_goes_there_too() {
    let shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    replica.handle(Input::NetworkDown, NOW);
    replica.handle(Input::Probed { reached: false }, NOW);
    saved(&mut replica, 1, "product.add", json!({"sku": "NEW-1", "name": "New", "price": 100}));
    saved(&mut replica, 2, "stock.receive", json!({"batchref": "B-9", "sku": "NEW-1", "qty": 5}));
    replica.batch = 1;
    let (ticket, push) = pushed(&replica.handle(Input::FeedFrame { feed, frame: revoked() }, later(6))).unwrap();
    assert_eq!((ids(&push), push.unsent), (vec![id(1)], Some(1)));
    let (_, push) =
        pushed(&replica.handle(handed_over(ticket, vec![Fate::Quarantined { id: id(1) }]), later(7))).unwrap();
    assert_eq!(ids(&push), [id(2)]);
}

#[test]
fn p2_what_was_settled_before_the_end_is_not_called_quarantined() {
    let (mut shop, mut replica, feed) = with_two_unsent();
    replica.handle(Input::TryNow, later(1));
    let (ticket, push) = pushed(&replica.handle(Input::Probed { reached: true }, later(1))).unwrap();
    // The answer is lost, and the device is shut out before it asks again.
    let fates = shop.decide(push.submissions).into_iter().map(Fate::Decided).collect();
    replica.handle(Input::PushAnswered { ticket, answer: Err(no_answer()) }, later(2));
    let (ticket, _) = pushed(&replica.handle(Input::FeedFrame { feed, frame: revoked() }, later(9))).unwrap();
    let outputs = replica.handle(handed_over(ticket, fates), later(10));
    assert_eq!(replica.pending().count(), 0);
    assert_eq!(outputs.iter().filter(|output| matches!(output, Output::Forget(_))).count(), 2);
}

#[test]
fn p7_whoever_is_let_in_again_goes_on_without_a_reload() {
    let (mut shop, mut replica, feed) = with_two_unsent();
    let (ticket, push) = pushed(&replica.handle(Input::FeedFrame { feed, frame: revoked() }, later(6))).unwrap();
    let quarantined = push.submissions.iter().map(|one| Fate::Quarantined { id: one.id }).collect();
    replica.handle(handed_over(ticket, quarantined), later(7));
    let asked = replica.handle(Input::TryNow, later(8));
    let ticket = asked.iter().find_map(|output| match output {
        Output::FetchSnapshot { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let answer = Input::SnapshotAnswered { ticket: ticket.unwrap(), answer: Ok(shop.snapshot()) };
    let outputs = replica.handle(answer, later(9));
    assert!(outputs.iter().any(|output| matches!(output, Output::Readmitted)));
    assert_eq!((replica.revocation(), replica.confirmed().position), (None, shop.head()));
    let opened = outputs.iter().find_map(|output| match output {
        Output::OpenFeed { feed, after, .. } => Some((*feed, *after)),
        _ => None,
    });
    let (feed, after) = opened.unwrap();
    // The owner has decided, and it comes with the log.
    shop.decide(push.submissions[..1].to_vec());
    replica.handle(Input::FeedOpened { feed }, later(10));
    replica.handle(Input::FeedFrame { feed, frame: shop.events(after) }, later(10));
    assert_eq!(replica.pending().map(|view| view.id).collect::<Vec<_>>(), [id(2)], "the other one is not decided yet");
}

#[test]
fn p9_a_page_of_before_does_not_bring_the_books_back() {
    let shop = Shop::new();
    let stored = StoredState { revocation: Some(SINCE), ..StoredState::default() };
    let (mut replica, _) = Replica::restore(config(), stored, later(20));
    assert_eq!(replica.connection().state, DataState::Revoked);
    let outputs = replica.handle(Input::Lead, later(20));
    assert!(!outputs.iter().any(|output| matches!(output, Output::FetchSnapshot { .. } | Output::OpenFeed { .. })));
    let outputs = replica.handle(Input::SnapshotOffered(shop.snapshot()), later(21));
    assert_eq!(replica.epoch(), None);
    assert!(outputs.iter().any(|output| matches!(output, Output::FetchSnapshot { .. })), "the server is asked");
}
