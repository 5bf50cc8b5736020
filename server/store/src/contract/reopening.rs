//! P1: what was answered is there after a restart.

use domain::chain::Hash;

use super::{
    Fixture,
    scribe::{append, event, id, json, write},
};
use crate::{Checkpoint, SnapshotRow};

pub async fn p1_everything_is_there_after_a_restart(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let mut batch = append(&head, (1..=5).map(|n| event(id(n), &format!("order-{n}"), 1)).collect());
    batch.checkpoints = vec![Checkpoint { name: "handover".into(), position: 5 }];
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();
    let snapshot = SnapshotRow { position: 5, fold: 1, hash: Hash([9; 32]), bytes: vec![0, 255, 1] };
    fixture.store.save_snapshot(&head.shop, snapshot.clone()).await.unwrap();
    let before = fixture.store.head(&head.shop).await.unwrap().unwrap();

    let fixture = fixture.restarted().await;
    fixture.store.migrate().await.unwrap();
    assert_eq!(fixture.store.shops().await.unwrap(), vec![before.clone()]);
    assert_eq!(json(&fixture.store.read(&head.shop, 0, 10).await.unwrap()), json(&batch.records));
    assert_eq!(fixture.store.verdict(&head.shop, id(3)).await.unwrap().as_ref(), batch.verdicts.get(2));
    assert_eq!(fixture.store.checkpoints(&head.shop).await.unwrap(), batch.checkpoints);
    assert_eq!(fixture.store.load_snapshot(&head.shop, 1, None).await.unwrap(), Some(snapshot));
    write(&*fixture.store, &before, 6, "order-6", 1).await;
}

/// Several instances start at the same moment, and start again.
pub async fn migrating_again_changes_nothing(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let head = write(&*fixture.store, &head, 1, "order-1", 1).await;
    let (one, two) = (fixture.reopened().await, fixture.reopened().await);
    let (first, second) = tokio::join!(one.migrate(), two.migrate());
    first.unwrap();
    second.unwrap();
    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head));
}
