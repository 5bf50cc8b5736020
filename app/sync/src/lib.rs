//! How a replica keeps up with its shop's log, and how the log grows.
//!
//! Sans-IO: everything here takes inputs and gives outputs; no clock, no network, no storage, no randomness of its
//! own. The browser, the server and the simulator drive the same code.
//!
//! Reading order:
//!
//! 1. [`protocol`]: what travels between a device and the server
//! 2. [`authority`]: the server's side of deciding: a batch of requests becomes records and verdicts; [`quarantine`]: what
//!    it answers to those who were shut out
//! 3. [`outbox`]: what a device has been asked for and the server has not settled, and the states it goes through
//! 4. [`acknowledged`]: what it keeps of those that are settled, for a server that loses them
//! 5. [`io`]: what a replica is told, and what it asks for
//! 6. [`connection`]: when to open a feed, when to send, when to wait, as a written state machine
//! 7. [`replica`]: the confirmed log, the overlay of pending commands, and the rebase of one on the other
//! 8. [`unsent_file`], [`bundle`]: an outbox on its way to another device; all of a replica in one file
//! 9. [`past`]: a moment of the log, and how far a device can look back by itself
//! 10. [`random`], [`defects`]: the small generator behind jitter; what the simulator breaks on purpose

pub mod acknowledged;
pub mod authority;
pub mod bundle;
pub mod connection;
pub mod defects;
pub mod io;
pub mod outbox;
pub mod past;
pub mod protocol;
pub mod quarantine;
pub mod random;
pub mod replica;
pub mod unsent_file;

pub use acknowledged::Acknowledged;
pub use io::{Changes, FeedEnd, Input, Output, Report};
pub use outbox::{OutboxRecord, PendingView, Reason, Stage, SyncState};
pub use replica::{Config, Dependants, Issue, Issued, Lost, NotIssued, NotNow, Replica, StoredState};
