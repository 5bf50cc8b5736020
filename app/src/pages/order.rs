//! One order: what was asked for, where its goods come from, what happened to it. Issues `order.allocate`,
//! `order.free`, and what [`actions`] offers.

mod actions;

use domain::{
    Command, Refusal,
    picture::Subject,
    projections::{
        attention::Item,
        orders::{OrderLine, OrderState},
    },
    stock,
    values::{OrderId, Sku},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::PendingView;

use super::{orders::Standing, path_param};
use crate::{
    format,
    live::{PageContext, page_of_numbers},
    text,
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Parts, follow},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark, SyncState},
        past::Figure,
        pictures::{PicturesOf, Small},
        proposals::{Proposal, products},
        rows::rows,
        timeline::{Step, Timeline},
        why::Why,
    },
    viewer::Viewer,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub order_id: String,
    pub standing: Standing,
    pub state: OrderState,
    /// The rule that it ran into, in words.
    pub reason: Option<String>,
    /// That rule was about goods.
    pub lacks_goods: bool,
    /// The customer has goods of an order that was not accepted, and nobody has seen to it.
    pub to_be_seen_to: bool,
    /// Who pays for it, number and title; none for whoever sees no money, as of all sums here.
    pub account: Option<(String, String)>,
    /// What may be added, while it may change.
    pub products: Vec<Proposal>,
    pub total: Option<i64>,
    pub lines: Vec<Line>,
    pub timeline: Vec<Step>,
    pub mark: Mark,
    pub pictures: Vec<Small>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub order_id: String,
    pub sku: String,
    pub href: String,
    pub name: String,
    pub qty: i64,
    pub allocated: u32,
    pub short: bool,
    pub batchref: Option<String>,
    pub batch_href: Option<String>,
    pub amount: Option<i64>,
    /// How far its order is: that says whether it may be taken out, and goods reserved for it.
    pub order: OrderState,
    pub state: SyncState,
    /// Why this device's last wish for the line was not, or would not be, accepted.
    pub reason: Option<String>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, order_id: &String) -> Option<Model> {
    let order_id = OrderId::parse(order_id).ok()?;
    let order = context.books.projections.orders.orders.get(&order_id)?;
    let timeline = order.timeline.iter();
    let timeline =
        timeline.map(|it| Step::new(context, it.position, it.issued_at, text::step(&it.what, context.role())));
    Some(Model {
        shop: context.title.to_owned(),
        standing: Standing::of(order),
        state: order.state,
        reason: order.reason.as_ref().map(|reason| context.why_not(reason)),
        lacks_goods: matches!(order.reason, Some(Refusal::OutOfStock { .. })),
        to_be_seen_to: context.books.projections.attention.items.get(&Item::HandedOver(order_id.clone())).is_some(),
        account: order
            .account
            .as_ref()
            .filter(|_| context.sees_money())
            .map(|party| (party.account_id.to_string(), party.title.to_string())),
        products: if order.state.may_change() { products(context.books) } else { vec![] },
        total: context.money(order.total),
        lines: order.lines.iter().map(|line| self::line(context, &order_id, line, order.state)).collect(),
        timeline: timeline.collect(),
        pictures: Small::about(context, &Subject::Order(order_id.clone())),
        mark: Mark::new(context.marks.of(&["order"], order_id.as_str(), order.position), order.position),
        order_id: order_id.to_string(),
    })
}

fn line(context: &PageContext<'_>, order_id: &OrderId, line: &OrderLine, order: OrderState) -> Line {
    let wish = context.pending.iter().rev().find(|view| is_about(view, order_id, &line.sku));
    Line {
        order_id: order_id.to_string(),
        sku: line.sku.to_string(),
        href: context.at(&format!("/products/{}", line.sku)),
        name: if line.name.is_empty() { line.sku.to_string() } else { line.name.to_string() },
        qty: line.qty.signed(),
        allocated: line.allocated,
        short: line.short,
        batchref: line.batchref.as_ref().map(ToString::to_string),
        batch_href: line.batchref.as_ref().map(|batchref| context.at(&format!("/batches/{batchref}"))),
        amount: context.money(line.price.times(line.qty)),
        order,
        state: wish.map_or(SyncState::Confirmed, |view| view.state.into()),
        reason: wish.and_then(why),
    }
}

fn why(view: &PendingView) -> Option<String> {
    let not_yet = view.at_risk.as_ref().map(|refusal| text::at_risk(refusal, view.replaceable));
    not_yet.or_else(|| view.refusal().map(text::refusal))
}

fn is_about(view: &PendingView, order: &OrderId, line: &Sku) -> bool {
    match &view.command {
        Command::Stock(stock::Command::Allocate { order_id, sku, .. } | stock::Command::Free { order_id, sku }) => {
            order_id == order && sku == line
        }
        _ => false,
    }
}

fn figures(model: &Model) -> Vec<Figure> {
    let lines = model.lines.iter().flat_map(|line| {
        [
            Figure::pieces(format!("{}, asked", line.name), line.qty),
            Figure::pieces(format!("{}, allocated", line.name), i64::from(line.allocated)),
        ]
    });
    lines.chain(model.total.map(|total| Figure::money("Total", total))).collect()
}

#[component]
pub fn OrderPage() -> impl IntoView {
    page_of_numbers(path_param("order_id"), load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| format!("Order {}", model.order_id));
    let order_id = model.with_untracked(|model| model.order_id.clone());
    let shop = model.part(|model| model.shop.clone());
    let mark = model.part(|model| model.mark);
    let account = model.part(|model| model.account.clone());
    view! {
        <PageHead title shop crumbs=vec![("Orders".to_owned(), here("/orders"))]>
            <span class="tag" data-tone=model.show(|model| model.standing.tone())>{model.show(|model| model.standing.words())}</span>
            <a class="button quiet" href=here(&format!("/history/order-{order_id}"))>"History"</a>
            <a class="button quiet" href=here(&format!("/orders/{order_id}/print"))>"Print"</a>
        </PageHead>
        <div class="with-aside">
            <div class="stack">
                <section
                    class="section record"
                    aria-label="Lines"
                    data-sync=mark.show(|mark| mark.state.name())
                    data-position=mark.show(|mark| mark.confirmed_position())
                >
                    {follow(move || account.get().map(|(id, title)| view! {
                        <p>"Paid from "<a href=here(&format!("/accounts/{id}"))>{title}</a></p>
                    }))}
                    <Lines model/>
                    <p><SyncMark state=mark.part(|mark| mark.state)/></p>
                </section>
                <section class="section"><actions::Actions model/></section>
                <PicturesOf list=model.part(|model| model.pictures.clone()) about=("order", model.with_untracked(|model| model.order_id.clone()))/>
            </div>
            <aside>
                <h2>"What happened"</h2>
                <Timeline steps=model.part(|model| model.timeline.clone())/>
            </aside>
        </div>
    }
}

#[component]
fn Lines(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.lines.clone());
    let total = model.with_untracked(|model| format!("total-{}", model.order_id));
    let sees_money = Viewer::of_context().sees_money();
    view! {
        <table class="ledger">
            <caption>"What was asked for, and where it comes from"</caption>
            <thead>
                <tr>
                    <th scope="col">"Product"</th>
                    <th scope="col" class="num">"Asked"</th>
                    <th scope="col" class="num">"Allocated"</th>
                    <th scope="col">"Batch"</th>
                    {sees_money.then(|| view! { <th scope="col" class="num">"Amount"</th> })}
                    <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows(list, |row| row.sku.clone(), line_row)}</tbody>
            {sees_money.then(|| view! {
                <tfoot>
                    <tr>
                        <th scope="row" colspan="4">"Total"<Why what=total name="the total"/></th>
                        <td class="num" data-label="Total">{model.show(|model| model.total.map(format::money))}</td>
                        <td></td>
                    </tr>
                </tfoot>
            })}
        </table>
    }
}

fn line_row(row: Memo<Line>) -> impl IntoView {
    let state = row.part(|row| row.state);
    let offers = row.part(|row| (row.allocated > 0, row.order));
    let reason = row.part(|row| row.reason.clone());
    let batch = row.part(|row| row.batchref.clone().zip(row.batch_href.clone()));
    let seed = row.get_untracked();
    let (order_id, sku, qty) = (seed.order_id, seed.sku, seed.qty.to_string());
    let named = sku.clone();
    view! {
        <tr data-sku=named data-sync=follow(move || state.get().name())>
            <th scope="row">
                <a href=seed.href>{seed.name}</a>
                " "
                {follow(move || row.with(|row| row.short).then(|| view! { <span class="tag" data-tone="attention">"short"</span> " " }))}
                <SyncMark state/>
                {follow(move || reason.get().map(|reason| view! { <p class="reason">{reason}</p> }))}
            </th>
            <td class="num" data-label="Asked">{row.show(|row| format::number(row.qty))}</td>
            <td class="num" data-label="Allocated">{row.show(|row| format::number(i64::from(row.allocated)))}</td>
            <td data-label="Batch">
                {follow(move || match batch.get() {
                    Some((batchref, href)) => view! { <a href=href>{batchref}</a> }.into_part(),
                    None => "–".into_part(),
                })}
            </td>
            {Viewer::of_context().sees_money().then(|| view! {
                <td class="num" data-label="Amount">{row.show(|row| row.amount.map(format::money))}</td>
            })}
            <td>{follow(move || {
                let (order_id, sku, qty) = (order_id.clone(), sku.clone(), qty.clone());
                let (has_goods, order) = offers.get();
                let goods = if order.is_over() {
                    ().into_part()
                } else if has_goods {
                    view! { <Free order_id=order_id.clone() sku=sku.clone()/> }.into_part()
                } else {
                    view! { <Allocate order_id=order_id.clone() sku=sku.clone() qty/> }.into_part()
                };
                view! { {goods}{order.may_change().then(|| view! { <actions::Remove order_id sku/> })} }.into_part()
            })}</td>
        </tr>
    }
}

#[component]
fn Allocate(order_id: String, sku: String, qty: String) -> impl IntoView {
    let label = format!("Allocate {sku}");
    view! {
        <CommandForm command="order.allocate" id=format!("allocate-{sku}") class="actions">
            <input type="hidden" name="order_id" value=order_id/>
            <input type="hidden" name="sku" value=sku/>
            <input type="hidden" name="qty" value=qty/>
            <button type="submit" aria-label=label>"Allocate"</button>
        </CommandForm>
    }
}

#[component]
fn Free(order_id: String, sku: String) -> impl IntoView {
    let label = format!("Free {sku}");
    view! {
        <CommandForm command="order.free" id=format!("free-{sku}") class="actions">
            <input type="hidden" name="order_id" value=order_id/>
            <input type="hidden" name="sku" value=sku/>
            <button type="submit" class="quiet" aria-label=label>"Free"</button>
        </CommandForm>
    }
}
