//! `GET /search?q=`: records of every kind by the words in them, from a view beside the log.

use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store::views::{
    View,
    search::{Found, words},
};
use tokio::time::{Instant, sleep};

use super::{paging, problem::Problem, reading::Door};
use crate::shop::log::unavailable;

/// Records in an answer, where nothing else is asked for, and at most.
const USUAL: u64 = 20;
const MOST: u64 = 100;

/// Words in a question.
const WORDS: usize = 16;

/// How often it is looked whether the view has come to where it is asked for.
const LOOK: Duration = Duration::from_millis(10);

/// The view follows the log, so its position may be behind. It has everything up to the position that the answer names.
///
/// # Errors
/// 404 where this server keeps no such view, 400 without a word to look for.
pub async fn search(door: Door) -> Result<Response, Problem> {
    if !door.server.is_search_kept {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no_search",
            "this server was started without `--view search`",
        ));
    }
    if door.query.get("as_of").is_some() {
        return Err(Problem::field("as_of", "only the present is searched"));
    }
    let asked = words(door.query.get("q").unwrap_or(""));
    if asked.is_empty() || asked.len() > WORDS {
        return Err(Problem::field("q", "must have 1 to 16 words"));
    }
    let limit = u32::try_from(paging::limit(&door.query, USUAL, MOST)?).unwrap_or(1);
    let least = match door.asked_for()? {
        None => 0,
        Some(least) => door.books().await?.books.position.min(least),
    };
    let view = door.server.shops.store.search();
    let position = reached(&door, &*view, least).await?;
    let found = view.find(&door.shop.slug, &asked, limit).await.map_err(unavailable)?;
    let items: Vec<Value> = found.iter().map(|found| show(&door, found)).collect();
    Ok(door.answer(position, || Ok(Json(json!({"items": items, "next": null})).into_response())))
}

/// Where the view is, once it is at `least`.
async fn reached(door: &Door, view: &dyn View, least: u64) -> Result<u64, Problem> {
    let begun = Instant::now();
    loop {
        let reached = view.reached(&door.shop.slug).await.map_err(unavailable)?;
        let position = reached.map_or(0, |reached| reached.position);
        if position >= least {
            return Ok(position);
        }
        if begun.elapsed() > door.server.limits.wait {
            return Err(crate::shop::ShopError::NotReached { asked: least, head: position }.into());
        }
        sleep(LOOK).await;
    }
}

fn show(door: &Door, Found { kind, id }: &Found) -> Value {
    let place = match kind.as_str() {
        "product" => "products",
        "account" => "accounts",
        "order" => "orders",
        "picture" => "pictures",
        _ => "comments",
    };
    json!({"kind": kind, "id": id, "href": format!("/api/v1/shops/{}/{place}/{id}", door.shop.slug)})
}
