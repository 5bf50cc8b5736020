//! What a shop's sums are counted in.

use crate::support::{given, product};
use serde_json::json;

#[test]
fn us_30_a_shop_says_its_currency_before_the_first_price() {
    let mut shop = given(&[]);
    let before = shop.books.digest();
    shop.when("shop.set_currency", json!({"currency": "JPY"})).then(&[("CurrencySet", json!({"currency": "JPY"}))]);
    assert_eq!(shop.books.aggregates.shop.currency.as_str(), "JPY");
    assert_ne!(shop.books.digest(), before);
    shop.when("shop.set_currency", json!({"currency": "JPY"})).then(&[]);
}

#[test]
fn us_30_sums_that_are_there_do_not_become_others() {
    let mut shop = given(&[product("OAT-1")]);
    let other = shop.when("shop.set_currency", json!({"currency": "JPY"}));
    other.then_refused("wrong_state", json!({"what": "shop", "id": "settings", "state": "in use"}));
    assert_eq!(shop.books.aggregates.shop.currency.as_str(), "EUR");
}
