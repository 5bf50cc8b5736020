//! Pictures and their comments, in words.

use domain::{comment::Written, picture::Subject, values::Sku};

use crate::format::moment;

/// What a picture is about, within a sentence.
#[must_use]
pub fn subject(subject: &Subject, name: &dyn Fn(&Sku) -> String) -> String {
    match subject {
        Subject::Product(sku) => name(sku),
        Subject::Batch(batchref) => format!("batch {batchref}"),
        Subject::Order(order_id) => format!("order {order_id}"),
        Subject::Account(account_id) => format!("account {account_id}"),
    }
}

/// What somebody hears who cannot see the picture.
#[must_use]
pub fn alternative(caption: Option<&str>, about: Option<&str>) -> String {
    match (caption, about) {
        (Some(caption), _) => caption.to_owned(),
        (None, Some(about)) => format!("Picture of {about}"),
        (None, None) => "Picture without a caption".to_owned(),
    }
}

/// Under a comment: who and when.
#[must_use]
pub fn signed(added: &Written, edited: Option<&Written>) -> String {
    let added = format!("{} · {}", added.by, moment(added.issued_at));
    match edited {
        Some(edited) => format!("{added} · changed by {} {}", edited.by, moment(edited.issued_at)),
        None => added,
    }
}

/// Two texts of one comment in one: the other author's first.
#[must_use]
pub fn merged(theirs: &str, yours: &str) -> String {
    format!("{theirs}\n\n{yours}")
}

/// Why a chosen file is no picture to this device.
#[must_use]
pub fn not_taken(problem: &str) -> String {
    format!("This file cannot be used as a picture ({problem}).")
}
