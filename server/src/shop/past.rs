//! Books as they were: worked out from the nearest snapshot, and a few kept, since whoever looks back looks around.

use std::{collections::VecDeque, sync::Mutex};

use app::backend::View;
use domain::ShopSlug;

use super::{ShopError, log::Log, shops::Shops};

/// Views kept.
const KEPT: usize = 8;

#[derive(Default)]
pub struct Past {
    views: Mutex<VecDeque<(ShopSlug, View)>>,
}

impl Past {
    /// The books of `shop` at `position`, which must not lie beyond `head`.
    ///
    /// # Errors
    /// [`ShopError`] when the log cannot be read.
    pub async fn at(&self, shops: &Shops, shop: &ShopSlug, head: &View, position: u64) -> Result<View, ShopError> {
        if position >= head.books.position {
            return Ok(head.clone());
        }
        if let Some(view) = self.kept(shop, head, position) {
            return Ok(view);
        }
        let view = Log::load_past(shops.store.clone(), shop, position).await?;
        let mut views = self.views.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        views.push_back((shop.clone(), view.clone()));
        if views.len() > KEPT {
            views.pop_front();
        }
        Ok(view)
    }

    fn kept(&self, shop: &ShopSlug, head: &View, position: u64) -> Option<View> {
        let views = self.views.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fits = |(known, view): &&(ShopSlug, View)| {
            known == shop && view.epoch == head.epoch && view.books.position == position
        };
        views.iter().find(fits).map(|(_, view)| view.clone())
    }
}
