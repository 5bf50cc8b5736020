//! What puts an entry back.

use std::collections::BTreeMap;

use crate::support::{STAMP, Shop, allocate, command, given, product, receive, request, sell};
use domain::{
    Books, CommandId, Refusal, Verdict,
    books::{Author, Reads, Role, SALES_REMEMBERED},
    event::Event,
    record::seal,
    stock,
    undo::{self, Rest, Undo, Why},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn owner() -> Author {
    Author { actor: "marek".into(), role: Role::Owner }
}

fn of_last(shop: &Shop, author: &Author) -> Result<Undo, Why> {
    undo::of_command(&shop.books, last_id(shop), author)
}

/// Of the last command that somebody sent.
fn last_id(shop: &Shop) -> CommandId {
    request(shop.sent, command("product.archive", &json!({"sku": "A"})), Role::Owner).submission.id
}

/// Sends the undo as a device would: the command, with its link.
fn send(shop: &mut Shop, undo: &Undo, author: &Author) -> Result<Vec<Event>, Refusal> {
    shop.sent += 1;
    let mut request = request(shop.sent, undo.command.clone(), author.role);
    request.author = author.clone();
    request.submission.undoes = Some(undo.undoes);
    let handled = shop.books.handle(&request, STAMP, &mut Reads::new());
    shop.log.extend(handled.entries.iter().cloned());
    match &handled.settled[0].verdict {
        Verdict::Refused { refusal, .. } => Err(refusal.clone()),
        Verdict::Accepted { .. } => Ok(handled.entries.into_iter().map(|entry| entry.event).collect()),
    }
}

/// The numbers on pages: what is on hand, on its way and promised, the takings, and what products are called.
fn numbers(books: &Books) -> (BTreeMap<String, Value>, i64) {
    let rows = books.projections.catalogue.products.iter().map(|(sku, row)| {
        let shown = json!([row.on_hand, row.arriving, row.allocated, row.name, row.price, row.archived]);
        (sku.to_string(), shown)
    });
    let takings = books.projections.sales.takings.iter().map(|(_, day)| day.total()).sum();
    (rows.collect(), takings)
}

#[track_caller]
fn undone(commands: &[(&str, Value)]) -> Shop {
    let mut shop = given(&commands[..commands.len() - 1]);
    let before = numbers(&shop.books);
    let (kind, data) = &commands[commands.len() - 1];
    shop.send(kind, data.clone());
    let undo = of_last(&shop, &owner()).unwrap();
    assert_eq!(undo.rest, Rest::All, "{kind}");
    send(&mut shop, &undo, &owner()).unwrap();
    assert_eq!(numbers(&shop.books), before, "{kind} {data}");
    shop
}

#[test]
fn us_15_undo_of_each_kind_of_entry_returns_the_numbers() {
    let oat = product("OAT");
    let b1 = receive("b1", "OAT", 9, None);
    undone(&[oat.clone(), b1.clone(), sell("s1", "OAT", 2)]);
    undone(&[oat.clone(), sell("s1", "OAT", 2)]);
    undone(&[oat.clone(), b1.clone(), ("stock.damage", json!({"batchref": "b1", "qty": 2, "reason": "wet"}))]);
    undone(&[oat.clone(), b1.clone(), ("stock.change_quantity", json!({"batchref": "b1", "qty": 4}))]);
    undone(&[oat.clone(), b1.clone(), ("stock.count", json!({"sku": "OAT", "counted": 4}))]);
    undone(&[oat.clone(), b1.clone(), ("stock.count", json!({"sku": "OAT", "counted": 14}))]);
    undone(&[oat.clone(), b1.clone()]);
    undone(&[oat.clone(), receive("b2", "OAT", 5, Some("2026-12-01"))]);
    undone(&[oat.clone(), b1.clone(), allocate("o1", "OAT", 3)]);
    undone(&[
        oat.clone(),
        b1.clone(),
        allocate("o1", "OAT", 3),
        ("order.free", json!({"order_id": "o1", "sku": "OAT"})),
    ]);
    undone(&[oat.clone(), ("product.change", json!({"sku": "OAT", "price": 999, "name": "Oat loaf"}))]);
    undone(&[oat.clone(), ("product.archive", json!({"sku": "OAT"}))]);
    let add = ("order.add_item", json!({"order_id": "o1", "sku": "OAT", "qty": 3}));
    let shop = undone(&[oat.clone(), add.clone()]);
    assert!(shop.order("o1").lines.is_empty());
    let remove = ("order.remove_item", json!({"order_id": "o1", "sku": "OAT"}));
    assert_eq!(undone(&[oat.clone(), add, remove]).order("o1").lines[0].qty.get(), 3);
    let place = ("order.place", json!({"order_id": "o1", "lines": [{"sku": "OAT", "qty": 3}]}));
    let shop = undone(&[oat, b1, place]);
    assert_eq!(serde_json::to_value(shop.order("o1").state).unwrap(), "cancelled");
}

#[test]
fn us_15_undo_of_each_kind_of_entry_returns_the_money() {
    let open = |id: &str| {
        ("account.open", json!({"account_id": id, "title": "Café", "owner": "Asha", "initial_balance": 100}))
    };
    let balances = |shop: &Shop| ["1", "2"].map(|id| shop.account(id).balance);
    for (kind, data) in [
        ("account.credit", json!({"account_id": "1", "amount": 30})),
        ("account.debit", json!({"account_id": "1", "amount": 30})),
        ("account.change", json!({"account_id": "1", "owner": "Marek", "limit": 70})),
        ("transfer.request", json!({"transfer_id": "9", "from": "1", "to": "2", "amount": 30})),
    ] {
        let shop = undone(&[open("1"), open("2"), (kind, data)]);
        assert_eq!((balances(&shop), shop.account("1").limit.minor()), ([100, 100], 0), "{kind}");
        assert_eq!(&*shop.account("1").owner, "Asha");
    }
    let mut shop = given(&[open("1")]);
    let refused = of_last(&shop, &owner()).unwrap_err();
    assert!(matches!(refused, Why::Refused(Refusal::NotZero { balance: 100, .. })), "{refused:?}");
    shop.send("account.change", json!({"account_id": "1", "owner": "Marek", "limit": 70}));
    let changed = last_id(&shop);
    shop.send("account.change", json!({"account_id": "1", "limit": 80}));
    let undo = undo::of_command(&shop.books, changed, &owner()).unwrap();
    assert_eq!(undo.rest, Rest::Fields { of: 2, left: 1 }, "the limit that was set since stands");
}

#[test]
fn us_15_the_entry_that_puts_back_is_linked_to_the_first() {
    let shop = undone(&[product("OAT"), receive("b1", "OAT", 9, None), sell("s1", "OAT", 2)]);
    let sale = shop.log.iter().find(|entry| entry.event.type_name() == "SaleRecorded").unwrap();
    let back = shop.log.iter().find(|entry| entry.event.type_name() == "SalePutBack").unwrap();
    assert_eq!(back.undoes, Some(sale.command_id));
    assert_eq!(undo::undone_by(&shop.books, sale.command_id), Some(back.position));
    assert_eq!(undo::first_of(&shop.books, sale.command_id).map(|(position, _)| position), Some(sale.position));
    let stock = shop.log.iter().find(|entry| entry.event.type_name() == "StockPutBack").unwrap();
    assert_eq!((stock.causation, stock.undoes), (Some(back.position), None));
    // Through the log and back.
    let records = seal(&shop.log, domain::chain::Hash::ORIGIN).unwrap();
    for (record, entry) in records.iter().zip(&shop.log) {
        assert_eq!(&record.decode().unwrap(), entry);
    }
}

#[test]
fn us_15_what_was_sold_since_stays_sold_and_the_rest_can_be_put_back() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 5, None)]);
    let received = last_id(&shop);
    shop.send("sale.record", sell("s1", "OAT", 2).1);
    let undo = undo::of_command(&shop.books, received, &owner()).unwrap();
    assert_eq!(undo.rest, Rest::Units { of: 5, left: 3 });
    send(&mut shop, &undo, &owner()).unwrap();
    assert_eq!(shop.product("OAT").on_hand, 0);

    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 5, None)]);
    let received = last_id(&shop);
    shop.send("sale.record", sell("s1", "OAT", 5).1);
    assert_eq!(undo::of_command(&shop.books, received, &owner()), Err(Why::NothingLeft));
}

#[test]
fn us_15_undo_is_by_difference_so_that_what_others_did_since_stays() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 9, None)]);
    shop.send("stock.damage", json!({"batchref": "b1", "qty": 2, "reason": "wet"}));
    let undo = of_last(&shop, &owner()).unwrap();
    // Decided on this device; by the time it arrives, another till has sold three.
    shop.send("sale.record", sell("s1", "OAT", 3).1);
    send(&mut shop, &undo, &owner()).unwrap();
    assert_eq!(shop.product("OAT").on_hand, 6);
}

#[test]
fn us_15_a_field_that_was_changed_again_stands() {
    let mut shop = given(&[product("OAT")]);
    shop.send("product.change", json!({"sku": "OAT", "price": 300, "category": "Bread"}));
    let first = last_id(&shop);
    shop.send("product.change", json!({"sku": "OAT", "price": 350}));
    let undo = undo::of_command(&shop.books, first, &owner()).unwrap();
    assert_eq!(undo.rest, Rest::Fields { of: 2, left: 1 });
    send(&mut shop, &undo, &owner()).unwrap();
    let row = shop.product("OAT");
    assert_eq!((row.price.minor(), row.category.as_str()), (350, ""));
}

#[test]
fn us_15_a_seller_puts_back_what_is_theirs_and_a_manager_everything() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 9, None), sell("s1", "OAT", 2)]);
    let author = |actor: &str, role| Author { actor: actor.into(), role };
    let refused = of_last(&shop, &author("asha", Role::Seller)).unwrap_err();
    assert_eq!(refused, Why::Refused(Refusal::NotAllowed { needs: "manager".to_owned(), has: Some(Role::Seller) }));
    // The server does not take the page's word for it.
    let undo = of_last(&shop, &owner()).unwrap();
    let sold = last_id(&shop);
    assert_eq!(send(&mut shop, &undo, &author("asha", Role::Seller)).unwrap_err().code(), "not_allowed");
    assert!(undo::of_command(&shop.books, sold, &author("marek", Role::Seller)).is_ok());
    assert!(undo::of_command(&shop.books, sold, &author("asha", Role::Manager)).is_ok());
}

#[test]
fn us_15_nothing_is_put_back_twice() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 9, None)]);
    shop.send("stock.damage", json!({"batchref": "b1", "qty": 2, "reason": "wet"}));
    let (damaged, undo) = (last_id(&shop), of_last(&shop, &owner()).unwrap());
    send(&mut shop, &undo, &owner()).unwrap();
    assert_eq!(send(&mut shop, &undo, &owner()).unwrap_err().code(), "wrong_state");
    assert!(matches!(undo::of_command(&shop.books, damaged, &owner()), Err(Why::Refused(Refusal::WrongState { .. }))));
    assert_eq!(shop.product("OAT").on_hand, 9);
}

#[test]
fn us_15_what_followed_names_the_entry_that_can_be_put_back() {
    let shop = given(&[product("OAT"), receive("b1", "OAT", 9, None), sell("s1", "OAT", 2)]);
    let entries = &shop.books.projections.day_book.entries;
    let sold = entries.iter().find(|(_, entry)| entry.event.type_name() == "StockSold").unwrap().1;
    assert_eq!(undo::of_entry(&shop.books, sold, &owner()), Err(Why::Followed { from: 3 }));
}

// Goods that come back.

#[test]
fn a_part_of_a_sale_can_come_back_and_never_more_than_was_sold() {
    let lines = json!([{"sku": "OAT", "qty": 2, "price": 250}, {"sku": "OAT", "qty": 3, "price": 200}]);
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 9, None),
        ("sale.record", json!({"sale_id": "s1", "lines": lines, "payment": "card"})),
    ]);
    let back = |qty: i64| json!({"sale_id": "s1", "lines": [{"sku": "OAT", "qty": qty}]});
    shop.when("sale.put_back", back(6))
        .then_refused("too_many", json!({"what": "sale", "id": "s1", "asked": 6, "left": 5}));
    shop.when("sale.put_back", back(3)).then(&[
        ("SalePutBack", json!({"total": 700, "payment": "card"})),
        ("StockPutBack", json!({"qty": 2, "settled": 0, "added": {"batchref": "b1", "qty": 2}})),
        ("StockPutBack", json!({"qty": 1})),
    ]);
    shop.when("sale.put_back", json!({"sale_id": "s1"})).then(&[
        ("SalePutBack", json!({"lines": [{"sku": "OAT", "qty": 2, "price": 200}], "total": 400})),
        ("StockPutBack", json!({"qty": 2})),
    ]);
    shop.when("sale.put_back", back(1))
        .then_refused("wrong_state", json!({"what": "sale", "id": "s1", "state": "put back"}));
    shop.when("sale.put_back", json!({"sale_id": "s9"})).then_refused("not_found", json!({"what": "sale", "id": "s9"}));
    assert_eq!(shop.product("OAT").on_hand, 9);
}

#[test]
fn goods_that_come_back_make_good_what_the_book_never_had_and_find_a_batch() {
    let mut shop = given(&[product("OAT"), sell("s1", "OAT", 3), receive("b1", "OAT", 1, None)]);
    assert_eq!(shop.product("OAT").on_hand, -2);
    shop.when("sale.put_back", json!({"sale_id": "s1"})).then(&[
        ("SalePutBack", json!({})),
        ("StockPutBack", json!({"settled": 2, "added": {"batchref": "b1", "qty": 1}})),
    ]);
    assert_eq!((shop.product("OAT").on_hand, shop.attention()), (1, vec![]));
}

#[test]
fn of_old_sales_only_the_number_is_remembered() {
    let mut shop = given(&[product("OAT"), sell("old", "OAT", 1)]);
    for number in 0..SALES_REMEMBERED {
        shop.send("sale.record", sell(&format!("s{number}"), "OAT", 1).1);
    }
    shop.when("sale.put_back", json!({"sale_id": "old"}))
        .then_refused("wrong_state", json!({"what": "sale", "id": "old", "state": "too old"}));
    shop.when("sale.record", sell("old", "OAT", 1).1)
        .then_refused("already_exists", json!({"what": "sale", "id": "old"}));
    assert_eq!(shop.books.aggregates.last_sales.len(), SALES_REMEMBERED);
}

// Orders that nobody wants any more.

#[test]
fn a_cancelled_order_gives_its_goods_back_and_gets_no_more() {
    let lines = json!([{"sku": "OAT", "qty": 3}, {"sku": "RYE", "qty": 2}]);
    let mut shop = given(&[
        product("OAT"),
        product("RYE"),
        receive("b1", "OAT", 9, None),
        ("order.place", json!({"order_id": "o1", "lines": lines})),
        allocate("o1", "OAT", 3),
    ]);
    shop.when("order.cancel", json!({"order_id": "o1"})).then(&[
        ("OrderCancelled", json!({"order_id": "o1", "skus": ["OAT", "RYE"]})),
        ("LineFreed", json!({"order_id": "o1", "sku": "OAT", "because": "asked"})),
    ]);
    assert_eq!(shop.available("OAT"), 9);
    assert!(shop.order("o1").lines.iter().all(|line| !line.short && line.allocated == 0));
    shop.when("order.cancel", json!({"order_id": "o1"})).then_nothing();
    shop.when("order.allocate", allocate("o1", "OAT", 1).1)
        .then_refused("wrong_state", json!({"what": "order", "id": "o1", "state": "cancelled"}));
    shop.when("order.cancel", json!({"order_id": "o9"}))
        .then_refused("not_found", json!({"what": "order", "id": "o9"}));
}

#[test]
fn cancelling_an_order_that_lacks_goods_ends_the_lack() {
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 5, None),
        ("order.place", json!({"order_id": "o1", "lines": [{"sku": "OAT", "qty": 5}]})),
        allocate("o1", "OAT", 5),
        ("stock.change_quantity", json!({"batchref": "b1", "qty": 2})),
    ]);
    assert_eq!(shop.attention(), [(json!({"short": ["o1", "OAT"]}), 5)]);
    shop.send("order.cancel", json!({"order_id": "o1"}));
    assert_eq!(shop.attention(), []);
}

// Taking what is left.

#[test]
fn us_09_two_of_five_are_allocated_and_three_are_short() {
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 2, None),
        ("order.add_item", json!({"order_id": "o1", "sku": "OAT", "qty": 5})),
    ]);
    shop.when("order.allocate", json!({"order_id": "o1", "sku": "OAT", "qty": 2, "short": 3}))
        .then(&[("LineAllocated", json!({"qty": 2, "batchref": "b1"})), ("LineShort", json!({"qty": 3}))]);
    let line = shop.order("o1").lines[0].clone();
    assert_eq!((line.qty.get(), line.allocated, line.short), (5, 2, true));
    assert_eq!(shop.attention(), [(json!({"short": ["o1", "OAT"]}), 3)]);
    // What it has is lost too: now it lacks all five.
    shop.when("stock.change_quantity", json!({"batchref": "b1", "qty": 0})).then(&[
        ("BatchQuantityChanged", json!({})),
        ("LineFreed", json!({"qty": 2})),
        ("LineShort", json!({"qty": 5})),
    ]);
    assert_eq!(shop.attention(), [(json!({"short": ["o1", "OAT"]}), 5)]);
}

#[test]
fn us_09_a_line_that_moves_to_another_batch_still_lacks_what_it_lacked() {
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 2, None),
        ("order.allocate", json!({"order_id": "o1", "sku": "OAT", "qty": 2, "short": 3})),
        receive("b2", "OAT", 2, None),
    ]);
    assert_eq!(shop.order("o1").lines[0].qty.get(), 5, "a draft is for what it has and what it lacks");
    shop.when("stock.change_quantity", json!({"batchref": "b1", "qty": 0})).then(&[
        ("BatchQuantityChanged", json!({})),
        ("LineFreed", json!({"qty": 2})),
        ("LineAllocated", json!({"qty": 2, "batchref": "b2"})),
        ("LineShort", json!({"qty": 3})),
    ]);
    shop.send("order.free", json!({"order_id": "o1", "sku": "OAT"}));
    assert_eq!(shop.attention(), [], "who gives goods back on purpose lacks nothing");
}

// Giving up.

#[test]
fn us_10_giving_up_is_written_down_where_the_change_would_have_been_and_changes_nothing() {
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 2, None)]);
    let asked = json!({"order_id": "o1", "sku": "OAT", "qty": 5});
    let id = uuid::Uuid::from_u128(77);
    let data = json!({"command_id": id, "type": "order.allocate", "data": asked, "reason": "Customer left"});
    let before = shop.books.aggregates.stocks.clone();
    shop.when("change.decline", data)
        .then(&[("Declined", json!({"command_id": id, "command": {"type": "order.allocate", "data": asked}}))]);
    let entry = shop.log.last().unwrap();
    assert_eq!((entry.aggregate.as_str(), entry.version), ("stock-OAT", 2));
    assert!(entry.touches().is_empty());
    assert_eq!(shop.books.aggregates.stocks, before);
    let row = shop.books.projections.day_book.entries.iter().next_back().unwrap().1;
    assert!(row.names.iter().any(|(sku, name)| sku.as_str() == "OAT" && &**name == "oat"));
}

#[test]
fn us_10_what_this_version_cannot_read_can_be_given_up_too() {
    let mut shop = given(&[]);
    for (kind, data) in
        [("account.debit", json!({"amount": 5})), ("change.decline", json!({})), ("order.place", json!({}))]
    {
        let id = uuid::Uuid::from_u128(5);
        shop.send("change.decline", json!({"command_id": id, "type": kind, "data": data, "reason": "r"}));
        assert_eq!(shop.log.last().unwrap().aggregate.as_str(), format!("change-{id}"), "{kind}");
    }
}

#[test]
fn us_15_undo_puts_back_every_batch_that_one_command_changed() {
    let mut shop = Shop::default();
    for (batchref, qty) in [("b7", 4), ("b4", 2)] {
        shop.send_command(command("stock.receive", &json!({"batchref": batchref, "sku": "S1", "qty": qty})));
    }
    let before = numbers(&shop.books);
    let changes = json!([{"batchref": "b7", "by": -2}, {"batchref": "b4", "by": -2}]);
    shop.send_command(command("stock.adjust", &json!({"sku": "S1", "changes": changes})));
    let undo = of_last(&shop, &owner()).unwrap();
    assert_eq!(undo.rest, Rest::All);
    send(&mut shop, &undo, &owner()).unwrap();
    assert_eq!(numbers(&shop.books), before);
}

proptest! {
    /// Whatever was done just now: if all of it can be put back, everything is as it was before.
    #[test]
    fn us_15_undo_of_the_last_command_returns_the_numbers(
        history in crate::support::any_history(), last in crate::support::any_command(),
    ) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            shop.send_command(command(kind, data));
        }
        let before = numbers(&shop.books);
        let handled = shop.send_command(command(last.0, &last.1));
        let freed = handled.entries.iter().any(|entry| matches!(entry.event, Event::Stock(stock::Event::LineFreed(_))));
        if let Ok(undo) = of_last(&shop, &owner()) {
            let written = shop.log.len();
            let events = send(&mut shop, &undo, &owner());
            prop_assert!(events.is_ok(), "what is offered is accepted: {events:?}");
            // Goods that became free went to an order that had waited for them.
            let is_fill = |entry: &domain::Entry| entry.device.as_ref() == "backorder";
            let filled = handled.entries.iter().chain(&shop.log[written..]).any(is_fill);
            let known = |sku: &str| before.0.contains_key(sku);
            if undo.rest == Rest::All {
                let (mut after, takings) = numbers(&shop.books);
                let mut before = before.clone();
                // A product that became known stays known, archived or without a name.
                after.retain(|sku, _| known(sku));
                // An order that was placed on top of promises takes them along when it is cancelled.
                let is_placing = matches!(last.0, "order.place" | "order.take_what_is_left" | "order.back_order");
                if freed || filled || is_placing || last.0 == "product.add" {
                    // Goods are where they were; who they are promised to was decided anew. A name stays.
                    for rows in [&mut before.0, &mut after] {
                        rows.values_mut().for_each(|row| {
                            row[2].take();
                            if last.0 == "product.add" {
                                *row = Value::Null;
                            }
                        });
                    }
                }
                prop_assert_eq!((after, takings), before);
            }
        }
    }
}
