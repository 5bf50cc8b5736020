//! What a person may do about a command: give it up, try again, put another in its place, put it aside.

use domain::{
    Command, CommandId, Refusal,
    books::Reads,
    change,
    record::Entry,
    values::{Millis, Reason},
};

use super::{Issue, Issued, Replica, items::Item, rebase::Dirty};
use crate::{
    io::Output,
    outbox::{self, OutboxRecord, Stage},
};

/// Discarded commands kept for this device's history.
const DISCARDED_KEPT: usize = 200;

/// Why a command cannot be given up, sent again or put aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotNow {
    #[error("no such command here")]
    Unknown,
    /// It may be in the book already.
    #[error("it was sent and is not answered yet")]
    Sent,
    #[error("it is not in a state that allows this")]
    State,
}

/// Why a command did not take another's place.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum NotIssued {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

/// What becomes of the commands that wait for one that is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dependants {
    /// They go on waiting: a person decides about each.
    #[default]
    Wait,
    /// They are sent without it: what it was to make is there already.
    GoOn,
    /// They are given up too.
    GiveUp,
}

/// Whether others can read that it was not accepted, and wait for what becomes of it.
fn is_in_the_log(stage: &Stage) -> bool {
    matches!(stage, Stage::Refused { reason: outbox::Reason::Refused { position: Some(_), .. } })
}

/// The refused command that others see waiting until one comes that takes the place of `record`: itself, or the one whose
/// place it was to take and has not, since nobody has read of it.
fn waits_for_another(record: &OutboxRecord) -> Option<CommandId> {
    if is_in_the_log(&record.stage) { Some(record.submission.id) } else { record.submission.replaces }
}

impl Replica {
    /// Gives a command up, for a reason that stays in this device's history. Where somebody may have heard of it, that it
    /// was given up is a command of its own, so that the book has it too. One that never left this device is just gone.
    ///
    /// # Errors
    /// [`NotNow`], and nothing was changed.
    pub fn discard(
        &mut self,
        id: CommandId,
        reason: &str,
        dependants: Dependants,
        now: Millis,
    ) -> Result<Vec<Output>, NotNow> {
        let item = self.items.get(id).ok_or(NotNow::Unknown)?;
        if !self.is_discardable(item) {
            return Err(if super::rebase::is_waiting(&item.record.stage) { NotNow::Sent } else { NotNow::State });
        }
        let mut dirty = Dirty::default();
        let mut given_up = vec![id];
        while let Some(id) = given_up.pop() {
            if dependants == Dependants::GiveUp {
                let held = |item: &&Item| item.record.stage == (Stage::Held { by: id });
                let held = self.items.iter().filter(held).filter(|item| self.config.may_decide(&item.record));
                given_up.extend(held.map(Item::id));
            }
            self.give_up(id, reason, &mut dirty, now);
        }
        if dependants == Dependants::GoOn {
            self.let_go(id);
        }
        self.hold_dependants(&mut dirty);
        self.rebase(dirty);
        self.trim_discarded();
        Ok(self.finish(now))
    }

    fn give_up(&mut self, id: CommandId, reason: &str, dirty: &mut Dirty, now: Millis) {
        let Some(item) = self.items.get(id) else { return };
        let was_heard_of = match &item.record.stage {
            // Nobody listens to this device any more.
            Stage::Refused { reason: outbox::Reason::Quarantined | outbox::Reason::TooLate } => false,
            stage => matches!(stage, Stage::Refused { .. } | Stage::Held { .. }) && self.revocation.is_none(),
        };
        let command = item.record.submission.command.clone();
        self.put_aside(id, Stage::Discarded { reason: reason.to_owned(), at: now, by: None }, dirty);
        let declined = change::decline_id(id);
        if !was_heard_of || matches!(command, Command::Change(_)) || self.items.contains(declined) {
            return;
        }
        let Some(reason) = Reason::parse(reason).or_else(|_| Reason::parse("given up")).ok() else { return };
        let sequence = self.next_sequence();
        let decline = change::Command::decline(id, &command, reason).into();
        // A fact: there is nothing that it could run into.
        if let Ok(record) = self.record(Issue::new(declined, decline), sequence, now) {
            self.put_in(record, now);
        }
    }

    /// What somebody who leads has given up, as the log says. What a person here has decided meanwhile stands.
    pub(super) fn given_up_elsewhere(&mut self, id: CommandId, reason: String, by: &Entry, dirty: &mut Dirty) {
        let is_waiting = |item: &Item| is_in_the_log(&item.record.stage) && !item.is_replaced;
        if self.items.get(id).is_some_and(is_waiting) {
            let stage = Stage::Discarded { reason, at: by.issued_at, by: Some(by.actor.clone()) };
            self.put_aside(id, stage, dirty);
            self.trim_discarded();
        }
    }

    /// What waited for `id` goes on without it.
    fn let_go(&mut self, id: CommandId) {
        let mut freed = Vec::new();
        for item in self.items.iter_mut().filter(|item| item.record.submission.depends_on.contains(&id)) {
            item.record.submission.depends_on.retain(|on| *on != id);
            if item.record.stage == (Stage::Held { by: id }) {
                item.record.stage = Stage::Saved;
                freed.push(item.id());
            }
            self.outputs.push(Output::Update(Box::new(item.record.clone())));
        }
        for id in freed {
            self.release(id, id);
        }
    }

    /// Puts another command in the place of one that was not accepted, waits for such a one, or has not been sent. The
    /// old one goes when the new one is durable; what waited for it then waits for the new one.
    ///
    /// # Errors
    /// [`NotIssued`]: the rule that the new one runs into, or that the old one cannot be replaced; nothing was changed.
    pub fn replace(&mut self, old: CommandId, issue: Issue, now: Millis) -> Result<Issued, NotIssued> {
        let item = self.items.get(old).ok_or(NotNow::Unknown)?;
        if !self.is_replaceable(item) || self.items.contains(issue.id) {
            return Err(NotNow::State.into());
        }
        let (id, sequence) = (issue.id, item.record.sequence);
        // Whoever gives it another form, it stays its author's.
        let colleague = self.config.colleague(&item.record).map(|colleague| colleague.actor.clone());
        let issue = Issue { by: colleague.or(issue.by), ..issue };
        let waiting = waits_for_another(&item.record);
        // The old one must not stand in the new one's way.
        self.set_replaced(old, true);
        let mut record = self.record(issue, sequence, now).inspect_err(|_| self.set_replaced(old, false))?;
        record.submission.replaces = waiting;
        let events = self.put_in(OutboxRecord { replaces: Some(old), ..record }, now);
        self.rebase(Dirty::everything());
        Ok(Issued { id, events, outputs: self.finish(now) })
    }

    fn set_replaced(&mut self, id: CommandId, is_replaced: bool) {
        if let Some(item) = self.items.get_mut(id) {
            item.is_replaced = is_replaced;
        }
        self.changes.pending = true;
        self.rebase(Dirty::everything());
    }

    /// After a start: a process may have ended between the commit of a command and the end of the one it stands for.
    pub(super) fn finish_replacing(&mut self) {
        let done = |item: &Item| item.record.stage != Stage::Unsaved;
        let replacing: Vec<(CommandId, CommandId)> = self
            .items
            .iter()
            .filter(|item| done(item))
            .filter_map(|item| Some((item.record.replaces?, item.id())))
            .collect();
        for (replaced, id) in replacing {
            if self.items.contains(replaced) {
                self.forget(replaced);
                self.release(replaced, id);
            }
        }
    }

    fn trim_discarded(&mut self) {
        let is_discarded = |item: &&Item| matches!(item.record.stage, Stage::Discarded { .. });
        let discarded: Vec<CommandId> = self.items.iter().filter(is_discarded).map(Item::id).collect();
        for id in discarded.iter().take(discarded.len().saturating_sub(DISCARDED_KEPT)) {
            self.items.remove(*id);
            self.outputs.push(Output::Forget(*id));
        }
    }

    /// Tries again: a refused command under `new_id`, since its own id has its verdict for ever; any other under
    /// its own. A held one no longer waits. It stays its author's; one that was not stored any colleague may try to keep.
    ///
    /// # Errors
    /// [`NotNow`], and nothing was changed.
    pub fn retry(&mut self, id: CommandId, new_id: CommandId, now: Millis) -> Result<Vec<Output>, NotNow> {
        let record = &self.items.get(id).ok_or(NotNow::Unknown)?.record;
        match record.stage {
            _ if self.config.withholds(record) => return Err(NotNow::State),
            Stage::Refused { .. } | Stage::Held { .. } if !self.config.may_decide(record) => return Err(NotNow::State),
            Stage::Refused { reason: outbox::Reason::Quarantined } => return Err(NotNow::State),
            Stage::Refused { .. } if self.items.contains(new_id) => return Err(NotNow::State),
            Stage::Refused { .. } => {
                let mut submission = record.submission.clone();
                submission.replaces = waits_for_another(record);
                submission.id = new_id;
                // A person has seen what changed meanwhile and means it all the same.
                submission.if_version = None;
                submission.depends_on.clear();
                // The same place in the order: what waits for it is sent behind it.
                let (sequence, person) = (record.sequence, record.person.clone());
                let again = OutboxRecord::new(submission, sequence);
                self.put_in(OutboxRecord { replaces: Some(id), person, ..again }, now);
                self.rebase(Dirty::everything());
            }
            Stage::Held { .. } => {
                let blocked: Vec<CommandId> =
                    self.items.iter().filter(|item| item.is_blocked()).map(Item::id).collect();
                if let Some(item) = self.items.get_mut(id) {
                    let by = if let Stage::Held { by } = item.record.stage { Some(by) } else { None };
                    let waits = |on: &CommandId| blocked.contains(on) || Some(*on) == by;
                    item.record.submission.depends_on.retain(|on| !waits(on));
                    item.record.stage = Stage::Saved;
                    self.outputs.push(Output::Update(Box::new(item.record.clone())));
                }
                self.release(id, id);
            }
            Stage::Unsaved => {
                if let Some(item) = self.items.get_mut(id) {
                    item.record.stage = Stage::Saved;
                    self.outputs.push(Output::Persist(Box::new(item.record.clone())));
                    item.record.stage = Stage::Saving;
                    item.saving_since = Some(now);
                }
                self.release(id, id);
            }
            _ => return Err(NotNow::State),
        }
        self.changes.pending = true;
        Ok(self.finish(now))
    }

    /// A person has seen a command that was confirmed with a change, or does not want to see a discarded one any
    /// more: its record goes.
    ///
    /// # Errors
    /// [`NotNow`], and nothing was changed.
    pub fn acknowledge(&mut self, id: CommandId, now: Millis) -> Result<Vec<Output>, NotNow> {
        let item = self.items.get(id).ok_or(NotNow::Unknown)?;
        if !self.config.may_decide(&item.record) {
            return Err(NotNow::State);
        }
        let record = item.record.clone();
        match &record.stage {
            Stage::Changed { positions, .. } => {
                let last = positions.last().copied();
                self.keep(record, last);
            }
            Stage::Discarded { .. } => self.outputs.push(Output::Forget(id)),
            _ => return Err(NotNow::State),
        }
        self.items.remove(id);
        self.changes.pending = true;
        Ok(self.finish(now))
    }

    /// Why `command` would be refused just now on what pages show; for forms that check while one types.
    #[must_use]
    pub fn would_refuse(&self, command: &domain::Command) -> Option<domain::Refusal> {
        let decided = self.overlay.decide(command, &self.config.author, &mut Reads::new());
        decided.err().map(|(_, refusal)| refusal)
    }
}
