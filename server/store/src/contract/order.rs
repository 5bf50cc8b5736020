//! P3: position order is commit order, without holes, whoever writes and whenever.

use std::{sync::Arc, time::Duration};

use domain::{ShopSlug, Verdict, chain::Hash, chain::link};

use super::{
    Fixture,
    scribe::{append, event, id},
};
use crate::{AppendError, EventStore, testing::Interposed};

const WRITERS: u32 = 16;
const COMMANDS: u32 = 10;
const TOTAL: u64 = (WRITERS * COMMANDS) as u64;

/// Writers of every opener decide on what they read, dawdle, and append; readers meanwhile prove that they miss
/// nothing.
pub async fn p3_16_writers_with_delays_leave_no_hole(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    let openers = [fixture.store.clone(), fixture.reopened().await];
    let mut tasks = Vec::new();
    for (writer, opener) in (0..WRITERS).zip(openers.iter().cycle()) {
        let dawdling = Interposed::new(opener.clone()).before(move |append| {
            let (writer, after) = (u64::from(writer), append.after);
            async move {
                let turns = (writer * 31 + after * 17) % 7;
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                if turns == 6 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok(())
            }
        });
        tasks.push(tokio::spawn(write_all(Arc::new(dawdling), shop.clone(), writer)));
    }
    let readers: Vec<_> = openers.iter().map(|opener| tokio::spawn(follow(opener.clone(), shop.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    for reader in readers {
        reader.await.unwrap();
    }

    let events = fixture.store.read(&shop, 0, 10_000).await.unwrap();
    assert!(events.iter().map(|one| one.position).eq(1..=TOTAL));
    for one in &events {
        let verdict = fixture.store.verdict(&shop, one.command_id).await.unwrap().unwrap();
        assert_eq!(verdict.verdict, Verdict::Accepted { positions: vec![one.position] });
    }
    let found = fixture.store.verify(&shop).await.unwrap().unwrap();
    assert_eq!((found.good, found.first_bad), (TOTAL, None));
}

async fn write_all(store: Arc<dyn EventStore>, shop: ShopSlug, writer: u32) {
    for version in 1..=COMMANDS {
        let command = id(u128::from(writer) << 32 | u128::from(version));
        loop {
            let head = store.head(&shop).await.unwrap().unwrap();
            let batch = append(&head, vec![event(command, &format!("order-{writer}"), version)]);
            match store.append(&shop, batch).await {
                Ok(()) => break,
                Err(AppendError::HeadMoved { expected, actual }) => assert!(actual > expected),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

async fn follow(store: Arc<dyn EventStore>, shop: ShopSlug) {
    let (mut last, mut hash) = (0, Hash::ORIGIN);
    while last < TOTAL {
        for record in store.read(&shop, last, 7).await.unwrap() {
            assert_eq!(record.position, last + 1, "a reader saw a hole");
            hash = link(hash, &record);
            assert_eq!(record.hash, hash, "a reader saw an event that was replaced");
            last = record.position;
        }
        tokio::task::yield_now().await;
    }
}
