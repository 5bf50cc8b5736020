//! Unsent commands as a file: a way out of a device that cannot be connected any more, into another one.
//!
//! The file carries commands under their own ids, so it does no harm to read it on two devices, or to read it after
//! the first device found its way to the server after all: an id has one verdict for ever.

use std::sync::Arc;

use domain::{ShopSlug, Submission, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What the file says it is.
const KIND: &str = "daybook unsent commands";
const VERSION: u16 = 3;

#[derive(Serialize, Deserialize)]
struct File {
    kind: String,
    version: u16,
    shop: String,
    /// BLAKE3 of the shop and of `submissions` as they stand in the file, byte for byte. In form 1, of the latter alone.
    check: String,
    /// A list of [`Unsent`]. Up to form 2, of what is in `submission` there.
    submissions: Box<RawValue>,
}

/// One command with its author.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Unsent {
    pub submission: Submission,
    /// The login of whoever gave it. None where nobody had signed in, and in files from before it was written down: it is
    /// taken for whoever's who reads the file then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Arc<str>>,
}

impl From<Submission> for Unsent {
    fn from(submission: Submission) -> Self {
        Self { submission, person: None }
    }
}

/// Why a file was not read. It is refused whole: half of somebody's day is worse than a clear word.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnsentFileError {
    #[error("this is not a file of unsent changes")]
    NotOne,
    #[error("a newer version of the app wrote it (form {found}; this one reads {VERSION})")]
    TooNew { found: u16 },
    #[error("it is of the shop {found}, not of {wanted}")]
    OtherShop { found: String, wanted: String },
    #[error("it is damaged: its check is {found}, and its content gives {actual}")]
    Damaged { found: String, actual: String },
    #[error("one of its changes cannot be read: {problem}")]
    Unreadable { problem: String },
}

impl UnsentFileError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOne => "not_unsent_changes",
            Self::TooNew { .. } => "too_new",
            Self::OtherShop { .. } => "other_shop",
            Self::Damaged { .. } => "damaged",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

/// The file's content.
///
/// # Errors
/// When a command cannot be written as JSON.
pub fn write(shop: &ShopSlug, unsent: &[Unsent]) -> serde_json::Result<String> {
    let submissions = serde_json::value::to_raw_value(unsent)?;
    let check = check(VERSION, shop.as_str(), submissions.get());
    serde_json::to_string(&File { kind: KIND.into(), version: VERSION, shop: shop.to_string(), check, submissions })
}

/// The commands in a file, in order of issue.
///
/// # Errors
/// [`UnsentFileError`], for the file as a whole.
pub fn read(shop: &ShopSlug, text: &str) -> Result<Vec<Unsent>, UnsentFileError> {
    let file: File = json::read(text).map_err(|_| UnsentFileError::NotOne)?;
    if file.kind != KIND {
        return Err(UnsentFileError::NotOne);
    }
    if file.version > VERSION {
        return Err(UnsentFileError::TooNew { found: file.version });
    }
    let actual = check(file.version, &file.shop, file.submissions.get());
    if file.check != actual {
        return Err(UnsentFileError::Damaged { found: file.check, actual });
    }
    if file.shop != shop.as_str() {
        return Err(UnsentFileError::OtherShop { found: file.shop, wanted: shop.to_string() });
    }
    let unsent = if file.version < 3 {
        let submissions: Result<Vec<Submission>, _> = json::read(file.submissions.get());
        submissions.map(|submissions| submissions.into_iter().map(Unsent::from).collect())
    } else {
        json::read(file.submissions.get())
    };
    unsent.map_err(|error| UnsentFileError::Unreadable { problem: error.to_string() })
}

/// The shop is part of it: a file must not become one of another shop by a change of its name.
fn check(version: u16, shop: &str, submissions: &str) -> String {
    let covered = if version == 1 { submissions.to_owned() } else { format!("{shop}\n{submissions}") };
    blake3::hash(covered.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use domain::{Command, CommandId, values::Millis};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn shop() -> ShopSlug {
        ShopSlug::parse("corner").unwrap()
    }

    fn submissions() -> Vec<Submission> {
        [3, 5]
            .map(|counted| Submission {
                id: CommandId(Uuid::from_u128(counted)),
                command: Command::parse("stock.count", &json!({"sku": "OAT-1", "counted": counted as u64})).unwrap(),
                if_version: None,
                device: "T1".into(),
                issued_at: Millis(5),
                undoes: None,
                replaces: None,
                depends_on: vec![],
            })
            .to_vec()
    }

    /// Of two people.
    fn unsent() -> Vec<Unsent> {
        let people = [Some("asha".into()), None];
        submissions().into_iter().zip(people).map(|(submission, person)| Unsent { submission, person }).collect()
    }

    #[test]
    fn p1_what_was_written_is_read_under_the_same_ids_and_names() {
        let file = write(&shop(), &unsent()).unwrap();
        assert_eq!(read(&shop(), &file).unwrap(), unsent());
    }

    #[test]
    fn a_file_that_was_changed_anywhere_is_refused_whole() {
        let file = write(&shop(), &unsent()).unwrap();
        let changed = file.replace("\"counted\":3", "\"counted\":4");
        assert_ne!(changed, file);
        assert_eq!(read(&shop(), &changed).unwrap_err().code(), "damaged");
        for end in 0..file.len() {
            assert!(read(&shop(), &file[..end]).is_err(), "cut after {end} bytes");
        }
    }

    #[test]
    fn p9_a_file_of_another_shop_is_refused() {
        let file = write(&ShopSlug::parse("market").unwrap(), &unsent()).unwrap();
        assert_eq!(read(&shop(), &file).unwrap_err().code(), "other_shop");
        let renamed = file.replace("\"market\"", "\"corner\"");
        assert_eq!(read(&shop(), &renamed).unwrap_err().code(), "damaged", "also under this shop's name");
    }

    #[test]
    fn p8_a_file_of_an_earlier_form_is_read() {
        for version in [1, 2] {
            let written = serde_json::value::to_raw_value(&submissions()).unwrap();
            let check = check(version, "corner", written.get());
            let file = File { kind: KIND.into(), version, shop: "corner".into(), check, submissions: written };
            let read = read(&shop(), &serde_json::to_string(&file).unwrap()).unwrap();
            assert_eq!(read, submissions().into_iter().map(Unsent::from).collect::<Vec<_>>());
        }
    }

    #[test]
    fn p8_a_file_of_a_newer_form_and_a_file_of_something_else_are_told_apart() {
        let file = write(&shop(), &unsent()).unwrap();
        assert_eq!(read(&shop(), &file.replace("\"version\":3", "\"version\":4")).unwrap_err().code(), "too_new");
        assert_eq!(read(&shop(), "[]").unwrap_err().code(), "not_unsent_changes");
        assert_eq!(read(&shop(), &file.replace(KIND, "holiday pictures")).unwrap_err().code(), "not_unsent_changes");
    }
}
