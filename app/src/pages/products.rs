//! The catalogue: every product with what can be had of it.

use domain::{Command, matcher::Matcher, product};
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
        mark::{Mark, NumberMark},
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
    pub sku: String,
    pub href: String,
    pub name: String,
    pub category: String,
    /// Minor units; none for whoever sees no money.
    pub price: Option<i64>,
    pub on_hand: i64,
    pub available: i64,
    /// When the next delivery is expected, where one is on its way.
    pub next_eta: Option<String>,
    pub mark: Mark,
}

#[must_use]
pub fn load(context: &PageContext<'_>, searched: &String) -> Option<Model> {
    let products = &context.books.projections.catalogue.products;
    let fits = Matcher::new(searched);
    let rows = products
        .iter()
        .filter(|(sku, product)| !product.archived && fits.fits([&*product.name, sku.as_str()]))
        .map(|(sku, product)| Row {
            sku: sku.to_string(),
            href: context.at(&format!("/products/{sku}")),
            name: if product.name.is_empty() { sku.to_string() } else { product.name.to_string() },
            category: product.category.to_string(),
            price: context.money(product.price.minor()),
            on_hand: product.on_hand,
            available: product.available,
            next_eta: product.next_eta.map(format::short_day),
            mark: Mark::new(context.marks.of(&["product", "stock"], sku.as_str(), product.position), product.position),
        });
    // What was not accepted is in no book, and stays in sight all the same.
    let unaccepted = context.pending.iter().filter(|view| needs_person(view)).filter_map(|view| {
        let Command::Product(product::Command::Add(add)) = &view.command else { return None };
        let is_shown = products.get(&add.sku).is_none() && fits.fits([add.name.as_str(), add.sku.as_str()]);
        is_shown.then(|| Row {
            sku: add.sku.to_string(),
            href: context.at("/attention"),
            name: add.name.to_string(),
            category: add.category.to_string(),
            price: context.money(add.price.minor()),
            on_hand: 0,
            available: 0,
            next_eta: None,
            mark: Mark::new(view.state.into(), 0),
        })
    });
    let rows = rows.chain(unaccepted).collect();
    Some(Model { shop: context.title.to_owned(), searched: searched.clone(), rows })
}

#[component]
pub fn Products() -> impl IntoView {
    page(query_param("q"), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.rows.clone());
    let shop = model.part(|model| model.shop.clone());
    let none = model.part(|model| model.rows.is_empty());
    let searched = model.with_untracked(|model| model.searched.clone());
    let empty = text::nothing_found("No products yet. A product is anything you count or sell.", &searched);
    view! {
        <PageHead title="Products".to_owned() shop>
            <Way to="/products/new" class="button primary" words="Add a product"/>
        </PageHead>
        <Search action=here("/products") label="Search products" value=searched/>
        {follow(move || if none.get() {
            view! {
                <div class="empty">
                    <p>{empty.clone()}</p>
                    <div class="actions">
                        <Way to="/products/new" words="Add a product"/>
                        <Way to="/stock/receive" words="Receive stock"/>
                    </div>
                </div>
            }.into_part()
        } else {
            view! { <ProductTable list/> }.into_part()
        })}
    }
}

#[component]
fn ProductTable(list: Memo<Vec<Row>>) -> impl IntoView {
    let price = Viewer::of_context().sees_money().then(|| view! { <th scope="col" class="num">"Price"</th> });
    view! {
        <table class="ledger">
            <caption>"Products in the shop"</caption>
            <thead>
                <tr>
                    <th scope="col">"Product"</th>
                    <th scope="col">"SKU"</th>
                    <th scope="col">"Category"</th>
                    {price}
                    <th scope="col" class="num">"On hand"</th>
                    <th scope="col" class="num">"Available"</th>
                </tr>
            </thead>
            <tbody>{rows(list, |row| row.sku.clone(), product_row)}</tbody>
        </table>
    }
}

fn product_row(row: Memo<Row>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let state = mark.part(|mark| mark.state);
    view! {
        <tr
            data-sku=row.with_untracked(|row| row.sku.clone())
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <th scope="row"><a href=row.with_untracked(|row| row.href.clone())>{row.show(|row| row.name.clone())}</a></th>
            <td data-label="SKU">{row.with_untracked(|row| row.sku.clone())}</td>
            <td data-label="Category">{row.show(|row| row.category.clone())}</td>
            {Viewer::of_context().sees_money().then(|| view! {
                <td class="num" data-label="Price">{row.show(|row| row.price.map(format::money))}</td>
            })}
            <td class="num" data-label="On hand">
                <span class:negative=row.show(|row| row.on_hand < 0)>{row.show(|row| format::number(row.on_hand))}</span>
                <NumberMark state/>
            </td>
            <td class="num" data-label="Available">
                <span class:negative=row.show(|row| row.available < 0)>{row.show(|row| format::number(row.available))}</span>
                {follow(move || row.with(|row| row.next_eta.clone()).map(|day| view! { " "<small class="eta">{format!("more on {day}")}</small> }))}
                <NumberMark state/>
            </td>
        </tr>
    }
}
