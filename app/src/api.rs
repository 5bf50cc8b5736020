//! Server functions: thin doors. Their endpoints are a public contract: a page that was opened weeks ago calls them
//! by these names.

use domain::{ShopSlug, projections::day_book::BookEntry};
use leptos::{
    prelude::*,
    server_fn::{
        codec::{Json, JsonEncoding},
        error::{FromServerFnError, ServerFnErrorErr},
    },
};
use serde::{Deserialize, Serialize};
use sync::{
    past::{Asked, Moment},
    protocol::{ProtocolError, PushAnswer, Snapshot, SnapshotRequest, Unread},
};

use crate::{
    devices::Devices,
    people::{Here, People},
    status::Status,
};

/// What a door answers when it does not answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error(transparent)]
pub struct ApiError(#[from] pub ProtocolError);

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // On the server it is the request that does not fit; in a browser it is the answer.
        #[cfg(feature = "ssr")]
        if let Some(unfit) = doors::unfit(&error) {
            return unfit;
        }
        Self(ProtocolError::NoAnswer { problem: error.to_string() })
    }
}

/// Decides a part of a device's outbox. For everyone who may open the shop; the rules of roles are in `decide`.
#[server(prefix = "/api", endpoint = "push_commands", input = Json, output = Json)]
pub async fn push_commands(shop: ShopSlug, push: Unread) -> Result<PushAnswer, ApiError> {
    let (backend, headers) = doors::unopened()?;
    doors::answer(backend.push(&headers, &shop, push).await)
}

/// Where a new replica of the shop starts. For everyone who may open the shop.
#[server(prefix = "/api", endpoint = "replica_snapshot", input = Json, output = Json)]
pub async fn replica_snapshot(
    shop: ShopSlug,
    #[server(default)] request: Option<SnapshotRequest>,
) -> Result<Snapshot, ApiError> {
    let (backend, headers) = doors::unopened()?;
    doors::answer(backend.snapshot(&headers, &shop, request).await)
}

/// The books as they were at a moment that the device does not hold. For everyone who may open the shop.
#[server(prefix = "/api", endpoint = "past_snapshot", input = Json, output = Json)]
pub async fn past_snapshot(shop: ShopSlug, moment: Moment) -> Result<Snapshot, ApiError> {
    let (backend, _) = doors::open(&shop).await?;
    doors::answer(backend.past_snapshot(&shop, moment).await)
}

/// Entries that the device does not hold. For everyone who may open the shop.
#[server(prefix = "/api", endpoint = "read_entries", input = Json, output = Json)]
pub async fn read_entries(shop: ShopSlug, asked: Asked) -> Result<Vec<(u64, BookEntry)>, ApiError> {
    let (backend, _) = doors::open(&shop).await?;
    doors::answer(backend.entries(&shop, asked).await)
}

/// How what follows the shop's log on the server stands. For everyone who may open the shop; owners and managers may have
/// it compared with the log.
#[server(prefix = "/api", endpoint = "shop_status", input = Json, output = Json)]
pub async fn shop_status(shop: ShopSlug, check: bool) -> Result<Status, ApiError> {
    let (backend, author) = doors::open(&shop).await?;
    doors::answer(backend.status(&shop, check && doors::leads(&author)).await)
}

/// Who asks, and in which role they are now. For everyone who may open the shop.
#[server(prefix = "/api", endpoint = "who_am_i", input = Json, output = Json)]
pub async fn who_am_i(shop: ShopSlug) -> Result<Here, ApiError> {
    let (_, author) = doors::open(&shop).await?;
    Ok(Here { login: author.actor.to_string(), role: author.role })
}

/// Who belongs to the shop, and which invites are open. For owners; everybody else gets none.
#[server(prefix = "/api", endpoint = "shop_people", input = Json, output = Json)]
pub async fn shop_people(shop: ShopSlug) -> Result<Option<People>, ApiError> {
    let Some((backend, headers)) = doors::open_to_owners(&shop).await? else { return Ok(None) };
    doors::answer(backend.people(&headers, &shop).await).map(Some)
}

/// The devices of the shop, and what came from those that were shut out. For owners; everybody else gets none.
#[server(prefix = "/api", endpoint = "shop_devices", input = Json, output = Json)]
pub async fn shop_devices(shop: ShopSlug) -> Result<Option<Devices>, ApiError> {
    let Some((backend, headers)) = doors::open_to_owners(&shop).await? else { return Ok(None) };
    doors::answer(backend.devices(&headers, &shop).await).map(Some)
}

#[cfg(feature = "ssr")]
mod doors {
    use domain::{
        ShopSlug,
        books::{Author, Role},
        fields::FieldError,
    };
    use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
    use leptos::{prelude::use_context, server_fn::error::ServerFnErrorErr};
    use leptos_axum::ResponseOptions;
    use sync::protocol::ProtocolError;

    use super::ApiError;
    use crate::backend::SharedBackend;

    /// The server, and the person who asks it about a shop.
    pub(super) async fn open(shop: &ShopSlug) -> Result<(SharedBackend, Author), ApiError> {
        let (backend, headers) = unopened()?;
        let author = answer(backend.author(&headers, shop).await)?;
        Ok((backend, author))
    }

    /// The server, for owners; none for everybody else of the shop.
    pub(super) async fn open_to_owners(shop: &ShopSlug) -> Result<Option<(SharedBackend, HeaderMap)>, ApiError> {
        // Before anything is waited for: what has asked may be gone by then, and its request with it.
        let headers = headers()?;
        let (backend, author) = open(shop).await?;
        Ok((author.role == Role::Owner).then_some((backend, headers)))
    }

    /// The server, for what asks by itself who is there.
    pub(super) fn unopened() -> Result<(SharedBackend, HeaderMap), ApiError> {
        let unavailable = ProtocolError::Unavailable { retry_after_ms: 1_000 };
        Ok((answer(use_context::<SharedBackend>().ok_or(unavailable))?, headers()?))
    }

    /// Of the request.
    pub(super) fn headers() -> Result<HeaderMap, ApiError> {
        answer(use_context::<Parts>().map(|parts| parts.headers).ok_or(ProtocolError::NotSignedIn))
    }

    /// Whether this person looks after the shop.
    pub(super) fn leads(author: &Author) -> bool {
        author.role.answers_for_others()
    }

    /// Gives an error its HTTP status: server functions of this Leptos version say 500 for every one.
    pub(super) fn answer<T>(result: Result<T, ProtocolError>) -> Result<T, ApiError> {
        result.map_err(|error| {
            if let Some(response) = use_context::<ResponseOptions>() {
                response.set_status(status(&error));
                if let ProtocolError::Unavailable { retry_after_ms } = error {
                    let seconds = HeaderValue::from(retry_after_ms.div_ceil(1_000).max(1));
                    response.insert_header(header::RETRY_AFTER, seconds);
                }
            }
            ApiError(error)
        })
    }

    /// What is wrong with a request whose body could not be read. `None` where it did not arrive whole: the same may
    /// do so the next time.
    pub(super) fn unfit(error: &ServerFnErrorErr) -> Option<ApiError> {
        let (ServerFnErrorErr::Deserialization(problem)
        | ServerFnErrorErr::Args(problem)
        | ServerFnErrorErr::MissingArg(problem)) = error
        else {
            return None;
        };
        // Told apart by nothing but their words: the limit on bodies, and where the JSON does not fit.
        let (too_large, is_json) = (problem.contains("length limit exceeded"), problem.contains(" at line "));
        let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status);
        }
        let errors = vec![FieldError { field: "body".to_owned(), problem: problem.clone() }];
        (too_large || is_json).then_some(ApiError(ProtocolError::Malformed { errors }))
    }

    fn status(error: &ProtocolError) -> StatusCode {
        match error {
            ProtocolError::TooOld { .. } => StatusCode::UPGRADE_REQUIRED,
            ProtocolError::UnknownShop { .. } => StatusCode::NOT_FOUND,
            ProtocolError::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ProtocolError::Malformed { .. } => StatusCode::BAD_REQUEST,
            ProtocolError::NotSignedIn => StatusCode::UNAUTHORIZED,
            ProtocolError::Revoked { .. } => StatusCode::FORBIDDEN,
            ProtocolError::Unavailable { .. } | ProtocolError::NoAnswer { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
