//! Commands that were answered before they were decided: the durable queue, and the worker that empties it. How they get
//! there is [`intake`].
//!
//! Any instance may handle what another one accepted, also after a restart: a claim leases partitions, and the verdict
//! is written in the same append that settles the row. Commands on one aggregate are handled in the order of their
//! arrival, whatever has to be tried again in between; between aggregates there is no order across instances.

pub mod intake;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Books, Command, CommandId, ShopSlug, Submission,
    books::{Author, Request, Role},
    stock,
    values::Millis,
};
use serde::{Deserialize, Serialize};
use store::{Claim, Claimed, Queued, StoreError, queue::SETTLED_KEPT_FOR};
use sync::protocol::Outcome;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{ShopError, Shops};
use crate::clock;

/// How long a claim holds. A process that dies holds its commands back for as long.
const LEASE: Duration = Duration::from_secs(20);

/// How often a command is tried that breaks down by itself, before a person has to look at it.
const TRIES: u32 = 5;

/// Commands in one claim.
const CLAIM: u32 = 200;

/// While more commands come in, the disk is left for so long to those who wait for their 202; what comes meanwhile is
/// handled together. A command that comes alone is handled at once.
const GIVE_WAY: Duration = Duration::from_millis(10);

/// How long partitions are kept from one claim to the next. Letting go is a commit, and not letting go keeps other
/// instances out.
const HOLD: Duration = Duration::from_secs(1);

/// How often settled commands that are old enough are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// What a row of the queue holds.
#[derive(Serialize, Deserialize)]
struct Body {
    submission: Submission,
    actor: Arc<str>,
    role: Role,
}

/// The request in a row's body.
///
/// # Errors
/// When another version wrote it so that this one cannot read it.
pub fn request_in(body: &[u8]) -> serde_json::Result<Request> {
    let Body { submission, actor, role } = serde_json::from_slice(body)?;
    Ok(Request { submission, author: Author { actor, role } })
}

/// The rows of one request's commands. `books` say which aggregate each is about.
///
/// # Errors
/// When a command cannot be written down.
pub fn rows(author: &Author, books: &Books, submissions: Vec<Submission>) -> Result<Vec<Queued>, StoreError> {
    let enqueued_at = clock::now();
    let mut commands = Vec::with_capacity(submissions.len());
    let mut keys = Keys { books, received: BTreeMap::new() };
    for submission in submissions {
        let key = keys.key(&submission.command);
        let (id, fingerprint) = (submission.id, submission.command.fingerprint());
        let body = Body { submission, actor: author.actor.clone(), role: author.role };
        let body = serde_json::to_vec(&body)
            .map_err(|error| StoreError::Unreadable { what: "a command", problem: error.to_string() })?;
        commands.push(Queued { id, key, body, fingerprint, enqueued_at });
    }
    Ok(commands)
}

/// What the commands of one request are about.
struct Keys<'a> {
    books: &'a Books,
    /// Batches that the same request receives: the books do not know yet whose they are.
    received: BTreeMap<String, Arc<str>>,
}

impl Keys<'_> {
    fn key(&mut self, command: &Command) -> Arc<str> {
        let aggregate = self.books.addressed(command);
        let key: Arc<str> = aggregate.as_str().into();
        if let Command::Stock(stock::Command::Receive(receive)) = command {
            self.received.insert(format!("batch-{}", receive.batchref), key.clone());
        }
        self.received.get(&*key).cloned().unwrap_or(key)
    }
}

/// Handles queued commands until the server stops.
pub struct Worker {
    pub shops: Arc<Shops>,
    /// Woken when this process has put something on the queue.
    pub woken: Arc<Notify>,
    pub stop: CancellationToken,
    /// Who claims: drawn anew by every process.
    pub owner: Uuid,
}

impl Worker {
    pub async fn run(self) {
        let mut tidied: Option<Instant> = None;
        let mut held: Option<Instant> = None;
        while !self.stop.is_cancelled() {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
                tidied = Some(Instant::now());
                self.tidy().await;
            }
            let handled = match self.claim().await {
                Ok(claimed) if claimed.is_empty() => 0,
                Ok(claimed) => {
                    held.get_or_insert_with(Instant::now);
                    self.handle(claimed).await
                }
                Err(error) => {
                    tracing::debug!(%error, "the queue cannot be read");
                    0
                }
            };
            if held.is_some_and(|since| handled == 0 || since.elapsed() >= HOLD) {
                self.release().await;
                held = None;
            }
            if handled > 0 {
                self.give_way().await;
                continue;
            }
            // What other instances accepted, and what became due, is found by looking now and then.
            tokio::select! {
                () = self.woken.notified() => {}
                () = tokio::time::sleep(self.shops.limits.poll) => {}
                () = self.stop.cancelled() => {}
            }
        }
        if held.is_some() {
            self.release().await;
        }
    }

    /// A pause, if something has come in while the last claim was handled.
    async fn give_way(&self) {
        let more = tokio::select! {
            biased;
            () = self.woken.notified() => true,
            () = std::future::ready(()) => false,
        };
        if more {
            tokio::select! {
                () = tokio::time::sleep(GIVE_WAY) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn claim(&self) -> Result<Vec<Claimed>, StoreError> {
        let now = clock::now();
        let lease_until = later(now, LEASE);
        self.shops.store.claim(Claim { shop: None, owner: self.owner, now, lease_until, limit: CLAIM }).await
    }

    /// So that another process can go on at once where this one has nothing to do.
    async fn release(&self) {
        if let Err(error) = self.shops.store.release(self.owner).await {
            tracing::debug!(%error, "the leases run out by themselves");
        }
    }

    async fn tidy(&self) {
        let before = Millis(clock::now().0.saturating_sub(SETTLED_KEPT_FOR));
        if let Err(error) = self.shops.store.forget_settled(before).await {
            tracing::debug!(%error, "settled commands are not forgotten yet");
        }
    }

    /// Handles runs of the same shop together, in their order. Answers how many left the queue.
    async fn handle(&self, claimed: Vec<Claimed>) -> usize {
        let mut left = 0;
        for run in claimed.chunk_by(|one, next| one.shop == next.shop) {
            let Some(first) = run.first() else { continue };
            left += self.handle_run(&first.shop, run).await;
        }
        left
    }

    async fn handle_run(&self, shop: &ShopSlug, run: &[Claimed]) -> usize {
        let mut requests = Vec::with_capacity(run.len());
        let mut rows = Vec::with_capacity(run.len());
        let mut left = 0;
        for row in run {
            match request_in(&row.queued.body) {
                Ok(request) => {
                    requests.push(request);
                    rows.push(row);
                }
                // Written by a version that this one cannot read.
                Err(error) => left += self.park(shop, row.queued.id, &format!("unreadable: {error}")).await,
            }
        }
        if requests.is_empty() {
            return left;
        }
        let decided = match self.shops.open(shop).await {
            Ok(open) => open.hand_over(requests, true).await,
            Err(error) => Err(error),
        };
        match decided {
            Ok(decided) => {
                let is_written = decided.is_written;
                let mut settled = Vec::with_capacity(rows.len());
                for outcome in decided.outcomes {
                    match outcome {
                        Outcome::Settled { id, .. } => settled.push(id),
                        Outcome::Held { id, by } => {
                            left += self.park(shop, id, &format!("held: {by} was refused")).await
                        }
                        Outcome::IdReused { id } => left += self.park(shop, id, "id_reused").await,
                        Outcome::VersionConflict { id, expected, actual, .. } => {
                            let reason = format!("changed_meanwhile: expected version {expected}, actual {actual}");
                            left += self.park(shop, id, &reason).await;
                        }
                    }
                }
                left += settled.len();
                // Rows go with the append; where all were repeats, there was none.
                if !is_written && let Err(error) = self.shops.store.dequeue(shop, &settled).await {
                    tracing::debug!(%shop, %error, "settled commands stay on the queue for another round");
                }
                left
            }
            Err(ShopError::Poisoned) if rows.len() > 1 => left + self.handle_one_by_one(shop, &rows).await,
            Err(error) => left + self.put_back(shop, &rows, &error).await,
        }
    }

    /// One of them breaks down by itself. What comes behind it on the same aggregate waits until it has had its tries.
    async fn handle_one_by_one(&self, shop: &ShopSlug, rows: &[&Claimed]) -> usize {
        let mut left = 0;
        let mut waiting: BTreeSet<&str> = BTreeSet::new();
        for row in rows {
            if waiting.contains(&*row.queued.key) {
                continue;
            }
            let gone = Box::pin(self.handle_run(shop, std::slice::from_ref(*row))).await;
            if gone == 0 {
                waiting.insert(&row.queued.key);
            }
            left += gone;
        }
        left
    }

    /// Try-later errors are tried for ever, with a growing pause; a command that breaks down by itself is parked.
    async fn put_back(&self, shop: &ShopSlug, rows: &[&Claimed], error: &ShopError) -> usize {
        let mut parked = 0;
        for row in rows {
            let attempts = row.attempts.saturating_add(1);
            let hopeless = *error == ShopError::Poisoned && attempts >= TRIES || *error == ShopError::Unknown;
            if hopeless {
                parked += self.park(shop, row.queued.id, error.code()).await;
                continue;
            }
            let pause = pause(attempts);
            let put_back =
                self.shops.store.retry_later(shop, row.queued.id, later(clock::now(), pause), attempts).await;
            if let Err(error) = put_back {
                tracing::debug!(%shop, %error, "the lease runs out by itself");
            }
        }
        parked
    }

    async fn park(&self, shop: &ShopSlug, id: CommandId, reason: &str) -> usize {
        tracing::warn!(%shop, command = %id, reason, "parked");
        match self.shops.store.park(shop, id, reason).await {
            Ok(()) => 1,
            Err(_) => 0,
        }
    }
}

/// Grows with the attempts, from 0.1 s to a minute, and is spread over its second half, so that what failed together
/// does not come back together.
fn pause(attempts: u32) -> Duration {
    let most: u64 = 100 << attempts.min(9);
    let spread = Uuid::new_v4().as_u64_pair().1 % (most / 2);
    Duration::from_millis(most - spread)
}

fn later(now: Millis, pause: Duration) -> Millis {
    Millis(now.0.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_31_the_pause_grows_and_is_spread() {
        for attempts in [1, 4, 9, 40] {
            let most = Duration::from_millis(100 << attempts.min(9));
            let pauses: BTreeSet<Duration> = (0..64).map(|_| pause(attempts)).collect();
            assert!(pauses.iter().all(|one| *one > most / 2 - Duration::from_millis(1) && *one <= most), "{pauses:?}");
            assert!(pauses.len() > 8, "{pauses:?}");
        }
    }
}
