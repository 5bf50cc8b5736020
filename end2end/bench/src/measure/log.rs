//! Logs made beforehand, written into a store without a server.

use std::sync::Arc;

use bench::workload::{self, EPOCH};
use domain::{EventRecord, ShopSlug, Verdict, VerdictRecord, chain::Hash, record::seal};
use store::{Append, EventStore};

pub async fn open(url: &str) -> Result<Arc<dyn EventStore>, String> {
    let store = store::open(url).await.map_err(|error| error.to_string())?;
    store.migrate().await.map_err(|error| error.to_string())?;
    Ok(store)
}

/// The workload's log, `events` long or a little longer.
pub fn records(events: usize) -> Result<Vec<EventRecord>, String> {
    let (_, entries) = workload::history(events);
    seal(&entries, Hash::ORIGIN).map_err(|error| error.to_string())
}

/// Writes a log from its first entry on, `batch` entries a commit.
pub async fn append(
    store: &dyn EventStore,
    shop: &ShopSlug,
    records: &[EventRecord],
    batch: usize,
) -> Result<(), String> {
    for chunk in records.chunks(batch) {
        let after = chunk.first().map_or(0, |record| record.position - 1);
        let firsts = chunk.iter().filter(|record| record.index_in_command == 0);
        let verdicts = firsts.map(|record| VerdictRecord {
            command_id: record.command_id,
            fingerprint: 1,
            verdict: Verdict::Accepted { positions: vec![record.position] },
        });
        let verdicts = verdicts.collect();
        let append = Append { epoch: EPOCH, after, records: chunk.to_vec(), verdicts, ..Append::default() };
        store.append(shop, append).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The name of the only shop in databases that [`fill`] has made.
pub const SHOP: &str = "bench";

/// A database with one shop, whose log has `events` entries.
pub async fn fill(url: &str, events: usize) -> Result<(), String> {
    let store = open(url).await?;
    let shop = ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
    store.create_shop(&shop, "Bench", EPOCH).await.map_err(|error| error.to_string())?;
    append(&*store, &shop, &records(events)?, 1_000).await
}
