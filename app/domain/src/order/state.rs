//! An order as its events leave it.

use serde::{Deserialize, Serialize};

use super::events::{Event, PlacedLine};
use crate::values::{AccountId, Quantity, Sku};

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Items come and go.
    #[default]
    Draft,
    /// Goods and money are being found.
    Placed,
    Accepted,
    /// Goods or money were not there: it can be changed and placed again.
    Rejected,
    Cancelled,
    HandedOver,
}

impl State {
    /// Items come and go, and it can be placed.
    #[must_use]
    pub fn may_change(self) -> bool {
        matches!(self, Self::Draft | Self::Rejected)
    }

    /// Nothing is promised to it any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Cancelled | Self::HandedOver)
    }

    /// As in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Placed => "placed",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::HandedOver => "handed_over",
        }
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    pub state: State,
    pub lines: Vec<PlacedLine>,
    /// Minor units.
    pub total: i64,
    /// Which account pays for it.
    pub account: Option<AccountId>,
    /// Goods that are missing may come later.
    pub back_order: bool,
    /// How often it was placed.
    pub round: u32,
    /// It was handed over without having been accepted, and nobody has seen to it yet.
    pub unsettled: bool,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

impl Order {
    #[must_use]
    pub fn line(&self, sku: &Sku) -> Option<&PlacedLine> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    /// Nothing is promised to it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state.is_over()
    }
}

/// Minor units of all lines; none where they do not fit.
#[must_use]
pub(super) fn total(lines: &[PlacedLine]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.price.times(line.qty)))
}

#[must_use]
pub fn evolve(mut order: Order, event: &Event) -> Order {
    match event {
        Event::ItemAdded(added) => {
            match order.lines.iter_mut().find(|line| line.sku == added.sku) {
                Some(line) => {
                    line.qty = Quantity::new(line.qty.signed() + added.qty.signed()).unwrap_or(line.qty);
                    line.price = added.price;
                    line.name.clone_from(&added.name);
                }
                None => order.lines.push(PlacedLine {
                    sku: added.sku.clone(),
                    name: added.name.clone(),
                    qty: added.qty,
                    price: added.price,
                }),
            }
            order.total = total(&order.lines).unwrap_or(order.total);
        }
        Event::ItemRemoved(removed) => {
            order.lines.retain_mut(|line| {
                let rest = Quantity::new(line.qty.signed() - removed.qty.signed());
                let is_kept = line.sku != removed.sku || rest.is_ok();
                if let (true, Ok(rest)) = (line.sku == removed.sku, rest) {
                    line.qty = rest;
                }
                is_kept
            });
            order.total = total(&order.lines).unwrap_or(order.total);
        }
        Event::OrderPlaced(placed) => {
            order.state = State::Placed;
            order.lines.clone_from(&placed.lines);
            order.total = placed.total;
            order.account.clone_from(&placed.account);
            order.back_order = placed.back_order;
            order.round = order.round.saturating_add(1);
        }
        Event::OrderAccepted(_) => order.state = State::Accepted,
        Event::OrderRejected(_) => order.state = State::Rejected,
        Event::OrderCancelled(_) => order.state = State::Cancelled,
        Event::OrderHandedOver(handed) => {
            order.state = State::HandedOver;
            order.unsettled = handed.was != State::Accepted;
        }
        Event::OrderSettled(_) => order.unsettled = false,
    }
    order
}
