//! Entries that the process managers have not seen: a process manager is new, or the log came by import.
//!
//! Most entries of a log ask for nothing more, or had their answer when they were written. So what is asked of the store
//! is asked for a page of entries at once, and only about those that a process manager would answer now: one question for
//! each entry made a start take a minute for every half million.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CommandId, Entry, processes::PROCESSES, record::seal};
use store::Append;

use super::{Appender, Standing, TRIES, checkpoints};
use crate::shop::{ShopError, log::unavailable};

impl Appender {
    /// Lets the process managers see entries that they have not seen. How far they came is kept after every page, so
    /// that a start which is cut off goes on from there.
    ///
    /// # Errors
    /// [`ShopError`] when the store cannot be reached; what was done stays done.
    pub async fn run_lagging_processes(&mut self) -> Result<(), ShopError> {
        let mut after = self.log.processed().await?;
        while after < self.log.position() {
            let page = self.log.page_again(after).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            let entries: Vec<Entry> = page.iter().filter_map(|record| record.decode().ok()).collect();
            let books = &self.log.authority.books;
            let reacting: Vec<&Entry> = entries.iter().filter(|entry| books.asks_for_more(entry)).collect();
            let answered = self.answered(&reacting).await?;
            for entry in entries.iter().filter(|entry| !answered.contains(&entry.position)) {
                self.react_to(entry).await?;
            }
            self.keep_checkpoints(after).await?;
        }
        Ok(())
    }

    /// Positions of those entries that had their reactions. The reactions to one entry are written together, so one of
    /// them tells of all.
    async fn answered(&self, entries: &[&Entry]) -> Result<BTreeSet<u64>, ShopError> {
        if entries.is_empty() {
            return Ok(BTreeSet::new());
        }
        let epoch = self.log.authority.epoch;
        let first = |entry: &Entry, name: &str| CommandId::derived(epoch, name, entry.position, 0);
        let mut positions = BTreeMap::new();
        for entry in entries {
            positions.extend(PROCESSES.iter().map(|process| (first(entry, process.name), entry.position)));
        }
        let ids: Vec<CommandId> = positions.keys().copied().collect();
        let found = self.store.verdicts(&self.shop.slug, &ids).await.map_err(unavailable)?;
        Ok(found.iter().filter_map(|record| positions.get(&record.command_id).copied()).collect())
    }

    async fn react_to(&mut self, entry: &Entry) -> Result<(), ShopError> {
        for _ in 0..TRIES {
            self.get_sure().await?;
            let stamp = self.log.stamp_of();
            // Another instance may have answered since the page was asked about.
            if !self.log.authority.books.asks_for_more(entry) || !self.answered(&[entry]).await?.is_empty() {
                return Ok(());
            }
            let mut working = self.log.authority.clone();
            let handled = working.books.react(entry, stamp);
            let records = seal(&handled.entries, working.hash).map_err(|_| ShopError::Poisoned)?;
            let append = Append {
                epoch: stamp.epoch,
                after: self.log.position(),
                checkpoints: checkpoints(entry.position),
                verdicts: handled.settled,
                records: records.clone(),
                ..Append::default()
            };
            if self.written(append).await? {
                working.hash = records.last().map_or(working.hash, |record| record.hash);
                self.log.authority = working;
                self.log.wrote(&records);
                self.publish(&records);
                return Ok(());
            }
        }
        // Its place must not be kept as if it had been answered: the next start tries again.
        Err(ShopError::Unavailable)
    }

    /// An economy of the next start: if somebody else writes meanwhile, it is left.
    async fn keep_checkpoints(&mut self, position: u64) -> Result<(), ShopError> {
        let append = Append {
            epoch: self.log.authority.epoch,
            after: self.log.position(),
            checkpoints: checkpoints(position),
            ..Append::default()
        };
        self.written(append).await.map(drop)
    }

    /// False when it was not written, or perhaps not, and the log has to be looked at before the next try.
    async fn written(&mut self, append: Append) -> Result<bool, ShopError> {
        match self.store.append(&self.shop.slug, append).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_permanent() => Err(ShopError::Unavailable),
            Err(_) => {
                self.standing = Standing::Behind;
                Ok(false)
            }
        }
    }
}
