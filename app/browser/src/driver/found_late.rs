//! What is found in storage after the start: where it could not be read at first, was cleared meanwhile, or was
//! written by another tab; and the names of this device that come of it.

use std::{collections::BTreeSet, rc::Rc, sync::Arc};

use domain::CommandId;
use sync::{Changes, Input, Replica, StoredState};
use wasm_bindgen_futures::spawn_local;

use super::{Driver, of_others};
use crate::{
    clock, crash,
    events::{Timer, sleep},
    storage::{Found, Mode},
};

/// When storage that could not be read is asked again.
const READ_AGAIN: u64 = 2_000;

impl Driver {
    /// Before the outbox is read: what has settled there must not come back from the half that is written late.
    pub(super) async fn recall(self: &Rc<Self>) {
        let settled = self.storage.load_acknowledged().await.unwrap_or_default();
        self.take(Input::Recalled(settled));
    }

    /// What this device kept is gone, and what the page still has is written again, under another name.
    pub(super) fn storage_cleared(self: &Rc<Self>) {
        self.kept.set(None);
        self.facts.borrow_mut().cleared = Some(clock::now());
        self.take_name();
        self.take(Input::StorageLost);
        (self.on_change)(Changes { connection: true, ..Changes::default() });
    }

    /// Another device of the shop has this code. What is numbered keeps its numbers.
    pub(super) fn take_another_code(self: &Rc<Self>, code: Arc<str>) {
        self.spawn(async move |driver| {
            driver.storage.take_another_name(&code).await;
            driver.take_name();
            (driver.on_change)(Changes { connection: true, ..Changes::default() });
        });
    }

    pub(super) fn take_name(self: &Rc<Self>) {
        let device = self.storage.device();
        if self.device.replace(device) != device {
            self.take(Input::Named(device.code().into()));
        }
    }

    /// Asks storage that was slow, or could not be read, until it says what it has.
    pub(super) fn read_later(self: &Rc<Self>) {
        let driver = Rc::downgrade(self);
        spawn_local(async move {
            loop {
                let Some(driver) =
                    driver.upgrade().filter(|driver| matches!(driver.storage.mode(), Mode::Unread { .. }))
                else {
                    return;
                };
                match driver.storage.load().await {
                    Ok(found) => driver.take_late(found),
                    Err(problem) => driver.note_problem(problem),
                }
                drop(driver);
                sleep(READ_AGAIN).await;
            }
        });
    }

    pub(super) fn take_late(self: &Rc<Self>, found: Found) {
        self.take_name();
        {
            let mut facts = self.facts.borrow_mut();
            (facts.problem, facts.unreadable) = (found.problem, found.unreadable);
            facts.of_others = of_others(&found.stored.outbox, &self.identity);
        }
        let identity = self.identity.clone();
        let StoredState { snapshot, tail, outbox, acknowledged, .. } = found.stored;
        let book = StoredState { snapshot, tail, ..StoredState::default() };
        let _folding = crash::Folding::begin(&self.shop);
        let kept = Replica::restore(identity, book, clock::now()).0.snapshot();
        if let Some(snapshot) = kept {
            self.take(Input::SnapshotOffered(Box::new(snapshot)));
        }
        self.take(Input::Recalled(acknowledged));
        self.take(Input::FoundLate(outbox));
        self.rewrite_when_quiet();
        (self.on_change)(Changes { books: true, pending: true, connection: true });
    }

    /// Takes in the records of other tabs that are in storage and were never announced: a tab may end between its
    /// commit and its message.
    pub(super) fn look_for_records(self: &Rc<Self>, after: u64) {
        let driver = Rc::downgrade(self);
        let timer = Timer::after(after, move || {
            let Some(driver) = driver.upgrade() else { return };
            driver.spawn(async |driver| {
                if driver.leads() {
                    driver.recall().await;
                }
                driver.adopt_stored().await;
            });
        });
        *self.looking.borrow_mut() = Some(timer);
    }

    /// Takes in what storage knows and this tab does not.
    pub(super) async fn adopt_stored(self: Rc<Self>) {
        let before: Vec<CommandId> = self.replica.borrow().saved().collect();
        let (records, unreadable) = match self.storage.load_outbox().await {
            Ok(found) => found,
            Err(problem) => return self.note_problem(problem),
        };
        let leads = self.replica.borrow().is_leading();
        if !leads {
            // Whoever leads has dealt with what is gone. A leading tab drops nothing: it sends what it has.
            let here: BTreeSet<String> = records.iter().map(|record| record.submission.id.to_string()).collect();
            let is_there = |id: &String| here.contains(id) || unreadable.iter().any(|record| record.id == *id);
            let gone = before.into_iter().filter(|id| !is_there(&id.to_string()));
            for id in gone {
                self.take(Input::Removed(id));
            }
        }
        {
            let mut facts = self.facts.borrow_mut();
            (facts.unreadable, facts.of_others) = (unreadable, of_others(&records, &self.identity));
        }
        for record in records {
            let is_known = self.replica.borrow().knows(&record);
            if !is_known {
                self.take(Input::Adopted(Box::new(record)));
            }
        }
    }
}
