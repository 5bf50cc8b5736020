//! Two devices of a shop that have chosen the same code.

use super::*;
use crate::protocol::CodeTaken;

fn taken(code: &str) -> Box<FeedFrame> {
    Box::new(FeedFrame::CodeTaken(CodeTaken { protocol: PROTOCOL, code: code.into() }))
}

fn asks_for_another(outputs: &[Output]) -> Vec<&str> {
    let code = |output: &Output| matches!(output, Output::TakeAnotherCode(_));
    let asked = outputs.iter().filter(|output| code(output));
    asked.map(|output| if let Output::TakeAnotherCode(code) = output { &**code } else { "" }).collect()
}

#[test]
fn p5_a_device_whose_code_is_taken_takes_another_and_what_it_has_issued_stays() {
    let mut shop = Shop::new();
    let (mut replica, feed) = shop.replica();
    replica.handle(Input::FeedFrame { feed, frame: shop.heartbeat() }, NOW);
    let (ticket, push) = pushed(&saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"))).unwrap();
    assert_eq!((ids(&push), push.device.as_deref()), (vec![id(1)], Some("till-1")));
    let outputs = replica.handle(Input::FeedFrame { feed, frame: taken("till-1") }, NOW);
    assert_eq!(asks_for_another(&outputs), ["till-1"]);
    assert!(outputs.iter().any(|output| matches!(output, Output::Report(Report::CodeTaken { .. }))));

    let outputs = replica.handle(Input::Named("till-9".into()), NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::CloseFeed)), "the feed says the other code");
    let outputs = replica.handle(Input::Wake, later(2));
    assert!(opened(&outputs).is_some(), "{outputs:?}");
    assert_eq!(replica.pending().map(|view| (view.id, view.stage)).collect::<Vec<_>>(), [(id(1), Stage::Saved)]);
    // What was under way is answered as ever, and what comes next goes under the new code.
    let answer = shop.answer(push);
    replica.handle(Input::PushAnswered { ticket, answer: Ok(answer) }, later(2));
    let (_, push) = pushed(&saved(&mut replica, 2, "sale.record", sale(2, "OAT-1"))).unwrap();
    assert_eq!((ids(&push), push.device.as_deref()), (vec![id(2)], Some("till-9")));
    assert_eq!(&*push.submissions[0].device, "till-9");
}

#[test]
fn p2_what_a_twin_had_waiting_goes_out_as_it_was_issued() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Follow, NOW);
    saved(&mut replica, 1, "sale.record", sale(1, "OAT-1"));
    replica.handle(Input::Relayed(taken("till-1")), NOW);
    replica.handle(Input::Named("till-9".into()), NOW);
    let (_, push) = pushed(&replica.handle(Input::Lead, NOW)).unwrap();
    assert_eq!((ids(&push), push.device.as_deref()), (vec![id(1)], Some("till-9")));
    assert_eq!(&*push.submissions[0].device, "till-1", "under the code on the customer's paper");
}

#[test]
fn a_code_that_is_not_this_devices_is_nothing_to_it() {
    let (mut replica, feed) = Shop::new().replica();
    let outputs = replica.handle(Input::FeedFrame { feed, frame: taken("till-2") }, NOW);
    assert_eq!(asks_for_another(&outputs), [""; 0]);
    replica.handle(Input::Named("till-9".into()), NOW);
    let outputs = replica.handle(Input::Relayed(taken("till-1")), NOW);
    assert_eq!(asks_for_another(&outputs), [""; 0], "the last word of the feed before");
    // The same name once more, from storage that was slow: the feed stays open.
    let feed = opened(&replica.handle(Input::Wake, later(2))).unwrap().0;
    let outputs = replica.handle(Input::Named("till-9".into()), later(2));
    assert!(!outputs.iter().any(|output| matches!(output, Output::CloseFeed)), "{feed}");
}

#[test]
fn a_tab_that_follows_takes_the_same_step() {
    let (mut replica, _) = Shop::new().replica();
    replica.handle(Input::Follow, NOW);
    let outputs = replica.handle(Input::Relayed(taken("till-1")), NOW);
    assert_eq!(asks_for_another(&outputs), ["till-1"]);
    replica.handle(Input::Named("till-9".into()), NOW);
    assert_eq!(opened(&replica.handle(Input::Wake, later(2))), None, "the other tab has the feed");
    let issued = issue(&mut replica, 1, "sale.record", sale(1, "OAT-1")).unwrap();
    let Output::Persist(record) = &issued.outputs[0] else { panic!("{:?}", issued.outputs) };
    assert_eq!(&*record.submission.device, "till-9");
}
