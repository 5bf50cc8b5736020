//! Those who were let in for long: open feeds.

use std::time::{Duration, Instant};

use domain::{books::Role, values::Millis};
use reqwest::StatusCode;
use serde_json::json;
use server::{access::secret::Secret, clock};
use store::{
    access::{Member, Scope},
    contract::Fixture,
};

use super::{owner, shop, tills};
use crate::{
    people::{person, session},
    support::{Daybook, Feed, answer, on_every_store, until},
};

on_every_store!(
    a_feed_ends_within_a_second_of_its_token_session_or_membership_on_every_instance,
    a_feed_of_an_open_shop_ends_when_the_shop_begins_to_ask,
    a_page_without_a_session_is_told_so_by_its_feed,
    a_feed_has_a_longest_life_and_goes_on_under_another,
);

/// The next frame that is no heartbeat.
async fn next(feed: &mut Feed) -> Option<String> {
    loop {
        match feed.next().await {
            Some(frame) if frame.event == "heartbeat" => {}
            other => return other.map(|frame| frame.event),
        }
    }
}

/// Nobody reads a byte that was written after `ended` and what the feed has noticed of it.
async fn ends(mut feed: Feed, ended: Instant, what: &str) {
    assert_eq!(next(&mut feed).await.as_deref(), Some("revoked"), "{what}");
    assert!(ended.elapsed() < Duration::from_secs(1), "{what}: {:?}", ended.elapsed());
    assert_eq!(next(&mut feed).await, None, "{what}");
}

async fn a_feed_ends_within_a_second_of_its_token_session_or_membership_on_every_instance(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    let access = fixture.store.access();
    let secret = Secret::fresh().unwrap();
    let token = tills(&secret, Scope::Read);
    assert!(access.add_token(token.clone()).await.unwrap());
    let asha = person(&*fixture.store, "asha", "test", Role::Owner).await;
    let marek = person(&*fixture.store, "marek", "test", Role::Seller).await;
    let other = Daybook::on(&fixture.reopened().await).await;
    let (ashas, mareks) = (session(&daybook, "asha").await, session(&daybook, "marek").await);

    let open = async |daybook: &Daybook, cookie: &str| {
        let mut feed = Feed::open(daybook.get("/feed?after=0&protocol=2").header("cookie", cookie)).await;
        assert_eq!(next(&mut feed).await.as_deref(), Some("events"));
        feed
    };
    let by_token = async |daybook: &Daybook| {
        let mut feed = Feed::open(daybook.get("/feed?after=0").bearer_auth(secret.text())).await;
        assert_eq!(next(&mut feed).await.as_deref(), Some("events"));
        feed
    };
    let (here, there) = (by_token(&daybook).await, by_token(&other).await);
    let mut stays = open(&other, &ashas).await;
    assert!(access.revoke_token(&token.shop, token.id, clock::now()).await.unwrap());
    let ended = Instant::now();
    tokio::join!(ends(here, ended, "token, here"), ends(there, ended, "token, on another instance"));

    let (here, there) = (open(&daybook, &mareks).await, open(&other, &mareks).await);
    let out = other.client.post(format!("{}/session/end", other.origin)).header("cookie", &mareks);
    assert_eq!(out.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let ended = Instant::now();
    tokio::join!(ends(here, ended, "session, elsewhere"), ends(there, ended, "session, here"));

    let mareks = session(&daybook, "marek").await;
    let (here, there) = (open(&daybook, &mareks).await, open(&other, &mareks).await);
    let member = access.member(&shop(), marek.id).await.unwrap().unwrap();
    access.set_member(Member { role: Role::Reader, ..member }).await.unwrap();
    let ended = Instant::now();
    tokio::join!(ends(here, ended, "role"), ends(there, ended, "role, on another instance"));

    let (here, there) = (open(&daybook, &mareks).await, open(&other, &mareks).await);
    assert!(access.end_member(&shop(), marek.id, clock::now()).await.unwrap());
    let ended = Instant::now();
    tokio::join!(ends(here, ended, "membership"), ends(there, ended, "membership, on another instance"));

    // Whoever stayed goes on reading.
    let body = json!({"type": "stock.receive", "data": {"batchref": "B-2", "sku": "A", "qty": 4}});
    let said = daybook.post(&body).header("cookie", &ashas).send().await.unwrap();
    assert_eq!(said.status(), StatusCode::OK, "{}", asha.login);
    assert_eq!(next(&mut stays).await.as_deref(), Some("events"));
}

async fn a_feed_of_an_open_shop_ends_when_the_shop_begins_to_ask(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut feed = Feed::open(daybook.get("/feed?after=0")).await;
    assert_eq!(feed.next().await.unwrap().event, "heartbeat");
    fixture.store.access().set_member(owner()).await.unwrap();
    ends(feed, Instant::now(), "the first member").await;
}

async fn a_page_without_a_session_is_told_so_by_its_feed(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let marek = person(&*fixture.store, "marek", "test", Role::Seller).await;
    let cookie = session(&daybook, "marek").await;
    assert!(fixture.store.access().end_member(&shop(), marek.id, Millis(1)).await.unwrap());
    let shut =
        async || (daybook.get("/digest").send().await.unwrap().status() == StatusCode::UNAUTHORIZED).then_some(());
    until(shut).await;
    for cookie in ["", &cookie] {
        let mut feed = Feed::open(daybook.get("/feed?after=0&protocol=2").header("cookie", cookie)).await;
        assert_eq!(next(&mut feed).await.as_deref(), Some("revoked"));
        assert_eq!(next(&mut feed).await, None);
    }
    // Programs and polls are told by the status.
    assert_eq!(daybook.get("/feed?after=0").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let poll = daybook.get("/feed?after=0&protocol=2").header("accept", "application/json");
    assert_eq!(answer(poll.send().await.unwrap()).await.1["code"], "not_signed_in");
    // There is no such shop, whoever asks.
    let nowhere = format!("{}/api/v1/shops/no-such/feed?after=0&protocol=2", daybook.origin);
    assert_eq!(daybook.client.get(nowhere).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

async fn a_feed_has_a_longest_life_and_goes_on_under_another(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.feed_life = Duration::from_millis(200)).await;
    let head = daybook.receive("B", "A", 4).await;
    let begun = Instant::now();
    let mut feed = Feed::open(daybook.get("/feed?after=0")).await;
    let read = feed.next_named("events").await;
    assert_eq!(*read.positions().last().unwrap(), head);
    let bye = feed.next_named("bye").await;
    assert_eq!(bye.data["spread_ms"], 0, "nobody has to wait");
    assert!(begun.elapsed() >= Duration::from_millis(160));
    assert!(feed.next().await.is_none());
}
