//! Why something is given up: one tap. Last among what can be done, and never where the focus is.

use domain::change::Because;
use leptos::prelude::*;

use crate::{
    text,
    ui::erased::{Part, handle},
};

const REASONS: [Because; 3] = [Because::Mistake, Because::CustomerLeft, Because::DoneAnotherWay];

/// A button that opens one for each reason. `question` is asked above them, where more has to be known than why.
#[component]
pub fn Reasons(label: &'static str, give: impl Fn(Because) + Copy + 'static, question: Option<Part>) -> impl IntoView {
    let reasons: Vec<_> = REASONS
        .into_iter()
        .map(|because| {
            let give = move |_| give(because);
            view! { <button type="button" class="danger" on:click=handle(give)>{text::because(because)}</button> }
        })
        .collect();
    view! {
        <details class="menu">
            <summary class="button">{label}</summary>
            <div>{question}{reasons}</div>
        </details>
    }
}
