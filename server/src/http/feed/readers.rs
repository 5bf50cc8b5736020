//! How many feeds each person and each program has open: one of them must not take the places of everybody else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::ShopSlug;

/// A person or a program, in one shop.
type Who = (ShopSlug, Arc<str>);

/// See the module.
#[derive(Default)]
pub struct Readers(Mutex<HashMap<Who, usize>>);

impl Readers {
    fn open(&self) -> MutexGuard<'_, HashMap<Who, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more feed of `actor`, as long as it is held; none where they have `most` already.
    #[must_use]
    pub fn place(self: &Arc<Self>, shop: &ShopSlug, actor: &Arc<str>, most: usize) -> Option<Place> {
        let who = (shop.clone(), actor.clone());
        let mut open = self.open();
        let number = open.entry(who.clone()).or_default();
        if *number >= most {
            return None;
        }
        *number += 1;
        Some(Place { readers: self.clone(), who })
    }
}

/// Counted while it lives.
pub struct Place {
    readers: Arc<Readers>,
    who: Who,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.readers.open();
        if let Some(number) = open.get_mut(&self.who) {
            *number -= 1;
            if *number == 0 {
                open.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_has_so_many_places_and_gets_them_back() {
        let (readers, shop) = (Arc::new(Readers::default()), ShopSlug::parse("corner").unwrap());
        let (asha, marek): (Arc<str>, Arc<str>) = ("asha".into(), "marek".into());
        let held: Vec<_> = (0..2).map(|_| readers.place(&shop, &asha, 2).unwrap()).collect();
        assert!(readers.place(&shop, &asha, 2).is_none());
        assert!(readers.place(&shop, &marek, 2).is_some(), "others have theirs");
        assert!(readers.place(&ShopSlug::parse("market").unwrap(), &asha, 2).is_some(), "and other shops");
        drop(held);
        assert!(readers.place(&shop, &asha, 2).is_some());
        assert!(readers.open().is_empty(), "nothing is remembered of who has gone");
    }
}
