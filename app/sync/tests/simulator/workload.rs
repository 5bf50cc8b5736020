//! What people do: every command type, on few enough names that devices meet, with races for the last unit, goods
//! that nobody has named, sales of what is not there, quantities lowered below what is promised, orders that cannot be
//! paid, transfers to accounts that are closed meanwhile, and texts that two people change at once.

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
    let account = format!("A-{}", random.below(4));
    if random.chance(8) {
        return of_pictures(books, random, serial, &sku);
    }
    if random.chance(30) {
        return of_money(random, serial, &order, &account, &sku);
    }
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

/// Pictures, and what people say about them: few enough that they edit each other's texts.
fn of_pictures(books: &Books, random: &mut Random, serial: &str, sku: &str) -> (&'static str, Value) {
    let comment = format!("C-{}", random.below(5));
    let picture = format!("P-{}", random.below(3));
    let text = format!("Text {serial}");
    match random.below(100) {
        0..15 => {
            let blob = domain::values::BlobHash::of(serial.as_bytes());
            let mut data =
                json!({"picture_id": picture, "blob": blob, "media_type": "image/jpeg", "width": 4, "height": 3});
            if random.chance(60) {
                data["about"] = json!({"product": sku});
            }
            ("picture.add", data)
        }
        15..45 => ("comment.add", json!({"comment_id": comment, "picture_id": picture, "text": text})),
        45..75 => {
            let mut data = json!({"comment_id": comment, "text": text});
            let id = domain::values::CommentId::parse(&comment).expect("a name");
            let seen = books.aggregates.comments.get(&id).and_then(|comment| comment.text.clone());
            if let Some(seen) = seen.filter(|_| random.chance(80)) {
                data["was"] = json!(seen);
            }
            ("comment.edit", data)
        }
        75..90 => ("comment.delete", json!({"comment_id": comment})),
        _ => ("comment.put_back", json!({"comment_id": comment, "text": text})),
    }
}

/// Accounts, transfers, and orders on account.
fn of_money(random: &mut Random, serial: &str, order: &str, account: &str, sku: &str) -> (&'static str, Value) {
    let amount = 1 + random.below(900);
    let other = format!("A-{}", random.below(4));
    let qty = 1 + random.below(4);
    match random.below(100) {
        0..14 => {
            let limit = random.below(2_000);
            let data = json!({
                "account_id": account, "title": format!("Account {serial}"), "owner": "Asha",
                "initial_balance": random.below(3_000), "limit": limit,
            });
            ("account.open", data)
        }
        14..18 => {
            ("account.change", json!({"account_id": account, "owner": format!("Owner {serial}"), "limit": amount}))
        }
        18..26 => ("account.credit", json!({"account_id": account, "amount": amount})),
        26..32 => ("account.debit", json!({"account_id": account, "amount": amount, "reference": "paid out"})),
        32..36 => ("account.close", json!({"account_id": account})),
        36..58 => {
            // Now and then a number that somebody else uses at the same moment.
            let number = if random.chance(80) { format!("T-{serial}") } else { format!("T-{}", random.below(3)) };
            ("transfer.request", json!({"transfer_id": number, "from": account, "to": other, "amount": amount}))
        }
        58..66 => ("order.add_item", json!({"order_id": order, "sku": sku, "qty": qty})),
        66..69 => ("order.remove_item", json!({"order_id": order, "sku": sku})),
        69..73 => ("order.place", json!({"order_id": order, "account": account})),
        73..82 => {
            let lines = json!([{"sku": sku, "qty": qty}]);
            ("order.place", json!({"order_id": order, "lines": lines, "account": account}))
        }
        82..85 => ("order.take_what_is_left", json!({"order_id": order})),
        85..89 => ("order.back_order", json!({"order_id": order})),
        89..93 => ("order.hand_over", json!({"order_id": order})),
        93..95 => ("order.settle", json!({"order_id": order})),
        _ => {
            let lines = json!([{"sku": sku, "qty": qty, "price": amount}]);
            let sale = format!("S-{serial}");
            ("sale.record", json!({"sale_id": sale, "lines": lines, "payment": "account", "account": account}))
        }
    }
}
