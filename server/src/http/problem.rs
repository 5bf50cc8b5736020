//! Answers that are not what was asked for: `application/problem+json` (RFC 9457), with a stable `code`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{books::Role, fields::FieldError};
use serde_json::{Map, Value, json};
use sync::protocol::Revocation;
use uuid::Uuid;

use crate::{
    access::Denied,
    shop::{ShopError, log::unavailable},
};

/// One problem. Words for people are made in the page; `title` is for whoever reads a log or a terminal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: String,
    more: Map<String, Value>,
    retry_after: Option<u64>,
    allow: Option<&'static str>,
    /// Whether the answer says how to come in.
    asks: bool,
    /// Whether it is about who asks, and not about what.
    denies: bool,
    /// That whoever asks was shut out.
    revocation: Option<Revocation>,
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self {
            status,
            code,
            title: title.into(),
            more: Map::new(),
            retry_after: None,
            allow: None,
            asks: false,
            denies: false,
            revocation: None,
        }
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

    /// 401: what would help is another visitor.
    #[must_use]
    pub fn unknown_visitor(code: &'static str, title: &str) -> Self {
        let mut problem = Self::new(StatusCode::UNAUTHORIZED, code, title);
        problem.asks = true;
        problem
    }

    /// 403, with both sides: what the role may not see or do outside of the book. What it may not write down is a
    /// refusal.
    #[must_use]
    pub fn not_allowed(has: Role, needs: Role) -> Self {
        let title = format!("Not allowed: needs {needs}, has {has}");
        let detail = json!({"needs": needs, "has": has});
        Self::new(StatusCode::FORBIDDEN, "not_allowed", title).with("detail", detail)
    }

    /// What cannot happen to what we write ourselves. What it was is for the operator, who finds it in the log by the
    /// reference that whoever asked was given.
    #[must_use]
    pub fn internal(error: &impl ToString) -> Self {
        let mut reference = Uuid::new_v4().simple().to_string();
        reference.truncate(8);
        tracing::error!(reference, code = "internal", error = error.to_string(), "something went wrong in here");
        let title = "something went wrong in the server";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title).with("reference", reference)
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
    pub fn status(&self) -> StatusCode {
        self.status
    }

    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether somebody else would have got another answer. Not to be told to them: see [`Denied::OtherShop`].
    #[must_use]
    pub fn denies(&self) -> bool {
        self.denies
    }

    /// See [`Denied::Revoked`].
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let denies = !matches!(denied, Denied::Store(_));
        let problem = match denied {
            Denied::NotSignedIn => Self::unknown_visitor("not_signed_in", "sign in first"),
            Denied::NoSuchToken => Self::unknown_visitor("invalid_token", "no such token, or not any more"),
            Denied::OtherShop => Self::unknown_shop(),
            Denied::DemoOver => Self::new(StatusCode::GONE, "demo_over", "this demo shop is over, start another"),
            Denied::Revoked(revoked) => {
                let problem = Self::new(StatusCode::FORBIDDEN, "revoked", "shut out of this shop");
                Self { revocation: Some(revoked.revocation), ..problem.with("revocation", json!(revoked.revocation)) }
            }
            Denied::ReadsOnly => Self::new(StatusCode::FORBIDDEN, "reads_only", "this token only reads"),
            Denied::NotForRole { has, needs } => Self::not_allowed(has, needs),
            Denied::Store(error) => unavailable(error).into(),
        };
        Self { denies, ..problem }
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
        if self.asks {
            let how = HeaderValue::from_static("Bearer realm=\"daybook\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
