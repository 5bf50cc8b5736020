//! Another password, for whoever is signed in.

use leptos::prelude::*;

use super::query_param;
use crate::{
    text,
    ui::{
        door::{DoorField, Notice, door, problem},
        erased::{IntoPart, follow},
    },
};

#[component]
pub fn ChangePassword() -> impl IntoView {
    let done = query_param("done");
    let said = move || {
        (!done().is_empty()).then(|| {
            view! { <Notice tone="good"><p>"Changed. You are signed out everywhere else."</p></Notice> }
        })
    };
    let form = view! {
        {follow(said)}
        <form method="post" action="/session/password" class="form">
            {problem(query_param("problem"))}
            <DoorField name="current" label="Current password" autocomplete="current-password"/>
            <DoorField name="password" label="New password" autocomplete="new-password" hint=text::PASSWORD_HINT/>
            <div class="actions"><button class="button primary">"Change"</button></div>
        </form>
    };
    door("Change the password", form.into_part())
}
