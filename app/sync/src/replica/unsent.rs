//! What has not reached the server, out to a file and in from another device's.

use domain::{CommandId, Submission, values::Millis};

use super::Replica;
use crate::{
    io::Output,
    outbox::{OutboxRecord, Stage},
};

impl Replica {
    /// The commands that the server has not settled, as it would be sent them, in order of issue. None that is not for
    /// whoever is here to see.
    #[must_use]
    pub fn unsent(&self) -> Vec<Submission> {
        let unsettled = |stage: &Stage| !matches!(stage, Stage::Changed { .. } | Stage::Discarded { .. });
        let seen = self.items.iter().filter(|item| !self.config.withholds(&item.record));
        let records = seen.map(|item| &item.record);
        records.filter(|record| unsettled(&record.stage)).map(|record| record.submission.clone()).collect()
    }

    /// Whether this device has the command, or has its entry among those that the day book keeps.
    #[must_use]
    pub fn has(&self, id: CommandId) -> bool {
        let mut kept = self.log.books.projections.day_book.entries.iter();
        self.items.contains(id) || kept.any(|(_, entry)| entry.command_id == id)
    }

    /// Takes commands in that another device has saved, behind those of this one. Those that are here already are
    /// left alone. Nothing is refused: the server decides, and what it refuses needs a person, as everywhere.
    pub fn take_in(&mut self, submissions: Vec<Submission>, now: Millis) -> Vec<Output> {
        for submission in submissions {
            if !self.has(submission.id) {
                let sequence = self.next_sequence();
                // Who says that the other device has not sent it?
                self.put_in(OutboxRecord { attempted: true, ..OutboxRecord::new(submission, sequence) }, now);
            }
        }
        self.finish(now)
    }
}
