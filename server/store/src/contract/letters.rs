//! Letters about entries: noted once, sent once.

use domain::values::Millis;
use uuid::Uuid;

use super::Fixture;
use crate::{ShopHead, letters::Letter, views::ViewError};

fn letter(head: &ShopHead, position: u64) -> Letter {
    let body = format!("about {position}").into_bytes();
    Letter { shop: head.shop.clone(), epoch: head.epoch, position, body }
}

pub async fn an_entry_has_one_letter_and_it_is_sent_once(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let letters = fixture.store.letters();
    assert_eq!(letters.reached(&head.shop).await.unwrap(), None);
    letters.note(&head.shop, head.epoch, (0, 5), &[letter(&head, 2), letter(&head, 4)]).await.unwrap();
    assert_eq!(letters.reached(&head.shop).await.unwrap().unwrap().position, 5);
    // Read again, by another process or after the place was forgotten: no second letter.
    let again = letters.note(&head.shop, head.epoch, (0, 5), &[letter(&head, 2)]).await;
    assert_eq!(again, Err(ViewError::Moved { expected: 0 }));
    letters.forget_reached(&head.shop).await.unwrap();
    letters.note(&head.shop, head.epoch, (0, 3), &[letter(&head, 2)]).await.unwrap();
    let other = letters.note(&head.shop, Uuid::from_u128(9), (3, 4), &[]).await;
    assert_eq!(other, Err(ViewError::Moved { expected: 3 }), "another log");

    let positions = async |now: i64, limit: u32| {
        let due = letters.take(Millis(now), Millis(now + 100), limit).await.unwrap();
        due.into_iter().map(|one| (one.letter.position, one.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(positions(0, 1).await, [(2, 1)]);
    assert_eq!(positions(1, 9).await, [(4, 1)], "the other is with somebody");
    assert_eq!(positions(2, 9).await, []);
    letters.sent(&letter(&head, 2)).await.unwrap();
    letters.send_later(&letter(&head, 4), Millis(50)).await.unwrap();
    assert_eq!(positions(49, 9).await, []);
    assert_eq!(positions(50, 9).await, [(4, 2)]);
    assert_eq!(positions(150, 9).await, [(4, 3)], "whoever had it died");
    letters.sent(&letter(&head, 4)).await.unwrap();
    assert_eq!(positions(i64::MAX - 1000, 9).await, []);
}
