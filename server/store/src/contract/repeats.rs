//! P2: one command id, one verdict.

use domain::{ShopSlug, Verdict};

use super::{
    Fixture,
    scribe::{append, event, id, write},
};
use crate::AppendError;

/// The head is right, only the command was there before.
pub async fn p2_a_known_command_is_not_written_twice(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let head = write(&*fixture.store, &head, 1, "order-1", 1).await;
    let again = append(&head, vec![event(id(2), "order-2", 1), event(id(1), "order-1", 2)]);
    let error = fixture.store.append(&head.shop, again).await.unwrap_err();
    assert_eq!(error, AppendError::CommandKnown { command_id: id(1) });
    assert!(!error.is_permanent());
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1);
    let verdict = fixture.store.verdict(&head.shop, id(1)).await.unwrap().unwrap().verdict;
    assert_eq!(verdict, Verdict::Accepted { positions: vec![1] });
}

pub async fn p2_the_same_append_twice_is_written_once(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let batch = append(&head, vec![event(id(1), "order-1", 1)]);
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();
    let error = fixture.store.append(&head.shop, batch).await.unwrap_err();
    assert_eq!(error, AppendError::HeadMoved { expected: 0, actual: 1 });
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1);
}

/// From several tabs and instances at the same moment, each at the head it sees.
pub async fn p2_of_16_tries_with_one_id_one_is_written(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    let openers = [fixture.store.clone(), fixture.reopened().await];
    let mut tries = Vec::new();
    for (number, store) in (0..16).zip(openers.iter().cycle().cloned()) {
        let shop = shop.clone();
        tries.push(tokio::spawn(async move {
            loop {
                let head = store.head(&shop).await.unwrap().unwrap();
                let batch = append(&head, vec![event(id(1), &format!("order-{number}"), 1)]);
                match store.append(&shop, batch).await {
                    Ok(()) => return true,
                    Err(AppendError::HeadMoved { .. }) => {}
                    Err(AppendError::CommandKnown { command_id }) => {
                        assert_eq!(command_id, id(1));
                        return false;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }));
    }
    let mut written = 0;
    for one in tries {
        written += u32::from(one.await.unwrap());
    }
    assert_eq!(written, 1);
    assert_eq!(fixture.store.read(&shop, 0, 100).await.unwrap().len(), 1);
}

/// For whoever carries them away: each once, in an order that all stores have alike.
pub async fn p2_verdicts_are_read_in_the_order_of_their_ids(fixture: Fixture) {
    let mut head = fixture.shop("corner").await;
    fixture.shop("market").await;
    let numbers = [5, u128::MAX, 1, 1 << 64, 1 << 127];
    for (number, version) in numbers.into_iter().zip(1..) {
        head = write(&*fixture.store, &head, number, "order-1", version).await;
    }
    let mut read = Vec::new();
    loop {
        let page = fixture.store.verdicts_after(&head.shop, read.last().copied(), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page.into_iter().map(|one| one.command_id));
    }
    assert_eq!(read, [1, 5, 1 << 64, 1 << 127, u128::MAX].map(id));
    assert!(fixture.store.verdicts_after(&ShopSlug::parse("market").unwrap(), None, 9).await.unwrap().is_empty());
}
