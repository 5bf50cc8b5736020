//! What happens at once at the doors of people: of two that must not both be, one is.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};
use domain::books::Role;
use futures::future::join_all;
use reqwest::header::{COOKIE, HOST, HeaderMap, HeaderValue};
use server::access::{Access, pin::PinError, secret::Secret, session::SignInError};
use store::{access::PasswordHash, contract::Fixture};

use crate::{
    forgotten::NEW,
    people::{PASSWORD, person},
    support::{SHOP, on_every_store},
};

on_every_store!(
    what_begins_by_a_password_that_is_another_one_by_then_is_ended,
    whoever_signs_in_twice_at_once_is_in_twice_also_while_the_hash_is_made_anew,
);

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
