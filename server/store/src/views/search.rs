//! Full-text: which records of a shop have some words, of products, customers' accounts, orders, pictures and comments.
//!
//! What a word is, is said here and nowhere else: a run of letters and digits, in lower case. Databases are given words
//! and asked for words, so that all of them find the same. An asked word finds every word that it begins; all that are
//! asked for must be in the record, in whichever fields. An order is also found by what the account is found by that pays
//! for it. Records are found in the order of their kinds and ids.

pub(crate) mod changes;
pub mod memory;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ShopSlug;

use super::View;
use crate::error::StoreError;

/// The name of the view, and of its checkpoint.
pub const NAME: &str = "search";

/// A record, named as in the API: `product` and its SKU, `order` and its number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Found {
    pub kind: String,
    pub id: String,
}

/// Of each field its words, with blanks between them.
pub type Fields = BTreeMap<String, String>;

/// Full-text search in the records of every shop.
#[async_trait]
pub trait SearchView: View {
    /// Records that have all words, and orders whose account has them, `limit` at the most; none without a word.
    async fn find(&self, shop: &ShopSlug, words: &[String], limit: u32) -> Result<Vec<Found>, StoreError>;

    /// Every record with what it is found by.
    async fn all(&self, shop: &ShopSlug) -> Result<Vec<(Found, Fields)>, StoreError>;
}

/// The words in a text.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Fields as a database has them: JSON, in which a field that went may be null.
pub(crate) fn fields(json: &str) -> Result<Fields, StoreError> {
    let read: BTreeMap<String, Option<String>> = serde_json::from_str(json)
        .map_err(|error| StoreError::Unreadable { what: "a record to search in", problem: error.to_string() })?;
    Ok(read.into_iter().filter_map(|(field, words)| Some((field, words?))).collect())
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn r_41_words_are_runs_of_letters_and_digits() {
        assert_eq!(words("Rye-bread, 2 × \"Größe L\""), ["rye", "bread", "2", "größe", "l"]);
        assert_eq!(words(" -_' "), Vec::<String>::new());
    }
}
