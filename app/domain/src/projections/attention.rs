//! What needs a person: facts that broke a rule, and promises that cannot be kept. An item goes when its reason
//! goes.

use serde::{Deserialize, Serialize};

use crate::{
    books::{Seen, StockSeen},
    digest::Digest,
    event::Event,
    order, product,
    record::Entry,
    stock,
    table::{Row, Table},
    values::{Millis, OrderId, Quantity, Sku},
};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// More was sold or broken than the book had: count it, or receive the missing delivery.
    BelowZero(Sku),
    /// A promised line has no goods.
    Short(OrderId, Sku),
    /// Goods came or went whose product nobody has named.
    Unnamed(Sku),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Since {
    /// Units on hand (below nought), units the line lacks, or nought.
    pub number: i64,
    /// The entry that first made it so.
    pub position: u64,
    pub issued_at: Millis,
}

impl Row for Since {
    const TABLE: &'static str = "attention";
    type Key = Item;
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attention {
    pub items: Table<Since>,
}

impl Attention {
    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        match &entry.event {
            Event::Product(product::Event::ProductAdded(event)) => {
                self.set(Item::Unnamed(event.sku.clone()), event.name.is_empty().then_some(0), entry);
            }
            Event::Product(product::Event::ProductChanged(event)) if event.name.is_some() => {
                self.set(Item::Unnamed(event.sku.clone()), None, entry);
            }
            Event::Stock(event) => {
                if let Some(StockSeen { after, was_below_zero }) = seen.stock {
                    let below_zero = Some(after.on_hand()).filter(|on_hand| *on_hand < 0);
                    if was_below_zero || below_zero.is_some() {
                        self.set(Item::BelowZero(event.sku().clone()), below_zero, entry);
                    }
                }
                self.shortage(event, entry);
            }
            Event::Order(order::Event::OrderCancelled(event)) => {
                for sku in &event.skus {
                    self.set(Item::Short(event.order_id.clone(), sku.clone()), None, entry);
                }
            }
            Event::Product(_) | Event::Order(_) | Event::Sale(_) | Event::Refused(_) | Event::Declined(_) => {}
            Event::Picture(_) | Event::Comment(_) => {}
        }
    }

    fn shortage(&mut self, event: &stock::Event, entry: &Entry) {
        let (order_id, sku, short): (&OrderId, &Sku, Option<Quantity>) = match event {
            stock::Event::LineShort(line) => (&line.order_id, &line.sku, Some(line.qty)),
            stock::Event::LineAllocated(line) => (&line.order_id, &line.sku, None),
            stock::Event::LineFreed(line) if line.because == stock::FreedBecause::Asked => {
                (&line.order_id, &line.sku, None)
            }
            _ => return,
        };
        self.set(Item::Short(order_id.clone(), sku.clone()), short.map(Quantity::signed), entry);
    }

    /// An item that stays keeps the entry that began it.
    fn set(&mut self, item: Item, number: Option<i64>, entry: &Entry) {
        match number {
            None => self.items.remove(&item),
            Some(number) => {
                let begin = || Since { number, position: entry.position, issued_at: entry.issued_at };
                self.items.change(&item, begin, |since| since.number = number);
            }
        }
    }

    pub(super) fn digest(&self) -> Digest {
        self.items.digest()
    }
}
