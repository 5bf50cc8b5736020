//! The same work on a short log and on a long one: what grows with history.

use std::time::Instant;

use bench::rebase::{self, Touches};

use super::{
    Folder,
    client::Client,
    log::{self, SHOP},
    processes::Daybook,
    table::{Goal, Latencies, Table, median},
};

const EVENTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const COMMANDS: u64 = 500;
/// What counts as the same: this machine repeats itself no better.
const FLAT: Goal = Goal::AtMost(1.25);

/// Milliseconds, and KB.
struct Measured {
    append: f64,
    rebase: f64,
    /// The first after an import: process managers look through the log.
    first_start: f64,
    start: f64,
    snapshot: f64,
}

pub async fn run(table: &mut Table) -> Result<(), String> {
    let mut first: Option<Measured> = None;
    for events in EVENTS {
        let now = with_log(events, &Folder::new("growth")?).await?;
        let Some(short) = &first else {
            first = Some(now);
            continue;
        };
        let mut row = |what: &str, unit: &str, ours: f64, reference: f64, goal| {
            let name = format!("{what} with {events} events of history ÷ with {}", EVENTS[0]);
            table.row(&name, format!("{ours:.2} {unit}"), format!("{reference:.2} {unit}"), ours / reference, goal);
        };
        row("append over HTTP, p50,", "ms", now.append, short.append, FLAT);
        row("rebase of 1 000 untouched, native,", "ms", now.rebase, short.rebase, FLAT);
        row("first start after an import", "ms", now.first_start, short.first_start, Goal::None);
        row("start until the shop's page is answered", "ms", now.start, short.start, FLAT);
        row("snapshot", "KB", now.snapshot, short.snapshot, Goal::None);
    }
    Ok(())
}

async fn with_log(events: usize, folder: &Folder) -> Result<Measured, String> {
    let url = folder.sqlite();
    log::fill(&url, events).await?;
    Daybook::operate(&url, &["rebuild", "--shop", SHOP])?;
    let store = log::open(&url).await?;
    let shop = domain::ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
    let row = store.load_snapshot(&shop, domain::books::FOLD_VERSION, None).await.map_err(|error| error.to_string())?;
    let snapshot = row.map_or(0.0, |row| row.bytes.len() as f64 / 1_000.0);
    drop(store);

    let first_start = start(&url, folder).await?;
    let mut starts = Vec::new();
    for _ in 0..3 {
        starts.push(start(&url, folder).await?);
    }
    let daybook = Daybook::start(&url, folder).await?;
    daybook.shop_page().await?;
    let append = append(&daybook).await?;
    let rounds = (0..5).map(|_| {
        let mut prepared = rebase::prepare(1_000, Touches::None, events)?;
        let begin = Instant::now();
        prepared.run();
        Ok(begin.elapsed().as_secs_f64() * 1_000.0)
    });
    let rebase = median(rounds.collect::<Result<_, String>>()?);
    Ok(Measured { append, rebase, first_start, start: median(starts), snapshot })
}

/// Milliseconds until the shop's page is answered; then the server is ended.
async fn start(url: &str, folder: &Folder) -> Result<f64, String> {
    let begin = Instant::now();
    let daybook = Daybook::start(url, folder).await?;
    daybook.shop_page().await?;
    Ok(begin.elapsed().as_secs_f64() * 1_000.0)
}

async fn append(daybook: &Daybook) -> Result<f64, String> {
    let mut client = Client::connect(daybook.address).await?;
    let mut latencies = Latencies::default();
    for number in 0..COMMANDS {
        let body = format!(r#"{{"type":"product.change","data":{{"sku":"SKU-0001","price":{}}}}}"#, 90_000 + number);
        let begin = Instant::now();
        let answer = client.post(&format!("/api/v1/shops/{SHOP}/commands"), &body).await?;
        if answer.status != 200 {
            return Err(format!("a command answered {}", answer.status));
        }
        latencies.push(begin.elapsed());
    }
    Ok(latencies.percentile(0.5))
}
