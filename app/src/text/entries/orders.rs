//! What happened to orders, in words.

use domain::{
    books::Role,
    order::{self, State},
    projections::orders::Step,
};

use super::Writer;
use crate::{
    format::{money, number},
    ui::sentence::Sentence,
};

pub(super) fn entry(write: &Writer<'_>, event: &order::Event) -> Sentence {
    let start = Sentence::default();
    match event {
        order::Event::ItemAdded(event) => {
            let sentence = write.product(start.then(format!("Added {} × ", number(event.qty.signed()))), &event.sku);
            write.order(sentence.then(" to "), &event.order_id)
        }
        order::Event::ItemRemoved(event) => {
            let sentence = write.product(start.then(format!("Took {} × ", number(event.qty.signed()))), &event.sku);
            write.order(sentence.then(" out of "), &event.order_id)
        }
        order::Event::OrderPlaced(event) => {
            let verb = if event.back_order { "Back-ordered " } else { "Placed " };
            let sentence = write.order(start.then(verb), &event.order_id).then(": ");
            let sentence = write.lines(sentence, event.lines.iter().map(|line| (&line.sku, line.qty.signed())));
            match &event.account {
                Some(account) if write.reader.sees_money() => write.account(sentence.then(", paid from "), account),
                _ => sentence,
            }
        }
        order::Event::OrderAccepted(event) => write.order(start.then("Accepted "), &event.order_id),
        order::Event::OrderRejected(event) => write
            .order(start.then("Did not accept "), &event.order_id)
            .then(format!(": {}.", write.why_not(&event.reason))),
        order::Event::OrderCancelled(event) => write.order(start.then("Cancelled "), &event.order_id),
        order::Event::OrderHandedOver(event) => {
            let sentence = write.order(start.then("Handed over "), &event.order_id);
            match event.was {
                State::Accepted => sentence,
                was => sentence.then(format!(", which was {}", state(was))),
            }
        }
        order::Event::OrderSettled(event) => write.order(start.then("Saw to "), &event.order_id),
    }
}

/// How far an order is, inside a sentence.
fn state(state: State) -> &'static str {
    match state {
        State::Draft => "not placed",
        State::Placed => "not accepted yet",
        State::Accepted => "accepted",
        State::Rejected => "not accepted",
        State::Cancelled => "cancelled",
        State::HandedOver => "handed over",
    }
}

/// A step in an order's timeline, with the word that the style sheet marks it by, for a reader of this role.
#[must_use]
pub fn step(step: &Step, reader: Role) -> (&'static str, String) {
    if !reader.sees_money() {
        return without_money(step).unwrap_or_else(|| whole(step));
    }
    whole(step)
}

/// A step that names a sum, without it.
fn without_money(step: &Step) -> Option<(&'static str, String)> {
    Some(match step {
        Step::Placed { back_order: false, .. } => ("done", "Order placed".to_owned()),
        Step::Placed { back_order: true, .. } => ("done", "Back-ordered: what is missing comes later".to_owned()),
        Step::Rejected { reason } => {
            ("failed", format!("Not accepted: {}", super::super::why_not_for(reason, Role::StockHand)))
        }
        Step::Charged { .. } => ("done", "Paid for".to_owned()),
        Step::PaidBack { .. } => ("undone", "Paid back".to_owned()),
        _ => return None,
    })
}

fn whole(step: &Step) -> (&'static str, String) {
    match step {
        Step::ItemAdded { sku, qty } => ("done", format!("{} × {sku} added", number(qty.signed()))),
        Step::ItemRemoved { sku, qty } => ("undone", format!("{} × {sku} taken out", number(qty.signed()))),
        Step::Cancelled => ("undone", "Order cancelled".to_owned()),
        Step::Placed { total, back_order: false } => ("done", format!("Order placed, {}", money(*total))),
        Step::Placed { total, back_order: true } => {
            ("done", format!("Back-ordered, {}: what is missing comes later", money(*total)))
        }
        Step::Accepted => ("done", "Accepted".to_owned()),
        Step::Rejected { reason } => ("failed", format!("Not accepted: {}", super::super::why_not(reason))),
        Step::HandedOver { was: State::Accepted } => ("done", "Handed over".to_owned()),
        Step::HandedOver { was } => ("failed", format!("Handed over, though it was {}", state(*was))),
        Step::Settled => ("done", "Seen to".to_owned()),
        Step::Charged { account_id, amount } => {
            ("done", format!("{} charged to account {account_id}", money(amount.minor())))
        }
        Step::PaidBack { account_id, amount } => {
            ("undone", format!("{} given back to account {account_id}", money(amount.minor())))
        }
        Step::Allocated { sku, qty, batchref } => {
            ("done", format!("{} × {sku} reserved from batch {batchref}", number(qty.signed())))
        }
        Step::Freed { sku, qty, asked: true, .. } => ("undone", format!("{} × {sku} freed", number(qty.signed()))),
        Step::Freed { sku, qty, batchref, asked: false } => {
            ("undone", format!("{} × {sku} freed from batch {batchref}: looking for others", number(qty.signed())))
        }
        Step::Short { sku, qty } => ("failed", format!("Short: {} × {sku}", number(qty.signed()))),
    }
}
