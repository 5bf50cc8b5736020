//! The question mark beside a number: a link, so that it works where no script runs.

use leptos::prelude::*;

use crate::ui::frame::here;

/// `what` as in the address of the page, `name` as people call the number.
#[component]
pub fn Why(#[prop(into)] what: String, name: &'static str) -> impl IntoView {
    let label = format!("Why is {name} what it is?");
    view! { <a class="why" href=here(&format!("/why/{what}")) aria-label=label title=format!("Why? {name}")>"?"</a> }
}
