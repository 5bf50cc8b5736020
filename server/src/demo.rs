//! The demo shop: made by ordinary commands through the ordinary path, from a fixed seed, with ids of their own, so
//! that filling it again changes nothing. [`visits`]: one for each visitor.

mod pictures;
pub mod visits;

use std::sync::Arc;

use domain::{
    Command, CommandId, ShopSlug, Submission, Verdict,
    books::Request,
    values::{Day, Millis},
};
use serde_json::{Value, json};
use store::Blob;
use sync::protocol::Outcome;
use uuid::Uuid;

use crate::{access::demo_author, clock, shop::Shops};

const TITLE: &str = "Corner Shop";

const DAY: i64 = 86_400_000;

/// SKU, name, description, category, price in cents.
const PRODUCTS: [(&str, &str, &str, &str, i64); 24] = [
    ("OAT-1", "Oat bread", "Sourdough with rolled oats, 750 g", "Bread", 420),
    ("RYE-1", "Rye bread", "Dark rye, keeps a week, 1 kg", "Bread", 480),
    ("BUN-6", "Milk buns", "Six soft buns", "Bread", 360),
    ("BAG-1", "Baguette", "Baked twice a day", "Bread", 190),
    ("MILK-1", "Whole milk", "1 l, glass, deposit included", "Dairy", 185),
    ("OATM-1", "Oat drink", "1 l", "Dairy", 210),
    ("BUT-250", "Salted butter", "250 g", "Dairy", 345),
    ("CHE-G", "Mountain cheese", "Cut to 200 g", "Dairy", 590),
    ("YOG-500", "Plain yoghurt", "500 g, glass", "Dairy", 240),
    ("EGG-10", "Eggs, ten", "Free range", "Dairy", 395),
    ("APP-1", "Apples", "Bag of 1 kg", "Fruit and vegetables", 320),
    ("PEAR-1", "Pears", "Bag of 1 kg", "Fruit and vegetables", 360),
    ("CARR-1", "Carrots", "Bunch with greens", "Fruit and vegetables", 220),
    ("POT-2", "Potatoes", "Waxy, 2 kg", "Fruit and vegetables", 390),
    ("ONI-1", "Onions", "Net of 1 kg", "Fruit and vegetables", 210),
    ("JAM-S", "Strawberry jam", "From the village, 340 g", "Pantry", 450),
    ("HON-500", "Forest honey", "500 g", "Pantry", 790),
    ("COF-250", "Filter coffee", "Ground, 250 g", "Pantry", 690),
    ("TEA-B", "Black tea", "20 bags", "Pantry", 340),
    ("PAS-500", "Spaghetti", "500 g", "Pantry", 195),
    ("OIL-500", "Olive oil", "500 ml", "Pantry", 990),
    ("SOAP-1", "Olive soap", "100 g bar", "Household", 280),
    ("CAN-4", "Candles, four", "Beeswax", "Household", 850),
    ("BAGP-10", "Paper bags, ten", "Recycled", "Household", 150),
];

/// Extra deliveries of the goods that go fastest: SKU, units, days until they come (none: they are in hand).
const MORE: [(&str, i64, Option<i32>); 16] = [
    ("OAT-1", 12, None),
    ("RYE-1", 10, None),
    ("BAG-1", 30, None),
    ("MILK-1", 24, None),
    ("BUT-250", 20, None),
    ("EGG-10", 18, None),
    ("APP-1", 25, None),
    ("POT-2", 15, None),
    ("COF-250", 12, None),
    ("JAM-S", 16, None),
    ("OAT-1", 20, Some(1)),
    ("MILK-1", 48, Some(3)),
    ("HON-500", 24, Some(6)),
    ("OIL-500", 12, Some(9)),
    ("CAN-4", 10, Some(14)),
    ("TEA-B", 30, Some(21)),
];

/// Number, title, owner, balance and limit in cents.
const ACCOUNTS: [(&str, &str, &str, i64, i64); 6] = [
    ("A-0001", "Café Sole", "Asha Berg", 12_000, 20_000),
    ("A-0002", "Village school", "Marek Nowak", 0, 30_000),
    ("A-0003", "Choir fund", "Ingrid Holm", 8_500, 0),
    ("A-0004", "Allotment club", "Tomás Silva", 4_000, 5_000),
    ("A-0005", "Karin Larsen", "Karin Larsen", 0, 6_000),
    ("A-0006", "Harbour kiosk", "Yusuf Demir", 0, 3_000),
];

/// Fills the shop `demo`, which is made if it is not there. Answers its head.
///
/// # Errors
/// What went wrong, for whoever started the server.
pub async fn fill(shops: &Arc<Shops>) -> Result<u64, String> {
    fill_shop(shops, &ShopSlug::parse(domain::demo::NAME).map_err(|error| error.to_string())?).await
}

/// Fills one by any name with the same.
async fn fill_shop(shops: &Arc<Shops>, slug: &ShopSlug) -> Result<u64, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    shops.store.create_shop(slug, TITLE, Uuid::new_v4()).await.map_err(|error| text(&error))?;
    let shop = shops.open(slug).await.map_err(|error| text(&error))?;
    // The days of the first filling stay: its first entry tells when that was.
    let first = shops.store.read(slug, 0, 1).await.map_err(|error| text(&error))?;
    let today = first.first().map_or_else(clock::now, |entry| entry.recorded_at);
    let drawn = pictures::drawn()?;
    for blob in &drawn {
        shops.store.keep_blob(slug, blob.clone(), u64::MAX).await.map_err(|error| text(&error))?;
    }
    let mut head = 0;
    for part in script(today, &drawn)?.chunks(200) {
        let decided = shop.decide(part.to_vec()).await.map_err(|error| text(&error))?;
        head = decided.head;
        let failed = decided
            .outcomes
            .iter()
            .find(|outcome| !matches!(outcome, Outcome::Settled { verdict: Verdict::Accepted { .. }, .. }));
        if let Some(failed) = failed {
            return Err(format!("a command of the demo shop was not accepted: {failed:?}"));
        }
    }
    Ok(head)
}

/// Every command, in order. `today` is when the shop is first filled.
fn script(today: Millis, drawn: &[Blob]) -> Result<Vec<Request>, String> {
    let mut script = Script { today, seed: 20_261_121, requests: Vec::new() };
    script.deliveries()?;
    script.accounts()?;
    script.days_of_trade()?;
    script.orders()?;
    script.pictures(drawn)?;
    Ok(script.requests)
}

struct Script {
    today: Millis,
    seed: u64,
    requests: Vec<Request>,
}

impl Script {
    fn push(
        &mut self,
        days_ago: i64,
        minute: i64,
        device: &str,
        command_type: &str,
        data: &Value,
    ) -> Result<(), String> {
        let command = Command::parse(command_type, data).map_err(|error| format!("{command_type} {data}: {error}"))?;
        let index = u16::try_from(self.requests.len()).map_err(|error| error.to_string())?;
        // The day begins at midnight UTC; nothing is written down later than it happened.
        let midnight = self.today.0 - self.today.0.rem_euclid(DAY);
        let issued_at = Millis((midnight - days_ago * DAY + minute * 60_000).min(self.today.0));
        let submission = Submission {
            id: CommandId::derived(Uuid::nil(), "demo", 1, index),
            command,
            if_version: None,
            device: device.into(),
            issued_at,
            undoes: None,
            replaces: None,
            depends_on: Vec::new(),
        };
        self.requests.push(Request { submission, author: demo_author() });
        Ok(())
    }

    /// A number below `n`, the same one each time: a linear congruential generator, constants by Knuth.
    fn draw(&mut self, n: u64) -> i64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.seed >> 33) % n).unwrap_or(0)
    }

    /// 24 products, each with a batch; 16 batches more, six of them still on their way, the first for tomorrow.
    fn deliveries(&mut self) -> Result<(), String> {
        for (at, (sku, name, description, category, price)) in (0..).zip(PRODUCTS) {
            let data = json!({
                "sku": sku, "name": name, "description": description, "category": category, "price": price,
            });
            self.push(14, 7 * 60 + at, "Office", "product.add", &data)?;
        }
        for (at, (sku, ..)) in (1..).zip(PRODUCTS) {
            let qty = 12 + self.draw(30);
            let data = json!({"batchref": format!("B-{at:03}"), "sku": sku, "qty": qty});
            self.push(13, 8 * 60 + at, "Back room", "stock.receive", &data)?;
        }
        for (at, (sku, qty, eta)) in (25..).zip(MORE) {
            let eta = eta.map(|days| Day::of(self.today).plus(days).to_string());
            let data = json!({"batchref": format!("B-{at:03}"), "sku": sku, "qty": qty, "eta": eta});
            self.push(3, 9 * 60 + at, "Back room", "stock.receive", &data)?;
        }
        Ok(())
    }

    /// Receipts of the last seven days, today's included.
    fn days_of_trade(&mut self) -> Result<(), String> {
        let mut receipt = 0;
        for days_ago in (0..7).rev() {
            let sales = 5 + self.draw(5);
            for sale in 0..sales {
                receipt += 1;
                let mut lines: Vec<Value> = Vec::new();
                for _ in 0..1 + self.draw(3) {
                    let at = usize::try_from(self.draw(PRODUCTS.len() as u64)).unwrap_or(0);
                    let Some((sku, _, _, _, price)) = PRODUCTS.get(at) else { continue };
                    if lines.iter().all(|line| line["sku"] != *sku) {
                        lines.push(json!({"sku": sku, "qty": 1 + self.draw(2), "price": price}));
                    }
                }
                let payment = if self.draw(3) == 0 { "card" } else { "cash" };
                let data = json!({"sale_id": format!("T1-{receipt:04}"), "lines": lines, "payment": payment});
                self.push(days_ago, 9 * 60 + sale * 47, "Till 1", "sale.record", &data)?;
            }
        }
        Ok(())
    }

    /// Six customers who pay later, and what they moved between them. One is near its limit; one is beyond it, since
    /// what was sold on account is a fact.
    fn accounts(&mut self) -> Result<(), String> {
        for (at, (account_id, title, owner, balance, limit)) in (0..).zip(ACCOUNTS) {
            let data = json!({
                "account_id": account_id, "title": title, "owner": owner, "initial_balance": balance, "limit": limit,
            });
            self.push(12, 9 * 60 + at, "Office", "account.open", &data)?;
        }
        for (at, (from, to, amount)) in
            (1..).zip([("A-0001", "A-0003", 2_500), ("A-0003", "A-0004", 1_500), ("A-0004", "A-0001", 700)])
        {
            let data = json!({"transfer_id": format!("TR-{at:03}"), "from": from, "to": to, "amount": amount});
            self.push(10, 10 * 60 + at, "Office", "transfer.request", &data)?;
        }
        let advance = json!({"account_id": "A-0005", "amount": 5_600, "reference": "Advance for the fair"});
        self.push(9, 11 * 60, "Office", "account.debit", &advance)?;
        let lines = json!([{"sku": "CAN-4", "qty": 4, "price": 850}]);
        let sale = json!({"sale_id": "T1-9001", "lines": lines, "payment": "account", "account": "A-0006"});
        self.push(8, 12 * 60, "Till 1", "sale.record", &sale)
    }

    /// 30 orders: most of them are with their customers, some were cancelled; one lacks goods that are on their way, two
    /// are to be picked.
    fn orders(&mut self) -> Result<(), String> {
        for number in 1..=30_i64 {
            let days_ago = (30 - number) / 6;
            let order_id = format!("O-{number:04}");
            if number == 28 {
                self.short_order(&order_id, days_ago)?;
                continue;
            }
            let first = usize::try_from(self.draw(PRODUCTS.len() as u64)).unwrap_or(0);
            let picks = [first, (first + 7) % PRODUCTS.len()];
            let lines: Vec<_> = picks
                .iter()
                .take(usize::try_from(1 + self.draw(2)).unwrap_or(1))
                .filter_map(|at| PRODUCTS.get(*at))
                .map(|(sku, ..)| json!({"sku": sku, "qty": 1}))
                .collect();
            let account = (number % 5 == 0).then_some("A-0002");
            let place = json!({"order_id": order_id, "lines": lines, "account": account});
            self.push(days_ago, 10 * 60 + number, "Phone", "order.place", &place)?;
            let end = match number {
                29 | 30 => continue,
                number if number % 9 == 0 => "order.cancel",
                _ => "order.hand_over",
            };
            self.push(days_ago, 11 * 60 + number, "Back room", end, &json!({"order_id": order_id}))?;
        }
        Ok(())
    }

    /// 12 pictures and what people said about them.
    fn pictures(&mut self, drawn: &[Blob]) -> Result<(), String> {
        for (number, blob) in (1..).zip(drawn) {
            let at = 9 * 60 + i64::try_from(number).unwrap_or(0);
            self.push(2, at, "Back room", "picture.add", &pictures::data(number, &blob.name))?;
        }
        for (number, (picture, text)) in (1..).zip(pictures::COMMENTS) {
            let data = json!({
                "comment_id": format!("C-{number:03}"), "picture_id": pictures::picture_id(picture), "text": text,
            });
            let device = if number % 2 == 0 { "Office" } else { "Back room" };
            self.push(1, 10 * 60 + number, device, "comment.add", &data)?;
        }
        Ok(())
    }

    /// More candles than there are: not accepted, and then taken as a back-order.
    fn short_order(&mut self, order_id: &str, days_ago: i64) -> Result<(), String> {
        let place = json!({"order_id": order_id, "lines": [{"sku": "CAN-4", "qty": 60}]});
        self.push(days_ago, 12 * 60 + 5, "Phone", "order.place", &place)?;
        self.push(days_ago, 12 * 60 + 9, "Phone", "order.back_order", &json!({"order_id": order_id}))
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Books,
        books::{Reads, Stamp},
        projections::{orders::OrderState, transfers::TransferState},
    };

    use super::*;

    #[test]
    fn the_demo_shop_has_what_it_is_said_to_have() {
        let today = Millis::parse("2026-11-21T15:00:00Z").unwrap();
        let mut books = Books::default();
        let stamp = Stamp { epoch: Uuid::nil(), recorded_at: today };
        for request in script(today, &pictures::drawn().unwrap()).unwrap() {
            let handled = books.handle(&request, stamp, &mut Reads::new());
            let verdict = &handled.settled[0].verdict;
            assert!(matches!(verdict, Verdict::Accepted { .. }), "{request:?}: {verdict:?}");
        }
        let projections = &books.projections;
        assert_eq!(projections.catalogue.products.len(), 24);
        assert_eq!(projections.stock.batches.len(), 40);
        let tomorrow = Day::of(today).plus(1);
        assert_eq!(projections.stock.batches.iter().filter(|(_, batch)| batch.eta == Some(tomorrow)).count(), 1);
        let orders: Vec<_> = projections.orders.orders.iter().map(|(_, order)| order).collect();
        assert_eq!(orders.len(), 30);
        assert_eq!(orders.iter().filter(|order| order.lines.iter().any(|line| line.short)).count(), 1);
        let of = |state: OrderState| orders.iter().filter(|order| order.state == state).count();
        // One of the accepted ones is short; the others are to be picked.
        let counts = [OrderState::Accepted, OrderState::HandedOver, OrderState::Cancelled].map(of);
        assert_eq!(counts, [3, 24, 3]);
        let accounts: Vec<_> = projections.accounts.accounts.iter().map(|(_, account)| account).collect();
        assert_eq!(accounts.len(), 6);
        assert_eq!(accounts.iter().filter(|account| account.available() < 0).count(), 1, "one is beyond its limit");
        let is_near = |available: i64| (0..1_000).contains(&available);
        assert_eq!(accounts.iter().filter(|account| is_near(account.available())).count(), 1, "one is near it");
        let transfers: Vec<_> = projections.transfers.transfers.iter().map(|(_, transfer)| transfer.state).collect();
        assert_eq!(transfers, [TransferState::Completed; 3]);
        assert_eq!((projections.pictures.pictures.len(), projections.pictures.comments.len()), (12, 20));
        assert!(projections.sales.takings.get(&Day::of(today)).is_some());
    }
}
