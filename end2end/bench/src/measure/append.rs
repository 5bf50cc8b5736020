//! A command over HTTP: decided, durable, answered. Beside it, PostgreSQL's own pgbench with the same rows, one
//! statement and one commit a command.

use std::time::{Duration, Instant};

use bench::workload::{self, EPOCH, Random};
use domain::ShopSlug;

use super::{
    Folder,
    client::Client,
    log,
    processes::{Daybook, Postgres},
    table::{Goal, Latencies, Table, thousands},
};

/// Shops in the runs with many heads.
const SHOPS: u64 = 1_000;
const SECONDS: u32 = 5;
const CONNECTIONS: [u32; 3] = [1, 8, 32];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spread {
    ManyShops,
    OneShop,
}

impl Spread {
    fn name(self) -> &'static str {
        match self {
            Self::ManyShops => "1 000 shops",
            Self::OneShop => "one busy shop",
        }
    }

    fn shops(self) -> u64 {
        if self == Self::ManyShops { SHOPS } else { 1 }
    }
}

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("append")?;
    let postgres = Postgres::start(&folder)?;
    let reference = postgres.database("reference")?;
    prepare(&reference).await?;
    let ours = postgres.database("ours")?;
    prepare(&ours).await?;
    let daybook = Daybook::start(&ours, &folder).await?;
    add_products(&daybook).await?;
    for spread in [Spread::ManyShops, Spread::OneShop] {
        let mut single_connection = 0.0;
        for connections in CONNECTIONS {
            let (pgbench, pgbench_p99) = postgres.pgbench("reference", &script(spread), connections, SECONDS)?;
            let before = (wal(&postgres)?, daybook.cpu() + postgres.cpu());
            let (rate, mut latencies) = load(&daybook, spread, connections).await?;
            let events = latencies.count() as f64;
            let bytes = (wal(&postgres)? - before.0) / events;
            let cpu = (daybook.cpu() + postgres.cpu() - before.1) / events * 1e6;
            let (p50, p99) = (latencies.percentile(0.5), latencies.percentile(0.99));
            let name = format!("Postgres, {}, {connections} connections", spread.name());
            let shown =
                format!("{} p50 {p50:.2} p99 {p99:.2} ms; {cpu:.0} µs CPU, {bytes:.0} B WAL an event", thousands(rate));
            let beside = format!("pgbench {} p99 {pgbench_p99:.1} ms", thousands(pgbench));
            let goal = match (spread, connections) {
                (Spread::ManyShops, 32) => Goal::AtLeast(3.0),
                (Spread::OneShop, 32) => Goal::AtLeast(10.0),
                _ => Goal::None,
            };
            table.row(&format!("{name}: ÷ pgbench"), shown, beside, rate / pgbench, goal);
            if (spread, connections) == (Spread::OneShop, 32) {
                table.row(
                    &format!("{name}: p99 ms"),
                    format!("{p99:.2} ms"),
                    format!("{pgbench_p99:.1} ms"),
                    p99,
                    Goal::AtMost(10.0),
                );
            }
            if connections > 1 && spread == Spread::OneShop {
                table.row(
                    &format!("{name}: ÷ fewer connections"),
                    thousands(rate),
                    thousands(single_connection),
                    rate / single_connection,
                    Goal::AtLeast(1.0),
                );
            }
            single_connection = rate;
        }
    }
    drop(daybook);
    raw(table, "Postgres", &postgres.database("raw")?).await?;
    sqlite(table, &folder).await
}

async fn sqlite(table: &mut Table, folder: &Folder) -> Result<(), String> {
    let reference = format!("sqlite://{}", folder.join("reference.db").display());
    prepare(&reference).await?;
    let single = raw_rate(&reference, 1).await?;
    let ours = folder.sqlite();
    prepare(&ours).await?;
    let daybook = Daybook::start(&ours, folder).await?;
    add_products(&daybook).await?;
    for spread in [Spread::ManyShops, Spread::OneShop] {
        for connections in CONNECTIONS {
            let cpu_before = daybook.cpu();
            let (rate, mut latencies) = load(&daybook, spread, connections).await?;
            let cpu = (daybook.cpu() - cpu_before) / latencies.count() as f64 * 1e6;
            let (p50, p99) = (latencies.percentile(0.5), latencies.percentile(0.99));
            let name = format!("SQLite, {}, {connections} connections: ÷ a commit each", spread.name());
            let shown = format!("{} p50 {p50:.2} p99 {p99:.2} ms; {cpu:.0} µs CPU an event", thousands(rate));
            table.row(&name, shown, format!("one event a commit {}", thousands(single)), rate / single, Goal::None);
        }
    }
    drop(daybook);
    raw(table, "SQLite", &format!("sqlite://{}", folder.join("raw.db").display())).await
}

/// The same statement with 64 events of one shop in it: what the store can do when nothing has to be decided.
async fn raw(table: &mut Table, name: &str, url: &str) -> Result<(), String> {
    prepare(url).await?;
    let batched = raw_rate(url, 64).await?;
    let in_process = in_process(url).await?;
    let what = format!("{name}, appender called in process ÷ raw statements of the same batch");
    table.row(&what, thousands(in_process), thousands(batched), in_process / batched, Goal::AtLeast(0.5));
    Ok(())
}

async fn prepare(url: &str) -> Result<(), String> {
    let store = log::open(url).await?;
    for number in 0..SHOPS {
        let slug = slug(number)?;
        store.create_shop(&slug, "Bench", EPOCH).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn slug(number: u64) -> Result<ShopSlug, String> {
    ShopSlug::parse(&format!("bench-{number}")).map_err(|error| error.to_string())
}

async fn add_products(daybook: &Daybook) -> Result<(), String> {
    let mut client = Client::connect(daybook.address).await?;
    for shop in 0..SHOPS {
        let body = r#"{"type":"product.add","data":{"sku":"P","name":"Measured","price":1}}"#;
        let response = client.post(&format!("/api/v1/shops/bench-{shop}/commands"), body).await?;
        if response.status != 200 {
            return Err(format!("product.add answered {}", response.status));
        }
    }
    Ok(())
}

/// Price changes on kept-alive connections, each sending its next one when the last is answered.
async fn load(daybook: &Daybook, spread: Spread, connections: u32) -> Result<(f64, Latencies), String> {
    let end = Instant::now() + Duration::from_secs(u64::from(SECONDS));
    let tasks = (0..connections).map(|number| {
        let address = daybook.address;
        tokio::spawn(async move {
            let mut client = Client::connect(address).await?;
            let mut random = Random(u64::from(number) + 1);
            let mut latencies = Latencies::default();
            while Instant::now() < end {
                let (shop, price) = (random.below(spread.shops()), random.below(1_000_000_000));
                let body = format!(r#"{{"type":"product.change","data":{{"sku":"P","price":{price}}}}}"#);
                let begin = Instant::now();
                let response = client.post(&format!("/api/v1/shops/bench-{shop}/commands"), &body).await?;
                if response.status != 200 {
                    return Err(format!("a command answered {}", response.status));
                }
                latencies.push(begin.elapsed());
            }
            Ok(latencies)
        })
    });
    let begin = Instant::now();
    let mut all = Latencies::default();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await.map_err(|error| error.to_string())??);
    }
    Ok((all.count() as f64 / begin.elapsed().as_secs_f64(), all))
}

/// The rows that one price change writes, in one statement, for pgbench.
fn script(spread: Spread) -> String {
    let shops = spread.shops();
    format!(
        "\\set s random(0, {})\n\
         WITH command AS (SELECT gen_random_uuid() AS id), moved AS (UPDATE shop_head SET position = position + 1, hash = decode(repeat('ab', 32), 'hex') \
         WHERE shop = 'bench-' || :s RETURNING shop, position), events AS (INSERT INTO event SELECT shop, position, 'product-P', position, \
         'ProductChanged', 1, id, 0, 'demo', '', 1780000000000, 1780000000000, NULL, id, convert_to('{{\"sku\":\"P\",\"price\":123456789}}', 'UTF8'), \
         decode(repeat('ab', 32), 'hex') FROM moved, command) \
         INSERT INTO verdict SELECT shop, id, 1234567890123456789, convert_to('{{\"status\":\"accepted\",\"positions\":[123456]}}', 'UTF8') FROM moved, command;\n",
        shops - 1
    )
}

fn wal(postgres: &Postgres) -> Result<f64, String> {
    let bytes = postgres.ask("ours", "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")?;
    bytes.trim().parse().map_err(|_| format!("not a number: {bytes}"))
}

/// Appends made beforehand, so that only the store is timed: events a second in batches of `batch`.
async fn raw_rate(url: &str, batch: usize) -> Result<f64, String> {
    let store = log::open(url).await?;
    let records = log::records(if batch == 1 { 4_000 } else { 100_000 })?;
    let begin = Instant::now();
    log::append(&*store, &slug(1)?, &records, batch).await?;
    Ok(records.len() as f64 / begin.elapsed().as_secs_f64())
}

/// The appender without HTTP: 64 callers, each with its next command as soon as the last is answered. Answers
/// events a second.
async fn in_process(url: &str) -> Result<f64, String> {
    let config = server::Config {
        listen: ([127, 0, 0, 1], 0).into(),
        database_url: url.to_owned(),
        offline_start: false,
        ..server::Config::default()
    };
    let running = server::start(config).await.map_err(|error| error.to_string())?;
    let shop = running.server.shops.open(&slug(2)?).await.map_err(|error| error.to_string())?;
    let add = serde_json::json!({"sku": "P", "name": "Measured", "price": 1});
    shop.decide(vec![request(0, "product.add", &add)?]).await.map_err(|error| error.to_string())?;
    let begin = Instant::now();
    let end = begin + Duration::from_secs(u64::from(SECONDS));
    let callers = (1..=64_u64).map(|caller| {
        let shop = shop.clone();
        tokio::spawn(async move {
            let mut done = 0_u64;
            while Instant::now() < end {
                let number = (caller << 32) + done;
                let change = serde_json::json!({"sku": "P", "price": number % 1_000_000_000});
                shop.decide(vec![request(number, "product.change", &change)?])
                    .await
                    .map_err(|error| error.to_string())?;
                done += 1;
            }
            Ok::<_, String>(done)
        })
    });
    let mut events = 0;
    for caller in callers.collect::<Vec<_>>() {
        events += caller.await.map_err(|error| error.to_string())??;
    }
    let rate = events as f64 / begin.elapsed().as_secs_f64();
    running.stop().await;
    Ok(rate)
}

fn request(number: u64, command_type: &str, data: &serde_json::Value) -> Result<domain::books::Request, String> {
    workload::request(number, command_type, data).ok_or_else(|| format!("{command_type} does not parse"))
}
