//! The history of one record, the newest first: each entry with what was and what is now. A record is more than its
//! aggregate to people: a product is its stock too, an order is what was promised to it, a picture is what was said
//! about it.

mod kind;
mod record;
mod view;

use std::collections::BTreeMap;

use domain::{
    AggregateId, CommandId,
    books::Books,
    history::{Change, History},
    projections::day_book::BookEntry,
    undo,
    values::Millis,
};
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use self::{
    kind::Kind,
    record::{Record, named},
};
use crate::{
    live::{PageContext, Params},
    text,
    ui::{mark::Mark, sentence::Sentence},
};
pub use view::HistoryPage;

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
        let is_seen = |kind: Kind| context.sees_money() || kind != Kind::Money;
        let fits = |change: &&Change| {
            let kind = Kind::of(kind, &change.field);
            is_seen(kind) && only.is_none_or(|only| kind == only)
        };
        let told: Vec<_> = changes.iter().filter(fits).map(Told::of).filter(|told| told.was != told.now).collect();
        if told.is_empty() && only.is_some_and(|only| !changes.is_empty() || Kind::of(kind, "") != only) {
            return None;
        }
        let late = entry.recorded_at.0.saturating_sub(entry.issued_at.0) > APART;
        Some(Self {
            position,
            command_id: entry.command_id,
            href: context.at(&format!("/book/{position}")),
            sentence: context.sentence(entry),
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
