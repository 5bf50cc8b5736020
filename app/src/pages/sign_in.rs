//! Signing in, and signing out. Plain forms: both need the server, and neither needs a script.

use leptos::prelude::*;

use super::query_param;
use crate::{
    text,
    ui::{
        door::{DoorField, Notice, door, problem},
        erased::{IntoPart, follow, handle},
    },
};

#[component]
pub fn SignIn() -> impl IntoView {
    let (next, done) = (query_param("next"), query_param("done"));
    let said = move || text::password_done(&done()).map(|words| view! { <Notice tone="good"><p>{words}</p></Notice> });
    let waits = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    crate::wire::finish_signing_out(waits);
    // Nobody comes in before whoever was here is out.
    let hold = move |event: leptos::ev::SubmitEvent| {
        // Another tab may have signed out since this one was opened.
        #[cfg(feature = "hydrate")]
        waits.set(browser::sign_out::is_remembered());
        if waits.get_untracked() {
            event.prevent_default();
        }
    };
    let form = view! {
        {follow(said)}
        <form method="post" action="/session" class="form" on:submit=handle(hold)>
            {follow(move || waits.get().then(|| view! { <Notice tone="attention"><p>{text::SIGN_OUT_WAITS}</p></Notice> }))}
            {problem(query_param("problem"))}
            <input type="hidden" name="next" value=follow(next)/>
            <DoorField name="login" label="E-mail or name" autocomplete="username"/>
            <DoorField name="password" label="Password" autocomplete="current-password"/>
            <div class="actions"><button class="button primary">"Sign in"</button></div>
        </form>
        <p class="quiet-text">"Signing in needs a connection. What is saved on this device is there without it."</p>
    };
    door("Sign in", form.into_part())
}

#[component]
pub fn SignOut() -> impl IntoView {
    let form = view! {
        <p>"What is saved on this device stays here, and is sent when you sign in again."</p>
        {problem(query_param("problem"))}
        <form method="post" action="/session/end"><button class="button primary">"Sign out"</button></form>
    };
    door("Sign out", form.into_part())
}
