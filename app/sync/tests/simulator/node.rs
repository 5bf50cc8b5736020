//! A device: a replica, and the storage that outlives it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CommandId, EventRecord, values::Millis};
use sync::{
    Acknowledged, Config, Lost, OutboxRecord, Replica, StoredState,
    defects::{Defect, Defects},
    protocol::Snapshot,
};

use crate::server::author;

/// What storage holds once a write is through.
#[derive(Clone, Default)]
pub struct Storage {
    pub outbox: BTreeMap<CommandId, OutboxRecord>,
    pub snapshot: Option<Snapshot>,
    pub tail: Vec<EventRecord>,
    pub acknowledged: BTreeMap<CommandId, Acknowledged>,
    pub lost: Vec<Lost>,
}

/// One write, as one transaction.
#[derive(Clone)]
pub enum Write {
    Put { record: Box<OutboxRecord>, is_awaited: bool },
    Fail(CommandId),
    Remove(CommandId),
    Append(Vec<EventRecord>),
    Replace(Box<Snapshot>),
    Keep { acknowledged: Box<Acknowledged>, dropped: Vec<CommandId> },
    Offer { records: Vec<OutboxRecord>, snapshot: Option<Box<Snapshot>> },
    KeepLost(Vec<Lost>),
}

pub struct Node {
    pub index: usize,
    pub replica: Option<Replica>,
    /// Counts restarts: what was on its way to an earlier life arrives nowhere.
    pub life: u64,
    pub storage: Storage,
    /// Writes are transactions one after another: not before this.
    pub storage_clear_at: Millis,
    /// The number of the timer that counts.
    pub timer: u64,
    pub outbound_cut: bool,
    pub inbound_cut: bool,
    /// Streams do not get through to it; answers that end do.
    pub is_held_back: bool,
    /// Runs a build that can read the newer event.
    pub is_newer: bool,
    pub is_spoilt: bool,
    pub is_paused: bool,
    pub defect: Option<Defect>,
    /// What the screen called saved, and nobody has seen the end of.
    pub open: BTreeSet<CommandId>,
    /// What the screen called confirmed.
    pub confirmed: BTreeSet<CommandId>,
    pub serial: u64,
}

impl Node {
    pub fn new(index: usize, defect: Option<Defect>) -> Self {
        Self {
            index,
            replica: None,
            life: 0,
            storage: Storage::default(),
            storage_clear_at: Millis(0),
            timer: 0,
            outbound_cut: false,
            inbound_cut: false,
            is_held_back: false,
            is_newer: false,
            is_spoilt: false,
            is_paused: false,
            defect,
            open: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            serial: 0,
        }
    }

    /// A page opens: everything it knows is what storage held.
    pub fn start(&mut self, seed: u64, now: Millis) -> Vec<sync::Output> {
        self.life += 1;
        let config = Config { device: format!("till-{}", self.index).into(), author: author(), jitter_seed: seed };
        let stored = StoredState {
            snapshot: self.storage.snapshot.clone(),
            tail: self.storage.tail.clone(),
            outbox: self.storage.outbox.values().cloned().collect(),
            acknowledged: self.storage.acknowledged.values().cloned().collect(),
            lost: self.storage.lost.clone(),
        };
        let defects = Defects::of(self.defect, self.is_newer);
        let (replica, outputs) = Replica::restore_with(config, stored, defects, now);
        self.replica = Some(replica);
        self.is_paused = false;
        outputs
    }

    pub fn stop(&mut self) {
        self.life += 1;
        self.replica = None;
    }

    /// Takes a write in, and says what storage answers.
    pub fn write(&mut self, write: Write) -> Option<sync::Input> {
        match write {
            Write::Put { record, is_awaited } => {
                let id = record.submission.id;
                self.storage.outbox.insert(id, *record);
                is_awaited.then_some(sync::Input::Persisted(id))
            }
            Write::Fail(id) => Some(sync::Input::StorageFailed(id)),
            Write::Remove(id) => {
                self.storage.outbox.remove(&id);
                None
            }
            Write::Append(records) => {
                self.storage.tail.extend(records);
                None
            }
            Write::Replace(snapshot) => {
                self.replace(*snapshot);
                None
            }
            Write::Keep { acknowledged, dropped } => {
                self.storage.outbox.remove(&acknowledged.id());
                self.storage.acknowledged.insert(acknowledged.id(), *acknowledged);
                self.storage.acknowledged.retain(|id, _| !dropped.contains(id));
                None
            }
            Write::Offer { records, snapshot } => {
                for record in records {
                    self.storage.acknowledged.remove(&record.submission.id);
                    self.storage.outbox.insert(record.submission.id, record);
                }
                if let Some(snapshot) = snapshot {
                    self.replace(*snapshot);
                }
                None
            }
            Write::KeepLost(lost) => {
                self.storage.lost = lost;
                None
            }
        }
    }

    fn replace(&mut self, snapshot: Snapshot) {
        self.storage.snapshot = Some(snapshot);
        self.storage.tail.clear();
    }
}
