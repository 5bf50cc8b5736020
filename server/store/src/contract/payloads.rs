//! What was hashed is what is kept.

use super::{
    Fixture,
    scribe::{append, event, event_with, id},
};
use crate::{AppendError, MOST_PAYLOAD_BYTES};

pub async fn a_payload_is_kept_to_the_byte(fixture: Fixture) {
    // Order of fields, doubled fields, spelling of numbers, escapes: a store that parses would change one of them.
    let payloads = [
        r#"{"b":1,"a":2,"a":3}"#,
        r#"{"n":1.0e2,"m":-0,"k":18446744073709551615}"#,
        r#"{"t":"Zo\u00eb \ud83c\udf4e \u0000 \\ \/ 'x' \"y\""}"#,
        "{\"t\":\"Zoë 🍎 \u{2028}\"}",
        r#"{ "spaced" : [ 1 , 2 ] }"#,
        "null",
    ];
    let head = fixture.shop("corner").await;
    let events = payloads.iter().zip(1..).map(|(text, n)| event_with(id(n.into()), "note-1", n, text)).collect();
    fixture.store.append(&head.shop, append(&head, events)).await.unwrap();
    let read = fixture.store.read(&head.shop, 0, 10).await.unwrap();
    assert_eq!(read.iter().map(|one| one.payload.get()).collect::<Vec<_>>(), payloads);
    assert_eq!(fixture.store.verify(&head.shop).await.unwrap().unwrap().first_bad, None);
}

pub async fn a_payload_that_is_too_long_is_refused(fixture: Fixture) {
    let head = fixture.shop("corner").await;
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let long = event_with(id(2), "note-2", 1, &text(MOST_PAYLOAD_BYTES + 1));
    let error = fixture.store.append(&head.shop, append(&head, vec![event(id(1), "note-1", 1), long])).await;
    let (bytes, most) = (MOST_PAYLOAD_BYTES + 1, MOST_PAYLOAD_BYTES);
    assert_eq!(error, Err(AppendError::TooLarge { bytes, most }));
    assert!(fixture.store.read(&head.shop, 0, 10).await.unwrap().is_empty());
    assert!(fixture.store.verdicts(&head.shop, &[id(1), id(2)]).await.unwrap().is_empty());

    let longest = event_with(id(2), "note-2", 1, &text(MOST_PAYLOAD_BYTES));
    fixture.store.append(&head.shop, append(&head, vec![longest])).await.unwrap();
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap()[0].payload.get().len(), MOST_PAYLOAD_BYTES);
}
