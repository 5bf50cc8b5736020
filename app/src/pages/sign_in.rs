//! Signing in, and signing out. Plain forms: both need the server, and neither needs a script.

use leptos::prelude::*;

use super::query_param;
use crate::{
    text,
    ui::{
        door::{DoorField, door, problem},
        erased::{IntoPart, follow},
    },
};

#[component]
pub fn SignIn() -> impl IntoView {
    let (next, done) = (query_param("next"), query_param("done"));
    let said = move || {
        text::password_done(&done())
            .map(|words| view! { <div class="notice" data-tone="good" role="status"><p>{words}</p></div> })
    };
    let form = view! {
        {follow(said)}
        <form method="post" action="/session" class="form">
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
        <form method="post" action="/session/end"><button class="button primary">"Sign out"</button></form>
    };
    door("Sign out", form.into_part())
}
