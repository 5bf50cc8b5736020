//! A log that was restored is another log.

use uuid::Uuid;

use super::{
    Fixture,
    scribe::{append, event, id, write},
};
use crate::AppendError;

pub async fn an_append_under_another_epoch_is_refused(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let old = write(&*fixture.store, &head, 1, "order-1", 1).await;
    let new = fixture.store.change_epoch(&old.shop, Uuid::from_u128(2)).await.unwrap();
    assert_eq!((new.position, new.hash), (old.position, old.hash));

    let error = fixture.store.append(&old.shop, append(&old, vec![event(id(2), "order-2", 1)])).await.unwrap_err();
    assert_eq!(error, AppendError::EpochChanged { expected: old.epoch, actual: new.epoch });
    assert!(error.is_permanent());
    write(&*fixture.store, &new, 2, "order-2", 1).await;
}
