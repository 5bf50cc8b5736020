//! Another password, by a link that an owner has made for whoever has forgotten theirs.

use leptos::prelude::*;

use crate::{
    text,
    ui::{
        door::{DoorField, by_code},
        erased::{IntoPart, Part},
    },
};

#[component]
pub fn Reset() -> impl IntoView {
    by_code("Another password", login_of, "reset", form)
}

fn form(code: String, login: String) -> Part {
    view! {
        <p data-testid="reset">{format!("For {login}. You are signed out everywhere, and sign in with the new one.")}</p>
        <form method="post" action="/reset" class="form">
            <input type="hidden" name="code" value=code/>
            <DoorField name="password" label="New password" autocomplete="new-password" hint=text::PASSWORD_HINT/>
            <div class="actions"><button class="button primary">"Set the password"</button></div>
        </form>
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn login_of(code: String) -> impl Future<Output = Option<String>> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    async move { backend?.reset(&code).await }
}

#[cfg(not(feature = "ssr"))]
async fn login_of(_code: String) -> Option<String> {
    None
}
