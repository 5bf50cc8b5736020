//! A command that is answered once it is queued, beside one that is answered once it is decided and written.

use std::time::{Duration, Instant};

use bench::workload::PRODUCTS;
use uuid::Uuid;

use super::{
    Folder,
    client::{Client, due},
    log::{self, SHOP},
    processes::Daybook,
    table::{Goal, Latencies, Table, thousands},
};

const EVENTS: usize = 5_000;
/// As fast as they can, and as a shop does it that is not at its limit.
const LOADS: [Load; 3] = [
    Load { connections: 1, a_second: None },
    Load { connections: 16, a_second: None },
    Load { connections: 4, a_second: Some(100) },
];
const PHASE: Duration = Duration::from_secs(4);

/// What asks for an answer before the command is decided.
const QUEUED: &str = "prefer: respond-async\r\n";

#[derive(Clone, Copy)]
struct Load {
    connections: u64,
    /// On all connections together.
    a_second: Option<u32>,
}

#[derive(Clone, Copy)]
enum Road {
    Queued,
    Waited,
}

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("queue")?;
    super::on_each_store(&folder, async |name, url| on(table, name, url, &folder).await).await
}

async fn on(table: &mut Table, name: &str, url: &str, folder: &Folder) -> Result<(), String> {
    log::fill(url, EVENTS).await?;
    let daybook = Daybook::start(url, folder).await?;
    for load in LOADS {
        let connections = load.connections;
        let name = match load.a_second {
            None => format!("{name}, {connections} connections"),
            Some(a_second) => format!("{name}, {connections} connections, {a_second} commands a second"),
        };
        let mut waited = send(&daybook, Road::Waited, load).await?;
        let mut queued = send(&daybook, Road::Queued, load).await?;
        let shown = |latencies: &mut Latencies| {
            let rate = latencies.count() as f64 / PHASE.as_secs_f64();
            let (p50, p99) = (latencies.percentile(0.5), latencies.percentile(0.99));
            format!("{} p50 {p50:.2} p99 {p99:.2} ms", thousands(rate))
        };
        let (ours, beside) = (shown(&mut queued), shown(&mut waited));
        for part in [0.5, 0.99] {
            table.row(
                &format!("{name}: answered once queued ÷ once written, p{:.0}", part * 100.0),
                ours.clone(),
                beside.clone(),
                queued.percentile(part) / waited.percentile(part),
                Goal::AtMost(1.0),
            );
        }
        let begin = Instant::now();
        settled(&daybook, connections).await?;
        let (late, phase) = (begin.elapsed().as_secs_f64(), PHASE.as_secs_f64());
        table.row(
            &format!("{name}: handled ÷ queued, in the same time"),
            thousands(queued.count() as f64 / (phase + late)),
            thousands(queued.count() as f64 / phase),
            phase / (phase + late),
            Goal::None,
        );
    }
    Ok(())
}

async fn send(daybook: &Daybook, road: Road, load: Load) -> Result<Latencies, String> {
    let (address, begun) = (daybook.address, Instant::now());
    let senders = (0..load.connections).map(|connection| {
        tokio::spawn(async move {
            let mut client = Client::connect(address).await?;
            let (headers, expected) = match road {
                Road::Queued => (QUEUED, 202),
                Road::Waited => ("", 200),
            };
            let mut latencies = Latencies::default();
            for step in 0.. {
                if let Some(a_second) = load.a_second {
                    // Each connection at its own moment.
                    let steps = step * load.connections as u32 + connection as u32;
                    tokio::time::sleep_until(due(begun, steps, a_second).into()).await;
                }
                if begun.elapsed() >= PHASE {
                    break;
                }
                let (sku, price) = (connection % PRODUCTS, 1 + latencies.count());
                let body = format!(r#"{{"type":"product.change","data":{{"sku":"SKU-{sku:04}","price":{price}}}}}"#);
                let begin = Instant::now();
                let answer = client.post_with(&path(), headers, body.as_bytes()).await?;
                if answer.status != expected {
                    return Err(format!("a command answered {}", answer.status));
                }
                latencies.push(begin.elapsed());
            }
            Ok::<_, String>(latencies)
        })
    });
    let mut all = Latencies::default();
    for sender in senders.collect::<Vec<_>>() {
        all.extend(sender.await.map_err(|error| error.to_string())??);
    }
    Ok(all)
}

/// Until the queue is empty: what came last on each key has its verdict.
async fn settled(daybook: &Daybook, connections: u64) -> Result<(), String> {
    let mut client = Client::connect(daybook.address).await?;
    for connection in 0..connections {
        let id = Uuid::from_u128(
            (u128::from(std::process::id()) << 64) + (u128::from(connections) << 32) + u128::from(connection),
        );
        let (sku, price) = (connection % PRODUCTS, 999_000_000 + connection);
        let body =
            format!(r#"{{"id":"{id}","type":"product.change","data":{{"sku":"SKU-{sku:04}","price":{price}}}}}"#);
        client.post_with(&path(), QUEUED, body.as_bytes()).await?;
        while client.text(&format!("{}/{id}", path())).await?.contains(r#""queued""#) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

fn path() -> String {
    format!("/api/v1/shops/{SHOP}/commands")
}
