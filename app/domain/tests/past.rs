//! Looking back: what a record was, and why a number is what it is.

use crate::support::{Shop, any_history, command, given};
use domain::{
    Books, Event,
    books::FoldError,
    history::History,
    record::Entry,
    values::{Day, Sku},
    why::{Explanation, Seen, What, explain},
};
use proptest::prelude::*;
use serde_json::json;

fn fold(entries: &[Entry]) -> Result<Books, FoldError> {
    let mut books = Books::default();
    entries.iter().try_for_each(|entry| books.apply(entry))?;
    Ok(books)
}

/// Every number of the shop that can be explained.
fn numbers(books: &Books) -> Vec<What> {
    let of_sku = |sku: &Sku| {
        let all = [What::OnHand, What::Allocated, What::Arriving, What::Available];
        all.map(|what| what(sku.clone()))
    };
    let read = &books.projections;
    let of_stock = read.catalogue.products.iter().flat_map(|(sku, _)| of_sku(sku));
    let of_orders = read.orders.orders.iter().map(|(order_id, _)| What::Total(order_id.clone()));
    let of_days = read.sales.takings.iter().map(|(day, _)| What::Takings(*day));
    of_stock.chain(of_orders).chain(of_days).collect()
}

fn explained(what: &What, since: Option<&Books>, log: &[Entry]) -> Explanation {
    let seen = log.iter().map(|entry| {
        let Entry { position, event, issued_at, .. } = entry;
        Seen { position: *position, event, issued_at: *issued_at }
    });
    explain(what, since, seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn us_18_the_parts_of_every_number_add_up_from_the_first_entry_and_from_any_later_one(
        history in any_history(), since in 0.0..1.0_f64, confirmed in 0.0..1.0_f64,
    ) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            shop.send_command(command(kind, data));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short log")]
        let place = |part: f64| (part * shop.log.len() as f64) as usize;
        let (known, behind) = shop.log.split_at(place(since));
        let known = fold(known).unwrap();
        let confirmed = place(confirmed) as u64;
        for what in numbers(&shop.books) {
            let headline = what.headline(&shop.books).unwrap();
            for explained in [explained(&what, None, &shop.log), explained(&what, Some(&known), behind)] {
                let parts: i64 = explained.parts(confirmed).iter().map(|(_, sum)| sum).sum();
                let pending: i64 = explained.pending(confirmed).map(|step| step.change).sum();
                prop_assert_eq!(explained.start + parts + pending, headline, "{}: {:?}", &what, &explained);
                prop_assert_eq!(explained.number(), headline);
            }
        }
    }

    #[test]
    fn r_21_a_history_told_from_any_entry_on_says_what_the_whole_one_says(history in any_history(), since in 0.0..1.0_f64) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            shop.send_command(command(kind, data));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short log")]
        let place = (since * shop.log.len() as f64) as usize;
        let known = fold(&shop.log[..place]).unwrap();
        let aggregates: std::collections::BTreeSet<_> = shop.log.iter().map(|entry| entry.aggregate.clone()).collect();
        for aggregate in aggregates {
            let (mut whole, mut resumed) = (History::default(), History::resuming(&known.aggregates, &aggregate));
            for (index, entry) in shop.log.iter().enumerate().filter(|(_, entry)| entry.aggregate == aggregate) {
                let changes = whole.take_in(&entry.event);
                if index >= place {
                    prop_assert_eq!(resumed.take_in(&entry.event), changes, "{}", &aggregate);
                }
            }
        }
    }
}

#[test]
fn us_16_each_change_says_what_was_and_what_is_now() {
    let shop = given(&[
        ("product.add", json!({ "sku": "A", "name": "Apple", "price": 50 })),
        ("product.change", json!({ "sku": "A", "price": 60, "name": "Red apple" })),
    ]);
    let mut history = History::default();
    let changes: Vec<_> = shop.log.iter().map(|entry| history.take_in(&entry.event)).collect();
    let told: Vec<_> = changes[1].iter().map(|change| (change.field.as_str(), &change.was, &change.now)).collect();
    assert_eq!(
        told,
        [("name", &Some(json!("Apple")), &Some(json!("Red apple"))), ("price", &Some(json!(50)), &Some(json!(60))),]
    );
    assert!(changes[0].iter().all(|change| change.was.is_none()));
}

#[test]
fn us_18_takings_are_of_one_day_and_what_was_given_back_is_a_part_of_them() {
    let line = json!([{ "sku": "A", "qty": 2, "price": 50 }]);
    let shop = given(&[
        ("sale.record", json!({ "sale_id": "T1-1", "payment": "cash", "lines": line })),
        ("sale.record", json!({ "sale_id": "T1-2", "payment": "card", "lines": line })),
        ("sale.put_back", json!({ "sale_id": "T1-1" })),
    ]);
    let day = Day::of(shop.log[0].issued_at);
    let today = explained(&What::Takings(day), None, &shop.log);
    let parts: Vec<_> = today.parts(u64::MAX).into_iter().map(|(_, sum)| sum).collect();
    assert_eq!((parts, today.number()), (vec![100, 100, -100], 100));
    assert_eq!(explained(&What::Takings(day.plus(1)), None, &shop.log).number(), 0);
    assert!(shop.log.iter().any(|entry| matches!(entry.event, Event::Stock(_))), "what followed is no money");
}
