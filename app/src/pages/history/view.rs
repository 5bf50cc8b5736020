//! How a history looks: filters, entries with their changes, and the way to older ones.

use leptos::prelude::*;

use super::{
    super::{path_param, query_param},
    Model, Row, Shown, Told,
    kind::Kind,
    load,
};
use crate::{
    format,
    live::page,
    text,
    ui::{
        erased::{IntoPart, Part, Parts, follow},
        frame::here,
        head::PageHead,
        mark::SyncMark,
        rows::rows,
        sentence::SentenceView,
        undo::UndoButton,
    },
    viewer::Viewer,
};

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
    let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Money || Viewer::of_context().sees_money());
    let chips: Vec<_> = [None].into_iter().chain(kinds.map(Some)).map(|kind| chip(&place, kind, &only)).collect();
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
