//! An order was cancelled, or not accepted: what was promised to it is free again, and what was paid for it goes back.

use crate::{
    account,
    books::{Aggregates, Reads},
    command::Command,
    event::Event,
    order::{self, State},
    record::Entry,
    stock,
    values::{AccountId, OrderId, Sku},
};

pub fn react(entry: &Entry, aggregates: &Aggregates, _reads: &mut Reads) -> Vec<Command> {
    let (order_id, skus) = match &entry.event {
        Event::Order(order::Event::OrderCancelled(cancelled)) => (&cancelled.order_id, &cancelled.skus),
        Event::Order(order::Event::OrderRejected(rejected)) => (&rejected.order_id, &rejected.skus),
        _ => return vec![],
    };
    let release = |sku: &Sku| stock::Command::Release { order_id: order_id.clone(), sku: sku.clone() }.into();
    skus.iter().map(release).chain(refund(order_id, aggregates)).collect()
}

/// All that the order was charged.
pub(super) fn refund(order_id: &OrderId, aggregates: &Aggregates) -> Option<Command> {
    let charged = aggregates.charges.get(order_id)?.clone();
    let (account_id, amount) = (charged.account_id, charged.amount);
    Some(account::Command::Refund { account_id, order_id: order_id.clone(), amount }.into())
}

fn is_over(order_id: &OrderId, aggregates: &Aggregates) -> bool {
    let order = aggregates.orders.get(order_id);
    order.is_none_or(|order| matches!(order.state, State::Rejected | State::Cancelled))
}

/// Unless the order has been placed again since, and wants these goods.
pub(super) fn release_is_due(order_id: &OrderId, sku: &Sku, aggregates: &Aggregates) -> bool {
    let wants = || aggregates.orders.get(order_id).is_some_and(|order| order.line(sku).is_some());
    is_over(order_id, aggregates) || !wants()
}

/// Once; and not what the order owes, if it has been placed again since.
pub(super) fn refund_is_due(order_id: &OrderId, account_id: &AccountId, aggregates: &Aggregates) -> bool {
    let has = aggregates.charges.get(order_id).is_some_and(|charged| charged.account_id == *account_id);
    has && (is_over(order_id, aggregates) || super::ordering::overcharged(order_id, aggregates))
}
