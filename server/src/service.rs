//! The server as the application sees it.

use std::sync::Arc;

use app::{
    backend::{Answer, Backend, View},
    devices::{DeviceRow, Devices, WaitingRow},
    people::{Colleague, InviteRow, Invited, Made, MemberRow, People, SessionRow, ShopRow, Starting},
    status::Status,
};
use axum::http::HeaderMap;
use domain::{
    Entry, ShopSlug, Submission, Verdict,
    books::{Author, Request},
    fields::FieldError,
    json,
    projections::day_book::BookEntry,
};
use store::access::{Device, Invite, Member, Person, Session};
use sync::{
    past::{Asked, Moment},
    protocol::{
        KNOWS_REVOCATION, MOST_COMMANDS, MOST_WAYPOINTS, OLDEST_PROTOCOL, Outcome, PROTOCOL, ProtocolError, Push,
        PushAnswer, Snapshot, SnapshotRequest, Unread, Waypoint, understood,
    },
};
use uuid::Uuid;

use crate::{
    access::{
        Denied, Entrance, Kind, Revoked, Visitor, elsewhere, log,
        shown::{self, Purpose},
    },
    http::{Server, events::snapshot_of, guard::origin_of, start},
    shop::{Shop, ShopError, log::unavailable, reading, status},
};

/// What pages and server functions reach the shops by.
pub struct Service {
    pub server: Arc<Server>,
}

fn failed(error: &ShopError, shop: &ShopSlug) -> ProtocolError {
    match error {
        ShopError::Unknown => ProtocolError::UnknownShop { shop: shop.to_string() },
        // Whether it was decided is not known: the device sends the same ids again.
        ShopError::OutcomeUnknown => ProtocolError::NoAnswer { problem: error.code().to_owned() },
        // One of the commands at the least: the device finds it by sending fewer, and everything else goes through.
        ShopError::Poisoned => {
            let errors = vec![FieldError { field: "submissions".to_owned(), problem: error.code().to_owned() }];
            ProtocolError::Malformed { errors }
        }
        other => ProtocolError::Unavailable {
            retry_after_ms: u32::try_from(other.retry_after().as_millis()).unwrap_or(u32::MAX),
        },
    }
}

/// The whole address of what an owner has made a moment ago.
fn made(headers: &HeaderMap) -> Option<Made> {
    let (purpose, secret) = shown::carried(headers)?;
    let address = format!("{}{}/{}", origin_of(headers)?, purpose.page(), secret.text());
    Some(match purpose {
        Purpose::Invite => Made::Invite { address },
        Purpose::Reset => Made::Reset { address },
    })
}

/// What a device is told that may not come in. `spoken`: the protocol that it speaks.
fn denied_to(shop: &ShopSlug, spoken: u16, denied: Denied) -> ProtocolError {
    match denied {
        Denied::Store(error) => failed(&unavailable(error), shop),
        Denied::Revoked(Revoked { revocation, .. }) if spoken >= KNOWS_REVOCATION => {
            ProtocolError::Revoked { revocation, fates: Vec::new() }
        }
        _ => ProtocolError::NotSignedIn,
    }
}

/// Of a command's own entries.
fn last_position(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Settled { verdict: Verdict::Accepted { positions }, .. } => positions.last().copied(),
        Outcome::Settled { verdict: Verdict::Refused { position, .. }, .. } => Some(*position),
        _ => None,
    }
}

impl Service {
    async fn open(&self, shop: &ShopSlug) -> Result<Option<Arc<Shop>>, ProtocolError> {
        match self.server.shops.open(shop).await {
            Ok(open) => Ok(Some(open)),
            Err(ShopError::Unknown) => Ok(None),
            Err(error) => Err(failed(&error, shop)),
        }
    }

    async fn known(&self, shop: &ShopSlug) -> Result<Arc<Shop>, ProtocolError> {
        self.open(shop).await?.ok_or_else(|| failed(&ShopError::Unknown, shop))
    }

    async fn visitor(&self, headers: &HeaderMap, shop: &ShopSlug) -> Result<Visitor, Denied> {
        let visitor = self.server.access.visitor(headers, shop, Entrance::Pages).await;
        visitor.inspect_err(|denied| log::turned_away(None, shop, denied))
    }

    /// Whoever was let in, on the device that the request says.
    async fn on_device(
        &self,
        headers: &HeaderMap,
        shop: &ShopSlug,
        visitor: &Visitor,
        device: Option<&str>,
    ) -> Result<(), Denied> {
        match device {
            Some(device) if visitor.kind == Kind::Person => {
                self.server.access.on_device(headers, shop, &visitor.author, device).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn take(&self, headers: &HeaderMap, shop: &ShopSlug, push: &Unread) -> Result<PushAnswer, ProtocolError> {
        let revoked = match self.visitor(headers, shop).await {
            Ok(visitor) => {
                let push = push.read()?;
                match self.on_device(headers, shop, &visitor, push.device.as_deref()).await {
                    Ok(()) => {
                        let kind = visitor.kind;
                        let sender = self.server.access.sender(headers, shop, visitor, push.person.as_deref()).await;
                        let author = sender.map_err(|denied| denied_to(shop, PROTOCOL, denied))?;
                        return self.decide(shop, &author, kind, push).await;
                    }
                    Err(Denied::Revoked(revoked)) => revoked,
                    Err(denied) => return Err(denied_to(shop, PROTOCOL, denied)),
                }
            }
            Err(Denied::Revoked(revoked)) => revoked,
            Err(denied) => return Err(denied_to(shop, PROTOCOL, denied)),
        };
        self.keep_for_an_owner(shop, revoked, push.read()?).await
    }

    async fn keep_for_an_owner(
        &self,
        shop: &ShopSlug,
        revoked: Revoked,
        push: Push,
    ) -> Result<PushAnswer, ProtocolError> {
        if push.submissions.len() > MOST_COMMANDS {
            return Err(ProtocolError::TooMany { most: MOST_COMMANDS, actual: push.submissions.len() });
        }
        if push.person.is_some_and(|person| person != revoked.author.actor) {
            return Err(ProtocolError::NotSignedIn);
        }
        let (log, spoken) = (&*self.server.shops.store, push.protocol);
        let kept = self.server.access.hand_over(log, shop, &revoked, push.submissions).await;
        let fates = kept.map_err(|error| {
            tracing::warn!(%shop, %error, "not kept for an owner");
            ProtocolError::Unavailable { retry_after_ms: 30_000 }
        })?;
        Err(match denied_to(shop, spoken, Denied::Revoked(revoked)) {
            ProtocolError::Revoked { revocation, .. } => ProtocolError::Revoked { revocation, fates },
            other => other,
        })
    }

    async fn decide(
        &self,
        shop: &ShopSlug,
        author: &Author,
        kind: Kind,
        push: Push,
    ) -> Result<PushAnswer, ProtocolError> {
        if push.submissions.len() > MOST_COMMANDS {
            return Err(ProtocolError::TooMany { most: MOST_COMMANDS, actual: push.submissions.len() });
        }
        // Whoever has signed in since on the device must not send what somebody else has left there.
        if push.person.is_some_and(|person| person != author.actor) {
            return Err(ProtocolError::NotSignedIn);
        }
        let open = self.known(shop).await?;
        let submissions = push.submissions.into_iter();
        let requests = submissions.map(|submission| Request { submission, author: author.clone() }).collect();
        let decided = open.decide(requests).await.map_err(|error| failed(&error, shop))?;
        if let Some(device) = push.device.as_deref() {
            let last_entry = decided.outcomes.iter().filter_map(last_position).max();
            self.server.access.saw(kind, shop, device, last_entry, push.unsent).await;
        }
        Ok(PushAnswer { protocol: PROTOCOL, epoch: decided.epoch, head: decided.head, outcomes: decided.outcomes })
    }

    async fn start(
        &self,
        headers: &HeaderMap,
        shop: &ShopSlug,
        request: Option<SnapshotRequest>,
    ) -> Result<Snapshot, ProtocolError> {
        let (device, spoken) = (request.as_ref().and_then(|one| one.device.clone()), request.as_ref());
        let spoken = spoken.map_or(OLDEST_PROTOCOL, |request| request.protocol);
        let denied = |denied| denied_to(shop, spoken, denied);
        let visitor = self.visitor(headers, shop).await.map_err(denied)?;
        self.on_device(headers, shop, &visitor, device.as_deref()).await.map_err(denied)?;
        let open = self.known(shop).await?;
        let view = open.view().map_err(|error| failed(&error, shop))?;
        let mut snapshot = snapshot_of(&view);
        if let Some(SnapshotRequest { protocol, known, .. }) = request {
            understood(protocol)?;
            if known.len() > MOST_WAYPOINTS {
                return Err(ProtocolError::TooMany { most: MOST_WAYPOINTS, actual: known.len() });
            }
            if !known.is_empty() {
                snapshot.common = Some(self.common(&open, view.epoch, &known).await?);
            }
        }
        Ok(snapshot)
    }

    /// The last of some places that is in the log: found by halving, since whoever has an entry's hash has all
    /// entries before it.
    async fn common(&self, open: &Shop, epoch: Uuid, known: &[Waypoint]) -> Result<u64, ProtocolError> {
        let store = &self.server.shops.store;
        let unavailable = |error| failed(&unavailable(error), &open.slug);
        let head = store.head(&open.slug).await.map_err(unavailable)?;
        if head.is_none_or(|head| head.epoch != epoch) {
            // Restored a moment ago, and the shop in memory is still the one before.
            open.look_again();
            return Err(ProtocolError::Unavailable { retry_after_ms: 500 });
        }
        let (mut low, mut high) = (0, known.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let Some(asked) = known.get(middle) else { break };
            let entry = match asked.position.checked_sub(1) {
                Some(before) => store.read(&open.slug, before, 1).await.map_err(unavailable)?,
                None => Vec::new(),
            };
            let same = entry.first().is_some_and(|entry| entry.position == asked.position && entry.hash == asked.hash);
            if same { low = middle + 1 } else { high = middle }
        }
        Ok(low.checked_sub(1).and_then(|last| known.get(last)).map_or(0, |last| last.position))
    }

    async fn read(&self, shop: &ShopSlug, asked: &Asked) -> Result<Vec<(u64, BookEntry)>, ProtocolError> {
        if let Asked::Of(aggregates) = asked
            && aggregates.len() > MOST_COMMANDS
        {
            return Err(ProtocolError::TooMany { most: MOST_COMMANDS, actual: aggregates.len() });
        }
        let open = self.known(shop).await?;
        let view = open.view().map_err(|error| failed(&error, shop))?;
        let head = view.books.position;
        let entries = reading::entries(&*self.server.shops.store, shop, head, asked).await;
        let entries = entries.map_err(|error| failed(&error, shop))?;
        let row = |entry: &Entry| (entry.position, BookEntry::of(entry, &view.books.aggregates));
        Ok(entries.iter().map(row).collect())
    }

    async fn view_at(&self, shop: &ShopSlug, moment: Moment) -> Result<Option<View>, ProtocolError> {
        let Some(head) = self.view(shop).await? else { return Ok(None) };
        let position = match moment {
            Moment::Entry(position) => position,
            Moment::Time(time) => {
                let position = self.server.shops.store.position_at(shop, time).await;
                position.map_err(|error| failed(&unavailable(error), shop))?
            }
        };
        let past = self.server.past.at(&self.server.shops, shop, &head, position).await;
        past.map(Some).map_err(|error| failed(&error, shop))
    }
}

impl Backend for Service {
    fn reads_only(&self) -> bool {
        self.server.read_only
    }

    fn author<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Result<Author, ProtocolError>> {
        Box::pin(async move {
            let visitor = self.visitor(headers, shop).await;
            // Of what these doors know, somebody who was shut out has to sign in.
            visitor.map(|visitor| visitor.author).map_err(|denied| denied_to(shop, OLDEST_PROTOCOL, denied))
        })
    }

    fn colleagues<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Vec<Colleague>> {
        Box::pin(async move {
            // Whoever is not named here signs in by their password.
            let found = self.server.access.colleagues(headers, shop).await.unwrap_or_default();
            let row = |(person, member): (Person, Member)| Colleague {
                login: person.login.to_string(),
                name: person.name,
                role: member.role,
            };
            found.into_iter().map(row).collect()
        })
    }

    fn view<'a>(&'a self, shop: &'a ShopSlug) -> Answer<'a, Result<Option<View>, ProtocolError>> {
        Box::pin(async move {
            let Some(open) = self.open(shop).await? else { return Ok(None) };
            open.view().map(Some).map_err(|error| failed(&error, shop))
        })
    }

    fn view_as_of<'a>(&'a self, shop: &'a ShopSlug, moment: Moment) -> Answer<'a, Result<Option<View>, ProtocolError>> {
        Box::pin(self.view_at(shop, moment))
    }

    fn past_snapshot<'a>(&'a self, shop: &'a ShopSlug, moment: Moment) -> Answer<'a, Result<Snapshot, ProtocolError>> {
        Box::pin(async move {
            let view = self.view_at(shop, moment).await?.ok_or_else(|| failed(&ShopError::Unknown, shop))?;
            Ok(snapshot_of(&view))
        })
    }

    fn entries<'a>(
        &'a self,
        shop: &'a ShopSlug,
        asked: Asked,
    ) -> Answer<'a, Result<Vec<(u64, BookEntry)>, ProtocolError>> {
        Box::pin(async move { self.read(shop, &asked).await })
    }

    fn push<'a>(
        &'a self,
        headers: &'a HeaderMap,
        shop: &'a ShopSlug,
        push: Unread,
    ) -> Answer<'a, Result<PushAnswer, ProtocolError>> {
        Box::pin(async move { self.take(headers, shop, &push).await })
    }

    fn snapshot<'a>(
        &'a self,
        headers: &'a HeaderMap,
        shop: &'a ShopSlug,
        request: Option<SnapshotRequest>,
    ) -> Answer<'a, Result<Snapshot, ProtocolError>> {
        Box::pin(self.start(headers, shop, request))
    }

    fn people<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Result<People, ProtocolError>> {
        Box::pin(async move {
            let access = &self.server.access;
            let unreachable = |error| failed(&unavailable(error), shop);
            let you = access.signed_in(headers).await.map_err(unreachable)?;
            let row = |(person, member): (Person, Member)| MemberRow {
                is_you: you.as_ref().is_some_and(|you| you.id == person.id),
                login: person.login.to_string(),
                name: person.name,
                role: member.role,
                since: member.since,
            };
            let members = access.members_of(shop).await.map_err(unreachable)?.into_iter().map(row).collect();
            let row = |invite: Invite| InviteRow {
                id: invite.id.to_string(),
                role: invite.role,
                expires_at: invite.expires_at,
            };
            let invites = access.open_invites(shop).await.map_err(unreachable)?.into_iter().map(row).collect();
            Ok(People { asks: you.is_some(), members, invites, made: made(headers) })
        })
    }

    fn devices<'a>(&'a self, headers: &'a HeaderMap, shop: &'a ShopSlug) -> Answer<'a, Result<Devices, ProtocolError>> {
        Box::pin(async move {
            let access = &self.server.access;
            let unreachable = |error| failed(&unavailable(error), shop);
            let this = access.this_device(headers, shop).await.map_err(unreachable)?;
            let people = access.members_of(shop).await.map_err(unreachable)?;
            let login = |id: Uuid| people.iter().find(|(person, _)| person.id == id).map(|(person, _)| &person.login);
            let row = |device: Device| DeviceRow {
                is_this: this.as_ref().is_some_and(|this| this.id == device.id),
                person: login(device.person).map(ToString::to_string),
                id: device.id.to_string(),
                name: device.name,
                enrolled_at: device.enrolled_at,
                seen_at: device.seen_at,
                last_entry: device.last_entry,
                unsent: device.unsent,
                revoked_at: device.revoked_at,
            };
            let devices = access.devices_of(shop).await.map_err(unreachable)?.into_iter().map(row).collect();
            let waiting = access.quarantined(shop).await.map_err(unreachable)?;
            let waiting = waiting.iter().filter_map(|one| {
                let submission: Submission = json::read(&one.submission).ok()?;
                Some(WaitingRow {
                    id: one.command.to_string(),
                    person: one.person.to_string(),
                    device: one.device.to_string(),
                    issued_at: one.issued_at,
                    command: submission.command,
                })
            });
            Ok(Devices { devices, waiting: waiting.collect() })
        })
    }

    fn invited<'a>(&'a self, headers: &'a HeaderMap, code: &'a str) -> Answer<'a, Option<Invited>> {
        Box::pin(async move {
            let invite = self.server.access.open_invite(code).await.ok()??;
            let shop = self.view(&invite.shop).await.ok()??;
            let you = self.server.access.signed_in(headers).await.ok()?;
            let you = you.map(|person| person.login.to_string());
            Some(Invited { title: shop.title.to_string(), role: invite.role, you })
        })
    }

    fn reset<'a>(&'a self, code: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let (_, person) = self.server.access.open_reset(code).await.ok()??;
            Some(person.login.to_string())
        })
    }

    fn sessions<'a>(&'a self, headers: &'a HeaderMap) -> Answer<'a, Option<Vec<SessionRow>>> {
        Box::pin(async move {
            let access = &self.server.access;
            let person = access.signed_in(headers).await.ok()??;
            let row = |(session, is_here): (Session, bool)| SessionRow {
                name: elsewhere::name_of(&session),
                begun_at: session.begun_at,
                used_at: elsewhere::last_used(&session),
                is_here,
            };
            Some(access.sessions_of(&person, headers).await.ok()?.into_iter().map(row).collect())
        })
    }

    fn starting<'a>(&'a self, headers: &'a HeaderMap) -> Answer<'a, Starting> {
        Box::pin(async move { start::starting(&self.server, headers).await.unwrap_or(Starting::Nobody) })
    }

    fn shops<'a>(&'a self, headers: &'a HeaderMap) -> Answer<'a, Option<Vec<ShopRow>>> {
        Box::pin(async move {
            let person = self.server.access.signed_in(headers).await.ok()??;
            let mut rows = Vec::new();
            for member in self.server.access.shops_of(&person).await.ok()? {
                let shop = self.view(&member.shop).await.ok().flatten();
                let title = shop.map_or_else(|| member.shop.to_string(), |view| view.title.to_string());
                rows.push(ShopRow { slug: member.shop.to_string(), title, role: member.role });
            }
            Some(rows)
        })
    }

    fn status<'a>(&'a self, shop: &'a ShopSlug, check: bool) -> Answer<'a, Result<Status, ProtocolError>> {
        Box::pin(async move {
            let open = self.known(shop).await?;
            let view = open.view().map_err(|error| failed(&error, shop))?;
            let stands = status::of(&*self.server.shops.store, &self.server.views, shop, &view, check).await;
            stands.map_err(|error| {
                tracing::warn!(%shop, %error, "how its followers stand cannot be read");
                failed(&ShopError::Unavailable, shop)
            })
        })
    }
}
