//! What people do about themselves: another password, also a forgotten one, and where else they are signed in.

use std::net::IpAddr;

use axum::{Extension, body::Bytes, extract::State, http::HeaderMap, response::Response};
use store::access::Person;

use super::{
    Shared,
    peer::Peer,
    people::{reset_word, unfit},
    redirect::{see_other, see_other_with},
    sign_in::{self, SentForm},
};
use crate::access::{Access, attempts::Attempt, session::SignInError};

/// `POST /reset`, a form with `code` and `password`. Whoever has set another password signs in with it.
pub async fn reset(State(server): Shared, Extension(Peer(address)): Extension<Peer>, body: Bytes) -> Response {
    let form = SentForm(body);
    let code = form.field("code");
    match server.access.reset(&code, form.field("password")).await {
        Ok(_) => {
            tracing::info!(%address, "another password by a reset");
            see_other("/sign-in?done=reset")
        }
        Err(error) => {
            let problem = reset_word(&error);
            tracing::info!(%address, code = problem, "no other password by a reset");
            let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
            see_other_with(&format!("/reset/{code}"), &[("problem", problem)])
        }
    }
}

/// `POST /session/elsewhere`, a form with the name of a `session`, which is ended; without one, all but this. Also from a
/// device that was shut out: that is so in one shop, and this is about the person, in all of theirs.
pub async fn end_elsewhere(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (form, access) = (SentForm(body), &server.access);
    let name = Some(form.field("session")).filter(|name| !name.is_empty());
    let ended = async {
        let Some(person) = access.signed_in(&headers).await? else { return Ok(None) };
        access.end_elsewhere(&person, name.as_deref(), &headers).await.map(Some)
    };
    match ended.await {
        Ok(None) => see_other("/sign-in"),
        Ok(Some(ended)) => {
            tracing::info!(%address, ended, "sessions ended by their person");
            see_other("/password?done=ended")
        }
        Err::<_, store::StoreError>(error) => {
            tracing::warn!(%address, code = "unavailable", %error, "sessions not ended");
            see_other("/password?problem=unavailable")
        }
    }
}

/// Whoever is signed in and is about to show their password, or the answer to somebody who may not try it now: whoever sits at
/// a till that somebody else has left open guesses as at the door.
pub(super) async fn shows_password<'a>(
    access: &'a Access,
    address: IpAddr,
    headers: &HeaderMap,
    problem: impl Fn(&str) -> Response,
) -> Result<(Person, Attempt<'a>), Response> {
    let person = access.signed_in(headers).await.map_err(|_| problem("unavailable"))?;
    let person = person.ok_or_else(|| see_other("/sign-in"))?;
    let attempt = access.attempts.begin(address, person.login.as_str()).map_err(|_| problem("later"))?;
    Ok((person, attempt))
}

/// `POST /session/password`, a form with `current` and `password`.
pub async fn password(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (form, access) = (SentForm(body), &server.access);
    let problem = |word: &str| see_other_with("/password", &[("problem", word)]);
    let (person, attempt) = match shows_password(access, address, &headers, problem).await {
        Ok(begun) => begun,
        Err(answer) => return answer,
    };
    match access.change_password(&person, form.field("current"), form.field("password"), &headers).await {
        Ok(secrets) => {
            attempt.is_right();
            tracing::info!(%address, "another password");
            sign_in::signed_in(&headers, &secrets, "/password?done=1")
        }
        Err(SignInError::Wrong) => {
            attempt.is_wrong("wrong_password");
            problem("wrong")
        }
        Err(SignInError::Password(error)) => {
            attempt.is_no_guess();
            problem(unfit(&error))
        }
        Err(error) => {
            attempt.is_no_guess();
            tracing::warn!(%error, "another password: not looked up");
            problem("unavailable")
        }
    }
}
