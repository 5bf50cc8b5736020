//! The outbox as it lies in two stores, and how they become one again.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{CommandId, ShopSlug};
pub use sync::bundle::Unreadable;
use sync::{OutboxRecord, Stage};

use super::mirror;

/// What was found of one record.
type Read = Result<OutboxRecord, Unreadable>;

fn mirror_prefix(shop: &ShopSlug) -> String {
    format!("daybook:{shop}:outbox:")
}

/// The key of a command's copy in localStorage.
#[must_use]
pub fn mirror_key(shop: &ShopSlug, id: CommandId) -> String {
    format!("{}{id}", mirror_prefix(shop))
}

/// The command that a localStorage key of this shop's outbox belongs to; `None` for any other key.
#[must_use]
pub fn id_of_mirror_key(shop: &ShopSlug, key: &str) -> Option<CommandId> {
    CommandId::parse(key.strip_prefix(&mirror_prefix(shop))?).ok()
}

/// A record under way to storage is `Saved` by the time that anybody reads it there.
#[must_use]
pub fn as_stored(record: &OutboxRecord) -> Cow<'_, OutboxRecord> {
    match record.stage {
        Stage::Saving => Cow::Owned(OutboxRecord { stage: Stage::Saved, ..record.clone() }),
        _ => Cow::Borrowed(record),
    }
}

/// Everything of this shop's outbox in localStorage, as it lies there.
#[must_use]
pub fn read_mirror(shop: &ShopSlug) -> Vec<(String, Vec<u8>)> {
    mirror::written(&mirror_prefix(shop)).into_iter().map(|(id, text)| (id, text.into_bytes())).collect()
}

/// The same for a record whose id may be anything.
#[must_use]
pub fn mirror_key_of_unreadable(shop: &ShopSlug, id: &str) -> String {
    format!("{}{id}", mirror_prefix(shop))
}

fn read(id: &str, bytes: &[u8]) -> Read {
    serde_json::from_slice(bytes).map_err(|error| Unreadable::new(id, bytes, &error))
}

/// One record a command, from both stores.
#[must_use]
pub fn unite(mirrored: Vec<(String, Vec<u8>)>, kept: Vec<(String, Vec<u8>)>) -> (Vec<OutboxRecord>, Vec<Unreadable>) {
    let mut united: BTreeMap<String, (Vec<u8>, Read)> = BTreeMap::new();
    for (id, bytes) in mirrored.into_iter().chain(kept) {
        // The two halves are alike, most often; a device that was alone for a week has thousands of them to read.
        if united.get(&id).is_some_and(|(known, _)| *known == bytes) {
            continue;
        }
        let found = match (united.remove(&id).map(|(_, known)| known), read(&id, &bytes)) {
            (None, found) | (Some(Err(_)), found @ Ok(_)) => found,
            (Some(known), Err(_)) => known,
            (Some(Ok(known)), Ok(found)) => Ok(known.united(found)),
        };
        united.insert(id, (bytes, found));
    }
    let (mut records, mut unreadable) = (Vec::new(), Vec::new());
    for (_, found) in united.into_values() {
        match found {
            Ok(record) => records.push(record),
            Err(problem) => unreadable.push(problem),
        }
    }
    (records, unreadable)
}

#[cfg(test)]
mod tests {
    use domain::{Command, Submission, values::Millis};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn record(id: u128, stage: Stage) -> OutboxRecord {
        let data = json!({"sku": "OAT-1", "counted": 3});
        let submission = Submission {
            id: CommandId(Uuid::from_u128(id)),
            command: Command::parse("stock.count", &data).unwrap(),
            if_version: None,
            device: "T1".into(),
            issued_at: Millis(5),
            undoes: None,
            replaces: None,
            depends_on: vec![],
        };
        OutboxRecord { stage, ..OutboxRecord::new(submission, 1) }
    }

    fn row(record: &OutboxRecord) -> (String, Vec<u8>) {
        (record.submission.id.to_string(), serde_json::to_vec(&*as_stored(record)).unwrap())
    }

    #[test]
    fn p1_a_command_in_either_store_alone_is_found() {
        let (mirrored_only, kept_only) = (record(1, Stage::Saved), record(2, Stage::Saved));
        let (records, unreadable) = unite(vec![row(&mirrored_only)], vec![row(&kept_only)]);
        assert_eq!((records, unreadable), (vec![mirrored_only, kept_only], vec![]));
    }

    #[test]
    fn p1_a_command_in_both_stores_is_one_command() {
        let one = record(1, Stage::Saved);
        assert_eq!(unite(vec![row(&one)], vec![row(&one)]).0, [one]);
    }

    #[test]
    fn a_command_given_up_in_one_store_is_not_sent_because_of_the_other() {
        let saved = record(1, Stage::Saved);
        let discarded = record(1, Stage::Discarded { reason: "customer left".into(), at: Millis(9), by: None });
        assert_eq!(unite(vec![row(&saved)], vec![row(&discarded)]).0, std::slice::from_ref(&discarded));
        assert_eq!(unite(vec![row(&discarded)], vec![row(&saved)]).0, [discarded]);
    }

    #[test]
    fn us_15_a_command_that_may_have_been_sent_by_one_store_may_have_been_sent() {
        let sent = OutboxRecord { attempted: true, ..record(1, Stage::Saved) };
        let (unsent, held) = (record(1, Stage::Saved), record(1, Stage::Held { by: CommandId(Uuid::from_u128(2)) }));
        assert_eq!(unite(vec![row(&sent)], vec![row(&unsent)]).0, std::slice::from_ref(&sent));
        assert_eq!(unite(vec![row(&unsent)], vec![row(&sent)]).0, std::slice::from_ref(&sent));
        assert!(unite(vec![row(&sent)], vec![row(&held)]).0[0].attempted);
        let mut old = serde_json::to_value(&unsent).unwrap();
        old.as_object_mut().unwrap().remove("attempted");
        let old = (sent.submission.id.to_string(), old.to_string().into_bytes());
        assert_eq!(unite(vec![], vec![old]).0, [sent], "a record from before this was written down");
    }

    #[test]
    fn a_record_under_way_is_stored_as_saved() {
        let saving = record(1, Stage::Saving);
        let (records, _) = unite(vec![row(&saving)], vec![]);
        assert_eq!(records[0].stage, Stage::Saved);
    }

    #[test]
    fn p5_a_record_that_cannot_be_read_is_shown_and_a_readable_twin_is_used() {
        let good = record(1, Stage::Saved);
        let bad = (good.submission.id.to_string(), b"{\"half\":".to_vec());
        let other = (Uuid::from_u128(2).to_string(), b"{}".to_vec());
        let (records, unreadable) = unite(vec![bad], vec![row(&good), other]);
        assert_eq!(records, [good]);
        assert_eq!(unreadable.len(), 1);
        assert_eq!(unreadable[0].text, "{}");
    }

    #[test]
    fn keys_name_shop_and_command() {
        let shop = ShopSlug::parse("corner").unwrap();
        let id = CommandId(Uuid::from_u128(7));
        let key = mirror_key(&shop, id);
        assert_eq!(key, format!("daybook:corner:outbox:{id}"));
        assert_eq!(id_of_mirror_key(&shop, &key), Some(id));
        assert_eq!(id_of_mirror_key(&ShopSlug::parse("corn").unwrap(), &key), None, "p9");
        assert_eq!(id_of_mirror_key(&shop, "daybook:corner:outbox:nonsense"), None);
    }
}
