//! What every view on PostgreSQL has: a checkpoint that moves in the statement that writes its rows, and goes with them.

use domain::ShopSlug;
use sqlx::PgPool;

use super::super::Reached;
use crate::{error::StoreError, postgres::errors::read_error, stored};

/// A view, and how it is reached.
pub(crate) struct Kept {
    pub(crate) name: &'static str,
    pub(crate) pool: PgPool,
    pub(crate) readers: PgPool,
}

impl Kept {
    pub(crate) async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let query = sqlx::query_as(include_str!("reached.sql")).bind(shop.as_str()).bind(self.name);
        query.fetch_optional(&self.readers).await.map_err(read_error)?.map(stored::reached).transpose()
    }

    /// The rows go by `statement`, and the checkpoint with them.
    pub(crate) async fn clear(&self, shop: &ShopSlug, statement: &'static str) -> Result<(), StoreError> {
        let query = sqlx::query(statement).bind(shop.as_str()).bind(self.name);
        query.execute(&self.pool).await.map_err(read_error)?;
        Ok(())
    }
}
