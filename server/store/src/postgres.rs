//! PostgreSQL 15 and later: for several instances of the server on one database.
//!
//! READ COMMITTED and the row lock on the shop's head are all the isolation there is: no sequences, no advisory
//! locks. Every change is one statement, so a future that is dropped halfway cannot leave a transaction open on a pooled
//! connection. A `BEGIN` is there for an append with views in it and for a change of an owner, each in a task that nobody can drop.

mod append;
pub(crate) mod errors;
mod hints;
mod roles;

use std::{str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    AggregateId, CommandId, EventRecord, ShopSlug, VerdictRecord,
    chain::Hash,
    values::{BlobHash, Millis},
};
use sqlx::{
    Connection, Executor, PgPool, Row,
    migrate::Migrator,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    access::{Access, OnPostgres, Tables},
    append::{Append, Checkpoint},
    blob::Blob,
    error::{AppendError, StoreError},
    event_store::EventStore,
    hint::Hint,
    letters::{Letters, PostgresLetters},
    queue::{Claim, Claimed, Offset, QueueRow, QueueStatus, Queued, partition},
    release::{KEPT_FOR, LEAST_KEPT, MOST_KEPT, Release, ReleaseFile},
    schema,
    shop::{ShopHead, SnapshotRow},
    stored::{self, StoredCommand, StoredEvent, column},
    views::{
        AllocationsView, Form, Inline,
        postgres::PostgresView,
        search::{SearchView, postgres::PostgresSearch},
    },
};
use errors::{migration, read_error};
use hints::PostgresHints;
pub use roles::{Duty, Rights, grant};

static MIGRATIONS: Migrator = sqlx::migrate!("src/postgres/migrations");

/// Connections of one instance that write, and that read; two more carry hints.
const MOST_WRITERS: u32 = 6;
const MOST_READERS: u32 = 6;

const SESSION: &str = include_str!("postgres/sql/session.sql");
const READ_ONLY: &str = include_str!("postgres/sql/read_only.sql");
const NO_SHOP: &str = include_str!("postgres/sql/no_shop.sql");

/// A pooled connection that rested longer than this is asked whether it still lives before it is used. Asking each
/// time would double the round trips of an append.
const FRESH: Duration = Duration::from_secs(1);

/// See the module.
pub struct PostgresStore {
    pool: PgPool,
    /// Queries run here, where nothing can be written: a query that did would be refused.
    readers: PgPool,
    /// Whether the database shows one shop at a time to this role.
    names_shop: bool,
    hints: PostgresHints,
    inline: Inline,
}

impl PostgresStore {
    /// # Errors
    /// [`StoreError::Address`], or [`StoreError::Unavailable`] when the server does not answer.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|problem| StoreError::Address { problem: problem.to_string() })?
            .application_name("daybook");
        let pool = pool(options.clone(), MOST_WRITERS, &[SESSION]).await?;
        // For as long as this store lives: connections that see nothing and queries that name no shop must not meet.
        let names_shop = found_rights(&pool).await?.names_shop;
        let settings: &[_] = if names_shop { &[SESSION, READ_ONLY, NO_SHOP] } else { &[SESSION, READ_ONLY] };
        let readers = self::pool(options.clone(), MOST_READERS, settings).await?;
        Ok(Self { pool, readers, names_shop, hints: PostgresHints::new(options), inline: Inline::default() })
    }

    /// A connection that reads one shop. Where the role does not own the tables, the database shows it no other: the
    /// condition in each statement is the first lock, and this the second. A round trip; the owner is spared it, since
    /// no policy holds for the owner.
    async fn reader(&self, shop: &ShopSlug) -> Result<PoolConnection<sqlx::Postgres>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(read_error)?;
        if self.names_shop {
            let naming = sqlx::query(include_str!("postgres/sql/one_shop.sql")).bind(shop.as_str());
            naming.execute(&mut *reader).await.map_err(read_error)?;
        }
        Ok(reader)
    }

    async fn rows<R: Stored>(&self, shop: &ShopSlug, query: Asked<'_, R>) -> Result<Vec<R>, StoreError> {
        query.fetch_all(&mut *self.reader(shop).await?).await.map_err(read_error)
    }

    async fn row<R: Stored>(&self, shop: &ShopSlug, query: Asked<'_, R>) -> Result<Option<R>, StoreError> {
        query.fetch_optional(&mut *self.reader(shop).await?).await.map_err(read_error)
    }

    async fn events(
        &self,
        shop: &ShopSlug,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let rows = query.fetch_all(&mut *self.reader(shop).await?).await.map_err(read_error)?;
        rows.iter().map(|row| event(row).map_err(read_error)?.record(shop)).collect()
    }
}

/// What is asked of one shop.
type Asked<'q, R> = sqlx::query::QueryAs<'q, sqlx::Postgres, R, sqlx::postgres::PgArguments>;

/// What a row is read as.
trait Stored: for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin {}
impl<R: for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin> Stored for R {}

/// What the database says of this role.
struct Found {
    has_tables: bool,
    may_change: bool,
    may_add: bool,
    /// Whether it sees one shop at a time.
    names_shop: bool,
}

impl PostgresStore {
    /// Which command, or which shop, the database would not have on the queue.
    async fn why_not_queued(
        &self,
        commands: &[(ShopSlug, Queued)],
        error: sqlx::Error,
    ) -> Result<StoreError, StoreError> {
        if errors::state(&error).as_deref() == Some(errors::ID_REUSED) {
            for (shop, one) in commands {
                let reused: bool = sqlx::query_scalar(include_str!("postgres/sql/id_reused.sql"))
                    .bind(shop.as_str())
                    .bind(one.id.0)
                    .bind(one.fingerprint.cast_signed())
                    .fetch_one(&mut *self.reader(shop).await?)
                    .await
                    .map_err(read_error)?;
                if reused {
                    return Ok(StoreError::IdReused { command_id: one.id });
                }
            }
            // The one in the way was forgotten meanwhile; the same call made again meets its verdict instead.
            return Ok(StoreError::Unavailable { reason: "an id was in use a moment ago".to_owned() });
        }
        if errors::is_of_no_shop(&error) {
            for (shop, _) in commands {
                if self.head(shop).await?.is_none() {
                    return Ok(StoreError::UnknownShop { shop: shop.clone() });
                }
            }
        }
        Ok(read_error(error))
    }
}

async fn found_rights(pool: &PgPool) -> Result<Found, StoreError> {
    let query = sqlx::query_as(include_str!("postgres/roles/rights.sql"));
    let (has_tables, may_change, may_add, names_shop) = query.fetch_one(pool).await.map_err(read_error)?;
    Ok(Found { has_tables, may_change, may_add, names_shop })
}

/// Connections that have run `settings` before anything else.
async fn pool(options: PgConnectOptions, most: u32, settings: &'static [&'static str]) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for setting in settings {
                    connection.execute(*setting).await?;
                }
                Ok(())
            })
        });
    pool.connect_with(options).await.map_err(read_error)
}

fn event(row: &PgRow) -> Result<StoredEvent, sqlx::Error> {
    Ok(StoredEvent {
        position: row.try_get(0)?,
        aggregate: row.try_get(1)?,
        version: row.try_get(2)?,
        event_type: row.try_get(3)?,
        schema: row.try_get::<i32, _>(4)?.into(),
        command_id: row.try_get(5)?,
        index_in_command: row.try_get::<i32, _>(6)?.into(),
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

#[async_trait]
impl EventStore for PostgresStore {
    async fn migrate(&self) -> Result<(), StoreError> {
        if matches!(self.rights().await?, Some(Rights::Only(_))) {
            return self.check().await;
        }
        MIGRATIONS.run(&self.pool).await.map_err(migration)
    }

    async fn check(&self) -> Result<(), StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/migrations.sql"));
        let applied: Vec<(i64, Vec<u8>)> = query.fetch_all(&self.readers).await.map_err(read_error)?;
        schema::is_current(&MIGRATIONS, &applied)
    }

    async fn rights(&self) -> Result<Option<Rights>, StoreError> {
        let found = found_rights(&self.readers).await?;
        Ok(Some(match found {
            Found { has_tables: false, .. } | Found { may_change: true, .. } => Rights::Owner,
            Found { may_add: true, .. } => Rights::Only(Duty::Serves),
            _ => Rights::Only(Duty::Reads),
        }))
    }

    async fn create_shop(&self, shop: &ShopSlug, title: &str, epoch: Uuid) -> Result<ShopHead, StoreError> {
        sqlx::query(include_str!("postgres/sql/create_shop.sql"))
            .bind(shop.as_str())
            .bind(title)
            .bind(epoch)
            .bind(Hash::ORIGIN.0.as_slice())
            .execute(&self.pool)
            .await
            .map_err(read_error)?;
        self.head(shop).await?.ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })
    }

    async fn shops(&self) -> Result<Vec<ShopHead>, StoreError> {
        let rows = sqlx::query_as(include_str!("postgres/sql/shops.sql")).fetch_all(&self.readers).await;
        rows.map_err(read_error)?.into_iter().map(stored::head).collect()
    }

    async fn head(&self, shop: &ShopSlug) -> Result<Option<ShopHead>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/head.sql")).bind(shop.as_str());
        query.fetch_optional(&self.readers).await.map_err(read_error)?.map(stored::head).transpose()
    }

    async fn change_epoch(&self, shop: &ShopSlug, epoch: Uuid) -> Result<ShopHead, StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/change_epoch.sql")).bind(shop.as_str()).bind(epoch);
        query.execute(&self.pool).await.map_err(read_error)?;
        self.head(shop).await?.ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })
    }

    async fn append(&self, shop: &ShopSlug, append: Append) -> Result<(), AppendError> {
        append.check()?;
        let (pool, shop, inline) = (self.pool.clone(), shop.clone(), self.inline.forms());
        let task = tokio::spawn(async move { append::run(&pool, &shop, &append, &inline).await });
        task.await.unwrap_or_else(|lost| Err(AppendError::OutcomeUnknown { reason: lost.to_string() }))
    }

    async fn read(&self, shop: &ShopSlug, after: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/read.sql"))
            .bind(shop.as_str())
            .bind(column(after))
            .bind(i64::from(limit));
        self.events(shop, query).await
    }

    async fn read_before(&self, shop: &ShopSlug, before: u64, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/read_before.sql"))
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
        let query = sqlx::query(include_str!("postgres/sql/read_aggregate.sql"))
            .bind(shop.as_str())
            .bind(aggregate.as_str())
            .bind(i64::from(after_version))
            .bind(i64::from(limit));
        self.events(shop, query).await
    }

    async fn verdicts(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<Vec<VerdictRecord>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let query = sqlx::query_as(include_str!("postgres/sql/verdicts.sql")).bind(shop.as_str()).bind(ids);
        self.rows(shop, query).await?.into_iter().map(stored::verdict).collect()
    }

    async fn verdicts_after(
        &self,
        shop: &ShopSlug,
        after: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<VerdictRecord>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/verdicts_after.sql"))
            .bind(shop.as_str())
            .bind(after.map(|id| id.0))
            .bind(i64::from(limit));
        self.rows(shop, query).await?.into_iter().map(stored::verdict).collect()
    }

    async fn save_snapshot(&self, shop: &ShopSlug, snapshot: SnapshotRow) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/save_snapshot.sql"))
            .bind(shop.as_str())
            .bind(i64::from(snapshot.fold))
            .bind(column(snapshot.position))
            .bind(snapshot.hash.0.as_slice())
            .bind(snapshot.bytes);
        query.execute(&self.pool).await.map_err(|error| errors::of_shop(error, shop))?;
        Ok(())
    }

    async fn load_snapshot(
        &self,
        shop: &ShopSlug,
        fold: u32,
        at_most: Option<u64>,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/load_snapshot.sql"))
            .bind(shop.as_str())
            .bind(i64::from(fold))
            .bind(column(at_most.unwrap_or(u64::MAX)));
        self.row(shop, query).await?.map(stored::snapshot).transpose()
    }

    async fn checkpoints(&self, shop: &ShopSlug) -> Result<Vec<Checkpoint>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/checkpoints.sql")).bind(shop.as_str());
        let rows: Vec<(String, i64)> = query.fetch_all(&self.readers).await.map_err(read_error)?;
        rows.into_iter()
            .map(|(name, position)| Ok(Checkpoint { name: name.into(), position: stored::position(position)? }))
            .collect()
    }

    async fn enqueue_all(&self, commands: Vec<(ShopSlug, Queued)>) -> Result<(), StoreError> {
        let commands = stored::distinct(commands)?;
        let shops: Vec<&str> = commands.iter().map(|(shop, _)| shop.as_str()).collect();
        let ids: Vec<Uuid> = commands.iter().map(|(_, one)| one.id.0).collect();
        let prints: Vec<i64> = commands.iter().map(|(_, one)| one.fingerprint.cast_signed()).collect();
        let bodies: Vec<&[u8]> = commands.iter().map(|(_, one)| one.body.as_slice()).collect();
        let times: Vec<i64> = commands.iter().map(|(_, one)| one.enqueued_at.0).collect();
        let keys: Vec<&str> = commands.iter().map(|(_, one)| &*one.key).collect();
        let partitions: Vec<i32> = commands.iter().map(|(shop, one)| partition(shop, &one.key).into()).collect();
        let query = sqlx::query(include_str!("postgres/sql/enqueue.sql"))
            .bind(shops)
            .bind(ids)
            .bind(prints)
            .bind(bodies)
            .bind(times)
            .bind(keys)
            .bind(partitions);
        match query.execute(&self.pool).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not_queued(&commands, error).await?),
        }
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        let leased: Vec<i32> = sqlx::query_scalar(include_str!("postgres/sql/lease.sql"))
            .bind(claim.shop.as_ref().map(ShopSlug::as_str))
            .bind(claim.owner)
            .bind(claim.now.0)
            .bind(claim.lease_until.0)
            .bind(i64::from(claim.limit))
            .bind(claim.renew_before().0)
            .fetch_all(&self.pool)
            .await
            .map_err(read_error)?;
        if leased.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<StoredCommand> = sqlx::query_as(include_str!("postgres/sql/claim.sql"))
            .bind(claim.shop.as_ref().map(ShopSlug::as_str))
            .bind(leased)
            .bind(claim.now.0)
            .bind(i64::from(claim.limit))
            .fetch_all(&self.pool)
            .await
            .map_err(read_error)?;
        rows.into_iter().map(StoredCommand::claimed).collect()
    }

    async fn release(&self, owner: Uuid) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/release.sql")).bind(owner);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn retry_later(
        &self,
        shop: &ShopSlug,
        id: CommandId,
        not_before: Millis,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/retry_later.sql"))
            .bind(shop.as_str())
            .bind(id.0)
            .bind(not_before.0)
            .bind(i64::from(attempts));
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn park(&self, shop: &ShopSlug, id: CommandId, reason: &str) -> Result<(), StoreError> {
        let query =
            sqlx::query(include_str!("postgres/sql/park.sql")).bind(shop.as_str()).bind(id.0).bind(reason.to_owned());
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn dequeue(&self, shop: &ShopSlug, ids: &[CommandId]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let query = sqlx::query(include_str!("postgres/sql/dequeue.sql")).bind(shop.as_str()).bind(ids);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn queue_status(&self, shop: &ShopSlug, id: CommandId) -> Result<Option<QueueStatus>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/queue_status.sql")).bind(shop.as_str()).bind(id.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(read_error)?.map(stored::queue_status))
    }

    async fn queue_rows(&self, shop: Option<&ShopSlug>, after: u64, limit: u32) -> Result<Vec<QueueRow>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/queue_rows.sql"))
            .bind(shop.map(ShopSlug::as_str))
            .bind(column(after))
            .bind(i64::from(limit));
        let rows: Vec<StoredCommand> = query.fetch_all(&self.readers).await.map_err(read_error)?;
        rows.into_iter().map(StoredCommand::row).collect()
    }

    async fn requeue(&self, arrivals: &[u64]) -> Result<(), StoreError> {
        let arrivals: Vec<i64> = arrivals.iter().copied().map(column).collect();
        let query = sqlx::query(include_str!("postgres/sql/requeue.sql")).bind(arrivals);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn forget_settled(&self, before: Millis) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/forget_settled.sql")).bind(before.0);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn offsets(&self) -> Result<Vec<Offset>, StoreError> {
        let rows = sqlx::query_as(include_str!("postgres/sql/offsets.sql")).fetch_all(&self.readers).await;
        rows.map_err(read_error)?.into_iter().map(stored::offset).collect()
    }

    async fn set_offset(&self, offset: Offset) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/sql/set_offset.sql"));
        query.bind(offset.group).bind(column(offset.arrival)).execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn keep_release(&self, release: Release, now: Millis) -> Result<(), StoreError> {
        let files = &release.files;
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let types: Vec<&str> = files.iter().map(|file| file.content_type.as_str()).collect();
        let packed: Vec<bool> = files.iter().map(|file| file.gzip).collect();
        let bodies: Vec<&[u8]> = files.iter().map(|file| file.bytes.as_slice()).collect();
        sqlx::query(include_str!("postgres/sql/keep_release.sql"))
            .bind(&*release.id)
            .bind(now.0)
            .bind(paths)
            .bind(types)
            .bind(packed)
            .bind(bodies)
            .execute(&self.pool)
            .await
            .map_err(read_error)?;
        sqlx::query(include_str!("postgres/sql/drop_releases.sql"))
            .bind(now.0.saturating_sub(KEPT_FOR))
            .bind(i64::from(LEAST_KEPT))
            .bind(i64::from(MOST_KEPT))
            .execute(&self.pool)
            .await
            .map_err(read_error)?;
        Ok(())
    }

    async fn release_file(&self, path: &str) -> Result<Option<ReleaseFile>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/release_file.sql")).bind(path);
        Ok(query.fetch_optional(&self.readers).await.map_err(read_error)?.map(stored::release_file))
    }

    async fn keep_blob(&self, shop: &ShopSlug, blob: Blob, most: u64) -> Result<bool, StoreError> {
        let name = blob.name.clone();
        let query = sqlx::query(include_str!("postgres/sql/keep_blob.sql"))
            .bind(shop.as_str())
            .bind(blob.name.as_str())
            .bind(blob.media_type.as_str())
            .bind(i64::from(blob.width))
            .bind(i64::from(blob.height))
            .bind(column(blob.bytes.len() as u64))
            .bind(blob.bytes)
            .bind(column(most));
        query.execute(&self.pool).await.map_err(read_error)?;
        if !self.blobs_there(shop, &[name]).await?.is_empty() {
            return Ok(true);
        }
        match self.head(shop).await? {
            Some(_) => Ok(false),
            None => Err(StoreError::UnknownShop { shop: shop.clone() }),
        }
    }

    async fn blob(&self, shop: &ShopSlug, name: &BlobHash) -> Result<Option<Blob>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/sql/blob.sql")).bind(shop.as_str()).bind(name.as_str());
        self.row(shop, query).await?.map(stored::blob).transpose()
    }

    async fn blobs_there(&self, shop: &ShopSlug, names: &[BlobHash]) -> Result<Vec<BlobHash>, StoreError> {
        let names: Vec<&str> = names.iter().map(BlobHash::as_str).collect();
        let query = sqlx::query_as(include_str!("postgres/sql/blobs_there.sql")).bind(shop.as_str()).bind(names);
        self.rows(shop, query).await?.into_iter().map(stored::blob_name).collect()
    }

    fn write_with_appends(&self, view: &str) -> bool {
        self.inline.add(view)
    }

    fn access(&self) -> Arc<dyn Access> {
        Arc::new(Tables(OnPostgres { pool: self.pool.clone() }))
    }

    fn letters(&self) -> Arc<dyn Letters> {
        Arc::new(PostgresLetters { pool: self.pool.clone(), readers: self.readers.clone() })
    }

    fn search(&self) -> Arc<dyn SearchView> {
        Arc::new(PostgresSearch::new(self.pool.clone(), self.readers.clone()))
    }

    fn views(&self) -> Vec<Arc<dyn AllocationsView>> {
        let view = |form| -> Arc<dyn AllocationsView> {
            Arc::new(PostgresView::new(form, self.pool.clone(), self.readers.clone()))
        };
        vec![view(Form::Flat), view(Form::Joined)]
    }

    fn announce(&self, shop: &ShopSlug, position: u64) {
        self.hints.announce(shop, position);
    }

    fn announcements(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}

/// The store as the server holds it.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    Ok(Arc::new(PostgresStore::open(url).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::postgres_url;

    /// F9: a database that answers before it has flushed, by default.
    #[tokio::test]
    async fn p1_f9_a_commit_is_flushed_before_it_is_answered() {
        let Some(url) = postgres_url().await else { return };
        let before = PostgresStore::open(&url).await.unwrap();
        let setting =
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
        before.pool.execute(setting).await.unwrap();
        let store = PostgresStore::open(&url).await.unwrap();
        let durable: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&store.pool).await.unwrap();
        assert_eq!(durable, "on");
    }

    #[tokio::test]
    async fn p_8_queries_are_read_only_transactions() {
        let Some(url) = postgres_url().await else { return };
        let store = PostgresStore::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        let shop = ShopSlug::parse("corner").unwrap();
        store.create_shop(&shop, "Corner", Uuid::from_u128(1)).await.unwrap();
        for (pool, is_read_only) in [(&store.readers, "on"), (&store.pool, "off")] {
            let says: String = sqlx::query_scalar("SHOW transaction_read_only").fetch_one(pool).await.unwrap();
            assert_eq!(says, is_read_only);
        }
        let refused = sqlx::query("DELETE FROM snapshot").execute(&store.readers).await.unwrap_err();
        assert_eq!(errors::state(&refused).as_deref(), Some("25006"), "{refused}");

        // With nothing left that could write, every query still answers.
        store.pool.close().await;
        assert_eq!(store.shops().await.unwrap().len(), 1);
        assert!(store.head(&shop).await.unwrap().is_some());
        let (id, order) = (CommandId(Uuid::from_u128(2)), AggregateId::new("order", "1"));
        assert!(store.read(&shop, 0, 9).await.unwrap().is_empty());
        assert!(store.read_before(&shop, 9, 9).await.unwrap().is_empty());
        assert!(store.read_aggregate(&shop, &order, 0, 9).await.unwrap().is_empty());
        assert!(store.verdicts(&shop, &[id]).await.unwrap().is_empty());
        assert!(store.verdicts_after(&shop, None, 9).await.unwrap().is_empty());
        assert!(store.load_snapshot(&shop, 1, None).await.unwrap().is_none());
        assert!(store.checkpoints(&shop).await.unwrap().is_empty());
        assert!(store.queue_status(&shop, id).await.unwrap().is_none());
        assert!(store.queue_rows(None, 0, 9).await.unwrap().is_empty());
        assert!(store.release_file("a").await.unwrap().is_none());
        assert!(store.blob(&shop, &BlobHash::of(b"a")).await.unwrap().is_none());
        assert!(store.blobs_there(&shop, &[BlobHash::of(b"a")]).await.unwrap().is_empty());
        for view in store.views() {
            assert!(view.reached(&shop).await.unwrap().is_none());
            assert!(view.of_order(&shop, "1").await.unwrap().is_empty() && view.all(&shop).await.unwrap().is_empty());
        }
        let (search, words) = (store.search(), ["a".to_owned()]);
        assert!(search.reached(&shop).await.unwrap().is_none());
        assert!(search.find(&shop, &words, 9).await.unwrap().is_empty() && search.all(&shop).await.unwrap().is_empty());
        assert!(store.letters().reached(&shop).await.unwrap().is_none());
        store.offsets().await.unwrap();
    }
}
