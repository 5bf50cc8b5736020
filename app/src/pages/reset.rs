//! Another password, by a link that an owner has made for whoever has forgotten theirs.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::query_param;
use crate::{
    text,
    ui::{
        door::{DoorField, door, problem},
        erased::{IntoPart, Part, follow},
    },
};

#[component]
pub fn Reset() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code").unwrap_or_default());
    let asked = code.clone();
    let found = Resource::new_blocking(|| (), move |()| login_of(asked.clone()));
    let inside = view! {
        {problem(query_param("problem"))}
        <Suspense>
            {follow(move || {
                let code = code.clone();
                Suspend::new(async move {
                    match found.await {
                        Some(login) => form(code, &login),
                        None => view! { <p>{text::door_problem("reset")}</p> }.into_part(),
                    }
                })
            })}
        </Suspense>
    };
    door("Another password", inside.into_part())
}

fn form(code: String, login: &str) -> Part {
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
