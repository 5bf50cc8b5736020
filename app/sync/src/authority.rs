//! The server's side of deciding, without its clock, queue or database: requests and the verdicts already given
//! become one batch to append. Only when the batch is durable is it taken in, by [`Authority::commit`]; until then
//! the authority's own books have not moved.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CommandId, EventRecord, Verdict, VerdictRecord,
    books::{Books, Reads, Request, Stamp},
    chain::Hash,
    event::DecodeError,
    record::{Entry, seal},
    values::Millis,
};
use uuid::Uuid;

use crate::protocol::Outcome;

/// A shop's log as far as this process knows it: identity, last hash, and the books at the head.
#[derive(Clone, Debug)]
pub struct Authority {
    pub epoch: Uuid,
    pub hash: Hash,
    pub books: Books,
}

/// What one append writes, and what becomes true once it is durable.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Position that the log must still have when this is appended.
    pub after: u64,
    pub records: Vec<EventRecord>,
    /// Of the requests that were decided here, and of the commands of process managers.
    pub verdicts: Vec<VerdictRecord>,
    /// One a request, in their order.
    pub outcomes: Vec<Outcome>,
    books: Books,
    hash: Hash,
}

impl Authority {
    /// Decides `requests` in order on a working copy.
    ///
    /// `known` holds the stored verdicts of every id among the requests and their `depends_on`. A repeat, whether
    /// of an earlier batch or of this one, gets the first verdict.
    ///
    /// # Errors
    /// [`DecodeError`] when an event cannot be written; nothing was changed.
    pub fn decide(
        &self,
        requests: &[Request],
        known: &BTreeMap<CommandId, VerdictRecord>,
        recorded_at: Millis,
    ) -> Result<Batch, DecodeError> {
        let stamp = Stamp { epoch: self.epoch, recorded_at };
        let mut books = self.books.clone();
        let mut entries: Vec<Entry> = Vec::new();
        let mut verdicts = Vec::new();
        let mut fresh: BTreeMap<CommandId, VerdictRecord> = BTreeMap::new();
        let mut held: BTreeSet<CommandId> = BTreeSet::new();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            let lookup = |id: &CommandId| fresh.get(id).or_else(|| known.get(id));
            let waits = request.submission.depends_on.iter().find(|by| held.contains(*by));
            let outcome = undecidable(request, &books, lookup);
            // Waiting is passed on: what depends on a held command of this batch waits for the same refusal's sake.
            let outcome = outcome.or_else(|| waits.map(|by| Outcome::Held { id: request.submission.id, by: *by }));
            if let Some(outcome) = outcome {
                if let Outcome::Held { id, .. } = &outcome {
                    held.insert(*id);
                }
                outcomes.push(outcome);
                continue;
            }
            let handled = books.handle(request, stamp, &mut Reads::new());
            entries.extend(handled.entries);
            for (index, record) in handled.settled.into_iter().enumerate() {
                if index == 0 {
                    outcomes.push(Outcome::Settled { id: record.command_id, verdict: record.verdict.clone() });
                    fresh.insert(record.command_id, record.clone());
                }
                verdicts.push(record);
            }
        }
        let records = seal(&entries, self.hash)?;
        let hash = records.last().map_or(self.hash, |record| record.hash);
        Ok(Batch { after: self.books.position, records, verdicts, outcomes, books, hash })
    }

    /// Takes in a batch that has become durable.
    pub fn commit(&mut self, batch: Batch) {
        self.hash = batch.hash;
        self.books = batch.books;
    }
}

impl Batch {
    /// Whether there is anything to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.verdicts.is_empty()
    }
}

/// The answer to a request that is not to be decided: a repeat, a reused id, a dependant of something refused, or
/// a version that has moved on.
fn undecidable<'a>(
    request: &Request,
    books: &Books,
    verdict_of: impl Fn(&CommandId) -> Option<&'a VerdictRecord>,
) -> Option<Outcome> {
    let submission = &request.submission;
    let id = submission.id;
    if let Some(known) = verdict_of(&id) {
        return Some(if known.fingerprint == submission.command.fingerprint() {
            Outcome::Settled { id, verdict: known.verdict.clone() }
        } else {
            Outcome::IdReused { id }
        });
    }
    let refused = |by: &&CommandId| matches!(verdict_of(by).map(|known| &known.verdict), Some(Verdict::Refused { .. }));
    if let Some(by) = submission.depends_on.iter().find(refused) {
        return Some(Outcome::Held { id, by: *by });
    }
    let expected = submission.if_version?;
    let aggregate = books.addressed(&submission.command);
    let actual = books.aggregates.version(&aggregate);
    (actual != expected).then(|| Outcome::VersionConflict { id, aggregate: aggregate.to_string(), expected, actual })
}
