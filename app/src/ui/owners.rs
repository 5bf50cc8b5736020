//! A page of the shop's owners: what it shows is asked of the server alone, and lies on no device. Its forms are posted as
//! they are.

use domain::ShopSlug;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::ApiError,
    pages::query_param,
    text,
    ui::{
        door::{Notice, problem},
        erased::{IntoPart, Part, follow},
        frame::at,
        head::PageHead,
        past::Writing,
    },
};

/// `place` is below the shop's address, where the page's forms go too; `ask` the server function, which has nothing for
/// whoever is no owner; `done` the words for what was done, by the word in the address; `show` gets where the forms go.
pub fn for_owners<T, F>(
    title: &'static str,
    place: &'static str,
    shop_title: Memo<String>,
    ask: fn(ShopSlug) -> F,
    done: fn(&str) -> Option<&'static str>,
    show: fn(&str, T) -> Part,
) -> Part
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<Option<T>, ApiError>> + Send + 'static,
{
    let shop = use_context::<ShopSlug>();
    let asked = shop.clone();
    let found = Resource::new_blocking(
        || (),
        move |()| {
            let asking = asked.clone().map(ask);
            async move {
                match asking {
                    Some(asking) => asking.await.map_err(|_| ()),
                    None => Err(()),
                }
            }
        },
    );
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
                    match found.await {
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
