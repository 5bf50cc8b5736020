//! What stands in front of the doors of a server that only reads.

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Shared, problem::Problem};
use crate::shop::ShopError;

/// Refuses what would write, before anybody looks at it: 503, since it is not the request that is wrong, and whoever
/// keeps it may send it again where there is a server that writes. Server functions are all POST, and most of them read:
/// the one that would decide is refused by the shop ([`crate::shop::Shop::decide`]).
pub async fn door(State(server): Shared, request: Request, next: Next) -> Response {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if !server.read_only || reads || is_server_function(request.uri().path()) {
        return next.run(request).await;
    }
    Problem::from(ShopError::ReadOnly).into_response()
}

fn is_server_function(path: &str) -> bool {
    path.strip_prefix("/api/").is_some_and(|name| !name.starts_with("v1/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_functions_are_told_from_the_api() {
        assert!(is_server_function("/api/push_commands"));
        for other in ["/api/v1/shops/demo/commands", "/session", "/s/demo/commands", "/api"] {
            assert!(!is_server_function(other), "{other}");
        }
    }
}
