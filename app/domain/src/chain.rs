//! The hash chain over a shop's log: `hash = blake3(previous hash ‖ canonical bytes)`.
//!
//! The canonical bytes are the record's fields in declaration order, integers big-endian, texts and payload
//! behind their length. The payload enters as the bytes that are stored, never as something parsed and written
//! again. Whoever holds position and hash of one entry is a witness for everything before it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::EventRecord;

/// 32 bytes; lower-case hexadecimal in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash before the first entry.
    pub const ORIGIN: Self = Self([0; 32]);

    /// # Errors
    /// The text itself, when it is not 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| text.to_owned())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|text| serde::de::Error::custom(format!("not a hash: {text}")))
    }
}

/// The hash that `record` must carry when `previous` is the hash of the entry before it. The record's own `hash`
/// is not read.
#[must_use]
pub fn link(previous: Hash, record: &EventRecord) -> Hash {
    let mut bytes = Vec::with_capacity(256 + record.payload.get().len());
    bytes.extend_from_slice(&previous.0);
    bytes.extend_from_slice(&record.position.to_be_bytes());
    text(&mut bytes, record.aggregate.as_str());
    bytes.extend_from_slice(&record.version.to_be_bytes());
    text(&mut bytes, &record.event_type);
    bytes.extend_from_slice(&record.schema.to_be_bytes());
    bytes.extend_from_slice(record.command_id.0.as_bytes());
    bytes.extend_from_slice(&record.index_in_command.to_be_bytes());
    text(&mut bytes, &record.actor);
    text(&mut bytes, &record.device);
    bytes.extend_from_slice(&record.issued_at.0.to_be_bytes());
    bytes.extend_from_slice(&record.recorded_at.0.to_be_bytes());
    bytes.extend_from_slice(&record.causation.unwrap_or(0).to_be_bytes());
    bytes.extend_from_slice(record.correlation.0.as_bytes());
    text(&mut bytes, record.payload.get());
    Hash(*blake3::hash(&bytes).as_bytes())
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}
