//! Where the log of every shop is kept.
//!
//! One trait, [`EventStore`], and three implementations that pass one contract suite: in memory for tests, SQLite
//! embedded, PostgreSQL for several instances. An append is one atomic step: the head moves, and with it come the
//! events, the verdicts, the checkpoints of process managers and the queue rows that are thereby settled. The head
//! row of a shop gives positions their order, so positions have no holes and their order is that of the commits.
//!
//! Reading order: [`event_store`] (the trait), [`append`], [`error`], [`queue`], [`release`], [`blob`], [`hint`], [`verify`],
//! [`views`], [`letters`], [`access`];
//! then [`memory`], the shortest complete implementation; then [`sqlite`] and [`postgres`], whose statements stand in named
//! files beside them.

pub mod access;
pub mod append;
pub mod blob;
#[cfg(feature = "testing")]
pub mod contract;
pub mod error;
pub mod event_store;
pub mod hint;
pub mod letters;
pub mod memory;
pub mod open;
pub mod postgres;
pub mod queue;
pub mod release;
mod schema;
pub mod shop;
pub mod sqlite;
mod stored;
#[cfg(feature = "testing")]
pub mod testing;
pub mod verify;
pub mod views;

pub use append::{Append, Checkpoint, MOST_PAYLOAD_BYTES};
pub use blob::Blob;
pub use error::{AppendError, StoreError};
pub use event_store::EventStore;
pub use hint::Hint;
pub use memory::MemoryStore;
pub use open::open;
pub use postgres::{Duty, PostgresStore, Rights};
pub use queue::{Claim, Claimed, Offset, QueueRow, QueueStatus, Queued, RowState};
pub use release::{Release, ReleaseFile};
pub use shop::{ShopHead, SnapshotRow};
pub use sqlite::SqliteStore;
pub use verify::{Break, Verification};
