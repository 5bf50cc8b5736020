//! The end of a device in a shop, or of whoever uses it: the copy of the books goes, and what is not sent is handed over
//! for the shop's owner to decide, or stays with the word that it came too late.

use domain::{CommandId, values::Millis};

use super::{
    Kept, Log, Replica,
    items::Item,
    rebase::{Dirty, is_waiting},
};
use crate::{
    connection::Stop,
    defects::Defect,
    io::Output,
    outbox::{Reason, Stage},
    protocol::{Fate, Revocation},
};

impl Replica {
    /// Whether this device, or whoever uses it, was shut out of the shop, and since when.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation
    }

    /// From storage. Another tab that had not heard of it may have written books since they were removed.
    pub(super) fn begin_shut_out(&mut self, revocation: Revocation, had_books: bool) {
        self.connection.stop_feed(Stop::Revoked);
        self.revocation = Some(revocation);
        self.kept = Kept::default();
        self.lost.clear();
        if had_books {
            self.outputs.push(Output::Revoked(revocation));
        }
    }

    /// The books go at once, from memory and from storage. The sender goes on: what is here still is to be handed over.
    pub(super) fn shut_out(&mut self, revocation: Revocation) {
        self.connection.stop_feed(Stop::Revoked);
        let is_news = self.revocation.replace(revocation) != Some(revocation);
        if self.defects.has(Defect::BooksKeptWhenRevoked) {
            return;
        }
        self.let_accepted_go();
        if is_news || self.log.epoch.is_some() {
            let mut log = Log::new();
            log.defects = self.log.defects;
            self.log = log;
            self.kept = Kept::default();
            self.lost.clear();
            self.tail = 0;
            self.last_position = 0;
            self.outputs.push(Output::Revoked(revocation));
        }
        self.changes.books = true;
        self.changes.pending = true;
        self.rebase(Dirty::everything());
    }

    /// What is in the book is: nobody will tell this device its entries.
    fn let_accepted_go(&mut self) {
        let is_accepted = |item: &&Item| matches!(item.record.stage, Stage::Accepted { .. });
        let accepted: Vec<CommandId> = self.items.iter().filter(is_accepted).map(Item::id).collect();
        for id in accepted {
            self.forget(id);
        }
    }

    /// What became of a part of the outbox that was handed over.
    pub(super) fn handed_over(&mut self, revocation: Revocation, fates: Vec<Fate>, now: Millis) {
        self.nothing_in_flight();
        let mut dirty = Dirty::everything();
        let (mut settled, mut decided) = (0, Vec::new());
        for fate in fates {
            let (id, reason) = match fate {
                Fate::Decided(outcome) => {
                    decided.push(outcome);
                    continue;
                }
                Fate::Quarantined { id } => (id, Reason::Quarantined),
                Fate::TooLate { id } => (id, Reason::TooLate),
            };
            if self.items.get(id).is_some_and(|item| is_waiting(&item.record.stage)) {
                self.refuse(id, reason, &mut dirty);
                settled += 1;
            }
        }
        settled += self.take_outcomes(decided, None, now);
        self.shut_out(revocation);
        if settled > 0 {
            self.connection.push_succeeded(now);
        } else {
            self.connection.push_failed(0, now);
        }
    }

    /// The server lets this device in again.
    pub(super) fn readmitted(&mut self) {
        if self.revocation.take().is_some() {
            self.outputs.push(Output::Readmitted);
        }
    }
}
