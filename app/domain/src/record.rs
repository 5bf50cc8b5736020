//! An event as it is stored and sent, what a device submits, and what it gets back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    chain::Hash,
    event::{DecodeError, Event},
    ids::{AggregateId, CommandId},
    refusal::Refusal,
    values::Millis,
};

/// One event as it stands in the log and travels on the feed. The payload stays the bytes that were first
/// written: nothing between the log and a reader encodes it again, so the chain can be checked anywhere.
///
/// Its JSON form is the contract of `GET /events` and of feed frames.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventRecord {
    /// 1..n in the shop, without holes.
    pub position: u64,
    pub aggregate: AggregateId,
    /// 1..n in the aggregate, without holes.
    pub version: u32,
    #[serde(rename = "type")]
    pub event_type: Arc<str>,
    /// Number of the payload's schema, counted for each type; old ones are brought up to date when decoding.
    pub schema: u16,
    pub command_id: CommandId,
    pub index_in_command: u16,
    pub actor: Arc<str>,
    pub device: Arc<str>,
    /// When the device says it happened: a claim, shown to people, never used for order.
    pub issued_at: Millis,
    /// When the server wrote it down.
    pub recorded_at: Millis,
    /// Position of the event that caused this one; none for what a person did.
    pub causation: Option<u64>,
    /// The command that started the whole process.
    pub correlation: CommandId,
    #[serde(rename = "data")]
    pub payload: Arc<RawValue>,
    pub hash: Hash,
}

impl EventRecord {
    /// The same entry with its event decoded.
    ///
    /// # Errors
    /// [`DecodeError`] when type or schema is newer than this build, or the payload does not fit: a reader stops
    /// there and says so, it never skips.
    pub fn decode(&self) -> Result<Entry, DecodeError> {
        Ok(Entry {
            position: self.position,
            aggregate: self.aggregate.clone(),
            version: self.version,
            command_id: self.command_id,
            actor: self.actor.clone(),
            device: self.device.clone(),
            issued_at: self.issued_at,
            recorded_at: self.recorded_at,
            causation: self.causation,
            correlation: self.correlation,
            undoes: link(self.payload.get(), UNDOES),
            replaces: link(self.payload.get(), REPLACES),
            event: Event::decode(&self.event_type, self.schema, self.payload.get())?,
        })
    }
}

/// A decoded log entry: what a fold consumes. In the browser a pending command's events have one too, with the
/// positions they would get if nothing came in between.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub position: u64,
    pub aggregate: AggregateId,
    pub version: u32,
    pub command_id: CommandId,
    pub actor: Arc<str>,
    pub device: Arc<str>,
    pub issued_at: Millis,
    pub recorded_at: Millis,
    pub causation: Option<u64>,
    pub correlation: CommandId,
    /// The command that this entry puts back. It stands in the stored data, whatever the event is.
    pub undoes: Option<CommandId>,
    /// The command that was not accepted, and that this entry's took the place of. It stands there too.
    pub replaces: Option<CommandId>,
    pub event: Event,
}

/// The names under which links to other commands stand in the stored data, whatever the event is, as JSON writes them.
const UNDOES: &str = r#""undoes""#;
const REPLACES: &str = r#""replaces""#;

/// Few entries have a link, so the data is only read for it where the word occurs. Inside a text of the data the
/// quotation marks would be escaped.
fn link(payload: &str, name: &str) -> Option<CommandId> {
    if !payload.contains(name) {
        return None;
    }
    let data: serde_json::Value = crate::json::read(payload).ok()?;
    CommandId::parse(data.get(name.trim_matches('"'))?.as_str()?).ok()
}

/// The event's data with its links, where it has any.
fn payload(entry: &Entry) -> Result<Box<RawValue>, DecodeError> {
    let data = entry.event.encode()?;
    let links: String = [(UNDOES, entry.undoes), (REPLACES, entry.replaces)]
        .into_iter()
        .filter_map(|(name, id)| Some(format!(r#",{name}:"{}""#, id?)))
        .collect();
    let Some(fields) = data.get().strip_suffix('}').filter(|_| !links.is_empty()) else { return Ok(data) };
    let links = if fields.ends_with('{') { links.trim_start_matches(',') } else { &links };
    RawValue::from_string(format!("{fields}{links}}}")).map_err(|error| DecodeError::Payload {
        event_type: entry.event.type_name().to_owned(),
        problem: error.to_string(),
    })
}

/// What stands as the device of a command that no device keeps: who gave it has had the answer before them. That of a form
/// that no script has sent, and that of a program that does not say otherwise.
pub const WEB: &str = "web";
pub const API: &str = "api";

/// A command on its way: what a device keeps in its outbox and sends. Actor and role are not in it: the server
/// takes them from the session.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Submission {
    pub id: CommandId,
    #[serde(flatten)]
    pub command: crate::command::Command,
    /// Version that the aggregate must have; for optimistic concurrency between programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u32>,
    pub device: Arc<str>,
    pub issued_at: Millis,
    /// The command that this one puts back, in part or whole. Its entries say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<CommandId>,
    /// The command that was not accepted, and that this one takes the place of: somebody has seen to that one. Its entries
    /// say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CommandId>,
    /// Unsettled commands of the same device without which this one would have been refused there. If one of
    /// them was refused, this one is held back instead of decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<CommandId>,
}

/// The answer to a command id, given once and for ever.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Verdict {
    /// Its own events are at these positions; none when it changed nothing.
    Accepted { positions: Vec<u64> },
    /// Refused, and written down as such at `position`.
    Refused {
        position: u64,
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// A verdict with what is needed to answer a repeat: stored in the same statement as the events.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VerdictRecord {
    pub command_id: CommandId,
    /// Over type and data: the same id with another body is `id_reused`, not a repeat.
    pub fingerprint: u64,
    pub verdict: Verdict,
}

/// Gives decided entries their bytes and their links: the form in which they are appended. `previous` is the hash
/// of the entry before the first.
///
/// # Errors
/// [`DecodeError::Payload`] when an event cannot be written as JSON.
pub fn seal(entries: &[Entry], previous: Hash) -> Result<Vec<EventRecord>, DecodeError> {
    let mut records: Vec<EventRecord> = Vec::with_capacity(entries.len());
    let mut hash = previous;
    for entry in entries {
        let index_in_command = match records.last() {
            Some(last) if last.command_id == entry.command_id => last.index_in_command.saturating_add(1),
            _ => 0,
        };
        let mut record = EventRecord {
            position: entry.position,
            aggregate: entry.aggregate.clone(),
            version: entry.version,
            event_type: entry.event.type_name().into(),
            schema: crate::event::schema_of(entry.event.type_name()),
            command_id: entry.command_id,
            index_in_command,
            actor: entry.actor.clone(),
            device: entry.device.clone(),
            issued_at: entry.issued_at,
            recorded_at: entry.recorded_at,
            causation: entry.causation,
            correlation: entry.correlation,
            payload: payload(entry)?.into(),
            hash: Hash::ORIGIN,
        };
        hash = crate::chain::link(hash, &record);
        record.hash = hash;
        records.push(record);
    }
    Ok(records)
}
