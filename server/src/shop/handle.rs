//! A shop as the doors see it: a view to read, and a queue to the task that decides.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use app::backend::View;
use domain::{ShopSlug, books::Request};
use sync::protocol::Outcome;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use super::{
    ShopError,
    hub::{Hub, Subscription},
};
use crate::{clock, metrics::Metrics};

/// What came of some requests, in their order.
#[derive(Clone, Debug)]
pub struct Decided {
    pub epoch: Uuid,
    /// The log's last position once they were decided.
    pub head: u64,
    pub outcomes: Vec<Outcome>,
    /// Whether they were decided with an append: rows of the durable queue were settled in it.
    pub is_written: bool,
}

/// Requests on their way to the appender.
pub(super) struct Work {
    pub requests: Vec<Request>,
    /// Whether they come from the durable queue, whose rows are settled in the same append.
    pub queued: bool,
    pub answer: oneshot::Sender<Result<Decided, ShopError>>,
}

/// Cheap to share; the last one to let go does not end the appender, [`super::Shops`] does.
pub struct Shop {
    pub slug: ShopSlug,
    pub(super) hub: Hub,
    pub(super) work: mpsc::Sender<Work>,
    /// Wakes the appender to look for entries of other instances.
    pub(super) nudge: Notify,
    /// Set when the shop stands still: the log cannot be read on.
    pub(super) stopped: watch::Sender<Option<ShopError>>,
    pub(super) metrics: Arc<Metrics>,
    /// Whether nothing is decided here, and nothing written.
    pub(super) read_only: bool,
    used: AtomicI64,
}

impl Shop {
    pub(super) fn new(
        slug: ShopSlug,
        hub: Hub,
        work: mpsc::Sender<Work>,
        metrics: Arc<Metrics>,
        read_only: bool,
    ) -> Self {
        let (stopped, used) = (watch::Sender::new(None), AtomicI64::new(clock::now().0));
        Self { slug, hub, work, nudge: Notify::new(), stopped, metrics, read_only, used }
    }

    /// The books at the head, as far as this instance knows it. Never waits for the writer.
    ///
    /// # Errors
    /// [`ShopError::Unreadable`] when the shop stands still: its books would be stale without saying so.
    pub fn view(&self) -> Result<View, ShopError> {
        self.touch();
        match &*self.stopped.borrow() {
            Some(error) => Err(error.clone()),
            None => Ok(self.hub.view()),
        }
    }

    /// Decides requests in their order. Answers when everything accepted or refused is durable.
    ///
    /// The caller may be dropped at any moment: what the appender has taken in is decided all the same.
    ///
    /// # Errors
    /// [`ShopError`]; unless it is [`ShopError::OutcomeUnknown`], nothing was decided.
    pub async fn decide(&self, requests: Vec<Request>) -> Result<Decided, ShopError> {
        self.hand_over(requests, false).await
    }

    pub(super) async fn hand_over(&self, requests: Vec<Request>, queued: bool) -> Result<Decided, ShopError> {
        self.touch();
        if self.read_only {
            return Err(ShopError::ReadOnly);
        }
        let (answer, answered) = oneshot::channel();
        let place = self.work.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => ShopError::Full,
            mpsc::error::TrySendError::Closed(()) => self.why_closed(),
        })?;
        let waiting = self.metrics.queue_depth.hold();
        place.send(Work { requests, queued, answer });
        let decided = answered.await;
        drop(waiting);
        // The appender answers everything that it takes; without an answer it was never taken.
        decided.unwrap_or_else(|_| Err(self.why_closed()))
    }

    fn why_closed(&self) -> ShopError {
        self.stopped.borrow().clone().unwrap_or(ShopError::Stopping)
    }

    /// Waits until `position` is known here, for at most `wait`.
    ///
    /// # Errors
    /// [`ShopError::NotReached`] when the time is over.
    pub async fn reach(&self, position: u64, wait: Duration) -> Result<View, ShopError> {
        let view = self.view()?;
        if view.books.position >= position {
            return Ok(view);
        }
        // Another instance may have written it: its hint can be late.
        self.nudge.notify_one();
        let mut views = self.hub.follow();
        let reached = tokio::time::timeout(wait, views.wait_for(|view| view.books.position >= position)).await;
        match reached {
            Ok(Ok(view)) => Ok(view.clone()),
            _ => Err(ShopError::NotReached { asked: position, head: self.view()?.books.position }),
        }
    }

    /// The books as they were published last, also while the shop stands still.
    #[must_use]
    pub fn hub_view(&self) -> View {
        self.hub.view()
    }

    /// Has the appender compare itself with the store.
    pub fn look_again(&self) {
        self.nudge.notify_one();
    }

    #[must_use]
    pub fn subscribe(&self, after: u64) -> Subscription {
        self.touch();
        self.hub.subscribe(after)
    }

    pub(super) fn touch(&self) {
        self.used.store(clock::now().0, Relaxed);
    }

    /// How long nobody has asked for it; nought while a feed is open.
    #[must_use]
    pub fn idle(&self) -> Duration {
        if self.hub.feeds() > 0 {
            return Duration::ZERO;
        }
        let since = clock::now().0.saturating_sub(self.used.load(Relaxed));
        Duration::from_millis(u64::try_from(since).unwrap_or(0))
    }

    /// A rough size in bytes, from the number of rows.
    #[must_use]
    pub fn estimated_bytes(&self) -> usize {
        /// What a row takes with its share of tree nodes, texts and digest: an estimate.
        const ROW: usize = 700;
        let books = self.hub.view().books;
        let (aggregates, projections) = (&books.aggregates, &books.projections);
        let rows = aggregates.versions.len()
            + aggregates.products.len()
            + aggregates.stocks.len()
            + aggregates.orders.len()
            + aggregates.sales.len()
            + projections.catalogue.products.len()
            + projections.stock.batches.len()
            + projections.stock.movements_kept()
            + projections.orders.orders.len()
            + projections.sales.receipts.len()
            + aggregates.comments.len()
            + projections.pictures.pictures.len()
            + projections.pictures.comments.len()
            + projections.day_book.entries.len();
        rows * ROW
    }
}
