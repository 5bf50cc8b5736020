//! Folding a log into books.

use domain::{Entry, EventRecord, books::Books, digest::Digest};

/// Decodes every record.
///
/// # Errors
/// When one cannot be read.
pub fn decode(records: &[EventRecord]) -> Result<Vec<Entry>, String> {
    records.iter().map(|record| record.decode().map_err(|error| error.to_string())).collect()
}

/// Folds decoded entries from the first on; the digest proves that the work was done, and done alike.
///
/// # Errors
/// When the entries have a gap.
pub fn fold(entries: &[Entry]) -> Result<Digest, String> {
    let mut books = Books::default();
    for entry in entries {
        books.apply(entry).map_err(|error| error.to_string())?;
    }
    Ok(books.digest())
}
