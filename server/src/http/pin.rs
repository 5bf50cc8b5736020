//! The forms of people who share a browser: `POST /session/pin` sets a PIN, `POST /session/switch` signs somebody else in
//! by theirs. As for signing in, what went wrong stands in the address of the page that follows, as a word.

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
use crate::access::{browser, pin::PinError, session::SignInError};

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
    let (person, attempt) = match shows_password(access, address, &headers, again).await {
        Ok(begun) => begun,
        Err(answer) => return answer,
    };
    match access.set_pin(&person, form.field("password"), form.field("pin"), &headers).await {
        Ok(browser) => {
            attempt.is_right();
            tracing::info!(%address, "a PIN on a browser");
            let mut response = see_other(ours(&next).unwrap_or("/shops"));
            response.headers_mut().extend(browser::set_cookie(&headers, &browser).map(|it| (header::SET_COOKIE, it)));
            response
        }
        Err(error) => {
            if error == PinError::SignIn(SignInError::Wrong) {
                attempt.is_wrong("wrong_password");
            } else {
                attempt.is_no_guess();
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
    let Ok(attempt) = server.access.attempts.begin(address, &login) else { return again("later") };
    match server.access.switch(&login, form.field("pin"), &headers).await {
        Ok((_, secrets)) => {
            attempt.is_right();
            tracing::info!(%address, "switched by a PIN");
            signed_in(&headers, &secrets, ours(&next).unwrap_or("/shops"))
        }
        Err(error) => {
            if error == PinError::Wrong {
                attempt.is_wrong("wrong_pin");
            } else {
                attempt.is_no_guess();
                tracing::warn!(%error, "switch: not looked up");
            }
            again(word(&error))
        }
    }
}
