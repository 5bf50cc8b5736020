//! The message after a command, with the way back. It is never the only way: what it offers stands in the lists too.

use std::time::Duration;

use domain::CommandId;
use leptos::prelude::*;

use crate::ui::{erased::follow, undo::UndoButton};

/// How long a message stays.
const SHOWN: Duration = Duration::from_secs(10);

#[derive(Clone, PartialEq, Debug)]
struct Toast {
    words: String,
    /// The command that can be undone.
    undo: Option<CommandId>,
    number: u32,
}

/// The frame provides it.
#[derive(Clone, Copy, Default)]
pub struct Toasts(RwSignal<Option<Toast>>);

impl Toasts {
    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_default()
    }

    pub fn show(&self, words: impl Into<String>, undo: Option<CommandId>) {
        let shown = self.0;
        let number = shown.try_get_untracked().flatten().map_or(0, |toast| toast.number) + 1;
        shown.try_set(Some(Toast { words: words.into(), undo, number }));
        set_timeout(
            move || {
                shown.try_update(|toast| {
                    if toast.as_ref().is_some_and(|toast| toast.number == number) {
                        *toast = None;
                    }
                });
            },
            SHOWN,
        );
    }
}

#[component]
pub fn ToastRegion(toasts: Toasts) -> impl IntoView {
    view! {
        <div class="toasts">
            {follow(move || toasts.0.get().map(|toast| {
                let undo = toast.undo.map(|id| view! { <UndoButton id/> });
                view! { <div class="toast"><span>{toast.words}</span>" "{undo}</div> }
            }))}
        </div>
    }
}
