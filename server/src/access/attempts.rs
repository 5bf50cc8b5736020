//! How often somebody has guessed: a pause that grows with each wrong password, and never a lock.
//!
//! Counted by address, and by login from one address: whoever guesses makes themselves wait, and not the person whose
//! login it is, who comes from elsewhere. What is counted is forgotten after a while, and with the process.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::log;

/// Wrong passwords before the first pause: for one login, and for an address, behind which there may be a whole shop.
const FREE_OF_LOGIN: u32 = 5;
const FREE_OF_ADDRESS: u32 = 20;
const LONGEST: Duration = Duration::from_secs(300);
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// Rows kept; with more of them, the oldest are as good as forgotten.
const MOST: usize = 20_000;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Login(IpAddr, String),
}

struct Row {
    wrong: u32,
    last: Instant,
}

/// See the module.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Key, Row>>);

/// Somebody has tried too often, and waits first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("tried too often; wait {0:?}")]
pub struct TooOften(pub Duration);

/// A try of one password or PIN. It counts as wrong from its beginning on, so that a crowd of them at once is counted too,
/// and unless somebody says otherwise.
#[must_use]
pub struct Attempt<'a> {
    attempts: &'a Attempts,
    from: IpAddr,
    login: String,
}

impl Attempt<'_> {
    /// It was the right one, or something else was wrong with what was asked for.
    pub fn is_no_guess(self) {
        self.attempts.forgive(self.from, &self.login);
    }

    /// Writes down that it was not the right one, with a word for what it was.
    pub fn is_wrong(self, code: &'static str) {
        log::not_signed_in(self.from, &self.login, code);
    }
}

fn pause(wrong: u32, free: u32) -> Duration {
    match wrong.checked_sub(free) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1_u64 << more.min(9)).min(LONGEST),
    }
}

impl Attempts {
    fn rows(&self) -> MutexGuard<'_, HashMap<Key, Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a try, or writes down that somebody has to wait first.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn begin(&self, from: IpAddr, login: &str) -> Result<Attempt<'_>, TooOften> {
        self.count(from, login, Instant::now()).inspect_err(|_| log::not_signed_in(from, login, "too_many_tries"))?;
        Ok(Attempt { attempts: self, from, login: login.to_owned() })
    }

    fn count(&self, address: IpAddr, login: &str, now: Instant) -> Result<(), TooOften> {
        let (address, mut rows) = (place(address), self.rows());
        if rows.len() >= MOST {
            rows.retain(|_, row| now.saturating_duration_since(row.last) < FORGOTTEN_AFTER);
        }
        let keys = [(Key::Address(address), FREE_OF_ADDRESS), (Key::Login(address, of(login)), FREE_OF_LOGIN)];
        let wait = keys.iter().filter_map(|(key, free)| {
            let row = rows.get(key)?;
            let gone = now.saturating_duration_since(row.last);
            (gone < FORGOTTEN_AFTER).then(|| pause(row.wrong, *free).saturating_sub(gone))
        });
        match wait.max() {
            Some(wait) if !wait.is_zero() => Err(TooOften(wait)),
            _ => {
                for (key, _) in keys {
                    let row = rows.entry(key).or_insert(Row { wrong: 0, last: now });
                    if now.saturating_duration_since(row.last) >= FORGOTTEN_AFTER {
                        row.wrong = 0;
                    }
                    (row.wrong, row.last) = (row.wrong.saturating_add(1), now);
                }
                Ok(())
            }
        }
    }

    /// Takes one try back, and all that were wrong for this login.
    pub fn forgive(&self, address: IpAddr, login: &str) {
        let (address, mut rows) = (place(address), self.rows());
        rows.remove(&Key::Login(address, of(login)));
        if let Some(row) = rows.get_mut(&Key::Address(address)) {
            row.wrong = row.wrong.saturating_sub(1);
        }
    }
}

/// Of the newer addresses whoever has one has 2⁶⁴ of them: what they have in common is one place.
fn place(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

/// Upper and lower case are one, and a text of any length takes no more room than a login.
fn of(login: &str) -> String {
    login.trim().to_lowercase().chars().take(254).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn of_a_thousand_guesses_in_an_hour_few_are_tried_and_others_get_in() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        let mut tried = 0;
        for number in 0..1_000 {
            let now = begun + Duration::from_millis(3_600 * number);
            tried += u32::from(attempts.count(HERE, "Asha", now).is_ok());
        }
        assert!((10..30).contains(&tried), "{tried}");
        let now = begun + Duration::from_secs(3_599);
        assert!(attempts.count(HERE, "ASHA ", now).is_err(), "in other letters");
        assert_eq!(attempts.count(THERE, "asha", now), Ok(()));
        assert_eq!(attempts.count(HERE, "asha", now + FORGOTTEN_AFTER), Ok(()));
    }

    #[test]
    fn an_address_that_tries_one_password_on_many_waits_too() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let tried = (0..100).filter(|number| attempts.count(HERE, &format!("person {number}"), now).is_ok()).count();
        assert_eq!(tried, FREE_OF_ADDRESS as usize);
    }

    #[test]
    fn whoever_changes_the_address_within_their_network_waits_all_the_same() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let address = |number: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, number]);
        let tried = (0..100).filter(|number| attempts.count(address(*number), "asha", now).is_ok()).count();
        assert_eq!(tried, FREE_OF_LOGIN as usize);
        assert_eq!(attempts.count(IpAddr::from([0x2001, 0xdb8, 0, 8, 0, 0, 0, 1]), "asha", now), Ok(()));
    }

    #[test]
    fn the_pause_grows_and_ends_and_the_right_password_is_forgiven() {
        let pauses: Vec<_> = (0..20).map(|wrong| pause(wrong, 5).as_secs()).collect();
        assert_eq!(pauses[..10], [0, 0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert_eq!(pauses[19], LONGEST.as_secs());
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(attempts.count(HERE, "asha", now), Ok(()));
            attempts.forgive(HERE, "asha");
        }
    }
}
