//! What a device keeps: its outbox, a copy of the confirmed log, and who it is.
//!
//! One database a shop, `daybook:<shop>`, with three stores:
//!
//! | store | key | value |
//! |---|---|---|
//! | `outbox` | command id | [`OutboxRecord`], JSON |
//! | `book` | `snapshot`, `snapshot/<n>` | [`book::Head`], JSON, and the snapshot's JSON in pieces |
//! | `book` | `tail/<first position>` | consecutive [`EventRecord`]s, JSON |
//! | `device` | `id`, `receipts/<code>` | the device's identity, its last receipt number |
//! | `device` | `acknowledged/<command id>` | [`Acknowledged`], JSON |
//! | `device` | `lost` | what the server has lost, [`Lost`]s, JSON |
//!
//! The outbox is also in localStorage (see [`mirror`]); at the start the two are united by command id.

pub mod acknowledged;
pub mod book;
pub mod chunks;
pub mod error;
pub mod idb;
pub mod mirror;
pub mod outbox;

use std::{cell::RefCell, pin::pin, rc::Rc};

use domain::{CommandId, EventRecord, ShopSlug};
use futures::future::{Either, select};
use sync::{Acknowledged, Lost, OutboxRecord, StoredState, protocol::Snapshot};
use uuid::Uuid;

pub use self::error::StorageError;
use self::{
    idb::{Database, Durability, Write},
    outbox::Unreadable,
};
use crate::events::sleep;

const STORES: &[&str] = &["outbox", "book", "device"];

/// How long the database may take to open before this window counts as one that keeps nothing.
const OPENING: u64 = 10_000;

/// Where things are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mode {
    /// In IndexedDB, with strict commits. What was stored outlives the tab, the browser and the power.
    Durable,
    /// Nowhere: this window forgets everything when it is closed, and nothing here may be called saved.
    Memory { why: StorageError },
}

/// A shop's place on this device.
#[derive(Debug)]
pub struct Storage {
    shop: ShopSlug,
    database: RefCell<Result<Rc<Database>, StorageError>>,
}

/// What was found at the start.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub stored: StoredState,
    /// Commands in a form that this build cannot read. They stay where they are: a newer build wrote them.
    pub unreadable: Vec<Unreadable>,
    /// Why the copy of the log was not used; it was set aside and will be fetched again.
    pub problem: Option<StorageError>,
}

impl Storage {
    /// Opens or makes the shop's database. Where the browser keeps nothing, this is a [`Mode`], not an error.
    pub async fn open(shop: &ShopSlug) -> Self {
        // An open that another page blocks, or that a broken profile never answers, must not hold the page up.
        let name = database_name(shop);
        let opening = pin!(Database::open(&name, STORES));
        let database = match select(opening, pin!(sleep(OPENING))).await {
            Either::Left((database, _)) => database.map(Rc::new),
            Either::Right(_) => Err(StorageError::named("TimeoutError", "storage does not answer")),
        };
        Self { shop: shop.clone(), database: RefCell::new(database) }
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        match &*self.database.borrow() {
            Ok(_) => Mode::Durable,
            Err(why) => Mode::Memory { why: why.clone() },
        }
    }

    /// Reads everything.
    pub async fn load(&self) -> Found {
        let mut found = Found::default();
        (found.stored.outbox, found.unreadable) = self.load_outbox().await;
        found.stored.acknowledged = self.load_acknowledged().await;
        found.stored.lost = acknowledged::read_lost(&self.read("device", acknowledged::LOST).await.unwrap_or_default());
        match self.read("book", "").await.and_then(|rows| book::read(&rows)) {
            Ok(Some((snapshot, tail))) => {
                found.stored.snapshot = Some(snapshot);
                found.stored.tail = tail;
            }
            Ok(None) => {}
            Err(problem) => {
                // Whatever cannot be read now would not be read next time either.
                let _ = self.write(&[Write::Clear { store: "book" }], Durability::Relaxed).await;
                found.problem = Some(problem);
            }
        }
        found
    }

    /// The commands of both halves, united.
    pub async fn load_outbox(&self) -> (Vec<OutboxRecord>, Vec<Unreadable>) {
        let mirrored_alone = |_| outbox::unite(outbox::read_mirror(&self.shop), Vec::new());
        self.read_outbox().await.unwrap_or_else(mirrored_alone)
    }

    /// The same, for whoever has to know that nothing is missing.
    pub async fn read_outbox(&self) -> Result<(Vec<OutboxRecord>, Vec<Unreadable>), StorageError> {
        // The database first: a command that moves to it meanwhile is then found in localStorage.
        let kept = self.read("outbox", "").await?;
        Ok(outbox::unite(outbox::read_mirror(&self.shop), kept))
    }

    /// This device's settled commands, as they are now.
    pub async fn load_acknowledged(&self) -> Vec<Acknowledged> {
        acknowledged::read(&self.read("device", acknowledged::PREFIX).await.unwrap_or_default())
    }

    /// The copy of the confirmed log, as it is now.
    pub async fn load_book(&self) -> Result<Option<(Snapshot, Vec<EventRecord>)>, StorageError> {
        book::read(&self.read("book", "").await?)
    }

    /// Puts a command into the synchronous half of the outbox. A failure is no loss of what is promised: that is
    /// the other half's.
    pub fn mirror(&self, record: &OutboxRecord) {
        let _ = mirror::set(&outbox::mirror_key(&self.shop, record.submission.id), &outbox::as_stored(record));
    }

    /// Puts a command into the outbox. Done when it is on the medium.
    pub async fn put(&self, record: &OutboxRecord, durability: Durability) -> Result<(), StorageError> {
        let value = serde_json::to_vec(&*outbox::as_stored(record)).map_err(StorageError::unreadable)?;
        let key = record.submission.id.to_string();
        let writes = [Write::Put { store: "outbox", key, value }];
        match self.write(&writes, durability).await {
            // The copy of the log can be fetched again, a command cannot: it makes room.
            Err(StorageError::Full) => {
                self.clear_book().await?;
                self.write(&writes, durability).await
            }
            answer => answer,
        }
    }

    /// Whether a person chose to work offline, in whichever tab.
    pub fn is_paused(&self) -> bool {
        mirror::get(&self.paused_key()).unwrap_or(false)
    }

    /// The other tabs hear of it by the browser's `storage` event, and those that come later find it.
    pub fn set_paused(&self, is_paused: bool) {
        let _ = mirror::set(&self.paused_key(), &is_paused);
    }

    #[must_use]
    pub fn paused_key(&self) -> String {
        format!("daybook:{}:paused", self.shop)
    }

    /// Writes down that these may have been sent.
    pub async fn put_attempted(&self, records: &[OutboxRecord]) -> Result<(), StorageError> {
        let put = |record: &OutboxRecord| {
            let value = serde_json::to_vec(record).map_err(StorageError::unreadable)?;
            Ok(Write::Put { store: "outbox", key: record.submission.id.to_string(), value })
        };
        self.write(&records.iter().map(put).collect::<Result<Vec<_>, StorageError>>()?, Durability::Relaxed).await
    }

    /// Removes a command from both halves.
    pub async fn forget(&self, id: CommandId) -> Result<(), StorageError> {
        mirror::delete(&outbox::mirror_key(&self.shop, id));
        self.write(&[Write::Delete { store: "outbox", key: id.to_string() }], Durability::Relaxed).await
    }

    /// Moves a command from the outbox to those that are settled.
    pub async fn keep(&self, settled: &Acknowledged, dropped: &[CommandId]) -> Result<(), StorageError> {
        let id = settled.id();
        match self.write(&acknowledged::keep(settled, dropped)?, Durability::Relaxed).await {
            Ok(()) => mirror::delete(&outbox::mirror_key(&self.shop, id)),
            // It is in the book: there must be room to say so.
            Err(StorageError::Full) => return self.forget(id).await,
            Err(problem) => return Err(problem),
        }
        Ok(())
    }

    /// Moves settled commands back into the outbox, and puts a snapshot in place of the copy of the log, all in one.
    pub async fn offer(&self, records: &[OutboxRecord], snapshot: Option<&Snapshot>) -> Result<(), StorageError> {
        let (writes, book) = (acknowledged::offer(records)?, snapshot.map(book::replace).transpose()?);
        let all: Vec<Write> = writes.iter().cloned().chain(book.into_iter().flatten()).collect();
        match self.write(&all, Durability::Strict).await {
            Err(StorageError::Full) => {
                self.clear_book().await?;
                self.write(&writes, Durability::Strict).await
            }
            answer => answer,
        }
    }

    /// Writes the list of what the server has lost.
    pub async fn keep_lost(&self, lost: &[Lost]) -> Result<(), StorageError> {
        self.write(&[acknowledged::write_lost(lost)?], Durability::Relaxed).await
    }

    /// Writes entries behind the copy of the log.
    pub async fn append(&self, records: &[EventRecord]) -> Result<(), StorageError> {
        self.write(&book::append(records)?, Durability::Relaxed).await
    }

    /// Writes a snapshot in place of the copy of the log, in one transaction.
    pub async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StorageError> {
        self.write(&book::replace(snapshot)?, Durability::Relaxed).await
    }

    /// Throws the copy of the log away. The outbox stays.
    pub async fn clear_book(&self) -> Result<(), StorageError> {
        self.write(&[Write::Clear { store: "book" }], Durability::Relaxed).await
    }

    /// The identity of this browser profile, made when there is none.
    ///
    /// It is kept in both stores. One that is found in neither is a new device, also when it is an old one whose
    /// storage was cleared: numbers that were given under the old name are not known any more.
    pub async fn device(&self) -> Uuid {
        const KEY: &str = "daybook:device";
        let rows = self.read("device", "id").await.unwrap_or_default();
        let kept = rows.iter().find(|(key, _)| key == "id").and_then(|(_, bytes)| Uuid::try_parse_ascii(bytes).ok());
        let device = kept.or_else(|| mirror::get(KEY)).unwrap_or_else(Uuid::new_v4);
        let _ = mirror::set(KEY, &device);
        if kept.is_none() {
            let value = device.to_string().into_bytes();
            let _ = self.write(&[Write::Put { store: "device", key: "id".into(), value }], Durability::Strict).await;
        }
        device
    }

    /// The next receipt number of `code`, never given before, also not to another tab.
    ///
    /// The step itself is not flushed: it is on the medium before the command that uses it, since that one's
    /// strict commit flushes everything before it.
    pub async fn next_receipt(&self, code: &str) -> u64 {
        let key = format!("daybook:{}:receipts:{code}", self.shop);
        let seen: u64 = mirror::get(&key).unwrap_or(0);
        let database = self.database.borrow().clone();
        let counted = match database {
            Ok(database) => database.update("device", &format!("receipts/{code}"), move |old| next(old, seen)).await,
            Err(why) => Err(why),
        };
        let number = counted.ok().as_deref().map_or(seen + 1, number);
        let _ = mirror::set(&key, &number);
        number
    }

    async fn read(&self, store: &str, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let database = self.database.borrow().clone()?;
        match database.read(store, prefix).await {
            Err(StorageError::Closed { .. }) => self.reopen().await?.read(store, prefix).await,
            answer => answer,
        }
    }

    async fn write(&self, writes: &[Write], durability: Durability) -> Result<(), StorageError> {
        let database = self.database.borrow().clone()?;
        match database.write(writes, durability).await {
            Err(StorageError::Closed { .. }) => self.reopen().await?.write(writes, durability).await,
            answer => answer,
        }
    }

    /// The browser may close a database at any time, for instance when the person clears its data.
    async fn reopen(&self) -> Result<Rc<Database>, StorageError> {
        let database = Rc::new(Database::open(&database_name(&self.shop), STORES).await?);
        *self.database.borrow_mut() = Ok(database.clone());
        Ok(database)
    }
}

fn database_name(shop: &ShopSlug) -> String {
    format!("daybook:{shop}")
}

fn number(bytes: &[u8]) -> u64 {
    std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn next(old: Option<Vec<u8>>, seen: u64) -> Vec<u8> {
    (old.as_deref().map_or(0, number).max(seen) + 1).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_number_is_above_both_counters() {
        assert_eq!(next(None, 0), b"1");
        assert_eq!(next(Some(b"7".to_vec()), 3), b"8");
        assert_eq!(next(Some(b"7".to_vec()), 12), b"13");
        assert_eq!(next(Some(b"not a number".to_vec()), 2), b"3");
    }
}
