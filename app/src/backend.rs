//! What the pages and server functions need of the server. The server provides an implementation by Leptos
//! context; this crate knows nothing of stores, queues or sockets.

use std::{future::Future, pin::Pin, sync::Arc};

use domain::{
    CommandId, ShopSlug,
    books::{Author, Books},
    chain::Hash,
    projections::day_book::BookEntry,
    values::Millis,
};
use http::HeaderMap;
use sync::{
    past::{Asked, Moment},
    protocol::{ProtocolError, PushAnswer, Snapshot, SnapshotRequest, Unread},
};
use uuid::Uuid;

use crate::{
    devices::Devices,
    people::{Colleague, Invited, People, SessionRow, ShopRow, Starting},
    status::Status,
};

/// A future that may move between threads.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A shop's books at one position, ready to be read. Cloning is a pointer copy.
#[derive(Clone, Debug)]
pub struct View {
    /// The shop's name as people read it.
    pub title: Arc<str>,
    pub epoch: Uuid,
    /// Of the entry at `books.position`.
    pub hash: Hash,
    pub books: Arc<Books>,
}

/// The server, as the application sees it.
pub trait Backend: Send + Sync + 'static {
    /// Who is behind a request, with the role that they have in the shop.
    fn author<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Result<Author, ProtocolError>>;

    /// Who can switch to themselves on the browser that asks, by a PIN.
    fn colleagues<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Vec<Colleague>>;

    /// As whom whoever asks would start a shop.
    fn starting<'a>(&'a self, headers: &'a HeaderMap) -> Answer<'a, Starting>;

    /// The shop at its head; `None` for an unknown shop.
    fn view<'a>(&'a self, shop: &'a ShopSlug) -> Answer<'a, Result<Option<View>, ProtocolError>>;

    /// The shop as it was at a moment (the head's view where that is yet to come).
    fn view_as_of<'a>(&'a self, shop: &'a ShopSlug, moment: Moment) -> Answer<'a, Result<Option<View>, ProtocolError>>;

    /// Entries of the log, in the order that `asked` says.
    fn entries<'a>(
        &'a self,
        shop: &'a ShopSlug,
        asked: Asked,
    ) -> Answer<'a, Result<Vec<(u64, BookEntry)>, ProtocolError>>;

    /// Decides a part of an outbox, as whoever sends the request. Answers when everything accepted or refused is
    /// durable; to somebody who was shut out, when it is kept for an owner.
    fn push<'a>(
        &'a self,
        headers: &'a HeaderMap,
        shop: &'a ShopSlug,
        push: Unread,
    ) -> Answer<'a, Result<PushAnswer, ProtocolError>>;

    /// Where a new replica starts, and what of its log one that is there already has in common with the shop's.
    fn snapshot<'a>(
        &'a self,
        headers: &'a HeaderMap,
        shop: &'a ShopSlug,
        request: Option<SnapshotRequest>,
    ) -> Answer<'a, Result<Snapshot, ProtocolError>>;

    /// The books as they were at a moment, for a device that does not hold them.
    fn past_snapshot<'a>(&'a self, shop: &'a ShopSlug, moment: Moment) -> Answer<'a, Result<Snapshot, ProtocolError>>;

    /// How everything that follows the shop's log stands; with `check`, compared with the log, which goes through all of
    /// it.
    fn status<'a>(&'a self, shop: &'a ShopSlug, check: bool) -> Answer<'a, Result<Status, ProtocolError>>;

    /// Who belongs to a shop, and who is asked to.
    fn people<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Result<People, ProtocolError>>;

    /// The devices of a shop, and what waits for its owner.
    fn devices<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Result<Devices, ProtocolError>>;

    /// What an invite is for; none for one that cannot be used.
    fn invited<'a>(&'a self, headers: &'a HeaderMap, code: &'a str) -> Answer<'a, Option<Invited>>;

    /// The login of whoever may set another password by a link; none for one that cannot be used.
    fn reset<'a>(&'a self, code: &'a str) -> Answer<'a, Option<String>>;

    /// Where whoever asks is signed in; none where they are not.
    fn sessions<'a>(&'a self, headers: &'a HeaderMap) -> Answer<'a, Option<Vec<SessionRow>>>;

    /// The shops of whoever is signed in; none where nobody is.
    fn shops<'a>(&'a self, headers: &'a HeaderMap) -> Answer<'a, Option<Vec<ShopRow>>>;

    /// Whether nothing is written here: every change is refused.
    fn reads_only(&self) -> bool {
        false
    }

    /// The server's clock: what "today" is on a page. A test may set another.
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// The id that a form carries, so that posting it twice is one command. Rendered with the form.
    fn fresh_id(&self) -> CommandId {
        CommandId(Uuid::now_v7())
    }
}

/// Whoever was let in to the pages of one shop. In the Leptos context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admitted {
    pub shop: ShopSlug,
    pub author: Author,
    /// A shop without people asks nobody.
    pub signed_in: bool,
}

impl Admitted {
    /// Whoever was let in to this shop: an address can be written in more ways than one, and what was looked at by the
    /// one who let them in may not be what the page has read in it.
    #[must_use]
    pub fn to(shop: &ShopSlug) -> Option<Self> {
        leptos::prelude::use_context::<Self>().filter(|admitted| admitted.shop == *shop)
    }
}

/// Whether the server makes demo shops for visitors. In the Leptos context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffersDemo(pub bool);

/// As it stands in the Leptos context.
pub type SharedBackend = Arc<dyn Backend>;
