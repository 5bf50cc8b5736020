//! Whoever runs the server, as against everybody who reaches it: one word that both know, for the server's own numbers.
//!
//! It is a setting and not a token of a shop, since the numbers are no shop's: who may read one shop's books must not
//! learn which other shops there are, and how busy they are.

use std::{fmt, str::FromStr};

use axum::http::HeaderMap;

use super::bearer;
use crate::secrets::is_default;

/// Characters at the least.
const LEAST: usize = 16;

/// What the operator's programs bring as `Authorization: Bearer …`. Kept as a hash, so that no setting that is printed has
/// it in it, and compared in a time that says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(blake3::Hash);

/// Why something is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must have at least {LEAST} characters, all of them visible, and be none that everybody would try first")]
pub struct Unfit;

impl FromStr for Key {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let fits = text.len() >= LEAST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = fits && !is_default(text);
        fits.then(|| Self(blake3::hash(text.as_bytes()))).ok_or(Unfit)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    #[must_use]
    pub fn is_brought_by(&self, headers: &HeaderMap) -> bool {
        let mut found = bearer::texts(headers);
        match (found.next(), found.next()) {
            (Some(text), None) => blake3::hash(text.as_bytes()) == self.0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn the_operator_is_known_by_the_whole_key_alone() {
        let key: Key = "a-key-of-sixteen".parse().unwrap();
        for (values, expected) in [
            (&["Bearer a-key-of-sixteen"][..], true),
            (&[], false),
            (&["a-key-of-sixteen"], false),
            (&["Bearer a-key-of-sixtee"], false),
            (&["Bearer a-key-of-sixteen", "Bearer a-key-of-sixteen"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(key.is_brought_by(&headers), expected, "{values:?}");
        }
        assert_eq!(format!("{key:?}"), "Key");
        for unfit in ["too short", "changeme-changeme", "0000000000000000"] {
            assert_eq!(unfit.parse::<Key>(), Err(Unfit), "{unfit}");
        }
    }
}
