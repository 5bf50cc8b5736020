//! Which books a read looks at, and what every read answers with: its position, and an ETag that is that position. What is
//! told without money has another one: whoever gets another role is not told that they have the answer already.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use app::backend::View;
use axum::{
    extract::{FromRequestParts, MatchedPath, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{
    ShopSlug,
    books::{Author, Role},
    values::Millis,
};
use serde::Serialize;
use serde_json::json;

use super::{API, Server, Shared, guard, peer::Peer, problem::Problem};
use crate::{
    access::{Denied, Entrance, Kind, Visitor, devices::Code, log, sight},
    shop::{Shop, log::unavailable},
};

/// The position that an answer must have reached.
const MIN_POSITION: &str = "daybook-min-position";

/// A request's query, read leniently: one that a route does not know is somebody else's.
#[derive(Clone, Debug, Default)]
pub struct Query(pub(super) Vec<(String, String)>);

impl Query {
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or("");
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// 400 for anything but a whole number.
    pub fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        self.get(name).map(|text| whole(name, text)).transpose()
    }
}

fn whole(name: &str, text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::field(name, "must be a whole number from 0"))
}

/// The shop in the address, and who asks.
pub struct Door {
    pub shop: Arc<Shop>,
    pub author: Author,
    pub kind: Kind,
    pub query: Query,
    pub headers: HeaderMap,
    pub server: Arc<Server>,
    /// What stands behind the shop in the address, by name.
    pub path: Vec<(String, String)>,
    /// The same as it was written.
    pub place: String,
    /// Where it comes from.
    pub peer: IpAddr,
}

impl FromRequestParts<Arc<Server>> for Door {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<Server>) -> Result<Self, Problem> {
        let Path(path) = Path::<Vec<(String, String)>>::from_request_parts(parts, server)
            .await
            .map_err(|_| Problem::unknown_route())?;
        let slug = path.iter().find(|(name, _)| name == "shop").and_then(|(_, slug)| ShopSlug::parse(slug).ok());
        let slug = slug.ok_or_else(Problem::unknown_shop)?;
        let Visitor { author, kind, .. } = enter(parts, server, &slug, &path).await?;
        let shop = server.shops.open(&slug).await?;
        let query = Query::of(parts);
        let (headers, place) = (parts.headers.clone(), parts.uri.path().to_owned());
        // Without a connection there is no other end: every request of one counts as the same.
        let peer = Peer::of(&parts.extensions).unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        Ok(Self { shop, author, kind, query, headers, server: server.clone(), path, place, peer })
    }
}

/// Who comes in, if they may. Whoever may not is written down.
async fn enter(parts: &Parts, server: &Server, shop: &ShopSlug, path: &[(String, String)]) -> Result<Visitor, Denied> {
    let entered = look_at(parts, server, shop, path).await;
    if let Err(denied) = &entered {
        log::turned_away(Peer::of(&parts.extensions), shop, denied);
    }
    entered
}

/// By the shop, by what they bring, and by what the route shows or does.
async fn look_at(
    parts: &Parts,
    server: &Server,
    shop: &ShopSlug,
    path: &[(String, String)],
) -> Result<Visitor, Denied> {
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let below = route.strip_prefix(API);
    let entrance = if below.is_some() { Entrance::Api } else { Entrance::Pages };
    let visitor = server.access.visitor(&parts.headers, shop, entrance).await?;
    if [Method::GET, Method::HEAD].contains(&parts.method) {
        let aggregate = path.iter().find(|(name, _)| name == "aggregate").map(|(_, value)| value.as_str());
        sight::may_see(&visitor, below.unwrap_or(route), aggregate)?;
    } else {
        visitor.may_write()?;
    }
    Ok(visitor)
}

impl Door {
    /// Takes down on which device whoever asks is, where they have said so. Answers with its code where that is another's.
    ///
    /// A link says nothing: anybody can write one with a code that stands on a receipt.
    ///
    /// # Errors
    /// 403 for a device that was shut out.
    pub async fn on_its_device(&self) -> Result<Option<&str>, Problem> {
        let is_said = self.kind == Kind::Person && guard::is_by_own_page(&self.headers);
        let Some(device) = self.query.get("device").filter(|_| is_said) else { return Ok(None) };
        let code = self.server.access.on_device(&self.headers, &self.shop.slug, &self.author, device).await?;
        Ok((code == Code::Taken).then_some(device))
    }

    /// A part of the address.
    #[must_use]
    pub fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The position that the answer must have reached, where one is named.
    ///
    /// # Errors
    /// 400 for anything but a whole number.
    pub fn asked_for(&self) -> Result<Option<u64>, Problem> {
        let header = HeaderName::from_static("daybook-min-position");
        match (self.query.number("min_position")?, self.headers.get(&header)) {
            (Some(position), _) => Ok(Some(position)),
            (None, Some(text)) => Ok(Some(whole(header.as_str(), text.to_str().unwrap_or("?"))?)),
            (None, None) => Ok(None),
        }
    }

    /// The books that are asked for: at the head, at least at `min_position`, or those of `as_of`.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn books(&self) -> Result<View, Problem> {
        let head = match self.asked_for()? {
            Some(position) => self.shop.reach(position, self.server.limits.wait).await?,
            None => self.shop.view()?,
        };
        match self.query.get("as_of") {
            None => Ok(head),
            Some(as_of) => {
                let position = self.position_as_of(as_of).await?;
                let head = self.not_behind(head, position).await?;
                Ok(self.server.past.at(&self.server.shops, &self.shop.slug, &head, position).await?)
            }
        }
    }

    /// The books at a position that another instance may have written a moment ago. One that nobody has written is
    /// yet to come: until then, it is as now.
    async fn not_behind(&self, head: View, position: u64) -> Result<View, Problem> {
        if position <= head.books.position {
            return Ok(head);
        }
        let written = self.server.shops.store.head(&self.shop.slug).await.map_err(unavailable)?;
        let reachable = position.min(written.map_or(0, |written| written.position));
        Ok(self.shop.reach(reachable, self.server.limits.wait).await?)
    }

    async fn position_as_of(&self, as_of: &str) -> Result<u64, Problem> {
        if as_of.bytes().all(|byte| byte.is_ascii_digit()) {
            return whole("as_of", as_of);
        }
        // A `+` of an offset arrives as a blank when whoever wrote the address did not escape it.
        let time = Millis::parse(&as_of.replace(' ', "+"))
            .map_err(|_| Problem::field("as_of", "must be a position or a time like 2026-05-03T13:40:00Z"))?;
        let position = self.server.shops.store.position_at(&self.shop.slug, time).await;
        Ok(position.map_err(unavailable)?)
    }

    /// The answer to a read at `position`: 304 where the asker has it already. To be kept, and asked about each time: the
    /// answer is one comparison of two numbers.
    pub fn answer(&self, position: u64, body: impl FnOnce() -> Result<Response, Problem>) -> Response {
        let response = if self.has(position) { Ok(StatusCode::NOT_MODIFIED.into_response()) } else { body() };
        self.at(position, ASKED_ABOUT, response)
    }

    /// Whether the asker has the answer at this position.
    pub(super) fn has(&self, position: u64) -> bool {
        let etag = etag(position, self.author.role);
        let known = self.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        known
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    }

    /// The common case: one document made from the books. Whoever does not say at which position wants to see it soon:
    /// for a few seconds a cache may show the last one while it asks for the next. It says its position, and after a
    /// command of one's own one names that (`min_position`), and gets nothing older.
    ///
    /// # Errors
    /// [`Problem`] of finding the books.
    pub async fn read<T: Serialize>(
        &self,
        make: impl FnOnce(&View) -> Result<T, Problem>,
    ) -> Result<Response, Problem> {
        let view = self.books().await?;
        Ok(self.document(&view, async { make(&view) }).await)
    }

    /// How long a document may be shown without asking: not at all where a position was named.
    pub(super) fn freshness(&self) -> &'static str {
        let names_a_position = ["min_position", "as_of"].iter().any(|name| self.query.get(name).is_some())
            || self.headers.contains_key(MIN_POSITION);
        if names_a_position { ASKED_ABOUT } else { SHOWN_MEANWHILE }
    }

    /// With the position of the books that it was made from.
    pub(super) fn at(&self, position: u64, keep: &'static str, response: Result<Response, Problem>) -> Response {
        let mut response = response.unwrap_or_else(IntoResponse::into_response);
        let ok = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("daybook-position"), HeaderValue::from(position));
        if ok {
            if let Ok(etag) = HeaderValue::from_str(&etag(position, self.author.role)) {
                headers.insert(header::ETAG, etag);
            }
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
            let vary = HeaderValue::from_static("accept, authorization, cookie, daybook-min-position");
            headers.insert(header::VARY, vary);
        }
        response
    }
}

/// To be kept, and asked about each time: the answer is one comparison of two numbers.
const ASKED_ABOUT: &str = "private, no-cache";
/// The last one may be shown for a few seconds while the next is fetched.
const SHOWN_MEANWHILE: &str = "private, max-age=0, stale-while-revalidate=10";

fn etag(position: u64, reader: Role) -> String {
    if reader.sees_money() { format!("\"{position}\"") } else { format!("\"{position}-goods\"") }
}

/// `GET /digest`: compared with others' books, so never an old one.
///
/// # Errors
/// [`Problem`] of finding the books.
pub async fn digest(State(_): Shared, door: Door) -> Result<Response, Problem> {
    let view = door.books().await?;
    let made = || {
        json!({
            "epoch": view.epoch,
            "position": view.books.position,
            "digest": view.books.digest(),
            "hash": view.hash,
            "fold": domain::books::FOLD_VERSION,
        })
    };
    Ok(door.answer(view.books.position, || Ok(axum::Json(made()).into_response())))
}
