//! Several people on one browser: each has signed in on it by their password and set a PIN, and switches to themselves by
//! that from then on.
//!
//! A browser is known again by a secret of its own, whoever uses it ([`browser`]). A PIN is worth nothing anywhere else, nor
//! when the device that the browser is was shut out, and after [`MOST_WRONG`] wrong tries in a row it is worth nothing here either, so four
//! digits are enough against whoever stands at the till. What each of them wrote without a network goes out in the
//! session of whoever is signed in: see [`Access::sender`].

use axum::http::HeaderMap;
use domain::{ShopSlug, books::Author};
use store::{
    StoreError,
    access::{Login, Member, Person, Pin},
};

use super::{
    Access, Denied, Kind, Visitor, browser,
    password::PasswordError,
    secret::Secret,
    session::{self, Secrets, SignInError, later},
};
use crate::clock;

/// Digits of a PIN.
const LEAST: usize = 4;
const MOST: usize = 6;
/// Wrong tries in a row, after which the password is needed.
pub const MOST_WRONG: u32 = 5;
/// Milliseconds for which a PIN is good, from when it was set: as long as a session at the most.
const LASTS: i64 = session::LONGEST;

/// Why there is no PIN, or nobody else is there by it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PinError {
    #[error("a PIN has {LEAST} to {MOST} digits")]
    Unfit,
    /// One that everybody would try first.
    #[error("a PIN must not be one digit over and over, or digits in a row")]
    Guessable,
    /// Not the PIN, no PIN here, or tried too often: which of them is not said, and all take as long.
    #[error("not this PIN")]
    Wrong,
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl From<StoreError> for PinError {
    fn from(error: StoreError) -> Self {
        Self::SignIn(error.into())
    }
}

impl From<PasswordError> for PinError {
    fn from(error: PasswordError) -> Self {
        Self::SignIn(error.into())
    }
}

/// # Errors
/// [`PinError::Unfit`], [`PinError::Guessable`].
pub fn check(pin: &str) -> Result<(), PinError> {
    if !(LEAST..=MOST).contains(&pin.len()) || !pin.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(PinError::Unfit);
    }
    let steps: Vec<i16> = pin.as_bytes().windows(2).map(|two| i16::from(two[1]) - i16::from(two[0])).collect();
    let is_row = [0, 1, -1].iter().any(|step| steps.iter().all(|each| each == step));
    if is_row { Err(PinError::Guessable) } else { Ok(()) }
}

impl Access {
    /// Gives somebody who is signed in a PIN on their browser, if they know their password. Answers with the secret that
    /// the browser is to keep.
    ///
    /// # Errors
    /// [`PinError`]; a wrong password is [`SignInError::Wrong`].
    pub async fn set_pin(
        &self,
        person: &Person,
        password: String,
        pin: String,
        headers: &HeaderMap,
    ) -> Result<Secret, PinError> {
        check(&pin)?;
        if !self.passwords.fits(password, person.password.clone()).await? {
            return Err(SignInError::Wrong.into());
        }
        let browser = browser::of(headers)?;
        let (now, hash) = (clock::now(), self.passwords.hash(pin).await?);
        let pin =
            Pin { browser: browser.hash(), person: person.id, hash, wrong: 0, set_at: now, ends_at: later(now, LASTS) };
        // Known before there is a PIN: the end of the device must be the end of it.
        if let Some(session) = session::hash_of(headers) {
            self.store.know_browser(&session, &browser.hash()).await?;
        }
        self.store.set_pin(pin).await?;
        // Behind the PIN: whoever sets another password ends those that are there by then.
        let is_theirs = self.has_this_password(person).await;
        if is_theirs != Ok(true) {
            self.store.end_pin(&browser.hash(), person.id).await?;
            is_theirs?;
            return Err(SignInError::Wrong.into());
        }
        Ok(browser)
    }

    /// Signs somebody else in on a browser that knows them. What it had before is ended.
    ///
    /// # Errors
    /// [`PinError`].
    pub async fn switch(&self, login: &str, pin: String, headers: &HeaderMap) -> Result<(Person, Secrets), PinError> {
        let (person, pin) = self.by_pin(login, pin, headers).await?;
        let secrets = self.go_on_with(&person, &pin, headers).await?;
        Ok((person, secrets))
    }

    /// A session for somebody who takes another's place, on the devices on which that one was.
    async fn go_on_with(&self, person: &Person, pin: &Pin, headers: &HeaderMap) -> Result<Secrets, PinError> {
        let secrets = self.add_session(person, headers).await?;
        let (session, browser) = (secrets.session.hash(), secrets.browser.hash());
        // Behind the session: with another password the PINs end first, and then the sessions that are there by then.
        let pins = self.store.pins(&browser).await?;
        if !pins.iter().any(|kept| kept.person == pin.person && kept.hash == pin.hash) {
            self.store.end_session(&session).await?;
            return Err(PinError::Wrong);
        }
        if let Some(before) = session::hash_of(headers) {
            self.store.know_browser(&before, &browser).await?;
            self.store.carry_devices(&before, &session).await?;
        }
        self.store.use_devices_of(&browser, &session).await?;
        self.sign_out(headers).await?;
        Ok(secrets)
    }

    /// Somebody who shares the browser, with the role that they have in the shop, who says by their PIN that they agree to
    /// something. Nobody else signs in by that.
    ///
    /// # Errors
    /// [`PinError`]: `Wrong` too for somebody who does not belong to the shop.
    pub async fn agrees(
        &self,
        shop: &ShopSlug,
        login: &str,
        pin: String,
        headers: &HeaderMap,
    ) -> Result<Author, PinError> {
        let (person, _) = self.by_pin(login, pin, headers).await?;
        let member = self.store.member(shop, person.id).await?;
        let role = member.and_then(|member| member.active()).ok_or(PinError::Wrong)?;
        Ok(Author { actor: person.login.as_str().into(), role })
    }

    /// Whose PIN on this browser it is, and the PIN.
    async fn by_pin(&self, login: &str, pin: String, headers: &HeaderMap) -> Result<(Person, Pin), PinError> {
        let person = match Login::parse(login) {
            Ok(login) => self.store.person_of(&login).await?,
            Err(_) => None,
        };
        // Whoever is sent away from the queue has not tried.
        let place = self.passwords.place()?;
        let tried = match (&person, browser::known(headers)) {
            (Some(person), Some(browser)) => {
                self.store.try_pin(&browser.hash(), person.id, MOST_WRONG, clock::now()).await?
            }
            _ => None,
        };
        let kept = tried.as_ref().map(|pin| pin.hash.clone());
        if !self.passwords.fits_in(place, pin, kept).await? {
            return Err(PinError::Wrong);
        }
        let (Some(person), Some(pin)) = (person, tried) else { return Err(PinError::Wrong) };
        self.store.pin_was_right(&pin.browser, person.id).await?;
        Ok((person, pin))
    }

    /// Who can switch to themselves on the browser that sent the request, of those who belong to the shop.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn colleagues(&self, headers: &HeaderMap, shop: &ShopSlug) -> Result<Vec<(Person, Member)>, StoreError> {
        let mut found = Vec::new();
        for pin in self.open_pins(headers).await? {
            let (person, member) = (self.store.person(pin.person).await?, self.store.member(shop, pin.person).await?);
            found.extend(person.zip(member.filter(|member| member.active().is_some())));
        }
        found.sort_by(|(one, _), (other, _)| one.login.cmp(&other.login));
        Ok(found)
    }

    async fn open_pins(&self, headers: &HeaderMap) -> Result<Vec<Pin>, StoreError> {
        let Some(browser) = browser::known(headers) else { return Ok(Vec::new()) };
        let (mut pins, now) = (self.store.pins(&browser.hash()).await?, clock::now());
        pins.retain(|pin| pin.is_open(MOST_WRONG, now));
        Ok(pins)
    }

    /// As whom a visitor writes who says whose work they bring: as themselves, or as somebody who shares their browser and
    /// could switch to themselves on it, with the role that they have in the shop now. Who wrote what while there was
    /// no network is the browser's word; it is taken for people who have all shown it their password, and for nobody else.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn sender(
        &self,
        headers: &HeaderMap,
        shop: &ShopSlug,
        visitor: Visitor,
        login: Option<&str>,
    ) -> Result<Author, Denied> {
        let Some(login) = login.filter(|login| **login != *visitor.author.actor && visitor.kind == Kind::Person) else {
            return Ok(visitor.author);
        };
        let colleagues = self.colleagues(headers, shop).await?;
        let found = colleagues.into_iter().find(|(person, _)| person.login.as_str() == login);
        let found = found.and_then(|(person, member)| Some((person, member.active()?)));
        let (person, role) = found.ok_or(Denied::NotSignedIn)?;
        Ok(Author { actor: person.login.as_str().into(), role })
    }

    /// Signs out for good: whoever leaves cannot be switched to on this browser any more.
    ///
    /// # Errors
    /// When the session has not ended, since the database does not answer.
    pub async fn leave(&self, headers: &HeaderMap) -> Result<(), StoreError> {
        // The PIN first: whose it is, is known by the session alone. It keeps nobody signed in.
        if let Err(error) = self.end_pin_here(headers).await {
            tracing::warn!(%error, "sign-out: a PIN ends by itself");
        }
        self.sign_out(headers).await
    }

    async fn end_pin_here(&self, headers: &HeaderMap) -> Result<(), StoreError> {
        if let (Some(person), Some(browser)) = (self.signed_in(headers).await?, browser::known(headers)) {
            self.store.end_pin(&browser.hash(), person.id).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use domain::values::Millis;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn nobody_goes_on_by_a_pin_that_ended_while_it_was_looked_at() {
        let kept = store::open("memory:").await.unwrap().access();
        let access = Access::new(kept.clone(), false);
        let browser = Secret::fresh().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1"));
        headers.insert(header::COOKIE, format!("daybook_browser={}", browser.text()).parse().unwrap());
        let login = Login::parse("asha").unwrap();
        let asha = Person { id: Uuid::now_v7(), login, name: "Asha".into(), password: None, added_at: Millis(0) };
        let hash = access.passwords.hash("2580".to_owned()).await.unwrap();
        let (set_at, ends_at) = (clock::now(), later(clock::now(), LASTS));
        let set = Pin { browser: browser.hash(), person: asha.id, hash, wrong: 0, set_at, ends_at };
        kept.add_person(asha.clone()).await.unwrap();
        kept.set_pin(set.clone()).await.unwrap();

        let (person, pin) = access.by_pin("asha", "2580".to_owned(), &headers).await.unwrap();
        assert!(access.go_on_with(&person, &pin, &headers).await.is_ok());
        kept.end_sessions(asha.id).await.unwrap();
        assert!(matches!(access.go_on_with(&person, &pin, &headers).await, Err(PinError::Wrong)));
        let another = access.passwords.hash("314159".to_owned()).await.unwrap();
        kept.set_pin(Pin { hash: another, ..set }).await.unwrap();
        assert!(matches!(access.go_on_with(&person, &pin, &headers).await, Err(PinError::Wrong)), "set anew");
        assert_eq!(kept.sessions(asha.id).await.unwrap(), []);
    }

    #[test]
    fn a_pin_has_four_to_six_digits_and_is_not_the_first_that_anybody_tries() {
        for pin in ["2580", "19850", "314159", "0102"] {
            assert_eq!(check(pin), Ok(()), "{pin}");
        }
        for pin in ["", "123", "1234567", "12a4", "١٢٣٤", " 2580"] {
            assert_eq!(check(pin), Err(PinError::Unfit), "{pin}");
        }
        for pin in ["0000", "1234", "654321", "99999"] {
            assert_eq!(check(pin), Err(PinError::Guessable), "{pin}");
        }
    }
}
