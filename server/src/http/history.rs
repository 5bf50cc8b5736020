//! `GET /history/{aggregate}`: who, when, on which device, and what was and is now.

use axum::response::Response;
use domain::{
    AggregateId, Entry,
    history::{Change, History},
};
use serde_json::{Value, json};
use sync::past::Asked;

use super::{
    goods::{hide, is_of_money},
    problem::Problem,
    reading::Door,
};
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
    let sees_money = door.author.role.sees_money();
    let told = entries.iter().map(|entry| told(entry, history.take_in(&entry.event)));
    let told: Vec<Value> = told.map(|entry| if sees_money { entry } else { of_goods(entry) }).collect();
    if told.is_empty() {
        return Err(Problem::not_found("record of this name"));
    }
    Ok(json!({"entries": told}))
}

/// What is told of an entry to whoever sees no money: what was asked for in vain may name any sum, and is left out.
fn of_goods(mut entry: Value) -> Value {
    if let Some(changes) = entry.get_mut("changes").and_then(Value::as_array_mut) {
        changes.retain(|change| !change["field"].as_str().is_some_and(is_of_money));
        changes.iter_mut().for_each(hide);
    }
    let is_in_vain = ["Refused", "OrderRejected"].iter().any(|kind| entry["type"] == *kind);
    match entry.get_mut("data") {
        Some(data) if is_in_vain => *data = Value::Null,
        Some(data) => hide(data),
        None => {}
    }
    entry
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
        "replaces": entry.replaces,
        "changes": changes, "data": data,
    })
}
