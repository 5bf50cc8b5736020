//! Why a number is what it is: the entries that made it, what each added, and sums that come to the number.

use std::fmt;

use crate::{
    account,
    books::Books,
    event::Event,
    ids::AggregateId,
    order::{self, Order},
    sale::{self, Payment},
    stock::{self, Stock},
    values::{AccountId, Day, Millis, OrderId, Sku},
};

/// A number that can be explained.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    OnHand(Sku),
    Allocated(Sku),
    Arriving(Sku),
    Available(Sku),
    /// Minor units.
    Total(OrderId),
    /// Minor units.
    Takings(Day),
    /// Minor units.
    Balance(AccountId),
}

/// What an entry did to the number, in one word. In the order in which an equation names them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    Received,
    Expected,
    Arrived,
    PutBack,
    Sold,
    HandedOver,
    TakenOut,
    Counted,
    Corrected,
    Reserved,
    Freed,
    /// Of one order, what was promised to it and not freed.
    Order(OrderId),
    Placed,
    Cash,
    Card,
    OnAccount,
    GivenBack,
    Opened,
    PaidIn,
    PaidOut,
}

/// One entry that changed the number.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub position: u64,
    pub cause: Cause,
    pub change: i64,
    /// The number after it.
    pub number: i64,
}

/// An entry as an explanation needs it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub position: u64,
    pub event: &'a Event,
    pub issued_at: Millis,
}

/// `start` and all changes come to the number.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// What the number was before the first of the entries.
    pub start: i64,
    /// How many entries were read.
    pub read: usize,
    /// Oldest first.
    pub steps: Vec<Step>,
}

impl What {
    /// `None` unless it is what [`What`] is displayed as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let after = |name: &str| text.strip_prefix(name)?.strip_prefix('-');
        let sku = |name: &str| after(name).and_then(|sku| Sku::parse(sku).ok());
        sku("on-hand")
            .map(Self::OnHand)
            .or_else(|| sku("allocated").map(Self::Allocated))
            .or_else(|| sku("arriving").map(Self::Arriving))
            .or_else(|| sku("available").map(Self::Available))
            .or_else(|| after("total").and_then(|order| OrderId::parse(order).ok()).map(Self::Total))
            .or_else(|| after("balance").and_then(|account| AccountId::parse(account).ok()).map(Self::Balance))
            .or_else(|| after("takings").and_then(|day| Day::parse(day).ok()).map(Self::Takings))
    }

    /// Whose entries make the number; `None` where they are the sales of a day.
    #[must_use]
    pub fn aggregate(&self) -> Option<AggregateId> {
        match self {
            Self::OnHand(sku) | Self::Allocated(sku) | Self::Arriving(sku) | Self::Available(sku) => {
                Some(AggregateId::new("stock", sku.as_str()))
            }
            Self::Total(order_id) => Some(AggregateId::new("order", order_id.as_str())),
            Self::Balance(account) => Some(AggregateId::new("account", account.as_str())),
            Self::Takings(_) => None,
        }
    }

    /// The number as the read models have it; `None` where there is no such record.
    #[must_use]
    pub fn headline(&self, books: &Books) -> Option<i64> {
        let read = &books.projections;
        let product = |sku: &Sku| read.catalogue.products.get(sku);
        match self {
            Self::OnHand(sku) => product(sku).map(|product| product.on_hand),
            Self::Allocated(sku) => product(sku).map(|product| product.allocated),
            Self::Arriving(sku) => product(sku).map(|product| product.arriving),
            Self::Available(sku) => product(sku).map(|product| product.available),
            Self::Total(order_id) => read.orders.orders.get(order_id).map(|order| order.total),
            Self::Balance(account) => read.accounts.accounts.get(account).map(|account| account.balance),
            Self::Takings(day) => Some(read.sales.takings.get(day).copied().unwrap_or_default().total()),
        }
    }

    /// Minor units, not pieces.
    #[must_use]
    pub fn is_money(&self) -> bool {
        matches!(self, Self::Total(_) | Self::Takings(_) | Self::Balance(_))
    }
}

/// As it stands in an address: `on-hand-OAT-1`, `takings-2026-11-20`.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnHand(sku) => write!(f, "on-hand-{sku}"),
            Self::Allocated(sku) => write!(f, "allocated-{sku}"),
            Self::Arriving(sku) => write!(f, "arriving-{sku}"),
            Self::Available(sku) => write!(f, "available-{sku}"),
            Self::Total(order_id) => write!(f, "total-{order_id}"),
            Self::Balance(account) => write!(f, "balance-{account}"),
            Self::Takings(day) => write!(f, "takings-{day}"),
        }
    }
}

/// Goes through `entries`, oldest first, on top of `since`: the books before the first of them, none where they begin
/// with the book.
pub fn explain<'a>(what: &What, since: Option<&Books>, entries: impl IntoIterator<Item = Seen<'a>>) -> Explanation {
    let mut tally = Tally::beginning(what, since);
    let mut explained = Explanation { start: tally.number, read: 0, steps: Vec::new() };
    for Seen { position, event, issued_at } in entries {
        explained.read += 1;
        let before = tally.number;
        let cause = tally.take_in(what, event, issued_at);
        let change = tally.number - before;
        if let Some(cause) = cause.filter(|_| change != 0) {
            explained.steps.push(Step { position, cause, change, number: tally.number });
        }
    }
    explained
}

impl Explanation {
    /// The number that start and changes come to.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.steps.last().map_or(self.start, |step| step.number)
    }

    /// The changes up to the entry `confirmed`, one sum for each cause. Sums that came to nothing are left out.
    #[must_use]
    pub fn parts(&self, confirmed: u64) -> Vec<(Cause, i64)> {
        let mut sums = std::collections::BTreeMap::new();
        for step in self.steps.iter().filter(|step| step.position <= confirmed) {
            *sums.entry(step.cause.clone()).or_insert(0_i64) += step.change;
        }
        sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
    }

    /// The changes behind the entry `confirmed`.
    pub fn pending(&self, confirmed: u64) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.position > confirmed)
    }
}

/// The states that the number is read from, and the number.
struct Tally {
    stock: Stock,
    order: Order,
    number: i64,
}

impl Tally {
    fn beginning(what: &What, since: Option<&Books>) -> Self {
        let aggregates = since.map(|books| &books.aggregates);
        let stock = aggregates.and_then(|known| match what {
            What::OnHand(sku) | What::Allocated(sku) | What::Arriving(sku) | What::Available(sku) => {
                known.stocks.get(sku).cloned()
            }
            What::Total(_) | What::Takings(_) | What::Balance(_) => None,
        });
        let order = aggregates.and_then(|known| match what {
            What::Total(order_id) => known.orders.get(order_id).cloned(),
            _ => None,
        });
        let number = since.and_then(|books| what.headline(books)).unwrap_or(0);
        Self { stock: stock.unwrap_or_default(), order: order.unwrap_or_default(), number }
    }

    fn take_in(&mut self, what: &What, event: &Event, issued_at: Millis) -> Option<Cause> {
        match (what, event) {
            (What::Takings(day), Event::Sale(event)) if Day::of(issued_at) == *day => {
                let (cause, change) = taken(event);
                self.number = self.number.saturating_add(change);
                Some(cause)
            }
            (What::Balance(account), Event::Account(event)) if event.account_id() == account => {
                self.number = self.number.saturating_add(event.change());
                Some(match event {
                    account::Event::AccountOpened(_) => Cause::Opened,
                    _ if event.change() < 0 => Cause::PaidOut,
                    _ => Cause::PaidIn,
                })
            }
            (What::Total(order_id), Event::Order(event)) if event.order_id() == order_id => {
                self.order = order::evolve(std::mem::take(&mut self.order), event);
                self.number = self.order.total;
                Some(Cause::Placed)
            }
            (
                What::OnHand(sku) | What::Allocated(sku) | What::Arriving(sku) | What::Available(sku),
                Event::Stock(event),
            ) if event.sku() == sku => {
                self.stock = stock::evolve(std::mem::take(&mut self.stock), event);
                self.number = match what {
                    What::Allocated(_) => self.stock.allocated(),
                    What::Arriving(_) => self.stock.arriving(),
                    What::Available(_) => self.stock.available(),
                    _ => self.stock.on_hand(),
                };
                Some(cause_in_stock(what, event))
            }
            _ => None,
        }
    }
}

fn taken(event: &sale::Event) -> (Cause, i64) {
    match event {
        sale::Event::SaleRecorded(sale) => match sale.payment {
            Payment::Cash => (Cause::Cash, sale.total),
            Payment::Card => (Cause::Card, sale.total),
            Payment::Account => (Cause::OnAccount, sale.total),
        },
        sale::Event::SalePutBack(back) => (Cause::GivenBack, back.total.saturating_neg()),
    }
}

fn cause_in_stock(what: &What, event: &stock::Event) -> Cause {
    let of_order = |order_id: &OrderId, cause: Cause| match what {
        What::Allocated(_) => Cause::Order(order_id.clone()),
        _ => cause,
    };
    match event {
        stock::Event::BatchReceived(received) if received.eta.is_some() => Cause::Expected,
        stock::Event::BatchReceived(_) => Cause::Received,
        stock::Event::BatchArrived(_) => Cause::Arrived,
        stock::Event::BatchQuantityChanged(_) => Cause::Corrected,
        stock::Event::StockCounted(_) => Cause::Counted,
        stock::Event::StockDamaged(_) => Cause::TakenOut,
        stock::Event::StockSold(_) => Cause::Sold,
        stock::Event::StockPutBack(_) => Cause::PutBack,
        stock::Event::StockHandedOver(gone) => of_order(&gone.order_id, Cause::HandedOver),
        stock::Event::LineAllocated(line) => of_order(&line.order_id, Cause::Reserved),
        stock::Event::LineFreed(line) => of_order(&line.order_id, Cause::Freed),
        stock::Event::LineShort(line) => of_order(&line.order_id, Cause::Corrected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_named_in_an_address_and_found_again() {
        for text in [
            "on-hand-OAT-1",
            "allocated-A",
            "arriving-A",
            "available-on-hand-1",
            "total-O-1",
            "takings-2026-11-20",
            "balance-A-1",
        ] {
            assert_eq!(What::parse(text).map(|what| what.to_string()).as_deref(), Some(text));
        }
        for wrong in ["", "on-hand", "on-hand-", "takings-OAT-1", "price-OAT-1"] {
            assert_eq!(What::parse(wrong), None, "{wrong}");
        }
    }
}
