//! One shop's pages, asked for by every other way to write their address.

use domain::books::Role;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::owner;
use crate::{
    people::{person, session},
    support::{Daybook, SHOP, memory},
};

const OTHER: &str = "other";
const SECRET: &str = "Canary fund";

/// As it is written: a client of HTTP would put it in order before it asks.
async fn asked(daybook: &Daybook, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(daybook.running.as_ref().unwrap().addr).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_no_spelling_of_an_address_opens_a_shop_to_whom_it_is_closed() {
    let store = memory().await.unwrap().store;
    let daybook = Daybook::on(&store).await;
    let account = json!({"account_id": "1", "title": SECRET, "owner": "Asha", "initial_balance": 5});
    daybook.accepted("account.open", account).await;
    store.create_shop(&domain::ShopSlug::parse(OTHER).unwrap(), "Other", uuid::Uuid::from_u128(2)).await.unwrap();
    store.access().set_member(owner()).await.unwrap();
    person(&*store, "asha", SHOP, Role::Owner).await;
    person(&*store, "ben", OTHER, Role::Owner).await;
    let (asha, ben) = (session(&daybook, "asha").await, session(&daybook, "ben").await);

    let shown = asked(&daybook, &format!("/s/{SHOP}/accounts"), &asha).await;
    assert!(shown.starts_with("HTTP/1.1 200") && shown.contains(SECRET), "the page itself: {shown}");

    let (first, rest) = SHOP.split_at(1);
    let encoded = format!("%{:02x}{rest}", first.as_bytes()[0]);
    let mut spellings = vec![
        format!("/s/{encoded}/accounts"),
        format!("/%73/{SHOP}/accounts"),
        format!("/s/{OTHER}/../{encoded}/accounts"),
        format!("//s/{SHOP}/accounts"),
        format!("/s//{SHOP}/accounts"),
        format!("/s/{SHOP}%2faccounts"),
        format!("\\s\\{SHOP}\\accounts"),
        format!("/s/{OTHER}\\..\\{SHOP}\\accounts"),
        format!("http://localhost/s/{encoded}/accounts"),
    ];
    for up in ["..", "%2e%2e", ".%2E", "%2E."] {
        spellings.push(format!("/s/{OTHER}/{up}/{SHOP}/accounts"));
        spellings.push(format!("/x/{up}/s/{SHOP}/accounts"));
        spellings.push(format!("/{up}/s/{SHOP}/accounts"));
        spellings.push(format!("/s/{OTHER}/products/{up}/{up}/{SHOP}/accounts"));
    }
    for spelling in spellings {
        for cookie in ["", &ben, &asha] {
            let answer = asked(&daybook, &spelling, cookie).await;
            assert!(!answer.contains(SECRET), "{spelling}: {answer}");
            let line = answer.lines().next().unwrap_or_default();
            assert!(["303", "400", "404"].iter().any(|status| line.contains(status)), "{spelling}: {line}");
        }
    }
}
