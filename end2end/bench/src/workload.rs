//! A shop's history from a fixed seed, made by ordinary commands: about one in three entries is a sale, the rest is
//! what sales cause, receipts, allocations and price changes.

use domain::{
    Command, CommandId, Submission,
    books::{Author, Books, Reads, Request, Role, Stamp},
    chain::Hash,
    record::{Entry, EventRecord, seal},
    values::Millis,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Products in the measured shop.
pub const PRODUCTS: u64 = 500;

/// The log's identity; any will do.
pub const EPOCH: Uuid = Uuid::from_u128(0xdaeb_0000_0000_4000_8000_0000_0000_0001);

/// A small generator with a fixed sequence: `SplitMix64` (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }
}

/// The author of everything here.
#[must_use]
pub fn author() -> Author {
    Author { actor: "bench".into(), role: Role::Owner }
}

/// A command of the fixed sequence, as a request.
#[must_use]
pub fn request(number: u64, command_type: &str, data: &Value) -> Option<Request> {
    let command = Command::parse(command_type, data).ok()?;
    let submission = Submission {
        id: CommandId(Uuid::from_u128(u128::from(number) + (1 << 80))),
        command,
        if_version: None,
        device: "bench".into(),
        issued_at: Millis(1_770_000_000_000 + i64::try_from(number).unwrap_or(0) * 1_000),
        undoes: None,
        replaces: None,
        depends_on: vec![],
    };
    Some(Request { submission, author: author() })
}

/// A shop that is open for business, and at least `events` entries of its history.
///
/// # Panics
/// Never for the fixed sequence; its commands all parse.
#[must_use]
pub fn history(events: usize) -> (Books, Vec<Entry>) {
    let mut books = Books::default();
    let mut entries = Vec::with_capacity(events + 8);
    let mut random = Random(7);
    let stamp = Stamp { epoch: EPOCH, recorded_at: Millis(1_770_000_000_000) };
    let mut number = 0;
    while entries.len() < events {
        number += 1;
        let (command_type, data) = next_command(number, &mut random);
        if let Some(request) = request(number, command_type, &data) {
            entries.extend(books.handle(&request, stamp, &mut Reads::new()).entries);
        }
    }
    (books, entries)
}

fn next_command(number: u64, random: &mut Random) -> (&'static str, Value) {
    let sku = |of: u64| format!("SKU-{of:04}");
    if number <= PRODUCTS {
        let name = format!("Product number {number}");
        return ("product.add", json!({"sku": sku(number - 1), "name": name, "price": 100 + number}));
    }
    let of = random.below(PRODUCTS);
    match random.below(20) {
        0..2 => {
            ("stock.receive", json!({"batchref": format!("B-{number}"), "sku": sku(of), "qty": 50 + random.below(50)}))
        }
        2..5 => {
            ("order.allocate", json!({"order_id": format!("O-{number}"), "sku": sku(of), "qty": 1 + random.below(3)}))
        }
        5 => ("product.change", json!({"sku": sku(of), "price": 100 + random.below(10_000)})),
        _ => {
            let line = json!({"sku": sku(of), "qty": 1 + random.below(3), "price": 100 + of});
            ("sale.record", json!({"sale_id": format!("T1-{number:07}"), "lines": [line], "payment": "cash"}))
        }
    }
}

/// The entries as they stand in the log: a JSON array.
///
/// # Errors
/// When an event cannot be written.
pub fn to_json(entries: &[Entry]) -> Result<Vec<u8>, String> {
    let records = seal(entries, Hash::ORIGIN).map_err(|error| error.to_string())?;
    serde_json::to_vec(&records).map_err(|error| error.to_string())
}

/// What [`to_json`] wrote.
///
/// # Errors
/// When the bytes are something else.
pub fn records_from_json(bytes: &[u8]) -> Result<Vec<EventRecord>, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
