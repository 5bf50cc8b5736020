//! What the driver hears: the browser's events, the other tabs, storage.

use std::{pin::pin, rc::Rc};

use futures::{
    StreamExt,
    channel::mpsc::UnboundedReceiver,
    future::{Either, select},
};
use sync::{
    Input,
    connection::DataState,
    protocol::{Events, FeedFrame, PROTOCOL},
};
use wasm_bindgen::JsCast;
use web_sys::StorageEvent;

use super::{Driver, QUIET, keeping::ROOM};
use crate::{
    clock,
    events::{Listener, sleep},
    sign_out,
    storage::{Told, outbox},
    tabs::{Note, Part, Tabs, is_visible},
};

/// How old a heartbeat may be to be passed on to a tab that has just come.
const FRESH: i64 = 20_000;

impl Driver {
    /// Whoever led before may have left commands that were never heard of here, may have sent what this tab believes
    /// unsent, and has kept a copy of the log that this tab did not write.
    pub(super) async fn begin_to_lead(self: Rc<Self>) {
        let reading = pin!(async {
            self.recall().await;
            self.clone().adopt_stored().await;
        });
        // Storage that does not answer must not leave the browser without a leader.
        if let Either::Right(_) = select(reading, pin!(sleep(QUIET))).await {
            self.look_for_records(0);
        }
        if self.leads() {
            self.take(Input::Lead);
            if self.kept.get().is_none() {
                // Books that came before this tab led are nowhere yet: a reload without a network would find none.
                self.keep_books();
            } else {
                self.rewrite_when_quiet();
            }
        }
    }

    /// The leading tab has nothing left to send. What still waits here was settled without this tab hearing of it.
    pub(super) fn compare_waiting(self: &Rc<Self>, leader: DataState) {
        let waits_here = self.replica.borrow().connection().waiting > 0;
        if waits_here && matches!(leader, DataState::Live | DataState::Storage) && !self.leads() {
            self.look_for_records(QUIET);
        }
    }

    pub(super) fn say_state(&self) {
        let state = self.replica.borrow().connection().state;
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.say(state);
        }
    }

    pub(super) fn leads(&self) -> bool {
        self.tabs.borrow().as_ref().is_some_and(|tabs| tabs.part() == Part::Leads)
    }

    /// A following tab reads what it missed where the leading one has written it, which may be in a moment.
    pub(super) async fn catch_up(self: Rc<Self>, after: u64) {
        for pause in [0, 300, 1_000] {
            sleep(pause).await;
            if self.replica.borrow().confirmed().position > after {
                return;
            }
            self.read_on(after).await;
        }
        self.take(Input::Missed { after });
    }

    pub(super) async fn read_on(self: &Rc<Self>, after: u64) {
        let Ok(Some((snapshot, tail))) = self.storage.load_book().await else { return };
        let epoch = snapshot.epoch;
        if snapshot.books.position > after {
            self.take(Input::SnapshotOffered(Box::new(snapshot)));
        }
        let events: Vec<_> = tail.into_iter().filter(|record| record.position > after).collect();
        if !events.is_empty() {
            self.take(Input::Relayed(Box::new(FeedFrame::Events(Events { protocol: PROTOCOL, epoch, events }))));
        }
    }

    pub(super) fn listen(self: &Rc<Self>) {
        let Some(window) = web_sys::window() else { return };
        let hint = |input: Input| {
            let inputs = self.inputs.clone();
            move |_| {
                let _ = inputs.unbounded_send(input.clone());
            }
        };
        let mut listeners = vec![
            Listener::on(&window, "online", hint(Input::NetworkUp)),
            Listener::on(&window, "offline", hint(Input::NetworkDown)),
            // Out of the back-forward cache: the stream was cut and nobody was there to hear it.
            Listener::on(&window, "pageshow", hint(Input::Resumed)),
        ];
        // Another tab's write to localStorage is heard of even if that tab does not live to say anything else.
        let driver = Rc::downgrade(self);
        listeners.push(Listener::on(&window, "storage", move |event| {
            let Some(event) = event.dyn_ref::<StorageEvent>() else { return };
            let (Some(key), Some(driver)) = (event.key(), driver.upgrade()) else { return };
            if key == sign_out::KEY && event.new_value().is_some() {
                // Somebody has signed out in another tab: nothing of theirs is shown here any more, also where the server
                // was told before this tab came to hear of it.
                driver.stop();
                sign_out::to_the_door();
            } else if outbox::id_of_mirror_key(&driver.shop, &key).is_some() {
                driver.look_for_records(QUIET);
            } else if key == driver.storage.paused_key() {
                driver.tell(pause(driver.storage.is_paused()));
            }
        }));
        if let Some(document) = window.document() {
            let inputs = self.inputs.clone();
            let (shown, looking) = (document.clone(), Rc::downgrade(self));
            listeners.push(Listener::on(&document, "visibilitychange", move |_| {
                let _ = inputs.unbounded_send(if shown.hidden() { Input::Hidden } else { Input::Resumed });
                if !shown.hidden()
                    && let Some(driver) = looking.upgrade()
                {
                    driver.look_for_session();
                }
            }));
            // The browser stops a page that nobody looks at. Its feed would stay open beside that of the tab which
            // leads then, and nobody would read it.
            let driver = Rc::downgrade(self);
            listeners.push(Listener::on(&document, "freeze", move |_| {
                let Some(driver) = driver.upgrade() else { return };
                if let Some(tabs) = &*driver.tabs.borrow() {
                    tabs.rest();
                }
                driver.take(Input::Follow);
            }));
            let driver = Rc::downgrade(self);
            listeners.push(Listener::on(&document, "resume", move |_| {
                let Some(driver) = driver.upgrade() else { return };
                if let Some(tabs) = &*driver.tabs.borrow() {
                    tabs.wake();
                }
            }));
        }
        *self.listeners.borrow_mut() = listeners;
        if !window.navigator().on_line() {
            self.tell(Input::NetworkDown);
        }
        if !is_visible() {
            self.tell(Input::Hidden);
        }
        if self.storage.is_paused() {
            self.tell(Input::Pause);
        }
        let (driver, changed) = (Rc::downgrade(self), Rc::downgrade(self));
        let tabs = Tabs::join(
            &self.shop,
            self.person(),
            move |note| {
                let Some(driver) = driver.upgrade() else { return };
                match &note {
                    Note::Hello => driver.greet(),
                    Note::Alive { state } => driver.compare_waiting(*state),
                    _ => {}
                }
                if let Some(input) = input_of_note(note) {
                    driver.tell(input);
                }
            },
            move |part| {
                let Some(driver) = changed.upgrade() else { return };
                match part {
                    Part::Leads => driver.spawn(async |driver| driver.begin_to_lead().await),
                    Part::Follows => driver.tell(Input::Follow),
                }
            },
        );
        tabs.tell(&Note::Hello);
        *self.tabs.borrow_mut() = Some(tabs);
    }

    /// A tab that somebody looks at again tries by itself whether there is a session by now. It hears nothing of its own
    /// where another one leads, which nobody looks at.
    fn look_for_session(&self) {
        if !self.leads() && self.replica.borrow().connection().state == DataState::SignIn {
            self.tell_tabs(&Note::TryNow);
        }
    }

    /// A tab that has just come would know nothing of the connection until the next heartbeat.
    pub(super) fn greet(&self) {
        let heartbeat = self.heartbeat.borrow().clone();
        if let Some((_, data)) = heartbeat.filter(|(at, _)| clock::now().0 - at.0 < FRESH) {
            self.tell_tabs(&Note::Frame { name: "heartbeat".to_owned(), data });
        }
        if self.leads() {
            let state = self.replica.borrow().connection().state;
            self.tell_tabs(&Note::Alive { state });
        }
    }

    pub fn tell_tabs(&self, note: &Note) {
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.tell(note);
        }
    }

    /// In this tab and in the others.
    pub fn tell_all(&self, input: Input, note: &Note) {
        self.tell(input);
        self.tell_tabs(note);
    }
}

pub(super) fn pause(is_paused: bool) -> Input {
    if is_paused { Input::Pause } else { Input::Unpause }
}

/// What other tabs say, as the replica is told it.
fn input_of_note(note: Note) -> Option<Input> {
    match note {
        Note::Written { record } => Some(Input::Adopted(record)),
        Note::Removed { id } => Some(Input::Removed(id)),
        Note::Frame { name, data } => FeedFrame::parse(&name, &data).ok()?.map(|frame| Input::Relayed(Box::new(frame))),
        Note::Answer { answer } => Some(Input::RelayedAnswer(answer)),
        Note::Alive { state } => Some(Input::Led(state)),
        Note::TryNow => Some(Input::TryNow),
        Note::SignedIn => Some(Input::SignedIn),
        Note::Hello => None,
    }
}

/// Does what storage asks for by itself.
pub(super) async fn hear(driver: std::rc::Weak<Driver>, mut told: UnboundedReceiver<Told>) {
    while let Some(told) = told.next().await {
        let Some(driver) = driver.upgrade() else { return };
        match told {
            Told::Ended => {
                if let Err(problem) = driver.storage.reopen_ended().await {
                    driver.note_problem(problem);
                }
            }
            Told::Cleared => driver.storage_cleared(),
            Told::BookDropped => {
                driver.kept.set(None);
                driver.is_short_of_room.set(true);
                driver.rewrite_after(ROOM);
            }
        }
    }
}
