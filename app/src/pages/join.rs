//! Coming to belong to a shop, by an invite.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::query_param;
use crate::{
    people::Invited,
    text,
    ui::{
        door::{Newcomer, door, problem},
        erased::{IntoPart, Part, follow},
    },
};

#[component]
pub fn Join() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code").unwrap_or_default());
    let asked = code.clone();
    let found = Resource::new_blocking(|| (), move |()| invited(asked.clone()));
    let inside = view! {
        {problem(query_param("problem"))}
        <Suspense>
            {follow(move || {
                let code = code.clone();
                Suspend::new(async move {
                    match found.await {
                        Some(invited) => forms(&code, invited),
                        None => view! { <p>{text::door_problem("invite")}</p> }.into_part(),
                    }
                })
            })}
        </Suspense>
    };
    door("Join a shop", inside.into_part())
}

fn forms(code: &str, Invited { title, role, you }: Invited) -> Part {
    let (login, name) = (query_param("login"), query_param("name"));
    let by_session = you.map(|you| {
        view! {
            <form method="post" action="/join" class="form">
                <input type="hidden" name="code" value=code.to_owned()/>
                <div class="actions"><button class="button primary">{format!("Join as {you}")}</button></div>
            </form>
            <h2>"Or as somebody who is new"</h2>
        }
    });
    let next = format!("/sign-in?next=/join/{code}");
    view! {
        <p data-testid="invited">{format!("You are asked to join {title} as {}: {}.", text::role(role), text::role_means(role))}</p>
        {by_session}
        <form method="post" action="/join" class="form">
            <input type="hidden" name="code" value=code.to_owned()/>
            <Newcomer login=Signal::derive(login) name=Signal::derive(name)/>
            <div class="actions"><button class="button primary">"Join"</button></div>
        </form>
        <p class="quiet-text">"Known already? "<a href=next rel="external">"Sign in first"</a>"."</p>
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn invited(code: String) -> impl Future<Output = Option<Invited>> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers);
    async move { backend?.invited(&headers?, &code).await }
}

#[cfg(not(feature = "ssr"))]
async fn invited(_code: String) -> Option<Invited> {
    None
}
