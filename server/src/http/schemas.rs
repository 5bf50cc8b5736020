//! `GET /schemas/{type}.json`: a JSON Schema (2020-12) for the data of every command and event, so that programs in
//! any language can speak with a shop.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{Command, Event, event::schema_of};
use serde_json::{Map, Value, json};

use super::{problem::Problem, reading::Door};

/// What a field may hold.
#[derive(Clone, Copy)]
enum Kind {
    /// SKU, order number and the like.
    Code,
    /// On one line.
    Line(u64, u64),
    Text(u64),
    /// Whole units of goods.
    Quantity,
    /// The same, or nought.
    Count,
    /// Minor units of a price.
    Price,
    /// Minor units that move: never nought.
    Amount,
    /// Minor units, or nought.
    Funds,
    Flag,
    /// One side of a picture.
    Pixels,
    /// The name of a picture's bytes.
    Hash,
    Day,
    OneOf(&'static [&'static str]),
    Integer,
    Natural,
    Object,
    AnyText,
    /// As `EUR`.
    Currency,
    /// As `stock.receive`.
    CommandType,
    /// SKUs and the like.
    Codes,
    /// A UUID.
    Id,
    /// Units more or fewer, never nought.
    Difference,
    List(&'static [Field], u64),
    One(&'static [Field]),
}

#[derive(Clone, Copy)]
enum Need {
    Required,
    Optional,
    /// Always there; null for none.
    Nullable,
}

type Field = (&'static str, Need, Kind);

use Kind::{
    Amount, AnyText, Code, Codes, CommandType, Count, Currency, Day, Difference, Flag, Funds, Hash, Id, Integer, Line,
    List, Natural, Object, One, OneOf, Pixels, Price, Quantity, Text,
};
use Need::{Nullable, Optional, Required};

const LINES: u64 = domain::sale::MOST_LINES as u64;
const TAKEN: &[Field] = &[("batchref", Required, Code), ("qty", Required, Natural)];
const SOLD: &[Field] = &[("sku", Required, Code), ("qty", Required, Quantity), ("price", Required, Price)];
const ASKED: &[Field] = &[("type", Required, AnyText), ("data", Required, Object)];
const WAS: &[Field] = &[
    ("name", Optional, Line(0, 120)),
    ("description", Optional, Text(2_000)),
    ("category", Optional, Line(0, 60)),
    ("price", Optional, Price),
];
const PAYMENT: Kind = OneOf(&["cash", "card", "account"]);
/// The code of a rule, and its numbers.
const REASON: &[Field] = &[("code", Required, AnyText), ("detail", Required, Object)];
const HANDED: &[Field] = &[("sku", Required, Code), ("qty", Required, Quantity)];
const ACCOUNT_WAS: &[Field] =
    &[("title", Optional, Line(1, 120)), ("owner", Optional, Line(1, 120)), ("limit", Optional, Funds)];
const MOVE: &[Field] =
    &[("account_id", Required, Code), ("amount", Required, Amount), ("reference", Optional, Line(1, 200))];
const OF_SALE: &[Field] = &[("account_id", Required, Code), ("sale_id", Required, Code), ("amount", Required, Amount)];
const TRANSFER: &[Field] = &[
    ("transfer_id", Required, Code),
    ("from", Required, Code),
    ("to", Required, Code),
    ("amount", Required, Amount),
    ("reference", Optional, Line(1, 200)),
];
const ORDER_STATE: Kind = OneOf(&["draft", "placed", "accepted", "rejected", "cancelled", "handed_over"]);
const MEDIA_TYPE: Kind = OneOf(&["image/png", "image/jpeg", "image/webp"]);
/// One of them.
const ABOUT: &[Field] =
    &[("product", Optional, Code), ("batch", Optional, Code), ("order", Optional, Code), ("account", Optional, Code)];

/// Of the data of every command.
const COMMANDS: &[(&str, &[Field])] = &[
    (
        "product.add",
        &[
            ("sku", Required, Code),
            ("name", Required, Line(1, 120)),
            ("description", Optional, Text(2_000)),
            ("category", Optional, Line(0, 60)),
            ("price", Required, Price),
        ],
    ),
    (
        "product.change",
        &[
            ("sku", Required, Code),
            ("name", Optional, Line(1, 120)),
            ("description", Optional, Text(2_000)),
            ("category", Optional, Line(0, 60)),
            ("price", Optional, Price),
        ],
    ),
    ("product.archive", &[("sku", Required, Code)]),
    ("product.unarchive", &[("sku", Required, Code)]),
    (
        "stock.receive",
        &[("batchref", Required, Code), ("sku", Required, Code), ("qty", Required, Quantity), ("eta", Optional, Day)],
    ),
    ("stock.change_quantity", &[("batchref", Required, Code), ("qty", Required, Count)]),
    (
        "stock.adjust",
        &[
            ("sku", Required, Code),
            ("changes", Required, List(&[("batchref", Required, Code), ("by", Required, Difference)], LINES)),
        ],
    ),
    ("stock.count", &[("sku", Required, Code), ("counted", Required, Count)]),
    ("stock.damage", &[("batchref", Required, Code), ("qty", Required, Quantity), ("reason", Required, Line(1, 200))]),
    (
        "order.allocate",
        &[
            ("order_id", Required, Code),
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("short", Optional, Quantity),
        ],
    ),
    ("order.free", &[("order_id", Required, Code), ("sku", Required, Code)]),
    ("order.add_item", &[("order_id", Required, Code), ("sku", Required, Code), ("qty", Required, Quantity)]),
    ("order.remove_item", &[("order_id", Required, Code), ("sku", Required, Code), ("qty", Optional, Quantity)]),
    (
        "order.place",
        &[("order_id", Required, Code), ("lines", Optional, List(HANDED, LINES)), ("account", Optional, Code)],
    ),
    ("order.cancel", &[("order_id", Required, Code)]),
    ("order.take_what_is_left", &[("order_id", Required, Code)]),
    ("order.back_order", &[("order_id", Required, Code)]),
    ("order.hand_over", &[("order_id", Required, Code)]),
    ("order.settle", &[("order_id", Required, Code)]),
    (
        "account.open",
        &[
            ("account_id", Required, Code),
            ("title", Required, Line(1, 120)),
            ("owner", Required, Line(1, 120)),
            ("initial_balance", Required, Funds),
            ("limit", Optional, Funds),
        ],
    ),
    (
        "account.change",
        &[
            ("account_id", Required, Code),
            ("title", Optional, Line(1, 120)),
            ("owner", Optional, Line(1, 120)),
            ("limit", Optional, Funds),
        ],
    ),
    ("account.credit", MOVE),
    ("account.debit", MOVE),
    ("account.close", &[("account_id", Required, Code)]),
    ("account.approve", OF_SALE),
    ("transfer.request", TRANSFER),
    ("shop.set_currency", &[("currency", Required, Currency)]),
    (
        "sale.record",
        &[
            ("sale_id", Required, Code),
            ("lines", Required, List(SOLD, LINES)),
            ("payment", Required, PAYMENT),
            // Of a sale that is paid from an account, and of no other.
            ("account", Optional, Code),
        ],
    ),
    (
        "sale.put_back",
        &[
            ("sale_id", Required, Code),
            ("lines", Optional, List(&[("sku", Required, Code), ("qty", Required, Quantity)], LINES)),
        ],
    ),
    (
        "picture.add",
        &[
            ("picture_id", Required, Code),
            ("blob", Required, Hash),
            ("media_type", Required, MEDIA_TYPE),
            ("width", Required, Pixels),
            ("height", Required, Pixels),
            ("about", Optional, One(ABOUT)),
            ("caption", Optional, Line(1, 200)),
        ],
    ),
    (
        "comment.add",
        &[("comment_id", Required, Code), ("picture_id", Required, Code), ("text", Required, Line(1, 2_000))],
    ),
    (
        "comment.edit",
        &[("comment_id", Required, Code), ("text", Required, Line(1, 2_000)), ("was", Optional, Line(0, 2_000))],
    ),
    ("comment.delete", &[("comment_id", Required, Code)]),
    ("comment.put_back", &[("comment_id", Required, Code), ("text", Required, Line(1, 2_000))]),
    (
        "change.decline",
        &[
            ("command_id", Required, Id),
            ("type", Required, CommandType),
            ("data", Required, Object),
            ("reason", Required, Line(1, 200)),
        ],
    ),
];

/// Of the data of every event.
const EVENTS: &[(&str, &[Field])] = &[
    (
        "ProductAdded",
        &[
            ("sku", Required, Code),
            ("name", Required, Line(0, 120)),
            ("description", Required, Text(2_000)),
            ("category", Required, Line(0, 60)),
            ("price", Required, Price),
        ],
    ),
    (
        "ProductChanged",
        &[
            ("sku", Required, Code),
            ("name", Optional, Line(1, 120)),
            ("description", Optional, Text(2_000)),
            ("category", Optional, Line(0, 60)),
            ("price", Optional, Price),
            ("was", Optional, One(WAS)),
        ],
    ),
    ("ProductArchived", &[("sku", Required, Code)]),
    ("ProductUnarchived", &[("sku", Required, Code)]),
    (
        "BatchReceived",
        &[
            ("batchref", Required, Code),
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("eta", Nullable, Day),
            ("settled", Required, Natural),
        ],
    ),
    (
        "BatchArrived",
        &[
            ("batchref", Required, Code),
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("settled", Required, Natural),
        ],
    ),
    (
        "BatchQuantityChanged",
        &[("batchref", Required, Code), ("sku", Required, Code), ("qty", Required, Count), ("was", Required, Natural)],
    ),
    (
        "StockCounted",
        &[
            ("sku", Required, Code),
            ("counted", Required, Count),
            ("expected", Required, Integer),
            ("taken", Required, List(TAKEN, u64::MAX)),
            ("added", Nullable, One(TAKEN)),
        ],
    ),
    (
        "StockDamaged",
        &[
            ("batchref", Required, Code),
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("reason", Required, Line(1, 200)),
            ("below", Required, Natural),
        ],
    ),
    (
        "StockSold",
        &[
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("sale_id", Required, Code),
            ("taken", Required, List(TAKEN, u64::MAX)),
            ("below", Required, Natural),
        ],
    ),
    (
        "StockPutBack",
        &[
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("sale_id", Required, Code),
            ("settled", Required, Natural),
            ("added", Nullable, One(TAKEN)),
        ],
    ),
    (
        "LineAllocated",
        &[
            ("order_id", Required, Code),
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("batchref", Required, Code),
        ],
    ),
    (
        "LineFreed",
        &[
            ("order_id", Required, Code),
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("batchref", Required, Code),
            ("because", Required, OneOf(&["asked", "shortage", "moved"])),
        ],
    ),
    (
        "PictureAdded",
        &[
            ("picture_id", Required, Code),
            ("blob", Required, Hash),
            ("media_type", Required, MEDIA_TYPE),
            ("width", Required, Pixels),
            ("height", Required, Pixels),
            ("about", Optional, One(ABOUT)),
            ("caption", Optional, Line(1, 200)),
        ],
    ),
    (
        "CommentAdded",
        &[("comment_id", Required, Code), ("picture_id", Required, Code), ("text", Required, Line(1, 2_000))],
    ),
    (
        "CommentEdited",
        &[
            ("comment_id", Required, Code),
            ("picture_id", Required, Code),
            ("text", Required, Line(1, 2_000)),
            ("was", Required, Line(1, 2_000)),
        ],
    ),
    (
        "CommentDeleted",
        &[("comment_id", Required, Code), ("picture_id", Required, Code), ("was", Required, Line(1, 2_000))],
    ),
    (
        "CommentPutBack",
        &[("comment_id", Required, Code), ("picture_id", Required, Code), ("text", Required, Line(1, 2_000))],
    ),
    ("LineShort", &[("order_id", Required, Code), ("sku", Required, Code), ("qty", Required, Quantity)]),
    (
        "OrderPlaced",
        &[
            ("order_id", Required, Code),
            (
                "lines",
                Required,
                List(
                    &[
                        ("sku", Required, Code),
                        ("name", Required, Line(0, 120)),
                        ("qty", Required, Quantity),
                        ("price", Required, Price),
                    ],
                    LINES,
                ),
            ),
            ("total", Required, Integer),
            ("account", Optional, Code),
            ("back_order", Optional, Flag),
        ],
    ),
    ("OrderAccepted", &[("order_id", Required, Code)]),
    ("OrderRejected", &[("order_id", Required, Code), ("reason", Required, One(REASON)), ("skus", Required, Codes)]),
    (
        "OrderHandedOver",
        &[("order_id", Required, Code), ("lines", Required, List(HANDED, u64::MAX)), ("was", Required, ORDER_STATE)],
    ),
    ("OrderSettled", &[("order_id", Required, Code)]),
    (
        "ItemAdded",
        &[
            ("order_id", Required, Code),
            ("sku", Required, Code),
            ("name", Required, Line(0, 120)),
            ("qty", Required, Quantity),
            ("price", Required, Price),
        ],
    ),
    (
        "ItemRemoved",
        &[
            ("order_id", Required, Code),
            ("sku", Required, Code),
            ("name", Required, Line(0, 120)),
            ("qty", Required, Quantity),
        ],
    ),
    (
        "AccountOpened",
        &[
            ("account_id", Required, Code),
            ("title", Required, Line(1, 120)),
            ("owner", Required, Line(1, 120)),
            ("initial_balance", Required, Funds),
            ("limit", Required, Funds),
            ("currency", Required, Currency),
        ],
    ),
    (
        "AccountChanged",
        &[
            ("account_id", Required, Code),
            ("title", Optional, Line(1, 120)),
            ("owner", Optional, Line(1, 120)),
            ("limit", Optional, Funds),
            ("was", Required, One(ACCOUNT_WAS)),
        ],
    ),
    (
        "AccountCredited",
        &[
            ("account_id", Required, Code),
            ("amount", Required, Amount),
            ("reference", Optional, Line(1, 200)),
            ("transfer_id", Optional, Code),
            ("order_id", Optional, Code),
            ("sale_id", Optional, Code),
            ("put_back", Optional, One(REASON)),
        ],
    ),
    (
        "AccountDebited",
        &[
            ("account_id", Required, Code),
            ("amount", Required, Amount),
            ("reference", Optional, Line(1, 200)),
            ("transfer_id", Optional, Code),
            ("order_id", Optional, Code),
            ("sale_id", Optional, Code),
        ],
    ),
    ("AccountClosed", &[("account_id", Required, Code)]),
    ("SaleApproved", OF_SALE),
    ("TransferRequested", TRANSFER),
    ("CurrencySet", &[("currency", Required, Currency)]),
    ("DebitRecorded", &[("transfer_id", Required, Code)]),
    ("CreditRecorded", &[("transfer_id", Required, Code)]),
    ("TransferCompleted", &[("transfer_id", Required, Code)]),
    ("TransferFailed", &[("transfer_id", Required, Code), ("reason", Required, One(REASON))]),
    (
        "StockHandedOver",
        &[
            ("sku", Required, Code),
            ("qty", Required, Quantity),
            ("order_id", Required, Code),
            ("promised", Optional, Code),
            ("taken", Required, List(TAKEN, u64::MAX)),
            ("below", Required, Natural),
        ],
    ),
    ("OrderCancelled", &[("order_id", Required, Code), ("skus", Required, Codes)]),
    (
        "SalePutBack",
        &[
            ("sale_id", Required, Code),
            ("lines", Required, List(SOLD, LINES)),
            ("payment", Required, PAYMENT),
            ("account", Optional, Code),
            ("total", Required, Integer),
        ],
    ),
    (
        "SaleRecorded",
        &[
            ("sale_id", Required, Code),
            ("lines", Required, List(SOLD, LINES)),
            ("payment", Required, PAYMENT),
            ("account", Optional, Code),
            ("total", Required, Integer),
        ],
    ),
    ("Refused", &[("command", Required, One(ASKED)), ("code", Required, AnyText), ("detail", Required, Object)]),
    (
        "Declined",
        &[
            ("command_id", Required, Id),
            ("command", Required, One(ASKED)),
            ("because", Required, BECAUSE),
            ("note", Optional, Line(1, 200)),
        ],
    ),
];

const BECAUSE: Kind =
    OneOf(&["mistake", "customer_left", "done_another_way", "other_text_stays", "there_already", "other"]);

/// Of the data of events as earlier builds wrote them; such entries stay in the log, and say this schema.
const EARLIER: &[(&str, u16, &[Field])] = &[(
    "Declined",
    1,
    &[("command_id", Required, Id), ("command", Required, One(ASKED)), ("reason", Required, Line(1, 200))],
)];

/// The schema of one command's or event's data; `Type-1` is that of events of schema 1, where there are later ones.
#[must_use]
pub fn of(type_name: &str) -> Option<Value> {
    if let Some((event_type, schema)) = type_name.rsplit_once('-') {
        let schema = schema.parse().ok()?;
        let (_, _, fields) = EARLIER.iter().find(|(name, number, _)| (*name, *number) == (event_type, schema))?;
        return Some(of_event(event_type, schema, fields));
    }
    let find = |table: &[(&str, &'static [Field])]| {
        table.iter().find(|(name, _)| *name == type_name).map(|(_, fields)| *fields)
    };
    match (find(COMMANDS), find(EVENTS)) {
        // A misspelt field of a command is refused.
        (Some(fields), _) => Some(titled(type_name, object(fields, false))),
        (None, Some(fields)) => Some(of_event(type_name, schema_of(type_name), fields)),
        (None, None) => None,
    }
}

/// An event may gain fields, which readers must let pass.
fn of_event(type_name: &str, number: u16, fields: &[Field]) -> Value {
    let mut schema = object(fields, true);
    schema["properties"]["undoes"] = json!({
        "type": "string", "format": "uuid", "description": "The command that this entry puts back",
    });
    schema["properties"]["replaces"] = json!({
        "type": "string", "format": "uuid", "description": "The refused command whose place this entry's takes",
    });
    schema["description"] = format!("Of entries with \"schema\": {number}").into();
    titled(type_name, schema)
}

fn titled(type_name: &str, mut schema: Value) -> Value {
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = type_name.into();
    schema
}

/// Every type that has a schema: commands, then events.
pub fn types() -> impl Iterator<Item = &'static str> {
    Command::types().chain(Event::types())
}

fn object(fields: &[Field], open: bool) -> Value {
    let mut properties = Map::new();
    for (name, need, kind) in fields {
        let schema = of_kind(*kind, open);
        let schema = match need {
            Nullable => json!({"anyOf": [schema, {"type": "null"}]}),
            Required | Optional => schema,
        };
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<_> =
        fields.iter().filter(|(_, need, _)| !matches!(need, Optional)).map(|(name, ..)| *name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": open})
}

fn of_kind(kind: Kind, open: bool) -> Value {
    match kind {
        Code => json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_.:+-]+$"}),
        Line(least, most) => json!({"type": "string", "minLength": least, "maxLength": most}),
        Text(most) => json!({"type": "string", "maxLength": most}),
        Quantity => json!({"type": "integer", "minimum": 1, "maximum": domain::values::Quantity::MOST}),
        Count => json!({"type": "integer", "minimum": 0, "maximum": domain::values::Quantity::MOST}),
        Amount => json!({"type": "integer", "minimum": 1, "maximum": domain::values::Amount::MOST}),
        Funds => json!({"type": "integer", "minimum": 0, "maximum": domain::values::Amount::MOST}),
        Flag => json!({"type": "boolean"}),
        Price => json!({
            "type": "integer", "minimum": 0, "maximum": domain::values::Price::MOST,
            "description": "minor units",
        }),
        Pixels => json!({"type": "integer", "minimum": 1, "maximum": domain::values::Pixels::MOST}),
        Hash => json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        Day => json!({"type": "string", "format": "date"}),
        OneOf(words) => json!({"enum": words}),
        Integer => json!({"type": "integer"}),
        Natural => json!({"type": "integer", "minimum": 0}),
        Object => json!({"type": "object"}),
        AnyText => json!({"type": "string"}),
        Currency => json!({"type": "string", "pattern": "^[A-Z]{3}$"}),
        CommandType => json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z._]+$"}),
        Codes => json!({"type": "array", "items": of_kind(Code, open)}),
        Id => json!({"type": "string", "format": "uuid"}),
        Difference => json!({
            "type": "integer", "minimum": -domain::values::Difference::MOST,
            "maximum": domain::values::Difference::MOST, "not": {"const": 0},
        }),
        List(fields, u64::MAX) => json!({"type": "array", "items": object(fields, open)}),
        List(fields, most) => {
            json!({"type": "array", "items": object(fields, open), "minItems": 1, "maxItems": most})
        }
        One(fields) => object(fields, open),
    }
}

/// # Errors
/// 404 for a type that there is none of.
pub async fn schema(door: Door) -> Result<Response, Problem> {
    let schema = door.segment("file").strip_suffix(".json").and_then(of);
    let schema = schema.ok_or_else(|| Problem::not_found("command or event of this type"))?;
    let content_type = HeaderValue::from_static("application/schema+json");
    let position = door.shop.view()?.books.position;
    Ok(door.answer(position, || Ok(([(header::CONTENT_TYPE, content_type)], schema.to_string()).into_response())))
}

#[cfg(test)]
mod tests {
    use domain::command::ParseError;

    use super::*;

    /// The smallest data that a schema lets through.
    fn sample(schema: &Value) -> Value {
        match schema["type"].as_str() {
            Some("object") => {
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                let fields = required.iter().filter_map(Value::as_str);
                Value::Object(fields.map(|field| (field.to_owned(), sample(&schema["properties"][field]))).collect())
            }
            Some("array") => json!([sample(&schema["items"])]),
            Some("integer") => schema["minimum"].clone(),
            Some(_) if schema["format"] == "uuid" => uuid::Uuid::nil().to_string().into(),
            Some(_) if schema["pattern"] == "^[A-Z]{3}$" => "EUR".into(),
            Some(_) if schema["pattern"] == "^[a-z._]+$" => "a.b".into(),
            Some(_) if schema["pattern"] == "^[0-9a-f]{64}$" => "0".repeat(64).into(),
            Some(_) => "A".into(),
            None => schema["enum"][0].clone(),
        }
    }

    #[test]
    fn k_7_every_type_has_a_schema_and_no_schema_is_of_nothing() {
        for known in types() {
            assert!(of(known).is_some(), "{known}");
        }
        let all: Vec<_> = types().collect();
        for (name, _) in COMMANDS.iter().chain(EVENTS) {
            assert!(all.contains(name), "{name}");
        }
    }

    /// The number that an entry says leads to the schema that its data fits.
    #[test]
    fn r_27_k_7_every_schema_that_a_type_was_written_under_has_a_page() {
        for name in Event::types() {
            assert_eq!(of(name).unwrap()["description"], format!("Of entries with \"schema\": {}", schema_of(name)));
            for earlier in 1..schema_of(name) {
                let schema = of(&format!("{name}-{earlier}")).unwrap_or_else(|| panic!("{name} of schema {earlier}"));
                assert!(Event::decode(name, earlier, &sample(&schema).to_string()).is_ok(), "{schema}");
            }
            assert!(of(&format!("{name}-{}", schema_of(name))).is_none());
        }
        assert!(Event::decode("Declined", 2, &sample(&of("Declined").unwrap()).to_string()).is_ok());
    }

    #[test]
    fn k_7_what_a_commands_schema_asks_for_is_a_command_and_nothing_less_is() {
        for (name, _) in COMMANDS {
            let data = sample(&of(name).unwrap());
            assert!(Command::parse(name, &data).is_ok(), "{name}: {data}");
            for field in data.as_object().unwrap().keys() {
                let mut less = data.clone();
                less.as_object_mut().unwrap().remove(field);
                let Err(ParseError::Fields(errors)) = Command::parse(name, &less) else {
                    panic!("{name} does not need {field}")
                };
                assert!(errors.iter().any(|error| error.field == *field), "{name}: {errors:?}");
            }
        }
    }
}
