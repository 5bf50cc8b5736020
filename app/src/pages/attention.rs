//! Needs attention: what a person has to decide, on this device and in the shop.

use domain::projections::attention::Item;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::PendingView;

use crate::{
    format,
    live::{PageContext, page},
    repair::needs_person,
    ui::{
        erased::{Parts, follow},
        frame::at,
        head::PageHead,
        rows::rows,
        sentence::{Sentence, SentenceView},
        unsent::Unsent,
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub items: Vec<Row>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub key: String,
    pub sentence: Sentence,
    pub since: String,
    pub position: u64,
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    let items = context.books.projections.attention.items.iter().map(|(item, since)| {
        let number = format::number(since.number.abs());
        let product = |sentence: Sentence, sku: &domain::values::Sku| {
            sentence.link(super::name_of(context.books, sku), at(context.shop, &format!("/products/{sku}")))
        };
        let (key, sentence) = match item {
            Item::BelowZero(sku) => (
                format!("below-{sku}"),
                product(Sentence::default(), sku).then(format!(
                    " is at {}. Count it, or receive the missing delivery.",
                    format::number(since.number)
                )),
            ),
            Item::Short(order_id, sku) => (
                format!("short-{order_id}-{sku}"),
                product(
                    Sentence::default()
                        .link(format!("Order {order_id}"), at(context.shop, &format!("/orders/{order_id}")))
                        .then(format!(" lacks {number} × ")),
                    sku,
                )
                .then("."),
            ),
            Item::Unnamed(sku) => (
                format!("unnamed-{sku}"),
                Sentence::default()
                    .then("Goods came or went that have no name yet: ")
                    .link(sku.to_string(), at(context.shop, &format!("/products/{sku}"))),
            ),
        };
        Row { key, sentence, since: format::moment(since.issued_at), position: since.position }
    });
    Some(Model { shop: context.title.to_owned(), items: items.collect() })
}

/// Commands of this device that wait for a person.
#[must_use]
pub fn needed_here(pending: &[PendingView]) -> usize {
    pending.iter().filter(|view| needs_person(view)).count()
}

#[component]
pub fn AttentionPage() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let list = model.part(|model| model.items.clone());
    let none = model.part(|model| model.items.is_empty());
    view! {
        <PageHead title="Needs attention".to_owned() shop/>
        <section class="section">
            <h2>"On this device"</h2>
            <Unsent which=needs_person empty="Nothing here needs you."/>
        </section>
        <section class="section">
            <h2>"In the shop"</h2>
            {follow(move || none.get().then(|| view! { <p class="quiet-text">"Nothing in the shop needs a person."</p> }))}
            <ul class="needs">{rows(list, |row| row.key.clone(), |row: Memo<Row>| view! {
                <li data-position=row.show(|row| row.position)>
                    <p>{follow(move || view! { <SentenceView sentence=row.with(|row| row.sentence.clone())/> })}</p>
                    <p class="note">{row.show(|row| format!("Since {} · #{}", row.since, row.position))}</p>
                </li>
            })}</ul>
        </section>
    }
}
