//! The rules: which batch gives goods to which line, and who goes without when goods are missing.

use std::collections::BTreeMap;

use super::{
    commands::{Adjustment, Count, Receive},
    events::{
        BatchArrived, BatchQuantityChanged, BatchReceived, Event, FreedBecause, LineAllocated, LineFreed, LineShort,
        StockCounted, StockDamaged, StockHandedOver, StockPutBack, StockSold, Taken,
    },
    state::{Batch, Stock},
};
use crate::{
    refusal::{Refusal, Thing},
    values::{self, BatchRef, OrderId, Quantity, Reason, SaleId, Sku},
};

pub(super) fn receive(stock: &Stock, receive: &Receive) -> Result<Vec<Event>, Refusal> {
    let Receive { batchref, sku, qty, eta } = receive;
    // What is still on its way cannot have been sold, so only goods in hand settle what was sold too early.
    let settled = if eta.is_none() { stock.below.min(qty.get()) } else { 0 };
    match stock.batches.get(batchref) {
        None => Ok(vec![
            BatchReceived { batchref: batchref.clone(), sku: sku.clone(), qty: *qty, eta: *eta, settled }.into(),
        ]),
        Some(batch) if batch.eta.is_some() && eta.is_none() => {
            let left = qty.get() - settled;
            let arrived = BatchArrived { batchref: batchref.clone(), sku: sku.clone(), qty: *qty, settled };
            Ok(with_freed(arrived.into(), freed_to_fit(sku, stock, batchref, left)))
        }
        Some(_) => Err(Refusal::AlreadyExists { what: Thing::Batch, id: batchref.to_string() }),
    }
}

pub(super) fn change_quantity(
    sku: &Sku,
    stock: &Stock,
    batchref: &BatchRef,
    qty: values::Count,
) -> Result<Vec<Event>, Refusal> {
    let batch = batch(stock, batchref)?;
    if batch.qty == qty.get() {
        return Ok(vec![]);
    }
    let changed = BatchQuantityChanged { batchref: batchref.clone(), sku: sku.clone(), qty, was: batch.qty };
    Ok(with_freed(changed.into(), freed_to_fit(sku, stock, batchref, qty.get())))
}

/// All of them or none. Units that a batch does not hold cannot be taken from it.
pub(super) fn adjust(sku: &Sku, stock: &Stock, changes: &[Adjustment]) -> Result<Vec<Event>, Refusal> {
    let mut sums: BTreeMap<&BatchRef, i64> = BTreeMap::new();
    for Adjustment { batchref, by } in changes {
        *sums.entry(batchref).or_default() += by.get();
    }
    let mut events = Vec::new();
    for (batchref, by) in sums {
        let held = batch(stock, batchref)?.qty;
        let qty = values::Count::new(i64::from(held) + by).map_err(|_| {
            let (what, id) = (Thing::Batch, batchref.to_string());
            match u32::try_from(-by) {
                Ok(asked) => Refusal::TooMany { what, id, asked, left: held },
                Err(_) => Refusal::TooLarge { what, id },
            }
        })?;
        events.extend(change_quantity(sku, stock, batchref, qty)?);
    }
    Ok(events)
}

/// A count that finds what was expected is written down all the same: that somebody counted is the fact.
pub(super) fn count(stock: &Stock, count: &Count, used: impl Fn(&BatchRef) -> bool) -> Result<Vec<Event>, Refusal> {
    let Count { sku, counted } = count;
    let in_batches = stock.on_hand() + i64::from(stock.below);
    let surplus = i64::from(counted.get()) - in_batches;
    let (taken, freed) = take(sku, stock, (-surplus).max(0), None);
    let added = match u32::try_from(surplus) {
        Ok(qty @ 1..) => Some(Taken { batchref: surplus_batch("COUNT", sku, stock, used)?, qty }),
        _ => None,
    };
    let counted =
        StockCounted { sku: sku.clone(), counted: *counted, expected: stock.on_hand(), taken: taken.taken, added };
    Ok(with_freed(counted.into(), freed))
}

/// Goods that were found, or came back, go to the newest batch in hand, or to a new one named after `source`. They are
/// a fact, so a name that is used already must not stand in their way: the next one is tried.
fn surplus_batch(
    source: &str,
    sku: &Sku,
    stock: &Stock,
    used: impl Fn(&BatchRef) -> bool,
) -> Result<BatchRef, Refusal> {
    let newest = stock.in_hand().max_by_key(|(_, batch)| batch.sequence).map(|(batchref, _)| batchref.clone());
    let names = (1_u32..).filter_map(|number| {
        let mut name = if number == 1 { format!("{source}-{sku}") } else { format!("{source}-{number}-{sku}") };
        // A SKU of the greatest length leaves no room for what stands before it.
        name.truncate(BatchRef::MOST);
        BatchRef::parse(&name).ok()
    });
    let mut unused = names.filter(|name| !used(name));
    newest.or_else(|| unused.next()).ok_or_else(|| Refusal::TooLarge { what: Thing::Stock, id: sku.to_string() })
}

pub(super) fn damage(
    sku: &Sku,
    stock: &Stock,
    batchref: &BatchRef,
    qty: Quantity,
    reason: &Reason,
) -> Result<Vec<Event>, Refusal> {
    let held = batch(stock, batchref)?.qty;
    let below = qty.get().saturating_sub(held);
    let left = held.saturating_sub(qty.get());
    let damaged = StockDamaged { batchref: batchref.clone(), sku: sku.clone(), qty, reason: reason.clone(), below };
    Ok(with_freed(damaged.into(), freed_to_fit(sku, stock, batchref, left)))
}

pub(super) fn sell(sku: &Sku, stock: &Stock, qty: Quantity, sale_id: &SaleId) -> Vec<Event> {
    let (Taking { taken, below }, freed) = take(sku, stock, qty.signed(), None);
    let sold = StockSold { sku: sku.clone(), qty, sale_id: sale_id.clone(), taken, below };
    with_freed(sold.into(), freed)
}

/// Goods that come back first make good what had gone without the book's knowledge.
pub(super) fn take_back(
    sku: &Sku,
    stock: &Stock,
    qty: Quantity,
    sale_id: &SaleId,
    used: impl Fn(&BatchRef) -> bool,
) -> Result<Vec<Event>, Refusal> {
    let settled = stock.below.min(qty.get());
    let added = match qty.get() - settled {
        0 => None,
        qty => Some(Taken { batchref: surplus_batch("BACK", sku, stock, used)?, qty }),
    };
    Ok(vec![StockPutBack { sku: sku.clone(), qty, sale_id: sale_id.clone(), settled, added }.into()])
}

pub(super) fn allocate(
    sku: &Sku,
    stock: &Stock,
    order_id: &OrderId,
    qty: Quantity,
    short: Option<Quantity>,
) -> Result<Vec<Event>, Refusal> {
    match stock.lines.get(order_id) {
        // A repeat changes nothing, also when that batch is full by now.
        Some(line) if line.qty == qty => Ok(vec![]),
        Some(line) => Err(Refusal::AlreadyAllocated {
            order_id: order_id.to_string(),
            sku: sku.clone(),
            allocated: line.qty.get(),
            batchref: line.batchref.clone(),
        }),
        None => match preferred_batch(stock, qty) {
            Some(batchref) => Ok(allocated(sku, order_id, qty, batchref, short)),
            None => Err(Refusal::OutOfStock {
                sku: sku.clone(),
                asked: qty.get(),
                left: stock.left(),
                available: stock.available(),
            }),
        },
    }
}

pub(super) fn reallocate(sku: &Sku, stock: &Stock, order_id: &OrderId, qty: Quantity) -> Vec<Event> {
    if stock.lines.contains_key(order_id) {
        return vec![];
    }
    // What the line lacked while it had some goods it still lacks.
    let short = stock.short.get(order_id).map(|lack| lack.qty);
    match preferred_batch(stock, qty) {
        Some(batchref) => allocated(sku, order_id, qty, batchref, short),
        None => {
            let lacking = short.and_then(|short| Quantity::new(short.signed() + qty.signed()).ok()).unwrap_or(qty);
            vec![LineShort { order_id: order_id.clone(), sku: sku.clone(), qty: lacking }.into()]
        }
    }
}

/// A line of an order that was placed: all of it from one batch or, where it may be short, as much as one batch has.
pub(super) fn reserve(
    sku: &Sku,
    stock: &Stock,
    order_id: &OrderId,
    qty: Quantity,
    may_be_short: bool,
) -> Result<Vec<Event>, Refusal> {
    if stock.serves(order_id, qty, may_be_short) {
        return Ok(vec![]);
    }
    let free = stock.without(order_id);
    let events = match preferred_batch(&free, qty) {
        Some(batchref) => allocated(sku, order_id, qty, batchref, None),
        None if may_be_short => short_by(sku, &free, order_id, qty),
        None => return allocate(sku, &free, order_id, qty, None),
    };
    Ok(moved(sku, stock, order_id).chain(events).collect())
}

/// The best batch gives what it has; the rest is short.
fn short_by(sku: &Sku, stock: &Stock, order_id: &OrderId, qty: Quantity) -> Vec<Event> {
    let most = stock.left();
    let part = Quantity::new(i64::from(most)).ok();
    match part.and_then(|part| Some((part, preferred_batch(stock, part)?))) {
        Some((part, batchref)) => {
            let rest = Quantity::new(qty.signed() - part.signed()).ok();
            allocated(sku, order_id, part, batchref, rest)
        }
        None => vec![LineShort { order_id: order_id.clone(), sku: sku.clone(), qty }.into()],
    }
}

/// What the line has is free for a moment, so that all of it can be promised anew.
fn moved(sku: &Sku, stock: &Stock, order_id: &OrderId) -> impl Iterator<Item = Event> {
    let line = stock.lines.get(order_id);
    line.map(|line| line.freed(order_id, sku, FreedBecause::Moved).into()).into_iter()
}

/// A line that is short gets all of its goods, from one batch, or nothing happens.
pub(super) fn fill(sku: &Sku, stock: &Stock, order_id: &OrderId, qty: Quantity) -> Vec<Event> {
    if stock.promised(order_id) >= qty.get() || !stock.short.contains_key(order_id) {
        return vec![];
    }
    let free = stock.without(order_id);
    let Some(batchref) = preferred_batch(&free, qty) else { return vec![] };
    moved(sku, stock, order_id).chain(allocated(sku, order_id, qty, batchref, None)).collect()
}

impl Stock {
    /// The line that has been short for longest, of those whose goods are there now, with its quantity. `wanted` says how
    /// many units an order that waits is for.
    #[must_use]
    pub fn first_to_fill(&self, wanted: impl Fn(&OrderId) -> Option<Quantity>) -> Option<(&OrderId, Quantity)> {
        let could = self.short.iter().filter_map(|(order_id, lack)| {
            let qty = wanted(order_id).filter(|qty| qty.get() > self.promised(order_id))?;
            preferred_batch(&self.without(order_id), qty).map(|_| (lack.sequence, order_id, qty))
        });
        could.min_by_key(|(sequence, ..)| *sequence).map(|(_, order_id, qty)| (order_id, qty))
    }
}

/// The goods that were promised to the order go first, then what nobody was promised, then what others were.
pub(super) fn hand_over(sku: &Sku, stock: &Stock, order_id: &OrderId, qty: Quantity) -> Vec<Event> {
    let own = stock.lines.get(order_id).map(|line| &line.batchref);
    let (Taking { taken, below }, freed) = take(sku, &stock.without(order_id), qty.signed(), own);
    let (sku, order_id, promised) = (sku.clone(), order_id.clone(), own.cloned());
    with_freed(StockHandedOver { sku, qty, order_id, promised, taken, below }.into(), freed)
}

/// The line has `qty` units of the batch, and is `short` of more.
fn allocated(sku: &Sku, order_id: &OrderId, qty: Quantity, batchref: &BatchRef, short: Option<Quantity>) -> Vec<Event> {
    let (order_id, sku) = (order_id.clone(), sku.clone());
    let rest = short.map(|qty| LineShort { order_id: order_id.clone(), sku: sku.clone(), qty }.into());
    let line = LineAllocated { order_id, sku, qty, batchref: batchref.clone() };
    std::iter::once(line.into()).chain(rest).collect()
}

fn preferred_batch(stock: &Stock, qty: Quantity) -> Option<&BatchRef> {
    stock
        .batches
        .iter()
        .filter(|(_, batch)| stock.promisable(batch) >= qty.get())
        .min_by_key(|(_, batch)| batch.preference())
        .map(|(batchref, _)| batchref)
}

fn batch<'a>(stock: &'a Stock, batchref: &BatchRef) -> Result<&'a Batch, Refusal> {
    stock.batches.get(batchref).ok_or_else(|| Refusal::NotFound { what: Thing::Batch, id: batchref.to_string() })
}

struct Taking {
    taken: Vec<Taken>,
    below: u32,
}

/// Takes goods in hand, oldest batch first, and `own` before all: first what nobody was promised, then what was, and what is still
/// missing takes the stock below nought.
fn take(sku: &Sku, stock: &Stock, qty: i64, own: Option<&BatchRef>) -> (Taking, Vec<LineFreed>) {
    let mut oldest_first: Vec<_> = stock.in_hand().collect();
    oldest_first.sort_by_key(|(batchref, batch)| (Some(*batchref) != own, batch.sequence));
    let mut missing = qty;
    let mut units: Vec<u32> = Vec::with_capacity(oldest_first.len());
    for (_, batch) in &oldest_first {
        let free = at_most(batch.available(), missing);
        missing -= i64::from(free);
        units.push(free);
    }
    for ((_, batch), units) in oldest_first.iter().zip(&mut units) {
        let promised = at_most(batch.qty - *units, missing);
        missing -= i64::from(promised);
        *units += promised;
    }
    let mut taken = Vec::new();
    let mut freed = Vec::new();
    for ((batchref, batch), units) in oldest_first.into_iter().zip(units) {
        if units > 0 {
            freed.extend(freed_to_fit(sku, stock, batchref, batch.qty - units));
            taken.push(Taken { batchref: batchref.clone(), qty: units });
        }
    }
    (Taking { taken, below: at_most(u32::MAX, missing) }, freed)
}

fn at_most(units: u32, wanted: i64) -> u32 {
    u32::try_from(wanted.max(0)).map_or(units, |wanted| units.min(wanted))
}

/// The lines that must go so that `batchref` can hold its promises with `qty` units: newest first.
fn freed_to_fit(sku: &Sku, stock: &Stock, batchref: &BatchRef, qty: u32) -> Vec<LineFreed> {
    let mut excess = stock.batches.get(batchref).map_or(0, |batch| batch.allocated.saturating_sub(qty));
    let mut newest_first: Vec<_> = stock.lines.iter().filter(|(_, line)| line.batchref == *batchref).collect();
    newest_first.sort_by_key(|(_, line)| std::cmp::Reverse(line.sequence));
    let mut freed = Vec::new();
    for (order_id, line) in newest_first {
        if excess == 0 {
            break;
        }
        excess = excess.saturating_sub(line.qty.get());
        freed.push(line.freed(order_id, sku, FreedBecause::Shortage));
    }
    freed
}

fn with_freed(first: Event, freed: Vec<LineFreed>) -> Vec<Event> {
    std::iter::once(first).chain(freed.into_iter().map(Event::from)).collect()
}
