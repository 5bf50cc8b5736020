//! Orders, the newest first.

use domain::{
    Command,
    matcher::Matcher,
    order,
    projections::orders::{OrderRow, OrderState},
    values::OrderId,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::query_param;
use crate::{
    format,
    live::{PageContext, page},
    repair::needs_person,
    text,
    ui::{
        erased::{IntoPart, Parts, follow},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        rows::rows,
        search::Search,
    },
    viewer::{Viewer, Way},
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    /// What the list was searched for.
    pub searched: String,
    pub rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub order_id: String,
    pub href: String,
    /// Whose account pays for it; none for whoever sees no money.
    pub customer: Option<String>,
    pub lines: usize,
    /// Minor units; none for whoever sees no money.
    pub total: Option<i64>,
    pub standing: Standing,
    pub mark: Mark,
}

/// How far an order is, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Draft,
    Short,
    Open,
    Ready,
    NotAccepted,
    Cancelled,
    HandedOver,
}

impl Standing {
    #[must_use]
    pub fn of(order: &OrderRow) -> Self {
        match order.state {
            OrderState::Draft => Self::Draft,
            OrderState::Rejected => Self::NotAccepted,
            OrderState::Cancelled => Self::Cancelled,
            OrderState::HandedOver => Self::HandedOver,
            OrderState::Placed | OrderState::Accepted if order.lines.iter().any(|line| line.short) => Self::Short,
            OrderState::Accepted if order.lines.iter().all(|line| line.allocated > 0) => Self::Ready,
            OrderState::Placed | OrderState::Accepted => Self::Open,
        }
    }

    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Draft => "Not placed",
            Self::Short => "Short",
            Self::Open => "To allocate",
            Self::Ready => "To pick",
            Self::NotAccepted => "Not accepted",
            Self::Cancelled => "Cancelled",
            Self::HandedOver => "Handed over",
        }
    }

    #[must_use]
    pub fn tone(self) -> Option<&'static str> {
        match self {
            Self::Short | Self::NotAccepted => Some("attention"),
            Self::Ready => Some("good"),
            Self::Draft | Self::Open | Self::Cancelled | Self::HandedOver => None,
        }
    }
}

#[must_use]
pub fn load(context: &PageContext<'_>, searched: &String) -> Option<Model> {
    let matcher = Matcher::new(searched);
    let all = context.books.projections.orders.orders.iter();
    let mut newest_first: Vec<_> =
        all.filter(|(order_id, order)| is_found(context, order_id, order, &matcher)).collect();
    // By the entry that began it, so that a change to an order does not move it under anybody's finger.
    newest_first.sort_by_key(|(_, order)| std::cmp::Reverse(order.timeline.first().map_or(0, |step| step.position)));
    let rows = newest_first.into_iter().map(|(order_id, order)| Row {
        order_id: order_id.to_string(),
        href: context.at(&format!("/orders/{order_id}")),
        customer: order.account.as_ref().filter(|_| context.sees_money()).map(|account| account.owner.to_string()),
        lines: order.lines.len(),
        total: context.money(order.total),
        standing: Standing::of(order),
        mark: Mark::new(context.marks.of(&["order"], order_id.as_str(), order.position), order.position),
    });
    // What was not accepted is in no book, and stays in sight all the same.
    let known = &context.books.projections.orders.orders;
    let unaccepted = context.pending.iter().filter(|view| needs_person(view)).filter_map(|view| {
        let Command::Order(order::Command::Place(place)) = &view.command else { return None };
        let is_shown = known.get(&place.order_id).is_none() && matcher.fits([place.order_id.as_str()]);
        is_shown.then(|| Row {
            order_id: place.order_id.to_string(),
            href: context.at("/attention"),
            customer: None,
            lines: place.lines.as_ref().map_or(0, Vec::len),
            total: context.money(0),
            standing: Standing::Draft,
            mark: Mark::new(view.state.into(), 0),
        })
    });
    let rows = unaccepted.chain(rows).collect();
    Some(Model { shop: context.title.to_owned(), searched: searched.clone(), rows })
}

/// By what whoever looks may see: a name that is not shown is not to be found out by asking for it.
fn is_found(context: &PageContext<'_>, order_id: &OrderId, order: &OrderRow, searched: &Matcher) -> bool {
    if context.sees_money() || order.account.is_none() {
        return order.is_found_by(order_id, searched);
    }
    OrderRow { account: None, ..order.clone() }.is_found_by(order_id, searched)
}

#[component]
pub fn Orders() -> impl IntoView {
    page(query_param("q"), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let list = model.part(|model| model.rows.clone());
    let none = model.part(|model| model.rows.is_empty());
    let searched = model.with_untracked(|model| model.searched.clone());
    let empty = text::nothing_found("No orders waiting.", &searched);
    let sees_money = Viewer::of_context().sees_money();
    view! {
        <PageHead title="Orders".to_owned() shop>
            <Way to="/orders/new" class="button primary" words="New order"/>
        </PageHead>
        <Search action=here("/orders") label="Search orders" value=searched/>
        {follow(move || if none.get() {
            view! {
                <div class="empty">
                    <p>{empty.clone()}</p>
                    <div class="actions"><Way to="/orders/new" words="New order"/></div>
                </div>
            }.into_part()
        } else {
            view! {
                <table class="ledger">
                    <caption>"Orders, the newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Order"</th>
                            {sees_money.then(|| view! { <th scope="col">"Customer"</th> })}
                            <th scope="col">"Lines"</th>
                            <th scope="col">"State"</th>
                            {sees_money.then(|| view! { <th scope="col" class="num">"Total"</th> })}
                        </tr>
                    </thead>
                    <tbody>{rows(list, |row| row.order_id.clone(), order_row)}</tbody>
                </table>
            }.into_part()
        })}
    }
}

fn order_row(row: Memo<Row>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let sees_money = Viewer::of_context().sees_money();
    view! {
        <tr data-sync=mark.show(|mark| mark.state.name()) data-position=mark.show(|mark| mark.confirmed_position())>
            <th scope="row">
                <a href=row.with_untracked(|row| row.href.clone())>{row.with_untracked(|row| row.order_id.clone())}</a>
                " "
                <SyncMark state=mark.part(|mark| mark.state)/>
            </th>
            {sees_money.then(|| view! {
                <td data-label="Customer">{row.show(|row| row.customer.clone().unwrap_or_default())}</td>
            })}
            <td data-label="Lines">{follow(move || text::counted(row.with(|row| row.lines), "line", "lines"))}</td>
            <td data-label="State">
                <span class="tag" data-tone=row.show(|row| row.standing.tone())>{row.show(|row| row.standing.words())}</span>
            </td>
            {sees_money.then(|| view! {
                <td class="num" data-label="Total">{row.show(|row| row.total.map(format::money))}</td>
            })}
        </tr>
    }
}
