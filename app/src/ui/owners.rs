//! A page of the shop's owners: what it shows is asked of the server alone, and lies on no device. Its forms are posted as
//! they are.

use domain::ShopSlug;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::ApiError,
    pages::query_param,
    replica::Replica,
    text,
    ui::{
        door::{Notice, problem},
        erased::{IntoPart, Part, follow},
        frame::at,
        head::PageHead,
        past::Writing,
    },
};

/// What was asked of the server.
#[derive(Clone)]
struct Asked<T: Send + Sync + 'static>(Resource<Result<Option<T>, ()>>);

/// Asks where the page begins, for [`for_owners`] inside it. A part that waits for something is made more than once on the
/// server: asked for in there, each would have an answer of its own, the browser would take the first for what the last has
/// written, and the walk over the markup would fail where something had happened in between.
pub fn ask<T, F>(ask: fn(ShopSlug) -> F)
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<Option<T>, ApiError>> + Send + 'static,
{
    let (shop, replica) = (use_context::<ShopSlug>(), Replica::of_context());
    let found = Resource::new_blocking(
        move || replica.reloads(),
        move |_| {
            let asking = shop.clone().map(ask);
            async move {
                match asking {
                    Some(asking) => asking.await.map_err(|_| ()),
                    None => Err(()),
                }
            }
        },
    );
    provide_context(Asked(found));
}

/// `place` is below the shop's address, where the page's forms go too; `done` the words for what was done, by the word in the
/// address; `show` gets where the forms go, and what the server said to [`ask`], which is nothing for whoever is no owner.
pub fn for_owners<T>(
    title: &'static str,
    place: &'static str,
    shop_title: Memo<String>,
    done: fn(&str) -> Option<&'static str>,
    show: fn(&str, T) -> Part,
) -> Part
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let (shop, found) = (use_context::<ShopSlug>(), use_context::<Asked<T>>().map(|Asked(found)| found));
    let door = shop.map(|shop| at(&shop, place)).unwrap_or_default();
    let said = query_param("done");
    let said = move || done(&said()).map(|words| view! { <Notice tone="good"><p>{words}</p></Notice> });
    view! {
        <PageHead title=title.to_owned() shop=shop_title/>
        {problem(query_param("problem"))}
        {follow(said)}
        <Writing><Suspense>
            {follow(move || {
                let door = door.clone();
                Suspend::new(async move {
                    let found = match found {
                        Some(found) => found.await,
                        None => Err(()),
                    };
                    match found {
                        Ok(Some(found)) => show(&door, found),
                        Ok(None) => view! { <p class="quiet-text">{text::NOT_AN_OWNER}</p> }.into_part(),
                        Err(()) => view! { <p class="quiet-text">{text::NEEDS_CONNECTION}</p> }.into_part(),
                    }
                })
            })}
        </Suspense></Writing>
    }
    .into_part()
}
