//! The durable log of commands that were answered before they were decided.
//!
//! A command keeps its row when it is settled, for a while: it can be looked at, and handled again without harm. Rows
//! are numbered in the order of their arrival. Who handles which is decided by partition: a key is always in the same
//! one, a partition is leased by one owner at a time, and so one key is never handled by two at once.

use std::sync::Arc;

use domain::{CommandId, ShopSlug, values::Millis};
use uuid::Uuid;

/// Number of partitions: the most processes that can handle commands at the same time.
pub const PARTITIONS: u16 = 64;

/// Milliseconds for which settled commands are kept: 30 days.
pub const SETTLED_KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1000;

/// A command as it is queued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queued {
    pub id: CommandId,
    /// What it is about: commands of one key are handled in the order of their arrival.
    pub key: Arc<str>,
    /// Whatever the server needs to handle it later; the store does not read it.
    pub body: Vec<u8>,
    /// Over type and data: the same id with another body is refused.
    pub fingerprint: u64,
    pub enqueued_at: Millis,
}

/// The partition of a key. It never changes: rows are stored with it.
#[must_use]
pub fn partition(shop: &ShopSlug, key: &str) -> u16 {
    let mut bytes = Vec::with_capacity(shop.as_str().len() + key.len() + 1);
    bytes.extend_from_slice(shop.as_str().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(key.as_bytes());
    u16::try_from(xxhash_rust::xxh3::xxh3_64(&bytes) % u64::from(PARTITIONS)).unwrap_or(0)
}

/// Asks for commands to handle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Of this shop only, or of any.
    pub shop: Option<ShopSlug>,
    /// The process that asks, under an id that it drew when it started.
    pub owner: Uuid,
    pub now: Millis,
    /// Until then nobody else gets any of their partitions, unless the owner releases them. If it dies, they are taken
    /// over after this.
    pub lease_until: Millis,
    pub limit: u32,
}

impl Claim {
    /// A lease of its own that ends later than this need not be written again.
    pub(crate) fn renew_before(&self) -> Millis {
        Millis(self.now.0.saturating_add(self.lease_until.0.saturating_sub(self.now.0) / 2))
    }
}

/// A command that the claimer now has to settle, put back or park.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed {
    pub shop: ShopSlug,
    pub queued: Queued,
    /// How often it was put back.
    pub attempts: u32,
}

/// Where a queued command stands. One that is settled has left the queue: its verdict answers. So ask the queue
/// first and the verdicts second; the other way round, a command that is settled in between is found in neither.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueueStatus {
    Queued { fingerprint: u64, attempts: u32 },
    Parked { fingerprint: u64, reason: Arc<str> },
}

/// Where a row stands, for whoever looks at all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowState {
    /// Not to be handled before a moment; 0 for at once.
    Queued {
        attempts: u32,
        not_before: Millis,
    },
    Parked {
        reason: Arc<str>,
    },
    Settled,
}

impl RowState {
    /// The stable word that people and programs ask for.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Parked { .. } => "parked",
            Self::Settled => "settled",
        }
    }
}

/// A row with its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueRow {
    /// Grows with each command; numbers may be left out.
    pub arrival: u64,
    pub shop: ShopSlug,
    pub queued: Queued,
    pub state: RowState,
}

/// How far a group of readers has come in the commands: to this arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offset {
    pub group: String,
    pub arrival: u64,
}
