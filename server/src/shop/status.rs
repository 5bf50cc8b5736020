//! How what follows a shop's log stands: its checkpoint, how far behind it is, and whether it is what the log says.

use std::sync::Arc;

use app::{
    backend::View,
    status::{Follower, Kind, Status},
};
use domain::ShopSlug;
use store::{
    EventStore, StoreError,
    views::{
        AllocationsView, ViewError,
        follow::{difference, finds_what_is_there},
    },
};

use crate::clock;

/// The ways in which the allocations may be kept beside the log, on Redis too.
pub type Views = Vec<Arc<dyn AllocationsView>>;

/// Of the shop whose books are in `view`. `check` compares every read model beside the log with it, which goes through
/// all of it. One of `views` that cannot be asked is named all the same.
///
/// # Errors
/// [`ViewError`].
pub async fn of(
    store: &dyn EventStore,
    views: &[Arc<dyn AllocationsView>],
    shop: &ShopSlug,
    view: &View,
    check: bool,
) -> Result<Status, ViewError> {
    let head = store.head(shop).await?.ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })?;
    let is_there = view.books.position == head.position;
    let agrees = is_there.then(|| (view.epoch, view.hash) == (head.epoch, head.hash));
    let mut followers = vec![Follower { agrees, ..follower(Kind::Books, "books", view.books.position) }];
    for checkpoint in store.checkpoints(shop).await? {
        followers.push(follower(Kind::Process, &checkpoint.name, checkpoint.position));
    }
    for kept in views {
        match stands(store, &**kept, shop, check).await {
            Ok(stands) => followers.extend(stands),
            Err(ViewError::Store(StoreError::Unavailable { reason })) => {
                tracing::debug!(view = kept.name(), reason, "a view cannot be asked how it stands");
                followers.push(Follower { position: None, ..follower(Kind::View, kept.name(), 0) });
            }
            Err(error) => return Err(error),
        }
    }
    let search = store.search();
    if let Some(reached) = search.reached(shop).await? {
        let agrees = if check { Some(finds_what_is_there(store, &*search, shop).await?) } else { None };
        followers.push(Follower { agrees, ..follower(Kind::View, search.name(), reached.position) });
    }
    if let Some(reached) = store.letters().reached(shop).await? {
        followers.push(follower(Kind::Letters, "letters", reached.position));
    }
    for one in &mut followers {
        if let Some(position) = one.position {
            one.behind_ms = behind_ms(store, shop, position).await?;
        }
    }
    Ok(Status { head: head.position, followers })
}

fn follower(kind: Kind, name: &str, position: u64) -> Follower {
    Follower { kind, name: name.to_owned(), position: Some(position), behind_ms: None, agrees: None }
}

/// None of a view that was never kept.
async fn stands(
    store: &dyn EventStore,
    view: &dyn AllocationsView,
    shop: &ShopSlug,
    check: bool,
) -> Result<Option<Follower>, ViewError> {
    let Some(reached) = view.reached(shop).await? else { return Ok(None) };
    let agrees = if check { Some(difference(store, view, shop).await?.is_none()) } else { None };
    Ok(Some(Follower { agrees, ..follower(Kind::View, view.name(), reached.position) }))
}

/// Age of the first entry behind `position`.
async fn behind_ms(store: &dyn EventStore, shop: &ShopSlug, position: u64) -> Result<Option<i64>, StoreError> {
    let first = store.read(shop, position, 1).await?;
    Ok(first.first().map(|record| clock::now().0.saturating_sub(record.recorded_at.0).max(0)))
}
