//! P9: shops are apart.

use domain::{AggregateId, values::Millis};
use uuid::Uuid;

use super::{
    Fixture,
    scribe::{append, event, event_with, id, queued, write},
};
use crate::SnapshotRow;

/// The same aggregates, versions and command ids in two shops.
pub async fn p9_shops_do_not_see_each_other(fixture: Fixture) {
    let store = &*fixture.store;
    let (here, there) = (fixture.shop("here").await, fixture.shop("there").await);
    let mut ours = append(&here, vec![event_with(id(1), "order-1", 1, r#"{"of":"here"}"#), event(id(2), "order-1", 2)]);
    ours.checkpoints = vec![crate::Checkpoint { name: "handover".into(), position: 2 }];
    store.append(&here.shop, ours).await.unwrap();
    store
        .append(&there.shop, append(&there, vec![event_with(id(1), "order-1", 1, r#"{"of":"there"}"#)]))
        .await
        .unwrap();
    store
        .save_snapshot(&here.shop, SnapshotRow { position: 2, fold: 1, hash: here.hash, bytes: vec![1] })
        .await
        .unwrap();
    store.enqueue(&here.shop, vec![queued(9)]).await.unwrap();

    let theirs = store.read(&there.shop, 0, 10).await.unwrap();
    assert_eq!(theirs.iter().map(|one| one.payload.get()).collect::<Vec<_>>(), [r#"{"of":"there"}"#]);
    assert_eq!(store.read_before(&there.shop, 9, 10).await.unwrap().len(), 1);
    let order = AggregateId::from_stored("order-1");
    assert_eq!(store.read_aggregate(&there.shop, &order, 0, 10).await.unwrap().len(), 1);
    assert_eq!(store.verdicts(&there.shop, &[id(2)]).await.unwrap(), []);
    assert_eq!(store.load_snapshot(&there.shop, 1, None).await.unwrap(), None);
    assert_eq!(store.checkpoints(&there.shop).await.unwrap(), []);
    assert_eq!(store.queue_status(&there.shop, id(9)).await.unwrap(), None);
    assert_eq!(store.position_at(&there.shop, Millis(i64::MAX)).await.unwrap(), 1);
    store.park(&there.shop, id(9), "not theirs").await.unwrap();
    store.dequeue(&there.shop, &[id(9)]).await.unwrap();
    assert!(store.queue_status(&here.shop, id(9)).await.unwrap().is_some());
    // An append of one shop settles nothing of the other's.
    let now = store.head(&there.shop).await.unwrap().unwrap();
    let mut batch = append(&now, vec![event(id(9), "order-2", 1)]);
    batch.handled = vec![id(9)];
    store.append(&there.shop, batch).await.unwrap();
    assert!(store.queue_status(&here.shop, id(9)).await.unwrap().is_some());
}

pub async fn a_shop_is_opened_once(fixture: Fixture) {
    let first = fixture.shop("corner").await;
    assert_eq!((first.position, first.hash, &*first.title), (0, domain::chain::Hash::ORIGIN, "Corner shop"));
    let written = write(&*fixture.store, &first, 1, "order-1", 1).await;
    let again = fixture.store.create_shop(&first.shop, "Another title", Uuid::from_u128(7)).await.unwrap();
    assert_eq!(again, written);
    fixture.shop("another").await;
    let names: Vec<_> = fixture.store.shops().await.unwrap().into_iter().map(|one| one.shop.to_string()).collect();
    assert_eq!(names, ["another", "corner"]);
}
