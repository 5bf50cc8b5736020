//! The one task of this process that puts commands on the queue.
//!
//! As the appender does with a log: it takes all that waits, whichever shops it is for, writes it with one commit, and
//! only then answers; what comes meanwhile is the next batch. So commits are shared without a timer, and a request only
//! sends and waits: one that is cut off halfway leaves nothing half done.

use std::sync::Arc;

use domain::{CommandId, ShopSlug};
use store::{EventStore, Queued, StoreError};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Limits,
    shop::{ShopError, log::unavailable},
};

/// Why the commands of a request are not on the queue.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("id {0} was used for another command")]
    IdReused(CommandId),
    #[error(transparent)]
    Shop(#[from] ShopError),
}

impl From<StoreError> for IntakeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::IdReused { command_id } => Self::IdReused(command_id),
            other => Self::Shop(unavailable(other)),
        }
    }
}

/// The commands of one request: all are queued, or none.
struct Waiting {
    commands: Vec<(ShopSlug, Queued)>,
    answer: oneshot::Sender<Result<(), IntakeError>>,
}

/// Where requests leave their commands.
#[derive(Clone)]
pub struct Intake {
    waiting: mpsc::Sender<Waiting>,
}

impl Intake {
    /// Begins to take commands, until `stop`; `woken` is told of each batch.
    #[must_use]
    pub fn start(store: Arc<dyn EventStore>, limits: &Limits, woken: Arc<Notify>, stop: CancellationToken) -> Self {
        let (sender, waiting) = mpsc::channel(limits.queue);
        tokio::spawn(Taker { store, most: limits.batch, woken }.run(waiting, stop));
        Self { waiting: sender }
    }

    /// When this returns `Ok`, the commands survive a power cut.
    ///
    /// # Errors
    /// [`IntakeError`]; sending the same again loses and doubles nothing.
    pub async fn put(&self, shop: &ShopSlug, commands: Vec<Queued>) -> Result<(), IntakeError> {
        let commands = commands.into_iter().map(|command| (shop.clone(), command)).collect();
        let (answer, answered) = oneshot::channel();
        self.waiting.try_send(Waiting { commands, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ShopError::Full,
            mpsc::error::TrySendError::Closed(_) => ShopError::Stopping,
        })?;
        answered.await.unwrap_or(Err(ShopError::Stopping.into()))
    }
}

struct Taker {
    store: Arc<dyn EventStore>,
    /// Commands in one commit: when there are so many, it takes no more.
    most: usize,
    woken: Arc<Notify>,
}

impl Taker {
    /// After `stop` nothing new comes in; what waits already is still queued.
    async fn run(self, mut waiting: mpsc::Receiver<Waiting>, stop: CancellationToken) {
        loop {
            tokio::select! {
                first = waiting.recv() => match first {
                    Some(first) => self.take(first, &mut waiting).await,
                    None => return,
                },
                () = stop.cancelled(), if !waiting.is_closed() => waiting.close(),
            }
        }
    }

    async fn take(&self, first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) {
        let mut commands = first.commands.len();
        let mut batch = vec![first];
        while commands < self.most
            && let Ok(next) = waiting.try_recv()
        {
            commands += next.commands.len();
            batch.push(next);
        }
        let all = batch.iter().flat_map(|one| one.commands.iter().cloned()).collect();
        match self.store.enqueue_all(all).await {
            // Only one of them is at fault: the others must not pay for it.
            Err(StoreError::IdReused { .. } | StoreError::UnknownShop { .. }) if batch.len() > 1 => {
                for Waiting { commands, answer } in batch {
                    let _ = answer.send(self.store.enqueue_all(commands).await.map_err(IntakeError::from));
                }
            }
            came => {
                let came = came.map_err(IntakeError::from);
                batch.into_iter().for_each(|one| drop(one.answer.send(came.clone())));
            }
        }
        self.woken.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use domain::values::Millis;
    use futures::future::join_all;
    use store::{MemoryStore, queue::Claim};
    use uuid::Uuid;

    use super::*;

    fn queued(number: u128, fingerprint: u64) -> Queued {
        let id = CommandId(Uuid::from_u128(number));
        Queued { id, key: "stock-A".into(), body: Vec::new(), fingerprint, enqueued_at: Millis(1) }
    }

    async fn store() -> (Arc<dyn EventStore>, ShopSlug) {
        let (store, shop) = (MemoryStore::new(), ShopSlug::parse("corner").unwrap());
        store.create_shop(&shop, "Corner shop", Uuid::from_u128(1)).await.unwrap();
        (Arc::new(store), shop)
    }

    async fn on_the_queue(store: &dyn EventStore) -> Vec<u128> {
        let (now, lease_until) = (Millis(1), Millis(2));
        let claim = Claim { shop: None, owner: Uuid::from_u128(1), now, lease_until, limit: 1_000 };
        store.claim(claim).await.unwrap().into_iter().map(|one| one.queued.id.0.as_u128()).collect()
    }

    #[tokio::test]
    async fn d_11_of_requests_that_share_a_commit_one_at_fault_fails_alone() {
        let (store, shop) = store().await;
        let intake = Intake::start(store.clone(), &Limits::default(), Arc::default(), CancellationToken::new());
        let unknown = ShopSlug::parse("unknown").unwrap();
        let requests = [
            intake.put(&shop, vec![queued(1, 7)]),
            intake.put(&shop, vec![queued(2, 7), queued(1, 8)]),
            intake.put(&unknown, vec![queued(3, 7)]),
            intake.put(&shop, vec![queued(4, 7), queued(5, 7)]),
        ];
        let reused = IntakeError::IdReused(CommandId(Uuid::from_u128(1)));
        let came = join_all(requests).await;
        assert_eq!(came, [Ok(()), Err(reused), Err(ShopError::Unknown.into()), Ok(())]);
        assert_eq!(on_the_queue(&*store).await, [1, 4, 5]);
    }

    #[tokio::test]
    async fn p1_a_request_that_is_cut_off_leaves_all_or_nothing_and_a_stop_what_waits() {
        let (store, shop) = store().await;
        let stop = CancellationToken::new();
        let intake = Intake::start(store.clone(), &Limits::default(), Arc::default(), stop.clone());
        // Polled once: it has sent its commands, and goes away before there is an answer.
        assert!(futures::poll!(Box::pin(intake.put(&shop, vec![queued(1, 7), queued(2, 7)]))).is_pending());
        let last = Box::pin(intake.put(&shop, vec![queued(3, 7)]));
        let (last, ()) = futures::join!(last, async { stop.cancel() });
        assert_eq!(last, Ok(()), "it was there before the stop");
        assert_eq!(on_the_queue(&*store).await, [1, 2, 3]);
        assert_eq!(intake.put(&shop, vec![queued(4, 7)]).await, Err(ShopError::Stopping.into()));
    }

    #[tokio::test]
    async fn p1_more_than_may_wait_is_told_to_come_back() {
        let (store, shop) = store().await;
        let limits = Limits { queue: 2, ..Limits::default() };
        let intake = Intake::start(store, &limits, Arc::default(), CancellationToken::new());
        let requests: Vec<_> = (1..=3).map(|number| intake.put(&shop, vec![queued(number, 7)])).collect();
        assert_eq!(join_all(requests).await, [Ok(()), Ok(()), Err(ShopError::Full.into())]);
    }
}
