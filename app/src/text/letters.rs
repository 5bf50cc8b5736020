//! What is written to people by mail.

use crate::format::number;

/// A letter's subject and text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

/// More was asked for than there is. `left` is what one batch can give, where that is known.
#[must_use]
pub fn out_of_stock(shop: &str, sku: &str, asked: u32, left: Option<u32>, order_id: Option<&str>) -> Letter {
    let wanted = number(i64::from(asked));
    let order = order_id.map(|order| format!("Order {order} asked for")).unwrap_or_else(|| "Asked for".to_owned());
    let left = match left {
        Some(0) => "none left".to_owned(),
        Some(left) => format!("{} left", number(i64::from(left))),
        None => "no batch that has as many".to_owned(),
    };
    Letter { subject: format!("{shop}: out of stock: {sku}"), text: format!("{order} {wanted} of {sku}: {left}.\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_asked_and_what_is_left() {
        let letter = out_of_stock("Corner shop", "OAT-1", 5, Some(2), Some("O-7"));
        assert_eq!(letter.subject, "Corner shop: out of stock: OAT-1");
        assert_eq!(letter.text, "Order O-7 asked for 5 of OAT-1: 2 left.\n");
        assert_eq!(out_of_stock("S", "A", 1, Some(0), None).text, "Asked for 1 of A: none left.\n");
    }
}
