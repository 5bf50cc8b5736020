//! A store that lives and dies with the process: for tests, and the shortest statement of what a store does.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use domain::{
    AggregateId, CommandId, EventRecord, ShopSlug, VerdictRecord,
    chain::Hash,
    values::{BlobHash, Millis},
};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    access::{Access, MemoryAccess, MemoryData},
    append::{Append, Checkpoint},
    blob::Blob,
    error::{AppendError, StoreError},
    event_store::EventStore,
    hint::{Hint, Hints},
    letters::{Letters, MemoryLetters},
    queue::{Claim, Claimed, Offset, QueueRow, QueueStatus, Queued, RowState, partition},
    release::{KEPT_FOR, LEAST_KEPT, MOST_KEPT, Release, ReleaseFile},
    shop::{ShopHead, SnapshotRow},
    stored,
    views::{
        AllocationsView, View, entries_of,
        live::Live,
        search::{SearchView, memory::MemorySearch},
    },
};

/// See the module.
#[derive(Debug)]
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
    hints: Hints,
    live: Arc<Live>,
    is_live_inline: AtomicBool,
    letters: Arc<MemoryLetters>,
    access: Arc<Mutex<MemoryData>>,
    search: Arc<MemorySearch>,
}

#[derive(Debug, Default)]
struct Data {
    shops: BTreeMap<ShopSlug, Shop>,
    queue: Vec<Row>,
    /// The last one's number.
    arrivals: u64,
    /// Owner and end of the lease of each partition.
    leases: BTreeMap<u16, (Uuid, Millis)>,
    offsets: BTreeMap<String, u64>,
    /// When each release was started last.
    releases: BTreeMap<Arc<str>, Millis>,
    /// By path, with the release that had the file last.
    files: BTreeMap<String, (Arc<str>, ReleaseFile)>,
}

#[derive(Debug)]
struct Shop {
    head: ShopHead,
    events: Vec<EventRecord>,
    /// Indices into `events`; the place in the list is the version less one.
    aggregates: BTreeMap<AggregateId, Vec<usize>>,
    versions: BTreeSet<(AggregateId, u32)>,
    verdicts: BTreeMap<CommandId, VerdictRecord>,
    checkpoints: BTreeMap<Arc<str>, u64>,
    snapshots: BTreeMap<(u32, u64), SnapshotRow>,
    blobs: BTreeMap<BlobHash, Blob>,
}

#[derive(Debug)]
struct Row {
    arrival: u64,
    shop: ShopSlug,
    queued: Queued,
    state: RowState,
}

impl Row {
    fn fresh(arrival: u64, shop: &ShopSlug, queued: Queued) -> Self {
        Self { arrival, shop: shop.clone(), queued, state: RowState::Queued { attempts: 0, not_before: Millis(0) } }
    }

    fn key(&self) -> (ShopSlug, Arc<str>) {
        (self.shop.clone(), self.queued.key.clone())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        let (hints, is_live_inline) = (Hints::new(), AtomicBool::new(false));
        let (live, letters, search, access) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Self { data: Arc::default(), hints, live, is_live_inline, letters, search, access }
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        // Every change below is made after all its checks, so a panic elsewhere leaves nothing half done.
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Data {
    fn shop_mut(&mut self, shop: &ShopSlug) -> Result<&mut Shop, StoreError> {
        self.shops.get_mut(shop).ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })
    }

    fn settle(&mut self, shop: &ShopSlug, ids: &[CommandId]) {
        let settled = self.queue.iter_mut().filter(|row| row.shop == *shop && ids.contains(&row.queued.id));
        settled.for_each(|row| row.state = RowState::Settled);
    }

    fn row(&mut self, shop: &ShopSlug, id: CommandId) -> Option<&mut Row> {
        self.queue.iter_mut().find(|row| row.shop == *shop && row.queued.id == id)
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create_shop(&self, shop: &ShopSlug, title: &str, epoch: Uuid) -> Result<ShopHead, StoreError> {
        let mut data = self.data();
        let row = data.shops.entry(shop.clone()).or_insert_with(|| Shop {
            head: ShopHead { shop: shop.clone(), title: title.into(), epoch, position: 0, hash: Hash::ORIGIN },
            events: Vec::new(),
            aggregates: BTreeMap::new(),
            versions: BTreeSet::new(),
            verdicts: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            blobs: BTreeMap::new(),
        });
        Ok(row.head.clone())
    }

    async fn shops(&self) -> Result<Vec<ShopHead>, StoreError> {
        Ok(self.data().shops.values().map(|shop| shop.head.clone()).collect())
    }

    async fn head(&self, shop: &ShopSlug) -> Result<Option<ShopHead>, StoreError> {
        Ok(self.data().shops.get(shop).map(|shop| shop.head.clone()))
    }

    async fn change_epoch(&self, shop: &ShopSlug, epoch: Uuid) -> Result<ShopHead, StoreError> {
        let mut data = self.data();
        let row = data.shop_mut(shop)?;
        row.head.epoch = epoch;
        Ok(row.head.clone())
    }

    async fn append(&self, shop: &ShopSlug, append: Append) -> Result<(), AppendError> {
        append.check()?;
        let mut data = self.data();
        let Some(row) = data.shops.get_mut(shop) else {
            return Err(AppendError::UnknownShop { shop: shop.clone() });
        };
        if row.head.epoch != append.epoch {
            return Err(AppendError::EpochChanged { expected: append.epoch, actual: row.head.epoch });
        }
        if row.head.position != append.after {
            return Err(AppendError::HeadMoved { expected: append.after, actual: row.head.position });
        }
        let taken = |record: &&EventRecord| row.versions.contains(&(record.aggregate.clone(), record.version));
        if let Some(record) = append.records.iter().find(taken) {
            return Err(AppendError::VersionTaken { aggregate: record.aggregate.clone(), version: record.version });
        }
        if let Some(known) = append.verdicts.iter().find(|one| row.verdicts.contains_key(&one.command_id)) {
            return Err(AppendError::CommandKnown { command_id: known.command_id });
        }
        if let Some(last) = append.records.last() {
            row.head.position = last.position;
            row.head.hash = last.hash;
        }
        if let Some(entries) = self.is_live_inline.load(Relaxed).then(|| entries_of(&append.records)).flatten() {
            // One that is behind is left to its follower.
            let _ = self.live.take_now(shop, append.epoch, append.after, &entries);
        }
        for record in append.records {
            row.versions.insert((record.aggregate.clone(), record.version));
            row.aggregates.entry(record.aggregate.clone()).or_default().push(row.events.len());
            row.events.push(record);
        }
        row.verdicts.extend(append.verdicts.into_iter().map(|one| (one.command_id, one)));
        row.checkpoints.extend(append.checkpoints.into_iter().map(|one| (one.name, one.position)));
        data.settle(shop, &append.handled);
        Ok(())
    }

    async fn read(&self, shop: &ShopSlug, after: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let data = self.data();
        let Some(Shop { events, .. }) = data.shops.get(shop) else { return Ok(Vec::new()) };
        Ok(events.iter().skip(index(after)).take(index(limit.into())).cloned().collect())
    }

    async fn read_before(&self, shop: &ShopSlug, before: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let data = self.data();
        let Some(Shop { events, .. }) = data.shops.get(shop) else { return Ok(Vec::new()) };
        let upto = index(before.saturating_sub(1)).min(events.len());
        Ok(events.iter().take(upto).rev().take(index(limit.into())).cloned().collect())
    }

    async fn read_aggregate(
        &self,
        shop: &ShopSlug,
        aggregate: &AggregateId,
        after_version: u32,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let data = self.data();
        let Some(row) = data.shops.get(shop) else { return Ok(Vec::new()) };
        let places = row.aggregates.get(aggregate).map(Vec::as_slice).unwrap_or_default();
        let events = places.iter().filter_map(|place| row.events.get(*place));
        Ok(events.filter(|record| record.version > after_version).take(index(limit.into())).cloned().collect())
    }

    async fn verdicts(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<Vec<VerdictRecord>, StoreError> {
        let data = self.data();
        let Some(row) = data.shops.get(shop) else { return Ok(Vec::new()) };
        let ids: BTreeSet<_> = ids.iter().collect();
        Ok(ids.into_iter().filter_map(|id| row.verdicts.get(id).cloned()).collect())
    }

    async fn verdicts_after(
        &self,
        shop: &ShopSlug,
        after: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<VerdictRecord>, StoreError> {
        let data = self.data();
        let Some(row) = data.shops.get(shop) else { return Ok(Vec::new()) };
        let behind = row.verdicts.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
        Ok(behind.take(index(limit.into())).map(|(_, verdict)| verdict.clone()).collect())
    }

    async fn save_snapshot(&self, shop: &ShopSlug, snapshot: SnapshotRow) -> Result<(), StoreError> {
        let mut data = self.data();
        let row = data.shop_mut(shop)?;
        let (fold, position) = (snapshot.fold, snapshot.position);
        row.snapshots.insert((fold, position), snapshot);
        let before = row.snapshots.range((fold, 0)..(fold, position)).next_back().map(|((_, position), _)| *position);
        if let Some(before) = before {
            row.snapshots.retain(|key, _| key.0 != fold || key.1 >= before);
        }
        Ok(())
    }

    async fn load_snapshot(
        &self,
        shop: &ShopSlug,
        fold: u32,
        at_most: Option<u64>,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        let data = self.data();
        let range = (fold, 0)..=(fold, at_most.unwrap_or(u64::MAX));
        let newest = data.shops.get(shop).and_then(|row| row.snapshots.range(range).next_back());
        Ok(newest.map(|(_, row)| row.clone()))
    }

    async fn checkpoints(&self, shop: &ShopSlug) -> Result<Vec<Checkpoint>, StoreError> {
        let data = self.data();
        let Some(row) = data.shops.get(shop) else { return Ok(Vec::new()) };
        let rows = row.checkpoints.iter();
        Ok(rows.map(|(name, position)| Checkpoint { name: name.clone(), position: *position }).collect())
    }

    async fn enqueue_all(&self, commands: Vec<(ShopSlug, Queued)>) -> Result<(), StoreError> {
        let mut data = self.data();
        let mut fresh = Vec::new();
        for (shop, command) in stored::distinct(commands)? {
            let decided = data.shop_mut(&shop)?.verdicts.get(&command.id).map(|record| record.fingerprint);
            let queued = data.row(&shop, command.id).map(|row| row.queued.fingerprint);
            if [decided, queued].into_iter().flatten().any(|known| known != command.fingerprint) {
                return Err(StoreError::IdReused { command_id: command.id });
            }
            if queued.is_none() {
                fresh.push((shop, command));
            }
        }
        for (shop, queued) in fresh {
            data.arrivals += 1;
            let row = Row::fresh(data.arrivals, &shop, queued);
            data.queue.push(row);
        }
        Ok(())
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        let mut data = self.data();
        let Data { queue, leases, .. } = &mut *data;
        let mut waiting: BTreeSet<(ShopSlug, Arc<str>)> = BTreeSet::new();
        let mut claimed = Vec::new();
        for row in queue.iter() {
            let RowState::Queued { attempts, not_before } = row.state else { continue };
            if not_before > claim.now {
                waiting.insert(row.key());
            }
            let partition = partition(&row.shop, &row.queued.key);
            let held = leases.get(&partition).is_some_and(|(owner, until)| *owner != claim.owner && *until > claim.now);
            let asked = claim.shop.as_ref().is_none_or(|shop| *shop == row.shop);
            if held || !asked || waiting.contains(&row.key()) || claimed.len() >= index(claim.limit.into()) {
                continue;
            }
            let is_held = |(owner, until): &(Uuid, Millis)| *owner == claim.owner && *until > claim.renew_before();
            if !leases.get(&partition).is_some_and(is_held) {
                leases.insert(partition, (claim.owner, claim.lease_until));
            }
            claimed.push(Claimed { shop: row.shop.clone(), queued: row.queued.clone(), attempts });
        }
        Ok(claimed)
    }

    async fn release(&self, owner: Uuid) -> Result<(), StoreError> {
        self.data().leases.retain(|_, (of, _)| *of != owner);
        Ok(())
    }

    async fn retry_later(
        &self,
        shop: &ShopSlug,
        id: CommandId,
        not_before: Millis,
        attempts: u32,
    ) -> Result<(), StoreError> {
        if let Some(row) = self.data().row(shop, id) {
            row.state = RowState::Queued { attempts, not_before };
        }
        Ok(())
    }

    async fn park(&self, shop: &ShopSlug, id: CommandId, reason: &str) -> Result<(), StoreError> {
        if let Some(row) = self.data().row(shop, id) {
            row.state = RowState::Parked { reason: reason.into() };
        }
        Ok(())
    }

    async fn dequeue(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<(), StoreError> {
        self.data().settle(shop, ids);
        Ok(())
    }

    async fn queue_status(&self, shop: &ShopSlug, id: CommandId) -> Result<Option<QueueStatus>, StoreError> {
        Ok(self.data().row(shop, id).and_then(|row| {
            let fingerprint = row.queued.fingerprint;
            match &row.state {
                RowState::Parked { reason } => Some(QueueStatus::Parked { fingerprint, reason: reason.clone() }),
                RowState::Queued { attempts, .. } => Some(QueueStatus::Queued { fingerprint, attempts: *attempts }),
                RowState::Settled => None,
            }
        }))
    }

    async fn queue_rows(&self, shop: Option<&ShopSlug>, after: u64, limit: u32) -> Result<Vec<QueueRow>, StoreError> {
        let data = self.data();
        let asked = data.queue.iter().filter(|row| row.arrival > after && shop.is_none_or(|shop| *shop == row.shop));
        let as_seen = |row: &Row| QueueRow {
            arrival: row.arrival,
            shop: row.shop.clone(),
            queued: row.queued.clone(),
            state: row.state.clone(),
        };
        Ok(asked.take(index(limit.into())).map(as_seen).collect())
    }

    async fn requeue(&self, arrivals: &[u64]) -> Result<(), StoreError> {
        let mut data = self.data();
        let asked = data.queue.iter_mut().filter(|row| arrivals.contains(&row.arrival));
        asked.for_each(|row| row.state = RowState::Queued { attempts: 0, not_before: Millis(0) });
        Ok(())
    }

    async fn forget_settled(&self, before: Millis) -> Result<(), StoreError> {
        self.data().queue.retain(|row| row.state != RowState::Settled || row.queued.enqueued_at >= before);
        Ok(())
    }

    async fn offsets(&self) -> Result<Vec<Offset>, StoreError> {
        let data = self.data();
        Ok(data.offsets.iter().map(|(group, arrival)| Offset { group: group.clone(), arrival: *arrival }).collect())
    }

    async fn set_offset(&self, offset: Offset) -> Result<(), StoreError> {
        self.data().offsets.insert(offset.group, offset.arrival);
        Ok(())
    }

    async fn keep_release(&self, release: Release, now: Millis) -> Result<(), StoreError> {
        let mut data = self.data();
        let Data { releases, files, .. } = &mut *data;
        let started = releases.entry(release.id.clone()).or_insert(now);
        *started = now.max(*started);
        for file in release.files {
            files.entry(file.path.clone()).or_insert_with(|| (release.id.clone(), file)).0 = release.id.clone();
        }
        let mut newest: Vec<(Millis, Arc<str>)> = releases.iter().map(|(id, at)| (*at, id.clone())).collect();
        newest.sort_by(|one, other| other.cmp(one));
        for (rank, (at, id)) in newest.into_iter().enumerate() {
            let is_young = now.0 - at.0 <= KEPT_FOR && rank < index(MOST_KEPT.into());
            if rank >= index(LEAST_KEPT.into()) && !is_young {
                releases.remove(&id);
            }
        }
        files.retain(|_, (of, _)| releases.contains_key(of));
        Ok(())
    }

    async fn release_file(&self, path: &str) -> Result<Option<ReleaseFile>, StoreError> {
        Ok(self.data().files.get(path).map(|(_, file)| file.clone()))
    }

    async fn keep_blob(&self, shop: &ShopSlug, blob: Blob, most: u64) -> Result<bool, StoreError> {
        let mut data = self.data();
        let blobs = &mut data.shop_mut(shop)?.blobs;
        let used: usize = blobs.values().map(|blob| blob.bytes.len()).sum();
        let has_room = (used + blob.bytes.len()) as u64 <= most;
        if has_room {
            blobs.entry(blob.name.clone()).or_insert_with(|| blob.clone());
        }
        Ok(blobs.contains_key(&blob.name))
    }

    async fn blob(&self, shop: &ShopSlug, name: &BlobHash) -> Result<Option<Blob>, StoreError> {
        Ok(self.data().shops.get(shop).and_then(|shop| shop.blobs.get(name).cloned()))
    }

    async fn blobs_there(&self, shop: &ShopSlug, names: &[BlobHash]) -> Result<Vec<BlobHash>, StoreError> {
        let data = self.data();
        let Some(shop) = data.shops.get(shop) else { return Ok(Vec::new()) };
        Ok(names.iter().filter(|name| shop.blobs.contains_key(*name)).cloned().collect())
    }

    fn write_with_appends(&self, view: &str) -> bool {
        let is_ours = view == self.live.name();
        self.is_live_inline.fetch_or(is_ours, Relaxed);
        is_ours
    }

    fn access(&self) -> Arc<dyn Access> {
        let shops = Arc::clone(&self.data);
        let knows =
            move |shop: &ShopSlug| shops.lock().unwrap_or_else(PoisonError::into_inner).shops.contains_key(shop);
        Arc::new(MemoryAccess { data: Arc::clone(&self.access), knows: Box::new(knows) })
    }

    fn letters(&self) -> Arc<dyn Letters> {
        self.letters.clone()
    }

    fn search(&self) -> Arc<dyn SearchView> {
        self.search.clone()
    }

    fn views(&self) -> Vec<Arc<dyn AllocationsView>> {
        vec![self.live.clone()]
    }

    fn announce(&self, shop: &ShopSlug, position: u64) {
        self.hints.send(Hint::Head { shop: shop.clone(), position });
    }

    fn announcements(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}

/// A count as an index; what does not fit is beyond the end anyway.
fn index(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
