//! Putting the pending commands on top of the confirmed books again. Only commands that looked at something that
//! has changed are decided again; of the others, the events are applied as they were.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    Books, Command, Refusal,
    books::{Author, Reads, Request},
    ids::AggregateId,
    record::{Entry, Submission},
    refusal::Changed,
};

use super::{
    RebaseTrace, Redecided, Replica,
    items::{Effect, Item},
    log::provisional_stamp,
};
use crate::{defects::Defect, outbox::Stage};

/// Whose readers must decide again.
#[derive(Clone, Debug, Default)]
pub(super) struct Dirty {
    everything: bool,
    names: BTreeSet<AggregateId>,
}

impl Dirty {
    pub fn everything() -> Self {
        Self { everything: true, names: BTreeSet::new() }
    }

    pub fn add(&mut self, names: impl IntoIterator<Item = AggregateId>) {
        self.names.extend(names);
    }

    pub fn is_clean(&self) -> bool {
        !self.everything && self.names.is_empty()
    }

    fn meets(&self, reads: &Reads) -> bool {
        // The smaller one is walked: an untouched command costs a look-up for each name it read.
        self.everything || reads.iter().any(|name| self.names.contains(name))
    }
}

/// What a command does to `books`, which it is applied to unless it would be refused.
pub(super) fn decide(books: &mut Books, submission: &Submission, author: &Author, epoch: Option<uuid::Uuid>) -> Effect {
    let mut reads = Reads::new();
    if let Some(refusal) = refusal_of(books, submission, author, &mut reads) {
        return Effect::AtRisk { refusal, reads };
    }
    let request = Request { submission: submission.clone(), author: author.clone() };
    let handled = books.handle(&request, provisional_stamp(epoch, submission.issued_at), &mut reads);
    Effect::Shown { entries: handled.entries, reads }
}

/// The rule that a command runs into on `books`.
pub(super) fn refusal_of(
    books: &Books,
    submission: &Submission,
    author: &Author,
    reads: &mut Reads,
) -> Option<Refusal> {
    let decided = books.decide_linked(&submission.command, submission.undoes, author, reads);
    if let Some(expected) = submission.if_version {
        let aggregate = books.addressed(&submission.command);
        let actual = books.aggregates.version(&aggregate);
        if actual != expected {
            return Some(Refusal::ChangedMeanwhile(Changed::Version { id: aggregate.to_string(), expected, actual }));
        }
    }
    decided.err().map(|(_, refusal)| refusal)
}

/// Applies entries that were decided before at the places that are free now.
fn reapply(books: &mut Books, entries: &mut [Entry]) {
    let mut shift = None;
    for entry in entries {
        let position = books.position + 1;
        let moved = *shift.get_or_insert(position.wrapping_sub(entry.position));
        entry.position = position;
        entry.version = books.aggregates.version(&entry.aggregate) + 1;
        // A cause within the same command moves along; one in the confirmed log cannot occur here.
        entry.causation = entry.causation.map(|cause| cause.wrapping_add(moved));
        // The position was taken from the books, so there is no gap to report.
        let _ = books.apply(entry);
    }
}

impl Replica {
    /// Makes the overlay anew: the confirmed books with every pending command on top, in order of issue.
    pub(super) fn rebase(&mut self, mut dirty: Dirty) {
        let mut overlay: Books = (*self.log.books).clone();
        let mut trace = RebaseTrace { position: overlay.position, ..RebaseTrace::default() };
        let skips = self.defects.has(Defect::RebaseSkipped);
        for item in self.items.iter_mut() {
            if !item.is_shown(&self.config) {
                item.effect = Effect::None;
                continue;
            }
            let looks_again = looks_again(&item.record.submission);
            let keeps = |reads: &Reads| skips || !(looks_again || dirty.meets(reads));
            match &mut item.effect {
                Effect::Shown { entries, reads } if keeps(reads) => {
                    reapply(&mut overlay, entries);
                    trace.kept += 1;
                }
                Effect::AtRisk { reads, .. } if keeps(reads) => trace.kept += 1,
                _ => {
                    let author = self.config.author_of(&item.record);
                    let effect = decide(&mut overlay, &item.record.submission, author, self.log.epoch);
                    trace.decided_again += 1;
                    replace(item, effect, &mut dirty, &mut trace);
                }
            }
        }
        self.trace = trace;
        self.overlay = Arc::new(overlay);
        self.changes.books = true;
    }
}

/// A refusal moves a version and touches nothing else: who asked for a version looks at it each time. What puts
/// something back also depends on what the day book and the shop still remember, which any entry may end.
fn looks_again(submission: &Submission) -> bool {
    let puts_back = matches!(submission.command, Command::Sale(domain::sale::Command::PutBack(_)));
    // It has a version of its own beside that of a refusal, and moves with it.
    let gives_up = matches!(submission.command, Command::Change(_));
    // It depends on there being no price and no account at all, which no list of names says.
    let is_for_all = matches!(submission.command, Command::Shop(_));
    is_for_all || submission.if_version.is_some() || submission.undoes.is_some() || puts_back || gives_up
}

/// Notes what came out differently: whoever read it must decide again too.
fn replace(item: &mut Item, effect: Effect, dirty: &mut Dirty, trace: &mut RebaseTrace) {
    let before = std::mem::replace(&mut item.effect, effect);
    let (entries_before, risk_before): (&[Entry], Option<&Refusal>) = match &before {
        Effect::Shown { entries, .. } => (entries, None),
        Effect::AtRisk { refusal, .. } => (&[], Some(refusal)),
        Effect::None => (&[], None),
    };
    let risk = if let Effect::AtRisk { refusal, .. } = &item.effect { Some(refusal) } else { None };
    let events = |entries: &[Entry]| entries.iter().map(|entry| entry.event.clone()).collect::<Vec<_>>();
    let same = risk == risk_before
        && entries_before.len() == item.entries().len()
        && entries_before.iter().zip(item.entries()).all(|(old, new)| old.event == new.event);
    if !same {
        dirty.add(entries_before.iter().flat_map(Entry::touches));
        dirty.add(item.entries().iter().flat_map(Entry::touches));
        trace.changed.push(Redecided {
            id: item.record.submission.id,
            before: events(entries_before),
            after: events(item.entries()),
            at_risk: risk.cloned(),
        });
    }
}

/// Whether `stage` is one whose verdict is not known.
pub(super) fn is_waiting(stage: &Stage) -> bool {
    matches!(stage, Stage::Saving | Stage::Saved)
}

#[cfg(feature = "defects")]
impl Replica {
    /// The overlay worked out the long way, with every command decided anew: what the rebase must come to.
    #[must_use]
    pub fn overlay_from_scratch(&self) -> Books {
        let mut overlay: Books = (*self.log.books).clone();
        for item in self.items.iter().filter(|item| item.is_shown(&self.config)) {
            let author = self.config.author_of(&item.record);
            decide(&mut overlay, &item.record.submission, author, self.log.epoch);
        }
        overlay
    }

    /// A read model that went wrong in memory, as by a fold that differs between two machines.
    pub fn spoil(&mut self) {
        let books = Arc::make_mut(&mut self.log.books);
        let Ok(sku) = domain::values::Sku::parse("SPOILT") else { return };
        let since = domain::projections::attention::Since { number: 0, position: 0, issued_at: self.now };
        books.projections.attention.items.insert(domain::projections::attention::Item::Unnamed(sku), since);
        self.rebase(Dirty::default());
    }
}
