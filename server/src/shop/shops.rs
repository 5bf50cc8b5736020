//! Which shops are in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::ShopSlug;
use store::{EventStore, Hint};
use tokio::sync::{OnceCell, broadcast::error::RecvError, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ShopError, appender::Appender, handle::Shop, hub::Hub, log::Log};
use crate::{config::Limits, metrics::Metrics};

/// The shops of this process. Any number of processes may have the same shop open: the store's head row decides
/// between them.
pub struct Shops {
    pub store: Arc<dyn EventStore>,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    open: Mutex<HashMap<ShopSlug, Slot>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    read_only: bool,
}

type Slot = Arc<OnceCell<Active>>;

#[derive(Clone)]
struct Active {
    shop: Arc<Shop>,
    /// Ends this shop's appender alone.
    stop: CancellationToken,
}

impl Shops {
    /// `stop` ends every appender, after what waits in its queue. Where nothing is to be written, appenders only follow
    /// what others write.
    #[must_use]
    pub fn new(
        store: Arc<dyn EventStore>,
        limits: Limits,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
        read_only: bool,
    ) -> Arc<Self> {
        Arc::new(Self { store, limits, metrics, open: Mutex::default(), tasks: TaskTracker::new(), stop, read_only })
    }

    /// The shop, loaded if it is not in memory.
    ///
    /// # Errors
    /// [`ShopError`]: unknown, unreachable, unreadable, or the server is stopping.
    pub async fn open(self: &Arc<Self>, slug: &ShopSlug) -> Result<Arc<Shop>, ShopError> {
        if self.stop.is_cancelled() {
            return Err(ShopError::Stopping);
        }
        let slot = {
            let mut open = self.lock();
            let slot = open.entry(slug.clone()).or_default();
            if let Some(active) = slot.get() {
                // Before the lock is given back: it is not put away now.
                active.shop.touch();
                return Ok(active.shop.clone());
            }
            slot.clone()
        };
        // Loading may append (processes that lag), so it runs to its end even if this request is cut off.
        let (shops, slug) = (self.clone(), slug.clone());
        let loading = tokio::spawn(async move {
            let loaded = slot.get_or_try_init(|| shops.load(&slug)).await.map(|active| active.shop.clone());
            if loaded.is_err() {
                shops.lock().retain(|known, slot| *known != slug || slot.get().is_some());
            }
            loaded
        });
        loading.await.unwrap_or(Err(ShopError::Unavailable))
    }

    async fn load(self: &Arc<Self>, slug: &ShopSlug) -> Result<Active, ShopError> {
        let log = Log::load(self.store.clone(), slug).await?;
        let (sender, receiver) = mpsc::channel(self.limits.queue);
        let hub = Hub::new(log.view(), self.limits.feed_lag);
        let shop = Arc::new(Shop::new(slug.clone(), hub, sender, self.metrics.clone(), self.read_only));
        let mut appender = Appender::new(self.store.clone(), shop.clone(), log, self.limits.clone());
        if !self.read_only {
            appender.run_lagging_processes().await?;
        }
        let stop = self.stop.child_token();
        self.metrics.head_is(slug.as_str(), appender.log.position());
        self.metrics.shops_active.add(1);
        let metrics = self.metrics.clone();
        let (token, name) = (stop.clone(), slug.clone());
        self.tasks.spawn(async move {
            appender.run(receiver, token).await;
            metrics.shops_active.add(-1);
            metrics.put_away(name.as_str());
        });
        tracing::debug!(shop = %slug, "opened");
        Ok(Active { shop, stop })
    }

    fn active(&self) -> Vec<Active> {
        self.lock().values().filter_map(|slot| slot.get().cloned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ShopSlug, Slot>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the store's hints. They may be lost: [`Shops::poll`] is the backstop.
    pub async fn follow_hints(self: Arc<Self>) {
        let mut hints = self.store.announcements();
        loop {
            let hint = tokio::select! {
                hint = hints.recv() => hint,
                () = self.stop.cancelled() => return,
            };
            match hint {
                Ok(Hint::Head { shop, position }) => {
                    let active = self.lock().get(&shop).and_then(|slot| slot.get().cloned());
                    if let Some(active) = active.filter(|active| active.shop.hub.view().books.position < position) {
                        active.shop.nudge.notify_one();
                    }
                }
                Ok(Hint::LookAgain) | Err(RecvError::Lagged(_)) => {
                    self.active().iter().for_each(|active| active.shop.nudge.notify_one());
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Compares every active shop with the store's heads, now and then.
    pub async fn poll(self: Arc<Self>) {
        while self.pause(self.limits.poll).await {
            // The views first: a head that was read after a view and is behind it was put back.
            let views: Vec<_> = self.active().into_iter().map(|active| (active.shop.hub.view(), active)).collect();
            if views.is_empty() {
                continue;
            }
            let Ok(heads) = self.store.shops().await else { continue };
            let heads: HashMap<_, _> = heads.into_iter().map(|head| (head.shop.clone(), head)).collect();
            for (view, active) in views {
                let Some(head) = heads.get(&active.shop.slug) else { continue };
                if view.books.position != head.position || view.epoch != head.epoch {
                    active.shop.nudge.notify_one();
                }
            }
        }
    }

    /// Heartbeats for every shop with open feeds.
    pub async fn beat(self: Arc<Self>) {
        while self.pause(self.limits.heartbeat).await {
            self.active().iter().for_each(|active| active.shop.hub.beat());
        }
    }

    /// Puts shops away that nobody uses, and the longest unused ones when memory is short.
    pub async fn sweep(self: Arc<Self>) {
        while self.pause((self.limits.idle / 4).max(Duration::from_millis(100))).await {
            let mut by_idle: Vec<_> = self.active().into_iter().map(|active| (active.shop.idle(), active)).collect();
            by_idle.sort_by_key(|(idle, _)| *idle);
            let mut bytes = 0_usize;
            for (idle, active) in by_idle {
                bytes = bytes.saturating_add(active.shop.estimated_bytes());
                let crowded = bytes > self.limits.memory && active.shop.hub.feeds() == 0;
                if idle > self.limits.idle || crowded {
                    self.put_away(&active, idle);
                }
            }
        }
    }

    /// A request that still holds the shop gets [`ShopError::Stopping`] from its queue; the next one loads it anew.
    /// `idle`: how long nobody had asked for it, which somebody may have done since.
    fn put_away(&self, active: &Active, idle: Duration) {
        let mut open = self.lock();
        if active.shop.idle() < idle || idle.is_zero() {
            return;
        }
        tracing::debug!(shop = %active.shop.slug, "put away");
        open.remove(&active.shop.slug);
        active.stop.cancel();
    }

    /// False when the server is stopping.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.stop.cancelled() => false,
        }
    }

    /// Waits until every appender has decided what it had, after the stop.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
