//! Pages that look back, and those that say why.

use serde_json::json;
use sync::past::Asked;

use super::{Shop, sale, stocked};
use crate::{
    live::PageContext,
    pages::{history, print, product, reports, why},
    ui::mark::SyncState,
};

fn of(record: &str, only: &str) -> history::Shown {
    history::Shown { record: record.to_owned(), only: only.to_owned(), before: None }
}

/// Sentences and changed fields, the newest first.
fn told(shop: &Shop, record: &str, only: &str) -> Vec<(String, Vec<String>)> {
    let model = history::load(&shop.context(), &of(record, only)).unwrap();
    let field = |told: &history::Told| format!("{}: {} → {}", told.field, told.was, told.now);
    model.rows.iter().map(|row| (row.sentence.plain(), row.changes.iter().map(field).collect())).collect()
}

fn priced() -> Shop {
    stocked()
        .with("product.change", json!({ "sku": "OAT-1", "price": 450 }))
        .with("order.place", json!({ "order_id": "O-1", "lines": [{ "sku": "OAT-1", "qty": 4 }] }))
        .with("sale.record", sale("T1-0001", 2))
}

#[test]
fn us_16_a_history_says_what_was_and_is_now_and_its_filters_hide_the_rest() {
    let shop = priced().with("product.archive", json!({ "sku": "OAT-1" })).confirmed();
    let all = told(&shop, "product-OAT-1", "");
    assert_eq!(all[0], ("Product archived: Oat bread".to_owned(), vec!["Archived: no → yes".to_owned()]));
    assert!(all.iter().any(|(_, fields)| fields == &["Price: €4.20 → €4.50"]), "{all:?}");
    let stock = told(&shop, "product-OAT-1", "stock");
    assert_eq!(stock.len(), 4, "two deliveries, a promise, a sale: {stock:?}");
    let fields = || stock.iter().flat_map(|(_, fields)| fields);
    assert!(fields().all(|field| !field.starts_with("Price") && !field.starts_with("Name")));
    let money = told(&shop, "product-OAT-1", "money");
    assert_eq!(
        money.iter().map(|(_, fields)| fields.len()).sum::<usize>(),
        2,
        "a first price, and a new one: {money:?}"
    );
    let model = history::load(&shop.context(), &of("product-OAT-1", "")).unwrap();
    assert!(model.archived && model.lacks == 0);
    assert_eq!(history::load(&shop.context(), &of("product-NONE", "")), None);
}

#[test]
fn us_16_an_order_and_a_batch_are_more_than_their_aggregates() {
    let shop = priced().confirmed();
    let order = told(&shop, "order-O-1", "");
    assert_eq!(order.len(), 3, "placed, goods promised, accepted: {order:?}");
    assert_eq!(order[0].1, ["State: placed → accepted"]);
    assert!(order[1].1.iter().all(|field| field.starts_with("Order O-1, ")), "{order:?}");
    assert_eq!(order[2].1, ["Lines: – → 4 × Oat bread", "State: – → placed", "Total: – → €18.00"]);
    let batch = told(&shop, "batch-B-1", "");
    assert_eq!(batch.len(), 3, "received, promised from, sold from: {batch:?}");
    assert_eq!(batch[0].1, ["Batch B-1, quantity: 10 → 8"]);
}

#[test]
fn us_23_the_history_of_a_picture_is_also_what_was_said_about_it() {
    let other = json!({
        "picture_id": "P-2", "blob": domain::values::BlobHash::of(b"other"), "media_type": "image/png", "width": 4,
        "height": 3,
    });
    let shop = super::photographed()
        .with("picture.add", other)
        .with("comment.edit", json!({ "comment_id": "C-1", "text": "Three are torn." }))
        .with("comment.delete", json!({ "comment_id": "C-1" }))
        .with("comment.add", json!({ "comment_id": "C-2", "picture_id": "P-2", "text": "Elsewhere." }))
        .confirmed();
    let all = told(&shop, "picture-P-1", "");
    assert_eq!(all.len(), 4, "what was said about another one is not there: {all:?}");
    let said = |(_, fields): &(String, Vec<String>)| fields.iter().find(|field| field.starts_with("Text")).cloned();
    let texts: Vec<_> = all.iter().filter_map(said).collect();
    assert_eq!(
        texts,
        ["Text: Three are torn. → –", "Text: Two are torn. → Three are torn.", "Text: – → Two are torn."]
    );
    assert!(all[3].1.contains(&"About batch: – → B-1".to_owned()), "{all:?}");
    assert_eq!(told(&shop, "picture-P-1", "comments").len(), 3);
    let model = history::load(&shop.context(), &of("picture-P-1", "")).unwrap();
    assert_eq!(model.title, "Torn sack");
    assert_eq!(model.href.as_deref(), Some("/s/demo/pictures/P-1"));
    assert_eq!(history::load(&shop.context(), &of("picture-NONE", "")), None);
}

#[test]
fn us_16_what_is_only_saved_here_is_in_the_history_with_its_mark() {
    let shop = stocked().confirmed_so_far().with("product.change", json!({ "sku": "OAT-1", "price": 450 }));
    let model = history::load(&shop.context(), &of("product-OAT-1", "")).unwrap();
    assert_eq!((model.rows[0].mark.state, model.rows[0].mark.confirmed_position()), (SyncState::SavedHere, None));
}

fn number(what: &str) -> why::Number {
    why::Number { what: what.to_owned(), recount: true }
}

fn adds_up(model: &why::Model) {
    let sum = |parts: &[why::Part]| parts.iter().map(|part| part.amount).sum::<i64>();
    assert_eq!(sum(&model.parts) + sum(&model.pending), model.number, "{model:?}");
    assert_eq!(model.recount.as_ref().unwrap().number, model.number);
}

#[test]
fn us_18_the_parts_on_the_page_add_up_and_what_is_saved_here_stands_apart() {
    let shop = priced().confirmed_so_far().with("sale.record", sale("T1-0002", 3));
    for (what, headline, pending) in [
        ("on-hand-OAT-1", 5, 1),
        ("allocated-OAT-1", 4, 0),
        ("arriving-OAT-1", 5, 0),
        ("available-OAT-1", 6, 1),
        ("total-O-1", 1_800, 0),
        ("takings-2026-11-20", 3_500, 1),
    ] {
        let model = why::load(&shop.context(), &number(what)).unwrap();
        assert_eq!((model.number, model.pending.len()), (headline, pending), "{what}: {model:?}");
        adds_up(&model);
    }
    let model = why::load(&shop.context(), &number("on-hand-OAT-1")).unwrap();
    let parts: Vec<_> = model.parts.iter().map(|part| (part.label.as_str(), part.amount)).collect();
    assert_eq!(parts, [("Received", 10), ("Sold", -2)]);
    assert_eq!((model.steps[0].change, model.steps[0].number), (-3, 5));
    assert_eq!(why::load(&shop.context(), &number("on-hand-NONE")), None);
}

#[test]
fn us_18_a_device_that_holds_only_the_end_says_so_and_its_parts_add_up_too() {
    let before = stocked();
    let since = before.books.clone();
    let shop = before.with("sale.record", sale("T1-0001", 2)).confirmed();
    let context = PageContext { since: Some(&since), ..shop.context() };
    let model = why::load(&context, &number("on-hand-OAT-1")).unwrap();
    adds_up(&model);
    assert_eq!((model.lacks, model.parts[0].label.as_str(), model.parts[0].amount), (4, "Up to entry #4", 10));
    assert_eq!(model.recount.unwrap().entries, 1);
    let history = history::load(&context, &of("product-OAT-1", "")).unwrap();
    assert_eq!((history.lacks, history.rows.len()), (4, 1));
    assert_eq!(history.rows[0].changes[0].was, "15", "what was available is known from the books before it");
}

#[test]
fn us_17_a_page_that_looks_back_keeps_its_links_there() {
    let shop = stocked().confirmed();
    let context = PageContext { as_of: Some(4), ..shop.context() };
    let model = product::load(&context, &"OAT-1".to_owned()).unwrap();
    assert_eq!(model.batches[0].href, "/s/demo/batches/B-1?as_of=4");
}

#[test]
fn entries_that_were_read_and_those_that_came_since_are_told_once_and_in_order() {
    let shop = priced().confirmed();
    let all = Asked::Before { before: None, limit: 0 };
    let kept = shop.books.projections.day_book.entries.iter().map(|(position, entry)| (*position, entry.clone()));
    let read: Vec<_> = kept.filter(|(position, _)| *position < 5).collect();
    let context = PageContext { older: &read, ..shop.context() };
    let positions: Vec<_> = context.entries(&all).iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=shop.books.position).collect::<Vec<_>>());
}

#[test]
fn us_27_a_sheet_of_what_is_not_confirmed_says_so_at_its_lines_and_its_foot() {
    let shop = stocked().confirmed_so_far().with("sale.record", sale("T1-0001", 2));
    let sheet = print::load_receipt(&shop.context(), &"T1-0001".to_owned()).unwrap();
    assert!(sheet.is_unconfirmed && sheet.lines.iter().all(|line| line.is_unconfirmed));
    let sheet = print::load_receipt(&shop.confirmed().context(), &"T1-0001".to_owned()).unwrap();
    assert!(!sheet.is_unconfirmed && sheet.lines.iter().all(|line| !line.is_unconfirmed));
    assert_eq!((sheet.total.unwrap().1.as_str(), sheet.shop.as_str()), ("€15.40", "Corner Shop"));

    let order = priced().confirmed();
    let sheet = print::load_order(&order.context(), &"O-1".to_owned()).unwrap();
    assert_eq!(sheet.lines[0].cells, ["Oat bread (OAT-1)", "4", "4", "B-1", "€18.00"]);
    assert!(!sheet.is_unconfirmed);
}

#[test]
fn a_report_needs_two_days_of_entries() {
    let shop = priced().confirmed();
    let wanted =
        |name: &str, sku: &str| reports::Wanted { name: name.to_owned(), sku: sku.to_owned(), account: String::new() };
    let report = |name: &str, sku: &str| reports::load(&shop.context(), &wanted(name, sku)).map(|model| model.report);
    assert_eq!(report("sales", ""), Some(reports::Report::Sales(None)));
    assert_eq!(report("stock", "OAT-1"), Some(reports::Report::Stock(None)));
    assert_eq!(report("nothing", ""), None);
    assert!(matches!(report("stock", ""), Some(reports::Report::Choose(choices)) if choices.len() == 2));
}
