//! Names of shops, aggregates and commands.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{text::Text, values::ValueError};

/// Identity of one command, made on the device at the moment of the click. Sending it again, from anywhere,
/// gets the first verdict again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

impl CommandId {
    /// # Errors
    /// [`ValueError::Id`] unless the text is a UUID.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Uuid::try_parse(text).map(Self).map_err(|_| ValueError::Id { expected: "a UUID" })
    }

    /// The id of the `index`-th command that a process manager issues in answer to the event at `cause`.
    ///
    /// Derived, not drawn, so that a process that runs again after a crash issues the same command and meets its
    /// own first verdict. `epoch` keeps the ids of a restored log apart from those of the log it replaced.
    #[must_use]
    pub fn derived(epoch: Uuid, process: &str, cause: u64, index: u16) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(epoch.as_bytes());
        bytes.extend_from_slice(process.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&cause.to_be_bytes());
        bytes.extend_from_slice(&index.to_be_bytes());
        let hash = xxhash_rust::xxh3::xxh3_128(&bytes);
        Self(uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid())
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A consistency boundary: `product-SKU`, `stock-SKU`, `order-ID`, `sale-ID`, `account-ID`, `transfer-ID`, `picture-ID` or
/// `comment-ID`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AggregateId(Text);

impl AggregateId {
    #[must_use]
    pub fn new(kind: &str, key: &str) -> Self {
        Self(Text::joined(&[kind, "-", key]))
    }

    /// An aggregate's name as it was stored.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `("stock", "OAT-1")` for `stock-OAT-1`.
    #[must_use]
    pub fn kind_and_key(&self) -> (&str, &str) {
        self.as_str().split_once('-').unwrap_or((self.as_str(), ""))
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shop's name in addresses: 1 to 40 of `a-z`, `0-9` and `-`, starting with a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct ShopSlug(Arc<str>);

impl ShopSlug {
    /// # Errors
    /// [`ValueError::Id`] for any other text.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let fits = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-');
        if fits { Ok(Self(text.into())) } else { Err(ValueError::Id { expected: "1 to 40 of a-z, 0-9 and -" }) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShopSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ShopSlug {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
