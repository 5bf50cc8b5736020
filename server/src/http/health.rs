//! For whoever runs the server.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Shared, guard::is_local, peer::Peer, problem::Problem};
use crate::{access::log, metrics::PerShop};

/// The process runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The server can decide: it is not stopping, and its store answers.
pub async fn ready(State(server): Shared) -> Response {
    if server.stop.is_cancelled() {
        return not_ready("the server is stopping");
    }
    let asked = tokio::time::timeout(server.limits.wait, server.shops.store.shops()).await;
    match asked {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n").into_response(),
        _ => not_ready("the store does not answer"),
    }
}

fn not_ready(why: &str) -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why).retry_after(1).into_response()
}

/// Which shops there are, and how busy each is, is for the operator alone: without a key set, nobody is known to be that,
/// and the numbers are of all shops together.
pub async fn metrics(State(server): Shared, Extension(Peer(address)): Extension<Peer>, headers: HeaderMap) -> Response {
    let shops = match &server.metrics_key {
        // Without a key only the machine itself is told.
        None if is_local(&headers) => PerShop::Left,
        Some(key) if key.is_brought_by(&headers) => PerShop::Named,
        None | Some(_) => {
            log::refused(Some(address), "invalid_metrics_key");
            return Problem::unknown_visitor("invalid_token", "for whoever runs the server").into_response();
        }
    };
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], server.metrics.render(shops)).into_response()
}
