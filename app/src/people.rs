//! People of a shop, as pages show them.

use domain::{books::Role, values::Millis};
use serde::{Deserialize, Serialize};

/// Whoever has a page of a shop open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Here {
    pub login: String,
    pub role: Role,
}

/// Who belongs to a shop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct People {
    /// Whether the shop asks who is there.
    pub asks: bool,
    /// By login.
    pub members: Vec<MemberRow>,
    /// Those that can still be used.
    pub invites: Vec<InviteRow>,
    /// What was made a moment ago, shown once.
    #[serde(default)]
    pub made: Option<Made>,
}

/// A link for one person, by its whole address.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Made {
    Invite { address: String },
    Reset { address: String },
}

/// Where somebody is signed in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SessionRow {
    /// What a form calls it.
    pub name: String,
    pub begun_at: Millis,
    /// To within an hour.
    pub used_at: Millis,
    /// The one that asks.
    pub is_here: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MemberRow {
    pub login: String,
    pub name: String,
    pub role: Role,
    pub since: Millis,
    /// Whoever looks.
    pub is_you: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct InviteRow {
    pub id: String,
    pub role: Role,
    pub expires_at: Millis,
}

/// Somebody who shares a browser with others, and has a PIN on it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Colleague {
    pub login: String,
    pub name: String,
    pub role: Role,
}

/// Who would start a shop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Starting {
    /// Somebody who is signed in, by login.
    Known(String),
    /// The first person of a server, on its own machine: they become known by it.
    First,
    /// Nobody who may.
    Nobody,
}

/// What an invite is for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Invited {
    /// The shop's name as people read it.
    pub title: String,
    pub role: Role,
    /// The login of whoever is signed in.
    pub you: Option<String>,
}

/// A shop that somebody belongs to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShopRow {
    pub slug: String,
    pub title: String,
    pub role: Role,
}
