//! What somebody asked for of orders, in words.

use domain::order;

use super::Names;
use crate::{format::number, text::counted};

pub(super) fn order(command: &order::Command, name: Names<'_>) -> String {
    match command {
        order::Command::AddItem(item) => {
            format!("Add {} × {} to order {}", number(item.qty.signed()), name(&item.sku), item.order_id)
        }
        order::Command::RemoveItem { order_id, sku, qty } => match qty {
            Some(qty) => format!("Take {} × {} out of order {order_id}", number(qty.signed()), name(sku)),
            None => format!("Take {} out of order {order_id}", name(sku)),
        },
        order::Command::Place(place) => match &place.lines {
            Some(lines) => format!("Place order {} with {}", place.order_id, counted(lines.len(), "line", "lines")),
            None => format!("Place order {}", place.order_id),
        },
        order::Command::TakeWhatIsLeft { order_id } => format!("Take what is left for order {order_id}"),
        order::Command::BackOrder { order_id } => format!("Back-order what order {order_id} lacks"),
        order::Command::Cancel { order_id } => format!("Cancel order {order_id}"),
        order::Command::HandOver { order_id } => format!("Hand over order {order_id}"),
        order::Command::Settle { order_id } => format!("See to order {order_id}"),
        order::Command::Accept { order_id, .. } => format!("Accept order {order_id}"),
        order::Command::Reject { order_id, .. } => format!("Do not accept order {order_id}"),
    }
}

/// What was saved of it, in words.
pub(super) fn saved(command: &order::Command) -> String {
    match command {
        order::Command::Cancel { order_id } => format!("Saved here: order {order_id} cancelled."),
        order::Command::HandOver { order_id } => format!("Saved here: order {order_id} handed over."),
        other => format!("Saved here: order {}.", other.order_id()),
    }
}
