//! Passwords: argon2id, a few at a time.
//!
//! Each hash takes 19 MiB and some hundredths of a second on purpose. Without a bound, a crowd at the door would take
//! the memory from everybody else, and the processors too; so they queue, on threads that step back behind those that serve
//! requests. When the queue is long, the next one is sent away at once.

mod common;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use store::access::{Login, PasswordHash};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// KiB, rounds, lanes: the least that OWASP advises. A hash carries its own, so they can be raised at any time.
const MEMORY: u32 = 19_456;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;

/// Hashes at a time.
const AT_A_TIME: usize = 2;
/// Those that are made or wait: some seconds of work.
const MOST_WAITING: usize = 256;
/// How far such a thread steps back, of 19. Under load a tenth of a processor is left for it, so that people still get in.
const NICE: i32 = 10;

/// Characters. No upper bound that a person would meet; the bytes bound what one request can make us hash.
const LEAST: usize = 8;
const MOST_BYTES: usize = 1024;

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    #[error("must have at least {LEAST} characters")]
    TooShort,
    #[error("must have at most {MOST_BYTES} bytes")]
    TooLong,
    /// Made of the login or the program's name, a row of keys, or among those that everybody tries.
    #[error("must not be one that everybody would try first")]
    Guessable,
}

/// Why a password could not be hashed or looked at.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password {0}")]
    Unfit(#[from] Unfit),
    #[error("too many passwords at once")]
    Busy,
    #[error("a password could not be hashed: {problem}")]
    Hashing { problem: String },
}

fn hashing(problem: &dyn std::fmt::Display) -> PasswordError {
    PasswordError::Hashing { problem: problem.to_string() }
}

/// What is looked at where there is no such person, so that both take as long.
static NOBODY: LazyLock<Option<PasswordHash>> = LazyLock::new(|| hash("nobody has this password").ok());

/// # Errors
/// [`Unfit`]. No rules of composition: length is what counts.
pub fn check(password: &str, login: &Login) -> Result<(), Unfit> {
    if password.chars().count() < LEAST {
        return Err(Unfit::TooShort);
    }
    if password.len() > MOST_BYTES {
        return Err(Unfit::TooLong);
    }
    let (lower, login) = (password.to_lowercase(), login.as_str());
    let name = login.split('@').next().unwrap_or(login);
    let guesses = [login, name, "daybook"];
    let left = guesses.iter().fold(lower, |rest, guess| rest.replace(guess, ""));
    // Nothing but such words, and digits behind them.
    let is_of_words = left.chars().all(|letter| letter.is_ascii_digit()) && left.len() < LEAST;
    if is_of_words || common::is_common(password) { Err(Unfit::Guessable) } else { Ok(()) }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY, ROUNDS, LANES, None).map_err(|error| hashing(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<PasswordHash, PasswordError> {
    let hashed = argon2()?.hash_password(password.as_bytes()).map_err(|error| hashing(&error))?;
    Ok(PasswordHash(hashed.to_string()))
}

fn fits(password: &str, kept: &PasswordHash) -> bool {
    let parsed = phc::PasswordHash::new(&kept.0);
    // The parameters are those in the hash.
    parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

/// Whether the hash was made with other parameters than are used now: to be made again at the next sign-in.
#[must_use]
pub fn is_old(kept: &PasswordHash) -> bool {
    !kept.0.starts_with(&format!("$argon2id$v=19$m={MEMORY},t={ROUNDS},p={LANES}$"))
}

/// Lets every other thread of the machine go first. Where that is not possible, it goes as it is.
fn step_back() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// A place in the queue, for one password.
#[must_use]
pub struct Place(OwnedSemaphorePermit);

/// Where passwords are hashed and looked at. One for the whole process.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Hashes that were made.
    made: Arc<AtomicU64>,
}

impl Default for Passwords {
    fn default() -> Self {
        let semaphore = |most| Arc::new(Semaphore::new(most));
        Self { turns: semaphore(AT_A_TIME), places: semaphore(MOST_WAITING), made: Arc::default() }
    }
}

impl Passwords {
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: String) -> Result<PasswordHash, PasswordError> {
        self.in_turn(self.place()?, move || hash(&password)).await?
    }

    /// For whoever has something to do between coming in and being looked at.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when the queue is too long.
    pub fn place(&self) -> Result<Place, PasswordError> {
        self.places.clone().try_acquire_owned().map(Place).map_err(|_| PasswordError::Busy)
    }

    /// Whether this is the password. Without one to compare with it is not, and saying so takes as long.
    ///
    /// # Errors
    /// [`PasswordError::Busy`], [`PasswordError::Hashing`].
    pub async fn fits(&self, password: String, kept: Option<PasswordHash>) -> Result<bool, PasswordError> {
        self.fits_in(self.place()?, password, kept).await
    }

    /// The same for whoever has a place already.
    ///
    /// # Errors
    /// [`PasswordError::Hashing`].
    pub async fn fits_in(
        &self,
        place: Place,
        password: String,
        kept: Option<PasswordHash>,
    ) -> Result<bool, PasswordError> {
        self.in_turn(place, move || {
            let is_known = kept.is_some();
            let looked_at = kept.or_else(|| NOBODY.clone());
            looked_at.is_some_and(|kept| fits(&password, &kept)) && is_known
        })
        .await
    }

    /// How many hashes were made: the work that everybody at the door has caused.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        Place(place): Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|error| hashing(&error))?;
        self.made.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = tokio::sync::oneshot::channel();
        let thread = move || {
            step_back();
            let done = work();
            drop((turn, place));
            // Whoever asked may have gone away.
            let _ = answer.send(done);
        };
        thread::Builder::new().name("password".to_owned()).spawn(thread).map_err(|error| hashing(&error))?;
        answered.await.map_err(|error| hashing(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_with_its_parameters() {
        let passwords = Passwords::default();
        for password in ["correct horse battery", "  blanks count  ", &"ß".repeat(64)] {
            let kept = passwords.hash(password.to_owned()).await.unwrap();
            assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.0);
            assert!(!is_old(&kept));
            let fits = async |text: &str| passwords.fits(text.to_owned(), Some(kept.clone())).await.unwrap();
            assert!(fits(password).await);
            assert!(!fits(password.trim()).await || password.trim() == password);
            assert!(!fits(&password.to_uppercase()).await);
            assert!(!fits("").await);
        }
        let again = passwords.hash("correct horse battery".to_owned()).await.unwrap();
        assert_ne!(again, passwords.hash("correct horse battery".to_owned()).await.unwrap(), "salted");
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_other_parameters_are_read() {
        let passwords = Passwords::default();
        assert!(!passwords.fits("nobody has this password".to_owned(), None).await.unwrap());
        let other = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        let old = PasswordHash(other.hash_password(b"correct horse").unwrap().to_string());
        assert!(is_old(&old));
        assert!(passwords.fits("correct horse".to_owned(), Some(old)).await.unwrap());
        let garbage = PasswordHash("not a hash".to_owned());
        assert!(!passwords.fits("not a hash".to_owned(), Some(garbage)).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_waits_and_whoever_comes_when_it_is_too_long_is_sent_away() {
        let passwords = Passwords::default();
        let all_turns = passwords.turns.clone().acquire_many_owned(u32::try_from(AT_A_TIME).unwrap()).await.unwrap();
        let mut waiting: Vec<_> = (0..MOST_WAITING).map(|_| Box::pin(passwords.fits(String::new(), None))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one.as_mut()).is_pending());
        }
        assert_eq!(passwords.fits(String::new(), None).await, Err(PasswordError::Busy));
        assert_eq!(passwords.made(), 0);
        // Whoever goes away leaves their place.
        waiting.truncate(1);
        drop(all_turns);
        assert_eq!(passwords.fits(String::new(), None).await, Ok(false));
        assert_eq!(waiting.remove(0).await, Ok(false));
    }

    #[test]
    fn length_counts_and_words_that_everybody_would_try_do_not() {
        let login = Login::parse("asha@corner.example").unwrap();
        let said = |password: &str| check(password, &login);
        assert_eq!(said("1234567"), Err(Unfit::TooShort));
        assert_eq!(said("éüéüéüéü"), Ok(()));
        assert_eq!(said(&"xylophone ".repeat(6)), Ok(()));
        assert_eq!(said(&"xy".repeat(512)), Ok(()));
        assert_eq!(said(&"xy".repeat(513)), Err(Unfit::TooLong));
        for guess in ["asha@corner.example", "Asha1234", "daybook1", "DAYBOOKdaybook", "ashaASHA"] {
            assert_eq!(said(guess), Err(Unfit::Guessable), "{guess}");
        }
        assert_eq!(said("asha likes oat bread"), Ok(()));
    }
}
