//! This device: the line to the book, what waits here, and whether both sides agree.

use domain::values::Millis;
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};
use sync::{PendingView, SyncState, connection::DataState, replica::DigestAt};

use crate::{
    format,
    live::{PageContext, page},
    replica::{Line, Replica},
    text,
    ui::{
        aged::unsent_file,
        announce::Announcer,
        erased::{IntoPart, Parts, follow, handle, memo},
        frame::here,
        head::PageHead,
        lost::LostEntries,
        unreadable::UnreadableRecords,
        unsent::Unsent,
        who::Who,
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    /// Of the confirmed books that the page was made from.
    pub position: u64,
    pub digest: String,
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    Some(Model {
        shop: context.title.to_owned(),
        position: context.marks.confirmed,
        digest: context.books.digest().to_string(),
    })
}

#[component]
pub fn DevicePage() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let replica = Replica::of_context();
    let line = memo(move |_| replica.line());
    let alive = line.part(Option::is_some);
    view! {
        <PageHead title="This device".to_owned() shop/>
        <Who/>
        {follow(move || if alive.get() {
            view! { <Alive line/> }.into_part()
        } else {
            view! { <FromServer model/> }.into_part()
        })}
    }
}

/// The page as the server made it: it knows nothing of the device.
#[component]
fn FromServer(model: Memo<Model>) -> impl IntoView {
    let now = model.get_untracked();
    view! {
        <div class="notice">
            <p>"This page is not live. Everything works, but nothing is kept on this device: what you write goes straight to the book."</p>
        </div>
        <dl class="facts">
            <div><dt>"The book's last entry"</dt><dd data-testid="server-position">{format!("#{}", now.position)}</dd></div>
            <div><dt>"Digest"</dt><dd><code data-testid="server-digest">{now.digest}</code></dd></div>
        </dl>
    }
}

fn is_unsent(view: &PendingView) -> bool {
    !matches!(view.state, SyncState::Confirmed | SyncState::ConfirmedChanged | SyncState::Discarded)
}

fn is_history(view: &PendingView) -> bool {
    matches!(view.state, SyncState::ConfirmedChanged | SyncState::Discarded)
}

#[component]
fn Alive(line: Memo<Option<Line>>) -> impl IntoView {
    let others = line.part(|line| text::of_others(line.as_ref().map_or(0, |line| line.storage.of_others)));
    view! {
        <Connection line/>
        <section class="section">
            <h2>"Saved here, not yet in the book"</h2>
            <Unsent which=is_unsent empty=text::NOTHING_WAITS/>
            {follow(move || others.get().map(|words| view! { <p class="note" data-testid="of-others">{words}</p> }))}
        </section>
        <section class="section">
            <h2>"Settled otherwise"</h2>
            <Unsent which=is_history empty="Nothing was discarded or came out differently."/>
        </section>
        <UnreadableRecords/>
        <LostEntries/>
        <Digests line/>
        <Storage line/>
    }
}

/// In place of any page of a shop whose books are not on this device: what the device holds all the same.
#[component]
pub fn WithoutBooks() -> impl IntoView {
    let replica = Replica::of_context();
    view! { <Alive line=memo(move |_| replica.line())/> }
}

#[component]
fn Connection(line: Memo<Option<Line>>) -> impl IntoView {
    let (replica, announcer) = (Replica::of_context(), Announcer::of_context());
    let state = line.part(|line| line.as_ref().map_or(DataState::CatchingUp, |line| line.connection.state));
    let paused = memo(move |_| state.get() == DataState::Paused);
    let asked = RwSignal::new(false);
    let try_now = move |_| {
        if let Some(device) = replica.device() {
            device.try_now();
            asked.set(true);
        }
    };
    // Whoever asks gets an answer in words, also when nothing has changed.
    let answer = move || asked.get().then(|| format!("Asked. {}.", text::chip_word(state.get())));
    Effect::new(move |_| {
        if let Some(words) = answer() {
            announcer.say(words);
        }
    });
    let pause = move |_| {
        if let Some(device) = replica.device() {
            if paused.get_untracked() { device.resume() } else { device.pause() }
        }
    };
    let fact = move |read: fn(&Line) -> String| move || line.with(|line| line.as_ref().map(read).unwrap_or_default());
    view! {
        <section class="section">
            <h2>"Connection"</h2>
            <dl class="facts">
                <div><dt>"State"</dt><dd data-testid="connection-state">{follow(move || text::chip_word(state.get()))}</dd></div>
                <div><dt>"Waiting"</dt><dd>{fact(|line| text::waiting(line.connection.waiting))}</dd></div>
                <div><dt>"Last heard"</dt><dd>{fact(|line| heard(line.connection.last_heard, line.now))}</dd></div>
                <div><dt>"Last confirmed entry"</dt><dd>{fact(|line| format!("#{}", line.connection.confirmed))}</dd></div>
                <div><dt>"This device"</dt><dd data-testid="device-code">{fact(|line| line.device.to_string())}</dd></div>
            </dl>
            <div class="actions">
                <button type="button" on:click=handle(try_now)>"Try now"</button>
                <button type="button" class="quiet" aria-pressed=follow(move || paused.get().to_string()) on:click=handle(pause)>"Work offline"</button>
            </div>
            <p class="note" data-testid="try-answer">{answer}</p>
        </section>
    }
}

fn heard(at: Option<Millis>, now: Millis) -> String {
    at.map_or_else(|| "Not yet".to_owned(), |at| format::since(at, now))
}

#[component]
pub(super) fn Digests(line: Memo<Option<Line>>) -> impl IntoView {
    let digests = line.part(|line| line.as_ref().map(|line| line.digests));
    let row = move |name: &'static str, at: Option<DigestAt>| {
        let (place, digest) = at.map_or_else(
            || ("–".to_owned(), "–".to_owned()),
            |at| (format!("#{}", at.position), at.digest.to_string()),
        );
        view! {
            <tr data-digest=name>
                <th scope="row">{match name { "ours" => "This device", "theirs" => "Server, as last heard", _ => "Last found equal" }}</th>
                <td class="num" data-label="Entry" data-testid=format!("{name}-position")>{place}</td>
                <td data-label="Digest"><code data-testid=format!("{name}-digest")>{digest}</code></td>
            </tr>
        }
    };
    view! {
        <section class="section">
            <h2>"Do both sides agree?"</h2>
            <table class="ledger">
                <caption>"Digests of the books, each with its last entry"</caption>
                <thead>
                    <tr><th scope="col">"Side"</th><th scope="col" class="num">"Entry"</th><th scope="col">"Digest"</th></tr>
                </thead>
                <tbody>{follow(move || digests.get().map(|digests| view! {
                    {row("ours", Some(digests.ours))}
                    {row("theirs", digests.theirs)}
                    {row("agreed", digests.agreed)}
                }))}</tbody>
            </table>
        </section>
    }
}

#[component]
fn Storage(line: Memo<Option<Line>>) -> impl IntoView {
    let replica = Replica::of_context();
    Effect::new(move |_| {
        if let Some(device) = replica.device() {
            spawn_local(device.ask_storage());
        }
    });
    let words = line.part(|line| line.as_ref().map(|line| text::storage(&line.storage)).unwrap_or_default());
    let problem = line.part(|line| line.as_ref().and_then(|line| line.storage.problem.clone()));
    // Made again whenever the line says something new, so that the file is never older than the list above it.
    let file = memo(move |_| line.with(|_| unsent_file(replica)));
    view! {
        <section class="section">
            <h2>"Storage"</h2>
            <p>{follow(move || words.get())}</p>
            {follow(move || problem.get().map(|problem| view! { <div class="notice" data-tone="refused"><p>{problem}</p></div> }))}
            <p><a href=follow(move || file.get()) download="daybook-unsent.json" rel="external">"Save what is not sent as a file"</a></p>
            <TakeIn/>
            <Rebuild line/>
            <p><a href=here("/inspector")>"Inspector"</a></p>
        </section>
    }
}

/// The field of [`TakeIn`].
const FILE_FIELD: &str = "unsent-file";

/// Reads a file of unsent changes, of this device or of one that cannot be connected any more.
#[component]
fn TakeIn() -> impl IntoView {
    let (replica, announcer) = (Replica::of_context(), Announcer::of_context());
    let answer = RwSignal::new(None::<Result<String, String>>);
    let chosen = move |_| {
        let Some(device) = replica.device() else { return };
        spawn_local(async move {
            let said = device.import_unsent(FILE_FIELD).await;
            let said = said.map(text::taken_in).map_err(|why| text::not_taken(&why));
            announcer.say(said.clone().unwrap_or_else(|problem| problem));
            answer.try_set(Some(said));
        });
    };
    let tone = move || answer.with(|answer| answer.as_ref().map(|said| if said.is_ok() { "good" } else { "refused" }));
    let words = move || answer.get().map(|said| said.unwrap_or_else(|problem| problem));
    view! {
        <p class="field">
            <label for=FILE_FIELD>"Take in a file that another device has saved"</label>
            <input id=FILE_FIELD type="file" accept=".json,application/json" on:change=handle(chosen)/>
        </p>
        <Show when=move || answer.with(Option::is_some)>
            <div class="notice" data-tone=follow(tone) data-testid="taken-in"><p>{follow(words)}</p></div>
        </Show>
    }
}

/// For when the copy of the books on this device is in doubt.
#[component]
fn Rebuild(line: Memo<Option<Line>>) -> impl IntoView {
    let replica = Replica::of_context();
    let connected = memo(move |_| {
        let live = |line: &Line| matches!(line.connection.state, DataState::Live | DataState::CatchingUp);
        line.with(|line| line.as_ref().is_some_and(live))
    });
    let rebuild = move |_| {
        if let Some(device) = replica.device() {
            spawn_local(device.rebuild());
        }
    };
    view! {
        <p>
            <button type="button" class="quiet" disabled=follow(move || !connected.get()) on:click=handle(rebuild)>"Rebuild from the server"</button>
            " "
            <span class="note">{follow(move || if connected.get() { text::REBUILD } else { text::NEEDS_CONNECTION })}</span>
        </p>
    }
}
