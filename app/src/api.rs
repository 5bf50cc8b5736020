//! Server functions: thin doors. Their endpoints are a public contract: a page that was opened weeks ago calls them
//! by these names.

use domain::ShopSlug;
use leptos::{
    prelude::*,
    server_fn::{
        codec::{Json, JsonEncoding},
        error::{FromServerFnError, ServerFnErrorErr},
    },
};
use serde::{Deserialize, Serialize};
use sync::protocol::{ProtocolError, Push, PushAnswer, Snapshot, SnapshotRequest};

/// What a door answers when it does not answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error(transparent)]
pub struct ApiError(#[from] pub ProtocolError);

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(ProtocolError::NoAnswer { problem: error.to_string() })
    }
}

/// Decides a part of a device's outbox. For everyone who may open the shop; the rules of roles are in `decide`.
#[server(prefix = "/api", endpoint = "push_commands", input = Json, output = Json)]
pub async fn push_commands(shop: ShopSlug, push: Push) -> Result<PushAnswer, ApiError> {
    let (backend, author) = doors::open()?;
    doors::answer(backend.push(&shop, &author, push).await)
}

/// Where a new replica of the shop starts. For everyone who may open the shop.
#[server(prefix = "/api", endpoint = "replica_snapshot", input = Json, output = Json)]
pub async fn replica_snapshot(
    shop: ShopSlug,
    #[server(default)] request: Option<SnapshotRequest>,
) -> Result<Snapshot, ApiError> {
    let (backend, _) = doors::open()?;
    doors::answer(backend.snapshot(&shop, request).await)
}

#[cfg(feature = "ssr")]
mod doors {
    use domain::books::Author;
    use http::StatusCode;
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;
    use sync::protocol::ProtocolError;

    use super::ApiError;
    use crate::backend::SharedBackend;

    /// The server and the person who asks.
    pub(super) fn open() -> Result<(SharedBackend, Author), ApiError> {
        let backend = use_context::<SharedBackend>().ok_or(ProtocolError::Unavailable { retry_after_ms: 1_000 });
        let author = use_context::<Author>().ok_or(ProtocolError::NotSignedIn);
        answer(backend.and_then(|backend| author.map(|author| (backend, author))))
    }

    /// Gives an error its HTTP status: server functions of this Leptos version say 500 for every one.
    pub(super) fn answer<T>(result: Result<T, ProtocolError>) -> Result<T, ApiError> {
        result.map_err(|error| {
            if let Some(response) = use_context::<ResponseOptions>() {
                response.set_status(status(&error));
            }
            ApiError(error)
        })
    }

    fn status(error: &ProtocolError) -> StatusCode {
        match error {
            ProtocolError::TooOld { .. } => StatusCode::UPGRADE_REQUIRED,
            ProtocolError::UnknownShop { .. } => StatusCode::NOT_FOUND,
            ProtocolError::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ProtocolError::Malformed { .. } => StatusCode::BAD_REQUEST,
            ProtocolError::NotSignedIn => StatusCode::UNAUTHORIZED,
            ProtocolError::Unavailable { .. } | ProtocolError::NoAnswer { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
