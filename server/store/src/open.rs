//! From an address to a store.

use std::sync::Arc;

use crate::{error::StoreError, event_store::EventStore, memory::MemoryStore};

/// Opens the store at `url`: `memory:`, `sqlite:daybook.db` or `postgres://…`. Tables are brought up to date by
/// [`EventStore::migrate`].
///
/// # Errors
/// [`StoreError::Address`] for anything else, [`StoreError::Unavailable`] when the database does not answer.
pub async fn open(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "sqlite" => crate::sqlite::open(url).await,
        "postgres" | "postgresql" => crate::postgres::open(url).await,
        "memory" => Ok(Arc::new(MemoryStore::new())),
        _ => {
            Err(StoreError::Address { problem: format!("`{scheme}:` is none of memory, sqlite, postgres, postgresql") })
        }
    }
}
