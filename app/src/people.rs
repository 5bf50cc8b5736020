//! People of a shop, as pages show them.

use domain::{books::Role, values::Millis};
use serde::{Deserialize, Serialize};

/// Who belongs to a shop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct People {
    /// Whether the shop asks who is there.
    pub asks: bool,
    /// By login.
    pub members: Vec<MemberRow>,
    /// Those that can still be used.
    pub invites: Vec<InviteRow>,
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
