//! One product: its four numbers, where its goods lie, how they came and went. Issues `product.change`,
//! `product.archive`, `stock.count`.

use domain::{
    picture::Subject,
    projections::stock::What,
    values::{Millis, Sku},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::path_param;
use crate::{
    format,
    live::{PageContext, page_of_numbers},
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Parts, follow},
        field::{Field, Kind},
        frame::here,
        head::PageHead,
        mark::{Mark, NumberMark, SyncMark},
        past::Figure,
        pictures::{PicturesOf, Small},
        rows::rows,
        why::Why,
    },
    viewer::{Offered, Way},
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub sku: String,
    pub name: String,
    pub description: String,
    pub category: String,
    /// Minor units; none for whoever sees no money.
    pub price: Option<i64>,
    pub archived: bool,
    pub on_hand: i64,
    pub allocated: i64,
    pub available: i64,
    pub arriving: i64,
    pub next_eta: Option<String>,
    pub mark: Mark,
    pub pictures: Vec<Small>,
    pub batches: Vec<Batch>,
    pub movements: Vec<Movement>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Batch {
    pub batchref: String,
    pub href: String,
    pub qty: u32,
    pub available: u32,
    /// None for goods in hand.
    pub eta: Option<String>,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Movement {
    pub position: u64,
    pub at: Millis,
    pub what: String,
    pub change: i64,
    pub on_hand: i64,
    pub mark: Mark,
}

#[must_use]
pub fn load(context: &PageContext<'_>, sku: &String) -> Option<Model> {
    let sku = Sku::parse(sku).ok()?;
    let read = &context.books.projections;
    let product = read.catalogue.products.get(&sku)?;
    let batches =
        read.stock.batches.iter().filter(|(_, batch)| batch.sku == sku && (batch.qty > 0 || batch.eta.is_some()));
    let batches = batches.map(|(batchref, batch)| Batch {
        batchref: batchref.to_string(),
        href: context.at(&format!("/batches/{batchref}")),
        qty: batch.qty,
        available: batch.available,
        eta: batch.eta.map(format::short_day),
        mark: Mark::new(context.marks.entry_place(batch.position), batch.position),
    });
    let movements = read.stock.movements_of(&sku).rev().map(|(position, movement)| Movement {
        position,
        at: movement.issued_at,
        what: [what(movement.what).to_owned(), movement.note.to_string(), join(&movement.batches)]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        change: movement.change,
        on_hand: movement.on_hand,
        mark: Mark::new(context.marks.entry_place(position), position),
    });
    Some(Model {
        shop: context.title.to_owned(),
        name: super::name_of(context.books, &sku),
        description: product.description.to_string(),
        category: product.category.to_string(),
        price: context.money(product.price.minor()),
        archived: product.archived,
        on_hand: product.on_hand,
        allocated: product.allocated,
        available: product.available,
        arriving: product.arriving,
        next_eta: product.next_eta.map(format::short_day),
        pictures: Small::about(context, &Subject::Product(sku.clone())),
        mark: Mark::new(context.marks.of(&["product", "stock"], sku.as_str(), product.position), product.position),
        batches: batches.collect(),
        movements: movements.collect(),
        sku: sku.to_string(),
    })
}

fn join(batches: &[domain::values::BatchRef]) -> String {
    batches.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn what(what: What) -> &'static str {
    match what {
        What::Received => "Received",
        What::Expected => "Expected",
        What::Arrived => "Arrived",
        What::Changed => "Quantity changed",
        What::Counted => "Counted",
        What::Damaged => "Taken out",
        What::Sold => "Sold",
        What::PutBack => "Put back",
        What::HandedOver => "Handed over",
    }
}

fn figures(model: &Model) -> Vec<Figure> {
    let of_goods = [
        Figure::pieces("On hand", model.on_hand),
        Figure::pieces("Allocated", model.allocated),
        Figure::pieces("Available", model.available),
        Figure::pieces("Arriving", model.arriving),
    ];
    let price = model.price.map(|price| Figure::money("Price", price));
    of_goods.into_iter().chain(price).collect()
}

#[component]
pub fn ProductPage() -> impl IntoView {
    page_of_numbers(path_param("sku"), load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| model.name.clone());
    let shop = model.part(|model| model.shop.clone());
    let note = Signal::derive(move || {
        model.with(|model| {
            let archived = model.archived.then_some("archived");
            let price = model.price.map(format::money);
            [Some(model.sku.as_str()), Some(model.category.as_str()), price.as_deref(), archived]
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ")
        })
    });
    let sku = model.with_untracked(|model| model.sku.clone());
    view! {
        <PageHead title shop note crumbs=vec![("Products".to_owned(), here("/products"))]>
            <Way to=format!("/stock/receive?sku={sku}") words="Receive"/>
            <a class="button quiet" href=here(&format!("/history/product-{sku}"))>"History"</a>
            <a class="button quiet" href=here(&format!("/reports/stock?sku={sku}"))>"Stock over time"</a>
        </PageHead>
        <Figures model/>
        {model.show(|model| (!model.description.is_empty()).then(|| view! { <p>{model.description.clone()}</p> }))}
        <Batches model/>
        <Movements model/>
        <PicturesOf list=model.part(|model| model.pictures.clone()) about=("product", model.with_untracked(|model| model.sku.clone()))/>
        <Change model/>
    }
}

#[component]
fn Figures(model: Memo<Model>) -> impl IntoView {
    let mark = model.part(|model| model.mark);
    let state = mark.part(|mark| mark.state);
    let sku = model.with_untracked(|model| model.sku.clone());
    let figure = move |label: &'static str, name: &'static str, value: fn(&Model) -> i64| {
        let what = format!("{name}-{sku}");
        view! {
            <div data-figure=name>
                <dt>{label}</dt>
                <dd>
                    <span class:negative=follow(move || model.with(value) < 0)>{follow(move || format::number(model.with(value)))}</span>
                    <NumberMark state/>
                    <Why what name=label/>
                </dd>
            </div>
        }
    };
    view! {
        <section class="section record" aria-label="Numbers" data-sync=follow(move || state.get().name()) data-position=mark.show(|mark| mark.confirmed_position())>
            <dl class="figures">
                {figure("On hand", "on-hand", |model| model.on_hand)}
                {figure("Allocated", "allocated", |model| model.allocated)}
                {figure("Available", "available", |model| model.available)}
                {figure("Arriving", "arriving", |model| model.arriving)}
            </dl>
            {follow(move || model.with(|model| model.next_eta.clone()).map(|day| view! { <p class="note">{format!("Next delivery expected on {day}.")}</p> }))}
            <p><SyncMark state/></p>
        </section>
    }
}

#[component]
fn Batches(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.batches.clone());
    let none = model.part(|model| model.batches.is_empty());
    view! {
        <section class="section">
            <h2>"Batches"</h2>
            {follow(move || if none.get() {
                view! { <p class="quiet-text">"No goods in hand or on the way."</p> }.into_part()
            } else {
                view! {
                    <table class="ledger">
                        <caption class="visually-hidden">"Batches of this product"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Batch"</th>
                                <th scope="col">"Where"</th>
                                <th scope="col" class="num">"Quantity"</th>
                                <th scope="col" class="num">"Available"</th>
                            </tr>
                        </thead>
                        <tbody>{rows(list, |row| row.batchref.clone(), batch_row)}</tbody>
                    </table>
                }.into_part()
            })}
        </section>
    }
}

fn batch_row(row: Memo<Batch>) -> impl IntoView {
    view! {
        <tr data-sync=row.show(|row| row.mark.state.name()) data-position=row.show(|row| row.mark.confirmed_position())>
            <th scope="row"><a href=row.with_untracked(|row| row.href.clone())>{row.with_untracked(|row| row.batchref.clone())}</a></th>
            <td data-label="Where">{row.show(|row| row.eta.as_ref().map_or_else(|| "In hand".to_owned(), |day| format!("Expected {day}")))}</td>
            <td class="num" data-label="Quantity">{row.show(|row| format::number(i64::from(row.qty)))}</td>
            <td class="num" data-label="Available">{row.show(|row| format::number(i64::from(row.available)))}</td>
        </tr>
    }
}

#[component]
fn Movements(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.movements.clone());
    let none = model.part(|model| model.movements.is_empty());
    view! {
        <section class="section">
            <h2>"Movements"</h2>
            {follow(move || if none.get() {
                view! { <p class="quiet-text">"Nothing has come or gone yet."</p> }.into_part()
            } else {
                view! {
                    <table class="ledger">
                        <caption class="visually-hidden">"Goods that came and went, newest first"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"What"</th>
                                <th scope="col">"When"</th>
                                <th scope="col" class="num">"Change"</th>
                                <th scope="col" class="num">"On hand"</th>
                                <th scope="col" class="num">"Entry"</th>
                            </tr>
                        </thead>
                        <tbody>{rows(list, |row| row.position, movement_row)}</tbody>
                    </table>
                }.into_part()
            })}
        </section>
    }
}

fn movement_row(row: Memo<Movement>) -> impl IntoView {
    let place = row.part(|row| row.mark.confirmed_position());
    view! {
        <tr data-sync=row.show(|row| row.mark.state.name()) data-position=follow(move || place.get())>
            <th scope="row">{row.show(|row| row.what.clone())}</th>
            <td data-label="When">{row.show(|row| format::moment(row.at))}</td>
            <td class="num" data-label="Change">{row.show(|row| format::change(row.change))}</td>
            <td class="num" data-label="On hand">{row.show(|row| format::number(row.on_hand))}</td>
            <td class="num" data-label="Entry">
                {follow(move || match place.get() {
                    Some(position) => view! { <a href=here(&format!("/book/{position}"))>{format!("#{position}")}</a> }.into_part(),
                    None => view! { <SyncMark state=row.part(|row| row.mark.state)/> }.into_part(),
                })}
            </td>
        </tr>
    }
}

/// Forms about the product, filled in with what it is when the page opens.
#[component]
fn Change(model: Memo<Model>) -> impl IntoView {
    let now = model.get_untracked();
    let (sku, sku_counted) = (now.sku.clone(), now.sku.clone());
    let archived = model.part(|model| model.archived);
    let price = now.price.map(format::money_input).unwrap_or_default();
    view! {
        <Offered command="stock.count">
            <section class="section">
                <h2>"Count"</h2>
                <CommandForm command="stock.count" id="count" label="Count".to_owned()>
                    <input type="hidden" name="sku" value=sku_counted/>
                    <Field name="counted" label="Counted" kind=Kind::Units required=true hint="What you see in hand, reserved goods included."/>
                    <div class="actions"><button type="submit">"Write down the count"</button></div>
                </CommandForm>
            </section>
        </Offered>
        <Offered command="product.change" says_who=true>
            <section class="section">
                <h2>"Details"</h2>
                <CommandForm command="product.change" id="change" label="Details".to_owned()>
                    <input type="hidden" name="sku" value=sku/>
                    <Field name="name" label="Name" value=now.name required=true/>
                    <div class="field-row">
                        <Field name="price" label="Price" kind=Kind::Money value=price required=true/>
                        <Field name="category" label="Category" value=now.category/>
                    </div>
                    <Field name="description" label="Description" kind=Kind::Paragraph value=now.description/>
                    <div class="actions"><button type="submit">"Save changes"</button></div>
                </CommandForm>
                {follow(move || (!archived.get()).then(|| view! { <Archive sku=model.with_untracked(|model| model.sku.clone())/> }))}
            </section>
        </Offered>
    }
}

#[component]
fn Archive(sku: String) -> impl IntoView {
    view! {
        <CommandForm command="product.archive" id="archive" label="Archive".to_owned() next=here("/products")>
            <input type="hidden" name="sku" value=sku/>
            <div class="actions"><button type="submit" class="danger apart">"Archive this product"</button></div>
        </CommandForm>
    }
}
