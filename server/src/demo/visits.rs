//! A demo shop for each visitor, as many as the server has room for.
//!
//! How many there are is read from the names of the shops that the store has, so a restart and other instances change
//! nothing about it; several instances that make one at the same moment may go over by one each. What one address has
//! had is counted in memory, by each instance.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, PoisonError},
};

use domain::{
    ShopSlug,
    demo::{self, LASTS},
    values::Millis,
};
use store::{EventStore, StoreError};
use tokio::sync::Mutex;

use super::fill_shop;
use crate::shop::Shops;

/// Addresses that are counted: also those that ask in vain.
const MOST_ADDRESSES: usize = 10_000;

/// Why a visitor got no shop.
#[derive(Debug, thiserror::Error)]
pub enum NoDemo {
    #[error("as many demo shops as there may be")]
    Full,
    #[error("as many demo shops as one address may have")]
    Often,
    #[error("no randomness: {0}")]
    Random(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the demo shop could not be filled: {0}")]
    Filling(String),
}

impl NoDemo {
    /// A stable word, for pages and logs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Often => "often",
            Self::Random(_) | Self::Store(_) | Self::Filling(_) => "unavailable",
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct Visits {
    /// Held while one is made: they are counted and filled one after the other.
    making: Mutex<()>,
    /// When an address was given shops that are not over.
    had: std::sync::Mutex<HashMap<IpAddr, Vec<Millis>>>,
}

impl Visits {
    /// Makes and fills a shop for whoever comes from `address`.
    ///
    /// # Errors
    /// [`NoDemo`].
    pub async fn begin(&self, shops: &Arc<Shops>, address: IpAddr, now: Millis) -> Result<ShopSlug, NoDemo> {
        self.count(address, now, shops.limits.demos_of_address)?;
        let _making = self.making.lock().await;
        if living(&*shops.store, now).await? >= shops.limits.demos {
            return Err(NoDemo::Full);
        }
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|error| NoDemo::Random(error.to_string()))?;
        let slug = demo::name(random, now).ok_or_else(|| NoDemo::Filling(format!("no name at {now:?}")))?;
        fill_shop(shops, &slug).await.map_err(NoDemo::Filling)?;
        Ok(slug)
    }

    /// Counted before anything is made, so that a crowd of requests at once is counted too.
    fn count(&self, address: IpAddr, now: Millis, most: usize) -> Result<(), NoDemo> {
        let mut had = self.had.lock().unwrap_or_else(PoisonError::into_inner);
        had.retain(|_, moments| {
            moments.retain(|moment| now.0.saturating_sub(moment.0) < LASTS);
            !moments.is_empty()
        });
        if had.len() >= MOST_ADDRESSES && !had.contains_key(&address) {
            return Err(NoDemo::Full);
        }
        let moments = had.entry(address).or_default();
        if moments.len() >= most {
            return Err(NoDemo::Often);
        }
        moments.push(now);
        Ok(())
    }
}

/// How many shops of visitors are not over.
async fn living(store: &dyn EventStore, now: Millis) -> Result<usize, StoreError> {
    let is_living = |shop: &ShopSlug| demo::end(shop).is_some_and(|end| now < end);
    Ok(store.shops().await?.iter().filter(|head| is_living(&head.shop)).count())
}
