//! `GET /openapi.json`: the contract in OpenAPI 3.1, made from the routes' table below and the schemas.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{Command, Event};
use serde_json::{Map, Value, json};

use super::{problem::Problem, reading::Door, schemas};

/// Address below the shop, summary, and whether it is a read of the books (with `as_of` and `min_position`).
const READS: &[(&str, &str, bool)] = &[
    ("/commands/{id}", "What became of a command: queued, accepted, refused or parked", false),
    ("/events", "The log after a position; all of it as application/x-ndjson", true),
    (
        "/feed",
        "The log as it grows, as server-sent events; with `Accept: application/json` and `?wait=N`, one answer",
        false,
    ),
    ("/snapshot", "The books at a position, where a new replica starts", true),
    ("/digest", "Epoch, position, digest of the read models and hash of the last entry", true),
    ("/products", "Every product with what can be had of it", true),
    ("/products/{sku}", "One product", true),
    ("/batches/{ref}", "One batch with what is promised from it", true),
    ("/stock/{sku}", "A SKU's stock by batch, with its last movements", true),
    ("/categories/{category}", "A category with its products", true),
    ("/orders", "Every order", true),
    ("/orders/{id}", "One order with its lines and timeline", true),
    ("/orders/{id}/allocations", "Which batches an order's goods come from", true),
    ("/orders/{id}/allocations/{sku}", "Which batch an order line's goods come from", true),
    ("/accounts", "Every account", true),
    ("/accounts/{id}", "One account with its balance, changes and transfers", true),
    ("/transfers/{id}", "One transfer: how far it is, and its timeline", true),
    ("/blobs/{name}", "A picture's bytes", false),
    ("/pictures", "Every picture", true),
    ("/pictures/{id}", "One picture: what it is about, and where its bytes are", true),
    ("/pictures/{id}/comments", "The comments on a picture, in the order of the log", true),
    ("/comments/{id}", "One comment; 404 once it is deleted", true),
    ("/history/{aggregate}", "Who changed a record, when, from what to what", true),
    ("/search", "Records by the words in them, where the server was started with `--view search`", false),
    ("/openapi.json", "This document", false),
    (
        "/schemas/{type}.json",
        "The JSON Schema of a command's or an event's data; `Declined-1` for entries of schema 1",
        false,
    ),
];

/// # Errors
/// [`Problem`] while the shop cannot be read.
pub async fn document(door: Door) -> Result<Response, Problem> {
    let position = door.shop.view()?.books.position;
    Ok(door.answer(position, || Ok(Json(made()).into_response())))
}

fn made() -> Value {
    let mut paths = Map::new();
    paths.insert("/commands".to_owned(), json!({"post": post()}));
    paths.insert("/blobs".to_owned(), json!({"post": post_blob()}));
    for (path, summary, of_books) in READS {
        paths.insert((*path).to_owned(), json!({"get": get(path, summary, *of_books)}));
    }
    paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut).for_each(guarded);
    let mut components = Map::new();
    for name in schemas::types() {
        components.insert(name.to_owned(), schemas::of(name).unwrap_or_default());
    }
    components.insert("Command".to_owned(), command());
    components.insert("Event".to_owned(), event());
    components.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Daybook",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The book of original entry for a shop. Amounts are integers in minor units, days are \
                            YYYY-MM-DD, times are RFC 3339.",
        },
        "servers": [{"url": "/api/v1/shops/{shop}", "variables": {"shop": {"default": "demo"}}}],
        // The second: a shop that nobody has ever belonged to asks nobody.
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer",
                "description": "Made by `daybook token create`, for one shop, with a role, until a day",
            }},
        },
    })
}

/// Every route asks who is there.
fn guarded(operation: &mut Value) {
    let responses = &mut operation["responses"];
    responses["401"] = problem_answer("No token, or one that is unknown, expired or revoked");
    responses["403"] = problem_answer("The token only reads, or its role may not see this");
    responses["404"] = problem_answer("No such shop or record, or a token of another shop");
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn answer(description: &str, media: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {media: {"schema": schema}}})
}

fn problem_answer(description: &str) -> Value {
    answer(description, "application/problem+json", &reference("Problem"))
}

fn post_blob() -> Value {
    let kept = json!({
        "type": "object",
        "required": ["blob", "media_type", "width", "height", "size"],
        "properties": {
            "blob": {"type": "string", "description": "its name, for `picture.add`: the BLAKE3 hash of what was sent"},
            "media_type": {"enum": ["image/png", "image/jpeg", "image/webp"]},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "size": {"type": "integer"},
        },
    });
    let picture = json!({"schema": {"type": "string", "format": "binary"}});
    json!({
        "summary": "Send a picture, before the command that names it. It is encoded anew, without metadata",
        "requestBody": {"required": true, "content": {
            "image/png": picture, "image/jpeg": picture, "image/webp": picture,
        }},
        "responses": {
            "201": answer("Kept", "application/json", &kept),
            "200": answer("It was there already", "application/json", &kept),
            "413": problem_answer("Too many bytes or pixels, or the shop is full"),
            "415": problem_answer("Not a PNG, JPEG or WebP file, or more than one"),
            "422": problem_answer("It cannot be decoded"),
        },
    })
}

fn post() -> Value {
    let settled = json!({
        "type": "object",
        "required": ["id", "status"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "status": {"enum": ["accepted", "refused", "held", "conflict", "queued"]},
            "positions": {"type": "array", "items": {"type": "integer"}},
            "head": {"type": "integer"},
            "code": {"type": "string"},
            "message": {"type": "string"},
            "detail": {"type": "object"},
        },
    });
    let either = json!({"oneOf": [settled, {"type": "array", "items": settled}]});
    json!({
        "summary": "Decide one command, or up to 500 in their order",
        "parameters": [
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
             "description": "Stands for `id` where that is absent"},
            {"name": "Prefer", "in": "header", "schema": {"type": "string"},
             "description": "`respond-async`: answer once the command is durably queued"},
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {
            "oneOf": [reference("Command"), {"type": "array", "maxItems": 500, "items": reference("Command")}],
        }}}},
        "responses": {
            "200": answer("Accepted; for an array, what became of each", "application/json", &either),
            "202": answer("Queued; `Location` tells where to ask", "application/json", &settled),
            "400": problem_answer("Malformed: every field that does not fit. Nothing was decided"),
            "409": problem_answer("Another version than `if_version` says, or an id that was used for another command"),
            "413": problem_answer("Too many commands, or too many bytes"),
            "415": problem_answer("Not JSON"),
            "422": answer("Refused by the shop's rules, and written down as such", "application/problem+json", &settled),
            "503": problem_answer("Nothing was decided; try again after `Retry-After`"),
        },
    })
}

fn get(path: &str, summary: &str, of_books: bool) -> Value {
    let mut parameters: Vec<Value> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let number = json!({"type": "integer", "minimum": 0});
    let query = |name: &str, what: &str| json!({"name": name, "in": "query", "schema": number, "description": what});
    match path {
        "/events" => parameters
            .extend([query("after", "Only what comes behind this position"), query("limit", "So many at most")]),
        "/feed" => parameters.extend([
            json!({"name": "after", "in": "query", "schema": {"type": "string"},
                   "description": "A position, or `<epoch>:<position>`; `Last-Event-ID` goes before it"}),
            json!({"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}),
            query("wait", "For an answer in one piece: seconds to wait for something new, 25 at most"),
        ]),
        "/search" => parameters.extend([
            json!({"name": "q", "in": "query", "required": true, "schema": {"type": "string"},
                   "description": "Words, each of which begins a word of the record"}),
            query("limit", "So many at most, up to 100"),
            query("min_position", "Wait up to 5 seconds until the view is at this position"),
        ]),
        "/products" | "/orders" | "/accounts" => {
            parameters.extend([
                json!({"name": "after", "in": "query", "schema": {"type": "string"},
                       "description": "`next` of the page before"}),
                query("limit", "So many at most"),
            ]);
            if path == "/orders" {
                parameters.push(json!({"name": "q", "in": "query", "schema": {"type": "string"},
                    "description": "Words in its number, its goods, or the names of the account that pays"}));
            }
        }
        _ => {}
    }
    if of_books {
        parameters.extend([
            json!({"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}),
            json!({"name": "min_position", "in": "query", "schema": {"type": "integer"},
                   "description": "Wait up to 5 seconds until the books are at this position"}),
            json!({"name": "as_of", "in": "query", "schema": {"type": "string"},
                   "description": "Answer from the past: a position, or a time"}),
        ]);
    }
    let media = if path == "/feed" { "text/event-stream" } else { "application/json" };
    let mut responses = json!({
        "200": answer(summary, media, &json!({})),
        "404": problem_answer("No such shop or record"),
    });
    if of_books {
        responses["304"] = json!({"description": "Nothing has changed since the position in `If-None-Match`"});
    }
    json!({"summary": summary, "parameters": parameters, "responses": responses})
}

fn command() -> Value {
    let kinds: Vec<_> = Command::types()
        .map(|name| json!({"properties": {"type": {"const": name}, "data": reference(name)}}))
        .collect();
    json!({
        "type": "object",
        "required": ["type", "data"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "One verdict for ever; made here if absent"},
            "type": {"type": "string"},
            "data": {"type": "object"},
            "issued_at": {"type": "string", "format": "date-time"},
            "if_version": {"type": "integer", "minimum": 0},
            "undoes": {"type": "string", "format": "uuid",
                       "description": "The command that this one puts back: its entries say so"},
            "replaces": {"type": "string", "format": "uuid",
                         "description": "The command that was refused, and whose place this one takes: its entries say so"},
            "device": {"type": "string", "minLength": 1, "maxLength": 64},
            "depends_on": {"type": "array", "items": {"type": "string", "format": "uuid"}},
        },
        "oneOf": kinds,
    })
}

fn event() -> Value {
    let kinds: Vec<_> =
        Event::types().map(|name| json!({"properties": {"type": {"const": name}, "data": reference(name)}})).collect();
    let (number, text) = (json!({"type": "integer"}), json!({"type": "string"}));
    json!({
        "type": "object",
        "properties": {
            "position": number, "aggregate": text, "version": number, "type": text, "schema": number,
            "command_id": text, "index_in_command": number, "actor": text, "device": text, "issued_at": text,
            "recorded_at": text, "causation": {"type": ["integer", "null"]}, "correlation": text,
            "data": {"type": "object"}, "hash": text,
        },
        "oneOf": kinds,
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["code"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {},
            "code": {"type": "string", "description": "A stable word"},
            "errors": {"type": "array", "items": {
                "type": "object", "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            }},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn r_8_every_type_is_in_the_document_and_every_reference_leads_somewhere() {
        let document = made();
        let mut found = Vec::new();
        references(&document, &mut found);
        for name in Command::types().chain(Event::types()) {
            assert!(found.contains(&format!("#/components/schemas/{name}")), "{name}");
        }
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
