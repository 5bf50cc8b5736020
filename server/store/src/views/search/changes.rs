//! What entries change in the records that are searched in.

use std::collections::BTreeMap;

use domain::{Entry, Event, account, comment, order, picture, product};

use super::words;

/// What becomes of a record.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Outcome {
    Gone,
    /// Fields get words, or go where there are none. `is_new` where nothing stays of what was there.
    Put {
        is_new: bool,
        fields: BTreeMap<String, Option<String>>,
    },
}

/// By kind and id, each once: what all the entries together make of it.
pub(crate) type Changes = BTreeMap<(&'static str, String), Outcome>;

/// A record that an event names, with fields and their texts; none where the record goes.
type Told = (&'static str, String, Option<Vec<(String, Option<String>)>>);

pub(crate) fn of(entries: &[Entry]) -> Changes {
    let mut changes = Changes::new();
    for entry in entries {
        let Some((kind, id, told)) = told(&entry.event) else { continue };
        let outcome = changes.entry((kind, id)).or_insert(Outcome::Put { is_new: false, fields: BTreeMap::new() });
        let Some(told) = told else {
            *outcome = Outcome::Gone;
            continue;
        };
        let told = told.into_iter().map(|(field, text)| (field, text.map(|text| words(&text).join(" "))));
        match outcome {
            Outcome::Gone => *outcome = Outcome::Put { is_new: true, fields: told.collect() },
            Outcome::Put { fields, .. } => fields.extend(told),
        }
    }
    changes
}

fn told(event: &Event) -> Option<Told> {
    match event {
        Event::Product(event) => of_product(event),
        Event::Account(event) => of_account(event),
        Event::Order(event) => of_order(event),
        Event::Picture(picture::Event::PictureAdded(added)) => {
            let caption = added.caption.as_ref().map(ToString::to_string);
            Some(("picture", added.picture_id.to_string(), Some(vec![field("caption", caption)])))
        }
        Event::Comment(event) => of_comment(event),
        _ => None,
    }
}

fn field(name: &str, text: Option<String>) -> (String, Option<String>) {
    (name.to_owned(), text)
}

fn of_product(event: &product::Event) -> Option<Told> {
    let fields = match event {
        product::Event::ProductAdded(added) => vec![
            field("sku", Some(added.sku.to_string())),
            field("name", Some(added.name.clone())),
            field("description", Some(added.description.to_string())),
            field("category", Some(added.category.to_string())),
        ],
        product::Event::ProductChanged(changed) => [
            changed.name.as_ref().map(|name| field("name", Some(name.to_string()))),
            changed.description.as_ref().map(|text| field("description", Some(text.to_string()))),
            changed.category.as_ref().map(|category| field("category", Some(category.to_string()))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        _ => return None,
    };
    Some(("product", event.sku().to_string(), Some(fields)))
}

fn of_account(event: &account::Event) -> Option<Told> {
    let (id, fields) = match event {
        account::Event::AccountOpened(opened) => {
            let id = opened.account_id.to_string();
            let (title, owner) = (opened.title.to_string(), opened.owner.to_string());
            (id.clone(), vec![field("id", Some(id)), field("title", Some(title)), field("owner", Some(owner))])
        }
        account::Event::AccountChanged(changed) => {
            let title = changed.title.as_ref().map(|title| field("title", Some(title.to_string())));
            let owner = changed.owner.as_ref().map(|owner| field("owner", Some(owner.to_string())));
            (changed.account_id.to_string(), [title, owner].into_iter().flatten().collect())
        }
        _ => return None,
    };
    Some(("account", id, Some(fields)))
}

/// By its number, what is in it under the names of that moment, and the account that pays for it.
fn of_order(event: &order::Event) -> Option<Told> {
    let line = |sku: &dyn ToString, name: &str| {
        let sku = sku.to_string();
        (format!("line {sku}"), Some(format!("{sku} {name}")))
    };
    let (id, mut fields) = match event {
        order::Event::ItemAdded(added) => (&added.order_id, vec![line(&added.sku, &added.name)]),
        order::Event::OrderPlaced(placed) => {
            let lines = placed.lines.iter().map(|placed| line(&placed.sku, &placed.name));
            let account = placed.account.as_ref().map(ToString::to_string);
            (&placed.order_id, lines.chain([field("account", account)]).collect())
        }
        _ => return None,
    };
    fields.push(field("id", Some(id.to_string())));
    Some(("order", id.to_string(), Some(fields)))
}

fn of_comment(event: &comment::Event) -> Option<Told> {
    let text = match event {
        comment::Event::CommentAdded(added) => Some(&added.text),
        comment::Event::CommentEdited(edited) => Some(&edited.text),
        comment::Event::CommentPutBack(back) => Some(&back.text),
        comment::Event::CommentDeleted(_) => None,
    };
    let fields = text.map(|text| vec![field("text", Some(text.to_string()))]);
    Some(("comment", event.comment_id().to_string(), fields))
}
