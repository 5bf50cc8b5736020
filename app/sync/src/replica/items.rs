//! This device's commands in order of issue, with what is known about each in memory.

use std::collections::BTreeMap;

use domain::{CommandId, Event, Refusal, books::Reads, ids::AggregateId, record::Entry, values::Millis};

use super::Config;
use crate::outbox::{OutboxRecord, Reason, Stage};

/// What a command does to the overlay.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// Not looked at yet, or not part of the overlay.
    None,
    Shown {
        /// With the positions they would get if nothing came in between.
        entries: Vec<Entry>,
        reads: Reads,
    },
    /// The rules would refuse it now.
    AtRisk { refusal: Refusal, reads: Reads },
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub record: OutboxRecord,
    pub effect: Effect,
    /// Since when storage owes an answer.
    pub saving_since: Option<Millis>,
    /// Since when it is under way, or settled and not in the confirmed log yet.
    pub sending_since: Option<Millis>,
    /// Part of the push that is under way.
    pub in_flight: bool,
    /// Another one is on its way to storage that stands for this one: neither shown nor sent, unless that fails.
    pub is_replaced: bool,
}

impl Item {
    pub fn new(record: OutboxRecord) -> Self {
        Self {
            record,
            effect: Effect::None,
            saving_since: None,
            sending_since: None,
            in_flight: false,
            is_replaced: false,
        }
    }

    pub fn id(&self) -> CommandId {
        self.record.submission.id
    }

    /// Whether its effect belongs in what pages show.
    pub fn is_shown(&self, config: &Config) -> bool {
        let is_shown = matches!(self.record.stage, Stage::Saving | Stage::Saved | Stage::Accepted { .. });
        is_shown && !self.is_replaced && !config.withholds(&self.record)
    }

    /// Whether nobody has decided about it, and the next push takes it.
    pub fn is_sendable(&self) -> bool {
        self.record.stage == Stage::Saved && !self.in_flight && !self.is_replaced
    }

    /// Whether commands that build on it have to wait for a person.
    pub fn is_blocked(&self) -> bool {
        match &self.record.stage {
            // Those that build on it go the same way, to whoever decides about them together.
            Stage::Refused { reason: Reason::Quarantined } => false,
            stage => {
                matches!(stage, Stage::Unsaved | Stage::Refused { .. } | Stage::Held { .. } | Stage::Discarded { .. })
            }
        }
    }

    pub fn entries(&self) -> &[Entry] {
        if let Effect::Shown { entries, .. } = &self.effect { entries } else { &[] }
    }

    pub fn events(&self) -> Vec<Event> {
        self.entries().iter().map(|entry| entry.event.clone()).collect()
    }

    pub fn touches(&self) -> impl Iterator<Item = AggregateId> {
        self.entries().iter().flat_map(Entry::touches)
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    by_order: BTreeMap<(u64, CommandId), Item>,
    sequence_of: BTreeMap<CommandId, u64>,
}

impl Items {
    pub fn insert(&mut self, item: Item) {
        let (sequence, id) = (item.record.sequence, item.id());
        if let Some(old) = self.sequence_of.insert(id, sequence) {
            self.by_order.remove(&(old, id));
        }
        self.by_order.insert((sequence, id), item);
    }

    pub fn remove(&mut self, id: CommandId) -> Option<Item> {
        let sequence = self.sequence_of.remove(&id)?;
        self.by_order.remove(&(sequence, id))
    }

    pub fn get(&self, id: CommandId) -> Option<&Item> {
        self.by_order.get(&(*self.sequence_of.get(&id)?, id))
    }

    pub fn get_mut(&mut self, id: CommandId) -> Option<&mut Item> {
        self.by_order.get_mut(&(*self.sequence_of.get(&id)?, id))
    }

    pub fn contains(&self, id: CommandId) -> bool {
        self.sequence_of.contains_key(&id)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.by_order.values()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.by_order.values_mut()
    }

    pub fn ids(&self) -> Vec<CommandId> {
        self.iter().map(Item::id).collect()
    }

    /// The highest place in the order of issue; 0 when there is nothing.
    pub fn last_sequence(&self) -> u64 {
        self.by_order.last_key_value().map_or(0, |((sequence, _), _)| *sequence)
    }
}
