//! `GET /history/{aggregate}`: who, when, on which device, and what was and is now.

use axum::response::Response;
use domain::{
    AggregateId, Entry,
    history::{Change, History},
};
use serde_json::{Value, json};
use sync::past::Asked;

use super::{problem::Problem, reading::Door};
use crate::shop::reading;

/// # Errors
/// 404 for an aggregate that nothing has happened to.
pub async fn history(door: Door) -> Result<Response, Problem> {
    let view = door.books().await?;
    Ok(door.document(&view, entries(&door, view.books.position)).await)
}

/// An aggregate's entries up to `head`.
async fn entries(door: &Door, head: u64) -> Result<Value, Problem> {
    let asked = Asked::Of(vec![AggregateId::from_stored(door.segment("aggregate"))]);
    let entries = reading::entries(&*door.server.shops.store, &door.shop.slug, head, &asked).await?;
    let mut history = History::default();
    let told: Vec<Value> = entries.iter().map(|entry| told(entry, history.take_in(&entry.event))).collect();
    if told.is_empty() {
        return Err(Problem::not_found("record of this name"));
    }
    Ok(json!({"entries": told}))
}

fn told(entry: &Entry, changes: Vec<Change>) -> Value {
    let changes: Vec<_> =
        changes.into_iter().map(|Change { field, was, now }| json!({"field": field, "was": was, "now": now})).collect();
    let data = serde_json::to_value(&entry.event).ok().and_then(|mut event| Some(event.get_mut("data")?.take()));
    json!({
        "position": entry.position, "version": entry.version, "type": entry.event.type_name(),
        "actor": &*entry.actor, "device": &*entry.device,
        "issued_at": entry.issued_at, "recorded_at": entry.recorded_at,
        "command_id": entry.command_id, "causation": entry.causation, "undoes": entry.undoes,
        "changes": changes, "data": data,
    })
}
