//! What happened to one thing, step by step, each with its mark.

use domain::values::Millis;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::PageContext,
    ui::{
        erased::Parts,
        mark::{Mark, SyncMark},
        rows::rows,
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    pub position: u64,
    pub at: Millis,
    /// Which mark the style sheet draws.
    pub kind: String,
    pub words: String,
    pub mark: Mark,
}

impl Step {
    /// `told`: the word that the style sheet marks it by, and the sentence.
    #[must_use]
    pub fn new(context: &PageContext<'_>, position: u64, at: Millis, told: (&'static str, String)) -> Self {
        let (kind, words) = told;
        let mark = Mark::new(context.marks.entry_place(position), position);
        Self { position, at, kind: kind.to_owned(), words, mark }
    }
}

#[component]
pub fn Timeline(steps: Memo<Vec<Step>>) -> impl IntoView {
    view! { <ol class="timeline">{rows(steps, |step| step.position, step_row)}</ol> }
}

fn step_row(step: Memo<Step>) -> impl IntoView {
    let mark = step.part(|step| step.mark);
    view! {
        <li
            data-step=step.show(|step| step.kind.clone())
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            {step.show(|step| step.words.clone())}
            " "
            <time datetime=step.show(|step| step.at.to_string())>{step.show(|step| format::moment(step.at))}</time>
            " "
            <SyncMark state=mark.part(|mark| mark.state)/>
        </li>
    }
}
