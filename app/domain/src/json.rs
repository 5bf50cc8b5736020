//! The one way in which this product reads and writes JSON. Each way more (from text and from bytes, into a value,
//! indented) would have the code of every type once more in what a browser downloads.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Result, Value};

/// # Errors
/// When the text is not JSON, or not of this type.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    // As bytes, since server functions read their answers so.
    serde_json::from_slice(text.as_bytes())
}

/// Any value as a JSON value.
///
/// # Errors
/// When it cannot be written as JSON, which nothing of ours does.
pub fn value(of: &impl Serialize) -> Result<Value> {
    serde_json::from_slice(&serde_json::to_vec(of)?)
}

/// Nothing if it cannot be written as JSON.
#[must_use]
pub fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Any value with an entry a line, for people.
#[must_use]
pub fn indented(value: &impl Serialize) -> String {
    // By way of a value: one type is written with indents, and not each of ours.
    self::value(value).and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_default()
}
