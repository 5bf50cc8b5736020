//! From lines to a shop's log.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
};

use domain::{EventRecord, ShopSlug, VerdictRecord, chain::Hash};
use store::{Append, AppendError, Blob, Checkpoint, EventStore, ShopHead, StoreError};
use uuid::Uuid;

use super::{
    PAGE,
    lines::Manifest,
    reader::{BadArchive, Item, Reader},
};

/// Why nothing was imported. Only where it says so was something written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Archive(#[from] BadArchive),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("shop {shop} has another log: epoch {actual}, not {expected}. It differs from position 1 on")]
    ForeignEpoch { shop: ShopSlug, expected: Uuid, actual: Uuid },
    #[error("shop {shop} has gone another way: its log differs from position {position} on")]
    Parted { shop: ShopSlug, position: u64 },
    /// What was written is the beginning of the file, and whole. Importing the file again goes on from there.
    #[error("stopped at position {position}: {problem}. Import the file again to go on from there")]
    Stopped { position: u64, problem: AppendError },
}

/// What an import has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    pub shop: ShopSlug,
    pub epoch: Uuid,
    /// Position of the log before.
    pub before: u64,
    /// Position of the log now; beyond the file's where the shop has gone on since.
    pub head: u64,
    /// Verdicts of commands that changed nothing, as far as they were not known.
    pub verdicts: u64,
    /// Pictures that were not there.
    pub pictures: u64,
}

impl Imported {
    #[must_use]
    pub fn changed_nothing(&self) -> bool {
        self.before == self.head && self.verdicts == 0 && self.pictures == 0
    }
}

/// Brings the log of a shop up to the file's end: `into`, or the shop that the file names. A shop that does not
/// exist, or has no entry yet, takes on the epoch of the file.
///
/// The file is read twice: once to check all of it, once to write. `open` opens it.
/// `progress` is told the position reached and the last one, once a page, for each reading.
///
/// # Errors
/// [`ImportError`].
pub async fn import<R: BufRead>(
    store: &dyn EventStore,
    open: impl Fn() -> std::io::Result<R>,
    into: Option<ShopSlug>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Imported, ImportError> {
    let mut checked = Reader::new(open().map_err(BadArchive::Read)?)?;
    let manifest = checked.manifest().clone();
    let shop = into.unwrap_or_else(|| manifest.shop.clone());
    let there = store.head(&shop).await?;
    check(store, &mut checked, there.as_ref(), progress).await?;
    drop(checked);
    let head = match there {
        None => store.create_shop(&shop, &manifest.title, manifest.epoch).await?,
        Some(head) if head.epoch == manifest.epoch => head,
        Some(_) => store.change_epoch(&shop, manifest.epoch).await?,
    };
    let before = head.position;
    let mut writer = Writer { store, shop: shop.clone(), before, head, manifest, verdicts: 0, pictures: 0 };
    writer.write_all(&mut Reader::new(open().map_err(BadArchive::Read)?)?, progress).await?;
    let Writer { head, verdicts, pictures, .. } = writer;
    if head.position > before {
        store.announce(&shop, head.position);
    }
    Ok(Imported { shop, epoch: head.epoch, before, head: head.position, verdicts, pictures })
}

/// All of the file, and that what is there already is its beginning, or it the beginning of what is there.
async fn check<R: BufRead>(
    store: &dyn EventStore,
    reader: &mut Reader<R>,
    there: Option<&ShopHead>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), ImportError> {
    let manifest = reader.manifest().clone();
    if let Some(head) = there.filter(|head| head.position > 0 && head.epoch != manifest.epoch) {
        let (shop, expected, actual) = (head.shop.clone(), manifest.epoch, head.epoch);
        return Err(ImportError::ForeignEpoch { shop, expected, actual });
    }
    let mut page: Vec<(u64, Hash)> = Vec::new();
    loop {
        let item = reader.next_item()?;
        let at_end = item.is_none();
        if let Some(Item::Event { record, .. }) = item {
            page.push((record.position, record.hash));
        }
        if page.len() >= PAGE as usize || at_end {
            if let (Some(head), Some((first, _))) = (there, page.first()) {
                same(store, head, first - 1, &page).await?;
            }
            if let Some((position, _)) = page.last() {
                progress(*position, manifest.head);
            }
            page.clear();
        }
        if at_end {
            return Ok(());
        }
    }
}

async fn same(store: &dyn EventStore, head: &ShopHead, after: u64, page: &[(u64, Hash)]) -> Result<(), ImportError> {
    if after >= head.position {
        return Ok(());
    }
    let stored = store.read(&head.shop, after, PAGE).await?;
    match stored.iter().zip(page).find(|(record, (_, hash))| record.hash != *hash) {
        Some((_, (position, _))) => Err(ImportError::Parted { shop: head.shop.clone(), position: *position }),
        None => Ok(()),
    }
}

struct Writer<'a> {
    store: &'a dyn EventStore,
    shop: ShopSlug,
    /// What was there before is not written again.
    before: u64,
    head: ShopHead,
    manifest: Manifest,
    /// Written that no event tells.
    verdicts: u64,
    pictures: u64,
}

impl Writer<'_> {
    async fn write_all<R: BufRead>(
        &mut self,
        reader: &mut Reader<R>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), ImportError> {
        let (mut records, mut verdicts): (Vec<EventRecord>, Vec<VerdictRecord>) = (Vec::new(), Vec::new());
        let mut silent: Vec<VerdictRecord> = Vec::new();
        let mut position = 0;
        while let Some(item) = reader.next_item()? {
            match item {
                Item::Picture(blob) => self.keep(blob).await?,
                Item::Event { record, verdict } => {
                    position = record.position;
                    if position <= self.before {
                        continue;
                    }
                    // What follows from an entry stays in one append with it, so that an import that is interrupted
                    // leaves nothing for process managers to do a second time.
                    let ends = records.last().is_some_and(|last| last.correlation != record.correlation);
                    if ends && records.len() >= PAGE as usize {
                        self.append(std::mem::take(&mut records), std::mem::take(&mut verdicts)).await?;
                        progress(self.head.position, self.manifest.head);
                    }
                    records.push(record);
                    verdicts.extend(verdict);
                }
                Item::Verdict(verdict) if records.last().is_some_and(|last| last.command_id == verdict.command_id) => {
                    verdicts.push(verdict);
                }
                Item::Verdict(_) if position < self.manifest.head => {}
                Item::Verdict(verdict) => silent.push(verdict),
            }
            if silent.len() >= PAGE as usize {
                self.append(std::mem::take(&mut records), std::mem::take(&mut verdicts)).await?;
                self.append_unknown(std::mem::take(&mut silent)).await?;
            }
        }
        self.append(records, verdicts).await?;
        self.append_unknown(silent).await?;
        progress(self.manifest.head, self.manifest.head);
        Ok(())
    }

    /// Also one whose event is in the log already: an earlier import may have had no more than that.
    async fn keep(&mut self, blob: Blob) -> Result<(), ImportError> {
        if self.store.blobs_there(&self.shop, std::slice::from_ref(&blob.name)).await?.is_empty() {
            // What one store had room for is not left out of another.
            self.store.keep_blob(&self.shop, blob, u64::MAX).await?;
            self.pictures += 1;
        }
        Ok(())
    }

    async fn append(&mut self, records: Vec<EventRecord>, verdicts: Vec<VerdictRecord>) -> Result<(), ImportError> {
        let after = self.head.position;
        let (position, hash) = records.last().map_or((after, self.head.hash), |last| (last.position, last.hash));
        if records.is_empty() && verdicts.is_empty() {
            return Ok(());
        }
        let checkpoints = checkpoints(&self.manifest.checkpoints, position);
        let append = Append { epoch: self.manifest.epoch, after, records, verdicts, checkpoints, handled: Vec::new() };
        let stopped = |problem| ImportError::Stopped { position: after, problem };
        self.store.append(&self.shop, append).await.map_err(stopped)?;
        (self.head.position, self.head.hash) = (position, hash);
        Ok(())
    }

    /// Verdicts that no event tells: those that the store has are left as they are.
    async fn append_unknown(&mut self, mut verdicts: Vec<VerdictRecord>) -> Result<(), ImportError> {
        let ids: Vec<_> = verdicts.iter().map(|one| one.command_id).collect();
        let known = self.store.verdicts(&self.shop, &ids).await?;
        let known: BTreeSet<_> = known.into_iter().map(|one| one.command_id).collect();
        verdicts.retain(|one| !known.contains(&one.command_id));
        self.verdicts += verdicts.len() as u64;
        let after = self.head.position;
        if verdicts.is_empty() {
            return Ok(());
        }
        let append = Append { epoch: self.manifest.epoch, after, verdicts, ..Append::default() };
        let stopped = |problem| ImportError::Stopped { position: after, problem };
        self.store.append(&self.shop, append).await.map_err(stopped)
    }
}

fn checkpoints(of_all: &BTreeMap<String, u64>, position: u64) -> Vec<Checkpoint> {
    let rows = of_all.iter();
    rows.map(|(name, reached)| Checkpoint { name: name.as_str().into(), position: (*reached).min(position) }).collect()
}
