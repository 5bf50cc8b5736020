//! A search that is part of the address, so that it can be kept, sent and gone back to.

use leptos::{
    ev::SubmitEvent,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{HtmlFormElement, HtmlInputElement},
};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::ui::erased::handle;

#[component]
pub fn Search(#[prop(into)] action: String, #[prop(into)] label: String, #[prop(into)] value: String) -> impl IntoView {
    let navigate = use_navigate();
    let target = action.clone();
    let submit = move |event: SubmitEvent| {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let field = form.and_then(|form| form.query_selector("input[name=q]").ok().flatten());
        let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else { return };
        event.prevent_default();
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &field.value()).finish();
        let address = if field.value().is_empty() { target.clone() } else { format!("{target}?{query}") };
        navigate(&address, NavigateOptions::default());
    };
    view! {
        <form class="search" role="search" method="get" action=action on:submit=handle(submit)>
            <input type="search" name="q" value=value aria-label=label/>
            <button type="submit">"Search"</button>
        </form>
    }
}
