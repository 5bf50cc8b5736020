//! Customer accounts, by their titles.

use domain::{
    Command, account,
    projections::accounts::{AccountRow, AccountState},
    values::AccountId,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::{PageContext, page},
    repair::needs_person,
    ui::{
        erased::{IntoPart, Parts, follow},
        head::PageHead,
        mark::{Mark, SyncMark},
        rows::rows,
    },
    viewer::Way,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub account_id: String,
    pub href: String,
    pub title: String,
    pub owner: String,
    /// Minor units, as those below.
    pub balance: i64,
    /// What can still be taken from it.
    pub room: i64,
    pub closed: bool,
    pub mark: Mark,
}

fn row(context: &PageContext<'_>, id: &AccountId, account: &AccountRow) -> Row {
    Row {
        account_id: id.to_string(),
        href: context.at(&format!("/accounts/{id}")),
        title: account.title.to_string(),
        owner: account.owner.to_string(),
        balance: account.balance,
        room: account.available(),
        closed: account.state == AccountState::Closed,
        mark: Mark::new(context.marks.of(&["account"], id.as_str(), account.position), account.position),
    }
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    let known = &context.books.projections.accounts.accounts;
    let mut by_title: Vec<_> = known.iter().collect();
    by_title.sort_by(|(one, a), (other, b)| {
        (a.state != AccountState::Open, &a.title, one).cmp(&(b.state != AccountState::Open, &b.title, other))
    });
    // What was not accepted is in no book, and stays in sight all the same.
    let unaccepted = context.pending.iter().filter(|view| needs_person(view)).filter_map(|view| {
        let Command::Account(account::Command::Open(open)) = &view.command else { return None };
        known.get(&open.account_id).is_none().then(|| Row {
            account_id: open.account_id.to_string(),
            href: context.at("/attention"),
            title: open.title.to_string(),
            owner: open.owner.to_string(),
            balance: 0,
            room: 0,
            closed: false,
            mark: Mark::new(view.state.into(), 0),
        })
    });
    let rows = by_title.into_iter().map(|(id, account)| row(context, id, account));
    Some(Model { shop: context.title.to_owned(), rows: unaccepted.chain(rows).collect() })
}

#[component]
pub fn Accounts() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let list = model.part(|model| model.rows.clone());
    let none = model.part(|model| model.rows.is_empty());
    view! {
        <PageHead title="Accounts".to_owned() shop>
            <Way to="/accounts/new" class="button primary" words="New account"/>
            <Way to="/accounts/transfer" words="Transfer"/>
        </PageHead>
        {follow(move || if none.get() {
            view! {
                <div class="empty">
                    <p>"No customer accounts. Make one to let someone pay later, up to a limit you set."</p>
                    <div class="actions"><Way to="/accounts/new" words="New account"/></div>
                </div>
            }.into_part()
        } else {
            view! {
                <table class="ledger">
                    <caption>"Customer accounts"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Account"</th>
                            <th scope="col">"Owner"</th>
                            <th scope="col" class="num">"Balance"</th>
                            <th scope="col" class="num">"Room left"</th>
                        </tr>
                    </thead>
                    <tbody>{rows(list, |row| row.account_id.clone(), account_row)}</tbody>
                </table>
            }.into_part()
        })}
    }
}

fn account_row(row: Memo<Row>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let closed = row.part(|row| row.closed);
    view! {
        <tr
            data-account=row.with_untracked(|row| row.account_id.clone())
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <th scope="row">
                <a href=row.with_untracked(|row| row.href.clone())>{row.show(|row| row.title.clone())}</a>
                " "
                {follow(move || closed.get().then(|| view! { <span class="tag">"closed"</span> " " }))}
                <SyncMark state=mark.part(|mark| mark.state)/>
            </th>
            <td data-label="Owner">{row.show(|row| row.owner.clone())}</td>
            <td class="num" data-label="Balance">{row.show(|row| format::money(row.balance))}</td>
            <td class="num" data-label="Room left">{row.show(|row| format::money(row.room))}</td>
        </tr>
    }
}
