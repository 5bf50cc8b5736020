//! How far a transfer is, in words.

use domain::projections::transfers::{Step, TransferState};

use super::why_not;

#[must_use]
pub fn transfer_state(state: TransferState) -> &'static str {
    match state {
        TransferState::Requested => "Asked for",
        TransferState::Debited => "On its way",
        TransferState::Completed => "Done",
        TransferState::Failed => "Not done",
    }
}

#[must_use]
pub fn transfer_tone(state: TransferState) -> Option<&'static str> {
    match state {
        TransferState::Failed => Some("attention"),
        TransferState::Completed => Some("good"),
        TransferState::Requested | TransferState::Debited => None,
    }
}

/// A step in a transfer's timeline, with the word that the style sheet marks it by.
#[must_use]
pub fn transfer_step(step: &Step) -> (&'static str, String) {
    match step {
        Step::Requested => ("done", "Asked for".to_owned()),
        Step::Debited => ("done", "Taken off the one account".to_owned()),
        Step::DebitRecorded => ("done", "Noted that it is off".to_owned()),
        Step::Credited => ("done", "Put onto the other account".to_owned()),
        Step::CreditRecorded => ("done", "Noted that it has arrived".to_owned()),
        Step::PutBack { reason } => ("undone", format!("Put back: {}", why_not(reason))),
        Step::Completed => ("done", "Done".to_owned()),
        Step::Failed { reason } => ("failed", format!("Not done: {}", why_not(reason))),
    }
}
