//! What a device or a person sends after their end.

use std::{fmt, sync::Arc};

use domain::{CommandId, ShopSlug, books::Role, values::Millis};

/// A command that was written before its device or its author was shut out, and came afterwards: neither applied nor
/// lost, until an owner decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    pub shop: ShopSlug,
    pub command: CommandId,
    /// The login of its author.
    pub person: Arc<str>,
    /// The role that they have in the shop, or had last.
    pub role: Role,
    pub device: Arc<str>,
    /// As it was sent: a [`domain::Submission`], JSON.
    pub submission: String,
    pub issued_at: Millis,
    pub received_at: Millis,
}

/// What an owner made of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Release {
    /// It was decided as any other command; the log says how.
    Decided,
    Discarded,
}

impl Release {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Discarded => "discarded",
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
