//! Signing out, also without a network. The page cannot end a session: its cookie is not for scripts. So it is remembered
//! that the server has still to be told, here for the pages and in the worker for what they are fetched with, and
//! nothing of a shop is shown before that is done.
//!
//! ```text
//! remember ──► the copy of the books goes ──► told at once ──yes──► forgotten, the door
//!                                                     └──no───► the door, and told with the next contact
//! ```
//!
//! Where a worker stands before the network, it tells the server before it fetches a page. A page of the server's under
//! such a worker is therefore of another session.

use web_sys::Window;

use crate::{
    network,
    storage::mirror,
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
    if of_server && worker::stands_before_network() {
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
