//! The shop's day at a glance: takings, what waits for hands, what runs low, what was written last.

use domain::{projections::orders::OrderState, values::Day, why::What};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::{PageContext, page_of_numbers},
    text::{self, Age},
    ui::{
        aged::Aged,
        entry::{EntryRow, entry_row},
        erased::{IntoPart, Parts, follow, handle, memo},
        frame::here,
        head::PageHead,
        mark::{Mark, NumberMark, SyncState},
        past::{self, Figure},
        rows::rows,
        undo::UndoButton,
        why::Why,
    },
    viewer::{Viewer, Way},
};

/// Available units below which a product is said to run low.
pub(super) const LOW: i64 = 5;

/// Rows of each list; the rest is behind its link.
const SHOWN: usize = 8;

/// Entries shown.
const RECENT: usize = 12;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub day: String,
    /// Items of the shop that need a person.
    pub attention: usize,
    /// Minor units; none for whoever sees no money.
    pub takings: Option<i64>,
    pub sales: u32,
    /// Sales whose goods came back today.
    pub put_back: u32,
    pub takings_state: SyncState,
    /// As the page that explains the takings is called.
    pub takings_why: String,
    /// The end of the day before.
    pub yesterday: String,
    pub placed: usize,
    pub short: usize,
    pub low: Vec<Low>,
    pub arriving: Vec<Arriving>,
    pub recent: Vec<EntryRow>,
    /// The last entry of the book that this picture has.
    pub position: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Low {
    pub sku: String,
    pub name: String,
    pub href: String,
    pub available: i64,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Arriving {
    pub batchref: String,
    pub href: String,
    pub name: String,
    pub qty: u32,
    pub day: String,
    pub mark: Mark,
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    let read = &context.books.projections;
    let today = Day::of(context.now);
    let takings = read.sales.takings.get(&today).copied().unwrap_or_default();
    let waits = |state: OrderState| matches!(state, OrderState::Placed | OrderState::Accepted);
    let placed = || read.orders.orders.iter().filter(|(_, order)| waits(order.state));
    let entries = read.day_book.entries.iter().rev().filter(|(_, entry)| entry.causation.is_none());
    Some(Model {
        shop: context.title.to_owned(),
        day: format!("{} {}", format::weekday(today), format::day(today)),
        attention: super::attention::needed_in_shop(context),
        takings: context.money(takings.total()),
        sales: takings.sales,
        put_back: takings.put_back,
        takings_state: context.marks.entry_place(takings.position),
        takings_why: What::Takings(today).to_string(),
        yesterday: today.plus(-1).to_string(),
        placed: placed().count(),
        short: placed().filter(|(_, order)| order.lines.iter().any(|line| line.short)).count(),
        low: low(context),
        arriving: arriving(context),
        recent: entries.take(RECENT).map(|(position, entry)| EntryRow::of(context, *position, entry)).collect(),
        position: context.marks.confirmed,
    })
}

fn low(context: &PageContext<'_>) -> Vec<Low> {
    let products = context.books.projections.catalogue.products.iter();
    let mut low: Vec<Low> = products
        .filter(|(_, product)| !product.archived && product.available < LOW)
        .map(|(sku, product)| Low {
            sku: sku.to_string(),
            name: if product.name.is_empty() { sku.to_string() } else { product.name.to_string() },
            href: context.at(&format!("/products/{sku}")),
            available: product.available,
            mark: Mark::new(context.marks.of(&["stock"], sku.as_str(), product.position), product.position),
        })
        .collect();
    low.sort_by(|a, b| (a.available, &a.sku).cmp(&(b.available, &b.sku)));
    low.truncate(SHOWN);
    low
}

fn arriving(context: &PageContext<'_>) -> Vec<Arriving> {
    let read = &context.books.projections;
    let mut expected: Vec<_> =
        read.stock.batches.iter().filter_map(|(batchref, batch)| Some((batch.eta?, batchref, batch))).collect();
    expected.sort_by_key(|(eta, ..)| *eta);
    let rows = expected.into_iter().take(SHOWN).map(|(eta, batchref, batch)| Arriving {
        batchref: batchref.to_string(),
        href: context.at(&format!("/batches/{batchref}")),
        name: super::name_of(context.books, &batch.sku),
        qty: batch.qty,
        day: format::short_day(eta),
        mark: Mark::new(context.marks.entry_place(batch.position), batch.position),
    });
    rows.collect()
}

fn figures(model: &Model) -> Vec<Figure> {
    let pieces = |label: &str, value: usize| Figure::pieces(label, i64::try_from(value).unwrap_or(i64::MAX));
    let takings = model.takings.map(|takings| Figure::money("Takings today", takings));
    let of_goods = [
        Figure::pieces("Sales today", i64::from(model.sales)),
        pieces("Orders placed", model.placed),
        pieces("Orders short", model.short),
        pieces("Running low", model.low.len()),
        pieces("Needs attention", model.attention),
    ];
    takings.into_iter().chain(of_goods).collect()
}

#[component]
pub fn Today() -> impl IntoView {
    page_of_numbers(|| (), load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let note = model.part(|model| model.day.clone());
    let (yesterday, takings_why) = model.with_untracked(|model| (model.yesterday.clone(), model.takings_why.clone()));
    view! {
        <PageHead title="Today".to_owned() shop note>
            <Way to="/till" class="button primary" words="Sell"/>
            {past::as_of_now().is_none().then(|| view! {
                <a class="button quiet" href=past::at_moment(&here(""), Some(&yesterday))>"Look at yesterday"</a>
            })}
        </PageHead>
        {follow(move || (model.with(|model| model.attention) > 0).then(|| view! {
            <div class="notice" data-tone="attention">
                <p>
                    <a href=here("/attention")>
                        {text::counted(model.with(|model| model.attention), "thing in the shop needs a person", "things in the shop need a person")}
                    </a>
                </p>
            </div>
        }))}
        <Aged age=Age::OverAnHour/>
        <dl class="figures">
            {Viewer::of_context().sees_money().then(|| view! { <Takings model why=takings_why/> })}
            <div>
                <dt>"Orders placed"</dt>
                <dd>{model.show(|model| model.placed)}</dd>
                <dd><a href=here("/orders")>{follow(move || format!("{} short", model.with(|model| model.short)))}</a></dd>
            </div>
        </dl>
        <div class="columns">
            <LowList model/>
            <ArrivingList model/>
        </div>
        <Recent model/>
    }
}

#[component]
fn Takings(model: Memo<Model>, why: String) -> impl IntoView {
    view! {
        <div>
            <dt>"Takings today"</dt>
            <dd>
                {model.show(|model| model.takings.map(format::money))}
                <NumberMark state=model.part(|model| model.takings_state)/>
                <Why what=why name="takings"/>
            </dd>
            <dd>{model.show(|model| sales(model.sales, model.put_back))}</dd>
        </div>
    }
}

fn sales(sales: u32, put_back: u32) -> String {
    let sales = text::counted(usize::try_from(sales).unwrap_or(0), "sale", "sales");
    if put_back > 0 { format!("{sales}, {put_back} put back") } else { sales }
}

#[component]
fn LowList(model: Memo<Model>) -> impl IntoView {
    let low = model.part(|model| model.low.clone());
    let none = model.part(|model| model.low.is_empty());
    view! {
        <section class="section">
            <h2>"Running low"</h2>
            {follow(move || none.get().then(|| view! { <p class="quiet-text">"Nothing runs low."</p> }))}
            <ul class="list">{rows(low, |row| row.sku.clone(), |row: Memo<Low>| view! {
                <li data-sync=row.show(|row| row.mark.state.name())>
                    <a class="row" href=row.with_untracked(|row| row.href.clone())>
                        <span class="row-title">{row.show(|row| row.name.clone())}</span>
                        <span class="row-note">{row.show(|row| row.sku.clone())}</span>
                        <span class="row-end num" class:negative=row.show(|row| row.available < 0)>
                            {row.show(|row| format::number(row.available))}
                            " "
                            <span class="unit">"available"</span>
                        </span>
                    </a>
                </li>
            })}</ul>
        </section>
    }
}

#[component]
fn ArrivingList(model: Memo<Model>) -> impl IntoView {
    let arriving = model.part(|model| model.arriving.clone());
    let none = model.part(|model| model.arriving.is_empty());
    view! {
        <section class="section">
            <h2>"Arriving"</h2>
            {follow(move || none.get().then(|| view! { <p class="quiet-text">"Nothing is on its way."</p> }))}
            <ul class="list">{rows(arriving, |row| row.batchref.clone(), |row: Memo<Arriving>| view! {
                <li data-sync=row.show(|row| row.mark.state.name())>
                    <a class="row" href=row.with_untracked(|row| row.href.clone())>
                        <span class="row-title">{row.show(|row| row.name.clone())}</span>
                        <span class="row-note">{row.show(|row| format!("{} · {}", row.batchref, row.day))}</span>
                        <span class="row-end num">{row.show(|row| format::number(i64::from(row.qty)))}</span>
                    </a>
                </li>
            })}</ul>
        </section>
    }
}

/// The last entries. New ones come in on top, unless somebody is in the list: then they wait behind a button.
#[component]
fn Recent(model: Memo<Model>) -> impl IntoView {
    let newest = model.part(|model| model.recent.clone());
    let opened_at = model.with_untracked(|model| model.position);
    let busy = RwSignal::new(false);
    let shown = memo(move |last: Option<&Vec<EntryRow>>| {
        let newest = newest.get();
        match last.filter(|_| busy.get()) {
            Some(last) => held_back(last, &newest),
            None => newest,
        }
    });
    let waiting = memo(move |_| {
        newest.with(|newest| {
            shown.with(|shown| newest.iter().filter(|row| !shown.iter().any(|known| known.key() == row.key())).count())
        })
    });
    let none = shown.part(Vec::is_empty);
    view! {
        <section class="section" aria-labelledby="recent">
            <div class="section-head">
                <h2 id="recent">"Written last"</h2>
                <a href=here("/book")>"Day book"</a>
            </div>
            {follow(move || none.get().then(|| view! { <p class="quiet-text">"Nothing written yet."</p> }))}
            {follow(move || (waiting.get() > 0).then(|| view! {
                <button type="button" class="fresh" on:click=handle(move |_| busy.set(false))>
                    {text::counted(waiting.get(), "new entry", "new entries")}
                </button>
            }))}
            <ol
                class="entries"
                on:focusin=handle(move |_| busy.set(true))
                on:focusout=handle(move |_| busy.set(false))
                on:pointerenter=handle(move |_| busy.set(true))
                on:pointerleave=handle(move |_| busy.set(false))
            >
                {rows(shown, EntryRow::key, move |row| {
                    let id = row.with_untracked(|row| row.command_id);
                    entry_row(row, opened_at, Some(view! { " "<UndoButton id/> }.into_part()))
                })}
            </ol>
        </section>
    }
}

/// The rows that are shown, brought up to date, without those that came in meanwhile from elsewhere.
fn held_back(shown: &[EntryRow], newest: &[EntryRow]) -> Vec<EntryRow> {
    let fresh = |row: &EntryRow| newest.iter().find(|new| new.key() == row.key()).cloned();
    let own = newest.iter().filter(|row| !row.foreign && !shown.iter().any(|known| known.key() == row.key()));
    own.cloned().chain(shown.iter().map(|row| fresh(row).unwrap_or_else(|| row.clone()))).collect()
}
