//! What can be asked of an order.

use serde::{Deserialize, Serialize};

use crate::{
    fields::{FieldError, Fields},
    refusal::Refusal,
    sale::MOST_LINES,
    values::{AccountId, OrderId, Quantity, Sku},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// The first item begins a draft.
    #[serde(rename = "order.add_item")]
    AddItem(Item),
    /// Without a quantity, all of it.
    #[serde(rename = "order.remove_item")]
    RemoveItem {
        order_id: OrderId,
        sku: Sku,
        #[serde(skip_serializing_if = "Option::is_none")]
        qty: Option<Quantity>,
    },
    /// An order that was not accepted is placed again, with other lines or the same.
    #[serde(rename = "order.place")]
    Place(Place),
    /// Of an order that was not accepted: as much of each line as one batch can give, and no more.
    #[serde(rename = "order.take_what_is_left")]
    TakeWhatIsLeft { order_id: OrderId },
    /// Whole, though goods are missing: they come as stock does.
    #[serde(rename = "order.back_order")]
    BackOrder { order_id: OrderId },
    #[serde(rename = "order.cancel")]
    Cancel { order_id: OrderId },
    /// A fact: the customer has the goods, whatever state the order is in.
    #[serde(rename = "order.hand_over")]
    HandOver { order_id: OrderId },
    /// Somebody has seen to an order that was handed over without having been accepted.
    #[serde(rename = "order.settle")]
    Settle { order_id: OrderId },
    /// Of the process `ordering` alone: goods and money are there.
    #[serde(rename = "order.accept")]
    Accept {
        order_id: OrderId,
        /// Which placing of the order it answers: what comes late for an earlier one changes nothing.
        round: u32,
    },
    /// Of the process `ordering` alone: goods or money are not there.
    #[serde(rename = "order.reject")]
    Reject { order_id: OrderId, round: u32, reason: Refusal },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Item {
    pub order_id: OrderId,
    pub sku: Sku,
    pub qty: Quantity,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Place {
    pub order_id: OrderId,
    /// None for the items that are in it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Asked>>,
    /// Which account pays for it; none for cash at the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

/// One thing asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub sku: Sku,
    pub qty: Quantity,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &[
        "order.add_item",
        "order.remove_item",
        "order.place",
        "order.take_what_is_left",
        "order.back_order",
        "order.cancel",
        "order.hand_over",
        "order.settle",
    ];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let order_id = fields.text("order_id", OrderId::parse);
        let command = match command_type {
            "order.add_item" => {
                let (sku, qty) = (fields.text("sku", Sku::parse), fields.number("qty", Quantity::new));
                order_id.zip(sku).zip(qty).map(|((order_id, sku), qty)| Self::AddItem(Item { order_id, sku, qty }))
            }
            "order.remove_item" => {
                let sku = fields.text("sku", Sku::parse);
                let qty = fields.optional_number("qty", Quantity::new);
                order_id.zip(sku).map(|(order_id, sku)| Self::RemoveItem { order_id, sku, qty })
            }
            "order.place" => {
                let lines = if fields.has("lines") { fields.list("lines", MOST_LINES, asked) } else { None };
                let account = fields.optional_text("account", AccountId::parse);
                order_id.map(|order_id| Self::Place(Place { order_id, lines, account }))
            }
            "order.take_what_is_left" => order_id.map(|order_id| Self::TakeWhatIsLeft { order_id }),
            "order.back_order" => order_id.map(|order_id| Self::BackOrder { order_id }),
            "order.cancel" => order_id.map(|order_id| Self::Cancel { order_id }),
            "order.hand_over" => order_id.map(|order_id| Self::HandOver { order_id }),
            _ => order_id.map(|order_id| Self::Settle { order_id }),
        };
        fields.finish(command)
    }

    #[must_use]
    pub fn order_id(&self) -> &OrderId {
        match self {
            Self::AddItem(Item { order_id, .. })
            | Self::RemoveItem { order_id, .. }
            | Self::Place(Place { order_id, .. })
            | Self::TakeWhatIsLeft { order_id }
            | Self::BackOrder { order_id }
            | Self::Cancel { order_id }
            | Self::HandOver { order_id }
            | Self::Settle { order_id }
            | Self::Accept { order_id, .. }
            | Self::Reject { order_id, .. } => order_id,
        }
    }
}

fn asked(line: &mut Fields<'_>) -> Option<Asked> {
    let (sku, qty) = (line.text("sku", Sku::parse), line.number("qty", Quantity::new));
    Some(Asked { sku: sku?, qty: qty? })
}
