//! Loading an account with a long life: from its first event, and from a snapshot with what came after it.

use std::{sync::Arc, time::Instant};

use bench::workload::{self, EPOCH};
use domain::{
    EventRecord, ShopSlug,
    books::{Books, Reads, Stamp},
    chain::Hash,
    record::seal,
    values::Millis,
};
use serde_json::json;
use server::shop::{log::Log, snapshot};
use store::EventStore;

use super::{
    Folder,
    log::{self, SHOP},
    table::{Goal, Table, median, thousands},
};

const EVENTS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// Entries behind the snapshot: half of what the server lets come together before it writes the next one.
const TAIL: usize = 500;

const ROUNDS: usize = 5;

/// What is as long as the longest life here, beside one that fits between two snapshots.
const BOUNDED: Goal = Goal::AtMost(1.5);

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("loads")?;
    let mut short = None;
    for events in EVENTS {
        let store = log::open(&format!("sqlite://{}", folder.join(format!("loads-{events}.db")).display())).await?;
        let shop = ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
        store.create_shop(&shop, "Bench", EPOCH).await.map_err(|error| error.to_string())?;
        log::append(&*store, &shop, &account(events)?, 1_000).await?;

        let (whole, digest) = timed(async || Log::fold_from_start(store.clone(), &shop).await).await?;
        keep_snapshot(&store, &shop, events.saturating_sub(TAIL) as u64).await?;
        let (quick, same) = timed(async || Log::load(store.clone(), &shop).await).await?;
        if digest != same {
            return Err(format!("with a snapshot {same}, without one {digest}"));
        }
        table.row(
            &format!("load of an account with {events} events: snapshot and tail ÷ from its first event"),
            format!("{quick:.2} ms"),
            format!("{whole:.2} ms, {}", thousands(events as f64 / whole * 1_000.0)),
            quick / whole,
            Goal::None,
        );
        if events == 1_000 {
            short = Some(quick);
        }
        if let (100_000, Some(short)) = (events, short) {
            let (ours, beside) = (format!("{quick:.2} ms"), format!("{short:.2} ms"));
            table.row("load from a snapshot: 100 000 events ÷ 1 000", ours, beside, quick / short, BOUNDED);
        }
    }
    Ok(())
}

/// The median of some rounds in milliseconds, and what the books' digest is.
async fn timed(load: impl AsyncFn() -> Result<Log, server::shop::ShopError>) -> Result<(f64, String), String> {
    let (mut rounds, mut digest) = (Vec::new(), String::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let log = load().await.map_err(|error| error.to_string())?;
        rounds.push(begin.elapsed().as_secs_f64() * 1_000.0);
        digest = log.view().books.digest().to_string();
    }
    Ok((median(rounds), digest))
}

async fn keep_snapshot(store: &Arc<dyn EventStore>, shop: &ShopSlug, position: u64) -> Result<(), String> {
    if position == 0 {
        return Ok(());
    }
    let view = Log::load_past(store.clone(), shop, position).await.map_err(|error| error.to_string())?;
    let row = snapshot::encode(&view.books, view.hash).map_err(|error| error.to_string())?;
    store.save_snapshot(shop, row).await.map_err(|error| error.to_string())
}

/// One account that is opened and then credited, again and again.
fn account(events: usize) -> Result<Vec<EventRecord>, String> {
    let (mut books, mut entries) = (Books::default(), Vec::with_capacity(events));
    let stamp = Stamp { epoch: EPOCH, recorded_at: Millis(1_770_000_000_000) };
    for number in 0..events as u64 {
        let (command_type, data) = match number {
            0 => ("account.open", json!({"account_id": "AC-1", "title": "Old", "owner": "Ada", "initial_balance": 0})),
            _ => ("account.credit", json!({"account_id": "AC-1", "amount": number, "reference": "Paid in"})),
        };
        let request = workload::request(number, command_type, &data).ok_or("the command does not parse")?;
        entries.extend(books.handle(&request, stamp, &mut Reads::new()).entries);
    }
    if entries.len() != events {
        return Err(format!("{} events instead of {events}", entries.len()));
    }
    seal(&entries, Hash::ORIGIN).map_err(|error| error.to_string())
}
