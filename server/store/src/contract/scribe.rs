//! Writes entries for the tests: bytes and links as the server makes them, without its rules.

use std::sync::Arc;

use domain::{AggregateId, CommandId, EventRecord, Verdict, VerdictRecord, chain::Hash, chain::link, values::Millis};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Append, EventStore, Queued, ShopHead};

#[must_use]
pub fn id(number: u128) -> CommandId {
    CommandId(Uuid::from_u128(number))
}

/// An event of a command on one aggregate, not yet placed in a log.
#[must_use]
pub fn event(command: CommandId, aggregate: &str, version: u32) -> EventRecord {
    event_with(command, aggregate, version, r#"{"sku":"OAT-1","qty":3}"#)
}

#[must_use]
pub fn event_with(command: CommandId, aggregate: &str, version: u32, payload: &str) -> EventRecord {
    EventRecord {
        position: 0,
        aggregate: AggregateId::from_stored(aggregate),
        version,
        event_type: "BatchReceived".into(),
        schema: 1,
        command_id: command,
        index_in_command: 0,
        actor: "anna".into(),
        device: "till-1".into(),
        issued_at: Millis(1_700_000_000_000),
        recorded_at: Millis(0),
        causation: None,
        correlation: command,
        payload: Arc::from(RawValue::from_string(payload.to_owned()).unwrap()),
        hash: Hash::ORIGIN,
    }
}

/// Places events behind `head`, one millisecond a position, with an accepting verdict for each command.
#[must_use]
pub fn append(head: &ShopHead, events: Vec<EventRecord>) -> Append {
    let mut records: Vec<EventRecord> = Vec::new();
    let mut verdicts: Vec<VerdictRecord> = Vec::new();
    let mut hash = head.hash;
    for (mut record, position) in events.into_iter().zip(head.position + 1..) {
        record.position = position;
        record.recorded_at = Millis(1_700_000_000_000 + i64::try_from(position).unwrap());
        if let Some(last) = records.last().filter(|last| last.command_id == record.command_id) {
            record.index_in_command = last.index_in_command + 1;
            record.causation = Some(last.position);
        }
        hash = link(hash, &record);
        record.hash = hash;
        match verdicts.last_mut() {
            Some(VerdictRecord { command_id, verdict: Verdict::Accepted { positions }, .. })
                if *command_id == record.command_id =>
            {
                positions.push(position);
            }
            _ => verdicts.push(VerdictRecord {
                command_id: record.command_id,
                fingerprint: u64::MAX - position,
                verdict: Verdict::Accepted { positions: vec![position] },
            }),
        }
        records.push(record);
    }
    Append { epoch: head.epoch, after: head.position, records, verdicts, ..Append::default() }
}

/// Appends one event of a command of its own to `aggregate`, and gives the new head.
pub async fn write(store: &dyn EventStore, head: &ShopHead, number: u128, aggregate: &str, version: u32) -> ShopHead {
    store.append(&head.shop, append(head, vec![event(id(number), aggregate, version)])).await.unwrap();
    store.head(&head.shop).await.unwrap().unwrap()
}

#[must_use]
pub fn queued(number: u128) -> Queued {
    queued_for(number, "stock-OAT-1")
}

/// A queued command that is about something.
#[must_use]
pub fn queued_for(number: u128, key: &str) -> Queued {
    let body = format!("body {number}").into_bytes();
    Queued { id: id(number), key: key.into(), body, fingerprint: 7, enqueued_at: Millis(1) }
}

/// What two records must have in common to be the same.
#[must_use]
pub fn json(records: &[EventRecord]) -> String {
    serde_json::to_string(records).unwrap()
}
