//! Coming to belong to a shop, by an invite.

use leptos::prelude::*;

use super::query_param;
use crate::{
    people::Invited,
    text,
    ui::{
        door::{Newcomer, by_code},
        erased::{IntoPart, Part},
    },
};

#[component]
pub fn Join() -> impl IntoView {
    by_code("Join a shop", invited, "invite", forms)
}

fn forms(code: String, Invited { title, role, you }: Invited) -> Part {
    let (login, name) = (query_param("login"), query_param("name"));
    let by_session = you.map(|you| {
        view! {
            <form method="post" action="/join" class="form">
                <input type="hidden" name="code" value=code.clone()/>
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
            <input type="hidden" name="code" value=code.clone()/>
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
