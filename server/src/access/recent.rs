//! What was found out a moment ago, so that not every request asks the database who is there.
//!
//! An answer is good for a quarter of a second: what was revoked is out well within one. While the database does not
//! answer, the last answer goes on for a while: shops are read from memory then, by those who were let in before.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use store::StoreError;

const FRESH: Duration = Duration::from_millis(250);
const WITHOUT_DATABASE: Duration = Duration::from_secs(60);

/// Rows kept; whoever asks for names that are not there cannot fill the memory.
const MOST: usize = 10_000;

/// See the module.
pub struct Recent<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
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
        let known = self.rows().get(key).cloned();
        if let Some((at, value)) = &known
            && at.elapsed() < FRESH
        {
            return Ok(Some(value.clone()));
        }
        match (ask().await, known) {
            (Ok(found), _) => {
                self.keep(key, found.clone());
                Ok(found)
            }
            (Err(StoreError::Unavailable { .. }), Some((at, value))) if at.elapsed() < WITHOUT_DATABASE => {
                Ok(Some(value))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// It is not so any more: ask again.
    pub fn forget(&self, key: &K) {
        self.rows().remove(key);
    }

    /// None of it may be so any more: everything is asked for again.
    pub fn doubt(&self) {
        let Some(old) = Instant::now().checked_sub(FRESH) else { return };
        for (at, _) in self.rows().values_mut() {
            *at = old.min(*at);
        }
    }

    fn keep(&self, key: &K, found: Option<V>) {
        let mut rows = self.rows();
        if rows.len() >= MOST {
            rows.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        match found {
            Some(value) if rows.len() < MOST => drop(rows.insert(key.clone(), (Instant::now(), value))),
            _ => drop(rows.remove(key)),
        }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
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
        for (at, _) in recent.rows().values_mut() {
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
        assert_eq!(recent.rows().len(), MOST);
    }
}
