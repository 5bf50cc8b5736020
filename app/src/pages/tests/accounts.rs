//! Pages about accounts, transfers, and what can be done with an order.

use domain::projections::{orders::OrderState, transfers::TransferState};
use serde_json::json;

use super::Shop;
use crate::{
    pages::{account, accounts, order, print, reports, transfer},
    ui::mark::SyncState,
};

fn two_accounts() -> Shop {
    let open = |id: &str, title: &str, balance: i64| json!({ "account_id": id, "title": title, "owner": "Asha", "initial_balance": balance, "limit": 1000 });
    Shop::new().with("account.open", open("A-1", "Asha", 5000)).with("account.open", open("A-2", "Café fund", 1000))
}

fn transferred() -> Shop {
    let transfer =
        json!({ "transfer_id": "TR-1", "from": "A-1", "to": "A-2", "amount": 4000, "reference": "September" });
    two_accounts().with("transfer.request", transfer)
}

#[test]
fn us_21_the_running_column_of_a_statement_ends_at_the_balance() {
    let shop = transferred()
        .with("account.credit", json!({ "account_id": "A-1", "amount": 250, "reference": "Deposit" }))
        .confirmed();
    let asha = account::load(&shop.context(), &"A-1".to_owned()).unwrap();
    let told: Vec<_> = asha.statement.iter().map(|line| (line.words.as_str(), line.amount, line.balance)).collect();
    assert_eq!(told, [("Opened", 5000, 5000), ("Transfer TR-1", -4000, 1000), ("Paid in · Deposit", 250, 1250)]);
    assert_eq!((asha.balance, asha.room, asha.brought_forward), (1250, 2250, None));
    assert_eq!(asha.statement[1].href.as_deref(), Some("/s/demo/transfers/TR-1"));
    let with: Vec<_> = asha.transfers.iter().map(|one| (one.with.as_str(), one.amount, one.state.as_str())).collect();
    assert_eq!(with, [("Café fund", -4000, "Done")]);

    let sheet = print::load_statement(&shop.context(), &"A-1".to_owned()).unwrap();
    assert_eq!(sheet.lines.last().unwrap().cells[3], sheet.total.unwrap().1);
    assert!(!sheet.is_unconfirmed);
}

#[test]
fn us_21_a_statement_that_is_longer_than_what_is_kept_begins_with_what_was_brought_forward() {
    let mut shop = two_accounts();
    for _ in 0..domain::projections::accounts::CHANGES_KEPT {
        shop = shop.with("account.credit", json!({ "account_id": "A-1", "amount": 1 }));
    }
    let asha = account::load(&shop.confirmed().context(), &"A-1".to_owned()).unwrap();
    assert_eq!(asha.brought_forward, Some(5000), "{:?}", asha.statement.first());
    assert_eq!(asha.statement.last().unwrap().balance, asha.balance);
}

#[test]
fn us_21_a_transfer_says_between_whom_and_what_happened() {
    let shop = transferred().confirmed();
    let transfer = transfer::load(&shop.context(), &"TR-1".to_owned()).unwrap();
    assert_eq!((transfer.from.title.as_str(), transfer.to.title.as_str()), ("Asha", "Café fund"));
    assert_eq!((transfer.state, transfer.reference.as_str()), (TransferState::Completed, "September"));
    let words: Vec<_> = transfer.timeline.iter().map(|step| step.words.as_str()).collect();
    assert_eq!(words.first().zip(words.last()), Some((&"Asked for", &"Done")), "{words:?}");
    assert_eq!(transfer::load(&shop.context(), &"TR-2".to_owned()), None);
}

#[test]
fn us_21_accounts_are_listed_by_title_the_closed_ones_last() {
    let shop = two_accounts()
        .with("account.debit", json!({ "account_id": "A-1", "amount": 5000 }))
        .with("account.close", json!({ "account_id": "A-1" }))
        .confirmed();
    let list = accounts::load(&shop.context(), &()).unwrap();
    let told: Vec<_> = list.rows.iter().map(|row| (row.title.as_str(), row.closed)).collect();
    assert_eq!(told, [("Café fund", false), ("Asha", true)]);
}

#[test]
fn us_21_what_is_only_saved_here_is_in_the_statement_with_its_mark() {
    let shop = two_accounts().confirmed_so_far().with("account.credit", json!({ "account_id": "A-1", "amount": 250 }));
    let asha = account::load(&shop.context(), &"A-1".to_owned()).unwrap();
    let marks: Vec<_> = asha.statement.iter().map(|line| line.mark.state).collect();
    assert_eq!(marks, [SyncState::Confirmed, SyncState::SavedHere]);
    assert!(print::load_statement(&shop.context(), &"A-1".to_owned()).unwrap().is_unconfirmed);
}

#[test]
fn a_report_of_an_account_needs_two_days_and_an_account() {
    let shop = transferred().confirmed();
    let wanted =
        |account: &str| reports::Wanted { name: "balance".to_owned(), sku: String::new(), account: account.to_owned() };
    let report = |account: &str| reports::load(&shop.context(), &wanted(account)).map(|model| model.report);
    assert_eq!(report("A-1"), Some(reports::Report::Balance(None)), "all of it is of one day");
    assert!(matches!(report(""), Some(reports::Report::ChooseAccount(choices)) if choices.len() == 2));
    assert_eq!(report("A-9"), None);
}

#[test]
fn k_10_c_14_an_order_that_could_not_be_paid_says_why_and_may_change() {
    let shop = two_accounts()
        .with("product.add", json!({ "sku": "LAMP", "name": "Lamp", "description": "", "category": "", "price": 9000 }))
        .with("stock.receive", json!({ "batchref": "B-1", "sku": "LAMP", "qty": 5 }))
        .with("order.place", json!({ "order_id": "O-1", "lines": [{ "sku": "LAMP", "qty": 1 }], "account": "A-1" }))
        .confirmed();
    let order = order::load(&shop.context(), &"O-1".to_owned()).unwrap();
    assert_eq!(order.state, OrderState::Rejected);
    assert_eq!(order.reason.as_deref(), Some("€90.00 asked for, €60.00 free"));
    assert!(!order.lacks_goods && order.lines[0].order.may_change() && order.lines[0].allocated == 0);
    assert_eq!(order.account, Some(("A-1".to_owned(), "Asha".to_owned())));
    assert_eq!(order.products.len(), 1);
}

#[test]
fn an_order_that_is_over_offers_no_goods() {
    let shop = two_accounts()
        .with("product.add", json!({ "sku": "LAMP", "name": "Lamp", "description": "", "category": "", "price": 900 }))
        .with("stock.receive", json!({ "batchref": "B-1", "sku": "LAMP", "qty": 5 }))
        .with("order.place", json!({ "order_id": "O-1", "lines": [{ "sku": "LAMP", "qty": 1 }] }));
    let is_over = |shop: &Shop| order::load(&shop.context(), &"O-1".to_owned()).unwrap().lines[0].order.is_over();
    assert!(!is_over(&shop));
    assert!(is_over(&shop.with("order.hand_over", json!({ "order_id": "O-1" }))));
}
