//! Pictures that were taken here and are not with the server yet. They lie beside the device's identity, in pieces: a
//! store of their own would need another version of the database, which older pages could not open.

use domain::values::BlobHash;

use super::{chunks, idb::Write};

const STORE: &str = "device";

/// Of the keys of a picture's pieces.
#[must_use]
pub fn prefix(name: &BlobHash) -> String {
    format!("picture/{name}/")
}

/// The writes that keep a picture.
#[must_use]
pub fn keep(name: &BlobHash, bytes: &[u8]) -> Vec<Write> {
    let piece = |(number, piece): (usize, &[u8])| Write::Put {
        store: STORE,
        // In the order of the pieces as texts, too.
        key: format!("{}{number:05}", prefix(name)),
        value: piece.to_vec(),
    };
    chunks::split(bytes).enumerate().map(piece).collect()
}

/// The picture, unless a piece of it is missing: its name is its checksum.
#[must_use]
pub fn read(name: &BlobHash, rows: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = rows.iter().flat_map(|(_, piece)| piece.iter().copied()).collect();
    (BlobHash::of(&bytes) == *name).then_some(bytes)
}

/// The writes that let it go.
#[must_use]
pub fn forget(rows: &[(String, Vec<u8>)]) -> Vec<Write> {
    rows.iter().map(|(key, _)| Write::Delete { store: STORE, key: key.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn us_23_a_picture_is_read_as_it_was_kept_or_not_at_all() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
        let name = BlobHash::of(&bytes);
        let mut rows: Vec<_> = keep(&name, &bytes)
            .into_iter()
            .filter_map(|write| match write {
                Write::Put { key, value, .. } => Some((key, value)),
                _ => None,
            })
            .collect();
        assert!(rows.len() > 1 && rows.is_sorted());
        assert!(rows.iter().all(|(key, _)| key.starts_with(&prefix(&name))));
        assert_eq!(read(&name, &rows), Some(bytes));
        assert_eq!(forget(&rows).len(), rows.len());
        rows.pop();
        assert_eq!((read(&name, &rows), read(&name, &[])), (None, None));
    }
}
