//! Needs attention: what a person has to decide, on this device and in the shop.

mod others;

use domain::{
    books::Role,
    projections::attention::{Item, Since},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::{PageContext, page},
    repair::needs_person,
    replica::{Picture, Replica},
    ui::{
        erased::{Parts, follow, memo},
        head::PageHead,
        lost::LostEntries,
        rows::rows,
        sentence::{Sentence, SentenceView},
        unreadable::UnreadableRecords,
        unsent::Unsent,
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub items: Vec<Row>,
    /// Of other people, for whoever answers for them.
    pub of_others: Vec<others::Row>,
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
    let items = seen(context).map(|(item, since)| {
        let number = format::number(since.number.abs());
        let product = |sentence: Sentence, sku: &domain::values::Sku| {
            sentence.link(super::name_of(context.books, sku), context.at(&format!("/products/{sku}")))
        };
        let order = |order_id: &domain::values::OrderId| {
            Sentence::default().link(format!("Order {order_id}"), context.at(&format!("/orders/{order_id}")))
        };
        let account = |account_id: &domain::values::AccountId| {
            let row = context.books.projections.accounts.accounts.get(account_id);
            let title = row.map_or_else(|| account_id.to_string(), |row| row.title.to_string());
            Sentence::default().link(title, context.at(&format!("/accounts/{account_id}")))
        };
        let amount = format::money(since.number);
        let (key, sentence) = match item {
            Item::OverLimit(id) => (
                format!("over-{id}"),
                account(id).then(format!(" is {amount} over its limit. Ask for the money, or raise it.")),
            ),
            Item::Reopened(id) => (
                format!("reopened-{id}"),
                account(id).then(format!(" was closed, and has {amount} on it. Move the money, and close it again.")),
            ),
            Item::Rejected(id) => {
                let row = context.books.projections.orders.orders.get(id);
                let why =
                    row.and_then(|row| row.reason.as_ref()).map(|reason| context.why_not(reason)).unwrap_or_default();
                (format!("rejected-{id}"), order(id).then(format!(" was not accepted: {why}.")))
            }
            Item::HandedOver(id) => (
                format!("handed-{id}"),
                order(id).then(match context.sees_money() {
                    true => format!(" was handed over without having been accepted. It is worth {amount}."),
                    false => " was handed over without having been accepted.".to_owned(),
                }),
            ),
            Item::BelowZero(sku) => (
                format!("below-{sku}"),
                product(Sentence::default(), sku).then(format!(
                    " is at {}. Count it, or receive the missing delivery.",
                    format::number(since.number)
                )),
            ),
            Item::Short(order_id, sku) => (
                format!("short-{order_id}-{sku}"),
                product(order(order_id).then(format!(" lacks {number} × ")), sku).then("."),
            ),
            Item::Unnamed(sku) => (
                format!("unnamed-{sku}"),
                Sentence::default()
                    .then("Goods came or went that have no name yet: ")
                    .link(sku.to_string(), context.at(&format!("/products/{sku}"))),
            ),
        };
        Row { key, sentence, since: format::moment(since.issued_at), position: since.position }
    });
    Some(Model { shop: context.title.to_owned(), items: items.collect(), of_others: others::load(context) })
}

/// What of the shop needs a person, as far as whoever looks may see it.
fn seen<'a>(context: &PageContext<'a>) -> impl Iterator<Item = (&'a Item, &'a Since)> {
    let sees_money = context.sees_money();
    let all = context.books.projections.attention.items.iter();
    all.filter(move |(item, _)| sees_money || !matches!(item, Item::OverLimit(_) | Item::Reopened(_)))
}

/// How much of the shop needs whoever looks.
#[must_use]
pub fn needed_in_shop(context: &PageContext<'_>) -> usize {
    seen(context).count() + others::waiting(context).count()
}

/// What of this device waits for the person who uses it.
#[must_use]
pub fn needed_here(picture: &Picture) -> usize {
    let lost = if cares_for_the_lost(picture) { picture.lost.len() } else { 0 };
    picture.pending.iter().filter(|view| needs_person(view)).count() + lost
}

/// What a restore has cost the shop is the owner's to see to; nobody else could do anything about it.
fn cares_for_the_lost(picture: &Picture) -> bool {
    picture.author.role == Role::Owner
}

#[component]
pub fn AttentionPage() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let list = model.part(|model| model.items.clone());
    let none = model.part(|model| model.items.is_empty());
    let of_others = model.part(|model| model.of_others.clone());
    let replica = Replica::of_context();
    let owner = memo(move |_| replica.picture().is_some_and(|picture| cares_for_the_lost(&picture)));
    view! {
        <PageHead title="Needs attention".to_owned() shop/>
        <section class="section">
            <h2>"On this device"</h2>
            <Unsent which=needs_person empty="Nothing here needs you."/>
        </section>
        {follow(move || owner.get().then(|| view! { <LostEntries/> }))}
        <UnreadableRecords/>
        <others::OfOthers list=of_others/>
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
