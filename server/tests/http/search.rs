//! `GET /search`.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use store::contract::Fixture;

use crate::support::{Daybook, answer, on_every_store};

on_every_store!(
    r_41_customers_and_orders_are_found_by_their_words,
    r_41_what_cannot_be_searched_for_is_said,
    p9_r_41_nothing_of_another_shop_is_found,
);

async fn searching(fixture: &Fixture) -> Daybook {
    Daybook::configured(&fixture.store, |config| {
        config.views = vec!["search".to_owned()];
        config.limits.wait = Duration::from_secs(5);
    })
    .await
}

async fn r_41_customers_and_orders_are_found_by_their_words(fixture: Fixture) {
    let daybook = searching(&fixture).await;
    daybook.accepted("product.add", json!({"sku": "RYE", "name": "Rye bread", "price": 4})).await;
    daybook.receive("B", "RYE", 9).await;
    let ada = json!({"account_id": "AC-7", "title": "Café Mai", "owner": "Ada Lind", "initial_balance": 90});
    daybook.accepted("account.open", ada).await;
    let order = json!({"order_id": "O-1", "lines": [{"sku": "RYE", "qty": 2}], "account": "AC-7"});
    let head = daybook.accepted("order.place", order).await;
    let found = async |asked: &str| {
        let response = daybook.get("/search").query(&[("q", asked), ("min_position", &head.to_string())]).send().await;
        let response = response.unwrap();
        assert!(response.headers()["daybook-position"].to_str().unwrap().parse::<u64>().unwrap() >= head);
        let (status, body) = answer(response).await;
        assert_eq!((status, &body["next"]), (StatusCode::OK, &json!(null)), "{body}");
        body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["href"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let place = |path: &str| format!("/api/v1/shops/test/{path}");
    assert_eq!(
        found("lind café").await,
        [place("accounts/AC-7"), place("orders/O-1")],
        "with what the customer ordered"
    );
    assert_eq!(found("ac-7").await, [place("accounts/AC-7"), place("orders/O-1")]);
    assert_eq!(found("BREA").await, [place("orders/O-1"), place("products/RYE")]);
    assert_eq!(found("nobody").await, [""; 0]);
    // The listing of orders is narrowed by the same words, view or not.
    for (asked, orders) in [("lind", 1), ("rye", 1), ("o-1", 1), ("nobody", 0)] {
        let listed = daybook.json(&format!("/orders?q={asked}")).await;
        assert_eq!(listed["items"].as_array().unwrap().len(), orders, "{asked}");
    }
}

async fn r_41_what_cannot_be_searched_for_is_said(fixture: Fixture) {
    let daybook = searching(&fixture).await;
    for wrong in ["/search", "/search?q=", "/search?q=-+-", "/search?q=rye&as_of=1", "/search?q=rye&limit=0"] {
        assert_eq!(daybook.get(wrong).send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    daybook.stop().await;
    let without = Daybook::on(&fixture.store).await;
    let (status, problem) = answer(without.get("/search?q=rye").send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("no_search")));
}

async fn p9_r_41_nothing_of_another_shop_is_found(fixture: Fixture) {
    let daybook = searching(&fixture).await;
    let other = domain::ShopSlug::parse("other").unwrap();
    fixture.store.create_shop(&other, "Other", uuid::Uuid::new_v4()).await.unwrap();
    let head = daybook.accepted("product.add", json!({"sku": "CANARY", "name": "Rye", "price": 4})).await;
    let there = json!({"type": "product.add", "data": {"sku": "THEIRS", "name": "Rye", "price": 4}});
    let url = format!("{}/api/v1/shops/other", daybook.origin);
    daybook.client.post(format!("{url}/commands")).json(&there).send().await.unwrap();
    let here = daybook.json(&format!("/search?q=rye&min_position={head}")).await.to_string();
    assert!(here.contains("CANARY") && !here.contains("THEIRS"), "{here}");
    let there = daybook.client.get(format!("{url}/search?q=rye&min_position=1")).send().await.unwrap();
    let there = there.text().await.unwrap();
    assert!(there.contains("THEIRS") && !there.contains("CANARY"), "{there}");
}
