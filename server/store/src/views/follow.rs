//! Bringing a view up to date, and looking whether it is what the log says.

use std::collections::BTreeMap;

use domain::{Entry, Event, EventRecord, ShopSlug};

use super::{
    Allocation, AllocationKey, AllocationsView, View, ViewError, change,
    search::{SearchView, memory::MemorySearch},
};
use crate::{error::StoreError, event_store::EventStore};

/// Entries in one read.
const PAGE: u32 = 1000;

/// Where a view stands after a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stands {
    pub position: u64,
    /// The last position of the log.
    pub head: u64,
    /// When the first entry that the view has not taken in was written down; none when it has all.
    pub behind_since: Option<domain::values::Millis>,
}

/// Takes the next entries in, `limit` at the most. A view of another log, or of one that was put back to an earlier
/// place, is begun anew.
///
/// # Errors
/// [`ViewError`]; of two followers, the one that was slower gets [`ViewError::Moved`].
pub async fn step(store: &dyn EventStore, view: &dyn View, shop: &ShopSlug, limit: u32) -> Result<Stands, ViewError> {
    let unknown = || ViewError::Store(StoreError::UnknownShop { shop: shop.clone() });
    // Before the head: a view is never ahead of a log that it follows.
    let reached = view.reached(shop).await?;
    let head = store.head(shop).await?.ok_or_else(unknown)?;
    let position = match reached {
        Some(reached) if reached.epoch == head.epoch && reached.position <= head.position => reached.position,
        Some(_) => {
            view.clear(shop).await?;
            0
        }
        None => 0,
    };
    // One more than is taken in: it tells how long the view has been behind.
    let mut records = store.read(shop, position, limit.saturating_add(1)).await?;
    let beyond = records.split_off(records.len().min(limit as usize));
    let entries = decoded(&records, position)?;
    if !entries.is_empty() {
        view.take(shop, head.epoch, position, &entries).await?;
    }
    let position = entries.last().map_or(position, |entry| entry.position);
    let behind_since = beyond.first().map(|record| record.recorded_at);
    Ok(Stands { position, head: head.position.max(position), behind_since })
}

fn decoded(records: &[EventRecord], after: u64) -> Result<Vec<Entry>, ViewError> {
    let mut entries = Vec::with_capacity(records.len());
    for (record, position) in records.iter().zip(after + 1..) {
        let unreadable = |problem: String| ViewError::Unreadable { position, problem };
        if record.position != position {
            return Err(unreadable("an event is missing".to_owned()));
        }
        entries.push(record.decode().map_err(|error| unreadable(error.to_string()))?);
    }
    Ok(entries)
}

/// The first entry whose outcome is not in a view, or whose row is another one there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Of the entry that a row follows from; 0 for a row that no entry tells of.
    pub position: u64,
    pub expected: Option<Allocation>,
    pub found: Option<Allocation>,
}

/// Compares a view with what the log says up to where the view stands.
///
/// # Errors
/// As [`step`].
pub async fn difference(
    store: &dyn EventStore,
    view: &dyn AllocationsView,
    shop: &ShopSlug,
) -> Result<Option<Difference>, ViewError> {
    let Some(reached) = view.reached(shop).await? else { return Ok(None) };
    let found: BTreeMap<_, _> = view.all(shop).await?.into_iter().map(|row| (row.key(), row.qty)).collect();
    let expected = folded(store, shop, reached.position).await?;
    let mut differences = Vec::new();
    for (key, (position, qty)) in &expected {
        let there = found.get(key).copied();
        if there != *qty {
            let row = |qty: u32| key.clone().with(qty);
            differences.push(Difference { position: *position, expected: qty.map(row), found: there.map(row) });
        }
    }
    for (key, qty) in found.iter().filter(|(key, _)| !expected.contains_key(*key)) {
        differences.push(Difference { position: 0, expected: None, found: Some(key.clone().with(*qty)) });
    }
    Ok(differences.into_iter().min_by_key(|one| one.position))
}

/// Whether full-text finds what the log says up to where the view stands.
///
/// # Errors
/// As [`step`].
pub async fn finds_what_is_there(
    store: &dyn EventStore,
    view: &dyn SearchView,
    shop: &ShopSlug,
) -> Result<bool, ViewError> {
    let Some(reached) = view.reached(shop).await? else { return Ok(true) };
    let (expected, mut position) = (MemorySearch::default(), 0);
    while position < reached.position {
        let limit = u32::try_from(reached.position - position).unwrap_or(PAGE).min(PAGE);
        let entries = decoded(&store.read(shop, position, limit).await?, position)?;
        let Some(last) = entries.last() else { break };
        expected.take(shop, reached.epoch, position, &entries).await?;
        position = last.position;
    }
    Ok(view.all(shop).await? == expected.all(shop).await?)
}

/// Each key that was ever changed, with the entry that did it last, and what it left.
async fn folded(
    store: &dyn EventStore,
    shop: &ShopSlug,
    to: u64,
) -> Result<BTreeMap<AllocationKey, (u64, Option<u32>)>, ViewError> {
    let (mut rows, mut position) = (BTreeMap::new(), 0);
    while position < to {
        let limit = u32::try_from(to - position).unwrap_or(PAGE).min(PAGE);
        let entries = decoded(&store.read(shop, position, limit).await?, position)?;
        let Some(last) = entries.last() else { break };
        position = last.position;
        for entry in &entries {
            if let Event::Stock(event) = &entry.event
                && let Some((key, qty)) = change(event)
            {
                rows.insert(key, (entry.position, qty));
            }
        }
    }
    Ok(rows)
}
