//! A shop's row, and its snapshots.

use std::sync::Arc;

use domain::{ShopSlug, chain::Hash};
use uuid::Uuid;

/// How far a shop's log has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShopHead {
    pub shop: ShopSlug,
    /// The name of the shop as people read it.
    pub title: Arc<str>,
    /// Identity of this log; another one after a restore from a backup.
    pub epoch: Uuid,
    /// Of the last event; 0 before the first.
    pub position: u64,
    /// Of the last event; [`Hash::ORIGIN`] before the first.
    pub hash: Hash,
}

/// Books at a position, as bytes that only the fold which wrote them can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SnapshotRow {
    pub position: u64,
    /// The fold's number: a snapshot of another fold is never loaded.
    pub fold: u32,
    /// Of the event at `position`.
    pub hash: Hash,
    pub bytes: Vec<u8>,
}
