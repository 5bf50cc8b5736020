//! Every command and event as it has been written once, byte for byte. These files are never changed: a shop's log
//! is full of them. A new schema gets new files beside the old ones.

use std::{fs, path::Path};

use domain::{
    Command, CommandId, EventRecord,
    chain::Hash,
    event::{Event, SCHEMA, schema_of},
    record::seal,
};

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).trim_end().to_owned()
}

/// Commands and events that have been written with more fields, or other words, than their first file shows.
const MORE: [&str; 12] = [
    "command-order.allocate-1-short.json",
    "command-order.place-1-draft.json",
    "command-sale.record-1-account.json",
    "event-AccountCredited-1-put-back.json",
    "event-AccountDebited-1-order.json",
    "event-AccountDebited-1-sale.json",
    "event-Declined-2-note.json",
    "event-LineFreed-1-moved.json",
    "event-OrderPlaced-1-account.json",
    "event-ProductChanged-1-was.json",
    "event-SaleRecorded-1-account.json",
    LINKED,
];

/// Written in forms that are brought up to date: the schema they were written under, and a file of the newest one that says
/// the same.
const UPCAST: [(&str, u16, &str); 2] = [
    ("event-Declined-1.json", 1, "event-Declined-2.json"),
    ("event-Declined-1-note.json", 1, "event-Declined-2-note.json"),
];

/// An entry's data with a link to the command that it puts back.
const LINKED: &str = "linked-BatchQuantityChanged-1.json";

#[test]
fn k_4_fields_that_came_later_are_read_and_written_too() {
    for name in MORE {
        let text = golden(name);
        match name.split('-').collect::<Vec<_>>()[..] {
            ["event", event, ..] => {
                let decoded = Event::decode(event, schema_of(event), &text).unwrap();
                assert_eq!(decoded.encode().unwrap().get(), text, "{name}");
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
fn r_27_k_4_an_event_of_every_earlier_schema_says_what_the_newest_one_says() {
    let mut told = Vec::new();
    for (earlier, schema, newest) in UPCAST {
        let name = earlier.split('-').nth(1).unwrap();
        assert!(schema < schema_of(name));
        let event = Event::decode(name, schema, &golden(earlier)).unwrap();
        assert_eq!(event.encode().unwrap().get(), golden(newest), "{earlier}");
        // A row of a read model, kept by a build that knew no schemas there, and one of this build.
        let old = format!(r#"{{"type":"{name}","data":{}}}"#, golden(earlier));
        let new = format!(r#"{{"type":"{name}","schema":{},"data":{}}}"#, schema_of(name), golden(newest));
        assert_eq!(serde_json::from_str::<Event>(&old).unwrap(), event, "{earlier}");
        assert_eq!(serde_json::to_string(&event).unwrap(), new);
        assert!(Event::decode(name, schema_of(name), &golden(earlier)).is_err(), "the number counts, not a guess");
        told.push((name, schema));
    }
    for name in Event::types() {
        for schema in 1..schema_of(name) {
            assert!(told.contains(&(name, schema)), "nothing is kept of schema {schema} of {name}");
        }
    }
}

#[test]
fn d_7_k_4_k_12_every_event_decodes_and_is_written_byte_for_byte_again() {
    let newest = Event::types().map(schema_of).max();
    assert_eq!(newest, Some(SCHEMA), "an archive would say another number than its entries");
    for name in Event::types() {
        let payload = golden(&format!("event-{name}-{}.json", schema_of(name)));
        let event = Event::decode(name, schema_of(name), &payload).unwrap_or_else(|error| panic!("{name}: {error}"));
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
    let events = Event::types().map(|name| format!("event-{name}-{}.json", schema_of(name)));
    let known = events.chain(Command::types().map(|name| format!("command-{name}-1.json")));
    let known = known.chain(MORE.map(ToOwned::to_owned));
    let known: Vec<String> = known.chain(UPCAST.map(|(earlier, ..)| earlier.to_owned())).collect();
    for file in fs::read_dir(directory).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is of no known type: renaming a type needs an upcaster");
    }
}
