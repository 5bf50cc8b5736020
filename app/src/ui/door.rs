//! What stands around the pages that are no shop's: where people come in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    pages::query_param,
    text,
    ui::{
        erased::{Inside, IntoPart, Part, follow},
        ready::interactive_when_alive,
    },
};

/// A page with a wordmark, a heading, and little else.
pub fn door(title: &'static str, inside: Part) -> impl IntoView {
    interactive_when_alive();
    view! {
        <Title text=title/>
        <a class="skip-link" href="#main">{text::SKIP}</a>
        <div class="frame">
            <header class="top-bar"><a class="shop-name wordmark" href="/" rel="external">{text::PRODUCT}</a></header>
            <main id="main" tabindex="-1" class="narrow">
                <h1 tabindex="-1">{title}</h1>
                {inside}
            </main>
        </div>
    }
    .into_part()
}

/// The id of [`problem`], for the fields that it is about.
pub const PROBLEM: &str = "door-problem";

/// What the server found wrong, by the word that it sends back in the address.
pub fn problem(word: impl Fn() -> String + Send + 'static) -> impl IntoView {
    follow(move || {
        let words = text::door_problem(&word());
        words.map(|words| view! { <div class="form-error" id=PROBLEM role="alert"><p>{words}</p></div> })
    })
}

/// Something that the page has to say, above the rest. `tone`: as in the style sheet.
#[component]
pub fn Notice(tone: &'static str, children: Inside) -> impl IntoView {
    view! { <div class="notice" data-tone=tone role="status">{children.show()}</div> }.into_part()
}

/// A field of a form that is posted as it is.
#[component]
pub fn DoorField(
    name: &'static str,
    label: &'static str,
    /// What the browser may fill in.
    autocomplete: &'static str,
    #[prop(optional, into)] value: Signal<String>,
    #[prop(optional)] hint: &'static str,
    /// Where its name is another field's too.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Whether a keyboard of digits does.
    #[prop(optional)]
    digits: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name);
    let is_secret = autocomplete.ends_with("password");
    let hint_id = format!("{id}-hint");
    let described = if hint.is_empty() { PROBLEM.to_owned() } else { format!("{PROBLEM} {hint_id}") };
    let hint = (!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=name
                type=if is_secret { "password" } else { "text" }
                autocomplete=autocomplete
                inputmode=digits.then_some("numeric")
                autocapitalize="none"
                spellcheck="false"
                aria-required="true"
                aria-describedby=described
                value=follow(move || value.get())
            />
            {hint}
        </div>
    }
    .into_part()
}

/// A page that is reached by a code in its address. `find`: what the code is for, asked of the server; `gone`: the word for
/// one that cannot be used.
pub fn by_code<T, F>(
    title: &'static str,
    find: fn(String) -> F,
    gone: &'static str,
    show: fn(String, T) -> Part,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Option<T>> + Send + 'static,
{
    let code = use_params_map().with_untracked(|params| params.get("code").unwrap_or_default());
    let asked = code.clone();
    let found = Resource::new_blocking(|| (), move |()| find(asked.clone()));
    let inside = view! {
        {problem(query_param("problem"))}
        <Suspense>
            {follow(move || {
                let code = code.clone();
                Suspend::new(async move {
                    match found.await {
                        Some(found) => show(code, found),
                        None => view! { <p>{text::door_problem(gone)}</p> }.into_part(),
                    }
                })
            })}
        </Suspense>
    };
    door(title, inside.into_part())
}

/// What somebody says of themselves who is not known yet.
#[component]
pub fn Newcomer(
    #[prop(optional, into)] login: Signal<String>,
    #[prop(optional, into)] name: Signal<String>,
) -> impl IntoView {
    view! {
        <DoorField name="login" label="E-mail or name to sign in with" autocomplete="username" value=login/>
        <DoorField name="name" label="Name, as others read it" autocomplete="name" value=name/>
        <DoorField name="password" label="Password" autocomplete="new-password" hint=text::PASSWORD_HINT/>
    }
    .into_part()
}
