//! Reading a command's `data` field by field, so that a bad request hears of every wrong field at once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{json, values::ValueError};

/// One field that does not fit, by its path (`lines[2].qty`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub problem: String,
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

/// Nesting of an object that is kept as it is. Parsers give up at 128 levels, and what is kept comes to stand deeper
/// and deeper: in an event, in a read model, in a snapshot.
const DEEPEST: u8 = 16;
/// Bytes of it. The longest data of a command (200 lines, or texts at their limits in four-byte characters) is half
/// of that, and an entry may have four times as many.
const MOST_BYTES: usize = 64 * 1024;

fn fits_in_depth(value: &Value, levels: u8) -> bool {
    let Some(below) = levels.checked_sub(1) else { return false };
    match value {
        Value::Array(items) => items.iter().all(|item| fits_in_depth(item, below)),
        Value::Object(fields) => fields.values().all(|field| fits_in_depth(field, below)),
        _ => true,
    }
}

/// A reader over one JSON object. Every `take` answers at once; what was wrong is told by [`Fields::finish`].
pub struct Fields<'a> {
    object: Option<&'a serde_json::Map<String, Value>>,
    path: String,
    known: BTreeSet<&'static str>,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    #[must_use]
    pub fn of(value: &'a Value) -> Self {
        Self::at(value, String::new())
    }

    fn at(value: &'a Value, path: String) -> Self {
        let object = value.as_object();
        let mut fields = Self { object, path, known: BTreeSet::new(), errors: Vec::new() };
        if object.is_none() {
            fields.errors.push(FieldError { field: fields.name(""), problem: "must be an object".to_owned() });
        }
        fields
    }

    fn name(&self, field: &str) -> String {
        match (self.path.as_str(), field) {
            ("", "") => "data".to_owned(),
            ("", field) => field.to_owned(),
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        }
    }

    fn wrong(&mut self, field: &str, problem: impl ToString) {
        let field = self.name(field);
        self.errors.push(FieldError { field, problem: problem.to_string() });
    }

    /// The field's value; `null` and an empty form field both count as absent for the optional readers.
    fn raw(&mut self, field: &'static str) -> Option<&'a Value> {
        self.known.insert(field);
        self.object.and_then(|object| object.get(field)).filter(|value| !value.is_null())
    }

    /// A text that `parse` accepts.
    pub fn text<T>(&mut self, field: &'static str, parse: impl FnOnce(&str) -> Result<T, ValueError>) -> Option<T> {
        match self.raw(field) {
            None => self.missing(field),
            Some(Value::String(text)) => self.keep(field, parse(text)),
            Some(_) => self.keep(field, Err(ValueError::Shape("a text"))),
        }
    }

    /// A whole number that `parse` accepts.
    pub fn number<T>(&mut self, field: &'static str, parse: impl FnOnce(i64) -> Result<T, ValueError>) -> Option<T> {
        match self.raw(field) {
            None => self.missing(field),
            Some(Value::Number(number)) => {
                let parsed = number.as_i64().ok_or(ValueError::Shape("a whole number that fits")).and_then(parse);
                self.keep(field, parsed)
            }
            Some(_) => self.keep(field, Err(ValueError::Shape("a whole number"))),
        }
    }

    /// As [`Fields::text`], where absence and the empty text mean none.
    pub fn optional_text<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, ValueError>,
    ) -> Option<T> {
        match self.raw(field) {
            None => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(_) => self.text(field, parse),
        }
    }

    /// As [`Fields::number`], where absence means none.
    pub fn optional_number<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(i64) -> Result<T, ValueError>,
    ) -> Option<T> {
        self.raw(field)?;
        self.number(field, parse)
    }

    /// An object read by `read`, where absence means none.
    pub fn optional_object<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.raw(field)?;
        let mut inner = Fields::at(value, self.name(field));
        let read = read(&mut inner);
        inner.refuse_unknown();
        self.errors.append(&mut inner.errors);
        read
    }

    /// What is wrong is not one field, but how they go together.
    pub fn wrong_as_whole<T>(&mut self, problem: &str) -> Option<T> {
        if self.errors.is_empty() {
            self.wrong("", problem);
        }
        None
    }

    /// An object, whatever is in it, so long as it could be the data of a command.
    pub fn object(&mut self, field: &'static str) -> Option<Value> {
        match self.raw(field) {
            None => self.missing(field),
            Some(object @ Value::Object(_)) if !fits_in_depth(object, DEEPEST) => {
                self.keep(field, Err(ValueError::Shape("nested 16 levels deep at most")))
            }
            Some(object @ Value::Object(_)) if json::written(object).len() > MOST_BYTES => {
                self.keep(field, Err(ValueError::Shape("65536 bytes of JSON at most")))
            }
            Some(object @ Value::Object(_)) => Some(object.clone()),
            Some(_) => self.keep(field, Err(ValueError::Shape("an object"))),
        }
    }

    /// Whether the field is there at all (a change that names a field sets it, even to the empty text).
    pub fn has(&mut self, field: &'static str) -> bool {
        self.raw(field).is_some()
    }

    /// A list of 1 to `most` objects, each read by `read`.
    pub fn list<T>(
        &mut self,
        field: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Fields<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.raw(field) else { return self.missing(field) };
        let Some(items) = value.as_array() else {
            return self.keep(field, Err(ValueError::Shape("a list")));
        };
        if items.is_empty() || items.len() > most {
            self.wrong(field, format!("must have 1 to {most} entries, not {}", items.len()));
            return None;
        }
        let mut read_items = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let mut inner = Fields::at(item, format!("{}[{index}]", self.name(field)));
            read_items.extend(read(&mut inner));
            inner.refuse_unknown();
            self.errors.append(&mut inner.errors);
        }
        (read_items.len() == items.len()).then_some(read_items)
    }

    fn missing<T>(&mut self, field: &'static str) -> Option<T> {
        if self.object.is_some() {
            self.wrong(field, "is missing");
        }
        None
    }

    fn keep<T>(&mut self, field: &'static str, parsed: Result<T, ValueError>) -> Option<T> {
        parsed.map_err(|error| self.wrong(field, error)).ok()
    }

    /// A field nobody asked for is most often a misspelt one: told, not ignored.
    fn refuse_unknown(&mut self) {
        let unknown: Vec<_> = self
            .object
            .into_iter()
            .flat_map(|object| object.keys())
            .filter(|key| !self.known.contains(key.as_str()))
            .cloned()
            .collect();
        for field in unknown {
            self.wrong(&field, "is not a field of this command");
        }
    }

    /// What was read, or everything that was wrong.
    ///
    /// # Errors
    /// All field errors, in reading order.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, Vec<FieldError>> {
        self.refuse_unknown();
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(self.errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(data: Value) -> Result<Value, Vec<FieldError>> {
        let data = json!({ "data": data });
        let mut fields = Fields::of(&data);
        let read = fields.object("data");
        fields.finish(read)
    }

    #[test]
    fn an_object_that_is_kept_as_it_is_has_bounds() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "in": inner }));
        assert_eq!(object(nested(16)), Ok(nested(16)));
        assert_eq!(object(nested(17)).unwrap_err()[0].field, "data");
        let long = |bytes: usize| json!({ "text": "x".repeat(bytes - r#"{"text":""}"#.len()) });
        assert_eq!(object(long(MOST_BYTES)), Ok(long(MOST_BYTES)));
        assert_eq!(object(long(MOST_BYTES + 1)).unwrap_err()[0].field, "data");
        assert_eq!(object(json!([])).unwrap_err()[0].field, "data");
    }
}
