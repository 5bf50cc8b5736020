//! A SKU's stock as its events leave it.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::events::{Event, FreedBecause, LineFreed, Taken};
use crate::values::{BatchRef, Day, OrderId, Quantity, Sku};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Stock {
    pub batches: OrdMap<BatchRef, Batch>,
    /// Order lines with goods promised to them.
    pub lines: OrdMap<OrderId, Line>,
    /// Order lines that lack goods: they have none, or fewer than they are for.
    pub short: OrdMap<OrderId, Lack>,
    /// Units sold beyond what was in hand. On hand is below nought while they outweigh the batches.
    pub below: u32,
    /// Of its last entry that was not a refusal.
    pub version: u32,
    /// Counts receipts and allocations, so that "older" and "newer" need no clock.
    sequence: u32,
    sums: Sums,
    /// Events so far that moved goods.
    movements: u64,
}

/// Sums over the batches, kept as these change: every entry shows them, and batches only ever become more.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Sums {
    in_hand: i64,
    arriving: i64,
    allocated: i64,
    next_eta: Option<Day>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Units, promised ones included.
    pub qty: u32,
    /// Units promised to order lines.
    pub allocated: u32,
    /// None for goods in hand.
    pub eta: Option<Day>,
    /// Order of receipt.
    pub sequence: u32,
}

impl Batch {
    #[must_use]
    pub fn available(&self) -> u32 {
        self.qty.saturating_sub(self.allocated)
    }

    /// Goods in hand come first, then shipments by expected day; among equals, the older.
    pub(super) fn preference(&self) -> (Option<Day>, u32) {
        (self.eta, self.sequence)
    }
}

/// What a line lacks.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Lack {
    pub qty: Quantity,
    /// Order of falling short: who has waited longest is served first.
    pub sequence: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub qty: Quantity,
    pub batchref: BatchRef,
    /// Order of allocation.
    pub sequence: u32,
}

impl Line {
    pub(super) fn freed(&self, order_id: &OrderId, sku: &Sku, because: FreedBecause) -> LineFreed {
        LineFreed {
            order_id: order_id.clone(),
            sku: sku.clone(),
            qty: self.qty,
            batchref: self.batchref.clone(),
            because,
        }
    }
}

impl Stock {
    /// Units in hand; below nought when more was sold than had been received.
    #[must_use]
    pub fn on_hand(&self) -> i64 {
        self.sums.in_hand - i64::from(self.below)
    }

    /// Units on their way.
    #[must_use]
    pub fn arriving(&self) -> i64 {
        self.sums.arriving
    }

    /// Units promised to order lines.
    #[must_use]
    pub fn allocated(&self) -> i64 {
        self.sums.allocated
    }

    /// Units that can still be promised: on hand + arriving − allocated.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.on_hand() + self.arriving() - self.allocated()
    }

    /// The first day on which a shipment is expected.
    #[must_use]
    pub fn next_eta(&self) -> Option<Day> {
        self.sums.next_eta
    }

    /// The most that one batch can still promise.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.batches.values().map(|batch| self.promisable(batch)).max().unwrap_or(0)
    }

    /// What one batch can still promise. Units sold beyond what was in hand are owed by the whole stock, so no batch
    /// promises more than all of them together have left.
    pub(super) fn promisable(&self, batch: &Batch) -> u32 {
        batch.available().min(u32::try_from(self.available().max(0)).unwrap_or(u32::MAX))
    }

    /// Units that are promised to the order's line.
    #[must_use]
    pub fn promised(&self, order_id: &OrderId) -> u32 {
        self.lines.get(order_id).map_or(0, |line| line.qty.get())
    }

    /// What is known of the line's goods adds up to `qty`: they are promised or, where it may be short, known to be
    /// missing.
    #[must_use]
    pub fn serves(&self, order_id: &OrderId, qty: Quantity, may_be_short: bool) -> bool {
        let short = self.short.get(order_id).map_or(0, |lack| lack.qty.get());
        (may_be_short || short == 0) && self.promised(order_id).saturating_add(short) == qty.get()
    }

    /// As if nothing were promised to the order's line.
    pub(super) fn without(&self, order_id: &OrderId) -> Self {
        let mut without = self.clone();
        without.release(order_id);
        without
    }

    fn release(&mut self, order_id: &OrderId) {
        if let Some(line) = self.lines.remove(order_id) {
            self.change(&line.batchref, |batch| batch.allocated = batch.allocated.saturating_sub(line.qty.get()));
        }
    }

    /// How many events have moved goods, as opposed to promises.
    #[must_use]
    pub fn movements(&self) -> u64 {
        self.movements
    }

    pub(super) fn in_hand(&self) -> impl Iterator<Item = (&BatchRef, &Batch)> {
        self.batches.iter().filter(|(_, batch)| batch.eta.is_none())
    }

    fn take(&mut self, taken: &[Taken]) {
        for Taken { batchref, qty } in taken {
            self.change(batchref, |batch| batch.qty = batch.qty.saturating_sub(*qty));
        }
    }

    /// Into a batch in hand, which begins here if there is none of that name.
    fn add(&mut self, added: &Taken) {
        let Taken { batchref, qty } = added;
        if self.batches.contains_key(batchref) {
            self.change(batchref, |batch| batch.qty = batch.qty.saturating_add(*qty));
        } else {
            self.begin_batch(batchref, *qty, None);
        }
    }

    fn begin_batch(&mut self, batchref: &BatchRef, qty: u32, eta: Option<Day>) {
        self.sequence = self.sequence.saturating_add(1);
        let batch = Batch { qty: 0, allocated: 0, eta, sequence: self.sequence };
        self.batches.insert(batchref.clone(), batch);
        self.change(batchref, |batch| batch.qty = qty);
    }

    /// The one way to change a batch; the sums follow. Without a batch of that name nothing happens.
    fn change(&mut self, batchref: &BatchRef, change: impl FnOnce(&mut Batch)) {
        let Some(batch) = self.batches.get_mut(batchref) else { return };
        let (eta, qty) = (batch.eta, batch.qty);
        self.sums.add(batch, -1);
        change(batch);
        self.sums.add(batch, 1);
        if (eta, qty) != (batch.eta, batch.qty) && (eta.is_some() || batch.eta.is_some()) {
            self.sums.next_eta =
                self.batches.values().filter(|batch| batch.qty > 0).filter_map(|batch| batch.eta).min();
        }
    }
}

impl Sums {
    fn add(&mut self, batch: &Batch, sign: i64) {
        let units = if batch.eta.is_none() { &mut self.in_hand } else { &mut self.arriving };
        *units += sign * i64::from(batch.qty);
        self.allocated += sign * i64::from(batch.allocated);
    }
}

/// Value in, value out; every number in it was decided before.
#[must_use]
pub fn evolve(mut stock: Stock, event: &Event) -> Stock {
    stock.movements += u64::from(event.moves_goods());
    match event {
        Event::BatchReceived(received) => {
            stock.below = stock.below.saturating_sub(received.settled);
            let qty = received.qty.get().saturating_sub(received.settled);
            stock.begin_batch(&received.batchref, qty, received.eta);
        }
        Event::BatchArrived(arrived) => {
            stock.below = stock.below.saturating_sub(arrived.settled);
            stock.change(&arrived.batchref, |batch| {
                batch.eta = None;
                batch.qty = arrived.qty.get().saturating_sub(arrived.settled);
            });
        }
        Event::BatchQuantityChanged(changed) => {
            stock.change(&changed.batchref, |batch| batch.qty = changed.qty.get());
        }
        Event::StockCounted(counted) => {
            stock.below = 0;
            stock.take(&counted.taken);
            counted.added.iter().for_each(|added| stock.add(added));
        }
        Event::StockDamaged(damaged) => {
            stock.below = stock.below.saturating_add(damaged.below);
            let qty = damaged.qty.get().saturating_sub(damaged.below);
            stock.take(&[Taken { batchref: damaged.batchref.clone(), qty }]);
        }
        Event::StockSold(sold) => {
            stock.below = stock.below.saturating_add(sold.below);
            stock.take(&sold.taken);
        }
        Event::StockHandedOver(handed) => {
            stock.short.remove(&handed.order_id);
            stock.release(&handed.order_id);
            stock.below = stock.below.saturating_add(handed.below);
            stock.take(&handed.taken);
        }
        Event::StockPutBack(back) => {
            stock.below = stock.below.saturating_sub(back.settled);
            back.added.iter().for_each(|added| stock.add(added));
        }
        Event::LineAllocated(line) => {
            stock.sequence = stock.sequence.saturating_add(1);
            stock.change(&line.batchref, |batch| batch.allocated = batch.allocated.saturating_add(line.qty.get()));
            stock.short.remove(&line.order_id);
            let allocated = Line { qty: line.qty, batchref: line.batchref.clone(), sequence: stock.sequence };
            stock.lines.insert(line.order_id.clone(), allocated);
        }
        Event::LineFreed(freed) => {
            // Who gives goods back on purpose lacks nothing.
            if freed.because == FreedBecause::Asked {
                stock.short.remove(&freed.order_id);
            }
            stock.release(&freed.order_id);
        }
        Event::LineShort(short) => {
            stock.sequence = stock.sequence.saturating_add(1);
            // Who lacks more than before has waited all the same.
            let sequence = stock.short.get(&short.order_id).map_or(stock.sequence, |lack| lack.sequence);
            stock.short.insert(short.order_id.clone(), Lack { qty: short.qty, sequence });
        }
    }
    stock
}
