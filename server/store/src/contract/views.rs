//! The allocations view, in every way in which a store keeps it, and as the live fold: one suite for all.
//!
//! Everything is written by commands, as people send them; no test writes an event of its own.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Books, Command, ShopSlug, Submission, Verdict, VerdictRecord,
    books::{Author, Reads, Request, Role, Stamp},
    chain::Hash,
    record::seal,
    values::Millis,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Fixture;
use crate::{
    Append, EventStore,
    views::{
        Allocation, AllocationsView, View, ViewError,
        follow::{difference, step},
        live::Live,
    },
};

/// A shop whose log is written by commands.
pub(super) struct Book {
    store: Arc<dyn EventStore>,
    pub(super) shop: ShopSlug,
    pub(super) epoch: Uuid,
    books: Books,
    hash: Hash,
    pub(super) commands: u128,
}

impl Book {
    pub(super) async fn open(fixture: &Fixture, slug: &str) -> Self {
        let head = fixture.shop(slug).await;
        let (store, books) = (fixture.store.clone(), Books::default());
        Self { store, shop: head.shop, epoch: head.epoch, books, hash: head.hash, commands: 0 }
    }

    pub(super) async fn command(&mut self, command_type: &str, data: Value) -> Verdict {
        self.commands += 1;
        let submission = Submission {
            id: domain::CommandId(Uuid::from_u128(self.commands)),
            command: Command::parse(command_type, &data).unwrap(),
            if_version: None,
            device: "till-1".into(),
            issued_at: Millis(1_700_000_000_000),
            undoes: None,
            replaces: None,
            depends_on: Vec::new(),
        };
        let request = Request { submission, author: Author { actor: "anna".into(), role: Role::Owner } };
        let after = self.books.position;
        let stamp = Stamp { epoch: self.epoch, recorded_at: Millis(1_700_000_000_000) };
        let handled = self.books.handle(&request, stamp, &mut Reads::new());
        let records = seal(&handled.entries, self.hash).unwrap();
        self.hash = records.last().map_or(self.hash, |record| record.hash);
        let verdicts: Vec<_> = handled
            .settled
            .into_iter()
            .map(|one| VerdictRecord { command_id: one.command_id, fingerprint: 0, verdict: one.verdict })
            .collect();
        let verdict = verdicts[0].verdict.clone();
        let append = Append { epoch: self.epoch, after, records, verdicts, ..Append::default() };
        self.store.append(&self.shop, append).await.unwrap();
        verdict
    }

    pub(super) async fn receive(&mut self, batchref: &str, sku: &str, qty: u32) {
        self.command("stock.receive", json!({"batchref": batchref, "sku": sku, "qty": qty})).await;
    }

    pub(super) async fn allocate(&mut self, order: &str, sku: &str, qty: u32) -> Verdict {
        self.command("order.allocate", json!({"order_id": order, "sku": sku, "qty": qty})).await
    }

    pub(super) async fn follow(&self, view: &dyn View) {
        loop {
            let stands = step(&*self.store, view, &self.shop, 7).await.unwrap();
            if stands.position == stands.head {
                assert_eq!(stands.behind_since, None);
                return;
            }
            assert!(stands.behind_since.is_some());
        }
    }

    async fn of_order(&self, view: &dyn AllocationsView, order: &str) -> Vec<Allocation> {
        view.of_order(&self.shop, order).await.unwrap()
    }

    /// Several orders over several SKUs, one with goods of two batches, one refused, and one whose batch shrinks.
    pub(super) async fn busy(&mut self) {
        for sku in ["A", "B"] {
            self.receive(&format!("{sku}-1"), sku, 10).await;
            self.receive(&format!("{sku}-2"), sku, 10).await;
        }
        for number in 0..6 {
            self.allocate(&format!("O-{number}"), if number % 2 == 0 { "A" } else { "B" }, 3).await;
            self.allocate(&format!("O-{number}"), if number % 2 == 0 { "B" } else { "A" }, 2).await;
        }
        self.allocate("O-7", "A", 1000).await;
        self.command("stock.change_quantity", json!({"batchref": "A-1", "qty": 4})).await;
    }
}

/// Beside the log: in the store's tables, and on Redis.
fn kept(fixture: &Fixture) -> Vec<Arc<dyn AllocationsView>> {
    fixture.store.views().into_iter().chain(fixture.on_redis()).collect()
}

fn views(fixture: &Fixture) -> Vec<Arc<dyn AllocationsView>> {
    let mut views = kept(fixture);
    views.push(Arc::new(Live::default()));
    views
}

fn row(order_id: &str, sku: &str, batchref: &str, qty: u32) -> Allocation {
    Allocation { order_id: order_id.into(), sku: sku.into(), batchref: batchref.into(), qty }
}

/// The article's own test, by commands alone.
pub async fn c_24_c_25_c_37_r_24_allocations_view(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.receive("sku1batch", "sku1", 50).await;
    book.receive("sku2batch", "sku2", 50).await;
    book.allocate("order1", "sku1", 20).await;
    book.allocate("order1", "sku2", 20).await;
    // Another batch and another order: not to be seen.
    book.receive("sku1batch-later", "sku1", 50).await;
    book.allocate("otherorder", "sku1", 30).await;
    book.allocate("otherorder", "sku2", 10).await;
    let expected = [row("order1", "sku1", "sku1batch", 20), row("order1", "sku2", "sku2batch", 20)];
    for view in views(&fixture) {
        book.follow(&*view).await;
        assert_eq!(book.of_order(&*view, "order1").await, expected, "{}", view.name());
        assert_eq!(book.of_order(&*view, "nobody").await, [], "{}", view.name());
        assert_eq!(view.all(&book.shop).await.unwrap().len(), 4, "{}", view.name());
    }
}

/// Freed in one batch and had from another: the batch is part of the key.
pub async fn c_31_deallocation_view(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    let all = views(&fixture);
    book.receive("b1", "sku1", 50).await;
    book.receive("b2", "sku1", 50).await;
    book.allocate("o1", "sku1", 40).await;
    for view in &all {
        book.follow(&**view).await;
        assert_eq!(book.of_order(&**view, "o1").await, [row("o1", "sku1", "b1", 40)], "{}", view.name());
    }
    book.command("stock.change_quantity", json!({"batchref": "b1", "qty": 10})).await;
    for view in &all {
        book.follow(&**view).await;
        assert_eq!(book.of_order(&**view, "o1").await, [row("o1", "sku1", "b2", 40)], "{}", view.name());
    }
    book.command("stock.change_quantity", json!({"batchref": "b2", "qty": 10})).await;
    for view in &all {
        book.follow(&**view).await;
        assert_eq!(book.of_order(&**view, "o1").await, [], "{}", view.name());
    }
}

/// Each has its own checkpoint: one that stands still holds up no other, and catches up by itself.
pub async fn c_30_r_1_subscribers_are_independent(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    let all = views(&fixture);
    book.busy().await;
    for view in all.iter().skip(1) {
        book.follow(&**view).await;
    }
    assert_eq!(all[0].reached(&book.shop).await.unwrap(), None);
    book.follow(&*all[0]).await;
    let whole: Vec<_> = all_rows(&all, &book).await;
    assert!(whole.iter().all(|rows| *rows == whole[0]), "{whole:?}");
    assert!(whole[0].len() > 8, "{whole:?}");
}

async fn all_rows(all: &[Arc<dyn AllocationsView>], book: &Book) -> Vec<Vec<Allocation>> {
    let mut whole = Vec::new();
    for view in all {
        whole.push(view.all(&book.shop).await.unwrap());
    }
    whole
}

/// Stopped after any entry, and begun again by another process: the same rows as in one go.
pub async fn c_32_c_33_a_follower_that_dies_anywhere_is_gone_on_with(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.busy().await;
    let expected = Live::default();
    book.follow(&expected).await;
    let expected = expected.all(&book.shop).await.unwrap();
    for view in views(&fixture) {
        // Pages of one, then of seven: whatever a death cuts off, the checkpoint says where.
        for limit in [1, 2, 3, 1] {
            step(&*fixture.store, &*view, &book.shop, limit).await.unwrap();
            assert_eq!(difference(&*fixture.store, &*view, &book.shop).await.unwrap(), None, "{}", view.name());
        }
        book.follow(&*view).await;
        assert_eq!(view.all(&book.shop).await.unwrap(), expected, "{}", view.name());
    }
}

/// At least once, whatever is delivered: what was taken in is refused as a whole.
pub async fn d_6_r_28_an_entry_is_taken_in_once(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.busy().await;
    let records = fixture.store.read(&book.shop, 0, 100).await.unwrap();
    let entries: Vec<_> = records.iter().map(|record| record.decode().unwrap()).collect();
    for view in views(&fixture) {
        view.take(&book.shop, book.epoch, 0, &entries).await.unwrap();
        let before = view.all(&book.shop).await.unwrap();
        for after in [0, 1, entries.len() as u64 + 1] {
            let again = view.take(&book.shop, book.epoch, after, &entries[..5]).await;
            assert_eq!(again, Err(ViewError::Moved { expected: after }), "{}", view.name());
        }
        let other = view.take(&book.shop, Uuid::from_u128(9), entries.len() as u64, &entries[..5]).await;
        assert!(matches!(other, Err(ViewError::Moved { .. })), "{}: another log", view.name());
        assert_eq!(view.all(&book.shop).await.unwrap(), before, "{}", view.name());
    }
}

/// Two followers at once, on two instances: together they do what one does.
pub async fn c_28_two_followers_do_the_work_of_one(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.busy().await;
    let other = fixture.reopened().await;
    let ours = kept(&fixture);
    let theirs = other.views().into_iter().chain(fixture.on_redis());
    for (one, two) in ours.into_iter().zip(theirs) {
        let mut tasks = Vec::new();
        for (store, view) in [(fixture.store.clone(), one.clone()), (other.clone(), two.clone())] {
            let shop = book.shop.clone();
            tasks.push(tokio::spawn(async move {
                loop {
                    match step(&*store, &*view, &shop, 2).await {
                        Ok(stands) if stands.position == stands.head => return,
                        Ok(_) | Err(ViewError::Moved { .. }) => tokio::task::yield_now().await,
                        // SQLite's one writer may be had by the other process for longer than it waits.
                        Err(ViewError::Store(error)) if !error.is_permanent() => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(difference(&*fixture.store, &*one, &book.shop).await.unwrap(), None, "{}", one.name());
        assert_eq!(one.all(&book.shop).await.unwrap(), two.all(&book.shop).await.unwrap());
    }
}

/// A restore gives the log another identity: what was read of the other one is not built upon.
pub async fn c_33_a_view_of_another_log_is_begun_anew(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.busy().await;
    for (view, epoch) in views(&fixture).into_iter().zip(100..) {
        book.follow(&*view).await;
        fixture.store.change_epoch(&book.shop, Uuid::from_u128(epoch)).await.unwrap();
        let stands = step(&*fixture.store, &*view, &book.shop, 2).await.unwrap();
        assert_eq!(stands.position, 2, "{}", view.name());
        book.follow(&*view).await;
        assert_eq!(difference(&*fixture.store, &*view, &book.shop).await.unwrap(), None);
    }
}

/// P9, and a view that is cleared is empty for its shop alone.
pub async fn p9_views_of_two_shops_are_apart(fixture: Fixture) {
    let (mut here, mut there) = (Book::open(&fixture, "here").await, Book::open(&fixture, "there").await);
    there.commands = 1000;
    here.receive("B", "A", 9).await;
    there.receive("B", "Z", 9).await;
    here.allocate("O", "A", 1).await;
    there.allocate("O", "Z", 2).await;
    for view in views(&fixture) {
        here.follow(&*view).await;
        there.follow(&*view).await;
        assert_eq!(here.of_order(&*view, "O").await, [row("O", "A", "B", 1)], "{}", view.name());
        view.clear(&here.shop).await.unwrap();
        assert_eq!(here.of_order(&*view, "O").await, [], "{}", view.name());
        assert_eq!(there.of_order(&*view, "O").await, [row("O", "Z", "B", 2)], "{}", view.name());
        here.follow(&*view).await;
        assert_eq!(here.of_order(&*view, "O").await.len(), 1, "C-35: made again from the log");
    }
}

/// The first place that differs is named by the entry that a row follows from.
pub async fn c_33_drift_is_found_and_its_first_position_named(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.receive("b1", "sku1", 50).await;
    book.allocate("o1", "sku1", 4).await;
    let records = fixture.store.read(&book.shop, 0, 100).await.unwrap();
    let mut entries: Vec<_> = records.iter().map(|record| record.decode().unwrap()).collect();
    // A follower with a defect: it sees another quantity in one entry.
    let last = entries.len() - 1;
    let data: BTreeMap<&str, Value> =
        [("order_id", json!("o1")), ("sku", json!("sku1")), ("qty", json!(5)), ("batchref", json!("b1"))].into();
    let payload = serde_json::to_string(&data).unwrap();
    entries[last].event = domain::Event::decode("LineAllocated", 1, &payload).unwrap();
    for view in kept(&fixture) {
        view.take(&book.shop, book.epoch, 0, &entries).await.unwrap();
        let found = difference(&*fixture.store, &*view, &book.shop).await.unwrap().unwrap();
        assert_eq!(found.position, entries[last].position, "{}", view.name());
        assert_eq!(found.expected, Some(row("o1", "sku1", "b1", 4)));
        assert_eq!(found.found, Some(row("o1", "sku1", "b1", 5)));
    }
}

/// Written in the append: never behind, and never ahead where an append fails. What was appended before is a follower's.
pub async fn c_32_p_5_d_33_a_view_in_the_append_moves_with_it(fixture: Fixture) {
    let mut book = Book::open(&fixture, "here").await;
    book.receive("b1", "sku1", 50).await;
    book.allocate("o1", "sku1", 4).await;
    assert!(!fixture.store.write_with_appends("nothing of ours"));
    for view in fixture.store.views() {
        assert!(fixture.store.write_with_appends(view.name()));
    }
    book.allocate("o2", "sku1", 5).await;
    for view in fixture.store.views() {
        assert_eq!(view.reached(&book.shop).await.unwrap(), None, "{}: it lacks what was before", view.name());
        book.follow(&*view).await;
    }
    book.allocate("o3", "sku1", 6).await;
    // The same append again: refused whole.
    let before = book.books.position;
    let append = Append { epoch: book.epoch, after: before - 1, ..Append::default() };
    let records = fixture.store.read(&book.shop, before - 1, 1).await.unwrap();
    fixture.store.append(&book.shop, Append { records, ..append }).await.unwrap_err();
    for view in fixture.store.views() {
        assert_eq!(view.reached(&book.shop).await.unwrap().unwrap().position, before, "{}", view.name());
        assert_eq!(
            book.of_order(&*view, "o3").await,
            [row("o3", "sku1", "b1", 6)],
            "{}: with no follower",
            view.name()
        );
        assert_eq!(difference(&*fixture.store, &*view, &book.shop).await.unwrap(), None);
    }
    book.busy().await;
    for view in fixture.store.views() {
        assert_eq!(view.reached(&book.shop).await.unwrap().unwrap().position, book.books.position);
        assert_eq!(difference(&*fixture.store, &*view, &book.shop).await.unwrap(), None, "{}", view.name());
    }
}
