//! The connection chip: what is known about the line to the book, and how much waits here.

use domain::ShopSlug;
use leptos::prelude::*;
use sync::connection::DataState;

use crate::{
    replica::{Line, Replica},
    text,
    ui::{
        announce::Announcer,
        demo,
        erased::{Parts, follow, memo},
        frame::at,
    },
};

/// Until the page is alive nothing is known of the line.
const OPENING: DataState = DataState::CatchingUp;

#[component]
pub fn Chip(shop: ShopSlug, replica: Replica, announcer: Announcer) -> impl IntoView {
    let line: Memo<Option<Line>> = memo(move |_| replica.line());
    let state = line.part(|line| line.as_ref().map_or(OPENING, |line| line.connection.state));
    let over = demo::is_over(&shop, replica);
    let more = line.part(|line| text::chip_more(&line.as_ref()?.connection));
    let word = memo(move |_| if over.get() { text::DEMO_OVER } else { text::chip_word(state.get()) });
    let aged = line.part(|line| line.as_ref().is_some_and(|line| text::aged(&line.connection, line.now).is_some()));
    let known = line.part(Option::is_some);
    // Said when the state has become another one, and not the first time: that is no news. Catching up is passed over:
    // every change that is sent goes through it for a moment.
    Effect::new(move |said: Option<Option<DataState>>| {
        let said = said.flatten();
        let now = known.get().then(|| state.get()).filter(|now| *now != DataState::CatchingUp);
        if let (Some(said), Some(now)) = (said, now)
            && said != now
        {
            announcer.say(text::chip_word(now));
        }
        now.or(said)
    });
    view! {
        <a
            class="chip"
            href=follow(move || match state.get() {
                // Signing in opens nothing of a demo that is over.
                DataState::SignIn if !over.get() => format!("/sign-in?next={}", at(&shop, "")),
                _ => at(&shop, "/device"),
            })
            data-testid="conn-chip"
            data-state=follow(move || state.get().word())
            data-aged=follow(move || aged.get().then_some(""))
        >
            <span>
                <ChipShape state/>
                " "
                <span class="chip-word">
                    {follow(move || if known.get() { word.get() } else { text::OPENING })}
                </span>
                {follow(move || more.get().filter(|_| !over.get()).map(|more| view! { " "<span class="chip-more">{more}</span> }))}
            </span>
        </a>
    }
}

#[component]
fn ChipShape(state: Memo<DataState>) -> impl IntoView {
    let shape = move || match state.get() {
        DataState::Live => "M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
        DataState::CatchingUp => "M10.5 6A4.5 4.5 0 1 1 6 1.5",
        DataState::NotConnected | DataState::Unreachable => {
            "M1 1l10 10M6 1.5A4.5 4.5 0 0 1 10 8M2.2 3.7A4.5 4.5 0 0 0 8.3 9.9"
        }
        DataState::Paused => "M2 1h3v10H2ZM7 1h3v10H7Z",
        DataState::SignIn | DataState::Revoked | DataState::Update => {
            "M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0ZM5 5h2v5H5ZM5 2h2v2H5Z"
        }
        DataState::Storage => "M6 .5 12 11.5H0ZM5.2 4.5h1.6v3.2H5.2Zm0 4.1h1.6v1.5H5.2Z",
    };
    let is_line =
        move || matches!(state.get(), DataState::CatchingUp | DataState::NotConnected | DataState::Unreachable);
    view! {
        <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <path
                d=shape
                fill=follow(move || if is_line() { "none" } else { "currentColor" })
                stroke=follow(move || if is_line() { "currentColor" } else { "none" })
                stroke-width="2"
                fill-rule="evenodd"
            ></path>
        </svg>
    }
}
