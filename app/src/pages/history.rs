//! The history of one record, the newest first: each entry with what was and what is now. A record is more than its
//! aggregate to people: a product is its stock too, an order is what was promised to it, a picture is what was said
//! about it.

use std::collections::BTreeMap;

use domain::{
    AggregateId, CommandId, Event,
    books::Books,
    event::AskedCommand,
    history::{Change, History},
    projections::day_book::BookEntry,
    undo,
    values::{BatchRef, Millis, OrderId, PictureId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use super::{path_param, query_param};
use crate::{
    format,
    live::{PageContext, Params, page},
    text,
    ui::{
        erased::{IntoPart, Part, Parts, follow},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        rows::rows,
        sentence::{Sentence, SentenceView},
        undo::UndoButton,
    },
};

/// Entries on a page.
const SHOWN: usize = 100;

/// Recorded and confirmed are told apart from here on.
const APART: i64 = 60_000;

/// What the address says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// As `product-OAT-1`.
    pub record: String,
    /// `stock`, `money`, `details`, `comments`, or all.
    pub only: String,
    /// Entries from before a position; the newest where none is said.
    pub before: Option<u64>,
}

impl Params for Shown {
    const FOLLOWS: bool = true;

    fn asks(&self, books: &Books) -> Option<Asked> {
        Some(Asked::Of(Record::of(&self.record, books).aggregates))
    }
}

/// What belongs to a record.
struct Record {
    aggregates: Vec<AggregateId>,
    /// Of the aggregates, only what changes these fields; all where there is none.
    fields: Option<String>,
    /// What was refused is of this record where it names it so.
    named: Option<(&'static str, String)>,
}

impl Record {
    fn of(name: &str, books: &Books) -> Self {
        let whole = |kinds: &[&str], key: &str| Self {
            aggregates: kinds.iter().map(|kind| AggregateId::new(kind, key)).collect(),
            fields: None,
            named: None,
        };
        let (kind, key) = name.split_once('-').unwrap_or((name, ""));
        match kind {
            "product" | "stock" => whole(&["product", "stock"], key),
            "batch" => {
                let sku =
                    BatchRef::parse(key).ok().and_then(|batchref| books.aggregates.batches.get(&batchref).cloned());
                let stock = sku.map(|sku| AggregateId::new("stock", sku.as_str()));
                Self {
                    aggregates: stock.into_iter().chain([AggregateId::new("batch", key)]).collect(),
                    fields: Some(format!("batches.{key}.")),
                    named: Some(("batchref", key.to_owned())),
                }
            }
            "order" => {
                let order =
                    OrderId::parse(key).ok().and_then(|order_id| books.projections.orders.orders.get(&order_id));
                let stocks = order.map_or_else(Vec::new, |order| {
                    order.lines.iter().map(|line| AggregateId::new("stock", line.sku.as_str())).collect()
                });
                Self {
                    aggregates: stocks.into_iter().chain([AggregateId::new("order", key)]).collect(),
                    fields: Some(format!("lines.{key}.")),
                    named: Some(("order_id", key.to_owned())),
                }
            }
            "picture" => {
                let all = books.aggregates.comments.iter();
                let said = all.filter(|(_, comment)| comment.picture_id.as_ref().is_some_and(|id| id.as_str() == key));
                let said = said.map(|(id, _)| AggregateId::new("comment", id.as_str()));
                Self { aggregates: said.chain([AggregateId::new("picture", key)]).collect(), fields: None, named: None }
            }
            _ => whole(&[kind], key),
        }
    }

    /// What of an entry's changes is about the record; none where the entry is not.
    fn about(&self, name: &str, entry: &BookEntry, mut changes: Vec<Change>) -> Option<Vec<Change>> {
        let Some(prefix) = self.fields.as_ref().filter(|_| entry.aggregate.as_str() != name) else {
            return Some(changes);
        };
        if let Event::Refused(domain::event::Refused { command, .. })
        | Event::Declined(domain::change::Declined { command, .. }) = &entry.event
        {
            return self.names(command).then_some(changes);
        }
        changes.retain(|change| change.field.starts_with(prefix));
        (!changes.is_empty()).then_some(changes)
    }

    fn names(&self, command: &AskedCommand) -> bool {
        let said = |field: &str| command.data.get(field).and_then(serde_json::Value::as_str);
        self.named.as_ref().is_some_and(|(field, key)| said(field) == Some(key.as_str()))
    }
}

/// A kind of change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Stock,
    Money,
    Details,
    Comments,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Stock, Self::Money, Self::Details, Self::Comments];

    fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Money => "money",
            Self::Details => "details",
            Self::Comments => "comments",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Stock => "Stock only",
            Self::Money => "Money only",
            Self::Details => "Details only",
            Self::Comments => "Comments only",
        }
    }

    /// Of a field of an aggregate of that kind.
    fn of(aggregate: &str, field: &str) -> Self {
        match (aggregate, field) {
            ("stock", _) => Self::Stock,
            ("comment", _) => Self::Comments,
            ("account" | "transfer", _) | (_, "price" | "total" | "payment" | "out.payment") => Self::Money,
            _ => Self::Details,
        }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    /// As `product-OAT-1`.
    pub record: String,
    pub title: String,
    /// The record's own page.
    pub href: Option<String>,
    pub archived: bool,
    pub only: String,
    pub rows: Vec<Row>,
    /// Where older entries begin, if there are more than a page shows.
    pub older_before: Option<u64>,
    /// Entries up to this one are not on this device; nought where all are here.
    pub lacks: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub position: u64,
    pub command_id: CommandId,
    pub href: String,
    pub sentence: Sentence,
    pub changes: Vec<Told>,
    pub person: String,
    pub device: String,
    pub issued_at: Millis,
    /// When it was written down, where that was later.
    pub confirmed_at: Option<Millis>,
    pub mark: Mark,
    pub undoes: Option<u64>,
    pub undone_by: Option<u64>,
    /// Whether a person wrote it: what followed is undone with that.
    pub is_first: bool,
}

/// A changed field in words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Told {
    pub field: String,
    pub was: String,
    pub now: String,
}

#[must_use]
pub fn load(context: &PageContext<'_>, shown: &Shown) -> Option<Model> {
    let record = Record::of(&shown.record, context.books);
    let entries = context.entries(&Asked::Of(record.aggregates.clone()));
    let only = Kind::ALL.into_iter().find(|kind| kind.name() == shown.only);
    let mut histories: BTreeMap<&AggregateId, History> = BTreeMap::new();
    let mut newest_last: Vec<Row> = Vec::new();
    for (position, entry) in &entries {
        let history = histories.entry(&entry.aggregate).or_insert_with(|| {
            context.since.map_or_else(History::default, |since| History::resuming(&since.aggregates, &entry.aggregate))
        });
        let changes = record.about(&shown.record, entry, history.take_in(&entry.event));
        newest_last.extend(changes.and_then(|changes| Row::of(context, *position, entry, &changes, only)));
    }
    let lacks = context.since.map_or(0, |since| since.position);
    let (title, href, archived) = named(context, &shown.record);
    if entries.is_empty() && href.is_none() {
        return None;
    }
    newest_last.retain(|row| shown.before.is_none_or(|before| row.position < before));
    let (rows, older_before) = newest(newest_last);
    Some(Model {
        shop: context.title.to_owned(),
        record: shown.record.clone(),
        title,
        href,
        archived,
        only: shown.only.clone(),
        rows,
        older_before,
        lacks,
    })
}

fn newest(mut rows: Vec<Row>) -> (Vec<Row>, Option<u64>) {
    let first = rows.len().saturating_sub(SHOWN);
    let mut shown = rows.split_off(first);
    let before = shown.first().map(|row| row.position).filter(|_| !rows.is_empty());
    shown.reverse();
    (shown, before)
}

/// What the record is called, where its page is, and whether it was archived.
fn named(context: &PageContext<'_>, record: &str) -> (String, Option<String>, bool) {
    let (kind, key) = record.split_once('-').unwrap_or((record, ""));
    let read = &context.books.projections;
    match kind {
        "product" | "stock" => {
            let sku = domain::values::Sku::parse(key).ok();
            let row = sku.as_ref().and_then(|sku| read.catalogue.products.get(sku));
            let name = row.map(|row| row.name.clone()).filter(|name| !name.is_empty());
            let href = row.map(|_| context.at(&format!("/products/{key}")));
            (name.unwrap_or_else(|| key.to_owned()), href, row.is_some_and(|row| row.archived))
        }
        "batch" => {
            let known = BatchRef::parse(key).ok().and_then(|batchref| read.stock.batches.get(&batchref));
            (format!("Batch {key}"), known.map(|_| context.at(&format!("/batches/{key}"))), false)
        }
        "order" => {
            let known = OrderId::parse(key).ok().and_then(|order_id| read.orders.orders.get(&order_id));
            (format!("Order {key}"), known.map(|_| context.at(&format!("/orders/{key}"))), false)
        }
        "picture" => {
            let known = PictureId::parse(key).ok().and_then(|id| read.pictures.pictures.get(&id));
            let caption = known.and_then(|row| row.caption.as_ref()).map(ToString::to_string);
            let href = known.map(|_| context.at(&format!("/pictures/{key}")));
            (caption.unwrap_or_else(|| format!("Picture {key}")), href, false)
        }
        "sale" => (format!("Sale {key}"), None, false),
        _ => (record.to_owned(), None, false),
    }
}

impl Row {
    /// None where nothing of it is of the kind that is shown.
    fn of(
        context: &PageContext<'_>,
        position: u64,
        entry: &BookEntry,
        changes: &[Change],
        only: Option<Kind>,
    ) -> Option<Self> {
        let (kind, _) = entry.aggregate.kind_and_key();
        let fits = |change: &&Change| only.is_none_or(|only| Kind::of(kind, &change.field) == only);
        let told: Vec<_> = changes.iter().filter(fits).map(Told::of).filter(|told| told.was != told.now).collect();
        if told.is_empty() && only.is_some_and(|only| !changes.is_empty() || Kind::of(kind, "") != only) {
            return None;
        }
        let late = entry.recorded_at.0.saturating_sub(entry.issued_at.0) > APART;
        Some(Self {
            position,
            command_id: entry.command_id,
            href: context.at(&format!("/book/{position}")),
            sentence: text::entry(context.shop, entry),
            changes: told,
            person: entry.actor.to_string(),
            device: entry.device.to_string(),
            issued_at: entry.issued_at,
            confirmed_at: late.then_some(entry.recorded_at),
            mark: Mark::new(context.marks.entry(entry.command_id, position), position),
            undoes: entry.undoes.and_then(|id| undo::first_of(context.books, id)).map(|(position, _)| position),
            undone_by: undo::undone_by(context.books, entry.command_id).filter(|_| entry.causation.is_none()),
            is_first: entry.causation.is_none(),
        })
    }

    fn key(&self) -> String {
        format!("{}/{}", self.command_id, self.sentence.plain())
    }
}

impl Told {
    fn of(change: &Change) -> Self {
        Self {
            field: text::field(&change.field),
            was: text::value(&change.field, change.was.as_ref()),
            now: text::value(&change.field, change.now.as_ref()),
        }
    }
}

#[component]
pub fn HistoryPage() -> impl IntoView {
    let (record, only, before) = (path_param("aggregate"), query_param("only"), query_param("before"));
    page(move || Shown { record: record(), only: only(), before: before().parse().ok() }, load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| format!("History of {}", model.title));
    let shop = model.part(|model| model.shop.clone());
    let Model { record, href, title: name, only, .. } = model.get_untracked();
    let archived = model.part(|model| model.archived);
    let list = model.part(|model| model.rows.clone());
    let none = model.part(|model| model.rows.is_empty());
    let lacks = model.part(|model| model.lacks);
    let older = model.part(|model| model.older_before);
    let place = format!("/history/{record}");
    let chips: Vec<_> = [None].into_iter().chain(Kind::ALL.map(Some)).map(|kind| chip(&place, kind, &only)).collect();
    let on = if only.is_empty() { String::new() } else { format!("&only={only}") };
    let more = place.clone();
    view! {
        <PageHead title shop crumbs=href.map(|href| vec![(name, href)]).unwrap_or_default()>
            {follow(move || archived.get().then(|| view! { <span class="tag">"archived"</span> }))}
        </PageHead>
        <div class="filters" role="group" aria-label="Show">{chips}</div>
        {follow(move || none.get().then(|| view! { <div class="empty"><p>"Nothing of this kind has happened."</p></div> }))}
        <ol class="entries history">{rows(list, Row::key, history_row)}</ol>
        {follow(move || (lacks.get() > 0).then(|| view! {
            <div class="notice" data-testid="lacks"><p>{text::not_held(lacks.get())}</p></div>
        }))}
        <nav class="pager" aria-label="Pages of the history">
            {follow(move || older.get().map(|before| view! { <a href=here(&format!("{more}?before={before}{on}"))>"Older entries"</a> }))}
        </nav>
    }
}

fn chip(place: &str, kind: Option<Kind>, only: &str) -> Part {
    let (name, words) = kind.map_or(("", "All"), |kind| (kind.name(), kind.words()));
    let href = if name.is_empty() { here(place) } else { here(&format!("{place}?only={name}")) };
    view! { <a href=href aria-current=(only == name).then_some("true")>{words}</a> }.into_part()
}

fn history_row(row: Memo<Row>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let place = mark.part(|mark| mark.confirmed_position());
    let sentence = row.part(|row| row.sentence.clone());
    let changes = row.part(|row| row.changes.clone());
    let (id, is_first) = row.with_untracked(|row| (row.command_id, row.is_first));
    view! {
        <li class="entry" data-sync=mark.show(|mark| mark.state.name()) data-position=follow(move || place.get())>
            <p class="entry-text">{follow(move || view! { <SentenceView sentence=sentence.get()/> })}</p>
            {follow(move || view! { <Changes changes=changes.get()/> })}
            <p class="entry-note">
                {row.show(|row| format!("{} · {} · ", row.person, row.device))}
                <time datetime=row.show(|row| row.issued_at.to_string())>{row.show(|row| format::moment(row.issued_at))}</time>
                {row.show(|row| row.confirmed_at.map(|at| format!(" · in the book since {}", format::moment(at))))}
                {row.show(|row| linked((row.undoes, row.undone_by)))}
                " "
                <SyncMark state=mark.part(|mark| mark.state)/>
                {is_first.then(|| view! { <UndoButton id/> })}
            </p>
            {follow(move || place.get().map(|position| view! {
                <a class="entry-no" href=row.with_untracked(|row| row.href.clone())>{format!("#{position}")}</a>
            }))}
        </li>
    }
}

fn linked((undoes, undone_by): (Option<u64>, Option<u64>)) -> impl IntoView {
    let link = |words: &'static str, position: u64| {
        view! { " · "{words}" "<a href=here(&format!("/book/{position}"))>{format!("#{position}")}</a> }.into_part()
    };
    (undoes.map(|position| link("puts back", position)), undone_by.map(|position| link("put back by", position)))
}

#[component]
fn Changes(changes: Vec<Told>) -> impl IntoView {
    let rows: Vec<_> = changes
        .into_iter()
        .map(|Told { field, was, now }| {
            let named = field.clone();
            view! {
                <div data-field=named>
                    <dt>{field}</dt>
                    <dd><span class="was"><span class="visually-hidden">"was "</span>{was}</span>" → "<span class="now">{now}</span></dd>
                </div>
            }
        })
        .collect();
    (!rows.is_empty()).then(|| view! { <dl class="facts changes">{rows}</dl> })
}
