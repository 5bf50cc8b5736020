//! The tabs of a device: who leads, and what they tell each other. What `browser::tabs` and `browser::driver` do with
//! locks, channels and storage events, as far as anybody could tell the difference.

use sync::{
    Input, OutboxRecord, Replica,
    connection::DataState,
    protocol::{Events, FeedFrame, PROTOCOL},
};

use crate::{
    node::{Full, Write},
    world::{Happening, World},
};

impl World {
    pub fn some_tab(&mut self, device: usize) -> usize {
        let tabs = &self.devices[device].tabs;
        tabs[self.random.below(tabs.len() as u64) as usize]
    }

    fn living(&self, device: usize) -> Vec<usize> {
        let is_alive = |tab: &usize| self.nodes[*tab].replica.is_some();
        self.devices[device].tabs.iter().copied().filter(is_alive).collect()
    }

    fn others(&self, node: usize) -> Vec<usize> {
        self.living(self.nodes[node].device).into_iter().filter(|tab| *tab != node).collect()
    }

    // The lead.

    /// The browser gives the lock to one of those who wait for it.
    pub fn elect(&mut self, device: usize) {
        let living = self.living(device);
        if self.devices[device].holder.is_none() && !living.is_empty() {
            self.grant(device, living);
        }
    }

    /// A visible tab takes the lock away from one that is frozen, which hears of it when it goes on.
    pub fn steal(&mut self, device: usize) {
        let Some(before) = self.devices[device].holder else { return };
        let others = self.others(before);
        if !others.is_empty() {
            self.grant(device, others);
            let life = self.nodes[before].life;
            self.soon(20_000, Happening::Ousted { node: before, life });
        }
    }

    fn grant(&mut self, device: usize, candidates: Vec<usize>) {
        let node = candidates[self.random.below(candidates.len() as u64) as usize];
        self.devices[device].holder = Some(node);
        let life = self.nodes[node].life;
        self.soon(50, Happening::Granted { node, life });
    }

    pub fn begin_to_lead(&mut self, node: usize) {
        self.recall(node);
        self.adopt_stored(node);
        self.nodes[node].leads = true;
        self.input(node, Input::Lead);
        if self.leaders(node) > 1 {
            self.sometimes.reached("two tabs lead");
        }
        let snapshot = self.nodes[node].replica.as_ref().and_then(Replica::snapshot);
        if let Some(snapshot) = snapshot {
            self.store(node, Write::Replace(Box::new(snapshot)));
        }
    }

    fn recall(&mut self, node: usize) {
        let settled = self.device(node).storage.acknowledged();
        self.input(node, Input::Recalled(settled));
    }

    /// How many of the device's tabs take themselves for the leading one.
    fn leaders(&self, node: usize) -> usize {
        self.devices[self.nodes[node].device].tabs.iter().filter(|tab| self.nodes[**tab].leads).count()
    }

    /// Nobody knows for sure while two tabs lead, or after a write was lost.
    pub fn knows_what_was_sent(&self, node: usize) -> bool {
        self.leaders(node) == 1 && !self.devices[self.nodes[node].device].has_lost_writes
    }

    /// The page is gone.
    pub fn stop(&mut self, node: usize) {
        self.nodes[node].stop();
        let device = self.nodes[node].device;
        if self.devices[device].holder == Some(node) {
            self.devices[device].holder = None;
            self.elect(device);
        }
    }

    // What they tell each other.

    pub fn note(&mut self, node: usize, input: &Input) {
        for other in self.others(node) {
            if self.random.chance(self.faults.note_lost) {
                self.sometimes.reached("note lost");
                continue;
            }
            let at = (self.now.0 + 1 + self.random.below(20) as i64).max(self.nodes[other].notes_clear_at.0);
            self.nodes[other].notes_clear_at.0 = at;
            let life = self.nodes[other].life;
            self.later(at - self.now.0, Happening::Told { node: other, life, input: Box::new(input.clone()) });
        }
    }

    /// What a tab hears from the server, the others hear from it.
    pub fn pass_on(&mut self, node: usize, input: &Input) {
        let notes = match input {
            Input::FeedFrame { frame, .. } => vec![Input::Relayed(frame.clone())],
            Input::PollAnswered { answer: Ok(frames), .. } => {
                frames.iter().map(|frame| Input::Relayed(Box::new(frame.clone()))).collect()
            }
            Input::PushAnswered { answer: Ok(answer), .. } => vec![Input::RelayedAnswer(Box::new(answer.clone()))],
            _ => return,
        };
        for note in notes {
            self.note(node, &note);
        }
    }

    pub fn say_state(&mut self, node: usize) {
        let state = self.nodes[node].replica.as_ref().map(|replica| replica.connection().state);
        if let Some(state) = state.filter(|state| self.nodes[node].leads && self.nodes[node].said != Some(*state)) {
            self.nodes[node].said = Some(state);
            self.note(node, &Input::Led(state));
        }
    }

    /// The others hear of it by the browser's `storage` event.
    pub fn set_paused(&mut self, node: usize, is_paused: bool) {
        self.device(node).is_paused = is_paused;
        self.input(node, if is_paused { Input::Pause } else { Input::Unpause });
        for other in self.others(node) {
            let life = self.nodes[other].life;
            self.soon(20, Happening::HearsOfPause { node: other, life });
        }
    }

    /// The leading tab has nothing left to send, and something waits here.
    pub fn compare_waiting(&mut self, node: usize, leader: DataState) {
        let waits_here = self.nodes[node].replica.as_ref().is_some_and(|replica| replica.connection().waiting > 0);
        if waits_here && matches!(leader, DataState::Live | DataState::Storage) && !self.nodes[node].leads {
            self.look_soon(node);
        }
    }

    fn look_soon(&mut self, node: usize) {
        if !std::mem::replace(&mut self.nodes[node].is_looking, true) {
            let life = self.nodes[node].life;
            self.later(2_000, Happening::Looks { node, life });
        }
    }

    // Storage.

    pub fn mirror(&mut self, node: usize, record: &OutboxRecord) {
        self.device(node).storage.mirror(record);
        self.mirror_changed(node);
    }

    /// The browser tells the other tabs, which look after a moment.
    fn mirror_changed(&mut self, node: usize) {
        for other in self.others(node) {
            self.look_soon(other);
        }
    }

    pub fn look(&mut self, node: usize) {
        self.nodes[node].is_looking = false;
        self.adopt_stored(node);
        if self.nodes[node].leads {
            self.recall(node);
        }
    }

    fn adopt_stored(&mut self, node: usize) {
        let stored = self.device(node).storage.outbox();
        let Some(replica) = &self.nodes[node].replica else { return };
        let mut inputs = Vec::new();
        if !replica.is_leading() {
            inputs.extend(replica.saved().filter(|id| !stored.contains_key(id)).map(Input::Removed));
        }
        let news = stored.into_values().filter(|record| !replica.knows(record));
        inputs.extend(news.map(|record| Input::Adopted(Box::new(record))));
        for input in inputs {
            self.input(node, input);
        }
    }

    /// As far as storage has it; `is_last`: nobody looks there again.
    pub fn catch_up_from_storage(&mut self, node: usize, after: u64, is_last: bool) {
        if self.position(node) <= after {
            self.read_on(node, after);
        }
        if is_last {
            self.input(node, Input::Missed { after });
        }
    }

    fn read_on(&mut self, node: usize, after: u64) {
        let is_newer = self.nodes[node].is_newer;
        let Some((snapshot, tail)) = self.device(node).storage.book(is_newer) else { return };
        self.sometimes.reached("caught up from storage");
        let epoch = snapshot.epoch;
        if snapshot.books.position > after {
            self.input(node, Input::SnapshotOffered(Box::new(snapshot)));
        }
        let events: Vec<_> = tail.into_iter().filter(|record| record.position > after).collect();
        if !events.is_empty() {
            self.input(node, Input::Relayed(Box::new(FeedFrame::Events(Events { protocol: PROTOCOL, epoch, events }))));
        }
    }

    /// A write is through.
    pub fn written(&mut self, node: usize, write: Write) {
        let is_full = self.random.chance(self.faults.write_full);
        if is_full {
            self.sometimes.reached("storage full");
        }
        let is_newer = self.nodes[node].is_newer;
        if let Err(Full) = self.device(node).storage.write(&write, is_full, is_newer) {
            return self.input(node, Input::CacheFailed);
        }
        match write {
            Write::Put { record, is_awaited } => {
                let id = record.submission.id;
                let replica = self.nodes[node].replica.as_ref();
                // A commit that comes after the end of its command is not worth a word.
                if replica.is_some_and(|replica| replica.pending_of(id).is_some()) {
                    self.note(node, &Input::Adopted(record));
                }
                if is_awaited {
                    self.checks.replaced(id);
                    self.input(node, Input::Persisted(id));
                }
            }
            Write::Fail(record) => {
                self.mirror_changed(node);
                self.input(node, Input::StorageFailed(record.submission.id));
            }
            Write::Remove(id) => {
                self.mirror_changed(node);
                self.note(node, &Input::Removed(id));
            }
            Write::Keep { acknowledged, .. } => {
                self.mirror_changed(node);
                self.note(node, &Input::Removed(acknowledged.id()));
            }
            Write::Offer { records, .. } => {
                for record in records {
                    self.note(node, &Input::Adopted(Box::new(record)));
                }
            }
            Write::Attempt(_)
            | Write::Append(_)
            | Write::Replace(_)
            | Write::KeepLost(_)
            | Write::Revoked(_)
            | Write::Readmitted => {}
        }
    }
}
