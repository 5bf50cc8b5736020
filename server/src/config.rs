//! What can be set, with the values that hold when nothing is.

use std::{net::SocketAddr, time::Duration};

use crate::{access::operator::Key, http::arrival::Edge};

/// How a server runs. [`Config::default`] is what `daybook serve` uses without any option.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// By which public names people come, and through which proxies. None: by this machine's own names alone.
    pub edge: Edge,
    /// `sqlite://…`, `postgres://…` or `memory:`.
    pub database_url: String,
    /// Whether the demo shop is filled at start, and visitors may have one of their own.
    pub demo: bool,
    /// Whether the demo shop may be everybody's who reaches the server from outside.
    pub public_demo: bool,
    /// Whether browsers may keep the app to open it without a network. Switched off, browsers that kept it drop it.
    pub offline_start: bool,
    /// Names of the views that are kept up to date beside the log, of those that the store has
    /// ([`store::EventStore::views`]), and `search`.
    pub views: Vec<String>,
    /// `redis://…` or `redis+unix:…`: a Redis where the allocations are kept too.
    pub redis: Option<String>,
    /// Those of them that are written in the append itself: never behind, and every command waits for them.
    pub inline_views: Vec<String>,
    /// Where mail about goods that ran out goes; none is sent without it.
    pub mail: Option<Mail>,
    /// Whether nothing is written: pages, feeds and reads alone, on a database that may not even be written to.
    pub read_only: bool,
    /// What `/metrics` asks for, once it is set; it names shops then, and only then.
    pub metrics_key: Option<Key>,
    pub limits: Limits,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct Mail {
    /// `smtp://host:port`, a relay that is trusted to carry it on: nothing is encrypted on the way there.
    pub server: String,
    pub from: String,
    pub to: String,
}

/// Bounds that keep one user, or one bad program, from taking the server from everybody else.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request body.
    pub body: usize,
    /// Bytes of one picture as it is sent.
    pub picture: usize,
    /// Bytes of all pictures of one shop, as they are kept.
    pub pictures: u64,
    /// Pushes and requests that wait for one shop's appender.
    pub queue: usize,
    /// Commands decided in one append: when there are so many, it waits for no more.
    pub batch: usize,
    /// How long an append waits for commands that could share it. What waits already always does.
    pub batch_wait: Duration,
    /// Entries that a view takes in with one transaction.
    pub view_batch: u32,
    /// How long a view waits for more entries once it has heard of one.
    pub view_wait: Duration,
    /// Open feeds, all shops together.
    pub feeds: usize,
    /// Open feeds of one person, or of one program, in one shop.
    pub feeds_each: usize,
    /// Frames a feed may fall behind before it is closed; it resumes by its id.
    pub feed_lag: usize,
    /// Entries that a feed replays; a replica further behind starts from a snapshot.
    pub feed_backlog: u64,
    /// How long a feed is open at most: its reader comes back, and is looked at again even where nothing was heard of what
    /// changed.
    pub feed_life: Duration,
    /// Entries between two snapshots.
    pub snapshot_every: u64,
    /// Bytes of shop state kept in memory (an estimate); beyond it, idle shops are put away.
    pub memory: usize,
    /// Bytes of documents kept that were answered before, all shops together.
    pub documents: usize,
    /// How long an unused shop stays in memory.
    pub idle: Duration,
    /// Demo shops of visitors that are not over; at most so many are made in 24 hours.
    pub demos: usize,
    /// The same for one address, behind which there may be a whole class.
    pub demos_of_address: usize,
    /// Open connections.
    pub connections: usize,
    /// Time for a request's head to arrive.
    pub header: Duration,
    /// How long a request's body may pause.
    pub pause: Duration,
    pub heartbeat: Duration,
    /// How often the log's head is compared with what other instances may have written.
    pub poll: Duration,
    /// How long a stop waits for what is under way.
    pub drain: Duration,
    /// How long a read waits for `min_position`.
    pub wait: Duration,
}

impl Config {
    /// Whether somebody from outside may reach it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !self.listen.ip().is_loopback() || !self.edge.origins.is_empty()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            edge: Edge::default(),
            database_url: "sqlite://daybook.db".to_owned(),
            demo: false,
            public_demo: false,
            offline_start: true,
            views: Vec::new(),
            redis: None,
            inline_views: Vec::new(),
            mail: None,
            read_only: false,
            metrics_key: None,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 2 * 1024 * 1024,
            picture: 10 * 1024 * 1024,
            pictures: 1024 * 1024 * 1024,
            queue: 1024,
            batch: 512,
            batch_wait: Duration::ZERO,
            view_batch: 500,
            view_wait: Duration::ZERO,
            feeds: 20_000,
            feeds_each: 100,
            feed_lag: 256,
            feed_backlog: 20_000,
            feed_life: Duration::from_secs(600),
            snapshot_every: 1_000,
            memory: 512 * 1024 * 1024,
            documents: 32 * 1024 * 1024,
            idle: Duration::from_secs(600),
            demos: 100,
            demos_of_address: 30,
            connections: 20_000,
            header: Duration::from_secs(10),
            pause: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            poll: Duration::from_secs(1),
            drain: Duration::from_secs(10),
            wait: Duration::from_secs(5),
        }
    }
}
