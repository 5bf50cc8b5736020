//! How everything that follows a shop's log on the server stands.

use serde::{Deserialize, Serialize};

/// Of one shop, as one instance of the server sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The last entry in the database.
    pub head: u64,
    pub followers: Vec<Follower>,
}

/// Something that takes in one entry after the other.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Follower {
    pub kind: Kind,
    pub name: String,
    /// Its checkpoint: the last entry that it has taken in. None where it cannot be asked just now.
    pub position: Option<u64>,
    /// Milliseconds since the first entry that it has not taken in was written down; none where it has them all.
    pub behind_ms: Option<i64>,
    /// Whether it is what the log says up to there. None where nobody has looked.
    pub agrees: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What this instance shows and decides on.
    Books,
    /// A process manager.
    Process,
    /// A read model beside the log.
    View,
    Letters,
}
