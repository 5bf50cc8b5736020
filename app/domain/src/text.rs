//! A text that is a name: short as a rule, compared all the time, and copied with everything that mentions it.

use std::{cmp::Ordering, fmt, hash, ops::Deref, sync::Arc};

use serde::{Deserialize, Serialize};

/// Up to this many bytes stand in the value itself: with them it is as large as a `String`.
const SHORT: usize = 22;

/// A text that is never changed. A short one needs no memory of its own, so that a fold can copy names without
/// asking for memory and a map can compare its keys without leaving its node.
#[derive(Clone)]
pub struct Text(Form);

/// A text is `Short` if it fits: two forms of one text never meet.
#[derive(Clone)]
enum Form {
    /// Padded with noughts.
    Short {
        length: u8,
        bytes: [u8; SHORT],
    },
    Long(Arc<str>),
}

impl Text {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::joined(&[text])
    }

    /// The parts, one after another.
    #[must_use]
    pub fn joined(parts: &[&str]) -> Self {
        let mut bytes = [0; SHORT];
        let mut length: u8 = 0;
        for part in parts {
            let begin = usize::from(length);
            let end = begin + part.len();
            match (bytes.get_mut(begin..end), u8::try_from(end)) {
                (Some(place), Ok(end)) => {
                    place.copy_from_slice(part.as_bytes());
                    length = end;
                }
                _ => return Self(Form::Long(parts.concat().into())),
            }
        }
        Self(Form::Short { length, bytes })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // These bytes came from texts, whole ones, so they are one.
            Form::Short { length, bytes } => {
                bytes.get(..usize::from(*length)).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
            }
            Form::Long(text) => text,
        }
    }
}

/// The first bytes as a number that is ordered as they are: most names differ in them.
fn head(bytes: &[u8; SHORT]) -> u64 {
    bytes.first_chunk().map_or(0, |chunk| u64::from_be_bytes(*chunk))
}

/// All the others.
fn tail(bytes: &[u8; SHORT]) -> u128 {
    bytes.last_chunk().map_or(0, |chunk| u128::from_be_bytes(*chunk))
}

/// The order of `str`.
impl Ord for Text {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            // Where the shorter one has ended there is a nought, which is below every other byte.
            (Form::Short { length, bytes }, Form::Short { length: other_length, bytes: other_bytes }) => {
                match head(bytes).cmp(&head(other_bytes)) {
                    Ordering::Equal => tail(bytes).cmp(&tail(other_bytes)).then(length.cmp(other_length)),
                    different => different,
                }
            }
            (Form::Long(text), Form::Long(other)) if Arc::ptr_eq(text, other) => Ordering::Equal,
            _ => self.as_str().cmp(other.as_str()),
        }
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Text {}

impl hash::Hash for Text {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new("")
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&Arc<str>> for Text {
    fn from(text: &Arc<str>) -> Self {
        if text.len() > SHORT { Self(Form::Long(text.clone())) } else { Self::new(text) }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_no_larger_than_a_string() {
        assert_eq!(size_of::<Text>(), size_of::<String>());
    }

    proptest! {
        #[test]
        fn texts_are_ordered_and_equal_as_strings_are(one in "[a-b\\x00é]{0,30}", other in "[a-b\\x00é]{0,30}") {
            let (one_text, other_text) = (Text::new(&one), Text::new(&other));
            prop_assert_eq!(one_text.as_str(), one.as_str());
            prop_assert_eq!(one_text.cmp(&other_text), one.cmp(&other));
            prop_assert_eq!(one_text == other_text, one == other);
            prop_assert_eq!(Text::joined(&[&one, "-", &other]).to_string(), format!("{one}-{other}"));
            prop_assert_eq!(Text::from(&Arc::from(one.as_str())), one_text);
        }
    }
}
