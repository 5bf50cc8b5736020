//! One entry of the book: who, when, from where, and what it followed from.

use domain::{CommandId, ShopSlug, books::Books, projections::day_book::BookEntry, undo, values::Millis};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use super::path_param;
use crate::{
    format, forms,
    live::{PageContext, Params, page},
    text,
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Parts, follow},
        frame::{at, here},
        head::PageHead,
        mark::{Mark, SyncMark},
        past,
        sentence::{Sentence, SentenceView},
        undo::UndoButton,
    },
};

/// The entry's position.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Place(pub u64);

impl Params for Place {
    fn asks(&self, _books: &Books) -> Option<Asked> {
        Some(Asked::Before { before: Some(self.0.saturating_add(1)), limit: 1 })
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub position: u64,
    /// None where this device keeps entries from later on only.
    pub entry: Option<Entry>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub sentence: Sentence,
    pub aggregate: String,
    pub amount: Option<i64>,
    pub actor: String,
    pub device: String,
    pub issued_at: Millis,
    pub recorded_at: Millis,
    pub causation: Option<u64>,
    /// None for whoever sees no money: there may be some in it.
    pub raw: Option<String>,
    pub mark: Mark,
    pub command_id: CommandId,
    /// The entry that this one puts back, and the one that put this one back.
    pub undoes: Option<u64>,
    pub undone_by: Option<u64>,
    pub undo: Undo,
}

/// The way back, as a form that works where no script runs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// It never left this device: it is just taken out.
    NotSent,
    Form {
        command_type: String,
        fields: Vec<(String, String)>,
        question: Option<String>,
        label: String,
    },
    No {
        why: Option<String>,
    },
}

impl Undo {
    fn of(context: &PageContext<'_>, entry: &BookEntry) -> Self {
        let pending = context.pending.iter().find(|view| view.id == entry.command_id);
        if pending.is_some_and(|view| view.discardable) {
            return Self::NotSent;
        }
        match undo::of_entry(context.books, entry, context.author) {
            Ok(undo) => Self::Form {
                command_type: forms::type_of(&undo.command).to_owned(),
                fields: forms::fields_of(&undo.command),
                question: text::undo_question(undo.rest),
                label: text::undo_label(undo.rest),
            },
            Err(why) => Self::No { why: text::no_undo(&why) },
        }
    }
}

#[must_use]
pub fn load(context: &PageContext<'_>, place: &Place) -> Option<Model> {
    let kept = &context.books.projections.day_book.entries;
    let older = context.older.iter().find(|(position, _)| *position == place.0).map(|(_, entry)| entry);
    let found = kept.get(&place.0).or(older);
    let is_older = kept.first_key().is_some_and(|first| place.0 > 0 && place.0 < *first);
    (found.is_some() || is_older).then(|| Model {
        shop: context.title.to_owned(),
        position: place.0,
        entry: found.map(|entry| Entry::of(context, place.0, entry)),
    })
}

impl Entry {
    fn of(context: &PageContext<'_>, position: u64, entry: &BookEntry) -> Self {
        Self {
            sentence: context.sentence(entry),
            aggregate: entry.aggregate.to_string(),
            amount: entry.amount.and_then(|amount| context.money(amount)),
            actor: entry.actor.to_string(),
            device: entry.device.to_string(),
            issued_at: entry.issued_at,
            recorded_at: entry.recorded_at,
            causation: entry.causation,
            raw: context.sees_money().then(|| domain::json::indented(&entry.event)),
            mark: Mark::new(context.marks.entry(entry.command_id, position), position),
            command_id: entry.command_id,
            undoes: entry.undoes.and_then(|id| undo::first_of(context.books, id)).map(|(position, _)| position),
            undone_by: undo::undone_by(context.books, entry.command_id).filter(|_| entry.causation.is_none()),
            undo: Undo::of(context, entry),
        }
    }
}

#[component]
pub fn EntryPage() -> impl IntoView {
    let position = path_param("position");
    page(move || Place(position().parse().unwrap_or(0)), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = Signal::derive(move || format!("Entry #{}", model.with(|model| model.position)));
    let shop = model.part(|model| model.shop.clone());
    let position = model.with_untracked(|model| model.position);
    let as_it_was = use_context::<ShopSlug>().map(|shop| at(&shop, "")).unwrap_or_default();
    view! {
        <PageHead title shop crumbs=vec![("Day book".to_owned(), here("/book"))]/>
        {follow(move || match model.get().entry {
            Some(entry) => view! { <Facts entry/> }.into_part(),
            None => view! {
                <div class="empty">
                    <p>"This device keeps the last entries only."</p>
                    <div class="actions"><a class="button" rel="external" href=here(&format!("/book/{position}"))>"Load it from the server"</a></div>
                </div>
            }.into_part(),
        })}
        <nav class="pager" aria-label="Entries beside this one">
            {(position > 1).then(|| view! { <a href=here(&format!("/book/{}", position - 1))>{format!("#{}", position - 1)}</a> })}
            " "
            <a href=past::at_moment(&as_it_was, Some(&position.to_string()))>"See the shop as it was here"</a>
            " "
            <a href=here("/book")>"Day book"</a>
        </nav>
    }
}

#[component]
fn Facts(entry: Entry) -> impl IntoView {
    let state = entry.mark.state;
    view! {
        <section class="section record" aria-label="Entry" data-sync=state.name() data-position=entry.mark.confirmed_position()>
            <p class="entry-text"><SentenceView sentence=entry.sentence/></p>
            <p><SyncMark state=Signal::stored(state)/></p>
            <dl class="facts">
                {entry.amount.map(|amount| view! { <div><dt>"Amount"</dt><dd class="num">{format::money(amount)}</dd></div> })}
                <div><dt>"By"</dt><dd>{entry.actor}</dd></div>
                <div><dt>"Device"</dt><dd>{entry.device}</dd></div>
                <div><dt>"Happened"</dt><dd>{format::moment(entry.issued_at)}</dd></div>
                <div><dt>"Written down"</dt><dd>{format::moment(entry.recorded_at)}</dd></div>
                {linked("Puts back", entry.undoes)}
                {linked("Put back by", entry.undone_by)}
                {entry.causation.map(|cause| view! {
                    <div><dt>"Because of"</dt><dd><a href=here(&format!("/book/{cause}"))>{format!("#{cause}")}</a></dd></div>
                })}
            </dl>
            <UndoEntry id=entry.command_id undo=entry.undo/>
        </section>
        {entry.raw.map(|raw| view! {
            <details>
                <summary>"Show raw entry"</summary>
                <p class="note">{entry.aggregate}</p>
                <pre tabindex="0" role="region" aria-label="Raw entry">{raw}</pre>
            </details>
        })}
    }
}

fn linked(words: &'static str, position: Option<u64>) -> impl IntoView {
    position.map(|position| {
        view! { <div><dt>{words}</dt><dd><a href=here(&format!("/book/{position}"))>{format!("#{position}")}</a></dd></div> }
    })
}

#[component]
fn UndoEntry(id: CommandId, undo: Undo) -> impl IntoView {
    match undo {
        Undo::NotSent => view! { <UndoButton id/> }.into_part(),
        Undo::No { why } => why.map(|why| view! { <p class="note">{why}</p> }).into_part(),
        Undo::Form { command_type, fields, question, label } => {
            let Some(command) = domain::Command::types().find(|known| *known == command_type) else {
                return ().into_part();
            };
            let fields: Vec<_> = fields
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                .collect();
            view! {
                <CommandForm command id="undo" class="actions" label="Undo".to_owned() undoes=Some(id)>
                    {fields}
                    {question.map(|question| view! { <p>{question}</p> })}
                    <button type="submit">{label}</button>
                </CommandForm>
            }
            .into_part()
        }
    }
}
