//! From the body of `POST /commands` to commands, or to every field that does not fit.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use domain::{
    Command, CommandId, ShopSlug, Submission,
    command::ParseError,
    fields::FieldError,
    record::API,
    values::{Millis, ValueError},
};
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problem;

/// The most commands in one array.
pub const MOST: usize = sync::protocol::MOST_COMMANDS;

/// One command, or several that are handled in their order.
#[derive(Debug)]
pub enum Posted {
    One(Box<Submission>),
    Many(Vec<Submission>),
}

/// What the request says beside its body.
pub struct Envelope<'a> {
    pub shop: &'a ShopSlug,
    pub headers: &'a HeaderMap,
    pub now: Millis,
}

impl Envelope<'_> {
    /// # Errors
    /// 415 unless the body says that it is JSON, 413 for too many commands, 400 naming each field.
    pub fn read(&self, body: &[u8]) -> Result<Posted, Problem> {
        require_json(self.headers)?;
        let body: Value =
            serde_json::from_slice(body).map_err(|error| Problem::field("body", &format!("is not JSON: {error}")))?;
        let key = self.idempotency_key()?;
        match body {
            Value::Array(items) if items.len() > MOST => {
                Err(Problem::too_large(format!("{MOST} commands at most, not {}", items.len())).with("most", MOST))
            }
            Value::Array(items) => self.read_many(&items, key).map(Posted::Many),
            one => {
                let mut errors = Vec::new();
                match self.submission(&one, key.map(|key| self.keyed(key, None)), &mut errors) {
                    Some(submission) if errors.is_empty() => Ok(Posted::One(Box::new(submission))),
                    _ => Err(Problem::fields(&errors)),
                }
            }
        }
    }

    /// One malformed entry makes the whole array malformed.
    fn read_many(&self, items: &[Value], key: Option<&str>) -> Result<Vec<Submission>, Problem> {
        let (mut submissions, mut errors) = (Vec::with_capacity(items.len()), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let mut wrong = Vec::new();
            submissions.extend(self.submission(item, key.map(|key| self.keyed(key, Some(index))), &mut wrong));
            errors.extend(
                wrong
                    .into_iter()
                    .map(|error| FieldError { field: format!("[{index}].{}", error.field), problem: error.problem }),
            );
        }
        if errors.is_empty() { Ok(submissions) } else { Err(Problem::fields(&errors)) }
    }

    fn submission(&self, item: &Value, key: Option<CommandId>, errors: &mut Vec<FieldError>) -> Option<Submission> {
        let Some(object) = item.as_object() else {
            errors.push(wrong("body", "must be an object with type and data"));
            return None;
        };
        for field in object.keys() {
            if !["id", "type", "data", "issued_at", "if_version", "undoes", "replaces", "device", "depends_on"]
                .contains(&field.as_str())
            {
                errors.push(wrong(field, "is not a field of a command"));
            }
        }
        let get = |field: &str| object.get(field).filter(|value| !value.is_null());
        let id = match get("id") {
            None => Some(key.unwrap_or_else(|| CommandId(Uuid::now_v7()))),
            Some(id) => keep(errors, "id", text(id).and_then(CommandId::parse)),
        };
        let issued_at = get("issued_at")
            .map_or(Some(self.now), |time| keep(errors, "issued_at", text(time).and_then(Millis::parse)));
        let if_version = get("if_version").map_or(Some(None), |version| {
            let number = version.as_u64().and_then(|version| u32::try_from(version).ok());
            keep(errors, "if_version", number.map(Some).ok_or(ValueError::Shape("a whole number")))
        });
        let device = get("device").map_or(Some(API), |device| {
            let fits = |name: &&str| (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            let named = device.as_str().filter(fits);
            keep(errors, "device", named.ok_or(ValueError::Shape("a text of 1 to 64 characters")))
        });
        let depends_on = get("depends_on").map_or(Some(Vec::new()), |ids| {
            let read =
                ids.as_array().and_then(|ids| ids.iter().map(|id| CommandId::parse(id.as_str()?).ok()).collect());
            keep(errors, "depends_on", read.ok_or(ValueError::Shape("a list of command ids")))
        });
        let mut link = |name: &str| {
            get(name).map_or(Some(None), |id| keep(errors, name, text(id).and_then(CommandId::parse)).map(Some))
        };
        let (undoes, replaces) = (link("undoes"), link("replaces"));
        let command = self.command(object, errors);
        Some(Submission {
            id: id?,
            command: command?,
            if_version: if_version?,
            device: Arc::from(device?),
            issued_at: issued_at?,
            undoes: undoes?,
            replaces: replaces?,
            depends_on: depends_on?,
        })
    }

    fn command(&self, object: &serde_json::Map<String, Value>, errors: &mut Vec<FieldError>) -> Option<Command> {
        let Some(command_type) = object.get("type").filter(|value| !value.is_null()) else {
            errors.push(wrong("type", "is missing"));
            return None;
        };
        let Some(command_type) = command_type.as_str() else {
            errors.push(wrong("type", "must be a text"));
            return None;
        };
        let nothing = Value::Object(serde_json::Map::new());
        let data = object.get("data").filter(|value| !value.is_null()).unwrap_or(&nothing);
        match Command::parse(command_type, data) {
            Ok(command) => Some(command),
            Err(ParseError::UnknownType(_)) => {
                errors.push(wrong("type", &format!("{command_type:?} is not a command type")));
                None
            }
            Err(ParseError::Fields(mut fields)) => {
                errors.append(&mut fields);
                None
            }
        }
    }

    /// `Idempotency-Key`, with or without the quotes of a structured field.
    fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        let Some(value) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().unwrap_or("").trim().trim_matches('"');
        if (1..=255).contains(&key.len()) {
            Ok(Some(key))
        } else {
            Err(Problem::field("Idempotency-Key", "must be 1 to 255 printable characters"))
        }
    }

    /// The command id that a key stands for: itself when it is a UUID; else, and for each entry of an array, one
    /// that is derived from shop and key, so that the same request sent again has the same ids.
    fn keyed(&self, key: &str, index: Option<usize>) -> CommandId {
        match (CommandId::parse(key), index) {
            (Ok(id), None) => id,
            (_, index) => {
                let index = index.map_or(String::new(), |index| index.to_string());
                let seed = format!("{}\n{key}\n{index}", self.shop);
                let hash = xxhash_rust::xxh3::xxh3_128(seed.as_bytes());
                CommandId(uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid())
            }
        }
    }
}

/// A body that says it is something else would be misread; one that says nothing is taken for JSON.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = content_type.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "send application/json"))
    }
}

fn text(value: &Value) -> Result<&str, ValueError> {
    value.as_str().ok_or(ValueError::Shape("a text"))
}

fn wrong(field: &str, problem: &str) -> FieldError {
    FieldError { field: field.to_owned(), problem: problem.to_owned() }
}

fn keep<T>(errors: &mut Vec<FieldError>, field: &str, read: Result<T, ValueError>) -> Option<T> {
    read.map_err(|error| errors.push(wrong(field, &error.to_string()))).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(headers: &HeaderMap, body: &Value) -> Result<Posted, Problem> {
        let shop = ShopSlug::parse("demo").unwrap();
        Envelope { shop: &shop, headers, now: Millis(0) }.read(body.to_string().as_bytes())
    }

    fn id_of(posted: Result<Posted, Problem>) -> CommandId {
        match posted.unwrap() {
            Posted::One(submission) => submission.id,
            Posted::Many(_) => panic!("one was posted"),
        }
    }

    #[test]
    fn every_field_that_does_not_fit_is_named_at_once() {
        let body = json!({"id": "x", "type": "stock.receive", "data": {"qty": 0}, "colour": 1});
        let problem = format!("{:?}", read(&HeaderMap::new(), &body).unwrap_err());
        for field in ["\"id\"", "\"batchref\"", "\"sku\"", "\"qty\"", "\"colour\""] {
            assert!(problem.contains(field), "{field} in {problem}");
        }
    }

    #[test]
    fn an_idempotency_key_is_the_command_id_where_there_is_none() {
        let body = json!({"type": "product.archive", "data": {"sku": "A"}});
        let mut headers = HeaderMap::new();
        let uuid = "7f3c1f5e-8d0e-4d5b-9a6e-2f1f5f2b6a11";
        headers.insert("idempotency-key", uuid.parse().unwrap());
        assert_eq!(id_of(read(&headers, &body)).to_string(), uuid);
        headers.insert("idempotency-key", "till 3, receipt 17".parse().unwrap());
        assert_eq!(id_of(read(&headers, &body)), id_of(read(&headers, &body)));
        let named = json!({"id": uuid, "type": "product.archive", "data": {"sku": "A"}});
        assert_eq!(id_of(read(&headers, &named)).to_string(), uuid);
    }

    #[test]
    fn one_malformed_entry_makes_the_whole_array_malformed() {
        let good = json!({"type": "product.archive", "data": {"sku": "A"}});
        let bad = json!({"type": "product.archive", "data": {}});
        let problem = format!("{:?}", read(&HeaderMap::new(), &json!([good, bad])).unwrap_err());
        assert!(problem.contains("[1].sku"), "{problem}");
    }
}
