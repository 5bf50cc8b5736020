//! Accounts and transfers, as programs meet them.

use reqwest::StatusCode;
use serde_json::{Value, json};
use store::contract::Fixture;

use crate::support::{Daybook, answer, on_every_store};

on_every_store!(
    r_36_a_transfer_is_requested_and_read,
    r_39_an_account_is_one_document,
    r_2_an_order_moves_goods_and_money_and_shows_its_accounts_names_of_now,
    r_47_an_overdraft_is_refused_from_end_to_end,
    k_10_an_order_that_cannot_be_paid_is_rejected_with_its_reason,
);

/// The accounts of row R-3.
async fn opened(fixture: &Fixture) -> Daybook {
    let daybook = Daybook::on(&fixture.store).await;
    for (account_id, balance) in [("101", 250), ("202", 125)] {
        let data = json!({"account_id": account_id, "title": "Fund", "owner": "Asha", "initial_balance": balance});
        daybook.accepted("account.open", data).await;
    }
    daybook
}

fn transfer(transfer_id: &str, amount: i64) -> Value {
    json!({"transfer_id": transfer_id, "from": "101", "to": "202", "amount": amount})
}

async fn r_36_a_transfer_is_requested_and_read(fixture: Fixture) {
    let daybook = opened(&fixture).await;
    let head = daybook.head().await;
    let response = daybook.command("transfer.request", transfer("55", 55)).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.ends_with("/transfers/55"), "{location}");
    assert_eq!(answer(response).await.0, StatusCode::OK);
    let read: Value =
        daybook.client.get(format!("{}{location}", daybook.origin)).send().await.unwrap().json().await.unwrap();
    let shown = json!([read["state"], read["from"], read["to"], read["amount"], read["reason"]]);
    assert_eq!(shown, json!(["completed", "101", "202", 55, null]));
    assert_eq!(read["timeline"].as_array().unwrap().len(), 6);
    let types = daybook.types_after(head).await;
    let steps = [
        "TransferRequested",
        "AccountDebited",
        "DebitRecorded",
        "AccountCredited",
        "CreditRecorded",
        "TransferCompleted",
    ];
    assert_eq!(types, steps);
    assert_eq!(daybook.get("/transfers/56").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let before = daybook.json(&format!("/accounts/101?as_of={head}")).await;
    assert_eq!((&before["balance"], &before["transfers"]), (&json!(250), &json!([])));
}

async fn r_39_an_account_is_one_document(fixture: Fixture) {
    let daybook = opened(&fixture).await;
    daybook.accepted("transfer.request", transfer("55", 55)).await;
    let account = daybook.json("/accounts/101").await;
    assert_eq!(json!([account["balance"], account["currency"], account["state"]]), json!([195, "EUR", "open"]));
    let changes = account["changes"].as_array().unwrap();
    let shown: Vec<_> =
        changes.iter().map(|change| json!([change["type"], change["amount"], change["balance"]])).collect();
    assert_eq!(shown, [json!(["AccountOpened", 250, 250]), json!(["AccountDebited", 55, 195])]);
    assert_eq!((&changes[1]["transfer_id"], &changes[1]["position"]), (&json!("55"), &json!(4)));
    let of = json!([{"transfer_id": "55", "from": "101", "to": "202", "amount": 55, "state": "completed"}]);
    assert_eq!(account["transfers"], of);
    let list = daybook.json("/accounts?limit=1").await;
    assert_eq!((&list["items"][0]["account_id"], &list["next"]), (&json!("101"), &json!("101")));
    let other = daybook.json("/accounts?after=101").await;
    assert_eq!((&other["items"][0]["balance"], &other["next"]), (&json!(180), &Value::Null));
}

/// Three aggregates and a copy of a fourth one's names: each is brought along by entries of another.
async fn r_2_an_order_moves_goods_and_money_and_shows_its_accounts_names_of_now(fixture: Fixture) {
    let daybook = opened(&fixture).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Apple", "price": 40})).await;
    daybook.receive("B", "A", 5).await;
    let place = json!({"order_id": "O-1", "lines": [{"sku": "A", "qty": 3}], "account": "101"});
    daybook.accepted("order.place", place).await;
    assert_eq!(daybook.json("/products/A").await["available"], 2);
    assert_eq!(daybook.json("/accounts/101").await["balance"], 130);
    daybook.accepted("transfer.request", transfer("55", 55)).await;
    assert_eq!(daybook.json("/accounts/101").await["balance"], 75);
    assert_eq!(daybook.json("/accounts/202").await["balance"], 180);

    let before = daybook.json("/orders/O-1").await;
    assert_eq!(json!([before["state"], before["account_owner"]]), json!(["accepted", "Asha"]));
    daybook.accepted("account.change", json!({"account_id": "101", "owner": "Asha Berg"})).await;
    let order = daybook.json("/orders/O-1").await;
    assert_eq!(json!([order["account_title"], order["account_owner"]]), json!(["Fund", "Asha Berg"]));
}

async fn r_47_an_overdraft_is_refused_from_end_to_end(fixture: Fixture) {
    let daybook = opened(&fixture).await;
    let (status, body) = answer(daybook.command("transfer.request", transfer("55", 251)).await).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("insufficient_funds")));
    assert_eq!(body["detail"], json!({"account_id": "101", "asked": 251, "available": 250}));
    assert_eq!(daybook.json("/accounts/101").await["balance"], 250);
    assert_eq!(daybook.json("/accounts/202").await["balance"], 125);
    assert_eq!(daybook.get("/transfers/55").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    for amount in [json!(0), json!(-5), json!(1.5), json!("5")] {
        let data = json!({"transfer_id": "56", "from": "101", "to": "202", "amount": amount});
        let (status, body) = answer(daybook.command("transfer.request", data).await).await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!("amount")), "{body}");
    }
}

async fn k_10_an_order_that_cannot_be_paid_is_rejected_with_its_reason(fixture: Fixture) {
    let daybook = opened(&fixture).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Apple", "price": 100})).await;
    daybook.receive("B", "A", 5).await;
    let place = json!({"order_id": "O-1", "lines": [{"sku": "A", "qty": 3}], "account": "101"});
    daybook.accepted("order.place", place).await;
    let order = daybook.json("/orders/O-1").await;
    assert_eq!(
        json!([order["state"], order["account"], order["reason"]["code"]]),
        json!(["rejected", "101", "insufficient_funds"])
    );
    assert_eq!(daybook.json("/products/A").await["available"], 5);
    assert_eq!(daybook.json("/accounts/101").await["balance"], 250);
}
