//! `POST /commands`: the one way in for programs, and where a command's verdict can be asked for.

use axum::{
    Json,
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    Command, CommandId, Submission, Verdict, account,
    books::{Request, Role},
    comment, order, picture, product, sale, stock, transfer,
};
use serde_json::{Map, Value, json};
use store::QueueStatus;
use sync::protocol::Outcome;

use super::{
    command_body::{Envelope, Posted},
    goods::refusal_to,
    problem::Problem,
    reading::Door,
};
use crate::{
    clock,
    shop::{
        ShopError,
        log::unavailable,
        queue::{self, intake::IntakeError},
    },
};

/// Decides one command or an array of them; with `Prefer: respond-async`, queues them.
///
/// # Errors
/// [`Problem`].
pub async fn post(door: Door, body: Result<Bytes, BytesRejection>) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(format!("{} bytes at most", door.server.limits.body)),
        _ => Problem::field("body", "did not arrive whole"),
    })?;
    let envelope = Envelope { shop: &door.shop.slug, headers: &door.headers, now: clock::now() };
    let posted = envelope.read(&body)?;
    if prefers_async(&door.headers) {
        return queue_up(&door, posted).await;
    }
    match posted {
        Posted::One(submission) => {
            let location = resource(&door, &submission.command);
            let (head, outcome) = decide_one(&door, *submission).await?;
            Ok(answer_one(door.author.role, &outcome, head, &location))
        }
        Posted::Many(submissions) => {
            let requests = submissions.into_iter().map(|submission| request(&door, submission)).collect();
            let decided = door.shop.decide(requests).await?;
            let item = |outcome: &Outcome| Value::Object(members(door.author.role, outcome, decided.head));
            let items: Vec<_> = decided.outcomes.iter().map(item).collect();
            Ok(written(Json(items).into_response()))
        }
    }
}

fn request(door: &Door, submission: Submission) -> Request {
    Request { submission, author: door.author.clone() }
}

async fn decide_one(door: &Door, submission: Submission) -> Result<(u64, Outcome), Problem> {
    let mut decided = door.shop.decide(vec![request(door, submission)]).await?;
    let outcome = decided.outcomes.pop().ok_or(ShopError::Unavailable)?;
    Ok((decided.head, outcome))
}

fn answer_one(reader: Role, outcome: &Outcome, head: u64, location: &str) -> Response {
    let mut body = members(reader, outcome, head);
    match outcome {
        Outcome::Settled { verdict: Verdict::Accepted { .. }, .. } => {
            let mut response = written(Json(body).into_response());
            insert_location(&mut response, location);
            response
        }
        Outcome::Settled { verdict: Verdict::Refused { .. }, .. } => {
            body.insert("type".to_owned(), "about:blank".into());
            let title = body.get("message").cloned().unwrap_or_default();
            body.insert("title".to_owned(), title);
            let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
            let body = Value::Object(body).to_string();
            written((StatusCode::UNPROCESSABLE_ENTITY, content_type, body).into_response())
        }
        Outcome::Held { .. } => conflict("held", body),
        Outcome::IdReused { .. } => conflict("id_reused", body),
        Outcome::VersionConflict { .. } => conflict("changed_meanwhile", body),
    }
}

/// Nothing was decided: unlike a refusal, it leaves no trace.
fn conflict(code: &'static str, members: Map<String, Value>) -> Response {
    let title = members.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut problem = Problem::new(StatusCode::CONFLICT, code, title);
    for (name, value) in members.into_iter().filter(|(name, _)| name != "status" && name != "code") {
        problem = problem.with(&name, value);
    }
    problem.into_response()
}

/// What an answer says of one command, and no more: what came of it is read elsewhere.
fn members(reader: Role, outcome: &Outcome, head: u64) -> Map<String, Value> {
    let id = outcome.id();
    let value = match outcome {
        Outcome::Settled { verdict, .. } => return verdict_members(reader, id, verdict, head),
        Outcome::Held { by, .. } => json!({
            "id": id, "status": "held", "code": "held", "head": head, "by": by,
            "message": format!("held back: {by}, which it depends on, was refused"), "detail": {"by": by},
        }),
        Outcome::IdReused { .. } => json!({
            "id": id, "status": "conflict", "code": "id_reused", "head": head,
            "message": format!("id {id} was used for another command"), "detail": {},
        }),
        Outcome::VersionConflict { aggregate, expected, actual, .. } => json!({
            "id": id, "status": "conflict", "code": "changed_meanwhile", "head": head,
            "aggregate": aggregate, "expected": expected, "actual": actual,
            "message": format!("{aggregate} changed meanwhile: expected version {expected}, actual {actual}"),
            "detail": {"aggregate": aggregate, "expected": expected, "actual": actual},
        }),
    };
    into_object(value)
}

fn verdict_members(reader: Role, id: CommandId, verdict: &Verdict, head: u64) -> Map<String, Value> {
    into_object(match verdict {
        Verdict::Accepted { positions } => json!({
            "id": id, "status": "accepted", "positions": positions, "head": head,
        }),
        Verdict::Refused { position, refusal } => {
            let (message, detail) = refusal_to(reader, refusal);
            json!({
                "id": id, "status": "refused", "code": refusal.code(), "message": message, "detail": detail,
                "position": position, "positions": [position], "head": head,
            })
        }
    })
}

fn into_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// Answers to what changes something are never kept.
fn written(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn insert_location(response: &mut Response, location: &str) {
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
}

/// Where what the command speaks of can be read. Codes need no escaping: see `domain::values`.
fn resource(door: &Door, command: &Command) -> String {
    let rest = match command {
        Command::Product(product) => format!("products/{}", product::Command::sku(product)),
        Command::Order(command) => format!("orders/{}", order::Command::order_id(command)),
        Command::Sale(command) => format!("history/sale-{}", sale::Command::sale_id(command)),
        Command::Account(command) => format!("accounts/{}", account::Command::account_id(command)),
        Command::Transfer(command) => format!("transfers/{}", transfer::Command::transfer_id(command)),
        Command::Shop(_) => "history/shop-settings".to_owned(),
        Command::Picture(command) => format!("pictures/{}", picture::Command::picture_id(command)),
        Command::Comment(command) => format!("comments/{}", comment::Command::comment_id(command)),
        Command::Change(_) => {
            let view = door.shop.view();
            view.map(|view| format!("history/{}", view.books.addressed(command))).unwrap_or_default()
        }
        Command::Stock(command) => match command {
            stock::Command::Receive(stock::Receive { batchref, .. })
            | stock::Command::ChangeQuantity { batchref, .. }
            | stock::Command::Damage { batchref, .. } => format!("batches/{batchref}"),
            stock::Command::Allocate { order_id, .. } => format!("orders/{order_id}/allocations"),
            stock::Command::Free { order_id, .. }
            | stock::Command::Release { order_id, .. }
            | stock::Command::Reserve { order_id, .. }
            | stock::Command::Fill { order_id, .. }
            | stock::Command::HandOver { order_id, .. }
            | stock::Command::Reallocate { order_id, .. } => {
                format!("orders/{order_id}")
            }
            stock::Command::Count(stock::Count { sku, .. })
            | stock::Command::Adjust { sku, .. }
            | stock::Command::TakeBack { sku, .. }
            | stock::Command::Sell { sku, .. } => {
                format!("stock/{sku}")
            }
        },
    };
    format!("/api/v1/shops/{}/{rest}", door.shop.slug)
}

fn prefers_async(headers: &HeaderMap) -> bool {
    let prefers = headers.get_all(HeaderName::from_static("prefer")).iter().filter_map(|value| value.to_str().ok());
    prefers
        .flat_map(|list| list.split(','))
        .any(|one| one.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("respond-async"))
}

/// 202 once the commands are durably queued.
async fn queue_up(door: &Door, posted: Posted) -> Result<Response, Problem> {
    let one = matches!(posted, Posted::One(_));
    let submissions = match posted {
        Posted::One(submission) => vec![*submission],
        Posted::Many(submissions) => submissions,
    };
    let ids: Vec<_> = submissions.iter().map(|submission| submission.id).collect();
    let books = door.shop.view()?.books;
    let rows = queue::rows(&door.author, &books, submissions).map_err(unavailable)?;
    door.server.intake.put(&door.shop.slug, rows).await.map_err(|error| match error {
        IntakeError::IdReused(id) => id_reused(id),
        IntakeError::Shop(error) => error.into(),
    })?;
    let place = |id: &CommandId| format!("/api/v1/shops/{}/commands/{id}", door.shop.slug);
    let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "status": "queued", "location": place(id)})).collect();
    let body = match items.as_slice() {
        [item] if one => item.clone(),
        _ => Value::Array(items),
    };
    let mut response = written((StatusCode::ACCEPTED, Json(body)).into_response());
    response
        .headers_mut()
        .insert(HeaderName::from_static("preference-applied"), HeaderValue::from_static("respond-async"));
    if let (true, Some(id)) = (one, ids.first()) {
        insert_location(&mut response, &place(id));
    }
    Ok(response)
}

fn id_reused(id: CommandId) -> Problem {
    Problem::new(StatusCode::CONFLICT, "id_reused", format!("id {id} was used for another command"))
        .with("id", id.to_string())
}

/// `GET /commands/{id}`: queued, accepted, refused or parked.
///
/// # Errors
/// 404 for an id that nobody has sent.
pub async fn status(door: Door) -> Result<Response, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "unknown_command", "no command of this id");
    let id = CommandId::parse(door.segment("id")).map_err(|_| unknown())?;
    let store = &door.server.shops.store;
    // The queue first: a command that is settled between the two questions is found in the second.
    let queued = store.queue_status(&door.shop.slug, id).await.map_err(unavailable)?;
    let verdict = store.verdict(&door.shop.slug, id).await.map_err(unavailable)?;
    let last = match verdict.as_ref().map(|record| &record.verdict) {
        Some(Verdict::Accepted { positions }) => positions.last().copied(),
        Some(Verdict::Refused { position, .. }) => Some(*position),
        None => None,
    };
    // Whoever learns here that it was decided finds what came of it with the next read.
    let head = match last {
        Some(position) => door.shop.reach(position, door.server.limits.wait).await?.books.position,
        None => door.shop.view()?.books.position,
    };
    let body = match (verdict, queued) {
        (Some(record), _) => {
            let settled = verdict_members(door.author.role, id, &record.verdict, head);
            return Ok(door.answer(head, || Ok(Json(settled).into_response())));
        }
        (None, Some(QueueStatus::Queued { attempts, .. })) => {
            into_object(json!({"id": id, "status": "queued", "attempts": attempts, "head": head}))
        }
        (None, Some(QueueStatus::Parked { reason, .. })) => {
            into_object(json!({"id": id, "status": "parked", "reason": &*reason, "head": head}))
        }
        (None, None) => return Err(unknown()),
    };
    // What becomes of it does not wait for the book to grow: the position is no tag of this answer.
    let mut response = written(Json(body).into_response());
    response.headers_mut().insert(HeaderName::from_static("daybook-position"), HeaderValue::from(head));
    Ok(response)
}
