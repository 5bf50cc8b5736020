//! What has not reached the server, out to a file and in from another device's.

use domain::{CommandId, values::Millis};

use super::Replica;
use crate::{
    io::Output,
    outbox::{OutboxRecord, Stage},
    unsent_file::Unsent,
};

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

    /// Takes commands in that another device has saved, behind those of this one. Those that are here already are
    /// left alone. Nothing is refused: the server decides, and what it refuses needs a person, as everywhere. Each stays its
    /// author's: that of somebody who does not use this device now is only stored, and waits for them.
    pub fn take_in(&mut self, unsent: Vec<Unsent>, now: Millis) -> Vec<Output> {
        for Unsent { submission, person } in unsent {
            if self.has(submission.id) {
                continue;
            }
            let (id, new) = (submission.id, OutboxRecord::new(submission, self.next_sequence()));
            // Who says that the other device has not sent it?
            let record = OutboxRecord { person, attempted: true, ..new };
            if self.config.leaves_alone(&record) {
                self.left_alone.insert(id);
                self.outputs.push(Output::Persist(Box::new(record)));
            } else {
                self.put_in(record, now);
            }
        }
        self.finish(now)
    }
}
