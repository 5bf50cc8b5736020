//! What happens at once at the doors of people: of two that must not both be, one is.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};
use domain::{ShopSlug, books::Role};
use futures::future::join_all;
use reqwest::header::{COOKIE, HOST, HeaderMap, HeaderValue};
use server::access::{
    Access,
    people::{Newcomer, PeopleError},
    pin::PinError,
    secret::Secret,
    session::SignInError,
};
use store::{access::PasswordHash, contract::Fixture};

use crate::{
    forgotten::NEW,
    people::{PASSWORD, person},
    support::{SHOP, on_every_store},
};

on_every_store!(
    of_owners_who_leave_at_once_one_stays,
    of_several_who_come_by_one_invite_at_once_one_is_made_known,
    a_taken_login_leaves_the_invite_as_it_was,
    what_begins_by_a_password_that_is_another_one_by_then_is_ended,
    whoever_signs_in_twice_at_once_is_in_twice_also_while_the_hash_is_made_anew,
);

fn shop() -> ShopSlug {
    ShopSlug::parse(SHOP).unwrap()
}

async fn of_owners_who_leave_at_once_one_stays(fixture: Fixture) {
    fixture.shop(SHOP).await;
    let access = Access::new(fixture.store.access(), false);
    let logins: Vec<_> = (0..6).map(|number| format!("owner-{number}")).collect();
    for login in &logins {
        person(&*fixture.store, login, SHOP, Role::Owner).await;
    }
    let shop = shop();
    let ends = logins.iter().enumerate().map(|(number, login)| {
        let role = (number % 2 == 0).then_some(Role::Reader);
        access.set_role(&shop, login, role)
    });
    let said = join_all(ends).await;
    assert_eq!(said.iter().filter(|said| **said == Err(PeopleError::LastOwner)).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|said| said.is_ok()).count(), 5, "{said:?}");
    let members = fixture.store.access().members(&shop).await.unwrap();
    assert_eq!(members.iter().filter(|member| member.active() == Some(Role::Owner)).count(), 1);
}

fn newcomer(login: &str) -> Newcomer {
    Newcomer { login: login.to_owned(), name: String::new(), password: PASSWORD.to_owned() }
}

async fn of_several_who_come_by_one_invite_at_once_one_is_made_known(fixture: Fixture) {
    fixture.shop(SHOP).await;
    let (access, kept) = (Access::new(fixture.store.access(), false), fixture.store.access());
    let code = access.invite(&shop(), Role::Seller).await.unwrap().text();
    let joins = (0..6).map(|number| access.join_as_new(&code, newcomer(&format!("seller-{number}"))));
    let said = join_all(joins).await;
    let joined: Vec<_> = said.iter().flatten().map(|(person, _)| person.id).collect();
    assert_eq!(joined.len(), 1);
    assert!(said.iter().flat_map(|said| said.as_ref().err()).all(|error| *error == PeopleError::NoSuchInvite));
    let known: Vec<_> = kept.people().await.unwrap().into_iter().map(|person| person.id).collect();
    assert_eq!(known, joined);
    assert_eq!(kept.members(&shop()).await.unwrap().len(), 1);
}

async fn a_taken_login_leaves_the_invite_as_it_was(fixture: Fixture) {
    fixture.shop(SHOP).await;
    let (access, kept) = (Access::new(fixture.store.access(), false), fixture.store.access());
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let code = access.invite(&shop(), Role::Seller).await.unwrap().text();
    let made = kept.invites(&shop()).await.unwrap();
    assert_eq!(access.join_as_new(&code, newcomer("asha")).await, Err(PeopleError::LoginTaken));
    assert_eq!(kept.invites(&shop()).await.unwrap(), made);
    assert!(access.join_as_new(&code, newcomer("bo")).await.is_ok());
}

/// Somebody signs in, or sets a PIN, by a password that was read before another one was set.
async fn what_begins_by_a_password_that_is_another_one_by_then_is_ended(fixture: Fixture) {
    fixture.shop(SHOP).await;
    let (access, kept) = (Access::new(fixture.store.access(), false), fixture.store.access());
    let asha = person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let browser = Secret::fresh().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("127.0.0.1"));
    headers.insert(COOKIE, format!("daybook_browser={}", browser.text()).parse().unwrap());
    let another = PasswordHash("$argon2id$another".to_owned());
    kept.set_password(asha.id, another.clone()).await.unwrap();
    kept.end_sessions(asha.id).await.unwrap();

    let begun = access.begin_session(&asha, &headers).await;
    assert!(matches!(begun, Err(SignInError::Wrong)));
    assert_eq!(kept.sessions(asha.id).await.unwrap(), []);
    let set = access.set_pin(&asha, PASSWORD.to_owned(), "2580".to_owned(), &headers).await;
    assert!(matches!(set, Err(PinError::SignIn(SignInError::Wrong))));
    assert_eq!(kept.pins(&browser.hash()).await.unwrap(), []);
    let changed = access.change_password(&asha, PASSWORD.to_owned(), NEW.to_owned(), &headers).await;
    assert!(matches!(changed, Err(SignInError::Wrong)));
    assert_eq!(kept.person(asha.id).await.unwrap().unwrap().password, Some(another));
    assert_eq!(kept.sessions(asha.id).await.unwrap(), []);
}

async fn whoever_signs_in_twice_at_once_is_in_twice_also_while_the_hash_is_made_anew(fixture: Fixture) {
    fixture.shop(SHOP).await;
    let (access, kept) = (Access::new(fixture.store.access(), false), fixture.store.access());
    let asha = person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let old = PasswordHash(weaker.hash_password(PASSWORD.as_bytes()).unwrap().to_string());
    kept.set_password(asha.id, old.clone()).await.unwrap();
    let headers = HeaderMap::new();
    let sign_in = || access.sign_in("asha", PASSWORD.to_owned(), &headers);
    let said = join_all([sign_in(), sign_in(), sign_in()]).await;
    assert!(said.iter().all(Result::is_ok));
    assert_eq!(kept.sessions(asha.id).await.unwrap().len(), 3);
    assert_ne!(kept.person(asha.id).await.unwrap().unwrap().password, Some(old));
}
