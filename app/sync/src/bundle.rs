//! Everything that a replica starts from, in one file: what is wrong on somebody's device can be looked at on another.
//!
//! `cargo run -p sync --example replay -- bundle.json` opens one. It holds the shop's books and unsent changes, so it is
//! as confidential as the shop is.

use std::fmt::Display;

use domain::{
    EventRecord, ShopSlug,
    books::{Author, Role},
    json,
    values::Millis,
};
use serde::{Deserialize, Serialize};

use crate::{
    acknowledged::Acknowledged,
    io::Output,
    outbox::OutboxRecord,
    protocol::{Revocation, Snapshot},
    replica::{Config, Lost, Replica, StoredState},
};

const VERSION: u16 = 1;

/// What the device had, as its storage holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bundle {
    /// Of this form.
    pub version: u16,
    /// The app that wrote it.
    pub build: String,
    pub shop: ShopSlug,
    pub device: String,
    pub actor: String,
    pub role: Role,
    pub at: Millis,
    pub snapshot: Option<Snapshot>,
    pub tail: Vec<EventRecord>,
    pub outbox: Vec<OutboxRecord>,
    /// What it keeps of its settled commands.
    pub acknowledged: Vec<Acknowledged>,
    /// What the server has lost with a restore, and nobody has given back.
    #[serde(default)]
    pub lost: Vec<Lost>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
    #[serde(default)]
    pub unreadable: Vec<Unreadable>,
    /// What nobody should have seen happen, in words.
    pub reports: Vec<String>,
}

/// A record of the outbox that is there and cannot be read: from a newer build, or damaged. It is shown, never dropped.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Unreadable {
    pub id: String,
    pub text: String,
    pub problem: String,
}

impl Unreadable {
    #[must_use]
    pub fn new(id: &str, bytes: &[u8], problem: &impl Display) -> Self {
        Self { id: id.to_owned(), text: String::from_utf8_lossy(bytes).into_owned(), problem: problem.to_string() }
    }
}

/// Why a bundle does not open.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BundleError {
    #[error("not a bundle: {problem}")]
    Unreadable { problem: String },
    #[error("its form is {found}; this build reads {VERSION}")]
    OtherVersion { found: u16 },
}

impl Bundle {
    #[must_use]
    pub fn new(build: &str, shop: ShopSlug, config: &Config, stored: StoredState, at: Millis) -> Self {
        Self {
            version: VERSION,
            build: build.to_owned(),
            shop,
            device: config.device.to_string(),
            actor: config.author.actor.to_string(),
            role: config.author.role,
            at,
            snapshot: stored.snapshot,
            tail: stored.tail,
            outbox: stored.outbox,
            acknowledged: stored.acknowledged,
            lost: stored.lost,
            revocation: stored.revocation,
            unreadable: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// # Errors
    /// [`BundleError`].
    pub fn read(text: &str) -> Result<Self, BundleError> {
        let bundle: Self = json::read(text).map_err(|error| BundleError::Unreadable { problem: error.to_string() })?;
        match bundle.version {
            VERSION => Ok(bundle),
            found => Err(BundleError::OtherVersion { found }),
        }
    }

    #[must_use]
    pub fn written(&self) -> String {
        json::written(self)
    }

    /// The replica as it would start from this, and what it asks for first.
    #[must_use]
    pub fn open(self) -> (Replica, Vec<Output>) {
        // Whoever looks into a fault sees what everybody had left, as one person's.
        let of_anybody = |record| OutboxRecord { person: None, ..record };
        let config = Config {
            device: self.device.into(),
            author: Author { actor: self.actor.into(), role: self.role },
            person: None,
            colleagues: Vec::new(),
            jitter_seed: 1,
        };
        let stored = StoredState {
            snapshot: self.snapshot,
            tail: self.tail,
            outbox: self.outbox.into_iter().map(of_anybody).collect(),
            acknowledged: self.acknowledged,
            lost: self.lost,
            revocation: self.revocation,
        };
        Replica::restore(config, stored, self.at)
    }
}
