//! People who share this device: who is here, and how somebody else comes to be.

use std::sync::Arc;

use browser::{
    network::{go, post_form},
    person, pin,
};
use domain::{ShopSlug, books::Author};

use crate::ui::frame::Visit;

/// Whoever uses the device now, and those who share it.
pub(super) struct Here {
    pub author: Author,
    /// Their login, where somebody has signed in.
    pub person: Option<Arc<str>>,
    pub colleagues: Vec<Author>,
}

/// What the server has said of it holds until it says something else; but for somebody who has switched to themselves while
/// it could not be asked.
pub(super) fn who_is_here(shop: &ShopSlug, visit: &Visit) -> Here {
    let colleagues = if visit.is_of_server() {
        let author = |one: &crate::people::Colleague| Author { actor: one.login.as_str().into(), role: one.role };
        let colleagues: Vec<_> = visit.colleagues.iter().map(author).collect();
        person::remember_colleagues(shop, &colleagues);
        colleagues
    } else {
        person::colleagues(shop)
    };
    let Some(known) = visit.signed_in() else {
        if visit.is_of_server() {
            person::forget(shop);
        }
        return Here { author: visit.author(), person: None, colleagues };
    };
    let switched = person::switched(shop).filter(|login| **login != *known.actor);
    let author = switched.and_then(|login| colleagues.iter().find(|one| *one.actor == *login).cloned());
    if author.is_none() && visit.is_of_server() {
        person::settle(shop);
    }
    let author = author.unwrap_or(known);
    person::remember(shop, &author);
    Here { person: Some(author.actor.clone()), author, colleagues }
}

/// Whether this person has switched to themselves, and the server has not heard of it.
pub(super) fn is_switched(shop: &ShopSlug, person: &Author) -> bool {
    person::switched(shop).is_some_and(|login| *login == *person.actor)
}

/// The word for what was wrong, in the address of the page behind a form.
fn problem_of(address: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let problem = query.split('&').find_map(|pair| pair.strip_prefix("problem="))?;
    Some(problem.to_owned())
}

pub(super) async fn switch(shop: &ShopSlug, login: &str, digits: &str) -> Option<String> {
    let (next, from) = (format!("/s/{shop}/till"), format!("/s/{shop}/switch"));
    let form = [("login", login), ("pin", digits), ("next", &next), ("from", &from)];
    let Some(address) = post_form("/session/switch", &form).await else {
        return switch_here(shop, login, digits, &next).await;
    };
    if let Some(problem) = problem_of(&address) {
        return Some(problem);
    }
    if address.ends_with(&next) {
        pin::keep(login, digits).await;
        person::settle(shop);
    }
    go(&address);
    None
}

/// Without the server. It hears of it with what this person writes.
async fn switch_here(shop: &ShopSlug, login: &str, digits: &str, next: &str) -> Option<String> {
    let colleague = person::colleagues(shop).into_iter().find(|one| *one.actor == *login);
    match colleague {
        Some(colleague) if pin::fits(login, digits).await => {
            person::switch(shop, &colleague);
            go(next);
            None
        }
        _ => Some("pin-wrong".to_owned()),
    }
}

pub(super) async fn set(shop: &ShopSlug, login: &str, password: &str, digits: &str) -> Option<String> {
    let page = format!("/s/{shop}/switch");
    let form = [("password", password), ("pin", digits), ("next", &page), ("from", &page)];
    let Some(address) = post_form("/session/pin", &form).await else { return Some("pin-offline".to_owned()) };
    if let Some(problem) = problem_of(&address) {
        return Some(problem);
    }
    if address.ends_with(&page) {
        pin::keep(login, digits).await;
    }
    go(&address);
    None
}
