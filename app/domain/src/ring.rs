//! The last rows of a read model that only grows at its end: each comes with a higher position than the one before
//! it, and the oldest goes when there are too many. Cloning is cheap: clones share what neither has changed.

use std::sync::{Arc, OnceLock};

use imbl::Vector;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};

use crate::digest::Digest;

/// A row with its hash, once somebody has asked for it. Clones of the ring share both.
#[derive(Debug)]
struct Slot<R> {
    position: u64,
    row: R,
    hash: OnceLock<Digest>,
}

/// A row that comes and goes before anybody asks for the digest is never hashed.
#[derive(Clone, Debug)]
pub struct Ring<R> {
    rows: Vector<Arc<Slot<R>>>,
    /// Sum over the rows up to `settled_to`; those behind it came after somebody asked for the digest.
    settled: Digest,
    settled_to: u64,
    /// The sum over all rows, once somebody has asked.
    digest: OnceLock<Digest>,
}

impl<R> Default for Ring<R> {
    fn default() -> Self {
        Self { rows: Vector::new(), settled: Digest::default(), settled_to: 0, digest: OnceLock::new() }
    }
}

/// Equal rows; how far each side got with hashing them does not matter.
impl<R: PartialEq> PartialEq for Ring<R> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<R> Ring<R> {
    #[must_use]
    pub fn get(&self, position: &u64) -> Option<&R> {
        let index = self.rows.binary_search_by(|slot| slot.position.cmp(position)).ok()?;
        self.rows.get(index).map(|slot| &slot.row)
    }

    /// All rows, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&u64, &R)> {
        self.rows.iter().map(|slot| (&slot.position, &slot.row))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The oldest row's position.
    #[must_use]
    pub fn first_key(&self) -> Option<&u64> {
        self.rows.front().map(|slot| &slot.position)
    }

    /// Adds a row, whose position is above all others, and lets the oldest go where there are more than `most`.
    pub(crate) fn push(&mut self, position: u64, row: R, most: usize) {
        if let Some(digest) = self.digest.take() {
            self.settled = digest;
            self.settled_to = self.rows.back().map_or(0, |slot| slot.position);
        }
        self.rows.push_back(Arc::new(Slot { position, row, hash: OnceLock::new() }));
        if self.rows.len() > most
            && let Some(oldest) = self.rows.pop_front()
            && oldest.position <= self.settled_to
        {
            self.settled = self.settled.minus(oldest.hash.get().copied().unwrap_or_default());
        }
    }

    /// The sum of the rows' hashes. `hash` gives a row's, always the same.
    pub(crate) fn digest(&self, hash: impl Fn(u64, &R) -> Digest) -> Digest {
        *self.digest.get_or_init(|| {
            let newest_first = self.rows.iter().rev();
            let unsettled = newest_first.take_while(|slot| slot.position > self.settled_to);
            let sum = unsettled.map(|slot| *slot.hash.get_or_init(|| hash(slot.position, &slot.row))).sum();
            self.settled.plus(sum)
        })
    }
}

impl<R: Serialize> Serialize for Ring<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Keeps no hash that came with the rows: a snapshot that was changed on the way has another digest than it claims.
impl<'de, R: DeserializeOwned> Deserialize<'de> for Ring<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<(u64, R)>::deserialize(deserializer)?;
        if !rows.is_sorted_by(|(before, _), (after, _)| before < after) {
            return Err(D::Error::custom("rows are out of order"));
        }
        let mut ring = Self::default();
        for (position, row) in rows {
            ring.push(position, row, usize::MAX);
        }
        Ok(ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(position: u64, row: &String) -> Digest {
        Digest::of_row("test", &position, row)
    }

    fn ring(positions: std::ops::RangeInclusive<u64>) -> Ring<String> {
        let mut ring = Ring::default();
        positions.for_each(|position| ring.push(position * 2, format!("row {position}"), 3));
        ring
    }

    #[test]
    fn it_keeps_the_last_rows() {
        let ring = ring(1..=5);
        assert_eq!(ring.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [6, 8, 10]);
        assert_eq!((ring.first_key(), ring.len()), (Some(&6), 3));
        assert_eq!((ring.get(&8).map(String::as_str), ring.get(&7), ring.get(&4)), (Some("row 4"), None, None));
    }

    #[test]
    fn p4_the_digest_is_that_of_the_rows_whenever_it_was_asked_for() {
        for asked in 1..=9 {
            let mut asked_on_the_way = ring(1..=asked);
            asked_on_the_way.digest(hash);
            let clone = asked_on_the_way.clone();
            (asked + 1..=9).for_each(|n| asked_on_the_way.push(n * 2, format!("row {n}"), 3));
            assert_eq!(asked_on_the_way.digest(hash), ring(1..=9).digest(hash));
            assert_eq!(clone.digest(hash), ring(1..=asked).digest(hash));
        }
        assert_ne!(ring(1..=9).digest(hash), ring(1..=8).digest(hash));
    }

    #[test]
    fn it_is_read_as_it_was_written_and_never_out_of_order() {
        let json = serde_json::to_string(&ring(1..=5)).unwrap();
        let read: Ring<String> = serde_json::from_str(&json).unwrap();
        assert_eq!((&read, read.digest(hash)), (&ring(1..=5), ring(1..=5).digest(hash)));
        assert!(serde_json::from_str::<Ring<String>>(r#"[[2,"a"],[1,"b"]]"#).is_err());
        assert!(serde_json::from_str::<Ring<String>>(r#"[[1,"a"],[1,"b"]]"#).is_err());
    }
}
