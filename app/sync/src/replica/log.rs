//! The confirmed log: how far it came, what it hashes to, and the books at its end.

use std::{collections::VecDeque, sync::Arc};

use domain::{
    Books, EventRecord,
    books::FOLD_VERSION,
    chain::{Hash, link},
    digest::Digest,
    record::Entry,
    values::Millis,
};
use uuid::Uuid;

use super::{DigestAt, DigestsView};
use crate::{
    defects::{Defect, Defects},
    io::Report,
    protocol::{Heartbeat, PROTOCOL, Snapshot, Waypoint},
};

/// Positions whose hash and digest are remembered, for heartbeats and repeats that come late.
const MARKS: usize = 512;

/// Where the confirmed log stands to the server's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Nothing is known yet: a snapshot is needed.
    Empty,
    /// It is a prefix of the server's, as far as anybody can tell.
    Following,
    /// It is too far behind, or the books have gone wrong: a snapshot replaces it.
    Replaced,
    /// It is not: the server has lost its last entries, or has another log. A snapshot replaces it, and what this
    /// device has of what was lost is offered again.
    Parted,
    /// The next entry is of a kind that this build cannot read. It stops here and never skips.
    Unreadable,
}

/// Why an entry was not taken.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Trouble {
    Gap,
    Differs(Report),
    Unreadable(Report),
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    position: u64,
    hash: Hash,
    digest: Digest,
}

#[derive(Clone, Debug)]
pub(super) struct Log {
    pub standing: Standing,
    pub epoch: Option<Uuid>,
    pub title: String,
    pub hash: Hash,
    pub books: Arc<Books>,
    /// The last position of the server's log that was heard of.
    pub head: u64,
    marks: VecDeque<Mark>,
    theirs: Option<DigestAt>,
    /// Whether `theirs` waits for the books to come to its position.
    compare_later: bool,
    agreed: Option<DigestAt>,
    pub defects: Defects,
}

impl Log {
    pub fn new() -> Self {
        Self {
            standing: Standing::Empty,
            epoch: None,
            title: String::new(),
            hash: Hash::ORIGIN,
            books: Arc::default(),
            head: 0,
            marks: VecDeque::new(),
            theirs: None,
            compare_later: false,
            agreed: None,
            defects: Defects::default(),
        }
    }

    pub fn position(&self) -> u64 {
        self.books.position
    }

    /// Takes the next entry; `None` for one that is here already.
    pub fn take(&mut self, record: &EventRecord) -> Result<Option<Entry>, Trouble> {
        let last = self.position();
        if record.position <= last && !self.defects.has(Defect::DoubleApply) {
            let known = self.marks.iter().rev().find(|mark| mark.position == record.position);
            return match known {
                Some(mark) if mark.hash != record.hash => {
                    Err(Trouble::Differs(Report::HistoryDiffers { position: record.position }))
                }
                _ => Ok(None),
            };
        }
        let skips_check = self.defects.has(Defect::NoGapCheck) || self.defects.has(Defect::DoubleApply);
        if record.position > last + 1 && !skips_check {
            return Err(Trouble::Gap);
        }
        if link(self.hash, record) != record.hash && !skips_check {
            return Err(Trouble::Differs(Report::ChainBroken { position: record.position }));
        }
        let entry = match record.decode() {
            Ok(entry) => entry,
            Err(_) if self.defects.has(Defect::SkipUnknownEvent) || self.defects.reads_newer_events() => {
                Arc::make_mut(&mut self.books).position = record.position;
                self.remember(record);
                return Ok(None);
            }
            Err(error) => {
                let problem = error.to_string();
                return Err(Trouble::Unreadable(Report::Undecodable { position: record.position, problem }));
            }
        };
        let books = Arc::make_mut(&mut self.books);
        if skips_check {
            books.position = record.position - 1;
        }
        if books.apply(&entry).is_err() {
            return Err(Trouble::Gap);
        }
        self.remember(record);
        Ok(Some(entry))
    }

    fn remember(&mut self, record: &EventRecord) {
        self.hash = record.hash;
        self.head = self.head.max(record.position);
        self.mark();
    }

    fn mark(&mut self) {
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        let (position, digest) = (self.position(), self.books.digest());
        self.marks.push_back(Mark { position, hash: self.hash, digest });
    }

    /// Places of this log with their hashes, oldest first; the last one is its end.
    pub fn waypoints(&self) -> impl DoubleEndedIterator<Item = Waypoint> {
        self.marks.iter().map(|mark| Waypoint { position: mark.position, hash: mark.hash })
    }

    /// `position` with its hash, or else the end of the log, which has it too.
    pub fn witness(&self, position: Option<u64>) -> Waypoint {
        let of_mark = position.and_then(|position| self.waypoints().rev().find(|known| known.position == position));
        of_mark.unwrap_or(Waypoint { position: self.position(), hash: self.hash })
    }

    /// The server's digest at its head. Compared now if the books have been there, later if they will come there.
    pub fn compare(&mut self, heartbeat: &Heartbeat) -> Option<Report> {
        self.head = self.head.max(heartbeat.head);
        if heartbeat.fold != FOLD_VERSION {
            return None;
        }
        self.theirs = Some(DigestAt { position: heartbeat.head, digest: heartbeat.digest });
        self.compare_later = true;
        self.compare_passed()
    }

    /// Whether the digest that was last heard can be compared by now, and if so, whether it differs.
    pub fn compare_passed(&mut self) -> Option<Report> {
        let theirs = self.theirs.filter(|theirs| self.compare_later && theirs.position <= self.position())?;
        self.compare_later = false;
        if self.defects.has(Defect::DigestNotCompared) {
            return None;
        }
        // At the end of the log the books themselves are asked: they may have gone wrong since they were marked.
        let ours = if theirs.position == self.position() {
            self.books.digest()
        } else {
            self.marks.iter().rev().find(|mark| mark.position == theirs.position)?.digest
        };
        if ours == theirs.digest {
            self.agreed = Some(theirs);
            return None;
        }
        Some(Report::DigestDiffers { position: theirs.position, ours, theirs: theirs.digest })
    }

    /// Replaces everything by a snapshot, unless it is not what it claims to be or of another fold.
    pub fn adopt(&mut self, snapshot: Snapshot) -> Result<(), Rejected> {
        if snapshot.fold != FOLD_VERSION {
            return Err(Rejected::OtherFold);
        }
        if snapshot.books.digest() != snapshot.digest {
            return Err(Rejected::Differs);
        }
        self.standing = Standing::Following;
        self.epoch = Some(snapshot.epoch);
        self.title = snapshot.title;
        self.hash = snapshot.hash;
        self.head = snapshot.books.position;
        self.books = Arc::new(snapshot.books);
        self.marks.clear();
        self.theirs = None;
        self.compare_later = false;
        self.mark();
        Ok(())
    }

    pub fn snapshot(&self) -> Option<Snapshot> {
        let epoch = self.epoch.filter(|_| matches!(self.standing, Standing::Following | Standing::Unreadable))?;
        Some(Snapshot {
            protocol: PROTOCOL,
            fold: FOLD_VERSION,
            epoch,
            hash: self.hash,
            digest: self.books.digest(),
            title: self.title.clone(),
            common: None,
            books: (*self.books).clone(),
        })
    }

    pub fn digests(&self) -> DigestsView {
        let ours = DigestAt { position: self.position(), digest: self.books.digest() };
        DigestsView { ours, theirs: self.theirs, agreed: self.agreed }
    }

    pub fn has_agreed_at(&self) -> Option<u64> {
        self.agreed.map(|agreed| agreed.position)
    }
}

/// Why a snapshot was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rejected {
    OtherFold,
    Differs,
}

/// The time that entries of pending commands carry: nobody has written them down yet.
pub(super) fn provisional_stamp(epoch: Option<Uuid>, issued_at: Millis) -> domain::books::Stamp {
    domain::books::Stamp { epoch: epoch.unwrap_or_default(), recorded_at: issued_at }
}
