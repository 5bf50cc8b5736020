//! The log itself, and the books at a position.

use std::{io, sync::Arc};

use app::backend::View;
use axum::{
    Json,
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::books::FOLD_VERSION;
use futures::stream;
use serde_json::json;
use store::{EventStore, StoreError};
use sync::protocol::{PROTOCOL, Snapshot};

use super::{paging, problem::Problem, reading::Door};
use crate::shop::{Shop, log::unavailable};

/// Entries in an answer, where nothing else is asked for.
const USUAL: u64 = 100;
/// Entries in an answer, at most; of a stream, in one read.
const MOST: u64 = 1_000;

/// `GET /events?after=N&limit=M`: JSON, or all of it as NDJSON.
///
/// # Errors
/// [`Problem`].
pub async fn events(door: Door) -> Result<Response, Problem> {
    let after = door.query.number("after")?.unwrap_or(0);
    let ndjson = wants_ndjson(&door);
    let limit =
        paging::limit(&door.query, if ndjson { u64::MAX } else { USUAL }, if ndjson { u64::MAX } else { MOST })?;
    let head = door.books().await?.books.position;
    let to = head.min(after.saturating_add(limit));
    if ndjson {
        let shop = door.shop.clone();
        let store = door.server.shops.store.clone();
        return Ok(door.answer(head, || Ok(stream_of(store, shop, after, to))));
    }
    let count = u32::try_from(to.saturating_sub(after)).unwrap_or(0);
    let records = match count {
        0 => Vec::new(),
        count => door.server.shops.store.read(&door.shop.slug, after, count).await.map_err(unreadable)?,
    };
    Ok(door.answer(head, || Ok(Json(json!({"events": records, "head": head})).into_response())))
}

fn unreadable(error: StoreError) -> Problem {
    unavailable(error).into()
}

fn wants_ndjson(door: &Door) -> bool {
    let accepted = door.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|one| {
        let essence = one.split(';').next().unwrap_or("").trim();
        essence.eq_ignore_ascii_case("application/x-ndjson") || essence.eq_ignore_ascii_case("application/ndjson")
    })
}

/// Read in parts as the reader takes them. An entry that cannot be read cuts the stream off, which the reader sees.
fn stream_of(store: Arc<dyn EventStore>, shop: Arc<Shop>, after: u64, to: u64) -> Response {
    let parts = stream::try_unfold(after, move |at| {
        let (store, shop) = (store.clone(), shop.clone());
        async move {
            let count = u32::try_from(to.saturating_sub(at).min(MOST)).unwrap_or(0);
            if count == 0 {
                return Ok(None);
            }
            let records = store.read(&shop.slug, at, count).await.map_err(io::Error::other)?;
            let Some(last) = records.last().map(|record| record.position) else { return Ok(None) };
            let mut lines = Vec::with_capacity(records.len() * 512);
            for record in &records {
                serde_json::to_writer(&mut lines, record).map_err(io::Error::other)?;
                lines.push(b'\n');
            }
            Ok::<_, io::Error>(Some((Bytes::from(lines), last)))
        }
    });
    let content_type = HeaderValue::from_static("application/x-ndjson");
    ([(header::CONTENT_TYPE, content_type)], Body::from_stream(parts)).into_response()
}

/// `GET /snapshot`: where a new replica starts.
///
/// # Errors
/// [`Problem`].
pub async fn snapshot(door: Door) -> Result<Response, Problem> {
    door.read(|view| Ok(snapshot_of(view))).await
}

/// The books with all that a replica needs to go on from them.
#[must_use]
pub fn snapshot_of(view: &View) -> Snapshot {
    Snapshot {
        protocol: PROTOCOL,
        fold: FOLD_VERSION,
        epoch: view.epoch,
        hash: view.hash,
        digest: view.books.digest(),
        title: view.title.to_string(),
        common: None,
        books: (*view.books).clone(),
    }
}
