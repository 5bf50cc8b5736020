//! What happened to an order.

use serde::{Deserialize, Serialize};

use super::state::State;
use crate::{
    event::events,
    refusal::Refusal,
    values::{AccountId, OrderId, Price, Quantity, Sku},
};

events!(
    /// What happened to an order.
    ItemAdded,
    ItemRemoved,
    OrderPlaced,
    OrderAccepted,
    OrderRejected,
    OrderCancelled,
    OrderHandedOver,
    OrderSettled,
);

/// With name and price of that moment (row R-35).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ItemAdded {
    pub order_id: OrderId,
    pub sku: Sku,
    pub name: String,
    /// So many more.
    pub qty: Quantity,
    /// Of one piece, in minor units; of those that are in the order already, too.
    pub price: Price,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ItemRemoved {
    pub order_id: OrderId,
    pub sku: Sku,
    pub name: String,
    /// So many fewer.
    pub qty: Quantity,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub order_id: OrderId,
    /// One for each SKU, in the order they were asked for, with name and price of that moment.
    pub lines: Vec<PlacedLine>,
    /// Minor units.
    pub total: i64,
    /// Which account pays for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Goods that are missing may come later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back_order: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlacedLine {
    pub sku: Sku,
    pub name: String,
    pub qty: Quantity,
    /// Of one piece, in minor units.
    pub price: Price,
}

/// Its goods are promised to it, and it is paid where an account is named.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderAccepted {
    pub order_id: OrderId,
}

/// Goods or money are not there. What was done for it already is undone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderRejected {
    pub order_id: OrderId,
    /// The rule that it ran into, with the numbers, and the goods or the account that they are of.
    pub reason: Refusal,
    /// What it had lines for.
    pub skus: Vec<Sku>,
}

/// Nobody wants it any more. What was promised to it is free again, and what was paid for it goes back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderCancelled {
    pub order_id: OrderId,
    /// What it had lines for.
    pub skus: Vec<Sku>,
}

/// The customer has the goods.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderHandedOver {
    pub order_id: OrderId,
    pub lines: Vec<HandedLine>,
    /// What the order was until then: anything but accepted needs a person.
    pub was: State,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HandedLine {
    pub sku: Sku,
    pub qty: Quantity,
}

/// Somebody has seen to it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderSettled {
    pub order_id: OrderId,
}

impl Event {
    /// The order that this happened to.
    #[must_use]
    pub fn order_id(&self) -> &OrderId {
        match self {
            Self::ItemAdded(ItemAdded { order_id, .. })
            | Self::ItemRemoved(ItemRemoved { order_id, .. })
            | Self::OrderPlaced(OrderPlaced { order_id, .. })
            | Self::OrderAccepted(OrderAccepted { order_id })
            | Self::OrderRejected(OrderRejected { order_id, .. })
            | Self::OrderCancelled(OrderCancelled { order_id, .. })
            | Self::OrderHandedOver(OrderHandedOver { order_id, .. })
            | Self::OrderSettled(OrderSettled { order_id }) => order_id,
        }
    }
}
