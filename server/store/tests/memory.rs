//! The contract, in memory.

use std::sync::Arc;

use store::{MemoryStore, contract::Fixture};

async fn fixture() -> Option<Fixture> {
    Some(Fixture::of(Arc::new(MemoryStore::new())))
}

store::contract_suite!(fixture);
