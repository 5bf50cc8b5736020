//! The front door: what Daybook is, and the demo shop.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{text, ui::ready::interactive_when_alive};

#[component]
pub fn Welcome() -> impl IntoView {
    interactive_when_alive();
    view! {
        <Title text=text::PRODUCT/>
        <a class="skip-link" href="#main">{text::SKIP}</a>
        <div class="frame">
            <header class="top-bar"><a class="shop-name wordmark" href="/">{text::PRODUCT}</a></header>
            <main id="main" tabindex="-1" class="welcome">
                <h1 tabindex="-1">"The shop's day book, on every till and phone"</h1>
                <p class="lede">
                    "Everything that happens in a shop is written down once, in order, and every other book is worked out \
                     from it. It keeps working when the network does not."
                </p>
                // A full page load: the shop arrives whole from the server, also where no script runs.
                <div class="actions">
                    <a class="button primary" href="/s/demo" rel="external">"Try the demo shop"</a>
                    <a class="button" href="/shops" rel="external">"Your shops"</a>
                </div>
            </main>
        </div>
    }
}
