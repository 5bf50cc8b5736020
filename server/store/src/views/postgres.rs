//! Both forms on PostgreSQL. Taking entries in is one statement, like an append.

pub(crate) mod kept;

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use self::kept::Kept;
use super::{Allocation, AllocationsView, Changes, Form, Reached, View, ViewError};
use crate::{
    error::StoreError,
    postgres::errors::read_error,
    stored::{self, column},
};

pub(crate) struct PostgresView {
    form: Form,
    kept: Kept,
}

impl PostgresView {
    pub(crate) fn new(form: Form, pool: PgPool, readers: PgPool) -> Self {
        Self { form, kept: Kept { name: form.name(), pool, readers } }
    }
}

/// False, and nothing is written, unless the view stands at the second of `places`, which are epoch, position before
/// and position after.
pub(crate) async fn take(
    executor: impl PgExecutor<'_>,
    form: Form,
    shop: &ShopSlug,
    (epoch, after, to): (Uuid, u64, u64),
    Changes { puts, removed, batches }: &Changes,
) -> Result<bool, sqlx::Error> {
    let statement = match form {
        Form::Joined => include_str!("postgres/joined/take.sql"),
        Form::Flat => include_str!("postgres/flat/take.sql"),
    };
    let mut query = sqlx::query_scalar(statement)
        .bind(shop.as_str())
        .bind(form.name())
        .bind(epoch)
        .bind(column(after))
        .bind(column(to))
        .bind(removed.iter().map(|key| key.order_id.as_str()).collect::<Vec<_>>())
        .bind(removed.iter().map(|key| key.sku.as_str()).collect::<Vec<_>>())
        .bind(removed.iter().map(|key| key.batchref.as_str()).collect::<Vec<_>>())
        .bind(puts.iter().map(|row| row.order_id.as_str()).collect::<Vec<_>>())
        .bind(puts.iter().map(|row| row.sku.as_str()).collect::<Vec<_>>())
        .bind(puts.iter().map(|row| row.batchref.as_str()).collect::<Vec<_>>())
        .bind(puts.iter().map(|row| i64::from(row.qty)).collect::<Vec<_>>());
    if form == Form::Joined {
        query = query
            .bind(batches.iter().map(|(batchref, _)| batchref.as_str()).collect::<Vec<_>>())
            .bind(batches.iter().map(|(_, sku)| sku.as_str()).collect::<Vec<_>>());
    }
    let moved: Vec<i64> = query.fetch_all(executor).await?;
    Ok(moved.into_iter().sum::<i64>() == 1)
}

#[async_trait]
impl View for PostgresView {
    fn name(&self) -> &'static str {
        self.form.name()
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        self.kept.reached(shop).await
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        let taken = take(&self.kept.pool, self.form, shop, (epoch, after, to), &Changes::of(entries)).await;
        if taken.map_err(read_error)? { Ok(()) } else { Err(ViewError::Moved { expected: after }) }
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        let statement = match self.form {
            Form::Joined => include_str!("postgres/joined/clear.sql"),
            Form::Flat => include_str!("postgres/flat/clear.sql"),
        };
        self.kept.clear(shop, statement).await
    }
}

#[async_trait]
impl AllocationsView for PostgresView {
    async fn of_order(&self, shop: &ShopSlug, order_id: &str) -> Result<Vec<Allocation>, StoreError> {
        let statement = match self.form {
            Form::Joined => include_str!("postgres/joined/of_order.sql"),
            Form::Flat => include_str!("postgres/flat/of_order.sql"),
        };
        let query = sqlx::query_as(statement).bind(shop.as_str()).bind(order_id);
        query.fetch_all(&self.kept.readers).await.map_err(read_error)?.into_iter().map(stored::allocation).collect()
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<Allocation>, StoreError> {
        let statement = match self.form {
            Form::Joined => include_str!("postgres/joined/all.sql"),
            Form::Flat => include_str!("postgres/flat/all.sql"),
        };
        let query = sqlx::query_as(statement).bind(shop.as_str());
        query.fetch_all(&self.kept.readers).await.map_err(read_error)?.into_iter().map(stored::allocation).collect()
    }
}
