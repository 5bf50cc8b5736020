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
//! | `device` | `picture/<name>/<n>` | a picture that is not sent yet, in pieces |
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
pub mod pictures;

use std::{
    cell::{Cell, RefCell},
    pin::{Pin, pin},
    rc::Rc,
};

use domain::{CommandId, EventRecord, ShopSlug, values::BlobHash};
use futures::future::{Either, select};
use sync::{Acknowledged, Lost, OutboxRecord, StoredState, protocol::Snapshot};
use uuid::Uuid;

pub use self::error::StorageError;
use self::{
    idb::{Database, Durability, Write},
    outbox::Unreadable,
};
use crate::{crash, device::Device, events::sleep};

const STORES: &[&str] = &["outbox", "book", "device"];

/// How long a page waits for the database before it shows itself without.
const OPENING: u64 = 10_000;

/// How often, and how far apart, a database that was closed is opened again.
const REOPENING: u32 = 20;
const REOPEN_AFTER: u64 = 250;

/// Where things are kept.
///
/// ```text
/// Unread ──opened and read──► Durable ──cleared by the browser──► Durable, under another name
///   ▲  └── too slow, cannot be read: again and again
///   └── at the start ──not allowed──► Memory
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mode {
    /// In IndexedDB, with strict commits. What was stored outlives the tab, the browser and the power.
    Durable,
    /// What lies here is not known yet, and nothing new may be called saved.
    Unread { why: StorageError },
    /// Nowhere: this window forgets everything when it is closed, and nothing here may be called saved.
    Memory { why: StorageError },
}

/// What storage says by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// The browser has ended the connection: what was kept may be gone.
    Ended,
    /// What was kept is gone. Writes go to an empty database, whose owner has another name.
    Cleared,
    /// The copy of the log has made room for commands.
    BookDropped,
}

type Opening = Pin<Box<dyn Future<Output = Result<Database, StorageError>>>>;

/// A shop's place on this device.
pub struct Storage {
    shop: ShopSlug,
    mode: RefCell<Mode>,
    database: RefCell<Option<Rc<Database>>>,
    /// An attempt that has not been answered. To drop it would leave the browser with callbacks that are gone.
    opening: Cell<Option<Opening>>,
    /// Who wrote what is here.
    device: Cell<Device>,
    /// Whether that is what the database says.
    is_claimed: Cell<bool>,
    told: Rc<dyn Fn(Told)>,
    /// Whoever was here has signed out: the copy of the log is not written any more.
    is_book_closed: Cell<bool>,
}

/// What was found at the start.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub stored: StoredState,
    /// Records in a form that this build cannot read. They stay where they are: a newer build wrote them.
    pub unreadable: Vec<Unreadable>,
    /// Why the copy of the log was not used; it was set aside and will be fetched again.
    pub problem: Option<StorageError>,
}

impl Storage {
    /// Nothing is opened before [`Storage::load`].
    #[must_use]
    pub fn new(shop: &ShopSlug, told: impl Fn(Told) + 'static) -> Self {
        let why = StorageError::named("TimeoutError", "storage does not answer");
        Self {
            shop: shop.clone(),
            mode: RefCell::new(Mode::Unread { why }),
            database: RefCell::default(),
            opening: Cell::default(),
            device: Cell::new(Device(mirror::get(DEVICE).unwrap_or_else(Uuid::new_v4))),
            is_claimed: Cell::new(false),
            told: Rc::new(told),
            is_book_closed: Cell::new(false),
        }
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode.borrow().clone()
    }

    /// Opens or makes the shop's database and reads everything; may be tried again. Where the browser keeps nothing,
    /// this is a [`Mode`] with nothing found, not an error.
    ///
    /// # Errors
    /// When it is not known what lies here.
    pub async fn load(&self) -> Result<Found, StorageError> {
        let loaded = self.open_and_read().await;
        let (mode, loaded) = match loaded {
            Ok(found) => (Mode::Durable, Ok(found)),
            // There is no database in which anything could lie, so what localStorage may hold is all there is.
            Err(why @ StorageError::Blocked { .. }) => {
                let (outbox, unreadable) = outbox::unite(outbox::read_mirror(&self.shop), Vec::new());
                let stored = StoredState { outbox, ..StoredState::default() };
                (Mode::Memory { why }, Ok(Found { stored, unreadable, problem: None }))
            }
            Err(why) => (Mode::Unread { why: why.clone() }, Err(why)),
        };
        *self.mode.borrow_mut() = mode;
        loaded
    }

    async fn open_and_read(&self) -> Result<Found, StorageError> {
        self.connect().await?;
        let mut found = Found::default();
        (found.stored.outbox, found.unreadable) = self.load_outbox().await?;
        let (settled, unreadable) = acknowledged::read(&self.read("device", acknowledged::PREFIX).await?);
        found.stored.acknowledged = settled;
        found.unreadable.extend(unreadable);
        found.stored.lost = acknowledged::read_lost(&self.read("device", acknowledged::LOST).await?);
        // A copy that stopped the program while it was folded would do so at every start.
        if crash::was_folding(&self.shop) {
            let _ = self.clear_book().await;
            return Ok(found);
        }
        match self.read("book", "").await.and_then(|rows| book::read(&rows)) {
            Ok(Some((snapshot, tail))) => {
                found.stored.snapshot = Some(snapshot);
                found.stored.tail = tail;
            }
            Ok(None) => {}
            Err(problem) => {
                // Whatever cannot be read now would not be read next time either.
                let _ = self.clear_book().await;
                found.problem = Some(problem);
            }
        }
        Ok(found)
    }

    /// The commands of both halves, united.
    pub async fn load_outbox(&self) -> Result<(Vec<OutboxRecord>, Vec<Unreadable>), StorageError> {
        // The database first: a command that moves to it meanwhile is then found in localStorage. And never
        // localStorage alone: it may lag behind, and have a command that a person has given up since.
        let kept = self.read("outbox", "").await?;
        Ok(outbox::unite(outbox::read_mirror(&self.shop), kept))
    }

    /// This device's settled commands, as they are now.
    pub async fn load_acknowledged(&self) -> Result<Vec<Acknowledged>, StorageError> {
        Ok(acknowledged::read(&self.read("device", acknowledged::PREFIX).await?).0)
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
                self.drop_book().await?;
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

    /// Takes away a record that cannot be read. A person has decided so: nothing else would know of it any more.
    pub async fn remove_unreadable(&self, id: &str) -> Result<(), StorageError> {
        let store = if id.starts_with(acknowledged::PREFIX) { "device" } else { "outbox" };
        self.write(&[Write::Delete { store, key: id.to_owned() }], Durability::Strict).await?;
        mirror::delete(&outbox::mirror_key_of_unreadable(&self.shop, id));
        Ok(())
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
    pub async fn offer(
        &self,
        records: &[OutboxRecord],
        kept: &[Acknowledged],
        snapshot: Option<&Snapshot>,
    ) -> Result<(), StorageError> {
        let (mut writes, book) = (acknowledged::offer(records)?, snapshot.map(book::replace).transpose()?);
        for one in kept {
            writes.extend(acknowledged::keep(one, &[])?);
        }
        let all: Vec<Write> = writes.iter().cloned().chain(book.into_iter().flatten()).collect();
        match self.write(&all, Durability::Strict).await {
            Err(StorageError::Full) => {
                self.drop_book().await?;
                self.write(&writes, Durability::Strict).await
            }
            answer => answer,
        }
    }

    /// Writes the list of what the server has lost.
    pub async fn keep_lost(&self, lost: &[Lost]) -> Result<(), StorageError> {
        self.write(&[acknowledged::write_lost(lost)?], Durability::Relaxed).await
    }

    /// Keeps a picture until it is sent: when this is done, it outlives the browser.
    pub async fn keep_picture(&self, name: &BlobHash, bytes: &[u8]) -> Result<(), StorageError> {
        self.write(&pictures::keep(name, bytes), Durability::Strict).await
    }

    /// A picture that is kept here.
    pub async fn picture(&self, name: &BlobHash) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(pictures::read(name, &self.read("device", &pictures::prefix(name)).await?))
    }

    /// Lets a picture go that is with the server.
    pub async fn forget_picture(&self, name: &BlobHash) -> Result<(), StorageError> {
        let rows = self.read("device", &pictures::prefix(name)).await?;
        self.write(&pictures::forget(&rows), Durability::Relaxed).await
    }

    /// Writes entries behind the copy of the log.
    pub async fn append(&self, records: &[EventRecord]) -> Result<(), StorageError> {
        if self.is_book_closed.get() {
            return Ok(());
        }
        self.write(&book::append(records)?, Durability::Relaxed).await
    }

    /// Writes a snapshot in place of the copy of the log, in one transaction.
    pub async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StorageError> {
        if self.is_book_closed.get() {
            return Ok(());
        }
        self.write(&book::replace(snapshot)?, Durability::Relaxed).await
    }

    /// From here on the copy of the log is not written; what is under way comes before what is asked for next.
    pub fn close_book(&self) {
        self.is_book_closed.set(true);
    }

    /// Throws the copy of a shop's log away that no page here has open.
    ///
    /// # Errors
    /// When it cannot be opened or cleared.
    pub async fn forget_books(shop: &ShopSlug) -> Result<(), StorageError> {
        let storage = Self::new(shop, |_| {});
        if let Err(why) = storage.load().await {
            // An answer that comes later must find somebody.
            std::mem::forget(storage);
            return Err(why);
        }
        storage.clear_book().await
    }

    /// Throws the copy of the log away. The outbox stays.
    pub async fn clear_book(&self) -> Result<(), StorageError> {
        self.write(&[Write::Clear { store: "book" }], Durability::Relaxed).await
    }

    /// Removes all that is known of the books: the copy of the log, and what was settled. The outbox stays, with the
    /// pictures that it names.
    pub async fn wipe(&self) -> Result<(), StorageError> {
        let settled = self.read("device", acknowledged::PREFIX).await?;
        let mut writes = vec![Write::Clear { store: "book" }, acknowledged::forget_lost()];
        writes.extend(settled.into_iter().map(|(key, _)| Write::Delete { store: "device", key }));
        self.write(&writes, Durability::Strict).await
    }

    async fn drop_book(&self) -> Result<(), StorageError> {
        self.clear_book().await?;
        (self.told)(Told::BookDropped);
        Ok(())
    }

    /// The identity of this browser profile.
    ///
    /// It is kept in both stores, and the database's word counts. One that is found in neither is a new device, also
    /// when it is an old one whose storage was cleared: numbers that were given under the old name are not known any
    /// more.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device.get()
    }

    /// Another name, since another device of the shop has the code of the one before. Numbers are counted anew under it.
    /// Where another tab was told so first, it is the one that that one took.
    pub async fn take_another_name(&self, taken: &str) {
        let (fresh, code) = (Uuid::new_v4(), taken.to_owned());
        let kept = match self.connection() {
            Ok(database) => database.update("device", "id", move |old| another(old, &code, fresh)).await,
            Err(why) => Err(why),
        };
        // No room for a name: it lasts as long as this page, and the next one is told again.
        let name = kept.ok().and_then(|bytes| Uuid::try_parse_ascii(&bytes).ok()).unwrap_or(fresh);
        // Cleared meanwhile, it has another one already.
        if self.device.get().code() == taken {
            self.device.set(Device(name));
            let _ = mirror::set(DEVICE, &name);
        }
    }

    /// A receipt number that was never given before, also not to another tab.
    ///
    /// The step itself is not flushed: it is on the medium before the command that uses it, since that one's
    /// strict commit flushes everything before it.
    pub async fn next_receipt(&self) -> String {
        let counted = match self.count().await {
            // Cleared meanwhile: the next attempt counts under the new name.
            Err(StorageError::Closed { .. }) if self.reopen_ended().await.is_ok() => self.count().await,
            counted => counted,
        };
        // A number that cannot be counted is given under a name that nobody else has.
        counted.unwrap_or_else(|_| receipt(Device(Uuid::new_v4()), 1))
    }

    async fn count(&self) -> Result<String, StorageError> {
        let device = self.device();
        let key = format!("daybook:{}:receipts:{}", self.shop, device.code());
        let seen: u64 = mirror::get(&key).unwrap_or(0);
        let counter = format!("receipts/{}", device.code());
        let counted = self.connection()?.update("device", &counter, move |old| next(old, seen)).await?;
        let number = number(&counted);
        let _ = mirror::set(&key, &number);
        Ok(receipt(device, number))
    }

    async fn read(&self, store: &str, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        match self.connection()?.read(store, prefix).await {
            Err(StorageError::Closed { .. }) => self.reopen_ended().await?.read(store, prefix).await,
            answer => answer,
        }
    }

    async fn write(&self, writes: &[Write], durability: Durability) -> Result<(), StorageError> {
        match self.connection()?.write(writes, durability).await {
            Err(StorageError::Closed { .. }) => self.reopen_ended().await?.write(writes, durability).await,
            answer => answer,
        }
    }

    fn connection(&self) -> Result<Rc<Database>, StorageError> {
        match (&*self.database.borrow(), &*self.mode.borrow()) {
            (Some(database), _) => Ok(database.clone()),
            (None, Mode::Unread { why } | Mode::Memory { why }) => Err(why.clone()),
            (None, Mode::Durable) => Err(StorageError::named("MissingStorage", "no database")),
        }
    }

    fn open(&self) -> Opening {
        let told = self.told.clone();
        Box::pin(Database::open(format!("daybook:{}", self.shop), STORES, move || told(Told::Ended)))
    }

    /// Opens the database for the first time. An open that another page blocks, or that a broken profile never
    /// answers, must not hold the page up: it goes on being waited for at the next attempt.
    async fn connect(&self) -> Result<(), StorageError> {
        if self.database.borrow().is_some() {
            return Ok(());
        }
        let opening = self.opening.take().unwrap_or_else(|| self.open());
        match select(opening, pin!(sleep(OPENING))).await {
            Either::Left((Ok(database), _)) => self.claim(database).await.map(drop),
            // Firefox answers so in private windows.
            Either::Left((Err(StorageError::Closed { name }), _)) if name == "InvalidStateError" => {
                Err(StorageError::Blocked { name })
            }
            Either::Left((Err(why), _)) => Err(why),
            Either::Right(((), opening)) => {
                self.opening.set(Some(opening));
                Err(StorageError::named("TimeoutError", "storage does not answer"))
            }
        }
    }

    /// The browser may end a connection at any time, above all when it clears what it keeps. Opens a new one, and finds
    /// out what is left.
    pub async fn reopen_ended(&self) -> Result<Rc<Database>, StorageError> {
        if let Some(database) = self.database.borrow().as_ref().filter(|database| !database.has_ended()) {
            return Ok(database.clone());
        }
        let mut attempt = 0;
        loop {
            let reopened = match self.open().await {
                Ok(database) => self.claim(database).await,
                Err(why) => Err(why),
            };
            attempt += 1;
            match reopened {
                // Chromium cuts off what opens while it is still clearing.
                Err(StorageError::Closed { .. }) if attempt < REOPENING => sleep(REOPEN_AFTER).await,
                reopened => return reopened,
            }
        }
    }

    /// Finds out whose database this is, and makes it ours if it is nobody's. One that has another owner than before
    /// was cleared: by then another tab may have been the first to write to it.
    async fn claim(&self, database: Database) -> Result<Rc<Database>, StorageError> {
        // Numbers were given under the old name, and nobody knows any more which.
        let name = if self.is_claimed.get() { Uuid::new_v4() } else { self.device.get().0 };
        let owner = database.update("device", "id", move |old| {
            let owner = old.and_then(|bytes| Uuid::try_parse_ascii(&bytes).ok()).unwrap_or(name);
            owner.to_string().into_bytes()
        });
        let owner = match owner.await {
            Ok(bytes) => Device(Uuid::try_parse_ascii(&bytes).unwrap_or(name)),
            Err(ended @ StorageError::Closed { .. }) => return Err(ended),
            // No room for a name: it lasts as long as this page, and what is given to storage is not saved either.
            Err(_) => Device(name),
        };
        let before = self.device.replace(owner);
        let is_cleared = self.is_claimed.replace(true) && before != owner;
        let _ = mirror::set(DEVICE, &owner.0);
        // Only now: whoever finds this connection counts under the name that belongs to it.
        let database = Rc::new(database);
        *self.database.borrow_mut() = Some(database.clone());
        if is_cleared {
            (self.told)(Told::Cleared);
        }
        Ok(database)
    }
}

/// The device's key in localStorage.
const DEVICE: &str = "daybook:device";

fn receipt(device: Device, number: u64) -> String {
    format!("{}-{number:04}", device.code())
}

/// The name of whoever has this code no more.
fn another(old: Option<Vec<u8>>, taken: &str, fresh: Uuid) -> Vec<u8> {
    let old = old.and_then(|bytes| Uuid::try_parse_ascii(&bytes).ok());
    old.filter(|name| Device(*name).code() != taken).unwrap_or(fresh).to_string().into_bytes()
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
    fn p2_of_several_tabs_one_takes_another_code_and_the_others_take_that_one() {
        let [old, first, second] = [1, 2, 3].map(|number: u128| Uuid::from_u128(number << 80));
        let code = Device(old).code();
        let stored = |name: Uuid| name.to_string().into_bytes();
        assert_eq!(another(Some(stored(old)), &code, first), stored(first));
        assert_eq!(another(Some(stored(first)), &code, second), stored(first), "and none takes a second");
        for unreadable in [None, Some(b"not a name".to_vec())] {
            assert_eq!(another(unreadable, &code, first), stored(first));
        }
        assert_ne!(Device(first).code(), code);
    }

    #[test]
    fn a_receipt_number_is_above_both_counters() {
        assert_eq!(next(None, 0), b"1");
        assert_eq!(next(Some(b"7".to_vec()), 3), b"8");
        assert_eq!(next(Some(b"7".to_vec()), 12), b"13");
        assert_eq!(next(Some(b"not a number".to_vec()), 2), b"3");
    }
}
