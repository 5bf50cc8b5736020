//! The allocations on Redis, beside a server that runs.

use app::status::Status;
use domain::ShopSlug;
use serde_json::json;
use store::{
    contract::Fixture,
    testing::Redis,
    views::{Allocation, AllocationsView, View, follow::difference, redis::RedisView},
};

use crate::support::{Daybook, SHOP, on_every_store, until};

on_every_store!(
    c_25_c_33_c_34_a_redis_that_goes_away_holds_up_nobody_and_is_followed_up,
    r_41_an_order_is_a_document_a_find_and_a_key,
);

fn shop() -> ShopSlug {
    ShopSlug::parse(SHOP).unwrap()
}

/// Once the view has come to a position; an answer that does not come is one that is asked for again.
async fn at(view: &RedisView, position: u64) {
    until(async || {
        let reached = view.reached(&shop()).await.ok().flatten();
        reached.is_some_and(|reached| reached.position >= position).then_some(())
    })
    .await;
}

async fn allocate(daybook: &Daybook, order: &str, qty: u32) -> u64 {
    daybook.accepted("order.allocate", json!({"order_id": order, "sku": "A", "qty": qty})).await
}

async fn c_25_c_33_c_34_a_redis_that_goes_away_holds_up_nobody_and_is_followed_up(fixture: Fixture) {
    let Some(redis) = Redis::start() else { return };
    let daybook = Daybook::configured(&fixture.store, |config| config.redis = Some(redis.url())).await;
    daybook.receive("B", "A", 900).await;
    let head = allocate(&daybook, "O-1", 2).await;
    let view = RedisView::at(&redis.url()).unwrap();
    at(&view, head).await;
    let stands = async || {
        let request = daybook.client.post(format!("{}/api/shop_status", daybook.origin));
        let response = request.json(&json!({"shop": SHOP, "check": true})).send().await.unwrap();
        let status: Status = response.error_for_status().unwrap().json().await.unwrap();
        let found = status.followers.into_iter().find(|one| one.name == view.name());
        found.map(|one| (one.position, one.behind_ms, one.agrees))
    };
    assert_eq!(stands().await, Some((Some(head), None, Some(true))));
    redis.crash();
    assert_eq!(stands().await, Some((None, None, None)), "the others are still told of");
    let away = view.reached(&shop()).await.unwrap_err();
    assert_eq!((away.code(), away.is_permanent()), ("store_unavailable", false), "{away}");
    let head = allocate(&daybook, "O-2", 3).await;
    redis.start_again();
    // It comes back with nothing, so everything is taken in again.
    at(&view, head).await;
    let row = |order: &str, qty| Allocation { order_id: order.into(), sku: "A".into(), batchref: "B".into(), qty };
    assert_eq!(view.all(&shop()).await.unwrap(), [row("O-1", 2), row("O-2", 3)]);
    assert_eq!(difference(&*fixture.store, &view, &shop()).await.unwrap(), None);
}

/// The same order, in three kinds of read model.
async fn r_41_an_order_is_a_document_a_find_and_a_key(fixture: Fixture) {
    let Some(redis) = Redis::start() else { return };
    let daybook = Daybook::configured(&fixture.store, |config| {
        config.redis = Some(redis.url());
        config.views = vec!["search".to_owned()];
    })
    .await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Rye bread", "price": 4})).await;
    daybook.receive("B", "A", 9).await;
    let order = json!({"order_id": "O-1", "lines": [{"sku": "A", "qty": 2}]});
    let head = daybook.accepted("order.place", order).await;

    let document = daybook.json("/orders/O-1").await;
    assert_eq!((&document["state"], &document["lines"][0]["batchref"]), (&json!("accepted"), &json!("B")));

    let found = daybook.json(&format!("/search?q=rye&min_position={head}")).await;
    let kinds: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["order", "product"]);
    let place = found["items"][0]["href"].as_str().unwrap().trim_start_matches("/api/v1/shops/test");
    assert_eq!(daybook.json(place).await, document, "what is found leads to its document");

    let view = RedisView::at(&redis.url()).unwrap();
    at(&view, head).await;
    let row = Allocation { order_id: "O-1".into(), sku: "A".into(), batchref: "B".into(), qty: 2 };
    assert_eq!(view.of_order(&shop(), "O-1").await.unwrap(), [row]);
    // As another program reads it.
    let socket = redis.url().trim_start_matches("redis+unix:").to_owned();
    let read = tokio::process::Command::new("redis-cli")
        .args(["-s", &socket, "HGETALL", "daybook:{test}:order:O-1"])
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8(read.stdout).unwrap(), "[\"A\",\"B\"]\n2\n");
}

#[tokio::test]
async fn an_address_that_is_no_redis_is_said_at_the_start() {
    for url in ["http://localhost", "localhost:6379", "postgres://x"] {
        let Err(error) = RedisView::at(url) else { panic!("{url} was taken") };
        assert_eq!(error.code(), "store_address", "{url}: {error}");
    }
}
