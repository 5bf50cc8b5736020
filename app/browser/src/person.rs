//! Who has signed in on this device, as far as it was told: for a page that starts without the server. A name and a role,
//! and nothing that opens a door; the server believes the session alone.

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

const PREFIX: &str = "daybook:";
const SUFFIX: &str = ":person";

fn key(shop: &ShopSlug) -> String {
    format!("{PREFIX}{shop}{SUFFIX}")
}

/// Whoever used the shop last on this device, if they had to sign in for it.
#[must_use]
pub fn remembered(shop: &ShopSlug) -> Option<Author> {
    let Remembered { login, role } = mirror::get(&key(shop))?;
    Some(Author { actor: login.into(), role })
}

/// For the next start without the server. One that cannot be written is found out by the server at the next push.
pub fn remember(shop: &ShopSlug, person: &Author) {
    let _ = mirror::set(&key(shop), &Remembered { login: person.actor.to_string(), role: person.role });
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
}
