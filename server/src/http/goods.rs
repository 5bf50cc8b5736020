//! What is told to whoever sees no money: the same, without what has a sum or says who pays.

use domain::{
    Refusal,
    books::Role,
    refusal::{Changed, Thing},
};
use serde_json::{Value, json};

/// Names of fields with sums, or with who pays, wherever they stand.
const OF_MONEY: &[&str] = &["price", "total", "amount", "balance", "limit", "account", "account_id", "payment"];

pub(super) fn is_of_money(field: &str) -> bool {
    OF_MONEY.contains(&field.rsplit('.').next().unwrap_or(field))
}

pub(super) fn hide(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|field, _| !is_of_money(field));
            object.values_mut().for_each(hide);
        }
        Value::Array(all) => all.iter_mut().for_each(hide),
        _ => {}
    }
}

/// A document as this reader may see it.
pub(super) fn shown_to(reader: Role, mut document: Value) -> Value {
    if !reader.sees_money() {
        hide(&mut document);
    }
    document
}

fn is_about_money(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::InsufficientFunds { .. } | Refusal::NotZero { .. } | Refusal::SameAccount { .. } => true,
        Refusal::AlreadyExists { what, .. }
        | Refusal::NotFound { what, .. }
        | Refusal::WrongState { what, .. }
        | Refusal::TooLarge { what, .. }
        | Refusal::TooMany { what, .. }
        | Refusal::Gone { what, .. } => matches!(what, Thing::Account | Thing::Transfer),
        Refusal::ChangedMeanwhile(Changed::Version { id, .. }) => {
            id.starts_with("account-") || id.starts_with("transfer-")
        }
        _ => false,
    }
}

/// Why a command was refused, as this reader may know it: in words, and with the numbers on both sides of the disagreement.
pub(super) fn refusal_to(reader: Role, refusal: &Refusal) -> (String, Value) {
    if is_about_money(refusal) && !reader.sees_money() {
        return ("A rule about money, which this role does not see".to_owned(), json!({}));
    }
    let detail = serde_json::to_value(refusal).ok().and_then(|mut value| value.get_mut("detail").map(Value::take));
    (refusal.to_string(), detail.unwrap_or_else(|| json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_about_money_has_its_code_alone_for_whoever_sees_none() {
        let account_id = domain::values::AccountId::parse("77").unwrap();
        let of_money = [
            Refusal::InsufficientFunds { account_id: account_id.clone(), asked: 9_000, available: 4_321 },
            Refusal::NotZero { account_id: account_id.clone(), balance: 4_321 },
            Refusal::SameAccount { account_id },
            Refusal::WrongState { what: Thing::Account, id: "77".to_owned(), state: "closed".to_owned() },
        ];
        for refusal in &of_money {
            let (words, detail) = refusal_to(Role::StockHand, refusal);
            assert!(!words.contains(|letter: char| letter.is_ascii_digit()), "{words}");
            assert_eq!(detail, json!({}));
            let (words, detail) = refusal_to(Role::Reader, refusal);
            assert!(words.contains("77") && detail.to_string().contains("77"), "{words} {detail}");
        }
        let sku = domain::values::Sku::parse("A").unwrap();
        let of_goods = Refusal::OutOfStock { sku, asked: 9, left: 2, available: 3 };
        let told = |reader| refusal_to(reader, &of_goods);
        assert_eq!(told(Role::StockHand), told(Role::Owner));
        assert_eq!(told(Role::StockHand).1["available"], 3);
    }
}
