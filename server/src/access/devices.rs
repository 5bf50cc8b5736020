//! The devices of a shop: browser profiles that say who they are as soon as they speak to the server.
//!
//! A session belongs to one device of each shop. When a device is revoked, the session ends in that shop with it, whatever
//! it says of itself from then on; in other shops it goes on. Whoever has the password comes in again by another one, on
//! another device: a session on a browser that is known begins on what that browser is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use domain::{ShopSlug, books::Author};
use store::{
    StoreError,
    access::{Device, SecretHash, Sighting},
};
use sync::protocol::{Revocation, ShutOut};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Access, Denied, Kind, Revoked, browser, session};
use crate::clock;

/// How often it is written down at most that a device was heard of.
const WRITTEN_AFTER: Duration = Duration::from_secs(20);
/// How often it is looked for what has waited as long.
const LOOKED_AFTER: Duration = Duration::from_secs(5);
/// Devices remembered to be written down later. Those that are heard of beyond that are not.
const MOST: usize = 10_000;
/// Letters of a device's name.
const LONGEST_NAME: usize = 60;

/// Whose the code is that a device says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// Its own, or nobody knows better.
    Own,
    /// Another browser had it before: both would give out the same numbers.
    Taken,
}

fn end_of(device: &Device) -> Option<Revocation> {
    device.revoked_at.map(|at| Revocation { of: ShutOut::Device, at })
}

impl Access {
    /// That the device on which the request's session is used was revoked.
    pub(super) async fn end_of_device(
        &self,
        headers: &HeaderMap,
        shop: &ShopSlug,
    ) -> Result<Option<Revocation>, StoreError> {
        let Some(hash) = session::hash_of(headers) else { return Ok(None) };
        Ok(self.device_of(hash, shop).await?.as_ref().and_then(end_of))
    }

    async fn device_of(&self, hash: SecretHash, shop: &ShopSlug) -> Result<Option<Device>, StoreError> {
        let key = (hash, shop.clone());
        // That there is none is worth remembering too: most requests of programs name no device.
        let known = self.used_on.get(&key, async || self.store.device_of(&hash, shop).await.map(Some)).await?;
        Ok(known.flatten())
    }

    /// The device on which the request's session is used, as far as it was said.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn this_device(&self, headers: &HeaderMap, shop: &ShopSlug) -> Result<Option<Device>, StoreError> {
        match session::hash_of(headers) {
            Some(hash) => self.device_of(hash, shop).await,
            None => Ok(None),
        }
    }

    /// The device says who it is. One that is new here is enrolled, under what its browser says of itself.
    ///
    /// # Errors
    /// [`Denied::Revoked`] for one that was shut out; [`Denied::Store`].
    pub async fn on_device(
        &self,
        headers: &HeaderMap,
        shop: &ShopSlug,
        author: &Author,
        id: &str,
    ) -> Result<Code, Denied> {
        let Some(hash) = session::hash_of(headers).filter(|_| is_code(id)) else { return Ok(Code::Own) };
        let is_news = !self.read_only && self.hear_of(headers, &hash, shop, id).await?;
        let device = self.device_of(hash, shop).await?;
        match device.as_ref().and_then(end_of) {
            Some(revocation) => {
                if is_news {
                    // It was shut out before anybody knew which browser it is.
                    self.store.end_pins_on(shop, id).await?;
                }
                Err(Denied::Revoked(Revoked { revocation, author: author.clone() }))
            }
            None => {
                self.saw(Kind::Person, shop, id, None, None).await;
                let other = device.filter(|device| &*device.id == id).and_then(|device| device.browser);
                let here = browser::known(headers).map(|secret| secret.hash());
                let is_taken = other.zip(here).is_some_and(|(other, here)| other != here);
                Ok(if is_taken { Code::Taken } else { Code::Own })
            }
        }
    }

    /// Writes down what was not known yet of the device, of who uses it, and of its browser. False where nothing is new.
    async fn hear_of(
        &self,
        headers: &HeaderMap,
        session: &SecretHash,
        shop: &ShopSlug,
        id: &str,
    ) -> Result<bool, Denied> {
        let Some(person) = self.signed_in(headers).await? else { return Err(Denied::NotSignedIn) };
        let browser = browser::known(headers).map(|secret| secret.hash());
        let known = self.device_of(*session, shop).await?;
        match (known.filter(|device| &*device.id == id && device.person == person.id), browser) {
            (None, browser) => {
                let device = Device::enrolled(shop.clone(), id, name_of(headers), person.id, clock::now());
                self.use_device(session, Device { browser, ..device }).await?;
                Ok(true)
            }
            (Some(Device { browser: None, .. }), Some(browser)) => {
                self.store.know_browser(session, &browser).await?;
                self.used_on.forget(&(*session, shop.clone()));
                Ok(true)
            }
            (Some(_), _) => Ok(false),
        }
    }

    async fn use_device(&self, hash: &SecretHash, device: Device) -> Result<(), StoreError> {
        let (shop, id) = (device.shop.clone(), device.id.clone());
        tracing::info!(%shop, device = %id, "a device");
        self.store.enrol(device).await?;
        self.store.use_device(hash, &shop, &id).await?;
        self.used_on.forget(&(*hash, shop));
        Ok(())
    }

    /// A device was heard of. Written down now and then: it is for people to look at, and must not cost each push a write.
    pub async fn saw(&self, kind: Kind, shop: &ShopSlug, id: &str, last_entry: Option<u64>, unsent: Option<u32>) {
        // Where nobody is asked who they are, no device is enrolled.
        if self.read_only || kind != Kind::Person || !is_code(id) {
            return;
        }
        let sighting = Sighting { at: clock::now(), last_entry, unsent };
        if let Some(sighting) = self.sightings.add(shop, id, sighting, Instant::now()) {
            self.write_sightings(vec![((shop.clone(), id.to_owned()), sighting)]).await;
        }
    }

    /// Writes down what nobody has said more of since, until `stop`, and then all that is left.
    pub async fn keep_sightings(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = sleep(LOOKED_AFTER) => self.write_due(Instant::now()).await,
                () = stop.cancelled() => break,
            }
        }
        let left = self.sightings.take(Instant::now(), |_, _| true);
        self.write_sightings(left).await;
    }

    async fn write_due(&self, now: Instant) {
        let due = self.sightings.due(now);
        self.write_sightings(due).await;
    }

    /// What is not taken waits again, and so does what comes after it: the next may take as long to fail.
    async fn write_sightings(&self, heard: Vec<(Named, Sighting)>) {
        let mut heard = heard.into_iter();
        while let Some(((shop, id), sighting)) = heard.next() {
            if let Err(error) = self.store.saw_device(&shop, &id, sighting).await {
                tracing::debug!(%shop, device = id, %error, "that it was seen is not written down");
                let left = [((shop, id), sighting)].into_iter().chain(heard);
                self.sightings.put_back(left, Instant::now());
                return;
            }
        }
    }

    /// Those of a shop, the one that was heard of last in front, and those that were revoked at the end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn devices_of(&self, shop: &ShopSlug) -> Result<Vec<Device>, StoreError> {
        let heard = self.sightings.take(Instant::now(), |of, _| of == shop);
        self.write_sightings(heard).await;
        let mut devices = self.store.devices(shop).await?;
        devices.sort_by_key(|device| (device.revoked_at.is_some(), std::cmp::Reverse(device.seen_at)));
        Ok(devices)
    }

    /// With it end the PINs on its browser, of everybody. False where there is none, or it is revoked already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke_device(&self, shop: &ShopSlug, id: &str) -> Result<bool, StoreError> {
        // First, so that whoever has to try again is not told that it is done already while they are still good.
        self.store.end_pins_on(shop, id).await?;
        let is_revoked = self.store.revoke_device(shop, id, clock::now()).await?;
        // Here at once; other instances hear of it.
        self.used_on.doubt();
        Ok(is_revoked)
    }

    /// Lets a device in again that was revoked by mistake; the PINs on it are set anew. False where there is none, or it is in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn readmit_device(&self, shop: &ShopSlug, id: &str) -> Result<bool, StoreError> {
        let is_in = self.store.readmit_device(shop, id).await?;
        self.used_on.doubt();
        Ok(is_in)
    }

    /// Gives a device another name. False where there is no such device, or no name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn name_device(&self, shop: &ShopSlug, id: &str, name: &str) -> Result<bool, StoreError> {
        let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
        if name.is_empty() {
            return Ok(false);
        }
        self.store.name_device(shop, id, name).await
    }
}

/// What devices call themselves: nothing else is written down under their name.
fn is_code(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// What a browser says that it is, for people to tell devices apart until somebody names them.
fn name_of(headers: &HeaderMap) -> String {
    let agent = headers.get(axum::http::header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    // Each browser names those before it too: the last that fits is meant.
    let browser = [("Chrome", "Chrome"), ("Firefox", "Firefox"), ("Edg", "Edge"), ("OPR", "Opera")];
    let browser = browser.into_iter().rfind(|(sign, _)| agent.contains(sign)).map(|(_, name)| name);
    let browser = browser.or_else(|| agent.contains("Safari").then_some("Safari")).unwrap_or("A browser");
    let systems = [
        ("Android", "Android"),
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "a Mac"),
        ("CrOS", "a Chromebook"),
        ("Linux", "Linux"),
    ];
    match systems.into_iter().find(|(sign, _)| agent.contains(sign)) {
        Some((_, system)) => format!("{browser} on {system}"),
        None => browser.to_owned(),
    }
}

/// A device, by its shop and its code.
type Named = (ShopSlug, String);

/// What was heard of devices and is not written down yet.
#[derive(Default)]
pub struct Sightings(Mutex<HashMap<Named, Heard>>);

struct Heard {
    written: Instant,
    waiting: Option<Sighting>,
}

impl Heard {
    fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.written) >= WRITTEN_AFTER
    }
}

fn united(before: Option<Sighting>, later: Sighting) -> Sighting {
    Sighting {
        at: later.at,
        last_entry: later.last_entry.max(before.and_then(|before| before.last_entry)),
        unsent: later.unsent.or(before.and_then(|before| before.unsent)),
    }
}

impl Sightings {
    fn rows(&self) -> MutexGuard<'_, HashMap<Named, Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to what is known. What is to be written down now, if anything is.
    fn add(&self, shop: &ShopSlug, id: &str, sighting: Sighting, now: Instant) -> Option<Sighting> {
        let (mut rows, key) = (self.rows(), (shop.clone(), id.to_owned()));
        let Some(row) = rows.get_mut(&key) else {
            if rows.len() >= MOST {
                return None;
            }
            rows.insert(key, Heard { written: now, waiting: None });
            return Some(sighting);
        };
        let united = united(row.waiting.take(), sighting);
        if row.is_due(now) {
            row.written = now;
            Some(united)
        } else {
            row.waiting = Some(united);
            None
        }
    }

    /// What waits, of the devices that are meant.
    fn take(&self, now: Instant, is_meant: impl Fn(&ShopSlug, &Heard) -> bool) -> Vec<(Named, Sighting)> {
        let mut rows = self.rows();
        let meant = rows.iter_mut().filter(|((shop, _), heard)| is_meant(shop, heard));
        let taken = meant.filter_map(|(key, heard)| {
            let waiting = heard.waiting.take()?;
            heard.written = now;
            Some((key.clone(), waiting))
        });
        taken.collect()
    }

    /// What has waited for long enough. Devices that were not heard of for as long are forgotten.
    fn due(&self, now: Instant) -> Vec<(Named, Sighting)> {
        let due = self.take(now, |_, heard| heard.is_due(now));
        self.rows().retain(|_, heard| heard.waiting.is_some() || !heard.is_due(now));
        due
    }

    /// They could not be written down. What was heard meanwhile comes after them.
    fn put_back(&self, sightings: impl Iterator<Item = (Named, Sighting)>, now: Instant) {
        let mut rows = self.rows();
        for (key, sighting) in sightings {
            if rows.contains_key(&key) || rows.len() < MOST {
                let row = rows.entry(key).or_insert(Heard { written: now, waiting: None });
                row.waiting = Some(row.waiting.map_or(sighting, |later| united(Some(sighting), later)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use domain::values::Millis;
    use store::{EventStore, MemoryStore};

    use super::*;

    #[test]
    fn a_device_has_the_name_that_its_browser_says() {
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome on Linux"),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on an iPhone"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on a Mac"),
            ("curl/8", "A browser"),
        ] {
            let headers = HeaderMap::from_iter([(axum::http::header::USER_AGENT, HeaderValue::from_static(agent))]);
            assert_eq!(name_of(&headers), name);
        }
        assert_eq!(name_of(&HeaderMap::new()), "A browser");
    }

    fn seen(at: i64, last_entry: Option<u64>, unsent: Option<u32>) -> Sighting {
        Sighting { at: Millis(at), last_entry, unsent }
    }

    fn of(shop: &ShopSlug, id: &str) -> Named {
        (shop.clone(), id.to_owned())
    }

    #[test]
    fn what_was_heard_is_written_down_once_in_a_while_and_nothing_of_it_is_lost() {
        let (sightings, shop, now) = (Sightings::default(), ShopSlug::parse("corner").unwrap(), Instant::now());
        assert_eq!(sightings.add(&shop, "T1", seen(1, None, None), now), Some(seen(1, None, None)));
        assert_eq!(sightings.add(&shop, "T1", seen(2, Some(7), Some(3)), now), None);
        assert_eq!(sightings.add(&shop, "T1", seen(3, None, None), now), None);
        assert_eq!(sightings.take(now, |of, _| of.as_str() == "market"), []);
        let heard = [(of(&shop, "T1"), seen(3, Some(7), Some(3)))];
        assert_eq!(sightings.take(now, |of, _| *of == shop), heard);
        assert_eq!(sightings.take(now, |of, _| *of == shop), []);
        // The database did not take it, and meanwhile there is more.
        assert_eq!(sightings.add(&shop, "T1", seen(4, None, Some(1)), now), None);
        sightings.put_back(heard.into_iter(), now);
        assert_eq!(sightings.due(now), []);
        assert_eq!(sightings.due(now + WRITTEN_AFTER), [(of(&shop, "T1"), seen(4, Some(7), Some(1)))]);
    }

    #[test]
    fn devices_that_are_heard_of_no_more_are_forgotten_and_there_is_an_end_to_how_many_are_remembered() {
        let (sightings, shop, now) = (Sightings::default(), ShopSlug::parse("corner").unwrap(), Instant::now());
        for number in 0..MOST + 10 {
            for at in [1, 2] {
                sightings.add(&shop, &format!("T{number}"), seen(at, None, None), now);
            }
        }
        assert_eq!(sightings.rows().len(), MOST);
        let due = now + WRITTEN_AFTER;
        assert_eq!(sightings.due(due).len(), MOST);
        assert!(sightings.due(due + WRITTEN_AFTER).is_empty() && sightings.rows().is_empty());
    }

    /// One device of one shop.
    async fn with_a_device() -> (Arc<dyn store::access::Access>, Access, ShopSlug) {
        let (store, shop) = (MemoryStore::new(), ShopSlug::parse("corner").unwrap());
        store.create_shop(&shop, "Corner shop", uuid::Uuid::from_u128(1)).await.unwrap();
        let person = uuid::Uuid::from_u128(2);
        let device = Device::enrolled(shop.clone(), "T1", "Till".to_owned(), person, Millis(0));
        let store = store.access();
        store.enrol(device).await.unwrap();
        (store.clone(), Access::new(store, false), shop)
    }

    #[tokio::test]
    async fn the_last_that_a_device_said_is_written_down_also_if_it_says_no_more() {
        let (store, access, shop) = with_a_device().await;
        let unsent = async || store.device(&shop, "T1").await.unwrap().unwrap().unsent;
        for said in [3, 0] {
            access.saw(Kind::Person, &shop, "T1", None, Some(said)).await;
        }
        assert_eq!(unsent().await, Some(3), "not each push costs a write");
        access.write_due(Instant::now() + WRITTEN_AFTER).await;
        assert_eq!(unsent().await, Some(0));
    }

    #[tokio::test]
    async fn with_the_end_of_the_server_all_that_was_heard_is_written_down() {
        let (store, access, shop) = with_a_device().await;
        for said in [3, 0] {
            access.saw(Kind::Person, &shop, "T1", None, Some(said)).await;
        }
        let stop = CancellationToken::new();
        stop.cancel();
        Arc::new(access).keep_sightings(stop).await;
        assert_eq!(store.device(&shop, "T1").await.unwrap().unwrap().unsent, Some(0));
    }

    #[tokio::test]
    async fn where_nobody_is_asked_who_they_are_no_device_is_heard_of() {
        let (_, access, shop) = with_a_device().await;
        for kind in [Kind::Anybody, Kind::Program] {
            access.saw(kind, &shop, "T1", None, None).await;
        }
        assert!(access.sightings.rows().is_empty());
    }
}
