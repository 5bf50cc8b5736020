//! A shop's log and books as this process knows them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use app::backend::View;
use domain::{
    Books, EventRecord, ShopSlug,
    books::{FOLD_VERSION, Stamp},
    chain::{Hash, link},
    processes::PROCESSES,
    values::Millis,
};
use store::{EventStore, StoreError};
use sync::authority::Authority;

use super::{ShopError, snapshot};

/// Entries in one read.
const PAGE: u32 = 1_000;

const DIGEST_EVERY: Duration = Duration::from_secs(1);

pub struct Log {
    store: Arc<dyn EventStore>,
    shop: ShopSlug,
    title: Arc<str>,
    pub authority: Authority,
    /// Of the last entry: the next is never stamped earlier, so that position order is time order.
    last_recorded: Millis,
    /// Position of the last snapshot that was loaded or asked for.
    pub snapshot_at: u64,
    digested: Instant,
}

impl Log {
    async fn at_origin(store: Arc<dyn EventStore>, shop: &ShopSlug) -> Result<Self, ShopError> {
        let head = store.head(shop).await.map_err(unavailable)?.ok_or(ShopError::Unknown)?;
        Ok(Self {
            store,
            shop: shop.clone(),
            title: head.title,
            authority: Authority { epoch: head.epoch, hash: Hash::ORIGIN, books: Books::default() },
            last_recorded: Millis(0),
            snapshot_at: 0,
            digested: Instant::now(),
        })
    }

    /// Loads a shop from its newest snapshot and the entries after it.
    ///
    /// # Errors
    /// [`ShopError`]: unknown, unreachable, or unreadable from a position on.
    pub async fn load(store: Arc<dyn EventStore>, shop: &ShopSlug) -> Result<Self, ShopError> {
        let mut log = Self::at_origin(store, shop).await?;
        log.start_from_snapshot(None).await?;
        log.read_to_end().await?;
        let _ = log.authority.books.digest();
        Ok(log)
    }

    /// As [`Log::load`], from the first entry.
    ///
    /// # Errors
    /// As [`Log::load`].
    pub async fn fold_from_start(store: Arc<dyn EventStore>, shop: &ShopSlug) -> Result<Self, ShopError> {
        Self::fold_and_tell(store, shop, &mut |_| {}).await
    }

    /// As [`Log::fold_from_start`]; `progress` is told the position reached, once a page.
    ///
    /// # Errors
    /// As [`Log::load`].
    pub async fn fold_and_tell(
        store: Arc<dyn EventStore>,
        shop: &ShopSlug,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, ShopError> {
        let mut log = Self::at_origin(store, shop).await?;
        while !log.next_page().await?.is_empty() {
            progress(log.position());
        }
        Ok(log)
    }

    /// The books of `shop` at `position`, which must not lie beyond the head.
    ///
    /// # Errors
    /// As [`Log::load`].
    pub async fn load_past(store: Arc<dyn EventStore>, shop: &ShopSlug, position: u64) -> Result<View, ShopError> {
        let mut log = Self::at_origin(store, shop).await?;
        log.start_from_snapshot(Some(position)).await?;
        while log.position() < position {
            let limit = u32::try_from(position - log.position()).unwrap_or(PAGE).min(PAGE);
            let records = log.read(limit).await?;
            if records.is_empty() {
                break;
            }
            log.take_in(&records)?;
        }
        Ok(log.view())
    }

    async fn read_to_end(&mut self) -> Result<(), ShopError> {
        while !self.next_page().await?.is_empty() {}
        Ok(())
    }

    #[must_use]
    pub fn position(&self) -> u64 {
        self.authority.books.position
    }

    #[must_use]
    pub fn view(&self) -> View {
        let Authority { epoch, hash, books } = &self.authority;
        View { title: self.title.clone(), epoch: *epoch, hash: *hash, books: Arc::new(books.clone()) }
    }

    /// Asking for the digest now and then keeps it cheap: rows that changed since it was last asked for are hashed
    /// anew by every view of the books.
    pub fn digest_now_and_then(&mut self) {
        if self.digested.elapsed() >= DIGEST_EVERY {
            let _ = self.authority.books.digest();
            self.digested = Instant::now();
        }
    }

    /// When the next entries are written down.
    #[must_use]
    pub fn stamp(&self) -> Millis {
        crate::clock::now().max(self.last_recorded)
    }

    /// Entries that became durable here.
    pub fn wrote(&mut self, records: &[EventRecord]) {
        if let Some(last) = records.last() {
            self.last_recorded = last.recorded_at;
        }
    }

    /// A snapshot is only an economy: one that does not fit the log, or that this build cannot read, is left.
    async fn start_from_snapshot(&mut self, at_most: Option<u64>) -> Result<(), ShopError> {
        let row = self.store.load_snapshot(&self.shop, FOLD_VERSION, at_most).await.map_err(unavailable)?;
        let Some(row) = row.filter(|row| row.position > 0) else { return Ok(()) };
        let entry = self.store.read(&self.shop, row.position - 1, 1).await.map_err(unavailable)?;
        let Some(entry) = entry.first().filter(|entry| entry.position == row.position && entry.hash == row.hash) else {
            tracing::warn!(shop = %self.shop, position = row.position, "a snapshot that is not of this log is left");
            return Ok(());
        };
        self.last_recorded = entry.recorded_at;
        let (hash, position) = (row.hash, row.position);
        // Decoding takes as long as the shop is large; other shops' tasks go on meanwhile.
        match tokio::task::spawn_blocking(move || snapshot::decode(&row)).await {
            Ok(Some(books)) => {
                self.authority.books = books;
                self.authority.hash = hash;
                self.snapshot_at = position;
            }
            _ => tracing::warn!(shop = %self.shop, position, "a snapshot that cannot be read is left"),
        }
        Ok(())
    }

    /// Takes in what others have written.
    ///
    /// # Errors
    /// [`ShopError::Unreadable`] at the first entry that does not fit; everything before it was taken in.
    pub async fn catch_up(&mut self) -> Result<Vec<EventRecord>, ShopError> {
        let mut caught = Vec::new();
        loop {
            let records = self.next_page().await?;
            if records.is_empty() {
                return Ok(caught);
            }
            caught.extend(records);
        }
    }

    async fn next_page(&mut self) -> Result<Vec<EventRecord>, ShopError> {
        let records = self.read(PAGE).await?;
        self.take_in(&records)?;
        Ok(records)
    }

    async fn read(&self, limit: u32) -> Result<Vec<EventRecord>, ShopError> {
        self.store.read(&self.shop, self.position(), limit).await.map_err(|error| match error {
            StoreError::Corrupt { position, problem, .. } => ShopError::Unreadable { position, problem },
            other => unavailable(other),
        })
    }

    fn take_in(&mut self, records: &[EventRecord]) -> Result<(), ShopError> {
        for record in records {
            let position = self.position() + 1;
            let unreadable = |problem: String| ShopError::Unreadable { position, problem };
            if record.position != position {
                return Err(unreadable(format!("entry {} stands where it should be", record.position)));
            }
            if link(self.authority.hash, record) != record.hash {
                return Err(unreadable("its hash does not follow from the entry before".to_owned()));
            }
            let entry = record.decode().map_err(|error| unreadable(error.to_string()))?;
            self.authority.books.apply(&entry).map_err(|error| unreadable(error.to_string()))?;
            self.authority.hash = record.hash;
            self.last_recorded = record.recorded_at;
        }
        Ok(())
    }

    /// Position up to which every process manager has seen the log.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn processed(&self) -> Result<u64, ShopError> {
        let checkpoints = self.store.checkpoints(&self.shop).await.map_err(unavailable)?;
        let reached = |name: &str| {
            checkpoints.iter().find(|checkpoint| &*checkpoint.name == name).map_or(0, |checkpoint| checkpoint.position)
        };
        Ok(PROCESSES.iter().map(|process| reached(process.name)).min().unwrap_or(self.position()))
    }

    /// Entries after `after` that were taken in before, a page of them at most.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn page_again(&self, after: u64) -> Result<Vec<EventRecord>, ShopError> {
        self.store.read(&self.shop, after, PAGE).await.map_err(unavailable)
    }

    /// The clock and the log's identity, for deciding.
    #[must_use]
    pub fn stamp_of(&self) -> Stamp {
        Stamp { epoch: self.authority.epoch, recorded_at: self.stamp() }
    }
}

/// The reason goes to the operator, not to whoever asked.
pub fn unavailable(error: StoreError) -> ShopError {
    match error {
        StoreError::UnknownShop { .. } => ShopError::Unknown,
        StoreError::Corrupt { position, problem, .. } => ShopError::Unreadable { position, problem },
        other => {
            tracing::warn!(code = other.code(), error = %other, "the store did not answer");
            ShopError::Unavailable
        }
    }
}
