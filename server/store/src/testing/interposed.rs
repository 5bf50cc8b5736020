//! A store with something between it and its user: a delay before an append, another answer after it, a count of what
//! is read.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use domain::{
    AggregateId, CommandId, EventRecord, ShopSlug, VerdictRecord,
    values::{BlobHash, Millis},
};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    Append, AppendError, Blob, Checkpoint, Claim, Claimed, EventStore, Hint, Offset, QueueRow, QueueStatus, Queued,
    Release, ReleaseFile, Rights, ShopHead, SnapshotRow, StoreError,
    access::Access,
    letters::Letters,
    views::{AllocationsView, search::SearchView},
};

type Before = dyn Fn(&Append) -> Pin<Box<dyn Future<Output = Result<(), AppendError>> + Send>> + Send + Sync;
type After = dyn Fn(Result<(), AppendError>) -> Result<(), AppendError> + Send + Sync;

/// See the module. Everything but `append` goes straight through.
pub struct Interposed {
    inner: Arc<dyn EventStore>,
    before: Box<Before>,
    after: Box<After>,
    reads: AtomicU32,
    /// Heard instead of what the store says of other instances.
    silence: Option<broadcast::Sender<Hint>>,
}

impl Interposed {
    #[must_use]
    pub fn new(inner: Arc<dyn EventStore>) -> Self {
        Self {
            inner,
            before: Box::new(|_| Box::pin(async { Ok(()) })),
            after: Box::new(|answer| answer),
            reads: AtomicU32::new(0),
            silence: None,
        }
    }

    /// Tells nobody that another instance may have written: nothing is read for that.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silence = Some(broadcast::Sender::new(1));
        self
    }

    /// How often the log, its heads, verdicts or snapshots were asked for.
    #[must_use]
    pub fn reads(&self) -> u32 {
        self.reads.load(SeqCst)
    }

    fn reading(&self) -> &dyn EventStore {
        self.reads.fetch_add(1, SeqCst);
        &*self.inner
    }

    /// Done before each append; an error is the answer, and nothing is appended.
    #[must_use]
    pub fn before<F>(mut self, hook: impl Fn(&Append) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), AppendError>> + Send + 'static,
    {
        self.before = Box::new(move |append| Box::pin(hook(append)));
        self
    }

    /// Turns the answer of each append into another.
    #[must_use]
    pub fn after(
        mut self,
        hook: impl Fn(Result<(), AppendError>) -> Result<(), AppendError> + Send + Sync + 'static,
    ) -> Self {
        self.after = Box::new(hook);
        self
    }
}

#[async_trait]
impl EventStore for Interposed {
    async fn append(&self, shop: &ShopSlug, append: Append) -> Result<(), AppendError> {
        (self.before)(&append).await?;
        (self.after)(self.inner.append(shop, append).await)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.inner.migrate().await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }

    async fn rights(&self) -> Result<Option<Rights>, StoreError> {
        self.inner.rights().await
    }

    async fn keep_release(&self, release: Release, now: Millis) -> Result<(), StoreError> {
        self.inner.keep_release(release, now).await
    }

    async fn release_file(&self, path: &str) -> Result<Option<ReleaseFile>, StoreError> {
        self.inner.release_file(path).await
    }

    async fn create_shop(&self, shop: &ShopSlug, title: &str, epoch: Uuid) -> Result<ShopHead, StoreError> {
        self.inner.create_shop(shop, title, epoch).await
    }

    async fn shops(&self) -> Result<Vec<ShopHead>, StoreError> {
        self.reading().shops().await
    }

    async fn head(&self, shop: &ShopSlug) -> Result<Option<ShopHead>, StoreError> {
        self.reading().head(shop).await
    }

    async fn change_epoch(&self, shop: &ShopSlug, epoch: Uuid) -> Result<ShopHead, StoreError> {
        self.inner.change_epoch(shop, epoch).await
    }

    async fn read(&self, shop: &ShopSlug, after: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        self.reading().read(shop, after, limit).await
    }

    async fn read_before(&self, shop: &ShopSlug, before: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        self.reading().read_before(shop, before, limit).await
    }

    async fn read_aggregate(
        &self,
        shop: &ShopSlug,
        aggregate: &AggregateId,
        after_version: u32,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        self.reading().read_aggregate(shop, aggregate, after_version, limit).await
    }

    async fn verdicts(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<Vec<VerdictRecord>, StoreError> {
        self.reading().verdicts(shop, ids).await
    }

    async fn verdicts_after(
        &self,
        shop: &ShopSlug,
        after: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<VerdictRecord>, StoreError> {
        self.reading().verdicts_after(shop, after, limit).await
    }

    async fn save_snapshot(&self, shop: &ShopSlug, snapshot: SnapshotRow) -> Result<(), StoreError> {
        self.inner.save_snapshot(shop, snapshot).await
    }

    async fn load_snapshot(
        &self,
        shop: &ShopSlug,
        fold: u32,
        at_most: Option<u64>,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        self.reading().load_snapshot(shop, fold, at_most).await
    }

    async fn checkpoints(&self, shop: &ShopSlug) -> Result<Vec<Checkpoint>, StoreError> {
        self.inner.checkpoints(shop).await
    }

    async fn enqueue_all(&self, commands: Vec<(ShopSlug, Queued)>) -> Result<(), StoreError> {
        self.inner.enqueue_all(commands).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        self.inner.claim(claim).await
    }

    async fn retry_later(
        &self,
        shop: &ShopSlug,
        id: CommandId,
        not_before: Millis,
        attempts: u32,
    ) -> Result<(), StoreError> {
        self.inner.retry_later(shop, id, not_before, attempts).await
    }

    async fn park(&self, shop: &ShopSlug, id: CommandId, reason: &str) -> Result<(), StoreError> {
        self.inner.park(shop, id, reason).await
    }

    async fn dequeue(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<(), StoreError> {
        self.inner.dequeue(shop, ids).await
    }

    async fn queue_status(&self, shop: &ShopSlug, id: CommandId) -> Result<Option<QueueStatus>, StoreError> {
        self.inner.queue_status(shop, id).await
    }

    async fn keep_blob(&self, shop: &ShopSlug, blob: Blob, most: u64) -> Result<bool, StoreError> {
        self.inner.keep_blob(shop, blob, most).await
    }

    async fn blob(&self, shop: &ShopSlug, name: &BlobHash) -> Result<Option<Blob>, StoreError> {
        self.inner.blob(shop, name).await
    }

    async fn blobs_there(&self, shop: &ShopSlug, names: &[BlobHash]) -> Result<Vec<BlobHash>, StoreError> {
        self.inner.blobs_there(shop, names).await
    }

    async fn release(&self, owner: Uuid) -> Result<(), StoreError> {
        self.inner.release(owner).await
    }

    async fn queue_rows(&self, shop: Option<&ShopSlug>, after: u64, limit: u32) -> Result<Vec<QueueRow>, StoreError> {
        self.inner.queue_rows(shop, after, limit).await
    }

    async fn requeue(&self, arrivals: &[u64]) -> Result<(), StoreError> {
        self.inner.requeue(arrivals).await
    }

    async fn forget_settled(&self, before: Millis) -> Result<(), StoreError> {
        self.inner.forget_settled(before).await
    }

    async fn offsets(&self) -> Result<Vec<Offset>, StoreError> {
        self.inner.offsets().await
    }

    async fn set_offset(&self, offset: Offset) -> Result<(), StoreError> {
        self.inner.set_offset(offset).await
    }

    fn write_with_appends(&self, view: &str) -> bool {
        self.inner.write_with_appends(view)
    }

    fn access(&self) -> Arc<dyn Access> {
        self.inner.access()
    }

    fn letters(&self) -> Arc<dyn Letters> {
        self.inner.letters()
    }

    fn search(&self) -> Arc<dyn SearchView> {
        self.inner.search()
    }

    fn views(&self) -> Vec<Arc<dyn AllocationsView>> {
        self.inner.views()
    }

    fn announce(&self, shop: &ShopSlug, position: u64) {
        self.inner.announce(shop, position);
    }

    fn announcements(&self) -> broadcast::Receiver<Hint> {
        self.silence.as_ref().map_or_else(|| self.inner.announcements(), broadcast::Sender::subscribe)
    }
}
