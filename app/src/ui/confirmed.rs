//! Says what became of what was saved here: one message for all that came in together.

use std::collections::{BTreeMap, BTreeSet};

use domain::CommandId;
use leptos::prelude::*;
use sync::{PendingView, SyncState};

use crate::{replica::Replica, text, ui::announce::Announcer};

/// What is waited for, and what came of the rest since somebody was told.
#[derive(Clone, PartialEq, Debug, Default)]
struct Tally {
    waiting: BTreeSet<CommandId>,
    confirmed: usize,
    refused: usize,
}

impl Tally {
    fn after(mut self, pending: &[PendingView]) -> Self {
        let states: BTreeMap<CommandId, SyncState> = pending.iter().map(|view| (view.id, view.state)).collect();
        let replaced: BTreeSet<CommandId> = pending.iter().filter_map(|view| view.replaces).collect();
        // What another one stands for now is neither.
        for id in self.waiting.difference(&replaced) {
            match states.get(id) {
                // What is simply confirmed leaves the list.
                None | Some(SyncState::Confirmed | SyncState::ConfirmedChanged) => self.confirmed += 1,
                Some(SyncState::NeedsAttention) => self.refused += 1,
                Some(_) => {}
            }
        }
        let waits = |view: &&PendingView| {
            matches!(
                view.state,
                SyncState::Saving | SyncState::SavedHere | SyncState::Sending | SyncState::AtRisk | SyncState::Held
            )
        };
        self.waiting = pending.iter().filter(waits).map(|view| view.id).collect();
        self
    }
}

/// Tells when nothing is waited for any more, and not before: a row of messages would only be talked over.
pub fn announce_confirmed(replica: Replica, announcer: Announcer) {
    Effect::new(move |before: Option<Tally>| {
        let mut tally = before.unwrap_or_default();
        let Some(picture) = replica.picture() else { return tally };
        tally = tally.after(&picture.pending);
        if tally.waiting.is_empty() && tally.confirmed + tally.refused > 0 {
            announcer.say(text::came_in(tally.confirmed, tally.refused));
            return Tally::default();
        }
        tally
    });
}
