//! What a device can say of the past by itself.

use super::*;
use crate::past::{Asked, Held, Moment, NotHeld};

#[test]
fn us_17_a_device_knows_the_books_at_every_entry_behind_those_it_began_with() {
    let mut shop = Shop::new();
    let begun = *shop.snapshot();
    let from = begun.books.position;
    let mut then = vec![begun.books.clone()];
    for number in 0..5 {
        shop.other("stock.receive", json!({"batchref": format!("N-{number}"), "sku": "RYE-1", "qty": 1 + number}));
        then.push(shop.authority.books.clone());
    }
    let tail: Vec<_> = shop.log.iter().filter(|record| record.position > from).cloned().collect();
    let held = Held::new(begun, &tail).unwrap();
    for books in &then {
        assert_eq!(held.at(Moment::Entry(books.position)).as_ref(), Ok(books));
    }
    let last = then.last().unwrap();
    assert_eq!(held.at(Moment::Entry(u64::MAX)).as_ref(), Ok(last), "what is yet to come is as now");
    assert_eq!(held.at(Moment::Entry(from - 1)), Err(NotHeld { from }));
    assert_eq!(held.at(Moment::Time(Millis(0))), Err(NotHeld { from }));
    assert_eq!(
        held.at(Moment::Time(last.projections.day_book.entries.iter().next_back().unwrap().1.recorded_at)).as_ref(),
        Ok(last)
    );
    let asked = Asked::Of(vec![domain::AggregateId::new("stock", "RYE-1")]);
    let entries = held.entries(&asked, &last.aggregates);
    assert_eq!(entries.len(), 5);
    assert!(entries.iter().all(|(position, _)| *position > from), "what was before is in the books");
}
