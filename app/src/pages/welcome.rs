//! The front door: what Daybook is, and a demo shop for whoever wants to try it.

use leptos::prelude::*;
use leptos_meta::Title;

use super::query_param;
use crate::{
    text,
    ui::{
        demo::TryDemo,
        erased::{IntoPart, follow},
        ready::interactive_when_alive,
    },
};

#[component]
pub fn Welcome() -> impl IntoView {
    interactive_when_alive();
    let offers = Resource::new_blocking(|| (), |()| offers_demo());
    let said = query_param("demo");
    view! {
        <Title text=text::PRODUCT/>
        <a class="skip-link" href="#main">{text::SKIP}</a>
        <div class="frame">
            <header class="top-bar"><a class="shop-name wordmark" href="/" rel="external">{text::PRODUCT}</a></header>
            <main id="main" tabindex="-1" class="welcome">
                <h1 tabindex="-1">"The shop's day book, on every till and phone"</h1>
                {follow(move || {
                    let words = text::demo_problem(&said());
                    words.map(|words| view! { <div class="notice" role="status" data-testid="demo-said"><p>{words}</p></div> })
                })}
                <p class="lede">
                    "Everything that happens in a shop is written down once, in order, and every other book is worked out \
                     from it. It keeps working when the network does not."
                </p>
                // A full page load: the shop arrives whole from the server, also where no script runs.
                <div class="actions">
                    <Suspense>
                        {follow(move || Suspend::new(async move {
                            offers.await.then(|| view! { <TryDemo words=text::TRY_DEMO/> })
                        }))}
                    </Suspense>
                    <a class="button" href="/start" rel="external">"Start a new shop"</a>
                    <a class="button" href="/shops" rel="external">"Your shops"</a>
                </div>
            </main>
        </div>
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn offers_demo() -> impl Future<Output = bool> + Send {
    let offers = use_context::<crate::backend::OffersDemo>().is_some_and(|offers| offers.0);
    async move { offers }
}

/// A page that starts from the device alone has no server to ask for a shop.
#[cfg(not(feature = "ssr"))]
async fn offers_demo() -> bool {
    false
}
