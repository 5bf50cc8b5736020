//! Rare states that a set of runs must have come to: a simulator that never meets a gap proves nothing about gaps.

use std::{collections::BTreeMap, fmt};

pub const STATES: &[&str] = &[
    "accepted",
    "account over its limit",
    "at risk",
    "batch of several",
    "caught up from storage",
    "client crash",
    "command lost its answer",
    "commit failed",
    "commit outcome unknown",
    "confirmed with a change",
    "decided again after another device",
    "decided before the end",
    "digest differed",
    "discarded",
    "duplicate push",
    "feed stalled",
    "gap in the feed",
    "given up by another",
    "given up with what it waited for",
    "half of the outbox lost",
    "handed over without having been accepted",
    "held",
    "kept in a rebase",
    "let in again",
    "listed as lost",
    "not allowed any more",
    "note lost",
    "offered again",
    "order not accepted",
    "other log",
    "partition",
    "paused",
    "poll answered",
    "poll waited in vain",
    "power cut",
    "quarantined",
    "refused",
    "refused on the device",
    "replaced",
    "retried",
    "role changed",
    "server crash in a commit",
    "settled before the answer",
    "shut out",
    "signed in again",
    "signed out",
    "snapshot instead of the feed",
    "stock below zero",
    "storage cleared with something unsent",
    "storage failed",
    "storage full",
    "storage hung",
    "taken back",
    "two tabs lead",
    "undo",
    "unknown event",
    "unnamed product",
    "update asked for",
    "version conflict",
    "written too late",
];

#[derive(Clone, Debug, Default)]
pub struct Sometimes(BTreeMap<&'static str, u64>);

impl Sometimes {
    pub fn reached(&mut self, state: &'static str) {
        assert!(STATES.contains(&state), "{state:?} is not in the list");
        *self.0.entry(state).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (state, times) in &other.0 {
            *self.0.entry(state).or_default() += times;
        }
    }

    pub fn never(&self) -> impl Iterator<Item = &'static str> {
        STATES.iter().copied().filter(|state| !self.0.contains_key(state))
    }
}

impl fmt::Display for Sometimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<_> = self.0.iter().map(|(state, times)| format!("{state} {times}")).collect();
        f.write_str(&states.join(", "))
    }
}
