//! A line lost its goods because its batch holds fewer than was thought: try the other batches, else say that the
//! line is short.

use crate::{
    books::{Aggregates, Reads},
    command::Command,
    event::Event,
    record::Entry,
    stock::{self, FreedBecause},
};

pub fn react(entry: &Entry, _aggregates: &Aggregates, _reads: &mut Reads) -> Vec<Command> {
    match &entry.event {
        Event::Stock(stock::Event::LineFreed(freed)) if freed.because == FreedBecause::Shortage => {
            let (order_id, sku) = (freed.order_id.clone(), freed.sku.clone());
            vec![stock::Command::Reallocate { order_id, sku, qty: freed.qty }.into()]
        }
        _ => vec![],
    }
}
