//! The places that the phone's bar has no room for.

use leptos::prelude::*;

use crate::{
    live::{PageContext, page},
    ui::{
        frame::{RAIL, here},
        head::PageHead,
        icon::IconView,
    },
    viewer::Viewer,
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
    let viewer = Viewer::of_context();
    let places = RAIL.iter().filter(|(path, ..)| viewer.opens(path)).map(|(path, icon, word)| {
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
    }
}
