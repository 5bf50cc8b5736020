//! The copy of the confirmed log: a snapshot in pieces and the entries behind it. A cache: on any doubt it is
//! dropped and fetched again.

use domain::{EventRecord, books::FOLD_VERSION};
use serde::{Deserialize, Serialize};
use sync::protocol::Snapshot;

use super::{chunks, error::StorageError, idb::Write};

const STORE: &str = "book";
const HEAD: &str = "snapshot";

/// What belongs to the pieces of a snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    pub fold: u32,
    pub position: u64,
    pub bytes: u64,
    pub checksum: u64,
}

fn piece_key(index: usize) -> String {
    format!("snapshot/{index:06}")
}

/// Padded, so that the order of keys is the order of positions.
fn tail_key(position: u64) -> String {
    format!("tail/{position:020}")
}

fn put(key: String, value: Vec<u8>) -> Write {
    Write::Put { store: STORE, key, value }
}

/// The writes that put entries behind the copy.
///
/// # Errors
/// When an entry cannot be written as JSON.
pub fn append(records: &[EventRecord]) -> Result<Vec<Write>, StorageError> {
    let length = |record: &EventRecord| record.payload.get().len() + 512;
    let of_group = |group: &[EventRecord]| {
        let first = group.first().map_or(0, |record| record.position);
        Ok(put(tail_key(first), serde_json::to_vec(group).map_err(StorageError::unreadable)?))
    };
    chunks::groups(records, length).into_iter().map(of_group).collect()
}

/// The writes that put a snapshot in the copy's place. All entries go: those behind the snapshot come again by the
/// feed, since its cursor is the end of what is kept.
///
/// # Errors
/// When the books cannot be written as JSON.
pub fn replace(snapshot: &Snapshot) -> Result<Vec<Write>, StorageError> {
    let bytes = serde_json::to_vec(snapshot).map_err(StorageError::unreadable)?;
    let head = Head {
        fold: snapshot.fold,
        position: snapshot.books.position,
        bytes: bytes.len() as u64,
        checksum: chunks::checksum(&bytes),
    };
    let mut writes = vec![Write::Clear { store: STORE }];
    writes.push(put(HEAD.to_owned(), serde_json::to_vec(&head).map_err(StorageError::unreadable)?));
    let pieces = chunks::split(&bytes).enumerate();
    writes.extend(pieces.map(|(index, piece)| put(piece_key(index), piece.to_vec())));
    Ok(writes)
}

/// Puts the copy together from the rows of its store, in key order. `None` when there is none, or one of another
/// fold.
///
/// # Errors
/// When it is not what was written.
pub fn read(rows: &[(String, Vec<u8>)]) -> Result<Option<(Snapshot, Vec<EventRecord>)>, StorageError> {
    let Some((_, head)) = rows.iter().find(|(key, _)| key == HEAD) else { return Ok(None) };
    let head: Head = serde_json::from_slice(head).map_err(StorageError::unreadable)?;
    if head.fold != FOLD_VERSION {
        return Ok(None);
    }
    let of_prefix = |prefix| rows.iter().filter(move |(key, _)| key.starts_with(prefix)).map(|(_, bytes)| &bytes[..]);
    let bytes: Vec<u8> = of_prefix("snapshot/").flatten().copied().collect();
    if bytes.len() as u64 != head.bytes || chunks::checksum(&bytes) != head.checksum {
        return Err(StorageError::unreadable("the snapshot is not the one that was written"));
    }
    let snapshot: Snapshot = serde_json::from_slice(&bytes).map_err(StorageError::unreadable)?;
    let mut tail: Vec<EventRecord> = Vec::new();
    let mut last = snapshot.books.position;
    for group in of_prefix("tail/") {
        let group: Vec<EventRecord> = serde_json::from_slice(group).map_err(StorageError::unreadable)?;
        for record in group {
            // Two tabs may have written the same entries in other groups; what does not continue is of no use.
            if record.position == last + 1 {
                last = record.position;
                tail.push(record);
            }
        }
    }
    Ok(Some((snapshot, tail)))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use sync::protocol::Events;

    use super::*;

    fn fixtures() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sync/tests/fixtures")
    }

    #[test]
    fn p8_the_book_that_an_earlier_build_kept_is_read_or_fetched_anew() {
        let builds = fs::read_dir(fixtures()).unwrap().map(|build| build.unwrap().path().join("stored-book.json"));
        let kept: Vec<PathBuf> = builds.filter(|file| file.exists()).collect();
        assert!(!kept.is_empty());
        for file in kept {
            let rows: Vec<(String, String)> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let rows: Vec<_> = rows.into_iter().map(|(key, text)| (key, text.into_bytes())).collect();
            let head: Head = serde_json::from_slice(&rows.iter().find(|(key, _)| key == HEAD).unwrap().1).unwrap();
            let book = read(&rows).unwrap();
            assert_eq!(book.is_some(), head.fold == FOLD_VERSION, "{file:?}");
            if let Some((snapshot, tail)) = book {
                assert_eq!(snapshot.books.digest(), snapshot.digest);
                assert_eq!(tail.first().unwrap().position, snapshot.books.position + 1);
            }
        }
    }

    #[test]
    #[ignore = "writes a file: once for each build that is released, behind the server's recording"]
    fn record_what_this_build_keeps_of_the_book() {
        let folder = PathBuf::from(std::env::var("DAYBOOK_RECORD").unwrap());
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let snapshot: Snapshot = serde_json::from_str(&text("snapshot.json")).unwrap();
        let events: Events = serde_json::from_str(&text("events.json")).unwrap();
        let writes = replace(&snapshot).unwrap().into_iter().chain(append(&events.events).unwrap());
        let rows: Vec<(String, String)> = writes
            .filter_map(|write| match write {
                Write::Put { key, value, .. } => Some((key, String::from_utf8(value).unwrap())),
                _ => None,
            })
            .collect();
        fs::write(folder.join("stored-book.json"), serde_json::to_string(&rows).unwrap() + "\n").unwrap();
    }
}
