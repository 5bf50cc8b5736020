//! Goods came in, or were given back, while accepted orders lack some: who has waited longest gets theirs, as far as one
//! batch has all of it.

use crate::{
    books::{self, Aggregates, Reads},
    command::Command,
    event::Event,
    order::State,
    record::Entry,
    stock::{self, FreedBecause},
    values::{OrderId, Quantity, Sku},
};

pub fn react(entry: &Entry, aggregates: &Aggregates, reads: &mut Reads) -> Vec<Command> {
    let Event::Stock(event) = &entry.event else { return vec![] };
    let Some(stock) = aggregates.stocks.get(event.sku()).filter(|_| may_bring_goods(event)) else { return vec![] };
    reads.extend(stock.short.keys().map(books::order_id));
    let sku = event.sku();
    let first = stock.first_to_fill(|order_id| wanted(order_id, sku, aggregates));
    let fill = |(order_id, qty): (&OrderId, Quantity)| {
        stock::Command::Fill { order_id: order_id.clone(), sku: sku.clone(), qty }.into()
    };
    first.map(fill).into_iter().collect()
}

/// How many units an order waits for. One that has not been accepted does not: it was promised nothing.
pub(super) fn wanted(order_id: &OrderId, sku: &Sku, aggregates: &Aggregates) -> Option<Quantity> {
    let order = aggregates.orders.get(order_id).filter(|order| order.state == State::Accepted)?;
    order.line(sku).map(|line| line.qty)
}

/// After a loss, those who lost their goods are served first, and then it is asked again.
fn may_bring_goods(event: &stock::Event) -> bool {
    match event {
        stock::Event::BatchQuantityChanged(changed) => changed.qty.get() > changed.was,
        stock::Event::LineFreed(freed) => freed.because == FreedBecause::Asked,
        stock::Event::StockSold(_) | stock::Event::StockDamaged(_) | stock::Event::StockHandedOver(_) => false,
        _ => true,
    }
}
