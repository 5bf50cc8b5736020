//! What every view on SQLite has: a checkpoint that moves in the transaction of its rows, by the store's one writer.

use domain::ShopSlug;
use serde_json::Value;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::super::{Reached, ViewError};
use crate::{
    error::StoreError,
    sqlite::{
        errors::{WriteError, store_error},
        writer::Writer,
    },
    stored::{self, column},
};

/// A statement, and the rows that it is given as JSON behind the shop.
pub(crate) type Rows = (&'static str, Vec<Value>);

/// A view, and how it is reached.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) name: &'static str,
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
}

impl WriteError for ViewError {
    fn not_written(error: sqlx::Error) -> Self {
        Self::Store(StoreError::not_written(error))
    }

    fn unknown(reason: String) -> Self {
        Self::Store(StoreError::unknown(reason))
    }
}

/// In a transaction that is open: false, and nothing is written, unless the view stands at the second of `places`, which
/// are epoch, position before and position after.
pub(crate) async fn take(
    connection: &mut SqliteConnection,
    view: &'static str,
    shop: &ShopSlug,
    (epoch, after, to): (Uuid, u64, u64),
    rows: Vec<Rows>,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(include_str!("move.sql"))
        .bind(shop.as_str())
        .bind(view)
        .bind(epoch)
        .bind(column(after))
        .bind(column(to))
        .execute(&mut *connection)
        .await?;
    if moved.rows_affected() != 1 {
        return Ok(false);
    }
    for (statement, rows) in rows {
        if !rows.is_empty() {
            let query = sqlx::query(statement).bind(shop.as_str()).bind(Value::Array(rows).to_string());
            query.execute(&mut *connection).await?;
        }
    }
    Ok(true)
}

impl Kept {
    pub(crate) async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let query = sqlx::query_as(include_str!("reached.sql")).bind(shop.as_str()).bind(self.name);
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::reached).transpose()
    }

    /// [`take`] in a transaction of its own.
    pub(crate) async fn take(
        &self,
        shop: &ShopSlug,
        places: (Uuid, u64, u64),
        rows: Vec<Rows>,
    ) -> Result<(), ViewError> {
        let (shop, view) = (shop.clone(), self.name);
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    match take(connection, view, &shop, places, rows).await {
                        Ok(true) => Ok(()),
                        Ok(false) => Err(ViewError::Moved { expected: places.1 }),
                        Err(error) => Err(ViewError::not_written(error)),
                    }
                })
            })
            .await
    }

    /// The rows go by `statements`, and the checkpoint with them.
    pub(crate) async fn clear(&self, shop: &ShopSlug, statements: &'static [&'static str]) -> Result<(), StoreError> {
        let (shop, view) = (shop.clone(), self.name);
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    for statement in statements {
                        let query = sqlx::query(*statement).bind(shop.as_str());
                        query.execute(&mut *connection).await.map_err(store_error)?;
                    }
                    let query = sqlx::query(include_str!("forget.sql")).bind(shop.as_str()).bind(view);
                    query.execute(connection).await.map_err(store_error)?;
                    Ok(())
                })
            })
            .await
    }
}
