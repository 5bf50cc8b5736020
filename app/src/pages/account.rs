//! One account: what is on it, its statement, what can be done with it. Issues `account.credit`, `account.debit`,
//! `account.change`, `account.close`.

mod actions;
mod statement;

use domain::{
    picture::Subject,
    projections::accounts::{AccountRow, AccountState, AccountTransfer},
    values::{AccountId, Millis},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::statement::words;
use super::path_param;
use crate::{
    format,
    live::{PageContext, page_of_numbers},
    text,
    ui::{
        erased::{Parts, follow},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        past::Figure,
        pictures::{PicturesOf, Small},
        why::Why,
    },
    viewer::Way,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub account_id: String,
    pub title: String,
    pub owner: String,
    /// Minor units, as all sums here.
    pub balance: i64,
    pub limit: i64,
    /// What can still be taken from it.
    pub room: i64,
    pub closed: bool,
    /// What it came to before the first line of the statement, where that is not its beginning.
    pub brought_forward: Option<i64>,
    /// The oldest first, so that the running column ends at the balance.
    pub statement: Vec<Line>,
    /// The newest first.
    pub transfers: Vec<Transfer>,
    pub pictures: Vec<Small>,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub position: u64,
    pub at: Millis,
    pub words: String,
    /// The page of what it was for.
    pub href: Option<String>,
    /// Negative where it left the account.
    pub amount: i64,
    pub balance: i64,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Transfer {
    pub transfer_id: String,
    pub href: String,
    /// The other account.
    pub with: String,
    pub amount: i64,
    pub state: String,
}

#[must_use]
pub fn load(context: &PageContext<'_>, account_id: &String) -> Option<Model> {
    let account_id = AccountId::parse(account_id).ok()?;
    let account = context.books.projections.accounts.accounts.get(&account_id)?;
    let statement = statement::lines(context, account);
    let before = |line: &Line| line.balance - line.amount;
    Some(Model {
        shop: context.title.to_owned(),
        title: account.title.to_string(),
        owner: account.owner.to_string(),
        balance: account.balance,
        limit: account.limit.minor(),
        room: account.available(),
        closed: account.state == AccountState::Closed,
        brought_forward: statement.first().map(before).filter(|_| !statement::is_whole(account)),
        transfers: transfers(context, &account_id, account),
        pictures: Small::about(context, &Subject::Account(account_id.clone())),
        mark: Mark::new(context.marks.of(&["account"], account_id.as_str(), account.position), account.position),
        account_id: account_id.to_string(),
        statement,
    })
}

fn transfers(context: &PageContext<'_>, of: &AccountId, account: &AccountRow) -> Vec<Transfer> {
    let newest_first = account.transfers.iter().rev();
    let told = newest_first.map(|AccountTransfer { transfer_id, from, to, amount, state }| {
        let is_out = from == of;
        Transfer {
            transfer_id: transfer_id.to_string(),
            href: context.at(&format!("/transfers/{transfer_id}")),
            with: name_of(context, if is_out { to } else { from }),
            amount: if is_out { -amount.minor() } else { amount.minor() },
            state: text::transfer_state(*state).to_owned(),
        }
    });
    told.collect()
}

/// What people call an account; its number where nobody has named it.
#[must_use]
pub fn name_of(context: &PageContext<'_>, account_id: &AccountId) -> String {
    let known = context.books.projections.accounts.accounts.get(account_id).map(|account| account.title.clone());
    known.filter(|title| !title.is_empty()).map_or_else(|| account_id.to_string(), |title| title.to_string())
}

fn figures(model: &Model) -> Vec<Figure> {
    vec![
        Figure::money("Balance", model.balance),
        Figure::money("Limit", model.limit),
        Figure::money("Room left", model.room),
    ]
}

#[component]
pub fn AccountPage() -> impl IntoView {
    page_of_numbers(path_param("account_id"), load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| model.title.clone());
    let shop = model.part(|model| model.shop.clone());
    let id = model.with_untracked(|model| model.account_id.clone());
    let why = format!("balance-{id}");
    let (mark, closed) = (model.part(|model| model.mark), model.part(|model| model.closed));
    view! {
        <PageHead title shop crumbs=vec![("Accounts".to_owned(), here("/accounts"))]>
            {follow(move || closed.get().then(|| view! { <span class="tag">"closed"</span> }))}
            <Way to=format!("/accounts/transfer?from={id}") words="Transfer"/>
            <a class="button quiet" href=here(&format!("/history/account-{id}"))>"History"</a>
            <a class="button quiet" href=here(&format!("/reports/balance?account={id}"))>"Balance over time"</a>
            <a class="button quiet" href=here(&format!("/accounts/{id}/print"))>"Print"</a>
        </PageHead>
        <section
            class="section record"
            aria-label="Numbers"
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <dl class="figures">
                <div data-figure="balance">
                    <dt>"Balance"</dt>
                    <dd>{model.show(|model| format::money(model.balance))}</dd>
                    <dd><Why what=why name="the balance"/></dd>
                </div>
                <div data-figure="limit"><dt>"Limit"</dt><dd>{model.show(|model| format::money(model.limit))}</dd></div>
                <div data-figure="room"><dt>"Room left"</dt><dd>{model.show(|model| format::money(model.room))}</dd></div>
            </dl>
            <p class="quiet-text">{model.show(|model| format!("{} · {}", model.account_id, model.owner))}</p>
            <p><SyncMark state=mark.part(|mark| mark.state)/></p>
        </section>
        <statement::Statement model/>
        <statement::Transfers model/>
        <actions::Actions model/>
        <PicturesOf list=model.part(|model| model.pictures.clone()) about=("account", model.with_untracked(|model| model.account_id.clone()))/>
    }
}
