//! P2 and F2: written, but nobody said so.

use std::sync::Arc;

use domain::Verdict;

use super::{
    Fixture,
    scribe::{append, event, id},
};
use crate::{AppendError, EventStore, testing::Interposed};

pub async fn p2_f2_an_unknown_outcome_is_settled_by_looking_the_ids_up(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let silent: Arc<dyn EventStore> =
        Arc::new(Interposed::new(fixture.store.clone()).after(|answer| {
            answer.and(Err(AppendError::OutcomeUnknown { reason: "the connection is gone".to_owned() }))
        }));
    let batch = append(&head, vec![event(id(1), "order-1", 1)]);
    let error = silent.append(&head.shop, batch.clone()).await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("outcome_unknown", false));

    // It was written: the answer is the stored one.
    let verdict = fixture.store.verdict(&head.shop, id(1)).await.unwrap().unwrap();
    assert_eq!(verdict.verdict, Verdict::Accepted { positions: vec![1] });
    let error = fixture.store.append(&head.shop, batch).await.unwrap_err();
    assert_eq!(error, AppendError::HeadMoved { expected: 0, actual: 1 });

    // It was not: looking finds nothing, and the same append goes through.
    let lost: Arc<dyn EventStore> = Arc::new(
        Interposed::new(fixture.store.clone())
            .before(|_| async { Err(AppendError::OutcomeUnknown { reason: "the connection is gone".to_owned() }) }),
    );
    let head = fixture.store.head(&head.shop).await.unwrap().unwrap();
    let batch = append(&head, vec![event(id(2), "order-2", 1)]);
    lost.append(&head.shop, batch.clone()).await.unwrap_err();
    assert_eq!(fixture.store.verdict(&head.shop, id(2)).await.unwrap(), None);
    fixture.store.append(&head.shop, batch).await.unwrap();
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 2);
}
