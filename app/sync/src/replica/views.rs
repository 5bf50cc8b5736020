//! What pages see of a replica.

use std::collections::BTreeMap;

use domain::{Command, CommandId, ids::AggregateId, values::Millis};

use super::{
    Replica,
    items::{Effect, Item},
    rebase::is_waiting,
};
use crate::{
    connection::{ConnectionView, DataState},
    defects::Defect,
    outbox::{OutboxRecord, PendingView, Reason, Stage, SyncState},
};

/// A command under way is called so after this long: most answers come sooner, and a mark that flickers tells
/// nobody anything.
pub(super) const SENDING: i64 = 2_000;

impl Replica {
    /// This device's commands that are not simply confirmed, in order of issue.
    pub fn pending(&self) -> impl Iterator<Item = PendingView> {
        let is_seen = |item: &&Item| !item.is_replaced && !self.config.withholds(&item.record);
        self.items.iter().filter(is_seen).map(|item| self.view(item))
    }

    /// The state of one command, while it is not simply confirmed.
    #[must_use]
    pub fn pending_of(&self, id: CommandId) -> Option<PendingView> {
        self.items.get(id).filter(|item| !self.config.withholds(&item.record)).map(|item| self.view(item))
    }

    /// Whether this tab has the command, and is not done with it.
    #[must_use]
    pub fn holds(&self, id: CommandId) -> bool {
        self.items.contains(id)
    }

    /// How many commands wait here of which nobody is told more, until somebody says who they are.
    #[must_use]
    pub fn withheld(&self) -> usize {
        let is_over = |stage: &Stage| matches!(stage, Stage::Changed { .. } | Stage::Discarded { .. });
        let withheld = |item: &&Item| self.config.withholds(&item.record) && !is_over(&item.record.stage);
        self.items.iter().filter(withheld).count()
    }

    /// The strongest state of every aggregate that this device's commands change.
    #[must_use]
    pub fn marks(&self) -> BTreeMap<AggregateId, SyncState> {
        let mut marks = BTreeMap::new();
        for item in self.items.iter().filter(|item| self.marks_something(item)) {
            let state = self.state_of(item);
            for aggregate in self.touches(item) {
                let mark = marks.entry(aggregate).or_insert(state);
                *mark = state.max(*mark);
            }
        }
        marks
    }

    /// The strongest state of one aggregate.
    #[must_use]
    pub fn marks_for(&self, aggregate: &AggregateId) -> Option<SyncState> {
        let concerns = |item: &&Item| self.marks_something(item) && self.touches(item).contains(aggregate);
        self.items.iter().filter(concerns).map(|item| self.state_of(item)).max()
    }

    /// Giving something up changes no record, so it marks none.
    fn marks_something(&self, item: &Item) -> bool {
        let changes_something = !matches!(item.record.submission.command, Command::Change(_));
        changes_something && !item.is_replaced && !self.config.withholds(&item.record)
    }

    fn view(&self, item: &Item) -> PendingView {
        let submission = &item.record.submission;
        let positions = match &item.record.stage {
            Stage::Accepted { positions, .. } | Stage::Changed { positions, .. } => positions.clone(),
            _ => item.entries().iter().map(|entry| entry.position).collect(),
        };
        PendingView {
            id: submission.id,
            command: submission.command.clone(),
            state: self.state_of(item),
            stage: item.record.stage.clone(),
            issued_at: submission.issued_at,
            sending_since: item.sending_since,
            at_risk: if let Effect::AtRisk { refusal, .. } = &item.effect { Some(refusal.clone()) } else { None },
            positions,
            entries: item.entries().iter().map(|entry| entry.position).collect(),
            depends_on: submission.depends_on.clone(),
            undoes: submission.undoes,
            replaces: item.record.replaces,
            touches: self.touches(item),
            of_colleague: self.config.colleague(&item.record).map(|colleague| colleague.actor.clone()),
            decidable: self.config.may_decide(&item.record),
            discardable: self.is_discardable(item),
            replaceable: self.is_replaceable(item),
            unclear: item.record.stage == Stage::Saved && !item.record.attempted && !self.connection.knows_who_leads(),
        }
    }

    fn state_of(&self, item: &Item) -> SyncState {
        let under_way = item.sending_since.is_some_and(|since| self.now.0 - since.0 >= SENDING);
        match &item.record.stage {
            Stage::Saving => SyncState::Saving,
            Stage::Saved if !item.in_flight && matches!(item.effect, Effect::AtRisk { .. }) => SyncState::AtRisk,
            Stage::Saved | Stage::Accepted { .. } if under_way => SyncState::Sending,
            Stage::Saved | Stage::Accepted { .. } => SyncState::SavedHere,
            Stage::Unsaved | Stage::Refused { .. } => SyncState::NeedsAttention,
            Stage::Changed { .. } => SyncState::ConfirmedChanged,
            Stage::Held { .. } => SyncState::Held,
            Stage::Discarded { .. } => SyncState::Discarded,
        }
    }

    /// Whether a record that lies in storage says nothing new here: another tab may have sent it, or learned how it
    /// came out, and not lived to say so.
    #[must_use]
    pub fn knows(&self, record: &OutboxRecord) -> bool {
        // What follows from a decision is the leading tab's to write, and the others' to read.
        let holds = |stage: &Stage| self.is_leading() && matches!(stage, Stage::Held { .. });
        let waits = |stage: &Stage| *stage == Stage::Saved || holds(stage);
        self.items.get(record.submission.id).is_some_and(|item| {
            let is_settled_there = item.record.stage == Stage::Saved && !waits(&record.stage);
            let is_saved_there = item.record.stage == Stage::Unsaved && record.stage == Stage::Saved;
            (item.record.attempted || !record.attempted) && !is_settled_there && !is_saved_there
        })
    }

    /// Whether this tab holds the feed and the sender.
    #[must_use]
    pub fn is_leading(&self) -> bool {
        self.connection.is_leading()
    }

    /// The commands that wait in storage, as far as this tab knows.
    pub fn saved(&self) -> impl Iterator<Item = CommandId> {
        self.items.iter().filter(|item| item.record.stage == Stage::Saved).map(Item::id)
    }

    /// One that may have been sent must not get a second form.
    pub(super) fn is_replaceable(&self, item: &Item) -> bool {
        // One that is with the shop's owner may still come into the book.
        let is_kept_back = item.record.stage == (Stage::Refused { reason: Reason::Quarantined });
        !is_kept_back && item.record.stage != Stage::Unsaved && self.is_discardable(item)
    }

    /// What may have been sent may be in the book: it cannot be given up, only put back. A following tab does not know
    /// what the leading one is sending just now.
    pub(super) fn is_discardable(&self, item: &Item) -> bool {
        if !self.config.may_decide(&item.record) {
            return false;
        }
        match item.record.stage {
            Stage::Refused { .. } | Stage::Held { .. } => true,
            Stage::Unsaved => !item.record.attempted,
            Stage::Saved => {
                let may_know = self.connection.is_leading() || self.defects.has(Defect::TakenBackByAFollower);
                !item.record.attempted && !item.in_flight && may_know
            }
            Stage::Saving | Stage::Accepted { .. } | Stage::Changed { .. } | Stage::Discarded { .. } => false,
        }
    }

    /// What the command changes; for one without an effect, at least what it is about.
    fn touches(&self, item: &Item) -> Vec<AggregateId> {
        let mut touches: Vec<AggregateId> = item.entries().iter().map(|entry| entry.aggregate.clone()).collect();
        if touches.is_empty() {
            touches.push(self.overlay.addressed(&item.record.submission.command));
        }
        touches.sort_unstable();
        touches.dedup();
        touches
    }

    #[must_use]
    pub fn connection(&self) -> ConnectionView {
        self.connection_at(self.now)
    }

    pub(super) fn connection_at(&self, now: Millis) -> ConnectionView {
        let waits = |item: &&Item| is_waiting(&item.record.stage);
        let is_blocked = |item: &Item| item.is_blocked() && !matches!(item.record.stage, Stage::Discarded { .. });
        let needs_person = |item: &&Item| is_blocked(item) && !self.config.withholds(&item.record);
        let waiting = self.items.iter().filter(waits).count();
        let confirmed = self.log.position();
        let behind = self.log.head.saturating_sub(confirmed);
        // Of what nobody here may see, nobody here can do anything about it either.
        let is_unsaved =
            |item: &Item| matches!(item.record.stage, Stage::Unsaved) && !self.config.withholds(&item.record);
        let state = match self.connection.state(behind, waiting, now) {
            // Both leave the page, and with it what it could not keep.
            _ if self.items.iter().any(is_unsaved) => DataState::Storage,
            // Nothing is sent until a person does it.
            state @ (DataState::SignIn | DataState::Revoked | DataState::Update) => state,
            _ if self.cache_failed => DataState::Storage,
            state => state,
        };
        ConnectionView {
            state,
            waiting,
            attention: self.items.iter().filter(needs_person).count(),
            oldest_waiting: self.items.iter().filter(waits).map(|item| item.record.submission.issued_at).min(),
            last_heard: self.connection.last_heard(),
            confirmed,
            head: self.log.head.max(confirmed),
            next_attempt: self.connection.next_attempt(),
        }
    }
}
