//! Words for looking back: moments, fields as they were, and the parts of a number.

use domain::{
    values::{Day, Millis},
    why::{Cause, What},
};
use serde_json::Value;

use crate::format::{clock, day, moment, money, number};

/// On the band of a page that looks back.
#[must_use]
pub fn as_it_was(position: u64, at: Millis) -> String {
    format!("You are looking at the shop as it was at entry #{position}, {}. Nothing can be changed here.", moment(at))
}

#[must_use]
pub fn before_first(first: Option<Millis>) -> String {
    match first {
        Some(first) => format!("The book starts on {} at {} (entry #1).", day(Day::of(first)), clock(first)),
        None => "The book starts with entry #1, later than that.".to_owned(),
    }
}

#[must_use]
pub fn not_held(from: u64) -> String {
    format!(
        "This device holds entries from #{} on. What was before comes from the server, when there is a connection.",
        from.saturating_add(1)
    )
}

/// A field of a record, for people: `batches.B-1.qty` is told as its parts.
#[must_use]
pub fn field(field: &str) -> String {
    let of = |rest: &str, kind: &str| {
        let (key, name) = rest.rsplit_once('.').unwrap_or((rest, ""));
        format!("{kind} {key}, {}", plain(name))
    };
    if let Some(rest) = field.strip_prefix("batches.") {
        return of(rest, "Batch");
    }
    match field.strip_prefix("lines.") {
        Some(rest) => of(rest, "Order"),
        None => {
            let name = plain(field);
            let mut letters = name.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

fn plain(name: &str) -> String {
    match name {
        "qty" => "quantity".to_owned(),
        "eta" => "expected on".to_owned(),
        "batchref" => "batch".to_owned(),
        "picture_id" => "picture".to_owned(),
        "blob" => "fingerprint".to_owned(),
        "out.lines" => "with the customer".to_owned(),
        "out.payment" => "paid".to_owned(),
        "unsettled" => "to be seen to".to_owned(),
        other => other.replace(['_', '.'], " "),
    }
}

/// What stands, or stood, in a field.
#[must_use]
pub fn value(field: &str, value: Option<&Value>) -> String {
    let name = field.rsplit('.').next().unwrap_or(field);
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "–".to_owned(),
        Some(Value::String(text)) if name == "state" => text.replace('_', " "),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(is)) => if *is { "yes" } else { "no" }.to_owned(),
        Some(Value::Number(amount)) => {
            let amount = amount.as_i64().unwrap_or(0);
            if matches!(name, "price" | "total" | "balance" | "limit" | "amount") {
                money(amount)
            } else {
                number(amount)
            }
        }
        Some(Value::Array(list)) if list.is_empty() => "–".to_owned(),
        Some(Value::Array(list)) => list.iter().map(line).collect::<Vec<_>>().join(", "),
        Some(object @ Value::Object(_)) => line(object),
    }
}

/// `2 × Oat bread`; anything else as it stands.
fn line(of: &Value) -> String {
    let named = ["name", "sku"].iter().filter_map(|name| of.get(name)?.as_str()).find(|name| !name.is_empty());
    match (of.get("qty").and_then(Value::as_i64), named) {
        (Some(qty), Some(name)) => format!("{} × {name}", number(qty)),
        (None, Some(name)) => name.to_owned(),
        _ => of.as_str().map_or_else(|| of.to_string(), ToOwned::to_owned),
    }
}

/// A number by its name.
#[must_use]
pub fn figure(what: &What) -> &'static str {
    match what {
        What::OnHand(_) => "On hand",
        What::Allocated(_) => "Allocated",
        What::Arriving(_) => "Arriving",
        What::Available(_) => "Available",
        What::Total(_) => "Total",
        What::Takings(_) => "Takings",
        What::Balance(_) => "Balance",
    }
}

/// A part of a number.
#[must_use]
pub fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Received => "Received",
        Cause::Expected => "Announced",
        Cause::Arrived => "Arrived",
        Cause::PutBack => "Put back",
        Cause::Sold => "Sold",
        Cause::HandedOver => "Handed over",
        Cause::TakenOut => "Taken out",
        Cause::Counted => "Found by counting",
        Cause::Corrected => "Corrected",
        Cause::Reserved => "Reserved",
        Cause::Freed => "Freed",
        Cause::Order(order_id) => return format!("Order {order_id}"),
        Cause::Placed => "As placed",
        Cause::Cash => "Cash",
        Cause::Card => "Card",
        Cause::OnAccount => "On account",
        Cause::GivenBack => "Given back",
        Cause::Opened => "Opened with",
        Cause::PaidIn => "Paid in",
        Cause::PaidOut => "Paid out",
    }
    .to_owned()
}

/// The same inside a sentence.
#[must_use]
pub fn cause_within(cause: &Cause) -> String {
    let words = self::cause(cause);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn us_18_a_part_within_a_sentence_keeps_the_name_of_its_order() {
        let order = domain::values::OrderId::parse("O-1").unwrap();
        assert_eq!(cause_within(&Cause::Order(order)), "order O-1");
        assert_eq!(cause_within(&Cause::TakenOut), "taken out");
    }

    #[test]
    fn us_16_fields_and_what_stood_in_them_are_said_in_words() {
        assert_eq!(field("price"), "Price");
        assert_eq!(field("on_hand"), "On hand");
        assert_eq!(field("batches.B-1.5.qty"), "Batch B-1.5, quantity");
        assert_eq!(field("lines.O-1.batchref"), "Order O-1, batch");
        assert_eq!(value("price", Some(&json!(420))), "€4.20");
        assert_eq!(value("on_hand", Some(&json!(-3))), "\u{2212}3");
        assert_eq!(value("archived", Some(&json!(true))), "yes");
        assert_eq!(value("state", Some(&json!("handed_over"))), "handed over");
        assert_eq!(value("eta", Some(&json!(null))), "–");
        assert_eq!(value("lines", Some(&json!([{ "sku": "A", "name": "Apple", "qty": 2, "price": 5 }]))), "2 × Apple");
    }
}
