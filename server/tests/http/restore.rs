//! A backup is put back while devices are ahead of it.

use std::sync::Arc;

use domain::{CommandId, ShopSlug, Verdict};
use serde_json::{Value, json};
use store::{Append, Checkpoint, EventStore, contract::Fixture};
use sync::Report;
use uuid::Uuid;

use crate::{
    device::Device,
    support::{Daybook, Feed, SHOP, memory, postgres, sqlite, until},
};

/// Writes the log of `from` up to `position` into an empty store, as a backup has it.
async fn put_back(from: &Arc<dyn EventStore>, position: u64, into: &Arc<dyn EventStore>) {
    let shop = ShopSlug::parse(SHOP).unwrap();
    let head = from.head(&shop).await.unwrap().unwrap();
    into.create_shop(&shop, &head.title, head.epoch).await.unwrap();
    let records = from.read(&shop, 0, u32::try_from(position).unwrap()).await.unwrap();
    let ids: Vec<CommandId> = records.iter().map(|record| record.command_id).collect();
    let within = |verdict: &Verdict| match verdict {
        Verdict::Accepted { positions } => positions.iter().all(|at| *at <= position),
        Verdict::Refused { position: at, .. } => *at <= position,
    };
    let mut verdicts = from.verdicts(&shop, &ids).await.unwrap();
    verdicts.retain(|record| within(&record.verdict));
    let checkpoints = from.checkpoints(&shop).await.unwrap();
    let checkpoints = checkpoints.into_iter().map(|one| Checkpoint { position, ..one }).collect();
    let append = Append { epoch: head.epoch, after: 0, records, verdicts, checkpoints, handled: Vec::new() };
    into.append(&shop, append).await.unwrap();
}

fn sale(device: &str, number: u32) -> Value {
    let lines = json!([{"sku": "OAT-1", "qty": 1, "price": 250}]);
    json!({"sale_id": format!("{device}-{number}"), "lines": lines, "payment": "cash"})
}

/// As `daybook restore` when `says_so`; else whoever put the backup back said nothing.
async fn drill(before: Option<Fixture>, after: Option<Fixture>, says_so: bool) {
    let (Some(before), Some(after)) = (before, after) else { return };
    let daybook = Daybook::on(&before.store).await;
    daybook.receive("B-1", "OAT-1", 50).await;
    let mut tills = Vec::new();
    let mut sold = Vec::new();
    for name in ["till-1", "till-2"] {
        let mut till = Device::open(name, &daybook).await;
        sold.push(till.issue("sale.record", &sale(name, 1)));
        till.until_settled().await;
        tills.push((name, till));
    }
    let backup = daybook.head().await;
    // A program of somebody else: nobody can give its command back.
    daybook.receive("B-2", "OAT-1", 7).await;
    for (name, till) in &mut tills {
        for number in 2..=4 {
            sold.push(till.issue("sale.record", &sale(name, number)));
            till.until_settled().await;
        }
    }
    let head = daybook.head().await;
    for (_, till) in &mut tills {
        till.until("it has all entries", |replica| replica.confirmed().position == head).await;
    }
    daybook.stop().await;

    put_back(&before.store, backup, &after.store).await;
    let shop = ShopSlug::parse(SHOP).unwrap();
    if says_so {
        after.store.change_epoch(&shop, Uuid::new_v4()).await.unwrap();
    }
    let daybook = Daybook::on(&after.store).await;
    assert_eq!(daybook.head().await, backup);
    for (_, till) in &mut tills {
        till.moved_to(&daybook);
        till.until("it noticed", |replica| !replica.lost().is_empty()).await;
        till.until_settled().await;
    }
    let head = daybook.head().await;
    let server = daybook.json("/digest").await;
    for (name, till) in &mut tills {
        till.until("it has all entries", |replica| replica.confirmed().position == head).await;
        assert_eq!(till.replica.confirmed().digest().to_string(), server["digest"].as_str().unwrap(), "{name}");
        assert_eq!(till.replica.epoch().unwrap().to_string(), server["epoch"].as_str().unwrap(), "{name}");
        let lost: Vec<_> = till.replica.lost().iter().map(|lost| lost.entry.aggregate.to_string()).collect();
        assert_eq!(lost, ["stock-OAT-1"], "{name}: what the tills had is in the book again");
        assert!(till.reports.iter().any(|report| matches!(report, Report::Restored { offered: 3, .. })), "{name}");
    }
    let log = after.store.read(&shop, 0, 1_000).await.unwrap();
    for id in sold {
        let times = log.iter().filter(|record| record.command_id == id && record.index_in_command == 0).count();
        assert_eq!(times, 1, "{id}");
    }
    assert_eq!(daybook.json("/products/OAT-1").await["on_hand"], 50 - 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_devices_give_back_what_a_restored_server_lost_in_memory() {
    drill(memory().await, memory().await, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_devices_give_back_what_a_restored_server_lost_on_sqlite() {
    drill(sqlite().await, sqlite().await, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_devices_give_back_what_a_restored_server_lost_on_postgres() {
    drill(postgres().await, postgres().await, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_a_backup_put_back_without_a_word_is_noticed_too() {
    drill(memory().await, memory().await, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_every_instance_notices_a_restore() {
    let fixture = sqlite().await.unwrap();
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    one.receive("B", "A", 1).await;
    let head = one.head().await;
    until(async || (other.head().await == head).then_some(())).await;
    let mut feeds = Vec::new();
    for daybook in [&one, &other] {
        let mut feed = Feed::open(daybook.get(&format!("/feed?after={head}"))).await;
        assert_eq!(feed.next().await.unwrap().event, "heartbeat");
        feeds.push(feed);
    }
    let epoch = Uuid::new_v4();
    fixture.store.change_epoch(&ShopSlug::parse(SHOP).unwrap(), epoch).await.unwrap();
    for feed in &mut feeds {
        let reset = feed.next_named("reset").await;
        assert_eq!(reset.data["epoch"], epoch.to_string());
    }
}
