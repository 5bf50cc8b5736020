//! Hints are heard by other openers of the same store; losing one must be survivable, hearing none is a defect.

use std::time::Duration;

use tokio::{sync::broadcast::error::RecvError, time::timeout};

use super::Fixture;
use crate::Hint;

pub async fn an_announcement_is_heard(fixture: Fixture) {
    let shop = fixture.shop("corner").await.shop;
    // Within a process the store is one; only on a database that carries hints can another opener hear them.
    let other = if fixture.url().is_some_and(|url| url.starts_with("postgres")) {
        fixture.reopened().await
    } else {
        fixture.store.clone()
    };
    let mut hints = other.announcements();
    let heard = async {
        let mut position = 0;
        loop {
            // Announced again and again, since what comes before the listener is ready may be lost.
            position += 1;
            fixture.store.announce(&shop, position);
            match timeout(Duration::from_millis(50), hints.recv()).await {
                Ok(Ok(Hint::Head { shop: of, position: at })) => break (of, at <= position),
                Ok(Ok(Hint::LookAgain) | Err(RecvError::Lagged(_))) | Err(_) => {}
                Ok(Err(RecvError::Closed)) => panic!("no more hints"),
            }
        }
    };
    assert_eq!(timeout(Duration::from_secs(20), heard).await.unwrap(), (shop.clone(), true));
}
