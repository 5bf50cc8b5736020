//! What a record is to people: which aggregates it takes, which of their entries are about it, and what it is called.

use domain::{
    AggregateId, Event,
    books::Books,
    change::Declined,
    event::{AskedCommand, Refused},
    history::Change,
    projections::day_book::BookEntry,
    values::{BatchRef, OrderId, PictureId, Sku},
};

use crate::live::PageContext;

/// What belongs to a record.
pub(super) struct Record {
    pub aggregates: Vec<AggregateId>,
    /// Of the aggregates, only what changes these fields; all where there is none.
    fields: Option<String>,
    /// What was refused is of this record where it names it so.
    named: Option<(&'static str, String)>,
}

impl Record {
    pub fn of(name: &str, books: &Books) -> Self {
        let whole = |kinds: &[&str], key: &str| Self {
            aggregates: kinds.iter().map(|kind| AggregateId::new(kind, key)).collect(),
            fields: None,
            named: None,
        };
        let (kind, key) = name.split_once('-').unwrap_or((name, ""));
        match kind {
            "product" | "stock" => whole(&["product", "stock"], key),
            "batch" => {
                let sku =
                    BatchRef::parse(key).ok().and_then(|batchref| books.aggregates.batches.get(&batchref).cloned());
                let stock = sku.map(|sku| AggregateId::new("stock", sku.as_str()));
                Self {
                    aggregates: stock.into_iter().chain([AggregateId::new("batch", key)]).collect(),
                    fields: Some(format!("batches.{key}.")),
                    named: Some(("batchref", key.to_owned())),
                }
            }
            "order" => {
                let order =
                    OrderId::parse(key).ok().and_then(|order_id| books.projections.orders.orders.get(&order_id));
                let stocks = order.map_or_else(Vec::new, |order| {
                    order.lines.iter().map(|line| AggregateId::new("stock", line.sku.as_str())).collect()
                });
                Self {
                    aggregates: stocks.into_iter().chain([AggregateId::new("order", key)]).collect(),
                    fields: Some(format!("lines.{key}.")),
                    named: Some(("order_id", key.to_owned())),
                }
            }
            "picture" => {
                let all = books.aggregates.comments.iter();
                let said = all.filter(|(_, comment)| comment.picture_id.as_ref().is_some_and(|id| id.as_str() == key));
                let said = said.map(|(id, _)| AggregateId::new("comment", id.as_str()));
                Self { aggregates: said.chain([AggregateId::new("picture", key)]).collect(), fields: None, named: None }
            }
            _ => whole(&[kind], key),
        }
    }

    /// What of an entry's changes is about the record; none where the entry is not.
    pub fn about(&self, name: &str, entry: &BookEntry, mut changes: Vec<Change>) -> Option<Vec<Change>> {
        let Some(prefix) = self.fields.as_ref().filter(|_| entry.aggregate.as_str() != name) else {
            return Some(changes);
        };
        if let Event::Refused(Refused { command, .. }) | Event::Declined(Declined { command, .. }) = &entry.event {
            return self.names(command).then_some(changes);
        }
        changes.retain(|change| change.field.starts_with(prefix));
        (!changes.is_empty()).then_some(changes)
    }

    fn names(&self, command: &AskedCommand) -> bool {
        let said = |field: &str| command.data.get(field).and_then(serde_json::Value::as_str);
        self.named.as_ref().is_some_and(|(field, key)| said(field) == Some(key.as_str()))
    }
}

/// What the record is called, where its page is, and whether it was archived.
pub(super) fn named(context: &PageContext<'_>, record: &str) -> (String, Option<String>, bool) {
    let (kind, key) = record.split_once('-').unwrap_or((record, ""));
    let read = &context.books.projections;
    match kind {
        "product" | "stock" => {
            let sku = Sku::parse(key).ok();
            let row = sku.as_ref().and_then(|sku| read.catalogue.products.get(sku));
            let name = row.map(|row| row.name.clone()).filter(|name| !name.is_empty());
            let href = row.map(|_| context.at(&format!("/products/{key}")));
            (name.unwrap_or_else(|| key.to_owned()), href, row.is_some_and(|row| row.archived))
        }
        "batch" => {
            let known = BatchRef::parse(key).ok().and_then(|batchref| read.stock.batches.get(&batchref));
            (format!("Batch {key}"), known.map(|_| context.at(&format!("/batches/{key}"))), false)
        }
        "order" => {
            let known = OrderId::parse(key).ok().and_then(|order_id| read.orders.orders.get(&order_id));
            (format!("Order {key}"), known.map(|_| context.at(&format!("/orders/{key}"))), false)
        }
        "picture" => {
            let known = PictureId::parse(key).ok().and_then(|id| read.pictures.pictures.get(&id));
            let caption = known.and_then(|row| row.caption.as_ref()).map(ToString::to_string);
            let href = known.map(|_| context.at(&format!("/pictures/{key}")));
            (caption.unwrap_or_else(|| format!("Picture {key}")), href, false)
        }
        "sale" => (format!("Sale {key}"), None, false),
        _ => (record.to_owned(), None, false),
    }
}
