//! By which name a request came, on what connection, and from whom.
//!
//! A proxy in front knows all three, and says so in headers that anybody can write. So they are believed of the peers that
//! the operator has named, of nobody else, and read here alone: from here on [`Peer`] is the one who asks, and `Host` the
//! name that they asked for. There is no TLS in this program, so a public name is one by which a proxy was reached over TLS.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use super::{guard::is_loopback, peer::Peer};

/// What people have in front of their browsers' address: `https://` and a name, without a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin(String);

/// Why a text is no public origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoOrigin {
    #[error("must be like https://books.example: passwords and sessions go over TLS alone")]
    NotHttps,
    #[error("must be a name, with a port if need be, and nothing behind it")]
    NoName,
    #[error("is a name of this machine; those need no origin")]
    Loopback,
}

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let text = text.trim().to_ascii_lowercase();
        let name = text.strip_prefix("https://").ok_or(NoOrigin::NotHttps)?;
        let name = name.strip_suffix('/').unwrap_or(name);
        if name.contains('@') || name.parse::<Authority>().is_err() {
            return Err(NoOrigin::NoName);
        }
        if is_loopback(name) { Err(NoOrigin::Loopback) } else { Ok(Self(without_port(name).to_owned())) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.0)
    }
}

/// Without the port that `https` has where none is said.
fn without_port(name: &str) -> &str {
    name.strip_suffix(":443").unwrap_or(name)
}

/// The way to the server, as the operator says it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Edge {
    /// Names that the server answers for beside those of its own machine.
    pub origins: Vec<Origin>,
    /// Addresses of the proxies in front, whose word about a request is believed.
    pub proxies: Vec<IpAddr>,
}

/// By which way a request came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// By a name of this machine, from this machine: the connection may be a plain one.
    Loopback,
    /// By a name that the operator gave, over TLS up to a proxy of theirs.
    Public,
    /// By any other name, or one of these on another way: not answered.
    Foreign,
}

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED: [HeaderName; 4] = [FOR, PROTO, HOST, header::FORWARDED];

/// Finds out where every request came from, for whatever stands behind.
pub async fn arrive(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let arrival = edge.receive(&mut request);
    request.extensions_mut().insert(arrival);
    next.run(request).await
}

impl Edge {
    fn receive(&self, request: &mut Request) -> Arrival {
        let peer = Peer::of(request.extensions()).map(|address| address.to_canonical());
        let authority = request.uri().authority().map(ToString::to_string);
        let headers = request.headers_mut();
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(name));
        let is_believed = peer.is_some_and(|peer| self.proxies.contains(&peer));
        let said = if is_believed { Said::by(headers, &self.proxies) } else { Said::default() };
        for name in &FORWARDED {
            headers.remove(name);
        }
        let asked_for = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        // HTTP/1.0 has no Host: not a browser, and nobody from outside where there is no outside.
        let nameless = || self.origins.is_empty().then(|| "localhost".to_owned());
        let host = said.host.or(asked_for).or(authority).or_else(nameless).unwrap_or_default().to_ascii_lowercase();
        let from = said.from.or(peer);
        let is_near = || !is_forwarded && from.is_some_and(|from| from.is_loopback());
        let public = self.origins.iter().find(|origin| origin.0 == without_port(&host));
        let (arrival, host) = match public {
            _ if is_loopback(&host) && (self.origins.is_empty() || is_near()) => (Arrival::Loopback, host.as_str()),
            Some(origin) if said.is_secure => (Arrival::Public, origin.0.as_str()),
            _ => (Arrival::Foreign, host.as_str()),
        };
        headers.remove(header::HOST);
        headers.extend(HeaderValue::from_str(host).ok().map(|host| (header::HOST, host)));
        if let Some(from) = from {
            request.extensions_mut().insert(Peer(from));
        }
        arrival
    }
}

/// What a proxy says of a request.
#[derive(Default)]
struct Said {
    from: Option<IpAddr>,
    host: Option<String>,
    is_secure: bool,
}

impl Said {
    fn by(headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let last = |name: &HeaderName| listed(headers, name).next_back().map(str::to_owned);
        // Each proxy adds the one that it was asked by: the last that is none of ours is as far as anybody can tell.
        let mut asked_by = listed(headers, &FOR).rev().map_while(address);
        Self {
            from: asked_by.find(|address| !proxies.contains(address)),
            host: last(&HOST),
            is_secure: last(&PROTO).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
        }
    }
}

/// What stands in all lines of this name, in their order.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect::<Vec<_>>();
    lines.into_iter().flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

/// Some proxies write the port behind it.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn edge() -> Edge {
        Edge { origins: vec!["https://books.example".parse().unwrap()], proxies: vec![[127, 0, 0, 1].into()] }
    }

    /// By which way, under which name, from whom.
    fn received(edge: &Edge, peer: &str, headers: &[(&str, &str)]) -> (Arrival, String, String) {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let arrival = edge.receive(&mut request);
        let host = request.headers().get(header::HOST).map_or("", |host| host.to_str().unwrap()).to_owned();
        assert!(FORWARDED.iter().all(|name| !request.headers().contains_key(name)));
        (arrival, host, Peer::of(request.extensions()).unwrap().to_string())
    }

    #[test]
    fn a_public_name_is_one_over_tls_through_a_named_proxy() {
        let secure = ("x-forwarded-proto", "https");
        for (peer, headers, arrival, from) in [
            ("127.0.0.1", &[("host", "books.example"), secure][..], Arrival::Public, "127.0.0.1"),
            ("127.0.0.1", &[("host", "BOOKS.example:443"), secure], Arrival::Public, "127.0.0.1"),
            ("127.0.0.1", &[("host", "books.example")], Arrival::Foreign, "127.0.0.1"),
            ("127.0.0.1", &[("host", "books.example"), ("x-forwarded-proto", "http")], Arrival::Foreign, "127.0.0.1"),
            ("192.0.2.7", &[("host", "books.example"), secure], Arrival::Foreign, "192.0.2.7"),
            ("127.0.0.1", &[("host", "evil.example"), secure], Arrival::Foreign, "127.0.0.1"),
            (
                "127.0.0.1",
                &[("host", "x:1"), ("x-forwarded-host", "books.example"), secure],
                Arrival::Public,
                "127.0.0.1",
            ),
            ("::ffff:127.0.0.1", &[("host", "books.example"), secure], Arrival::Public, "127.0.0.1"),
        ] {
            let (got, host, peer) = received(&edge(), peer, headers);
            assert_eq!((got, peer.as_str()), (arrival, from), "{headers:?}");
            assert!(arrival != Arrival::Public || host == "books.example", "{host}");
        }
    }

    #[test]
    fn names_of_this_machine_are_for_this_machine() {
        let local = ("host", "localhost:3000");
        for (peer, headers, arrival) in [
            ("127.0.0.1", &[local][..], Arrival::Loopback),
            ("::1", &[("host", "[::1]:3000")], Arrival::Loopback),
            ("192.0.2.7", &[local], Arrival::Foreign),
            // Somebody from outside, by a proxy that passes another name on, or is not named.
            ("127.0.0.1", &[local, ("x-forwarded-for", "192.0.2.7")], Arrival::Foreign),
            ("127.0.0.1", &[local, ("x-forwarded-for", "127.0.0.1")], Arrival::Foreign),
            ("127.0.0.1", &[("host", "books.example"), ("x-forwarded-host", "localhost")], Arrival::Foreign),
            ("127.0.0.1", &[], Arrival::Foreign),
        ] {
            assert_eq!(received(&edge(), peer, headers).0, arrival, "{peer} {headers:?}");
        }
        let here = Edge::default();
        for (headers, arrival) in [
            (&[local][..], Arrival::Loopback),
            (&[], Arrival::Loopback),
            (&[local, ("x-forwarded-for", "192.0.2.7")], Arrival::Loopback),
            (&[("host", "books.example"), ("x-forwarded-proto", "https")], Arrival::Foreign),
        ] {
            let (got, _, from) = received(&here, "127.0.0.1", headers);
            assert_eq!((got, from.as_str()), (arrival, "127.0.0.1"), "{headers:?}");
        }
    }

    #[test]
    fn whoever_asks_is_the_last_that_is_no_proxy_of_ours() {
        let edge = Edge { proxies: vec![[127, 0, 0, 1].into(), [10, 0, 0, 2].into()], ..edge() };
        for (peer, lines, from) in [
            ("127.0.0.1", &["192.0.2.7"][..], "192.0.2.7"),
            ("127.0.0.1", &["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
            ("127.0.0.1", &["203.0.113.9", "192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            ("127.0.0.1", &["192.0.2.7:4711"], "192.0.2.7"),
            ("127.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("127.0.0.1", &["203.0.113.9, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["10.0.0.2"], "127.0.0.1"),
            ("192.0.2.7", &["203.0.113.9"], "192.0.2.7"),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(received(&edge, peer, &headers).2, from, "{lines:?}");
        }
    }

    #[test]
    fn an_origin_is_https_and_a_name() {
        for (text, expected) in [
            ("https://books.example", Ok("https://books.example")),
            ("https://Books.Example:443/", Ok("https://books.example")),
            ("https://books.example:8443", Ok("https://books.example:8443")),
            ("http://books.example", Err(NoOrigin::NotHttps)),
            ("books.example", Err(NoOrigin::NotHttps)),
            ("https://books.example/shop", Err(NoOrigin::NoName)),
            ("https://asha@books.example", Err(NoOrigin::NoName)),
            ("https://", Err(NoOrigin::NoName)),
            ("https://localhost", Err(NoOrigin::Loopback)),
        ] {
            let origin = text.parse::<Origin>().map(|origin| origin.to_string());
            assert_eq!(origin, expected.map(str::to_owned), "{text}");
        }
    }
}
