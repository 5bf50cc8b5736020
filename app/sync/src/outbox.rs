//! What a device has been asked for and the server has not settled yet, one record a command.
//!
//! ```text
//!            Persist ──► Saving ──Persisted──► Saved ──push──► (under way) ──answer──► Accepted ──in the log──► gone
//!                          │                    ▲ │ ▲                │                              └─► Changed ─seen─► gone
//!                    StorageFailed        retry │ │ └─ no answer ────┤
//!                          ▼                    │ │ a dependency     ├─► Refused ──retry, replace──► Saving, under a new id
//!                       Unsaved ────────────────┘ │ was refused      └─► Held
//!                                                 └────────────────────►  │
//!                        Unsaved, Refused, Held, Saved and never sent ──discard──► Discarded
//!                        Refused ──given up by somebody who leads──► Discarded
//! ```
//!
//! A device whose storage was cleared goes back with all that is Saved to Saving.
//!
//! Whether a saved command is under way, or at risk, is not kept: after a restart every undecided command is sent
//! again by its id, which is harmless, and decided again locally.
//!
//! Whether it may have been sent is kept, because only what was certainly not may be taken back or given another form.
//! It is written down before the first attempt, as a hint and not with a strict commit: the write reaches the disk
//! later than the command reaches the server only when the power fails in between, and then the log corrects it. Such
//! a command that was taken back meanwhile comes in with its entries, and is shown as one that came out differently.

use std::sync::Arc;

use domain::{Command, CommandId, Event, Refusal, Submission, fields::FieldError, ids::AggregateId, values::Millis};
use serde::{Deserialize, Serialize};

/// One command of this device, as storage keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OutboxRecord {
    pub submission: Submission,
    /// Order of issue on this device. Two tabs may take the same number at the same moment; the id decides then.
    pub sequence: u64,
    pub stage: Stage,
    /// The command that this one stands for: once this one is durable, that one must neither be sent nor be decided
    /// about any more. Stored with it, so that a process that ends in between does not leave both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CommandId>,
    /// The login of whoever was signed in when it was issued: nobody else's session sends it. None where nobody was, and
    /// in records from before this was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Arc<str>>,
    /// Whether it may have reached the server. Records from before this was written down may have.
    #[serde(default = "may_have")]
    pub attempted: bool,
}

fn may_have() -> bool {
    true
}

impl OutboxRecord {
    /// A command that nobody but this device has heard of.
    #[must_use]
    pub fn new(submission: Submission, sequence: u64) -> Self {
        Self { submission, sequence, stage: Stage::Saved, replaces: None, person: None, attempted: false }
    }

    /// Whether it waits for somebody else to sign in than `person`, who uses the device now.
    #[must_use]
    pub fn is_of_another(&self, person: Option<&str>) -> bool {
        is_another(self.person.as_deref(), person)
    }

    /// One record from two stores. Where they differ, the process ended between its writes to them, and the one that
    /// got further knows more. Above all a command that a person gave up must not be sent because one store had not
    /// heard of it. That it may have been sent stays true, whichever has heard of it.
    #[must_use]
    pub fn united(self, other: Self) -> Self {
        let attempted = self.attempted || other.attempted;
        let further = if other.stage.progress() > self.stage.progress() { other } else { self };
        Self { attempted, ..further }
    }
}

/// Who is not known is taken for whoever is there.
pub(crate) fn is_another(issued_by: Option<&str>, person: Option<&str>) -> bool {
    matches!((issued_by, person), (Some(one), Some(other)) if one != other)
}

/// Where a command stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Given to storage, whose strict commit is not known yet. Never stored under this name.
    Saving,
    /// Durable on this device; the server's verdict is not known.
    Saved,
    /// Storage did not take it. Nothing of it is shown as done.
    Unsaved,
    /// Settled; its entries have not come by the feed yet. Never stored: the verdict can be had again.
    Accepted {
        positions: Vec<u64>,
        /// Position of the log that includes it, also when it has no entries of its own.
        head: u64,
        /// The log that this verdict is of.
        epoch: uuid::Uuid,
    },
    /// In the log, with another result than was shown last. Kept until a person has seen it.
    Changed { positions: Vec<u64>, shown: Vec<Event>, actual: Vec<Event> },
    /// Not accepted. Kept until a person decides.
    Refused { reason: Reason },
    /// Waits for a person to decide about `by`, without which it makes no sense.
    Held { by: CommandId },
    /// A person gave it up.
    Discarded {
        reason: String,
        at: Millis,
        /// Who, where it was done by somebody who leads, on another device.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Arc<str>>,
    },
}

impl Stage {
    /// How far it is from a command that was just taken in.
    fn progress(&self) -> u8 {
        match self {
            Self::Saving => 0,
            Self::Unsaved => 1,
            Self::Saved => 2,
            Self::Accepted { .. } => 3,
            Self::Held { .. } => 4,
            Self::Refused { .. } | Self::Changed { .. } => 5,
            Self::Discarded { .. } => 6,
        }
    }
}

/// Why a command was not accepted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// The shop's rules; written down in the log at `position`, unless it was not decided because an aggregate had
    /// another version than was asked for.
    Refused { position: Option<u64>, refusal: Refusal },
    /// The server cannot read it.
    Malformed { errors: Vec<FieldError> },
    /// The server has another command under this id.
    IdReused,
    /// Its author or its device was shut out of the shop since: it is with the server, and an owner decides.
    Quarantined,
    /// It was written when its author or its device had been shut out already.
    TooLate,
}

/// What a page shows beside a record, as the word in its `data-sync`. Later ones outweigh earlier ones where a
/// record has several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SyncState {
    Discarded,
    Confirmed,
    ConfirmedChanged,
    SavedHere,
    /// Under way for more than two seconds.
    Sending,
    /// Shown, and not durable yet: for the milliseconds of one storage transaction. It must not be called saved.
    Saving,
    Held,
    /// Not sent, and the rules say now that it would be refused.
    AtRisk,
    NeedsAttention,
}

impl SyncState {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Saving => "saving",
            Self::SavedHere => "saved-here",
            Self::Sending => "sending",
            Self::Confirmed => "confirmed",
            Self::ConfirmedChanged => "confirmed-changed",
            Self::AtRisk => "at-risk",
            Self::NeedsAttention => "needs-attention",
            Self::Held => "held",
            Self::Discarded => "discarded",
        }
    }
}

/// One command of this device, as pages show it.
#[derive(Clone, PartialEq, Debug)]
pub struct PendingView {
    pub id: CommandId,
    pub command: Command,
    pub state: SyncState,
    pub stage: Stage,
    pub issued_at: Millis,
    pub sending_since: Option<Millis>,
    /// Why it is at risk.
    pub at_risk: Option<Refusal>,
    /// Provisional positions while pending, those in the log when they are known.
    pub positions: Vec<u64>,
    /// Where its entries, those of process managers included, stand in what pages show.
    pub entries: Vec<u64>,
    /// Commands of this device that it builds on.
    pub depends_on: Vec<CommandId>,
    /// The command that it puts back.
    pub undoes: Option<CommandId>,
    /// The command whose place it took.
    pub replaces: Option<CommandId>,
    /// Aggregates that it changes, or would have changed.
    pub touches: Vec<AggregateId>,
    /// Whose it is, where that is somebody else who shares the device.
    pub of_colleague: Option<Arc<str>>,
    /// Whether it is for whoever is here to decide what becomes of it.
    pub decidable: bool,
    /// Whether it can be given up now: a command that may have reached the server cannot.
    pub discardable: bool,
    /// Whether another command can be put in its place now.
    pub replaceable: bool,
    /// It waits, and this tab, which has just begun, cannot tell yet whether another one is sending it.
    pub unclear: bool,
}

impl PendingView {
    /// The rule that it ran into, or would run into.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.stage {
            Stage::Refused { reason: Reason::Refused { refusal, .. } } => Some(refusal),
            _ => self.at_risk.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Event, json, product, values::Sku};

    use super::*;

    #[test]
    fn what_came_out_differently_is_read_again_as_it_was_kept() {
        let sku = Sku::parse("OAT-1").unwrap();
        let event = Event::from(product::Event::from(product::ProductArchived { sku }));
        let stage = Stage::Changed { positions: vec![7], shown: vec![event.clone()], actual: vec![event] };
        assert_eq!(json::read::<Stage>(&json::written(&stage)).map_err(|error| error.to_string()), Ok(stage));
    }
}
