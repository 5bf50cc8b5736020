//! What people and programs come in with. All of it is a secret of 256 random bits, or is named by one.

use std::{fmt, sync::Arc};

use domain::{ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

use super::PasswordHash;

/// The hash of a secret: all that is kept of it. Whoever reads the database cannot come in with what they find.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// That somebody is signed in, on one browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    pub hash: SecretHash,
    pub person: Uuid,
    pub begun_at: Millis,
    /// When it ends if nobody uses it before.
    pub idle_until: Millis,
    /// When it ends in any case.
    pub ends_at: Millis,
}

impl Session {
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        now < self.idle_until && now < self.ends_at
    }
}

/// By what somebody switches to themselves on one browser, after having signed in there by their password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    /// Of the secret that the browser keeps.
    pub browser: SecretHash,
    pub person: Uuid,
    /// Of the digits: too few to be kept by a fast hash.
    pub hash: PasswordHash,
    /// Wrong tries in a row, the one under way included.
    pub wrong: u32,
    pub set_at: Millis,
    /// When it ends in any case.
    pub ends_at: Millis,
}

impl Pin {
    /// Whether it can be tried, where so many wrong tries end it.
    #[must_use]
    pub fn is_open(&self, most: u32, now: Millis) -> bool {
        self.wrong < most && now < self.ends_at
    }
}

/// A way into a shop that can be used once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invite {
    pub shop: ShopSlug,
    pub id: Uuid,
    pub hash: SecretHash,
    pub role: Role,
    pub made_at: Millis,
    pub expires_at: Millis,
    pub used_by: Option<Uuid>,
    pub used_at: Option<Millis>,
}

impl Invite {
    /// Whether somebody can still come in by it.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.used_by.is_none() && now < self.expires_at
    }
}

/// A way to another password, for whoever has forgotten theirs. Can be used once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reset {
    pub hash: SecretHash,
    /// The one whose owner made it.
    pub shop: ShopSlug,
    pub person: Uuid,
    pub made_at: Millis,
    pub expires_at: Millis,
    pub used_at: Option<Millis>,
}

impl Reset {
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// A browser profile that writes in a shop's book, under the name that its entries have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    pub shop: ShopSlug,
    pub id: Arc<str>,
    /// As people read it.
    pub name: String,
    /// Who enrolled it.
    pub person: Uuid,
    pub enrolled_at: Millis,
    pub seen_at: Option<Millis>,
    /// The position of the last entry that it wrote.
    pub last_entry: Option<u64>,
    pub revoked_at: Option<Millis>,
    /// How many commands it still had to send, as it said last.
    pub unsent: Option<u32>,
    /// The browser that it is: the first that used its code and was known. Of the secret that the browser keeps.
    pub browser: Option<SecretHash>,
}

impl Device {
    /// One that has only just said who it is: nothing is known of it yet, nor which browser it is.
    #[must_use]
    pub fn enrolled(shop: ShopSlug, id: &str, name: String, person: Uuid, enrolled_at: Millis) -> Self {
        let (seen_at, last_entry, revoked_at, unsent, browser) = Default::default();
        Self { shop, id: id.into(), name, person, enrolled_at, seen_at, last_entry, revoked_at, unsent, browser }
    }
}

/// That a device was heard of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sighting {
    pub at: Millis,
    /// The position of the last entry that it wrote, where it wrote one.
    pub last_entry: Option<u64>,
    /// How many commands it still has to send, where it said so.
    pub unsent: Option<u32>,
}

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All that its role may do.
    Full,
    /// What its role may see.
    Read,
}

impl Scope {
    /// The stable word that programs compare.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Read => "read",
        }
    }

    /// The scope of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Full, Self::Read].into_iter().find(|scope| scope.word() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a program comes in with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    pub shop: ShopSlug,
    pub id: Uuid,
    pub hash: SecretHash,
    /// The one in the shop that ever had it.
    pub name: String,
    pub role: Role,
    pub scope: Scope,
    pub made_at: Millis,
    /// None for one that does not end by itself.
    pub expires_at: Option<Millis>,
    pub revoked_at: Option<Millis>,
}

impl Token {
    #[must_use]
    pub fn is_live(&self, now: Millis) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
