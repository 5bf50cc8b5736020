//! Read models beside the log, brought up to date by followers: each a task of its own with its own checkpoint, so that
//! one that fails or stands still holds up no other. Nothing that decides ever reads them.

use std::{sync::Arc, time::Duration};

use domain::ShopSlug;
use store::views::{
    View, ViewError,
    follow::{Stands, step},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::Shops;
use crate::clock;

/// Keeps one view up to date with every shop's log until the server stops.
pub struct Follower {
    pub shops: Arc<Shops>,
    pub view: Arc<dyn View>,
    pub stop: CancellationToken,
}

impl Follower {
    pub async fn run(self) {
        let mut hints = self.shops.store.announcements();
        while !self.stop.is_cancelled() {
            self.follow_all().await;
            tokio::select! {
                () = hint(&mut hints) => self.wait().await,
                // Hints may be lost, and an error passes.
                () = tokio::time::sleep(self.shops.limits.poll) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Whoever is in no hurry takes in more with one step.
    async fn wait(&self) {
        tokio::select! {
            () = tokio::time::sleep(self.shops.limits.view_wait) => {}
            () = self.stop.cancelled() => {}
        }
    }

    async fn follow_all(&self) {
        let shops = match self.shops.store.shops().await {
            Ok(shops) => shops,
            Err(error) => return tracing::debug!(view = self.view.name(), %error, "shops cannot be read"),
        };
        for head in shops {
            if let Err(error) = self.follow(&head.shop).await {
                tracing::warn!(view = self.view.name(), shop = %head.shop, %error, "the view stays where it is");
            }
        }
    }

    async fn follow(&self, shop: &ShopSlug) -> Result<(), ViewError> {
        while !self.stop.is_cancelled() {
            match step(&*self.shops.store, &*self.view, shop, self.shops.limits.view_batch).await {
                Ok(stands) => {
                    self.shops.metrics.view_lags(self.view.name(), shop.as_str(), lag(&stands));
                    if stands.position >= stands.head {
                        break;
                    }
                }
                // Another instance follows for the same view: it did this step.
                Err(ViewError::Moved { .. }) => tokio::task::yield_now().await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Entries that the view has not taken in, and for how long the first of them has been there.
fn lag(stands: &Stands) -> (u64, Duration) {
    let since = stands.behind_since.map_or(0, |at| clock::now().0.saturating_sub(at.0));
    (stands.head.saturating_sub(stands.position), Duration::from_millis(u64::try_from(since).unwrap_or(0)))
}

async fn hint(hints: &mut Receiver<store::Hint>) {
    if let Err(RecvError::Closed) = hints.recv().await {
        std::future::pending::<()>().await;
    }
}
