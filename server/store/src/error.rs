//! What can go wrong, as data: both sides of each disagreement, a stable code, and whether trying again helps.

use domain::{AggregateId, CommandId, ShopSlug};
use uuid::Uuid;

/// Why an append was not taken. In every case but [`AppendError::OutcomeUnknown`] nothing was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended first: catch up, decide again.
    #[error("the log is at position {actual}, not {expected}")]
    HeadMoved { expected: u64, actual: u64 },
    /// The log is another one: the database was restored from a backup.
    #[error("the log is epoch {actual}, not {expected}")]
    EpochChanged { expected: Uuid, actual: Uuid },
    /// The head was right, yet the aggregate has this version already: the writer's state is wrong.
    #[error("version {version} of {aggregate} exists already")]
    VersionTaken { aggregate: AggregateId, version: u32 },
    /// A verdict on this command exists: look it up and answer with it.
    #[error("command {command_id} has its verdict already")]
    CommandKnown { command_id: CommandId },
    #[error("a payload of {bytes} bytes, {most} at most")]
    TooLarge { bytes: usize, most: usize },
    #[error("not an append: {problem}")]
    Malformed { problem: String },
    #[error("no shop {shop}")]
    UnknownShop { shop: ShopSlug },
    /// Certainly not written.
    #[error("the store cannot be reached: {reason}")]
    Unavailable { reason: String },
    /// The connection was lost after the statement was sent: it may have been written. Look the ids up.
    #[error("whether it was written is not known: {reason}")]
    OutcomeUnknown { reason: String },
    /// The database refused for a reason that no append should meet. Certainly not written.
    #[error("the database refused it ({state}): {problem}")]
    Database { state: String, problem: String },
}

impl AppendError {
    /// Whether trying again is of no use, even after catching up with the log.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::HeadMoved { .. }
            | Self::CommandKnown { .. }
            | Self::Unavailable { .. }
            | Self::OutcomeUnknown { .. } => false,
            Self::EpochChanged { .. }
            | Self::VersionTaken { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::UnknownShop { .. }
            | Self::Database { .. } => true,
        }
    }

    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HeadMoved { .. } => "head_moved",
            Self::EpochChanged { .. } => "epoch_changed",
            Self::VersionTaken { .. } => "version_taken",
            Self::CommandKnown { .. } => "command_known",
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed_append",
            Self::UnknownShop { .. } => "unknown_shop",
            Self::Unavailable { .. } => "store_unavailable",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::Database { .. } => "store_error",
        }
    }
}

/// Why anything but an append failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("no shop {shop}")]
    UnknownShop { shop: ShopSlug },
    /// Try again after a while.
    #[error("the store cannot be reached: {reason}")]
    Unavailable { reason: String },
    /// What is stored cannot be what was written. Readers stop here; `verify` says more.
    #[error("shop {shop} is damaged at position {position}: {problem}")]
    Corrupt { shop: ShopSlug, position: u64, problem: String },
    /// A row other than an event cannot be read.
    #[error("{what} cannot be read: {problem}")]
    Unreadable { what: &'static str, problem: String },
    /// This id is in the queue with another body. Nothing was queued.
    #[error("id {command_id} was used for another command")]
    IdReused { command_id: CommandId },
    /// The tables are not those that this build knows.
    #[error("the database's tables do not fit this version: {problem}")]
    Schema { problem: String },
    #[error("not an address of a store: {problem}")]
    Address { problem: String },
    /// A role of the database that was not given the rights of its duty.
    #[error("the role {role} can do too much to be kept from anything: {problem}")]
    Role { role: String, problem: String },
    #[error("the database refused it ({state}): {problem}")]
    Database { state: String, problem: String },
}

impl StoreError {
    /// Whether trying again is of no use.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Unavailable { .. })
    }

    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownShop { .. } => "unknown_shop",
            Self::Unavailable { .. } => "store_unavailable",
            Self::Corrupt { .. } | Self::Unreadable { .. } => "store_corrupt",
            Self::IdReused { .. } => "id_reused",
            Self::Schema { .. } => "store_schema",
            Self::Address { .. } => "store_address",
            Self::Role { .. } => "store_role",
            Self::Database { .. } => "store_error",
        }
    }
}
