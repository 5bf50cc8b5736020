//! What can be asked of a SKU's stock.

use serde::Serialize;

use crate::{
    fields::{FieldError, Fields},
    sale::MOST_LINES,
    values::{self, BatchRef, Day, Difference, OrderId, Quantity, Reason, SaleId, Sku},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// A fact: goods came, or (with an expected day) are on their way. A reference that is on its way and is
    /// received again without a day has arrived.
    #[serde(rename = "stock.receive")]
    Receive(Receive),
    /// The batch holds another quantity now than the book says: the delivery was written down wrong.
    #[serde(rename = "stock.change_quantity")]
    ChangeQuantity { batchref: BatchRef, qty: values::Count },
    /// A fact: somebody counted what is in hand.
    #[serde(rename = "stock.count")]
    Count(Count),
    /// A fact: goods of a batch are broken or gone.
    #[serde(rename = "stock.damage")]
    Damage { batchref: BatchRef, qty: Quantity, reason: Reason },
    /// The batches hold so many units more or fewer than the book says, whatever that says by then: how an earlier
    /// entry is put right.
    #[serde(rename = "stock.adjust")]
    Adjust { sku: Sku, changes: Vec<Adjustment> },
    /// With `short`, the line is known to be for more: the rest is short.
    #[serde(rename = "order.allocate")]
    Allocate {
        order_id: OrderId,
        sku: Sku,
        qty: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        short: Option<Quantity>,
    },
    #[serde(rename = "order.free")]
    Free { order_id: OrderId, sku: Sku },
    /// A fact, of the process `handover` alone: goods left with a sale.
    #[serde(rename = "stock.sell")]
    Sell { sku: Sku, qty: Quantity, sale_id: SaleId },
    /// A fact, of the process `handover` alone: goods of a sale came back.
    #[serde(rename = "stock.take_back")]
    TakeBack { sku: Sku, qty: Quantity, sale_id: SaleId },
    /// Of the process `cancellation` alone: the order needs its goods no longer.
    #[serde(rename = "stock.release")]
    Release { order_id: OrderId, sku: Sku },
    /// Of the process `ordering` alone: a line of an order that was placed. What it had before in another quantity
    /// changes with it. With `back_order`, what is missing is short.
    #[serde(rename = "stock.reserve")]
    Reserve { order_id: OrderId, sku: Sku, qty: Quantity, back_order: bool, round: u32 },
    /// Of the process `backorder` alone: a line that is short can have all of its goods now.
    #[serde(rename = "stock.fill")]
    Fill { order_id: OrderId, sku: Sku, qty: Quantity },
    /// A fact, of the process `handover` alone: the customer of an order has the goods.
    #[serde(rename = "stock.hand_over")]
    HandOver { order_id: OrderId, sku: Sku, qty: Quantity },
    /// Of the process `reallocation` alone: a line lost its goods; find others, or say that it is short.
    #[serde(rename = "stock.reallocate")]
    Reallocate { order_id: OrderId, sku: Sku, qty: Quantity },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Receive {
    pub batchref: BatchRef,
    pub sku: Sku,
    pub qty: Quantity,
    /// The day a shipment is expected; none for goods in hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<Day>,
}

/// Units that one batch has gained or lost.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Adjustment {
    pub batchref: BatchRef,
    pub by: Difference,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Count {
    pub sku: Sku,
    pub counted: values::Count,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &[
        "stock.receive",
        "stock.change_quantity",
        "stock.adjust",
        "stock.count",
        "stock.damage",
        "order.allocate",
        "order.free",
    ];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let command = match command_type {
            "stock.receive" => {
                let batchref = fields.text("batchref", BatchRef::parse);
                let (sku, qty) = (fields.text("sku", Sku::parse), fields.number("qty", Quantity::new));
                let eta = fields.optional_text("eta", Day::parse);
                batchref
                    .zip(sku)
                    .zip(qty)
                    .map(|((batchref, sku), qty)| Self::Receive(Receive { batchref, sku, qty, eta }))
            }
            "stock.change_quantity" => {
                let batchref = fields.text("batchref", BatchRef::parse);
                let qty = fields.number("qty", values::Count::new);
                batchref.zip(qty).map(|(batchref, qty)| Self::ChangeQuantity { batchref, qty })
            }
            "stock.adjust" => {
                let sku = fields.text("sku", Sku::parse);
                let changes = fields.list("changes", MOST_LINES, |change| {
                    let batchref = change.text("batchref", BatchRef::parse);
                    let by = change.number("by", Difference::new);
                    Some(Adjustment { batchref: batchref?, by: by? })
                });
                sku.zip(changes).map(|(sku, changes)| Self::Adjust { sku, changes })
            }
            "stock.count" => {
                let (sku, counted) = (fields.text("sku", Sku::parse), fields.number("counted", values::Count::new));
                sku.zip(counted).map(|(sku, counted)| Self::Count(Count { sku, counted }))
            }
            "stock.damage" => {
                let batchref = fields.text("batchref", BatchRef::parse);
                let qty = fields.number("qty", Quantity::new);
                let reason = fields.text("reason", Reason::parse);
                batchref.zip(qty).zip(reason).map(|((batchref, qty), reason)| Self::Damage { batchref, qty, reason })
            }
            "order.allocate" => {
                let (order_id, sku) = (fields.text("order_id", OrderId::parse), fields.text("sku", Sku::parse));
                let qty = fields.number("qty", Quantity::new);
                let short = fields.optional_number("short", Quantity::new);
                order_id.zip(sku).zip(qty).map(|((order_id, sku), qty)| Self::Allocate { order_id, sku, qty, short })
            }
            _ => {
                let (order_id, sku) = (fields.text("order_id", OrderId::parse), fields.text("sku", Sku::parse));
                order_id.zip(sku).map(|(order_id, sku)| Self::Free { order_id, sku })
            }
        };
        fields.finish(command)
    }

    /// The SKU, or the batch that leads to it.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Receive(Receive { sku, .. })
            | Self::Count(Count { sku, .. })
            | Self::Adjust { sku, .. }
            | Self::TakeBack { sku, .. }
            | Self::Release { sku, .. }
            | Self::Allocate { sku, .. }
            | Self::Free { sku, .. }
            | Self::Sell { sku, .. }
            | Self::Reserve { sku, .. }
            | Self::Fill { sku, .. }
            | Self::HandOver { sku, .. }
            | Self::Reallocate { sku, .. } => Subject::Sku(sku),
            Self::ChangeQuantity { batchref, .. } | Self::Damage { batchref, .. } => Subject::Batch(batchref),
        }
    }
}

impl Command {
    /// The order that it is about, if it is about one.
    #[must_use]
    pub fn order_id(&self) -> Option<&OrderId> {
        match self {
            Self::Allocate { order_id, .. }
            | Self::Free { order_id, .. }
            | Self::Release { order_id, .. }
            | Self::Reserve { order_id, .. }
            | Self::Fill { order_id, .. }
            | Self::HandOver { order_id, .. }
            | Self::Reallocate { order_id, .. } => Some(order_id),
            _ => None,
        }
    }
}

/// How a command names the stock it is about.
pub enum Subject<'a> {
    Sku(&'a Sku),
    Batch(&'a BatchRef),
}
