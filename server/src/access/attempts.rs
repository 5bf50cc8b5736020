//! How often somebody has guessed: a pause that grows with each wrong password, and never a lock.
//!
//! Counted by address, and by login from one address: whoever guesses makes themselves wait, and not the person whose
//! login it is, who comes from elsewhere. Behind an address there may be a whole shop in which somebody is wrong now and
//! then, all day: what was wrong fades, whoever is let in changes nothing about it, and nothing else is counted. All of it
//! is forgotten with the process.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::log;

/// Wrong passwords before the first pause: for one login, and for an address.
const FREE_OF_LOGIN: u32 = 5;
const FREE_OF_ADDRESS: u32 = 20;
const LONGEST: Duration = Duration::from_secs(300);
/// How often half of what was wrong is forgotten. An address that is wrong once a minute never waits; one that never stops
/// guessing gets about fifteen tries in each ten minutes. A login is its person's alone, who takes all back by being right.
const HALF_OF_LOGIN: Duration = Duration::from_secs(3_600);
const HALF_OF_ADDRESS: Duration = Duration::from_secs(600);
/// Rows kept. When there are as many, an eighth of them goes, so that not every try has to look for the one to go.
const MOST: usize = 20_000;
const KEPT_OF_MOST: usize = MOST - MOST / 8;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Login(IpAddr, String),
}

impl Key {
    fn free(&self) -> u32 {
        if matches!(self, Self::Address(_)) { FREE_OF_ADDRESS } else { FREE_OF_LOGIN }
    }

    fn half(&self) -> Duration {
        if matches!(self, Self::Address(_)) { HALF_OF_ADDRESS } else { HALF_OF_LOGIN }
    }
}

/// Under what a try is counted.
fn keys(address: IpAddr, login: &str) -> [Key; 2] {
    let address = place(address);
    [Key::Address(address), Key::Login(address, of(login))]
}

struct Row {
    wrong: u32,
    /// When the last of them was.
    wrong_at: Instant,
    /// When half of them was forgotten last.
    halved_at: Instant,
    under_way: u32,
    /// When the last of those was begun.
    begun_at: Instant,
}

impl Row {
    fn new(now: Instant) -> Self {
        Self { wrong: 0, wrong_at: now, halved_at: now, under_way: 0, begun_at: now }
    }

    fn fade(&mut self, half: Duration, now: Instant) {
        while self.wrong > 0 && now.saturating_duration_since(self.halved_at) >= half {
            self.wrong /= 2;
            self.halved_at += half;
        }
    }

    fn add_wrong(&mut self, now: Instant) {
        if self.wrong == 0 {
            self.halved_at = now;
        }
        (self.wrong, self.wrong_at) = (self.wrong.saturating_add(1), now);
    }

    /// What is under way counts as wrong: a crowd of tries at once is no better than one after the other.
    fn counted(&self) -> u32 {
        self.wrong.saturating_add(self.under_way)
    }

    fn counted_at(&self) -> Instant {
        if self.under_way > 0 { self.wrong_at.max(self.begun_at) } else { self.wrong_at }
    }
}

/// See the module.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Key, Row>>);

/// Somebody has tried too often, and waits first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("tried too often; wait {0:?}")]
pub struct TooOften(pub Duration);

/// What a try turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Right,
    /// Nobody knows, or something else was wrong with what was asked for.
    NoGuess,
    Wrong,
}

/// A try of one password or PIN, or of whether a login is taken. It counts as wrong from its beginning on, so that a crowd
/// of them at once is counted too, and unless somebody says otherwise before it is dropped.
#[must_use]
pub struct Attempt<'a> {
    attempts: &'a Attempts,
    from: IpAddr,
    login: String,
    end: End,
}

impl Attempt<'_> {
    /// It was the right one: all that was wrong for this login is forgiven.
    pub fn is_right(mut self) {
        self.end = End::Right;
    }

    /// It was not looked at, or something else was wrong with what was asked for: as if it had not been.
    pub fn is_no_guess(mut self) {
        self.end = End::NoGuess;
    }

    /// Writes down that it was not the right one, with a word for what it was.
    pub fn is_wrong(self, code: &'static str) {
        log::not_signed_in(self.from, &self.login, code);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.attempts.end(self.from, &self.login, self.end, Instant::now());
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
        Ok(Attempt { attempts: self, from, login: login.to_owned(), end: End::Wrong })
    }

    fn count(&self, address: IpAddr, login: &str, now: Instant) -> Result<(), TooOften> {
        let (keys, mut rows) = (keys(address, login), self.rows());
        let wait = keys.iter().filter_map(|key| {
            let row = rows.get_mut(key)?;
            row.fade(key.half(), now);
            let gone = now.saturating_duration_since(row.counted_at());
            Some(pause(row.counted(), key.free()).saturating_sub(gone))
        });
        match wait.max() {
            Some(wait) if !wait.is_zero() => Err(TooOften(wait)),
            _ => {
                for key in keys {
                    let row = row_of(&mut rows, key, now);
                    (row.under_way, row.begun_at) = (row.under_way.saturating_add(1), now);
                }
                Ok(())
            }
        }
    }

    fn end(&self, address: IpAddr, login: &str, end: End, now: Instant) {
        let mut rows = self.rows();
        for key in keys(address, login) {
            if end == End::Wrong {
                // Also where its row has gone since it was begun.
                row_of(&mut rows, key.clone(), now);
            }
            let Some(row) = rows.get_mut(&key) else { continue };
            row.fade(key.half(), now);
            row.under_way = row.under_way.saturating_sub(1);
            match (end, &key) {
                (End::Wrong, _) => row.add_wrong(now),
                (End::Right, Key::Login(..)) => row.wrong = 0,
                (End::Right | End::NoGuess, _) => {}
            }
            if row.counted() == 0 {
                rows.remove(&key);
            }
        }
    }

    /// Takes one try back, and all that were wrong for this login.
    pub fn forgive(&self, address: IpAddr, login: &str) {
        self.end(address, login, End::Right, Instant::now());
    }
}

fn row_of(rows: &mut HashMap<Key, Row>, key: Key, now: Instant) -> &mut Row {
    if rows.len() >= MOST && !rows.contains_key(&key) {
        make_room(rows, now);
    }
    rows.entry(key).or_insert_with(|| Row::new(now))
}

/// What has faded goes, then who need not wait, the oldest first, and only then who does: guessers get rid of nothing by
/// coming from everywhere.
fn make_room(rows: &mut HashMap<Key, Row>, now: Instant) {
    rows.retain(|key, row| {
        row.fade(key.half(), now);
        row.counted() > 0
    });
    let mut by_worth: Vec<_> =
        rows.iter().map(|(key, row)| (row.counted() >= key.free(), row.counted_at(), key.clone())).collect();
    by_worth.sort_unstable_by_key(|(waits, at, _)| (*waits, *at));
    let too_many = by_worth.len().saturating_sub(KEPT_OF_MOST);
    for (_, _, key) in by_worth.into_iter().take(too_many) {
        rows.remove(&key);
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

    fn tries(attempts: &Attempts, login: &str, end: End, now: Instant) -> Result<(), TooOften> {
        attempts.count(HERE, login, now)?;
        attempts.end(HERE, login, end, now);
        Ok(())
    }

    #[test]
    fn of_a_thousand_guesses_in_an_hour_few_are_tried_and_others_get_in() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        let mut tried = 0;
        for number in 0..1_000 {
            let now = begun + Duration::from_millis(3_600 * number);
            tried += u32::from(tries(&attempts, "Asha", End::Wrong, now).is_ok());
        }
        assert!((10..30).contains(&tried), "{tried}");
        let now = begun + Duration::from_secs(3_599);
        assert!(attempts.count(HERE, "ASHA ", now).is_err(), "in other letters");
        assert_eq!(attempts.count(THERE, "asha", now), Ok(()));
        assert_eq!(attempts.count(HERE, "asha", now + HALF_OF_LOGIN), Ok(()));
    }

    #[test]
    fn an_address_that_tries_one_password_on_many_waits_too() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let tried = (0..100).filter(|number| attempts.count(HERE, &format!("person {number}"), now).is_ok()).count();
        assert_eq!(tried, FREE_OF_ADDRESS as usize);
    }

    #[test]
    fn an_address_that_never_stops_guessing_gets_a_hundred_tries_an_hour_at_the_most() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        let mut tried = 0;
        for second in 0..36_000 {
            let (now, login) = (begun + Duration::from_secs(second), format!("person {second}"));
            tried += u32::from(tries(&attempts, &login, End::Wrong, now).is_ok());
        }
        assert!((200..1_000).contains(&tried), "{tried}");
    }

    #[test]
    fn a_shop_in_which_somebody_is_wrong_every_minute_and_many_are_right_never_waits() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        for minute in 0..600 {
            let now = begun + Duration::from_secs(60 * minute);
            let (right, wrong) = (format!("person {}", minute % 7), format!("person {}", minute % 30));
            for second in 0..10 {
                assert_eq!(tries(&attempts, &right, End::Right, now + Duration::from_secs(second)), Ok(()), "{minute}");
            }
            assert_eq!(tries(&attempts, &wrong, End::Wrong, now + Duration::from_secs(30)), Ok(()), "{minute}");
        }
    }

    #[test]
    fn whoever_is_let_in_makes_nobody_else_wait() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        for number in 0..FREE_OF_ADDRESS {
            assert_eq!(tries(&attempts, &format!("person {number}"), End::Wrong, begun), Ok(()));
        }
        assert_eq!(attempts.count(HERE, "asha", begun), Err(TooOften(Duration::from_secs(1))));
        for login in ["asha", "marek", "ines"] {
            assert_eq!(tries(&attempts, login, End::Right, begun + Duration::from_secs(1)), Ok(()), "{login}");
        }
    }

    #[test]
    fn what_was_no_guess_counts_for_nothing_and_takes_no_guess_back() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(tries(&attempts, "asha", End::NoGuess, now), Ok(()));
        }
        assert!(attempts.rows().is_empty());
        for _ in 0..FREE_OF_LOGIN {
            assert_eq!(tries(&attempts, "asha", End::NoGuess, now), Ok(()));
            assert_eq!(tries(&attempts, "asha", End::Wrong, now), Ok(()));
        }
        assert!(attempts.count(HERE, "asha", now).is_err());
    }

    #[test]
    fn a_try_of_which_nobody_says_what_it_was_is_wrong() {
        let attempts = Attempts::default();
        for _ in 0..FREE_OF_LOGIN {
            drop(attempts.begin(HERE, "asha").unwrap());
        }
        assert!(attempts.begin(HERE, "asha").is_err());
    }

    #[test]
    fn whoever_comes_from_everywhere_fills_no_memory_and_pushes_no_pause_out() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        for _ in 0..20 {
            let _ = tries(&attempts, "asha", End::Wrong, begun);
        }
        let now = begun + Duration::from_millis(900);
        for number in 0..u32::try_from(MOST).unwrap() {
            let address = IpAddr::V4((0x0a00_0000 + number).into());
            assert_eq!(attempts.count(address, "asha", now), Ok(()));
            attempts.end(address, "asha", End::Wrong, now);
            assert!(attempts.rows().len() <= MOST);
        }
        assert!(attempts.count(HERE, "asha", now).is_err());
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
