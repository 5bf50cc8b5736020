//! People at the door of the pages: signing in and out, and the session in between.

use std::time::Duration;

use domain::{ShopSlug, books::Role, values::Millis};
use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::json;
use store::contract::Fixture;
use sync::protocol::PROTOCOL;
use uuid::Uuid;

use crate::{
    people::{PASSWORD, cookie, location, person, session, sign_in},
    support::{Daybook, SHOP, answer, on_every_store, until},
};

on_every_store!(
    whoever_signs_in_writes_under_their_login_with_their_role,
    a_session_is_new_at_each_sign_in_and_ends_with_sign_out_and_with_another_password,
    a_wrong_login_is_answered_as_a_wrong_password_is,
    what_one_person_left_on_a_device_is_not_sent_by_the_next,
);

async fn status(daybook: &Daybook, cookie: &str) -> StatusCode {
    daybook.get("/digest").header("cookie", cookie).send().await.unwrap().status()
}

async fn whoever_signs_in_writes_under_their_login_with_their_role(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Oat bread", "price": 420})).await;
    let other = ShopSlug::parse("other").unwrap();
    fixture.store.create_shop(&other, "Other shop", Uuid::new_v4()).await.unwrap();
    person(&*fixture.store, "asha@corner.example", SHOP, Role::Seller).await;
    person(&*fixture.store, "marek", "other", Role::Owner).await;

    let page = |path: &str| daybook.client.get(format!("{}{path}", daybook.origin)).header("accept", "text/html");
    let led = until(async || {
        let response = page("/s/test/products?q=bread").send().await.unwrap();
        (response.status() == StatusCode::SEE_OTHER).then_some(response)
    })
    .await;
    assert_eq!(location(&led), "/sign-in?next=%2Fs%2Ftest%2Fproducts%3Fq%3Dbread");
    let form = page(&location(&led)).send().await.unwrap().text().await.unwrap();
    assert!(form.contains("action=\"/session\"") && form.contains("value=\"/s/test/products?q=bread\""), "{form}");

    let signed_in = sign_in(&daybook, &daybook.client, " Asha@Corner.example", PASSWORD).await;
    assert_eq!(location(&signed_in), "/s/test/products");
    assert_eq!(signed_in.headers()["cache-control"], "no-store");
    let cookie = cookie(&signed_in);
    let products = page("/s/test/products").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(products.status(), StatusCode::OK);
    assert!(products.text().await.unwrap().contains("Oat bread"));

    let sale = json!({"sale_id": "S-1", "lines": [{"sku": "A", "qty": 1, "price": 420}], "payment": "cash"});
    for (command_type, data, expected) in [
        ("sale.record", sale, StatusCode::OK),
        ("product.change", json!({"sku": "A", "price": 1}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let body = json!({"type": command_type, "data": data});
        let said = daybook.post(&body).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(said.status(), expected, "{command_type}");
    }
    let archive = [("type", "product.archive"), ("sku", "A")];
    let form = daybook.client.post(format!("{}/s/test/commands", daybook.origin)).form(&archive);
    assert_eq!(form.header("cookie", &cookie).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let body = json!({"shop": SHOP, "request": null});
    let snapshot = daybook.client.post(format!("{}/api/replica_snapshot", daybook.origin)).json(&body);
    assert_eq!(snapshot.header("cookie", &cookie).send().await.unwrap().status(), StatusCode::OK);
    let log = daybook.get("/events?after=1").header("cookie", &cookie).send().await.unwrap();
    let log = answer(log).await.1;
    let by = |position: usize| (log["events"][position]["type"].clone(), log["events"][position]["actor"].clone());
    assert_eq!(by(0), (json!("SaleRecorded"), json!("asha@corner.example")));
    assert!(log.to_string().matches("\"Refused\"").count() >= 2, "the price and the archive: {log}");

    let theirs = format!("{}/api/v1/shops/other/digest", daybook.origin);
    let theirs = daybook.client.get(theirs).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(theirs.status(), StatusCode::NOT_FOUND, "another shop is not there for her");
}

async fn a_session_is_new_at_each_sign_in_and_ends_with_sign_out_and_with_another_password(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let asha = person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let fresh = async || session(&daybook, "asha").await;
    let first = fresh().await;
    assert_eq!(status(&daybook, &first).await, StatusCode::OK);
    let again = daybook.client.post(format!("{}/session", daybook.origin)).header("cookie", &first);
    let again = again.form(&[("login", "asha"), ("password", PASSWORD)]).send().await.unwrap();
    let second = cookie(&again);
    assert_ne!(first, second);
    assert_eq!(status(&daybook, &first).await, StatusCode::UNAUTHORIZED, "what was there before the sign-in");
    assert_eq!(status(&daybook, &second).await, StatusCode::OK);
    for wrong in [format!("{second}; {second}"), second.replace("_session", "_other"), format!("__Host-{second}")] {
        assert_eq!(status(&daybook, &wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }

    let end = daybook.client.post(format!("{}/session/end", daybook.origin)).header("cookie", &second);
    let ended = end.send().await.unwrap();
    assert_eq!(location(&ended), "/sign-in");
    assert!(ended.headers()["set-cookie"].to_str().unwrap().contains("daybook_session=; Path=/"));
    assert!(ended.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(status(&daybook, &second).await, StatusCode::UNAUTHORIZED);

    let end = daybook.client.post(format!("{}/session/end", daybook.origin)).header("accept", "text/html");
    let ended = end.header("cookie", fresh().await).send().await.unwrap();
    let set: Vec<_> = ended.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    assert!(set.len() == 2 && set[1].starts_with("daybook_out=asha; Path=/; SameSite=Strict"), "{set:?}");

    let third = fresh().await;
    let access = fixture.store.access();
    access.end_sessions(asha.id).await.unwrap();
    let out = async || (status(&daybook, &third).await == StatusCode::UNAUTHORIZED).then_some(());
    tokio::time::timeout(Duration::from_secs(1), until(out)).await.expect("within a second");
    let fourth = fresh().await;
    assert_eq!(status(&daybook, &fourth).await, StatusCode::OK);
    access.end_member(&ShopSlug::parse(SHOP).unwrap(), asha.id, Millis(1)).await.unwrap();
    let out = async || (status(&daybook, &fourth).await == StatusCode::FORBIDDEN).then_some(());
    tokio::time::timeout(Duration::from_secs(1), until(out)).await.expect("within a second");
}

async fn a_wrong_login_is_answered_as_a_wrong_password_is(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let mut answers = Vec::new();
    for (login, password) in [("asha", "another password"), ("nobody", PASSWORD), ("a b:c", PASSWORD), ("", "")] {
        let said = sign_in(&daybook, &daybook.client, login, password).await;
        let mut headers: Vec<_> =
            said.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        headers.retain(|line| !line.starts_with("date: "));
        answers.push((said.status(), headers, said.text().await.unwrap()));
    }
    assert!(answers[0].1.iter().any(|line| line == "location: /sign-in?problem=wrong&next=%2Fs%2Ftest%2Fproducts"));
    assert!(!answers[0].1.iter().any(|line| line.starts_with("set-cookie")));
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
}

/// The device says whose commands it sends. That opens nothing: it only keeps them out of another person's session.
async fn what_one_person_left_on_a_device_is_not_sent_by_the_next(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "marek", SHOP, Role::Owner).await;
    let (ashas, mareks) = (session(&daybook, "asha").await, session(&daybook, "marek").await);
    let receive = json!({"id": Uuid::from_u128(7), "type": "stock.receive", "device": "T1",
        "data": {"batchref": "B", "sku": "A", "qty": 4}, "issued_at": "2026-01-01T00:00:00.000Z"});
    let push = async |cookie: &str, person: Option<&str>| {
        let push = json!({"protocol": PROTOCOL, "person": person, "submissions": [receive]});
        let body = json!({"shop": SHOP, "push": push});
        let sent = daybook.client.post(format!("{}/api/push_commands", daybook.origin)).json(&body);
        answer(sent.header("cookie", cookie).send().await.unwrap()).await
    };
    for (cookie, person) in [(&mareks, "asha"), (&String::new(), "asha"), (&ashas, "token:till")] {
        let (status, said) = push(cookie, Some(person)).await;
        assert_eq!((status, &said["code"]), (StatusCode::UNAUTHORIZED, &json!("not_signed_in")), "{person}");
    }
    let (status, said) = push(&ashas, Some("asha")).await;
    assert_eq!((status, &said["outcomes"][0]["outcome"]), (StatusCode::OK, &json!("settled")), "{said}");
    // Of a page from before devices knew: whoever is signed in has sent it.
    assert_eq!(push(&mareks, None).await.1["outcomes"], said["outcomes"]);
    let log = answer(daybook.get("/events").header("cookie", &ashas).send().await.unwrap()).await.1;
    assert_eq!(log["events"][0]["actor"], "asha");
}

#[tokio::test]
async fn whoever_guesses_waits_and_the_person_gets_in_from_elsewhere() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let mut tried = 0;
    for _ in 0..40 {
        let said = location(&sign_in(&daybook, &daybook.client, "asha", "guess guess").await);
        tried += u32::from(said.contains("problem=wrong"));
    }
    assert!((5..20).contains(&tried), "{tried}");
    let right = location(&sign_in(&daybook, &daybook.client, "asha", PASSWORD).await);
    assert!(right.contains("problem=later"), "not even the right one, from here: {right}");
    let elsewhere = Client::builder().redirect(Policy::none()).local_address("127.0.0.2".parse().ok()).build().unwrap();
    let there = sign_in(&daybook, &elsewhere, "asha", PASSWORD).await;
    assert_eq!(location(&there), "/s/test/products");
}

#[tokio::test]
async fn nobody_is_signed_in_from_another_site_or_led_to_one() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let form = [("login", "asha"), ("password", PASSWORD), ("next", "https://evil.example/")];
    let post = || daybook.client.post(format!("{}/session", daybook.origin)).form(&form);
    let foreign = post().header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!((foreign.status(), foreign.headers().get("set-cookie")), (StatusCode::FORBIDDEN, None));
    assert_eq!(location(&post().send().await.unwrap()), "/s/test", "their own shop");
    for path in ["/session", "/session/end"] {
        let get = daybook.client.get(format!("{}{path}", daybook.origin)).send().await.unwrap();
        assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}
