//! A shop that is in use: its books in memory, the one task that writes its log, and what its feeds are sent.
//!
//! Reading order:
//!
//! 1. [`shops`]: which shops are in memory; opens, puts away, watches for what other instances write
//! 2. [`handle`]: a shop as the doors see it
//! 3. [`log`]: log and books of a shop as this process knows them; loading and catching up
//! 4. [`appender`]: the task that decides, appends, publishes and answers
//! 5. [`hub`], [`frame`]: what is published: a view for readers, frames for feeds
//! 6. [`snapshot`], [`past`]: books at a position, kept and worked out; [`reading`]: entries by what they are about
//! 7. [`queue`]: commands that were answered before they were decided; [`replay`]: deciding them again, beside the book
//! 8. [`views`]: read models in tables, for other programs; [`mail`]: letters about what ran out; [`status`]: how all of
//!    these stand
//! 9. [`founding`]: a new shop

pub mod appender;
pub mod founding;
pub mod frame;
pub mod handle;
pub mod hub;
pub mod log;
pub mod mail;
pub mod past;
pub mod queue;
pub mod reading;
pub mod replay;
pub mod shops;
pub mod snapshot;
pub mod status;
pub mod views;

use std::time::Duration;

pub use handle::{Decided, Shop};
pub use shops::Shops;

/// Why a shop did not do what it was asked. Nothing was decided, except where it says that this is not known.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShopError {
    #[error("no such shop")]
    Unknown,
    /// More commands wait than may wait.
    #[error("too many commands wait for this shop; nothing was decided")]
    Full,
    #[error("the book cannot be reached just now; nothing was decided")]
    Unavailable,
    /// The connection to the database broke during the commit. The same id sent again gets the one verdict.
    #[error("whether it was decided is not known; send the same command again")]
    OutcomeUnknown,
    /// Never skipped: the shop stands still here until a build that can read it, or a repair.
    #[error("the book cannot be read past position {position}: {problem}")]
    Unreadable { position: u64, problem: String },
    /// Deciding this command broke down. Others go on.
    #[error("this command cannot be handled")]
    Poisoned,
    #[error("the book is at position {head}, not yet at {asked}")]
    NotReached { asked: u64, head: u64 },
    #[error("the server is stopping; nothing was decided")]
    Stopping,
    #[error("this server only reads; nothing was decided")]
    ReadOnly,
}

impl ShopError {
    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown_shop",
            Self::Full => "queue_full",
            Self::Unavailable => "store_unavailable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Unreadable { .. } => "log_unreadable",
            Self::Poisoned => "command_poisoned",
            Self::NotReached { .. } => "position_not_reached",
            Self::Stopping => "stopping",
            Self::ReadOnly => "read_only",
        }
    }

    /// The least time after which trying again makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Full | Self::NotReached { .. } | Self::Unknown => Duration::from_secs(1),
            Self::Unavailable | Self::OutcomeUnknown | Self::Stopping => Duration::from_secs(2),
            // Where this server is a stand-in, the one that writes may be back.
            Self::ReadOnly => Duration::from_secs(10),
            Self::Unreadable { .. } | Self::Poisoned => Duration::from_secs(60),
        }
    }
}
