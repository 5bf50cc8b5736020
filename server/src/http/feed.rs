//! `GET /feed`: the log as it grows, as server-sent events.
//!
//! Asked with `Accept: application/json`, it answers once: with what the reader has missed, or else with the next that
//! is published, within `wait` seconds. For readers behind a middle man that holds a stream back until it ends.
//!
//! A feed first sends what its reader has missed, from the frames that are kept or else from the log in parts, and
//! then what is published. It subscribes before it looks at the log, so nothing falls between the two.
//!
//! Whoever loses their way in while a feed is open gets `revoked` and nothing more ([`Pass`]).

pub mod readers;

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::backend::View;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::ShopSlug;
use futures::stream;
use sync::protocol::{OLDEST_PROTOCOL, PROTOCOL, StartOver, TooOld};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use self::readers::Place;
use super::{Server, problem::Problem, reading::Door};
use crate::{
    access::{Kind, pass::Pass},
    shop::{
        Shop,
        frame::{self, Frame, MOST_ENTRIES},
        hub,
        log::unavailable,
    },
};

/// Where a reader says it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// It has nothing yet, and wants what comes from now on.
    FromNow,
    After(u64),
    /// Of another log.
    OtherEpoch,
    /// Not something this server ever gave out.
    Unreadable,
}

/// `<epoch>:<position>` as it stands in a frame's id, or a bare position.
fn asked(headers: &HeaderMap, after: Option<&str>, epoch: Uuid) -> Asked {
    let id = headers.get(HeaderName::from_static("last-event-id")).map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = id.filter(|id| !id.is_empty()).or(after) else { return Asked::FromNow };
    let (of, position) = match text.split_once(':') {
        Some((of, position)) => (Some(of), position),
        None => (None, text),
    };
    let digits = !position.is_empty() && position.bytes().all(|byte| byte.is_ascii_digit());
    let Some(position) = digits.then(|| position.parse::<u64>().unwrap_or(u64::MAX)) else { return Asked::Unreadable };
    match of.map(Uuid::try_parse) {
        None => Asked::After(position),
        Some(Ok(of)) if of == epoch => Asked::After(position),
        Some(Ok(_)) => Asked::OtherEpoch,
        Some(Err(_)) => Asked::Unreadable,
    }
}

/// # Errors
/// [`Problem`].
pub async fn feed(door: Result<Door, Problem>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let entered = async {
        let door = door?;
        let taken = door.on_its_device().await?.map(frame::code_taken);
        Ok::<_, Problem>((door, taken))
    };
    match entered.await {
        Ok((door, taken)) => open(door, taken).await,
        // An `EventSource` tells a page nothing of the status that it got: it would try for ever.
        Err(problem) if problem.denies() && is_page(&uri) && !wants_json(&headers) => {
            Ok(stream_of(frame::revoked(problem.revocation())))
        }
        Err(problem) => Err(problem),
    }
}

async fn open(door: Door, first: Option<Bytes>) -> Result<Response, Problem> {
    let clients = door.server.metrics.feed_clients.get();
    if usize::try_from(clients).unwrap_or(0) >= door.server.limits.feeds {
        return Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "too_many_feeds", "too many open feeds")
            .retry_after(5));
    }
    // Where nobody is asked, everybody is one.
    let place = match door.kind {
        Kind::Anybody => None,
        Kind::Person | Kind::Program => {
            let most = door.server.limits.feeds_each;
            let place = door.server.readers.place(&door.shop.slug, &door.author.actor, most);
            let title = format!("{most} open feeds each");
            let problem = || Problem::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "too_many_feeds", title);
            Some(place.ok_or_else(|| problem().retry_after(30))?)
        }
    };
    let polled = wants_json(&door.headers);
    let wait = polled.then(|| poll_wait(&door)).transpose()?;
    let view = door.shop.view()?;
    let start = match too_old(&door)? {
        Some(TooOld { spoken, least, .. }) if polled => {
            let title = format!("protocol {spoken} is too old: {least} at least");
            let problem = Problem::new(axum::http::StatusCode::UPGRADE_REQUIRED, "too_old", title);
            return Err(problem.with("spoken", spoken).with("least", least));
        }
        Some(too_old) => Start::Over(frame::too_old(&too_old)),
        None => begin(&door, &view, asked(&door.headers, door.query.get("after"), view.epoch)).await?,
    };
    let (access, headers, slug) = (door.server.access.clone(), door.headers.clone(), door.shop.slug.clone());
    let pass = Pass::new(access, headers, slug, "/feed", door.author.clone());
    let until = Instant::now() + life(&door.server);
    let open = Open { server: door.server.clone(), pass, _place: place, until, first };
    open.server.metrics.feed_clients.add(1);
    if let Some(wait) = wait {
        return Ok(poll(start, open, wait).await);
    }
    Ok(match start {
        // One frame, and the end: there is nothing to follow until the reader has started over, or is another one.
        Start::Over(bytes) => stream_of(bytes),
        Start::Follow { at, shop } => {
            let feed = Feed::new(open, shop, at);
            let body = Body::from_stream(stream::unfold(feed, |mut feed| async move {
                feed.next().await.map(|bytes| (Ok::<_, Infallible>(bytes), feed))
            }));
            (stream_headers(), body).into_response()
        }
    })
}

fn stream_headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        // nginx would hold the frames back otherwise.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ]
}

/// A feed of one frame.
fn stream_of(bytes: Bytes) -> Response {
    let body = Body::from_stream(stream::iter([Ok::<_, Infallible>(retry()), Ok(bytes)]));
    (stream_headers(), body).into_response()
}

/// Between four fifths and all of what is allowed: feeds that were opened together do not end together.
fn life(server: &Server) -> Duration {
    let fifth = server.limits.feed_life / 5;
    fifth * 4 + fifth.mul_f64(f64::from(Uuid::new_v4().as_bytes()[0]) / 256.0)
}

/// Pages say which protocol they speak.
fn is_page(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("protocol=")))
}

/// Pages say which number they speak. Other programs need not: what they read of a feed only ever gains fields.
fn too_old(door: &Door) -> Result<Option<TooOld>, Problem> {
    let Some(spoken) = door.query.number("protocol")? else { return Ok(None) };
    let spoken = u16::try_from(spoken).unwrap_or(u16::MAX);
    let too_old = TooOld { protocol: PROTOCOL, spoken, least: OLDEST_PROTOCOL };
    Ok((spoken < OLDEST_PROTOCOL).then_some(too_old))
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|list| list.split(','))
        .any(|one| one.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json"))
}

/// How long a poll is held, at most. Many middle men give up on an answer after 30 s.
const LONGEST_POLL: u64 = 25;
/// Bytes in the answer to a poll; what is missing then comes with the next one.
const MOST_POLLED: usize = 1024 * 1024;

fn poll_wait(door: &Door) -> Result<Duration, Problem> {
    Ok(Duration::from_secs(door.query.number("wait")?.unwrap_or(0).min(LONGEST_POLL)))
}

/// What a stream would say up to the first pause in which nothing is left to say, or the first thing that it says
/// within `wait`.
async fn poll(start: Start, open: Open, wait: Duration) -> Response {
    let frames = match start {
        Start::Over(bytes) => vec![bytes],
        Start::Follow { at, shop } => {
            let mut feed = Feed::new(open, shop, at);
            let first = feed.open.first.take();
            first.into_iter().chain(polled(feed, wait).await).collect()
        }
    };
    let body = frame::polled(&frames);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("accept, authorization, cookie")),
    ];
    (headers, body).into_response()
}

async fn polled(mut feed: Feed, wait: Duration) -> Vec<Bytes> {
    let shop = feed.shop.clone();
    let (mut frames, mut bytes) = (Vec::new(), 0);
    let start = feed.at;
    // What it has missed: the greeting ends with a heartbeat, when the feed has come to the head.
    while !matches!(feed.state, State::Live) && bytes < MOST_POLLED {
        let Some(frame) = feed.next().await else { return frames };
        bytes += frame.len();
        if !frame::is_greeting(&frame) {
            frames.push(frame);
        }
    }
    if feed.at > start || wait.is_zero() {
        return frames;
    }
    let next = tokio::time::timeout(wait, async {
        loop {
            match feed.next().await {
                // The heartbeat of streams: a poll says its own at its end.
                Some(frame) if frame::is_heartbeat(&frame) => {}
                other => return other,
            }
        }
    });
    match next.await {
        Ok(Some(frame)) => vec![frame],
        Ok(None) => Vec::new(),
        Err(_) => vec![frame::heartbeat(&hub::heartbeat(&shop.hub_view()))],
    }
}

/// Readers that were cut off together do not come back together.
fn retry() -> Bytes {
    let spread = Uuid::new_v4().as_u128() % 2_000;
    Bytes::from(format!("retry: {}\n\n", 1_000 + spread))
}

enum Start {
    Over(Bytes),
    Follow { at: u64, shop: Arc<Shop> },
}

async fn begin(door: &Door, view: &View, asked: Asked) -> Result<Start, Problem> {
    let over = |view: &View, reason: &str| StartOver {
        protocol: PROTOCOL,
        epoch: view.epoch,
        head: view.books.position,
        reason: reason.to_owned(),
    };
    let head = view.books.position;
    let at = match asked {
        Asked::FromNow => head,
        Asked::After(at) => at,
        Asked::OtherEpoch => return Ok(Start::Over(frame::reset(&over(view, "other_epoch")))),
        Asked::Unreadable => return Ok(Start::Over(frame::reset(&over(view, "unreadable_id")))),
    };
    let view = if at > head {
        // Another instance may have told the reader of entries that this one has not seen yet.
        let head = door.server.shops.store.head(&door.shop.slug).await.map_err(unavailable)?;
        if head.is_none_or(|head| head.position < at) {
            return Ok(Start::Over(frame::reset(&over(view, "ahead"))));
        }
        door.shop.reach(at, door.server.limits.wait).await?
    } else {
        view.clone()
    };
    if view.books.position - at > door.server.limits.feed_backlog {
        return Ok(Start::Over(frame::snapshot(&over(&view, "too_far_behind"))));
    }
    Ok(Start::Follow { at, shop: door.shop.clone() })
}

/// Counted while it lives, which is as long as its reader may read.
struct Open {
    server: Arc<Server>,
    pass: Pass,
    _place: Option<Place>,
    /// The end in any case.
    until: Instant,
    /// What is to be said in front of everything else.
    first: Option<Bytes>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.server.metrics.feed_clients.add(-1);
    }
}

struct Feed {
    open: Open,
    shop: Arc<Shop>,
    /// The last entry that was sent.
    at: u64,
    epoch: Uuid,
    frames: broadcast::Receiver<Frame>,
    state: State,
}

/// The last that whoever lost their way in hears.
fn revoked(shop: &ShopSlug, pass: &Pass) -> Bytes {
    tracing::info!(%shop, code = "revoked", "a feed was ended");
    frame::revoked(pass.revocation())
}

/// A feed's life.
enum State {
    /// First it says how long to wait before coming back.
    Greeting {
        missed: Option<Vec<Frame>>,
        view: View,
    },
    /// Frames that were kept, oldest last.
    Kept {
        left: Vec<Frame>,
        view: View,
    },
    /// The log, in parts, up to what the hub had published when the feed subscribed, or to a frame's end.
    Reading {
        to: u64,
        then: Option<Bytes>,
    },
    Live,
    Ended,
}

impl Feed {
    fn new(open: Open, shop: Arc<Shop>, at: u64) -> Self {
        let subscription = shop.subscribe(at);
        let epoch = subscription.view.epoch;
        let state = State::Greeting { missed: subscription.missed, view: subscription.view };
        Self { open, shop, at, epoch, frames: subscription.frames, state }
    }

    /// The next bytes, or the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !matches!(self.state, State::Ended) && self.open.pass.is_over().await {
                self.state = State::Ended;
                return Some(revoked(&self.shop.slug, &self.open.pass));
            }
            if !matches!(self.state, State::Greeting { .. } | State::Ended)
                && let Some(first) = self.open.first.take()
            {
                return Some(first);
            }
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Greeting { missed: Some(mut left), view } => {
                    left.reverse();
                    self.state = State::Kept { left, view };
                    return Some(retry());
                }
                State::Greeting { missed: None, view } => {
                    let beat = frame::heartbeat(&hub::heartbeat(&view));
                    self.state = State::Reading { to: view.books.position, then: Some(beat) };
                    return Some(retry());
                }
                State::Kept { mut left, view } => match left.pop() {
                    Some(Frame::Events { last, bytes, .. }) => {
                        self.at = last;
                        self.state = State::Kept { left, view };
                        return Some(bytes);
                    }
                    Some(_) => self.state = State::Kept { left, view },
                    None => {
                        self.state = State::Live;
                        return Some(frame::heartbeat(&hub::heartbeat(&view)));
                    }
                },
                State::Reading { to, then } if self.at >= to => {
                    self.state = State::Live;
                    if then.is_some() {
                        return then;
                    }
                }
                State::Reading { to, then } => {
                    let bytes = self.read(to).await?;
                    self.state = State::Reading { to, then };
                    return Some(bytes);
                }
                State::Live => {
                    if let Some(bytes) = self.live().await {
                        return Some(bytes);
                    }
                }
                State::Ended => return None,
            }
        }
    }

    /// The next part of the log. A store that does not answer ends the feed; its reader comes back.
    async fn read(&mut self, to: u64) -> Option<Bytes> {
        let most = u64::try_from(MOST_ENTRIES).unwrap_or(1);
        let limit = u32::try_from((to - self.at).min(most)).unwrap_or(1);
        let records = self.open.server.shops.store.read(&self.shop.slug, self.at, limit).await.ok()?;
        match frame::events(self.epoch, &records).pop() {
            Some(Frame::Events { first, last, bytes }) if first == self.at + 1 => {
                self.at = last;
                Some(bytes)
            }
            _ => None,
        }
    }

    /// Waits for what is published. None when the state has moved on instead.
    async fn live(&mut self) -> Option<Bytes> {
        let stop = self.open.server.stop.clone();
        let frame = tokio::select! {
            biased;
            () = self.open.pass.ended() => return Some(revoked(&self.shop.slug, &self.open.pass)),
            frame = self.frames.recv() => frame,
            () = stop.cancelled() => return Some(frame::bye()),
            () = sleep_until(self.open.until) => return Some(frame::again()),
        };
        match frame {
            Ok(Frame::Events { last, .. }) if last <= self.at => self.state = State::Live,
            Ok(Frame::Events { first, last, bytes }) if first == self.at + 1 => {
                self.at = last;
                self.state = State::Live;
                return Some(bytes);
            }
            // It overlaps with what was read from the log, or stands beyond it: the log has what is between.
            Ok(Frame::Events { last, .. }) => self.state = State::Reading { to: last, then: None },
            Ok(Frame::Heartbeat { bytes }) => {
                self.state = State::Live;
                return Some(bytes);
            }
            Ok(Frame::Last { bytes }) => return Some(bytes),
            // Too slow: it ends here, and its reader resumes by id, from the log.
            Err(RecvError::Lagged(_)) => self.open.server.metrics.feed_closed_slow.add(1),
            // The shop was put away or stands still.
            Err(RecvError::Closed) => return Some(frame::bye()),
        }
        None
    }
}
