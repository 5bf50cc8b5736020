//! What a device keeps of its own commands once they are in the log. A server that was restored from a backup has
//! lost the last of them: the devices that gave them still have them, and offer them again under their old ids.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use domain::{CommandId, Submission, values::Millis};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{outbox::OutboxRecord, protocol::Waypoint};

/// Commands kept: some days of a busy till. A backup that is older than that is a disaster of another kind.
pub const MOST_KEPT: usize = 2_000;
/// How long one is kept.
pub const LONGEST_KEPT: i64 = 30 * 24 * 60 * 60 * 1_000;

/// A command of this device that is in the log, or has changed nothing there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Acknowledged {
    pub submission: Submission,
    /// Its place in the order of issue.
    pub sequence: u64,
    /// Its last entry, or one behind it: a log that has this one has the command.
    pub seen: Waypoint,
    /// Of the log that it was seen in. Tabs come to a restored log one after the other, so that commands of both are
    /// kept beside each other for a while. None in records of earlier versions: the log that the device follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Uuid>,
    /// When it was found there.
    pub at: Millis,
    /// Whoever was signed in when it was issued, as in [`OutboxRecord::person`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Arc<str>>,
    /// The command that it was given in place of. That one must not come back from a store that is written late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CommandId>,
}

impl Acknowledged {
    #[must_use]
    pub fn id(&self) -> CommandId {
        self.submission.id
    }

    pub(crate) fn offered(self) -> OutboxRecord {
        let record = OutboxRecord::new(self.submission, self.sequence);
        OutboxRecord { attempted: true, person: self.person, ..record }
    }
}

/// The commands kept, those seen first in front.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    in_order: VecDeque<Acknowledged>,
    ids: BTreeSet<CommandId>,
    replaced: BTreeSet<CommandId>,
    last_sequence: u64,
}

impl Kept {
    /// From storage, in any order, beside what is here already.
    pub fn recall(&mut self, stored: Vec<Acknowledged>) {
        for one in stored {
            self.add(one);
        }
        self.in_order.make_contiguous().sort_by_key(|one| (one.seen.position, one.sequence));
    }

    fn add(&mut self, one: Acknowledged) {
        if self.ids.insert(one.id()) {
            self.last_sequence = self.last_sequence.max(one.sequence);
            self.replaced.extend(one.replaces);
            self.in_order.push_back(one);
        }
    }

    /// Keeps one more. Says which ones go for it.
    pub fn push(&mut self, one: Acknowledged) -> Vec<CommandId> {
        let now = one.at;
        self.add(one);
        let mut dropped = Vec::new();
        while let Some(oldest) = self.in_order.front()
            && (self.in_order.len() > MOST_KEPT || now.0 - oldest.at.0 > LONGEST_KEPT)
        {
            self.ids.remove(&oldest.id());
            dropped.push(oldest.id());
            self.in_order.pop_front();
        }
        dropped
    }

    /// Takes out those that the log `to`, which parted from the log `from` behind `common`, may not have, in order of
    /// issue. The others are in it: those that are said to be so only now come second.
    pub fn take_behind(
        &mut self,
        common: u64,
        from: Option<Uuid>,
        to: Option<Uuid>,
    ) -> (Vec<Acknowledged>, Vec<Acknowledged>) {
        let is_there = |one: &Acknowledged| {
            let epoch = one.epoch.or(from);
            // One that was seen in neither log may be in it: then it gets its first verdict again. A backup that was put
            // back without a word has the name of the log before.
            if epoch == from { one.seen.position <= common } else { epoch == to }
        };
        let (kept, lost): (Vec<_>, Vec<_>) = self.in_order.drain(..).partition(is_there);
        self.in_order = kept.into();
        let moved = self.moved(from, to);
        (self.taken(lost), moved)
    }

    /// What was seen in the log `from` is in the log `to` as well. Says which ones that is news of.
    pub fn moved(&mut self, from: Option<Uuid>, to: Option<Uuid>) -> Vec<Acknowledged> {
        let mut moved = Vec::new();
        for one in self.in_order.iter_mut().filter(|one| from != to && one.epoch.or(from) == from) {
            one.epoch = to;
            moved.push(one.clone());
        }
        moved
    }

    /// Takes out those that were seen in another log than `of`, in order of issue: whoever kept them has not lived to
    /// come here.
    pub fn take_strays(&mut self, of: Uuid) -> Vec<Acknowledged> {
        let is_stray = |one: &Acknowledged| one.epoch.is_some_and(|epoch| epoch != of);
        let (strays, kept): (Vec<_>, Vec<_>) = self.in_order.drain(..).partition(is_stray);
        self.in_order = kept.into();
        self.taken(strays)
    }

    fn taken(&mut self, mut taken: Vec<Acknowledged>) -> Vec<Acknowledged> {
        for one in &taken {
            self.ids.remove(&one.id());
        }
        taken.sort_by_key(|one| (one.sequence, one.id()));
        taken
    }

    /// The log that the command was seen in which was settled last.
    pub fn last_epoch(&self) -> Option<Uuid> {
        self.in_order.iter().max_by_key(|one| one.at)?.epoch
    }

    /// Whether another command that is in the log was given in its place.
    pub fn has_replaced(&self, id: CommandId) -> bool {
        self.replaced.contains(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Acknowledged> {
        self.in_order.iter()
    }

    /// Places of the log `of`.
    pub fn waypoints(&self, of: Option<Uuid>) -> impl Iterator<Item = Waypoint> {
        self.in_order.iter().filter(move |one| one.epoch.is_none() || one.epoch == of).map(|one| one.seen)
    }

    /// The highest place in the order of issue that was ever given away here: a command that is offered again must
    /// not stand behind one that was issued after it.
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    pub fn len(&self) -> usize {
        self.in_order.len()
    }
}
