//! On Redis: each order is a hash, so that a program has its allocations by one key, `HGETALL daybook:{SHOP}:order:ORDER`.
//! A field is the line and its batch as JSON, `["SKU","BATCH"]`, and its value the quantity.
//!
//! Beside them stand `daybook:{SHOP}:allocations` (how far the view has come) and `daybook:{SHOP}:orders` (the names of the
//! orders that have a hash). Entries are taken in by a script, which Redis runs as one step: rows and checkpoint move
//! together. A Redis that comes back with older data than it had has an older checkpoint too, and is followed up from there.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use redis::{
    AsyncCommands, Client, FromRedisValue, RedisError, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Allocation, AllocationKey, AllocationsView, Changes, Reached, View, ViewError};
use crate::error::StoreError;

/// What every key begins with.
const NAMESPACE: &str = "daybook";

/// How long Redis may take to answer, or to be connected to.
const PATIENCE: Duration = Duration::from_secs(2);

/// What Redis says while it cannot be used just now: it starts, runs a long script, has no memory, follows another one.
const PASSING: [&str; 8] = ["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "OOM", "MISCONF"];

/// See the module.
pub struct RedisView {
    connection: ConnectionManager,
    namespace: String,
    take: Script,
    all: Script,
    clear: Script,
}

impl RedisView {
    /// Connects when it is first used, and again whenever the connection was lost.
    ///
    /// # Errors
    /// [`StoreError::Address`] for anything but `redis://host:port/number` or `redis+unix:/path/of/socket`.
    pub fn at(url: &str) -> Result<Self, StoreError> {
        Self::in_namespace(url, NAMESPACE)
    }

    /// With keys of its own: for one Redis that several books share.
    ///
    /// # Errors
    /// As [`RedisView::at`].
    pub fn in_namespace(url: &str, namespace: &str) -> Result<Self, StoreError> {
        let address = |error: RedisError| StoreError::Address { problem: error.to_string() };
        let config = ConnectionManagerConfig::new()
            // The follower tries again by itself.
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = ConnectionManager::new_lazy_with_config(Client::open(url).map_err(address)?, config);
        Ok(Self {
            connection: connection.map_err(address)?,
            namespace: namespace.to_owned(),
            take: Script::new(include_str!("redis/take.lua")),
            all: Script::new(include_str!("redis/all.lua")),
            clear: Script::new(include_str!("redis/clear.lua")),
        })
    }

    /// A key of a shop. All of them are in one slot of a cluster, by what stands in braces.
    fn key(&self, shop: &ShopSlug, name: &str) -> String {
        format!("{}:{{{shop}}}:{name}", self.namespace)
    }

    fn key_of(&self, shop: &ShopSlug, order_id: &str) -> String {
        self.key(shop, &format!("order:{order_id}"))
    }

    async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        script.invoke_async(&mut self.connection.clone()).await.map_err(said)
    }
}

fn said(error: RedisError) -> StoreError {
    let passing = error.code().is_some_and(|code| PASSING.contains(&code));
    if passing || error.is_io_error() || error.is_connection_dropped() || error.is_timeout() {
        return StoreError::Unavailable { reason: error.to_string() };
    }
    StoreError::Database { state: error.code().unwrap_or("redis").to_owned(), problem: error.to_string() }
}

fn unreadable(problem: impl ToString) -> StoreError {
    StoreError::Unreadable { what: "a view on Redis", problem: problem.to_string() }
}

fn field(key: &AllocationKey) -> String {
    json!([key.sku, key.batchref]).to_string()
}

fn row(order_id: &str, field: &str, qty: &str) -> Result<Allocation, StoreError> {
    let (sku, batchref): (String, String) = serde_json::from_str(field).map_err(unreadable)?;
    Ok(Allocation { order_id: order_id.to_owned(), sku, batchref, qty: qty.parse().map_err(unreadable)? })
}

/// By order: the fields that go, and those that come with their quantities, as the script takes them.
fn by_order(changes: &Changes) -> BTreeMap<&str, (Vec<String>, Vec<String>)> {
    let mut orders: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for key in &changes.removed {
        orders.entry(&key.order_id).or_default().0.push(field(key));
    }
    for put in &changes.puts {
        orders.entry(&put.order_id).or_default().1.extend([field(&put.key()), put.qty.to_string()]);
    }
    orders
}

#[async_trait]
impl View for RedisView {
    fn name(&self) -> &'static str {
        "allocations_redis"
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        let stands: (Option<String>, Option<u64>) =
            self.connection.clone().hmget(self.key(shop, "allocations"), &["epoch", "position"]).await.map_err(said)?;
        let (Some(epoch), Some(position)) = stands else { return Ok(None) };
        Ok(Some(Reached { epoch: Uuid::parse_str(&epoch).map_err(unreadable)?, position }))
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        let changes = Changes::of(entries);
        let orders = by_order(&changes);
        let mut script = self.take.key(self.key(shop, "allocations"));
        script.key(self.key(shop, "orders"));
        for order_id in orders.keys() {
            script.key(self.key_of(shop, order_id));
        }
        let orders: Vec<Value> = orders.iter().map(|(id, (removed, puts))| json!([id, removed, puts])).collect();
        script.arg(epoch.to_string()).arg(after).arg(to).arg(Value::Array(orders).to_string());
        let taken: bool = self.run(&script).await?;
        if taken { Ok(()) } else { Err(ViewError::Moved { expected: after }) }
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        let mut script = self.clear.key(self.key(shop, "allocations"));
        self.run(script.key(self.key(shop, "orders")).arg(self.key_of(shop, ""))).await
    }
}

#[async_trait]
impl AllocationsView for RedisView {
    async fn of_order(&self, shop: &ShopSlug, order_id: &str) -> Result<Vec<Allocation>, StoreError> {
        let fields: BTreeMap<String, String> =
            self.connection.clone().hgetall(self.key_of(shop, order_id)).await.map_err(said)?;
        let rows = fields.iter().map(|(field, qty)| row(order_id, field, qty));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort();
        Ok(rows)
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<Allocation>, StoreError> {
        let mut script = self.all.key(self.key(shop, "orders"));
        let found: Vec<String> = self.run(script.arg(self.key_of(shop, ""))).await?;
        let rows = found.chunks_exact(3).map(|parts| row(&parts[0], &parts[1], &parts[2]));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort();
        Ok(rows)
    }
}
