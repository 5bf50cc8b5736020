//! A server that was restored from a backup: its log parts from ours at some place, and what came behind it there is
//! gone. This device follows the server's log from now on, and offers again what it had given to the lost one.

use std::collections::BTreeSet;

use domain::{Books, CommandId, Event, projections::day_book::BookEntry, values::Millis};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Replica, items::Item, log::Standing, rebase::Dirty};
use crate::{
    acknowledged::Acknowledged,
    defects::Defect,
    io::{Output, Report},
    outbox::{OutboxRecord, Stage},
    protocol::{MOST_WAYPOINTS, PROTOCOL, Snapshot, SnapshotRequest, Waypoint},
};

/// Entries in the list of what was lost.
const MOST_LOST: usize = 500;

/// An entry of somebody else that the server has lost. It leaves the list when it is in the log again, because the
/// device that gave it has offered it again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Lost {
    /// Where it stood.
    pub position: u64,
    pub entry: BookEntry,
}

impl Replica {
    /// Entries of others that the server has lost with a restore and nobody has given back yet, oldest first.
    #[must_use]
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// A person has dealt with the list of what was lost.
    pub fn dismiss_lost(&mut self, now: Millis) -> Vec<Output> {
        self.lost.clear();
        self.lost_changed();
        self.finish(now)
    }

    /// How many of this device's settled commands are kept, in case the server loses them.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn lost_changed(&mut self) {
        self.changes.pending = true;
        self.outputs.push(Output::KeepLost(self.lost.clone()));
    }

    /// Moves a command that is in the log from the outbox to those that are kept. `last`: position of its last entry.
    pub(super) fn keep(&mut self, record: OutboxRecord, last: Option<u64>) {
        let OutboxRecord { submission, sequence, replaces, person, .. } = record;
        if self.defects.has(Defect::NotKeptWhenSettled) {
            self.outputs.push(Output::Forget(submission.id));
            return;
        }
        let acknowledged = Acknowledged {
            submission,
            sequence,
            seen: self.log.witness(last),
            epoch: self.log.epoch,
            at: self.now,
            person,
            replaces,
        };
        let dropped = self.kept.push(acknowledged.clone());
        self.outputs.push(Output::Keep { acknowledged: Box::new(acknowledged), dropped });
    }

    /// These commands are in the log: whoever lost them has them again.
    pub(super) fn found_again(&mut self, commands: impl Iterator<Item = CommandId>) {
        if self.lost.is_empty() {
            return;
        }
        let found: BTreeSet<CommandId> = commands.collect();
        let before = self.lost.len();
        self.lost.retain(|lost| !found.contains(&lost.entry.command_id));
        if self.lost.len() != before {
            self.lost_changed();
        }
    }

    /// The same, of the commands in a snapshot's day book.
    pub(super) fn found_in_books(&mut self) {
        let books = self.log.books.clone();
        self.found_again(books.projections.day_book.entries.iter().map(|(_, entry)| entry.command_id));
    }

    /// What to ask for with a snapshot. One place is enough to see whether the logs part; where they do, all that
    /// this device knows says where.
    pub(super) fn snapshot_request(&self) -> SnapshotRequest {
        let known = match self.log.standing {
            Standing::Parted => self.waypoints(),
            Standing::Empty | Standing::Following | Standing::Replaced | Standing::Unreadable => {
                self.last_waypoint().into_iter().collect()
            }
        };
        SnapshotRequest { protocol: PROTOCOL, device: Some(self.config.device.clone()), known }
    }

    /// The last place of the log that this device has ever seen, also where it has no books just now.
    fn last_waypoint(&self) -> Option<Waypoint> {
        self.kept.waypoints(self.known_epoch()).chain(self.log.waypoints()).max_by_key(|one| one.position)
    }

    /// Of the log that this device followed last.
    pub(super) fn known_epoch(&self) -> Option<Uuid> {
        self.log.epoch.or_else(|| self.kept.last_epoch())
    }

    /// Whether the log that a snapshot is of has not all of ours.
    pub(super) fn parts_from(&self, snapshot: &Snapshot) -> bool {
        let last = self.last_waypoint().map_or(0, |last| last.position);
        self.log.epoch.is_some_and(|epoch| epoch != snapshot.epoch)
            || snapshot.common.is_some_and(|common| common < last)
    }

    fn waypoints(&self) -> Vec<Waypoint> {
        let mut known: Vec<Waypoint> = self.kept.waypoints(self.known_epoch()).chain(self.log.waypoints()).collect();
        known.sort_by_key(|one| one.position);
        known.dedup_by_key(|one| one.position);
        known.split_off(known.len().saturating_sub(MOST_WAYPOINTS))
    }

    /// After the log `parted` was replaced by one that has only its entries up to `common`: puts back into the outbox
    /// what this device had given to the lost part, and lists what others had.
    pub(super) fn recover(
        &mut self,
        (parted, common): (Option<Uuid>, u64),
        before: &Books,
        dirty: &mut Dirty,
    ) -> (Vec<OutboxRecord>, Vec<Acknowledged>) {
        let mut offered: Vec<OutboxRecord> = Vec::new();
        for item in self.items.iter_mut() {
            let lost_from_here = match &item.record.stage {
                // Its record is still in the outbox: it is only sent again.
                Stage::Accepted { .. } => false,
                Stage::Changed { positions, .. } if positions.last().is_none_or(|last| *last > common) => true,
                _ => continue,
            };
            item.record.stage = Stage::Saved;
            item.record.attempted = true;
            item.sending_since = None;
            if lost_from_here {
                offered.push(item.record.clone());
            }
        }
        let (behind, moved) = self.kept.take_behind(common, parted, self.log.epoch);
        offered.extend(self.put_back(behind));
        self.hold_dependants(dirty);
        self.changes.pending = true;
        let lost = self.list_lost(common, before);
        if lost > 0 || !offered.is_empty() {
            self.outputs.push(Output::Report(Report::Restored { common, offered: offered.len(), lost }));
        }
        (offered, moved)
    }

    /// Into the outbox, under their old ids.
    fn put_back(&mut self, settled: Vec<Acknowledged>) -> Vec<OutboxRecord> {
        let mut records = Vec::new();
        for record in settled.into_iter().map(Acknowledged::offered) {
            if !self.items.contains(record.submission.id) {
                self.items.insert(Item::new(record.clone()));
                records.push(record);
            }
        }
        records
    }

    /// A tab that ended before it came to the restored log has left commands of the one before. They may be in this
    /// one: then they get their first verdict again.
    pub(super) fn offer_strays(&mut self) {
        let Some(epoch) = self.log.epoch.filter(|_| self.log.standing == Standing::Following) else { return };
        let strays = self.kept.take_strays(epoch);
        let records = self.put_back(strays);
        if records.is_empty() || self.defects.has(Defect::NothingOfferedAgain) {
            return;
        }
        self.outputs.push(Output::Offer { records, kept: Vec::new(), snapshot: None });
        self.changes.pending = true;
        let mut dirty = Dirty::everything();
        self.hold_dependants(&mut dirty);
        self.rebase(dirty);
    }

    /// What others had written behind `common`, as far as this device remembers it. What followed from a command is
    /// not listed beside it, and a refusal has changed nothing. Says how many there are.
    fn list_lost(&mut self, common: u64, before: &Books) -> usize {
        let there: BTreeSet<CommandId> =
            self.log.books.projections.day_book.entries.iter().map(|(_, entry)| entry.command_id).collect();
        let listed: BTreeSet<CommandId> = self.lost.iter().map(|lost| lost.entry.command_id).collect();
        let entries = before.projections.day_book.entries.iter().filter(|(position, _)| **position > common);
        let mut latest = None;
        let mut found = Vec::new();
        for (position, entry) in entries {
            let id = entry.command_id;
            let is_first_of_command = latest.replace(id) != Some(id);
            let is_news = is_first_of_command && entry.causation.is_none() && !matches!(entry.event, Event::Refused(_));
            if is_news && !there.contains(&id) && !listed.contains(&id) && !self.items.contains(id) {
                found.push(Lost { position: *position, entry: entry.clone() });
            }
        }
        let added = found.len();
        let before = self.lost.len();
        self.lost.retain(|lost| !there.contains(&lost.entry.command_id));
        if added > 0 || self.lost.len() != before {
            self.lost.extend(found);
            let surplus = self.lost.len().saturating_sub(MOST_LOST);
            self.lost.drain(..surplus);
            self.lost_changed();
        }
        added
    }
}
