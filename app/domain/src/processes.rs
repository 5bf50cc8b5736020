//! Process managers: what has to follow from an event in another aggregate. Each is a pure function from an event
//! and the books after it to commands; the ids of those commands are derived, so that running twice is harmless.

pub mod cancellation;
pub mod handover;
pub mod reallocation;
pub mod registration;

use crate::{books::Aggregates, command::Command, record::Entry};

/// One process manager.
pub struct Process {
    /// Part of the derived command ids, and the name of its checkpoint. Never change it.
    pub name: &'static str,
    pub react: fn(&Entry, &Aggregates) -> Vec<Command>,
}

/// In the order in which they answer one event.
pub const PROCESSES: &[Process] = &[
    Process { name: "registration", react: registration::react },
    Process { name: "handover", react: handover::react },
    Process { name: "reallocation", react: reallocation::react },
    Process { name: "cancellation", react: cancellation::react },
];
