//! Letters on PostgreSQL.

use async_trait::async_trait;
use domain::{ShopSlug, values::Millis};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Due, Letter, Letters, READER};
use crate::{
    error::StoreError,
    postgres::errors::read_error,
    stored::{self, column},
    views::{Reached, ViewError},
};

pub(crate) struct PostgresLetters {
    pub(crate) pool: PgPool,
    pub(crate) readers: PgPool,
}

#[async_trait]
impl Letters for PostgresLetters {
    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let query = sqlx::query_as(include_str!("../views/postgres/reached.sql")).bind(shop.as_str()).bind(READER);
        query.fetch_optional(&self.readers).await.map_err(read_error)?.map(stored::reached).transpose()
    }

    async fn note(
        &self,
        shop: &ShopSlug,
        epoch: Uuid,
        (after, to): (u64, u64),
        letters: &[Letter],
    ) -> Result<(), ViewError> {
        let moved: i64 = sqlx::query_scalar(include_str!("postgres/note.sql"))
            .bind(shop.as_str())
            .bind(READER)
            .bind(epoch)
            .bind(column(after))
            .bind(column(to))
            .bind(letters.iter().map(|one| column(one.position)).collect::<Vec<_>>())
            .bind(letters.iter().map(|one| one.body.as_slice()).collect::<Vec<_>>())
            .fetch_one(&self.pool)
            .await
            .map_err(read_error)?;
        if moved == 1 { Ok(()) } else { Err(ViewError::Moved { expected: after }) }
    }

    async fn forget_reached(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/forget_reached.sql")).bind(shop.as_str()).bind(READER);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn take(&self, now: Millis, again_at: Millis, limit: u32) -> Result<Vec<Due>, StoreError> {
        let query =
            sqlx::query_as(include_str!("postgres/take.sql")).bind(now.0).bind(again_at.0).bind(i64::from(limit));
        stored::letters(query.fetch_all(&self.pool).await.map_err(read_error)?)
    }

    async fn sent(&self, letter: &Letter) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/sent.sql"))
            .bind(letter.shop.as_str())
            .bind(letter.epoch)
            .bind(column(letter.position));
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }

    async fn send_later(&self, letter: &Letter, not_before: Millis) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("postgres/send_later.sql"))
            .bind(letter.shop.as_str())
            .bind(letter.epoch)
            .bind(column(letter.position))
            .bind(not_before.0);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }
}
