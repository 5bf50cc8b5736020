//! The browser has cleared what this device kept while the page is open: to make room, or because somebody asked it
//! to. What the page still has in memory is written again, and none of it is called saved before that is done.

use super::Replica;
use crate::{
    defects::Defect,
    io::Output,
    outbox::{OutboxRecord, Stage},
};

impl Replica {
    pub(super) fn storage_lost(&mut self) {
        if self.defects.has(Defect::NotWrittenAgain) {
            return;
        }
        // What lay there for somebody else is in no memory: it is gone, and may be read from a file again.
        self.left_alone.clear();
        for item in self.items.iter_mut() {
            match item.record.stage {
                Stage::Saving | Stage::Saved => {
                    item.record.stage = Stage::Saved;
                    self.outputs.push(Output::Persist(Box::new(item.record.clone())));
                    item.record.stage = Stage::Saving;
                    item.saving_since = Some(self.now);
                }
                // The book has it, as long as the server does not lose it.
                Stage::Accepted { .. } => {
                    let record = OutboxRecord { stage: Stage::Saved, ..item.record.clone() };
                    self.outputs.push(Output::Update(Box::new(record)));
                }
                Stage::Unsaved
                | Stage::Changed { .. }
                | Stage::Refused { .. }
                | Stage::Held { .. }
                | Stage::Discarded { .. } => self.outputs.push(Output::Update(Box::new(item.record.clone()))),
            }
        }
        let kept = self.kept.iter().cloned().map(Box::new);
        self.outputs.extend(kept.map(|acknowledged| Output::Keep { acknowledged, dropped: Vec::new() }));
        if !self.lost.is_empty() {
            self.outputs.push(Output::KeepLost(self.lost.clone()));
        }
        self.save_snapshot();
        self.changes.pending = true;
    }
}
