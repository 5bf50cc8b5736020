//! What is in the shop and on its way, by product or by batch.

use domain::{Command, projections::catalogue::ProductRow, stock};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::query_param;
use crate::{
    format,
    live::{PageContext, Params, page_of_numbers},
    repair::needs_person,
    ui::{
        erased::{IntoPart, Parts, follow},
        frame::here,
        head::PageHead,
        mark::{Mark, NumberMark, SyncMark},
        past::Figure,
        rows::rows,
        why::Why,
    },
    viewer::Way,
};

/// What the address says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// `batches`, or products.
    pub view: String,
    /// `low`, `arriving`, `below`, or all.
    pub only: String,
}

impl Params for Shown {}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub by_batch: bool,
    pub only: String,
    pub counts: [(Filter, usize); 3],
    pub products: Vec<Product>,
    pub batches: Vec<Batch>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    Low,
    Arriving,
    Below,
}

impl Filter {
    const ALL: [Self; 3] = [Self::Low, Self::Arriving, Self::Below];

    fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Arriving => "arriving",
            Self::Below => "below",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Arriving => "Arriving",
            Self::Below => "Below zero",
        }
    }

    fn fits(self, product: &ProductRow) -> bool {
        match self {
            Self::Low => product.available < super::today::LOW,
            Self::Arriving => product.arriving > 0,
            Self::Below => product.on_hand < 0,
        }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Product {
    pub sku: String,
    pub href: String,
    pub name: String,
    pub on_hand: i64,
    pub allocated: i64,
    pub available: i64,
    pub arriving: i64,
    pub next_eta: Option<String>,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Batch {
    pub batchref: String,
    pub href: String,
    pub product: String,
    pub product_href: String,
    pub qty: u32,
    pub available: u32,
    pub eta: Option<String>,
    pub mark: Mark,
}

#[must_use]
pub fn load(context: &PageContext<'_>, shown: &Shown) -> Option<Model> {
    let catalogue = &context.books.projections.catalogue.products;
    let known = || catalogue.iter().filter(|(_, product)| !product.archived || product.on_hand != 0);
    let only = Filter::ALL.into_iter().find(|filter| filter.name() == shown.only);
    let by_batch = shown.view == "batches";
    let products =
        known().filter(|(_, product)| only.is_none_or(|only| only.fits(product))).map(|(sku, product)| Product {
            sku: sku.to_string(),
            href: context.at(&format!("/products/{sku}")),
            name: super::name_of(context.books, sku),
            on_hand: product.on_hand,
            allocated: product.allocated,
            available: product.available,
            arriving: product.arriving,
            next_eta: product.next_eta.map(format::short_day),
            mark: Mark::new(context.marks.of(&["stock"], sku.as_str(), product.position), product.position),
        });
    Some(Model {
        shop: context.title.to_owned(),
        by_batch,
        only: shown.only.clone(),
        counts: Filter::ALL.map(|filter| (filter, known().filter(|(_, product)| filter.fits(product)).count())),
        products: if by_batch { vec![] } else { products.collect() },
        batches: if by_batch { batches(context) } else { vec![] },
    })
}

/// Those that hold goods, or will.
fn batches(context: &PageContext<'_>) -> Vec<Batch> {
    let batches =
        context.books.projections.stock.batches.iter().filter(|(_, batch)| batch.qty > 0 || batch.eta.is_some());
    let rows = batches.map(|(batchref, batch)| Batch {
        batchref: batchref.to_string(),
        href: context.at(&format!("/batches/{batchref}")),
        product: super::name_of(context.books, &batch.sku),
        product_href: context.at(&format!("/products/{}", batch.sku)),
        qty: batch.qty,
        available: batch.available,
        eta: batch.eta.map(format::short_day),
        mark: Mark::new(context.marks.entry_place(batch.position), batch.position),
    });
    // What was not accepted is in no book, and stays in sight all the same.
    let known = &context.books.projections.stock.batches;
    let unaccepted = context.pending.iter().filter(|view| needs_person(view)).filter_map(|view| {
        let Command::Stock(stock::Command::Receive(receive)) = &view.command else { return None };
        known.get(&receive.batchref).is_none().then(|| Batch {
            batchref: receive.batchref.to_string(),
            href: context.at("/attention"),
            product: super::name_of(context.books, &receive.sku),
            product_href: context.at(&format!("/products/{}", receive.sku)),
            qty: 0,
            available: 0,
            eta: receive.eta.map(format::short_day),
            mark: Mark::new(view.state.into(), 0),
        })
    });
    rows.chain(unaccepted).collect()
}

fn figures(model: &Model) -> Vec<Figure> {
    let products = model.products.iter().flat_map(|product| {
        let figure = |name: &str, value| Figure::pieces(format!("{}, {name}", product.name), value);
        [figure("on hand", product.on_hand), figure("available", product.available)]
    });
    let batches =
        model.batches.iter().map(|batch| Figure::pieces(format!("Batch {}", batch.batchref), i64::from(batch.qty)));
    products.chain(batches).collect()
}

#[component]
pub fn Stock() -> impl IntoView {
    let (view, only) = (query_param("view"), query_param("show"));
    page_of_numbers(move || Shown { view: view(), only: only() }, load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let by_batch = model.with_untracked(|model| model.by_batch);
    let current = |is: bool| is.then_some("page");
    view! {
        <PageHead title="Stock".to_owned() shop>
            <Way to="/stock/receive" class="button primary" words="Receive stock"/>
        </PageHead>
        <nav class="tabs" aria-label="Stock by">
            <a href=here("/stock") aria-current=current(!by_batch)>"By product"</a>
            <a href=here("/stock?view=batches") aria-current=current(by_batch)>"By batch"</a>
        </nav>
        {if by_batch { view! { <Batches model/> }.into_part() } else { view! { <Products model/> }.into_part() }}
    }
}

#[component]
fn Products(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.products.clone());
    let none = model.part(|model| model.products.is_empty());
    let only = model.with_untracked(|model| model.only.clone());
    let all = only.is_empty();
    let filters = Filter::ALL.into_iter().enumerate().map(|(index, filter)| {
        let count = move || model.with(|model| model.counts[index].1);
        let is_on = only == filter.name();
        let href = if is_on { here("/stock") } else { here(&format!("/stock?show={}", filter.name())) };
        view! { <a href=href aria-current=is_on.then_some("true")>{filter.words()}" "<span class="count">{count}</span></a> }
    });
    view! {
        <div class="filters" role="group" aria-label="Show">{filters.collect_view()}</div>
        {follow(move || if none.get() {
            let words = if all { "Nothing received yet. Record a delivery and it will show here by batch." } else { "Nothing fits." };
            view! { <div class="empty"><p>{words}</p></div> }.into_part()
        } else {
            view! {
                <table class="ledger">
                    <caption>"Stock by product"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Product"</th>
                            <th scope="col" class="num">"On hand"</th>
                            <th scope="col" class="num">"Allocated"</th>
                            <th scope="col" class="num">"Arriving"</th>
                            <th scope="col" class="num">"Available"</th>
                            <th scope="col">"Next delivery"</th>
                        </tr>
                    </thead>
                    <tbody>{rows(list, |row| row.sku.clone(), product_row)}</tbody>
                </table>
            }.into_part()
        })}
    }
}

fn product_row(row: Memo<Product>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let state = mark.part(|mark| mark.state);
    let sku = row.with_untracked(|row| row.sku.clone());
    let cell = move |label: &'static str, value: fn(&Product) -> i64| {
        let what = format!("{}-{sku}", label.to_lowercase().replace(' ', "-"));
        view! {
            <td class="num" data-label=label>
                <Why what name=label/>
                " "
                <span class:negative=follow(move || row.with(value) < 0)>{follow(move || format::number(row.with(value)))}</span>
            </td>
        }
    };
    view! {
        <tr
            data-sku=row.with_untracked(|row| row.sku.clone())
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <th scope="row">
                <a href=row.with_untracked(|row| row.href.clone())>{row.show(|row| row.name.clone())}</a>
                <NumberMark state/>
            </th>
            {cell("On hand", |row| row.on_hand)}
            {cell("Allocated", |row| row.allocated)}
            {cell("Arriving", |row| row.arriving)}
            {cell("Available", |row| row.available)}
            <td data-label="Next delivery">{row.show(|row| row.next_eta.clone().unwrap_or_else(|| "–".to_owned()))}</td>
        </tr>
    }
}

#[component]
fn Batches(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.batches.clone());
    let none = model.part(|model| model.batches.is_empty());
    view! {
        {follow(move || if none.get() {
            view! { <div class="empty"><p>"Nothing received yet. Record a delivery and it will show here by batch."</p></div> }.into_part()
        } else {
            view! {
                <table class="ledger">
                    <caption>"Stock by batch"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Batch"</th>
                            <th scope="col">"Product"</th>
                            <th scope="col">"Where"</th>
                            <th scope="col" class="num">"Quantity"</th>
                            <th scope="col" class="num">"Available"</th>
                        </tr>
                    </thead>
                    <tbody>{rows(list, |row| row.batchref.clone(), batch_row)}</tbody>
                </table>
            }.into_part()
        })}
    }
}

fn batch_row(row: Memo<Batch>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    view! {
        <tr data-sync=mark.show(|mark| mark.state.name()) data-position=mark.show(|mark| mark.confirmed_position())>
            <th scope="row">
                <a href=row.with_untracked(|row| row.href.clone())>{row.with_untracked(|row| row.batchref.clone())}</a>
                " "
                <SyncMark state=mark.part(|mark| mark.state)/>
            </th>
            <td data-label="Product"><a href=row.with_untracked(|row| row.product_href.clone())>{row.show(|row| row.product.clone())}</a></td>
            <td data-label="Where">{row.show(|row| row.eta.as_ref().map_or_else(|| "In hand".to_owned(), |day| format!("Expected {day}")))}</td>
            <td class="num" data-label="Quantity">{row.show(|row| format::number(i64::from(row.qty)))}</td>
            <td class="num" data-label="Available">{row.show(|row| format::number(i64::from(row.available)))}</td>
        </tr>
    }
}
