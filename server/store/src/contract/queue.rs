//! Commands that wait to be decided.

use domain::{CommandId, ShopSlug, values::Millis};
use uuid::Uuid;

use super::{
    Fixture,
    scribe::{id, queued},
};
use crate::{Claim, EventStore, QueueStatus, StoreError};

fn claim(owner: u128, now: i64, limit: u32) -> Claim {
    let (now, lease_until) = (Millis(now), Millis(now + 1000));
    Claim { shop: None, owner: Uuid::from_u128(owner), now, lease_until, limit }
}

async fn claimed(store: &dyn EventStore, claim: Claim) -> Vec<CommandId> {
    store.claim(claim).await.unwrap().into_iter().map(|one| one.queued.id).collect()
}

pub async fn commands_are_claimed_in_order_of_arrival(fixture: Fixture) {
    let (here, there) = (fixture.shop("here").await.shop, fixture.shop("there").await.shop);
    fixture.store.enqueue(&here, vec![queued(9), queued(3)]).await.unwrap();
    fixture.store.enqueue(&there, vec![queued(5)]).await.unwrap();
    fixture.store.enqueue(&here, vec![queued(1)]).await.unwrap();

    let of_here = Claim { shop: Some(here.clone()), ..claim(1, 10, 2) };
    assert_eq!(claimed(&*fixture.store, of_here).await, [id(9), id(3)]);
    let rest = fixture.store.claim(claim(1, 10, 10)).await.unwrap();
    assert_eq!(
        rest.iter().map(|one| (&one.shop, one.queued.clone())).collect::<Vec<_>>(),
        [(&there, queued(5)), (&here, queued(1))]
    );
    assert!(claimed(&*fixture.store, claim(1, 10, 10)).await.is_empty(), "what is leased is not given out again");

    fixture.store.dequeue(&here, &[id(9), id(3), id(1)]).await.unwrap();
    fixture.store.dequeue(&there, &[id(5)]).await.unwrap();
    assert!(claimed(&*fixture.store, claim(1, 99_999, 10)).await.is_empty());
    assert_eq!(fixture.store.queue_status(&here, id(9)).await.unwrap(), None);
}

pub async fn the_same_command_twice_is_queued_once(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1), queued(1)]).await.unwrap();
    fixture.store.enqueue(&shop, vec![queued(1), queued(2)]).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 10, 10)).await, [id(1), id(2)]);
    // Nor does it give away what somebody works on.
    fixture.store.enqueue(&shop, vec![queued(1)]).await.unwrap();
    assert!(claimed(&*fixture.store, claim(1, 10, 10)).await.is_empty());
    let unknown = ShopSlug::parse("unknown").unwrap();
    let error = fixture.store.enqueue(&unknown, vec![queued(1)]).await.unwrap_err();
    assert_eq!(error, StoreError::UnknownShop { shop: unknown });
}

pub async fn another_body_under_the_same_id_is_refused_whole(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1)]).await.unwrap();
    let mut other = queued(1);
    other.fingerprint = u64::MAX;
    let error = fixture.store.enqueue(&shop, vec![queued(2), other.clone(), queued(3)]).await.unwrap_err();
    assert_eq!(error, StoreError::IdReused { command_id: id(1) });
    let error = fixture.store.enqueue(&shop, vec![queued(4), queued(1), other]).await.unwrap_err();
    assert_eq!(error, StoreError::IdReused { command_id: id(1) });
    assert_eq!(claimed(&*fixture.store, claim(1, 10, 10)).await, [id(1)]);
}

/// The owner died: nobody gives anything back.
pub async fn p1_a_lease_that_ran_out_is_taken_over(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1), queued(2)]).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 0, 10)).await, [id(1), id(2)]);
    let other = fixture.reopened().await;
    assert!(claimed(&*other, claim(2, 999, 10)).await.is_empty());
    assert_eq!(claimed(&*other, claim(2, 1000, 10)).await, [id(1), id(2)]);
    assert!(claimed(&*fixture.store, claim(1, 1001, 10)).await.is_empty());
}

pub async fn while_one_owner_works_on_a_shop_the_others_wait(fixture: Fixture) {
    let (here, there) = (fixture.shop("here").await.shop, fixture.shop("there").await.shop);
    fixture.store.enqueue(&here, vec![queued(1), queued(2)]).await.unwrap();
    fixture.store.enqueue(&there, vec![queued(3)]).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 0, 1)).await, [id(1)]);
    assert_eq!(claimed(&*fixture.store, claim(2, 1, 10)).await, [id(3)], "2 comes after 1");
    fixture.store.dequeue(&here, &[id(1)]).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(2, 2, 10)).await, [id(2)]);
}

pub async fn a_command_put_back_waits_and_counts(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1)]).await.unwrap();
    claimed(&*fixture.store, claim(1, 0, 10)).await;
    fixture.store.retry_later(&shop, id(1), Millis(500), 3).await.unwrap();
    assert!(claimed(&*fixture.store, claim(2, 499, 10)).await.is_empty());
    let again = fixture.store.claim(claim(2, 500, 10)).await.unwrap();
    assert_eq!(again.iter().map(|one| (one.queued.id, one.attempts)).collect::<Vec<_>>(), [(id(1), 3)]);
    let status = fixture.store.queue_status(&shop, id(1)).await.unwrap();
    assert_eq!(status, Some(QueueStatus::Queued { fingerprint: 7, attempts: 3 }));
}

pub async fn p5_a_parked_command_stays_visible(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1), queued(2)]).await.unwrap();
    claimed(&*fixture.store, claim(1, 0, 10)).await;
    fixture.store.park(&shop, id(1), "cannot be read").await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(2, 5000, 10)).await, [id(2)]);
    let parked = QueueStatus::Parked { fingerprint: 7, reason: "cannot be read".into() };
    assert_eq!(fixture.store.queue_status(&shop, id(1)).await.unwrap(), Some(parked));
}

pub async fn p1_a_queued_command_survives_a_restart(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1), queued(2)]).await.unwrap();
    let fixture = fixture.restarted().await;
    let rows = fixture.store.claim(claim(1, 0, 10)).await.unwrap();
    assert_eq!(rows.into_iter().map(|one| one.queued).collect::<Vec<_>>(), [queued(1), queued(2)]);
}
