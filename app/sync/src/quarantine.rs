//! What becomes of a command that comes from a device, or a person, after their end.

use domain::{Submission, VerdictRecord};

use crate::protocol::{Fate, Outcome, Revocation};

/// What becomes of such a command. `known` is its stored verdict: what was decided before is decided, and whoever asks again
/// gets the same answer. Otherwise nothing is decided here: what was written before the end is kept for an owner, what was
/// written later came too late.
///
/// When it was written is the device's own word. One that says an earlier time than is true gains no more than that an
/// owner looks at it.
#[must_use]
pub fn fate(submission: &Submission, known: Option<&VerdictRecord>, revocation: Revocation) -> Fate {
    let id = submission.id;
    match known {
        Some(known) if known.fingerprint == submission.command.fingerprint() => {
            Fate::Decided(Outcome::Settled { id, verdict: known.verdict.clone() })
        }
        Some(_) => Fate::Decided(Outcome::IdReused { id }),
        None if submission.issued_at < revocation.at => Fate::Quarantined { id },
        None => Fate::TooLate { id },
    }
}
