//! What happened to one record, field by field: each event with what was before it and what is after it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    account::{self, Account},
    books::Aggregates,
    comment::{self, Comment, Written},
    event::Event,
    ids::AggregateId,
    order::{self, Order},
    picture::{self, PictureAdded},
    product::{self, Product},
    sale::{self, Sale},
    shop::{self, Shop},
    stock::{self, Stock},
    transfer::{self, Transfer},
    values::{AccountId, CommentId, OrderId, SaleId, Sku, TransferId},
};

/// A field that an event changed. None where there was, or is, no such field.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// As `price`, or `batches.B-1.qty`.
    pub field: String,
    pub was: Option<Value>,
    pub now: Option<Value>,
}

/// One aggregate as its events leave it, told as fields.
#[derive(Clone, Debug, Default)]
pub struct History {
    state: State,
    fields: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Nothing,
    Product(Product),
    Stock(Stock),
    Order(Order),
    Sale(Sale),
    Account(Account),
    Transfer(Transfer),
    Shop(Shop),
    /// As it was added: nothing of it changes, so books keep no more than that it is there.
    Picture(PictureAdded),
    Comment(Comment),
}

impl History {
    /// From what `aggregate` is in books on: for a reader that has only the entries behind them.
    #[must_use]
    pub fn resuming(aggregates: &Aggregates, aggregate: &AggregateId) -> Self {
        let (kind, key) = aggregate.kind_and_key();
        let state = match kind {
            "product" => aggregates.products.get(&Sku::from_stored(key)).cloned().map(State::Product),
            "stock" => aggregates.stocks.get(&Sku::from_stored(key)).cloned().map(State::Stock),
            "order" => aggregates.orders.get(&OrderId::from_stored(key)).cloned().map(State::Order),
            "sale" => aggregates.sales.get(&SaleId::from_stored(key)).cloned().map(State::Sale),
            "account" => aggregates.accounts.get(&AccountId::from_stored(key)).cloned().map(State::Account),
            "transfer" => aggregates.transfers.get(&TransferId::from_stored(key)).cloned().map(State::Transfer),
            "comment" => aggregates.comments.get(&CommentId::from_stored(key)).cloned().map(State::Comment),
            "shop" => Some(State::Shop(aggregates.shop.clone())),
            _ => None,
        };
        let state = state.unwrap_or_default();
        Self { fields: state.fields(), state }
    }

    /// Takes in the aggregate's next event. What was refused or given up changes nothing.
    pub fn take_in(&mut self, event: &Event) -> Vec<Change> {
        self.state = match (std::mem::take(&mut self.state), event) {
            (State::Product(product), Event::Product(event)) => State::Product(product::evolve(product, event)),
            (_, Event::Product(event)) => State::Product(product::evolve(Product::default(), event)),
            (State::Stock(stock), Event::Stock(event)) => State::Stock(stock::evolve(stock, event)),
            (_, Event::Stock(event)) => State::Stock(stock::evolve(Stock::default(), event)),
            (State::Order(order), Event::Order(event)) => State::Order(order::evolve(order, event)),
            (_, Event::Order(event)) => State::Order(order::evolve(Order::default(), event)),
            (State::Sale(sale), Event::Sale(event)) => State::Sale(sale::evolve(sale, event)),
            (_, Event::Sale(event)) => State::Sale(sale::evolve(Sale::default(), event)),
            (State::Account(account), Event::Account(event)) => State::Account(account::evolve(account, event)),
            (_, Event::Account(event)) => State::Account(account::evolve(Account::default(), event)),
            (State::Transfer(transfer), Event::Transfer(event)) => moved(Some(transfer), event),
            (_, Event::Transfer(event)) => moved(None, event),
            (State::Shop(shop), Event::Shop(event)) => State::Shop(shop::evolve(shop, event)),
            (_, Event::Shop(event)) => State::Shop(shop::evolve(Shop::default(), event)),
            (_, Event::Picture(picture::Event::PictureAdded(added))) => State::Picture(added.clone()),
            (State::Comment(comment), Event::Comment(event)) => State::Comment(said(comment, event)),
            (_, Event::Comment(event)) => State::Comment(said(Comment::default(), event)),
            (state, Event::Refused(_) | Event::Declined(_)) => {
                self.state = state;
                return vec![];
            }
        };
        let was = std::mem::replace(&mut self.fields, self.state.fields());
        let names: BTreeSet<_> = was.keys().chain(self.fields.keys()).collect();
        names
            .into_iter()
            .map(|field| Change {
                field: field.clone(),
                was: was.get(field).cloned(),
                now: self.fields.get(field).cloned(),
            })
            .filter(|change| change.was != change.now)
            // A mark that a new record does not bear is no news.
            .filter(|change| change.was.is_some() || change.now != Some(Value::Bool(false)))
            .collect()
    }
}

fn moved(transfer: Option<Transfer>, event: &transfer::Event) -> State {
    transfer::evolve(transfer, event).map_or(State::Nothing, State::Transfer)
}

/// Who wrote it stands beside each entry.
fn said(comment: Comment, event: &comment::Event) -> Comment {
    comment::evolve(comment, event, &Written::default())
}

impl State {
    fn fields(&self) -> BTreeMap<String, Value> {
        let mut fields = BTreeMap::new();
        let told = match self {
            Self::Nothing => return fields,
            Self::Product(product) => crate::json::value(product).unwrap_or_default(),
            Self::Stock(stock) => stock_fields(stock),
            Self::Order(order) => crate::json::value(order).unwrap_or_default(),
            Self::Sale(sale) => crate::json::value(sale).unwrap_or_default(),
            Self::Account(account) => crate::json::value(account).unwrap_or_default(),
            Self::Transfer(transfer) => crate::json::value(transfer).unwrap_or_default(),
            Self::Shop(shop) => crate::json::value(shop).unwrap_or_default(),
            Self::Picture(added) => crate::json::value(added).unwrap_or_default(),
            Self::Comment(comment) => json!({"picture_id": comment.picture_id, "text": comment.text}),
        };
        flatten("", told, &mut fields);
        // Every entry has its version beside it, and an order counts its rounds for the processes: no fields of a record.
        fields.remove("version");
        fields.remove("round");
        // What a record does not have is no field of it either.
        fields.retain(|_, value| !value.is_null());
        fields
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
