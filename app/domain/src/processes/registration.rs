//! Goods came or went whose product nobody has added: it exists from now on, unnamed, for a person to name.

use crate::{
    books::{Aggregates, Reads},
    command::Command,
    event::Event,
    product,
    record::Entry,
    stock,
};

pub fn react(entry: &Entry, aggregates: &Aggregates, _reads: &mut Reads) -> Vec<Command> {
    let sku = match &entry.event {
        Event::Stock(stock::Event::BatchReceived(received)) => &received.sku,
        Event::Stock(stock::Event::StockSold(sold)) => &sold.sku,
        Event::Stock(stock::Event::StockCounted(counted)) => &counted.sku,
        _ => return vec![],
    };
    if aggregates.products.contains_key(sku) {
        return vec![];
    }
    vec![product::Command::Register { sku: sku.clone() }.into()]
}
