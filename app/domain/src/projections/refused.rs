//! What was not accepted and waits on somebody's device until a person decides about it: the tray of the whole shop. It goes
//! when somebody gives it up, or when its author puts another command in its place.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    change::Declined,
    digest::Digest,
    event::{AskedCommand, Event, Refused},
    ids::CommandId,
    record::{API, Entry, WEB},
    refusal::Refusal,
    table::{Row, Table},
    values::Millis,
};

/// Rows kept; of more, the oldest are on their devices and in the log alone.
pub const KEPT: usize = 200;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub command: AskedCommand,
    pub refusal: Refusal,
    pub actor: Arc<str>,
    pub device: Arc<str>,
    pub issued_at: Millis,
    /// Its entry.
    pub position: u64,
}

impl Row for Waiting {
    const TABLE: &'static str = "refused";
    type Key = CommandId;
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotAccepted {
    pub waiting: Table<Waiting>,
}

impl NotAccepted {
    pub(super) fn apply(&mut self, entry: &Entry) {
        if let Some(replaced) = entry.replaces
            && self.waiting.get(&replaced).is_some_and(|waiting| waiting.actor == entry.actor)
        {
            self.waiting.remove(&replaced);
        }
        match &entry.event {
            Event::Refused(refused) => self.wait(refused, entry),
            Event::Declined(Declined { command_id, .. }) => self.waiting.remove(command_id),
            _ => {}
        }
    }

    /// Steps of processes are nobody's to give up, and what no device keeps waits nowhere.
    fn wait(&mut self, refused: &Refused, entry: &Entry) {
        if entry.causation.is_some() || [WEB, API].contains(&&*entry.device) {
            return;
        }
        let waiting = Waiting {
            command: refused.command.clone(),
            refusal: refused.refusal.clone(),
            actor: entry.actor.clone(),
            device: entry.device.clone(),
            issued_at: entry.issued_at,
            position: entry.position,
        };
        self.waiting.insert(entry.command_id, waiting);
        if self.waiting.len() > KEPT {
            let oldest = self.waiting.iter().min_by_key(|(_, waiting)| waiting.position).map(|(id, _)| *id);
            oldest.iter().for_each(|id| self.waiting.remove(id));
        }
    }

    pub(super) fn digest(&self) -> Digest {
        self.waiting.digest()
    }
}
