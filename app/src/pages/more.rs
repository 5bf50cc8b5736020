//! The places that the phone's bar has no room for.

use leptos::prelude::*;

use crate::{
    live::{PageContext, page},
    ui::{
        frame::{RAIL, here},
        head::PageHead,
        icon::IconView,
    },
};

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<String> {
    Some(context.title.to_owned())
}

#[component]
pub fn More() -> impl IntoView {
    page(|| (), load, show)
}

fn show(shop: Memo<String>) -> impl IntoView {
    let places = RAIL.iter().map(|(path, icon, word)| {
        view! {
            <li>
                <a class="row" href=here(path)>
                    <span class="row-lead"><IconView icon=*icon/></span>
                    <span class="row-title">{*word}</span>
                </a>
            </li>
        }
    });
    view! {
        <PageHead title="More".to_owned() shop/>
        <ul class="list">{places.collect_view()}</ul>
        <p><a href=here("/people")>"People"</a>" · "<a href=here("/devices")>"Devices"</a></p>
    }
}
