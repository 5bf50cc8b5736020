//! The devices of a shop: browser profiles that say who they are as soon as they speak to the server.
//!
//! A session belongs to one device of each shop. When a device is revoked, the session ends in that shop with it, whatever
//! it says of itself from then on; in other shops it goes on. Whoever has the password comes in again by another one, on
//! another device: a session on a browser that is known begins on what that browser is.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use domain::{ShopSlug, books::Author};
use store::{
    StoreError,
    access::{Device, SecretHash, Sighting},
};
use sync::protocol::{Revocation, ShutOut};

use super::{Access, Denied, Revoked, browser, session};
use crate::clock;

/// How often it is written down at most that a device was heard of.
const WRITTEN_AFTER: Duration = Duration::from_secs(20);
/// Devices remembered to be written down later.
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
                self.saw(shop, id, None, None).await;
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
                let (enrolled_at, name) = (clock::now(), name_of(headers));
                let (seen_at, last_entry, revoked_at, unsent) = Default::default();
                let (shop, id, person) = (shop.clone(), id.into(), person.id);
                let device =
                    Device { shop, id, name, person, enrolled_at, seen_at, last_entry, revoked_at, unsent, browser };
                self.use_device(session, device).await?;
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
    pub async fn saw(&self, shop: &ShopSlug, id: &str, last_entry: Option<u64>, unsent: Option<u32>) {
        if self.read_only || !is_code(id) {
            return;
        }
        let sighting = Sighting { at: clock::now(), last_entry, unsent };
        if let Some(sighting) = self.sightings.add(shop, id, sighting) {
            self.write_sighting(shop, id, sighting).await;
        }
    }

    async fn write_sighting(&self, shop: &ShopSlug, id: &str, sighting: Sighting) {
        if let Err(error) = self.store.saw_device(shop, id, sighting).await {
            tracing::debug!(%shop, device = id, %error, "that it was seen is not written down");
        }
    }

    /// Those of a shop, the one that was heard of last in front, and those that were revoked at the end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn devices_of(&self, shop: &ShopSlug) -> Result<Vec<Device>, StoreError> {
        for (id, sighting) in self.sightings.take(shop) {
            self.write_sighting(shop, &id, sighting).await;
        }
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

/// What was heard of devices and is not written down yet.
#[derive(Default)]
pub struct Sightings(Mutex<HashMap<(ShopSlug, String), Heard>>);

#[derive(Default)]
struct Heard {
    written: Option<Instant>,
    waiting: Option<Sighting>,
}

impl Sightings {
    fn rows(&self) -> MutexGuard<'_, HashMap<(ShopSlug, String), Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to what is known. What is to be written down now, if anything is.
    fn add(&self, shop: &ShopSlug, id: &str, sighting: Sighting) -> Option<Sighting> {
        let mut rows = self.rows();
        if rows.len() >= MOST {
            rows.retain(|_, heard| heard.waiting.is_some());
        }
        let row = rows.entry((shop.clone(), id.to_owned())).or_default();
        let before = row.waiting.take();
        let united = Sighting {
            at: sighting.at,
            last_entry: sighting.last_entry.max(before.and_then(|before| before.last_entry)),
            unsent: sighting.unsent.or(before.and_then(|before| before.unsent)),
        };
        let is_due = row.written.is_none_or(|written| written.elapsed() >= WRITTEN_AFTER);
        if is_due {
            row.written = Some(Instant::now());
        } else {
            row.waiting = Some(united);
        }
        is_due.then_some(united)
    }

    /// All that waits of a shop.
    fn take(&self, shop: &ShopSlug) -> Vec<(String, Sighting)> {
        let mut rows = self.rows();
        let of_shop = rows.iter_mut().filter(|((of, _), _)| of == shop);
        of_shop.filter_map(|((_, id), heard)| Some((id.clone(), heard.waiting.take()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use domain::values::Millis;

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

    #[test]
    fn what_was_heard_is_written_down_once_in_a_while_and_nothing_of_it_is_lost() {
        let (sightings, shop) = (Sightings::default(), ShopSlug::parse("corner").unwrap());
        let seen = |at, last_entry, unsent| Sighting { at: Millis(at), last_entry, unsent };
        assert_eq!(sightings.add(&shop, "T1", seen(1, None, None)), Some(seen(1, None, None)));
        assert_eq!(sightings.add(&shop, "T1", seen(2, Some(7), Some(3))), None);
        assert_eq!(sightings.add(&shop, "T1", seen(3, None, None)), None);
        assert_eq!(sightings.take(&ShopSlug::parse("market").unwrap()), []);
        assert_eq!(sightings.take(&shop), [("T1".to_owned(), seen(3, Some(7), Some(3)))]);
        assert_eq!(sightings.take(&shop), []);
    }
}
