//! `POST /demo`: a demo shop of the visitor's own, and on to it. A form without fields: nothing is made by looking.

use axum::{Extension, extract::State, response::Response};

use super::{
    Shared,
    peer::Peer,
    redirect::{see_other, see_other_with},
};
use crate::clock;

/// On to the new shop; or back to the front door, with the reason as a word.
pub async fn post(State(server): Shared, Extension(Peer(address)): Extension<Peer>) -> Response {
    let Some(visits) = &server.demo else { return see_other_with("/", &[("demo", "none")]) };
    match visits.begin(&server.shops, address, clock::now()).await {
        // Its name is its only key: it is not written down.
        Ok(shop) => {
            tracing::info!(%address, "a demo shop for a visitor");
            see_other(&format!("/s/{shop}"))
        }
        Err(error) => {
            tracing::warn!(%address, %error, "no demo shop for a visitor");
            see_other_with("/", &[("demo", error.word())])
        }
    }
}
