//! P3: one order.

use domain::{AggregateId, ShopSlug, chain::link};
use uuid::Uuid;

use super::{
    Fixture,
    scribe::{append, event, id, json, write},
};
use crate::AppendError;

/// Every column, in both directions, and the head with it.
pub async fn p3_a_batch_comes_back_as_it_was_written(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let mut first = event(id(1), "stock-OAT-1", 1);
    first.actor = "Zoë \"quoted\" 'and' \\ \u{1F34E}".into();
    first.schema = u16::MAX;
    let batch = append(&head, vec![first, event(id(1), "stock-OAT-1", 2), event(id(2), "order-7", 1)]);
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();

    let read = fixture.store.read(&head.shop, 0, 10).await.unwrap();
    assert_eq!(json(&read), json(&batch.records));
    let now = fixture.store.head(&head.shop).await.unwrap().unwrap();
    assert_eq!((now.position, now.hash), (3, batch.records[2].hash));
    let mut verdicts = fixture.store.verdicts(&head.shop, &[id(2), id(1), id(99)]).await.unwrap();
    verdicts.sort_by_key(|one| one.command_id);
    assert_eq!(verdicts, batch.verdicts);
    assert_eq!(fixture.store.verdict(&head.shop, id(99)).await.unwrap(), None);
}

pub async fn p3_pages_follow_each_other_without_a_gap(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let events = (1..=25).map(|n| event(id(n), "stock-OAT-1", u32::try_from(n).unwrap())).collect();
    fixture.store.append(&head.shop, append(&head, events)).await.unwrap();

    let (mut last, mut hash) = (0, head.hash);
    loop {
        let page = fixture.store.read(&head.shop, last, 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        for record in page {
            assert_eq!(record.position, last + 1);
            hash = link(hash, &record);
            assert_eq!(record.hash, hash);
            last = record.position;
        }
    }
    assert_eq!(last, 25);
    let back = fixture.store.read_before(&head.shop, 10, 3).await.unwrap();
    assert_eq!(back.iter().map(|one| one.position).collect::<Vec<_>>(), [9, 8, 7]);
    let newest = fixture.store.read_before(&head.shop, u64::MAX, 2).await.unwrap();
    assert_eq!(newest.iter().map(|one| one.position).collect::<Vec<_>>(), [25, 24]);
    assert!(fixture.store.read_before(&head.shop, 1, 5).await.unwrap().is_empty());
}

pub async fn p3_r_18_an_append_at_a_moved_head_says_where_it_is(fixture: Fixture) {
    let stale = fixture.shop("corner").await;
    write(&*fixture.store, &stale, 1, "stock-OAT-1", 1).await;

    let late = append(&stale, vec![event(id(2), "order-1", 1)]);
    let error = fixture.store.append(&stale.shop, late.clone()).await.unwrap_err();
    assert_eq!(error, AppendError::HeadMoved { expected: 0, actual: 1 });
    assert!(!error.is_permanent());

    let mut early = late;
    early.after = 5;
    early.records[0].position = 6;
    let error = fixture.store.append(&stale.shop, early).await.unwrap_err();
    assert_eq!(error, AppendError::HeadMoved { expected: 5, actual: 1 });
    assert_eq!(fixture.store.read(&stale.shop, 0, 10).await.unwrap().len(), 1);
}

pub async fn p3_an_aggregates_version_is_taken_once(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let head = write(&*fixture.store, &head, 1, "stock-OAT-1", 1).await;

    let wrong = append(&head, vec![event(id(2), "order-1", 1), event(id(3), "stock-OAT-1", 1)]);
    let error = fixture.store.append(&head.shop, wrong).await.unwrap_err();
    let aggregate = AggregateId::from_stored("stock-OAT-1");
    assert_eq!(error, AppendError::VersionTaken { aggregate, version: 1 });
    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head));
}

pub async fn p3_positions_with_a_hole_are_refused(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let mut holed = append(&head, vec![event(id(1), "order-1", 1), event(id(2), "order-2", 1)]);
    holed.records[1].position = 3;
    let error = fixture.store.append(&head.shop, holed).await.unwrap_err();
    assert_eq!(error.code(), "malformed_append");

    let twice = append(&head, vec![event(id(1), "order-1", 1), event(id(2), "order-1", 1)]);
    let error = fixture.store.append(&head.shop, twice).await.unwrap_err();
    assert_eq!(error.code(), "malformed_append");
    assert!(fixture.store.read(&head.shop, 0, 10).await.unwrap().is_empty());
}

pub async fn an_aggregate_is_read_from_a_version(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let events = vec![
        event(id(1), "stock-OAT-1", 1),
        event(id(2), "stock-OAT-10", 1),
        event(id(3), "stock-OAT-1", 2),
        event(id(4), "stock-OAT-1", 3),
    ];
    fixture.store.append(&head.shop, append(&head, events)).await.unwrap();
    let aggregate = AggregateId::from_stored("stock-OAT-1");
    let read = fixture.store.read_aggregate(&head.shop, &aggregate, 1, 10).await.unwrap();
    assert_eq!(read.iter().map(|one| (one.version, one.position)).collect::<Vec<_>>(), [(2, 3), (3, 4)]);
    let read = fixture.store.read_aggregate(&head.shop, &aggregate, 0, 1).await.unwrap();
    assert_eq!(read.iter().map(|one| one.version).collect::<Vec<_>>(), [1]);
}

pub async fn r_18_a_wrong_shop_is_unknown(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let other = ShopSlug::parse("other").unwrap();
    let error = fixture.store.append(&other, append(&head, vec![event(id(1), "order-1", 1)])).await.unwrap_err();
    assert_eq!(error, AppendError::UnknownShop { shop: other.clone() });
    assert_eq!(fixture.store.head(&other).await.unwrap(), None);
    assert_eq!(fixture.store.change_epoch(&other, Uuid::nil()).await.unwrap_err().code(), "unknown_shop");
    assert!(fixture.store.read(&other, 0, 10).await.unwrap().is_empty());
}
