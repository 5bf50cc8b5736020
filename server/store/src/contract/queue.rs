//! Commands that wait to be decided.

use domain::{CommandId, ShopSlug, values::Millis};
use uuid::Uuid;

use super::{
    Fixture,
    scribe::{id, queued, queued_for, write},
};
use crate::{Claim, EventStore, Offset, QueueStatus, RowState, StoreError, queue::partition};

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
    assert_eq!(claimed(&*fixture.store, of_here.clone()).await, [id(9), id(3)]);
    assert_eq!(claimed(&*fixture.store, of_here).await, [id(9), id(3)], "its own, until it settles them");
    fixture.store.dequeue(&here, &[id(9), id(3)]).await.unwrap();
    let rest = fixture.store.claim(claim(1, 10, 10)).await.unwrap();
    assert_eq!(
        rest.iter().map(|one| (&one.shop, one.queued.clone())).collect::<Vec<_>>(),
        [(&there, queued(5)), (&here, queued(1))]
    );
    assert!(claimed(&*fixture.store, claim(2, 10, 10)).await.is_empty(), "what is leased is not given to another");

    fixture.store.dequeue(&here, &[id(1)]).await.unwrap();
    fixture.store.dequeue(&there, &[id(5)]).await.unwrap();
    assert!(claimed(&*fixture.store, claim(1, 99_999, 10)).await.is_empty());
    assert_eq!(fixture.store.queue_status(&here, id(9)).await.unwrap(), None);
}

pub async fn the_same_command_twice_is_queued_once(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1), queued(1)]).await.unwrap();
    fixture.store.enqueue(&shop, vec![queued(1), queued(2)]).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 10, 10)).await, [id(1), id(2)]);
    // Nor does it come back when it is settled.
    fixture.store.dequeue(&shop, &[id(1), id(2)]).await.unwrap();
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

/// Requests of several shops share one commit, so they stand or fall together.
pub async fn d_11_commands_of_several_shops_are_queued_together_or_not_at_all(fixture: Fixture) {
    let (here, there) = (fixture.shop("here").await.shop, fixture.shop("there").await.shop);
    let unknown = ShopSlug::parse("unknown").unwrap();
    let store = &*fixture.store;
    let error = store.enqueue_all(vec![(here.clone(), queued(1)), (unknown.clone(), queued(2))]).await.unwrap_err();
    assert_eq!(error, StoreError::UnknownShop { shop: unknown });
    assert!(claimed(store, claim(1, 10, 10)).await.is_empty());
    // An id is a shop's own.
    let mut of_there = queued(1);
    of_there.fingerprint = 8;
    store.enqueue_all(vec![(here.clone(), queued(1)), (there, of_there), (here, queued(2))]).await.unwrap();
    assert_eq!(claimed(store, claim(1, 10, 10)).await, [id(1), id(1), id(2)]);
}

pub async fn p2_d_3_an_id_that_was_decided_is_queued_for_the_same_command_alone(fixture: Fixture) {
    let head = write(&*fixture.store, &fixture.shop("corner").await, 1, "stock-OAT-1", 1).await;
    let error = fixture.store.enqueue(&head.shop, vec![queued(2), queued(1)]).await.unwrap_err();
    assert_eq!(error, StoreError::IdReused { command_id: id(1) });
    assert!(claimed(&*fixture.store, claim(1, 10, 10)).await.is_empty());
    let mut same = queued(1);
    same.fingerprint = fixture.store.verdict(&head.shop, id(1)).await.unwrap().unwrap().fingerprint;
    fixture.store.enqueue(&head.shop, vec![same]).await.unwrap();
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

/// Claims that follow each other closely find the lease as it is; in its second half it is made longer.
pub async fn p1_d_28_a_lease_is_made_longer_before_it_runs_out(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1)]).await.unwrap();
    let other = fixture.reopened().await;
    for now in [0, 400, 900, 1300] {
        assert_eq!(claimed(&*fixture.store, claim(1, now, 10)).await, [id(1)]);
    }
    assert!(claimed(&*other, claim(2, 1899, 10)).await.is_empty(), "900 and 1000 more");
    assert_eq!(claimed(&*other, claim(2, 1900, 10)).await, [id(1)], "at 1300 it was left as it was");
}

/// Keys of one shop in two partitions.
fn two_keys(shop: &ShopSlug) -> (String, String) {
    let first = "stock-A".to_owned();
    let apart = |key: &String| partition(shop, key) != partition(shop, &first);
    let other = (0..).map(|number| format!("stock-B-{number}")).find(apart).unwrap();
    (first, other)
}

pub async fn d_28_one_key_is_never_with_two_owners_and_other_keys_go_on(fixture: Fixture) {
    let shop = fixture.shop("here").await.shop;
    let (one, other) = two_keys(&shop);
    let rows = vec![queued_for(1, &one), queued_for(2, &one), queued_for(3, &other)];
    fixture.store.enqueue(&shop, rows).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 0, 1)).await, [id(1)]);
    let second = fixture.reopened().await;
    assert_eq!(claimed(&*second, claim(2, 1, 10)).await, [id(3)], "2 comes after 1, which is under way");
    fixture.store.dequeue(&shop, &[id(1)]).await.unwrap();
    assert!(claimed(&*second, claim(2, 2, 10)).await == [id(3)], "the partition is still leased");
    fixture.store.release(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(claimed(&*second, claim(2, 3, 10)).await, [id(2), id(3)]);
}

/// Whoever asks at the same moment: of each key, one has it.
pub async fn d_28_of_16_claimers_at_once_one_gets_a_key(fixture: Fixture) {
    let shop = fixture.shop("here").await.shop;
    let keys: Vec<String> = (0..8).map(|number| format!("stock-{number}")).collect();
    let rows = (0..32).map(|number| queued_for(number + 1, &keys[usize::try_from(number).unwrap() % 8])).collect();
    fixture.store.enqueue(&shop, rows).await.unwrap();
    let stores = [fixture.store.clone(), fixture.reopened().await];
    let claims = (1..=16)
        .zip(stores.iter().cycle().cloned())
        .map(|(owner, store)| tokio::spawn(async move { (owner, store.claim(claim(owner, 0, 5)).await.unwrap()) }));
    let claims: Vec<_> = claims.collect();
    let mut owners = std::collections::BTreeMap::new();
    let mut got = Vec::new();
    for one in claims {
        let (owner, rows) = one.await.unwrap();
        for row in rows {
            let first = owners.entry(partition(&shop, &row.queued.key)).or_insert(owner);
            assert_eq!(*first, owner, "{} is with two", row.queued.key);
            got.push(row.queued.id);
        }
    }
    got.sort();
    let times = got.len();
    got.dedup();
    assert_eq!(got.len(), times, "no command is with two");
    assert!(times >= 5);
}

/// Order of a key is kept although its first command has to wait; other keys do not wait for it.
pub async fn d_31_what_comes_behind_a_command_that_was_put_back_waits_for_it(fixture: Fixture) {
    let shop = fixture.shop("here").await.shop;
    let (one, other) = two_keys(&shop);
    let rows = vec![queued_for(1, &one), queued_for(2, &one), queued_for(3, &other)];
    fixture.store.enqueue(&shop, rows).await.unwrap();
    claimed(&*fixture.store, claim(1, 0, 1)).await;
    fixture.store.retry_later(&shop, id(1), Millis(500), 1).await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 499, 10)).await, [id(3)]);
    assert_eq!(claimed(&*fixture.store, claim(1, 500, 10)).await, [id(1), id(2), id(3)]);
    // One that a person has to look at holds nobody up.
    fixture.store.park(&shop, id(1), "cannot be read").await.unwrap();
    assert_eq!(claimed(&*fixture.store, claim(1, 501, 10)).await, [id(2), id(3)]);
}

pub async fn d_30_settled_commands_stay_and_are_handled_again_when_asked(fixture: Fixture) {
    let (here, there) = (fixture.shop("here").await.shop, fixture.shop("there").await.shop);
    let store = &*fixture.store;
    store.enqueue(&here, vec![queued(1), queued(2), queued(3)]).await.unwrap();
    store.enqueue(&there, vec![queued(4)]).await.unwrap();
    store.dequeue(&here, &[id(1)]).await.unwrap();
    store.retry_later(&here, id(2), Millis(90), 4).await.unwrap();
    store.park(&here, id(3), "held").await.unwrap();
    let rows = store.queue_rows(None, 0, 10).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.queued.id, row.state.clone())).collect();
    let later = RowState::Queued { attempts: 4, not_before: Millis(90) };
    let fresh = RowState::Queued { attempts: 0, not_before: Millis(0) };
    let parked = RowState::Parked { reason: "held".into() };
    assert_eq!(seen, [(id(1), RowState::Settled), (id(2), later), (id(3), parked), (id(4), fresh.clone())]);
    assert!(rows.is_sorted_by_key(|row| row.arrival));
    assert_eq!(store.queue_rows(Some(&there), 0, 10).await.unwrap(), rows[3..]);
    assert_eq!(store.queue_rows(None, rows[0].arrival, 2).await.unwrap(), rows[1..3]);

    store.requeue(&[rows[0].arrival, rows[2].arrival]).await.unwrap();
    let again = store.queue_rows(None, 0, 10).await.unwrap();
    assert_eq!((&again[0].state, &again[2].state), (&fresh, &fresh));
    store.dequeue(&here, &[id(1), id(3)]).await.unwrap();
    store.forget_settled(Millis(1)).await.unwrap();
    assert_eq!(store.queue_rows(None, 0, 10).await.unwrap().len(), 4, "they are not older than that");
    store.forget_settled(Millis(2)).await.unwrap();
    let left: Vec<_> = store.queue_rows(None, 0, 10).await.unwrap().into_iter().map(|row| row.queued.id).collect();
    assert_eq!(left, [id(2), id(4)], "what waits stays");
}

pub async fn d_14_each_group_has_an_offset_of_its_own(fixture: Fixture) {
    assert_eq!(fixture.store.offsets().await.unwrap(), []);
    let offset = |group: &str, arrival| Offset { group: group.to_owned(), arrival };
    for one in [offset("debug", 3), offset("audit", 9), offset("debug", 7)] {
        fixture.store.set_offset(one).await.unwrap();
    }
    let other = fixture.reopened().await;
    assert_eq!(other.offsets().await.unwrap(), [offset("audit", 9), offset("debug", 7)]);
}

pub async fn a_command_put_back_waits_and_counts(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    fixture.store.enqueue(&shop, vec![queued(1)]).await.unwrap();
    claimed(&*fixture.store, claim(1, 0, 10)).await;
    fixture.store.retry_later(&shop, id(1), Millis(500), 3).await.unwrap();
    fixture.store.release(Uuid::from_u128(1)).await.unwrap();
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
