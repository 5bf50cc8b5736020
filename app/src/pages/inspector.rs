//! The inspector, for the curious and for whoever looks into a fault: the log's end, the outbox, what the last rebase
//! did, how long things took, and in demo shops faults on demand.

use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::{PageContext, page},
    pages::device::Digests,
    replica::{Fault, Inspection, Line, Replica},
    text,
    ui::{
        erased::{IntoPart, Parts, follow, handle, memo},
        followers::Followers,
        frame::here,
        head::PageHead,
    },
};

/// Entries shown of the log's end.
const SHOWN: usize = 20;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub demo: bool,
    /// The newest first.
    pub log: Vec<LogRow>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LogRow {
    pub position: u64,
    pub aggregate: String,
    pub event: String,
    pub command: String,
    pub device: String,
    pub confirmed: bool,
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    let entries = context.books.projections.day_book.entries.iter();
    let log = entries.rev().take(SHOWN).map(|(position, entry)| LogRow {
        position: *position,
        aggregate: entry.aggregate.to_string(),
        event: entry.event.type_name().to_owned(),
        command: entry.command_id.to_string(),
        device: entry.device.to_string(),
        confirmed: *position <= context.marks.confirmed,
    });
    Some(Model { shop: context.title.to_owned(), demo: domain::demo::is_demo(context.shop), log: log.collect() })
}

#[component]
pub fn InspectorPage() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let replica = Replica::of_context();
    let inspection = memo(move |_| {
        // Read again with every change that pages hear of.
        let _ = replica.line();
        let _ = replica.picture();
        replica.device().map(|device| device.inspect())
    });
    let line = memo(move |_| replica.line());
    let alive = inspection.part(Option::is_some);
    let demo = model.with_untracked(|model| model.demo);
    view! {
        <PageHead title="Inspector".to_owned() shop crumbs=vec![("This device".to_owned(), here("/device"))]/>
        {follow(move || if alive.get() {
            view! {
                {demo.then(|| view! { <Switches/> })}
                <Digests line/>
                <Followers/>
                <Storage line inspection/>
                <Times inspection/>
                <Outbox inspection/>
                <Rebase inspection/>
                <Reports inspection/>
                <Bundle/>
            }.into_part()
        } else {
            view! { <p class="quiet-text">"This page is not live: there is nothing to inspect on this device."</p> }.into_part()
        })}
        <Log model/>
    }
}

/// What a bad line does, on demand.
#[component]
fn Switches() -> impl IntoView {
    let replica = Replica::of_context();
    let flip = move |fault: Fault| {
        handle(move |event: leptos::ev::Event| {
            if let Some(device) = replica.device() {
                device.set_fault(fault, event_target_checked(&event));
            }
        })
    };
    let is_on = move |fault: Fault| replica.device().is_some_and(|device| device.inspect().faults.contains(&fault));
    view! {
        <section class="section">
            <h2>"Break the line"</h2>
            <p class="note">"In this tab, until it is closed. Nothing is lost by it: that is what there is to see."</p>
            <ul class="switches">{Fault::ALL.map(|fault| view! {
                <li>
                    <label>
                        <input type="checkbox" data-fault=fault.name() checked=is_on(fault) on:change=flip(fault)/>
                        " "
                        {text::fault(fault)}
                    </label>
                </li>
            }).collect_view()}</ul>
        </section>
    }
}

#[component]
fn Times(inspection: Memo<Option<Inspection>>) -> impl IntoView {
    let fact = move |read: fn(&Inspection) -> String| {
        follow(move || inspection.with(|inspection| inspection.as_ref().map(read).unwrap_or_default()))
    };
    view! {
        <section class="section">
            <h2>"From the click to the book"</h2>
            <dl class="facts">
                <div><dt>"Changes of this page"</dt><dd data-testid="latency-count">{fact(|it| it.settled.to_string())}</dd></div>
                <div><dt>"Half of them within"</dt><dd data-testid="latency-p50">{fact(|it| format!("{} ms", it.p50))}</dd></div>
                <div><dt>"95 of 100 within"</dt><dd data-testid="latency-p95">{fact(|it| format!("{} ms", it.p95))}</dd></div>
            </dl>
        </section>
    }
}

#[component]
fn Outbox(inspection: Memo<Option<Inspection>>) -> impl IntoView {
    let rows = move || inspection.with(|it| it.as_ref().map(|it| it.outbox.clone()).unwrap_or_default());
    view! {
        <section class="section">
            <h2>"Outbox"</h2>
            {follow(move || rows().is_empty().then(|| view! { <p class="quiet-text">"Empty."</p> }))}
            <ol class="raw-list">{follow(move || rows().into_iter().map(|row| view! {
                <li data-sync=row.state>
                    <code>{row.id}</code>" "{row.command}" · "{row.state}
                    <details><summary>"Raw"</summary><pre tabindex="0" role="region" aria-label="Raw command">{row.raw}</pre></details>
                </li>
            }).collect_view())}</ol>
        </section>
    }
}

#[component]
fn Storage(line: Memo<Option<Line>>, inspection: Memo<Option<Inspection>>) -> impl IntoView {
    let words = line.part(|line| line.as_ref().map(|line| text::storage(&line.storage)).unwrap_or_default());
    let problem = line.part(|line| line.as_ref().and_then(|line| line.storage.problem.clone()));
    let unreadable = inspection.part(|it| it.as_ref().map(|it| it.unreadable.clone()).unwrap_or_default());
    view! {
        <section class="section">
            <h2>"Storage"</h2>
            <p data-testid="storage">{follow(move || words.get())}</p>
            {follow(move || problem.get().map(|problem| view! { <p>"Last trouble: "{problem}</p> }))}
            <ul class="raw-list">{follow(move || unreadable.get().into_iter().map(|(id, problem)| view! {
                <li><code>{id}</code>" cannot be read: "{problem}</li>
            }).collect_view())}</ul>
        </section>
    }
}

/// Before and after, for each command that came out differently.
#[component]
fn Rebase(inspection: Memo<Option<Inspection>>) -> impl IntoView {
    let trace = memo(move |_| inspection.with(|it| it.as_ref().map(|it| it.rebase.clone()).unwrap_or_default()));
    view! {
        <section class="section">
            <h2>"The last rebase"</h2>
            <p data-testid="rebase">{follow(move || trace.with(|trace| format!(
                "On entry #{}: {} kept as they were, {} decided again, {} of them came out differently.",
                trace.position, trace.kept, trace.decided_again, trace.changed.len(),
            )))}</p>
            <ol class="raw-list">{follow(move || trace.get().changed.into_iter().map(|changed| view! {
                <li>
                    <code>{changed.id}</code>
                    <dl class="facts">
                        <div><dt>"Before"</dt><dd><pre>{changed.before}</pre></dd></div>
                        <div><dt>"After"</dt><dd><pre>{changed.after}</pre></dd></div>
                    </dl>
                </li>
            }).collect_view())}</ol>
        </section>
    }
}

/// What nobody should have seen happen.
#[component]
fn Reports(inspection: Memo<Option<Inspection>>) -> impl IntoView {
    let reports = move || inspection.with(|it| it.as_ref().map(|it| it.reports.clone()).unwrap_or_default());
    view! {
        <section class="section">
            <h2>"What should not happen"</h2>
            {follow(move || reports().is_empty().then(|| view! { <p class="quiet-text">"Nothing did."</p> }))}
            <ul>{follow(move || reports().into_iter().map(|(at, report)| view! {
                <li>{format::moment(at)}" · "{report}</li>
            }).collect_view())}</ul>
        </section>
    }
}

#[component]
fn Bundle() -> impl IntoView {
    let replica = Replica::of_context();
    let save = move |_| {
        if let Some(device) = replica.device() {
            spawn_local(device.save_bundle());
        }
    };
    view! {
        <section class="section">
            <h2>"For a report"</h2>
            <p>"One file with the books, the outbox and the reports of this device, with which what you see can be made to happen again elsewhere. It is as confidential as the shop is."</p>
            <button type="button" on:click=handle(save)>"Save the bundle"</button>
        </section>
    }
}

#[component]
fn Log(model: Memo<Model>) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"The end of the log"</h2>
            <table class="ledger">
                <caption>"The last entries, the newest first"</caption>
                <thead><tr>
                    <th scope="col" class="num">"Entry"</th><th scope="col">"Event"</th><th scope="col">"Aggregate"</th>
                    <th scope="col">"Device"</th><th scope="col">"Command"</th>
                </tr></thead>
                <tbody>{follow(move || model.get().log.into_iter().map(|row| view! {
                    <tr data-position=row.position data-sync=if row.confirmed { "confirmed" } else { "saved-here" }>
                        <th scope="row" class="num">{format!("#{}", row.position)}</th>
                        <td data-label="Event">{row.event}</td>
                        <td data-label="Aggregate">{row.aggregate}</td>
                        <td data-label="Device">{row.device}</td>
                        <td data-label="Command"><code>{row.command}</code></td>
                    </tr>
                }).collect_view())}</tbody>
            </table>
        </section>
    }
}
