//! P5: a refusal is kept with its reason.

use domain::{
    Refusal, Verdict, VerdictRecord,
    values::{BatchRef, Sku},
};

use super::{
    Fixture,
    scribe::{append, event_with, id},
};

pub async fn p5_a_refusal_is_stored_with_its_reason(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let sku = Sku::parse("OAT-1").unwrap();
    let refusals = [
        Refusal::OutOfStock { sku: sku.clone(), asked: 5, left: 2, available: -3 },
        Refusal::AlreadyAllocated {
            order_id: "7".to_owned(),
            sku,
            allocated: u32::MAX,
            batchref: BatchRef::parse("B-1").unwrap(),
        },
    ];
    let events = [1, 2].map(|n| event_with(id(n), "order-7", u32::try_from(n).unwrap(), r#"{"code":"out_of_stock"}"#));
    let mut batch = append(&head, events.into());
    for ((record, refusal), position) in batch.verdicts.iter_mut().zip(refusals).zip(1..) {
        record.verdict = Verdict::Refused { position, refusal };
    }
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();

    let store = fixture.reopened().await;
    for expected in batch.verdicts {
        assert_eq!(store.verdict(&head.shop, expected.command_id).await.unwrap(), Some(expected));
    }
}

/// No event, yet an answer: a repeat must not be decided anew.
pub async fn p2_a_command_that_changed_nothing_has_its_verdict(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let mut batch = append(&head, Vec::new());
    let verdict = Verdict::Accepted { positions: Vec::new() };
    batch.verdicts = vec![VerdictRecord { command_id: id(1), fingerprint: u64::MAX, verdict }];
    fixture.store.append(&head.shop, batch.clone()).await.unwrap();
    assert_eq!(fixture.store.verdict(&head.shop, id(1)).await.unwrap().as_ref(), batch.verdicts.first());
    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head));
}
