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
use web_sys::Window;

use crate::{
    network, person, pin,
    storage::{Storage, mirror},
    worker::{self, Message},
};

/// Another tab hears of it by its appearing.
pub(crate) const KEY: &str = "daybook:signed-out";

/// The page where one signs in.
const DOOR: &str = "/sign-in";

/// The server has to be told.
pub(crate) fn remember() {
    // Without a place to write it down it is told now or not at all.
    let _ = mirror::set(KEY, &true);
    worker::tell(Message::SignedOut);
}

/// Whether the server has still to be told, as far as this page knows.
#[must_use]
pub fn is_remembered() -> bool {
    mirror::raw(KEY).is_some()
}

fn forget() {
    mirror::delete(KEY);
    worker::tell(Message::SessionEnded);
}

/// Tells the server. Whether there is nothing left to tell.
pub async fn finish() -> bool {
    if !is_remembered() {
        return true;
    }
    let told = network::end_session().await;
    if told {
        forget();
    }
    told
}

/// What the server says in a cookie when somebody has signed out by a plain form: one that went before the page was alive.
const BY_FORM: &str = "daybook_out";

/// Sees to what a plain form could not, where one was used, and goes on: the copies of the books on this device go, and
/// what says whose they were. What is not sent stays. Nothing of a shop is started before it is done: a page that has
/// read a copy would go on with it.
pub fn finish_of_form(go_on: impl FnOnce() + 'static) {
    if was_by_form() {
        // Not with the page's own tasks: there are none before it is mounted.
        spawn_local(async {
            forget_everybody().await;
            go_on();
        });
    } else {
        go_on();
    }
}

async fn forget_everybody() {
    // The other tabs hear of it as of any sign-out; the server knows already.
    let _ = mirror::set(KEY, &true);
    mirror::delete(KEY);
    worker::forget_pictures();
    for shop in person::shops() {
        // One that cannot be cleared is overwritten by the next person's.
        let _ = Storage::forget_books(&shop).await;
        if let Some(author) = person::remembered(&shop) {
            pin::forget(&author.actor);
        }
        person::forget(&shop);
    }
    let secure = if is_plain() { "" } else { "; Secure" };
    set_cookie(&format!("{}=; Path=/; SameSite=Strict; Max-Age=0{secure}", by_form()));
}

/// Whether the server says so. It does until it has been seen to: a tab may be closed in the middle of that.
fn was_by_form() -> bool {
    let word = by_form();
    let is_word = |pair: &str| pair.trim().split_once('=').is_some_and(|(name, _)| name == word);
    cookies().is_some_and(|cookies| cookies.split(';').any(is_word))
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
    if of_server && worker::fetched_this_document() {
        forget();
        return true;
    }
    let path = web_sys::window().as_ref().and_then(path).unwrap_or_default();
    if !path.starts_with("/s/") {
        return true;
    }
    to_the_door();
    false
}

fn path(window: &Window) -> Option<String> {
    window.location().pathname().ok()
}
