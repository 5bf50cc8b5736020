//! On SQLite, with FTS5 (<https://www.sqlite.org/fts5.html>); the index follows the records by triggers.

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use serde_json::{Value, json};
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{
    super::{Reached, View, ViewError},
    Fields, Found, NAME, SearchView,
    changes::{self, Changes, Outcome},
    fields,
};
use crate::{
    error::StoreError,
    sqlite::{
        errors::{WriteError, store_error},
        writer::Writer,
    },
    stored::{self, column},
};

pub(crate) struct SqliteSearch {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
}

/// In a transaction that is open: false, and nothing is written, unless the view stands at `after`.
async fn take(
    connection: &mut SqliteConnection,
    shop: &ShopSlug,
    (epoch, after, to): (Uuid, u64, u64),
    changes: &Changes,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(include_str!("../sqlite/move.sql"))
        .bind(shop.as_str())
        .bind(NAME)
        .bind(epoch)
        .bind(column(after))
        .bind(column(to))
        .execute(&mut *connection)
        .await?;
    if moved.rows_affected() != 1 {
        return Ok(false);
    }
    let (mut removed, mut puts) = (Vec::new(), Vec::new());
    for ((kind, id), outcome) in changes {
        match outcome {
            Outcome::Gone => removed.push(json!([kind, id])),
            Outcome::Put { is_new, fields } => puts.push(json!([kind, id, is_new, fields])),
        }
    }
    for (statement, rows) in [(include_str!("sqlite/remove.sql"), removed), (include_str!("sqlite/put.sql"), puts)] {
        if !rows.is_empty() {
            let query = sqlx::query(statement).bind(shop.as_str()).bind(Value::Array(rows).to_string());
            query.execute(&mut *connection).await?;
        }
    }
    Ok(true)
}

/// Each word in quotation marks, so that none is an operator, and a star for what it begins.
fn asked(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl View for SqliteSearch {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let query = sqlx::query_as(include_str!("../sqlite/reached.sql")).bind(shop.as_str()).bind(NAME);
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::reached).transpose()
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        let (shop, changes) = (shop.clone(), changes::of(entries));
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    match take(connection, &shop, (epoch, after, to), &changes).await {
                        Ok(true) => Ok(()),
                        Ok(false) => Err(ViewError::Moved { expected: after }),
                        Err(error) => Err(ViewError::not_written(error)),
                    }
                })
            })
            .await
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        let shop = shop.clone();
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(include_str!("sqlite/clear.sql")).bind(shop.as_str());
                    query.execute(&mut *connection).await.map_err(store_error)?;
                    let query = sqlx::query(include_str!("../sqlite/forget.sql")).bind(shop.as_str()).bind(NAME);
                    query.execute(connection).await.map_err(store_error)?;
                    Ok(())
                })
            })
            .await
    }
}

#[async_trait]
impl SearchView for SqliteSearch {
    async fn find(&self, shop: &ShopSlug, words: &[String], limit: u32) -> Result<Vec<Found>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let query = sqlx::query_as(include_str!("sqlite/find.sql")).bind(shop.as_str()).bind(asked(words)).bind(limit);
        let rows: Vec<(String, String)> = query.fetch_all(&self.readers).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|(kind, id)| Found { kind, id }).collect())
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<(Found, Fields)>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/all.sql")).bind(shop.as_str());
        let rows: Vec<(String, String, String)> = query.fetch_all(&self.readers).await.map_err(store_error)?;
        rows.into_iter().map(|(kind, id, json)| Ok((Found { kind, id }, fields(&json)?))).collect()
    }
}
