//! Every fact a shop can write down, gathered from the aggregates, and how a fact becomes bytes and back.

use serde::{Deserialize, Serialize};

use crate::{
    account, change::Declined, comment, order, picture, product, refusal::Refusal, sale, shop, stock, transfer, upcast,
};

/// Declares an aggregate's event enum: one variant a struct, whose name is the event's type in the log.
macro_rules! events {
    ($(#[$doc:meta])* $($name:ident),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug)]
        pub enum Event {
            $($name($name)),+
        }

        impl Event {
            /// Every type name of this aggregate.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The type as it stands in the log.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),+ }
            }

            pub(crate) fn serialize_data<S: serde::ser::SerializeStruct>(&self, fields: &mut S) -> Result<(), S::Error> {
                match self { $(Self::$name(event) => fields.serialize_field("data", event)),+ }
            }

            pub(crate) fn encode(&self) -> serde_json::Result<Box<serde_json::value::RawValue>> {
                match self { $(Self::$name(event) => serde_json::value::to_raw_value(event)),+ }
            }

            /// None when the type is not of this aggregate.
            pub(crate) fn decode(type_name: &str, payload: &str) -> Option<serde_json::Result<Self>> {
                match type_name {
                    $(stringify!($name) => Some($crate::json::read(payload).map(Self::$name)),)+
                    _ => None,
                }
            }
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })+
    };
}
pub(crate) use events;

/// The newest schema number of any type that this build knows: what an archive says of its writer.
pub const SCHEMA: u16 = 2;

/// The schema number under which this build writes events of this type. Every type counts for itself, so that a page of
/// an earlier build stops at the entries that it cannot read, and at no others. Earlier numbers are brought up to date
/// by [`Event::decode`].
#[must_use]
pub fn schema_of(type_name: &str) -> u16 {
    upcast::CHANGED.iter().find(|(name, _)| *name == type_name).map_or(1, |(_, schema)| *schema)
}

/// A command that the server did not accept. It has no effect on any state, but it has a position: it travels by
/// the feed, and it survives the loss of the device that sent it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Refused {
    pub command: AskedCommand,
    #[serde(flatten)]
    pub refusal: Refusal,
}

/// As derived, with the refusal's fields beside `command`. Written out because a flattened field has no place in
/// the wire format that digests are made from, and because the order of keys in a JSON value depends on how
/// `serde_json` was compiled: here they are always sorted.
impl Serialize for Refused {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeStruct};
        let mut refusal = crate::json::value(&self.refusal).map_err(S::Error::custom)?;
        refusal.sort_all_objects();
        let command = AskedCommand::new(self.command.command_type.clone(), self.command.data.clone());
        let mut fields = serializer.serialize_struct("Refused", 3)?;
        fields.serialize_field("command", &command)?;
        fields.serialize_field("code", self.refusal.code())?;
        fields.serialize_field("detail", &refusal.get("detail"))?;
        fields.end()
    }
}

/// The type and data of a command, as they came.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AskedCommand {
    #[serde(rename = "type")]
    pub command_type: String,
    pub data: serde_json::Value,
}

impl AskedCommand {
    /// With its keys sorted: the order in which a JSON value keeps them depends on how `serde_json` was compiled.
    #[must_use]
    pub fn new(command_type: String, mut data: serde_json::Value) -> Self {
        data.sort_all_objects();
        Self { command_type, data }
    }

    /// The field `field` of its data, where it is a text. Steps of processes are not sent, so they cannot be parsed.
    #[must_use]
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.data.get(field).and_then(serde_json::Value::as_str)
    }

    /// None where this version cannot read it.
    #[must_use]
    pub fn parse(&self) -> Option<crate::Command> {
        crate::Command::parse(&self.command_type, &self.data).ok()
    }
}

/// One fact.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    Product(product::Event),
    Stock(stock::Event),
    Order(order::Event),
    Sale(sale::Event),
    Account(account::Event),
    Transfer(transfer::Event),
    Shop(shop::Event),
    Picture(picture::Event),
    Comment(comment::Event),
    Refused(Refused),
    Declined(Declined),
}

/// Why a stored event cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("event type {0} is not known to this version")]
    UnknownType(String),
    #[error("schema {schema} of {event_type} is newer than this version, which knows {known}")]
    NewerSchema { event_type: String, schema: u16, known: u16 },
    #[error("the data of {event_type} does not fit: {problem}")]
    Payload { event_type: String, problem: String },
}

impl Event {
    /// The type as it stands in the log.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Product(event) => event.type_name(),
            Self::Stock(event) => event.type_name(),
            Self::Order(event) => event.type_name(),
            Self::Sale(event) => event.type_name(),
            Self::Account(event) => event.type_name(),
            Self::Transfer(event) => event.type_name(),
            Self::Shop(event) => event.type_name(),
            Self::Picture(event) => event.type_name(),
            Self::Comment(event) => event.type_name(),
            Self::Refused(_) => "Refused",
            Self::Declined(_) => "Declined",
        }
    }

    /// Compact JSON, written once.
    ///
    /// # Errors
    /// When an event cannot be written as JSON, which none of ours does.
    pub fn encode(&self) -> Result<Box<serde_json::value::RawValue>, DecodeError> {
        match self {
            Self::Product(event) => event.encode(),
            Self::Stock(event) => event.encode(),
            Self::Order(event) => event.encode(),
            Self::Sale(event) => event.encode(),
            Self::Account(event) => event.encode(),
            Self::Transfer(event) => event.encode(),
            Self::Shop(event) => event.encode(),
            Self::Picture(event) => event.encode(),
            Self::Comment(event) => event.encode(),
            Self::Refused(event) => serde_json::value::to_raw_value(event),
            Self::Declined(event) => serde_json::value::to_raw_value(event),
        }
        .map_err(|error| DecodeError::Payload { event_type: self.type_name().to_owned(), problem: error.to_string() })
    }

    /// Reads what [`Event::encode`] of this or an earlier version wrote.
    ///
    /// # Errors
    /// [`DecodeError`]: the reader must stop there.
    pub fn decode(type_name: &str, schema: u16, payload: &str) -> Result<Self, DecodeError> {
        let known = schema_of(type_name);
        if schema > known {
            return Err(DecodeError::NewerSchema { event_type: type_name.to_owned(), schema, known });
        }
        let decoded = product::Event::decode(type_name, payload)
            .map(|event| event.map(Self::Product))
            .or_else(|| stock::Event::decode(type_name, payload).map(|event| event.map(Self::Stock)))
            .or_else(|| order::Event::decode(type_name, payload).map(|event| event.map(Self::Order)))
            .or_else(|| sale::Event::decode(type_name, payload).map(|event| event.map(Self::Sale)))
            .or_else(|| account::Event::decode(type_name, payload).map(|event| event.map(Self::Account)))
            .or_else(|| transfer::Event::decode(type_name, payload).map(|event| event.map(Self::Transfer)))
            .or_else(|| shop::Event::decode(type_name, payload).map(|event| event.map(Self::Shop)))
            .or_else(|| picture::Event::decode(type_name, payload).map(|event| event.map(Self::Picture)))
            .or_else(|| comment::Event::decode(type_name, payload).map(|event| event.map(Self::Comment)))
            .or_else(|| (type_name == "Refused").then(|| crate::json::read(payload).map(Self::Refused)))
            .or_else(|| (type_name == "Declined").then(|| upcast::declined(schema, payload).map(Self::Declined)));
        match decoded {
            None => Err(DecodeError::UnknownType(type_name.to_owned())),
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                Err(DecodeError::Payload { event_type: type_name.to_owned(), problem: error.to_string() })
            }
        }
    }

    /// Every type name that this build reads.
    pub fn types() -> impl Iterator<Item = &'static str> {
        let aggregates = [
            product::Event::TYPES,
            stock::Event::TYPES,
            order::Event::TYPES,
            sale::Event::TYPES,
            account::Event::TYPES,
            transfer::Event::TYPES,
            shop::Event::TYPES,
            picture::Event::TYPES,
            comment::Event::TYPES,
        ];
        aggregates.into_iter().flatten().copied().chain(["Refused", "Declined"])
    }
}

macro_rules! gathered {
    ($($aggregate:ident => $variant:ident),+ $(,)?) => {
        $(impl From<$aggregate::Event> for Event {
            fn from(event: $aggregate::Event) -> Self {
                Self::$variant(event)
            }
        })+
    };
}
gathered!(
    product => Product, stock => Stock, order => Order, sale => Sale, account => Account, transfer => Transfer, shop => Shop,
    picture => Picture, comment => Comment,
);

/// `{"type": …, "schema": …, "data": {…}}`, as in the log; the first schema is not said.
impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let schema = schema_of(self.type_name());
        let mut fields = serializer.serialize_struct("Event", if schema > 1 { 3 } else { 2 })?;
        fields.serialize_field("type", self.type_name())?;
        if schema > 1 {
            fields.serialize_field("schema", &schema)?;
        }
        match self {
            Self::Product(event) => event.serialize_data(&mut fields)?,
            Self::Stock(event) => event.serialize_data(&mut fields)?,
            Self::Order(event) => event.serialize_data(&mut fields)?,
            Self::Sale(event) => event.serialize_data(&mut fields)?,
            Self::Account(event) => event.serialize_data(&mut fields)?,
            Self::Transfer(event) => event.serialize_data(&mut fields)?,
            Self::Shop(event) => event.serialize_data(&mut fields)?,
            Self::Picture(event) => event.serialize_data(&mut fields)?,
            Self::Comment(event) => event.serialize_data(&mut fields)?,
            Self::Refused(event) => fields.serialize_field("data", event)?,
            Self::Declined(event) => fields.serialize_field("data", event)?,
        }
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            r#type: String,
            #[serde(default = "first_schema")]
            schema: u16,
            // Not raw text: inside an enum that names its variant among its fields there is no text any more.
            data: serde_json::Value,
        }
        let raw = Raw::deserialize(deserializer)?;
        Self::decode(&raw.r#type, raw.schema, &crate::json::written(&raw.data)).map_err(serde::de::Error::custom)
    }
}

/// Of what was written before the number was said.
fn first_schema() -> u16 {
    1
}
