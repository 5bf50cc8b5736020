//! What storage can answer instead of doing its work.

use wasm_bindgen::{JsCast, JsValue};

/// Why something was not stored or not found again. The browser's own word for it (the name of its
/// `DOMException`) is kept: `QuotaExceededError`, `SecurityError`, `InvalidStateError` ask for different repairs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StorageError {
    /// The device has no room left for this origin.
    #[error("no room left on this device")]
    Full,
    /// The browser keeps nothing for this page: a private window, or storage blocked by a setting.
    #[error("this window keeps nothing: {name}")]
    Blocked { name: String },
    /// The connection to the database was closed under us: the browser cleared it, or another tab deleted it.
    #[error("the database was closed: {name}")]
    Closed { name: String },
    /// Anything else that the browser said.
    #[error("{name}: {message}")]
    Failed { name: String, message: String },
    /// What was found is not what was written. It has been set aside.
    #[error("what was kept here cannot be read: {problem}")]
    Unreadable { problem: String },
}

impl StorageError {
    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full => "storage_full",
            Self::Blocked { .. } => "storage_blocked",
            Self::Closed { .. } => "storage_closed",
            Self::Failed { .. } => "storage_failed",
            Self::Unreadable { .. } => "storage_unreadable",
        }
    }

    /// From an exception's name and message.
    #[must_use]
    pub fn named(name: &str, message: &str) -> Self {
        let name = name.to_owned();
        match name.as_str() {
            // Firefox had a name of its own for localStorage.
            "QuotaExceededError" | "NS_ERROR_DOM_QUOTA_REACHED" => Self::Full,
            "SecurityError" | "NotAllowedError" | "MissingStorage" => Self::Blocked { name },
            // The second is what becomes of a transaction that was under way when that happened.
            "InvalidStateError" | "AbortError" => Self::Closed { name },
            _ => Self::Failed { name, message: message.to_owned() },
        }
    }

    pub(crate) fn unreadable(problem: impl std::fmt::Display) -> Self {
        Self::Unreadable { problem: problem.to_string() }
    }
}

impl From<JsValue> for StorageError {
    fn from(thrown: JsValue) -> Self {
        if let Some(exception) = thrown.dyn_ref::<web_sys::DomException>() {
            return Self::named(&exception.name(), &exception.message());
        }
        if let Some(error) = thrown.dyn_ref::<js_sys::Error>() {
            return Self::named(&String::from(error.name()), &String::from(error.message()));
        }
        Self::named("Unknown", &thrown.as_string().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_word_decides_the_repair() {
        assert_eq!(StorageError::named("QuotaExceededError", "").code(), "storage_full");
        assert_eq!(StorageError::named("SecurityError", "").code(), "storage_blocked");
        assert_eq!(StorageError::named("InvalidStateError", "closing").code(), "storage_closed");
        let other = StorageError::named("DataError", "bad key");
        assert_eq!(other, StorageError::Failed { name: "DataError".into(), message: "bad key".into() });
    }
}
