//! A short number that two replicas compare to learn whether their books are the same.
//!
//! The digest of a table is the sum of its rows' hashes, so it is kept up to date by adding what comes and
//! subtracting what goes, in any order, and comparing it costs nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 128 bits; 32 hexadecimal digits in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Digest(pub u128);

impl Digest {
    /// The hash of one row. Rows are written in postcard's wire format
    /// (<https://postcard.jamesmunns.com/wire-format>), which is the same on every machine.
    pub(crate) fn of_row(table: &str, key: &impl Serialize, value: &impl Serialize) -> Self {
        let Ok(bytes) = postcard::to_allocvec(&(table, key, value)) else {
            // Writing to memory cannot fail for the types of our rows; if it did, every replica would see the same.
            return Self(u128::MAX);
        };
        Self(xxhash_rust::xxh3::xxh3_128(&bytes))
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl std::iter::Sum for Digest {
    fn sum<I: Iterator<Item = Self>>(digests: I) -> Self {
        digests.fold(Self::default(), Self::plus)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}
