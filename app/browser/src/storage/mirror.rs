//! The synchronous copy of the outbox, in localStorage through gloo-storage.
//!
//! It is there before the click's handler returns, so it outlives the tab; the database's strict commit, a moment
//! later, outlives the browser and the power. Neither alone is enough: Chromium writes localStorage to disk only
//! every few seconds at best, and a transaction that was never begun cannot complete.
//!
//! One key per command. One list of all would be read, changed and written by two tabs at once.

use gloo_storage::{LocalStorage, Storage as _, errors::StorageError as GlooError};
use serde::{Serialize, de::DeserializeOwned};

use super::error::StorageError;

/// Whether this window has localStorage at all. gloo-storage panics where it is blocked, so every door here asks
/// first.
fn is_there() -> Result<(), StorageError> {
    let missing = || StorageError::named("MissingStorage", "no localStorage");
    web_sys::window().ok_or_else(missing)?.local_storage()?.map(drop).ok_or_else(missing)
}

pub fn set(key: &str, value: &impl Serialize) -> Result<(), StorageError> {
    is_there()?;
    LocalStorage::set(key, value).map_err(from_gloo)
}

/// The value as it lies there, JSON or not.
#[must_use]
pub fn raw(key: &str) -> Option<String> {
    is_there().ok()?;
    LocalStorage::raw().get_item(key).ok().flatten()
}

/// `None` when there is nothing, or nothing that can be read.
#[must_use]
pub fn get<T: DeserializeOwned>(key: &str) -> Option<T> {
    is_there().ok()?;
    LocalStorage::get(key).ok()
}

pub fn delete(key: &str) {
    if is_there().is_ok() {
        LocalStorage::delete(key);
    }
}

/// What is under the keys that start with `prefix`, by the rest of the key: JSON as it was written. (gloo-storage's
/// `get_all` reads every key of the origin and fails when somebody else's is not JSON.)
#[must_use]
pub fn written(prefix: &str) -> Vec<(String, String)> {
    if is_there().is_err() {
        return Vec::new();
    }
    let storage = LocalStorage::raw();
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|index| storage.key(index).ok().flatten());
    let value = |key: String| Some((key.strip_prefix(prefix)?.to_owned(), storage.get_item(&key).ok().flatten()?));
    keys.filter_map(value).collect()
}

fn from_gloo(error: GlooError) -> StorageError {
    match error {
        GlooError::SerdeError(error) => StorageError::unreadable(error),
        GlooError::KeyNotFound(key) => StorageError::named("NotFoundError", &key),
        GlooError::JsError(error) => StorageError::named(&error.name, &error.message),
    }
}
