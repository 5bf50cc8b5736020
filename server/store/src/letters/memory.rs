//! Letters in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{ShopSlug, values::Millis};
use uuid::Uuid;

use super::{Due, Letter, Letters};
use crate::{
    error::StoreError,
    views::{Reached, ViewError},
};

#[derive(Debug, Default)]
pub(crate) struct MemoryLetters(Mutex<Data>);

#[derive(Debug, Default)]
struct Data {
    reached: BTreeMap<ShopSlug, Reached>,
    waiting: BTreeMap<(ShopSlug, Uuid, u64), Waiting>,
}

#[derive(Debug)]
struct Waiting {
    body: Vec<u8>,
    attempts: u32,
    /// None for one that is sent.
    not_before: Option<Millis>,
}

impl MemoryLetters {
    fn data(&self) -> MutexGuard<'_, Data> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, letter: &Letter, not_before: Option<Millis>) {
        let key = (letter.shop.clone(), letter.epoch, letter.position);
        if let Some(waiting) = self.data().waiting.get_mut(&key) {
            waiting.not_before = not_before;
        }
    }
}

#[async_trait]
impl Letters for MemoryLetters {
    async fn reached(&self, shop: &ShopSlug) -> Result<Option<Reached>, StoreError> {
        Ok(self.data().reached.get(shop).copied())
    }

    async fn note(
        &self,
        shop: &ShopSlug,
        epoch: Uuid,
        (after, to): (u64, u64),
        letters: &[Letter],
    ) -> Result<(), ViewError> {
        let mut data = self.data();
        let stands = data.reached.get(shop).copied().unwrap_or(Reached { epoch, position: 0 });
        if stands != (Reached { epoch, position: after }) {
            return Err(ViewError::Moved { expected: after });
        }
        data.reached.insert(shop.clone(), Reached { epoch, position: to });
        for Letter { shop, epoch, position, body } in letters.iter().cloned() {
            let fresh = Waiting { body, attempts: 0, not_before: Some(Millis(0)) };
            data.waiting.entry((shop, epoch, position)).or_insert(fresh);
        }
        Ok(())
    }

    async fn forget_reached(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        self.data().reached.remove(shop);
        Ok(())
    }

    async fn take(&self, now: Millis, again_at: Millis, limit: u32) -> Result<Vec<Due>, StoreError> {
        let mut data = self.data();
        let due = data.waiting.iter_mut().filter(|(_, one)| one.not_before.is_some_and(|at| at <= now));
        let take = |((shop, epoch, position), one): (&(ShopSlug, Uuid, u64), &mut Waiting)| {
            one.not_before = Some(again_at);
            one.attempts += 1;
            let letter = Letter { shop: shop.clone(), epoch: *epoch, position: *position, body: one.body.clone() };
            Due { letter, attempts: one.attempts }
        };
        Ok(due.take(limit as usize).map(take).collect())
    }

    async fn sent(&self, letter: &Letter) -> Result<(), StoreError> {
        self.set(letter, None);
        Ok(())
    }

    async fn send_later(&self, letter: &Letter, not_before: Millis) -> Result<(), StoreError> {
        self.set(letter, Some(not_before));
        Ok(())
    }
}
