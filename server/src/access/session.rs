//! Signing in and out, and the cookie in between.
//!
//! The cookie holds a secret of 256 bits, made anew at every sign-in; what the browser had before is ended. Its name says
//! `__Host-` wherever the connection is secure, so that no other host and no plain connection can set it; on loopback
//! without TLS browsers would not take such a name.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::values::Millis;
use store::{
    StoreError,
    access::{Login, PasswordHash, Person, SecretHash, Session},
};

use super::{
    browser,
    password::{PasswordError, check, is_old},
    secret::Secret,
};
use crate::{clock, http::guard::is_local};

const NAME: &str = "daybook_session";

/// Before the names of cookies on a secure connection.
const HOST_ONLY: &str = "__Host-";

const DAY: i64 = 86_400_000;
/// Milliseconds after which a session that nobody uses ends: a till that was put away over the holidays.
pub const IDLE: i64 = 14 * DAY;
/// Milliseconds after which it ends in any case.
pub const LONGEST: i64 = 90 * DAY;
/// How much of its idle time is gone before a use is written down.
pub const WRITTEN_AFTER: i64 = 3_600_000;

/// Why nobody was signed in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignInError {
    /// No such login, or another password: which of them is not said, and both take as long.
    #[error("no such login with this password")]
    Wrong,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("no randomness: {0}")]
    Random(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a browser keeps from a sign-in on.
pub struct Secrets {
    pub session: Secret,
    /// By which it is known, whoever uses it.
    pub browser: Secret,
}

impl Secrets {
    /// `Set-Cookie` for each; that of the browser lasts longer than the session again.
    pub fn cookies(&self, headers: &HeaderMap) -> impl Iterator<Item = HeaderValue> {
        set_cookie(headers, &self.session).into_iter().chain(browser::set_cookie(headers, &self.browser))
    }
}

pub(super) fn fresh() -> Result<Secret, SignInError> {
    Secret::fresh().map_err(|error| SignInError::Random(error.to_string()))
}

impl super::Access {
    /// Signs somebody in, and answers with who it is and what their browser is to keep.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        login: &str,
        password: String,
        headers: &HeaderMap,
    ) -> Result<(Person, Secrets), SignInError> {
        let person = match Login::parse(login) {
            Ok(login) => self.store.person_of(&login).await?,
            Err(_) => None,
        };
        let kept = person.as_ref().and_then(|person| person.password.clone());
        if !self.passwords.fits(password.clone(), kept.clone()).await? {
            return Err(SignInError::Wrong);
        }
        let person = person.ok_or(SignInError::Wrong)?;
        let person = match kept {
            Some(old) if is_old(&old) => self.hashed_anew(person, &old, password).await?,
            _ => person,
        };
        let secrets = self.begin_session(&person, headers).await?;
        Ok((person, secrets))
    }

    /// The same person, their password hashed by the parameters of now. Where another hash is kept by then, they have signed in
    /// twice at once, or it is another password.
    async fn hashed_anew(&self, person: Person, old: &PasswordHash, password: String) -> Result<Person, SignInError> {
        let hash = self.passwords.hash(password.clone()).await?;
        if self.store.replace_password(person.id, old, hash.clone()).await? {
            return Ok(Person { password: Some(hash), ..person });
        }
        let person = self.store.person(person.id).await?.ok_or(SignInError::Wrong)?;
        let fits = self.passwords.fits(password, person.password.clone()).await?;
        if fits { Ok(person) } else { Err(SignInError::Wrong) }
    }

    /// A session for somebody who has said who they are, by the password that `person` has. What the browser had before is
    /// ended. On a browser that is known it is used from the start on what that is in each shop: nothing is shown to a
    /// device that was shut out until its script says which one it is.
    ///
    /// # Errors
    /// [`SignInError`]; a password that is another one by now is [`SignInError::Wrong`].
    pub async fn begin_session(&self, person: &Person, headers: &HeaderMap) -> Result<Secrets, SignInError> {
        let secrets = self.add_session(person, headers).await?;
        // Behind the session: whoever sets another password ends those that are there by then.
        if !self.has_this_password(person).await? {
            self.store.end_session(&secrets.session.hash()).await?;
            return Err(SignInError::Wrong);
        }
        self.store.use_devices_of(&secrets.browser.hash(), &secrets.session.hash()).await?;
        self.sign_out(headers).await?;
        Ok(secrets)
    }

    /// Whether nobody has set another password since the person was read.
    pub(super) async fn has_this_password(&self, person: &Person) -> Result<bool, StoreError> {
        Ok(self.store.person(person.id).await?.is_some_and(|now| now.password == person.password))
    }

    pub(super) async fn add_session(&self, person: &Person, headers: &HeaderMap) -> Result<Secrets, SignInError> {
        let (session, browser) = (fresh()?, browser::of(headers)?);
        let now = clock::now();
        let added = Session {
            hash: session.hash(),
            person: person.id,
            begun_at: now,
            idle_until: later(now, IDLE),
            ends_at: later(now, LONGEST),
        };
        self.store.add_session(added).await?;
        Ok(Secrets { session, browser })
    }

    /// Gives whoever is signed in another password, if they know the one that they have. Whatever else they are signed in
    /// on ends; this browser goes on with the session that is answered.
    ///
    /// # Errors
    /// [`SignInError`]; a wrong current password is [`SignInError::Wrong`].
    pub async fn change_password(
        &self,
        person: &Person,
        current: String,
        new: String,
        headers: &HeaderMap,
    ) -> Result<Secrets, SignInError> {
        if !self.passwords.fits(current, person.password.clone()).await? {
            return Err(SignInError::Wrong);
        }
        let before = person.password.as_ref().ok_or(SignInError::Wrong)?;
        check(&new, &person.login).map_err(PasswordError::from)?;
        let hash = self.passwords.hash(new).await?;
        // Nobody changes one that was set meanwhile by knowing the one before.
        if !self.store.replace_password(person.id, before, hash.clone()).await? {
            return Err(SignInError::Wrong);
        }
        self.store.end_resets(person.id, clock::now()).await?;
        self.store.end_sessions(person.id).await?;
        self.begin_session(&Person { password: Some(hash), ..person.clone() }, headers).await
    }

    /// Ends the session that the request came with, if any.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Result<(), StoreError> {
        let Some(secret) = of_cookie(headers) else { return Ok(()) };
        self.store.end_session(&secret.hash()).await?;
        // Afterwards: a request beside this one may have asked for it just before.
        self.sessions.forget(&secret.hash());
        Ok(())
    }

    /// Who is signed in on the browser that sent the request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<Person>, StoreError> {
        let Some(secret) = of_cookie(headers) else { return Ok(None) };
        let hash = secret.hash();
        let now = clock::now();
        let found = self.sessions.get(&hash, async || self.session_of(&secret).await).await?;
        let Some((session, person)) = found.filter(|(session, _)| session.is_open(now)) else { return Ok(None) };
        if !self.read_only && later(now, IDLE).0 - session.idle_until.0 > WRITTEN_AFTER {
            self.store.keep_session(&hash, later(now, IDLE)).await?;
        }
        Ok(Some(person))
    }

    async fn session_of(&self, secret: &Secret) -> Result<Option<(Session, Person)>, StoreError> {
        let Some(session) = self.store.session(&secret.hash()).await? else { return Ok(None) };
        Ok(self.store.person(session.person).await?.map(|person| (session, person)))
    }
}

/// Of the secret in the request's cookie.
pub(super) fn hash_of(headers: &HeaderMap) -> Option<SecretHash> {
    of_cookie(headers).map(|secret| secret.hash())
}

pub(super) fn later(now: Millis, by: i64) -> Millis {
    Millis(now.0.saturating_add(by))
}

/// Whether a request says that it is a session's, good or not.
#[must_use]
pub fn is_named(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).any(|pair| {
        let name = pair.split('=').next().unwrap_or(pair).trim();
        name.strip_prefix(HOST_ONLY).unwrap_or(name) == NAME
    })
}

/// The secret in the cookie.
fn of_cookie(headers: &HeaderMap) -> Option<Secret> {
    Secret::parse(value_of(headers, NAME)?)
}

/// What stands in the cookie of the name that fits the connection. Under the plain name there is nothing anywhere else.
pub(super) fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = pairs.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        let known = if is_local(headers) { known } else { known.strip_prefix(HOST_ONLY)? };
        (known == name).then_some(value)
    });
    // Two of one name were not both set by us.
    found.next().filter(|_| found.next().is_none())
}

/// `Set-Cookie` that signs the browser in.
#[must_use]
fn set_cookie(headers: &HeaderMap, secret: &Secret) -> Option<HeaderValue> {
    cookie(headers, NAME, &secret.text(), LONGEST / 1_000)
}

/// `Set-Cookie` that makes the browser forget it.
#[must_use]
pub fn forget_cookie(headers: &HeaderMap) -> Option<HeaderValue> {
    cookie(headers, NAME, "", 0)
}

/// `Set-Cookie` by which the next page's script hears that somebody has signed out by a plain form, and that the copy of the
/// books which they left on the device is to go. It opens nothing.
#[must_use]
pub fn say_signed_out(headers: &HeaderMap, login: &str) -> Option<HeaderValue> {
    let (prefix, secure) = prefix_and_secure(headers);
    let login: String = form_urlencoded::byte_serialize(login.as_bytes()).collect();
    HeaderValue::from_str(&format!("{prefix}daybook_out={login}; Path=/; SameSite=Strict; Max-Age=31536000{secure}"))
        .ok()
}

/// Of a cookie's name, and of its attributes.
fn prefix_and_secure(headers: &HeaderMap) -> (&'static str, &'static str) {
    if is_local(headers) { ("", "") } else { (HOST_ONLY, "; Secure") }
}

/// `Set-Cookie` for no page's script, and for no other host.
pub(super) fn cookie(headers: &HeaderMap, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let (prefix, secure) = prefix_and_secure(headers);
    let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}
