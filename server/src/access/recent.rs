//! What was found out a moment ago, so that not every request asks the database who is there.
//!
//! An answer is good for a quarter of a second: what was revoked is out well within one. While the database does not
//! answer, the last answer goes on for a while: shops are read from memory then, by those who were let in before. Whoever
//! has to know whether something has ended asks [`anew`].

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use store::StoreError;

const FRESH: Duration = Duration::from_millis(250);
const WITHOUT_DATABASE: Duration = Duration::from_secs(60);

/// Rows kept; whoever asks for names that are not there cannot fill the memory.
const MOST: usize = 10_000;

tokio::task_local! {
    /// Whatever is asked on the way to an answer, no last answer goes on.
    static ANEW: ();
}

/// Asks something for which nothing will do that was found out before it was in doubt.
pub async fn anew<T>(asking: impl Future<Output = T>) -> T {
    ANEW.scope((), asking).await
}

/// See the module.
pub struct Recent<K, V>(Mutex<Rows<K, V>>);

struct Rows<K, V> {
    found: HashMap<K, (Instant, V)>,
    /// Another one after every doubt: what was asked before is not kept.
    doubts: u64,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Rows { found: HashMap::new(), doubts: 0 }))
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    /// What is known of `key`, or what `ask` finds out. That there is nothing is not kept.
    ///
    /// # Errors
    /// Those of `ask`, where nothing was found out lately either.
    pub async fn get(
        &self,
        key: &K,
        ask: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<V>, StoreError> {
        if let Some(value) = self.known(key, FRESH) {
            return Ok(Some(value));
        }
        // What is found out is as old as the question.
        let (doubts, asked_at) = (self.rows().doubts, Instant::now());
        match ask().await {
            Ok(found) => {
                self.keep(key, found.clone(), doubts, asked_at);
                Ok(found)
            }
            Err(error @ StoreError::Unavailable { .. }) if ANEW.try_with(|()| ()).is_err() => {
                self.known(key, WITHOUT_DATABASE).map(Some).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// What was found out no longer ago than that.
    fn known(&self, key: &K, within: Duration) -> Option<V> {
        let rows = self.rows();
        rows.found.get(key).filter(|(at, _)| at.elapsed() < within).map(|(_, value)| value.clone())
    }

    /// It is not so any more: ask again.
    pub fn forget(&self, key: &K) {
        let mut rows = self.rows();
        rows.doubts = rows.doubts.wrapping_add(1);
        rows.found.remove(key);
    }

    /// None of it may be so any more: everything is asked for again.
    pub fn doubt(&self) {
        let mut rows = self.rows();
        rows.doubts = rows.doubts.wrapping_add(1);
        let Some(old) = Instant::now().checked_sub(FRESH) else { return rows.found.clear() };
        for (at, _) in rows.found.values_mut() {
            *at = old.min(*at);
        }
    }

    /// `doubts`: as many as there were when it was asked.
    fn keep(&self, key: &K, found: Option<V>, doubts: u64, asked_at: Instant) {
        let mut rows = self.rows();
        if rows.doubts != doubts {
            return;
        }
        let rows = &mut rows.found;
        if rows.len() >= MOST {
            rows.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        match found {
            Some(value) if rows.len() < MOST => drop(rows.insert(key.clone(), (asked_at, value))),
            _ => drop(rows.remove(key)),
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Result<Option<u8>, StoreError> {
        Err(StoreError::Unavailable { reason: "gone".to_owned() })
    }

    /// As if a row had been found out so long ago.
    fn age(recent: &Recent<&'static str, u8>, by: Duration) {
        for (at, _) in recent.rows().found.values_mut() {
            *at = at.checked_sub(by).unwrap();
        }
    }

    #[tokio::test]
    async fn an_answer_is_asked_for_again_after_a_moment() {
        let recent = Recent::default();
        assert_eq!(recent.get(&"a", async || Ok(Some(1))).await, Ok(Some(1)));
        assert_eq!(recent.get(&"a", async || Ok(Some(2))).await, Ok(Some(1)));
        age(&recent, FRESH);
        assert_eq!(recent.get(&"a", async || Ok(Some(2))).await, Ok(Some(2)));
        age(&recent, FRESH);
        assert_eq!(recent.get(&"a", async || Ok(None)).await, Ok(None), "gone");
        assert_eq!(recent.get(&"a", async || away()).await, away(), "and not known any more");
    }

    #[tokio::test]
    async fn what_is_in_doubt_is_asked_for_again_and_goes_on_without_the_database() {
        let recent = Recent::default();
        assert_eq!(recent.get(&"a", async || Ok(Some(1))).await, Ok(Some(1)));
        recent.doubt();
        assert_eq!(recent.get(&"a", async || away()).await, Ok(Some(1)));
        assert_eq!(recent.get(&"a", async || Ok(Some(2))).await, Ok(Some(2)));
    }

    #[tokio::test]
    async fn whoever_asks_anew_gets_no_answer_from_before_a_doubt() {
        let recent = Recent::default();
        assert_eq!(recent.get(&"a", async || Ok(Some(1))).await, Ok(Some(1)));
        recent.doubt();
        assert_eq!(anew(recent.get(&"a", async || away())).await, away());
        assert_eq!(recent.get(&"a", async || away()).await, Ok(Some(1)), "others go on");
        assert_eq!(anew(recent.get(&"a", async || Ok(Some(2)))).await, Ok(Some(2)));
    }

    #[tokio::test]
    async fn what_was_asked_before_a_doubt_is_not_kept_after_it() {
        let recent = Recent::default();
        for is_forgotten in [false, true] {
            let before = async || {
                if is_forgotten {
                    recent.forget(&"a")
                } else {
                    recent.doubt()
                }
                Ok(Some(1))
            };
            assert_eq!(recent.get(&"a", before).await, Ok(Some(1)));
            assert_eq!(recent.get(&"a", async || Ok(Some(2))).await, Ok(Some(2)));
            recent.forget(&"a");
        }
        let gone = async || {
            recent.forget(&"a");
            away()
        };
        assert_eq!(recent.get(&"a", async || Ok(Some(1))).await, Ok(Some(1)));
        age(&recent, FRESH);
        assert_eq!(recent.get(&"a", gone).await, away(), "it was forgotten meanwhile");
    }

    #[tokio::test]
    async fn f8_without_the_database_the_last_answer_goes_on_for_a_while() {
        let recent = Recent::default();
        assert_eq!(recent.get(&"a", async || away()).await, away());
        assert_eq!(recent.get(&"a", async || Ok(Some(1))).await, Ok(Some(1)));
        age(&recent, FRESH * 2);
        assert_eq!(recent.get(&"a", async || away()).await, Ok(Some(1)));
        age(&recent, WITHOUT_DATABASE);
        assert_eq!(recent.get(&"a", async || away()).await, away());
    }

    #[tokio::test]
    async fn names_that_are_not_there_do_not_fill_the_memory() {
        let recent = Recent::default();
        for number in 0..MOST + 10 {
            recent.get(&number, async || Ok(Some(()))).await.unwrap();
        }
        assert_eq!(recent.rows().found.len(), MOST);
    }
}
