//! What needs a person: facts that broke a rule, and promises that cannot be kept. An item goes when its reason
//! goes.

use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    books::{Seen, StockSeen},
    digest::Digest,
    event::Event,
    order, product,
    record::Entry,
    stock,
    table::{Row, Table},
    values::{AccountId, Millis, OrderId, Quantity, Sku},
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
    /// Facts have taken the account below its limit: ask for the money, or raise the limit.
    OverLimit(AccountId),
    /// Money came onto, or went off, an account that was closed: move it, and close it again.
    Reopened(AccountId),
    /// Goods or money were not there: change it and place it again, or cancel it.
    Rejected(OrderId),
    /// The customer has goods of an order that was not accepted.
    HandedOver(OrderId),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Since {
    /// Units on hand (below nought), units the line lacks, minor units over the limit, on the account or of the order, or
    /// nought.
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
            Event::Order(event) => self.order(event, entry, seen),
            Event::Account(event) => {
                let account = seen.accounts.get(event.account_id());
                account.into_iter().for_each(|account| self.account(event.account_id(), account, entry));
            }
            Event::Product(_)
            | Event::Sale(_)
            | Event::Transfer(_)
            | Event::Shop(_)
            | Event::Picture(_)
            | Event::Comment(_)
            | Event::Refused(_)
            | Event::Declined(_) => {}
        }
    }

    fn account(&mut self, id: &AccountId, account: &Account, entry: &Entry) {
        let over = Some(account.available().saturating_neg()).filter(|over| *over > 0);
        self.set(Item::OverLimit(id.clone()), over, entry);
        self.set(Item::Reopened(id.clone()), account.reopened.then_some(account.balance), entry);
    }

    fn order(&mut self, event: &order::Event, entry: &Entry, seen: &Seen<'_>) {
        let id = event.order_id();
        let Some(order) = seen.orders.get(id) else { return };
        let is_rejected = order.state == order::State::Rejected;
        self.set(Item::Rejected(id.clone()), is_rejected.then_some(order.total), entry);
        self.set(Item::HandedOver(id.clone()), order.unsettled.then_some(order.total), entry);
        // Nothing is promised to it any more, so it lacks nothing.
        if is_rejected || order.is_over() {
            for line in &order.lines {
                self.set(Item::Short(id.clone(), line.sku.clone()), None, entry);
            }
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
