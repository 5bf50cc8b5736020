//! The browser cleared this device's storage while the page is open.

use super::*;

fn written_again(outputs: &[Output]) -> Vec<(CommandId, Stage)> {
    let written = outputs.iter().filter_map(|output| match output {
        Output::Persist(record) | Output::Update(record) => Some((record.submission.id, record.stage.clone())),
        _ => None,
    });
    written.collect()
}

#[test]
fn f11_nothing_is_called_saved_or_sent_again_before_it_has_been_written_again() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    saved(&mut replica, 2, "sale.record", sale(2, "RYE-1"));

    let outputs = replica.handle(Input::StorageLost, NOW);
    assert_eq!(written_again(&outputs), [(id(1), Stage::Saved), (id(2), Stage::Saved)]);
    assert!(outputs.iter().all(|output| !matches!(output, Output::Forget(_))));
    assert_eq!(state(&replica, 1), Some(SyncState::Saving));
    assert!(pushed(&replica.handle(Input::Unpause, NOW)).is_none(), "not durable, not sent");

    replica.handle(Input::Persisted(id(1)), NOW);
    assert_eq!((state(&replica, 1), state(&replica, 2)), (Some(SyncState::SavedHere), Some(SyncState::Saving)));
    replica.handle(Input::StorageFailed(id(2)), NOW);
    assert_eq!(state(&replica, 2), Some(SyncState::NeedsAttention), "said not to be saved");
}

#[test]
fn f11_a_verdict_counts_however_storage_stands_and_a_late_commit_changes_nothing() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    let (ticket, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    replica.handle(Input::StorageLost, NOW);
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    assert!(matches!(replica.pending_of(id(1)).unwrap().stage, Stage::Accepted { .. }));
    replica.handle(Input::Persisted(id(1)), NOW);
    shop.feed(&mut replica, feed, NOW);
    assert_eq!(replica.pending().count(), 0);
}

#[test]
fn f11_what_needs_a_person_what_was_settled_and_the_books_are_written_again_too() {
    let mut shop = Shop::new();
    let (mut replica, _) = refused_and_held(&mut shop);
    let outputs = replica.handle(Input::StorageLost, NOW);
    let again = written_again(&outputs);
    assert_eq!(again.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(1), id(2), id(4)]);
    assert!(matches!(again[0].1, Stage::Refused { .. }) && matches!(again[1].1, Stage::Held { .. }), "{again:?}");
    assert_eq!(kept(&outputs), [id(3)]);
    assert!(outputs.iter().any(|output| matches!(output, Output::SaveSnapshot(_))));
    assert_eq!(state(&replica, 1), Some(SyncState::NeedsAttention));
}

#[test]
fn f11_commands_are_issued_under_the_new_name() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Named("till-9".into()), NOW);
    let issued = issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    let Output::Persist(record) = &issued.outputs[0] else { panic!("{:?}", issued.outputs) };
    assert_eq!(&*record.submission.device, "till-9");
}

#[test]
fn p1_what_storage_gives_late_is_shown_sent_and_not_taken_for_unsent() {
    let mut shop = Shop::new();
    let (mut earlier, _) = shop.replica();
    let issued = issue(&mut earlier, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    let Output::Persist(record) = issued.outputs[0].clone() else { panic!("{:?}", issued.outputs) };

    let (mut replica, feed) = shop.replica();
    let outputs = replica.handle(Input::FoundLate(vec![*record]), NOW);
    assert_eq!(state(&replica, 1), Some(SyncState::SavedHere));
    assert!(!replica.pending_of(id(1)).unwrap().discardable, "the earlier run may have sent it");
    let (ticket, push) = pushed(&outputs).unwrap();
    let answer = shop.answer(push);
    replica.handle(answered(ticket, answer), NOW);
    shop.feed(&mut replica, feed, NOW);
    assert_eq!(replica.pending().count(), 0);
}

#[test]
fn f11_a_changed_command_that_is_not_written_again_stays_and_says_so() {
    let shop = Shop::new();
    let (mut replica, _) = shop.replica();
    replica.handle(Input::Pause, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    replica.replace(id(1), Issue::new(id(2), command("sale.record", sale(1, "RYE-1"))), NOW).unwrap();
    replica.handle(Input::Persisted(id(2)), NOW);
    replica.handle(Input::StorageLost, NOW);
    let outputs = replica.handle(Input::StorageFailed(id(2)), NOW);
    assert!(outputs.iter().all(|output| !matches!(output, Output::Forget(_))), "another tab may have written it");
    assert_eq!(state(&replica, 2), Some(SyncState::NeedsAttention));
}

#[test]
fn f11_what_was_called_unsaved_and_is_in_the_book_is_shown_and_what_waited_for_it_goes_on() {
    let mut shop = Shop::new();
    let (mut replica, _) = shop.replica();
    let receive = json!({"batchref": "B-9", "sku": "RYE-1", "qty": 4});
    let (ticket, push) = pushed(&saved(&mut replica, 1, "stock.receive", receive)).unwrap();
    saved(&mut replica, 2, "order.allocate", json!({"order_id": "O-1", "sku": "RYE-1", "qty": 4}));
    let shown = replica.overlay().digest();
    replica.handle(Input::StorageLost, NOW);
    replica.handle(Input::Persisted(id(2)), NOW);
    replica.handle(Input::StorageFailed(id(1)), NOW);
    assert_eq!((state(&replica, 1), state(&replica, 2)), (Some(SyncState::NeedsAttention), Some(SyncState::Held)));
    let answer = shop.answer(push);
    let outputs = replica.handle(answered(ticket, answer), NOW);
    assert!(matches!(replica.pending_of(id(1)).unwrap().stage, Stage::Accepted { .. }));
    assert_eq!(replica.overlay().digest(), shown);
    assert_eq!(ids(&pushed(&outputs).unwrap().1), [id(2)]);
}
