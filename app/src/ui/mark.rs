//! The mark of a record that is not simply confirmed: shape and word, never colour alone.

use leptos::prelude::*;

use crate::ui::erased::IntoPart;
use serde::{Deserialize, Serialize};

/// Where a change is on its way into the book. In order of how much of a person's notice it needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncState {
    /// Has a position. Drawn as nothing: the ordinary case is silent.
    #[default]
    Confirmed,
    /// The user gave it up.
    Discarded,
    /// Accepted, but not as it was shown.
    ConfirmedChanged,
    /// Durable on this device, not answered yet.
    SavedHere,
    /// In flight for more than a moment.
    Sending,
    /// Shown, and not durable yet, for the milliseconds of one storage transaction.
    Saving,
    /// Waits for a refused change that it depends on.
    Held,
    /// Not sent yet, and would be refused now.
    AtRisk,
    /// Refused: a person decides.
    NeedsAttention,
}

impl SyncState {
    /// The value of `data-sync`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Discarded => "discarded",
            Self::ConfirmedChanged => "confirmed-changed",
            Self::SavedHere => "saved-here",
            Self::Sending => "sending",
            Self::Saving => "saving",
            Self::Held => "held",
            Self::AtRisk => "at-risk",
            Self::NeedsAttention => "needs-attention",
        }
    }

    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Confirmed => "Confirmed",
            Self::Discarded => "Discarded",
            Self::ConfirmedChanged => "Confirmed with a change",
            Self::SavedHere => "Saved here",
            Self::Sending => "Sending",
            Self::Saving => "Saving",
            Self::Held => "Waiting for another change",
            Self::AtRisk => "Probably not accepted",
            Self::NeedsAttention => "Not accepted",
        }
    }

    #[must_use]
    pub fn is_pending(self) -> bool {
        !matches!(self, Self::Confirmed | Self::ConfirmedChanged | Self::Discarded)
    }
}

impl From<sync::SyncState> for SyncState {
    fn from(state: sync::SyncState) -> Self {
        match state {
            sync::SyncState::Discarded => Self::Discarded,
            sync::SyncState::Confirmed => Self::Confirmed,
            sync::SyncState::ConfirmedChanged => Self::ConfirmedChanged,
            sync::SyncState::SavedHere => Self::SavedHere,
            sync::SyncState::Sending => Self::Sending,
            sync::SyncState::Saving => Self::Saving,
            sync::SyncState::Held => Self::Held,
            sync::SyncState::AtRisk => Self::AtRisk,
            sync::SyncState::NeedsAttention => Self::NeedsAttention,
        }
    }
}

/// A mark for a record: its state, and the entry that last changed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Mark {
    pub state: SyncState,
    pub position: u64,
}

impl Mark {
    #[must_use]
    pub fn new(state: SyncState, position: u64) -> Self {
        Self { state, position }
    }

    /// The value of `data-position`: none while the record has no place in the book.
    #[must_use]
    pub fn confirmed_position(self) -> Option<u64> {
        (!self.state.is_pending() && self.position > 0).then_some(self.position)
    }
}

/// The shape of a state, readable at 12 pixels in one colour.
#[component]
pub fn Shape(state: SyncState) -> impl IntoView {
    let inner = match state {
        SyncState::Confirmed => return ().into_part(),
        SyncState::SavedHere => view! { <circle fill="none" stroke="currentColor" stroke-width="2" cx="6" cy="6" r="4.5"/> }.into_part(),
        SyncState::Sending | SyncState::Saving => {
            view! { <path fill="none" stroke="currentColor" stroke-width="2" d="M10.5 6A4.5 4.5 0 1 1 6 1.5"/> }.into_part()
        }
        SyncState::ConfirmedChanged => {
            view! { <path fill="currentColor" d="M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0ZM5 5h2v5H5ZM5 2h2v2H5Z" fill-rule="evenodd"/> }.into_part()
        }
        SyncState::AtRisk => view! {
            <circle fill="none" stroke="currentColor" stroke-width="2" cx="6" cy="6" r="4.5"/>
            <path fill="currentColor" d="M6 1.5a4.5 4.5 0 0 1 0 9Z"/>
        }
        .into_part(),
        SyncState::NeedsAttention => {
            view! { <path fill="currentColor" fill-rule="evenodd" d="M6 .5 12 11.5H0ZM5.2 4.5h1.6v3.2H5.2Zm0 4.1h1.6v1.5H5.2Z"/> }.into_part()
        }
        SyncState::Held => view! { <path fill="currentColor" d="M2 1h3v10H2ZM7 1h3v10H7Z"/> }.into_part(),
        SyncState::Discarded => view! {
            <path fill="none" stroke="currentColor" stroke-width="2" d="M2.8 2.8l6.4 6.4"/>
            <circle fill="none" stroke="currentColor" stroke-width="2" cx="6" cy="6" r="4.5"/>
        }
        .into_part(),
    };
    view! { <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">{inner}</svg> }.into_part()
}

/// Shape and words beside a record; nothing for a confirmed one.
#[component]
pub fn SyncMark(#[prop(into)] state: Signal<SyncState>) -> impl IntoView {
    move || {
        let state = state.get();
        (state != SyncState::Confirmed).then(|| {
            view! {
                <span class="sync" data-sync=state.name()>
                    <span class="mark"><Shape state/></span>
                    " "
                    {state.words()}
                </span>
            }
        })
    }
}

/// The small mark after a number that counts what is not confirmed yet.
#[component]
pub fn NumberMark(#[prop(into)] state: Signal<SyncState>) -> impl IntoView {
    move || {
        let state = state.get();
        state.is_pending().then(|| {
            view! {
                " "
                <span class="mark" data-sync=state.name()>
                    <Shape state/>
                    <span class="visually-hidden">"includes what is only saved here"</span>
                </span>
            }
        })
    }
}
