//! Commands that were queued, decided once more beside the book: what another reader of the same commands would see.

use std::{collections::BTreeMap, sync::Arc};

use domain::Verdict;
use store::{EventStore, QueueRow};
use sync::{authority::Authority, protocol::Outcome};

use super::{
    ShopError,
    log::{Log, unavailable},
    queue::request_in,
};
use crate::clock;

/// What came of deciding again. Nothing was written.
#[derive(Clone, PartialEq, Debug)]
pub enum Again {
    /// The verdict that it has.
    Same(Verdict),
    /// It has a verdict, and this version would give another.
    Differs { was: Verdict, now: Outcome },
    /// It has none yet: this one, were it decided now.
    Would(Outcome),
    /// Written by a version that this one cannot read.
    Unreadable(String),
}

/// Decides a command on the books as they were when it was settled, or as they are where it was not.
///
/// # Errors
/// [`ShopError`] when the log cannot be read.
pub async fn again(store: Arc<dyn EventStore>, row: &QueueRow) -> Result<Again, ShopError> {
    let request = match request_in(&row.queued.body) {
        Ok(request) => request,
        Err(error) => return Ok(Again::Unreadable(error.to_string())),
    };
    let known = store.verdict(&row.shop, row.queued.id).await.map_err(unavailable)?.map(|record| record.verdict);
    let head = store.head(&row.shop).await.map_err(unavailable)?.ok_or(ShopError::Unknown)?.position;
    let before = match &known {
        Some(Verdict::Accepted { positions }) => positions.first().map_or(head, |first| first - 1),
        Some(Verdict::Refused { position, .. }) => position - 1,
        None => head,
    };
    let view = Log::load_past(store.clone(), &row.shop, before).await?;
    let authority = Authority { epoch: view.epoch, hash: view.hash, books: (*view.books).clone() };
    let others = store.verdicts(&row.shop, &request.submission.depends_on).await.map_err(unavailable)?;
    let others: BTreeMap<_, _> = others.into_iter().map(|record| (record.command_id, record)).collect();
    let batch = authority.decide(&[request], &others, clock::now()).map_err(|_| ShopError::Poisoned)?;
    let now = batch.outcomes.into_iter().next().ok_or(ShopError::Poisoned)?;
    Ok(match (known, now) {
        (Some(was), Outcome::Settled { verdict, .. }) if was == verdict => Again::Same(was),
        (Some(was), now) => Again::Differs { was, now },
        (None, now) => Again::Would(now),
    })
}
