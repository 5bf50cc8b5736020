//! A device without a browser: the same replica, driven over HTTP by the doors that a page uses.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use domain::{
    Command, CommandId, Refusal,
    books::{Author, Role},
    values::Millis,
};
use reqwest::Client;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sync::{
    FeedEnd, Input, Issue, OutboxRecord, Output, Replica, Report, Stage, StoredState,
    protocol::{FeedFrame, Poll, ProtocolError, feed_address},
};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::{AbortHandle, JoinSet},
};
use uuid::Uuid;

use crate::support::{Daybook, Feed, SHOP};

pub struct Device {
    config: sync::Config,
    pub replica: Replica,
    pub reports: Vec<Report>,
    net: Net,
    heard: UnboundedReceiver<Input>,
    /// What is under way; it ends with the device.
    calls: JoinSet<()>,
    feed: Option<(u64, AbortHandle)>,
    outputs: VecDeque<Output>,
    /// What it has stored.
    outbox: BTreeMap<CommandId, OutboxRecord>,
    wake_at: Option<Millis>,
    /// Of the push that is under way: when it was sent.
    pub sent_at: Option<Millis>,
}

fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Millis(i64::try_from(since.as_millis()).unwrap())
}

/// A record is stored before its commit is known.
fn saved(stage: Stage) -> Stage {
    if stage == Stage::Saving { Stage::Saved } else { stage }
}

impl Device {
    pub async fn open(name: &str, daybook: &Daybook) -> Self {
        Self::at(name, &daybook.origin, daybook.client.clone()).await
    }

    pub async fn at(name: &str, origin: &str, client: Client) -> Self {
        Self::of(name, origin, client, None, Role::Owner).await
    }

    /// On which somebody has signed in: `client` brings their cookie.
    pub async fn of(name: &str, origin: &str, client: Client, login: Option<&str>, role: Role) -> Self {
        let author = Author { actor: login.unwrap_or("demo").into(), role };
        let person = login.map(Into::into);
        let jitter_seed = name.bytes().fold(1, |seed, byte| seed * 31 + u64::from(byte));
        let config = sync::Config { device: name.into(), author, person, colleagues: Vec::new(), jitter_seed };
        let replica = Replica::new(config.clone());
        let (says, heard) = mpsc::unbounded_channel();
        let mut device = Self {
            config,
            replica,
            reports: Vec::new(),
            net: Net { client, origin: origin.to_owned(), device: name.to_owned(), says },
            heard,
            calls: JoinSet::new(),
            feed: None,
            outputs: VecDeque::new(),
            outbox: BTreeMap::new(),
            wake_at: None,
            sent_at: None,
        };
        device.tell(Input::Lead);
        device.until("it has books", |replica| replica.epoch().is_some()).await;
        device
    }

    /// What its storage would hold.
    pub fn outbox(&self) -> Vec<OutboxRecord> {
        let records = self.outbox.values().cloned();
        records.map(|record| OutboxRecord { stage: saved(record.stage), ..record }).collect()
    }

    /// Another run of the same device in the same browser, which starts from this outbox and has no books.
    pub async fn restarted_with(self, outbox: Vec<OutboxRecord>) -> Self {
        let (says, heard) = mpsc::unbounded_channel();
        let stored = StoredState { outbox: outbox.clone(), ..StoredState::default() };
        let (replica, outputs) = Replica::restore(self.config.clone(), stored, now());
        let mut device = Self {
            config: self.config.clone(),
            replica,
            reports: Vec::new(),
            net: Net { says, ..self.net.clone() },
            heard,
            calls: JoinSet::new(),
            feed: None,
            outputs: outputs.into(),
            outbox: outbox.into_iter().map(|record| (record.submission.id, record)).collect(),
            wake_at: None,
            sent_at: None,
        };
        device.tell(Input::Lead);
        device
    }

    /// With the cookies of its browser.
    pub fn client(&self) -> Client {
        self.net.client.clone()
    }

    /// The server is at another address from now on.
    pub fn moved_to(&mut self, daybook: &Daybook) {
        self.net.client = daybook.client.clone();
        self.net.origin = daybook.origin.clone();
        if let Some(feed) = self.close_feed() {
            self.tell(Input::FeedClosed { feed, end: FeedEnd::Lost });
        }
    }

    pub fn tell(&mut self, input: Input) {
        if matches!(input, Input::PushAnswered { .. }) {
            self.sent_at = None;
        }
        self.outputs.extend(self.replica.handle(input, now()));
    }

    pub fn issue(&mut self, command_type: &str, data: &Value) -> CommandId {
        self.try_issue(command_type, data).unwrap()
    }

    pub fn try_issue(&mut self, command_type: &str, data: &Value) -> Result<CommandId, Refusal> {
        let id = CommandId(Uuid::now_v7());
        let command = Command::parse(command_type, data).unwrap();
        let issued = self.replica.issue(Issue::new(id, command), now())?;
        self.outputs.extend(issued.outputs);
        Ok(id)
    }

    /// Does what the replica asks until it is as wanted.
    pub async fn until(&mut self, wanted: &str, is_so: impl Fn(&Replica) -> bool) {
        let began = Instant::now();
        while !is_so(&self.replica) {
            let connection = self.replica.connection();
            assert!(began.elapsed() < Duration::from_secs(30), "not so: {wanted}; {connection:?} {:?}", self.reports);
            self.turn().await;
        }
    }

    pub async fn until_settled(&mut self) {
        self.until("nothing waits", |replica| replica.pending().count() == 0).await;
    }

    /// Does what the replica has asked for, and waits for the next thing that it is told or that is due.
    pub async fn turn(&mut self) {
        while let Some(output) = self.outputs.pop_front() {
            self.carry_out(output);
        }
        let due = self.wake_at.map_or(50, |at| at.0 - now().0).clamp(1, 50);
        let pause = Duration::from_millis(u64::try_from(due).unwrap());
        match tokio::time::timeout(pause, self.heard.recv()).await {
            Ok(Some(input)) => self.tell(input),
            _ => self.tell(Input::Wake),
        }
        while self.calls.try_join_next().is_some() {}
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Persist(record) => {
                let id = record.submission.id;
                self.outbox.insert(id, *record);
                self.tell(Input::Persisted(id));
            }
            Output::Update(record) => drop(self.outbox.insert(record.submission.id, *record)),
            Output::Forget(id) => drop(self.outbox.remove(&id)),
            Output::Keep { acknowledged, .. } => drop(self.outbox.remove(&acknowledged.id())),
            Output::OpenFeed { feed, after, epoch } => {
                self.close_feed();
                let net = self.net.clone();
                let following = self.calls.spawn(async move { net.follow(feed, after, epoch).await });
                self.feed = Some((feed, following));
            }
            Output::Poll { feed, after, epoch, wait_ms } => {
                self.close_feed();
                let net = self.net.clone();
                let polling = self.calls.spawn(async move {
                    let answer = net.poll(after, epoch, wait_ms).await.ok_or(FeedEnd::Lost);
                    net.say(Input::PollAnswered { feed, answer });
                });
                self.feed = Some((feed, polling));
            }
            Output::CloseFeed => drop(self.close_feed()),
            Output::Push { ticket, push } => {
                self.sent_at = Some(now());
                let net = self.net.clone();
                self.calls.spawn(async move {
                    let answer = net.ask("push_commands", json!({"shop": SHOP, "push": push})).await;
                    net.say(Input::PushAnswered { ticket, answer });
                });
            }
            Output::FetchSnapshot { ticket, request } => {
                let net = self.net.clone();
                self.calls.spawn(async move {
                    let answer = net.ask("replica_snapshot", json!({"shop": SHOP, "request": request})).await;
                    net.say(Input::SnapshotAnswered { ticket, answer });
                });
            }
            Output::Probe => {
                let net = self.net.clone();
                self.calls.spawn(async move {
                    let answer = net.client.get(format!("{}/healthz", net.origin)).send().await;
                    net.say(Input::Probed { reached: answer.is_ok_and(|answer| answer.status().is_success()) });
                });
            }
            Output::TakeAnotherCode(code) => {
                let other = format!("U{}", &code[1..]);
                self.net.device.clone_from(&other);
                self.config.device = other.as_str().into();
                self.tell(Input::Named(other.into()));
            }
            Output::WakeAt(at) => self.wake_at = Some(at),
            Output::Report(report) => self.reports.push(report),
            _ => {}
        }
    }

    /// The feed that was open.
    fn close_feed(&mut self) -> Option<u64> {
        let (feed, following) = self.feed.take()?;
        following.abort();
        Some(feed)
    }
}

/// The device's way to the server. Whatever comes of a call is told as an input.
#[derive(Clone)]
struct Net {
    client: Client,
    origin: String,
    device: String,
    says: UnboundedSender<Input>,
}

impl Net {
    /// Nobody listens to a device that is gone.
    fn say(&self, input: Input) {
        let _ = self.says.send(input);
    }

    async fn follow(&self, feed: u64, after: u64, epoch: Uuid) {
        let address = format!("{}{}", self.origin, feed_address(SHOP, epoch, after, &self.device));
        if let Some(mut open) = Feed::try_open(self.client.get(address)).await {
            self.say(Input::FeedOpened { feed });
            while let Some(frame) = open.read().await {
                if let Some(frame) = FeedFrame::parse(&frame.event, &frame.text).unwrap() {
                    self.say(Input::FeedFrame { feed, frame: Box::new(frame) });
                }
            }
        }
        self.say(Input::FeedClosed { feed, end: FeedEnd::Lost });
    }

    async fn poll(&self, after: u64, epoch: Uuid, wait_ms: u32) -> Option<Vec<FeedFrame>> {
        let wait = wait_ms / 1_000;
        let address = format!("{}{}&wait={wait}", self.origin, feed_address(SHOP, epoch, after, &self.device));
        let answer = self.client.get(address).header("accept", "application/json").send().await.ok()?;
        Poll::parse(&answer.text().await.ok()?).ok()?.read().ok()
    }

    async fn ask<T: DeserializeOwned>(&self, door: &str, body: Value) -> Result<T, ProtocolError> {
        let no_answer = |problem: String| ProtocolError::NoAnswer { problem };
        let sent = self.client.post(format!("{}/api/{door}", self.origin)).json(&body).send().await;
        let response = sent.map_err(|error| no_answer(error.to_string()))?;
        let done = response.status().is_success();
        let text = response.text().await.map_err(|error| no_answer(error.to_string()))?;
        if done {
            return serde_json::from_str(&text).map_err(|error| no_answer(error.to_string()));
        }
        Err(serde_json::from_str(&text).unwrap_or_else(|_| no_answer(text)))
    }
}
