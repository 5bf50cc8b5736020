//! A device: the storage that its tabs share, its way to the server, and the tabs, each with a replica.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CommandId, EventRecord, books::Role, values::Millis};
use sync::{
    Acknowledged, Config, Lost, OutboxRecord, Replica, Stage, StoredState,
    connection::DataState,
    defects::{Defect, Defects},
    protocol::{Revocation, Snapshot},
};

use crate::server::{author, login};

/// What a browser keeps once a write is through.
#[derive(Clone, Default)]
pub struct Storage {
    /// The synchronous half of the outbox, as all tabs see it at once.
    pub mirror: BTreeMap<CommandId, OutboxRecord>,
    /// The same as far as it has reached the disk.
    flushed: BTreeMap<CommandId, OutboxRecord>,
    /// The half whose commits are awaited.
    outbox: BTreeMap<CommandId, OutboxRecord>,
    snapshot: Option<Snapshot>,
    /// Written by a build whose fold an older one does not know.
    is_of_newer: bool,
    /// By the first position of each group.
    tail: BTreeMap<u64, Vec<EventRecord>>,
    acknowledged: BTreeMap<CommandId, Acknowledged>,
    lost: Vec<Lost>,
    revocation: Option<Revocation>,
}

/// One write, as one transaction.
#[derive(Clone)]
pub enum Write {
    Put { record: Box<OutboxRecord>, is_awaited: bool },
    Fail(Box<OutboxRecord>),
    Attempt(Vec<OutboxRecord>),
    Remove(CommandId),
    Append(Vec<EventRecord>),
    Replace(Box<Snapshot>),
    Keep { acknowledged: Box<Acknowledged>, dropped: Vec<CommandId> },
    Offer { records: Vec<OutboxRecord>, kept: Vec<Acknowledged>, snapshot: Option<Box<Snapshot>> },
    KeepLost(Vec<Lost>),
    Revoked(Revocation),
    Readmitted,
}

/// No room is left.
pub struct Full;

fn as_stored(record: &OutboxRecord) -> OutboxRecord {
    let stage = if record.stage == Stage::Saving { Stage::Saved } else { record.stage.clone() };
    OutboxRecord { stage, ..record.clone() }
}

impl Storage {
    pub fn mirror(&mut self, record: &OutboxRecord) {
        self.mirror.insert(record.submission.id, as_stored(record));
    }

    pub fn flush(&mut self) {
        self.flushed = self.mirror.clone();
    }

    /// The power fails.
    pub fn lose_what_was_not_flushed(&mut self) {
        self.mirror = self.flushed.clone();
    }

    /// The browser has thrown the synchronous half away.
    pub fn lose_mirror(&mut self) {
        self.mirror.clear();
    }

    /// The browser has thrown the database away.
    pub fn lose_database(&mut self) {
        *self = Self { mirror: std::mem::take(&mut self.mirror), ..Self::default() };
    }

    /// The commands of both halves, united.
    pub fn outbox(&self) -> BTreeMap<CommandId, OutboxRecord> {
        let mut united = self.mirror.clone();
        for (id, record) in &self.outbox {
            let both = united.remove(id).map_or_else(|| record.clone(), |mirrored| mirrored.united(record.clone()));
            united.insert(*id, both);
        }
        united
    }

    /// Whether a commit was awaited, or the process that could have said so is gone.
    pub fn is_durable(&self, id: CommandId) -> bool {
        self.outbox.contains_key(&id)
    }

    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        self.acknowledged.values().cloned().collect()
    }

    /// The copy of the log. What does not continue it is of no use.
    pub fn book(&self, is_newer: bool) -> Option<(Snapshot, Vec<EventRecord>)> {
        let snapshot = self.snapshot.clone().filter(|_| is_newer || !self.is_of_newer)?;
        let mut last = snapshot.books.position;
        let mut tail: Vec<EventRecord> = Vec::new();
        for record in self.tail.values().flatten() {
            if record.position == last + 1 {
                last += 1;
                tail.push(record.clone());
            }
        }
        Some((snapshot, tail))
    }

    fn stored(&self, is_newer: bool) -> StoredState {
        let (snapshot, tail) = self.book(is_newer).unzip();
        StoredState {
            snapshot,
            tail: tail.unwrap_or_default(),
            outbox: self.outbox().into_values().collect(),
            acknowledged: self.acknowledged(),
            lost: self.lost.clone(),
            revocation: self.revocation,
        }
    }

    /// Takes a write in. One of a command finds room by throwing the copy of the log away.
    pub fn write(&mut self, write: &Write, is_full: bool, is_newer: bool) -> Result<(), Full> {
        let clears = |write: &Write| {
            matches!(write, Write::Put { .. } | Write::Offer { .. } | Write::Keep { .. } | Write::Revoked(_))
        };
        if is_full && clears(write) {
            self.clear_book();
        } else if is_full {
            return Err(Full);
        }
        match write.clone() {
            Write::Put { record, .. } => {
                self.outbox.insert(record.submission.id, as_stored(&record));
            }
            Write::Fail(record) => self.mirror(&OutboxRecord { stage: Stage::Unsaved, ..*record }),
            Write::Attempt(records) => {
                self.outbox.extend(records.iter().map(|record| (record.submission.id, as_stored(record))));
            }
            Write::Remove(id) => {
                self.mirror.remove(&id);
                self.outbox.remove(&id);
            }
            Write::Append(records) => {
                let first = records.first().map_or(0, |record| record.position);
                self.tail.insert(first, records);
            }
            Write::Replace(snapshot) => self.replace(*snapshot, is_newer),
            Write::Keep { acknowledged, dropped } => {
                self.mirror.remove(&acknowledged.id());
                self.outbox.remove(&acknowledged.id());
                self.acknowledged.insert(acknowledged.id(), *acknowledged);
                self.acknowledged.retain(|id, _| !dropped.contains(id));
            }
            Write::Offer { records, kept, snapshot } => {
                self.acknowledged.extend(kept.into_iter().map(|one| (one.id(), one)));
                for record in records {
                    self.acknowledged.remove(&record.submission.id);
                    self.outbox.insert(record.submission.id, record);
                }
                if let Some(snapshot) = snapshot.filter(|_| !is_full) {
                    self.replace(*snapshot, is_newer);
                }
            }
            Write::KeepLost(lost) => self.lost = lost,
            Write::Revoked(revocation) => {
                self.clear_book();
                self.acknowledged.clear();
                self.lost.clear();
                self.revocation = Some(revocation);
            }
            Write::Readmitted => self.revocation = None,
        }
        Ok(())
    }

    fn clear_book(&mut self) {
        self.snapshot = None;
        self.tail.clear();
    }

    fn replace(&mut self, snapshot: Snapshot, is_newer: bool) {
        self.clear_book();
        self.is_of_newer = is_newer;
        self.snapshot = Some(snapshot);
    }
}

/// One browser.
pub struct Device {
    /// Of its person, as far as the device has heard.
    pub role: Role,
    pub tabs: Vec<usize>,
    pub storage: Storage,
    /// Writes are transactions one after another: not before this.
    pub storage_clear_at: Millis,
    /// The tab that has the lock.
    pub holder: Option<usize>,
    pub outbound_cut: bool,
    pub inbound_cut: bool,
    /// Streams do not get through to it; answers that end do.
    pub is_held_back: bool,
    pub is_paused: bool,
    /// A read model of one of its tabs went wrong, and may be in storage.
    pub is_spoilt: bool,
    /// What a tab wrote last may be gone.
    pub has_lost_writes: bool,
    /// What a screen called confirmed.
    pub confirmed: BTreeSet<CommandId>,
}

impl Device {
    pub fn new(tabs: Vec<usize>, is_held_back: bool) -> Self {
        Self {
            role: Role::Manager,
            tabs,
            storage: Storage::default(),
            storage_clear_at: Millis(0),
            holder: None,
            outbound_cut: false,
            inbound_cut: false,
            is_held_back,
            is_paused: false,
            is_spoilt: false,
            has_lost_writes: false,
            confirmed: BTreeSet::new(),
        }
    }
}

/// One tab of a device.
pub struct Node {
    pub device: usize,
    /// As people would call it.
    pub name: String,
    pub replica: Option<Replica>,
    /// Counts restarts: what was on its way to an earlier life arrives nowhere.
    pub life: u64,
    /// The number of the timer that counts.
    pub timer: u64,
    /// Notes of other tabs come one after another: not before this.
    pub notes_clear_at: Millis,
    /// It will look into storage, because the browser said that another tab wrote there.
    pub is_looking: bool,
    /// What it said last of its connection.
    pub said: Option<DataState>,
    /// It was told to lead, and not yet that another one does.
    pub leads: bool,
    /// The feed that the page asked for last and has not closed.
    pub feed: Option<u64>,
    /// Runs a build that can read the newer event.
    pub is_newer: bool,
    pub defect: Option<Defect>,
    /// What the screen called saved, and nobody has seen the end of.
    pub open: BTreeSet<CommandId>,
    pub serial: u64,
}

impl Node {
    pub fn new(device: usize, nth: usize, defect: Option<Defect>) -> Self {
        Self {
            device,
            name: format!("till-{device}.{nth}"),
            replica: None,
            life: 0,
            timer: 0,
            notes_clear_at: Millis(0),
            is_looking: false,
            said: None,
            leads: false,
            feed: None,
            is_newer: false,
            defect,
            open: BTreeSet::new(),
            serial: 0,
        }
    }

    /// A page opens: everything it knows is what storage held.
    pub fn start(&mut self, storage: &Storage, role: Role, seed: u64, now: Millis) -> Vec<sync::Output> {
        self.life += 1;
        let (author, person) = (author(self.device, role), Some(login(self.device).into()));
        let config = Config {
            device: format!("till-{}", self.device).into(),
            author,
            person,
            colleagues: Vec::new(),
            jitter_seed: seed,
        };
        let defects = Defects::of(self.defect, self.is_newer);
        let (replica, outputs) = Replica::restore_with(config, storage.stored(self.is_newer), defects, now);
        self.replica = Some(replica);
        outputs
    }

    pub fn stop(&mut self) {
        self.life += 1;
        self.replica = None;
        self.leads = false;
        self.feed = None;
        self.is_looking = false;
    }
}
