//! No such page, no such record, or nothing to show it from.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{replica::Problem, text};

/// An address that no route matches.
#[component]
pub fn NotFound() -> impl IntoView {
    crate::ui::ready::interactive_when_alive();
    view! { <main id="main" tabindex="-1"><Missing problem=None/></main> }
}

/// An address of a shop that no route matches.
#[component]
pub fn NoSuchPage() -> impl IntoView {
    view! { <Missing problem=None/> }
}

/// What a page says in place of its data.
#[component]
pub fn Missing(problem: Option<Problem>) -> impl IntoView {
    let (title, words, found) = match problem {
        None | Some(Problem::UnknownShop) => (text::NOT_FOUND, text::NOT_FOUND_WORDS, false),
        Some(Problem::Unreachable) => (text::UNREACHABLE, text::UNREACHABLE_WORDS, true),
        Some(Problem::NeverOpened) => (text::NEVER_OPENED, text::NEVER_OPENED_WORDS, true),
    };
    status(found);
    view! {
        <Title text=title/>
        <div class="page-head"><h1 tabindex="-1">{title}</h1></div>
        <div class="empty"><p>{words}</p></div>
    }
}

#[cfg(feature = "ssr")]
fn status(found: bool) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(if found { http::StatusCode::SERVICE_UNAVAILABLE } else { http::StatusCode::NOT_FOUND });
    }
}

#[cfg(not(feature = "ssr"))]
fn status(_found: bool) {}
