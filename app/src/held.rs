//! Looking back in the browser: with what this device holds as far as that goes, else with what the server knows.

use domain::{ShopSlug, books::Books};
use send_wrapper::SendWrapper;
use sync::past::{Asked, Held, Moment, NotHeld};

use crate::{
    api::{past_snapshot, read_entries},
    live::Lent,
    replica::{Problem, Replica},
};

/// The books at a moment.
pub(crate) fn books_at(
    shop: &ShopSlug,
    replica: Replica,
    moment: Moment,
) -> impl Future<Output = Result<Books, Problem>> + Send {
    let shop = shop.clone();
    // Of the browser's things none leaves its thread; a resource asks for more than it needs.
    SendWrapper::new(async move {
        let held = held(replica).await;
        let from = match held.as_ref().map(|held| held.at(moment)) {
            Some(Ok(books)) => return begun(books, held.as_ref()),
            Some(Err(NotHeld { from })) => from,
            None => replica.picture_now().map_or(0, |picture| picture.marks.confirmed),
        };
        if !replica.may_ask() {
            return Err(Problem::NotHeld { from });
        }
        let answer = past_snapshot(shop, moment).await.map_err(|_| Problem::NotHeld { from })?;
        begun(answer.books, held.as_ref())
    })
}

/// Books before the first entry are no books to look at.
fn begun(books: Books, held: Option<&Held>) -> Result<Books, Problem> {
    let first = held.and_then(|held| held.first());
    if books.position == 0 { Err(Problem::BeforeFirst { first }) } else { Ok(books) }
}

/// Entries of the log, all of them where they are to be had.
pub(crate) fn entries(
    shop: &ShopSlug,
    replica: Replica,
    asked: Asked,
    books: &Books,
) -> impl Future<Output = Lent> + Send {
    let (shop, aggregates) = (shop.clone(), books.aggregates.clone());
    SendWrapper::new(async move {
        if replica.may_ask()
            && let Ok(older) = read_entries(shop, asked.clone()).await
        {
            return Lent { older, since: None };
        }
        match held(replica).await {
            Some(held) => {
                let since = Some(held.since()).filter(|since| since.position > 0).cloned();
                Lent { older: held.entries(&asked, &aggregates), since }
            }
            // A window that keeps nothing has the books of now, and what they keep.
            None => Lent { older: vec![], since: None },
        }
    })
}

async fn held(replica: Replica) -> Option<Held> {
    replica.device()?.held().await
}
