//! What becomes of this device's commands: by the log, by the answer to a push, or by a person.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CommandId, Event, EventRecord, Refusal, Verdict, books::Reads, ids::AggregateId, record::Entry, refusal::Changed,
    values::Millis,
};
use uuid::Uuid;

use super::{
    Replica,
    items::{Effect, Item},
    log::{Standing, Trouble},
    rebase::{Dirty, is_waiting, refusal_of},
};
use crate::{
    connection::Stop,
    defects::Defect,
    io::Output,
    outbox::{OutboxRecord, Reason, Stage},
    protocol::{Outcome, PushAnswer},
};

/// What the log brought of one of this device's commands.
#[derive(Default)]
struct Arrived {
    positions: Vec<u64>,
    events: Vec<Event>,
    touches: Vec<AggregateId>,
    refused: Option<(u64, Refusal)>,
}

impl Arrived {
    fn add(&mut self, id: CommandId, entry: Entry) {
        self.touches.extend(entry.touches());
        if entry.command_id == id {
            match &entry.event {
                Event::Refused(refused) => self.refused = Some((entry.position, refused.refusal.clone())),
                _ => self.positions.push(entry.position),
            }
        }
        self.events.push(entry.event);
    }
}

impl Replica {
    /// Takes the next entries of the log.
    pub(super) fn take_entries(&mut self, records: Vec<EventRecord>, now: Millis) {
        let mut dirty = Dirty::default();
        let mut own: BTreeMap<CommandId, Arrived> = BTreeMap::new();
        let (mut taken, mut given_up) = (Vec::with_capacity(records.len()), Vec::new());
        let before = self.log.position();
        for record in records {
            match self.log.take(&record) {
                Ok(Some(entry)) => {
                    if let Event::Declined(declined) = &entry.event
                        && self.items.contains(declined.command_id)
                    {
                        given_up.push((declined.clone(), entry.clone()));
                    }
                    // What a process manager did in answer belongs to the command that started it.
                    let id = [entry.command_id, entry.correlation].into_iter().find(|id| self.items.contains(*id));
                    match id {
                        Some(id) => own.entry(id).or_default().add(id, entry),
                        None => dirty.add(entry.touches()),
                    }
                    taken.push(record);
                }
                Ok(None) => {}
                Err(trouble) => {
                    self.trouble(trouble, now);
                    break;
                }
            }
        }
        if self.log.position() == before {
            return;
        }
        self.settle_arrived(own, &mut dirty);
        for (declined, entry) in given_up {
            self.given_up_elsewhere(declined.command_id, declined.why(), &entry, &mut dirty);
        }
        self.settle_passed(&mut dirty);
        self.hold_dependants(&mut dirty);
        self.rebase(dirty);
        self.found_again(taken.iter().map(|record| record.command_id));
        if self.connection.is_leading() && !taken.is_empty() {
            self.tail += taken.len() as u64;
            self.outputs.push(Output::Append(taken));
        }
        if let Some(report) = self.log.compare_passed() {
            self.replace_log(report);
        }
    }

    fn trouble(&mut self, trouble: Trouble, now: Millis) {
        match trouble {
            Trouble::Gap if self.connection.is_following() => {
                self.outputs.push(Output::CatchUp { after: self.log.position() });
            }
            Trouble::Gap => self.connection.reopen(now),
            Trouble::Differs(report) => self.replace_log(report),
            Trouble::Unreadable(report) => {
                self.log.standing = Standing::Unreadable;
                self.connection.stop_feed(Stop::Update);
                self.outputs.push(Output::Report(report));
            }
        }
    }

    /// Settles the commands whose entries have come.
    fn settle_arrived(&mut self, mut own: BTreeMap<CommandId, Arrived>, dirty: &mut Dirty) {
        // While every command before has come out as it was shown, the ones behind stand on what they stood on.
        let mut as_shown = true;
        for id in self.items.ids() {
            let Some(arrived) = own.remove(&id) else {
                // One that stays pending is overtaken by those behind it, also if it changes nothing itself.
                as_shown &= self.items.get(id).is_none_or(|item| !item.is_shown(&self.config));
                continue;
            };
            if let Some((position, refusal)) = arrived.refused {
                // After a start the tail is read again: what a person has given up since stays given up.
                let is_given_up = |item: &Item| matches!(item.record.stage, Stage::Discarded { .. });
                if self.items.get(id).is_some_and(is_given_up) {
                    dirty.add(arrived.touches);
                    as_shown = false;
                    continue;
                }
                self.refuse(id, Reason::Refused { position: Some(position), refusal }, dirty);
                as_shown = false;
                continue;
            }
            let Some(item) = self.items.get_mut(id) else { continue };
            if item.record.stage == (Stage::Refused { reason: Reason::Quarantined }) {
                // An owner has let it through after all.
                item.record.stage = Stage::Saved;
            }
            let Some(item) = self.items.get(id) else { continue };
            if !matches!(item.record.stage, Stage::Refused { .. } | Stage::Changed { .. })
                && !item.is_shown(&self.config)
            {
                // It was put aside here, and is in the book all the same: the book is right. Whoever gave it up is told.
                let is_given_up = matches!(item.record.stage, Stage::Discarded { .. });
                dirty.add(arrived.touches);
                let change = is_given_up.then(|| (Vec::new(), arrived.events));
                self.confirm(id, arrived.positions, change, dirty);
                as_shown = false;
                continue;
            }
            if !item.is_shown(&self.config) {
                dirty.add(arrived.touches);
                continue;
            }
            if arrived.positions.is_empty() {
                // Only what a process manager did in answer, after a break: the command itself is settled already.
                dirty.add(arrived.touches);
                continue;
            }
            let shown = match &item.effect {
                Effect::Shown { .. } => Some(item.events()),
                // Nothing was shown that could have come out differently.
                Effect::None | Effect::AtRisk { .. } => None,
            };
            if shown.as_ref() != Some(&arrived.events) || !as_shown {
                as_shown = false;
                dirty.add(item.touches());
                dirty.add(arrived.touches);
            }
            // Nothing is missing in a shorter list that agrees as far as it goes: the rest is in the next frame.
            let change = shown.filter(|shown| !shown.starts_with(&arrived.events)).map(|shown| (shown, arrived.events));
            self.confirm(id, arrived.positions, change, dirty);
        }
    }

    /// Settles the commands whose verdict was known and whose position has been passed without an entry of theirs:
    /// those that changed nothing, and those whose entries came inside a snapshot.
    pub(super) fn settle_passed(&mut self, dirty: &mut Dirty) -> bool {
        let (last, epoch) = (self.log.position(), self.log.epoch);
        let mut some = false;
        for id in self.items.ids() {
            let Some(item) = self.items.get(id) else { continue };
            let Stage::Accepted { positions, head, epoch: of } = &item.record.stage else { continue };
            if Some(*of) != epoch || positions.iter().max().unwrap_or(head) > &last {
                continue;
            }
            let positions = positions.clone();
            let shown = item.events();
            let change = (positions.is_empty() && !shown.is_empty()).then(|| (shown, Vec::new()));
            dirty.add(item.touches());
            self.confirm(id, positions, change, dirty);
            some = true;
        }
        some
    }

    /// The command is in the log, or has changed nothing there.
    fn confirm(
        &mut self,
        id: CommandId,
        positions: Vec<u64>,
        change: Option<(Vec<Event>, Vec<Event>)>,
        dirty: &mut Dirty,
    ) {
        self.changes.pending = true;
        self.changes.books = true;
        let Some((shown, actual)) = change else {
            if let Some(item) = self.items.remove(id) {
                let replaced = item.record.replaces;
                self.keep(item.record, positions.last().copied());
                if let Some(replaced) = replaced {
                    self.forget(replaced);
                }
            }
            return;
        };
        if let Some(item) = self.items.get_mut(id) {
            let touches: Vec<_> = item.touches().collect();
            dirty.add(touches);
            item.effect = Effect::None;
            item.record.stage = Stage::Changed { positions, shown, actual };
            self.outputs.push(Output::Update(Box::new(item.record.clone())));
        }
    }

    pub(super) fn forget(&mut self, id: CommandId) {
        if self.items.remove(id).is_some() {
            self.outputs.push(Output::Forget(id));
        }
    }

    /// The command was not accepted: it stays, and its effect goes.
    pub(super) fn refuse(&mut self, id: CommandId, reason: Reason, dirty: &mut Dirty) {
        if self.defects.has(Defect::RefusalForgotten) {
            self.forget(id);
            return;
        }
        self.put_aside(id, Stage::Refused { reason }, dirty);
    }

    /// Takes a command out of the overlay.
    pub(super) fn put_aside(&mut self, id: CommandId, stage: Stage, dirty: &mut Dirty) {
        let Some(item) = self.items.get_mut(id) else { return };
        dirty.add(item.touches());
        item.effect = Effect::None;
        item.in_flight = false;
        item.sending_since = None;
        item.saving_since = None;
        item.record.stage = stage;
        // What follows from a decision in another tab is the leading one's to write: two tabs that each wrote down
        // what they made of it would undo each other.
        if !matches!(item.record.stage, Stage::Held { .. }) || self.connection.is_leading() {
            self.outputs.push(Output::Update(Box::new(item.record.clone())));
        }
        self.changes.pending = true;
    }

    /// Commands that build on one that was not accepted wait for a person too. Everything else goes on.
    pub(super) fn hold_dependants(&mut self, dirty: &mut Dirty) {
        if self.defects.has(Defect::NoDependantsHold) {
            return;
        }
        for id in self.items.ids() {
            let Some(item) = self.items.get(id) else { continue };
            if item.in_flight || !matches!(item.record.stage, Stage::Saving | Stage::Saved) {
                continue;
            }
            let depends_on = &item.record.submission.depends_on;
            let blocked = |by: &&CommandId| self.items.get(**by).is_some_and(Item::is_blocked);
            if let Some(by) = depends_on.iter().find(blocked).copied() {
                self.put_aside(id, Stage::Held { by }, dirty);
            }
        }
    }

    /// The commands that waited for `by` go on, on top of `now_called` where it has another id by now.
    pub(super) fn release(&mut self, by: CommandId, now_called: CommandId) {
        let mut changed = Vec::new();
        let mut freed = vec![(by, now_called)];
        while let Some((by, now_called)) = freed.pop() {
            for item in self.items.iter_mut() {
                let mut is_changed = false;
                let depends_on = &mut item.record.submission.depends_on;
                for dependency in depends_on.iter_mut().filter(|dependency| **dependency == by) {
                    *dependency = now_called;
                    is_changed = by != now_called;
                }
                if item.record.stage == (Stage::Held { by }) {
                    item.record.stage = Stage::Saved;
                    is_changed = true;
                    // What waited for this one in turn goes on too.
                    freed.push((item.id(), item.id()));
                }
                if is_changed {
                    changed.push(Output::Update(Box::new(item.record.clone())));
                }
            }
        }
        self.changes.pending |= !changed.is_empty();
        self.outputs.extend(changed);
        let mut dirty = Dirty::default();
        self.hold_dependants(&mut dirty);
        self.rebase(dirty);
    }

    /// What was put aside in this tab for the sake of a command that another tab has let go on goes on too. It was put
    /// aside here alone, and nobody else would say so.
    fn go_on_behind(&mut self, id: CommandId) {
        let mut gone_on = vec![id];
        while let Some(by) = gone_on.pop() {
            if self.items.get(by).is_some_and(Item::is_blocked) {
                continue;
            }
            let is_leading = self.connection.is_leading();
            for item in self.items.iter_mut().filter(|item| item.record.stage == (Stage::Held { by })) {
                item.record.stage = Stage::Saved;
                gone_on.push(item.id());
                if is_leading {
                    self.outputs.push(Output::Update(Box::new(item.record.clone())));
                }
            }
        }
    }

    /// Takes the answers to a push. Says how many of this device's commands they settled.
    pub(super) fn take_answer(&mut self, answer: PushAnswer, now: Millis) -> usize {
        self.take_outcomes(answer.outcomes, Some((answer.epoch, answer.head)), now)
    }

    /// `log`: which log they are of, and where it ends; none from a server that lets this device know no more.
    pub(super) fn take_outcomes(&mut self, outcomes: Vec<Outcome>, log: Option<(Uuid, u64)>, now: Millis) -> usize {
        let mut dirty = Dirty::default();
        let mut settled = 0;
        let mut unsaved = Vec::new();
        let (epoch, head) = log.unwrap_or_default();
        for outcome in outcomes {
            let id = outcome.id();
            let Some(item) = self.items.get_mut(id) else { continue };
            item.in_flight = false;
            if !matches!(item.record.stage, Stage::Saving | Stage::Saved | Stage::Unsaved | Stage::Accepted { .. }) {
                continue;
            }
            settled += 1;
            match outcome {
                Outcome::Settled { verdict: Verdict::Accepted { positions }, .. } => {
                    item.sending_since = item.sending_since.or(Some(now));
                    item.saving_since = None;
                    if item.record.stage == Stage::Unsaved {
                        unsaved.push(id);
                    }
                    item.record.stage = Stage::Accepted { positions, head, epoch };
                    self.changes.pending = true;
                }
                Outcome::Settled { verdict: Verdict::Refused { position, refusal }, .. } => {
                    self.refuse(id, Reason::Refused { position: Some(position), refusal }, &mut dirty);
                }
                Outcome::Held { by, .. } => self.put_aside(id, Stage::Held { by }, &mut dirty),
                Outcome::IdReused { .. } => self.refuse(id, Reason::IdReused, &mut dirty),
                Outcome::VersionConflict { aggregate, expected, actual, .. } => {
                    let changed = Changed::Version { id: aggregate, expected, actual };
                    let refusal = Refusal::ChangedMeanwhile(changed);
                    self.refuse(id, Reason::Refused { position: None, refusal }, &mut dirty);
                }
            }
        }
        if log.is_some() {
            self.heard_of_head(epoch, head);
        }
        let is_some_gone = self.settle_passed(&mut dirty);
        self.hold_dependants(&mut dirty);
        // Sent before this device lost it, and in the book: it is shown again, and what waited for it goes on.
        for id in unsaved {
            self.release(id, id);
        }
        // What was given up touches nothing, and its entry stands on the page once only all the same.
        if is_some_gone || !dirty.is_clean() {
            self.rebase(dirty);
        }
        settled
    }

    fn heard_of_head(&mut self, epoch: Uuid, head: u64) {
        if self.log.epoch == Some(epoch) {
            self.log.head = self.log.head.max(head);
        } else if self.log.epoch.is_some() {
            // The answer may be an old one of a log that is gone; asking for a snapshot is harmless either way.
            self.replace_log(crate::io::Report::OtherLog { epoch });
        }
    }

    /// The commands without which this one would be refused: if it is refused on the confirmed books alone, those
    /// pending ones that wrote what it reads.
    ///
    /// What puts back a command that is still on its way makes no sense without it either.
    pub(super) fn dependencies(
        &self,
        submission: &domain::Submission,
        mut reads: Reads,
        sequence: u64,
    ) -> Vec<CommandId> {
        let author = &self.config.author;
        let is_waited_for = |id: &CommandId| self.items.get(*id).is_some_and(|item| is_waiting(&item.record.stage));
        let undone: Vec<CommandId> = submission.undoes.into_iter().filter(is_waited_for).collect();
        if refusal_of(&self.log.books, submission, author, &mut reads).is_none() {
            return undone;
        }
        // The latest first: what it builds on needs no mention of its own, since waiting is passed on.
        let mut found = undone;
        let mut implied: BTreeSet<CommandId> = found.iter().copied().collect();
        let before = |item: &&Item| item.record.sequence < sequence && item.is_shown(&self.config);
        for item in self.items.iter().rev().filter(before).filter(|item| is_waiting(&item.record.stage)) {
            let is_implied = implied.contains(&item.id());
            if !is_implied && item.touches().any(|name| reads.contains(&name)) {
                found.push(item.id());
            } else if !is_implied {
                continue;
            }
            implied.extend(item.record.submission.depends_on.iter().copied());
        }
        found
    }

    /// Whether it went for another one. Storage that is late, and notes that were on their way, bring such a record up
    /// once more.
    fn is_replaced_for_good(&self, id: CommandId) -> bool {
        let stands = |item: &Item| !matches!(item.record.stage, Stage::Saving | Stage::Unsaved);
        self.kept.has_replaced(id) || self.items.iter().any(|item| item.record.replaces == Some(id) && stands(item))
    }

    /// A record that another tab wrote or changed.
    pub(super) fn adopt_record(&mut self, mut record: OutboxRecord) {
        if self.config.leaves_alone(&record) {
            self.left_alone.insert(record.submission.id);
            return;
        }
        if self.is_replaced_for_good(record.submission.id) {
            // Storage did not take it away, and another tab has found it there.
            self.outputs.push(Output::Forget(record.submission.id));
            return;
        }
        if matches!(record.stage, Stage::Saving | Stage::Accepted { .. }) {
            record.stage = Stage::Saved;
        }
        let id = record.submission.id;
        let mut dirty = Dirty::default();
        if let Some(known) = self.items.get_mut(id) {
            // Another tab has read it in the synchronous half; the strict commit is still to come. What has become of it
            // there since, above all that somebody gave it up, is taken over.
            if known.record.stage == Stage::Saving && matches!(record.stage, Stage::Saved | Stage::Unsaved) {
                known.record.attempted |= record.attempted;
                return;
            }
            if known.in_flight || matches!(known.record.stage, Stage::Accepted { .. }) {
                return;
            }
            dirty.add(known.touches());
            // Two tabs that lead at once do not undo what the other one knows.
            record.attempted |= known.record.attempted;
        }
        let item = Item::new(record);
        let (replaces, is_unsaved) = (item.record.replaces, item.record.stage == Stage::Unsaved);
        self.items.insert(item);
        if let Some(replaced) = replaces.filter(|_| !is_unsaved) {
            self.remove_record(replaced);
        }
        self.go_on_behind(id);
        self.hold_dependants(&mut dirty);
        self.changes.pending = true;
        self.rebase(dirty);
    }

    /// Records that storage gave only now. Whether the run that left them may have sent them stands in them.
    pub(super) fn found_late(&mut self, records: Vec<OutboxRecord>) {
        for record in records {
            if !self.items.contains(record.submission.id) {
                self.adopt_record(record);
            }
        }
    }

    /// A record that another tab removed.
    pub(super) fn remove_record(&mut self, id: CommandId) {
        self.left_alone.remove(&id);
        let is_settled = |item: &Item| !item.in_flight && !matches!(item.record.stage, Stage::Accepted { .. });
        if self.items.get(id).is_some_and(is_settled)
            && let Some(item) = self.items.remove(id)
        {
            let mut dirty = Dirty::default();
            dirty.add(item.touches());
            self.changes.pending = true;
            self.rebase(dirty);
        }
    }
}
