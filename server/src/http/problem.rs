//! Answers that are not what was asked for: `application/problem+json` (RFC 9457), with a stable `code`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::fields::FieldError;
use serde_json::{Map, Value, json};

use crate::{access::Denied, shop::ShopError};

/// One problem. Words for people are made in the page; `title` is for whoever reads a log or a terminal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: String,
    more: Map<String, Value>,
    retry_after: Option<u64>,
    allow: Option<&'static str>,
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self { status, code, title: title.into(), more: Map::new(), retry_after: None, allow: None }
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.more.insert(key.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("no {what}"))
    }

    #[must_use]
    pub fn unknown_shop() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_shop", "no such shop")
    }

    #[must_use]
    pub fn unknown_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_route", "nothing lives at this address")
    }

    /// What cannot happen to what we write ourselves.
    #[must_use]
    pub fn internal(error: &impl ToString) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
    }

    #[must_use]
    pub fn method(allow: &'static str) -> Self {
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", format!("only {allow}"));
        problem.allow = Some(allow);
        problem
    }

    /// Malformed: every field that does not fit, at once.
    #[must_use]
    pub fn fields(errors: &[FieldError]) -> Self {
        let title = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self::new(StatusCode::BAD_REQUEST, "malformed", title).with("errors", json!(errors))
    }

    #[must_use]
    pub fn field(field: &str, problem: &str) -> Self {
        Self::fields(&[FieldError { field: field.to_owned(), problem: problem.to_owned() }])
    }

    #[must_use]
    pub fn too_large(title: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", title)
    }

    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first"),
        }
    }
}

impl From<ShopError> for Problem {
    fn from(error: ShopError) -> Self {
        match &error {
            ShopError::Unknown => Self::unknown_shop(),
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), error.to_string())
                .retry_after(error.retry_after().as_secs().max(1)),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("type".to_owned(), "about:blank".into());
        body.insert("title".to_owned(), self.title.into());
        body.insert("status".to_owned(), self.status.as_u16().into());
        body.insert("code".to_owned(), self.code.into());
        body.extend(self.more);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, Value::Object(body).to_string()).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
