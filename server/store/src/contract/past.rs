//! Reads as of a moment.

use domain::values::Millis;

use super::{
    Fixture,
    scribe::{append, event, id},
};

pub async fn the_log_stands_where_it_stood(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    assert_eq!(fixture.store.position_at(&head.shop, Millis(i64::MAX)).await.unwrap(), 0);
    let events = (1..=9).map(|n| event(id(n), "stock-OAT-1", u32::try_from(n).unwrap())).collect();
    let mut batch = append(&head, events);
    // Three in the same millisecond.
    let times = [10, 20, 30, 30, 30, 40, 50, 60, 70];
    let mut hash = head.hash;
    for (record, time) in batch.records.iter_mut().zip(times) {
        record.recorded_at = Millis(time);
        hash = domain::chain::link(hash, record);
        record.hash = hash;
    }
    fixture.store.append(&head.shop, batch).await.unwrap();
    let expected = [(9, 0), (10, 1), (29, 2), (30, 5), (39, 5), (69, 8), (70, 9), (1_000, 9)];
    for (time, position) in expected {
        assert_eq!(fixture.store.position_at(&head.shop, Millis(time)).await.unwrap(), position, "at {time}");
    }
}
