//! Letters that are to be sent about entries of a log: an outbox beside it.
//!
//! Whoever follows the log notes them, in one step with how far it has read, under the position of the entry that each
//! is about: an entry has one letter, however often it is read. Another task takes those that are due and sends them. A
//! process that dies between sending and saying so leaves a letter that is sent again, under the same name; nothing
//! else sends one twice.

mod memory;
mod postgres;
mod sqlite;

use async_trait::async_trait;
use domain::{ShopSlug, values::Millis};
use uuid::Uuid;

pub(crate) use self::{memory::MemoryLetters, postgres::PostgresLetters, sqlite::SqliteLetters};
use crate::{
    error::StoreError,
    views::{Reached, ViewError},
};

/// The name of the checkpoint.
const READER: &str = "letters";

/// One letter, named by the entry that it is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Letter {
    pub shop: ShopSlug,
    pub epoch: Uuid,
    pub position: u64,
    /// Whatever is needed to write it; the store does not read it.
    pub body: Vec<u8>,
}

/// A letter to be sent now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    pub letter: Letter,
    /// How often it was taken, this time included.
    pub attempts: u32,
}

/// The outbox of every shop.
#[async_trait]
pub trait Letters: Send + Sync {
    /// How far the log has been read for letters. None before the first entry.
    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError>;

    /// Notes the letters of the entries behind `after`, which is 0 before the first, and moves the checkpoint to `to`.
    async fn note(
        &self,
        shop: &ShopSlug,
        epoch: Uuid,
        (after, to): (u64, u64),
        letters: &[Letter],
    ) -> Result<(), ViewError>;

    /// Forgets how far the log was read; the letters stay.
    async fn forget_reached(&self, shop: &ShopSlug) -> Result<(), StoreError>;

    /// Takes letters that are due, oldest first. Nobody else gets them before `again_at`.
    async fn take(&self, now: Millis, again_at: Millis, limit: u32) -> Result<Vec<Due>, StoreError>;

    /// It is sent: never again.
    async fn sent(&self, letter: &Letter) -> Result<(), StoreError>;

    /// It was not sent: again, not before a moment.
    async fn send_later(&self, letter: &Letter, not_before: Millis) -> Result<(), StoreError>;
}
