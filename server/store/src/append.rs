//! What one append writes.

use std::{collections::BTreeSet, sync::Arc};

use domain::{CommandId, EventRecord, VerdictRecord};
use uuid::Uuid;

use crate::error::AppendError;

/// The longest payload of one event. Larger things are kept beside the log, by the hash of their content.
pub const MOST_PAYLOAD_BYTES: usize = 256 * 1024;

/// How far a process manager has read the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    pub name: Arc<str>,
    pub position: u64,
}

/// One atomic step of a shop's log: all of it becomes durable, or none of it.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// The log that the writer believes it writes to.
    pub epoch: Uuid,
    /// Position that the log must still have.
    pub after: u64,
    /// At `after + 1` and on, linked to the entry at `after`.
    pub records: Vec<EventRecord>,
    pub verdicts: Vec<VerdictRecord>,
    pub checkpoints: Vec<Checkpoint>,
    /// Rows of the queue that are settled by this.
    pub handled: Vec<CommandId>,
}

impl Append {
    /// What can be said before any database is asked, so that all stores say it alike.
    ///
    /// # Errors
    /// [`AppendError::TooLarge`], or [`AppendError::Malformed`] when positions have holes, a number is beyond what
    /// a signed 64-bit column holds, or a key stands twice.
    pub fn check(&self) -> Result<(), AppendError> {
        let malformed = |problem: String| Err(AppendError::Malformed { problem });
        let mut next = self.after;
        let mut versions = BTreeSet::new();
        for record in &self.records {
            let bytes = record.payload.get().len();
            if bytes > MOST_PAYLOAD_BYTES {
                return Err(AppendError::TooLarge { bytes, most: MOST_PAYLOAD_BYTES });
            }
            next = next.saturating_add(1);
            if record.position != next {
                return malformed(format!("position {} where {next} should be", record.position));
            }
            if !versions.insert((&record.aggregate, record.version)) {
                return malformed(format!("version {} of {} twice", record.version, record.aggregate));
            }
        }
        if i64::try_from(next).is_err() || self.checkpoints.iter().any(|one| i64::try_from(one.position).is_err()) {
            return malformed(format!("position {next} is too large"));
        }
        let mut ids = BTreeSet::new();
        if let Some(twice) = self.verdicts.iter().find(|one| !ids.insert(one.command_id)) {
            return malformed(format!("two verdicts on {}", twice.command_id));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = self.checkpoints.iter().find(|one| !names.insert(&one.name)) {
            return malformed(format!("two checkpoints of {}", twice.name));
        }
        Ok(())
    }

    /// Position of the log once this is appended.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.records.last().map_or(self.after, |record| record.position)
    }
}
