//! P1: all of an append, or nothing.

use domain::Verdict;
use domain::record::VerdictRecord;

use super::{
    Fixture,
    scribe::{append, event, id, queued, write},
};
use crate::{AppendError, Checkpoint, QueueStatus};

fn checkpoint(position: u64) -> Vec<Checkpoint> {
    vec![Checkpoint { name: "reallocation".into(), position }]
}

/// The verdict is the last thing that a store writes of its rows, so all before it has to be undone.
pub async fn p1_d_17_a_conflict_leaves_nothing_behind(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let head = write(&*fixture.store, &head, 1, "stock-OAT-1", 1).await;
    fixture.store.enqueue(&head.shop, vec![queued(50)]).await.unwrap();

    let mut batch = append(&head, vec![event(id(2), "order-1", 1), event(id(3), "order-2", 1)]);
    batch.checkpoints = checkpoint(3);
    batch.handled = vec![id(50)];
    batch.verdicts.push(VerdictRecord {
        command_id: id(1),
        fingerprint: 0,
        verdict: Verdict::Accepted { positions: Vec::new() },
    });
    let error = fixture.store.append(&head.shop, batch).await.unwrap_err();

    assert_eq!(error, AppendError::CommandKnown { command_id: id(1) });
    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head.clone()));
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1);
    assert!(fixture.store.verdicts(&head.shop, &[id(2), id(3)]).await.unwrap().is_empty());
    assert!(fixture.store.checkpoints(&head.shop).await.unwrap().is_empty());
    assert!(fixture.store.queue_status(&head.shop, id(50)).await.unwrap().is_some());
    // And the store goes on.
    write(&*fixture.store, &head, 2, "order-1", 1).await;
}

/// F27: callers vanish at any moment.
pub async fn p1_a_dropped_caller_leaves_all_or_nothing(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    for round in 0..60_u32 {
        let head = fixture.store.head(&shop).await.unwrap().unwrap();
        let number = u128::from(round) + 1;
        let order = format!("order-{round}");
        let batch = append(&head, vec![event(id(number), &order, 1), event(id(number), &order, 2)]);
        let (store, of) = (fixture.store.clone(), shop.clone());
        let caller = tokio::spawn(async move { store.append(&of, batch).await });
        for _ in 0..round % 20 {
            tokio::task::yield_now().await;
        }
        caller.abort();
        let _ = caller.await;
    }
    // Whatever is still under way ends before this one, or this one says that the head moved.
    let last = loop {
        let head = fixture.store.head(&shop).await.unwrap().unwrap();
        match fixture.store.append(&shop, append(&head, vec![event(id(1000), "order-last", 1)])).await {
            Ok(()) => break head.position + 1,
            Err(AppendError::HeadMoved { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    };
    let found = fixture.store.verify(&shop).await.unwrap().unwrap();
    assert_eq!((found.good, found.first_bad), (last, None));
    for round in 0..60_u32 {
        let of = domain::AggregateId::from_stored(&format!("order-{round}"));
        let events = fixture.store.read_aggregate(&shop, &of, 0, 10).await.unwrap();
        let verdict = fixture.store.verdict(&shop, id(u128::from(round) + 1)).await.unwrap();
        match verdict.map(|one| one.verdict) {
            Some(Verdict::Accepted { positions }) => {
                assert_eq!(events.iter().map(|one| one.position).collect::<Vec<_>>(), positions);
                assert_eq!(positions.len(), 2);
            }
            None => assert!(events.is_empty()),
            Some(other) => panic!("{other:?}"),
        }
    }
}

pub async fn checkpoints_and_queue_rows_move_with_the_append(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    fixture.store.enqueue(&head.shop, vec![queued(1), queued(2)]).await.unwrap();
    let mut batch = append(&head, vec![event(id(1), "order-1", 1)]);
    batch.checkpoints = vec![
        Checkpoint { name: "handover".into(), position: 0 },
        Checkpoint { name: "reallocation".into(), position: 1 },
    ];
    batch.handled = vec![id(1)];
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();

    assert_eq!(fixture.store.checkpoints(&head.shop).await.unwrap(), batch.checkpoints);
    assert_eq!(fixture.store.queue_status(&head.shop, id(1)).await.unwrap(), None);
    let other = fixture.store.queue_status(&head.shop, id(2)).await.unwrap();
    assert_eq!(other, Some(QueueStatus::Queued { fingerprint: 7, attempts: 0 }));

    // A process that read on without a command to issue moves its mark alone.
    let head = fixture.store.head(&head.shop).await.unwrap().unwrap();
    let mut batch = append(&head, Vec::new());
    batch.checkpoints = checkpoint(9);
    fixture.store.append(&head.shop, batch).await.unwrap();
    let marks = fixture.store.checkpoints(&head.shop).await.unwrap();
    assert_eq!(
        marks.iter().map(|one| (&*one.name, one.position)).collect::<Vec<_>>(),
        [("handover", 0), ("reallocation", 9)]
    );
    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head));
}
