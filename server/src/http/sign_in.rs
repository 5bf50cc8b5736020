//! The doors of people: `POST /session` signs in, `POST /session/end` signs out. Both redirect to a page that can be
//! read again; what went wrong stands in its address as a word. A script that has not signed somebody out is told by the
//! status.

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};

use store::access::Person;

use super::{
    Shared,
    pages::is_for_people,
    peer::Peer,
    problem::Problem,
    redirect::{see_other, see_other_with},
};
use crate::{
    access::{
        Access,
        session::{self, Secrets, SignInError},
    },
    shop::log::unavailable,
};

/// `POST /session`, a form with `login`, `password` and `next`, the page to go on to.
pub async fn post(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = SentForm(body);
    let (login, next) = (form.field("login"), form.field("next"));
    let again = |problem: &str| see_other_with("/sign-in", &[("problem", problem), ("next", &next)]);
    let Ok(attempt) = server.access.attempts.begin(address, &login) else { return again("later") };
    match server.access.sign_in(&login, form.field("password"), &headers).await {
        Ok((person, secrets)) => {
            attempt.is_right();
            tracing::info!(%address, "sign-in");
            match ours(&next) {
                Some(next) => signed_in(&headers, &secrets, next),
                None => signed_in(&headers, &secrets, &home(&server.access, &person).await),
            }
        }
        Err(SignInError::Wrong) => {
            attempt.is_wrong("wrong_password");
            again("wrong")
        }
        Err(error) => {
            attempt.is_no_guess();
            tracing::warn!(%error, "sign-in: not looked up");
            again("unavailable")
        }
    }
}

/// `POST /session/end`. Whoever could not be signed out keeps the cookie, without which nobody could try again.
pub async fn end(State(server): Shared, headers: HeaderMap) -> Response {
    let who = server.access.signed_in(&headers).await.ok().flatten();
    if let Err(error) = server.access.leave(&headers).await {
        let problem = Problem::from(unavailable(error));
        let page = is_for_people(&headers).then(|| see_other("/sign-out?problem=unavailable"));
        return page.unwrap_or_else(|| problem.into_response());
    }
    let mut response = see_other("/sign-in");
    response.headers_mut().extend(session::forget_cookie(&headers).map(|it| (header::SET_COOKIE, it)));
    // A script that signs somebody out has seen to the device before it says so here.
    let word = who.and_then(|person| session::say_signed_out(&headers, person.login.as_str()));
    if let Some(word) = word.filter(|_| is_for_people(&headers)) {
        response.headers_mut().append(header::SET_COOKIE, word);
    }
    response
}

/// A page of this server, or none, whatever the form says.
pub(super) fn ours(next: &str) -> Option<&str> {
    let is_page = next == "/start" || ["/s/", "/join/"].iter().any(|place| next.starts_with(place));
    let is_path = is_page && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_path.then_some(next)
}

/// Their shop, where they have one alone.
async fn home(access: &Access, person: &Person) -> String {
    match access.shops_of(person).await.as_deref() {
        Ok([only]) => format!("/s/{}", only.shop),
        _ => "/shops".to_owned(),
    }
}

/// A form as it was sent.
pub(super) struct SentForm(pub(super) Bytes);

impl SentForm {
    /// The first field of this name; empty where there is none.
    pub(super) fn field(&self, name: &str) -> String {
        let found = form_urlencoded::parse(&self.0).find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// All fields of this name, in their order.
    pub(super) fn fields(&self, name: &str) -> Vec<String> {
        let found = form_urlencoded::parse(&self.0).filter(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned()).collect()
    }
}

/// On to a page, with the session that was begun.
pub(super) fn signed_in(headers: &HeaderMap, secrets: &Secrets, to: &str) -> Response {
    let mut response = see_other(to);
    for cookie in secrets.cookies(headers) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_away() {
        for (next, expected) in [
            ("/s/demo/products?x=1", Some("/s/demo/products?x=1")),
            ("/join/daybook_x", Some("/join/daybook_x")),
            ("/start", Some("/start")),
            ("/start.evil.example", None),
            ("", None),
            ("//evil.example/s/", None),
            ("https://evil.example", None),
            ("/s/\\evil.example", None),
            ("/s/demo\r\nset-cookie: x", None),
            ("/s/../../x y", None),
        ] {
            assert_eq!(ours(next), expected, "{next:?}");
        }
    }
}
