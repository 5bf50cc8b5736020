//! Every product with what can be had of it: the page and the listing each read one row.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::{
    books::Seen,
    digest::Digest,
    event::Event,
    product::Product,
    record::Entry,
    stock::Stock,
    table::{Row, Table},
    values::{Day, Price, Sku},
};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ProductRow {
    /// Empty while nobody has named the product.
    pub name: String,
    pub description: String,
    pub category: String,
    pub price: Price,
    pub archived: bool,
    pub on_hand: i64,
    pub allocated: i64,
    pub arriving: i64,
    /// On hand + arriving − allocated.
    pub available: i64,
    pub next_eta: Option<Day>,
    /// Position of the last entry that changed this row.
    pub position: u64,
}

impl Row for ProductRow {
    const TABLE: &'static str = "catalogue";
    type Key = Sku;
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Table<ProductRow>", into = "Table<ProductRow>")]
pub struct Catalogue {
    pub products: Table<ProductRow>,
    /// By category, the rows of its products, shared with `products`. It follows from them, so it is in no digest and in
    /// no snapshot.
    categories: OrdMap<String, Category>,
}

/// A category with its products.
type Category = OrdMap<Sku, Arc<ProductRow>>;

impl From<Table<ProductRow>> for Catalogue {
    fn from(products: Table<ProductRow>) -> Self {
        let mut categories = OrdMap::<String, Category>::new();
        for (sku, row) in products.shared().filter(|(_, row)| !row.category.is_empty()) {
            categories.entry(row.category.clone()).or_default().insert(sku.clone(), row.clone());
        }
        Self { products, categories }
    }
}

impl From<Catalogue> for Table<ProductRow> {
    fn from(catalogue: Catalogue) -> Self {
        catalogue.products
    }
}

impl Catalogue {
    /// The products of a category, by SKU; `None` where there are none. One look-up by its name: they are there with it.
    #[must_use]
    pub fn category(&self, name: &str) -> Option<impl Iterator<Item = (&Sku, &ProductRow)>> {
        Some(self.categories.get(name)?.iter().map(|(sku, row)| (sku, &**row)))
    }

    fn leave(&mut self, sku: &Sku, category: &str) {
        let Some(left) = self.categories.get_mut(category) else { return };
        left.remove(sku);
        if left.is_empty() {
            self.categories.remove(category);
        }
    }

    /// After a change of its row.
    fn show_in_category(&mut self, sku: &Sku) {
        let Some(row) = self.products.shared_row(sku).filter(|row| !row.category.is_empty()) else { return };
        match self.categories.get_mut(&row.category) {
            Some(category) => category.insert(sku.clone(), row.clone()),
            None => self.categories.insert(row.category.clone(), OrdMap::unit(sku.clone(), row.clone())).and(None),
        };
    }

    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        let sku = match &entry.event {
            Event::Product(event) => event.sku(),
            Event::Stock(event) => event.sku(),
            Event::Order(_)
            | Event::Sale(_)
            | Event::Account(_)
            | Event::Transfer(_)
            | Event::Shop(_)
            | Event::Picture(_)
            | Event::Comment(_)
            | Event::Refused(_)
            | Event::Declined(_) => return,
        };
        if let (Event::Product(_), Some(now)) = (&entry.event, seen.product)
            && let Some(was) = self.products.shared_row(sku).filter(|row| row.category != now.category).cloned()
        {
            self.leave(sku, &was.category);
        }
        self.products.change(sku, ProductRow::default, |row| {
            row.position = entry.position;
            match &entry.event {
                Event::Product(_) => row.show_product(seen.product),
                _ => row.show_stock(seen.stock.map(|stock| stock.after)),
            }
        });
        self.show_in_category(sku);
    }

    pub(super) fn digest(&self) -> Digest {
        self.products.digest()
    }
}

impl ProductRow {
    fn show_product(&mut self, product: Option<&Product>) {
        let Some(product) = product else { return };
        self.name = product.name.to_string();
        self.description.clone_from(&product.description);
        self.category.clone_from(&product.category);
        self.price = product.price;
        self.archived = product.archived;
    }

    fn show_stock(&mut self, stock: Option<&Stock>) {
        let Some(stock) = stock else { return };
        self.on_hand = stock.on_hand();
        self.allocated = stock.allocated();
        self.arriving = stock.arriving();
        self.available = stock.available();
        self.next_eta = stock.next_eta();
    }
}
