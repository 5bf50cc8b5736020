//! The stock of one SKU: its batches and the order lines that have been promised goods from them.
//!
//! The rules are those of allocation in "Cosmic Python", chapters 1 and 12
//! (<https://www.cosmicpython.com/book/chapter_12_cqrs.html>): a line is allocated to a single batch, to stock in
//! hand before shipments, among those to the earliest expected day; never more than is available; the same line
//! never twice. Where goods turn out to be fewer than was promised, the newest promises are freed first.

mod allocation;
mod commands;
mod events;
mod state;

pub use commands::{Adjustment, Command, Count, Receive, Subject};
pub use events::{
    BatchArrived, BatchQuantityChanged, BatchReceived, Event, FreedBecause, LineAllocated, LineFreed, LineShort,
    StockCounted, StockDamaged, StockHandedOver, StockPutBack, StockSold, Taken,
};
pub use state::{Batch, Lack, Line, Stock, evolve};

use crate::{
    refusal::{Refusal, Thing},
    values::{BatchRef, Sku},
};

/// What `command` does to the stock of its SKU. `known` tells whether the shop has a product or stock of it, `used`
/// whether a batch reference is one of the shop's, of whatever SKU.
///
/// # Errors
/// `invalid_sku`, `out_of_stock`, `already_allocated`, `already_exists` for a batch reference that is taken,
/// `not_found`.
pub fn decide(
    sku: &Sku,
    stock: &Stock,
    known: bool,
    used: impl Fn(&BatchRef) -> bool,
    command: &Command,
) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Receive(receive) => allocation::receive(stock, receive),
        Command::ChangeQuantity { batchref, qty } => allocation::change_quantity(sku, stock, batchref, *qty),
        Command::Count(count) => allocation::count(stock, count, used),
        Command::Damage { batchref, qty, reason } => allocation::damage(sku, stock, batchref, *qty, reason),
        Command::Adjust { changes, .. } => allocation::adjust(sku, stock, changes),
        Command::Sell { qty, sale_id, .. } => Ok(allocation::sell(sku, stock, *qty, sale_id)),
        Command::TakeBack { qty, sale_id, .. } => allocation::take_back(sku, stock, *qty, sale_id, used),
        Command::Allocate { .. } | Command::Free { .. } if !known => Err(Refusal::InvalidSku { sku: sku.clone() }),
        Command::Allocate { order_id, qty, short, .. } => allocation::allocate(sku, stock, order_id, *qty, *short),
        Command::Reserve { order_id, qty, back_order, .. } => {
            allocation::reserve(sku, stock, order_id, *qty, *back_order)
        }
        Command::Fill { order_id, qty, .. } => Ok(allocation::fill(sku, stock, order_id, *qty)),
        Command::HandOver { order_id, qty, .. } => Ok(allocation::hand_over(sku, stock, order_id, *qty)),
        Command::Reallocate { order_id, qty, .. } => Ok(allocation::reallocate(sku, stock, order_id, *qty)),
        Command::Release { order_id, .. } => {
            let line = stock.lines.get(order_id);
            Ok(line.map(|line| line.freed(order_id, sku, FreedBecause::Asked).into()).into_iter().collect())
        }
        Command::Free { order_id, .. } => match stock.lines.get(order_id) {
            Some(line) => Ok(vec![line.freed(order_id, sku, FreedBecause::Asked).into()]),
            None => Err(Refusal::NotFound { what: Thing::Allocation, id: format!("{order_id}/{sku}") }),
        },
    }
}
