//! Signing out, also without a network. The page cannot end a session: its cookie is not for scripts. So it is remembered
//! that the server has still to be told, here for the pages and in the worker for what they are fetched with, and
//! nothing of a shop is shown before that is done.
//!
//! ```text
//! remember ──► the copy of the books goes ──► told at once ──yes──► forgotten, the door
//!                                                     └──no───► the door, and told with the next contact
//! ```
//!
//! Where a worker stands before the network, it tells the server before it fetches a page. A page that came through it is
//! therefore of another session.

use js_sys::Reflect;
use wasm_bindgen_futures::spawn_local;
use web_sys::{UrlSearchParams, Window};

use crate::{
    network, person, pin,
    storage::{Storage, mirror},
    worker,
};

/// Another tab hears of it by its appearing.
pub(crate) const KEY: &str = "daybook:signed-out";

/// The page where one signs in.
const DOOR: &str = "/sign-in";

/// The server has to be told. It is written down for the worker, too, when this returns: what is fetched from then on is
/// fetched after the session.
pub(crate) async fn remember() {
    // Without a place to write it down it is told now or not at all.
    let _ = mirror::set(KEY, &js_sys::Date::now());
    worker::remember_sign_out().await;
}

/// Whether the server has still to be told, as far as this page knows.
#[must_use]
pub fn is_remembered() -> bool {
    mirror::raw(KEY).is_some()
}

async fn forget() {
    mirror::delete(KEY);
    worker::forget_sign_out().await;
}

/// Tells the server. Whether there is nothing left to tell.
pub async fn finish() -> bool {
    if !is_remembered() {
        return true;
    }
    let told = network::end_session().await;
    if told {
        forget().await;
    }
    told
}

/// What the server says in a cookie when somebody has signed out by a plain form: one that went before the page was alive.
const BY_FORM: &str = "daybook_out";

/// Sees to what a plain form could not, where one was used, and goes on: the copies of the books of whoever left go from
/// this device, and what says whose they were. What is not sent stays. Nothing of a shop is started before it is done: a
/// page that has read a copy would go on with it.
pub fn finish_of_form(go_on: impl FnOnce() + 'static) {
    if let Some(login) = who_left_by_form() {
        // Not with the page's own tasks: there are none before it is mounted.
        spawn_local(async move {
            forget_whoever_left(&login).await;
            go_on();
        });
    } else {
        go_on();
    }
}

async fn forget_whoever_left(login: &str) {
    // The other tabs hear of it as of any sign-out; the server knows already.
    let _ = mirror::set(KEY, &js_sys::Date::now());
    mirror::delete(KEY);
    worker::forget_pictures().await;
    pin::forget(login);
    for shop in person::shops_of(login) {
        // One that cannot be cleared is overwritten by the next person's.
        let _ = Storage::forget_books(&shop).await;
        person::forget(&shop);
    }
    let secure = if is_plain() { "" } else { "; Secure" };
    set_cookie(&format!("{}=; Path=/; SameSite=Strict; Max-Age=0{secure}", by_form()));
}

/// The login of whoever has left by a plain form, as the server says. It does until it has been seen to: a tab may be closed
/// in the middle of that.
fn who_left_by_form() -> Option<String> {
    let (cookies, word) = (cookies()?, by_form());
    let pair = cookies.split(';').map(str::trim).find(|pair| pair.split('=').next() == Some(&word))?;
    UrlSearchParams::new_with_str(pair).ok()?.get(&word)
}

/// Over TLS a cookie of this prefix is this host's own; any other could be one of its neighbours'.
fn by_form() -> String {
    format!("{}{BY_FORM}", if is_plain() { "" } else { "__Host-" })
}

fn is_plain() -> bool {
    web_sys::window().and_then(|window| window.location().protocol().ok()).as_deref() == Some("http:")
}

fn cookies() -> Option<String> {
    let document = web_sys::window()?.document()?;
    Reflect::get(&document, &"cookie".into()).ok()?.as_string()
}

fn set_cookie(cookie: &str) {
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        let _ = Reflect::set(&document, &"cookie".into(), &cookie.into());
    }
}

pub(crate) fn to_the_door() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().replace(DOOR);
    }
}

/// Before a document comes to life: whether it may. `of_server`: it was not the one that the worker keeps.
#[must_use]
pub fn may_show(of_server: bool) -> bool {
    if !is_remembered() {
        return true;
    }
    if of_server && was_asked_for_since() {
        spawn_local(forget());
        return true;
    }
    let path = web_sys::window().as_ref().and_then(path).unwrap_or_default();
    if !path.starts_with("/s/") {
        return true;
    }
    to_the_door();
    false
}

/// Whether the worker began to fetch this document after it had been written down that somebody has signed out. One that was
/// on its way is still of the old session.
fn was_asked_for_since() -> bool {
    // Of an earlier version of the app there is no time.
    let written_down: f64 = mirror::get(KEY).unwrap_or_default();
    worker::fetched_this_document_at().is_some_and(|asked_for| asked_for > written_down)
}

fn path(window: &Window) -> Option<String> {
    window.location().pathname().ok()
}
