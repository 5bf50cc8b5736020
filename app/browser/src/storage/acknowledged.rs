//! This device's settled commands, kept in case the server loses them. They lie beside the device's identity and not
//! with the outbox: a build from before them would take them for commands that it cannot read.

use domain::CommandId;
use sync::{Acknowledged, Lost, OutboxRecord};

use super::{error::StorageError, idb::Write, outbox::Unreadable};

const STORE: &str = "device";
pub const PREFIX: &str = "acknowledged/";
pub const LOST: &str = "lost";

fn key(id: CommandId) -> String {
    format!("{PREFIX}{id}")
}

/// The writes that move a command from the outbox here, and let older ones go.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn keep(settled: &Acknowledged, dropped: &[CommandId]) -> Result<Vec<Write>, StorageError> {
    let id = settled.id();
    let value = serde_json::to_vec(settled).map_err(StorageError::unreadable)?;
    let mut writes =
        vec![Write::Put { store: STORE, key: key(id), value }, Write::Delete { store: "outbox", key: id.to_string() }];
    writes.extend(dropped.iter().map(|id| Write::Delete { store: STORE, key: key(*id) }));
    Ok(writes)
}

/// The writes that move commands from here back into the outbox.
///
/// # Errors
/// When one of them cannot be written as JSON.
pub fn offer(records: &[OutboxRecord]) -> Result<Vec<Write>, StorageError> {
    let mut writes = Vec::with_capacity(2 * records.len());
    for record in records {
        let id = record.submission.id;
        let value = serde_json::to_vec(record).map_err(StorageError::unreadable)?;
        writes.push(Write::Put { store: "outbox", key: id.to_string(), value });
        writes.push(Write::Delete { store: STORE, key: key(id) });
    }
    Ok(writes)
}

/// The rows, and those that cannot be read: they were written by a newer build, and stay for it.
#[must_use]
pub fn read(rows: &[(String, Vec<u8>)]) -> (Vec<Acknowledged>, Vec<Unreadable>) {
    let (mut settled, mut unreadable) = (Vec::new(), Vec::new());
    for (key, bytes) in rows {
        match serde_json::from_slice(bytes) {
            Ok(one) => settled.push(one),
            Err(error) => unreadable.push(Unreadable::new(key, bytes, &error)),
        }
    }
    (settled, unreadable)
}

/// The write that removes the list of what the server has lost.
#[must_use]
pub fn forget_lost() -> Write {
    Write::Delete { store: STORE, key: LOST.to_owned() }
}

/// # Errors
/// When an entry cannot be written as JSON.
pub fn write_lost(lost: &[Lost]) -> Result<Write, StorageError> {
    let key = LOST.to_owned();
    if lost.is_empty() {
        return Ok(Write::Delete { store: STORE, key });
    }
    Ok(Write::Put { store: STORE, key, value: serde_json::to_vec(lost).map_err(StorageError::unreadable)? })
}

#[must_use]
pub fn read_lost(rows: &[(String, Vec<u8>)]) -> Vec<Lost> {
    let row = rows.iter().find(|(key, _)| key == LOST);
    row.and_then(|(_, bytes)| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::{Command, Submission, chain::Hash, values::Millis};
    use serde_json::json;
    use sync::protocol::Waypoint;
    use uuid::Uuid;

    use super::*;

    fn submission(id: u128) -> Submission {
        let data = json!({"sku": "OAT-1", "counted": 3});
        Submission {
            id: CommandId(Uuid::from_u128(id)),
            command: Command::parse("stock.count", &data).unwrap(),
            if_version: None,
            device: "T1".into(),
            issued_at: Millis(5),
            undoes: None,
            replaces: None,
            depends_on: vec![],
        }
    }

    /// What a store with these rows has after `writes`.
    fn after(
        mut rows: Vec<(&'static str, String, Vec<u8>)>,
        writes: Vec<Write>,
    ) -> Vec<(&'static str, String, Vec<u8>)> {
        for write in writes {
            match write {
                Write::Put { store, key, value } => rows.push((store, key, value)),
                Write::Delete { store, key } => rows.retain(|row| (row.0, &row.1) != (store, &key)),
                Write::Clear { store } => rows.retain(|row| row.0 != store),
            }
        }
        rows
    }

    #[test]
    fn p1_a_command_is_in_one_of_the_two_places_and_comes_back_as_it_was() {
        let record = OutboxRecord::new(submission(1), 4);
        let seen = Waypoint { position: 9, hash: Hash([7; 32]) };
        let settled = Acknowledged {
            submission: record.submission.clone(),
            sequence: 4,
            seen,
            epoch: None,
            at: Millis(6),
            person: None,
            replaces: None,
        };
        let outbox = ("outbox", record.submission.id.to_string(), serde_json::to_vec(&record).unwrap());

        let rows = after(vec![outbox.clone()], keep(&settled, &[]).unwrap());
        assert_eq!(rows.len(), 1);
        let device: Vec<_> = rows.iter().map(|(_, key, value)| (key.clone(), value.clone())).collect();
        assert_eq!((rows[0].0, read(&device)), ("device", (vec![settled], vec![])));
        assert_eq!(after(rows, offer(std::slice::from_ref(&record)).unwrap()), [outbox]);
    }

    fn settled(id: u128) -> Acknowledged {
        Acknowledged {
            submission: submission(id),
            sequence: 1,
            seen: Waypoint { position: 9, hash: Hash::ORIGIN },
            epoch: None,
            at: Millis(6),
            person: None,
            replaces: None,
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_is_found_with_its_text_and_the_rest_goes_on() {
        let good = settled(1);
        let rows = [
            ("acknowledged/x".to_owned(), b"{\"newer\":1}".to_vec()),
            (key(good.id()), serde_json::to_vec(&good).unwrap()),
        ];
        let (settled, unreadable) = read(&rows);
        assert_eq!(settled, [good]);
        assert_eq!((&*unreadable[0].id, &*unreadable[0].text), ("acknowledged/x", "{\"newer\":1}"));
    }

    #[test]
    fn what_is_dropped_goes_in_the_same_write() {
        let rows = after(vec![], keep(&settled(1), &[]).unwrap());
        let rows = after(rows, keep(&settled(2), &[settled(1).id()]).unwrap());
        assert_eq!(rows.iter().map(|row| row.1.clone()).collect::<Vec<_>>(), [key(settled(2).id())]);
    }
}
