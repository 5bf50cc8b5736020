//! When to open a feed, when to send, when to wait: two state machines with one view of them.
//!
//! ```text
//! Feed    Off ──start──► Fetching ──snapshot──► Opening ──opened──► Open ──bye, lost, silent, behind──► Waiting
//!                 │         └──── failed, too slow ────┴──────────────────────────────────────────────►   │
//!                 └──start, by polls──► Polling ──answer──► Polling;  bye, failed, too slow ──────────►   │
//!              Off ◄── pause, follow, stop ── any                     start ◄── its time has come ────────┘
//!
//! Way     Stream ──opens and says nothing, or three short connections in a row──► Polls
//!            ▲                                                                       │ now and then: one stream is tried
//!            └───────────────────────── a stream says something ─────────────────────┘
//!
//! Sender  Idle ──something to send, the server was there──► UnderWay ──answer──► Idle
//!           │                                 ▲                └── failed, too slow ──► Waiting ── its time ──► Idle
//!           └──to send, and nobody knows──► Asking ──not there──────────────────────────►  ▲
//!
//! Pace    Near ◄── visible, and something waits or the server was heard lately ──► Far
//! ```
//!
//! `start` means: fetch a snapshot if the books need one, else open a feed, by the way that gets through: as a stream,
//! or, behind a middle man that holds a stream back until it ends (proxies that buffer, some sign-in pages), by polls
//! that the server answers when there is something to say. Events only move the machines; what
//! they ask for next comes out of [`Connection::advance`]. Every state that waits for somebody else has a time
//! after which it stops waiting.
//!
//! The sender asks the health address before it sends into the dark: what may have been sent can only be put back by
//! another entry, while what was surely not sent can still be taken back or changed. A device without a network must
//! not spoil that for all that waits on it.
//!
//! No event tells that a router works again or that the server was started, so a page that somebody looks at tries
//! every few seconds (`Near`) as long as something waits for it, or all was well some minutes ago. Hidden, or after
//! a long silence with nothing to send, nobody would see the difference, and the pauses grow (`Far`). Whatever the
//! pace, attempts are spread over the whole pause, and none is made before a time that the server named.

#[cfg(test)]
mod tests;

use domain::values::Millis;
use serde::{Deserialize, Serialize};

use crate::random::Random;

/// Two heartbeats (one every 15 s) and a little: a feed that was silent for so long is dead, even if the browser
/// says that it is open.
pub const SILENCE: i64 = 35_000;
/// A feed says something as soon as it is open. One that has not for a heartbeat and a little does not get through.
pub const FIRST_WORD: i64 = 16_000;
/// A stream that ends sooner than this after it opened was cut by somebody in between.
const SHORT: i64 = 1_000;
/// Short streams in a row before polls take over.
const MOST_SHORT: u8 = 3;
/// How long the server may hold a poll.
pub const POLL_WAIT: i64 = 25_000;
/// How long a poll may take before it counts as lost.
const POLL: i64 = POLL_WAIT + 10_000;
/// A poll that says nothing new sooner than this was not answered by a server that waits.
const HASTY: i64 = 1_000;
/// When a stream is tried again while polls are the way, and how far apart the attempts come to be.
const FIRST_TRIAL: i64 = 60_000;
const LONGEST_TRIAL: i64 = 16 * 60_000;
/// How long an answer to a push or a snapshot may take before it counts as lost.
pub const ANSWER: i64 = 30_000;
/// How long it may still take once a feed has spoken that was opened after the question went out: what carried the question
/// is most likely gone, and no browser says so of a connection whose other end went without a word.
pub const OVERTAKEN: i64 = 5_000;
/// How long the feed may stay behind a head that was heard of, without any progress.
pub const BEHIND: i64 = 5_000;
/// How long a probe may take.
const PROBE: i64 = 10_000;
const FIRST_DELAY: u64 = 1_000;
const LONGEST_NEAR: u64 = 3_000;
const LONGEST_FAR: u64 = 32_000;
/// For how long after the server was heard a page without anything to send expects it back.
const LATELY: i64 = 5 * 60_000;
/// A feed that was silent for longer than one heartbeat when the page came back is opened again at once.
const STALE: i64 = 16_000;

/// What the chip says, as the word in its `data-state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataState {
    Live,
    CatchingUp,
    NotConnected,
    Unreachable,
    Paused,
    SignIn,
    /// This device, or whoever uses it, was shut out.
    Revoked,
    Update,
    Storage,
}

impl DataState {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::CatchingUp => "catching-up",
            Self::NotConnected => "not-connected",
            Self::Unreachable => "unreachable",
            Self::Paused => "paused",
            Self::SignIn => "sign-in",
            Self::Revoked => "revoked",
            Self::Update => "update",
            Self::Storage => "storage",
        }
    }
}

/// The connection, as pages show it.
#[derive(Clone, PartialEq, Debug)]
pub struct ConnectionView {
    pub state: DataState,
    /// Commands saved here whose verdict is not known.
    pub waiting: usize,
    /// Commands that need a person: refused, held, not stored.
    pub attention: usize,
    /// The oldest of the waiting ones.
    pub oldest_waiting: Option<Millis>,
    pub last_heard: Option<Millis>,
    /// Position of the confirmed books.
    pub confirmed: u64,
    /// The log's last position, as last heard.
    pub head: u64,
    /// When the next attempt is made, while waiting for it.
    pub next_attempt: Option<Millis>,
}

/// Who this tab is to the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Following,
    Leading,
    /// A person chose to work offline.
    Paused,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Feed {
    Off,
    Fetching { ticket: u64, since: Millis },
    Opening { feed: u64, since: Millis },
    Open { feed: u64, opened: Millis, heard: Option<Millis>, behind_since: Option<Millis> },
    Polling { feed: u64, since: Millis },
    Waiting { until: Millis, floor: Millis },
}

/// How a feed gets through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// Streams in a row that were cut short.
    Stream { short: u8 },
    /// A stream is tried again at `trial`, and after `pause` more if that one fails too.
    Polls { trial: Millis, pause: i64 },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sender {
    Idle,
    /// A probe goes first.
    Asking,
    UnderWay {
        ticket: u64,
        until: Millis,
    },
    Waiting {
        until: Millis,
        floor: Millis,
    },
}

/// Why one of the machines does not run until something changes on this side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    SignIn,
    Revoked,
    Update,
}

/// Why a probe is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Probing {
    No,
    /// Something failed: is it the network or the server?
    Diagnosis {
        since: Millis,
    },
    /// Something may have become better: try at once if so.
    Hint {
        since: Millis,
    },
}

/// What the books need just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Needs {
    pub snapshot: bool,
    pub send: bool,
    /// Whether a command has no verdict yet.
    pub waiting: bool,
}

/// How far apart attempts come to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pace {
    Near,
    Far,
}

impl Pace {
    fn longest(self) -> u64 {
        match self {
            Self::Near => LONGEST_NEAR,
            Self::Far => LONGEST_FAR,
        }
    }
}

/// What is to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Fetch {
        ticket: u64,
    },
    Open {
        feed: u64,
    },
    /// `wait`: how long the server may take.
    Poll {
        feed: u64,
        wait: i64,
    },
    Close,
    Push {
        ticket: u64,
    },
    Probe,
}

#[derive(Clone, Debug)]
pub(crate) struct Connection {
    role: Role,
    /// The role before a pause.
    resumed_role: Role,
    feed: Feed,
    way: Way,
    sender: Sender,
    feed_stop: Option<Stop>,
    send_stop: Option<Stop>,
    feed_failures: u32,
    send_failures: u32,
    /// Snapshots fetched in a row without a digest that agreed since: a fold that differs for good must not fetch
    /// without end.
    heals: u32,
    probing: Probing,
    /// What the last probe said.
    reached: Option<bool>,
    network: bool,
    last_heard: Option<Millis>,
    /// When this tab was asked for the first time.
    begun: Option<Millis>,
    /// Whether somebody may be looking.
    visible: bool,
    /// Whether something has no verdict yet.
    waiting: bool,
    /// What the leading tab says of its connection, and when it did.
    leader: Option<(DataState, Millis)>,
    tickets: u64,
    random: Random,
    asked: Vec<Action>,
}

fn after(now: Millis, delay: i64) -> Millis {
    Millis(now.0.saturating_add(delay))
}

fn signed(delay: u64) -> i64 {
    i64::try_from(delay).unwrap_or(i64::MAX)
}

impl Connection {
    pub fn new(seed: u64) -> Self {
        Self {
            role: Role::Following,
            resumed_role: Role::Following,
            feed: Feed::Off,
            way: Way::Stream { short: 0 },
            sender: Sender::Idle,
            feed_stop: None,
            send_stop: None,
            feed_failures: 0,
            send_failures: 0,
            heals: 0,
            probing: Probing::No,
            reached: None,
            network: true,
            last_heard: None,
            begun: None,
            visible: true,
            waiting: false,
            leader: None,
            tickets: 0,
            random: Random::new(seed),
            asked: Vec::new(),
        }
    }

    pub fn is_leading(&self) -> bool {
        self.role == Role::Leading || (self.role == Role::Paused && self.resumed_role == Role::Leading)
    }

    /// This tab, or one that was heard of lately.
    pub fn knows_who_leads(&self) -> bool {
        self.is_leading() || self.leader.is_some()
    }

    pub fn is_following(&self) -> bool {
        self.role == Role::Following
    }

    pub fn is_feed(&self, number: u64) -> bool {
        let (Feed::Opening { feed, .. } | Feed::Open { feed, .. } | Feed::Polling { feed, .. }) = self.feed else {
            return false;
        };
        feed == number
    }

    pub fn is_fetch(&self, number: u64) -> bool {
        matches!(self.feed, Feed::Fetching { ticket, .. } if ticket == number)
    }

    // Events.

    pub fn lead(&mut self) {
        self.take_role(Role::Leading);
    }

    pub fn follow(&mut self) {
        self.take_role(Role::Following);
    }

    fn take_role(&mut self, role: Role) {
        self.leader = None;
        if self.role == Role::Paused {
            self.resumed_role = role;
        } else {
            self.role = role;
        }
    }

    pub fn pause(&mut self) {
        if self.role != Role::Paused {
            self.resumed_role = self.role;
            self.role = Role::Paused;
        }
    }

    pub fn unpause(&mut self, now: Millis) {
        if self.role == Role::Paused {
            self.role = self.resumed_role;
            self.try_now(now);
        }
    }

    /// The tab that leads says how it stands.
    pub fn leader_says(&mut self, state: DataState, now: Millis) {
        // Two tabs that lead at once must not show each other what they have from each other.
        if !self.is_leading() {
            self.leader = Some((state, now));
        }
    }

    pub fn opened(&mut self, number: u64, now: Millis) {
        if let Feed::Opening { feed, .. } = self.feed
            && feed == number
        {
            self.reached = Some(true);
            self.feed = Feed::Open { feed, opened: now, heard: None, behind_since: None };
        }
    }

    /// Something came by the feed.
    pub fn heard(&mut self, now: Millis) {
        self.last_heard = Some(now);
        self.reached = Some(true);
        self.network = true;
        self.feed_failures = 0;
        match &mut self.feed {
            Feed::Open { heard, .. } => *heard = Some(now),
            Feed::Opening { feed, .. } => {
                self.feed = Feed::Open { feed: *feed, opened: now, heard: Some(now), behind_since: None };
            }
            _ => {}
        }
        if matches!(self.way, Way::Polls { .. }) && matches!(self.feed, Feed::Open { .. }) {
            self.way = Way::Stream { short: 0 };
        }
        self.hurry_what_was_overtaken(now);
        self.server_is_there(now);
    }

    /// Numbers tell which was asked first. Polls tell nothing: one is opened after the other all the time.
    fn hurry_what_was_overtaken(&mut self, now: Millis) {
        if let (Feed::Open { feed, .. }, Sender::UnderWay { ticket, until }) = (self.feed, &mut self.sender)
            && feed > *ticket
        {
            *until = (*until).min(after(now, OVERTAKEN));
        }
    }

    /// The server was heard: whoever waits may come sooner, though never before a time that the server named.
    fn server_is_there(&mut self, now: Millis) {
        let soon = after(now, signed(self.random.below(FIRST_DELAY)));
        for (until, floor) in self.pauses() {
            *until = (*until).min(soon.max(floor));
        }
    }

    /// Whether the confirmed log is behind a head that was heard of, and whether it moved since.
    pub fn behind(&mut self, is_behind: bool, moved: bool, now: Millis) {
        if let Feed::Open { behind_since, .. } = &mut self.feed {
            *behind_since = match (is_behind, *behind_since) {
                (false, _) => None,
                (true, Some(since)) if !moved => Some(since),
                (true, _) => Some(now),
            };
        }
    }

    /// Something is missing in the feed: open it again where the books end. Not at once, or a server that leaves
    /// something out would be asked without a pause.
    pub fn reopen(&mut self, now: Millis) {
        self.close();
        let until = after(now, signed(self.random.below(FIRST_DELAY)));
        self.feed = Feed::Waiting { until, floor: now };
    }

    /// What is open was opened under another name.
    pub fn renamed(&mut self, now: Millis) {
        if matches!(self.feed, Feed::Opening { .. } | Feed::Open { .. } | Feed::Polling { .. }) {
            self.reopen(now);
        }
    }

    fn close(&mut self) {
        if matches!(self.feed, Feed::Opening { .. } | Feed::Open { .. } | Feed::Polling { .. }) {
            self.asked.push(Action::Close);
        }
        self.feed = Feed::Off;
    }

    pub fn closed(&mut self, retry_after: i64, now: Millis) {
        let is_trial = matches!(self.way, Way::Polls { .. });
        if let Feed::Open { opened, .. } = self.feed {
            self.stream_ended(opened, now);
            if is_trial && now < after(opened, SHORT) {
                // Nothing is lost with it: the polls go on.
                self.feed = Feed::Waiting { until: now, floor: now };
                return;
            }
        }
        self.feed = Feed::Off;
        self.feed_failed(retry_after, now);
    }

    /// Somebody in between may cut every stream: told by three that were short in a row.
    fn stream_ended(&mut self, opened: Millis, now: Millis) {
        let is_short = now < after(opened, SHORT);
        match &mut self.way {
            Way::Stream { short } if is_short => {
                *short = short.saturating_add(1);
                if *short >= MOST_SHORT {
                    self.way = Way::Polls { trial: after(now, FIRST_TRIAL), pause: FIRST_TRIAL };
                }
            }
            Way::Stream { short } => *short = 0,
            Way::Polls { .. } if is_short => self.stream_is_held_back(now),
            Way::Polls { .. } => {}
        }
    }

    /// A stream does not get through: polls are the way, for longer each time.
    fn stream_is_held_back(&mut self, now: Millis) {
        let pause = match self.way {
            Way::Stream { .. } => FIRST_TRIAL,
            Way::Polls { pause, .. } => pause.saturating_mul(2).min(LONGEST_TRIAL),
        };
        self.way = Way::Polls { trial: after(now, pause), pause };
    }

    /// A poll was answered. `moved`: it brought something that was not here.
    pub fn polled(&mut self, number: u64, moved: bool, now: Millis) {
        let Feed::Polling { feed, since } = self.feed else { return };
        if feed != number {
            return;
        }
        if moved || now >= after(since, HASTY) {
            self.feed = Feed::Waiting { until: now, floor: now };
        } else {
            // Nothing new, and at once: asking again at once would have no end.
            let until = after(now, HASTY + signed(self.random.below(FIRST_DELAY)));
            self.feed = Feed::Waiting { until, floor: until };
        }
    }

    fn feed_failed(&mut self, retry_after: i64, now: Millis) {
        self.feed_failures = self.feed_failures.saturating_add(1);
        let (until, floor) = self.back_off(self.feed_failures, retry_after, now);
        self.feed = Feed::Waiting { until, floor };
        self.diagnose(now);
    }

    pub fn bye(&mut self, spread_ms: u32, now: Millis) {
        self.close();
        let until = after(now, signed(self.random.below(u64::from(spread_ms) + 1)));
        self.feed = Feed::Waiting { until, floor: until };
    }

    pub fn stop_feed(&mut self, stop: Stop) {
        self.feed_stop = Some(stop);
    }

    pub fn stop_all(&mut self, stop: Stop) {
        self.feed_stop = Some(stop);
        self.send_stop = Some(stop);
    }

    pub fn signed_in(&mut self, now: Millis) {
        for stop in [&mut self.feed_stop, &mut self.send_stop] {
            if matches!(stop, Some(Stop::SignIn | Stop::Revoked)) {
                *stop = None;
            }
        }
        self.try_now(now);
    }

    /// The books were replaced by a snapshot.
    pub fn fetched(&mut self, now: Millis) {
        self.reached = Some(true);
        self.heals = self.heals.saturating_add(1);
        if matches!(self.feed, Feed::Fetching { .. }) {
            self.feed = Feed::Waiting { until: now, floor: now };
        }
        self.server_is_there(now);
    }

    /// Both sides were seen to have the same digest.
    pub fn agreed(&mut self) {
        self.heals = 0;
    }

    pub fn fetch_failed(&mut self, retry_after: i64, now: Millis) {
        self.feed_failed(retry_after, now);
    }

    /// Ends the wait for the push of this number; an answer that comes too late ends nothing.
    pub fn answered(&mut self, number: u64) -> bool {
        let is_it = matches!(self.sender, Sender::UnderWay { ticket, .. } if ticket == number);
        if is_it {
            self.sender = Sender::Idle;
        }
        is_it
    }

    pub fn push_succeeded(&mut self, now: Millis) {
        self.send_failures = 0;
        self.reached = Some(true);
        self.server_is_there(now);
    }

    pub fn push_failed(&mut self, retry_after: i64, now: Millis) {
        self.send_failures = self.send_failures.saturating_add(1);
        let (until, floor) = self.back_off(self.send_failures, retry_after, now);
        self.sender = Sender::Waiting { until, floor };
        self.diagnose(now);
    }

    fn pace(&self, now: Millis) -> Pace {
        let lately = self.last_heard.or(self.begun).is_none_or(|heard| now < after(heard, LATELY));
        if self.visible && (self.waiting || lately) { Pace::Near } else { Pace::Far }
    }

    fn back_off(&mut self, failures: u32, retry_after: i64, now: Millis) -> (Millis, Millis) {
        let floor = after(now, retry_after);
        (self.spread(failures, self.pace(now), now).max(floor), floor)
    }

    /// Full jitter: anywhere between nought and a bound that doubles, so that many devices do not come back at once.
    fn spread(&mut self, failures: u32, pace: Pace, now: Millis) -> Millis {
        let bound = FIRST_DELAY << failures.saturating_sub(1).min(16);
        after(now, signed(self.random.below(bound.min(pace.longest()) + 1)))
    }

    /// Something to send, or a person who has come back, does not wait for the end of a long pause.
    fn keep_pace(&mut self, now: Millis) {
        let longest = self.pace(now).longest();
        let soon = after(now, signed(self.random.below(longest + 1)));
        for (until, floor) in self.pauses() {
            if *until > after(now, signed(longest)) {
                *until = soon.max(floor);
            }
        }
    }

    /// The ends of the pauses, each with the time before which it must not end.
    fn pauses(&mut self) -> impl Iterator<Item = (&mut Millis, Millis)> {
        let feed = if let Feed::Waiting { until, floor } = &mut self.feed { Some((until, *floor)) } else { None };
        let sender = if let Sender::Waiting { until, floor } = &mut self.sender { Some((until, *floor)) } else { None };
        feed.into_iter().chain(sender)
    }

    fn diagnose(&mut self, now: Millis) {
        if self.reached == Some(true) {
            self.reached = None;
        }
        if self.probing == Probing::No {
            self.probing = Probing::Diagnosis { since: now };
            self.asked.push(Action::Probe);
        }
    }

    fn hint(&mut self, now: Millis) {
        if self.probing == Probing::No {
            self.asked.push(Action::Probe);
        }
        self.probing = Probing::Hint { since: now };
    }

    pub fn network_up(&mut self, now: Millis) {
        self.network = true;
        self.hint(now);
    }

    pub fn network_down(&mut self, now: Millis) {
        self.network = false;
        if self.reached == Some(true) {
            self.reached = None;
        }
        self.hint(now);
    }

    pub fn hidden(&mut self) {
        self.visible = false;
    }

    pub fn resumed(&mut self, now: Millis) {
        self.visible = true;
        if [self.feed_stop, self.send_stop].contains(&Some(Stop::SignIn)) {
            // Somebody may have signed in elsewhere in this browser, where nothing tells this page. Without a session it
            // stops again.
            return self.try_now(now);
        }
        match self.feed {
            Feed::Open { opened, heard, .. } if now.0 - heard.unwrap_or(opened).0 > STALE => {
                self.close();
                self.feed = Feed::Waiting { until: now, floor: now };
            }
            _ => self.hint(now),
        }
    }

    pub fn try_now(&mut self, now: Millis) {
        // A page that is too old is still too old, but the server may have been brought back to an earlier release.
        self.feed_stop = None;
        self.send_stop = None;
        self.pauses().for_each(|(until, _)| *until = now);
        self.hint(now);
    }

    pub fn probed(&mut self, reached: bool, now: Millis) {
        self.reached = Some(reached);
        let is_news = matches!(self.probing, Probing::Hint { .. }) || self.sender == Sender::Asking;
        self.probing = Probing::No;
        if reached && is_news {
            self.pauses().for_each(|(until, floor)| *until = now.max(floor));
        } else if self.sender == Sender::Asking {
            self.send_failures = self.send_failures.saturating_add(1);
            let (until, floor) = self.back_off(self.send_failures, 0, now);
            self.sender = Sender::Waiting { until, floor };
        }
    }

    // Time.

    /// Gives up what took too long, starts what is due, and says what to do.
    pub fn advance(&mut self, needs: Needs, now: Millis) -> Vec<Action> {
        if let Probing::Diagnosis { since } | Probing::Hint { since } = self.probing
            && now >= after(since, PROBE)
        {
            self.probed(false, now);
        }
        if self.leader.is_some_and(|(_, at)| now >= after(at, SILENCE)) {
            self.leader = None;
        }
        self.begun = self.begun.or(Some(now));
        self.waiting = needs.waiting;
        self.keep_pace(now);
        self.advance_feed(needs, now);
        self.advance_sender(needs, now);
        std::mem::take(&mut self.asked)
    }

    fn advance_feed(&mut self, needs: Needs, now: Millis) {
        let may_open = self.role == Role::Leading && self.feed_stop.is_none();
        // A following tab hears through the leading one, but fetches its own snapshot.
        let may_fetch = self.role != Role::Paused && self.feed_stop.is_none();
        match self.feed {
            Feed::Opening { .. } | Feed::Open { .. } | Feed::Polling { .. } if !may_open => self.close(),
            Feed::Open { .. } | Feed::Polling { .. } if needs.snapshot => {
                self.close();
                // However near: a snapshot is much to ask for, and the last one did not help.
                let until = if self.heals == 0 { now } else { self.spread(self.heals, Pace::Far, now) };
                self.feed = Feed::Waiting { until, floor: until };
            }
            Feed::Open { heard: Some(heard), .. } if now >= after(heard, SILENCE) => {
                self.close();
                self.feed_failed(0, now);
            }
            Feed::Open { opened: since, heard: None, .. } | Feed::Opening { since, .. }
                if now >= after(since, FIRST_WORD) =>
            {
                self.close();
                let is_trial = matches!(self.way, Way::Polls { .. });
                self.stream_is_held_back(now);
                if is_trial {
                    self.feed = Feed::Waiting { until: now, floor: now };
                } else {
                    self.feed_failed(0, now);
                }
            }
            Feed::Polling { since, .. } if now >= after(since, POLL) => {
                self.close();
                self.feed_failed(0, now);
            }
            Feed::Open { behind_since: Some(since), .. } if now >= after(since, BEHIND) => {
                self.close();
                self.feed_failed(0, now);
            }
            Feed::Fetching { since, .. } if now >= after(since, ANSWER) => self.feed_failed(0, now),
            Feed::Fetching { .. } if !may_fetch => self.feed = Feed::Off,
            _ => {}
        }
        let is_due = match self.feed {
            Feed::Off => true,
            Feed::Waiting { until, .. } => now >= until,
            _ => false,
        };
        if is_due && needs.snapshot && may_fetch {
            let ticket = self.ticket();
            self.feed = Feed::Fetching { ticket, since: now };
            self.asked.push(Action::Fetch { ticket });
        } else if is_due && !needs.snapshot && may_open {
            let feed = self.ticket();
            match self.way {
                Way::Polls { trial, .. } if now < trial => {
                    self.feed = Feed::Polling { feed, since: now };
                    // The first answer tells that the way is good: nobody waits for that.
                    let wait = if self.feed_failures == 0 { POLL_WAIT } else { 0 };
                    self.asked.push(Action::Poll { feed, wait });
                }
                Way::Stream { .. } | Way::Polls { .. } => {
                    self.feed = Feed::Opening { feed, since: now };
                    self.asked.push(Action::Open { feed });
                }
            }
        } else if is_due {
            self.feed = Feed::Off;
        }
    }

    fn advance_sender(&mut self, needs: Needs, now: Millis) {
        let may_send = self.role == Role::Leading && self.send_stop.is_none();
        match self.sender {
            Sender::UnderWay { until, .. } if now >= until => self.push_failed(0, now),
            Sender::Waiting { until, .. } if now >= until => self.sender = Sender::Idle,
            Sender::Asking if self.reached == Some(true) || !may_send => self.sender = Sender::Idle,
            _ => {}
        }
        if self.sender == Sender::Idle && needs.send && may_send && self.reached != Some(true) {
            self.sender = Sender::Asking;
            self.diagnose(now);
        } else if self.sender == Sender::Idle && needs.send && may_send {
            let ticket = self.ticket();
            self.sender = Sender::UnderWay { ticket, until: after(now, ANSWER) };
            self.asked.push(Action::Push { ticket });
        }
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    pub fn is_sending(&self) -> bool {
        matches!(self.sender, Sender::UnderWay { .. })
    }

    /// When [`Connection::advance`] has something to do although nothing happened.
    pub fn deadline(&self) -> Option<Millis> {
        let feed = match self.feed {
            Feed::Off => None,
            Feed::Fetching { since, .. } => Some(after(since, ANSWER)),
            Feed::Opening { since, .. } => Some(after(since, FIRST_WORD)),
            Feed::Polling { since, .. } => Some(after(since, POLL)),
            Feed::Open { opened, heard, behind_since, .. } => {
                let silent = heard.map_or(after(opened, FIRST_WORD), |heard| after(heard, SILENCE));
                Some(behind_since.map_or(silent, |since| silent.min(after(since, BEHIND))))
            }
            Feed::Waiting { until, .. } => Some(until),
        };
        let sender = match self.sender {
            Sender::Idle | Sender::Asking => None,
            Sender::UnderWay { until, .. } | Sender::Waiting { until, .. } => Some(until),
        };
        let probe = match self.probing {
            Probing::No => None,
            Probing::Diagnosis { since } | Probing::Hint { since } => Some(after(since, PROBE)),
        };
        let leader = self.leader.map(|(_, at)| after(at, SILENCE));
        [feed, sender, probe, leader].into_iter().flatten().min()
    }

    // View.

    pub fn last_heard(&self) -> Option<Millis> {
        self.last_heard
    }

    pub fn next_attempt(&self) -> Option<Millis> {
        let feed = if let Feed::Waiting { until, .. } = self.feed { Some(until) } else { None };
        let sender = if let Sender::Waiting { until, .. } = self.sender { Some(until) } else { None };
        [feed, sender].into_iter().flatten().min()
    }

    /// `behind`: entries to go; `waiting`: commands without a verdict.
    pub fn state(&self, behind: u64, waiting: usize, now: Millis) -> DataState {
        let stops = [self.feed_stop, self.send_stop];
        if stops.contains(&Some(Stop::Update)) {
            return DataState::Update;
        }
        if stops.contains(&Some(Stop::Revoked)) {
            return DataState::Revoked;
        }
        if stops.contains(&Some(Stop::SignIn)) {
            return DataState::SignIn;
        }
        if self.role == Role::Paused {
            return DataState::Paused;
        }
        if let Some((state, _)) = self.leader.filter(|(state, _)| *state != DataState::Live) {
            return state;
        }
        let lately = self.leader.is_some() || self.last_heard.is_some_and(|heard| now < after(heard, SILENCE));
        let unheard =
            matches!(self.feed, Feed::Fetching { .. } | Feed::Opening { .. } | Feed::Open { heard: None, .. });
        let starting = unheard && self.feed_failures == 0;
        let connected = match self.role {
            Role::Leading => match self.feed {
                Feed::Open { heard: Some(_), .. } => true,
                // Between two polls, and while a stream is tried, nothing is missed.
                _ => matches!(self.way, Way::Polls { .. }) && self.feed_failures == 0 && lately,
            },
            _ => lately,
        };
        let starting = starting && !connected;
        let unreached = self.reached == Some(false) && self.network;
        if !connected && !starting {
            return if unreached { DataState::Unreachable } else { DataState::NotConnected };
        }
        if self.send_failures > 0 && unreached {
            return DataState::Unreachable;
        }
        if starting || behind > 50 || waiting > 0 { DataState::CatchingUp } else { DataState::Live }
    }
}
