//! Demo shops of visitors.

use domain::{ShopSlug, demo, values::Millis};
use reqwest::{Response, StatusCode};
use serde_json::json;
use server::demo::visits::Visits;
use store::contract::Fixture;
use sync::protocol::PROTOCOL;

use crate::{
    people::location,
    support::{Daybook, Feed, answer, on_every_store},
};

on_every_store!(
    us_01_each_visitor_gets_a_filled_shop_of_their_own,
    us_01_nothing_is_made_by_looking_and_nothing_where_none_is_offered,
    us_01_a_demo_shop_is_over_after_24_hours_and_says_so,
    us_01_there_are_only_so_many_demo_shops,
);

async fn with_demos(fixture: &Fixture, demos: usize) -> Daybook {
    Daybook::configured(&fixture.store, |config| {
        config.demo = true;
        config.limits.demos = demos;
    })
    .await
}

async fn press(daybook: &Daybook) -> Response {
    let pressed = daybook.client.post(format!("{}/demo", daybook.origin)).send().await.unwrap();
    assert_eq!(
        (pressed.status(), pressed.headers()["cache-control"].as_bytes()),
        (StatusCode::SEE_OTHER, &b"no-store"[..])
    );
    pressed
}

async fn visit(daybook: &Daybook) -> ShopSlug {
    let pressed = press(daybook).await;
    ShopSlug::parse(location(&pressed).strip_prefix("/s/").expect("a shop")).unwrap()
}

async fn page(daybook: &Daybook, path: &str) -> Response {
    daybook.client.get(format!("{}{path}", daybook.origin)).header("accept", "text/html").send().await.unwrap()
}

async fn us_01_each_visitor_gets_a_filled_shop_of_their_own(fixture: Fixture) {
    let daybook = with_demos(&fixture, 10).await;
    let (one, other) = (visit(&daybook).await, visit(&daybook).await);
    assert_ne!(one, other);
    let api = |shop: &ShopSlug, path: &str| format!("{}/api/v1/shops/{shop}{path}", daybook.origin);
    let sale = json!({"sale_id": "MINE", "lines": [{"sku": "OAT-1", "qty": 1, "price": 420}], "payment": "cash"});
    let sold = daybook.client.post(api(&one, "/commands")).json(&json!({"type": "sale.record", "data": sale}));
    assert_eq!(sold.send().await.unwrap().status(), StatusCode::OK);
    let log = async |shop: &ShopSlug| {
        let asked = daybook.client.get(api(shop, "/events?after=0&limit=1000")).send().await.unwrap();
        let (status, log) = answer(asked).await;
        assert_eq!(status, StatusCode::OK);
        log["events"].to_string()
    };
    assert!(log(&one).await.contains("MINE"));
    for shop in [&other, &ShopSlug::parse("demo").unwrap()] {
        let log = log(shop).await;
        assert!(log.contains("Oat bread") && !log.contains("MINE"), "an entry of one never appears in another");
    }
    let end = app::text::demo_until(demo::end(&one).unwrap());
    for path in ["", "/till", "/products", "/device"] {
        let shown = page(&daybook, &format!("/s/{one}{path}")).await.text().await.unwrap();
        assert!(shown.contains("Demo shop · resets after 24 hours") && shown.contains(&end), "{path}");
    }
    let theirs = json!({"do": "found", "login": "me", "name": "Me", "password": "a long enough one"});
    let found = daybook.client.post(format!("{}/s/{one}/people", daybook.origin)).form(&theirs).send().await.unwrap();
    assert!(location(&found).ends_with("?problem=demo"), "nobody closes a demo shop to the visitor");
}

async fn us_01_nothing_is_made_by_looking_and_nothing_where_none_is_offered(fixture: Fixture) {
    let daybook = with_demos(&fixture, 10).await;
    let shops = async || fixture.store.shops().await.unwrap().len();
    let before = shops().await;
    let door = page(&daybook, "/").await.text().await.unwrap();
    assert!(door.contains("method=\"post\"") && door.contains("action=\"/demo\""), "works without a script: {door}");
    assert_eq!(page(&daybook, "/demo").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(shops().await, before);
    let from_elsewhere = daybook.client.post(format!("{}/demo", daybook.origin)).header("sec-fetch-site", "cross-site");
    assert_eq!(from_elsewhere.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(shops().await, before);
    let without = Daybook::on(&fixture.store).await;
    assert!(!page(&without, "/").await.text().await.unwrap().contains("action=\"/demo\""));
    assert_eq!(location(&press(&without).await), "/?demo=none");
    assert_eq!(shops().await, before);
}

async fn us_01_a_demo_shop_is_over_after_24_hours_and_says_so(fixture: Fixture) {
    let daybook = with_demos(&fixture, 10).await;
    let shops = &daybook.running.as_ref().unwrap().server.shops;
    let now = server::clock::now();
    let made = async |ago: i64| {
        let address = [127, 0, 0, 1].into();
        Visits::default().begin(shops, address, Millis(now.0 - ago)).await.unwrap()
    };
    let (nearly, over) = (made(demo::LASTS - 600_000).await, made(demo::LASTS).await);
    assert_eq!(page(&daybook, &format!("/s/{nearly}")).await.status(), StatusCode::OK);

    let led = page(&daybook, &format!("/s/{over}/products")).await;
    assert_eq!((led.status(), location(&led).as_str()), (StatusCode::SEE_OTHER, "/?demo=over"));
    let door = page(&daybook, "/?demo=over").await.text().await.unwrap();
    assert!(door.contains("That demo shop is over") && door.contains("action=\"/demo\""), "{door}");

    let api = |path: &str| format!("{}/api/v1/shops/{over}{path}", daybook.origin);
    let (status, problem) = answer(daybook.client.get(api("/products")).send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::GONE, &json!("demo_over")));
    let sale = json!({"sale_id": "LATE", "lines": [{"sku": "OAT-1", "qty": 1, "price": 420}], "payment": "cash"});
    let late = daybook.client.post(api("/commands")).json(&json!({"type": "sale.record", "data": sale}));
    assert_eq!(late.send().await.unwrap().status(), StatusCode::GONE);
    // What a device has not sent stays with it: neither refused nor taken.
    let push = json!({"shop": over, "push": {"protocol": PROTOCOL, "person": null, "submissions": []}});
    let pushed = daybook.client.post(format!("{}/api/push_commands", daybook.origin)).json(&push);
    assert_eq!(pushed.header("accept", "application/json").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let mut feed = Feed::open(daybook.client.get(api(&format!("/feed?protocol={PROTOCOL}")))).await;
    assert_eq!(feed.next().await.unwrap().event, "revoked");
}

async fn us_01_there_are_only_so_many_demo_shops(fixture: Fixture) {
    let daybook = with_demos(&fixture, 3).await;
    let shops = &daybook.running.as_ref().unwrap().server.shops;
    let long_ago = Millis(server::clock::now().0 - demo::LASTS);
    Visits::default().begin(shops, [192, 0, 2, 1].into(), long_ago).await.unwrap();
    for _ in 0..3 {
        visit(&daybook).await;
    }
    assert_eq!(location(&press(&daybook).await), "/?demo=full", "those that are over take no place");
    let door = page(&daybook, "/?demo=full").await.text().await.unwrap();
    assert!(door.contains("as many demo shops as this server has room for"));

    let many = Daybook::configured(&fixture.store, |config| {
        config.demo = true;
        config.limits.demos_of_address = 2;
    })
    .await;
    for _ in 0..2 {
        visit(&many).await;
    }
    assert_eq!(location(&press(&many).await), "/?demo=often");
}
