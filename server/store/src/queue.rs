//! The durable queue of commands that were answered before they were decided.

use std::sync::Arc;

use domain::{CommandId, ShopSlug, values::Millis};
use uuid::Uuid;

/// A command as it is queued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queued {
    pub id: CommandId,
    /// Whatever the server needs to handle it later; the store does not read it.
    pub body: Vec<u8>,
    /// Over type and data: the same id with another body is refused.
    pub fingerprint: u64,
    pub enqueued_at: Millis,
}

/// Asks for commands to handle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Of this shop only, or of any.
    pub shop: Option<ShopSlug>,
    /// The process that asks, under an id that it drew when it started.
    pub owner: Uuid,
    pub now: Millis,
    /// Until then nobody else gets them. If the owner dies, they are claimed again after this.
    pub lease_until: Millis,
    pub limit: u32,
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
