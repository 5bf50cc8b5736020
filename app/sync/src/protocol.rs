//! What travels between a device and the server. Every message carries the protocol's number, so that an old page
//! is told to update, with its outbox kept, instead of being misunderstood.

use std::{borrow::Cow, fmt, sync::Arc};

use domain::{
    CommandId, EventRecord, Submission, Verdict,
    books::{Books, FOLD_VERSION},
    chain::Hash,
    digest::Digest,
    fields::FieldError,
    json,
    values::Millis,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The number this build speaks. It goes up when a message changes its meaning; added optional fields do not.
///
/// 1. The first.
/// 2. Whoever opens a feed says its number, and knows the frame [`TooOld`].
/// 3. Devices say who they are, and know that they may be shut out ([`Revocation`]).
pub const PROTOCOL: u16 = 3;

/// The first number whose devices know what a [`Revocation`] is. To all before it, somebody has to sign in.
pub const KNOWS_REVOCATION: u16 = 3;

/// The oldest number that the server still answers.
pub const OLDEST_PROTOCOL: u16 = 1;

/// The number of messages from before they said one.
fn unsaid() -> u16 {
    1
}

/// Where a shop's feed is read from the entry behind `after`. An `EventSource` sends no header of ours, so all that is
/// to be said stands in the address; the epoch too, since a position of another log means nothing. `device` is the code
/// of this one, of letters and digits.
#[must_use]
pub fn feed_address(shop: &str, epoch: Uuid, after: u64, device: &str) -> String {
    format!("/api/v1/shops/{shop}/feed?after={epoch}:{after}&protocol={PROTOCOL}&device={device}")
}

/// Who was shut out of a shop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShutOut {
    /// This device, whoever uses it.
    Device,
    /// Whoever uses it, on every device.
    Person,
}

/// That a device, or whoever uses it, belongs to the shop no more. What was written before then is handed over, and waits
/// for an owner's decision; what was written later is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Revocation {
    pub of: ShutOut,
    pub at: Millis,
}

/// The most commands in one push.
pub const MOST_COMMANDS: usize = 500;

/// A part of an outbox, in order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Push {
    pub protocol: u16,
    /// Whose commands these are, as far as the device knows: in another person's session none of them is decided. Who
    /// has sent them is said by the session alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Arc<str>>,
    /// Which device this is. Commands name the one that they were written on, which may be another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Arc<str>>,
    /// How many commands stay on the device to be sent after these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent: Option<u32>,
    pub submissions: Vec<Submission>,
}

/// A push as it stands in its request: read in two steps, so that a page which speaks another protocol, or a command
/// that this build cannot read, gets an answer that says so.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unread(Box<RawValue>);

impl Unread {
    /// # Errors
    /// When it cannot be written as JSON, which no push of ours does.
    pub fn of(push: &Push) -> serde_json::Result<Self> {
        serde_json::value::to_raw_value(push).map(Self)
    }

    /// # Errors
    /// What [`understood`] says of its protocol; [`ProtocolError::Malformed`] when it does not fit.
    pub fn read(&self) -> Result<Push, ProtocolError> {
        #[derive(Deserialize)]
        struct Spoken {
            protocol: u16,
        }
        let Spoken { protocol } = json::read(self.0.get()).map_err(malformed)?;
        understood(protocol)?;
        json::read(self.0.get()).map_err(malformed)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn malformed(error: serde_json::Error) -> ProtocolError {
    ProtocolError::Malformed { errors: vec![FieldError { field: "push".to_owned(), problem: error.to_string() }] }
}

/// Whether a message of this number means here what it meant to its sender.
///
/// # Errors
/// [`ProtocolError::TooOld`], or [`ProtocolError::Unavailable`] for a page that is ahead.
pub fn understood(spoken: u16) -> Result<(), ProtocolError> {
    if spoken < OLDEST_PROTOCOL {
        return Err(ProtocolError::TooOld { spoken, least: OLDEST_PROTOCOL });
    }
    if spoken > PROTOCOL {
        // The page is ahead: this server was brought back to an earlier release, or is the last of a rolling update.
        // Its outbox waits for one that understands it.
        return Err(ProtocolError::Unavailable { retry_after_ms: 10_000 });
    }
    Ok(())
}

/// The answers to a push, one a submission, in the same order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PushAnswer {
    pub protocol: u16,
    pub epoch: Uuid,
    /// The log's last position after this push.
    pub head: u64,
    pub outcomes: Vec<Outcome>,
}

/// What became of one submission.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Decided, now or earlier: the answer for ever.
    Settled { id: CommandId, verdict: Verdict },
    /// Not decided: it depends on a command that was refused.
    Held { id: CommandId, by: CommandId },
    /// Not decided: this id was used for another command.
    IdReused { id: CommandId },
    /// Not decided: the aggregate has another version than `if_version` said. Nothing is written down, so the
    /// same id may be sent again.
    VersionConflict { id: CommandId, aggregate: String, expected: u32, actual: u32 },
}

/// What became of one submission of somebody who was shut out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Before they were: the answer for ever.
    Decided(Outcome),
    /// It was written before the end: kept until an owner decides.
    Quarantined { id: CommandId },
    /// It was written after the end, and is never decided.
    TooLate { id: CommandId },
}

impl Outcome {
    #[must_use]
    pub fn id(&self) -> CommandId {
        match self {
            Self::Settled { id, .. }
            | Self::Held { id, .. }
            | Self::IdReused { id }
            | Self::VersionConflict { id, .. } => *id,
        }
    }
}

/// Why a push or a snapshot was not answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ProtocolError {
    #[error("this version speaks protocol {spoken}; the server needs at least {least}")]
    TooOld { spoken: u16, least: u16 },
    #[error("no shop {shop}")]
    UnknownShop { shop: String },
    #[error("{most} commands at most, not {actual}")]
    TooMany { most: usize, actual: usize },
    #[error("a command does not fit")]
    Malformed { errors: Vec<FieldError> },
    /// Nothing was decided; try again after a while.
    #[error("the book cannot be reached just now")]
    Unavailable { retry_after_ms: u32 },
    /// The session does not allow it, or is another person's than the commands are. The outbox waits for a sign-in.
    #[error("not signed in for this shop")]
    NotSignedIn,
    /// Shut out of the shop. To a push with what became of each of its commands.
    #[error("shut out since {}", .revocation.at.0)]
    Revoked {
        revocation: Revocation,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fates: Vec<Fate>,
    },
    /// The request did not arrive, or its answer did not: whether it was decided is not known.
    #[error("no answer: {problem}")]
    NoAnswer { problem: String },
}

impl ProtocolError {
    /// Whether sending the same again can never succeed without a change on this side.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::TooOld { .. }
            | Self::UnknownShop { .. }
            | Self::TooMany { .. }
            | Self::Malformed { .. }
            | Self::Revoked { .. } => true,
            Self::Unavailable { .. } | Self::NotSignedIn | Self::NoAnswer { .. } => false,
        }
    }
}

/// A place in a log with the hash of the entry there. Whoever has the same hash at the same place has the same
/// entries up to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Waypoint {
    pub position: u64,
    pub hash: Hash,
}

/// The most places in one [`SnapshotRequest`].
pub const MOST_WAYPOINTS: usize = 4_096;

/// Asks for a snapshot. Pages from before there was anything to say ask with nothing at all.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SnapshotRequest {
    pub protocol: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Arc<str>>,
    /// Places in the log that the device has, oldest first: [`Snapshot::common`] answers with the last one that both
    /// sides have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Waypoint>,
}

/// Books at a position: where a new replica starts, and where one that differs starts again.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Snapshot {
    pub protocol: u16,
    /// [`domain::books::FOLD_VERSION`] of the build that made it; another fold's snapshot is of no use.
    pub fold: u32,
    pub epoch: Uuid,
    /// Of the entry at `books.position`.
    pub hash: Hash,
    pub digest: Digest,
    /// The name of the shop as people read it.
    pub title: String,
    /// The last of the places that were asked about which is in this log too; 0 when none of them is. None when
    /// nothing was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<u64>,
    pub books: Books,
}

/// Books of another fold are passed over unread: they may have another shape, and a page that cannot use them has to
/// learn that it is too old, not that the answer was broken. `fold` stands before `books` for that.
impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SnapshotVisitor)
    }
}

struct SnapshotVisitor;

impl<'de> Visitor<'de> for SnapshotVisitor {
    type Value = Snapshot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Snapshot, A::Error> {
        let (mut protocol, mut fold, mut epoch, mut hash, mut digest) = (None, None, None, None, None);
        let (mut title, mut common, mut books) = (None, None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "protocol" => protocol = Some(map.next_value()?),
                "fold" => fold = Some(map.next_value::<u32>()?),
                "epoch" => epoch = Some(map.next_value()?),
                "hash" => hash = Some(map.next_value()?),
                "digest" => digest = Some(map.next_value()?),
                "title" => title = Some(map.next_value()?),
                "common" => common = map.next_value()?,
                "books" if fold.is_none_or(|fold| fold == FOLD_VERSION) => books = Some(map.next_value()?),
                "books" => {
                    map.next_value::<IgnoredAny>()?;
                    books = Some(Books::default());
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        let missing = A::Error::missing_field;
        Ok(Snapshot {
            protocol: protocol.ok_or_else(|| missing("protocol"))?,
            fold: fold.ok_or_else(|| missing("fold"))?,
            epoch: epoch.ok_or_else(|| missing("epoch"))?,
            hash: hash.ok_or_else(|| missing("hash"))?,
            digest: digest.ok_or_else(|| missing("digest"))?,
            title: title.ok_or_else(|| missing("title"))?,
            common,
            books: books.ok_or_else(|| missing("books"))?,
        })
    }
}

/// A feed frame named `events`: the next entries, without a hole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Events {
    #[serde(default = "unsaid")]
    pub protocol: u16,
    pub epoch: Uuid,
    pub events: Vec<EventRecord>,
}

/// A feed frame named `heartbeat`. The digest is that of the books at `head`, folded by `fold`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Heartbeat {
    pub epoch: Uuid,
    pub head: u64,
    pub digest: Digest,
    pub fold: u32,
    pub protocol: u16,
}

/// A feed frame named `reset` (another log) or `snapshot` (too far behind): the replica starts from a snapshot,
/// with its outbox kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StartOver {
    #[serde(default = "unsaid")]
    pub protocol: u16,
    pub epoch: Uuid,
    pub head: u64,
    pub reason: String,
}

/// A feed frame named `bye`: the server drains. Come back after a moment drawn from `0..=spread_ms`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Bye {
    #[serde(default = "unsaid")]
    pub protocol: u16,
    pub spread_ms: u32,
}

/// A feed frame named `too_old`, and the last: the server does not answer the number that was spoken any more. A poll
/// is answered with [`ProtocolError::TooOld`] instead; of a stream's status an `EventSource` tells nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TooOld {
    pub protocol: u16,
    pub spoken: u16,
    pub least: u16,
}

/// A feed frame named `revoked`, and the last: whoever reads must not read on.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Revoked {
    #[serde(default = "unsaid")]
    pub protocol: u16,
    /// None where signing in is all that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
}

/// A feed frame named `code_taken`: another browser had the code under which this feed was opened before, so both would
/// give out the same receipt numbers. The device takes another code and goes on; what it has numbered keeps its numbers.
/// Nothing else is different: a page that does not know this frame goes on as before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CodeTaken {
    pub protocol: u16,
    pub code: Arc<str>,
}

/// Everything that a feed can say.
#[derive(Clone, Debug)]
pub enum FeedFrame {
    Events(Events),
    Heartbeat(Heartbeat),
    Reset(StartOver),
    Snapshot(StartOver),
    Revoked(Revoked),
    Bye(Bye),
    TooOld(TooOld),
    CodeTaken(CodeTaken),
}

/// The answer to a poll: the frames that a stream would have sent, in their order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Poll {
    #[serde(default = "unsaid")]
    pub protocol: u16,
    pub frames: Vec<PolledFrame>,
}

/// A frame with its name in the stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolledFrame {
    pub event: String,
    /// As it was written: hashes are made over these bytes.
    pub data: Box<RawValue>,
}

impl Poll {
    /// # Errors
    /// When it is not an answer to a poll: a sign-in page in its place, for instance.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        json::read(text)
    }

    /// The frames; those of kinds that this build does not know are left out.
    ///
    /// # Errors
    /// When the data of a known kind does not fit.
    pub fn read(&self) -> serde_json::Result<Vec<FeedFrame>> {
        let frames = self.frames.iter().map(|frame| FeedFrame::parse(&frame.event, frame.data.get()));
        frames.filter_map(serde_json::Result::transpose).collect()
    }
}

impl FeedFrame {
    /// Reads a frame by its SSE event name. A name that this build does not know is `None`: an added kind of
    /// frame must not stop an old page.
    ///
    /// # Errors
    /// When the data of a known name does not fit.
    pub fn parse(name: &str, data: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match name {
            "events" => Self::Events(json::read(data)?),
            "heartbeat" => Self::Heartbeat(json::read(data)?),
            "reset" => Self::Reset(json::read(data)?),
            "snapshot" => Self::Snapshot(json::read(data)?),
            "revoked" => Self::Revoked(json::read(data)?),
            "bye" => Self::Bye(json::read(data)?),
            "too_old" => Self::TooOld(json::read(data)?),
            "code_taken" => Self::CodeTaken(json::read(data)?),
            _ => return Ok(None),
        }))
    }
}
