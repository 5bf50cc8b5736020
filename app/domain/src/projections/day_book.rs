//! The day book: the last entries of the log, each with the data of its sentence.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::titles::Titles;
use crate::{
    books::{Aggregates, Seen},
    digest::Digest,
    event::{AskedCommand, Event},
    ids::{AggregateId, CommandId},
    order,
    picture::{self, PictureAdded, Subject},
    product::Product,
    record::Entry,
    refusal::Refusal,
    ring::Ring,
    sale, transfer,
    values::{Millis, Sku},
};

/// Entries kept; older ones are in the log.
pub const ENTRIES_KEPT: usize = 500;

/// What a page needs to say one entry in words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BookEntry {
    pub aggregate: AggregateId,
    pub event: Event,
    /// What the products in it were called at that moment.
    pub names: Names,
    /// What the accounts in it were called. Rows from before there were accounts have none.
    #[serde(default, skip_serializing_if = "Titles::is_empty")]
    pub titles: Titles,
    /// Minor units that came in, where money is part of it; of a transfer, those that change hands.
    pub amount: Option<i64>,
    pub actor: Arc<str>,
    pub device: Arc<str>,
    pub command_id: CommandId,
    /// Position of the entry that caused this one.
    pub causation: Option<u64>,
    /// The command that this entry puts back.
    pub undoes: Option<CommandId>,
    pub issued_at: Millis,
    pub recorded_at: Millis,
}

impl BookEntry {
    /// The row for an old entry, with the names of today.
    #[must_use]
    pub fn of(entry: &Entry, aggregates: &Aggregates) -> Self {
        let product = match &entry.event {
            Event::Product(event) => aggregates.products.get(event.sku()),
            Event::Stock(event) => aggregates.products.get(event.sku()),
            _ => None,
        };
        let names = Names::of(&entry.event, &aggregates.products, product);
        Self::named(entry, names, Titles::of(&entry.event, &aggregates.accounts))
    }

    fn named(entry: &Entry, names: Names, titles: Titles) -> Self {
        let amount = match &entry.event {
            Event::Sale(sale::Event::SaleRecorded(recorded)) => Some(recorded.total),
            Event::Sale(sale::Event::SalePutBack(back)) => Some(-back.total),
            Event::Account(event) => Some(event.change()).filter(|change| *change != 0),
            Event::Transfer(transfer::Event::TransferRequested(requested)) => Some(requested.amount.minor()),
            _ => None,
        };
        Self {
            aggregate: entry.aggregate.clone(),
            names,
            titles,
            event: entry.event.clone(),
            amount,
            actor: entry.actor.clone(),
            device: entry.device.clone(),
            command_id: entry.command_id,
            causation: entry.causation,
            undoes: entry.undoes,
            issued_at: entry.issued_at,
            recorded_at: entry.recorded_at,
        }
    }
}

/// Names by SKU, in the order of the lines. A handful at most, so a list is the quickest map.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(Vec<(Sku, Arc<str>)>);

impl Names {
    /// Those of the products in `event`, where somebody has named them. `product` is the one that the event is about,
    /// if it is about one.
    pub(super) fn of(event: &Event, products: &OrdMap<Sku, Product>, product: Option<&Product>) -> Self {
        let mut names = Self::default();
        let mut add = |sku: &Sku| names.add(sku, products.get(sku));
        match event {
            Event::Product(event) => names.add(event.sku(), product),
            Event::Stock(event) => names.add(event.sku(), product),
            Event::Order(event) => match event {
                order::Event::ItemAdded(order::ItemAdded { sku, .. })
                | order::Event::ItemRemoved(order::ItemRemoved { sku, .. })
                | order::Event::OrderRejected(order::OrderRejected {
                    reason: Refusal::OutOfStock { sku, .. }, ..
                }) => add(sku),
                order::Event::OrderPlaced(event) => event.lines.iter().for_each(|line| add(&line.sku)),
                order::Event::OrderHandedOver(event) => event.lines.iter().for_each(|line| add(&line.sku)),
                order::Event::OrderRejected(_)
                | order::Event::OrderAccepted(_)
                | order::Event::OrderCancelled(_)
                | order::Event::OrderSettled(_) => {}
            },
            Event::Sale(
                sale::Event::SaleRecorded(sale::SaleRecorded { lines, .. })
                | sale::Event::SalePutBack(sale::SalePutBack { lines, .. }),
            ) => lines.iter().for_each(|line| add(&line.sku)),
            Event::Picture(picture::Event::PictureAdded(PictureAdded {
                about: Some(Subject::Product(sku)), ..
            })) => add(sku),
            Event::Account(_) | Event::Transfer(_) | Event::Shop(_) | Event::Picture(_) | Event::Comment(_) => {}
            Event::Refused(refused) => names.add_asked(&refused.command, products),
            Event::Declined(declined) => names.add_asked(&declined.command, products),
        }
        names
    }

    /// What was asked for and not done is said in words too.
    fn add_asked(&mut self, asked: &AskedCommand, products: &OrdMap<Sku, Product>) {
        let data = &asked.data;
        let lines = data.get("lines").and_then(|lines| lines.as_array()).into_iter().flatten();
        for named in lines.chain([data]) {
            let sku = named.get("sku").and_then(|sku| sku.as_str()).and_then(|sku| Sku::parse(sku).ok());
            sku.into_iter().for_each(|sku| self.add(&sku, products.get(&sku)));
        }
        let sku =
            data.get("about").and_then(|about| about.get("product")?.as_str()).and_then(|sku| Sku::parse(sku).ok());
        sku.into_iter().for_each(|sku| self.add(&sku, products.get(&sku)));
    }

    fn add(&mut self, sku: &Sku, product: Option<&Product>) {
        let name = product.map(|product| &product.name).filter(|name| !name.is_empty());
        if let Some(name) = name.filter(|_| self.get(sku).is_none()) {
            self.0.push((sku.clone(), name.clone()));
        }
    }

    #[must_use]
    pub fn get(&self, sku: &Sku) -> Option<&Arc<str>> {
        self.0.iter().find(|(named, _)| named == sku).map(|(_, name)| name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Sku, &Arc<str>)> {
        self.0.iter().map(|(sku, name)| (sku, name))
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DayBook {
    /// By position.
    pub entries: Ring<BookEntry>,
}

impl DayBook {
    pub(super) fn apply(&mut self, entry: &Entry, names: Names, seen: &Seen<'_>) {
        let titles = Titles::of(&entry.event, seen.accounts);
        self.entries.push(entry.position, BookEntry::named(entry, names, titles), ENTRIES_KEPT);
    }

    pub(super) fn digest(&self) -> Digest {
        self.entries.digest(|position, entry| Digest::of_row("day book", &position, entry))
    }
}
