//! Secrets of 256 random bits: session tokens, API tokens, invites.
//!
//! One is given out once and never kept: the database has its hash. A fast hash does, since nobody guesses 256 random
//! bits; passwords are another matter ([`super::password`]).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use store::access::SecretHash;

/// Before the bits, so that people and scanners of repositories can tell what they have found.
const PREFIX: &str = "daybook_";

/// See the module. Neither printed by `Debug` nor written to a log.
pub struct Secret([u8; 32]);

impl Secret {
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits)?;
        Ok(Self(bits))
    }

    /// Reads what [`Secret::text`] wrote; None for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bits = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        bits.try_into().ok().map(Self)
    }

    /// As it is given out.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// As it is kept. Rows are found by it, so no comparison takes longer the more of a secret was guessed.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(*blake3::hash(&self.0).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_new_each_time_and_comes_back_from_its_text() {
        let (one, other) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        assert_ne!(one.text(), other.text());
        let again = Secret::parse(&one.text()).unwrap();
        assert_eq!(again.hash(), one.hash());
        assert_ne!(other.hash(), one.hash());
        assert_eq!(one.text().len(), PREFIX.len() + 43, "256 bits");
    }

    #[test]
    fn what_is_no_secret_is_not_read_as_one() {
        let good = Secret::fresh().unwrap().text();
        let cut = &good[..good.len() - 2];
        for text in ["", "daybook_", cut, &good.to_uppercase(), &good.replace(PREFIX, ""), &format!("{good}=")] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }
}
