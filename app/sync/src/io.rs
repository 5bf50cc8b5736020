//! What a replica is told, and what it asks for. Every input comes with the time; the driver (a browser tab, the
//! simulator) does what the outputs say, in their order, and reports back.

use std::sync::Arc;

use domain::{CommandId, EventRecord, books::Role, digest::Digest, values::Millis};
use uuid::Uuid;

use crate::{
    acknowledged::Acknowledged,
    connection::DataState,
    outbox::OutboxRecord,
    protocol::{FeedFrame, ProtocolError, Push, PushAnswer, Revocation, Snapshot, SnapshotRequest},
    replica::Lost,
};

#[derive(Clone, Debug)]
pub enum Input {
    /// This tab holds the feed and the sender from now on.
    Lead,
    /// Another tab does.
    Follow,

    /// The strict commit of [`Output::Persist`] succeeded.
    Persisted(CommandId),
    /// It did not.
    StorageFailed(CommandId),
    /// The cache of the confirmed log could not be written ([`Output::Append`], [`Output::SaveSnapshot`]).
    CacheFailed,
    /// Everything that this device kept is gone, and storage takes writes again.
    StorageLost,
    /// This device has another name from now on: nobody knows any more which numbers were given under the one before, or
    /// another device gives out the same.
    Named(Arc<str>),
    /// Another tab wrote or changed this record; it is in storage already.
    Adopted(Box<OutboxRecord>),
    /// Records of an earlier run, which storage did not give at the start.
    FoundLate(Vec<OutboxRecord>),
    /// Another tab removed this record from storage.
    Removed(CommandId),
    /// Other tabs have moved these from the outbox to what was acknowledged ([`Output::Keep`]), as found in storage.
    Recalled(Vec<Acknowledged>),

    /// The feed that [`Output::OpenFeed`] asked for under this number is open.
    FeedOpened {
        feed: u64,
    },
    FeedFrame {
        feed: u64,
        frame: Box<FeedFrame>,
    },
    /// A known frame whose data could not be read at all.
    FeedUnreadable {
        feed: u64,
        problem: String,
    },
    FeedClosed {
        feed: u64,
        end: FeedEnd,
    },
    /// The answer to [`Output::Poll`].
    PollAnswered {
        feed: u64,
        answer: Result<Vec<FeedFrame>, FeedEnd>,
    },
    /// What [`Output::CatchUp`] asked for is not to be had from the other tabs or from storage.
    Missed {
        after: u64,
    },
    /// A frame or an answer that another tab received.
    Relayed(Box<FeedFrame>),
    RelayedAnswer(Box<PushAnswer>),

    PushAnswered {
        ticket: u64,
        answer: Result<PushAnswer, ProtocolError>,
    },
    SnapshotAnswered {
        ticket: u64,
        answer: Result<Box<Snapshot>, ProtocolError>,
    },
    /// A snapshot that came with the page. Taken if it is newer than what this replica has.
    SnapshotOffered(Box<Snapshot>),
    /// Whether the health probe reached the server.
    Probed {
        reached: bool,
    },

    /// The time that [`Output::WakeAt`] named has come. An early or repeated one is harmless.
    Wake,
    /// Hints of the operating system: they only cause a probe, and choose between two words on the chip.
    NetworkUp,
    NetworkDown,
    /// The tab that leads says how its connection stands.
    Led(DataState),
    /// Nobody sees the page.
    Hidden,
    /// The page is visible again, or came out of the back-forward cache: an open feed may be dead without a word.
    Resumed,
    Pause,
    Unpause,
    /// A person asks to try at once.
    TryNow,
    SignedIn,
    /// Whoever uses this device has another role in the shop from now on.
    InRole(Role),
}

/// How a feed ended.
#[derive(Clone, PartialEq, Debug)]
pub enum FeedEnd {
    /// The connection broke or could not be made.
    Lost,
    Refused(ProtocolError),
}

#[derive(Clone, Debug)]
pub enum Output {
    /// Write this new record with a strict commit, then say [`Input::Persisted`] or [`Input::StorageFailed`].
    Persist(Box<OutboxRecord>),
    /// Write the record's new state. Losing this write loses nothing: the verdict can be had again.
    Update(Box<OutboxRecord>),
    /// These are about to be sent for the first time: write so before anything that follows. Losing this write does
    /// no harm that the log does not show.
    Attempt(Vec<OutboxRecord>),
    /// Remove the record: somebody has seen the end of it.
    Forget(CommandId),
    /// Its entries are in the log: move the record from the outbox to what was acknowledged, and remove `dropped`
    /// from there, in one transaction.
    Keep {
        acknowledged: Box<Acknowledged>,
        dropped: Vec<CommandId>,
    },
    /// Write these entries behind the cached tail, with the cursor, in one transaction.
    Append(Vec<EventRecord>),
    /// Replace the cached snapshot and tail, in one transaction. The outbox stays.
    SaveSnapshot(Box<Snapshot>),
    /// The server has lost what was acknowledged: move these back into the outbox, and replace the cached log if
    /// there is a snapshot here, in one strict transaction. A page that ends before it begins anew with the old log.
    /// `kept` are settled in the new log as they were in the old one.
    Offer {
        records: Vec<OutboxRecord>,
        kept: Vec<Acknowledged>,
        snapshot: Option<Box<Snapshot>>,
    },
    /// This device, or whoever uses it, was shut out: remove the copy of the books and all that was settled, remember the
    /// word for the next start, and tell the other tabs. The outbox stays.
    Revoked(Revocation),
    /// It is in again: forget that it was shut out.
    Readmitted,
    /// Another device of the shop has this code: take another one for this browser, unless another tab has, and say
    /// [`Input::Named`].
    TakeAnotherCode(Arc<str>),
    /// Replace the list of what the server has lost and this device cannot give back. Losing this write loses only
    /// the list.
    KeepLost(Vec<Lost>),

    /// Open a feed behind `after`, closing any other.
    OpenFeed {
        feed: u64,
        after: u64,
        epoch: Uuid,
    },
    /// Ask once for what comes behind `after`, and let the server wait up to `wait_ms` for it: streams do not get
    /// through. Closes any feed.
    Poll {
        feed: u64,
        after: u64,
        epoch: Uuid,
        wait_ms: u32,
    },
    CloseFeed,
    /// Send these and answer under the ticket; [`ProtocolError::NoAnswer`] when it is not known what became of it.
    Push {
        ticket: u64,
        push: Push,
    },
    FetchSnapshot {
        ticket: u64,
        request: SnapshotRequest,
    },
    /// Ask the server's health address.
    Probe,
    /// A following tab misses entries behind `after`: have them relayed, from storage or by the leading tab.
    CatchUp {
        after: u64,
    },
    /// Say [`Input::Wake`] then. Replaces the time named before.
    WakeAt(Millis),

    /// What pages show has changed.
    Changed(Changes),
    /// Something that nobody should see happen.
    Report(Report),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// The books, confirmed or with the pending commands on top.
    pub books: bool,
    /// The list of this device's commands.
    pub pending: bool,
    pub connection: bool,
}

impl Changes {
    pub fn add(&mut self, more: Self) {
        self.books |= more.books;
        self.pending |= more.pending;
        self.connection |= more.connection;
    }
}

/// Something that nobody should see happen, and that the replica heals by itself.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Report {
    #[error("digest at entry {position} is {ours} here and {theirs} on the server")]
    DigestDiffers { position: u64, ours: Digest, theirs: Digest },
    #[error("entry {position} does not continue the chain")]
    ChainBroken { position: u64 },
    #[error("entry {position} is another one than was received before")]
    HistoryDiffers { position: u64 },
    #[error("entry {position} cannot be read: {problem}")]
    Undecodable { position: u64, problem: String },
    #[error("a snapshot does not have the digest it claims")]
    SnapshotDiffers,
    #[error("another device of the shop has the code {code}")]
    CodeTaken { code: Arc<str> },
    #[error("the books of another log (epoch {epoch}) replaced those of this device")]
    OtherLog { epoch: Uuid },
    #[error(
        "the server has lost what came behind entry {common}: {offered} commands of this device are offered again, \
         {lost} entries of others are missing"
    )]
    Restored { common: u64, offered: usize, lost: usize },
}
