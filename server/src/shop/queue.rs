//! Commands that were answered before they were decided: the durable queue, and the worker that empties it.
//!
//! Any instance may handle what another one accepted, also after a restart: a claim is a lease, and the verdict is
//! written in the same append that removes the row.

use std::{sync::Arc, time::Duration};

use domain::{
    CommandId, ShopSlug, Submission,
    books::{Author, Request, Role},
    values::Millis,
};
use serde::{Deserialize, Serialize};
use store::{Claim, Claimed, EventStore, Queued, StoreError};
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

/// What a row of the queue holds.
#[derive(Serialize, Deserialize)]
struct Body {
    submission: Submission,
    actor: Arc<str>,
    role: Role,
}

/// Puts commands on the queue. When this returns, they survive a power cut.
///
/// # Errors
/// [`StoreError::IdReused`], or that the store cannot be reached.
pub async fn enqueue(
    store: &dyn EventStore,
    shop: &ShopSlug,
    author: &Author,
    submissions: Vec<Submission>,
) -> Result<(), StoreError> {
    let enqueued_at = clock::now();
    let mut commands = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let (id, fingerprint) = (submission.id, submission.command.fingerprint());
        let body = Body { submission, actor: author.actor.clone(), role: author.role };
        let body = serde_json::to_vec(&body)
            .map_err(|error| StoreError::Unreadable { what: "a command", problem: error.to_string() })?;
        commands.push(Queued { id, body, fingerprint, enqueued_at });
    }
    store.enqueue(shop, commands).await
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
        while !self.stop.is_cancelled() {
            let handled = match self.claim().await {
                Ok(claimed) => self.handle(claimed).await,
                Err(error) => {
                    tracing::debug!(%error, "the queue cannot be read");
                    0
                }
            };
            if handled > 0 {
                continue;
            }
            // What other instances accepted, and what became due, is found by looking now and then.
            tokio::select! {
                () = self.woken.notified() => {}
                () = tokio::time::sleep(self.shops.limits.poll) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn claim(&self) -> Result<Vec<Claimed>, StoreError> {
        let now = clock::now();
        let lease_until = later(now, LEASE);
        self.shops.store.claim(Claim { shop: None, owner: self.owner, now, lease_until, limit: CLAIM }).await
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
            match serde_json::from_slice::<Body>(&row.queued.body) {
                Ok(Body { submission, actor, role }) => {
                    requests.push(Request { submission, author: Author { actor, role } });
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
                // Rows of fresh verdicts went with the append; this takes the repeats.
                if let Err(error) = self.shops.store.dequeue(shop, &settled).await {
                    tracing::debug!(%shop, %error, "settled commands stay on the queue for another round");
                }
                left
            }
            Err(ShopError::Poisoned) if rows.len() > 1 => {
                for row in rows {
                    left += Box::pin(self.handle_run(shop, std::slice::from_ref(row))).await;
                }
                left
            }
            Err(error) => left + self.put_back(shop, &rows, &error).await,
        }
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
            let pause = Duration::from_millis(100 << attempts.min(9));
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

fn later(now: Millis, pause: Duration) -> Millis {
    Millis(now.0.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)))
}
