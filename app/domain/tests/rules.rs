//! The rules of a shop, each under the name of what it proves.

use crate::support::{STAMP, Shop, allocate, command, given, product, receive, request, sell};
use domain::{
    Books, Command, EventRecord, Verdict,
    books::{Reads, Role},
    chain::Hash,
    command::ParseError,
    event::{DecodeError, Event},
    record::seal,
    values::Millis,
};
use serde_json::{Value, json};

// The rules of Cosmic Python's test_batches, test_product and test_services.

#[test]
fn c_4_allocating_to_a_batch_reduces_the_available_quantity() {
    let mut shop = given(&[product("TABLE"), receive("b1", "TABLE", 20, None)]);
    let (kind, data) = allocate("o1", "TABLE", 2);
    shop.when(kind, data)
        .then(&[("LineAllocated", json!({"order_id": "o1", "sku": "TABLE", "qty": 2, "batchref": "b1"}))]);
    assert_eq!((shop.batch("b1").qty, shop.batch("b1").available), (20, 18));
    assert_eq!(shop.available("TABLE"), 18);
}

#[test]
fn c_4_can_allocate_if_available_greater_than_required() {
    let mut shop = given(&[product("LAMP"), receive("b1", "LAMP", 20, None)]);
    shop.send("order.allocate", allocate("o1", "LAMP", 2).1);
}

#[test]
fn c_2_cannot_allocate_if_available_smaller_than_required() {
    let mut shop = given(&[product("LAMP"), receive("b1", "LAMP", 2, None)]);
    let before = (shop.books.aggregates.stocks.clone(), shop.books.projections.stock.clone());
    let refused = shop.when("order.allocate", allocate("o1", "LAMP", 20).1);
    refused.then_refused("out_of_stock", json!({"sku": "LAMP", "asked": 20, "left": 2, "available": 2}));
    assert_eq!((shop.books.aggregates.stocks.clone(), shop.books.projections.stock.clone()), before);
}

#[test]
fn c_4_can_allocate_if_available_equal_to_required() {
    let mut shop = given(&[product("LAMP"), receive("b1", "LAMP", 2, None)]);
    shop.send("order.allocate", allocate("o1", "LAMP", 2).1);
    assert_eq!(shop.available("LAMP"), 0);
}

#[test]
fn c_4_cannot_allocate_if_skus_do_not_match() {
    let mut shop = given(&[product("CHAIR"), receive("b1", "CHAIR", 100, None)]);
    let refusal = shop
        .when("order.allocate", allocate("o1", "TOASTER", 10).1)
        .then_refused("invalid_sku", json!({"sku": "TOASTER"}));
    assert_eq!(refusal.to_string(), "Invalid sku TOASTER");
}

#[test]
fn c_4_allocation_is_idempotent() {
    let mut shop = given(&[product("DESK"), receive("b1", "DESK", 20, None), allocate("o1", "DESK", 2)]);
    shop.when("order.allocate", allocate("o1", "DESK", 2).1).then_nothing();
    assert_eq!(shop.available("DESK"), 18);
}

#[test]
fn c_3_repeat_when_full_changes_nothing() {
    let mut shop = given(&[
        product("DESK"),
        receive("b1", "DESK", 2, None),
        receive("b2", "DESK", 20, None),
        allocate("o1", "DESK", 2),
    ]);
    let digest = shop.books.digest();
    shop.when("order.allocate", allocate("o1", "DESK", 2).1).then_nothing();
    assert_eq!(shop.books.digest(), digest);
    assert_eq!(shop.batch_of("o1", "DESK"), Some("b1".to_owned()));
}

#[test]
fn c_3_another_quantity_of_the_same_line_is_refused_with_what_it_has() {
    let mut shop = given(&[product("DESK"), receive("b1", "DESK", 20, None), allocate("o1", "DESK", 2)]);
    let answer = shop.when("order.allocate", allocate("o1", "DESK", 3).1);
    answer
        .then_refused("already_allocated", json!({"order_id": "o1", "sku": "DESK", "allocated": 2, "batchref": "b1"}));
}

#[test]
fn c_4_prefers_stock_in_hand_to_shipments() {
    let shop = given(&[
        product("CLOCK"),
        receive("shipment", "CLOCK", 100, Some("2026-12-01")),
        receive("in-hand", "CLOCK", 100, None),
        allocate("o1", "CLOCK", 10),
    ]);
    assert_eq!((shop.batch("in-hand").available, shop.batch("shipment").available), (90, 100));
}

#[test]
fn c_4_prefers_earlier_shipments() {
    let shop = given(&[
        product("SPOON"),
        receive("normal", "SPOON", 100, Some("2026-12-02")),
        receive("slow", "SPOON", 100, Some("2026-12-30")),
        receive("speedy", "SPOON", 100, Some("2026-12-01")),
        allocate("o1", "SPOON", 10),
    ]);
    assert_eq!(shop.batch_of("o1", "SPOON"), Some("speedy".to_owned()));
    assert_eq!(shop.product("SPOON").next_eta.map(|day| day.to_string()), Some("2026-12-01".to_owned()));
}

#[test]
fn c_2_out_of_stock_when_the_batch_is_full() {
    let mut shop = given(&[product("FORK"), receive("b1", "FORK", 10, None), allocate("o1", "FORK", 10)]);
    let answer = shop.when("order.allocate", allocate("o2", "FORK", 1).1);
    answer.then_refused("out_of_stock", json!({"sku": "FORK", "asked": 1, "left": 0, "available": 0}));
}

#[test]
fn c_3_a_line_is_never_split_over_batches() {
    let mut shop = given(&[product("FORK"), receive("b1", "FORK", 3, None), receive("b2", "FORK", 3, None)]);
    let answer = shop.when("order.allocate", allocate("o1", "FORK", 5).1);
    answer.then_refused("out_of_stock", json!({"sku": "FORK", "asked": 5, "left": 3, "available": 6}));
}

#[test]
fn c_6_lowered_quantity_frees_newest_first_and_reallocates() {
    let mut shop = given(&[
        product("INDIFFERENT-TABLE"),
        receive("batch1", "INDIFFERENT-TABLE", 50, None),
        receive("batch2", "INDIFFERENT-TABLE", 50, Some("2026-12-01")),
        allocate("order1", "INDIFFERENT-TABLE", 20),
        allocate("order2", "INDIFFERENT-TABLE", 20),
    ]);
    assert_eq!((shop.batch("batch1").available, shop.batch("batch2").available), (10, 50));
    shop.when("stock.change_quantity", json!({"batchref": "batch1", "qty": 25})).then(&[
        ("BatchQuantityChanged", json!({"batchref": "batch1", "qty": 25, "was": 50})),
        ("LineFreed", json!({"order_id": "order2", "qty": 20, "batchref": "batch1", "because": "shortage"})),
        ("LineAllocated", json!({"order_id": "order2", "qty": 20, "batchref": "batch2"})),
    ]);
    assert_eq!((shop.batch("batch1").available, shop.batch("batch2").available), (5, 30));
    let caused: Vec<_> = shop.log.iter().rev().take(3).map(|entry| (entry.position, entry.causation)).collect();
    assert_eq!(caused, [(8, Some(7)), (7, None), (6, None)], "the process names what it answers");
    assert_eq!(shop.log[7].correlation, shop.log[5].command_id);
}

#[test]
fn c_6_a_line_that_nothing_can_serve_is_short_and_needs_a_person_until_goods_are_found() {
    let mut shop = given(&[product("SOFA"), receive("b1", "SOFA", 5, None), allocate("o1", "SOFA", 5)]);
    shop.when("stock.change_quantity", json!({"batchref": "b1", "qty": 4})).then(&[
        ("BatchQuantityChanged", json!({"qty": 4})),
        ("LineFreed", json!({"order_id": "o1"})),
        ("LineShort", json!({"order_id": "o1", "sku": "SOFA", "qty": 5})),
    ]);
    assert_eq!(shop.attention(), [(json!({"short": ["o1", "SOFA"]}), 5)]);
    assert!(shop.order("o1").lines[0].short);
    shop.send("stock.receive", receive("b2", "SOFA", 9, None).1);
    shop.send("order.allocate", allocate("o1", "SOFA", 5).1);
    assert_eq!(shop.attention(), []);
    assert!(!shop.order("o1").lines[0].short);
}

#[test]
fn c_6_change_of_an_unknown_batch_is_refused_and_written_down() {
    let mut shop = given(&[]);
    let answer = shop.when("stock.change_quantity", json!({"batchref": "nope", "qty": 1}));
    answer.then_refused("not_found", json!({"what": "batch", "id": "nope"}));
    assert_eq!((shop.log[0].aggregate.as_str(), shop.log[0].version), ("batch-nope", 1));
}

#[test]
fn c_13_damage_frees_and_reallocates_the_newest_lines() {
    let mut shop = given(&[
        product("VASE"),
        receive("b1", "VASE", 10, None),
        allocate("old", "VASE", 6),
        allocate("new", "VASE", 4),
        receive("b2", "VASE", 4, Some("2026-12-01")),
    ]);
    shop.when("stock.damage", json!({"batchref": "b1", "qty": 2, "reason": "forklift"})).then(&[
        ("StockDamaged", json!({"batchref": "b1", "qty": 2, "reason": "forklift", "below": 0})),
        ("LineFreed", json!({"order_id": "new", "batchref": "b1", "because": "shortage"})),
        ("LineAllocated", json!({"order_id": "new", "batchref": "b2"})),
    ]);
    assert_eq!((shop.batch("b1").qty, shop.batch("b1").available), (8, 2));
}

#[test]
fn c_13_damage_beyond_what_the_book_held_is_a_fact_and_flagged() {
    let mut shop = given(&[product("VASE"), receive("b1", "VASE", 2, None)]);
    let answer = shop.when("stock.damage", json!({"batchref": "b1", "qty": 5, "reason": "flood"}));
    answer.then(&[("StockDamaged", json!({"qty": 5, "below": 3}))]);
    assert_eq!(shop.attention(), [(json!({"below_zero": "VASE"}), -3)]);
}

#[test]
fn c_31_free_then_reallocate_is_keyed_by_batch() {
    let mut shop = given(&[
        product("LAMP"),
        product("DESK"),
        receive("b1", "LAMP", 5, None),
        receive("b2", "LAMP", 5, Some("2026-12-01")),
        receive("d1", "DESK", 5, None),
        allocate("o1", "LAMP", 5),
        allocate("o1", "DESK", 1),
    ]);
    shop.when("stock.change_quantity", json!({"batchref": "b1", "qty": 0})).then(&[
        ("BatchQuantityChanged", json!({})),
        ("LineFreed", json!({"order_id": "o1", "sku": "LAMP", "batchref": "b1"})),
        ("LineAllocated", json!({"order_id": "o1", "sku": "LAMP", "batchref": "b2"})),
    ]);
    assert_eq!(shop.batch_of("o1", "LAMP"), Some("b2".to_owned()));
    assert_eq!(shop.batch_of("o1", "DESK"), Some("d1".to_owned()), "another SKU of the order keeps its goods");
    assert!(shop.batch("b1").allocations.is_empty());
    assert_eq!(shop.batch("b2").allocations.len(), 1);
}

#[test]
fn c_31_a_line_freed_by_a_person_is_not_allocated_again() {
    let mut shop = given(&[product("LAMP"), receive("b1", "LAMP", 5, None), allocate("o1", "LAMP", 5)]);
    let free = json!({"order_id": "o1", "sku": "LAMP"});
    shop.when("order.free", free.clone()).then(&[("LineFreed", json!({"batchref": "b1", "because": "asked"}))]);
    assert_eq!(shop.available("LAMP"), 5);
    shop.when("order.free", free).then_refused("not_found", json!({"what": "allocation", "id": "o1/LAMP"}));
}

#[test]
fn c_41_orders_view_across_skus() {
    let lines = json!([{"sku": "LAMP", "qty": 2}, {"sku": "DESK", "qty": 1}, {"sku": "LAMP", "qty": 1}]);
    let shop = given(&[
        product("LAMP"),
        product("DESK"),
        receive("l1", "LAMP", 5, None),
        receive("d1", "DESK", 5, None),
        ("order.place", json!({"order_id": "o1", "lines": lines})),
        allocate("o1", "LAMP", 3),
        allocate("o1", "DESK", 1),
        allocate("other", "DESK", 1),
    ]);
    let order = shop.order("o1");
    assert_eq!(order.total, 4 * 250);
    let shown: Vec<_> = order.lines.iter().map(|line| (line.sku.as_str(), line.qty.get(), line.allocated)).collect();
    assert_eq!(shown, [("LAMP", 3, 3), ("DESK", 1, 1)], "one line a SKU, of the sum");
    assert_eq!(shop.batch_of("o1", "DESK"), Some("d1".to_owned()));
}

#[test]
fn c_41_a_draft_line_is_of_what_was_allocated_last() {
    let shop = given(&[
        product("LAMP"),
        receive("b1", "LAMP", 9, None),
        allocate("o1", "LAMP", 2),
        ("order.free", json!({"order_id": "o1", "sku": "LAMP"})),
        allocate("o1", "LAMP", 7),
    ]);
    assert_eq!((shop.order("o1").lines[0].qty.get(), shop.order("o1").lines[0].allocated), (7, 7));
}

// Facts.

#[test]
fn receiving_an_unknown_sku_creates_an_unnamed_product_that_can_be_named_later() {
    let mut shop = given(&[]);
    shop.when("stock.receive", receive("b1", "NEW-1", 4, None).1).then(&[
        ("BatchReceived", json!({"sku": "NEW-1", "settled": 0})),
        ("ProductAdded", json!({"sku": "NEW-1", "name": ""})),
    ]);
    assert_eq!(shop.attention(), [(json!({"unnamed": "NEW-1"}), 0)]);
    let naming = json!({"sku": "NEW-1", "name": "Oat bread", "category": "Bread", "price": 320});
    shop.when("product.add", naming.clone()).then(&[("ProductChanged", json!({"name": "Oat bread", "price": 320}))]);
    assert_eq!(shop.attention(), []);
    assert_eq!((shop.product("NEW-1").name.as_str(), shop.available("NEW-1")), ("Oat bread", 4));
    shop.when("product.add", naming).then_refused("already_exists", json!({"what": "product", "id": "NEW-1"}));
}

#[test]
fn a_sale_below_zero_is_flagged_and_settled_by_a_receipt() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 1, None)]);
    shop.when("sale.record", sell("s1", "OAT", 3).1).then(&[
        ("SaleRecorded", json!({"sale_id": "s1", "total": 750})),
        ("StockSold", json!({"qty": 3, "taken": [{"batchref": "b1", "qty": 1}], "below": 2})),
    ]);
    assert_eq!(shop.attention(), [(json!({"below_zero": "OAT"}), -2)]);
    shop.when("stock.receive", receive("b2", "OAT", 5, None).1)
        .then(&[("BatchReceived", json!({"qty": 5, "settled": 2}))]);
    assert_eq!(shop.attention(), []);
    assert_eq!((shop.product("OAT").on_hand, shop.batch("b2").qty), (3, 3));
}

#[test]
fn a_sale_below_zero_is_cleared_by_a_count() {
    let mut shop = given(&[product("OAT"), sell("s1", "OAT", 3)]);
    assert_eq!(shop.attention(), [(json!({"below_zero": "OAT"}), -3)]);
    shop.when("stock.count", json!({"sku": "OAT", "counted": 4}))
        .then(&[("StockCounted", json!({"counted": 4, "expected": -3, "added": {"batchref": "COUNT-OAT", "qty": 4}}))]);
    assert_eq!((shop.product("OAT").on_hand, shop.attention()), (4, vec![]));
}

#[test]
fn what_was_sold_too_early_cannot_be_promised_from_a_shipment() {
    let mut shop = given(&[product("OAT"), receive("ship", "OAT", 5, Some("2026-12-01")), sell("s1", "OAT", 3)]);
    let answer = shop.when("order.allocate", allocate("o1", "OAT", 4).1);
    answer.then_refused("out_of_stock", json!({"sku": "OAT", "asked": 4, "left": 2, "available": 2}));
    shop.when("stock.receive", receive("ship", "OAT", 5, None).1)
        .then(&[("BatchArrived", json!({"qty": 5, "settled": 3}))]);
    assert_eq!(shop.product("OAT").on_hand, 2);
}

#[test]
fn a_shipment_that_arrives_with_less_frees_the_newest_lines() {
    let mut shop = given(&[
        product("OAT"),
        receive("ship", "OAT", 10, Some("2026-12-01")),
        allocate("old", "OAT", 4),
        allocate("new", "OAT", 4),
    ]);
    shop.when("stock.receive", receive("ship", "OAT", 6, None).1).then(&[
        ("BatchArrived", json!({"qty": 6})),
        ("LineFreed", json!({"order_id": "new"})),
        ("LineShort", json!({"order_id": "new", "qty": 4})),
    ]);
    let row = shop.product("OAT");
    assert_eq!((row.on_hand, row.arriving, row.allocated, row.next_eta), (6, 0, 4, None));
}

#[test]
fn a_sale_takes_promised_goods_only_when_nothing_else_is_left() {
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 3, None),
        receive("b2", "OAT", 3, None),
        allocate("o1", "OAT", 3),
    ]);
    shop.when("sale.record", sell("s1", "OAT", 3).1).then(&[
        ("SaleRecorded", json!({})),
        ("StockSold", json!({"taken": [{"batchref": "b2", "qty": 3}], "below": 0})),
    ]);
    shop.when("sale.record", sell("s2", "OAT", 1).1).then(&[
        ("SaleRecorded", json!({})),
        ("StockSold", json!({"taken": [{"batchref": "b1", "qty": 1}], "below": 0})),
        ("LineFreed", json!({"order_id": "o1", "because": "shortage"})),
        ("LineShort", json!({"order_id": "o1"})),
    ]);
}

#[test]
fn an_archived_product_can_still_be_sold() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 3, None), ("product.archive", json!({"sku": "OAT"}))]);
    shop.when("product.archive", json!({"sku": "OAT"})).then_nothing();
    shop.when("sale.record", sell("s1", "OAT", 1).1).then(&[("SaleRecorded", json!({})), ("StockSold", json!({}))]);
    assert!(shop.product("OAT").archived);
    assert_eq!(shop.product("OAT").on_hand, 2);
}

#[test]
fn a_counted_surplus_finds_a_free_name_for_its_batch() {
    let mut shop = given(&[
        product("OAT"),
        product("RYE"),
        receive("COUNT-OAT", "RYE", 1, None),
        receive("COUNT-2-OAT", "OAT", 1, Some("2026-12-01")),
    ]);
    shop.when("stock.count", json!({"sku": "OAT", "counted": 4}))
        .then(&[("StockCounted", json!({"added": {"batchref": "COUNT-3-OAT", "qty": 4}}))]);
    assert_eq!((shop.product("OAT").on_hand, shop.product("OAT").arriving), (4, 1));
    let long = "X".repeat(64);
    shop.send("stock.count", json!({"sku": long, "counted": 1}));
    assert_eq!(shop.product(&long).on_hand, 1);
}

#[test]
fn a_decision_remembers_that_it_needed_the_name_of_a_batch_to_be_free() {
    let shop = given(&[product("OAT")]);
    let mut reads = Reads::new();
    let count = command("stock.count", &json!({"sku": "OAT", "counted": 4}));
    let author = request(1, count.clone(), Role::Owner).author;
    shop.books.decide(&count, &author, &mut reads).unwrap();
    let mut other = shop.clone();
    let handled = other.send_command(command("stock.receive", &receive("COUNT-OAT", "RYE", 1, None).1));
    assert!(handled.entries[0].touches().iter().any(|name| reads.contains(name)));
}

#[test]
fn names_are_used_once() {
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 3, None),
        sell("s1", "OAT", 1),
        ("order.place", json!({"order_id": "o1", "lines": [{"sku": "OAT", "qty": 1}]})),
    ]);
    let taken = |what: &str, id: &str| json!({"what": what, "id": id});
    shop.when("stock.receive", receive("b1", "OAT", 3, None).1).then_refused("already_exists", taken("batch", "b1"));
    shop.when("stock.receive", receive("b1", "RYE", 3, None).1).then_refused("already_exists", taken("batch", "b1"));
    shop.when("sale.record", sell("s1", "OAT", 1).1).then_refused("already_exists", taken("sale", "s1"));
    let again = json!({"order_id": "o1", "lines": [{"sku": "OAT", "qty": 1}]});
    shop.when("order.place", again).then_refused("already_exists", taken("order", "o1"));
    let unknown = json!({"order_id": "o2", "lines": [{"sku": "NOPE", "qty": 1}]});
    shop.when("order.place", unknown).then_refused("invalid_sku", json!({"sku": "NOPE"}));
}

#[test]
fn d_5_d_16_no_delta_no_event() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 3, None)]);
    let same = json!({"sku": "OAT", "name": "oat", "price": 250});
    shop.when("product.change", same).then_nothing();
    shop.when("stock.change_quantity", json!({"batchref": "b1", "qty": 3})).then_nothing();
    shop.when("product.change", json!({"sku": "OAT", "price": 260}))
        .then(&[("ProductChanged", json!({"sku": "OAT", "price": 260}))]);
}

#[test]
fn a_refusal_has_a_version_and_changes_no_state() {
    let mut shop = given(&[product("OAT")]);
    let before = shop.books.clone();
    shop.when("product.change", json!({"sku": "RYE", "price": 1}))
        .then_refused("not_found", json!({"what": "product", "id": "RYE"}));
    let entry = shop.log.last().unwrap();
    assert_eq!((entry.aggregate.as_str(), entry.version, entry.position), ("product-RYE", 1, 2));
    assert!(entry.touches().is_empty());
    let (mut now, mut then) = (shop.books.aggregates.clone(), before.aggregates);
    (now.versions, then.versions) = Default::default();
    // Whose it was is known, for whoever gives it up.
    (now.deeds, then.deeds) = Default::default();
    assert_eq!(now, then);
    assert_eq!(shop.books.projections.catalogue, before.projections.catalogue);
    assert_eq!(shop.books.projections.attention, before.projections.attention);
}

#[test]
fn a_reader_may_change_nothing() {
    let mut shop = given(&[product("OAT")]);
    let sale = command(sell("s1", "OAT", 1).0, &sell("s1", "OAT", 1).1);
    let handled = shop.books.handle(&request(9, sale, Role::Reader), STAMP, &mut Reads::new());
    assert!(matches!(&handled.settled[0].verdict, Verdict::Refused { refusal, .. } if refusal.code() == "not_allowed"));
}

// Process managers.

#[test]
fn process_managers_issue_the_same_ids_again_and_skip_what_is_settled() {
    let lines = json!([{"sku": "OAT", "qty": 1, "price": 1}, {"sku": "OAT", "qty": 2, "price": 1}]);
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 9, None)]);
    let mut before = shop.books.clone();
    let sale = command("sale.record", &json!({"sale_id": "s1", "lines": lines, "payment": "card"}));
    let handled = shop.send_command(sale);
    let settled: Vec<_> = handled.settled.iter().map(|settled| settled.command_id).collect();
    assert_eq!(settled.len(), 3);
    before.apply(&handled.entries[0]).unwrap();
    let again = before.react(&handled.entries[0], STAMP);
    assert_eq!(again.entries, handled.entries[1..], "the crash came between the sale and what follows from it");
    assert_eq!(before, shop.books);
    let nothing = before.react_unless(&handled.entries[0], STAMP, |id| settled.contains(id));
    assert!(nothing.entries.is_empty() && before == shop.books);
}

// What comes from outside.

fn field_errors(kind: &str, data: Value) -> Vec<(String, String)> {
    match Command::parse(kind, &data) {
        Err(ParseError::Fields(errors)) => errors.into_iter().map(|error| (error.field, error.problem)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let errors = field_errors("stock.receive", json!({"batchref": "a/b", "qty": 0, "eta": "soon", "color": 1}));
    let fields: Vec<&str> = errors.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["batchref", "sku", "qty", "eta", "color"]);
    let lines = json!([{"sku": "OAT", "qty": 1, "price": 1}, {"sku": "", "qty": -1, "price": 1.5}, 7]);
    let errors = field_errors("sale.record", json!({"sale_id": "s", "lines": lines, "payment": "gold"}));
    let fields: Vec<&str> = errors.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["lines[1].sku", "lines[1].qty", "lines[1].price", "lines[2]", "payment"]);
    assert_eq!(field_errors("product.archive", json!([])), [("data".to_owned(), "must be an object".to_owned())]);
    assert_eq!(field_errors("sale.record", json!({"sale_id": "s", "lines": [], "payment": "cash"}))[0].0, "lines");
}

#[test]
fn quantities_outside_the_limits_are_refused_with_the_field() {
    for qty in [json!(0), json!(-1), json!(1_000_001), json!(i64::MAX), json!(u64::MAX), json!(1.5), json!("3")] {
        for kind in ["order.allocate", "stock.receive"] {
            let data = json!({"order_id": "o", "batchref": "b", "sku": "S", "qty": qty});
            assert!(field_errors(kind, data).iter().any(|(field, _)| field == "qty"), "{kind} {qty}");
        }
    }
    assert_eq!(field_errors("product.add", json!({"sku": "S", "name": "n", "price": -1}))[0].0, "price");
}

#[test]
fn commands_of_process_managers_cannot_be_sent() {
    for kind in [
        "stock.sell",
        "stock.take_back",
        "stock.release",
        "stock.reallocate",
        "stock.reserve",
        "stock.fill",
        "stock.hand_over",
        "product.register",
        "order.accept",
        "order.reject",
        "account.take",
        "account.bring",
        "account.return",
        "account.charge",
        "account.refund",
        "account.put_on",
        "account.take_off",
        "transfer.record_debit",
        "transfer.record_credit",
        "transfer.complete",
        "transfer.fail",
        "Sale",
        "",
    ] {
        assert_eq!(Command::parse(kind, &json!({})), Err(ParseError::UnknownType(kind.to_owned())));
    }
}

#[test]
fn k_12_unknown_and_newer_events_are_refused_not_skipped() {
    assert_eq!(Event::decode("Teleported", 1, "{}"), Err(DecodeError::UnknownType("Teleported".to_owned())));
    let newer = Event::decode("ProductArchived", 2, r#"{"sku":"OAT"}"#);
    let event_type = "ProductArchived".to_owned();
    assert_eq!(newer, Err(DecodeError::NewerSchema { event_type, schema: 2, known: 1 }));
    assert!(matches!(Event::decode("ProductArchived", 1, "{}"), Err(DecodeError::Payload { .. })));
}

/// Clocks of devices are data. What counts is the order in which things came to the book, on every replica.
#[test]
fn p_15_clocks_that_are_wrong_change_no_order() {
    let moments = [1_790_000_000_000, 5, 1_990_000_000_000, 1_590_000_000_000];
    let mut shop = Shop::default();
    for (number, moment) in (1..).zip(moments) {
        let (kind, data) = receive(&format!("b{number}"), "OAT", 1, None);
        let mut sent = request(number, command(kind, &data), Role::Owner);
        sent.submission.issued_at = Millis(moment);
        shop.log.extend(shop.books.handle(&sent, STAMP, &mut Reads::new()).entries);
    }
    let mut replica = Books::default();
    for record in seal(&shop.log, Hash::ORIGIN).unwrap() {
        let text = serde_json::to_string(&record).unwrap();
        replica.apply(&serde_json::from_str::<EventRecord>(&text).unwrap().decode().unwrap()).unwrap();
    }
    assert_eq!((replica.digest(), &replica), (shop.books.digest(), &shop.books));
    let shown = replica.projections.day_book.entries.iter().map(|(position, entry)| (*position, entry));
    let received: Vec<_> = shown.filter(|(_, entry)| entry.event.type_name() == "BatchReceived").collect();
    assert!(received.is_sorted_by_key(|(position, _)| *position));
    assert_eq!(received.iter().map(|(_, entry)| entry.issued_at.0).collect::<Vec<_>>(), moments);
    assert!(received.iter().all(|(_, entry)| entry.recorded_at == STAMP.recorded_at));
}

#[test]
fn a_clock_that_is_wrong_by_centuries_makes_an_entry_that_can_be_read() {
    for moment in [i64::MIN, -1, Millis::MOST + 1, i64::MAX] {
        let mut shop = Shop::default();
        let mut sale = request(1, command(sell("s1", "OAT", 1).0, &sell("s1", "OAT", 1).1), Role::Owner);
        sale.submission.issued_at = Millis(moment);
        let handled = shop.books.handle(&sale, STAMP, &mut Reads::new());
        let records = seal(&handled.entries, Hash::ORIGIN).unwrap();
        let mut replica = Books::default();
        for record in &records {
            let text = serde_json::to_string(record).unwrap();
            replica.apply(&serde_json::from_str::<EventRecord>(&text).unwrap().decode().unwrap()).unwrap();
        }
        assert_eq!((replica.digest(), &replica), (shop.books.digest(), &shop.books));
    }
    assert!(Millis::parse("1970-01-01T00:00:00+05:00").is_err());
    assert!(Millis::parse("9999-12-31T23:59:59-01:00").is_err());
}

#[test]
fn an_entry_out_of_place_is_a_gap_and_changes_nothing() {
    let shop = given(&[product("OAT"), product("RYE")]);
    let mut books = Books::default();
    assert!(books.apply(&shop.log[1]).is_err());
    assert_eq!(books, Books::default());
    books.apply(&shop.log[0]).unwrap();
    assert!(books.apply(&shop.log[0]).is_err());
}

#[test]
fn a_digest_asked_for_in_between_changes_nothing_about_the_next() {
    let shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 5, None),
        allocate("o1", "OAT", 2),
        sell("s1", "OAT", 9),
        ("stock.count", json!({"sku": "OAT", "counted": 3})),
        ("product.change", json!({"sku": "OAT", "price": 1})),
    ]);
    let (mut asked, mut silent) = (Books::default(), Books::default());
    for entry in &shop.log {
        let before = asked.clone();
        let _ = (asked.digest(), before.digest());
        asked.apply(entry).unwrap();
        silent.apply(entry).unwrap();
        assert_ne!(asked.digest(), before.digest(), "{entry:?}");
    }
    assert_eq!(asked.digest(), silent.digest());
}

#[test]
fn a_snapshot_that_was_changed_on_the_way_has_another_digest() {
    let shop = given(&[product("OAT"), receive("b1", "OAT", 5, None)]);
    let text = serde_json::to_string(&shop.books).unwrap();
    let same: Books = serde_json::from_str(&text).unwrap();
    assert_eq!((&same, same.digest()), (&shop.books, shop.books.digest()));
    let changed: Books = serde_json::from_str(&text.replace("\"name\":\"oat\"", "\"name\":\"rye\"")).unwrap();
    assert_ne!(changed.digest(), shop.books.digest());
}

// Words.

#[test]
fn r_33_event_names_are_past_tense_and_specific() {
    let endings = [
        "Added",
        "Changed",
        "Archived",
        "Unarchived",
        "Received",
        "Arrived",
        "Counted",
        "Damaged",
        "Sold",
        "Allocated",
        "Freed",
        "Short",
        "Placed",
        "Cancelled",
        "PutBack",
        "Recorded",
        "Refused",
        "Declined",
        "Removed",
        "Accepted",
        "Rejected",
        "HandedOver",
        "Settled",
        "Opened",
        "Credited",
        "Debited",
        "Closed",
        "Approved",
        "Requested",
        "Completed",
        "Failed",
        "Edited",
        "Deleted",
        "Set",
    ];
    for name in Event::types() {
        assert!(endings.iter().any(|ending| name.ends_with(ending)), "{name}");
        assert!(!name.contains("Updated"), "{name}");
    }
}

#[test]
fn r_35_a_placed_line_keeps_name_and_price_of_that_moment() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 9, None)]);
    let placed = json!([{"sku": "OAT", "name": "oat", "qty": 2, "price": 250}]);
    shop.when("order.place", json!({"order_id": "o1", "lines": [{"sku": "OAT", "qty": 2}]})).then(&[
        ("OrderPlaced", json!({"lines": placed, "total": 500})),
        ("LineAllocated", json!({"qty": 2})),
        ("OrderAccepted", json!({})),
    ]);
    shop.send("product.change", json!({"sku": "OAT", "name": "Oat bread", "price": 999}));
    assert_eq!((shop.order("o1").total, shop.order("o1").lines[0].name.as_str()), (500, "oat"));
}
