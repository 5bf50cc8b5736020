//! Entries of the log that somebody asks for by what they are about.

use domain::{
    AggregateId, Entry, EventRecord, ShopSlug,
    values::{Day, Millis},
};
use store::EventStore;
use sync::past::Asked;

use super::{ShopError, log::unavailable};

/// Entries in one read.
const PAGE: u32 = 1_000;

/// A sale is written down after it was made, save for a clock that goes wrong: so much ahead it is still found.
const AHEAD: i64 = 24 * 60 * 60 * 1_000;

/// What is asked for, up to the entry `head`, in the order that [`Asked`] says.
///
/// # Errors
/// [`ShopError`]: the store does not answer, or an entry cannot be read.
pub async fn entries(
    store: &dyn EventStore,
    shop: &ShopSlug,
    head: u64,
    asked: &Asked,
) -> Result<Vec<Entry>, ShopError> {
    match asked {
        Asked::Before { before, limit } => {
            let before = before.unwrap_or(u64::MAX).min(head + 1);
            let records = store.read_before(shop, before, u32::from(*limit)).await.map_err(unavailable)?;
            records.iter().map(decoded).collect()
        }
        Asked::Of(aggregates) => {
            let mut entries = Vec::new();
            // Nothing has such a name, and not every database takes a question with one.
            let is_name = |aggregate: &&AggregateId| !aggregate.as_str().contains(char::is_control);
            for aggregate in aggregates.iter().filter(is_name) {
                let mut version = 0;
                loop {
                    let read = store.read_aggregate(shop, aggregate, version, PAGE).await.map_err(unavailable)?;
                    let Some(last) = read.last() else { break };
                    version = last.version;
                    for record in read.iter().filter(|record| record.position <= head) {
                        entries.push(decoded(record)?);
                    }
                }
            }
            entries.sort_by_key(|entry| entry.position);
            Ok(entries)
        }
        Asked::Sales(day) => sales(store, shop, head, *day).await,
    }
}

async fn sales(store: &dyn EventStore, shop: &ShopSlug, head: u64, day: Day) -> Result<Vec<Entry>, ShopError> {
    let begins = Millis(i64::from(day.number()) * 86_400_000 - AHEAD);
    let mut after = store.position_at(shop, begins).await.map_err(unavailable)?;
    let mut entries = Vec::new();
    while after < head {
        let limit = u32::try_from(head - after).unwrap_or(PAGE).min(PAGE);
        let read = store.read(shop, after, limit).await.map_err(unavailable)?;
        let Some(last) = read.last() else { break };
        after = last.position;
        for record in read.iter().filter(|record| record.event_type.starts_with("Sale")) {
            let entry = decoded(record)?;
            if Day::of(entry.issued_at) == day {
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

fn decoded(record: &EventRecord) -> Result<Entry, ShopError> {
    record.decode().map_err(|error| ShopError::Unreadable { position: record.position, problem: error.to_string() })
}
