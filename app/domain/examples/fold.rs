//! How fast the books fold: `cargo run --release -p domain --example fold [events]`.
//!
//! A year of a shop is made from a fixed seed through ordinary commands, then decoded and folded, each on its own
//! clock. Figures are events a second of processor time; the digest is asked for once at the end, and printed, so that two builds
//! can be seen to agree.

use std::{error::Error, time::Instant};

use domain::{
    Books, Command, CommandId, Entry, Submission,
    books::{Author, Reads, Request, Role, Stamp},
    chain::Hash,
    record::seal,
    values::Millis,
};
use serde_json::{Value, json};
use uuid::Uuid;

const SKUS: u64 = 200;

/// SplitMix64: enough chance for a made-up shop, and the same on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

struct Shop {
    books: Books,
    entries: Vec<Entry>,
    chance: Chance,
    commands: u64,
}

impl Shop {
    fn send(&mut self, command_type: &str, data: &Value) -> Result<(), Box<dyn Error>> {
        self.commands += 1;
        let command = Command::parse(command_type, data)?;
        let time = Millis(1_780_000_000_000 + i64::try_from(self.commands)? * 20_000);
        let submission = Submission {
            id: CommandId(Uuid::from_u64_pair(7, self.commands)),
            command,
            if_version: None,
            device: "till-1".into(),
            issued_at: time,
            undoes: None,
            replaces: None,
            depends_on: vec![],
        };
        let author = Author { actor: "marek".into(), role: Role::Manager };
        let stamp = Stamp { epoch: Uuid::from_u64_pair(1, 1), recorded_at: time };
        let handled = self.books.handle(&Request { submission, author }, stamp, &mut Reads::new());
        self.entries.extend(handled.entries);
        Ok(())
    }

    fn sku(&mut self) -> String {
        // The product of two draws sells some goods far more often than others.
        let drawn = self.chance.below(SKUS) * self.chance.below(SKUS) / SKUS;
        format!("SKU-{drawn:03}")
    }

    /// Of 100 commands, 60 are sales, 12 receipts, 20 about orders, the rest counts, breakage and prices.
    fn step(&mut self) -> Result<(), Box<dyn Error>> {
        let (number, sku, qty) = (self.commands, self.sku(), 1 + self.chance.below(4));
        match self.chance.below(100) {
            0..60 => {
                let lines: Vec<Value> = (0..qty)
                    .map(|_| json!({"sku": self.sku(), "qty": 1 + self.chance.below(3), "price": 250}))
                    .collect();
                self.send("sale.record", &json!({"sale_id": format!("T1-{number}"), "lines": lines, "payment": "cash"}))
            }
            60..72 => {
                let qty = 12 + self.chance.below(12);
                self.send("stock.receive", &json!({"batchref": format!("B-{number}"), "sku": sku, "qty": qty}))
            }
            72..80 => {
                let lines = json!([{"sku": sku, "qty": qty}]);
                self.send("order.place", &json!({"order_id": format!("O-{number}"), "lines": lines}))?;
                self.send("order.allocate", &json!({"order_id": format!("O-{number}"), "sku": sku, "qty": qty}))?;
                // Handed over or given up: either way the goods are promised no longer.
                if self.chance.below(10) > 0 {
                    self.send("order.free", &json!({"order_id": format!("O-{number}"), "sku": sku}))?;
                }
                Ok(())
            }
            80..92 => {
                let price = 100 + self.chance.below(900);
                self.send("product.change", &json!({"sku": sku, "price": price}))
            }
            92..97 => {
                let counted = self.chance.below(40);
                self.send("stock.count", &json!({"sku": sku, "counted": counted}))
            }
            _ => {
                let data = json!({"batchref": format!("B-{number}"), "sku": sku, "qty": 6, "eta": "2027-01-01"});
                self.send("stock.receive", &data)
            }
        }
    }
}

fn year(events: usize) -> Result<Vec<Entry>, Box<dyn Error>> {
    let mut shop = Shop { books: Books::default(), entries: Vec::new(), chance: Chance(42), commands: 0 };
    for number in 0..SKUS {
        let data = json!({"sku": format!("SKU-{number:03}"), "name": format!("Product {number}"), "price": 250});
        shop.send("product.add", &data)?;
    }
    while shop.entries.len() < events {
        shop.step()?;
    }
    shop.entries.truncate(events);
    Ok(shop.entries)
}

/// Seconds of processor time that this thread has had, where the system tells (Linux); else of the wall clock. On a
/// busy machine the wall clock measures the neighbours.
struct Clock {
    wall: Instant,
    processor: Option<f64>,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: Self::processor() }
    }

    fn processor() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
    }

    fn rate(&self, events: usize) -> f64 {
        let processor = self.processor.zip(Self::processor()).map(|(begin, end)| end - begin);
        // Event counts are far below 2^52, where a float still counts exactly.
        #[allow(clippy::cast_precision_loss)]
        let events = events as f64;
        events / processor.unwrap_or_else(|| self.wall.elapsed().as_secs_f64())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let sizes = match std::env::args().nth(1) {
        Some(size) => vec![size.parse()?],
        None => vec![100_000, 1_000_000],
    };
    for size in sizes {
        let begin = Clock::start();
        let records = seal(&year(size)?, Hash::ORIGIN)?;
        let made = begin.rate(size);
        let begin = Clock::start();
        let entries = records.iter().map(|record| record.decode()).collect::<Result<Vec<_>, _>>()?;
        let decoded = begin.rate(size);
        let mut best = 0.0_f64;
        let mut digest = None;
        for _ in 0..3 {
            let mut books = Books::default();
            let begin = Clock::start();
            for entry in &entries {
                books.apply(entry)?;
            }
            best = best.max(begin.rate(size));
            digest = Some(books.digest());
        }
        let digest = digest.map(|digest| digest.to_string()).unwrap_or_default();
        println!(
            "{size:>9} events  make {made:>10.0}/s  decode {decoded:>10.0}/s  apply {best:>10.0}/s  digest {digest}"
        );
    }
    Ok(())
}
