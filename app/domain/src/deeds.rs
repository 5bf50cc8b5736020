//! Who gave which command lately, and which of them were put back: what decides whether somebody may put one back, or
//! give one up that was not accepted. It is state like that of the aggregates, and no read model: pages may forget their day book without any command being
//! decided otherwise.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::{
    books::{Author, Role},
    event::Event,
    ids::CommandId,
    record::Entry,
    refusal::{Refusal, Thing},
};

/// Commands that are remembered. Of older ones nobody knows who gave them: managers put them back.
pub const REMEMBERED: usize = 500;

/// The last commands of people.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Deeds {
    known: OrdMap<CommandId, Deed>,
    /// In the order in which something was heard of them, the oldest first; one stands here each time.
    heard: Vector<(u64, CommandId)>,
    /// Who gave what was not accepted, lately.
    refused: OrdMap<CommandId, Arc<str>>,
    /// In that order, the oldest first.
    refused_last: Vector<CommandId>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Deed {
    /// Its first entry, and who wrote it; none for one that was forgotten before it was put back.
    given: Option<(u64, Arc<str>)>,
    put_back: bool,
    /// The last entry that anything was heard of it by.
    heard: u64,
}

impl Deeds {
    /// What was not accepted, or was given up, has done nothing, and has put nothing back.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        match entry.event {
            Event::Refused(_) if entry.causation.is_none() => return self.refuse(entry),
            Event::Refused(_) | Event::Declined(_) => return,
            _ => {}
        }
        if entry.causation.is_none() {
            self.hear(entry.command_id, entry.position, |deed| {
                deed.given.get_or_insert_with(|| (entry.position, entry.actor.clone()));
            });
        }
        if let Some(id) = entry.undoes {
            self.hear(id, entry.position, |deed| deed.put_back = true);
        }
    }

    fn refuse(&mut self, entry: &Entry) {
        if self.refused.insert(entry.command_id, entry.actor.clone()).is_none() {
            self.refused_last.push_back(entry.command_id);
        }
        while self.refused.len() > REMEMBERED
            && let Some(id) = self.refused_last.pop_front()
        {
            self.refused.remove(&id);
        }
    }

    fn hear(&mut self, id: CommandId, position: u64, what: impl FnOnce(&mut Deed)) {
        let mut deed = self.known.get(&id).cloned().unwrap_or_default();
        what(&mut deed);
        deed.heard = position;
        self.known.insert(id, deed);
        self.heard.push_back((position, id));
        while self.known.len() > REMEMBERED
            && let Some((position, id)) = self.heard.pop_front()
        {
            if self.known.get(&id).is_some_and(|deed| deed.heard == position) {
                self.known.remove(&id);
            }
        }
    }

    /// Everybody gives up what they wanted themselves; managers and owners give up everything. What the book has not heard
    /// of, or long ago, is whoever's device it waits on.
    ///
    /// # Errors
    /// `not_allowed`.
    pub(crate) fn allow_decline(&self, id: CommandId, author: &Author) -> Result<(), Refusal> {
        let is_of_another = self.refused.get(&id).is_some_and(|actor| *actor != author.actor);
        if is_of_another && !author.role.answers_for_others() {
            return Err(author.role.lacks(Role::Manager));
        }
        Ok(())
    }

    /// Everybody puts back what they did themselves, as long as it is remembered who did it; managers and owners put back
    /// everything. Nothing is put back twice.
    ///
    /// # Errors
    /// `not_allowed`, `wrong_state`.
    pub(crate) fn allow(&self, id: CommandId, author: &Author) -> Result<(), Refusal> {
        let deed = self.known.get(&id);
        let given = deed.and_then(|deed| deed.given.as_ref());
        let is_own = given.is_some_and(|(_, actor)| *actor == author.actor);
        if !is_own && !author.role.answers_for_others() {
            return Err(author.role.lacks(Role::Manager));
        }
        if deed.is_some_and(|deed| deed.put_back) {
            let id = given.map_or_else(|| id.to_string(), |(position, _)| format!("#{position}"));
            return Err(Refusal::WrongState { what: Thing::Entry, id, state: "put back".to_owned() });
        }
        Ok(())
    }
}
