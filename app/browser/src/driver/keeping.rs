//! Writing to storage what the replica asks for: its commands, and the copy of the log.

use std::rc::Rc;

use domain::{CommandId, EventRecord};
use sync::{
    Acknowledged, Input, OutboxRecord, Stage,
    protocol::{PROTOCOL, Revocation, Revoked, Snapshot},
};

use super::{Driver, QUIET};
use crate::{
    clock,
    events::Timer,
    network, person,
    storage::{StorageError, idb::Durability},
    tabs::Note,
    worker,
};

/// When it is asked again whether there is room for the copy of the log, and how much more than the copy there must be:
/// it must not crowd out the next command.
pub(super) const ROOM: u64 = 30_000;
const SPARE: u64 = 1_000_000;

impl Driver {
    /// Writes to the copy of the log, whose loss costs only a fetch.
    pub(super) fn cache(self: &Rc<Self>, work: impl AsyncFnOnce(&Self) -> Result<(), StorageError> + 'static) {
        self.spawn(async move |driver| {
            if let Err(problem) = work(&driver).await {
                driver.kept.set(None);
                driver.note_problem(problem);
                driver.take(Input::CacheFailed);
            }
        });
    }

    pub(super) fn persist(self: &Rc<Self>, record: Box<OutboxRecord>) {
        self.latencies.borrow_mut().issued(record.submission.id, clock::now());
        // Before this returns, the command is in the half that outlives the tab.
        self.storage.mirror(&record);
        self.begin(async move |driver| {
            let id = record.submission.id;
            let answer = driver.storage.put(&record, Durability::Strict).await;
            match &answer {
                Ok(()) => {
                    driver.take(Input::Persisted(id));
                    driver.tell_written(record);
                }
                Err(problem) => {
                    // Not silently sent after the next start either: a person who was told "not saved" decides.
                    driver.storage.mirror(&OutboxRecord { stage: Stage::Unsaved, ..*record });
                    driver.note_problem(problem.clone());
                    driver.take(Input::StorageFailed(id));
                }
            }
            let saved = answer.is_ok();
            if let Some(waiting) = driver.waiting.borrow_mut().remove(&id) {
                let _ = waiting.send(answer);
            }
            if saved && !driver.asked_to_protect.replace(true) {
                driver.protect().await;
            }
        });
    }

    pub(super) fn update(self: &Rc<Self>, record: Box<OutboxRecord>) {
        self.storage.mirror(&record);
        self.spawn(async move |driver| {
            // What a person gave up must not come back; everything else can be learned again from the server.
            let durability = match record.stage {
                Stage::Discarded { .. } => Durability::Strict,
                _ => Durability::Relaxed,
            };
            match driver.storage.put(&record, durability).await {
                Ok(()) => driver.tell_written(record),
                Err(problem) => driver.note_problem(problem),
            }
        });
    }

    /// A write that is done only after the end of its command is not worth a word: the others would wait for it again.
    pub(super) fn tell_written(&self, record: Box<OutboxRecord>) {
        if self.replica.borrow().holds(record.submission.id) {
            self.tell_tabs(&Note::Written { record });
        }
    }

    /// The push comes next. By then the half that outlives the tab knows that these may have been sent, and the other
    /// tabs are on their way to know.
    pub(super) fn attempt(self: &Rc<Self>, records: Vec<OutboxRecord>) {
        for record in &records {
            self.storage.mirror(record);
            self.tell_tabs(&Note::Written { record: Box::new(record.clone()) });
        }
        self.spawn(async move |driver| {
            if let Err(problem) = driver.storage.put_attempted(&records).await {
                driver.note_problem(problem);
            }
        });
    }

    pub(super) fn forget(self: &Rc<Self>, id: CommandId) {
        self.latencies.borrow_mut().settled(id, clock::now());
        self.spawn(async move |driver| match driver.storage.forget(id).await {
            Ok(()) => driver.tell_tabs(&Note::Removed { id }),
            Err(problem) => driver.note_problem(problem),
        });
    }

    pub(super) fn keep(self: &Rc<Self>, acknowledged: Box<Acknowledged>, dropped: Vec<CommandId>) {
        self.latencies.borrow_mut().settled(acknowledged.id(), clock::now());
        self.spawn(async move |driver| match driver.storage.keep(&acknowledged, &dropped).await {
            Ok(()) => driver.tell_tabs(&Note::Removed { id: acknowledged.id() }),
            Err(problem) => driver.note_problem(problem),
        });
    }

    pub(super) fn offer(
        self: &Rc<Self>,
        records: Vec<OutboxRecord>,
        kept: Vec<Acknowledged>,
        snapshot: Option<Box<Snapshot>>,
    ) {
        if let Some(snapshot) = &snapshot {
            self.kept.set(Some(snapshot.books.position));
        }
        self.cache(async move |driver| {
            driver.storage.offer(&records, &kept, snapshot.as_deref()).await?;
            for record in records {
                driver.tell_tabs(&Note::Written { record: Box::new(record) });
            }
            Ok(())
        });
    }

    /// Nothing of the books stays on the device, nor in the pages of it that are open.
    pub(super) fn revoked(self: &Rc<Self>, revocation: Revocation) {
        person::remember_revocation(&self.shop, revocation, self.identity.person.clone());
        let revoked = Revoked { protocol: PROTOCOL, revocation: Some(revocation) };
        let data = serde_json::to_string(&revoked).unwrap_or_default();
        self.tell_tabs(&Note::Frame { name: "revoked".to_owned(), data });
        self.kept.set(None);
        self.spawn(async |driver| {
            worker::forget_pictures().await;
            if let Err(problem) = driver.storage.wipe().await {
                driver.note_problem(problem);
            }
            (driver.on_revoked)();
        });
    }

    pub(super) fn append(self: &Rc<Self>, records: Vec<EventRecord>) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
        if self.kept.get().is_some_and(|kept| kept + 1 == first.position) {
            self.kept.set(Some(last.position));
        } else {
            self.kept.set(None);
            self.rewrite_when_quiet();
        }
        self.cache(async move |driver| driver.storage.append(&records).await);
    }

    pub(super) fn save_snapshot(self: &Rc<Self>, snapshot: Snapshot) {
        self.kept.set(Some(snapshot.books.position));
        self.cache(async move |driver| driver.storage.save_snapshot(&snapshot).await);
    }

    /// Writes the books as they are in place of the kept copy, if that one does not lead up to them: they came
    /// with the page, or another tab kept them until now.
    pub(super) fn rewrite_when_quiet(self: &Rc<Self>) {
        self.rewrite_after(QUIET);
    }

    pub(super) fn rewrite_after(self: &Rc<Self>, wait: u64) {
        let driver = Rc::downgrade(self);
        let timer = Timer::after(wait, move || {
            if let Some(driver) = driver.upgrade() {
                driver.spawn(async |driver| driver.rewrite().await);
            }
        });
        *self.rewriting.borrow_mut() = Some(timer);
    }

    /// Writes the books as they are in place of the kept copy.
    pub(super) fn keep_books(self: &Rc<Self>) {
        let snapshot = self.replica.borrow().snapshot();
        if let Some(snapshot) = snapshot {
            self.save_snapshot(snapshot);
        }
    }

    pub(super) async fn rewrite(self: &Rc<Self>) {
        let position = self.replica.borrow().confirmed().position;
        if self.kept.get() == Some(position) || !self.leads() {
            return;
        }
        let snapshot = self.replica.borrow().snapshot();
        let Some(snapshot) = snapshot else { return };
        if self.is_short_of_room.get() {
            let facts = network::storage_facts().await;
            let bytes = serde_json::to_vec(&snapshot).map_or(0, |bytes| bytes.len() as u64);
            if facts.quota.zip(facts.used).is_some_and(|(quota, used)| quota.saturating_sub(used) < 2 * bytes + SPARE) {
                return self.rewrite_after(ROOM);
            }
            self.is_short_of_room.set(false);
        }
        self.save_snapshot(snapshot);
    }
}
