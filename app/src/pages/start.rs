//! A new shop. Whoever starts it is its owner; the first of a server becomes known by it.

use leptos::prelude::*;

use super::query_param;
use crate::{
    format::Currency,
    people::Starting,
    text,
    ui::{
        door::{DoorField, Newcomer, door, problem},
        erased::{IntoPart, Part, follow},
    },
};

#[component]
pub fn Start() -> impl IntoView {
    let asked = Resource::new_blocking(|| (), |()| starting());
    let inside = view! {
        {problem(query_param("problem"))}
        <Suspense>{follow(move || Suspend::new(async move { form(asked.await) }))}</Suspense>
    };
    door("Start a new shop", inside.into_part())
}

fn form(who: Starting) -> Part {
    let owner = match who {
        Starting::Nobody => {
            return view! {
                <p>{text::START_BY_WHOM}</p>
                <p><a href="/sign-in?next=/start" rel="external">"Sign in"</a></p>
            }
            .into_part();
        }
        Starting::Known(login) => view! { <p>{format!("You, {login}, will be its owner.")}</p> }.into_part(),
        Starting::First => {
            let (login, name) = (query_param("login"), query_param("name"));
            view! {
                <h2>"Its owner"</h2>
                <p>{text::START_FIRST}</p>
                <Newcomer login=Signal::derive(login) name=Signal::derive(name)/>
            }
            .into_part()
        }
    };
    let currency = |one: &'static Currency| view! { <option value=one.code>{one.code}</option> };
    view! {
        <form method="post" action="/start" class="form">
            <DoorField name="title" label="Name of the shop" autocomplete="organization" value=Signal::derive(query_param("title"))/>
            <div class="field">
                <label for="currency">"Currency"</label>
                <select id="currency" name="currency" aria-describedby="currency-hint">
                    {Currency::all().iter().map(currency).collect_view()}
                </select>
                <p class="hint" id="currency-hint">"It stays as soon as there are prices."</p>
            </div>
            {owner}
            <div class="actions"><button class="button primary">"Start the shop"</button></div>
        </form>
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn starting() -> impl Future<Output = Starting> + Send {
    let backend = use_context::<crate::backend::SharedBackend>();
    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers);
    async move {
        match backend.zip(headers) {
            Some((backend, headers)) => backend.starting(&headers).await,
            None => Starting::Nobody,
        }
    }
}

#[cfg(not(feature = "ssr"))]
async fn starting() -> Starting {
    Starting::Nobody
}
