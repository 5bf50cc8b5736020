//! Making the books again from the whole log, beside PostgreSQL copying the same rows out.

use std::time::Instant;

use domain::ShopSlug;
use server::shop::{log::Log, snapshot};

use super::{
    Folder,
    log::{self, SHOP},
    processes::Postgres,
    table::{Goal, Table, median, thousands},
};

const EVENTS: usize = 100_000;
const ROUNDS: usize = 3;

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("rebuild")?;
    let postgres = Postgres::start(&folder)?;
    let url = postgres.database("ours")?;
    log::fill(&url, EVENTS).await?;
    let of_sqlite = folder.sqlite();
    log::fill(&of_sqlite, EVENTS).await?;
    let copies = (0..ROUNDS).map(|_| postgres.copy_out("ours", "event"));
    let copied = EVENTS as f64 / median(copies.collect::<Result<_, _>>()?);
    for (name, url, goal) in [("Postgres", &url, Goal::AtLeast(0.5)), ("SQLite", &of_sqlite, Goal::None)] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(rebuilt(url).await?);
        }
        let rate = EVENTS as f64 / median(rounds);
        let what = format!("{name}, rebuild of the books from {EVENTS} events ÷ COPY of the rows to a client");
        table.row(&what, thousands(rate), format!("COPY {}", thousands(copied)), rate / copied, goal);
    }
    Ok(())
}

/// Seconds from the first read until the new snapshot is kept, as `daybook rebuild` does it.
async fn rebuilt(url: &str) -> Result<f64, String> {
    let store = log::open(url).await?;
    let shop = ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
    let begin = Instant::now();
    let view = Log::fold_from_start(store.clone(), &shop).await.map_err(|error| error.to_string())?.view();
    let row = snapshot::encode(&view.books, view.hash).map_err(|error| error.to_string())?;
    store.save_snapshot(&shop, row).await.map_err(|error| error.to_string())?;
    Ok(begin.elapsed().as_secs_f64())
}
