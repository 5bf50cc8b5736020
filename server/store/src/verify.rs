//! Walks a shop's log and finds the first place where it is not what was written.

use std::collections::BTreeMap;

use domain::{ShopSlug, chain::Hash, chain::link};

use crate::{error::StoreError, event_store::EventStore};

/// Events in one read.
const PAGE: u32 = 1000;

/// What a walk found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verification {
    /// Events that are good, from the first.
    pub good: u64,
    /// The hash of the last good one.
    pub hash: Hash,
    /// The first that is not.
    pub first_bad: Option<Break>,
}

/// Where a log breaks, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Break {
    pub position: u64,
    pub problem: Problem,
}

/// How a log can break.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    #[error("an event is missing")]
    Missing,
    #[error("the event or its hash was changed")]
    Changed,
    #[error("version {actual} of its aggregate where {expected} should be")]
    Version { expected: u32, actual: u32 },
    #[error("there are events beyond the head")]
    BeyondHead,
    #[error("the head's hash is not that of the last event")]
    HeadHash,
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

/// See [`EventStore::verify`].
pub(crate) async fn walk(
    store: &(impl EventStore + ?Sized),
    shop: &ShopSlug,
) -> Result<Option<Verification>, StoreError> {
    let Some(head) = store.head(shop).await? else { return Ok(None) };
    let mut versions = BTreeMap::new();
    let mut hash = Hash::ORIGIN;
    let mut good = 0;
    let broken = |good: u64, hash: Hash, problem: Problem| {
        Ok(Some(Verification { good, hash, first_bad: Some(Break { position: good + 1, problem }) }))
    };
    loop {
        let page = match read_page(store, shop, good).await? {
            Ok(page) => page,
            Err((position, problem)) if position == good + 1 => {
                return broken(good, hash, Problem::Unreadable(problem));
            }
            // Something before it on the page may be wrong already: walk up to it one by one.
            Err(_) => match store.read(shop, good, 1).await {
                Ok(page) => page,
                Err(StoreError::Corrupt { problem, .. }) => return broken(good, hash, Problem::Unreadable(problem)),
                Err(other) => return Err(other),
            },
        };
        if page.is_empty() {
            break;
        }
        for record in page {
            let expected = good + 1;
            if record.position != expected {
                return broken(good, hash, Problem::Missing);
            }
            if link(hash, &record) != record.hash {
                return broken(good, hash, Problem::Changed);
            }
            let version = versions.entry(record.aggregate.clone()).or_insert(0_u32);
            if record.version != version.saturating_add(1) {
                let expected = version.saturating_add(1);
                return broken(good, hash, Problem::Version { expected, actual: record.version });
            }
            *version = record.version;
            hash = record.hash;
            good = expected;
            // The log grows while it is walked; what is beyond the head that was read is not judged by it.
            if good == head.position && hash != head.hash {
                return Ok(Some(Verification {
                    good: good - 1,
                    hash,
                    first_bad: Some(Break { position: good, problem: Problem::HeadHash }),
                }));
            }
        }
    }
    if good < head.position {
        return broken(good, hash, Problem::Missing);
    }
    // Read again: everything up to `good` was there, so the head cannot be below it.
    let now = store.head(shop).await?.unwrap_or(head);
    if now.position < good {
        return Ok(Some(Verification {
            good: now.position,
            hash: now.hash,
            first_bad: Some(Break { position: now.position + 1, problem: Problem::BeyondHead }),
        }));
    }
    Ok(Some(Verification { good, hash, first_bad: None }))
}

type Page = Result<Vec<domain::EventRecord>, (u64, String)>;

async fn read_page(store: &(impl EventStore + ?Sized), shop: &ShopSlug, after: u64) -> Result<Page, StoreError> {
    match store.read(shop, after, PAGE).await {
        Ok(page) => Ok(Ok(page)),
        Err(StoreError::Corrupt { position, problem, .. }) => Ok(Err((position, problem))),
        Err(other) => Err(other),
    }
}
