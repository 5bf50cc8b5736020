//! What came out differently than it was shown.

use domain::{Event, order, stock, transfer};

use crate::format::{money, number};

/// The differences that people care about, each as a part of a sentence.
#[must_use]
pub fn came_out(shown: &[Event], actual: &[Event]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for actual in actual {
        // The one that was shown in its place: of the same kind, about the same thing.
        let same = |shown: &&Event| shown.type_name() == actual.type_name() && subject(shown) == subject(actual);
        let part = match shown.iter().find(same) {
            Some(shown) if shown == actual => None,
            Some(shown) => difference(shown, actual),
            None => unexpected(actual),
        };
        parts.extend(part);
    }
    if actual.is_empty() {
        parts.push("nothing was left to change".to_owned());
    }
    parts.dedup();
    match parts.is_empty() {
        true => "Confirmed with a change.".to_owned(),
        false => format!("Confirmed with a change: {}.", parts.join("; ")),
    }
}

fn subject(event: &Event) -> Option<String> {
    match event {
        Event::Stock(stock::Event::LineAllocated(line)) => Some(format!("{} {}", line.order_id, line.sku)),
        Event::Stock(stock::Event::LineShort(line)) => Some(format!("{} {}", line.order_id, line.sku)),
        Event::Stock(stock::Event::LineFreed(line)) => Some(format!("{} {}", line.order_id, line.sku)),
        Event::Stock(event) => Some(event.sku().to_string()),
        Event::Product(event) => Some(event.sku().to_string()),
        Event::Account(event) => Some(event.account_id().to_string()),
        Event::Comment(event) => Some(event.comment_id().to_string()),
        _ => None,
    }
}

fn difference(shown: &Event, actual: &Event) -> Option<String> {
    match (shown, actual) {
        (Event::Stock(shown), Event::Stock(actual)) => stock_difference(shown, actual),
        (Event::Order(order::Event::OrderPlaced(shown)), Event::Order(order::Event::OrderPlaced(actual))) => {
            let price = |line: &order::PlacedLine| line.price.minor();
            let prices = shown.lines.iter().zip(&actual.lines).filter(|(shown, actual)| price(shown) != price(actual));
            let prices: Vec<_> = prices
                .map(|(shown, actual)| {
                    format!("{} now costs {}, not {}", actual.name, money(price(actual)), money(price(shown)))
                })
                .collect();
            (!prices.is_empty()).then(|| format!("{}; total {}", prices.join(", "), money(actual.total)))
        }
        (Event::Comment(_), Event::Comment(_)) => Some("the text before it was another one".to_owned()),
        (Event::Sale(_), Event::Sale(_)) => Some("fewer goods were left to put back".to_owned()),
        _ => None,
    }
}

fn stock_difference(shown: &stock::Event, actual: &stock::Event) -> Option<String> {
    use stock::Event::{BatchQuantityChanged, BatchReceived, LineAllocated, LineShort, StockCounted, StockSold};
    match (shown, actual) {
        (LineAllocated(shown), LineAllocated(actual)) => {
            let qty = (shown.qty != actual.qty)
                .then(|| format!("{} instead of {}", number(actual.qty.signed()), number(shown.qty.signed())));
            let batch = (shown.batchref != actual.batchref)
                .then(|| format!("taken from batch {}, not {}", actual.batchref, shown.batchref));
            let parts: Vec<_> = qty.into_iter().chain(batch).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        (LineShort(shown), LineShort(actual)) => {
            Some(format!("{} short instead of {}", number(actual.qty.signed()), number(shown.qty.signed())))
        }
        (BatchQuantityChanged(_), BatchQuantityChanged(actual)) => Some(format!(
            "batch {} held {} and holds {} now",
            actual.batchref,
            number(i64::from(actual.was)),
            number(i64::from(actual.qty.get()))
        )),
        (StockCounted(shown), StockCounted(actual)) => {
            Some(format!("the book expected {}, not {}", number(actual.expected), number(shown.expected)))
        }
        (StockSold(shown), StockSold(actual)) => {
            let batches = |sold: &stock::StockSold| {
                let names: Vec<_> = sold.taken.iter().map(|taken| taken.batchref.to_string()).collect();
                if names.is_empty() { "no batch".to_owned() } else { names.join(", ") }
            };
            match actual.below {
                0 => Some(format!("taken from {}, not {}", batches(actual), batches(shown))),
                below => Some(format!("{} more than the book had", number(i64::from(below)))),
            }
        }
        (BatchReceived(_), BatchReceived(actual)) if actual.settled > 0 => {
            Some(format!("{} of them had been sold already", number(i64::from(actual.settled))))
        }
        _ => None,
    }
}

/// What nobody had been told to expect.
fn unexpected(actual: &Event) -> Option<String> {
    match actual {
        Event::Stock(stock::Event::LineFreed(line)) => Some(format!("order {} lost its {}", line.order_id, line.sku)),
        Event::Stock(stock::Event::LineShort(line)) => {
            Some(format!("order {} is short of {} × {}", line.order_id, number(line.qty.signed()), line.sku))
        }
        Event::Stock(stock::Event::LineAllocated(line)) => {
            Some(format!("order {} has {} from batch {}", line.order_id, line.sku, line.batchref))
        }
        Event::Order(order::Event::OrderRejected(rejected)) => {
            Some(format!("order {} was not accepted: {}", rejected.order_id, super::why_not(&rejected.reason)))
        }
        Event::Transfer(transfer::Event::TransferFailed(failed)) => {
            Some(format!("transfer {} failed: {}", failed.transfer_id, super::why_not(&failed.reason)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, payload: &str) -> Event {
        Event::decode(kind, 1, payload).unwrap()
    }

    fn allocated(qty: u32, batch: &str) -> Event {
        event("LineAllocated", &format!(r#"{{"order_id":"O-1","sku":"OAT","qty":{qty},"batchref":"{batch}"}}"#))
    }

    #[test]
    fn another_batch_and_another_quantity_are_named() {
        assert_eq!(
            came_out(&[allocated(3, "B-09")], &[allocated(3, "B-12")]),
            "Confirmed with a change: taken from batch B-12, not B-09."
        );
        assert_eq!(
            came_out(&[allocated(5, "B-09")], &[allocated(3, "B-09")]),
            "Confirmed with a change: 3 instead of 5."
        );
    }

    #[test]
    fn a_new_price_is_named_with_the_old_one() {
        let placed = |price: i64| {
            let line = format!(r#"{{"sku":"OAT","name":"Oat bread","qty":2,"price":{price}}}"#);
            event("OrderPlaced", &format!(r#"{{"order_id":"O-1","lines":[{line}],"total":{}}}"#, 2 * price))
        };
        assert_eq!(
            came_out(&[placed(320)], &[placed(350)]),
            "Confirmed with a change: Oat bread now costs €3.50, not €3.20; total €7.00."
        );
    }

    #[test]
    fn what_nobody_expected_is_said_and_nothing_at_all_too() {
        let freed = r#"{"order_id":"O-2","sku":"OAT","qty":2,"batchref":"B-1","because":"shortage"}"#;
        assert_eq!(
            came_out(&[allocated(3, "B-1")], &[allocated(3, "B-1"), event("LineFreed", freed)]),
            "Confirmed with a change: order O-2 lost its OAT."
        );
        assert_eq!(came_out(&[allocated(3, "B-1")], &[]), "Confirmed with a change: nothing was left to change.");
    }
}
