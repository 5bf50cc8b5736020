//! Full-text, as each store finds it, and as memory does: one suite.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::{Fixture, views::Book};
use crate::views::{
    ViewError,
    follow::{finds_what_is_there, step},
    search::{SearchView, memory::MemorySearch, words},
};

fn searches(fixture: &Fixture) -> Vec<Arc<dyn SearchView>> {
    vec![fixture.store.search(), Arc::new(MemorySearch::default())]
}

async fn found(search: &dyn SearchView, book: &Book, asked: &str) -> Vec<String> {
    let found = search.find(&book.shop, &words(asked), 10).await.unwrap();
    found.into_iter().map(|one| format!("{} {}", one.kind, one.id)).collect()
}

/// Bread, a customer, an order of hers, and a picture with a comment.
async fn written(fixture: &Fixture, slug: &str) -> Book {
    let mut book = Book::open(fixture, slug).await;
    let rye =
        json!({"sku": "RYE-1", "name": "Rye bread", "description": "Dark, sour", "category": "Loaves", "price": 4});
    book.command("product.add", rye).await;
    let oats = json!({"sku": "OAT-1", "name": "Oats", "description": "Gro\u{df}e Flocken", "price": 3});
    book.command("product.add", oats).await;
    let ada = json!({"account_id": "AC-1", "title": "Caf\u{e9} Mai", "owner": "Ada L.", "initial_balance": 9});
    book.command("account.open", ada).await;
    book.receive("B-1", "RYE-1", 50).await;
    let order = json!({"order_id": "O-1", "lines": [{"sku": "RYE-1", "qty": 2}], "account": "AC-1"});
    book.command("order.place", order).await;
    let picture = json!({"picture_id": "P-1", "blob": "0".repeat(64), "media_type": "image/png", "width": 1,
        "height": 1, "caption": "Rye on the shelf"});
    book.command("picture.add", picture).await;
    book.command("comment.add", json!({"comment_id": "C-1", "picture_id": "P-1", "text": "Torn bag"})).await;
    book
}

pub async fn r_41_d_6_records_are_found_by_the_words_that_are_in_them_now(fixture: Fixture) {
    let mut book = written(&fixture, "here").await;
    let all = searches(&fixture);
    for search in &all {
        book.follow(&**search).await;
        for (asked, expected) in [
            ("rye", vec!["order O-1", "picture P-1", "product RYE-1"]),
            ("RYE bread", vec!["order O-1", "product RYE-1"]),
            ("bread sour", vec!["product RYE-1"]),
            ("rye-1", vec!["order O-1", "product RYE-1"]),
            ("ac 1", vec!["account AC-1", "order O-1"]),
            ("ada", vec!["account AC-1", "order O-1"]),
            ("caf\u{e9}", vec!["account AC-1", "order O-1"]),
            ("cafe", vec![]),
            ("GRO\u{df}E", vec!["product OAT-1"]),
            ("ba", vec!["comment C-1"]),
            ("bag torn", vec!["comment C-1"]),
            ("ye", vec![]),
            ("rye torn", vec![]),
        ] {
            assert_eq!(found(&**search, &book, asked).await, expected, "{asked}");
        }
    }
    book.command("product.change", json!({"sku": "RYE-1", "name": "Spelt loaf"})).await;
    book.command("comment.edit", json!({"comment_id": "C-1", "text": "Wet bag"})).await;
    book.command("account.change", json!({"account_id": "AC-1", "owner": "Ben"})).await;
    for search in &all {
        book.follow(&**search).await;
        assert_eq!(found(&**search, &book, "spelt sour").await, ["product RYE-1"], "the description has stayed");
        assert_eq!(found(&**search, &book, "rye bread").await, ["order O-1"], "under the name of that moment");
        assert_eq!(found(&**search, &book, "torn").await, [""; 0]);
        assert_eq!(found(&**search, &book, "ben").await, ["account AC-1", "order O-1"]);
        assert_eq!(found(&**search, &book, "ada").await, [""; 0], "nor is the order, by a name that was given up");
        assert_eq!(found(&**search, &book, "wet").await, ["comment C-1"]);
    }
    book.command("comment.delete", json!({"comment_id": "C-1"})).await;
    for search in &all {
        book.follow(&**search).await;
    }
    for search in &all {
        assert_eq!(found(&**search, &book, "wet").await, [""; 0]);
        assert!(search.all(&book.shop).await.unwrap().iter().all(|(found, _)| found.kind != "comment"));
        assert_eq!(search.all(&book.shop).await.unwrap(), all[1].all(&book.shop).await.unwrap());
        // Delivered once more.
        let records = fixture.store.read(&book.shop, 0, 100).await.unwrap();
        let entries: Vec<_> = records.iter().map(|record| record.decode().unwrap()).collect();
        let again = search.take(&book.shop, book.epoch, 0, &entries).await;
        assert_eq!(again, Err(ViewError::Moved { expected: 0 }));
        let other = search.take(&book.shop, Uuid::from_u128(9), entries.len() as u64, &entries).await;
        assert!(matches!(other, Err(ViewError::Moved { .. })), "another log");
    }
}

/// Whatever stands between one step and the next, and in however large steps: the same records.
pub async fn r_41_a_follower_that_dies_anywhere_is_gone_on_with(fixture: Fixture) {
    let mut book = written(&fixture, "here").await;
    book.command("comment.delete", json!({"comment_id": "C-1"})).await;
    book.command("product.change", json!({"sku": "RYE-1", "name": "Spelt loaf"})).await;
    for search in searches(&fixture) {
        for limit in [1, 2, 3, 1] {
            step(&*fixture.store, &*search, &book.shop, limit).await.unwrap();
            assert!(finds_what_is_there(&*fixture.store, &*search, &book.shop).await.unwrap());
        }
        book.follow(&*search).await;
        let stepwise = search.all(&book.shop).await.unwrap();
        search.clear(&book.shop).await.unwrap();
        assert_eq!((found(&*search, &book, "spelt").await, search.reached(&book.shop).await), (vec![], Ok(None)));
        // All in one.
        step(&*fixture.store, &*search, &book.shop, 1000).await.unwrap();
        assert_eq!(search.all(&book.shop).await.unwrap(), stepwise);
        assert!(finds_what_is_there(&*fixture.store, &*search, &book.shop).await.unwrap());
    }
}

pub async fn p9_r_41_one_shop_is_not_found_in_another(fixture: Fixture) {
    let here = written(&fixture, "here").await;
    let mut there = Book::open(&fixture, "there").await;
    there.commands = 1000;
    there.command("product.add", json!({"sku": "CANARY", "name": "Rye canary", "price": 1})).await;
    for search in searches(&fixture) {
        here.follow(&*search).await;
        there.follow(&*search).await;
        assert_eq!(found(&*search, &there, "rye").await, ["product CANARY"]);
        assert_eq!(found(&*search, &here, "canary").await, [""; 0]);
        search.clear(&here.shop).await.unwrap();
        assert_eq!(found(&*search, &there, "rye").await, ["product CANARY"]);
    }
}

pub async fn r_41_what_people_ask_is_never_an_operator(fixture: Fixture) {
    let book = written(&fixture, "here").await;
    for search in searches(&fixture) {
        book.follow(&*search).await;
        for asked in ["rye OR oats", "rye AND NOT oats", "\"rye", "'rye' & !oats", "rye | oats", "name:rye*", "", " ' "]
        {
            let expected = if asked == "\"rye" { 3 } else { 0 };
            assert_eq!(found(&*search, &book, asked).await.len(), expected, "{asked}");
        }
        assert_eq!(search.find(&book.shop, &words("rye"), 2).await.unwrap().len(), 2);
    }
}
