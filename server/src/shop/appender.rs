//! The one task that writes a shop's log in this process.
//!
//! It takes everything that waits, decides it on a working copy, writes one append, and only when that is durable
//! takes it in, publishes and answers. What comes while an append is being flushed is the next batch: commits are
//! shared without a timer, unless one is asked for (`--batch-wait-ms`). Requests only send and wait, so one that is cut off halfway can never leave a
//! transaction open.
//!
//! How it stands with the log is written down in [`Standing`].

mod lagging;

use std::{
    collections::{BTreeMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use domain::{Command, CommandId, EventRecord, Verdict, VerdictRecord, books::Request, picture, processes::PROCESSES};
use store::{Append, AppendError, Checkpoint, EventStore, ShopHead};
use sync::{
    authority::{Authority, Batch},
    protocol::Outcome,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    ShopError, frame,
    handle::{Decided, Shop, Work},
    log::{Log, unavailable},
    snapshot,
};
use crate::config::Limits;

/// Verdicts kept in memory, so that a repeat that comes soon asks no database.
const RECENT: usize = 4_096;

/// How often one batch is decided again before its senders are told to come back later.
const TRIES: u32 = 12;

/// What the appender knows about the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// Its books are at the head, as far as it knows.
    Sure,
    /// An append failed because somebody else wrote, or its outcome is not known: catch up before deciding.
    Behind,
    /// The log's identity changed, or its own state was wrong: load it from the start.
    Lost,
}

pub(super) struct Appender {
    pub store: Arc<dyn EventStore>,
    pub shop: Arc<Shop>,
    pub log: Log,
    pub limits: Limits,
    standing: Standing,
    recent: Recent,
    snapshotting: Arc<AtomicBool>,
}

impl Appender {
    pub fn new(store: Arc<dyn EventStore>, shop: Arc<Shop>, log: Log, limits: Limits) -> Self {
        let snapshotting = Arc::new(AtomicBool::new(false));
        Self { store, shop, log, limits, standing: Standing::Sure, recent: Recent::default(), snapshotting }
    }

    /// Runs until `stop`; then decides what waits already, and ends.
    pub async fn run(mut self, mut work: mpsc::Receiver<Work>, stop: CancellationToken) {
        let shop = self.shop.clone();
        loop {
            tokio::select! {
                first = work.recv() => match first {
                    Some(first) => self.take(first, &mut work).await,
                    None => break,
                },
                () = shop.nudge.notified() => {
                    if let Err(error) = self.look().await {
                        tracing::debug!(shop = %shop.slug, %error, "could not catch up");
                    }
                }
                // Nothing new comes in any more; what waits already is still decided.
                () = stop.cancelled(), if !work.is_closed() => work.close(),
            }
            if shop.stopped.borrow().is_some() {
                break;
            }
        }
        work.close();
        while let Some(left) = work.recv().await {
            let _ = left.answer.send(Err(shop.stopped.borrow().clone().unwrap_or(ShopError::Stopping)));
        }
        if self.log.position() > self.log.snapshot_at && !shop.read_only {
            self.save_snapshot().await;
        }
    }

    async fn take(&mut self, first: Work, work: &mut mpsc::Receiver<Work>) {
        let mut commands = first.requests.len();
        let mut works = vec![first];
        let until = tokio::time::Instant::now() + self.limits.batch_wait;
        while commands < self.limits.batch {
            let next = match work.try_recv() {
                Ok(next) => next,
                Err(_) if self.limits.batch_wait.is_zero() => break,
                Err(_) => match tokio::time::timeout_at(until, work.recv()).await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(_) => break,
                },
            };
            commands += next.requests.len();
            works.push(next);
        }
        self.settle(works).await;
    }

    /// Decides works together. If that breaks down, one by one, so that a poisoned one fails alone.
    async fn settle(&mut self, works: Vec<Work>) {
        let together: Vec<&Work> = works.iter().collect();
        match self.settle_together(&together).await {
            Ok(answers) => {
                for (work, answer) in works.into_iter().zip(answers) {
                    let _ = work.answer.send(Ok(answer));
                }
            }
            Err(ShopError::Poisoned) if works.len() > 1 => {
                for work in works {
                    let answer = self.settle_together(&[&work]).await;
                    let answer = answer.and_then(|mut answers| answers.pop().ok_or(ShopError::Unavailable));
                    let _ = work.answer.send(answer);
                }
            }
            Err(error) => {
                for work in works {
                    let _ = work.answer.send(Err(error.clone()));
                }
            }
        }
    }

    async fn settle_together(&mut self, works: &[&Work]) -> Result<Vec<Decided>, ShopError> {
        let mut requests: Vec<Request> = works.iter().flat_map(|work| work.requests.iter().cloned()).collect();
        self.look_for_pictures(&mut requests).await?;
        let queued: Vec<CommandId> = works
            .iter()
            .filter(|work| work.queued)
            .flat_map(|work| &work.requests)
            .map(|one| one.submission.id)
            .collect();
        let mut look_all_up = false;
        let mut sent_and_unknown = false;
        for tried in 0..TRIES {
            match self.get_sure().await {
                Ok(()) => {}
                Err(ShopError::Unavailable) if sent_and_unknown && tried + 1 < TRIES => {
                    back_off(tried).await;
                    continue;
                }
                Err(ShopError::Unavailable) if sent_and_unknown => return Err(ShopError::OutcomeUnknown),
                Err(error) => return Err(error),
            }
            let known = match self.known(&requests, look_all_up).await {
                Err(ShopError::Unavailable) if sent_and_unknown => {
                    back_off(tried).await;
                    continue;
                }
                known => known?,
            };
            let recorded_at = self.log.stamp();
            let decide = || self.log.authority.decide(&requests, &known, recorded_at);
            // A defect that makes deciding panic must not take the shop's other commands with it.
            let batch = match std::panic::catch_unwind(AssertUnwindSafe(decide)) {
                Ok(Ok(batch)) => batch,
                Ok(Err(_)) | Err(_) => return Err(ShopError::Poisoned),
            };
            if batch.is_empty() {
                return Ok(self.answers(works, batch.outcomes, false));
            }
            match self.append(&batch, &queued).await {
                Ok(()) => return Ok(self.commit(works, batch)),
                Err(AppendError::HeadMoved { .. } | AppendError::CommandKnown { .. }) => {
                    self.standing = Standing::Behind
                }
                Err(AppendError::OutcomeUnknown { reason }) => {
                    tracing::warn!(shop = %self.shop.slug, reason, "the outcome of an append is not known: looking it up");
                    self.standing = Standing::Behind;
                    sent_and_unknown = true;
                }
                Err(error @ (AppendError::EpochChanged { .. } | AppendError::VersionTaken { .. })) => {
                    tracing::warn!(shop = %self.shop.slug, %error, "loading the log anew");
                    self.standing = Standing::Lost;
                }
                Err(AppendError::TooLarge { .. } | AppendError::Malformed { .. }) => return Err(ShopError::Poisoned),
                Err(error) => {
                    tracing::warn!(shop = %self.shop.slug, code = error.code(), %error, "an append was not written");
                    return Err(if sent_and_unknown { ShopError::OutcomeUnknown } else { ShopError::Unavailable });
                }
            }
            self.shop.metrics.append_retries.add(1);
            look_all_up = true;
        }
        Err(if sent_and_unknown { ShopError::OutcomeUnknown } else { ShopError::Unavailable })
    }

    /// From any standing to [`Standing::Sure`].
    async fn get_sure(&mut self) -> Result<(), ShopError> {
        match self.standing {
            Standing::Sure => Ok(()),
            Standing::Behind => self.look().await,
            Standing::Lost => {
                let epoch = self.log.authority.epoch;
                self.log = self.stop_if_unreadable(Log::load(self.store.clone(), &self.shop.slug).await)?;
                let reason = if self.log.authority.epoch == epoch { "reloaded" } else { "other_epoch" };
                self.recent = Recent::default();
                self.shop.hub.restart(self.log.view(), reason);
                self.standing = Standing::Sure;
                Ok(())
            }
        }
    }

    /// Takes in and publishes what other instances have written.
    async fn look(&mut self) -> Result<(), ShopError> {
        if self.standing == Standing::Lost {
            return Box::pin(self.get_sure()).await;
        }
        let before = self.log.position();
        let caught = self.log.catch_up().await;
        // Entries before an unreadable one are good: readers and feeds get them before the shop stands still.
        if self.log.position() > before
            && let Ok(records) = &caught
        {
            self.publish(records);
        }
        let head = self.store.head(&self.shop.slug).await.map_err(unavailable)?;
        let restored = |head: ShopHead| {
            // Another identity, or fewer entries than there were: a backup was put back.
            head.epoch != self.log.authority.epoch || head.position < self.log.position()
        };
        if head.is_some_and(restored) {
            self.standing = Standing::Lost;
            return Box::pin(self.get_sure()).await;
        }
        self.stop_if_unreadable(caught)?;
        self.standing = Standing::Sure;
        Ok(())
    }

    fn stop_if_unreadable<T>(&self, result: Result<T, ShopError>) -> Result<T, ShopError> {
        if let Err(error @ ShopError::Unreadable { .. }) = &result {
            tracing::error!(shop = %self.shop.slug, %error, "the shop stands still");
            self.shop.stopped.send_replace(Some(error.clone()));
            self.shop.hub.end();
        }
        result
    }

    /// The verdicts that `decide` must know of. Ids that nobody has seen lately are not looked up: if one has its
    /// verdict all the same, the append runs into it, and then everything is looked up.
    async fn known(&self, requests: &[Request], all: bool) -> Result<BTreeMap<CommandId, VerdictRecord>, ShopError> {
        let mut known = BTreeMap::new();
        let mut missing = Vec::new();
        for Request { submission, .. } in requests {
            let conditional = submission.if_version.is_some() || !submission.depends_on.is_empty();
            for id in std::iter::once(&submission.id).chain(&submission.depends_on) {
                match self.recent.get(id) {
                    Some(record) => drop(known.insert(*id, record.clone())),
                    None if all || conditional => missing.push(*id),
                    None => {}
                }
            }
        }
        if !missing.is_empty() {
            let found = self.store.verdicts(&self.shop.slug, &missing).await.map_err(unavailable)?;
            known.extend(found.into_iter().map(|record| (record.command_id, record)));
        }
        Ok(known)
    }

    /// Says of each picture whose bytes were not sent that they are missing: deciding knows nothing of the store.
    async fn look_for_pictures(&self, requests: &mut [Request]) -> Result<(), ShopError> {
        let added = requests.iter_mut().filter_map(|request| match &mut request.submission.command {
            Command::Picture(picture::Command::Add(add)) => Some(add),
            _ => None,
        });
        let mut added: Vec<_> = added.collect();
        if added.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = added.iter().map(|add| add.blob.clone()).collect();
        let there = self.store.blobs_there(&self.shop.slug, &names).await.map_err(unavailable)?;
        added.iter_mut().for_each(|add| add.is_missing = !there.contains(&add.blob));
        Ok(())
    }

    async fn append(&self, batch: &Batch, queued: &[CommandId]) -> Result<(), AppendError> {
        let head = batch.records.last().map_or(batch.after, |record| record.position);
        let append = Append {
            epoch: self.log.authority.epoch,
            after: batch.after,
            records: batch.records.clone(),
            verdicts: batch.verdicts.clone(),
            checkpoints: checkpoints(head),
            handled: queued.to_vec(),
        };
        let began = Instant::now();
        self.store.append(&self.shop.slug, append).await?;
        self.shop.metrics.appended(batch.outcomes.len(), batch.records.len(), began.elapsed());
        Ok(())
    }

    /// The batch is durable: fold, publish, answer; in this order, so that whoever has an answer finds it in the
    /// view.
    fn commit(&mut self, works: &[&Work], mut batch: Batch) -> Vec<Decided> {
        let records = std::mem::take(&mut batch.records);
        for record in &batch.verdicts {
            if let Verdict::Refused { refusal, .. } = &record.verdict {
                self.shop.metrics.refused(refusal.code());
            }
            self.recent.insert(record.clone());
        }
        let outcomes = std::mem::take(&mut batch.outcomes);
        self.log.authority.commit(batch);
        self.log.wrote(&records);
        if !records.is_empty() {
            self.publish(&records);
            self.store.announce(&self.shop.slug, self.log.position());
        }
        self.answers(works, outcomes, true)
    }

    fn publish(&mut self, records: &[EventRecord]) {
        let Authority { epoch, .. } = self.log.authority;
        self.log.digest_now_and_then();
        self.shop.hub.publish(self.log.view(), frame::events(epoch, records));
        self.shop.metrics.head_is(self.shop.slug.as_str(), self.log.position());
        if self.log.position() - self.log.snapshot_at >= self.limits.snapshot_every {
            self.snapshot_beside();
        }
    }

    fn answers(&self, works: &[&Work], outcomes: Vec<Outcome>, is_written: bool) -> Vec<Decided> {
        let (epoch, head) = (self.log.authority.epoch, self.log.position());
        let mut outcomes = outcomes.into_iter();
        works
            .iter()
            .map(|work| {
                let outcomes = outcomes.by_ref().take(work.requests.len()).collect();
                Decided { epoch, head, outcomes, is_written }
            })
            .collect()
    }

    /// Writes a snapshot without holding up the next batch. One at a time: a slow one is not overtaken.
    fn snapshot_beside(&mut self) {
        if self.shop.read_only || self.snapshotting.swap(true, Ordering::AcqRel) {
            return;
        }
        self.log.snapshot_at = self.log.position();
        let (books, hash) = (self.log.authority.books.clone(), self.log.authority.hash);
        let (store, shop, running) = (self.store.clone(), self.shop.clone(), self.snapshotting.clone());
        tokio::spawn(async move {
            save(&*store, &shop, books, hash).await;
            running.store(false, Ordering::Release);
        });
    }

    async fn save_snapshot(&self) {
        save(&*self.store, &self.shop, self.log.authority.books.clone(), self.log.authority.hash).await;
    }
}

fn checkpoints(position: u64) -> Vec<Checkpoint> {
    PROCESSES.iter().map(|process| Checkpoint { name: process.name.into(), position }).collect()
}

async fn save(store: &dyn EventStore, shop: &Shop, books: domain::Books, hash: domain::chain::Hash) {
    let encoded = tokio::task::spawn_blocking(move || snapshot::encode(&books, hash)).await;
    let saved = match encoded {
        Ok(Ok(row)) => store.save_snapshot(&shop.slug, row).await.map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match saved {
        Ok(()) => shop.metrics.snapshots.add(1),
        Err(error) => tracing::warn!(shop = %shop.slug, error, "a snapshot was not written; the log is"),
    }
}

async fn back_off(tried: u32) {
    tokio::time::sleep(std::time::Duration::from_millis(50 << tried.min(6))).await;
}

/// The verdicts given last, by id.
#[derive(Default)]
struct Recent {
    by_id: BTreeMap<CommandId, VerdictRecord>,
    oldest_first: VecDeque<CommandId>,
}

impl Recent {
    fn get(&self, id: &CommandId) -> Option<&VerdictRecord> {
        self.by_id.get(id)
    }

    fn insert(&mut self, record: VerdictRecord) {
        let id = record.command_id;
        if self.by_id.insert(id, record).is_none() {
            self.oldest_first.push_back(id);
        }
        if self.oldest_first.len() > RECENT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}
