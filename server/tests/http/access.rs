//! Who gets in, by which door, and as whom.

mod devices;
mod matrix;
mod pages;
mod spellings;
mod staying;
mod visitors;

use domain::{ShopSlug, books::Role, values::Millis};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use server::{
    access::{actor_of, secret::Secret},
    clock,
};
use store::{
    access::{Member, Scope, Token},
    contract::Fixture,
};
use uuid::Uuid;
use visitors::{Visitor, by_token, let_in};

use crate::{
    pictures::DOT,
    support::{Daybook, SHOP, answer, on_every_store, until},
};

on_every_store!(
    a_shop_without_people_asks_nobody_and_one_with_people_always_does,
    a_token_writes_under_its_own_name_and_a_body_cannot_say_another,
    a_role_that_may_not_is_refused_and_the_refusal_is_in_the_book,
    p_1_a_role_reads_what_it_needs_and_writes_by_another_rule,
    a_queued_command_is_decided_by_the_role_that_sent_it,
    a_revoked_token_is_out_within_a_second_on_every_instance,
);

fn shop() -> ShopSlug {
    ShopSlug::parse(SHOP).unwrap()
}

fn owner() -> Member {
    Member { shop: shop(), person: Uuid::from_u128(1), role: Role::Owner, since: Millis(0), ended_at: None }
}

/// A till's token, to be revoked.
fn tills(secret: &Secret, scope: Scope) -> Token {
    Token {
        shop: shop(),
        id: Uuid::from_u128(1),
        hash: secret.hash(),
        name: "till".to_owned(),
        role: Role::Seller,
        scope,
        made_at: clock::now(),
        expires_at: None,
        revoked_at: None,
    }
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

async fn a_shop_without_people_asks_nobody_and_one_with_people_always_does(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    let by = daybook.json("/events").await["events"][0]["actor"].clone();
    assert_eq!(by, "demo");
    // A proxy in front may have a password of its own.
    assert_eq!(status(daybook.get("/digest").basic_auth("a", Some("b"))).await, StatusCode::OK);

    let access = fixture.store.access();
    access.set_member(owner()).await.unwrap();
    let asked = async |path: &str| {
        let response = daybook.get(path).send().await.unwrap();
        (response.status() == StatusCode::UNAUTHORIZED).then_some(response)
    };
    let denied = until(|| asked("/digest")).await;
    assert_eq!(denied.headers()["www-authenticate"], "Bearer realm=\"daybook\"");
    assert_eq!(denied.headers()["content-type"], "application/problem+json");
    assert_eq!(denied.headers()["cache-control"], "no-store");
    assert_eq!(answer(denied).await.1["code"], "not_signed_in");
    let page = daybook.client.get(format!("{}/s/{SHOP}/products", daybook.origin));
    assert_eq!(status(page.header("accept", "text/html")).await, StatusCode::SEE_OTHER, "to the sign-in page");

    access.end_member(&shop(), owner().person, Millis(1)).await.unwrap();
    let again = Daybook::on(&fixture.reopened().await).await;
    assert_eq!(status(again.get("/digest")).await, StatusCode::UNAUTHORIZED, "the last one left");
}

async fn a_token_writes_under_its_own_name_and_a_body_cannot_say_another(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let token = let_in(&*fixture.store, SHOP, "Front till", Role::Manager).await;
    let mut body = json!({"type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 4}});
    for (field, value) in [("actor", "asha"), ("role", "owner"), ("shop", "other")] {
        body[field] = value.into();
        let (code, said) = answer(by_token(daybook.post(&body), &token).send().await.unwrap()).await;
        assert_eq!((code, &said["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!(field)));
        body.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(status(by_token(daybook.post(&body), &token)).await, StatusCode::OK);
    let log = daybook.json("/events").await;
    assert_eq!(log["events"][0]["actor"], actor_of("Front till"));
    assert_eq!(log["events"][1]["actor"], "daybook", "what follows is the process's");
}

async fn a_role_that_may_not_is_refused_and_the_refusal_is_in_the_book(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Oat bread", "price": 420})).await;
    let seller = let_in(&*fixture.store, SHOP, "till", Role::Seller).await;
    let body = json!({"type": "product.change", "data": {"sku": "A", "price": 1}});
    let response = by_token(daybook.post(&body), &seller).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (code, refused) = answer(response).await;
    assert_eq!(code, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        (&refused["code"], &refused["detail"]),
        (&json!("not_allowed"), &json!({"needs": "manager", "has": "seller"}))
    );
    assert_eq!(daybook.json("/products/A").await["price"], 420);
    let last = daybook.json("/events?after=1").await["events"][0].take();
    assert_eq!((&last["type"], &last["actor"]), (&json!("Refused"), &json!("token:till")));
    let sale = json!({"sale_id": "S-1", "lines": [{"sku": "A", "qty": 1, "price": 420}], "payment": "cash"});
    let body = json!({"type": "sale.record", "data": sale});
    assert_eq!(status(by_token(daybook.post(&body), &seller)).await, StatusCode::OK);
}

/// Reading and writing are two rights: a stock hand reserves goods for an order whose money they do not see, and a
/// bookkeeper sees all of it and reserves nothing.
async fn p_1_a_role_reads_what_it_needs_and_writes_by_another_rule(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let bread = json!({"sku": "A", "name": "Oat bread", "category": "Bread", "price": 420});
    daybook.accepted("product.add", bread).await;
    daybook.receive("B", "A", 4).await;
    let account = json!({"account_id": "1", "title": "Canary", "owner": "Canary", "initial_balance": 5000});
    daybook.accepted("account.open", account).await;
    let debit = Uuid::from_u128(9);
    let too_much = json!({"id": debit, "type": "account.debit", "data": {"account_id": "1", "amount": 9_000_000}});
    assert_eq!(status(daybook.post(&too_much)).await, StatusCode::UNPROCESSABLE_ENTITY);
    let order = json!({"order_id": "O", "lines": [{"sku": "A", "qty": 2}], "account": "1"});
    daybook.accepted("order.place", order).await;
    let (_, kept) = answer(daybook.client.post(daybook.url("/blobs")).body(DOT).send().await.unwrap()).await;
    let picture = json!({"picture_id": "P", "blob": kept["blob"], "media_type": kept["media_type"],
        "width": kept["width"], "height": kept["height"], "about": {"account": "1"}});
    daybook.accepted("picture.add", picture).await;
    let hand = let_in(&*fixture.store, SHOP, "floor", Role::StockHand).await;
    let reader = let_in(&*fixture.store, SHOP, "books", Role::Reader).await;
    let read =
        async |token: &str, path: &str| by_token(daybook.get(path), token).send().await.unwrap().text().await.unwrap();

    // The same address, one after the other: what was made for one is not given to the other.
    for _ in 0..2 {
        for path in ["/orders/O", "/orders"] {
            let (goods, whole) = (read(&hand, path).await, read(&reader, path).await);
            assert!(goods.contains("Oat bread") && goods.contains("\"allocated\":2"), "{goods}");
            for money in ["Canary", "total", "price", "420", "account", "timeline"] {
                assert!(!goods.contains(money), "{money} in {goods}");
            }
            assert!(whole.contains("Canary") && whole.contains("\"total\":840"), "{whole}");
        }
    }
    for _ in 0..2 {
        for path in ["/products", "/products?category=Bread", "/products/A", "/categories/Bread"] {
            let (goods, whole) = (read(&hand, path).await, read(&reader, path).await);
            assert!(goods.contains("Oat bread") && goods.contains("\"available\":2"), "{goods}");
            assert!(!goods.contains("price") && !goods.contains("420"), "{goods}");
            assert!(whole.contains("\"price\":420"), "{whole}");
        }
        for path in ["/pictures", "/pictures/P"] {
            let (goods, whole) = (read(&hand, path).await, read(&reader, path).await);
            assert!(goods.contains("\"P\"") && !goods.contains("\"account\""), "{goods}");
            assert!(whole.contains("\"account\":\"1\""), "{whole}");
        }
        let path = format!("/commands/{debit}");
        let (goods, whole) = (read(&hand, &path).await, read(&reader, &path).await);
        assert!(goods.contains("insufficient_funds") && whole.contains("insufficient_funds"), "{goods} {whole}");
        assert!(!goods.contains("available") && !goods.contains("9000000") && !goods.contains("account_id"), "{goods}");
        assert!(whole.contains("\"asked\":9000000") && whole.contains("\"available\":5000"), "{whole}");
    }
    // Nobody is told that they have already what was made for another role.
    for path in ["/orders", "/products/A", "/digest"] {
        let tag = async |token: &str| {
            let answered = by_token(daybook.get(path), token).send().await.unwrap();
            answered.headers()["etag"].to_str().unwrap().to_owned()
        };
        let (of_hand, of_reader) = (tag(&hand).await, tag(&reader).await);
        let with = |token: &str, tag: &str| status(by_token(daybook.get(path).header("if-none-match", tag), token));
        assert_eq!(with(&hand, &of_hand).await, StatusCode::NOT_MODIFIED);
        assert_eq!(with(&hand, &of_reader).await, StatusCode::OK);
        assert_eq!(with(&reader, &of_hand).await, StatusCode::OK);
    }
    assert!(read(&reader, "/orders?q=canary").await.contains("\"O\""));
    assert!(!read(&hand, "/orders?q=canary").await.contains("\"O\""), "nor is it to be guessed");
    assert!(read(&hand, "/orders?q=oat").await.contains("\"O\""));
    let free = json!({"type": "order.free", "data": {"order_id": "O", "sku": "A"}});
    assert_eq!(status(by_token(daybook.post(&free), &reader)).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(status(by_token(daybook.post(&free), &hand)).await, StatusCode::OK);
}

async fn a_queued_command_is_decided_by_the_role_that_sent_it(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let hand = let_in(&*fixture.store, SHOP, "floor", Role::StockHand).await;
    let body = json!({"type": "account.open",
        "data": {"account_id": "1", "title": "Asha", "owner": "Asha", "initial_balance": 0}});
    let request = by_token(daybook.post(&body).header("prefer", "respond-async"), &hand);
    let (code, queued) = answer(request.send().await.unwrap()).await;
    assert_eq!(code, StatusCode::ACCEPTED, "{queued}");
    let path = format!("/commands/{}", queued["id"].as_str().unwrap());
    let refused = until(async || {
        let said: Value = by_token(daybook.get(&path), &hand).send().await.unwrap().json().await.unwrap();
        (said["status"] != "queued").then_some(said)
    })
    .await;
    assert_eq!((&refused["status"], &refused["code"]), (&json!("refused"), &json!("not_allowed")));
}

async fn a_revoked_token_is_out_within_a_second_on_every_instance(fixture: Fixture) {
    let (one, other) = (Daybook::on(&fixture.store).await, Daybook::on(&fixture.reopened().await).await);
    let secret = Secret::fresh().unwrap();
    let token = tills(&secret, Scope::Full);
    let access = fixture.store.access();
    assert!(access.add_token(token.clone()).await.unwrap());
    for daybook in [&one, &other] {
        assert_eq!(status(daybook.get("/digest").bearer_auth(secret.text())).await, StatusCode::OK);
    }
    assert!(access.revoke_token(&token.shop, token.id, clock::now()).await.unwrap());
    let revoked = std::time::Instant::now();
    for daybook in [&one, &other] {
        let out = async || {
            let status = status(daybook.get("/digest").bearer_auth(secret.text())).await;
            (status == StatusCode::UNAUTHORIZED).then_some(())
        };
        until(out).await;
    }
    assert!(revoked.elapsed() < std::time::Duration::from_secs(1), "{:?}", revoked.elapsed());
}
