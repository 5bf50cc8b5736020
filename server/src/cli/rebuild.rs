//! `daybook rebuild`: read models made again from the log, beside a server that runs.
//!
//! Nothing that is there is touched until the new one is whole and right, so a rebuild that is cancelled leaves
//! everything as it was. A view whose making was cut off goes on from its checkpoint.

use std::{process::ExitCode, sync::Arc};

use domain::ShopSlug;
use store::{
    EventStore, ShopHead,
    views::{
        View, ViewError, allocations,
        follow::{difference, finds_what_is_there, step},
    },
};

use super::{
    Failure, StoreArgs,
    operations::{chosen, open},
    progress::Progress,
};
use crate::shop::{log::Log, snapshot};

/// Entries in one step of a view.
const STEP: u32 = 1000;

pub async fn rebuild(args: &StoreArgs, shop: Option<&str>) -> Result<ExitCode, Failure> {
    let store = open(&args.database_url).await?;
    for head in chosen(&*store, shop).await? {
        tokio::select! {
            done = of_shop(&store, args.redis.as_deref(), &head) => done?,
            _ = tokio::signal::ctrl_c() => {
                return Err(Failure::Other(format!("{}: cancelled; the books are as they were", head.shop)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn of_shop(store: &Arc<dyn EventStore>, redis: Option<&str>, head: &ShopHead) -> Result<(), Failure> {
    books(store, head).await?;
    let shop = &head.shop;
    for view in allocations(&**store, redis)? {
        if view.reached(shop).await?.is_some() {
            let is_right = difference(&**store, &*view, shop).await?.is_none();
            self::view(&**store, &*view, is_right, shop).await?;
        }
    }
    let search = store.search();
    if search.reached(shop).await?.is_some() {
        let is_right = finds_what_is_there(&**store, &*search, shop).await?;
        self::view(&**store, &*search, is_right, shop).await?;
    }
    Ok(())
}

/// The books, folded from the first entry, become the newest snapshot. What is written is read again before, and must
/// have the digest of what was folded.
async fn books(store: &Arc<dyn EventStore>, head: &ShopHead) -> Result<(), Failure> {
    let mut progress = Progress::new("folding");
    let mut at = |position| progress.at(position, head.position.max(position));
    let view = Log::fold_and_tell(store.clone(), &head.shop, &mut at).await?.view();
    drop(progress);
    let row = snapshot::encode(&view.books, view.hash).map_err(|error| Failure::Other(error.to_string()))?;
    let (bytes, digest) = (row.bytes.len(), view.books.digest());
    if snapshot::decode(&row).is_none_or(|books| books.digest() != digest) {
        return Err(Failure::Other(format!("{}: the snapshot is not what was folded; nothing was kept", head.shop)));
    }
    let before = Log::load(store.clone(), &head.shop).await.map(|log| log.view().books);
    let differed = before.is_ok_and(|books| books.position == view.books.position && books.digest() != digest);
    if view.books.position > 0 {
        store.save_snapshot(&head.shop, row).await?;
    }
    let note = if differed { "\tthe snapshot before led to other books" } else { "" };
    let (shop, position) = (&head.shop, view.books.position);
    println!("{shop}\trebuilt\tposition {position}\tdigest {digest}\tsnapshot of {bytes} bytes{note}");
    Ok(())
}

/// A view that is what the log says stays; one that is not is made again, page by page. Its followers wait for each
/// other by its checkpoint, so a server may go on following meanwhile.
async fn view(store: &dyn EventStore, view: &dyn View, is_right: bool, shop: &ShopSlug) -> Result<(), Failure> {
    let name = view.name();
    if is_right {
        println!("{shop}\tview {name}\tas it should be");
        return Ok(());
    }
    view.clear(shop).await?;
    let mut progress = Progress::new("following");
    let position = loop {
        match step(store, view, shop, STEP).await {
            Ok(stands) if stands.position >= stands.head => break stands.position,
            Ok(stands) => progress.at(stands.position, stands.head),
            // The server was quicker.
            Err(ViewError::Moved { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    };
    drop(progress);
    println!("{shop}\tview {name}\trebuilt\tposition {position}");
    Ok(())
}
