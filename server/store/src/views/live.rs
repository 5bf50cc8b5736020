//! The live fold: the books in memory, as the server holds them. Nothing is kept; after a start it begins anew.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{Books, Entry, ShopSlug, projections::orders::OrderRow, values::OrderId};
use uuid::Uuid;

use super::{Allocation, AllocationsView, Reached, View, ViewError};
use crate::error::StoreError;

/// See the module.
#[derive(Debug, Default)]
pub struct Live {
    shops: Mutex<BTreeMap<ShopSlug, (Uuid, Books)>>,
}

impl Live {
    pub(crate) fn take_now(
        &self,
        shop: &ShopSlug,
        epoch: Uuid,
        after: u64,
        entries: &[Entry],
    ) -> Result<(), ViewError> {
        let moved = ViewError::Moved { expected: after };
        let mut shops = self.shops();
        let (of, mut books) = shops.get(shop).cloned().unwrap_or((epoch, Books::default()));
        if of != epoch || books.position != after {
            return Err(moved);
        }
        for entry in entries {
            books.apply(entry).map_err(|_| moved.clone())?;
        }
        shops.insert(shop.clone(), (epoch, books));
        Ok(())
    }

    fn shops(&self) -> MutexGuard<'_, BTreeMap<ShopSlug, (Uuid, Books)>> {
        self.shops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rows(order_id: &OrderId, order: &OrderRow) -> Vec<Allocation> {
    let lines = order.lines.iter().filter(|line| line.allocated > 0);
    let row = |line: &domain::projections::orders::OrderLine| {
        let batchref = line.batchref.as_ref()?.to_string();
        let (order_id, sku) = (order_id.to_string(), line.sku.to_string());
        Some(Allocation { order_id, sku, batchref, qty: line.allocated })
    };
    let mut rows: Vec<_> = lines.filter_map(row).collect();
    rows.sort();
    rows
}

#[async_trait]
impl View for Live {
    fn name(&self) -> &'static str {
        "live"
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let shops = self.shops();
        Ok(shops.get(shop).map(|(epoch, books)| Reached { epoch: *epoch, position: books.position }))
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        self.take_now(shop, epoch, after, entries)
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        self.shops().remove(shop);
        Ok(())
    }
}

#[async_trait]
impl AllocationsView for Live {
    async fn of_order(&self, shop: &ShopSlug, order_id: &str) -> Result<Vec<Allocation>, StoreError> {
        let (shops, Ok(order_id)) = (self.shops(), OrderId::parse(order_id)) else { return Ok(Vec::new()) };
        let order = shops.get(shop).and_then(|(_, books)| books.projections.orders.orders.get(&order_id));
        Ok(order.map(|order| rows(&order_id, order)).unwrap_or_default())
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<Allocation>, StoreError> {
        let shops = self.shops();
        let Some((_, books)) = shops.get(shop) else { return Ok(Vec::new()) };
        Ok(books.projections.orders.orders.iter().flat_map(|(order_id, order)| rows(order_id, order)).collect())
    }
}
