//! In memory: every record is looked through.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{Entry, ShopSlug};
use uuid::Uuid;

use super::{
    super::{Reached, View, ViewError},
    Fields, Found, NAME, SearchView,
    changes::{self, Outcome},
};
use crate::error::StoreError;

/// How far a shop's log was read, and what can be found in it.
type Shops = BTreeMap<ShopSlug, (Reached, BTreeMap<Found, Fields>)>;

/// See the module.
#[derive(Debug, Default)]
pub struct MemorySearch {
    shops: Mutex<Shops>,
}

impl MemorySearch {
    fn shops(&self) -> MutexGuard<'_, Shops> {
        self.shops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_all(fields: &Fields, words: &[String]) -> bool {
    let has = |word: &String| {
        let mut there = fields.values().flat_map(|field| field.split(' '));
        there.any(|known| known.starts_with(word.as_str()))
    };
    words.iter().all(has)
}

#[async_trait]
impl View for MemorySearch {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        Ok(self.shops().get(shop).map(|(reached, _)| *reached))
    }

    async fn take(&self, shop: &ShopSlug, epoch: Uuid, after: u64, entries: &[Entry]) -> Result<(), ViewError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(()) };
        let mut shops = self.shops();
        let nowhere = (Reached { epoch, position: 0 }, BTreeMap::new());
        let (reached, records) = shops.entry(shop.clone()).or_insert(nowhere);
        if *reached != (Reached { epoch, position: after }) {
            return Err(ViewError::Moved { expected: after });
        }
        for ((kind, id), outcome) in changes::of(entries) {
            let found = Found { kind: kind.to_owned(), id };
            match outcome {
                Outcome::Gone => {
                    records.remove(&found);
                }
                Outcome::Put { is_new, fields } => {
                    let record = records.entry(found).or_default();
                    if is_new {
                        record.clear();
                    }
                    for (field, words) in fields {
                        match words {
                            Some(words) => record.insert(field, words),
                            None => record.remove(&field),
                        };
                    }
                }
            }
        }
        reached.position = to;
        Ok(())
    }

    async fn clear(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        self.shops().remove(shop);
        Ok(())
    }
}

#[async_trait]
impl SearchView for MemorySearch {
    async fn find(&self, shop: &ShopSlug, words: &[String], limit: u32) -> Result<Vec<Found>, StoreError> {
        let shops = self.shops();
        let records = shops.get(shop).into_iter().flat_map(|(_, records)| records);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let named = records.clone().filter(|(found, fields)| found.kind == "account" && has_all(fields, words));
        let payers: BTreeSet<&String> = named.filter_map(|(_, fields)| fields.get("id")).collect();
        let is_paid = |fields: &Fields| fields.get("account").is_some_and(|account| payers.contains(account));
        let found =
            records.filter(|(found, fields)| has_all(fields, words) || found.kind == "order" && is_paid(fields));
        Ok(found.map(|(found, _)| found.clone()).take(limit as usize).collect())
    }

    async fn all(&self, shop: &ShopSlug) -> Result<Vec<(Found, Fields)>, StoreError> {
        let shops = self.shops();
        let records = shops.get(shop).into_iter().flat_map(|(_, records)| records.clone());
        Ok(records.collect())
    }
}
