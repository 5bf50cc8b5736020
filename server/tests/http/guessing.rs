//! Guessing at the door: what it costs, what it finds out, and whom it keeps out. How long an answer takes is measured by
//! `end2end/bench.sh doors`; here it is counted what work was done for it.

use domain::{ShopSlug, books::Role};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use store::contract::Fixture;

use crate::{
    people::{PASSWORD, location, person, session, sign_in},
    support::{Daybook, SHOP, memory, on_every_store, until},
};

on_every_store!(
    an_account_that_is_not_there_is_answered_like_one_that_is_after_the_same_work,
    an_old_session_is_dead_everywhere_after_the_next_sign_in_sign_out_and_removal,
);

fn access(daybook: &Daybook) -> &server::access::Access {
    &daybook.running.as_ref().unwrap().server.access
}

fn hashes(daybook: &Daybook) -> u64 {
    access(daybook).passwords.made()
}

async fn seen(answered: Response) -> (StatusCode, Vec<String>, String) {
    let head = answered.headers().iter().filter(|(name, _)| *name != "date");
    let head = head.map(|(name, value)| format!("{name}: {value:?}")).collect();
    (answered.status(), head, answered.text().await.unwrap())
}

async fn an_account_that_is_not_there_is_answered_like_one_that_is_after_the_same_work(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let access = fixture.store.access();
    let nobody_yet = store::access::Person {
        id: uuid::Uuid::new_v4(),
        login: store::access::Login::parse("marek").unwrap(),
        name: "Marek".to_owned(),
        password: None,
        added_at: domain::values::Millis(0),
    };
    assert!(access.add_person(nobody_yet).await.unwrap());
    let mut answers = Vec::new();
    // Somebody, somebody without a password, nobody, what is no login.
    for login in ["asha", "marek", "nobody", "a b:c", &"x".repeat(5_000)] {
        let before = hashes(&daybook);
        let answered = seen(sign_in(&daybook, &daybook.client, login, "guess guess").await).await;
        answers.push((answered, hashes(&daybook) - before));
    }
    assert!(answers.iter().all(|(answer, work)| *answer == answers[0].0 && *work == 1), "{answers:?}");
    // Whoever comes by an invite learns that a login is taken; without one nobody is told anything.
    let joins = [("code", "daybook_x"), ("login", "asha"), ("name", "x"), ("password", PASSWORD)];
    let others = [("code", "daybook_x"), ("login", "nobody"), ("name", "x"), ("password", PASSWORD)];
    let join = async |form: &[(&str, &str)]| {
        let before = hashes(&daybook);
        let post = daybook.client.post(format!("{}/join", daybook.origin)).form(form);
        let to = location(&post.send().await.unwrap());
        (to.replace("asha", "").replace("nobody", ""), hashes(&daybook) - before)
    };
    assert_eq!(join(&joins).await, join(&others).await);
}

async fn an_old_session_is_dead_everywhere_after_the_next_sign_in_sign_out_and_removal(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let second = Daybook::on(&fixture.reopened().await).await;
    let asha = person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let is = async |instance: &Daybook, cookie: &str, status: StatusCode| {
        let ask = async || {
            let said = instance.get("/digest").header("cookie", cookie).send().await.unwrap().status();
            (said == status).then_some(())
        };
        tokio::time::timeout(std::time::Duration::from_secs(1), until(ask)).await.expect("within a second");
    };
    let first = session(&daybook, "asha").await;
    for instance in [&daybook, &second] {
        is(instance, &first, StatusCode::OK).await;
    }
    let again = daybook.client.post(format!("{}/session", daybook.origin)).header("cookie", &first);
    let again = again.form(&[("login", "asha"), ("password", PASSWORD)]).send().await.unwrap();
    let next = crate::people::cookie(&again);
    for instance in [&daybook, &second] {
        is(instance, &first, StatusCode::UNAUTHORIZED).await;
        is(instance, &next, StatusCode::OK).await;
    }
    let end = daybook.client.post(format!("{}/session/end", daybook.origin)).header("cookie", &next);
    assert_eq!(location(&end.send().await.unwrap()), "/sign-in");
    for instance in [&daybook, &second] {
        is(instance, &next, StatusCode::UNAUTHORIZED).await;
    }
    let last = session(&second, "asha").await;
    is(&daybook, &last, StatusCode::OK).await;
    let shop = ShopSlug::parse(SHOP).unwrap();
    fixture.store.access().end_member(&shop, asha.id, domain::values::Millis(1)).await.unwrap();
    for instance in [&daybook, &second] {
        is(instance, &last, StatusCode::FORBIDDEN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_guesses_few_are_tried_and_the_person_gets_in_from_elsewhere() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let before = hashes(&daybook);
    for _ in 0..1_000 {
        let said = location(&sign_in(&daybook, &daybook.client, "asha", "guess guess").await);
        assert!(said.contains("problem=wrong") || said.contains("problem=later"), "{said}");
    }
    let tried = hashes(&daybook) - before;
    assert!((5..20).contains(&tried), "{tried}");
    // A guesser who goes on to other logins is known by the address.
    for number in 0..100 {
        sign_in(&daybook, &daybook.client, &format!("person-{number}"), "guess guess").await;
    }
    let tried = hashes(&daybook) - before;
    assert!(tried < 50, "{tried}");
    let elsewhere = Client::builder().redirect(Policy::none()).local_address("127.0.0.2".parse().ok()).build().unwrap();
    assert_eq!(location(&sign_in(&daybook, &elsewhere, "asha", PASSWORD).await), "/s/test/products");
}

/// Invites are an owner's to make, as many as they like: a login that is taken is told to whoever comes by one.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_by_an_invite_which_logins_are_taken_waits_like_a_guesser() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    let asha = person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let logins: Vec<String> = (0..60).map(|number| format!("person-{number}")).collect();
    for login in &logins {
        let (id, login) = (uuid::Uuid::new_v4(), store::access::Login::parse(login).unwrap());
        assert!(fixture.store.access().add_person(store::access::Person { id, login, ..asha.clone() }).await.unwrap());
    }
    let secret = access(&daybook).invite(&ShopSlug::parse(SHOP).unwrap(), Role::Reader).await.unwrap();
    let code = secret.text();
    let join = async |client: &Client, login: &str| {
        let form = [("code", code.as_str()), ("login", login), ("name", "x"), ("password", PASSWORD)];
        location(&client.post(format!("{}/join", daybook.origin)).form(&form).send().await.unwrap())
    };
    let mut told = 0;
    for login in &logins {
        let said = join(&daybook.client, login).await;
        assert!(said.contains("problem=taken") || said.contains("problem=later"), "{said}");
        told += u32::from(said.contains("problem=taken"));
    }
    assert!((15..30).contains(&told), "{told}");
    assert!(join(&daybook.client, "nobody").await.contains("problem=later"), "nor is it told who is not known");
    let elsewhere = Client::builder().redirect(Policy::none()).local_address("127.0.0.2".parse().ok()).build().unwrap();
    assert_eq!(join(&elsewhere, "nobody").await, format!("/s/{SHOP}"), "the invite is as good as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_sent_away_from_a_long_queue_has_not_guessed() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let cookie = session(&daybook, "asha").await;
    let all_places: Vec<_> = std::iter::from_fn(|| access(&daybook).passwords.place().ok()).collect();
    for _ in 0..30 {
        let said = location(&sign_in(&daybook, &daybook.client, "asha", PASSWORD).await);
        assert!(said.contains("problem=unavailable"), "{said}");
        let form = [("current", PASSWORD), ("password", "another good one")];
        let asked = daybook.client.post(format!("{}/session/password", daybook.origin)).form(&form);
        let said = location(&asked.header("cookie", &cookie).send().await.unwrap());
        assert!(said.contains("problem=") && !said.contains("problem=later"), "{said}");
    }
    drop(all_places);
    assert_eq!(location(&sign_in(&daybook, &daybook.client, "asha", PASSWORD).await), "/s/test/products");
}
