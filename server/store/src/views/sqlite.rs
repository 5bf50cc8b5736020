//! Both forms on SQLite. A view is written by the store's one writer, in a transaction of its own.

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use serde_json::{Value, json};
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{Allocation, AllocationsView, Changes, Form, Reached, View, ViewError};
use crate::{
    error::StoreError,
    sqlite::{
        errors::{WriteError, store_error},
        writer::Writer,
    },
    stored::{self, column},
};

/// The statements of a form. Lists come as JSON.
struct Statements {
    /// In this order: batches, removed, puts.
    take: [&'static str; 3],
    of_order: &'static str,
    all: &'static str,
    clear: &'static [&'static str],
}

const JOINED: Statements = Statements {
    take: [
        include_str!("sqlite/joined/batches.sql"),
        include_str!("sqlite/joined/remove.sql"),
        include_str!("sqlite/joined/put.sql"),
    ],
    of_order: include_str!("sqlite/joined/of_order.sql"),
    all: include_str!("sqlite/joined/all.sql"),
    clear: &[include_str!("sqlite/joined/clear_allocations.sql"), include_str!("sqlite/joined/clear_batches.sql")],
};

const FLAT: Statements = Statements {
    take: ["", include_str!("sqlite/flat/remove.sql"), include_str!("sqlite/flat/put.sql")],
    of_order: include_str!("sqlite/flat/of_order.sql"),
    all: include_str!("sqlite/flat/all.sql"),
    clear: &[include_str!("sqlite/flat/clear.sql")],
};

pub(crate) struct SqliteView {
    pub(crate) form: Form,
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
}

impl Form {
    fn statements(self) -> &'static Statements {
        match self {
            Self::Joined => &JOINED,
            Self::Flat => &FLAT,
        }
    }
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
    form: Form,
    shop: &ShopSlug,
    (epoch, after, to): (Uuid, u64, u64),
    changes: &Changes,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(include_str!("sqlite/move.sql"))
        .bind(shop.as_str())
        .bind(form.name())
        .bind(epoch)
        .bind(column(after))
        .bind(column(to))
        .execute(&mut *connection)
        .await?;
    if moved.rows_affected() != 1 {
        return Ok(false);
    }
    let batches = changes.batches.iter().map(|(batchref, sku)| json!([batchref, sku])).collect();
    let removed = changes.removed.iter().map(|key| json!([key.order_id, key.sku, key.batchref])).collect();
    let puts = changes.puts.iter().map(|row| json!([row.order_id, row.sku, row.batchref, row.qty])).collect();
    let statements = form.statements().take;
    for (statement, rows) in statements.into_iter().zip([batches, removed, puts] as [Vec<Value>; 3]) {
        if statement.is_empty() || rows.is_empty() {
            continue;
        }
        let query = sqlx::query(statement).bind(shop.as_str()).bind(Value::Array(rows).to_string());
        query.execute(&mut *connection).await?;
    }
    Ok(true)
}

#[async_trait]
impl View for SqliteView {
    fn name(&self) -> &'static str {
        self.form.name()
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let query = sqlx::query_as(include_str!("sqlite/reached.sql")).bind(shop.as_str()).bind(self.name());
        query.fetch_optional(&self.readers).await.map_err(store_error)?.map(stored::reached).transpose()
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        let (shop, form, changes) = (shop.clone(), self.form, Changes::of(entries));
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    match take(connection, form, &shop, (epoch, after, to), &changes).await {
                        Ok(true) => Ok(()),
                        Ok(false) => Err(ViewError::Moved { expected: after }),
                        Err(error) => Err(ViewError::not_written(error)),
                    }
                })
            })
            .await
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        let (shop, view, statements) = (shop.clone(), self.name(), self.form.statements());
        self.writer
            .transaction(move |connection| {
                Box::pin(async move {
                    for statement in statements.clear {
                        let query = sqlx::query(*statement).bind(shop.as_str());
                        query.execute(&mut *connection).await.map_err(store_error)?;
                    }
                    let query = sqlx::query(include_str!("sqlite/forget.sql")).bind(shop.as_str()).bind(view);
                    query.execute(connection).await.map_err(store_error)?;
                    Ok(())
                })
            })
            .await
    }
}

#[async_trait]
impl AllocationsView for SqliteView {
    async fn of_order(&self, shop: &ShopSlug, order_id: &str) -> Result<Vec<Allocation>, StoreError> {
        let query = sqlx::query_as(self.form.statements().of_order).bind(shop.as_str()).bind(order_id);
        query.fetch_all(&self.readers).await.map_err(store_error)?.into_iter().map(stored::allocation).collect()
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<Allocation>, StoreError> {
        let query = sqlx::query_as(self.form.statements().all).bind(shop.as_str());
        query.fetch_all(&self.readers).await.map_err(store_error)?.into_iter().map(stored::allocation).collect()
    }
}
