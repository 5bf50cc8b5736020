//! An order: what a customer asked for. Which batch its goods come from is the stock's business.

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    fields::{FieldError, Fields},
    product::Product,
    refusal::{Refusal, Thing},
    sale::MOST_LINES,
    values::{OrderId, Price, Quantity, Sku},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "order.place")]
    Place(Place),
    #[serde(rename = "order.cancel")]
    Cancel { order_id: OrderId },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Place {
    pub order_id: OrderId,
    pub lines: Vec<Asked>,
}

/// One thing asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub sku: Sku,
    pub qty: Quantity,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &["order.place", "order.cancel"];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let order_id = fields.text("order_id", OrderId::parse);
        if command_type == "order.cancel" {
            return fields.finish(order_id.map(|order_id| Self::Cancel { order_id }));
        }
        let lines = fields.list("lines", MOST_LINES, |line| {
            let (sku, qty) = (line.text("sku", Sku::parse), line.number("qty", Quantity::new));
            Some(Asked { sku: sku?, qty: qty? })
        });
        fields.finish(order_id.zip(lines).map(|(order_id, lines)| Self::Place(Place { order_id, lines })))
    }

    #[must_use]
    pub fn order_id(&self) -> &OrderId {
        match self {
            Self::Place(Place { order_id, .. }) | Self::Cancel { order_id } => order_id,
        }
    }
}

events!(
    /// What happened to an order.
    OrderPlaced,
    OrderCancelled,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub order_id: OrderId,
    /// One for each SKU, in the order they were asked for, with name and price of that moment.
    pub lines: Vec<PlacedLine>,
    /// Minor units.
    pub total: i64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlacedLine {
    pub sku: Sku,
    pub name: String,
    pub qty: Quantity,
    /// Of one piece, in minor units.
    pub price: Price,
}

/// Nobody wants it any more. What was promised to it is free again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderCancelled {
    pub order_id: OrderId,
    /// What it had lines for.
    pub skus: Vec<Sku>,
}

impl Event {
    /// The order that this happened to.
    #[must_use]
    pub fn order_id(&self) -> &OrderId {
        match self {
            Self::OrderPlaced(OrderPlaced { order_id, .. }) | Self::OrderCancelled(OrderCancelled { order_id, .. }) => {
                order_id
            }
        }
    }
}

/// An order as its events leave it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    pub lines: Vec<PlacedLine>,
    pub total: i64,
    pub cancelled: bool,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

/// `product` looks a product up by its SKU.
///
/// # Errors
/// `already_exists` for a number that is taken, `invalid_sku` for goods the shop does not know, `too_large`, `not_found`
/// for an order that was never placed.
pub fn decide<'a>(
    order: Option<&Order>,
    command: &Command,
    product: impl Fn(&Sku) -> Option<&'a Product>,
) -> Result<Vec<Event>, Refusal> {
    let Place { order_id, lines } = match command {
        Command::Place(place) => place,
        Command::Cancel { order_id } => return cancel(order, order_id),
    };
    if order.is_some() {
        return Err(Refusal::AlreadyExists { what: Thing::Order, id: order_id.to_string() });
    }
    let too_large = || Refusal::TooLarge { what: Thing::Order, id: order_id.to_string() };
    let mut placed: Vec<PlacedLine> = Vec::with_capacity(lines.len());
    for Asked { sku, qty } in lines {
        let known = product(sku).ok_or_else(|| Refusal::InvalidSku { sku: sku.clone() })?;
        match placed.iter_mut().find(|line| line.sku == *sku) {
            // Asked for twice is one line of the sum: a line is allocated whole, from one batch.
            Some(line) => line.qty = Quantity::new(line.qty.signed() + qty.signed()).map_err(|_| too_large())?,
            None => placed.push(PlacedLine {
                sku: sku.clone(),
                name: known.name.to_string(),
                qty: *qty,
                price: known.price,
            }),
        }
    }
    let total =
        placed.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.price.times(line.qty))).ok_or_else(too_large)?;
    Ok(vec![OrderPlaced { order_id: order_id.clone(), lines: placed, total }.into()])
}

fn cancel(order: Option<&Order>, order_id: &OrderId) -> Result<Vec<Event>, Refusal> {
    match order {
        None => Err(Refusal::NotFound { what: Thing::Order, id: order_id.to_string() }),
        Some(order) if order.cancelled => Ok(vec![]),
        Some(order) => {
            let skus = order.lines.iter().map(|line| line.sku.clone()).collect();
            Ok(vec![OrderCancelled { order_id: order_id.clone(), skus }.into()])
        }
    }
}

#[must_use]
pub fn evolve(order: Order, event: &Event) -> Order {
    match event {
        Event::OrderPlaced(placed) => Order { lines: placed.lines.clone(), total: placed.total, ..order },
        Event::OrderCancelled(_) => Order { cancelled: true, ..order },
    }
}
