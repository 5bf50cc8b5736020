//! What every store can do.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    AggregateId, CommandId, EventRecord, ShopSlug, VerdictRecord,
    values::{BlobHash, Millis},
};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    access::Access,
    append::{Append, Checkpoint},
    blob::Blob,
    error::{AppendError, StoreError},
    hint::Hint,
    letters::Letters,
    postgres::Rights,
    queue::{Claim, Claimed, Offset, QueueRow, QueueStatus, Queued},
    release::{Release, ReleaseFile},
    shop::{ShopHead, SnapshotRow},
    verify::{self, Verification},
    views::{AllocationsView, search::SearchView},
};

/// The log of every shop, and what must be written in one step with it. Object safe: the server holds an
/// `Arc<dyn EventStore>`.
///
/// Reads of a shop that does not exist find nothing; writes to it are [`StoreError::UnknownShop`].
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Brings the tables up to date. Instances that start at the same moment may all call it. Whoever may not change
    /// tables only looks whether they are: [`EventStore::check`].
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Whether the tables are those that this build knows; changes nothing.
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What the database lets this store do with the log; None where it tells nobody apart.
    async fn rights(&self) -> Result<Option<Rights>, StoreError> {
        Ok(None)
    }

    /// Opens a shop's log. One that exists already is answered as it stands, with its own title and epoch.
    async fn create_shop(&self, shop: &ShopSlug, title: &str, epoch: Uuid) -> Result<ShopHead, StoreError>;

    /// Every shop, by slug.
    async fn shops(&self) -> Result<Vec<ShopHead>, StoreError>;

    async fn head(&self, shop: &ShopSlug) -> Result<Option<ShopHead>, StoreError>;

    /// Gives the log a new identity, as after a restore from a backup. Appends under the old one are refused from
    /// here on.
    async fn change_epoch(&self, shop: &ShopSlug, epoch: Uuid) -> Result<ShopHead, StoreError>;

    /// Writes all of `append`, or nothing. When this returns `Ok`, it survives a power cut. Once called, the write
    /// runs to its end even if the returned future is dropped.
    async fn append(&self, shop: &ShopSlug, append: Append) -> Result<(), AppendError>;

    /// Events at `after + 1` and on, oldest first. A reader that asks for `next == last + 1` misses none.
    async fn read(&self, shop: &ShopSlug, after: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError>;

    /// Events below `before`, newest first.
    async fn read_before(&self, shop: &ShopSlug, before: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError>;

    /// Events of one aggregate above a version, oldest first.
    async fn read_aggregate(
        &self,
        shop: &ShopSlug,
        aggregate: &AggregateId,
        after_version: u32,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError>;

    /// Where the log stood at a moment: the last position written down at or before it, 0 when there is none.
    ///
    /// Found by halving, since position order is time order: writers never stamp an event earlier than the one
    /// before it.
    async fn position_at(&self, shop: &ShopSlug, recorded_at: Millis) -> Result<u64, StoreError> {
        let Some(head) = self.head(shop).await? else { return Err(StoreError::UnknownShop { shop: shop.clone() }) };
        let (mut low, mut high) = (0, head.position);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let at = self.read(shop, middle - 1, 1).await?;
            match at.first() {
                Some(record) if record.recorded_at <= recorded_at => low = middle,
                _ => high = middle - 1,
            }
        }
        Ok(low)
    }

    /// The stored verdicts among `ids`; in no order, unknown ids are left out.
    async fn verdicts(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<Vec<VerdictRecord>, StoreError>;

    /// Stored verdicts in the order of their ids' bytes, those behind `after`.
    async fn verdicts_after(
        &self,
        shop: &ShopSlug,
        after: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<VerdictRecord>, StoreError>;

    async fn verdict(&self, shop: &ShopSlug, id: CommandId) -> Result<Option<VerdictRecord>, StoreError> {
        Ok(self.verdicts(shop, &[id]).await?.pop())
    }

    /// Keeps a snapshot and the newest one before it; older ones of the same fold go.
    async fn save_snapshot(&self, shop: &ShopSlug, snapshot: SnapshotRow) -> Result<(), StoreError>;

    /// The newest snapshot of this fold, at a position no greater than `at_most`.
    async fn load_snapshot(
        &self,
        shop: &ShopSlug,
        fold: u32,
        at_most: Option<u64>,
    ) -> Result<Option<SnapshotRow>, StoreError>;

    /// How far each process manager has come, by name.
    async fn checkpoints(&self, shop: &ShopSlug) -> Result<Vec<Checkpoint>, StoreError>;

    /// Queues all, or none, with one commit, whichever shops they are for. An id that is queued already is left as it is;
    /// one that was queued or decided with another fingerprint is [`StoreError::IdReused`]. When this returns `Ok`, the
    /// commands survive a power cut. Whoever makes the call again after an error loses and doubles nothing.
    async fn enqueue_all(&self, commands: Vec<(ShopSlug, Queued)>) -> Result<(), StoreError>;

    /// [`EventStore::enqueue_all`] for one shop.
    async fn enqueue(&self, shop: &ShopSlug, commands: Vec<Queued>) -> Result<(), StoreError> {
        self.enqueue_all(commands.into_iter().map(|command| (shop.clone(), command)).collect()).await
    }

    /// Leases the partitions of due commands, and gives the commands in order of arrival. Those in a partition that
    /// another owner has leased stay where they are, and so do those behind one of their key that was put back for
    /// later. An owner that claims again before it has settled gets the same ones again. A lease that holds for half of
    /// what is asked or more is left as it is: claiming again and again is reading, and only now and then a commit.
    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError>;

    /// Lets go of all partitions that `owner` has leased.
    async fn release(&self, owner: Uuid) -> Result<(), StoreError>;

    /// Puts a command back, not to be claimed before a moment.
    async fn retry_later(
        &self,
        shop: &ShopSlug,
        id: CommandId,
        not_before: Millis,
        attempts: u32,
    ) -> Result<(), StoreError>;

    /// Takes a command out of turn for good, visibly: a person has to look at it.
    async fn park(&self, shop: &ShopSlug, id: CommandId, reason: &str) -> Result<(), StoreError>;

    /// Settles commands that need no append for it: repeats of what has its verdict.
    async fn dequeue(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<(), StoreError>;

    /// None when it is not in the queue.
    async fn queue_status(&self, shop: &ShopSlug, id: CommandId) -> Result<Option<QueueStatus>, StoreError>;

    /// All rows behind an arrival, of one shop or of all, in order of arrival; settled ones as long as they are kept.
    async fn queue_rows(&self, shop: Option<&ShopSlug>, after: u64, limit: u32) -> Result<Vec<QueueRow>, StoreError>;

    /// Has commands handled again, as if they had just come. Those that have their verdict meet it.
    async fn requeue(&self, arrivals: &[u64]) -> Result<(), StoreError>;

    /// Forgets settled commands that were queued before a moment.
    async fn forget_settled(&self, before: Millis) -> Result<(), StoreError>;

    /// How far each group has come, by name.
    async fn offsets(&self) -> Result<Vec<Offset>, StoreError>;

    async fn set_offset(&self, offset: Offset) -> Result<(), StoreError>;

    /// Keeps the browser files of a release that was started at `now`, and lets go of releases that are neither
    /// among the newest ([`crate::release::LEAST_KEPT`]) nor young ([`crate::release::KEPT_FOR`]).
    async fn keep_release(&self, release: Release, now: Millis) -> Result<(), StoreError>;

    /// A file of any release that is kept.
    async fn release_file(&self, path: &str) -> Result<Option<ReleaseFile>, StoreError>;

    /// Keeps a picture under its name; one that is there already is left as it is. When this answers true, it survives a
    /// power cut. False, and nothing kept, where the shop's pictures would take more than `most` bytes together; of
    /// writers at the same moment, each may miss the other's.
    async fn keep_blob(&self, shop: &ShopSlug, blob: Blob, most: u64) -> Result<bool, StoreError>;

    /// A picture by its name.
    async fn blob(&self, shop: &ShopSlug, name: &BlobHash) -> Result<Option<Blob>, StoreError>;

    /// Which of these the shop has; in no order.
    async fn blobs_there(&self, shop: &ShopSlug, names: &[BlobHash]) -> Result<Vec<BlobHash>, StoreError>;

    /// Tells whoever listens, in this process and in others on the same database, that a log has moved. Returns
    /// at once and never fails: it is a hint.
    fn announce(&self, shop: &ShopSlug, position: u64);

    /// What others announce. Own announcements come back too.
    fn announcements(&self) -> broadcast::Receiver<Hint>;

    /// The read models that this store can keep beside the log. None is kept up to date unless somebody follows the
    /// log for it.
    fn views(&self) -> Vec<Arc<dyn AllocationsView>>;

    /// People and their ways in, beside the log.
    fn access(&self) -> Arc<dyn Access>;

    /// Full-text search beside the log, kept up to date like [`EventStore::views`].
    fn search(&self) -> Arc<dyn SearchView>;

    /// The outbox of letters beside the log.
    fn letters(&self) -> Arc<dyn Letters>;

    /// From now on, writes a view in the append itself wherever it has all that was appended before; a follower brings
    /// it there. What the append does not write, the view does not have, and the other way round. False when the store
    /// has no such view.
    fn write_with_appends(&self, view: &str) -> bool;

    /// Walks the whole chain. `None` for an unknown shop.
    async fn verify(&self, shop: &ShopSlug) -> Result<Option<Verification>, StoreError> {
        verify::walk(self, shop).await
    }
}
