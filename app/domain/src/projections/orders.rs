//! Orders with their allocations. Customers think of an order across SKUs, the rules of one SKU at a time: this is
//! where the two meet (row C-41).

use serde::{Deserialize, Serialize};

use super::transfers::Party;
use crate::{
    account,
    books::Seen,
    digest::Digest,
    event::Event,
    matcher::Matcher,
    order,
    product::Product,
    record::Entry,
    refusal::Refusal,
    stock,
    table::{Row, Table},
    values::{AccountId, Amount, BatchRef, Millis, OrderId, Price, Quantity, Sku},
};

/// Entries kept in an order's timeline; older ones are in the log.
pub const TIMELINE_KEPT: usize = 100;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderRow {
    /// An order that only has allocations, made by another program, is a draft.
    pub state: OrderState,
    /// Which account pays for it.
    pub account: Option<Party>,
    /// The rule that it ran into, while it is not accepted.
    pub reason: Option<Refusal>,
    /// Minor units.
    pub total: i64,
    pub lines: Vec<OrderLine>,
    pub timeline: Vec<Happened>,
    pub position: u64,
}

pub use crate::order::State as OrderState;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderLine {
    pub sku: Sku,
    pub name: String,
    pub price: Price,
    pub qty: Quantity,
    /// Units that have goods: all of them or none, since a line comes from a single batch; fewer where somebody took
    /// what was left, and the rest is short.
    pub allocated: u32,
    /// The line had goods, or was tried, and lacks some now.
    pub short: bool,
    pub batchref: Option<BatchRef>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Happened {
    pub position: u64,
    pub issued_at: Millis,
    pub what: Step,
}

/// A step in an order's life, as a sentence's data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    ItemAdded {
        sku: Sku,
        qty: Quantity,
    },
    ItemRemoved {
        sku: Sku,
        qty: Quantity,
    },
    /// `back_order`: goods that are missing may come later.
    Placed {
        total: i64,
        back_order: bool,
    },
    Accepted,
    Rejected {
        reason: Refusal,
    },
    Cancelled,
    /// `was`: what it was until then.
    HandedOver {
        was: OrderState,
    },
    Settled,
    Charged {
        account_id: AccountId,
        amount: Amount,
    },
    PaidBack {
        account_id: AccountId,
        amount: Amount,
    },
    Allocated {
        sku: Sku,
        qty: Quantity,
        batchref: BatchRef,
    },
    /// `asked`: somebody freed it, or its order ended; else its goods were promised anew, or lost.
    Freed {
        sku: Sku,
        qty: Quantity,
        batchref: BatchRef,
        asked: bool,
    },
    Short {
        sku: Sku,
        qty: Quantity,
    },
}

impl Row for OrderRow {
    const TABLE: &'static str = "orders";
    type Key = OrderId;
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Orders {
    pub orders: Table<OrderRow>,
}

impl Orders {
    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        match &entry.event {
            Event::Order(event) => self.follow(entry, event, seen),
            Event::Account(account::Event::AccountDebited(debited)) => {
                let (account_id, amount) = (debited.account_id.clone(), debited.amount);
                let charged = Step::Charged { account_id, amount };
                debited.order_id.iter().for_each(|order_id| self.change(order_id, entry, charged.clone(), |_| {}));
            }
            Event::Account(account::Event::AccountCredited(credited)) => {
                let (account_id, amount) = (credited.account_id.clone(), credited.amount);
                let back = Step::PaidBack { account_id, amount };
                credited.order_id.iter().for_each(|order_id| self.change(order_id, entry, back.clone(), |_| {}));
            }
            Event::Account(account::Event::AccountChanged(changed)) => self.rename(changed),
            Event::Stock(stock::Event::LineAllocated(line)) => {
                let step = Step::Allocated { sku: line.sku.clone(), qty: line.qty, batchref: line.batchref.clone() };
                let is_asked = is_asked(&line.order_id, &line.sku, seen);
                self.change(&line.order_id, entry, step, |order| {
                    let known = order.line(&line.sku, line.qty, seen.product, is_asked);
                    known.allocated = line.qty.get();
                    known.batchref = Some(line.batchref.clone());
                    known.short = false;
                });
            }
            Event::Stock(stock::Event::LineFreed(line)) => {
                let asked = line.because == stock::FreedBecause::Asked;
                let (sku, batchref) = (line.sku.clone(), line.batchref.clone());
                let step = Step::Freed { sku, qty: line.qty, batchref, asked };
                let is_asked = is_asked(&line.order_id, &line.sku, seen);
                self.change(&line.order_id, entry, step, |order| {
                    let is_wanted = order.wants_goods();
                    let known = order.line(&line.sku, line.qty, seen.product, is_asked);
                    known.allocated = 0;
                    known.batchref = None;
                    known.short = is_wanted;
                });
            }
            Event::Stock(stock::Event::LineShort(line)) => {
                let step = Step::Short { sku: line.sku.clone(), qty: line.qty };
                let is_asked = is_asked(&line.order_id, &line.sku, seen);
                self.change(&line.order_id, entry, step, |order| {
                    // Of a draft, what it has and what it lacks is what it is for.
                    let has = order.lines.iter().find(|known| known.sku == line.sku).map_or(0, |known| known.allocated);
                    let qty = Quantity::new(line.qty.signed() + i64::from(has)).unwrap_or(line.qty);
                    order.line(&line.sku, qty, seen.product, is_asked).short = true;
                });
            }
            Event::Stock(stock::Event::StockHandedOver(handed)) => {
                self.orders.change(&handed.order_id, OrderRow::draft, |order| {
                    order.position = entry.position;
                    if let Some(line) = order.lines.iter_mut().find(|line| line.sku == handed.sku) {
                        line.allocated = 0;
                        line.batchref = None;
                        line.short = false;
                    }
                });
            }
            _ => {}
        }
    }

    fn follow(&mut self, entry: &Entry, event: &order::Event, seen: &Seen<'_>) {
        let Some(order) = seen.orders.get(event.order_id()) else { return };
        let step = match event {
            order::Event::ItemAdded(added) => Step::ItemAdded { sku: added.sku.clone(), qty: added.qty },
            order::Event::ItemRemoved(removed) => Step::ItemRemoved { sku: removed.sku.clone(), qty: removed.qty },
            order::Event::OrderPlaced(placed) => Step::Placed { total: placed.total, back_order: placed.back_order },
            order::Event::OrderAccepted(_) => Step::Accepted,
            order::Event::OrderRejected(rejected) => Step::Rejected { reason: rejected.reason.clone() },
            order::Event::OrderCancelled(_) => Step::Cancelled,
            order::Event::OrderHandedOver(handed) => Step::HandedOver { was: handed.was },
            order::Event::OrderSettled(_) => Step::Settled,
        };
        self.change(event.order_id(), entry, step, |row| {
            row.state = order.state;
            row.account = order.account.as_ref().map(|id| Party::of(id, seen));
            row.reason = match event {
                order::Event::OrderRejected(rejected) => Some(rejected.reason.clone()),
                order::Event::ItemAdded(_) | order::Event::ItemRemoved(_) => row.reason.clone(),
                _ => None,
            };
            row.ask_for(order);
            if !row.wants_goods() {
                row.lines.iter_mut().for_each(|line| line.short = false);
            }
        });
    }

    fn rename(&mut self, changed: &account::AccountChanged) {
        let is_of = |row: &OrderRow| row.account.as_ref().is_some_and(|party| party.account_id == changed.account_id);
        let of_it: Vec<_> = self.orders.iter().filter(|(_, row)| is_of(row)).map(|(id, _)| id.clone()).collect();
        for id in of_it {
            let rename = |row: &mut OrderRow| row.account.iter_mut().for_each(|party| party.rename(changed));
            self.orders.change(&id, OrderRow::draft, rename);
        }
    }

    fn change(&mut self, order_id: &OrderId, entry: &Entry, what: Step, change: impl FnOnce(&mut OrderRow)) {
        self.orders.change(order_id, OrderRow::draft, |row| {
            change(row);
            row.position = entry.position;
            row.timeline.push(Happened { position: entry.position, issued_at: entry.issued_at, what });
            if row.timeline.len() > TIMELINE_KEPT {
                row.timeline.remove(0);
            }
        });
    }

    pub(super) fn digest(&self) -> Digest {
        self.orders.digest()
    }
}

/// Whether the order says how many of it there should be.
fn is_asked(order_id: &OrderId, sku: &Sku, seen: &Seen<'_>) -> bool {
    seen.orders.get(order_id).is_some_and(|order| order.line(sku).is_some())
}

impl OrderRow {
    fn draft() -> Self {
        Self {
            state: OrderState::Draft,
            account: None,
            reason: None,
            total: 0,
            lines: vec![],
            timeline: vec![],
            position: 0,
        }
    }

    /// By its number, what is in it, and the names of the account that pays for it.
    #[must_use]
    pub fn is_found_by(&self, order_id: &OrderId, searched: &Matcher) -> bool {
        let of_line = self.lines.iter().flat_map(|line| [line.sku.as_str(), line.name.as_str()]);
        let of_account =
            self.account.iter().flat_map(|account| [account.account_id.as_str(), &account.title, &account.owner]);
        searched.fits([order_id.as_str()].into_iter().chain(of_line).chain(of_account))
    }

    /// Whether goods that it has not are goods that it lacks.
    #[must_use]
    pub fn wants_goods(&self) -> bool {
        !matches!(self.state, OrderState::Rejected | OrderState::Cancelled | OrderState::HandedOver)
    }

    /// Shows what the order is for. Lines that have goods keep them, also where nobody asked for them.
    fn ask_for(&mut self, order: &order::Order) {
        self.total = order.total;
        self.lines.retain(|line| line.allocated > 0 || order.line(&line.sku).is_some());
        for line in &order.lines {
            match self.lines.iter_mut().find(|known| known.sku == line.sku) {
                Some(known) => {
                    known.qty = line.qty;
                    known.price = line.price;
                    known.name.clone_from(&line.name);
                }
                None => self.lines.push(OrderLine {
                    sku: line.sku.clone(),
                    name: line.name.clone(),
                    price: line.price,
                    qty: line.qty,
                    allocated: 0,
                    short: false,
                    batchref: None,
                }),
            }
        }
    }

    /// A line that nobody asked for has no quantity of its own: it is of what was last allocated or tried.
    fn line(&mut self, sku: &Sku, qty: Quantity, product: Option<&Product>, is_asked: bool) -> &mut OrderLine {
        let index = self.lines.iter().position(|line| line.sku == *sku).unwrap_or_else(|| {
            self.lines.push(OrderLine {
                sku: sku.clone(),
                name: product.map(|product| product.name.to_string()).unwrap_or_default(),
                price: product.map(|product| product.price).unwrap_or_default(),
                qty,
                allocated: 0,
                short: false,
                batchref: None,
            });
            self.lines.len() - 1
        });
        if !is_asked {
            self.lines[index].qty = qty;
        }
        &mut self.lines[index]
    }
}
