//! One read model kept in several ways: which order has goods of which batch (shop, order, SKU, batch, quantity).
//!
//! The live fold ([`live`]) answers from the books in memory. The others are tables beside the log that a follower
//! brings up to date, for programs that want to read them with SQL: normal tables that are joined when they are asked
//! ([`Form::Joined`]), and one denormalised table whose primary key covers the query ([`Form::Flat`]). Where there is a
//! Redis, it has them by key ([`redis`]). All pass one suite (`contract/views.rs`), and none is the truth: each can be
//! dropped and made again from the log.
//!
//! A table may also be written in the append itself (`EventStore::write_with_appends`): it is never behind then, and
//! every command waits for it.
//!
//! [`search`] is another read model: which records have some words.
//!
//! Rows and the checkpoint move in one transaction, so whoever stops halfway goes on without a gap or a repeat. The
//! checkpoint is also a guard: of two followers at one place, one moves it and the other looks again.

pub mod follow;
pub mod live;
pub(crate) mod postgres;
pub mod redis;
pub mod search;
pub(crate) mod sqlite;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::{Entry, Event, EventRecord, ShopSlug, stock};
use uuid::Uuid;

use self::redis::RedisView;
use crate::{error::StoreError, event_store::EventStore};

/// A line of an order with the batch that its goods come from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Allocation {
    pub order_id: String,
    pub sku: String,
    pub batchref: String,
    pub qty: u32,
}

/// What one allocation is known by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AllocationKey {
    pub order_id: String,
    pub sku: String,
    pub batchref: String,
}

/// How far a view has come in a shop's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reached {
    pub epoch: Uuid,
    pub position: u64,
}

/// Why a view did not take entries in. Nothing was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ViewError {
    /// Another follower was quicker, or the view was cleared: look where it is.
    #[error("the view is not at position {expected} any more")]
    Moved { expected: u64 },
    /// This build cannot read on: the view stays where it is.
    #[error("the log cannot be read past position {position}: {problem}")]
    Unreadable { position: u64, problem: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a view is kept in a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Normal tables, joined by each query.
    Joined,
    /// One table, without foreign keys, read by its primary key.
    Flat,
}

impl Form {
    /// The name of the view, and of its checkpoint.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Joined => "allocations_joined",
            Self::Flat => "allocations",
        }
    }
}

/// The forms that are written in the append itself.
#[derive(Clone, Default)]
pub(crate) struct Inline(Arc<Mutex<Vec<Form>>>);

impl Inline {
    /// False for a name that is none of a form.
    pub(crate) fn add(&self, view: &str) -> bool {
        let found = [Form::Flat, Form::Joined].into_iter().find(|form| form.name() == view);
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(form) = found
            && !forms.contains(&form)
        {
            forms.push(form);
        }
        found.is_some()
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What an append means to a view. None where this build cannot read an event: then followers say so.
pub(crate) fn entries_of(records: &[EventRecord]) -> Option<Vec<Entry>> {
    records.iter().map(|record| record.decode().ok()).collect()
}

/// A read model of every shop, kept in one way.
#[async_trait]
pub trait View: Send + Sync {
    /// A stable name.
    fn name(&self) -> &'static str;

    /// None before the first entry.
    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError>;

    /// Takes in entries, the first at `after + 1`, and moves the checkpoint to the last, in one step.
    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError>;

    /// Forgets a shop: the next entry to take in is the first.
    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError>;
}

/// The allocations of every shop.
#[async_trait]
pub trait AllocationsView: View {
    /// Of one order, by SKU and batch.
    async fn of_order(&self, shop: &ShopSlug, order_id: &str) -> Result<Vec<Allocation>, StoreError>;

    /// Of all orders, by order, SKU and batch.
    async fn all(&self, shop: &ShopSlug) -> Result<Vec<Allocation>, StoreError>;
}

/// Every way in which the allocations are kept beside the log: those of the store, and on Redis where there is one.
///
/// # Errors
/// [`StoreError::Address`]: whether Redis answers is found out when it is used.
pub fn allocations(store: &dyn EventStore, redis: Option<&str>) -> Result<Vec<Arc<dyn AllocationsView>>, StoreError> {
    let mut views = store.views();
    if let Some(url) = redis {
        views.push(Arc::new(RedisView::at(url)?));
    }
    Ok(views)
}

/// What entries change, each key once: what the last of them left.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Changes {
    pub puts: Vec<Allocation>,
    pub removed: Vec<AllocationKey>,
    /// Batches that began, each with its SKU.
    pub batches: BTreeSet<(String, String)>,
}

impl Changes {
    /// Keyed by batch too: what is freed in one batch says nothing of another.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let (mut last, mut batches) = (BTreeMap::new(), BTreeSet::new());
        for entry in entries {
            let Event::Stock(event) = &entry.event else { continue };
            let sku = event.sku().to_string();
            batches.extend(event.begins_batch().map(|batchref| (batchref.to_string(), sku.clone())));
            last.extend(change(event));
        }
        let (mut puts, mut removed) = (Vec::new(), Vec::new());
        for (key, qty) in last {
            match qty {
                Some(qty) => puts.push(key.with(qty)),
                None => removed.push(key),
            }
        }
        Self { puts, removed, batches }
    }
}

/// The row that an event changes: its quantity, or none where it goes.
#[must_use]
pub fn change(event: &stock::Event) -> Option<(AllocationKey, Option<u32>)> {
    let key = |order_id: &dyn ToString, sku: &dyn ToString, batchref: &dyn ToString| AllocationKey {
        order_id: order_id.to_string(),
        sku: sku.to_string(),
        batchref: batchref.to_string(),
    };
    match event {
        stock::Event::LineAllocated(line) => {
            Some((key(&line.order_id, &line.sku, &line.batchref), Some(line.qty.get())))
        }
        stock::Event::LineFreed(line) => Some((key(&line.order_id, &line.sku, &line.batchref), None)),
        stock::Event::StockHandedOver(gone) => {
            gone.promised.as_ref().map(|batchref| (key(&gone.order_id, &gone.sku, batchref), None))
        }
        _ => None,
    }
}

impl AllocationKey {
    #[must_use]
    pub fn with(self, qty: u32) -> Allocation {
        let Self { order_id, sku, batchref } = self;
        Allocation { order_id, sku, batchref, qty }
    }
}

impl Allocation {
    #[must_use]
    pub fn key(&self) -> AllocationKey {
        let Self { order_id, sku, batchref, .. } = self.clone();
        AllocationKey { order_id, sku, batchref }
    }
}
