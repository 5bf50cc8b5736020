//! What tells a demo shop from others: the band on every page of it, and the way to one.

use domain::{ShopSlug, demo};
use leptos::prelude::*;

use crate::{
    replica::Replica,
    text,
    ui::erased::{IntoPart, follow, memo},
};

/// A form, since it makes something: no link does.
#[component]
pub fn TryDemo(words: &'static str) -> impl IntoView {
    view! { <form method="post" action="/demo"><button class="button primary">{words}</button></form> }.into_part()
}

/// Said on every page of the shop that everybody shares, and of each visitor's own.
#[component]
pub fn DemoBand(shop: ShopSlug, replica: Replica) -> impl IntoView {
    let over = is_over(&shop, replica);
    match demo::end(&shop) {
        Some(end) => follow(move || {
            if over.get() {
                view! {
                    <div class="strip" data-tone="attention" role="status" data-testid="demo-over">
                        <p>{text::DEMO_OVER_WORDS}</p>
                        <TryDemo words=text::ANOTHER_DEMO/>
                    </div>
                }
                .into_part()
            } else {
                view! { <div class="demo-band" data-testid="demo-band"><span>{text::demo_until(end)}</span></div> }
                    .into_part()
            }
        })
        .into_part(),
        None => (shop.as_str() == demo::NAME)
            .then(|| view! { <div class="demo-band"><span>{text::DEMO_BAND}</span></div> })
            .into_part(),
    }
}

/// By the device's clock: the server answers for nothing of the shop by then, and a page may be open without it. The
/// server's own page is never one of a shop that is over.
pub fn is_over(shop: &ShopSlug, replica: Replica) -> Memo<bool> {
    let shop = shop.clone();
    memo(move |_| replica.line().is_some_and(|line| demo::is_over(&shop, line.now)))
}
