//! The forms about devices: their names, their end, and what came after it.

use axum::{body::Bytes, http::StatusCode, response::Response};
use domain::{CommandId, ShopSlug, books::Role};
use store::{
    StoreError,
    access::{Quarantined, Release},
};
use sync::protocol::Outcome;
use uuid::Uuid;

use super::{problem::Problem, reading::Door, redirect::see_other_with, sign_in::SentForm};
use crate::{access::quarantine::released, shop::ShopError};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum DevicesError {
    #[error("no such device")]
    NoSuchDevice,
    #[error("nothing waits under this id")]
    NotWaiting,
    /// The book has another command under its id, or the log does not take it.
    #[error("not decided")]
    NotDecided,
    #[error(transparent)]
    Shop(#[from] ShopError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DevicesError {
    /// The word for it in an address.
    fn word(&self) -> &'static str {
        match self {
            Self::NoSuchDevice => "device",
            Self::NotWaiting => "not-waiting",
            Self::NotDecided => "not-decided",
            Self::Shop(_) | Self::Store(_) => "unavailable",
        }
    }
}

/// `POST /s/{shop}/devices`, forms of the page of that name: `do` says what. For owners.
///
/// # Errors
/// [`Problem`] for whoever is no owner.
pub async fn post(door: Door, body: Bytes) -> Result<Response, Problem> {
    if door.author.role != Role::Owner {
        return Err(Problem::not_allowed(door.author.role, Role::Owner));
    }
    let (form, shop) = (SentForm(body), door.shop.slug.clone());
    let what = form.field("do");
    let done = match what.as_str() {
        "name" | "revoke" | "readmit" => device(&door, &shop, &what, &form).await,
        "release" | "discard" => settle(&door, &shop, &what, &form).await,
        _ => {
            let title = "nothing that can be done here";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_action", title));
        }
    };
    let code = done.as_ref().err().map(DevicesError::word);
    tracing::info!(by = %door.author.actor, %shop, what, code, "devices");
    Ok(match done {
        Ok(()) => see_other_with(&format!("/s/{shop}/devices"), &[("done", &what)]),
        Err(error) => see_other_with(&format!("/s/{shop}/devices"), &[("problem", error.word())]),
    })
}

async fn device(door: &Door, shop: &ShopSlug, what: &str, form: &SentForm) -> Result<(), DevicesError> {
    let (access, id) = (&door.server.access, form.field("device"));
    let is_done = match what {
        "name" => access.name_device(shop, &id, &form.field("name")).await?,
        "readmit" => access.readmit_device(shop, &id).await?,
        _ => access.revoke_device(shop, &id).await?,
    };
    if is_done { Ok(()) } else { Err(DevicesError::NoSuchDevice) }
}

/// What an owner has decided about every command that the form names, in its order; the first that cannot be done ends it.
async fn settle(door: &Door, shop: &ShopSlug, what: &str, form: &SentForm) -> Result<(), DevicesError> {
    let ids = form.fields("command");
    if ids.is_empty() {
        return Err(DevicesError::NotWaiting);
    }
    let waiting = door.server.access.quarantined(shop).await?;
    for id in ids {
        let id = Uuid::try_parse(&id).map(CommandId).map_err(|_| DevicesError::NotWaiting)?;
        let one = waiting.iter().find(|one| one.command == id).ok_or(DevicesError::NotWaiting)?;
        match what {
            "release" => release(door, shop, one).await?,
            _ => discard(door, shop, id).await?,
        }
    }
    Ok(())
}

/// Decides it now, as its author's; the log says what became of it. Marked as settled afterwards: one that was decided and
/// is not marked gets the same verdict the next time.
async fn release(door: &Door, shop: &ShopSlug, one: &Quarantined) -> Result<(), DevicesError> {
    let decided = door.shop.decide(vec![released(one)?]).await?;
    if !matches!(decided.outcomes.first(), Some(Outcome::Settled { .. })) {
        return Err(DevicesError::NotDecided);
    }
    let (access, by) = (&door.server.access, &door.author.actor);
    access.settle_quarantined(shop, one.command, Release::Decided, by).await?;
    Ok(())
}

async fn discard(door: &Door, shop: &ShopSlug, id: CommandId) -> Result<(), DevicesError> {
    let access = &door.server.access;
    if access.settle_quarantined(shop, id, Release::Discarded, &door.author.actor).await? {
        Ok(())
    } else {
        Err(DevicesError::NotWaiting)
    }
}
