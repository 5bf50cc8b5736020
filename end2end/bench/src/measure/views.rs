//! One read model in four ways (`store::views`), the allocations: what it costs to read the lines of an order, and what
//! it costs to keep each way up to date.

use std::time::Instant;

use bench::workload::{EPOCH, Random};
use domain::{Entry, ShopSlug};
use store::views::{AllocationsView, allocations, live::Live};

use super::{
    Folder,
    log::{self, SHOP},
    processes::Redis,
    table::{Goal, Latencies, Table, thousands},
};

const EVENTS: usize = 20_000;
/// Of these, those that are taken in one at a time, as they come from a shop that is not busy.
const SINGLY: usize = 1_000;
/// Of the others, those that are taken in together, as by a follower that has fallen behind.
const TOGETHER: usize = 500;
const READS: usize = 5_000;

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("views")?;
    let redis = Redis::start(&folder)?;
    super::on_each_store(&folder, async |name, url| on(table, name, url, &redis).await).await
}

async fn on(table: &mut Table, name: &str, url: &str, redis: &Redis) -> Result<(), String> {
    let store = log::open(url).await?;
    let shop = ShopSlug::parse(SHOP).map_err(|error| error.to_string())?;
    store.create_shop(&shop, "Bench", EPOCH).await.map_err(|error| error.to_string())?;
    let records = log::records(EVENTS)?;
    let entries = records.iter().map(|record| record.decode());
    let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let mut live = measured(&Live::default(), &shop, &entries).await?;
    for view in allocations(&*store, Some(&redis.url())).map_err(|error| error.to_string())? {
        let mut way = measured(&*view, &shop, &entries).await?;
        if way.rows != live.rows {
            return Err(format!("{} has {} rows, the live fold {}", view.name(), way.rows, live.rows));
        }
        let mut row = |what: &str, ours: &mut Latencies, beside: &mut Latencies| {
            let value = ours.percentile(0.5) / beside.percentile(0.5);
            let what = format!("{name}, {}: {what} ÷ live fold, p50", view.name());
            table.row(&what, shown(ours), shown(beside), value, Goal::None);
        };
        row("an order read", &mut way.read, &mut live.read);
        row("an entry taken in", &mut way.singly, &mut live.singly);
        table.row(
            &format!("{name}, {}: entries taken in, {TOGETHER} together ÷ live fold", view.name()),
            thousands(way.together),
            thousands(live.together),
            way.together / live.together,
            Goal::None,
        );
    }
    Ok(())
}

fn shown(latencies: &mut Latencies) -> String {
    format!("p50 {:.1} p99 {:.1} µs", latencies.percentile(0.5) * 1_000.0, latencies.percentile(0.99) * 1_000.0)
}

struct Measured {
    read: Latencies,
    singly: Latencies,
    /// Entries a second.
    together: f64,
    rows: usize,
}

async fn measured(view: &dyn AllocationsView, shop: &ShopSlug, entries: &[Entry]) -> Result<Measured, String> {
    view.clear(shop).await.map_err(|error| error.to_string())?;
    let (most, last) = entries.split_at(entries.len().saturating_sub(SINGLY));
    let begin = Instant::now();
    for some in most.chunks(TOGETHER) {
        take(view, shop, some).await?;
    }
    let together = most.len() as f64 / begin.elapsed().as_secs_f64();
    let mut singly = Latencies::default();
    for one in last {
        let begin = Instant::now();
        take(view, shop, std::slice::from_ref(one)).await?;
        singly.push(begin.elapsed());
    }
    let rows = view.all(shop).await.map_err(|error| error.to_string())?;
    let (mut read, mut random) = (Latencies::default(), Random(1));
    for _ in 0..READS {
        let drawn = usize::try_from(random.below(rows.len() as u64)).map_err(|error| error.to_string())?;
        let order_id = &rows[drawn].order_id;
        let begin = Instant::now();
        let found = view.of_order(shop, order_id).await.map_err(|error| error.to_string())?;
        read.push(begin.elapsed());
        if found.is_empty() {
            return Err(format!("{} has nothing of {order_id}", view.name()));
        }
    }
    Ok(Measured { read, singly, together, rows: rows.len() })
}

async fn take(view: &dyn AllocationsView, shop: &ShopSlug, entries: &[Entry]) -> Result<(), String> {
    let after = entries.first().map_or(0, |first| first.position - 1);
    view.take(shop, EPOCH, after, entries).await.map_err(|error| error.to_string())
}
