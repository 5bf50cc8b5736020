//! Stock by batch, with the lines promised from each, and the movements of each SKU.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    books::{Seen, StockSeen},
    digest::Digest,
    event::Event,
    record::Entry,
    ring::Ring,
    stock::{self, Taken},
    table::{Row, Table},
    text::Text,
    values::{BatchRef, Day, Millis, OrderId, Quantity, Sku},
};

/// Movements kept for each SKU; older ones are in the log.
pub const MOVEMENTS_KEPT: usize = 100;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchRow {
    pub sku: Sku,
    pub qty: u32,
    pub available: u32,
    /// None for goods in hand.
    pub eta: Option<Day>,
    /// In order of allocation.
    pub allocations: Vec<Allocation>,
    pub position: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Allocation {
    pub order_id: OrderId,
    pub qty: Quantity,
}

impl Row for BatchRow {
    const TABLE: &'static str = "batches";
    type Key = BatchRef;
}

/// One change of what is on hand or on its way.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Movement {
    pub what: What,
    /// Units; what left is below nought.
    pub change: i64,
    /// What was on hand afterwards.
    pub on_hand: i64,
    /// The batches concerned.
    pub batches: Vec<BatchRef>,
    /// Receipt number, order number, or the reason given.
    pub note: Text,
    pub issued_at: Millis,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Received,
    /// Announced: not on hand yet.
    Expected,
    Arrived,
    Changed,
    Counted,
    Damaged,
    Sold,
    /// Goods of a sale came back.
    PutBack,
    /// To the customer of an order.
    HandedOver,
}

/// The last movements of one SKU.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Movements(Ring<Movement>);

impl Row for Movements {
    const TABLE: &'static str = "movements";
    type Key = Sku;

    /// Movement by movement, so that one more does not mean hashing all.
    fn digest(&self, sku: &Sku) -> Digest {
        self.0.digest(|position, movement| Digest::of_row(Self::TABLE, &(sku, position), movement))
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct StockBook {
    pub batches: Table<BatchRow>,
    pub movements: Table<Movements>,
}

impl StockBook {
    /// The movements of one SKU, oldest first.
    pub fn movements_of(&self, sku: &Sku) -> impl DoubleEndedIterator<Item = (u64, &Movement)> {
        let of_sku = self.movements.get(sku).into_iter();
        of_sku.flat_map(|movements| movements.0.iter()).map(|(position, movement)| (*position, movement))
    }

    /// How many movements are kept, of all SKUs.
    #[must_use]
    pub fn movements_kept(&self) -> usize {
        self.movements.iter().map(|(_, movements)| movements.0.len()).sum()
    }

    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        let (Event::Stock(event), Some(StockSeen { after: stock, .. })) = (&entry.event, seen.stock) else { return };
        for batchref in touched(event) {
            self.show_batch(entry, event, stock, batchref);
        }
        if let Some((what, change, note)) = movement(event) {
            let movement = Movement {
                what,
                change,
                on_hand: stock.on_hand(),
                batches: touched(event).cloned().collect(),
                note,
                issued_at: entry.issued_at,
            };
            let kept = |movements: &mut Movements| movements.0.push(entry.position, movement, MOVEMENTS_KEPT);
            self.movements.change(event.sku(), Movements::default, kept);
        }
    }

    /// The numbers are the aggregate's; the list of lines is kept as they come and go, since looking through all
    /// lines of the SKU for each entry would make a busy one ever slower.
    fn show_batch(&mut self, entry: &Entry, event: &stock::Event, stock: &stock::Stock, batchref: &BatchRef) {
        let Some(batch) = stock.batches.get(batchref) else { return };
        let begin = || {
            let (sku, qty, available) = (event.sku().clone(), batch.qty, batch.available());
            BatchRow { sku, qty, available, eta: batch.eta, allocations: vec![], position: entry.position }
        };
        self.batches.change(batchref, begin, |row| {
            row.qty = batch.qty;
            row.available = batch.available();
            row.eta = batch.eta;
            row.position = entry.position;
            match event {
                stock::Event::LineAllocated(line) => {
                    row.allocations.push(Allocation { order_id: line.order_id.clone(), qty: line.qty });
                }
                stock::Event::LineFreed(stock::LineFreed { order_id, .. })
                | stock::Event::StockHandedOver(stock::StockHandedOver { order_id, .. }) => {
                    row.allocations.retain(|kept| kept.order_id != *order_id);
                }
                _ => {}
            }
        });
    }

    pub(super) fn digest(&self) -> Digest {
        self.batches.digest().plus(self.movements.digest())
    }
}

/// The batches that an event changed.
fn touched(event: &stock::Event) -> impl Iterator<Item = &BatchRef> {
    let (one, several): (Option<&BatchRef>, &[Taken]) = match event {
        stock::Event::BatchReceived(event) => (Some(&event.batchref), &[]),
        stock::Event::BatchArrived(event) => (Some(&event.batchref), &[]),
        stock::Event::BatchQuantityChanged(event) => (Some(&event.batchref), &[]),
        stock::Event::StockDamaged(event) => (Some(&event.batchref), &[]),
        stock::Event::LineAllocated(event) => (Some(&event.batchref), &[]),
        stock::Event::LineFreed(event) => (Some(&event.batchref), &[]),
        stock::Event::StockCounted(event) => (event.added.as_ref().map(|added| &added.batchref), &event.taken),
        stock::Event::StockSold(event) => (None, &event.taken),
        stock::Event::StockHandedOver(event) => (event.promised.as_ref(), &event.taken),
        stock::Event::StockPutBack(event) => (event.added.as_ref().map(|added| &added.batchref), &[]),
        stock::Event::LineShort(_) => (None, &[]),
    };
    one.into_iter().chain(several.iter().map(|taken| &taken.batchref).filter(move |batchref| one != Some(*batchref)))
}

fn movement(event: &stock::Event) -> Option<(What, i64, Text)> {
    Some(match event {
        stock::Event::BatchReceived(event) => {
            let what = if event.eta.is_none() { What::Received } else { What::Expected };
            (what, event.qty.signed(), Text::default())
        }
        stock::Event::BatchArrived(event) => (What::Arrived, event.qty.signed(), Text::default()),
        stock::Event::BatchQuantityChanged(event) => {
            (What::Changed, i64::from(event.qty.get()) - i64::from(event.was), Text::default())
        }
        stock::Event::StockCounted(event) => {
            (What::Counted, i64::from(event.counted.get()) - event.expected, Text::default())
        }
        stock::Event::StockDamaged(event) => {
            (What::Damaged, -event.qty.signed(), Text::from(&Arc::from(&event.reason)))
        }
        stock::Event::StockSold(event) => (What::Sold, -event.qty.signed(), (&event.sale_id).into()),
        stock::Event::StockPutBack(event) => (What::PutBack, event.qty.signed(), (&event.sale_id).into()),
        stock::Event::StockHandedOver(event) => (What::HandedOver, -event.qty.signed(), (&event.order_id).into()),
        stock::Event::LineAllocated(_) | stock::Event::LineFreed(_) | stock::Event::LineShort(_) => return None,
    })
}
