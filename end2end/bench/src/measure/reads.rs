//! A shop that is read a thousand times for each write: whether readers slow the writer.

use std::time::{Duration, Instant};

use bench::workload::{PRODUCTS, Random};

use super::{
    Folder,
    client::{Client, due},
    log::{self, SHOP},
    processes::Daybook,
    table::{Goal, Latencies, Table, thousands},
};

/// Entries of the shop's history.
const EVENTS: usize = 5_000;
const WRITES_A_SECOND: u32 = 4;
const READS_A_SECOND: u32 = 1_000 * WRITES_A_SECOND;
const READERS: u32 = 4;
/// Of one phase. Phases with and without readers take turns, so that a slow minute is in both.
const PHASE: Duration = Duration::from_secs(8);
const ROUNDS: u32 = 3;

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("reads")?;
    super::on_each_store(&folder, async |name, url| on(table, name, url, &folder).await).await
}

async fn on(table: &mut Table, name: &str, url: &str, folder: &Folder) -> Result<(), String> {
    log::fill(url, EVENTS).await?;
    let daybook = Daybook::start(url, folder).await?;
    let (mut alone, mut beside, mut reads) = (Latencies::default(), Latencies::default(), 0);
    for _ in 0..ROUNDS {
        alone.extend(write(&daybook).await?);
        let end = Instant::now() + PHASE;
        let readers: Vec<_> = (0..READERS).map(|reader| tokio::spawn(read(daybook.address, reader, end))).collect();
        beside.extend(write(&daybook).await?);
        for reader in readers {
            reads += reader.await.map_err(|error| error.to_string())??;
        }
    }
    let seconds = (PHASE * ROUNDS).as_secs_f64();
    let (ours, reference) = (beside.percentile(0.5), alone.percentile(0.5));
    let shown = |latencies: &mut Latencies| {
        format!("p50 {:.2} p90 {:.2} ms", latencies.percentile(0.5), latencies.percentile(0.9))
    };
    let each = reads as f64 / beside.count() as f64;
    table.row(
        &format!("{name}, a write with {each:.0} reads for each ÷ without, p50"),
        format!("{}, {} read", shown(&mut beside), thousands(reads as f64 / seconds)),
        shown(&mut alone),
        ours / reference,
        Goal::AtMost(1.1),
    );
    Ok(())
}

async fn write(daybook: &Daybook) -> Result<Latencies, String> {
    let mut client = Client::connect(daybook.address).await?;
    let (begun, mut latencies) = (Instant::now(), Latencies::default());
    for step in 0.. {
        tokio::time::sleep_until(due(begun, step, WRITES_A_SECOND).into()).await;
        if begun.elapsed() >= PHASE {
            break;
        }
        let price = 1_000 + begun.elapsed().as_micros() % 900_000;
        let body = format!(r#"{{"type":"product.change","data":{{"sku":"SKU-0001","price":{price}}}}}"#);
        let begin = Instant::now();
        let answer = client.post(&format!("/api/v1/shops/{SHOP}/commands"), &body).await?;
        if answer.status != 200 {
            return Err(format!("a command answered {}", answer.status));
        }
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

/// Products, one after another at the pace that was agreed; a reader that cannot keep it reads as fast as it can.
async fn read(address: std::net::SocketAddr, reader: u32, end: Instant) -> Result<u64, String> {
    let mut client = Client::connect(address).await?;
    let mut random = Random(u64::from(reader) + 1);
    let (begun, mut reads) = (Instant::now(), 0);
    while Instant::now() < end {
        tokio::time::sleep_until(due(begun, reads, READS_A_SECOND / READERS).into()).await;
        let of = random.below(PRODUCTS);
        let answer = client.get(&format!("/api/v1/shops/{SHOP}/products/SKU-{of:04}")).await?;
        if answer.status != 200 {
            return Err(format!("a read answered {}", answer.status));
        }
        reads += 1;
    }
    Ok(u64::from(reads))
}
