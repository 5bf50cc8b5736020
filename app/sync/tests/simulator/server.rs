//! The server: one appender, a log with its verdicts that survives a crash, and everything else, which does not.

use std::collections::{BTreeMap, VecDeque};

use domain::{
    Books, CommandId, EventRecord, Submission, VerdictRecord,
    books::{Author, FOLD_VERSION, Request, Role},
    chain::{Hash, link},
    values::Millis,
};
use sync::{
    authority::{Authority, Batch},
    protocol::{
        Events, FeedFrame, Heartbeat, Outcome, PROTOCOL, ProtocolError, Push, PushAnswer, Snapshot, StartOver, Waypoint,
    },
};
use uuid::Uuid;

use crate::world::Broken;

/// What a crash leaves.
#[derive(Clone)]
pub struct Durable {
    pub log: Vec<EventRecord>,
    pub verdicts: BTreeMap<CommandId, VerdictRecord>,
    /// Identity, last hash and books at the end of the log.
    pub authority: Authority,
}

/// One person for each device, as the server knows them.
#[derive(Clone, Copy)]
pub struct Member {
    pub role: Role,
    /// Whether the session of the device still counts.
    pub is_signed_in: bool,
    /// Since when the device is shut out.
    pub shut_out: Option<Millis>,
}

impl Member {
    pub fn is_heard(&self) -> bool {
        self.is_signed_in && self.shut_out.is_none()
    }
}

/// What waits for the owner.
#[derive(Clone)]
pub struct Quarantined {
    pub node: usize,
    pub author: Author,
    pub submission: Submission,
}

pub struct Incoming {
    pub node: usize,
    /// Who had the session when it came in. What waits keeps it.
    pub author: Author,
    pub ticket: u64,
    pub life: u64,
    pub push: Push,
}

pub struct Commit {
    pub batch: Batch,
    pub pushes: Vec<Incoming>,
    pub life: u64,
}

pub struct Feed {
    pub number: u64,
    pub life: u64,
    /// Last position sent.
    pub sent: u64,
    /// What is sent arrives nowhere, and nobody is told.
    pub is_stalled: bool,
    /// Frames of one feed arrive in order: not before this.
    pub clear_at: Millis,
}

/// A question that waits for something to say.
#[derive(Clone, Copy)]
pub struct Poll {
    pub number: u64,
    pub life: u64,
    pub after: u64,
}

pub struct Server {
    /// By device.
    pub members: Vec<Member>,
    pub durable: Durable,
    /// Beside the log.
    pub quarantine: BTreeMap<CommandId, Quarantined>,
    pub authority: Authority,
    pub is_up: bool,
    /// Counts restarts.
    pub life: u64,
    pub queue: VecDeque<Incoming>,
    pub is_committing: bool,
    pub feeds: BTreeMap<usize, Feed>,
    pub polls: BTreeMap<usize, Poll>,
}

pub fn author(device: usize, role: Role) -> Author {
    Author { actor: login(device).into(), role }
}

pub fn login(device: usize) -> String {
    format!("person-{device}")
}

impl Server {
    pub fn new(epoch: Uuid, devices: usize) -> Self {
        let authority = Authority { epoch, hash: Hash::ORIGIN, books: Books::default() };
        let durable = Durable { log: Vec::new(), verdicts: BTreeMap::new(), authority: authority.clone() };
        Self {
            members: vec![Member { role: Role::Manager, is_signed_in: true, shut_out: None }; devices],
            durable,
            quarantine: BTreeMap::new(),
            authority,
            is_up: true,
            life: 0,
            queue: VecDeque::new(),
            is_committing: false,
            feeds: BTreeMap::new(),
            polls: BTreeMap::new(),
        }
    }

    pub fn head(&self) -> u64 {
        self.durable.log.len() as u64
    }

    /// Forgets everything that was not durable.
    pub fn restart(&mut self) {
        self.life += 1;
        self.authority = self.durable.authority.clone();
        self.queue.clear();
        self.is_committing = false;
        self.feeds.clear();
        self.polls.clear();
    }

    /// Takes what waits and decides it, as one batch.
    pub fn begin(&mut self, most: usize, broken: Broken, now: Millis) -> Option<Commit> {
        if self.is_committing || self.queue.is_empty() {
            return None;
        }
        let pushes: Vec<Incoming> = self.queue.drain(..most.min(self.queue.len())).collect();
        let requests: Vec<Request> = pushes
            .iter()
            .flat_map(|incoming| incoming.push.submissions.iter().map(|submission| (submission, &incoming.author)))
            .map(|(submission, author)| {
                let role = if broken == Broken::RolesNotAsked { Role::Owner } else { author.role };
                Request { submission: submission.clone(), author: Author { role, ..author.clone() } }
            })
            .collect();
        let ids = requests.iter().flat_map(|request| {
            std::iter::once(request.submission.id).chain(request.submission.depends_on.iter().copied())
        });
        let mut known = BTreeMap::new();
        if broken != Broken::NoDedupe {
            known.extend(ids.filter_map(|id| self.durable.verdicts.get(&id).map(|verdict| (id, verdict.clone()))));
        }
        let batch = self.authority.decide(&requests, &known, now).ok()?;
        self.is_committing = true;
        Some(Commit { batch, pushes, life: self.life })
    }

    /// The database has it.
    pub fn make_durable(&mut self, batch: Batch, broken: Broken) {
        assert_eq!(batch.after, self.head(), "a batch must follow the log");
        self.durable.log.extend(batch.records.iter().cloned());
        for record in &batch.verdicts {
            let is_refused = matches!(record.verdict, domain::Verdict::Refused { .. });
            if !(is_refused && broken == Broken::RefusalsNotRemembered) {
                self.durable.verdicts.insert(record.command_id, record.clone());
            }
        }
        self.durable.authority.commit(batch);
    }

    /// A newer release wrote something that the older pages cannot read.
    pub fn write_unknown_event(&mut self) {
        let Some(mut record) = self.durable.log.last().cloned() else { return };
        record.position += 1;
        record.event_type = "PictureAdded".into();
        record.schema = 2;
        record.command_id = CommandId(Uuid::from_u128(u128::from(record.position) << 64));
        record.correlation = record.command_id;
        record.index_in_command = 0;
        let hash = link(self.durable.authority.hash, &record);
        record.hash = hash;
        self.durable.log.push(record);
        self.durable.authority.hash = hash;
        self.durable.authority.books.position += 1;
        self.authority = self.durable.authority.clone();
    }

    /// The outcomes of a batch, sorted back to the pushes that asked.
    pub fn answers(&self, pushes: &[Incoming], outcomes: Vec<Outcome>, head: u64) -> Vec<PushAnswer> {
        let mut outcomes = outcomes.into_iter();
        pushes
            .iter()
            .map(|incoming| PushAnswer {
                protocol: PROTOCOL,
                epoch: self.authority.epoch,
                head,
                outcomes: outcomes.by_ref().take(incoming.push.submissions.len()).collect(),
            })
            .collect()
    }

    pub fn snapshot(&self, known: &[Waypoint]) -> Result<Box<Snapshot>, ProtocolError> {
        let Authority { epoch, hash, books } = &self.authority;
        let is_ours = |known: &&Waypoint| {
            let entry = known.position.checked_sub(1).and_then(|at| self.durable.log.get(at as usize));
            entry.is_some_and(|entry| entry.hash == known.hash)
        };
        let common = known.iter().rev().find(is_ours).map_or(0, |known| known.position);
        Ok(Box::new(Snapshot {
            protocol: PROTOCOL,
            fold: FOLD_VERSION,
            epoch: *epoch,
            hash: *hash,
            digest: books.digest(),
            title: "The shop".to_owned(),
            common: (!known.is_empty()).then_some(common),
            books: books.clone(),
        }))
    }

    pub fn heartbeat(&self) -> FeedFrame {
        let books = &self.authority.books;
        FeedFrame::Heartbeat(Heartbeat {
            epoch: self.authority.epoch,
            head: books.position,
            digest: books.digest(),
            fold: FOLD_VERSION,
            protocol: PROTOCOL,
        })
    }

    pub fn events(&self, records: &[EventRecord]) -> FeedFrame {
        FeedFrame::Events(Events { protocol: PROTOCOL, epoch: self.authority.epoch, events: records.to_vec() })
    }

    pub fn start_over(&self, reason: &str) -> StartOver {
        StartOver { protocol: PROTOCOL, epoch: self.authority.epoch, head: self.head(), reason: reason.to_owned() }
    }
}
