//! The forms of people who share a browser: `POST /session/pin` sets a PIN, `POST /session/switch` signs somebody else in
//! by theirs. As for signing in, what went wrong stands in the address of the page that follows, as a word.

use std::time::Instant;

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};

use super::{
    Shared,
    oneself::shows_password,
    peer::Peer,
    redirect::{see_other, see_other_with},
    sign_in::{SentForm, ours, signed_in},
};
use crate::access::{browser, log, pin::PinError, session::SignInError};

fn word(error: &PinError) -> &'static str {
    match error {
        PinError::Unfit => "pin-unfit",
        PinError::Guessable => "pin-guessable",
        PinError::Wrong => "pin-wrong",
        PinError::SignIn(SignInError::Wrong) => "wrong",
        PinError::SignIn(_) => "unavailable",
    }
}

/// The page that a form came from, to go back to with what was wrong.
fn from(form: &SentForm) -> String {
    let from = form.field("from");
    ours(&from).filter(|from| !from.contains(['?', '#'])).unwrap_or("/sign-in").to_owned()
}

/// `POST /session/pin`, a form with `password`, `pin`, `next`, and `from`, the page to go back to when something is wrong.
pub async fn set(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (form, access) = (SentForm(body), &server.access);
    let (next, from) = (form.field("next"), from(&form));
    let again = |problem: &str| see_other_with(&from, &[("problem", problem)]);
    let person = match shows_password(access, address, &headers, again).await {
        Ok(person) => person,
        Err(answer) => return answer,
    };
    let login = person.login.as_str();
    match access.set_pin(&person, form.field("password"), form.field("pin"), &headers).await {
        Ok(browser) => {
            access.attempts.right(address, login);
            tracing::info!(%address, "a PIN on a browser");
            let mut response = see_other(ours(&next).unwrap_or("/shops"));
            response.headers_mut().extend(browser::set_cookie(&headers, &browser).map(|it| (header::SET_COOKIE, it)));
            response
        }
        Err(error) => {
            if matches!(error, PinError::Unfit | PinError::Guessable) {
                access.attempts.right(address, login);
            }
            tracing::info!(%address, %error, "no PIN on a browser");
            again(word(&error))
        }
    }
}

/// `POST /session/switch`, a form with `login`, `pin`, `next`, and `from`, the page to go back to when it is not the PIN.
pub async fn switch(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = SentForm(body);
    let (login, next, from) = (form.field("login"), form.field("next"), from(&form));
    let again = |problem: &str| see_other_with(&from, &[("problem", problem), ("login", &login)]);
    if server.access.attempts.begin(address, &login, Instant::now()).is_err() {
        log::not_signed_in(address, &login, "too_many_tries");
        return again("later");
    }
    match server.access.switch(&login, form.field("pin"), &headers).await {
        Ok((_, secrets)) => {
            server.access.attempts.right(address, &login);
            tracing::info!(%address, "switched by a PIN");
            signed_in(&headers, &secrets, ours(&next).unwrap_or("/shops"))
        }
        Err(error) => {
            if error == PinError::Wrong {
                log::not_signed_in(address, &login, "wrong_pin");
            } else {
                tracing::warn!(%error, "switch: not looked up");
            }
            again(word(&error))
        }
    }
}
