//! Books at a position as bytes, and back.

use domain::{Books, books::FOLD_VERSION, chain::Hash};
use store::SnapshotRow;

/// # Errors
/// When the books cannot be written as JSON, which ours can.
pub fn encode(books: &Books, hash: Hash) -> serde_json::Result<SnapshotRow> {
    let bytes = serde_json::to_vec(books)?;
    Ok(SnapshotRow { position: books.position, fold: FOLD_VERSION, hash, bytes })
}

/// None for bytes that are not books at the row's position: a snapshot is an economy, the log is the truth.
#[must_use]
pub fn decode(row: &SnapshotRow) -> Option<Books> {
    let books: Books = serde_json::from_slice(&row.bytes).ok()?;
    (books.position == row.position).then_some(books)
}
