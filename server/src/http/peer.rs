//! Who is at the other end of the connection.

use std::net::IpAddr;

use axum::http::Extensions;

/// Put into every request where the connection is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// The address that a request came from; none in a request that was made without a connection.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<IpAddr> {
        extensions.get().map(|Self(address)| *address)
    }
}
