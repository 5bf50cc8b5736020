//! Signing in, and signing out. Plain forms: both need the server, and neither needs a script.

use leptos::prelude::*;
use leptos_meta::Title;

use super::query_param;
use crate::{
    text,
    ui::{
        erased::{IntoPart, Part, follow},
        ready::interactive_when_alive,
    },
};

/// What the server found wrong, by the word that it sends back in the address.
fn problem_in_words(problem: &str) -> Option<&'static str> {
    match problem {
        "wrong" => Some("There is no such login with this password."),
        "later" => Some("Too many tries. Wait a few minutes, then try again."),
        "unavailable" => Some("The server could not look it up. Try again."),
        _ => None,
    }
}

fn door(title: &'static str, inside: Part) -> impl IntoView {
    interactive_when_alive();
    view! {
        <Title text=title/>
        <a class="skip-link" href="#main">{text::SKIP}</a>
        <div class="frame">
            <header class="top-bar"><a class="shop-name wordmark" href="/">{text::PRODUCT}</a></header>
            <main id="main" tabindex="-1" class="narrow">
                <h1 tabindex="-1">{title}</h1>
                {inside}
            </main>
        </div>
    }
}

#[component]
pub fn SignIn() -> impl IntoView {
    let (problem, next) = (query_param("problem"), query_param("next"));
    let words = move || {
        let words = problem_in_words(&problem());
        words.map(|words| view! { <p class="error" id="sign-in-problem" role="alert">{words}</p> })
    };
    let described = move || problem_in_words(&problem()).map(|_| "sign-in-problem");
    let form = view! {
        <form method="post" action="/session" class="stack">
            {follow(words)}
            <input type="hidden" name="next" value=next/>
            <div class="field">
                <label for="login">"E-mail or name"</label>
                <input
                    id="login"
                    name="login"
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-required="true"
                    aria-describedby=described
                />
            </div>
            <div class="field">
                <label for="password">"Password"</label>
                <input
                    id="password"
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    aria-required="true"
                    aria-describedby=described
                />
            </div>
            <div class="actions"><button class="button primary">"Sign in"</button></div>
        </form>
        <p class="quiet-text">"Signing in needs a connection. What is saved on this device is there without it."</p>
    };
    door("Sign in", form.into_part())
}

#[component]
pub fn SignOut() -> impl IntoView {
    let form = view! {
        <p>"What is saved on this device stays here, and is sent when somebody of the shop signs in again."</p>
        <form method="post" action="/session/end"><button class="button primary">"Sign out"</button></form>
    };
    door("Sign out", form.into_part())
}
