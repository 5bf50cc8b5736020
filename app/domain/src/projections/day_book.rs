//! The day book: the last entries of the log, each with the data of its sentence.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    books::Aggregates,
    digest::Digest,
    event::{AskedCommand, Event},
    ids::{AggregateId, CommandId},
    order,
    picture::{self, Subject},
    product::Product,
    record::Entry,
    refusal::Refusal,
    ring::Ring,
    sale, transfer,
    values::{AccountId, Millis, Sku},
};

/// Entries kept; older ones are in the log.
pub const ENTRIES_KEPT: usize = 500;

/// What a page needs to say one entry in words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BookEntry {
    pub aggregate: AggregateId,
    pub event: Event,
    /// What the products and accounts in it were called at that moment.
    pub names: Names,
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
        Self::named(entry, Names::of(&entry.event, &aggregates.products, product, &aggregates.accounts))
    }

    fn named(entry: &Entry, names: Names) -> Self {
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

/// Names by SKU, in the order of the lines, and titles by account. A handful at most, so a list is the quickest map.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    products: Vec<(Sku, Arc<str>)>,
    accounts: Vec<(AccountId, Arc<str>)>,
}

impl Names {
    /// Those of the products in `event`, where somebody has named them. `product` is the one that the event is about,
    /// if it is about one.
    pub(super) fn of(
        event: &Event,
        products: &OrdMap<Sku, Product>,
        product: Option<&Product>,
        accounts: &OrdMap<AccountId, Account>,
    ) -> Self {
        let mut names = Self::default();
        match event {
            Event::Product(event) => names.add(event.sku(), product),
            Event::Stock(event) => names.add(event.sku(), product),
            Event::Order(event) => names.add_order(event, products, accounts),
            Event::Sale(event) => {
                let (sale::Event::SaleRecorded(sale::SaleRecorded { lines, account, .. })
                | sale::Event::SalePutBack(sale::SalePutBack { lines, account, .. })) = event;
                lines.iter().for_each(|line| names.add(&line.sku, products.get(&line.sku)));
                account.iter().for_each(|id| names.add_account(id, accounts));
            }
            Event::Account(event) => names.add_account(event.account_id(), accounts),
            Event::Transfer(transfer::Event::TransferRequested(requested)) => {
                [&requested.from, &requested.to].into_iter().for_each(|id| names.add_account(id, accounts));
            }
            Event::Transfer(_) | Event::Shop(_) => {}
            Event::Picture(picture::Event::PictureAdded(added)) => match &added.about {
                Some(Subject::Product(sku)) => names.add(sku, products.get(sku)),
                Some(Subject::Account(id)) => names.add_account(id, accounts),
                Some(Subject::Batch(_) | Subject::Order(_)) | None => {}
            },
            Event::Comment(_) => {}
            Event::Refused(refused) => names.add_asked(&refused.command, products, accounts),
            Event::Declined(declined) => names.add_asked(&declined.command, products, accounts),
        }
        names
    }

    fn add_order(
        &mut self,
        event: &order::Event,
        products: &OrdMap<Sku, Product>,
        accounts: &OrdMap<AccountId, Account>,
    ) {
        match event {
            order::Event::ItemAdded(order::ItemAdded { sku, .. })
            | order::Event::ItemRemoved(order::ItemRemoved { sku, .. }) => self.add(sku, products.get(sku)),
            order::Event::OrderPlaced(event) => {
                event.lines.iter().for_each(|line| self.add(&line.sku, products.get(&line.sku)));
                event.account.iter().for_each(|id| self.add_account(id, accounts));
            }
            order::Event::OrderHandedOver(event) => {
                event.lines.iter().for_each(|line| self.add(&line.sku, products.get(&line.sku)));
            }
            order::Event::OrderRejected(event) => match &event.reason {
                Refusal::OutOfStock { sku, .. } => self.add(sku, products.get(sku)),
                Refusal::InsufficientFunds { account_id, .. } => self.add_account(account_id, accounts),
                _ => {}
            },
            order::Event::OrderAccepted(_) | order::Event::OrderCancelled(_) | order::Event::OrderSettled(_) => {}
        }
    }

    /// What was asked for and not done is said in words too.
    fn add_asked(
        &mut self,
        asked: &AskedCommand,
        products: &OrdMap<Sku, Product>,
        accounts: &OrdMap<AccountId, Account>,
    ) {
        let data = &asked.data;
        let lines = data.get("lines").and_then(|lines| lines.as_array()).into_iter().flatten();
        let about = data.get("about");
        for named in lines.chain([data]) {
            let sku = named.get("sku").and_then(|sku| sku.as_str()).and_then(|sku| Sku::parse(sku).ok());
            sku.into_iter().for_each(|sku| self.add(&sku, products.get(&sku)));
        }
        let sku = about.and_then(|about| about.get("product")?.as_str()).and_then(|sku| Sku::parse(sku).ok());
        sku.into_iter().for_each(|sku| self.add(&sku, products.get(&sku)));
        let fields = ["account_id", "account", "from", "to"].map(|field| data.get(field));
        for id in fields.into_iter().chain([about.and_then(|about| about.get("account"))]).flatten() {
            let id = id.as_str().and_then(|id| AccountId::parse(id).ok());
            id.into_iter().for_each(|id| self.add_account(&id, accounts));
        }
    }

    fn add_account(&mut self, id: &AccountId, accounts: &OrdMap<AccountId, Account>) {
        if let Some(account) = accounts.get(id).filter(|_| self.account(id).is_none()) {
            self.accounts.push((id.clone(), account.title.clone()));
        }
    }

    fn add(&mut self, sku: &Sku, product: Option<&Product>) {
        let name = product.map(|product| &product.name).filter(|name| !name.is_empty());
        if let Some(name) = name.filter(|_| self.get(sku).is_none()) {
            self.products.push((sku.clone(), name.clone()));
        }
    }

    #[must_use]
    pub fn get(&self, sku: &Sku) -> Option<&Arc<str>> {
        self.products.iter().find(|(named, _)| named == sku).map(|(_, name)| name)
    }

    /// What the account was called.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&Arc<str>> {
        self.accounts.iter().find(|(named, _)| named == id).map(|(_, title)| title)
    }

    /// Products by SKU.
    pub fn iter(&self) -> impl Iterator<Item = (&Sku, &Arc<str>)> {
        self.products.iter().map(|(sku, name)| (sku, name))
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DayBook {
    /// By position.
    pub entries: Ring<BookEntry>,
}

impl DayBook {
    pub(super) fn apply(&mut self, entry: &Entry, names: Names) {
        self.entries.push(entry.position, BookEntry::named(entry, names), ENTRIES_KEPT);
    }

    pub(super) fn digest(&self) -> Digest {
        self.entries.digest(|position, entry| Digest::of_row("day book", &position, entry))
    }
}
