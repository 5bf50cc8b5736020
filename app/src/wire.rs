//! Ties the browser crate's replica to the pages: starts it, shows what it says, hands it what pages ask for. `pin`: people
//! who share the device.

mod pin;

use std::{rc::Rc, sync::Arc, time::Duration};

use browser::{Config, Handle, ImportError, IssueError, Mode, Transport, faults::Faults, file, hand, worker};
use domain::{
    CommandId, ShopSlug, json,
    picture::MediaType,
    values::{BlobHash, Millis},
};
use futures::future::LocalBoxFuture;
use leptos::{prelude::*, task::spawn_local};
use sync::{
    Changes, Dependants, Issue, SyncState,
    connection::DataState,
    past::Held,
    protocol::{ProtocolError, Push, PushAnswer, Snapshot, SnapshotRequest, Unread},
    replica::NotNow,
};

use crate::{
    api::{ApiError, push_commands, replica_snapshot, who_am_i},
    format::{self, Currency},
    replica::{
        Device, Doing, Fault, InspectedChange, InspectedCommand, InspectedRebase, Inspection, Keeping, Line, Marks,
        NotDone, NotTaken, Picture, Problem, Replica, StorageLine, Taken, Unreadable, Wish,
    },
    ui::{
        frame::Visit,
        ready::mark_interactive,
        update::{Keeper, Updates},
    },
};

/// How often the page looks at how old what waits has become.
const GROWS_OLD: Duration = Duration::from_secs(30);

/// Starts the shop's replica once the page is alive, and marks the document as interactive when pages can be used.
pub fn start_once(shop: ShopSlug, visit: Resource<Visit>, replica: Replica) {
    let running: StoredValue<Option<Handle>, LocalStorage> = StoredValue::new_local(None);
    let switching = RwSignal::new(false);
    ask_who_is_here(shop.clone(), running, replica, switching);
    Effect::new(move |started: Option<bool>| {
        let Some(visit) = visit.get().filter(|_| started != Some(true)) else { return started.unwrap_or(false) };
        let (shop, here) = (shop.clone(), pin::who_is_here(&shop, &visit));
        spawn_local(async move {
            let is_known = here.person.is_some();
            let handle = begin(shop.clone(), here, running, replica).await;
            running.try_set_value(Some(handle.clone()));
            if is_known {
                handle.tell_signed_in();
            }
            replica.attach(Rc::new(OfBrowser(handle.clone(), switching)));
            repaint(&shop, &handle, replica, Changes { books: true, pending: true, connection: true });
            let told = shop.clone();
            // What waits grows old without an event.
            let aging = move || {
                if let Some(handle) = running.try_get_value().flatten() {
                    repaint(&told, &handle, replica, Changes { connection: true, ..Changes::default() });
                }
            };
            set_interval(aging, GROWS_OLD);
            handle.ask_storage().await;
        });
        true
    });
    Effect::new(move |_| {
        if replica.is_settled() {
            mark_interactive();
        }
    });
}

/// How often a sign-out that the server has not heard of is told again.
const TOLD_AGAIN: Duration = Duration::from_secs(3);

/// Tells the server of a sign-out that it could not be told of; `waits` while that is so.
pub fn finish_signing_out(waits: RwSignal<bool>) {
    let telling = move || {
        if waits.try_get_untracked() == Some(true) {
            spawn_local(async move { _ = waits.try_set(!browser::sign_out::finish().await) });
        }
    };
    Effect::new(move |_| {
        waits.set(browser::sign_out::is_remembered());
        telling();
        if let Ok(again) = set_interval_with_handle(telling, TOLD_AGAIN) {
            on_cleanup(move || again.clear());
        }
    });
}

/// Before the first page of the shop is taken over: its sums must read as the server has written them.
pub fn write_in_currency_of(visit: Resource<Visit>) {
    if let Some(currency) = visit.with_untracked(|visit| visit.as_ref()?.currency()) {
        format::set_currency(currency);
    }
}

/// Lets the browser keep the app, so that any of its addresses opens without a network.
pub fn keep_for_offline(updates: Updates) {
    Effect::new(move |_| {
        if let Some(worker) = worker::register(move || updates.offer()) {
            let looking = worker.clone();
            updates.attach(Keeper {
                take_over: Box::new(move || worker.take_over()),
                look: Box::new(move || looking.look()),
                is_hand_empty: hand::is_empty,
            });
        }
    });
}

async fn begin(
    shop: ShopSlug,
    here: pin::Here,
    running: StoredValue<Option<Handle>, LocalStorage>,
    replica: Replica,
) -> Handle {
    let pin::Here { author, person, colleagues } = here;
    let told = shop.clone();
    browser::start(Config {
        shop: shop.clone(),
        author,
        person,
        colleagues,
        transport: Rc::new(Doors(shop)),
        offered: None,
        // Whatever this page has in memory goes with it; the next one is told by the server what it may show.
        on_revoked: Box::new(|| {
            let _ = location().reload();
        }),
        on_change: Box::new(move |changes| {
            if let Some(handle) = running.try_get_value().flatten() {
                repaint(&told, &handle, replica, changes);
            }
        }),
    })
    .await
}

/// How long a feed that was ended although nothing has changed is left alone before it is opened again.
const SAME_AGAIN: u32 = 60_000;

/// When a server that did not answer is asked again who is here.
const ASKED_AGAIN: u32 = 5_000;

/// A page that stays open keeps the role that it was opened with, until it hears of another: whenever the server is
/// reached again, and when it ends a feed, which it does where somebody's role has changed. `switching`: this page itself
/// makes the browser somebody else's. The server ends its feed for that too, maybe before it answers, and a reload then would
/// take the place of the page that the answer leads to.
fn ask_who_is_here(
    shop: ShopSlug,
    running: StoredValue<Option<Handle>, LocalStorage>,
    replica: Replica,
    switching: RwSignal<bool>,
) {
    let state = Memo::new(move |_| replica.line().map(|line| line.connection.state));
    let resumed = StoredValue::new(Millis::default());
    // Moves when a page that still has no feed asks once more.
    let (asks, will_ask) = (RwSignal::new(0_u32), StoredValue::new(false));
    let ask_after = move |pause: u32| {
        if will_ask.try_update_value(|will_ask| std::mem::replace(will_ask, true)) != Some(false) {
            return;
        }
        let ask = move || {
            will_ask.try_set_value(false);
            asks.try_update(|asks| *asks += 1);
        };
        set_timeout(ask, Duration::from_millis(pause.into()));
    };
    Effect::new(move |before: Option<Option<DataState>>| {
        if switching.get() {
            return before.flatten();
        }
        asks.track();
        let now = state.get();
        let is_there = |state: DataState| matches!(state, DataState::Live | DataState::CatchingUp);
        let is_back = now.is_some_and(is_there) && before.flatten().is_some_and(|before| !is_there(before));
        if (is_back || now == Some(DataState::SignIn))
            && let Some(handle) = running.try_get_value().flatten()
        {
            let (shop, asked) = (shop.clone(), shop.clone());
            spawn_local(async move {
                let here = match who_am_i(shop).await {
                    Ok(here) => here,
                    Err(ApiError(ProtocolError::NoAnswer { .. } | ProtocolError::Unavailable { .. })) => {
                        return ask_after(ASKED_AGAIN);
                    }
                    Err(_) => return,
                };
                if switching.try_get_untracked() != Some(false) {
                    return;
                }
                let known = handle.author();
                let is_stopped = state.try_get_untracked().flatten() == Some(DataState::SignIn);
                let since = browser::clock::now().0 - resumed.try_get_value().unwrap_or_default().0;
                let is_late = since > i64::from(SAME_AGAIN);
                // A page that started without the server in a shop that asks nobody knows no name, and needs none.
                if here.login != *known.actor && handle.knows_a_person() {
                    // Somebody else has signed in: the page is theirs, and what is not sent waits for its author. But
                    // for somebody who has switched to themselves without the server: it has not heard of that, and takes
                    // what they write in whoever's session there is.
                    if !pin::is_switched(&asked, &known) {
                        browser::worker::reload();
                    } else if is_stopped && is_late {
                        resumed.try_set_value(browser::clock::now());
                        handle.go_on();
                    } else if is_stopped {
                        ask_after(SAME_AGAIN);
                    }
                } else if here.role != known.role || (is_stopped && is_late) {
                    resumed.try_set_value(browser::clock::now());
                    handle.take_role(here.role);
                } else if is_stopped {
                    ask_after(SAME_AGAIN);
                }
            });
        }
        now
    });
}

/// Shows what changed. Books and pending commands make up the picture; the line is apart, since it changes with
/// every heartbeat and no page but one looks at it.
fn repaint(shop: &ShopSlug, handle: &Handle, replica: Replica, changes: Changes) {
    if (changes.books || changes.pending) && handle.has_books() {
        format::set_currency(Currency::of_books(&handle.confirmed()));
        replica.show(Ok(picture(shop, handle)));
    }
    let mut connection = handle.connection();
    // A medium that takes nothing more outweighs the line in what the chip says.
    let alone = matches!(
        connection.state,
        DataState::NotConnected | DataState::Unreachable | DataState::Paused | DataState::Storage
    );
    let shut_out = connection.state == DataState::Revoked;
    if (alone || shut_out) && !handle.has_books() {
        replica.show(Err(if shut_out { Problem::Revoked } else { Problem::NeverOpened }));
        replica.show_bare(picture(shop, handle));
    }
    let storage = handle.storage();
    let keeping = match &storage.mode {
        Mode::Durable => Keeping::Durably,
        Mode::Unread { .. } => Keeping::Unread,
        Mode::Memory { .. } => Keeping::Nothing,
    };
    if keeping == Keeping::Unread {
        // The count beside any other word would say that nothing waits.
        connection.state = DataState::Storage;
    }
    let unreadable = storage.unreadable.iter();
    let unreadable =
        unreadable.map(|it| Unreadable { id: it.id.clone(), text: it.text.clone(), problem: it.problem.clone() });
    replica.show_line(Line {
        connection,
        digests: handle.digests(),
        storage: StorageLine {
            keeping,
            cleared: storage.cleared,
            unreadable: Arc::new(unreadable.collect()),
            of_others: storage.of_others,
            protected: storage.protected,
            used: storage.used,
            quota: storage.quota,
            problem: storage.problem.map(|problem| problem.to_string()),
        },
        device: handle.device_code().into(),
        revocation: handle.revocation(),
        now: browser::clock::now(),
    });
}

fn picture(shop: &ShopSlug, handle: &Handle) -> Picture {
    let pending = handle.pending();
    // What has no effect has no place either.
    let shown = pending
        .iter()
        .filter(|view| matches!(view.state, SyncState::Saving | SyncState::SavedHere | SyncState::Sending));
    let places = shown.flat_map(|view| view.entries.iter().map(|position| (*position, view.state.into()))).collect();
    let marks = Marks {
        confirmed: handle.confirmed().position,
        aggregates: handle.marks().into_iter().map(|(aggregate, state)| (aggregate, state.into())).collect(),
        commands: pending.iter().map(|view| (view.id, view.state.into())).collect(),
        places,
    };
    Picture {
        shop: shop.clone(),
        title: handle.title().into(),
        books: handle.overlay(),
        marks: marks.into(),
        pending: pending.into(),
        lost: handle.lost().into(),
        device: handle.device_code().into(),
        author: handle.author(),
        now: browser::clock::now(),
    }
}

/// The server functions, as the way to the server.
struct Doors(ShopSlug);

impl Transport for Doors {
    fn push(&self, push: Push) -> LocalBoxFuture<'static, Result<PushAnswer, ProtocolError>> {
        let shop = self.0.clone();
        Box::pin(async move {
            let push = Unread::of(&push).map_err(|error| ProtocolError::NoAnswer { problem: error.to_string() })?;
            push_commands(shop, push).await.map_err(|ApiError(error)| error)
        })
    }

    fn snapshot(&self, request: SnapshotRequest) -> LocalBoxFuture<'static, Result<Snapshot, ProtocolError>> {
        let answer = replica_snapshot(self.0.clone(), Some(request));
        Box::pin(async move { answer.await.map_err(|ApiError(error)| error) })
    }
}

/// `.1`: whether somebody else comes to be here by this page.
struct OfBrowser(Handle, RwSignal<bool>);

impl Device for OfBrowser {
    fn keeps_changes(&self) -> bool {
        self.0.keeps_changes()
    }

    fn issue(&self, wish: Wish) -> Doing<Result<CommandId, NotDone>> {
        let handle = self.0.clone();
        let Wish { command, undoes, replaces, by } = wish;
        Box::pin(async move {
            let by = by.as_deref().map(Into::into);
            let issue = Issue { undoes, by, ..Issue::new(browser::new_command_id(), command) };
            match handle.issue_as(issue, replaces).await {
                Ok(saved) => Ok(saved.id),
                Err(IssueError::Refused(refusal)) => Err(NotDone::Refused(refusal)),
                Err(IssueError::NotSaved(problem)) => Err(NotDone::NotSaved(problem.to_string())),
                Err(IssueError::NotNow(_)) => Err(NotDone::NotNow),
            }
        })
    }

    fn next_number(&self) -> Doing<String> {
        let handle = self.0.clone();
        Box::pin(async move { handle.next_receipt_number().await })
    }

    fn discard(&self, id: CommandId, reason: &str, dependants: Dependants) -> Result<(), NotNow> {
        self.0.discard(id, reason, dependants)
    }

    fn retry(&self, id: CommandId) -> Result<CommandId, NotNow> {
        self.0.retry(id)
    }

    fn acknowledge(&self, id: CommandId) -> Result<(), NotNow> {
        self.0.acknowledge(id)
    }

    fn dismiss_lost(&self) {
        self.0.dismiss_lost();
    }

    fn remove_unreadable(&self, id: String) -> Doing<()> {
        let handle = self.0.clone();
        Box::pin(async move { handle.remove_unreadable(&id).await })
    }

    fn pause(&self) {
        self.0.pause();
    }

    fn resume(&self) {
        self.0.resume();
    }

    fn try_now(&self) {
        self.0.try_now();
    }

    fn ask_storage(&self) -> Doing<()> {
        let handle = self.0.clone();
        Box::pin(async move { handle.ask_storage().await })
    }

    fn export_unsent(&self) -> String {
        self.0.export_unsent()
    }

    fn import_unsent(&self, field: &'static str) -> Doing<Result<usize, NotTaken>> {
        let handle = self.0.clone();
        Box::pin(async move {
            let text = file::take_chosen(field).await.unwrap_or_default();
            handle.import_unsent(&text).await.map_err(|error| match error {
                ImportError::File(error) => NotTaken::File(error),
                ImportError::NotSaved(problem) => NotTaken::NotSaved(problem.to_string()),
                ImportError::OfOthers { taken, left } => NotTaken::OfOthers { taken, left },
            })
        })
    }

    fn rebuild(&self) -> Doing<()> {
        let handle = self.0.clone();
        Box::pin(async move { handle.rebuild().await })
    }

    fn take_picture(&self, field: String) -> Doing<Result<Option<Taken>, String>> {
        let handle = self.0.clone();
        Box::pin(async move {
            let taken = handle.take_picture(&field).await.map_err(|problem| problem.to_string())?;
            Ok(taken.map(|taken| Taken {
                blob: taken.name,
                media_type: MediaType::Jpeg,
                width: taken.width,
                height: taken.height,
            }))
        })
    }

    fn kept_picture(&self, blob: &BlobHash) -> Doing<Option<String>> {
        let (handle, blob) = (self.0.clone(), blob.clone());
        Box::pin(async move { handle.kept_picture(&blob).await })
    }

    fn inspect(&self) -> Inspection {
        inspection(&self.0)
    }

    fn held(&self) -> Doing<Option<Held>> {
        let handle = self.0.clone();
        Box::pin(async move { handle.held().await })
    }

    fn switch(&self, login: String, pin: String) -> Doing<Option<String>> {
        let (shop, switching) = (self.0.shop().clone(), self.1);
        Box::pin(async move {
            switching.try_set(true);
            let problem = pin::switch(&shop, &login, &pin).await;
            // Without one, another page is on its way.
            if problem.is_some() {
                switching.try_set(false);
            }
            problem
        })
    }

    fn fits_pin(&self, login: String, pin: String) -> Doing<bool> {
        Box::pin(async move { browser::pin::fits(&login, &pin).await })
    }

    fn set_pin(&self, login: String, password: String, pin: String) -> Doing<Option<String>> {
        let shop = self.0.shop().clone();
        Box::pin(async move { pin::set(&shop, &login, &password, &pin).await })
    }

    fn leave(&self) -> Doing<()> {
        let handle = self.0.clone();
        Box::pin(async move { handle.leave().await })
    }

    fn set_fault(&self, fault: Fault, on: bool) {
        let mut faults = self.0.faults();
        *switch(&mut faults, fault) = on;
        self.0.set_faults(faults);
    }

    fn save_bundle(&self) -> Doing<()> {
        let handle = self.0.clone();
        Box::pin(async move { handle.save_bundle(env!("CARGO_PKG_VERSION")).await })
    }
}

fn switch(faults: &mut Faults, fault: Fault) -> &mut bool {
    match fault {
        Fault::Offline => &mut faults.offline,
        Fault::Slow => &mut faults.slow,
        Fault::Duplicate => &mut faults.duplicate,
        Fault::DropAnswer => &mut faults.drop_answer,
    }
}

fn inspection(handle: &Handle) -> Inspection {
    let command = |view: sync::PendingView| {
        let (command, data) = view.command.to_json();
        InspectedCommand { id: view.id.to_string(), command, state: view.state.word(), raw: json::indented(&data) }
    };
    let trace = handle.last_rebase();
    let changed = trace.changed.iter().map(|changed| InspectedChange {
        id: changed.id.to_string(),
        before: json::indented(&changed.before),
        after: match &changed.at_risk {
            Some(refusal) => json::indented(refusal),
            None => json::indented(&changed.after),
        },
    });
    let rebase = InspectedRebase {
        position: trace.position,
        kept: trace.kept,
        decided_again: trace.decided_again,
        changed: changed.collect(),
    };
    let mut faults = handle.faults();
    let latencies = handle.latencies();
    Inspection {
        outbox: handle.pending().into_iter().map(command).collect(),
        rebase,
        unreadable: handle.storage().unreadable.into_iter().map(|record| (record.id, record.problem)).collect(),
        reports: handle.reports(),
        faults: Fault::ALL.into_iter().filter(|fault| *switch(&mut faults, *fault)).collect(),
        settled: latencies.count,
        p50: latencies.p50,
        p95: latencies.p95,
    }
}
