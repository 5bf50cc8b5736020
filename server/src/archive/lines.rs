//! What stands on a line.

use std::collections::BTreeMap;

use base64::{DecodeError as NotBase64, Engine as _, engine::general_purpose::STANDARD as BASE64};
use domain::{
    CommandId, EventRecord, ShopSlug, Verdict, VerdictRecord, chain::Hash, event::DecodeError, picture::MediaType,
    values::BlobHash,
};
use serde::{Deserialize, Serialize};
use store::Blob;
use uuid::Uuid;

/// The number of this form of file.
pub const FORMAT: u32 = 1;

/// The first line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub shop: ShopSlug,
    /// The shop's name as people read it.
    pub title: String,
    /// Identity of the log. An import keeps it.
    pub epoch: Uuid,
    /// Position of the last event.
    pub head: u64,
    /// Of the last event: a witness for all of them.
    pub hash: Hash,
    /// The newest schema of events that the writer knew.
    pub schema: u16,
    /// The writer's fold: digests of another are not compared with it.
    pub fold: u32,
    /// How far each process manager had come.
    pub checkpoints: BTreeMap<String, u64>,
}

/// A fingerprint as text, since programs that read numbers as doubles would lose its last digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(pub u64);

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A verdict that no event tells.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VerdictLine {
    pub command_id: CommandId,
    pub fingerprint: Fingerprint,
    pub verdict: Verdict,
}

/// A picture, on the line before the event that names it first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BlobLine {
    pub blob: BlobHash,
    pub media_type: MediaType,
    pub width: u32,
    pub height: u32,
    /// Base64.
    pub bytes: String,
}

/// The last line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct End {
    pub events: u64,
    pub verdicts: u64,
    /// BLAKE3 over every byte before this line: fingerprints and verdicts are not part of the chain.
    pub hash: Hash,
}

/// Any line behind the first, as far as is needed to tell what it is.
#[derive(Deserialize)]
pub(super) struct Glance {
    pub position: Option<u64>,
    pub fingerprint: Option<Fingerprint>,
    pub blob: Option<BlobHash>,
    pub end: Option<End>,
}

/// A line with the end.
#[derive(Serialize)]
pub(super) struct EndLine {
    pub end: End,
}

/// An event's line. The record's own text is not written a second time: the fingerprint goes behind it.
pub(super) fn event_line(record: &EventRecord, fingerprint: Option<u64>) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(record)?;
    if let (Some(fingerprint), Some('}')) = (fingerprint, line.pop()) {
        line.push_str(&format!(r#","fingerprint":"{fingerprint:016x}""#));
    }
    line.push('}');
    Ok(line)
}

impl From<Blob> for BlobLine {
    fn from(blob: Blob) -> Self {
        let Blob { name, media_type, width, height, bytes } = blob;
        Self { blob: name, media_type, width, height, bytes: BASE64.encode(bytes) }
    }
}

impl TryFrom<BlobLine> for Blob {
    type Error = NotBase64;

    fn try_from(line: BlobLine) -> Result<Self, NotBase64> {
        let BlobLine { blob, media_type, width, height, bytes } = line;
        Ok(Self { name: blob, media_type, width, height, bytes: BASE64.decode(bytes)? })
    }
}

impl From<VerdictLine> for VerdictRecord {
    fn from(line: VerdictLine) -> Self {
        Self { command_id: line.command_id, fingerprint: line.fingerprint.0, verdict: line.verdict }
    }
}

impl From<VerdictRecord> for VerdictLine {
    fn from(record: VerdictRecord) -> Self {
        let VerdictRecord { command_id, fingerprint, verdict } = record;
        Self { command_id, fingerprint: Fingerprint(fingerprint), verdict }
    }
}

/// What the events of one command say about its verdict. They stand together in the log.
#[derive(Default)]
pub(super) struct Told {
    command: Option<CommandId>,
    positions: Vec<u64>,
}

impl Told {
    /// The verdict if `record` is the last event of its command.
    ///
    /// # Errors
    /// When the record is a refusal that cannot be read.
    pub fn by(&mut self, record: &EventRecord) -> Result<Verdict, DecodeError> {
        if self.command != Some(record.command_id) {
            self.command = Some(record.command_id);
            self.positions.clear();
        }
        self.positions.push(record.position);
        if &*record.event_type == "Refused"
            && let domain::Event::Refused(refused) = record.decode()?.event
        {
            return Ok(Verdict::Refused { position: record.position, refusal: refused.refusal });
        }
        Ok(Verdict::Accepted { positions: self.positions.clone() })
    }
}
