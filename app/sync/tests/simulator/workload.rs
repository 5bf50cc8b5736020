//! What people do: every command type, on few enough names that devices meet, with races for the last unit, goods
//! that nobody has named, sales of what is not there, and quantities lowered below what is promised.

use domain::{Books, Command};
use serde_json::{Value, json};
use sync::random::Random;

const SKUS: u64 = 5;

/// A command that somebody might give who sees `books`. `serial` makes names that nobody else uses.
pub fn command(books: &Books, random: &mut Random, serial: &str) -> Command {
    let (command_type, data) = drawn(books, random, serial);
    Command::parse(command_type, &data).unwrap_or_else(|error| panic!("{command_type} {data}: {error}"))
}

fn drawn(books: &Books, random: &mut Random, serial: &str) -> (&'static str, Value) {
    let sku = format!("SKU-{}", random.below(SKUS));
    let qty = 1 + random.below(6);
    let price = 100 + random.below(900);
    let keys: Vec<String> = books.aggregates.batches.keys().map(ToString::to_string).collect();
    // Mostly one that is there; now and then one that is not, or that somebody else is making at the same moment.
    let batchref = match random.below(keys.len() as u64 + 1) as usize {
        at if at < keys.len() => keys[at].clone(),
        _ => format!("B-{}", random.below(8)),
    };
    let order = format!("O-{}", random.below(12));
    match random.below(100) {
        0..12 => ("product.add", json!({"sku": sku, "name": format!("Product {serial}"), "price": price})),
        12..17 => ("product.change", json!({"sku": sku, "price": price})),
        17 => ("product.archive", json!({"sku": sku})),
        18 => ("product.unarchive", json!({"sku": sku})),
        19..27 => {
            ("stock.receive", json!({"batchref": format!("B-{serial}"), "sku": sku, "qty": 1 + random.below(10)}))
        }
        27..31 => ("stock.receive", json!({"batchref": format!("B-{}", random.below(8)), "sku": sku, "qty": qty})),
        31..35 => {
            let eta = format!("2026-0{}-1{}", 1 + random.below(9), random.below(9));
            ("stock.receive", json!({"batchref": format!("E-{}", random.below(6)), "sku": sku, "qty": qty, "eta": eta}))
        }
        35..43 => ("stock.change_quantity", json!({"batchref": batchref, "qty": random.below(8)})),
        43..47 => ("stock.count", json!({"sku": sku, "counted": random.below(12)})),
        47..52 => ("stock.damage", json!({"batchref": batchref, "qty": 1 + random.below(3), "reason": "dropped"})),
        52..54 => {
            let by = if random.chance(50) { -1 - random.below(3) as i64 } else { 1 + random.below(3) as i64 };
            ("stock.adjust", json!({"sku": sku, "changes": [{"batchref": batchref, "by": by}]}))
        }
        54..57 => ("order.allocate", json!({"order_id": order, "sku": sku, "qty": 1, "short": 1 + random.below(3)})),
        57..72 => ("order.allocate", json!({"order_id": order, "sku": sku, "qty": 1 + random.below(3)})),
        72..77 => ("order.free", json!({"order_id": order, "sku": sku})),
        77..84 => {
            let lines = json!([{"sku": sku, "qty": qty}, {"sku": format!("SKU-{}", random.below(SKUS)), "qty": 1}]);
            ("order.place", json!({"order_id": order, "lines": lines}))
        }
        84..86 => ("order.cancel", json!({"order_id": order})),
        86..88 => {
            let sales: Vec<String> = books.aggregates.sales.keys().map(ToString::to_string).collect();
            let at = random.below(sales.len() as u64 + 1) as usize;
            ("sale.put_back", json!({"sale_id": sales.get(at).cloned().unwrap_or_else(|| "S-none".to_owned())}))
        }
        88..98 => {
            let lines = json!([{"sku": sku, "qty": qty, "price": price}]);
            ("sale.record", json!({"sale_id": format!("S-{serial}"), "lines": lines, "payment": "cash"}))
        }
        // A receipt number that another till uses too.
        _ => {
            let lines = json!([{"sku": sku, "qty": 1, "price": price}]);
            ("sale.record", json!({"sale_id": format!("S-{}", random.below(4)), "lines": lines, "payment": "card"}))
        }
    }
}
