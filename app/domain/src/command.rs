//! Everything that can be asked of a shop, gathered from the aggregates, and how a request becomes a command.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    account, change, comment,
    fields::{FieldError, Fields},
    order, picture, product, sale, shop, stock, transfer,
};

/// An intent, as typed data. Its JSON form is `{"type": …, "data": {…}}`.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Command {
    Product(product::Command),
    Stock(stock::Command),
    Order(order::Command),
    Sale(sale::Command),
    Account(account::Command),
    Transfer(transfer::Command),
    Shop(shop::Command),
    Picture(picture::Command),
    Comment(comment::Command),
    Change(change::Command),
}

/// Whether a command may be refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Says what already happened: always accepted, and flagged if it breaks a rule. What it can run into is a name
    /// that is taken or unknown, since then nothing could be written down under it, and a sender whose role may not
    /// say such a thing.
    Fact,
    /// Asks for something that the shop's rules may not allow.
    Request,
}

/// Why a request is not a command at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    #[error("unknown command type {0}")]
    UnknownType(String),
    #[error("{}", join(.0))]
    Fields(Vec<FieldError>),
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Command {
    /// Reads a command's type and data.
    ///
    /// # Errors
    /// The type when it is not one that people or programs may send; else every field that does not fit.
    pub fn parse(command_type: &str, data: &Value) -> Result<Self, ParseError> {
        let fields = Fields::of(data);
        let is_of = |types: &[&str]| types.contains(&command_type);
        if is_of(product::Command::TYPES) {
            product::Command::parse(command_type, fields).map(Self::Product)
        } else if is_of(stock::Command::TYPES) {
            stock::Command::parse(command_type, fields).map(Self::Stock)
        } else if is_of(order::Command::TYPES) {
            order::Command::parse(command_type, fields).map(Self::Order)
        } else if is_of(sale::Command::TYPES) {
            sale::Command::parse(command_type, fields).map(Self::Sale)
        } else if is_of(account::Command::TYPES) {
            account::Command::parse(command_type, fields).map(Self::Account)
        } else if is_of(transfer::Command::TYPES) {
            transfer::Command::parse(fields).map(Self::Transfer)
        } else if is_of(shop::Command::TYPES) {
            shop::Command::parse(fields).map(Self::Shop)
        } else if is_of(picture::Command::TYPES) {
            picture::Command::parse(fields).map(Self::Picture)
        } else if is_of(comment::Command::TYPES) {
            comment::Command::parse(command_type, fields).map(Self::Comment)
        } else if is_of(change::Command::TYPES) {
            change::Command::parse(fields).map(Self::Change)
        } else {
            return Err(ParseError::UnknownType(command_type.to_owned()));
        }
        .map_err(ParseError::Fields)
    }

    /// Every type that [`Command::parse`] reads.
    pub fn types() -> impl Iterator<Item = &'static str> {
        let aggregates = [
            product::Command::TYPES,
            stock::Command::TYPES,
            order::Command::TYPES,
            sale::Command::TYPES,
            account::Command::TYPES,
            transfer::Command::TYPES,
            shop::Command::TYPES,
            picture::Command::TYPES,
            comment::Command::TYPES,
            change::Command::TYPES,
        ];
        aggregates.into_iter().flatten().copied()
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Sale(sale::Command::Record(_)) | Self::Change(_) => Kind::Fact,
            Self::Stock(
                stock::Command::Receive(_)
                | stock::Command::Count(_)
                | stock::Command::Damage { .. }
                | stock::Command::Sell { .. }
                | stock::Command::TakeBack { .. }
                | stock::Command::HandOver { .. },
            )
            | Self::Order(order::Command::HandOver { .. })
            | Self::Account(
                account::Command::Return { .. }
                | account::Command::Refund { .. }
                | account::Command::PutOn(_)
                | account::Command::TakeOff(_),
            ) => Kind::Fact,
            Self::Sale(_)
            | Self::Stock(_)
            | Self::Product(_)
            | Self::Order(_)
            | Self::Account(_)
            | Self::Transfer(_)
            | Self::Shop(_)
            | Self::Picture(_)
            | Self::Comment(_) => Kind::Request,
        }
    }

    /// Type and data, as they are sent and as a refusal keeps them.
    #[must_use]
    pub fn to_json(&self) -> (String, Value) {
        match crate::json::value(self) {
            Ok(Value::Object(mut object)) => {
                let command_type = object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
                (command_type, object.remove("data").unwrap_or(Value::Null))
            }
            _ => (String::new(), Value::Null),
        }
    }

    /// Over type and data: tells a repeat from another command under the same id.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // Written straight from the fields, in their order: no detour over a JSON value, whose order of keys depends on
        // how `serde_json` was compiled. Writing to memory cannot fail for the types of our commands.
        xxhash_rust::xxh3::xxh3_64(&serde_json::to_vec(self).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            r#type: String,
            data: Value,
        }
        let raw = Raw::deserialize(deserializer)?;
        Self::parse(&raw.r#type, &raw.data).map_err(serde::de::Error::custom)
    }
}

macro_rules! gathered {
    ($($aggregate:ident => $variant:ident),+ $(,)?) => {
        $(impl From<$aggregate::Command> for Command {
            fn from(command: $aggregate::Command) -> Self {
                Self::$variant(command)
            }
        })+
    };
}
gathered!(
    product => Product, stock => Stock, order => Order, sale => Sale, account => Account, transfer => Transfer, shop => Shop,
    picture => Picture, comment => Comment, change => Change,
);
