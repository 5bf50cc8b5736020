//! On SQLite, with FTS5 (<https://www.sqlite.org/fts5.html>); the index follows the records by triggers.

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use serde_json::json;
use sqlx::SqlitePool;
use uuid::Uuid;

use super::{
    super::{
        Reached, View, ViewError,
        sqlite::kept::{Kept, Rows},
    },
    Fields, Found, NAME, SearchView,
    changes::{self, Changes, Outcome},
    fields,
};
use crate::{
    error::StoreError,
    sqlite::{errors::store_error, writer::Writer},
};

pub(crate) struct SqliteSearch(Kept);

impl SqliteSearch {
    pub(crate) fn new(writer: Writer, readers: SqlitePool) -> Self {
        Self(Kept { name: NAME, writer, readers })
    }
}

fn rows(changes: Changes) -> Vec<Rows> {
    let (mut removed, mut puts) = (Vec::new(), Vec::new());
    for ((kind, id), outcome) in changes {
        match outcome {
            Outcome::Gone => removed.push(json!([kind, id])),
            Outcome::Put { is_new, fields } => puts.push(json!([kind, id, is_new, fields])),
        }
    }
    vec![(include_str!("sqlite/remove.sql"), removed), (include_str!("sqlite/put.sql"), puts)]
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
        self.0.reached(shop).await
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        self.0.take(shop, (epoch, after, to), rows(changes::of(entries))).await
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        self.0.clear(shop, &[include_str!("sqlite/clear.sql")]).await
    }
}

#[async_trait]
impl SearchView for SqliteSearch {
    async fn find(&self, shop: &ShopSlug, words: &[String], limit: u32) -> Result<Vec<Found>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let query = sqlx::query_as(include_str!("sqlite/find.sql")).bind(shop.as_str()).bind(asked(words)).bind(limit);
        let rows: Vec<(String, String)> = query.fetch_all(&self.0.readers).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|(kind, id)| Found { kind, id }).collect())
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<(Found, Fields)>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/all.sql")).bind(shop.as_str());
        let rows: Vec<(String, String, String)> = query.fetch_all(&self.0.readers).await.map_err(store_error)?;
        rows.into_iter().map(|(kind, id, json)| Ok((Found { kind, id }, fields(&json)?))).collect()
    }
}
