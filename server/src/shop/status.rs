//! How what follows a shop's log stands: its checkpoint, how far behind it is, and whether it is what the log says.

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

/// Of the shop whose books are in `view`. `check` compares every read model in tables with the log, which goes through
/// all of it.
///
/// # Errors
/// [`ViewError`].
pub async fn of(store: &dyn EventStore, shop: &ShopSlug, view: &View, check: bool) -> Result<Status, ViewError> {
    let head = store.head(shop).await?.ok_or_else(|| StoreError::UnknownShop { shop: shop.clone() })?;
    let is_there = view.books.position == head.position;
    let agrees = is_there.then(|| (view.epoch, view.hash) == (head.epoch, head.hash));
    let mut followers = vec![Follower { agrees, ..follower(Kind::Books, "books", view.books.position) }];
    for checkpoint in store.checkpoints(shop).await? {
        followers.push(follower(Kind::Process, &checkpoint.name, checkpoint.position));
    }
    for table in store.views() {
        let Some(reached) = table.reached(shop).await? else { continue };
        let agrees = if check { Some(is_right(store, &*table, shop).await?) } else { None };
        followers.push(Follower { agrees, ..follower(Kind::View, table.name(), reached.position) });
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
        one.behind_ms = behind_ms(store, shop, one.position).await?;
    }
    Ok(Status { head: head.position, followers })
}

fn follower(kind: Kind, name: &str, position: u64) -> Follower {
    Follower { kind, name: name.to_owned(), position, behind_ms: None, agrees: None }
}

async fn is_right(store: &dyn EventStore, table: &dyn AllocationsView, shop: &ShopSlug) -> Result<bool, ViewError> {
    Ok(difference(store, table, shop).await?.is_none())
}

/// Age of the first entry behind `position`.
async fn behind_ms(store: &dyn EventStore, shop: &ShopSlug, position: u64) -> Result<Option<i64>, StoreError> {
    let first = store.read(shop, position, 1).await?;
    Ok(first.first().map(|record| clock::now().0.saturating_sub(record.recorded_at.0).max(0)))
}
