//! `POST /s/{shop}/commands`: forms where no script runs.

use domain::{ShopSlug, books::Role};
use reqwest::{Response, StatusCode};
use serde_json::json;
use store::contract::Fixture;
use uuid::Uuid;

use crate::{
    people::{location, person, session},
    support::{Daybook, SHOP, answer, on_every_store},
};

on_every_store!(
    c_16_a_form_is_answered_by_a_redirect_to_what_it_made,
    c_17_double_post_is_one_order,
    c_18_a_refused_form_goes_back_with_what_was_typed,
    a_form_that_was_changed_after_it_was_sent_is_another_command,
    us_14_a_form_that_is_sent_after_a_session_has_ended_goes_back_with_what_was_typed,
);

impl Daybook {
    async fn form(&self, fields: &[(&str, &str)]) -> Response {
        self.client.post(format!("{}/s/test/commands", self.origin)).form(fields).send().await.unwrap()
    }

    async fn sent(&self, fields: &[(&str, &str)]) -> String {
        let response = self.form(fields).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        response.headers()["location"].to_str().unwrap().to_owned()
    }
}

async fn c_16_a_form_is_answered_by_a_redirect_to_what_it_made(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let location = daybook
        .sent(&[
            ("type", "product.add"),
            ("next", "/s/test/products/A"),
            ("sku", "A"),
            ("name", "Apple"),
            ("price", "3,20"),
        ])
        .await;
    assert!(location.starts_with("/s/test/products/A?"), "{location}");
    assert_eq!(daybook.json("/products/A").await["price"], 320);
    let page = daybook.client.get(format!("{}{location}", daybook.origin)).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("Apple"));
}

async fn c_17_double_post_is_one_order(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "SOFA", "name": "Sofa", "price": 90_000})).await;
    let id = Uuid::new_v4().to_string();
    let form = [
        ("type", "order.place"),
        ("command_id", id.as_str()),
        ("next", "/s/test/orders"),
        ("lines[0].sku", "SOFA"),
        ("lines[0].qty", "1"),
        ("lines[1].sku", ""),
        ("lines[1].qty", ""),
    ];
    for _ in 0..5 {
        let location = daybook.sent(&form).await;
        assert!(location.starts_with("/s/test/orders"), "{location}");
        assert!(!location.contains("refused"), "{location}");
    }
    for location in futures::future::join_all((0..5).map(|_| daybook.sent(&form))).await {
        assert!(!location.contains("refused"), "{location}");
    }
    assert_eq!(daybook.json("/orders").await["items"].as_array().unwrap().len(), 1);
}

async fn c_18_a_refused_form_goes_back_with_what_was_typed(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    let receive = |qty: &'static str| {
        [
            ("type", "stock.receive"),
            ("return_to", "/s/test/stock/receive"),
            ("batchref", "B"),
            ("sku", "A"),
            ("qty", qty),
        ]
    };
    let refused = daybook.sent(&receive("5")).await;
    assert!(refused.starts_with("/s/test/stock/receive?") && refused.contains("refused=already_exists"), "{refused}");
    assert!(refused.contains("typed.batchref=B"), "{refused}");
    let head = daybook.head().await;
    let malformed = daybook.sent(&receive("many")).await;
    assert!(malformed.contains("refused=malformed") && malformed.contains("field=qty"), "{malformed}");
    assert_eq!(daybook.head().await, head);
    let foreign = daybook.sent(&[("type", "no.such"), ("return_to", "https://evil.example/")]).await;
    assert!(foreign.starts_with("/?"), "{foreign}");
    let json =
        daybook.client.post(format!("{}/s/test/commands", daybook.origin)).json(&json!({})).send().await.unwrap();
    assert_eq!(answer(json).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let unknown = daybook.client.post(format!("{}/s/none/commands", daybook.origin)).form(&[("type", "x")]).send();
    assert_eq!(unknown.await.unwrap().status(), StatusCode::NOT_FOUND);
}

async fn a_form_that_was_changed_after_it_was_sent_is_another_command(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let id = Uuid::new_v4().to_string();
    for qty in ["4", "5", "5"] {
        let form =
            [("type", "stock.receive"), ("command_id", id.as_str()), ("batchref", qty), ("sku", "A"), ("qty", qty)];
        assert!(!daybook.sent(&form).await.contains("refused"), "{qty}");
    }
    assert_eq!(daybook.json("/products/A").await["on_hand"], 9);
}

async fn us_14_a_form_that_is_sent_after_a_session_has_ended_goes_back_with_what_was_typed(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let form = [
        ("type", "product.add"),
        ("form", "add"),
        ("return_to", "/s/test/products/new"),
        ("next", "/s/test/products/A"),
        ("sku", "A"),
        ("name", "Long to type"),
        ("price", "3,20"),
    ];
    let sent = async |accept: &str, cookie: &str| {
        let request = daybook.client.post(format!("{}/s/{SHOP}/commands", daybook.origin)).form(&form);
        request.header("accept", accept).header("cookie", cookie).send().await.unwrap()
    };
    assert_eq!(sent("application/json", "").await.status(), StatusCode::UNAUTHORIZED, "programs are told so");

    let back = location(&sent("text/html", "").await);
    assert!(back.starts_with("/s/test/products/new?form=add&refused=unanswered"), "{back}");
    let page = |cookie: String| {
        daybook.client.get(format!("{}{back}", daybook.origin)).header("accept", "text/html").header("cookie", cookie)
    };
    assert!(location(&page(String::new()).send().await.unwrap()).starts_with("/sign-in?next="));
    let cookie = session(&daybook, "asha").await;
    let shown = page(cookie.clone()).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("value=\"Long to type\""), "{shown}");
    assert!(location(&sent("text/html", &cookie).await).starts_with("/s/test/products/A?done="));
    let head = fixture.store.head(&ShopSlug::parse(SHOP).unwrap()).await.unwrap().unwrap();
    assert_eq!(head.position, 1, "and it is written down once");
}
