//! Read models: what pages, the API and other people's programs look at. Each is advanced by one entry at a time;
//! what it is shown is the state after the entry.

pub mod accounts;
pub mod attention;
pub mod catalogue;
pub mod day_book;
pub mod orders;
pub mod pictures;
pub mod refused;
pub mod sales;
pub mod stock;
pub mod titles;
pub mod transfers;

use serde::{Deserialize, Serialize};

use crate::{books::Seen, digest::Digest, record::Entry};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Projections {
    pub catalogue: catalogue::Catalogue,
    pub stock: stock::StockBook,
    pub orders: orders::Orders,
    pub sales: sales::Sales,
    pub accounts: accounts::Accounts,
    pub transfers: transfers::Transfers,
    pub pictures: pictures::Pictures,
    pub day_book: day_book::DayBook,
    pub attention: attention::Attention,
    pub refused: refused::NotAccepted,
}

impl Projections {
    pub(crate) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        let names = day_book::Names::of(&entry.event, seen.products, seen.product);
        self.catalogue.apply(entry, seen);
        self.stock.apply(entry, seen);
        self.orders.apply(entry, seen);
        self.sales.apply(entry, &names);
        self.accounts.apply(entry, seen);
        self.transfers.apply(entry, seen, &mut self.accounts);
        self.pictures.apply(entry, seen);
        self.day_book.apply(entry, names, seen);
        self.attention.apply(entry, seen);
        self.refused.apply(entry);
    }

    #[must_use]
    pub fn digest(&self) -> Digest {
        [
            self.catalogue.digest(),
            self.stock.digest(),
            self.orders.digest(),
            self.sales.digest(),
            self.accounts.digest(),
            self.transfers.digest(),
            self.pictures.digest(),
            self.day_book.digest(),
            self.attention.digest(),
            self.refused.digest(),
        ]
        .into_iter()
        .sum()
    }
}
