//! The statement of an account: what came and went, with what it came to each time.

use domain::projections::accounts::{AccountRow, Change, What};
use leptos::prelude::*;

use super::{Line, Model, Transfer};
use crate::{
    format,
    live::PageContext,
    ui::{
        erased::{IntoPart, Parts, follow},
        mark::{Mark, SyncMark},
        rows::rows,
    },
};

/// Whether the row keeps every change that there was: the first one is always the opening.
pub(super) fn is_whole(account: &AccountRow) -> bool {
    account.changes.iter().next().is_none_or(|(_, first)| first.what == What::Opened)
}

pub(super) fn lines(context: &PageContext<'_>, account: &AccountRow) -> Vec<Line> {
    let told = account.changes.iter().map(|(position, change)| {
        let (words, page) = words(change);
        Line {
            position: *position,
            at: change.issued_at,
            words,
            href: page.map(|page| context.at(&page)),
            amount: change.signed(),
            balance: change.balance,
            mark: Mark::new(context.marks.entry_place(*position), *position),
        }
    });
    told.collect()
}

/// What a change was for, in words, and the address in the shop of its page if it has one.
#[must_use]
pub fn words(change: &Change) -> (String, Option<String>) {
    let Change { what, reference, transfer_id, order_id, sale_id, put_back, .. } = change;
    let comes = *what != What::Debited;
    if let Some(transfer) = transfer_id {
        let words =
            if *put_back { format!("Put back from transfer {transfer}") } else { format!("Transfer {transfer}") };
        return (words, Some(format!("/transfers/{transfer}")));
    }
    if let Some(order) = order_id {
        let words = if comes { format!("Given back for order {order}") } else { format!("Order {order}") };
        return (words, Some(format!("/orders/{order}")));
    }
    if let Some(sale) = sale_id {
        return (if comes { format!("Goods of {sale} came back") } else { format!("Sale {sale}") }, None);
    }
    let plain = match what {
        What::Opened => "Opened",
        What::Credited => "Paid in",
        What::Debited => "Taken out",
    };
    (reference.as_ref().map_or_else(|| plain.to_owned(), |reference| format!("{plain} · {reference}")), None)
}

#[component]
pub(super) fn Statement(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.statement.clone());
    let brought_forward = model.part(|model| model.brought_forward);
    view! {
        <section class="section">
            <h2>"Statement"</h2>
            <table class="ledger" data-testid="statement">
                <caption class="visually-hidden">"What came and went, the oldest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"When"</th>
                        <th scope="col" class="num">"Amount"</th>
                        <th scope="col" class="num">"Balance"</th>
                    </tr>
                </thead>
                <tbody>
                    {follow(move || brought_forward.get().map(|balance| view! {
                        <tr>
                            <th scope="row" colspan="3">"Brought forward"</th>
                            <td class="num" data-label="Balance">{format::money(balance)}</td>
                        </tr>
                    }))}
                    {rows(list, |line| line.position, line_row)}
                </tbody>
            </table>
        </section>
    }
}

fn line_row(line: Memo<Line>) -> impl IntoView {
    let mark = line.part(|line| line.mark);
    let what = line.part(|line| (line.words.clone(), line.href.clone()));
    view! {
        <tr data-sync=mark.show(|mark| mark.state.name()) data-position=mark.show(|mark| mark.confirmed_position())>
            <th scope="row">
                {follow(move || match what.get() {
                    (words, Some(href)) => view! { <a href=href>{words}</a> }.into_part(),
                    (words, None) => words.into_part(),
                })}
                " "
                <SyncMark state=mark.part(|mark| mark.state)/>
            </th>
            <td data-label="When">
                <time datetime=line.show(|line| line.at.to_string())>{line.show(|line| format::moment(line.at))}</time>
            </td>
            <td class="num" data-label="Amount">{line.show(|line| format::money(line.amount))}</td>
            <td class="num" data-label="Balance">{line.show(|line| format::money(line.balance))}</td>
        </tr>
    }
}

#[component]
pub(super) fn Transfers(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.transfers.clone());
    let some = model.part(|model| !model.transfers.is_empty());
    follow(move || {
        some.get().then(|| {
            view! {
                <section class="section">
                    <h2>"Transfers"</h2>
                    <table class="ledger">
                        <caption class="visually-hidden">"Transfers, the newest first"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Transfer"</th>
                                <th scope="col">"With"</th>
                                <th scope="col">"State"</th>
                                <th scope="col" class="num">"Amount"</th>
                            </tr>
                        </thead>
                        <tbody>{rows(list, |row| row.transfer_id.clone(), transfer_row)}</tbody>
                    </table>
                </section>
            }
        })
    })
}

fn transfer_row(row: Memo<Transfer>) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">
                <a href=row.with_untracked(|row| row.href.clone())>{row.with_untracked(|row| row.transfer_id.clone())}</a>
            </th>
            <td data-label="With">{row.show(|row| row.with.clone())}</td>
            <td data-label="State">{row.show(|row| row.state.clone())}</td>
            <td class="num" data-label="Amount">{row.show(|row| format::money(row.amount))}</td>
        </tr>
    }
}
