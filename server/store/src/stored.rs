//! Columns to values, for both databases. What cannot be a value that was written is an error: never skipped, never
//! repaired.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    AggregateId, CommandId, EventRecord, ShopSlug, Verdict, VerdictRecord,
    chain::Hash,
    picture::MediaType,
    values::{BlobHash, Millis},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    blob::Blob,
    error::StoreError,
    letters::{Due, Letter},
    queue::{Claimed, Offset, QueueRow, QueueStatus, Queued, RowState},
    release::ReleaseFile,
    shop::{ShopHead, SnapshotRow},
    views::{Allocation, Reached},
};

/// A row of `event`, as it came.
pub(crate) struct StoredEvent {
    pub position: i64,
    pub aggregate: String,
    pub version: i64,
    pub event_type: String,
    pub schema: i64,
    pub command_id: Uuid,
    pub index_in_command: i64,
    pub actor: String,
    pub device: String,
    pub issued_at: i64,
    pub recorded_at: i64,
    pub causation: Option<i64>,
    pub correlation: Uuid,
    pub payload: Vec<u8>,
    pub hash: Vec<u8>,
}

impl StoredEvent {
    pub(crate) fn record(self, shop: &ShopSlug) -> Result<EventRecord, StoreError> {
        let position = u64::try_from(self.position).unwrap_or_default();
        let corrupt = |problem: String| StoreError::Corrupt { shop: shop.clone(), position, problem };
        let range = |column: &str| corrupt(format!("{column} is out of range"));
        let length = self.payload.len();
        let text = String::from_utf8(self.payload).map_err(|_| corrupt("the payload is not UTF-8".to_owned()))?;
        let payload = RawValue::from_string(text).map_err(|_| corrupt("the payload is not JSON".to_owned()))?;
        // Space around a JSON text is dropped by the parser, but it would be hashed.
        if payload.get().len() != length {
            return Err(corrupt("the payload is not compact JSON".to_owned()));
        }
        Ok(EventRecord {
            position,
            aggregate: AggregateId::from_stored(&self.aggregate),
            version: u32::try_from(self.version).map_err(|_| range("version"))?,
            event_type: self.event_type.into(),
            schema: u16::try_from(self.schema).map_err(|_| range("schema"))?,
            command_id: CommandId(self.command_id),
            index_in_command: u16::try_from(self.index_in_command).map_err(|_| range("index_in_command"))?,
            actor: self.actor.into(),
            device: self.device.into(),
            issued_at: Millis(self.issued_at),
            recorded_at: Millis(self.recorded_at),
            causation: self.causation.map(u64::try_from).transpose().map_err(|_| range("causation"))?,
            correlation: CommandId(self.correlation),
            payload: payload.into(),
            hash: hash(&self.hash).ok_or_else(|| range("hash"))?,
        })
    }
}

fn hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok().map(Hash)
}

fn unreadable(what: &'static str, problem: impl ToString) -> StoreError {
    StoreError::Unreadable { what, problem: problem.to_string() }
}

pub(crate) fn head(
    (shop, title, epoch, position, bytes): (String, String, Uuid, i64, Vec<u8>),
) -> Result<ShopHead, StoreError> {
    Ok(ShopHead {
        shop: ShopSlug::parse(&shop).map_err(|problem| unreadable("a shop's name", problem))?,
        title: title.into(),
        epoch,
        position: u64::try_from(position).map_err(|problem| unreadable("a shop's position", problem))?,
        hash: hash(&bytes).ok_or_else(|| unreadable("a shop's hash", "not 32 bytes"))?,
    })
}

pub(crate) fn verdict((id, fingerprint, bytes): (Uuid, i64, Vec<u8>)) -> Result<VerdictRecord, StoreError> {
    let verdict: Verdict = serde_json::from_slice(&bytes).map_err(|problem| unreadable("a verdict", problem))?;
    Ok(VerdictRecord { command_id: CommandId(id), fingerprint: fingerprint.cast_unsigned(), verdict })
}

pub(crate) fn snapshot((position, fold, bytes, body): (i64, i64, Vec<u8>, Vec<u8>)) -> Result<SnapshotRow, StoreError> {
    Ok(SnapshotRow {
        position: u64::try_from(position).map_err(|problem| unreadable("a snapshot's position", problem))?,
        fold: u32::try_from(fold).map_err(|problem| unreadable("a snapshot's fold", problem))?,
        hash: hash(&bytes).ok_or_else(|| unreadable("a snapshot's hash", "not 32 bytes"))?,
        bytes: body,
    })
}

pub(crate) fn position(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column).map_err(|problem| unreadable("a position", problem))
}

/// A row of `command_queue`, as it came.
#[derive(sqlx::FromRow)]
pub(crate) struct StoredCommand {
    pub arrival: i64,
    pub shop: String,
    pub command_id: Uuid,
    pub key: String,
    pub fingerprint: i64,
    pub body: Vec<u8>,
    pub enqueued_at: i64,
    pub attempts: i64,
    pub not_before: i64,
    pub parked: Option<String>,
    pub settled: bool,
}

impl StoredCommand {
    pub(crate) fn row(self) -> Result<QueueRow, StoreError> {
        let attempts = u32::try_from(self.attempts).unwrap_or(u32::MAX);
        Ok(QueueRow {
            arrival: position(self.arrival)?,
            shop: ShopSlug::parse(&self.shop).map_err(|problem| unreadable("a shop's name", problem))?,
            queued: Queued {
                id: CommandId(self.command_id),
                key: self.key.into(),
                body: self.body,
                fingerprint: self.fingerprint.cast_unsigned(),
                enqueued_at: Millis(self.enqueued_at),
            },
            state: match (self.settled, self.parked) {
                (true, _) => RowState::Settled,
                (false, Some(reason)) => RowState::Parked { reason: reason.into() },
                (false, None) => RowState::Queued { attempts, not_before: Millis(self.not_before) },
            },
        })
    }

    pub(crate) fn claimed(self) -> Result<Claimed, StoreError> {
        let attempts = u32::try_from(self.attempts).unwrap_or(u32::MAX);
        let QueueRow { shop, queued, .. } = self.row()?;
        Ok(Claimed { shop, queued, attempts })
    }
}

pub(crate) fn reached((epoch, reached): (Uuid, i64)) -> Result<Reached, StoreError> {
    Ok(Reached { epoch, position: position(reached)? })
}

/// order, SKU, batch, quantity
pub(crate) fn allocation(
    (order_id, sku, batchref, qty): (String, String, String, i64),
) -> Result<Allocation, StoreError> {
    let qty = u32::try_from(qty).map_err(|problem| unreadable("a quantity", problem))?;
    Ok(Allocation { order_id, sku, batchref, qty })
}

/// shop, epoch, position, body, attempts
pub(crate) type StoredLetter = (String, Uuid, i64, Vec<u8>, i64);

/// Oldest first; a statement that changes rows gives them in no order.
pub(crate) fn letters(rows: Vec<StoredLetter>) -> Result<Vec<Due>, StoreError> {
    let due = |(shop, epoch, at, body, attempts): StoredLetter| {
        let shop = ShopSlug::parse(&shop).map_err(|problem| unreadable("a shop's name", problem))?;
        let letter = Letter { shop, epoch, position: position(at)?, body };
        Ok(Due { letter, attempts: u32::try_from(attempts).unwrap_or(u32::MAX) })
    };
    let mut due = rows.into_iter().map(due).collect::<Result<Vec<_>, _>>()?;
    due.sort_by(|one, other| one.letter.cmp(&other.letter));
    Ok(due)
}

pub(crate) fn offset((group, arrival): (String, i64)) -> Result<Offset, StoreError> {
    Ok(Offset { group, arrival: position(arrival)? })
}

pub(crate) fn queue_status((fingerprint, attempts, parked): (i64, i64, Option<String>)) -> QueueStatus {
    let fingerprint = fingerprint.cast_unsigned();
    match parked {
        Some(reason) => QueueStatus::Parked { fingerprint, reason: Arc::from(reason) },
        None => QueueStatus::Queued { fingerprint, attempts: u32::try_from(attempts).unwrap_or(u32::MAX) },
    }
}

pub(crate) fn release_file((path, content_type, gzip, bytes): (String, String, bool, Vec<u8>)) -> ReleaseFile {
    ReleaseFile { path, content_type, gzip, bytes }
}

/// name, media type, width, height, bytes
pub(crate) type BlobRow = (String, String, i64, i64, Vec<u8>);

pub(crate) fn blob((name, media_type, width, height, bytes): BlobRow) -> Result<Blob, StoreError> {
    let side = |pixels: i64| u32::try_from(pixels).map_err(|problem| unreadable("a picture's size", problem));
    Ok(Blob {
        name: blob_name((name,))?,
        media_type: MediaType::parse(&media_type).map_err(|problem| unreadable("a picture's type", problem))?,
        width: side(width)?,
        height: side(height)?,
        bytes,
    })
}

pub(crate) fn blob_name((name,): (String,)) -> Result<BlobHash, StoreError> {
    BlobHash::parse(&name).map_err(|problem| unreadable("a picture's name", problem))
}

/// A count as a column. What does not fit is beyond every row.
pub(crate) fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Each id of a shop once, in the order given.
pub(crate) fn distinct(commands: Vec<(ShopSlug, Queued)>) -> Result<Vec<(ShopSlug, Queued)>, StoreError> {
    let mut seen: BTreeMap<(ShopSlug, CommandId), u64> = BTreeMap::new();
    let mut once = Vec::with_capacity(commands.len());
    for (shop, command) in commands {
        match seen.insert((shop.clone(), command.id), command.fingerprint) {
            None => once.push((shop, command)),
            Some(first) if first == command.fingerprint => {}
            Some(_) => return Err(StoreError::IdReused { command_id: command.id }),
        }
    }
    Ok(once)
}

/// A verdict's column.
pub(crate) fn verdict_bytes(record: &VerdictRecord) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&record.verdict)
}
