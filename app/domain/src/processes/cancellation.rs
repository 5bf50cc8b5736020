//! An order was cancelled: what was promised to it is free again.

use crate::{books::Aggregates, command::Command, event::Event, order, record::Entry, stock};

pub fn react(entry: &Entry, _aggregates: &Aggregates) -> Vec<Command> {
    let Event::Order(order::Event::OrderCancelled(cancelled)) = &entry.event else { return vec![] };
    let release = |sku: &crate::values::Sku| {
        let (order_id, sku) = (cancelled.order_id.clone(), sku.clone());
        stock::Command::Release { order_id, sku }.into()
    };
    cancelled.skus.iter().map(release).collect()
}
