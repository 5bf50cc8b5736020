//! Entries of the book, as Today and the day book show them.

use domain::{CommandId, projections::day_book::BookEntry, undo, values::Millis};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::PageContext,
    ui::{
        erased::{Part, Parts, follow},
        frame::here,
        mark::{Mark, SyncMark, SyncState},
        sentence::{Sentence, SentenceView},
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EntryRow {
    /// Provisional while the entry is only saved here.
    pub position: u64,
    pub command_id: CommandId,
    pub href: String,
    pub sentence: Sentence,
    pub amount: Option<i64>,
    pub at: Millis,
    /// Person and device.
    pub note: String,
    pub mark: Mark,
    /// Of another device than this one.
    pub foreign: bool,
    /// The entry that this one puts back, and the one that put this one back.
    pub undoes: Option<u64>,
    pub undone_by: Option<u64>,
}

impl EntryRow {
    #[must_use]
    pub fn of(context: &PageContext<'_>, position: u64, entry: &BookEntry) -> Self {
        Self {
            position,
            command_id: entry.command_id,
            href: context.at(&format!("/book/{position}")),
            sentence: context.sentence(entry),
            amount: entry.amount.and_then(|amount| context.money(amount)),
            at: entry.issued_at,
            note: format!("{} · {}", entry.actor, entry.device),
            mark: Mark::new(context.marks.entry(entry.command_id, position), position),
            undoes: entry.undoes.and_then(|id| undo::first_of(context.books, id)).map(|(position, _)| position),
            undone_by: undo::undone_by(context.books, entry.command_id).filter(|_| entry.causation.is_none()),
            foreign: context.device.is_some_and(|device| device != &*entry.device),
        }
    }

    /// Stays the same when the entry gets its place in the book, so that the row stays too.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.command_id, self.sentence.plain())
    }
}

/// One entry. `fresh_after`: what came from elsewhere behind this position is marked as new. `undo`: a button, where the
/// list has them.
pub fn entry_row(row: Memo<EntryRow>, fresh_after: u64, undo: Option<Part>) -> impl IntoView {
    let mark = row.part(|row| row.mark);
    let place = mark.part(|mark| mark.confirmed_position());
    let fresh = row.with_untracked(|row| row.foreign && row.position > fresh_after);
    let sentence = row.part(|row| row.sentence.clone());
    view! {
        <li
            class="entry"
            data-sync=mark.show(|mark| mark.state.name())
            data-position=follow(move || place.get())
            data-fresh=fresh.then_some("")
        >
            <time class="entry-time" datetime=row.with_untracked(|row| row.at.to_string())>
                {row.show(|row| format::clock(row.at))}
            </time>
            <p class="entry-text">
                {follow(move || view! { <SentenceView sentence=sentence.get()/> })}
                {fresh.then(|| view! { " "<span class="tag">"new"</span> })}
            </p>
            <span class="entry-amount num">{row.show(|row| row.amount.map(format::money))}</span>
            <span class="entry-note">
                {row.show(|row| row.note.clone())}
                " "
                <SyncMark state=mark.part(|mark| mark.state)/>
                {row.show(|row| linked((row.undoes, row.undone_by)))}
                {undo}
            </span>
            {follow(move || place.get().map(|position| view! {
                <a class="entry-no" href=row.with_untracked(|row| row.href.rsplit_once('/').map_or_else(String::new, |(base, _)| format!("{base}/{position}")))>
                    {format!("#{position}")}
                </a>
            }))}
        </li>
    }
}

/// `puts back #1042`, `put back by #1050`.
fn linked((undoes, undone_by): (Option<u64>, Option<u64>)) -> impl IntoView {
    let link = |words: &'static str, position: u64| {
        view! { " · "{words}" "<a href=here(&format!("/book/{position}"))>{format!("#{position}")}</a> }
    };
    (undoes.map(|position| link("puts back", position)), undone_by.map(|position| link("put back by", position)))
}

/// Whether an entry is only on this device.
#[must_use]
pub fn is_pending(row: &EntryRow) -> bool {
    row.mark.state.is_pending() && row.mark.state != SyncState::NeedsAttention
}
