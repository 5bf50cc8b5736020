//! On PostgreSQL, with its own text search and an index of words.

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    super::{Reached, View, ViewError, postgres::kept::Kept},
    Fields, Found, NAME, SearchView,
    changes::{self, Outcome},
    fields,
};
use crate::{error::StoreError, postgres::errors::read_error, stored::column};

pub(crate) struct PostgresSearch(Kept);

impl PostgresSearch {
    pub(crate) fn new(pool: PgPool, readers: PgPool) -> Self {
        Self(Kept { name: NAME, pool, readers })
    }
}

/// Each word in quotation marks, so that none is an operator, and for what it begins.
fn asked(words: &[String]) -> String {
    words.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & ")
}

#[async_trait]
impl View for PostgresSearch {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        self.0.reached(shop).await
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        let (mut removed, mut puts) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new(), Vec::new(), Vec::new()));
        for ((kind, id), outcome) in changes::of(entries) {
            match outcome {
                Outcome::Gone => {
                    removed.0.push(kind);
                    removed.1.push(id);
                }
                Outcome::Put { is_new, fields } => {
                    puts.0.push(kind);
                    puts.1.push(id);
                    puts.2.push(is_new);
                    puts.3.push(serde_json::json!(fields).to_string());
                }
            }
        }
        let query = sqlx::query_scalar(include_str!("postgres/take.sql"))
            .bind(shop.as_str())
            .bind(NAME)
            .bind(epoch)
            .bind(column(after))
            .bind(column(to))
            .bind(removed.0)
            .bind(removed.1)
            .bind(puts.0)
            .bind(puts.1)
            .bind(puts.2)
            .bind(puts.3);
        let moved: i64 = query.fetch_one(&self.0.pool).await.map_err(read_error)?;
        if moved == 1 { Ok(()) } else { Err(ViewError::Moved { expected: after }) }
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        self.0.clear(shop, include_str!("postgres/clear.sql")).await
    }
}

#[async_trait]
impl SearchView for PostgresSearch {
    async fn find(&self, shop: &ShopSlug, words: &[String], limit: u32) -> Result<Vec<Found>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let query = sqlx::query_as(include_str!("postgres/find.sql"));
        let query = query.bind(shop.as_str()).bind(asked(words)).bind(i64::from(limit));
        let rows: Vec<(String, String)> = query.fetch_all(&self.0.readers).await.map_err(read_error)?;
        Ok(rows.into_iter().map(|(kind, id)| Found { kind, id }).collect())
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<(Found, Fields)>, StoreError> {
        let query = sqlx::query_as(include_str!("postgres/all.sql")).bind(shop.as_str());
        let rows: Vec<(String, String, String)> = query.fetch_all(&self.0.readers).await.map_err(read_error)?;
        rows.into_iter().map(|(kind, id, json)| Ok((Found { kind, id }, fields(&json)?))).collect()
    }
}
