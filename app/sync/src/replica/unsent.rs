//! What has not reached the server, out to a file and in from another device's.

use domain::{CommandId, values::Millis};

use super::Replica;
use crate::{
    io::Output,
    outbox::{OutboxRecord, Stage},
    unsent_file::Unsent,
};

fn is_mine(unsent: &Unsent, person: Option<&str>) -> bool {
    unsent.person.as_deref().is_none_or(|theirs| Some(theirs) == person)
}

impl Replica {
    /// The commands that the server has not settled, as it would be sent them, in order of issue. None that is not for
    /// whoever is here to see.
    #[must_use]
    pub fn unsent(&self) -> Vec<Unsent> {
        let unsettled = |stage: &Stage| !matches!(stage, Stage::Changed { .. } | Stage::Discarded { .. });
        let records = self.items.iter().map(|item| &item.record);
        let seen = records.filter(|record| unsettled(&record.stage) && !self.config.withholds(record));
        seen.map(|record| Unsent { submission: record.submission.clone(), person: record.person.clone() }).collect()
    }

    /// Whether this device has the command, as far as this tab knows, or has its entry among those that the day book keeps.
    #[must_use]
    pub fn has(&self, id: CommandId) -> bool {
        let mut kept = self.log.books.projections.day_book.entries.iter();
        let is_here = self.items.contains(id) || self.left_alone.contains(&id);
        is_here || kept.any(|(_, entry)| entry.command_id == id)
    }

    /// Whether whoever is here may take it in. A file is a text that anybody can write: in somebody else's name it counts for
    /// nothing, and whoever answers for others takes theirs in as their own.
    #[must_use]
    pub fn may_take_in(&self, unsent: &Unsent) -> bool {
        is_mine(unsent, self.config.person.as_deref()) || self.config.author.role.answers_for_others()
    }

    /// Takes commands in that another device has saved, behind those of this one, in the name of whoever is here. Those that
    /// are here already are left alone, and those that they may not take in. Nothing is refused: the server decides, and what
    /// it refuses needs a person, as everywhere.
    pub fn take_in(&mut self, unsent: Vec<Unsent>, now: Millis) -> Vec<Output> {
        for one in unsent {
            if self.has(one.submission.id) || !self.may_take_in(&one) {
                continue;
            }
            let record = OutboxRecord::new(one.submission, self.next_sequence());
            // Who says that the other device has not sent it?
            self.put_in(OutboxRecord { attempted: true, ..record }, now);
        }
        self.finish(now)
    }
}
