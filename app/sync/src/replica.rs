//! A replica of one shop: the confirmed log as far as it came, and this device's pending commands on top.

mod items;
mod log;
mod rebase;
mod recovery;
mod repair;
mod revoked;
mod settle;
mod storage_lost;
#[cfg(test)]
mod tests;
mod unsent;
mod views;

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    Command, CommandId, EventRecord, Refusal, Submission,
    books::{Author, Books, Reads},
    chain::Hash,
    digest::Digest,
    event::Event,
    values::Millis,
};
use uuid::Uuid;

use self::{
    items::{Item, Items},
    log::{Log, Rejected, Standing},
    rebase::{Dirty, decide, is_waiting, refusal_of},
};
pub use self::{
    recovery::Lost,
    repair::{Dependants, NotIssued, NotNow},
};
use crate::{
    acknowledged::{Acknowledged, Kept},
    connection::{Action, Connection, ConnectionView, Needs, Stop},
    defects::{Defect, Defects},
    io::{Changes, FeedEnd, Input, Output, Report},
    outbox::{OutboxRecord, Stage, is_another},
    protocol::{
        CodeTaken, FeedFrame, MOST_COMMANDS, PROTOCOL, ProtocolError, Push, PushAnswer, Revocation, Revoked, Snapshot,
    },
};

/// How long storage may take for a strict commit before the command is called not stored.
const SAVING: i64 = 10_000;
/// Entries behind the cached snapshot after which a new one is written.
const LONGEST_TAIL: u64 = 1_000;

/// What a replica is told once.
#[derive(Clone, Debug)]
pub struct Config {
    pub device: Arc<str>,
    /// Who is signed in: commands are decided locally as this person's.
    pub author: Author,
    /// Their login, where a session says who it is: what another person has left on the device waits for that one.
    pub person: Option<Arc<str>>,
    /// Others who share the device, with their roles. What they have left here is shown and sent too, in their names: the
    /// server knows that they share it.
    pub colleagues: Vec<Author>,
    /// Any number that differs between devices, for the jitter of retries.
    pub jitter_seed: u64,
}

impl Config {
    fn colleague(&self, record: &OutboxRecord) -> Option<&Author> {
        let person = record.person.as_deref().filter(|_| record.is_of_another(self.person.as_deref()))?;
        self.sharing(person)
    }

    /// Whoever shares the device under this login.
    fn sharing(&self, login: &str) -> Option<&Author> {
        self.colleagues.iter().find(|colleague| &*colleague.actor == login)
    }

    /// Whether it has an author and nobody has said who is here. It is sent, since the session may be theirs and this page
    /// need not have heard of it; it is shown to nobody, and nobody decides about it.
    #[must_use]
    pub fn withholds(&self, record: &OutboxRecord) -> bool {
        self.person.is_none() && record.person.is_some()
    }

    /// Whether a person here decides what becomes of a command: about a colleague's, only somebody who answers for others.
    fn may_decide(&self, record: &OutboxRecord) -> bool {
        !self.withholds(record) && (self.colleague(record).is_none() || self.author.role.answers_for_others())
    }

    /// As whom a command is decided here.
    pub(crate) fn author_of(&self, record: &OutboxRecord) -> &Author {
        self.colleague(record).unwrap_or(&self.author)
    }

    /// Whether it waits for its author to sign in, and is nobody's business until then.
    #[must_use]
    pub fn leaves_alone(&self, record: &OutboxRecord) -> bool {
        record.is_of_another(self.person.as_deref()) && self.colleague(record).is_none()
    }
}

/// What storage held when the page opened.
#[derive(Clone, Debug, Default)]
pub struct StoredState {
    pub snapshot: Option<Snapshot>,
    /// Entries behind the snapshot, in order.
    pub tail: Vec<EventRecord>,
    /// The union of all stores, by id; in any order.
    pub outbox: Vec<OutboxRecord>,
    /// Settled commands of this device; in any order.
    pub acknowledged: Vec<Acknowledged>,
    pub lost: Vec<Lost>,
    /// That this device, or whoever uses it now, was shut out.
    pub revocation: Option<Revocation>,
}

/// A command as a page gives it.
#[derive(Clone, PartialEq, Debug)]
pub struct Issue {
    /// Made by the caller at the moment of the click, and never used for another command.
    pub id: CommandId,
    pub command: Command,
    pub if_version: Option<u32>,
    /// The command that this one puts back.
    pub undoes: Option<CommandId>,
    /// In whose name it goes, where that is one of the colleagues and not whoever uses the device.
    pub by: Option<Arc<str>>,
}

impl Issue {
    #[must_use]
    pub fn new(id: CommandId, command: Command) -> Self {
        Self { id, command, if_version: None, undoes: None, by: None }
    }
}

/// A command that was accepted on this device. It is shown as pending from now on; it may be called saved when
/// [`crate::SyncState::Saving`] is over.
#[derive(Clone, Debug)]
pub struct Issued {
    pub id: CommandId,
    /// What it did to the overlay, those of process managers included.
    pub events: Vec<Event>,
    pub outputs: Vec<Output>,
}

/// A digest with the position that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DigestAt {
    pub position: u64,
    pub digest: Digest,
}

/// The digests of both sides, as the page about this device shows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DigestsView {
    pub ours: DigestAt,
    /// As last heard.
    pub theirs: Option<DigestAt>,
    /// The last position at which both were seen to be equal.
    pub agreed: Option<DigestAt>,
}

/// What the last rebase did.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RebaseTrace {
    pub position: u64,
    /// Pending commands whose read set was not touched: their events were applied again as they were.
    pub kept: usize,
    pub decided_again: usize,
    /// Those of them that came out differently.
    pub changed: Vec<Redecided>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Redecided {
    pub id: CommandId,
    pub before: Vec<Event>,
    pub after: Vec<Event>,
    /// Why it would be refused now.
    pub at_risk: Option<Refusal>,
}

/// A replica of one shop.
#[derive(Clone, Debug)]
pub struct Replica {
    config: Config,
    log: Log,
    items: Items,
    kept: Kept,
    lost: Vec<Lost>,
    /// Commands that wait in storage for somebody who does not use the device now.
    left_alone: BTreeSet<CommandId>,
    revocation: Option<Revocation>,
    overlay: Arc<Books>,
    connection: Connection,
    /// Time of the last input.
    now: Millis,
    /// The most commands in the next push: fewer after the server could not read one of them.
    batch: usize,
    /// Colleagues from whom the server took nothing lately.
    turned_away: BTreeSet<Arc<str>>,
    /// Entries behind the cached snapshot.
    tail: u64,
    cache_failed: bool,
    trace: RebaseTrace,
    outputs: Vec<Output>,
    changes: Changes,
    wake_at: Option<Millis>,
    /// The connection as it was shown last, and the position at the last input.
    shown: Option<ConnectionView>,
    last_position: u64,
    knew_who_leads: bool,
    defects: Defects,
}

impl Replica {
    /// A replica that knows nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            connection: Connection::new(config.jitter_seed),
            config,
            log: Log::new(),
            items: Items::default(),
            kept: Kept::default(),
            lost: Vec::new(),
            left_alone: BTreeSet::new(),
            revocation: None,
            overlay: Arc::default(),
            now: Millis::default(),
            batch: MOST_COMMANDS,
            turned_away: BTreeSet::new(),
            tail: 0,
            cache_failed: false,
            trace: RebaseTrace::default(),
            outputs: Vec::new(),
            changes: Changes::default(),
            wake_at: None,
            shown: None,
            last_position: 0,
            knew_who_leads: false,
            defects: Defects::default(),
        }
    }

    /// A replica that continues from what storage held. Say [`Input::Lead`] or [`Input::Follow`] next.
    #[must_use]
    pub fn restore(config: Config, stored: StoredState, now: Millis) -> (Self, Vec<Output>) {
        Self::restore_with(config, stored, Defects::default(), now)
    }

    /// As [`Replica::restore`], broken in a way that a test has chosen.
    #[must_use]
    pub fn restore_with(config: Config, stored: StoredState, defects: Defects, now: Millis) -> (Self, Vec<Output>) {
        let mut replica = Self::new(config);
        replica.defects = defects;
        replica.log.defects = defects;
        replica.now = now;
        replica.recall(stored.acknowledged);
        replica.lost = stored.lost;
        if !defects.has(Defect::OutboxDroppedOnRestart) {
            for mut record in stored.outbox {
                if replica.config.leaves_alone(&record) {
                    replica.left_alone.insert(record.submission.id);
                    continue;
                }
                // The half that is written late brings back what went for another command, when the power failed.
                if replica.kept.has_replaced(record.submission.id) {
                    replica.outputs.push(Output::Forget(record.submission.id));
                    continue;
                }
                if matches!(record.stage, Stage::Saving | Stage::Accepted { .. }) {
                    record.stage = Stage::Saved;
                }
                replica.items.insert(Item::new(record));
            }
        }
        let had_books = stored.snapshot.is_some();
        let snapshot = stored.snapshot.filter(|_| stored.revocation.is_none());
        // A cached snapshot of another fold, or one that was damaged, is worth nothing: the server has a better one.
        if let Some(snapshot) = snapshot
            && replica.log.adopt(snapshot).is_ok()
        {
            // Another tab may have written books that hold what this one had listed as lost.
            replica.found_in_books();
            replica.take_entries(stored.tail, now);
        }
        if let Some(revocation) = stored.revocation {
            replica.begin_shut_out(revocation, had_books);
        }
        replica.finish_replacing();
        let mut dirty = Dirty::everything();
        replica.hold_dependants(&mut dirty);
        replica.rebase(dirty);
        // What the cache holds needs no writing again, and a hole in it is filled by the feed.
        replica.outputs.retain(|output| !matches!(output, Output::Append(_) | Output::CatchUp { .. }));
        let outputs = replica.finish(now);
        (replica, outputs)
    }

    /// As whom commands are decided here.
    #[must_use]
    pub fn author(&self) -> &Author {
        &self.config.author
    }

    /// Decides a command on the overlay. A repeat of an id that is here already changes nothing.
    ///
    /// # Errors
    /// The rule that it runs into; nothing was written then.
    pub fn issue(&mut self, issue: Issue, now: Millis) -> Result<Issued, Refusal> {
        if let Some(known) = self.items.get(issue.id) {
            return Ok(Issued { id: issue.id, events: known.events(), outputs: Vec::new() });
        }
        let id = issue.id;
        let record = self.record(issue, self.next_sequence(), now)?;
        let events = self.put_in(record, now);
        Ok(Issued { id, events, outputs: self.finish(now) })
    }

    /// The command as it is kept and sent, behind those of lower `sequence`.
    fn record(&self, issue: Issue, sequence: u64, now: Millis) -> Result<OutboxRecord, Refusal> {
        let colleague = issue.by.as_deref().and_then(|by| self.config.sharing(by));
        let mut submission = Submission {
            id: issue.id,
            command: issue.command,
            if_version: issue.if_version,
            device: self.config.device.clone(),
            issued_at: now,
            undoes: issue.undoes,
            replaces: None,
            depends_on: Vec::new(),
        };
        let mut reads = Reads::new();
        match refusal_of(&self.overlay, &submission, colleague.unwrap_or(&self.config.author), &mut reads) {
            Some(refusal) => Err(refusal),
            None => {
                submission.depends_on = self.dependencies(&submission, reads, sequence);
                let person = colleague.map(|colleague| colleague.actor.clone());
                Ok(OutboxRecord { person, ..OutboxRecord::new(submission, sequence) })
            }
        }
    }

    /// Behind all commands that were ever issued here, also those that are settled: they may come back.
    fn next_sequence(&self) -> u64 {
        self.items.last_sequence().max(self.kept.last_sequence()) + 1
    }

    /// A new command: it is given to storage and shown.
    fn put_in(&mut self, record: OutboxRecord, now: Millis) -> Vec<Event> {
        let person = record.person.clone().or_else(|| self.config.person.clone());
        let record = OutboxRecord { person, ..record };
        self.outputs.push(Output::Persist(Box::new(record.clone())));
        let mut item = Item::new(record);
        item.saving_since = Some(now);
        item.record.stage = if self.defects.has(Defect::SavedBeforeDurable) { Stage::Saved } else { Stage::Saving };
        if item.is_shown(&self.config) {
            let overlay = Arc::make_mut(&mut self.overlay);
            let author = self.config.author_of(&item.record);
            item.effect = decide(overlay, &item.record.submission, author, self.log.epoch);
        }
        let events = item.events();
        self.items.insert(item);
        self.changes.books = true;
        self.changes.pending = true;
        events
    }

    /// Takes an input in.
    pub fn handle(&mut self, input: Input, now: Millis) -> Vec<Output> {
        self.now = now;
        match input {
            Input::Lead | Input::Follow => {
                if matches!(input, Input::Lead) {
                    self.connection.lead();
                    self.offer_strays();
                } else {
                    self.connection.follow();
                }
                // What may be taken back or changed depends on it.
                self.changes.pending = true;
            }
            Input::Persisted(id) => self.persisted(id),
            Input::StorageFailed(id) => self.not_stored(id),
            Input::CacheFailed => self.cache_failed = true,
            Input::StorageLost => self.storage_lost(),
            Input::Named(device) => self.named(device, now),
            Input::Adopted(record) => self.adopt_record(*record),
            Input::FoundLate(records) => self.found_late(records),
            Input::Removed(id) => self.remove_record(id),
            Input::Recalled(acknowledged) => self.recalled(acknowledged),
            Input::FeedOpened { feed } => self.connection.opened(feed, now),
            Input::FeedFrame { feed, frame } if self.connection.is_feed(feed) => {
                self.connection.heard(now);
                self.take_frame(*frame, now);
            }
            Input::FeedUnreadable { feed, .. } if self.connection.is_feed(feed) => self.connection.reopen(now),
            Input::FeedClosed { feed, end } if self.connection.is_feed(feed) => self.feed_ended(end, now),
            // A feed that was given up may still have something on its way.
            Input::FeedFrame { .. } | Input::FeedUnreadable { .. } | Input::FeedClosed { .. } => {}
            Input::PollAnswered { feed, answer } if self.connection.is_feed(feed) => {
                self.poll_answered(feed, answer, now)
            }
            Input::PollAnswered { .. } => {}
            Input::Relayed(frame) => {
                self.connection.heard(now);
                match *frame {
                    FeedFrame::Events(_) | FeedFrame::Heartbeat(_) | FeedFrame::CodeTaken(_) => {
                        self.take_frame(*frame, now);
                    }
                    FeedFrame::Revoked(Revoked { revocation: Some(revocation), .. }) => self.shut_out(revocation),
                    _ => {}
                }
            }
            Input::Missed { after } => {
                // The leading tab could not keep what it heard. The server has it.
                let is_stuck = self.connection.is_following() && self.log.position() <= after;
                if is_stuck && self.log.standing == Standing::Following {
                    self.log.standing = Standing::Replaced;
                }
            }
            Input::RelayedAnswer(answer) => {
                self.take_answer(*answer, now);
            }
            Input::PushAnswered { ticket, answer } => self.push_answered(ticket, answer, now),
            Input::SnapshotAnswered { ticket, answer } if self.connection.is_fetch(ticket) => {
                self.snapshot_answered(answer, now);
            }
            Input::SnapshotAnswered { .. } => {}
            // Whether it is one of before is not to be seen: the server is asked.
            Input::SnapshotOffered(_) if self.revocation.is_some() => self.connection.try_now(now),
            Input::SnapshotOffered(snapshot) => self.snapshot_offered(*snapshot),
            Input::Probed { reached } => self.connection.probed(reached, now),
            // Timers fire early now and then; the time is named again if it has not come.
            Input::Wake => self.wake_at = None,
            Input::NetworkUp => self.connection.network_up(now),
            Input::NetworkDown => self.connection.network_down(now),
            Input::Led(state) => self.connection.leader_says(state, now),
            Input::Hidden => self.connection.hidden(),
            Input::Resumed => {
                self.turned_away.clear();
                self.connection.resumed(now);
            }
            Input::Pause => self.connection.pause(),
            Input::Unpause => self.connection.unpause(now),
            Input::TryNow => {
                self.turned_away.clear();
                // A person who asks again may have a newer server in front of them.
                if self.log.standing == Standing::Unreadable {
                    self.log.standing = Standing::Following;
                }
                self.connection.try_now(now);
            }
            Input::SignedIn => {
                self.turned_away.clear();
                self.connection.signed_in(now);
            }
            Input::InRole(role) => self.take_role(role),
        }
        self.finish(now)
    }

    /// What was allowed may not be any more: everything is decided again. It stays in the outbox all the same, and the server
    /// has the last word.
    fn take_role(&mut self, role: domain::books::Role) {
        if self.config.author.role != role {
            self.config.author.role = role;
            self.changes.pending = true;
            self.rebase(Dirty::everything());
        }
    }

    fn persisted(&mut self, id: CommandId) {
        self.cache_failed = false;
        self.changes.pending = true;
        let Some(item) = self.items.get_mut(id) else {
            // Storage was so late that a person has given it up meanwhile, or the log has it: it must not come back.
            self.outputs.push(Output::Forget(id));
            return;
        };
        item.saving_since = None;
        if matches!(item.record.stage, Stage::Discarded { .. }) {
            // Given up in another tab while this one tried to keep it: the commit has written over that word.
            self.outputs.push(Output::Update(Box::new(item.record.clone())));
            return;
        }
        let was_unsaved = item.record.stage == Stage::Unsaved;
        if matches!(item.record.stage, Stage::Saving | Stage::Unsaved) {
            item.record.stage = Stage::Saved;
        }
        // Behind a commit that came late stands the word that there was none.
        let said_otherwise = was_unsaved.then(|| Output::Update(Box::new(item.record.clone())));
        if let Some(replaced) = item.record.replaces {
            self.forget(replaced);
            self.release(replaced, id);
        }
        if was_unsaved {
            // Storage was late, or a second attempt went well: what waited for it goes on.
            self.release(id, id);
        }
        self.outputs.extend(said_otherwise);
    }

    /// What another person has done here is theirs to offer again.
    fn recall(&mut self, mut acknowledged: Vec<Acknowledged>) {
        acknowledged.retain(|one| !is_another(one.person.as_deref(), self.config.person.as_deref()));
        self.kept.recall(acknowledged);
    }

    /// Another tab may have settled a command while this one did not look. What that one stood for, and the half that is
    /// written late has brought up once more, goes with it.
    fn recalled(&mut self, acknowledged: Vec<Acknowledged>) {
        self.recall(acknowledged);
        if self.connection.is_leading() {
            self.offer_strays();
        }
        let is_over = |item: &&Item| self.kept.has_replaced(item.id()) && !item.in_flight;
        let over: Vec<CommandId> = self.items.iter().filter(is_over).map(Item::id).collect();
        if over.is_empty() {
            return;
        }
        for id in over {
            self.forget(id);
        }
        self.changes.pending = true;
        let mut dirty = Dirty::everything();
        self.hold_dependants(&mut dirty);
        self.rebase(dirty);
    }

    fn not_stored(&mut self, id: CommandId) {
        let Some(item) = self.items.get(id).filter(|item| !matches!(item.record.stage, Stage::Accepted { .. })) else {
            return;
        };
        let mut dirty = Dirty::default();
        dirty.add(item.touches());
        // One that was written before, and again after the browser had cleared its storage, has replaced the other for good.
        if let Some(replaced) = item.record.replaces.filter(|replaced| self.items.contains(*replaced)) {
            // The command that it was to replace is still there, and stands.
            self.forget(id);
            if let Some(item) = self.items.get_mut(replaced) {
                item.is_replaced = false;
                dirty = Dirty::everything();
            }
        } else if let Some(item) = self.items.get_mut(id) {
            item.record.stage = Stage::Unsaved;
            item.saving_since = None;
            // The other tabs must not call saved what this one does not.
            self.outputs.push(Output::Update(Box::new(item.record.clone())));
        }
        self.changes.pending = true;
        self.hold_dependants(&mut dirty);
        self.rebase(dirty);
    }

    fn take_frame(&mut self, frame: FeedFrame, now: Millis) {
        let ours = |epoch: Uuid| self.log.epoch == Some(epoch) || self.defects.has(Defect::EpochNotChecked);
        match frame {
            FeedFrame::Revoked(Revoked { revocation: Some(revocation), .. }) => self.shut_out(revocation),
            FeedFrame::Revoked(_) => self.connection.stop_all(Stop::SignIn),
            FeedFrame::CodeTaken(CodeTaken { code, .. }) => self.code_taken(code),
            _ if matches!(self.log.standing, Standing::Empty | Standing::Unreadable) => {}
            FeedFrame::Events(events) if !ours(events.epoch) => {
                self.replace_log(Report::OtherLog { epoch: events.epoch });
            }
            FeedFrame::Events(events) => self.take_entries(events.events, now),
            FeedFrame::Heartbeat(heartbeat) if !ours(heartbeat.epoch) => {
                self.replace_log(Report::OtherLog { epoch: heartbeat.epoch });
            }
            FeedFrame::Heartbeat(heartbeat) => {
                if let Some(report) = self.log.compare(&heartbeat) {
                    self.replace_log(report);
                } else if self.log.has_agreed_at() == Some(heartbeat.head) {
                    self.connection.agreed();
                }
                if self.connection.is_following() && heartbeat.head > self.log.position() {
                    self.outputs.push(Output::CatchUp { after: self.log.position() });
                }
            }
            FeedFrame::Reset(over) => self.replace_log(Report::OtherLog { epoch: over.epoch }),
            FeedFrame::Snapshot(over) if !ours(over.epoch) => self.replace_log(Report::OtherLog { epoch: over.epoch }),
            // Too far behind is nothing to report.
            FeedFrame::Snapshot(_) if self.log.standing == Standing::Following => {
                self.log.standing = Standing::Replaced;
            }
            FeedFrame::Snapshot(_) => {}
            FeedFrame::Bye(bye) => self.connection.bye(bye.spread_ms, now),
            FeedFrame::TooOld(_) => self.connection.stop_all(Stop::Update),
        }
    }

    /// Two devices under one code give out the same receipt numbers. What is issued already keeps its own.
    fn code_taken(&mut self, code: Arc<str>) {
        // The last word of a feed that was opened under a code before, or one for another device.
        if code == self.config.device {
            self.outputs.push(Output::Report(Report::CodeTaken { code: code.clone() }));
            self.outputs.push(Output::TakeAnotherCode(code));
        }
    }

    /// The server hears of it at once, by a feed that says it.
    fn named(&mut self, device: Arc<str>, now: Millis) {
        if device != self.config.device {
            self.config.device = device;
            self.connection.renamed(now);
        }
    }

    /// The confirmed log is not a prefix of the server's: a snapshot replaces it. The outbox stays.
    fn replace_log(&mut self, report: Report) {
        if self.log.standing == Standing::Following {
            self.log.standing = match report {
                Report::OtherLog { .. } | Report::HistoryDiffers { .. } | Report::ChainBroken { .. } => {
                    Standing::Parted
                }
                _ => Standing::Replaced,
            };
            self.outputs.push(Output::Report(report));
        }
    }

    fn poll_answered(&mut self, feed: u64, answer: Result<Vec<FeedFrame>, FeedEnd>, now: Millis) {
        let frames = match answer {
            Ok(frames) => frames,
            Err(end) => return self.feed_ended(end, now),
        };
        let before = self.log.position();
        for frame in frames {
            self.connection.heard(now);
            self.take_frame(frame, now);
        }
        self.connection.polled(feed, self.log.position() != before, now);
    }

    fn feed_ended(&mut self, end: FeedEnd, now: Millis) {
        match end {
            FeedEnd::Refused(ProtocolError::NotSignedIn) => self.connection.stop_all(Stop::SignIn),
            FeedEnd::Refused(ProtocolError::Revoked { revocation, .. }) => self.shut_out(revocation),
            FeedEnd::Refused(ProtocolError::TooOld { .. }) => self.connection.stop_all(Stop::Update),
            FeedEnd::Refused(ProtocolError::Unavailable { retry_after_ms }) => {
                self.connection.closed(i64::from(retry_after_ms), now);
                return;
            }
            FeedEnd::Lost | FeedEnd::Refused(_) => {}
        }
        self.connection.closed(0, now);
    }

    fn push_answered(&mut self, ticket: u64, answer: Result<PushAnswer, ProtocolError>, now: Millis) {
        let is_awaited = self.connection.answered(ticket);
        match answer {
            Ok(answer) => {
                // A verdict is a verdict, however late it comes.
                let settled = self.take_answer(answer, now);
                // The feed is often quicker than the answer: then nothing of what was sent is left to be settled.
                let is_open = |item: &Item| item.in_flight && is_waiting(&item.record.stage);
                if is_awaited && (settled > 0 || !self.items.iter().any(is_open)) {
                    self.batch = self.batch.saturating_mul(2).min(MOST_COMMANDS);
                    self.connection.push_succeeded(now);
                } else if is_awaited {
                    // An answer about nothing that was asked must not be followed by the same question at once.
                    self.connection.push_failed(0, now);
                }
            }
            // What became of each is as good as a verdict, however late it comes.
            Err(ProtocolError::Revoked { revocation, fates }) => self.handed_over(revocation, fates, now),
            Err(_) if !is_awaited => {}
            Err(error) => self.push_failed(&error, now),
        }
    }

    fn push_failed(&mut self, error: &ProtocolError, now: Millis) {
        let sent: Vec<CommandId> = self.items.iter().filter(|item| item.in_flight).map(Item::id).collect();
        let colleague = self.colleague_in_flight();
        self.nothing_in_flight();
        if self.defects.has(Defect::NoAnswerIsARefusal) && matches!(error, ProtocolError::NoAnswer { .. }) {
            for id in &sent {
                self.items.remove(*id);
                self.outputs.push(Output::Forget(*id));
            }
        }
        match error {
            ProtocolError::Malformed { errors } if sent.len() == 1 => {
                let mut dirty = Dirty::default();
                for id in sent {
                    self.refuse(id, crate::Reason::Malformed { errors: errors.clone() }, &mut dirty);
                }
                self.hold_dependants(&mut dirty);
                self.rebase(dirty);
            }
            // One of them is at fault: smaller batches find it, and everything else goes through.
            ProtocolError::Malformed { .. } => self.batch = (sent.len() / 2).max(1),
            ProtocolError::TooMany { most, .. } if sent.len() > 1 => self.batch = (*most).min(sent.len() / 2).max(1),
            ProtocolError::TooOld { .. } => self.connection.stop_all(Stop::Update),
            ProtocolError::NotSignedIn => match colleague {
                // Theirs waits for them. Whoever is there goes on.
                Some(colleague) => {
                    self.turned_away.insert(colleague);
                    self.connection.push_succeeded(now);
                }
                None => self.connection.stop_all(Stop::SignIn),
            },
            ProtocolError::Unavailable { retry_after_ms } => {
                self.connection.push_failed(i64::from(*retry_after_ms), now);
            }
            ProtocolError::UnknownShop { .. }
            | ProtocolError::TooMany { .. }
            | ProtocolError::NoAnswer { .. }
            | ProtocolError::Revoked { .. } => {
                self.connection.push_failed(0, now);
            }
        }
    }

    /// In whose name the push goes that is under way, where it is not that of whoever is there.
    fn colleague_in_flight(&self) -> Option<Arc<str>> {
        let mut sent = self.items.iter().filter(|item| item.in_flight);
        sent.find_map(|item| self.config.colleague(&item.record)).map(|author| author.actor.clone())
    }

    fn nothing_in_flight(&mut self) {
        for item in self.items.iter_mut().filter(|item| item.in_flight) {
            item.in_flight = false;
            item.sending_since = None;
            self.changes.pending = true;
        }
        let mut dirty = Dirty::default();
        self.hold_dependants(&mut dirty);
        if !dirty.is_clean() {
            self.rebase(dirty);
        }
    }

    fn snapshot_answered(&mut self, answer: Result<Box<Snapshot>, ProtocolError>, now: Millis) {
        match answer {
            Ok(snapshot) if self.log.standing != Standing::Parted && self.parts_from(&snapshot) => {
                // Known only now, and where is not: asked again, with all places that this device has.
                self.log.standing = Standing::Parted;
                self.connection.fetched(now);
            }
            Ok(snapshot) => match self.adopt(*snapshot) {
                Ok(()) => self.connection.fetched(now),
                Err(Rejected::OtherFold) => {
                    self.connection.fetch_failed(0, now);
                    self.connection.stop_feed(Stop::Update);
                }
                Err(Rejected::Differs) => {
                    self.outputs.push(Output::Report(Report::SnapshotDiffers));
                    self.connection.fetch_failed(0, now);
                }
            },
            Err(ProtocolError::NotSignedIn) => self.connection.stop_all(Stop::SignIn),
            Err(ProtocolError::Revoked { revocation, .. }) => self.shut_out(revocation),
            Err(ProtocolError::TooOld { .. }) => self.connection.stop_all(Stop::Update),
            Err(ProtocolError::Unavailable { retry_after_ms }) => {
                self.connection.fetch_failed(i64::from(retry_after_ms), now);
            }
            Err(_) => self.connection.fetch_failed(0, now),
        }
    }

    fn snapshot_offered(&mut self, snapshot: Snapshot) {
        let is_newer = match self.log.epoch {
            None => true,
            Some(epoch) => {
                epoch == snapshot.epoch
                    && snapshot.books.position > self.log.position()
                    && self.log.standing != Standing::Unreadable
            }
        };
        if is_newer {
            // One that is not what it claims leaves everything as it was; the feed brings the same.
            let _ = self.adopt(snapshot);
        }
    }

    /// Replaces the confirmed log. Commands that another log had accepted are offered to this one.
    fn adopt(&mut self, mut snapshot: Snapshot) -> Result<(), Rejected> {
        let common = snapshot.common.take();
        // A server that does not say it is asked about everything: what it has, it answers as before.
        let from = self.known_epoch();
        let parted = (self.log.standing == Standing::Parted).then(|| (from, common.unwrap_or(0)));
        let before = self.log.books.clone();
        self.log.adopt(snapshot)?;
        self.readmitted();
        if self.defects.has(Defect::OutboxDroppedOnReset) {
            for id in self.items.ids() {
                self.items.remove(id);
                self.outputs.push(Output::Forget(id));
            }
        }
        let mut dirty = Dirty::everything();
        let (offered, kept) = match parted.filter(|_| !self.defects.has(Defect::NothingOfferedAgain)) {
            Some(parted) => self.recover(parted, &before, &mut dirty),
            None => {
                let kept = self.kept.moved(from, self.log.epoch);
                self.settle_or_send_again(&mut dirty);
                (Vec::new(), kept)
            }
        };
        self.rebase(dirty);
        if offered.is_empty() && kept.is_empty() {
            self.save_snapshot();
        } else {
            let snapshot = self.log.snapshot().filter(|_| self.connection.is_leading()).map(Box::new);
            self.outputs.push(Output::Offer { records: offered, kept, snapshot });
        }
        Ok(())
    }

    fn settle_or_send_again(&mut self, dirty: &mut Dirty) {
        let epoch = self.log.epoch;
        for item in self.items.iter_mut() {
            if matches!(&item.record.stage, Stage::Accepted { epoch: of, .. } if Some(*of) != epoch) {
                item.record.stage = Stage::Saved;
            }
        }
        self.settle_passed(dirty);
        self.found_in_books();
    }

    fn save_snapshot(&mut self) {
        if self.connection.is_leading()
            && let Some(snapshot) = self.log.snapshot()
        {
            self.tail = 0;
            self.outputs.push(Output::SaveSnapshot(Box::new(snapshot)));
        }
    }

    /// What every input ends with: time-outs, what is due, and what to tell the driver.
    fn finish(&mut self, now: Millis) -> Vec<Output> {
        self.now = now;
        self.give_up_saving(now);
        if self.tail >= LONGEST_TAIL {
            self.save_snapshot();
        }
        let moved = self.log.position() != self.last_position;
        self.last_position = self.log.position();
        let is_behind = self.log.standing == Standing::Following && self.log.head > self.log.position();
        self.connection.behind(is_behind && !self.defects.has(Defect::NoWatchdog), moved, now);
        let needs = Needs {
            snapshot: matches!(self.log.standing, Standing::Empty | Standing::Replaced | Standing::Parted),
            send: !self.connection.is_sending() && self.next_batch().next().is_some(),
            waiting: self.items.iter().any(|item| is_waiting(&item.record.stage)),
        };
        for action in self.connection.advance(needs, now) {
            self.act(action, now);
        }
        if !self.connection.is_sending() {
            self.nothing_in_flight();
        }
        let knows_who_leads = self.connection.knows_who_leads();
        // What can be taken back depends on it.
        self.changes.pending |= std::mem::replace(&mut self.knew_who_leads, knows_who_leads) != knows_who_leads;
        self.announce(now);
        std::mem::take(&mut self.outputs)
    }

    /// A strict commit that never answers must not leave a command in between for ever.
    fn give_up_saving(&mut self, now: Millis) {
        let late = |item: &&Item| {
            item.record.stage == Stage::Saving && item.saving_since.is_some_and(|since| now.0 - since.0 >= SAVING)
        };
        let late: Vec<CommandId> = self.items.iter().filter(late).map(Item::id).collect();
        for id in late {
            self.not_stored(id);
        }
    }

    /// The commands to send next, in order of issue. None behind one that storage has not answered for: the log
    /// keeps the order in which a device was asked. All of one person: while it is not known who is there, the device may
    /// hold those of several.
    fn next_batch(&self) -> impl Iterator<Item = &Item> {
        let in_order = self.items.iter().take_while(|item| item.record.stage != Stage::Saving);
        let mut sendable = in_order.filter(|item| item.is_sendable() && !self.is_turned_away(item)).peekable();
        let person = sendable.peek().and_then(|first| self.sender_of(first).cloned());
        sendable.take_while(move |item| self.sender_of(item) == person.as_ref()).take(self.batch)
    }

    /// Whether the server takes nothing from its author before they have signed in here.
    fn is_turned_away(&self, item: &Item) -> bool {
        item.record.person.as_ref().is_some_and(|person| self.turned_away.contains(person))
    }

    /// In whose name it goes.
    fn sender_of<'a>(&'a self, item: &'a Item) -> Option<&'a Arc<str>> {
        item.record.person.as_ref().or(self.config.person.as_ref())
    }

    fn act(&mut self, action: Action, now: Millis) {
        let output = match action {
            Action::Fetch { ticket } => Output::FetchSnapshot { ticket, request: self.snapshot_request() },
            Action::Open { feed } => {
                let epoch = self.log.epoch.unwrap_or_default();
                Output::OpenFeed { feed, after: self.log.position(), epoch }
            }
            Action::Poll { feed, wait } => Output::Poll {
                feed,
                after: self.log.position(),
                epoch: self.log.epoch.unwrap_or_default(),
                wait_ms: u32::try_from(wait).unwrap_or(0),
            },
            Action::Close => Output::CloseFeed,
            Action::Push { ticket } => Output::Push { ticket, push: self.push(now) },
            Action::Probe => Output::Probe,
        };
        self.outputs.push(output);
    }

    fn push(&mut self, now: Millis) -> Push {
        let ids: Vec<CommandId> = self.next_batch().map(Item::id).collect();
        let mut submissions = Vec::with_capacity(ids.len());
        let mut person = None;
        let mut first = Vec::new();
        for id in ids {
            let Some(item) = self.items.get_mut(id) else { continue };
            person = person.or_else(|| item.record.person.clone());
            let mut submission = item.record.submission.clone();
            if item.record.attempted && self.defects.has(Defect::ResendWithNewId) {
                submission.id = CommandId::derived(Uuid::nil(), "defect", u64::try_from(now.0).unwrap_or(0), 0);
            }
            item.in_flight = true;
            if !std::mem::replace(&mut item.record.attempted, true) {
                first.push(item.record.clone());
            }
            item.sending_since = Some(now);
            submissions.push(submission);
        }
        if !first.is_empty() && !self.defects.has(Defect::AttemptNotWritten) {
            self.outputs.push(Output::Attempt(first));
        }
        if self.defects.has(Defect::ForgottenWhenSent) {
            self.outputs.extend(submissions.iter().map(|submission| Output::Forget(submission.id)));
        }
        let person = person.or_else(|| self.config.person.clone());
        let stays = |item: &&Item| is_waiting(&item.record.stage) && !item.in_flight;
        let unsent = u32::try_from(self.items.iter().filter(stays).count()).ok();
        Push { protocol: PROTOCOL, person, device: Some(self.config.device.clone()), unsent, submissions }
    }

    fn announce(&mut self, now: Millis) {
        let repaint_at = |item: &Item| item.sending_since.map(|since| Millis(since.0 + views::SENDING));
        let give_up_at = |item: &Item| item.saving_since.map(|since| Millis(since.0 + SAVING));
        let mut wake_at = self.connection.deadline();
        for item in self.items.iter() {
            for at in [repaint_at(item), give_up_at(item)].into_iter().flatten().filter(|at| *at > now) {
                wake_at = Some(wake_at.map_or(at, |earlier| earlier.min(at)));
            }
            self.changes.pending |= repaint_at(item) == Some(now);
        }
        if let Some(at) = wake_at.filter(|at| Some(*at) != self.wake_at || *at <= now) {
            self.outputs.push(Output::WakeAt(at.max(Millis(now.0 + 1))));
        }
        self.wake_at = wake_at;
        let connection = self.connection_at(now);
        self.changes.connection = self.shown.as_ref() != Some(&connection);
        self.shown = Some(connection);
        if self.changes != Changes::default() {
            self.outputs.push(Output::Changed(std::mem::take(&mut self.changes)));
        }
    }

    /// The books with this device's pending commands on top: what pages show.
    #[must_use]
    pub fn overlay(&self) -> &Arc<Books> {
        &self.overlay
    }

    /// The books at the last confirmed entry.
    #[must_use]
    pub fn confirmed(&self) -> &Arc<Books> {
        &self.log.books
    }

    /// The log that this replica follows; none before the first snapshot.
    #[must_use]
    pub fn epoch(&self) -> Option<Uuid> {
        self.log.epoch
    }

    /// Of the last confirmed entry.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.log.hash
    }

    /// The shop's name as people read it; empty before the first snapshot.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.log.title
    }

    #[must_use]
    pub fn digests(&self) -> DigestsView {
        self.log.digests()
    }

    /// What the last rebase did.
    #[must_use]
    pub fn last_rebase(&self) -> &RebaseTrace {
        &self.trace
    }

    /// The confirmed books in the form that storage keeps. None before the first snapshot, and none while they
    /// are known to differ from the server's.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.log.snapshot()
    }
}
