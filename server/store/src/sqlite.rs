//! SQLite: the embedded default, one file, nothing to set up.
//!
//! WAL with `synchronous=FULL`: with NORMAL the last commits may be lost with the power. One connection writes, one
//! transaction at a time; readers have connections of their own and never wait for it.

mod append;
pub(crate) mod errors;
pub(crate) mod writer;

use std::{str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    AggregateId, CommandId, EventRecord, ShopSlug, VerdictRecord,
    chain::Hash,
    values::{BlobHash, Millis},
};
use serde_json::json;
use sqlx::{
    Row, SqlitePool,
    migrate::Migrator,
    sqlite::{
        SqliteConnectOptions, SqliteExecutor, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    access::{Access, OnSqlite, Tables},
    append::{Append, Checkpoint},
    blob::Blob,
    error::{AppendError, StoreError},
    event_store::EventStore,
    hint::{Hint, Hints},
    letters::{Letters, SqliteLetters},
    queue::{Claim, Claimed, Offset, QueueRow, QueueStatus, Queued, partition},
    release::{KEPT_FOR, LEAST_KEPT, MOST_KEPT, Release, ReleaseFile},
    schema,
    shop::{ShopHead, SnapshotRow},
    stored::{self, StoredCommand, StoredEvent, column},
    views::{
        AllocationsView, Form, Inline,
        search::{SearchView, sqlite::SqliteSearch},
        sqlite::SqliteView,
    },
};
use errors::{migration, of_shop, store_error};
use writer::Writer;

static MIGRATIONS: Migrator = sqlx::migrate!("src/sqlite/migrations");

const READERS: u32 = 4;

/// See the module.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    hints: Hints,
    inline: Inline,
}

impl SqliteStore {
    /// # Errors
    /// [`StoreError::Address`], or [`StoreError::Unavailable`] when the file cannot be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.contains(":memory:") || url.contains("mode=memory") {
            let problem = "a SQLite store is a file; `memory:` is the store that keeps nothing".to_owned();
            return Err(StoreError::Address { problem });
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|problem| StoreError::Address { problem: problem.to_string() })?
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true);
        let writer = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Or INSERT OR REPLACE would remove rows behind the delete triggers' back.
            .pragma("recursive_triggers", "ON");
        let writer = Writer::open(&writer).await.map_err(store_error)?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await;
        Ok(Self { writer, readers: readers.map_err(store_error)?, hints: Hints::new(), inline: Inline::default() })
    }

    async fn events(
        &self,
        shop: &ShopSlug,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let rows = query.fetch_all(&self.readers).await.map_err(store_error)?;
        rows.iter().map(|row| event(row).map_err(store_error)?.record(shop)).collect()
    }
}

fn event(row: &SqliteRow) -> Result<StoredEvent, sqlx::Error> {
    Ok(StoredEvent {
        position: row.try_get(0)?,
        aggregate: row.try_get(1)?,
        version: row.try_get(2)?,
        event_type: row.try_get(3)?,
        schema: row.try_get(4)?,
        command_id: row.try_get(5)?,
        index_in_command: row.try_get(6)?,
        actor: row.try_get(7)?,
        device: row.try_get(8)?,
        issued_at: row.try_get(9)?,
        recorded_at: row.try_get(10)?,
        causation: row.try_get(11)?,
        correlation: row.try_get(12)?,
        payload: row.try_get(13)?,
        hash: row.try_get(14)?,
    })
}

/// A list of ids for `json_each`.
fn json_ids(ids: impl IntoIterator<Item = CommandId>) -> String {
    json!(ids.into_iter().map(|id| id.0.simple().to_string()).collect::<Vec<_>>()).to_string()
}

/// The commands that a claim may have.
async fn due<'c>(claim: &Claim, on: impl SqliteExecutor<'c>) -> Result<Vec<StoredCommand>, StoreError> {
    sqlx::query_as(include_str!("sqlite/sql/due.sql"))
        .bind(claim.shop.as_ref().map(ShopSlug::as_str))
        .bind(claim.owner)
        .bind(claim.now.0)
        .bind(i64::from(claim.limit))
        .fetch_all(on)
        .await
        .map_err(store_error)
}

/// A list of arrivals for `json_each`.
fn arrivals(rows: &[StoredCommand]) -> String {
    json!(rows.iter().map(|row| row.arrival).collect::<Vec<_>>()).to_string()
}

#[async_trait]
impl EventStore for SqliteStore {
    async fn migrate(&self) -> Result<(), StoreError> {
        self.writer
            .alone(|connection| {
                Box::pin(async move { MIGRATIONS.run_direct(None, connection, false).await.map_err(migration) })
            })
            .await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/migrations.sql"));
        let applied: Vec<(i64, Vec<u8>)> = query.fetch_all(&self.readers).await.map_err(store_error)?;
        schema::is_current(&MIGRATIONS, &applied)
    }

    async fn create_shop(&self, shop: &ShopSlug, title: &str, epoch: Uuid) -> Result<ShopHead, StoreError> {
        let (name, title) = (shop.to_string(), title.to_owned());
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(include_str!("sqlite/sql/create_shop.sql"))
                        .bind(name)
                        .bind(title)
                        .bind(epoch)
                        .bind(Hash::ORIGIN.0.to_vec());
                    query.execute(connection).await.map_err(store_error)
                })
            })
            .await?;
        self.head(shop).await?.ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })
    }

    async fn shops(&self) -> Result<Vec<ShopHead>, StoreError> {
        let rows = sqlx::query_as(include_str!("sqlite/sql/shops.sql")).fetch_all(&self.readers).await;
        rows.map_err(store_error)?.into_iter().map(stored::head).collect()
    }

    async fn head(&self, shop: &ShopSlug) -> Result<Option<ShopHead>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/head.sql")).bind(shop.as_str());
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::head).transpose()
    }

    async fn change_epoch(&self, shop: &ShopSlug, epoch: Uuid) -> Result<ShopHead, StoreError> {
        let name = shop.to_string();
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(include_str!("sqlite/sql/change_epoch.sql")).bind(name).bind(epoch);
                    query.execute(connection).await.map_err(store_error)
                })
            })
            .await?;
        self.head(shop).await?.ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })
    }

    async fn append(&self, shop: &ShopSlug, append: Append) -> Result<(), AppendError> {
        append.check()?;
        let (shop, inline) = (shop.clone(), self.inline.forms());
        self.writer
            .transaction(move |connection| {
                Box::pin(async move { append::run(connection, &shop, &append, &inline).await })
            })
            .await
    }

    async fn read(&self, shop: &ShopSlug, after: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/read.sql"))
            .bind(shop.as_str())
            .bind(column(after))
            .bind(i64::from(limit));
        self.events(shop, query).await
    }

    async fn read_before(&self, shop: &ShopSlug, before: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/read_before.sql"))
            .bind(shop.as_str())
            .bind(column(before))
            .bind(i64::from(limit));
        self.events(shop, query).await
    }

    async fn read_aggregate(
        &self,
        shop: &ShopSlug,
        aggregate: &AggregateId,
        after_version: u32,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/read_aggregate.sql"))
            .bind(shop.as_str())
            .bind(aggregate.as_str())
            .bind(i64::from(after_version))
            .bind(i64::from(limit));
        self.events(shop, query).await
    }

    async fn verdicts(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<Vec<VerdictRecord>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/verdicts.sql"))
            .bind(shop.as_str())
            .bind(json_ids(ids.iter().copied()));
        query.fetch_all(&self.readers).await.map_err(store_error)?.into_iter().map(stored::verdict).collect()
    }

    async fn verdicts_after(
        &self,
        shop: &ShopSlug,
        after: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<VerdictRecord>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/verdicts_after.sql"))
            .bind(shop.as_str())
            .bind(after.map(|id| id.0))
            .bind(i64::from(limit));
        query.fetch_all(&self.readers).await.map_err(store_error)?.into_iter().map(stored::verdict).collect()
    }

    async fn save_snapshot(&self, shop: &ShopSlug, snapshot: SnapshotRow) -> Result<(), StoreError> {
        let shop = shop.clone();
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let (fold, position) = (i64::from(snapshot.fold), column(snapshot.position));
                    sqlx::query(include_str!("sqlite/sql/insert_snapshot.sql"))
                        .bind(shop.as_str())
                        .bind(fold)
                        .bind(position)
                        .bind(snapshot.hash.0.as_slice())
                        .bind(snapshot.bytes)
                        .execute(&mut *connection)
                        .await
                        .map_err(|error| of_shop(error, &shop))?;
                    sqlx::query(include_str!("sqlite/sql/drop_snapshots.sql"))
                        .bind(shop.as_str())
                        .bind(fold)
                        .bind(position)
                        .execute(connection)
                        .await
                        .map_err(store_error)?;
                    Ok(())
                })
            })
            .await
    }

    async fn load_snapshot(
        &self,
        shop: &ShopSlug,
        fold: u32,
        at_most: Option<u64>,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/load_snapshot.sql"))
            .bind(shop.as_str())
            .bind(i64::from(fold))
            .bind(column(at_most.unwrap_or(u64::MAX)));
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::snapshot).transpose()
    }

    async fn checkpoints(&self, shop: &ShopSlug) -> Result<Vec<Checkpoint>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/checkpoints.sql")).bind(shop.as_str());
        let rows: Vec<(String, i64)> = query.fetch_all(&self.readers).await.map_err(store_error)?;
        rows.into_iter()
            .map(|(name, position)| Ok(Checkpoint { name: name.into(), position: stored::position(position)? }))
            .collect()
    }

    async fn enqueue_all(&self, commands: Vec<(ShopSlug, Queued)>) -> Result<(), StoreError> {
        let commands = stored::distinct(commands)?;
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    for (shop, one) in commands {
                        let added = sqlx::query(include_str!("sqlite/sql/enqueue.sql"))
                            .bind(shop.as_str())
                            .bind(one.id.0)
                            .bind(one.fingerprint.cast_signed())
                            .bind(one.body)
                            .bind(one.enqueued_at.0)
                            .bind(&*one.key)
                            .bind(i64::from(partition(&shop, &one.key)))
                            .execute(&mut *connection)
                            .await
                            .map_err(|error| of_shop(error, &shop))?;
                        if added.rows_affected() == 1 {
                            continue;
                        }
                        let reused: bool = sqlx::query_scalar(include_str!("sqlite/sql/id_reused.sql"))
                            .bind(shop.as_str())
                            .bind(one.id.0)
                            .bind(one.fingerprint.cast_signed())
                            .fetch_one(&mut *connection)
                            .await
                            .map_err(store_error)?;
                        if reused {
                            return Err(StoreError::IdReused { command_id: one.id });
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        // Whoever has leased them already reads, and leaves the one writer to others.
        let rows = due(&claim, &self.readers).await?;
        let is_leased: bool = sqlx::query_scalar(include_str!("sqlite/sql/is_leased.sql"))
            .bind(arrivals(&rows))
            .bind(claim.owner)
            .bind(claim.renew_before().0)
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?;
        if is_leased {
            return rows.into_iter().map(StoredCommand::claimed).collect();
        }
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let rows = due(&claim, &mut *connection).await?;
                    sqlx::query(include_str!("sqlite/sql/lease.sql"))
                        .bind(arrivals(&rows))
                        .bind(claim.owner)
                        .bind(claim.lease_until.0)
                        .execute(connection)
                        .await
                        .map_err(store_error)?;
                    rows.into_iter().map(StoredCommand::claimed).collect()
                })
            })
            .await
    }

    async fn release(&self, owner: Uuid) -> Result<(), StoreError> {
        self.writer.statement(sqlx::query(include_str!("sqlite/sql/release.sql")).bind(owner)).await
    }

    async fn retry_later(
        &self,
        shop: &ShopSlug,
        id: CommandId,
        not_before: Millis,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/retry_later.sql"))
            .bind(shop.to_string())
            .bind(id.0)
            .bind(not_before.0)
            .bind(i64::from(attempts));
        self.writer.statement(query).await
    }

    async fn park(&self, shop: &ShopSlug, id: CommandId, reason: &str) -> Result<(), StoreError> {
        let query =
            sqlx::query(include_str!("sqlite/sql/park.sql")).bind(shop.to_string()).bind(id.0).bind(reason.to_owned());
        self.writer.statement(query).await
    }

    async fn dequeue(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/dequeue.sql"))
            .bind(shop.to_string())
            .bind(json_ids(ids.iter().copied()));
        self.writer.statement(query).await
    }

    async fn queue_status(&self, shop: &ShopSlug, id: CommandId) -> Result<Option<QueueStatus>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/queue_status.sql")).bind(shop.as_str()).bind(id.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::queue_status))
    }

    async fn queue_rows(&self, shop: Option<&ShopSlug>, after: u64, limit: u32) -> Result<Vec<QueueRow>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/queue_rows.sql"))
            .bind(shop.map(ShopSlug::as_str))
            .bind(column(after))
            .bind(i64::from(limit));
        let rows: Vec<StoredCommand> = query.fetch_all(&self.readers).await.map_err(store_error)?;
        rows.into_iter().map(StoredCommand::row).collect()
    }

    async fn requeue(&self, arrivals: &[u64]) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/requeue.sql")).bind(json!(arrivals).to_string());
        self.writer.statement(query).await
    }

    async fn forget_settled(&self, before: Millis) -> Result<(), StoreError> {
        self.writer.statement(sqlx::query(include_str!("sqlite/sql/forget_settled.sql")).bind(before.0)).await
    }

    async fn offsets(&self) -> Result<Vec<Offset>, StoreError> {
        let rows = sqlx::query_as(include_str!("sqlite/sql/offsets.sql")).fetch_all(&self.readers).await;
        rows.map_err(store_error)?.into_iter().map(stored::offset).collect()
    }

    async fn set_offset(&self, offset: Offset) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sqlite/sql/set_offset.sql"));
        self.writer.statement(query.bind(offset.group).bind(column(offset.arrival))).await
    }

    async fn keep_release(&self, release: Release, now: Millis) -> Result<(), StoreError> {
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    sqlx::query(include_str!("sqlite/sql/keep_release.sql"))
                        .bind(&*release.id)
                        .bind(now.0)
                        .execute(&mut *connection)
                        .await
                        .map_err(store_error)?;
                    for file in release.files {
                        sqlx::query(include_str!("sqlite/sql/keep_release_file.sql"))
                            .bind(file.path)
                            .bind(&*release.id)
                            .bind(file.content_type)
                            .bind(file.gzip)
                            .bind(file.bytes)
                            .execute(&mut *connection)
                            .await
                            .map_err(store_error)?;
                    }
                    sqlx::query(include_str!("sqlite/sql/drop_releases.sql"))
                        .bind(now.0.saturating_sub(KEPT_FOR))
                        .bind(i64::from(LEAST_KEPT))
                        .bind(i64::from(MOST_KEPT))
                        .execute(connection)
                        .await
                        .map_err(store_error)?;
                    Ok(())
                })
            })
            .await
    }

    async fn release_file(&self, path: &str) -> Result<Option<ReleaseFile>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/release_file.sql")).bind(path);
        Ok(query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::release_file))
    }

    async fn keep_blob(&self, shop: &ShopSlug, blob: Blob, most: u64) -> Result<bool, StoreError> {
        let name = blob.name.clone();
        let query = sqlx::query(include_str!("sqlite/sql/keep_blob.sql"))
            .bind(shop.to_string())
            .bind(blob.name.to_string())
            .bind(blob.media_type.as_str())
            .bind(i64::from(blob.width))
            .bind(i64::from(blob.height))
            .bind(column(blob.bytes.len() as u64))
            .bind(blob.bytes)
            .bind(column(most));
        self.writer.statement(query).await?;
        if !self.blobs_there(shop, &[name]).await?.is_empty() {
            return Ok(true);
        }
        match self.head(shop).await? {
            Some(_) => Ok(false),
            None => Err(StoreError::UnknownShop { shop: shop.clone() }),
        }
    }

    async fn blob(&self, shop: &ShopSlug, name: &BlobHash) -> Result<Option<Blob>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/sql/blob.sql")).bind(shop.as_str()).bind(name.as_str());
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::blob).transpose()
    }

    async fn blobs_there(&self, shop: &ShopSlug, names: &[BlobHash]) -> Result<Vec<BlobHash>, StoreError> {
        let names = json!(names).to_string();
        let query = sqlx::query_as(include_str!("sqlite/sql/blobs_there.sql")).bind(shop.as_str()).bind(names);
        query.fetch_all(&self.readers).await.map_err(store_error)?.into_iter().map(stored::blob_name).collect()
    }

    fn write_with_appends(&self, view: &str) -> bool {
        self.inline.add(view)
    }

    fn access(&self) -> Arc<dyn Access> {
        Arc::new(Tables(OnSqlite { writer: self.writer.clone(), readers: self.readers.clone() }))
    }

    fn letters(&self) -> Arc<dyn Letters> {
        Arc::new(SqliteLetters { writer: self.writer.clone(), readers: self.readers.clone() })
    }

    fn search(&self) -> Arc<dyn SearchView> {
        Arc::new(SqliteSearch::new(self.writer.clone(), self.readers.clone()))
    }

    fn views(&self) -> Vec<Arc<dyn AllocationsView>> {
        let view = |form| -> Arc<dyn AllocationsView> {
            Arc::new(SqliteView::new(form, self.writer.clone(), self.readers.clone()))
        };
        vec![view(Form::Flat), view(Form::Joined)]
    }

    fn announce(&self, shop: &ShopSlug, position: u64) {
        self.hints.send(Hint::Head { shop: shop.clone(), position });
    }

    fn announcements(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}

/// The store as the server holds it.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    Ok(Arc::new(SqliteStore::open(url).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SqliteFile;

    /// F9: with NORMAL, a power cut takes the last answered commits.
    #[tokio::test]
    async fn p1_f9_a_commit_is_flushed_before_it_is_answered() {
        let file = SqliteFile::new();
        let store = SqliteStore::open(&file.url()).await.unwrap();
        let settings = store.writer.alone::<_, StoreError, _>(|connection| {
            Box::pin(async move {
                let synchronous: i64 =
                    sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
                let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(connection).await.unwrap();
                Ok((synchronous, journal))
            })
        });
        const FULL: i64 = 2;
        assert_eq!(settings.await.unwrap(), (FULL, "wal".to_owned()));
    }

    #[tokio::test]
    async fn p_8_queries_have_a_connection_that_cannot_write() {
        let file = SqliteFile::new();
        let store = SqliteStore::open(&file.url()).await.unwrap();
        store.migrate().await.unwrap();
        let refused = sqlx::query("DELETE FROM snapshot").execute(&store.readers).await.unwrap_err();
        const READ_ONLY: &str = "8";
        assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some(READ_ONLY), "{refused}");
        // Without it no query is answered: none takes the writer's.
        store.readers.close().await;
        assert!(store.shops().await.is_err());
    }
}
