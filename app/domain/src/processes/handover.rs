//! Goods on a receipt, or of an order that was handed over, have left the shop: take each line out of its SKU's stock.
//! Goods that came back are there again.

use crate::{
    books::{Aggregates, Reads},
    command::Command,
    event::Event,
    order,
    record::Entry,
    sale, stock,
};

pub fn react(entry: &Entry, _aggregates: &Aggregates, _reads: &mut Reads) -> Vec<Command> {
    match &entry.event {
        Event::Sale(sale::Event::SaleRecorded(sale::SaleRecorded { sale_id, lines, .. })) => {
            let sell = |line: &sale::Line| stock::Command::Sell {
                sku: line.sku.clone(),
                qty: line.qty,
                sale_id: sale_id.clone(),
            };
            lines.iter().map(sell).map(Command::from).collect()
        }
        Event::Sale(sale::Event::SalePutBack(sale::SalePutBack { sale_id, lines, .. })) => {
            let take_back = |line: &sale::Line| stock::Command::TakeBack {
                sku: line.sku.clone(),
                qty: line.qty,
                sale_id: sale_id.clone(),
            };
            lines.iter().map(take_back).map(Command::from).collect()
        }
        Event::Order(order::Event::OrderHandedOver(order::OrderHandedOver { order_id, lines, .. })) => {
            let hand_over = |line: &order::HandedLine| stock::Command::HandOver {
                sku: line.sku.clone(),
                qty: line.qty,
                order_id: order_id.clone(),
            };
            lines.iter().map(hand_over).map(Command::from).collect()
        }
        _ => vec![],
    }
}
