//! Given what was sent before, when a command is sent, then these events or this refusal.

use domain::{
    Books, Command, CommandId, Entry, Refusal, Submission, Verdict,
    books::{Author, Handled, Reads, Request, Role, Stamp},
    event::Event,
    values::Millis,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

pub const STAMP: Stamp = Stamp { epoch: Uuid::from_u64_pair(1, 1), recorded_at: Millis(1_790_000_000_500) };

pub fn command(kind: &str, data: &Value) -> Command {
    Command::parse(kind, data).unwrap()
}

pub fn request(number: u64, command: Command, role: Role) -> Request {
    Request {
        submission: Submission {
            id: CommandId(Uuid::from_u64_pair(2, number)),
            command,
            if_version: None,
            device: "till-1".into(),
            issued_at: Millis(1_790_000_000_000 + i64::try_from(number).unwrap()),
            undoes: None,
            replaces: None,
            depends_on: vec![],
        },
        author: Author { actor: "marek".into(), role },
    }
}

/// A shop in memory, with its log.
#[derive(Clone, Default)]
pub struct Shop {
    pub books: Books,
    pub log: Vec<Entry>,
    pub sent: u64,
}

/// What a command led to.
pub struct Answer {
    pub handled: Handled,
}

pub fn given(commands: &[(&str, Value)]) -> Shop {
    let mut shop = Shop::default();
    for (kind, data) in commands {
        shop.send(kind, data.clone());
    }
    shop
}

impl Shop {
    pub fn send_command(&mut self, command: Command) -> Handled {
        self.sent += 1;
        let handled = self.books.handle(&request(self.sent, command, Role::Owner), STAMP, &mut Reads::new());
        self.log.extend(handled.entries.iter().cloned());
        handled
    }

    #[track_caller]
    pub fn send(&mut self, kind: &str, data: Value) {
        let handled = self.send_command(command(kind, &data));
        let verdict = &handled.settled[0].verdict;
        assert!(matches!(verdict, Verdict::Accepted { .. }), "{kind} {data}: {verdict:?}");
    }

    #[track_caller]
    pub fn when(&mut self, kind: &str, data: Value) -> Answer {
        Answer { handled: self.send_command(command(kind, &data)) }
    }

    /// Availability as the catalogue shows it.
    pub fn available(&self, sku: &str) -> i64 {
        self.product(sku).available
    }

    pub fn product(&self, sku: &str) -> domain::projections::catalogue::ProductRow {
        self.books.projections.catalogue.products.get(&domain::values::Sku::parse(sku).unwrap()).unwrap().clone()
    }

    pub fn batch(&self, batchref: &str) -> domain::projections::stock::BatchRow {
        let batchref = domain::values::BatchRef::parse(batchref).unwrap();
        self.books.projections.stock.batches.get(&batchref).unwrap().clone()
    }

    pub fn order(&self, order_id: &str) -> domain::projections::orders::OrderRow {
        let order_id = domain::values::OrderId::parse(order_id).unwrap();
        self.books.projections.orders.orders.get(&order_id).unwrap().clone()
    }

    pub fn account(&self, account_id: &str) -> domain::projections::accounts::AccountRow {
        let account_id = domain::values::AccountId::parse(account_id).unwrap();
        self.books.projections.accounts.accounts.get(&account_id).unwrap().clone()
    }

    pub fn balance(&self, account_id: &str) -> i64 {
        self.account(account_id).balance
    }

    pub fn transfer(&self, transfer_id: &str) -> domain::projections::transfers::TransferRow {
        let transfer_id = domain::values::TransferId::parse(transfer_id).unwrap();
        self.books.projections.transfers.transfers.get(&transfer_id).unwrap().clone()
    }

    /// The entries of the last `entries`, as type and what each names as its cause.
    pub fn chain(&self, entries: usize) -> Vec<(&'static str, Option<u64>)> {
        let last = &self.log[self.log.len() - entries..];
        last.iter().map(|entry| (entry.event.type_name(), entry.causation)).collect()
    }

    /// Where the line's goods come from.
    pub fn batch_of(&self, order_id: &str, sku: &str) -> Option<String> {
        let order = self.order(order_id);
        let line = order.lines.iter().find(|line| line.sku.as_str() == sku)?;
        line.batchref.as_ref().map(ToString::to_string)
    }

    /// What needs a person, as `kind: number`.
    pub fn attention(&self) -> Vec<(Value, i64)> {
        let items = self.books.projections.attention.items.iter();
        items.map(|(item, since)| (serde_json::to_value(item).unwrap(), since.number)).collect()
    }
}

impl Answer {
    /// Every event that followed, those of process managers too, as type and the part of its data that is given.
    #[track_caller]
    pub fn then(self, expected: &[(&str, Value)]) {
        let found: Vec<(String, Value)> = self.handled.entries.iter().map(|entry| typed(&entry.event)).collect();
        let types: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(types, expected.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), "{found:#?}");
        for ((kind, found), (_, expected)) in found.iter().zip(expected) {
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(found.get(field), Some(value), "{kind}.{field} in {found}");
            }
        }
    }

    #[track_caller]
    pub fn then_nothing(self) {
        let positions = vec![];
        assert_eq!(self.handled.settled[0].verdict, Verdict::Accepted { positions });
        assert!(self.handled.entries.is_empty(), "{:?}", self.handled.entries);
    }

    /// Refused with this code and these numbers, and written down as an event of its own.
    #[track_caller]
    pub fn then_refused(self, code: &str, detail: Value) -> Refusal {
        let Verdict::Refused { position, refusal } = self.handled.settled[0].verdict.clone() else {
            panic!("accepted: {:?}", self.handled.entries);
        };
        assert_eq!(self.handled.entries.len(), 1);
        assert_eq!(self.handled.entries[0].position, position);
        assert!(matches!(self.handled.entries[0].event, Event::Refused(_)));
        assert_eq!(serde_json::to_value(&refusal).unwrap(), json!({"code": code, "detail": detail}));
        refusal
    }
}

pub fn typed(event: &Event) -> (String, Value) {
    let value = serde_json::to_value(event).unwrap();
    (value["type"].as_str().unwrap().to_owned(), value["data"].clone())
}

pub fn product(sku: &str) -> (&'static str, Value) {
    ("product.add", json!({"sku": sku, "name": sku.to_lowercase(), "price": 250}))
}

pub fn receive(batchref: &str, sku: &str, qty: i64, eta: Option<&str>) -> (&'static str, Value) {
    ("stock.receive", json!({"batchref": batchref, "sku": sku, "qty": qty, "eta": eta}))
}

pub fn allocate(order_id: &str, sku: &str, qty: i64) -> (&'static str, Value) {
    ("order.allocate", json!({"order_id": order_id, "sku": sku, "qty": qty}))
}

pub fn open(account_id: &str, balance: i64) -> (&'static str, Value) {
    let data = json!({"account_id": account_id, "title": "Café fund", "owner": "Asha", "initial_balance": balance});
    ("account.open", data)
}

pub fn transfer(transfer_id: &str, from: &str, to: &str, amount: i64) -> (&'static str, Value) {
    ("transfer.request", json!({"transfer_id": transfer_id, "from": from, "to": to, "amount": amount}))
}

pub fn place(order_id: &str, lines: &[(&str, i64)], account: Option<&str>) -> (&'static str, Value) {
    let lines: Vec<_> = lines.iter().map(|(sku, qty)| json!({"sku": sku, "qty": qty})).collect();
    ("order.place", json!({"order_id": order_id, "lines": lines, "account": account}))
}

pub fn sell(sale_id: &str, sku: &str, qty: i64) -> (&'static str, Value) {
    let lines = json!([{"sku": sku, "qty": qty, "price": 250}]);
    ("sale.record", json!({"sale_id": sale_id, "lines": lines, "payment": "cash"}))
}

/// Few names, so that commands meet.
fn one_of(prefix: &'static str, many: u32) -> impl Strategy<Value = String> {
    (0..many).prop_map(move |number| format!("{prefix}{number}"))
}

pub fn any_command() -> impl Strategy<Value = (&'static str, Value)> {
    let sku = || one_of("S", 3);
    let batch = || one_of("b", 8);
    let order = || one_of("o", 6);
    let qty = || prop_oneof![9 => 1..12_i64, 1 => Just(1_000_000_i64)];
    let eta = prop_oneof![Just(Value::Null), Just(json!("2026-12-01")), Just(json!("2026-12-24"))];
    let lines = || prop::collection::vec((sku(), qty()), 1..4);
    let account = || one_of("a", 4);
    let amount = || prop_oneof![9 => 1..90_i64, 1 => Just(1_000_000_i64)];
    let line = |(sku, qty): (String, i64)| json!({"sku": sku, "qty": qty, "price": 7});
    let asked = |(sku, qty): (String, i64)| json!({"sku": sku, "qty": qty});
    prop_oneof![
        1 => (sku(), 0..9_i64).prop_map(|(sku, price)| ("product.add", json!({"sku": sku, "name": "n", "price": price}))),
        1 => (sku(), 0..9_i64).prop_map(|(sku, price)| ("product.change", json!({"sku": sku, "price": price}))),
        1 => sku().prop_map(|sku| ("product.archive", json!({"sku": sku}))),
        1 => sku().prop_map(|sku| ("product.unarchive", json!({"sku": sku}))),
        2 => (sku(), prop::collection::vec((batch(), prop_oneof![-9..0_i64, 1..9_i64]), 1..3)).prop_map(|(sku, changes)| {
            let changes: Vec<_> =
                changes.into_iter().map(|(batch, by)| json!({"batchref": batch, "by": by})).collect();
            ("stock.adjust", json!({"sku": sku, "changes": changes}))
        }),
        2 => (order(), sku(), 1..8_i64, 1..5_i64).prop_map(|(order, sku, qty, short)| {
            ("order.allocate", json!({"order_id": order, "sku": sku, "qty": qty, "short": short}))
        }),
        1 => order().prop_map(|order| ("order.cancel", json!({"order_id": order}))),
        2 => one_of("s", 30).prop_map(|sale| ("sale.put_back", json!({"sale_id": sale}))),
        1 => (one_of("s", 30), sku(), 1..3_i64).prop_map(|(sale, sku, qty)| {
            ("sale.put_back", json!({"sale_id": sale, "lines": [{"sku": sku, "qty": qty}]}))
        }),
        1 => order().prop_map(|order| {
            let asked = json!({"order_id": order, "sku": "S1", "qty": 1});
            let data = json!({"command_id": uuid::Uuid::nil(), "type": "order.allocate", "data": asked, "reason": "r"});
            ("change.decline", data)
        }),
        4 => (batch(), sku(), qty(), eta).prop_map(|(batch, sku, qty, eta)| {
            ("stock.receive", json!({"batchref": batch, "sku": sku, "qty": qty, "eta": eta}))
        }),
        2 => (batch(), 0..12_i64).prop_map(|(batch, qty)| {
            ("stock.change_quantity", json!({"batchref": batch, "qty": qty}))
        }),
        2 => (sku(), 0..15_i64).prop_map(|(sku, counted)| ("stock.count", json!({"sku": sku, "counted": counted}))),
        2 => (batch(), qty()).prop_map(|(batch, qty)| {
            ("stock.damage", json!({"batchref": batch, "qty": qty, "reason": "r"}))
        }),
        6 => (order(), sku(), 1..8_i64).prop_map(|(order, sku, qty)| {
            ("order.allocate", json!({"order_id": order, "sku": sku, "qty": qty}))
        }),
        2 => (order(), sku()).prop_map(|(order, sku)| ("order.free", json!({"order_id": order, "sku": sku}))),
        2 => (order(), lines()).prop_map(move |(order, lines)| {
            let lines: Vec<Value> = lines.into_iter().map(asked).collect();
            ("order.place", json!({"order_id": order, "lines": lines}))
        }),
        1 => any_picture(),
        3 => any_comment(),
        2 => (account(), 0..90_i64, 0..40_i64).prop_map(|(id, balance, limit)| {
            ("account.open", json!({"account_id": id, "title": "t", "owner": "o", "initial_balance": balance, "limit": limit}))
        }),
        1 => (account(), 0..60_i64).prop_map(|(id, limit)| {
            ("account.change", json!({"account_id": id, "owner": format!("o{limit}"), "limit": limit}))
        }),
        2 => (account(), amount()).prop_map(|(id, amount)| {
            ("account.credit", json!({"account_id": id, "amount": amount}))
        }),
        2 => (account(), amount()).prop_map(|(id, amount)| ("account.debit", json!({"account_id": id, "amount": amount}))),
        1 => account().prop_map(|id| ("account.close", json!({"account_id": id}))),
        1 => (account(), one_of("s", 30), amount()).prop_map(|(id, sale, amount)| {
            ("account.approve", json!({"account_id": id, "sale_id": sale, "amount": amount}))
        }),
        4 => (one_of("t", 20), account(), account(), amount()).prop_map(|(id, from, to, amount)| {
            ("transfer.request", json!({"transfer_id": id, "from": from, "to": to, "amount": amount}))
        }),
        3 => (order(), sku(), 1..6_i64).prop_map(|(order, sku, qty)| {
            ("order.add_item", json!({"order_id": order, "sku": sku, "qty": qty}))
        }),
        1 => (order(), sku()).prop_map(|(order, sku)| ("order.remove_item", json!({"order_id": order, "sku": sku}))),
        3 => (order(), account()).prop_map(|(order, account)| {
            ("order.place", json!({"order_id": order, "account": account}))
        }),
        1 => order().prop_map(|order| ("order.take_what_is_left", json!({"order_id": order}))),
        2 => order().prop_map(|order| ("order.back_order", json!({"order_id": order}))),
        2 => order().prop_map(|order| ("order.hand_over", json!({"order_id": order}))),
        1 => order().prop_map(|order| ("order.settle", json!({"order_id": order}))),
        2 => (one_of("s", 30), lines(), account()).prop_map(move |(sale, lines, account)| {
            let lines: Vec<Value> = lines.into_iter().map(line).collect();
            ("sale.record", json!({"sale_id": sale, "lines": lines, "payment": "account", "account": account}))
        }),
        4 => (one_of("s", 30), lines()).prop_map(move |(sale, lines)| {
            let lines: Vec<Value> = lines.into_iter().map(line).collect();
            ("sale.record", json!({"sale_id": sale, "lines": lines, "payment": "cash"}))
        }),
    ]
}

/// One of the pictures `p0` and `p1`, whose bytes are the same.
pub fn picture(picture_id: &str, about: Value) -> (&'static str, Value) {
    let blob = domain::values::BlobHash::of(b"bytes");
    let data = json!({
        "picture_id": picture_id, "blob": blob, "media_type": "image/png", "width": 4, "height": 3, "about": about,
    });
    ("picture.add", data)
}

pub fn comment(comment_id: &str, picture_id: &str, text: &str) -> (&'static str, Value) {
    ("comment.add", json!({"comment_id": comment_id, "picture_id": picture_id, "text": text}))
}

fn any_picture() -> impl Strategy<Value = (&'static str, Value)> {
    let about = prop_oneof![Just(Value::Null), Just(json!({"product": "S1"})), Just(json!({"batch": "b1"}))];
    (one_of("p", 2), about).prop_map(|(id, about)| picture(&id, about))
}

/// Few texts, so that some edits meet the text that they expect.
pub fn any_comment() -> impl Strategy<Value = (&'static str, Value)> {
    let (id, text) = (|| one_of("c", 4), || one_of("t", 3));
    prop_oneof![
        3 => (id(), one_of("p", 2), text()).prop_map(|(id, on, text)| comment(&id, &on, &text)),
        2 => (id(), text(), prop::option::of(text())).prop_map(|(id, text, was)| {
            ("comment.edit", json!({"comment_id": id, "text": text, "was": was}))
        }),
        2 => id().prop_map(|id| ("comment.delete", json!({"comment_id": id}))),
        1 => (id(), text()).prop_map(|(id, text)| ("comment.put_back", json!({"comment_id": id, "text": text}))),
    ]
}

pub fn any_history() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    prop::collection::vec(any_command(), 1..60)
}
