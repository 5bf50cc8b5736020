//! Orders to the end: goods, then money, then a word; and what was done is undone where one of them is missing.

use crate::support::{STAMP, Shop, allocate, any_history, command, given, open, place, product, receive, request};
use domain::{
    Books,
    books::{Reads, Role},
    event::Event,
    order::State,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Ten loaves, five rolls, and an account with 1 000 on it.
fn shop() -> Shop {
    given(&[
        product("OAT"),
        product("RYE"),
        receive("b1", "OAT", 10, None),
        receive("b2", "RYE", 5, None),
        open("101", 1_000),
    ])
}

fn order(id: &str) -> Value {
    json!({"order_id": id})
}

#[test]
fn r_9_r_35_items_come_and_go_with_name_and_price_of_that_moment() {
    let mut shop = shop();
    let item = |sku: &str, qty: i64| json!({"order_id": "o1", "sku": sku, "qty": qty});
    shop.when("order.add_item", item("OAT", 2))
        .then(&[("ItemAdded", json!({"sku": "OAT", "name": "oat", "qty": 2, "price": 250}))]);
    shop.send("product.change", json!({"sku": "OAT", "price": 300, "name": "Oat loaf"}));
    shop.send("order.add_item", item("RYE", 1));
    assert_eq!((shop.order("o1").total, shop.order("o1").lines[0].name.as_str()), (750, "oat"));
    shop.when("order.remove_item", item("OAT", 1)).then(&[("ItemRemoved", json!({"qty": 1}))]);
    shop.when("order.remove_item", item("OAT", 5))
        .then_refused("too_many", json!({"what": "order", "id": "o1", "asked": 5, "left": 1}));
    shop.when("order.remove_item", item("TEA", 1))
        .then_refused("no_such_line", json!({"order_id": "o1", "sku": "TEA"}));
    shop.when("order.add_item", item("TEA", 1)).then_refused("invalid_sku", json!({"sku": "TEA"}));
    assert_eq!(shop.order("o1").state, State::Draft);
    shop.when("order.place", order("o1")).then(&[
        ("OrderPlaced", json!({"total": 500})),
        ("LineAllocated", json!({"sku": "OAT", "qty": 1})),
        ("LineAllocated", json!({"sku": "RYE", "qty": 1})),
        ("OrderAccepted", json!({})),
    ]);
    shop.when("order.add_item", item("OAT", 1))
        .then_refused("wrong_state", json!({"what": "order", "id": "o1", "state": "accepted"}));
    shop.when("order.place", order("o9")).then_refused("not_found", json!({"what": "order", "id": "o9"}));
}

#[test]
fn r_1_an_order_gets_its_goods_is_paid_and_accepted_each_step_caused_by_the_one_before() {
    let mut shop = shop();
    shop.send("order.place", place("o1", &[("OAT", 2), ("RYE", 1)], Some("101")).1);
    let chain = [
        ("OrderPlaced", None),
        ("LineAllocated", Some(6)),
        ("LineAllocated", Some(7)),
        ("AccountDebited", Some(8)),
        ("OrderAccepted", Some(9)),
    ];
    assert_eq!(shop.chain(5), chain);
    assert_eq!((shop.balance("101"), shop.order("o1").state), (250, State::Accepted));
    assert_eq!(shop.account("101").changes.iter().last().unwrap().1.order_id.as_ref().unwrap().as_str(), "o1");
}

#[test]
fn k_10_an_order_that_lacks_goods_is_not_accepted_and_what_it_had_is_freed() {
    let mut shop = shop();
    let detail = json!({"sku": "RYE", "asked": 6, "left": 5, "available": 5});
    shop.when("order.place", place("o1", &[("OAT", 2), ("RYE", 6)], Some("101")).1).then(&[
        ("OrderPlaced", json!({})),
        ("LineAllocated", json!({"sku": "OAT"})),
        ("Refused", json!({"code": "out_of_stock"})),
        ("OrderRejected", json!({"reason": {"code": "out_of_stock", "detail": detail}})),
        ("LineFreed", json!({"sku": "OAT", "because": "asked"})),
    ]);
    let row = shop.order("o1");
    assert_eq!((row.state, row.reason.unwrap().code()), (State::Rejected, "out_of_stock"));
    assert!(row.lines.iter().all(|line| line.allocated == 0 && !line.short));
    assert_eq!((shop.available("OAT"), shop.available("RYE"), shop.balance("101")), (10, 5, 1_000));
    let causes: Vec<_> = shop.chain(3).into_iter().map(|(_, cause)| cause).collect();
    assert_eq!(causes, [Some(7), Some(8), Some(9)], "each names what it answers");
}

#[test]
fn k_10_an_order_that_cannot_be_paid_is_not_accepted_and_its_goods_are_free_again() {
    let mut shop = shop();
    let detail = json!({"account_id": "101", "asked": 1_250, "available": 1_000});
    shop.when("order.place", place("o1", &[("OAT", 5)], Some("101")).1).then(&[
        ("OrderPlaced", json!({"account": "101"})),
        ("LineAllocated", json!({})),
        ("Refused", json!({"code": "insufficient_funds"})),
        ("OrderRejected", json!({"reason": {"code": "insufficient_funds", "detail": detail}})),
        ("LineFreed", json!({})),
    ]);
    assert_eq!((shop.available("OAT"), shop.balance("101")), (10, 1_000));
    assert_eq!(shop.attention(), [(json!({"rejected": "o1"}), 1_250)]);
}

#[test]
fn an_order_on_an_account_that_is_not_there_is_refused_at_once() {
    let mut shop = given(&[product("OAT"), open("1", 0), ("account.close", json!({"account_id": "1"}))]);
    shop.when("order.place", place("o1", &[("OAT", 1)], Some("9")).1)
        .then_refused("not_found", json!({"what": "account", "id": "9"}));
    shop.when("order.place", place("o1", &[("OAT", 1)], Some("1")).1)
        .then_refused("wrong_state", json!({"what": "account", "id": "1", "state": "closed"}));
}

// What can be done about an order that was not accepted (row C-14).

fn rejected() -> Shop {
    let mut shop = shop();
    shop.send("order.place", place("o1", &[("OAT", 1), ("RYE", 8)], Some("101")).1);
    assert_eq!(shop.attention(), [(json!({"rejected": "o1"}), 2_250)]);
    shop
}

#[test]
fn c_14_a_rejected_order_is_changed_and_sent_again() {
    let mut shop = rejected();
    shop.send("order.place", place("o1", &[("OAT", 1), ("RYE", 3)], Some("101")).1);
    assert_eq!((shop.order("o1").state, shop.balance("101"), shop.attention()), (State::Accepted, 0, vec![]));
    assert_eq!(shop.order("o1").reason, None);
    shop.when("order.place", place("o1", &[("OAT", 1)], None).1)
        .then_refused("already_exists", json!({"what": "order", "id": "o1"}));
}

#[test]
fn c_14_of_a_rejected_order_what_is_left_is_taken() {
    let mut shop = rejected();
    shop.send("account.credit", json!({"account_id": "101", "amount": 500}));
    shop.when("order.take_what_is_left", order("o1")).then(&[
        ("OrderPlaced", json!({"total": 1_500, "account": "101"})),
        ("LineAllocated", json!({"sku": "OAT", "qty": 1})),
        ("LineAllocated", json!({"sku": "RYE", "qty": 5})),
        ("AccountDebited", json!({"amount": 1_500})),
        ("OrderAccepted", json!({})),
    ]);
    assert_eq!((shop.available("RYE"), shop.balance("101"), shop.attention()), (0, 0, vec![]));
    let mut none = rejected();
    none.send("stock.count", json!({"sku": "OAT", "counted": 0}));
    none.send("stock.count", json!({"sku": "RYE", "counted": 0}));
    none.when("order.take_what_is_left", order("o1"))
        .then_refused("out_of_stock", json!({"sku": "OAT", "asked": 1, "left": 0, "available": 0}));
}

#[test]
fn c_14_a_back_order_is_accepted_and_filled_as_goods_come() {
    let mut shop = rejected();
    shop.send("account.change", json!({"account_id": "101", "limit": 5_000}));
    shop.when("order.back_order", order("o1")).then(&[
        ("OrderPlaced", json!({"back_order": true})),
        ("LineAllocated", json!({"sku": "OAT", "qty": 1})),
        ("LineAllocated", json!({"sku": "RYE", "qty": 5})),
        ("LineShort", json!({"sku": "RYE", "qty": 3})),
        ("AccountDebited", json!({"amount": 2_250})),
        ("OrderAccepted", json!({})),
    ]);
    assert_eq!(shop.attention(), [(json!({"short": ["o1", "RYE"]}), 3)]);
    shop.when("stock.receive", receive("b3", "RYE", 7, None).1).then(&[("BatchReceived", json!({}))]);
    shop.when("stock.receive", receive("b4", "RYE", 8, None).1).then(&[
        ("BatchReceived", json!({})),
        ("LineFreed", json!({"order_id": "o1", "qty": 5, "because": "moved"})),
        ("LineAllocated", json!({"order_id": "o1", "qty": 8, "batchref": "b4"})),
    ]);
    assert_eq!((shop.attention(), shop.order("o1").lines[1].allocated), (vec![], 8));
}

#[test]
fn c_14_who_has_waited_longest_is_served_first_and_drafts_do_not_wait() {
    let mut shop = given(&[product("OAT")]);
    for id in ["o9", "o1"] {
        shop.send("order.add_item", json!({"order_id": id, "sku": "OAT", "qty": 3}));
        shop.send("order.back_order", order(id));
    }
    assert_eq!(shop.order("o9").state, State::Accepted);
    shop.when("stock.receive", receive("b1", "OAT", 4, None).1)
        .then(&[("BatchReceived", json!({})), ("LineAllocated", json!({"order_id": "o9", "qty": 3}))]);
    shop.when("order.cancel", order("o9")).then(&[
        ("OrderCancelled", json!({})),
        ("LineFreed", json!({"order_id": "o9"})),
        ("LineAllocated", json!({"order_id": "o1", "qty": 3})),
    ]);
    let mut draft = given(&[
        product("OAT"),
        receive("b1", "OAT", 2, None),
        ("order.allocate", json!({"order_id": "d", "sku": "OAT", "qty": 2, "short": 3})),
    ]);
    draft.when("stock.receive", receive("b2", "OAT", 9, None).1).then(&[("BatchReceived", json!({}))]);
}

// By hand, as before.

#[test]
fn what_is_allocated_and_freed_by_hand_means_what_it_did() {
    let mut shop = shop();
    shop.send("order.allocate", allocate("o1", "OAT", 3).1);
    shop.when("order.place", place("o1", &[("OAT", 3)], None).1)
        .then(&[("OrderPlaced", json!({})), ("OrderAccepted", json!({}))]);
    shop.when("order.allocate", allocate("o1", "OAT", 3).1).then_nothing();
    shop.send("order.free", json!({"order_id": "o1", "sku": "OAT"}));
    let line = shop.order("o1").lines[0].clone();
    assert_eq!((line.allocated, line.short, shop.available("OAT")), (0, true, 10));
    shop.send("order.allocate", allocate("o1", "OAT", 3).1);
    // Of another quantity than was allocated before: it is promised anew.
    shop.send("order.allocate", allocate("o2", "OAT", 2).1);
    shop.when("order.place", place("o2", &[("OAT", 4)], None).1).then(&[
        ("OrderPlaced", json!({})),
        ("LineFreed", json!({"qty": 2, "because": "moved"})),
        ("LineAllocated", json!({"qty": 4})),
        ("OrderAccepted", json!({})),
    ]);
    // An item's quantity is the order's, however much of it is allocated.
    shop.send("order.add_item", json!({"order_id": "o3", "sku": "RYE", "qty": 4}));
    shop.send("order.allocate", allocate("o3", "RYE", 2).1);
    let line = shop.order("o3").lines[0].clone();
    assert_eq!((line.qty.get(), line.allocated), (4, 2));
}

// The end.

#[test]
fn cancelling_frees_the_goods_and_gives_the_money_back_by_entries_with_a_cause() {
    let mut shop = shop();
    shop.send("order.place", place("o1", &[("OAT", 2)], Some("101")).1);
    shop.when("order.cancel", order("o1")).then(&[
        ("OrderCancelled", json!({"skus": ["OAT"]})),
        ("LineFreed", json!({"order_id": "o1"})),
        ("AccountCredited", json!({"account_id": "101", "amount": 500, "order_id": "o1"})),
    ]);
    assert_eq!(shop.chain(2).into_iter().map(|(_, cause)| cause).collect::<Vec<_>>(), [Some(10), Some(10)]);
    assert_eq!((shop.balance("101"), shop.available("OAT")), (1_000, 10));
    assert!(shop.books.aggregates.charges.is_empty());
}

#[test]
fn handing_over_takes_the_goods_out_of_stock_those_of_the_order_first() {
    let mut shop = given(&[product("OAT"), receive("old", "OAT", 2, None), receive("new", "OAT", 9, None)]);
    shop.send("order.place", place("o1", &[("OAT", 4)], None).1);
    assert_eq!(shop.batch_of("o1", "OAT"), Some("new".to_owned()));
    shop.when("order.hand_over", order("o1")).then(&[
        ("OrderHandedOver", json!({"lines": [{"sku": "OAT", "qty": 4}], "was": "accepted"})),
        ("StockHandedOver", json!({"order_id": "o1", "taken": [{"batchref": "new", "qty": 4}], "below": 0})),
    ]);
    let row = shop.product("OAT");
    assert_eq!((row.on_hand, row.allocated, row.available), (7, 0, 7));
    assert_eq!((shop.order("o1").state, shop.attention()), (State::HandedOver, vec![]));
    shop.when("order.hand_over", order("o1")).then_nothing();
    shop.when("order.cancel", order("o1"))
        .then_refused("wrong_state", json!({"what": "order", "id": "o1", "state": "handed_over"}));
    shop.when("order.hand_over", order("o9")).then_refused("not_found", json!({"what": "order", "id": "o9"}));
}

#[test]
fn a_cancelled_order_that_was_handed_over_all_the_same_needs_a_person() {
    let mut shop = shop();
    shop.send("order.place", place("o1", &[("RYE", 4)], None).1);
    shop.send("order.cancel", order("o1"));
    shop.send("sale.record", crate::support::sell("s1", "RYE", 3).1);
    shop.when("order.hand_over", order("o1")).then(&[
        ("OrderHandedOver", json!({"was": "cancelled"})),
        ("StockHandedOver", json!({"taken": [{"batchref": "b2", "qty": 2}], "below": 2})),
    ]);
    assert_eq!(shop.attention(), [(json!({"below_zero": "RYE"}), -2), (json!({"handed_over": "o1"}), 1_000)]);
    shop.when("order.settle", order("o1")).then(&[("OrderSettled", json!({}))]);
    shop.when("order.settle", order("o1")).then_nothing();
    assert_eq!(shop.attention(), [(json!({"below_zero": "RYE"}), -2)]);
}

#[test]
fn k_11_an_order_goes_on_after_a_crash_at_any_step() {
    let mut whole = shop();
    whole.send("order.place", place("o1", &[("OAT", 2), ("RYE", 1)], Some("101")).1);
    for kept in 6..=whole.log.len() {
        let mut log = whole.log[..kept].to_vec();
        let mut books = Books::default();
        log.iter().for_each(|entry| books.apply(entry).unwrap());
        let mut at = 0;
        while let Some(entry) = log.get(at).cloned() {
            let is_settled = |id: &domain::CommandId| log.iter().any(|entry| entry.command_id == *id);
            let more = books.react_unless(&entry, STAMP, is_settled).entries;
            log.extend(more);
            at += 1;
        }
        assert_eq!(books.digest(), whole.books.digest(), "after {kept}");
    }
}

#[test]
fn what_comes_late_for_an_earlier_placing_changes_nothing() {
    let mut shop = rejected();
    let refused = shop.log.iter().find(|entry| matches!(entry.event, Event::Refused(_))).unwrap().clone();
    let rejected = shop.log.iter().find(|entry| entry.event.type_name() == "OrderRejected").unwrap().clone();
    shop.send("order.place", place("o1", &[("OAT", 1), ("RYE", 3)], Some("101")).1);
    let digest = shop.books.digest();
    for entry in [refused, rejected] {
        assert!(shop.books.react(&entry, STAMP).entries.is_empty(), "{entry:?}");
    }
    assert_eq!(shop.books.digest(), digest);
}

#[test]
fn a_decision_remembers_whose_goods_and_money_it_looked_at() {
    let shop = shop();
    let mut reads = Reads::new();
    let place = request(1, command("order.place", &place("o1", &[("OAT", 2), ("RYE", 1)], Some("101")).1), Role::Owner);
    shop.books.clone().handle(&place, STAMP, &mut reads);
    let names: Vec<_> = reads.iter().map(domain::AggregateId::as_str).collect();
    for name in ["account-101", "order-o1", "product-OAT", "product-RYE", "stock-OAT", "stock-RYE"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn k_10_every_order_that_was_placed_comes_to_an_end_and_has_what_it_was_promised(history in any_history()) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            shop.send_command(command(kind, data));
            let aggregates = &shop.books.aggregates;
            for (id, order) in &aggregates.orders {
                prop_assert!(order.state != State::Placed, "{id} waits");
                let charged = aggregates.charges.get(id).map(|charged| charged.amount.minor());
                let owed = order.account.as_ref().filter(|_| order.state == State::Accepted && order.total > 0);
                prop_assert_eq!(charged, owed.map(|_| order.total), "{} {:?}", id, order);
                let row = shop.books.projections.orders.orders.get(id).unwrap();
                prop_assert_eq!(row.state, order.state);
                prop_assert_eq!(row.total, order.total);
                if matches!(order.state, State::Cancelled | State::HandedOver) {
                    let kept = order.lines.iter().filter_map(|line| aggregates.stocks.get(&line.sku));
                    prop_assert!(kept.map(|stock| stock.promised(id)).all(|units| units == 0), "{id} keeps goods");
                }
            }
            // Nobody waits for goods that are there.
            for (sku, stock) in &aggregates.stocks {
                let wanted = |id: &domain::values::OrderId| {
                    let order = aggregates.orders.get(id).filter(|order| order.state == State::Accepted)?;
                    order.line(sku).map(|line| line.qty)
                };
                prop_assert_eq!(stock.first_to_fill(wanted), None, "{}", sku);
            }
        }
    }
}
