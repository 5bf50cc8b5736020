//! Orders with their allocations. Customers think of an order across SKUs, the rules of one SKU at a time: this is
//! where the two meet (row C-41).

use serde::{Deserialize, Serialize};

use crate::{
    books::Seen,
    digest::Digest,
    event::Event,
    order,
    product::Product,
    record::Entry,
    stock,
    table::{Row, Table},
    values::{BatchRef, Millis, OrderId, Price, Quantity, Sku},
};

/// Entries kept in an order's timeline; older ones are in the log.
pub const TIMELINE_KEPT: usize = 100;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderRow {
    pub state: OrderState,
    /// Minor units.
    pub total: i64,
    pub lines: Vec<OrderLine>,
    pub timeline: Vec<Happened>,
    pub position: u64,
}

/// An order that only has allocations, made by another program, is a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Draft,
    Placed,
    Cancelled,
}

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
    Placed {
        total: i64,
    },
    Cancelled,
    Allocated {
        sku: Sku,
        qty: Quantity,
        batchref: BatchRef,
    },
    /// `asked`: somebody freed it; else its batch no longer held enough.
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
            Event::Order(order::Event::OrderPlaced(placed)) => {
                self.change(&placed.order_id, entry, Step::Placed { total: placed.total }, |order| {
                    order.place(placed);
                });
            }
            Event::Order(order::Event::OrderCancelled(cancelled)) => {
                self.change(&cancelled.order_id, entry, Step::Cancelled, |order| {
                    order.state = OrderState::Cancelled;
                    order.lines.iter_mut().for_each(|line| line.short = false);
                });
            }
            Event::Stock(stock::Event::LineAllocated(line)) => {
                let step = Step::Allocated { sku: line.sku.clone(), qty: line.qty, batchref: line.batchref.clone() };
                self.change(&line.order_id, entry, step, |order| {
                    let known = order.line(&line.sku, line.qty, seen.product);
                    known.allocated = line.qty.get();
                    known.batchref = Some(line.batchref.clone());
                    known.short = false;
                });
            }
            Event::Stock(stock::Event::LineFreed(line)) => {
                let asked = line.because == stock::FreedBecause::Asked;
                let (sku, batchref) = (line.sku.clone(), line.batchref.clone());
                let step = Step::Freed { sku, qty: line.qty, batchref, asked };
                self.change(&line.order_id, entry, step, |order| {
                    let is_wanted = order.state != OrderState::Cancelled;
                    let known = order.line(&line.sku, line.qty, seen.product);
                    known.allocated = 0;
                    known.batchref = None;
                    known.short = is_wanted;
                });
            }
            Event::Stock(stock::Event::LineShort(line)) => {
                let step = Step::Short { sku: line.sku.clone(), qty: line.qty };
                self.change(&line.order_id, entry, step, |order| {
                    // Of a draft, what it has and what it lacks is what it is for.
                    let has = order.lines.iter().find(|known| known.sku == line.sku).map_or(0, |known| known.allocated);
                    let qty = Quantity::new(line.qty.signed() + i64::from(has)).unwrap_or(line.qty);
                    order.line(&line.sku, qty, seen.product).short = true;
                });
            }
            Event::Stock(_) | Event::Product(_) | Event::Sale(_) | Event::Refused(_) | Event::Declined(_) => {}
            Event::Picture(_) | Event::Comment(_) => {}
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

impl OrderRow {
    fn draft() -> Self {
        Self { state: OrderState::Draft, total: 0, lines: vec![], timeline: vec![], position: 0 }
    }

    /// Lines that were allocated before the order was placed keep their goods.
    fn place(&mut self, placed: &order::OrderPlaced) {
        self.state = OrderState::Placed;
        self.total = placed.total;
        for line in &placed.lines {
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

    /// A draft has no asked quantity of its own: its line is of what was last allocated or tried.
    fn line(&mut self, sku: &Sku, qty: Quantity, product: Option<&Product>) -> &mut OrderLine {
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
        if self.state == OrderState::Draft {
            self.lines[index].qty = qty;
        }
        &mut self.lines[index]
    }
}
