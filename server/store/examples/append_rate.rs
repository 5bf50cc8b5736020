//! How fast a store takes appends, without anything before it.
//!
//! `cargo run --release -p store --example append_rate -- sqlite:/var/tmp/rate.db [shops] [events a batch] [seconds]`
//!
//! One writer a shop, each with one append under way, as the server has it. The address should be that of a database
//! that nobody needs.

use std::time::{Duration, Instant};

use domain::ShopSlug;
use store::{
    contract::scribe::{append, event},
    open,
};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the address of a store is missing")?;
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (shops, batch, seconds) = (number(1)?, number(64)?, number(3)?);
    let store = open(&url).await?;
    store.migrate().await?;

    let run = Uuid::from_u128(u128::from(std::process::id()));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut writers = Vec::new();
    for shop in 0..shops {
        let slug = ShopSlug::parse(&format!("rate-{}-{shop}", std::process::id()))?;
        let mut head = store.create_shop(&slug, "Rate", run).await?;
        let store = store.clone();
        writers.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let events = (head.position + 1..=head.position + batch)
                    .map(|at| {
                        let command = domain::CommandId::derived(head.epoch, head.shop.as_str(), at, 0);
                        event(command, &format!("order-{}", at / 4), u32::try_from(at % 4).unwrap_or(0) + 1)
                    })
                    .collect();
                let next = append(&head, events);
                (head.position, head.hash) = next.records.last().map_or((0, head.hash), |one| (one.position, one.hash));
                let start = Instant::now();
                store.append(&head.shop, next).await?;
                times.push(start.elapsed());
            }
            Ok::<_, store::AppendError>((head.position, times))
        }));
    }
    let (mut events, mut times) = (0, Vec::new());
    for writer in writers {
        let (written, taken) = writer.await??;
        events += written;
        times.extend(taken);
    }
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!(
        "{shops} shops, batches of {batch}: {} events/s, append p50 {:?}, p99 {:?}",
        events / seconds.max(1),
        at(50),
        at(99)
    );
    Ok(())
}
