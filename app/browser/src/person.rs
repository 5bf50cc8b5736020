//! Who has signed in on this device, as far as it was told, and who shares it: for a page that starts without the server. A
//! name and a role, and nothing that opens a door; the server believes the session alone.

use domain::{
    ShopSlug,
    books::{Author, Role},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use sync::protocol::{Revocation, ShutOut};

use crate::storage::mirror;

#[derive(Serialize, Deserialize)]
struct Remembered {
    login: String,
    role: Role,
}

impl From<&Author> for Remembered {
    fn from(person: &Author) -> Self {
        Self { login: person.actor.to_string(), role: person.role }
    }
}

impl From<Remembered> for Author {
    fn from(Remembered { login, role }: Remembered) -> Self {
        Self { actor: login.into(), role }
    }
}
const PREFIX: &str = "daybook:";
const SUFFIX: &str = ":person";

fn key(shop: &ShopSlug) -> String {
    format!("{PREFIX}{shop}{SUFFIX}")
}

/// Whoever used the shop last on this device, if they had to sign in for it.
#[must_use]
pub fn remembered(shop: &ShopSlug) -> Option<Author> {
    mirror::get::<Remembered>(&key(shop)).map(Author::from)
}

/// For the next start without the server. One that cannot be written is found out by the server at the next push.
pub fn remember(shop: &ShopSlug, person: &Author) {
    let _ = mirror::set(&key(shop), &Remembered::from(person));
}

/// The shops that somebody of this login used on this device.
pub(crate) fn shops_of(login: &str) -> Vec<ShopSlug> {
    let all = mirror::written(PREFIX).into_iter();
    let shops = all.filter_map(|(rest, _)| ShopSlug::parse(rest.strip_suffix(SUFFIX)?).ok());
    shops.filter(|shop| remembered(shop).is_some_and(|person| *person.actor == *login)).collect()
}

/// That this device, or whoever used it then, was shut out.
#[derive(Serialize, Deserialize)]
struct Ended {
    revocation: Revocation,
    login: Option<Arc<str>>,
}

fn ended_key(shop: &ShopSlug) -> String {
    format!("daybook:{shop}:revoked")
}

/// That this device was shut out, or `person` was, as it was heard on this device.
#[must_use]
pub fn revocation(shop: &ShopSlug, person: Option<&str>) -> Option<Revocation> {
    let Ended { revocation, login } = mirror::get(&ended_key(shop))?;
    let concerns = revocation.of == ShutOut::Device || login.as_deref() == person;
    concerns.then_some(revocation)
}

/// For the next start. One that cannot be written is heard again from the server.
pub fn remember_revocation(shop: &ShopSlug, revocation: Revocation, person: Option<Arc<str>>) {
    let _ = mirror::set(&ended_key(shop), &Ended { revocation, login: person });
}

pub fn forget_revocation(shop: &ShopSlug) {
    mirror::delete(&ended_key(shop));
}

pub fn forget(shop: &ShopSlug) {
    mirror::delete(&key(shop));
    mirror::delete(&switched_key(shop));
}

fn colleagues_key(shop: &ShopSlug) -> String {
    format!("daybook:{shop}:colleagues")
}

/// Who can switch to themselves here, as the server said last.
#[must_use]
pub fn colleagues(shop: &ShopSlug) -> Vec<Author> {
    let known: Option<Vec<Remembered>> = mirror::get(&colleagues_key(shop));
    known.unwrap_or_default().into_iter().map(Author::from).collect()
}

pub fn remember_colleagues(shop: &ShopSlug, people: &[Author]) {
    let people: Vec<_> = people.iter().map(Remembered::from).collect();
    let _ = mirror::set(&colleagues_key(shop), &people);
}

fn switched_key(shop: &ShopSlug) -> String {
    format!("daybook:{shop}:switched")
}

/// Whoever has switched to themselves without the server, which still takes this browser for the one before.
#[must_use]
pub fn switched(shop: &ShopSlug) -> Option<String> {
    mirror::get(&switched_key(shop))
}

/// Somebody has said by their PIN that they are here, and the server has not heard of it.
pub fn switch(shop: &ShopSlug, person: &Author) {
    remember(shop, person);
    let _ = mirror::set(&switched_key(shop), &person.actor.to_string());
}

/// The server knows who is here.
pub fn settle(shop: &ShopSlug) {
    mirror::delete(&switched_key(shop));
}
