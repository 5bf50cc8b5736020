//! Accounts and transfers: no money is made or lost, whatever comes twice, late or not at all.

use std::collections::BTreeSet;

use crate::support::{STAMP, Shop, any_history, command, given, open, place, product, receive, request, transfer};
use domain::{
    Books, Command, Entry, Verdict,
    account::approval,
    books::{Reads, Role},
    event::Event,
    projections::transfers::{Step, TransferState},
    transfer::State,
    values::{AccountId, TransferId},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The golden run of row R-3.
fn golden() -> Shop {
    given(&[open("101", 250), open("202", 125), transfer("55", "101", "202", 55)])
}

#[test]
fn r_3_golden_transfer() {
    let shop = golden();
    assert_eq!((shop.balance("101"), shop.balance("202")), (195, 180));
    let transfer = shop.transfer("55");
    assert_eq!((transfer.state, transfer.reason), (TransferState::Completed, None));
    assert_eq!(shop.books.aggregates.money(), 375);
}

#[test]
fn r_4_each_step_of_a_transfer_is_caused_by_the_one_before() {
    let shop = golden();
    let expected = [
        ("TransferRequested", None),
        ("AccountDebited", Some(3)),
        ("DebitRecorded", Some(4)),
        ("AccountCredited", Some(5)),
        ("CreditRecorded", Some(6)),
        ("TransferCompleted", Some(7)),
    ];
    assert_eq!(shop.chain(6), expected);
    assert!(shop.log[2..].iter().all(|entry| entry.correlation == shop.log[2].command_id));
    let names: Vec<_> = shop.log[2..].iter().map(|entry| entry.aggregate.as_str()).collect();
    assert_eq!(names, ["transfer-55", "account-101", "transfer-55", "account-202", "transfer-55", "transfer-55"]);
}

#[test]
fn r_32_each_step_is_one_command_on_one_aggregate() {
    let shop = golden();
    let ids: BTreeSet<_> = shop.log.iter().map(|entry| entry.command_id).collect();
    assert_eq!(ids.len(), shop.log.len());
}

#[test]
fn r_16_what_an_account_allows() {
    let limited = |limit: i64| {
        ("account.open", json!({"account_id": "1", "title": "t", "owner": "o", "initial_balance": 100, "limit": limit}))
    };
    for (limit, amount, left) in [(0, 100, Some(0)), (0, 101, None), (50, 150, Some(-50)), (50, 151, None)] {
        let mut shop = given(&[limited(limit)]);
        let answer = shop.when("account.debit", json!({"account_id": "1", "amount": amount}));
        match left {
            Some(_) => answer.then(&[("AccountDebited", json!({"amount": amount}))]),
            None => {
                let detail = json!({"account_id": "1", "asked": amount, "available": 100 + limit});
                answer.then_refused("insufficient_funds", detail);
            }
        }
        assert_eq!(shop.balance("1"), left.unwrap_or(100));
    }
}

#[test]
fn an_account_is_opened_once_and_closed_only_with_nothing_on_it() {
    let mut shop = given(&[open("1", 100)]);
    shop.when("account.open", open("1", 5).1).then_refused("already_exists", json!({"what": "account", "id": "1"}));
    let close = json!({"account_id": "1"});
    shop.when("account.close", close.clone()).then_refused("not_zero", json!({"account_id": "1", "balance": 100}));
    shop.send("account.debit", json!({"account_id": "1", "amount": 100}));
    shop.when("account.close", close.clone()).then(&[("AccountClosed", json!({}))]);
    shop.when("account.close", close).then_nothing();
    let closed = json!({"what": "account", "id": "1", "state": "closed"});
    for kind in ["account.credit", "account.debit"] {
        shop.when(kind, json!({"account_id": "1", "amount": 1})).then_refused("wrong_state", closed.clone());
    }
    shop.when("account.change", json!({"account_id": "1", "limit": 9})).then_refused("wrong_state", closed);
    let unknown = json!({"what": "account", "id": "9"});
    shop.when("account.credit", json!({"account_id": "9", "amount": 1})).then_refused("not_found", unknown);
    assert_eq!(serde_json::to_value(shop.account("1").state).unwrap(), "closed");
}

#[test]
fn what_is_known_to_fail_is_refused_at_once_and_moves_nothing() {
    let mut shop = given(&[open("1", 100), open("2", 0), open("3", 0), ("account.close", json!({"account_id": "3"}))]);
    let closed = json!({"what": "account", "id": "3", "state": "closed"});
    for (from, to, amount, code, detail) in [
        ("1", "9", 10, "not_found", json!({"what": "account", "id": "9"})),
        ("9", "1", 10, "not_found", json!({"what": "account", "id": "9"})),
        ("1", "3", 10, "wrong_state", closed.clone()),
        ("3", "1", 10, "wrong_state", closed),
        ("1", "1", 10, "same_account", json!({"account_id": "1"})),
        ("1", "2", 101, "insufficient_funds", json!({"account_id": "1", "asked": 101, "available": 100})),
    ] {
        shop.when("transfer.request", transfer("t", from, to, amount).1).then_refused(code, detail);
        assert_eq!((shop.balance("1"), shop.balance("2")), (100, 0));
    }
    shop.send("transfer.request", transfer("t", "1", "2", 100).1);
    shop.when("transfer.request", transfer("t", "1", "2", 100).1)
        .then_refused("already_exists", json!({"what": "transfer", "id": "t"}));
}

/// What is in the book of a shop whose server died after the first `kept` entries of the golden transfer.
fn cut(kept: usize) -> (Books, Vec<Entry>) {
    let shop = golden();
    let mut books = Books::default();
    let log = shop.log[..2 + kept].to_vec();
    log.iter().for_each(|entry| books.apply(entry).unwrap());
    (books, log)
}

/// Process managers look at the entries that are there, as they do after a crash.
fn resume(books: &mut Books, log: &mut Vec<Entry>) {
    let mut at = 0;
    while let Some(entry) = log.get(at).cloned() {
        log.extend(books.react(&entry, STAMP).entries);
        at += 1;
    }
}

#[test]
fn r_4_a_transfer_goes_on_after_a_crash_at_any_step() {
    for kept in 1..=6 {
        let (mut books, mut log) = cut(kept);
        resume(&mut books, &mut log);
        assert_eq!(books.aggregates.money(), 375, "after {kept}");
        assert_eq!(books.digest(), golden().books.digest(), "after {kept}: the same entries as without the crash");
    }
}

/// The account that should get the money is closed between the two legs.
fn closed_meanwhile() -> (Books, Vec<Entry>) {
    let mut shop = given(&[open("101", 250), open("202", 0), transfer("55", "101", "202", 55)]);
    let mut books = Books::default();
    let mut log = shop.log.split_off(5);
    log.clear();
    for entry in shop.log {
        books.apply(&entry).unwrap();
        log.push(entry);
    }
    let close = request(70, command("account.close", &json!({"account_id": "202"})), Role::Owner);
    log.extend(books.handle(&close, STAMP, &mut Reads::new()).entries);
    (books, log)
}

#[test]
fn k_10_a_second_leg_that_is_refused_puts_the_money_back_by_an_entry_with_a_cause() {
    let (mut books, mut log) = closed_meanwhile();
    resume(&mut books, &mut log);
    let shop = Shop { books, log, sent: 0 };
    let chain =
        [("AccountClosed", None), ("Refused", Some(5)), ("AccountCredited", Some(7)), ("TransferFailed", Some(8))];
    assert_eq!(shop.chain(4), chain);
    assert_eq!((shop.balance("101"), shop.balance("202"), shop.books.aggregates.money()), (250, 0, 250));
    let transfer = shop.transfer("55");
    assert_eq!((transfer.state, transfer.reason.unwrap().code()), (TransferState::Failed, "wrong_state"));
    assert!(matches!(&transfer.timeline[3].what, Step::PutBack { reason } if reason.code() == "wrong_state"));
    let back = shop.account("101").changes.iter().last().unwrap().1.clone();
    assert_eq!((back.amount, back.balance, back.put_back), (55, 250, true));
    assert_eq!(shop.account("101").transfers[0].state, TransferState::Failed);
}

#[test]
fn a_first_leg_that_is_refused_later_ends_as_failed_with_the_reason() {
    let (mut books, mut log) = cut(1);
    let debit = request(70, command("account.debit", &json!({"account_id": "101", "amount": 200})), Role::Owner);
    log.extend(books.handle(&debit, STAMP, &mut Reads::new()).entries);
    resume(&mut books, &mut log);
    let shop = Shop { books, log, sent: 0 };
    let transfer = shop.transfer("55");
    assert_eq!((transfer.state, transfer.reason.unwrap().code()), (TransferState::Failed, "insufficient_funds"));
    assert_eq!((shop.balance("101"), shop.balance("202")), (50, 125));
}

#[test]
fn money_that_comes_back_to_a_closed_account_is_a_fact_and_needs_a_person() {
    let shop = given(&[open("101", 55), open("202", 0), transfer("55", "101", "202", 55)]);
    let mut books = Books::default();
    let mut log = shop.log[..5].to_vec();
    log.iter().for_each(|entry| books.apply(entry).unwrap());
    for (number, id) in [(70, "202"), (71, "101")] {
        let close = request(number, command("account.close", &json!({"account_id": id})), Role::Owner);
        log.extend(books.handle(&close, STAMP, &mut Reads::new()).entries);
    }
    resume(&mut books, &mut log);
    let mut shop = Shop { books, log, sent: 100 };
    assert_eq!((shop.transfer("55").state, shop.balance("101")), (TransferState::Failed, 55));
    assert_eq!(shop.attention(), [(json!({"reopened": "101"}), 55)]);
    shop.send("account.debit", json!({"account_id": "101", "amount": 55}));
    assert_eq!(shop.attention(), []);
    shop.send("account.close", json!({"account_id": "101"}));
}

#[test]
fn r_31_copies_of_an_accounts_names_follow_it() {
    let mut shop = given(&[
        product("OAT"),
        receive("b1", "OAT", 9, None),
        open("101", 1_000),
        open("202", 0),
        transfer("55", "101", "202", 55),
        place("o1", &[("OAT", 1)], Some("101")),
    ]);
    shop.send("account.change", json!({"account_id": "101", "owner": "Asha Berg"}));
    let (transfer, order) = (shop.transfer("55"), shop.order("o1"));
    assert_eq!((&*transfer.from.owner, &*transfer.to.owner), ("Asha Berg", "Asha"));
    assert_eq!(&*order.account.unwrap().owner, "Asha Berg");
    assert_eq!((&*shop.account("101").owner, &*shop.account("101").title), ("Asha Berg", "Café fund"));
}

#[test]
fn r_39_an_account_is_one_document_with_a_running_balance() {
    let mut shop = golden();
    shop.send("account.credit", json!({"account_id": "101", "amount": 5, "reference": "Cash"}));
    let account = shop.account("101");
    let changes: Vec<_> = account.changes.iter().map(|(_, change)| (change.signed(), change.balance)).collect();
    assert_eq!(changes, [(250, 250), (-55, 195), (5, 200)]);
    assert_eq!(account.balance, 200);
    let of = &account.transfers[0];
    assert_eq!((of.transfer_id.as_str(), of.amount.minor(), of.state), ("55", 55, TransferState::Completed));
    assert_eq!(shop.account("202").transfers, account.transfers);
}

#[test]
fn what_an_account_keeps_is_bounded_and_the_running_balance_goes_on() {
    use domain::projections::{accounts, transfers};
    let mut shop = given(&[open("1", 0), open("2", 0)]);
    for number in 0..transfers::TRANSFERS_KEPT + 5 {
        shop.send("account.credit", json!({"account_id": "1", "amount": 3}));
        shop.send("transfer.request", transfer(&format!("t{number}"), "1", "2", 2).1);
    }
    let account = shop.account("1");
    assert_eq!(account.changes.len(), accounts::CHANGES_KEPT);
    assert_eq!(account.transfers.len(), accounts::TRANSFERS_KEPT);
    assert_eq!(account.changes.iter().last().unwrap().1.balance, account.balance);
    assert_eq!(shop.books.projections.transfers.transfers.len(), transfers::TRANSFERS_KEPT);
    assert_eq!(shop.books.aggregates.transfers.len(), transfers::TRANSFERS_KEPT + 5, "no number is used twice");
}

// Sales on account.

#[test]
fn a_sale_on_account_is_a_fact_that_may_pass_the_limit_and_its_goods_bring_the_money_back() {
    let lines = json!([{"sku": "OAT", "qty": 2, "price": 250}]);
    let sale = json!({"sale_id": "s1", "lines": lines, "payment": "account", "account": "1"});
    let mut shop = given(&[product("OAT"), receive("b1", "OAT", 9, None), open("1", 100)]);
    shop.when("sale.record", sale).then(&[
        ("SaleRecorded", json!({"payment": "account", "account": "1", "total": 500})),
        ("StockSold", json!({})),
        ("AccountDebited", json!({"account_id": "1", "amount": 500, "sale_id": "s1"})),
    ]);
    assert_eq!((shop.balance("1"), shop.attention()), (-400, vec![(json!({"over_limit": "1"}), 400)]));
    let day = shop.books.projections.sales.takings.iter().last().unwrap().1;
    assert_eq!((day.account, day.cash, day.total()), (500, 0, 500));
    shop.when("sale.put_back", json!({"sale_id": "s1", "lines": [{"sku": "OAT", "qty": 1}]})).then(&[
        ("SalePutBack", json!({"account": "1", "total": 250})),
        ("StockPutBack", json!({})),
        ("AccountCredited", json!({"amount": 250, "sale_id": "s1"})),
    ]);
    shop.send("account.credit", json!({"account_id": "1", "amount": 150}));
    assert_eq!((shop.balance("1"), shop.attention()), (0, vec![]));
}

#[test]
fn a_sale_names_its_account_if_and_only_if_one_pays() {
    let sale = |payment: &str, account: Value| {
        let lines = json!([{"sku": "OAT", "qty": 2, "price": 250}]);
        let data = json!({"sale_id": "s1", "lines": lines, "payment": payment, "account": account});
        Command::parse("sale.record", &data).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(sale("account", Value::Null), Err("account: is missing".to_owned()));
    assert!(sale("cash", json!("1")).is_err());
    assert_eq!((sale("account", json!("1")), sale("card", json!(null)).is_err()), (Ok(()), true));
    let mut shop = given(&[]);
    let lines = json!([{"sku": "OAT", "qty": 2, "price": 250}]);
    shop.when("sale.record", json!({"sale_id": "s1", "lines": lines, "payment": "account", "account": "9"}))
        .then_refused("not_found", json!({"what": "account", "id": "9"}));
}

#[test]
fn amounts_that_are_none_are_told_at_their_field() {
    for amount in [json!(0), json!(-1), json!(1.5), json!("3"), json!(1_000_000_000_000_001_i64), Value::Null] {
        for kind in ["account.credit", "account.debit", "transfer.request"] {
            let data = json!({"account_id": "1", "transfer_id": "t", "from": "1", "to": "2", "amount": amount});
            let problem = Command::parse(kind, &data).unwrap_err().to_string();
            assert!(problem.contains("amount: "), "{problem}");
        }
    }
    let open = json!({"account_id": "1", "title": "t", "owner": "o", "initial_balance": -1});
    assert!(Command::parse("account.open", &open).is_err());
}

/// All balances by the events' own words.
fn money_by_the_log(log: &[Entry]) -> i128 {
    log.iter().fold(0, |sum, entry| match &entry.event {
        Event::Account(event) => sum + i128::from(event.change()),
        _ => sum,
    })
}

fn has_ended(books: &Books, id: &TransferId) -> bool {
    let state = books.aggregates.transfers[id].state;
    matches!(state, State::Completed | State::Failed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r_16_no_request_takes_an_account_below_its_limit(history in any_history()) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            let before = shop.books.aggregates.accounts.clone();
            let handled = shop.send_command(command(kind, data));
            for entry in &handled.entries {
                let Event::Account(event) = &entry.event else { continue };
                let account = &shop.books.aggregates.accounts[event.account_id()];
                let was = before.get(event.account_id()).map_or(0, domain::account::Account::available);
                let is_fact = matches!(event, domain::account::Event::AccountDebited(debited) if debited.sale_id.is_some());
                if event.change() < 0 && !is_fact {
                    prop_assert!(account.available() >= 0, "{event:?} left {account:?}, {was} before");
                }
            }
        }
    }

    #[test]
    fn k_10_money_is_what_the_entries_say_and_every_transfer_ends(history in any_history()) {
        let mut shop = Shop::default();
        for (kind, data) in &history {
            shop.send_command(command(kind, data));
            let aggregates = &shop.books.aggregates;
            prop_assert_eq!(aggregates.money(), money_by_the_log(&shop.log));
            prop_assert!(aggregates.legs.is_empty());
            for id in aggregates.transfers.keys() {
                prop_assert!(has_ended(&shop.books, id));
            }
        }
    }

    /// Entries of transfers and orders are delivered to the process managers again, in any order, while others do
    /// things in between: nobody remembers that they were delivered before.
    #[test]
    fn r_38_r_40_k_10_money_is_conserved_when_steps_come_twice_late_and_in_any_order(
        history in any_history(), at in any::<prop::sample::Index>(),
        again in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..60),
    ) {
        let mut shop = Shop::default();
        for id in 0..4 {
            shop.send("account.open", open(&format!("a{id}"), 50).1);
        }
        history.iter().for_each(|(kind, data)| { shop.send_command(command(kind, data)); });
        // The server dies somewhere; what it had written is in the book, and nothing else.
        let kept = at.index(shop.log.len()) + 1;
        let mut log = shop.log[..kept].to_vec();
        let mut books = Books::default();
        log.iter().for_each(|entry| books.apply(entry).unwrap());
        for (index, closes) in again {
            let entry = log[index.index(log.len())].clone();
            // Sales, and goods that leave, are told apart by the ids of their commands alone.
            if !matches!(entry.event, Event::Sale(_) | Event::Order(domain::order::Event::OrderHandedOver(_))) {
                log.extend(books.react(&entry, STAMP).entries);
            }
            if closes == 0 {
                let close = json!({"account_id": format!("a{}", index.index(4))});
                let close = request(log.len() as u64 + 1_000, command("account.close", &close), Role::Owner);
                log.extend(books.handle(&close, STAMP, &mut Reads::new()).entries);
            }
            prop_assert_eq!(books.aggregates.money() - under_way(&books), money_by_the_log(&log));
        }
        // Now in their order, as checkpoints do it; what came before may come again.
        let mut at = 0;
        while let Some(entry) = log.get(at).cloned() {
            if !matches!(entry.event, Event::Sale(_) | Event::Order(domain::order::Event::OrderHandedOver(_))) {
                log.extend(books.react(&entry, STAMP).entries);
            }
            at += 1;
        }
        prop_assert_eq!(under_way(&books), 0);
        prop_assert_eq!(books.aggregates.money(), money_by_the_log(&log));
        for (id, transfer) in &books.aggregates.transfers {
            prop_assert!(has_ended(&books, id), "{id} is {:?}", transfer.state);
            let moved = |account: &AccountId| -> i64 {
                let of_it = log.iter().filter_map(|entry| match &entry.event {
                    Event::Account(event) if event.transfer_id() == Some(id) && event.account_id() == account => Some(event),
                    _ => None,
                });
                of_it.map(domain::account::Event::change).sum()
            };
            let amount = if transfer.state == State::Completed { transfer.amount.minor() } else { 0 };
            prop_assert_eq!((moved(&transfer.from), moved(&transfer.to)), (-amount, amount), "{}", id);
        }
        for (id, order) in &books.aggregates.orders {
            prop_assert!(order.state != domain::order::State::Placed, "{id} waits for ever");
        }
    }
}

/// Money between two accounts.
fn under_way(books: &Books) -> i128 {
    let held: i128 = books.aggregates.accounts.values().map(|account| i128::from(account.balance)).sum();
    books.aggregates.money() - held
}

#[test]
fn a_verdict_of_a_transfer_names_its_own_entry_alone() {
    let mut shop = given(&[open("101", 250), open("202", 125)]);
    let handled = shop.send_command(command("transfer.request", &transfer("55", "101", "202", 55).1));
    assert_eq!(handled.settled[0].verdict, Verdict::Accepted { positions: vec![3] });
    assert_eq!(handled.settled.len(), 6);
}

/// One that may take 40 more.
fn nearly_at_its_limit() -> Shop {
    given(&[
        ("account.open", json!({"account_id": "1", "title": "t", "owner": "o", "initial_balance": 0, "limit": 40})),
        product("OAT"),
        receive("b", "OAT", 9, None),
    ])
}

fn sale_of(total: i64, account: &str) -> Command {
    let lines = json!([{"sku": "OAT", "qty": 1, "price": total}]);
    command("sale.record", &json!({"sale_id": "s", "lines": lines, "payment": "account", "account": account}))
}

#[test]
fn us_22_a_seller_has_what_goes_over_a_limit_agreed_to() {
    let shop = nearly_at_its_limit();
    let needed = |command: &Command, role| approval::needed(command, role, &shop.books.aggregates);
    let over = needed(&sale_of(41, "1"), Role::Seller).unwrap();
    assert_eq!((over.account_id.as_str(), over.sale_id.as_str(), over.amount.minor()), ("1", "s", 41));
    assert_eq!(needed(&sale_of(40, "1"), Role::Seller), None, "the account may take it");
    assert_eq!(needed(&sale_of(41, "2"), Role::Seller), None, "no such account: the sale itself is refused");
    for leads in [Role::Manager, Role::Owner] {
        assert_eq!(needed(&sale_of(41, "1"), leads), None, "who can agree need not ask");
    }
    let cash = json!({"sale_id": "s", "lines": [{"sku": "OAT", "qty": 1, "price": 4_000}], "payment": "cash"});
    assert_eq!(needed(&command("sale.record", &cash), Role::Seller), None);
}

#[test]
fn us_22_what_was_agreed_to_lands_and_the_managers_list_has_one_item() {
    let mut shop = nearly_at_its_limit();
    let agreed = json!({"account_id": "1", "sale_id": "s", "amount": 90});
    let answer = shop.when("account.approve", agreed.clone());
    answer.then(&[("SaleApproved", agreed.clone())]);
    assert_eq!((shop.balance("1"), shop.attention()), (0, vec![]), "to agree moves no money");
    let sale = json!({"sale_id": "s", "lines": [{"sku": "OAT", "qty": 1, "price": 90}], "payment": "account",
                      "account": "1"});
    shop.when("sale.record", sale);
    assert_eq!((shop.balance("1"), shop.attention()), (-90, vec![(json!({"over_limit": "1"}), 50)]));
    let mut none = given(&[product("OAT")]);
    none.when("account.approve", agreed).then_refused("not_found", json!({"what": "account", "id": "1"}));
}
