//! Accounts, one document each, and transfers between them.

use app::backend::View;
use axum::response::Response;
use domain::{
    projections::{accounts::AccountRow, transfers::TransferRow},
    transfer::{State, Transfer},
    values::{AccountId, TransferId},
};
use serde_json::{Value, json};

use super::{paging::Page, problem::Problem, reading::Door};

/// Balance, changes and transfers, from one row.
fn show(account_id: &AccountId, row: &AccountRow) -> Value {
    let changes = row.changes.iter().map(|(position, change)| {
        json!({
            "position": position, "type": change.what, "amount": change.amount, "balance": change.balance,
            "reference": change.reference, "transfer_id": change.transfer_id, "order_id": change.order_id,
            "sale_id": change.sale_id, "put_back": change.put_back, "issued_at": change.issued_at,
        })
    });
    json!({
        "account_id": account_id, "title": row.title, "owner": row.owner, "balance": row.balance,
        "limit": row.limit, "available": row.available(), "currency": row.currency, "state": row.state,
        "changes": changes.collect::<Vec<_>>(), "transfers": row.transfers,
    })
}

/// `GET /accounts`
///
/// # Errors
/// [`Problem`].
pub async fn list(door: Door) -> Result<Response, Problem> {
    let page = Page::of(&door.query, |text| AccountId::parse(text).ok())?;
    door.read(|view| {
        let rows = view.books.projections.accounts.accounts.range(page.range());
        Ok(page.answer(rows, AccountId::as_str, show))
    })
    .await
}

/// `GET /accounts/{id}`
///
/// # Errors
/// 404 for an account that nobody has opened.
pub async fn one(door: Door) -> Result<Response, Problem> {
    door.read(|view| {
        let unknown = || Problem::not_found("account of this number");
        let account_id = AccountId::parse(door.segment("id")).map_err(|_| unknown())?;
        let row = view.books.projections.accounts.accounts.get(&account_id).ok_or_else(unknown)?;
        Ok(show(&account_id, row))
    })
    .await
}

/// `GET /transfers/{id}`
///
/// # Errors
/// 404 for a transfer that nobody has requested.
pub async fn transfer(door: Door) -> Result<Response, Problem> {
    door.read(|view| shown_transfer(view, door.segment("id"))).await
}

fn shown_transfer(view: &View, id: &str) -> Result<Value, Problem> {
    let unknown = || Problem::not_found("transfer of this number");
    let transfer_id = TransferId::parse(id).map_err(|_| unknown())?;
    match view.books.projections.transfers.transfers.get(&transfer_id) {
        Some(row) => Ok(kept(&transfer_id, row)),
        // Its row is not kept any more; what its rules need is, and its history is in the log.
        None => {
            view.books.aggregates.transfers.get(&transfer_id).map(|old| ended(&transfer_id, old)).ok_or_else(unknown)
        }
    }
}

fn kept(transfer_id: &TransferId, row: &TransferRow) -> Value {
    json!({
        "transfer_id": transfer_id, "from": row.from.account_id, "to": row.to.account_id, "amount": row.amount,
        "reference": row.reference, "state": row.state, "reason": row.reason, "timeline": row.timeline,
        "from_title": row.from.title, "from_owner": row.from.owner,
        "to_title": row.to.title, "to_owner": row.to.owner,
    })
}

fn ended(transfer_id: &TransferId, transfer: &Transfer) -> Value {
    let state = match transfer.state {
        State::Requested => "requested",
        State::Debited | State::Credited => "debited",
        State::Completed => "completed",
        State::Failed => "failed",
    };
    json!({
        "transfer_id": transfer_id, "from": transfer.from, "to": transfer.to, "amount": transfer.amount,
        "reference": null, "state": state, "reason": null, "timeline": [],
    })
}
