//! The day book: everything that happened, in order, one sentence an entry. What is only saved here stands at the
//! end, under a dashed rule.

use domain::{books::Books, values::Day};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use super::query_param;
use crate::{
    format,
    live::{PageContext, Params, page},
    ui::{
        entry::{EntryRow, entry_row, is_pending},
        erased::{Parts, follow},
        frame::here,
        head::PageHead,
        rows::rows,
    },
};

/// Entries on a page.
const SHOWN: u16 = 50;

/// Entries from before a position; the newest where none is said.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Page {
    pub before: Option<u64>,
}

impl Params for Page {
    fn asks(&self, _books: &Books) -> Option<Asked> {
        self.before.map(|before| Asked::Before { before: Some(before), limit: SHOWN })
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub days: Vec<DayOf>,
    pub pending: Vec<EntryRow>,
    /// The first entry on this page, where there are older ones.
    pub older_before: Option<u64>,
    pub is_newest: bool,
    pub position: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DayOf {
    pub weekday: String,
    pub date: String,
    /// Tells two visits of the same day apart: entries stand in the order of the book, whatever their clocks say.
    pub first: u64,
    pub entries: Vec<EntryRow>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, page: &Page) -> Option<Model> {
    let kept = context.books.projections.day_book.entries.iter().rev();
    let kept = kept.filter(|(position, _)| page.before.is_none_or(|before| **position < before));
    let from_books: Vec<EntryRow> =
        kept.take(usize::from(SHOWN)).map(|(position, entry)| EntryRow::of(context, *position, entry)).collect();
    let mut newest_first = if from_books.len() < context.older.len() {
        context.older.iter().map(|(position, entry)| EntryRow::of(context, *position, entry)).collect()
    } else {
        from_books
    };
    newest_first.reverse();
    let (pending, confirmed): (Vec<_>, Vec<_>) = newest_first.into_iter().partition(is_pending);
    let first = confirmed.first().map(|row| row.position);
    Some(Model {
        shop: context.title.to_owned(),
        older_before: first.filter(|first| *first > 1),
        is_newest: page.before.is_none(),
        position: context.marks.confirmed,
        days: days(confirmed),
        pending,
    })
}

fn days(rows: Vec<EntryRow>) -> Vec<DayOf> {
    let mut days: Vec<(Day, DayOf)> = Vec::new();
    for row in rows {
        let day = Day::of(row.at);
        match days.last_mut() {
            Some((last, open)) if *last == day => open.entries.push(row),
            _ => {
                let (weekday, date) = (format::weekday(day).to_owned(), format::day(day));
                days.push((day, DayOf { weekday, date, first: row.position, entries: vec![row] }));
            }
        }
    }
    days.into_iter().map(|(_, day)| day).collect()
}

#[component]
pub fn DayBookPage() -> impl IntoView {
    let before = query_param("before");
    page(move || Page { before: before().parse().ok() }, load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let days = model.part(|model| model.days.clone());
    let pending = model.part(|model| model.pending.clone());
    let (has_pending, none) = (
        model.part(|model| !model.pending.is_empty()),
        model.part(|model| model.days.is_empty() && model.pending.is_empty()),
    );
    let (opened_at, is_newest) = model.with_untracked(|model| (model.position, model.is_newest));
    view! {
        <PageHead title="Day book".to_owned() shop/>
        <Pager model is_newest/>
        {follow(move || none.get().then(|| view! {
            <div class="empty"><p>"Nothing written yet. The first entry will be #1."</p></div>
        }))}
        <div class="day-book">
            {rows(days, |day| day.first, move |day| day_view(day, opened_at))}
            <Show when=move || has_pending.get()>
                <p class="pending-rule">"Saved here, not yet in the book"</p>
                <section class="day" aria-label="Saved here, not yet in the book">
                    <ol class="entries">{rows(pending, EntryRow::key, move |row| entry_row(row, u64::MAX, None))}</ol>
                </section>
            </Show>
        </div>
    }
}

fn day_view(day: Memo<DayOf>, opened_at: u64) -> impl IntoView {
    let id = format!("day-{}", day.with_untracked(|day| day.first));
    let labelled_by = id.clone();
    let entries = day.part(|day| day.entries.clone());
    view! {
        <section class="day" aria-labelledby=labelled_by>
            <h2 class="day-date" id=id>
                <span><b>{day.with_untracked(|day| day.weekday.clone())}</b>" "{day.with_untracked(|day| day.date.clone())}</span>
            </h2>
            <ol class="entries">{rows(entries, EntryRow::key, move |row| entry_row(row, opened_at, None))}</ol>
        </section>
    }
}

/// Older entries come from the server, which keeps all of them; a device keeps the last few hundred.
#[component]
fn Pager(model: Memo<Model>, is_newest: bool) -> impl IntoView {
    let older = model.part(|model| model.older_before);
    view! {
        <nav class="pager" aria-label="Pages of the book">
            {follow(move || older.get().map(|before| view! {
                <a href=here(&format!("/book?before={before}")) rel="external">"Older entries"</a>
            }))}
            {(!is_newest).then(|| view! { " "<a href=here("/book")>"Newest entries"</a> })}
        </nav>
    }
}
