//! Snapshots belong to a fold, and to a position.

use domain::chain::Hash;

use super::{
    Fixture,
    scribe::{append, event, id},
};
use crate::SnapshotRow;

fn row(fold: u32, position: u64) -> SnapshotRow {
    SnapshotRow { position, fold, hash: Hash([7; 32]), bytes: format!("{fold} at {position}").into_bytes() }
}

pub async fn p_17_a_snapshot_of_another_fold_is_ignored(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.save_snapshot(&shop, row(2, 100)).await.unwrap();
    assert_eq!(fixture.store.load_snapshot(&shop, 1, None).await.unwrap(), None);
    assert_eq!(fixture.store.load_snapshot(&shop, 3, None).await.unwrap(), None);
    fixture.store.save_snapshot(&shop, row(1, 50)).await.unwrap();
    assert_eq!(fixture.store.load_snapshot(&shop, 1, None).await.unwrap(), Some(row(1, 50)));
    // During a rolling update both folds are in use.
    assert_eq!(fixture.store.load_snapshot(&shop, 2, None).await.unwrap(), Some(row(2, 100)));
}

pub async fn the_newest_snapshot_that_is_old_enough_is_loaded(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    for position in [10, 20, 30] {
        fixture.store.save_snapshot(&shop, row(1, position)).await.unwrap();
    }
    let mut better = row(1, 30);
    better.bytes = vec![1];
    fixture.store.save_snapshot(&shop, better.clone()).await.unwrap();
    assert_eq!(fixture.store.load_snapshot(&shop, 1, None).await.unwrap(), Some(better));
    assert_eq!(fixture.store.load_snapshot(&shop, 1, Some(29)).await.unwrap(), Some(row(1, 20)));
    assert_eq!(fixture.store.load_snapshot(&shop, 1, Some(20)).await.unwrap(), Some(row(1, 20)));
    // The newest two are kept.
    assert_eq!(fixture.store.load_snapshot(&shop, 1, Some(19)).await.unwrap(), None);
}

/// A reader that starts from a snapshot reads on exactly where it ends, with the hash to link to.
pub async fn p4_snapshot_and_tail_meet(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let batch = append(&head, (1..=8).map(|n| event(id(n), &format!("order-{n}"), 1)).collect());
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();
    let at = SnapshotRow { position: 5, fold: 1, hash: batch.records[4].hash, bytes: Vec::new() };
    fixture.store.save_snapshot(&head.shop, at).await.unwrap();
    let snapshot = fixture.store.load_snapshot(&head.shop, 1, Some(7)).await.unwrap().unwrap();
    let mut hash = snapshot.hash;
    let tail = fixture.store.read(&head.shop, snapshot.position, 100).await.unwrap();
    assert!(tail.iter().map(|one| one.position).eq(6..=8));
    for record in tail {
        hash = domain::chain::link(hash, &record);
        assert_eq!(record.hash, hash);
    }
}
