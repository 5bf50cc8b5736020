//! The chain is walked to its first break.

use domain::{ShopSlug, chain::Hash};

use super::{
    Fixture,
    scribe::{append, event, id},
};
use crate::{Break, verify::Problem};

pub async fn a_good_log_is_good(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let found = fixture.store.verify(&head.shop).await.unwrap().unwrap();
    assert_eq!((found.good, found.hash, found.first_bad), (0, Hash::ORIGIN, None));
    // More than one page of the walk.
    let events = (1..=1500).map(|n| event(id(n), "stock-OAT-1", u32::try_from(n).unwrap())).collect();
    let batch = append(&head, events);
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();
    let found = fixture.store.verify(&head.shop).await.unwrap().unwrap();
    assert_eq!((found.good, Some(found.hash)), (1500, batch.records.last().map(|last| last.hash)));
    assert_eq!(found.first_bad, None);
    assert_eq!(fixture.store.verify(&ShopSlug::parse("unknown").unwrap()).await.unwrap(), None);
}

/// A writer with a defect: the store takes it, the walk finds it.
pub async fn an_event_that_does_not_link_is_found(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let mut batch = append(&head, (1..=5).map(|n| event(id(n), &format!("order-{n}"), 1)).collect());
    batch.records[2].hash = Hash([3; 32]);
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();
    let found = fixture.store.verify(&head.shop).await.unwrap().unwrap();
    assert_eq!((found.good, found.hash), (2, batch.records[1].hash));
    assert_eq!(found.first_bad, Some(Break { position: 3, problem: Problem::Changed }));
}
