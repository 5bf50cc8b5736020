//! No such page, no such record, or nothing to show it from.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    pages::device::WithoutBooks,
    replica::{Keeping, Problem, Replica},
    text,
    ui::{
        erased::{IntoPart, Part, follow, memo},
        past,
    },
    viewer::Takes,
};

/// An address that no route matches.
#[component]
pub fn NotFound() -> impl IntoView {
    crate::ui::ready::interactive_when_alive();
    view! { <main id="main" tabindex="-1"><Missing problem=None/></main> }
}

/// An address of a shop that no route matches.
#[component]
pub fn NoSuchPage() -> impl IntoView {
    view! { <Missing problem=None/> }
}

/// What a page says in place of its data.
#[component]
pub fn Missing(problem: Option<Problem>) -> impl IntoView {
    missing(problem)
}

/// A page that is there, and not for whoever looks.
fn not_for_role(takes: &Takes) -> Part {
    status(403);
    view! {
        <Title text=text::NOT_FOR_ROLE/>
        <div class="page-head"><h1 tabindex="-1">{text::NOT_FOR_ROLE}</h1></div>
        <div class="empty" data-testid="not-for-role"><p>{text::not_for_role(takes)}</p></div>
    }
    .into_part()
}

fn missing(problem: Option<Problem>) -> Part {
    let (title, words, answer) = match &problem {
        None | Some(Problem::UnknownShop) => (text::NOT_FOUND, text::NOT_FOUND_WORDS, 404),
        Some(Problem::Unreachable) => (text::UNREACHABLE, text::UNREACHABLE_WORDS, 503),
        Some(Problem::NeverOpened) => (text::NEVER_OPENED, text::NEVER_OPENED_WORDS, 503),
        Some(Problem::Revoked) => (text::SHUT_OUT, "", 503),
        Some(Problem::NoSuchMoment) => (text::NO_SUCH_MOMENT, text::NO_SUCH_MOMENT_WORDS, 404),
        Some(Problem::BeforeFirst { .. }) => (text::NOT_BEGUN, "", 404),
        Some(Problem::NotHeld { .. }) => (text::NOT_ON_THIS_DEVICE, "", 503),
        Some(Problem::NotForRole(takes)) => return not_for_role(takes),
    };
    let shut_out = problem == Some(Problem::Revoked);
    let (alone, is_no_moment) =
        (shut_out || problem == Some(Problem::NeverOpened), problem == Some(Problem::NoSuchMoment));
    let looking_back = match problem {
        Some(Problem::BeforeFirst { first }) => Some((text::before_first(first), true)),
        Some(Problem::NotHeld { from }) => Some((text::not_held(from), false)),
        _ => None,
    };
    status(answer);
    let replica = Replica::of_context();
    let is_moment = looking_back.is_some() || is_no_moment;
    let holds_something = memo(move |_| replica.held().is_some_and(|picture| !picture.pending.is_empty()));
    let is_unread = memo(move |_| replica.line().is_some_and(|line| line.storage.keeping == Keeping::Unread));
    let revocation = memo(move |_| replica.line().and_then(|line| line.revocation));
    let words = move || match (alone, is_unread.get(), holds_something.get()) {
        (true, true, _) => text::WAITS_UNREAD.to_owned(),
        (true, false, _) if shut_out => text::shut_out(revocation.get()),
        (true, false, true) => text::WITHOUT_BOOKS_WORDS.to_owned(),
        _ => words.to_owned(),
    };
    view! {
        <Title text=title/>
        <div class="page-head"><h1 tabindex="-1">{title}</h1></div>
        <div class="empty">
            {match looking_back {
                None => view! { <p>{follow(words)}</p> }.into_part(),
                Some((words, before_first)) => view! {
                    <p>{words}</p>
                    {before_first.then(|| view! { <div class="actions"><a class="button" href=past::elsewhen(Some(1))>"Go to #1"</a></div> })}
                }.into_part(),
            }}
            {is_moment.then(|| view! { <p><a href=past::elsewhen(None)>{text::BACK_TO_NOW}</a></p> })}
        </div>
        {alone.then(|| view! { <WithoutBooks/> })}
    }
    .into_part()
}

#[cfg(feature = "ssr")]
fn status(answer: u16) {
    let status = http::StatusCode::from_u16(answer).unwrap_or(http::StatusCode::NOT_FOUND);
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}

#[cfg(not(feature = "ssr"))]
fn status(_answer: u16) {}
