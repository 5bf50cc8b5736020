//! Letters on SQLite.

use async_trait::async_trait;
use domain::{ShopSlug, values::Millis};
use sqlx::SqlitePool;
use uuid::Uuid;

use super::{Due, Letter, Letters, READER};
use crate::{
    error::StoreError,
    sqlite::{
        errors::{WriteError, store_error},
        writer::Writer,
    },
    stored::{self, column},
    views::{Reached, ViewError},
};

pub(crate) struct SqliteLetters {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
}

#[async_trait]
impl Letters for SqliteLetters {
    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let query = sqlx::query_as(include_str!("../views/sqlite/reached.sql")).bind(shop.as_str()).bind(READER);
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::reached).transpose()
    }

    async fn note(
        &self,
        shop: &ShopSlug,
        epoch: Uuid,
        (after, to): (u64, u64),
        letters: &[Letter],
    ) -> Result<(), ViewError> {
        let (shop, letters) = (shop.clone(), letters.to_vec());
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let moved = sqlx::query(include_str!("../views/sqlite/move.sql"))
                        .bind(shop.as_str())
                        .bind(READER)
                        .bind(epoch)
                        .bind(column(after))
                        .bind(column(to))
                        .execute(&mut *connection)
                        .await
                        .map_err(ViewError::not_written)?;
                    if moved.rows_affected() != 1 {
                        return Err(ViewError::Moved { expected: after });
                    }
                    for letter in letters {
                        sqlx::query(include_str!("sqlite/note.sql"))
                            .bind(shop.as_str())
                            .bind(letter.epoch)
                            .bind(column(letter.position))
                            .bind(letter.body)
                            .execute(&mut *connection)
                            .await
                            .map_err(ViewError::not_written)?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn forget_reached(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("../views/sqlite/forget.sql")).bind(shop.to_string()).bind(READER);
        self.writer.statement(query).await
    }

    async fn take(&self, now: Millis, again_at: Millis, limit: u32) -> Result<Vec<Due>, StoreError> {
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query_as(include_str!("sqlite/take.sql"))
                        .bind(now.0)
                        .bind(again_at.0)
                        .bind(i64::from(limit));
                    let rows = query.fetch_all(connection).await.map_err(store_error)?;
                    stored::letters(rows)
                })
            })
            .await
    }

    async fn sent(&self, letter: &Letter) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sqlite/sent.sql"))
            .bind(letter.shop.to_string())
            .bind(letter.epoch)
            .bind(column(letter.position));
        self.writer.statement(query).await
    }

    async fn send_later(&self, letter: &Letter, not_before: Millis) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sqlite/send_later.sql"))
            .bind(letter.shop.to_string())
            .bind(letter.epoch)
            .bind(column(letter.position))
            .bind(not_before.0);
        self.writer.statement(query).await
    }
}
