//! Selling on account: whose it is, what it may still take, and what happens if that is not enough. The goods are gone
//! when the sale is written down, so a limit never stops it; the seller hears of it while the customer is
//! there, and has somebody who leads agree.

use domain::{books::Books, projections::accounts::AccountState};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::connection::DataState;

use super::{
    Desk,
    agreement::{Agreement, has_to_ask},
};
use crate::{
    format,
    replica::Replica,
    text,
    ui::{
        command_form::FormState,
        erased::{Parts, follow, handle, memo},
        rows::rows,
    },
};

/// An open account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Payer {
    pub account_id: String,
    pub title: String,
    pub owner: String,
    /// Minor units, as those below.
    pub balance: i64,
    pub limit: i64,
    /// What it may still take; below nought when it has taken more than that already.
    pub room: i64,
}

/// Those who may pay later, by the titles of their accounts.
#[must_use]
pub fn payers(books: &Books) -> Vec<Payer> {
    let open = books.projections.accounts.accounts.iter().filter(|(_, account)| account.state == AccountState::Open);
    let mut payers: Vec<_> = open
        .map(|(id, account)| Payer {
            account_id: id.to_string(),
            title: account.title.to_string(),
            owner: account.owner.to_string(),
            balance: account.balance,
            limit: account.limit.minor(),
            room: account.available(),
        })
        .collect();
    payers.sort_by(|one, other| (&one.title, &one.account_id).cmp(&(&other.title, &other.account_id)));
    payers
}

/// Whose account it goes on: stands before the buttons that pay.
#[component]
pub(super) fn Customer(desk: Desk) -> impl IntoView {
    let form = FormState::of_context();
    let (id, problem) = (form.field_id("account"), form.problem("account"));
    let (error_id, room_id) = (format!("{id}-error"), format!("{id}-room"));
    let payers = desk.model.part(|model| model.payers.clone());
    let payer = memo(move |_| desk.payer.with(|id| payers.with(|payers| find(payers, id))));
    let total = memo(move |_| desk.total());
    let over =
        memo(move |_| payer.with(|payer| payer.as_ref().map_or(0, |payer| total.get().saturating_sub(payer.room))));
    let as_of = as_of();
    let words =
        memo(move |_| payer.with(|payer| payer.as_ref().map(|it| text::room_left(it.balance, it.limit, it.room))));
    let asks = has_to_ask();
    let described_by = format!("{room_id} {error_id}");
    view! {
        <div class="till-customer">
            <div class="field" data-invalid=follow(move || problem.with(Option::is_some).then_some(""))>
                <label for=id.clone()>"Account"</label>
                <select
                    id=id
                    name="account"
                    aria-invalid=follow(move || problem.with(Option::is_some).then_some("true"))
                    aria-describedby=described_by
                    prop:value=follow(move || desk.payer.get())
                    on:change=handle(move |event| desk.payer.set(event_target_value(&event)))
                >
                    <option value="">"Nobody’s"</option>
                    {rows(payers, |payer| payer.account_id.clone(), move |payer| choice(desk, payer))}
                </select>
                {follow(move || problem.get().map(|problem| view! { <p class="error" id=error_id.clone()>{problem}</p> }))}
            </div>
            <p class="note" id=room_id data-testid="till-room">
                {follow(move || words.get())}
                {follow(move || as_of.get().filter(|_| words.with(Option::is_some)))}
            </p>
            {follow(move || (over.get() > 0).then(|| view! {
                <p class="notice" data-tone="attention" data-testid="till-over" role="status">{text::over_room(over.get(), asks)}</p>
            }))}
            <Agreement over/>
        </div>
    }
}

fn find(payers: &[Payer], id: &str) -> Option<Payer> {
    payers.iter().find(|payer| payer.account_id == id).cloned()
}

fn choice(desk: Desk, payer: Memo<Payer>) -> impl IntoView {
    let id = payer.with_untracked(|payer| payer.account_id.clone());
    let selected = desk.payer.with_untracked(|chosen| *chosen == id);
    // Where no script runs this is all that is said of it.
    view! {
        <option value=id selected=selected>
            {payer.show(|payer| format!("{} · {}: {}", payer.title, payer.owner, text::room(payer.room)))}
        </option>
    }
}

/// How old the numbers are, where they may have changed since.
fn as_of() -> Memo<Option<String>> {
    let replica = Replica::of_context();
    memo(move |_| {
        let line = replica.line().filter(|line| line.connection.state != DataState::Live)?;
        let heard = line.connection.last_heard?;
        Some(format!(" As of {}.", format::since(heard, line.now)))
    })
}
