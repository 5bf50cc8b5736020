//! A new shop by a form, and leaving one.

use domain::{ShopSlug, books::Role};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use store::contract::Fixture;
use sync::protocol::PROTOCOL;

use crate::{
    people::{PASSWORD, cookie, location, person, session},
    support::{Daybook, SHOP, answer, on_every_store, until},
};

on_every_store!(
    us_02_the_first_of_a_server_starts_a_shop_and_owns_it_and_nobody_else_does_so_unknown,
    whoever_leaves_a_shop_sees_no_more_of_it_and_its_last_owner_stays,
    p9_a_device_that_was_shut_out_takes_nobody_out_of_the_shop,
);

async fn post(daybook: &Daybook, path: &str, cookie: &str, form: &[(&str, &str)]) -> Response {
    let post = daybook.client.post(format!("{}{path}", daybook.origin)).header("cookie", cookie);
    post.form(form).send().await.unwrap()
}

async fn page(daybook: &Daybook, path: &str, cookie: &str) -> (StatusCode, String) {
    let get = daybook.client.get(format!("{}{path}", daybook.origin)).header("accept", "text/html");
    let page = get.header("cookie", cookie).send().await.unwrap();
    (page.status(), page.text().await.unwrap())
}

async fn log(daybook: &Daybook, shop: &str, cookie: &str) -> Vec<(String, Value)> {
    let get = daybook.client.get(format!("{}/api/v1/shops/{shop}/events?after=0", daybook.origin));
    let (status, log) = answer(get.header("cookie", cookie).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let events = log["events"].as_array().unwrap().iter();
    events.map(|event| (event["type"].as_str().unwrap().to_owned(), event["data"].clone())).collect()
}

async fn us_02_the_first_of_a_server_starts_a_shop_and_owns_it_and_nobody_else_does_so_unknown(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let shops = async || fixture.store.shops().await.unwrap().len();
    let before = shops().await;
    let (status, form) = page(&daybook, "/start", "").await;
    assert!(status == StatusCode::OK && form.contains("you will be the first"), "{form}");
    let asha = |title: &'static str, password: &'static str| {
        [("title", title), ("currency", "JPY"), ("login", "asha"), ("name", "Asha"), ("password", password)]
    };
    for (form, word) in [
        (asha("", PASSWORD), "shop-title"),
        (asha("Corner shop", "short"), "short"),
        (asha("Corner shop", "password1"), "guessable"),
    ] {
        let back = location(&post(&daybook, "/start", "", &form).await);
        assert!(back.starts_with(&format!("/start?problem={word}")) && !back.contains("password"), "{back}");
    }
    let unknown = [("title", "Corner shop"), ("currency", "XXX"), ("login", "asha"), ("password", PASSWORD)];
    assert!(location(&post(&daybook, "/start", "", &unknown).await).contains("problem=currency"));
    assert_eq!((shops().await, fixture.store.access().people().await.unwrap().len()), (before, 0), "nothing was made");

    let started = post(&daybook, "/start", "", &asha("Corner shop", PASSWORD)).await;
    assert_eq!(location(&started), "/s/corner-shop");
    let ashas = cookie(&started);
    let (status, shown) = page(&daybook, "/s/corner-shop/products", &ashas).await;
    assert!(status == StatusCode::OK && shown.contains("Corner shop") && shown.contains("No products yet"), "{shown}");
    assert_eq!(page(&daybook, "/s/corner-shop/people", &ashas).await.0, StatusCode::OK, "its owner");
    let [(kind, data)] = &log(&daybook, "corner-shop", &ashas).await[..] else { panic!("one entry") };
    assert_eq!((kind.as_str(), &data["currency"]), ("CurrencySet", &Value::from("JPY")));

    // From now on somebody is known here.
    let again = [("title", "Another"), ("login", "eve"), ("password", PASSWORD)];
    assert!(location(&post(&daybook, "/start", "", &again).await).contains("problem=start-nobody"));
    assert!(page(&daybook, "/start", "").await.1.contains("Sign in"));
    assert_eq!(page(&daybook, "/s/corner-shop/products", "").await.0, StatusCode::SEE_OTHER, "it asks");
    assert!(page(&daybook, "/start", &ashas).await.1.contains("You, asha, will be its owner"));
    // The standard currency needs no entry, and another shop of the same name has an address of its own.
    let second = post(&daybook, "/start", &ashas, &[("title", "Corner shop")]).await;
    assert_eq!(location(&second), "/s/corner-shop-2");
    assert_eq!(log(&daybook, "corner-shop-2", &ashas).await, []);
    for number in 3..=20 {
        let made = location(&post(&daybook, "/start", &ashas, &[("title", "Corner shop")]).await);
        assert_eq!(made, format!("/s/corner-shop-{number}"));
    }
    let full = post(&daybook, "/start", &ashas, &[("title", "Corner shop")]).await;
    assert!(location(&full).contains("problem=enough-shops"), "each costs the server something");
    assert_eq!(shops().await, before + 20);
}

async fn whoever_leaves_a_shop_sees_no_more_of_it_and_its_last_owner_stays(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "marek", SHOP, Role::Seller).await;
    let (ashas, mareks) = (session(&daybook, "asha").await, session(&daybook, "marek").await);
    let till = format!("/s/{SHOP}/till");
    let leaves = async |cookie: &str| location(&post(&daybook, "/shops/leave", cookie, &[("shop", SHOP)]).await);
    assert_eq!(leaves("").await, "/sign-in");
    assert!(leaves(&ashas).await.contains("problem=last-owner"));
    assert_eq!(page(&daybook, &till, &mareks).await.0, StatusCode::OK);
    assert!(page(&daybook, "/shops", &mareks).await.1.contains("Leave"));
    assert_eq!(leaves(&mareks).await, "/shops");
    until(async || (page(&daybook, &till, &mareks).await.0 == StatusCode::FORBIDDEN).then_some(())).await;
    assert!(leaves(&mareks).await.contains("problem=member"), "and cannot twice");
    assert!(page(&daybook, "/shops", &mareks).await.1.contains("You belong to no shop"));
    assert_eq!(page(&daybook, &till, &ashas).await.0, StatusCode::OK);
}

async fn p9_a_device_that_was_shut_out_takes_nobody_out_of_the_shop(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let marek = person(&*fixture.store, "marek", SHOP, Role::Seller).await;
    let (access, shop) = (fixture.store.access(), ShopSlug::parse(SHOP).unwrap());
    let (lost, another) = (session(&daybook, "marek").await, session(&daybook, "marek").await);
    let ask = json!({"shop": SHOP, "request": {"protocol": PROTOCOL, "device": "T10001"}});
    let says = daybook.client.post(format!("{}/api/replica_snapshot", daybook.origin)).json(&ask);
    assert_eq!(says.header("cookie", &lost).send().await.unwrap().status(), StatusCode::OK);
    assert!(access.revoke_device(&shop, "T10001", server::clock::now()).await.unwrap());
    let till = format!("/s/{SHOP}/till");
    until(async || (page(&daybook, &till, &lost).await.0 == StatusCode::FORBIDDEN).then_some(())).await;

    let left = answer(post(&daybook, "/shops/leave", &lost, &[("shop", SHOP)]).await).await;
    assert_eq!((left.0, &left.1["code"]), (StatusCode::FORBIDDEN, &json!("revoked")));
    assert!(access.member(&shop, marek.id).await.unwrap().unwrap().active().is_some());
    assert_eq!(location(&post(&daybook, "/shops/leave", &another, &[("shop", SHOP)]).await), "/shops");
}
