//! `GET /history/{aggregate}`: who, when, on which device, and what was and is now.

use std::collections::BTreeMap;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{
    AggregateId, Entry, Event,
    comment::{self, Comment, Written},
    order::{self, Order},
    picture,
    product::{self, Product},
    sale::{self, Sale},
    stock::{self, Stock},
};
use serde_json::{Value, json};

use super::{problem::Problem, reading::Door};
use crate::shop::{ShopError, log::unavailable};

/// Entries in one read.
const PAGE: u32 = 1_000;

/// # Errors
/// 404 for an aggregate that nothing has happened to.
pub async fn history(door: Door) -> Result<Response, Problem> {
    let head = door.books().await?.books.position;
    let aggregate = AggregateId::from_stored(door.segment("aggregate"));
    let mut history = History::default();
    let mut version = 0;
    loop {
        let store = &door.server.shops.store;
        let records = store.read_aggregate(&door.shop.slug, &aggregate, version, PAGE).await.map_err(unavailable)?;
        let Some(last) = records.last() else { break };
        version = last.version;
        for record in records.iter().filter(|record| record.position <= head) {
            let entry = record
                .decode()
                .map_err(|error| ShopError::Unreadable { position: record.position, problem: error.to_string() })?;
            history.take_in(&entry);
        }
    }
    Ok(door.answer(head, || {
        if history.entries.is_empty() {
            return Err(Problem::not_found("record of this name"));
        }
        Ok(Json(json!({"entries": history.entries})).into_response())
    }))
}

/// One aggregate's state as its events leave it, told as fields.
#[derive(Default)]
struct History {
    product: Product,
    stock: Stock,
    order: Order,
    sale: Sale,
    comment: Comment,
    fields: BTreeMap<String, Value>,
    entries: Vec<Value>,
}

impl History {
    fn take_in(&mut self, entry: &Entry) {
        let state = match &entry.event {
            Event::Product(event) => {
                self.product = product::evolve(std::mem::take(&mut self.product), event);
                Some(json!(self.product))
            }
            Event::Stock(event) => {
                self.stock = stock::evolve(std::mem::take(&mut self.stock), event);
                Some(stock_fields(&self.stock))
            }
            Event::Order(event) => {
                self.order = order::evolve(std::mem::take(&mut self.order), event);
                Some(json!(self.order))
            }
            Event::Sale(event) => {
                self.sale = sale::evolve(std::mem::take(&mut self.sale), event);
                Some(json!(self.sale))
            }
            Event::Picture(picture::Event::PictureAdded(added)) => Some(json!(added)),
            Event::Comment(event) => {
                let written = Written::of(entry);
                self.comment = comment::evolve(std::mem::take(&mut self.comment), event, &written);
                Some(json!({"picture_id": self.comment.picture_id, "text": self.comment.text}))
            }
            // What was refused or given up changes nothing: it stands in the history with its reason.
            Event::Refused(_) | Event::Declined(_) => None,
        };
        let changes = state.map_or_else(Vec::new, |state| self.changes(state));
        let data = serde_json::to_value(&entry.event).ok().and_then(|mut event| Some(event.get_mut("data")?.take()));
        self.entries.push(json!({
            "position": entry.position, "version": entry.version, "type": entry.event.type_name(),
            "actor": &*entry.actor, "device": &*entry.device,
            "issued_at": entry.issued_at, "recorded_at": entry.recorded_at,
            "command_id": entry.command_id, "causation": entry.causation, "undoes": entry.undoes,
            "changes": changes, "data": data,
        }));
    }

    fn changes(&mut self, state: Value) -> Vec<Value> {
        let mut now = BTreeMap::new();
        flatten("", state, &mut now);
        let was = std::mem::replace(&mut self.fields, now);
        let names: std::collections::BTreeSet<_> = was.keys().chain(self.fields.keys()).collect();
        names
            .into_iter()
            .map(|field| (field, was.get(field), self.fields.get(field)))
            .filter(|(_, was, now)| was != now)
            .map(|(field, was, now)| json!({"field": field, "was": was, "now": now}))
            .collect()
    }
}

fn stock_fields(stock: &Stock) -> Value {
    let batches: BTreeMap<_, _> = stock
        .batches
        .iter()
        .map(|(batchref, batch)| {
            (batchref.to_string(), json!({"qty": batch.qty, "allocated": batch.allocated, "eta": batch.eta}))
        })
        .collect();
    let lines: BTreeMap<_, _> = stock
        .lines
        .iter()
        .map(|(order_id, line)| (order_id.to_string(), json!({"qty": line.qty, "batchref": line.batchref})))
        .collect();
    json!({
        "on_hand": stock.on_hand(), "arriving": stock.arriving(), "allocated": stock.allocated(),
        "available": stock.available(), "batches": batches, "lines": lines,
    })
}

/// `{"a": {"b": 1}}` as `a.b`; a list stays whole.
fn flatten(path: &str, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                flatten(&path, value, into);
            }
        }
        value => {
            into.insert(path.to_owned(), value);
        }
    }
}
