//! Both forms on SQLite. A view is written by the store's one writer, in a transaction of its own.

pub(crate) mod kept;

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use serde_json::json;
use sqlx::SqlitePool;
use uuid::Uuid;

use self::kept::{Kept, Rows};
use super::{Allocation, AllocationsView, Changes, Form, Reached, View, ViewError};
use crate::{
    error::StoreError,
    sqlite::{errors::store_error, writer::Writer},
    stored,
};

/// The statements of a form. Lists come as JSON.
struct Statements {
    /// Where batches have a table of their own.
    batches: Option<&'static str>,
    remove: &'static str,
    put: &'static str,
    of_order: &'static str,
    all: &'static str,
    clear: &'static [&'static str],
}

const JOINED: Statements = Statements {
    batches: Some(include_str!("sqlite/joined/batches.sql")),
    remove: include_str!("sqlite/joined/remove.sql"),
    put: include_str!("sqlite/joined/put.sql"),
    of_order: include_str!("sqlite/joined/of_order.sql"),
    all: include_str!("sqlite/joined/all.sql"),
    clear: &[include_str!("sqlite/joined/clear_allocations.sql"), include_str!("sqlite/joined/clear_batches.sql")],
};

const FLAT: Statements = Statements {
    batches: None,
    remove: include_str!("sqlite/flat/remove.sql"),
    put: include_str!("sqlite/flat/put.sql"),
    of_order: include_str!("sqlite/flat/of_order.sql"),
    all: include_str!("sqlite/flat/all.sql"),
    clear: &[include_str!("sqlite/flat/clear.sql")],
};

pub(crate) struct SqliteView {
    form: Form,
    kept: Kept,
}

impl SqliteView {
    pub(crate) fn new(form: Form, writer: Writer, readers: SqlitePool) -> Self {
        Self { form, kept: Kept { name: form.name(), writer, readers } }
    }
}

impl Form {
    fn statements(self) -> &'static Statements {
        match self {
            Self::Joined => &JOINED,
            Self::Flat => &FLAT,
        }
    }
}

/// What changes, statement by statement.
pub(crate) fn rows(form: Form, changes: &Changes) -> Vec<Rows> {
    let batches = changes.batches.iter().map(|(batchref, sku)| json!([batchref, sku])).collect();
    let removed = changes.removed.iter().map(|key| json!([key.order_id, key.sku, key.batchref])).collect();
    let puts = changes.puts.iter().map(|row| json!([row.order_id, row.sku, row.batchref, row.qty])).collect();
    let statements = form.statements();
    let batches = statements.batches.map(|statement| (statement, batches));
    batches.into_iter().chain([(statements.remove, removed), (statements.put, puts)]).collect()
}

#[async_trait]
impl View for SqliteView {
    fn name(&self) -> &'static str {
        self.form.name()
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        self.kept.reached(shop).await
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        self.kept.take(shop, (epoch, after, to), rows(self.form, &Changes::of(entries))).await
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        self.kept.clear(shop, self.form.statements().clear).await
    }
}

#[async_trait]
impl AllocationsView for SqliteView {
    async fn of_order(&self, shop: &ShopSlug, order_id: &str) -> Result<Vec<Allocation>, StoreError> {
        let query = sqlx::query_as(self.form.statements().of_order).bind(shop.as_str()).bind(order_id);
        query.fetch_all(&self.kept.readers).await.map_err(store_error)?.into_iter().map(stored::allocation).collect()
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<Allocation>, StoreError> {
        let query = sqlx::query_as(self.form.statements().all).bind(shop.as_str());
        query.fetch_all(&self.kept.readers).await.map_err(store_error)?.into_iter().map(stored::allocation).collect()
    }
}
