//! A read model's rows by key, with their digest. Cloning is cheap: clones share what neither has changed.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use crate::digest::Digest;

/// What a row is, besides its value: the table's name keeps equal rows of different tables apart in the digest.
pub trait Row: Clone + PartialEq + Serialize + DeserializeOwned {
    const TABLE: &'static str;
    type Key: Ord + Clone + Serialize + DeserializeOwned;

    /// The row's share in the table's digest.
    fn digest(&self, key: &Self::Key) -> Digest {
        Digest::of_row(Self::TABLE, key, self)
    }
}

/// A row, and the table's round in which it last changed. Rows are shared: where a clone of the table is changed,
/// the map copies its neighbours too, and that must not copy their texts.
#[derive(Clone, Debug)]
struct Slot<R> {
    row: Arc<R>,
    round: u64,
}

/// The rows that changed in this round: their hashes are not in the sum yet.
#[derive(Clone, Debug)]
enum Changed<K> {
    /// Under these keys; some may be there twice, or gone again.
    Keys(Vector<K>),
    /// More keys than rows: going through all rows is no dearer than remembering more.
    TooMany,
}

/// Rows are hashed when somebody asks for the digest, not when they change: folding a long log hashes only what is
/// left of it. The first change after that begins a new round.
#[derive(Clone, Debug)]
pub struct Table<R: Row> {
    rows: OrdMap<R::Key, Slot<R>>,
    round: u64,
    /// Sum over the rows that did not change in this round.
    settled: Digest,
    changed: Changed<R::Key>,
    /// The sum over all rows, once somebody has asked.
    digest: OnceLock<Digest>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        let changed = Changed::Keys(Vector::new());
        Self { rows: OrdMap::new(), round: 0, settled: Digest::default(), changed, digest: OnceLock::new() }
    }
}

/// Equal rows; how far each side got with hashing them does not matter.
impl<R: Row> PartialEq for Table<R> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<R: Row> Table<R> {
    #[must_use]
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key).map(|slot| &*slot.row)
    }

    /// All rows in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&R::Key, &R)> {
        self.rows.iter().map(|(key, slot)| (key, &*slot.row))
    }

    /// A row as the table shares it with its clones, for another map beside it.
    #[must_use]
    pub(crate) fn shared_row(&self, key: &R::Key) -> Option<&Arc<R>> {
        self.rows.get(key).map(|slot| &slot.row)
    }

    /// All rows as [`Table::shared_row`] gives them.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&R::Key, &Arc<R>)> {
        self.rows.iter().map(|(key, slot)| (key, &slot.row))
    }

    /// Rows whose keys lie in `range`, in key order.
    pub fn range(&self, range: impl std::ops::RangeBounds<R::Key>) -> impl DoubleEndedIterator<Item = (&R::Key, &R)> {
        self.rows.range(range).map(|(key, slot)| (key, &*slot.row))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The smallest key.
    #[must_use]
    pub fn first_key(&self) -> Option<&R::Key> {
        self.rows.get_min().map(|(key, _)| key)
    }

    pub fn insert(&mut self, key: R::Key, row: R) {
        self.begin_round();
        let old = self.rows.insert(key.clone(), Slot { row: Arc::new(row), round: self.round });
        match old {
            Some(old) if old.round == self.round => return,
            Some(old) => self.settled = self.settled.minus(old.row.digest(&key)),
            None => {}
        }
        self.changed.note(&key, self.rows.len());
    }

    pub fn remove(&mut self, key: &R::Key) {
        self.begin_round();
        if let Some(old) = self.rows.remove(key).filter(|old| old.round != self.round) {
            self.settled = self.settled.minus(old.row.digest(key));
        }
    }

    /// Changes the row at `key`, or the one that `begin` gives where there is none.
    pub fn change(&mut self, key: &R::Key, begin: impl FnOnce() -> R, change: impl FnOnce(&mut R)) {
        self.begin_round();
        let rows = self.rows.len();
        let Some(slot) = self.rows.get_mut(key) else {
            let mut row = begin();
            change(&mut row);
            self.insert(key.clone(), row);
            return;
        };
        if slot.round != self.round {
            self.settled = self.settled.minus(slot.row.digest(key));
            slot.round = self.round;
            self.changed.note(key, rows);
        }
        change(Arc::make_mut(&mut slot.row));
    }

    /// The sum of the rows' hashes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| {
            let hash = |key: &R::Key, slot: &Slot<R>| match slot.round == self.round {
                true => slot.row.digest(key),
                false => Digest::default(),
            };
            let changed: Digest = match &self.changed {
                Changed::TooMany => self.rows.iter().map(|(key, slot)| hash(key, slot)).sum(),
                Changed::Keys(keys) => {
                    let mut once = BTreeSet::new();
                    once.extend(keys);
                    once.into_iter().filter_map(|key| self.rows.get(key).map(|slot| hash(key, slot))).sum()
                }
            };
            self.settled.plus(changed)
        })
    }

    /// Before a change: if all rows are in a digest, they are the settled ones from now on.
    fn begin_round(&mut self) {
        if let Some(digest) = self.digest.take() {
            self.settled = digest;
            self.changed = Changed::Keys(Vector::new());
            self.round += 1;
        }
    }
}

impl<K: Clone> Changed<K> {
    fn note(&mut self, key: &K, rows: usize) {
        let Self::Keys(keys) = self else { return };
        if keys.len() > rows {
            *self = Self::TooMany;
        } else {
            keys.push_back(key.clone());
        }
    }
}

impl<R: Row> Serialize for Table<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Hashes every row anew: a snapshot that was changed on the way has another digest than it claims.
impl<'de, R: Row> Deserialize<'de> for Table<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<(R::Key, R)>::deserialize(deserializer)?;
        let mut table = Self::default();
        for (key, row) in rows {
            table.insert(key, row);
        }
        Ok(table)
    }
}
