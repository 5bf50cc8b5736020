//! What an event takes on the disk, with all that is written for it, beside the bytes that were to be kept.

use domain::ShopSlug;

use super::{
    Folder,
    log::{self, SHOP},
    processes::Postgres,
    table::{Goal, Table},
};

const EVENTS: usize = 100_000;
/// Entries a commit, as a busy shop has them.
const BATCH: usize = 8;

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("bytes")?;
    let records = log::records(EVENTS)?;
    let events = records.len() as f64;
    let lines = records.iter().map(|record| serde_json::to_vec(record).map(|line| line.len()));
    let json = lines.sum::<Result<usize, _>>().map_err(|error| error.to_string())? as f64 / events;

    let postgres = Postgres::start(&folder)?;
    let url = postgres.database("ours")?;
    write(&url, &records).await?;
    // The write-ahead log is used again and again; what is counted stays.
    let sizes = "SELECT pg_total_relation_size('event') + pg_total_relation_size('verdict')";
    let size: f64 = postgres.ask("ours", sizes)?.trim().parse().map_err(|_| "the size is not a number")?;
    row(table, "PostgreSQL", size / events, json);

    let file = folder.join("ours.db");
    write(&format!("sqlite://{}", file.display()), &records).await?;
    let size = std::fs::metadata(&file).map_err(|error| error.to_string())?.len() as f64;
    row(table, "SQLite", size / events, json);
    Ok(())
}

async fn write(url: &str, records: &[domain::EventRecord]) -> Result<(), String> {
    let store = log::open(url).await?;
    let shop = ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
    store.create_shop(&shop, "Bench", bench::workload::EPOCH).await.map_err(|error| error.to_string())?;
    log::append(&*store, &shop, records, BATCH).await
}

fn row(table: &mut Table, store: &str, ours: f64, json: f64) {
    table.row(
        &format!("{store}, an event with its verdict and its keys on the disk ÷ as a line of JSON"),
        format!("{ours:.0} B"),
        format!("{json:.0} B"),
        ours / json,
        Goal::None,
    );
}
