//! People, and the shops that they belong to.

use std::{fmt, sync::Arc};

use domain::{ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

/// What a person signs in with, most often an address of e-mail. Upper and lower case are one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Login(Arc<str>);

/// Why a text is no login.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LoginError {
    #[error("must have 1 to {most} bytes", most = Login::MOST)]
    Length,
    #[error("must have no blanks, colons or control characters")]
    Character,
}

impl Login {
    /// Bytes; an address of e-mail has no more.
    pub const MOST: usize = 254;

    /// # Errors
    /// [`LoginError`]. Colons are for actors that are no people.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let text = text.trim().to_lowercase();
        if text.is_empty() || text.len() > Self::MOST {
            return Err(LoginError::Length);
        }
        let unfit = |letter: char| letter.is_whitespace() || letter.is_control() || letter == ':';
        if text.contains(unfit) { Err(LoginError::Character) } else { Ok(Self(text.into())) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hash of a password with its parameters, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Somebody who can sign in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    pub id: Uuid,
    pub login: Login,
    /// As others read it.
    pub name: String,
    /// Without one, nobody can sign in as this person.
    pub password: Option<PasswordHash>,
    pub added_at: Millis,
}

/// That somebody belongs to a shop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    pub shop: ShopSlug,
    pub person: Uuid,
    pub role: Role,
    pub since: Millis,
    /// When they left or were removed.
    pub ended_at: Option<Millis>,
}

impl Member {
    /// What they may do in the shop; nothing once they have left.
    #[must_use]
    pub fn active(&self) -> Option<Role> {
        self.ended_at.is_none().then_some(self.role)
    }
}

/// What became of another role, or of the end, of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberChange {
    Done,
    /// They never belonged to the shop, or have left.
    NoSuchMember,
    /// A shop keeps one owner at least.
    LastOwner,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_one_whatever_its_case_and_has_nothing_invisible() {
        assert_eq!(Login::parse(" Asha@Corner.Example ").unwrap().as_str(), "asha@corner.example");
        assert_eq!(Login::parse(&"é".repeat(127)).unwrap().as_str().len(), 254);
        assert_eq!(Login::parse("  "), Err(LoginError::Length));
        assert_eq!(Login::parse(&"a".repeat(255)), Err(LoginError::Length));
        for text in ["a b", "a\u{0}b", "a\nb", "token:till", "a\u{a0}b"] {
            assert_eq!(Login::parse(text), Err(LoginError::Character), "{text:?}");
        }
    }
}
