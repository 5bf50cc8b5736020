//! A product: what the shop sells, under a code that never changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    fields::{FieldError, Fields},
    refusal::{Refusal, Thing},
    values::{Category, Description, Price, ProductName, Sku},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "product.add")]
    Add(Add),
    #[serde(rename = "product.change")]
    Change(Change),
    #[serde(rename = "product.archive")]
    Archive { sku: Sku },
    #[serde(rename = "product.unarchive")]
    Unarchive { sku: Sku },
    /// Of the process `registration` alone: goods came or went whose product nobody has named yet.
    #[serde(rename = "product.register")]
    Register { sku: Sku },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Add {
    pub sku: Sku,
    pub name: ProductName,
    pub description: Description,
    pub category: Category,
    pub price: Price,
}

/// What is absent stays as it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    pub sku: Sku,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<ProductName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] =
        &["product.add", "product.change", "product.archive", "product.unarchive"];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let sku = fields.text("sku", Sku::parse);
        let command = match command_type {
            "product.add" => {
                let name = fields.text("name", ProductName::parse);
                let description = fields.optional_text("description", Description::parse);
                let category = fields.optional_text("category", Category::parse);
                let price = fields.number("price", Price::new);
                sku.zip(name).zip(price).map(|((sku, name), price)| {
                    let (description, category) = (description.unwrap_or_default(), category.unwrap_or_default());
                    Self::Add(Add { sku, name, description, category, price })
                })
            }
            "product.change" => {
                let name = fields.has("name").then(|| fields.text("name", ProductName::parse)).flatten();
                let description =
                    fields.has("description").then(|| fields.text("description", Description::parse)).flatten();
                let category = fields.has("category").then(|| fields.text("category", Category::parse)).flatten();
                let price = fields.optional_number("price", Price::new);
                sku.map(|sku| Self::Change(Change { sku, name, description, category, price }))
            }
            "product.archive" => sku.map(|sku| Self::Archive { sku }),
            _ => sku.map(|sku| Self::Unarchive { sku }),
        };
        fields.finish(command)
    }

    #[must_use]
    pub fn sku(&self) -> &Sku {
        match self {
            Self::Add(Add { sku, .. })
            | Self::Change(Change { sku, .. })
            | Self::Archive { sku }
            | Self::Unarchive { sku }
            | Self::Register { sku } => sku,
        }
    }
}

events!(
    /// What happened to a product.
    ProductAdded,
    ProductChanged,
    ProductArchived,
    ProductUnarchived,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductAdded {
    pub sku: Sku,
    /// Empty for a product that only became known by its goods.
    pub name: String,
    pub description: Description,
    pub category: Category,
    pub price: Price,
}

/// Only what changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductChanged {
    pub sku: Sku,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ProductName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The same fields as they were before. Entries from before there was this field do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
}

/// Fields as they were. A name is empty where nobody had given one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Was {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductArchived {
    pub sku: Sku,
}

/// Sold again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductUnarchived {
    pub sku: Sku,
}

impl Event {
    /// The product that this happened to.
    #[must_use]
    pub fn sku(&self) -> &Sku {
        match self {
            Self::ProductAdded(ProductAdded { sku, .. })
            | Self::ProductChanged(ProductChanged { sku, .. })
            | Self::ProductArchived(ProductArchived { sku })
            | Self::ProductUnarchived(ProductUnarchived { sku }) => sku,
        }
    }
}

/// A product as its events leave it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Product {
    /// Empty while nobody has named it. Shared with the many rows that show it.
    pub name: Arc<str>,
    pub description: String,
    pub category: String,
    pub price: Price,
    pub archived: bool,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

/// What `command` does to the product, which is `None` when there is none of that SKU.
///
/// # Errors
/// `already_exists` for a SKU that has a name, `not_found` for a change to none.
pub fn decide(product: Option<&Product>, command: &Command) -> Result<Vec<Event>, Refusal> {
    match (product, command) {
        (None, Command::Add(add)) => Ok(vec![added(add).into()]),
        // Goods came before the name did: naming it now is what the person means.
        (Some(known), Command::Add(add)) if known.name.is_empty() => Ok(change(known, &naming(add))),
        (Some(_), Command::Add(add)) => Err(Refusal::AlreadyExists { what: Thing::Product, id: add.sku.to_string() }),
        (None, Command::Register { sku }) => Ok(vec![unnamed(sku).into()]),
        (Some(_), Command::Register { .. }) => Ok(vec![]),
        (None, Command::Change(_) | Command::Archive { .. } | Command::Unarchive { .. }) => {
            Err(Refusal::NotFound { what: Thing::Product, id: command.sku().to_string() })
        }
        (Some(known), Command::Change(wanted)) => Ok(change(known, wanted)),
        (Some(known), Command::Archive { .. }) if known.archived => Ok(vec![]),
        (Some(_), Command::Archive { sku }) => Ok(vec![ProductArchived { sku: sku.clone() }.into()]),
        (Some(known), Command::Unarchive { .. }) if !known.archived => Ok(vec![]),
        (Some(_), Command::Unarchive { sku }) => Ok(vec![ProductUnarchived { sku: sku.clone() }.into()]),
    }
}

fn added(add: &Add) -> ProductAdded {
    ProductAdded {
        sku: add.sku.clone(),
        name: add.name.to_string(),
        description: add.description.clone(),
        category: add.category.clone(),
        price: add.price,
    }
}

fn unnamed(sku: &Sku) -> ProductAdded {
    ProductAdded {
        sku: sku.clone(),
        name: String::new(),
        description: Description::default(),
        category: Category::default(),
        price: Price::default(),
    }
}

fn naming(add: &Add) -> Change {
    Change {
        sku: add.sku.clone(),
        name: Some(add.name.clone()),
        description: Some(add.description.clone()),
        category: Some(add.category.clone()),
        price: Some(add.price),
    }
}

/// One event with the fields that differ, none where nothing does (row D-5: no delta, no event).
fn change(known: &Product, wanted: &Change) -> Vec<Event> {
    let mut changed = ProductChanged {
        sku: wanted.sku.clone(),
        name: wanted.name.clone().filter(|name| name.as_str() != &*known.name),
        description: wanted.description.clone().filter(|text| text.as_str() != known.description),
        category: wanted.category.clone().filter(|category| category.as_str() != known.category),
        price: wanted.price.filter(|price| *price != known.price),
        was: None,
    };
    let same = changed.name.is_none()
        && changed.description.is_none()
        && changed.category.is_none()
        && changed.price.is_none();
    if same {
        return vec![];
    }
    changed.was = Some(Was {
        name: changed.name.as_ref().map(|_| known.name.clone()),
        description: changed.description.as_ref().map(|_| known.description.clone()),
        category: changed.category.as_ref().map(|_| known.category.clone()),
        price: changed.price.map(|_| known.price),
    });
    vec![changed.into()]
}

#[must_use]
pub fn evolve(product: Product, event: &Event) -> Product {
    match event {
        Event::ProductAdded(added) => Product {
            name: added.name.as_str().into(),
            description: added.description.to_string(),
            category: added.category.to_string(),
            price: added.price,
            archived: false,
            version: product.version,
        },
        Event::ProductChanged(changed) => Product {
            name: changed.name.as_ref().map_or(product.name, Arc::from),
            description: changed.description.as_ref().map_or(product.description, ToString::to_string),
            category: changed.category.as_ref().map_or(product.category, ToString::to_string),
            price: changed.price.unwrap_or(product.price),
            archived: product.archived,
            version: product.version,
        },
        Event::ProductArchived(_) => Product { archived: true, ..product },
        Event::ProductUnarchived(_) => Product { archived: false, ..product },
    }
}
