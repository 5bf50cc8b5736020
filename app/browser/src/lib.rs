//! The only place that touches browser APIs: storage, the event stream, tabs, timers.
//!
//! Reading order:
//!
//! 1. [`handle`]: what the application sees
//! 2. [`driver`]: turns the outputs of [`sync::Replica`] into deeds and what happens into its inputs
//! 3. [`storage`]: outbox, copy of the log, device
//! 4. [`feed`]: the shop's event stream; [`person`]: who was here last, and who else; [`pin`]: how they switch; [`sign_out`]:
//!    leaving, also without a network
//! 5. [`events`], [`clock`]: listeners, timers, the device's clock
//! 6. [`worker`]: opening without a network, and new versions; [`hand`]: when one may take over
//! 7. [`file`], `picture`: reading what a person has chosen
//! 8. [`faults`], [`latencies`]: for the inspector
//! 9. [`crash`]: what remains when the program stops
//!
//! Everything here runs on the browser's one thread. No borrow of a `RefCell` is held across a wait or while code
//! of another crate is called back.

pub mod clock;
pub mod crash;
pub mod device;
mod driver;
mod events;
pub mod faults;
pub mod feed;
pub mod file;
pub mod hand;
pub mod handle;
pub mod latencies;
pub mod network;
pub mod person;
mod picture;
pub mod pin;
pub mod sign_out;
pub mod storage;
mod tabs;
pub mod worker;

pub use crash::install_panic_hook;
pub use device::languages;
pub use handle::{Config, Handle, ImportError, IssueError, Saved, StorageView, Transport, new_command_id, start};
pub use storage::{Mode, StorageError};
