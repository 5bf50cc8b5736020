//! What happened to a SKU's stock. Quantities taken, settled and freed are in the events, decided once: a fold
//! never works them out again.

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    values::{BatchRef, Count, Day, OrderId, Quantity, Reason, SaleId, Sku},
};

events!(
    /// What happened to a SKU's stock.
    BatchReceived,
    BatchArrived,
    BatchQuantityChanged,
    StockCounted,
    StockDamaged,
    StockSold,
    StockPutBack,
    StockHandedOver,
    LineAllocated,
    LineFreed,
    LineShort,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchReceived {
    pub batchref: BatchRef,
    pub sku: Sku,
    pub qty: Quantity,
    /// None for goods in hand.
    pub eta: Option<Day>,
    /// Units that had been sold before they were written down as received; they are gone already.
    #[serde(default)]
    pub settled: u32,
}

/// A shipment came in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchArrived {
    pub batchref: BatchRef,
    pub sku: Sku,
    /// What came, which may differ from what was announced.
    pub qty: Quantity,
    #[serde(default)]
    pub settled: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BatchQuantityChanged {
    pub batchref: BatchRef,
    pub sku: Sku,
    pub qty: Count,
    pub was: u32,
}

/// Units taken out of one batch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Taken {
    pub batchref: BatchRef,
    pub qty: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StockCounted {
    pub sku: Sku,
    pub counted: Count,
    /// What the book said was in hand; below nought after sales of goods that were never received.
    pub expected: i64,
    /// Where the missing units came off.
    pub taken: Vec<Taken>,
    /// Where surplus units went; a batch of that name begins here if there was none.
    pub added: Option<Taken>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StockDamaged {
    pub batchref: BatchRef,
    pub sku: Sku,
    pub qty: Quantity,
    pub reason: Reason,
    /// Units beyond what the book said the batch held.
    pub below: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StockSold {
    pub sku: Sku,
    pub qty: Quantity,
    pub sale_id: SaleId,
    pub taken: Vec<Taken>,
    /// Units beyond what the book said was in hand: stock goes below nought by them.
    pub below: u32,
}

/// Goods of a sale came back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StockPutBack {
    pub sku: Sku,
    pub qty: Quantity,
    pub sale_id: SaleId,
    /// Units that the book had never had: stock below nought comes up by them.
    pub settled: u32,
    /// Where the others are now; a batch of that name begins here if there was none.
    pub added: Option<Taken>,
}

/// The customer of an order has its goods. What was promised to its line is gone with them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StockHandedOver {
    pub sku: Sku,
    pub qty: Quantity,
    pub order_id: OrderId,
    /// The batch that its line had goods promised from.
    pub promised: Option<BatchRef>,
    pub taken: Vec<Taken>,
    /// Units beyond what the book said was in hand: stock goes below nought by them.
    pub below: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LineAllocated {
    pub order_id: OrderId,
    pub sku: Sku,
    pub qty: Quantity,
    pub batchref: BatchRef,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LineFreed {
    pub order_id: OrderId,
    pub sku: Sku,
    pub qty: Quantity,
    pub batchref: BatchRef,
    pub because: FreedBecause,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreedBecause {
    /// Somebody freed it: nothing else is looked for.
    Asked,
    /// The batch no longer holds enough: other goods are looked for.
    Shortage,
    /// Its goods are promised to it anew, in another quantity.
    Moved,
}

/// No batch can give the line its goods.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LineShort {
    pub order_id: OrderId,
    pub sku: Sku,
    pub qty: Quantity,
}

impl Event {
    /// The SKU whose stock this happened to.
    #[must_use]
    pub fn sku(&self) -> &Sku {
        match self {
            Self::BatchReceived(BatchReceived { sku, .. })
            | Self::BatchArrived(BatchArrived { sku, .. })
            | Self::BatchQuantityChanged(BatchQuantityChanged { sku, .. })
            | Self::StockCounted(StockCounted { sku, .. })
            | Self::StockDamaged(StockDamaged { sku, .. })
            | Self::StockSold(StockSold { sku, .. })
            | Self::StockPutBack(StockPutBack { sku, .. })
            | Self::StockHandedOver(StockHandedOver { sku, .. })
            | Self::LineAllocated(LineAllocated { sku, .. })
            | Self::LineFreed(LineFreed { sku, .. })
            | Self::LineShort(LineShort { sku, .. }) => sku,
        }
    }

    /// Whether goods came or went, as opposed to promises of them.
    #[must_use]
    pub fn moves_goods(&self) -> bool {
        !matches!(self, Self::LineAllocated(_) | Self::LineFreed(_) | Self::LineShort(_))
    }

    /// The order whose line this happened to.
    #[must_use]
    pub fn order_id(&self) -> Option<&OrderId> {
        match self {
            Self::StockHandedOver(StockHandedOver { order_id, .. })
            | Self::LineAllocated(LineAllocated { order_id, .. })
            | Self::LineFreed(LineFreed { order_id, .. })
            | Self::LineShort(LineShort { order_id, .. }) => Some(order_id),
            _ => None,
        }
    }

    /// The batch that this event may have begun.
    pub fn begins_batch(&self) -> impl Iterator<Item = &BatchRef> {
        match self {
            Self::BatchReceived(received) => Some(&received.batchref),
            Self::StockCounted(StockCounted { added, .. }) | Self::StockPutBack(StockPutBack { added, .. }) => {
                added.as_ref().map(|added| &added.batchref)
            }
            _ => None,
        }
        .into_iter()
    }
}
