//! How one statement is run on SQLite and on PostgreSQL.

use async_trait::async_trait;
use domain::{ShopSlug, values::Millis};
use sqlx::{FromRow, PgPool, SqlitePool, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

use super::SecretHash;
use crate::{
    error::StoreError,
    postgres::errors as on_postgres,
    sqlite::{errors as on_sqlite, writer::Writer},
};

/// What is bound to a statement.
pub(crate) enum Value {
    Text(String),
    MaybeText(Option<String>),
    Number(i64),
    MaybeNumber(Option<i64>),
    Bytes(Vec<u8>),
    MaybeBytes(Option<Vec<u8>>),
    Id(Uuid),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::MaybeText(text)
    }
}

impl From<Millis> for Value {
    fn from(at: Millis) -> Self {
        Self::Number(at.0)
    }
}

impl From<Option<Millis>> for Value {
    fn from(at: Option<Millis>) -> Self {
        Self::MaybeNumber(at.map(|at| at.0))
    }
}

impl From<SecretHash> for Value {
    fn from(hash: SecretHash) -> Self {
        Self::Bytes(hash.0.to_vec())
    }
}

impl From<Option<SecretHash>> for Value {
    fn from(hash: Option<SecretHash>) -> Self {
        Self::MaybeBytes(hash.map(|hash| hash.0.to_vec()))
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

/// A row that can be read from either.
pub(crate) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<R> Row for R where R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}

#[async_trait]
pub(crate) trait Database: Send + Sync + 'static {
    /// Runs one statement; answers how many rows it has changed. `shop` is the one that a new row belongs to.
    async fn write(&self, shop: Option<&ShopSlug>, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError>;

    /// The same for one that may end an owner: of two for one shop the second sees what the first has done.
    async fn write_behind_owners(
        &self,
        shop: &ShopSlug,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, StoreError>;

    /// Runs one statement that changes rows and answers with them.
    async fn write_returning<R: Row>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<R>, StoreError>;

    async fn rows<R: Row>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<R>, StoreError>;
}

/// Both kinds of query take values alike, and share no trait that says so.
macro_rules! bound {
    ($query:expr, $values:expr) => {
        $values.into_iter().fold($query, |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::MaybeText(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
            Value::MaybeNumber(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::MaybeBytes(bytes) => query.bind(bytes),
            Value::Id(id) => query.bind(id),
        })
    };
}

pub(crate) struct OnSqlite {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
}

#[async_trait]
impl Database for OnSqlite {
    async fn write(&self, shop: Option<&ShopSlug>, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        let shop = shop.cloned();
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let done = bound!(sqlx::query(sql), values).execute(connection).await;
                    done.map(|done| done.rows_affected()).map_err(|error| match &shop {
                        Some(shop) => on_sqlite::of_shop(error, shop),
                        None => on_sqlite::store_error(error),
                    })
                })
            })
            .await
    }

    /// There is one writer.
    async fn write_behind_owners(
        &self,
        shop: &ShopSlug,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        self.write(Some(shop), sql, values).await
    }

    async fn write_returning<R: Row>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<R>, StoreError> {
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    bound!(sqlx::query_as(sql), values).fetch_all(connection).await.map_err(on_sqlite::store_error)
                })
            })
            .await
    }

    async fn rows<R: Row>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<R>, StoreError> {
        bound!(sqlx::query_as(sql), values).fetch_all(&self.readers).await.map_err(on_sqlite::store_error)
    }
}

pub(crate) struct OnPostgres {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Database for OnPostgres {
    async fn write(&self, shop: Option<&ShopSlug>, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        let done = bound!(sqlx::query(sql), values).execute(&self.pool).await;
        done.map(|done| done.rows_affected()).map_err(|error| match shop {
            Some(shop) => on_postgres::of_shop(error, shop),
            None => on_postgres::read_error(error),
        })
    }

    /// Two statements: the second sees the rows as they are once the first has its locks. In a task that nobody can drop: a
    /// request that is cut off while its `BEGIN` is on the way would leave a transaction open on a pooled connection.
    async fn write_behind_owners(
        &self,
        shop: &ShopSlug,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let (pool, of) = (self.pool.clone(), shop.clone());
        let write = tokio::spawn(async move {
            let mut transaction = pool.begin().await?;
            let lock = sqlx::query(include_str!("../postgres/sql/lock_owners.sql")).bind(of.as_str());
            lock.execute(&mut *transaction).await?;
            let done = bound!(sqlx::query(sql), values).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(done.rows_affected())
        });
        match write.await {
            Ok(done) => done.map_err(|error| on_postgres::of_shop(error, shop)),
            Err(lost) => Err(StoreError::Unavailable { reason: lost.to_string() }),
        }
    }

    async fn write_returning<R: Row>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<R>, StoreError> {
        self.rows(sql, values).await
    }

    async fn rows<R: Row>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<R>, StoreError> {
        bound!(sqlx::query_as(sql), values).fetch_all(&self.pool).await.map_err(on_postgres::read_error)
    }
}
