//! Every command and event as it has been written once, byte for byte. These files are never changed: a shop's log
//! is full of them. A new schema gets new files beside the old ones.
#![allow(clippy::unwrap_used)] // Helpers of tests are outside of what `allow-unwrap-in-tests` covers.

use std::{fs, path::Path};

use domain::{
    Command, CommandId, EventRecord,
    chain::Hash,
    event::{Event, SCHEMA},
    record::seal,
};

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).trim_end().to_owned()
}

/// Commands and events that have been written with more fields, or other words, than their first file shows.
const MORE: [&str; 11] = [
    "command-order.allocate-1-short.json",
    "command-order.place-1-draft.json",
    "command-sale.record-1-account.json",
    "event-AccountCredited-1-put-back.json",
    "event-AccountDebited-1-order.json",
    "event-AccountDebited-1-sale.json",
    "event-LineFreed-1-moved.json",
    "event-OrderPlaced-1-account.json",
    "event-ProductChanged-1-was.json",
    "event-SaleRecorded-1-account.json",
    LINKED,
];

/// An entry's data with a link to the command that it puts back.
const LINKED: &str = "linked-BatchQuantityChanged-1.json";

#[test]
fn k_4_fields_that_came_later_are_read_and_written_too() {
    for name in MORE {
        let text = golden(name);
        match name.split('-').collect::<Vec<_>>()[..] {
            ["event", event, ..] => {
                assert_eq!(Event::decode(event, 1, &text).unwrap().encode().unwrap().get(), text, "{name}");
            }
            ["command", ..] => {
                assert_eq!(serde_json::to_string(&serde_json::from_str::<Command>(&text).unwrap()).unwrap(), text);
            }
            _ => assert_eq!(name, LINKED),
        }
    }
}

#[test]
fn k_4_an_entry_that_puts_another_back_keeps_its_link_in_its_data() {
    let payload = golden(LINKED);
    let record: EventRecord = serde_json::from_value(serde_json::json!({
        "position": 1, "aggregate": "stock-OAT-1", "version": 1, "type": "BatchQuantityChanged", "schema": 1,
        "command_id": CommandId(uuid::Uuid::nil()), "index_in_command": 0, "actor": "asha", "device": "T1",
        "issued_at": "2026-11-21T12:00:00.000Z", "recorded_at": "2026-11-21T12:00:00.000Z", "causation": null,
        "correlation": CommandId(uuid::Uuid::nil()), "hash": Hash::ORIGIN,
        "data": serde_json::from_str::<serde_json::Value>(&payload).unwrap(),
    }))
    .unwrap();
    let entry = record.decode().unwrap();
    assert_eq!(entry.undoes, CommandId::parse("0197f3a0-0000-7000-8000-000000000001").ok());
    assert_eq!(seal(&[entry], Hash::ORIGIN).unwrap()[0].payload.get(), payload);
}

#[test]
fn d_7_k_4_k_12_every_event_decodes_and_is_written_byte_for_byte_again() {
    assert_eq!(SCHEMA, 1, "a new schema needs new files, and the old ones an upcaster");
    for name in Event::types() {
        let payload = golden(&format!("event-{name}-1.json"));
        let event = Event::decode(name, 1, &payload).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.type_name(), name);
        assert_eq!(event.encode().unwrap().get(), payload);
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "within a snapshot");
    }
}

#[test]
fn k_4_every_command_parses_and_is_written_byte_for_byte_again() {
    for name in Command::types() {
        let text = golden(&format!("command-{name}-1.json"));
        let command: Command = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_string(&command).unwrap(), text);
        let (kind, data) = command.to_json();
        assert_eq!((kind.as_str(), Command::parse(&kind, &data)), (name, Ok(command)));
    }
}

#[test]
fn no_golden_file_is_left_behind() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let events = Event::types().map(|name| format!("event-{name}-1.json"));
    let known = events.chain(Command::types().map(|name| format!("command-{name}-1.json")));
    let known: Vec<String> = known.chain(MORE.map(ToOwned::to_owned)).collect();
    for file in fs::read_dir(directory).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is of no known type: renaming a type needs an upcaster");
    }
}
