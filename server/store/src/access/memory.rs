//! People and their ways in, in memory. Shops are those of the store beside it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{CommandId, ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

use super::{
    Access, Device, Invite, Login, Member, MemberChange, PasswordHash, Person, Pin, Quarantined, Release, Reset,
    SecretHash, Session, Sighting, Token,
};
use crate::error::StoreError;

/// Whether a shop exists.
type Knows = dyn Fn(&ShopSlug) -> bool + Send + Sync;

pub(crate) struct MemoryAccess {
    pub(crate) data: Arc<Mutex<Data>>,
    pub(crate) knows: Box<Knows>,
}

#[derive(Debug, Default)]
pub(crate) struct Data {
    people: BTreeMap<Uuid, Person>,
    members: BTreeMap<(ShopSlug, Uuid), Member>,
    sessions: BTreeMap<SecretHash, Session>,
    pins: BTreeMap<(SecretHash, Uuid), Pin>,
    resets: BTreeMap<SecretHash, Reset>,
    invites: BTreeMap<(ShopSlug, Uuid), Invite>,
    devices: BTreeMap<(ShopSlug, Arc<str>), Device>,
    tokens: BTreeMap<(ShopSlug, Uuid), Token>,
    /// Which device of a shop a session is used on.
    used_on: BTreeMap<(SecretHash, ShopSlug), Arc<str>>,
    /// With whether an owner has decided.
    quarantine: BTreeMap<(ShopSlug, CommandId), (Quarantined, bool)>,
    /// What [`Access::changes`] answers.
    changes: u64,
}

impl Data {
    fn use_where_none_is(&mut self, session: SecretHash, on: Vec<(ShopSlug, Arc<str>)>) {
        for (shop, id) in on {
            self.used_on.entry((session, shop)).or_insert(id);
        }
    }

    fn claim_invite(&mut self, hash: &SecretHash, person: Uuid, now: Millis) -> Option<&Invite> {
        let fits = |invite: &&mut Invite| {
            invite.hash == *hash && now < invite.expires_at && invite.used_by.is_none_or(|by| by == person)
        };
        let invite = self.invites.values_mut().find(fits)?;
        invite.used_by = Some(person);
        invite.used_at.get_or_insert(now);
        Some(invite)
    }

    /// Changes somebody who has not left, unless they are the last owner and would be none by it.
    fn change_member(&mut self, shop: &ShopSlug, person: Uuid, change: impl FnOnce(&mut Member)) -> MemberChange {
        let key = (shop.clone(), person);
        let Some(known) = self.members.get(&key).filter(|member| member.ended_at.is_none()) else {
            return MemberChange::NoSuchMember;
        };
        let mut changed = known.clone();
        change(&mut changed);
        let is_owner = |member: &Member| member.active() == Some(Role::Owner);
        let mut others = self.members.values().filter(|other| other.shop == *shop && other.person != person);
        if is_owner(known) && !is_owner(&changed) && !others.any(is_owner) {
            return MemberChange::LastOwner;
        }
        self.members.insert(key, changed);
        self.changes += 1;
        MemberChange::Done
    }
}

impl MemoryAccess {
    fn data(&self) -> MutexGuard<'_, Data> {
        // Every change below is made after all its checks, so a panic elsewhere leaves nothing half done.
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, shop: &ShopSlug) -> Result<(), StoreError> {
        if (self.knows)(shop) { Ok(()) } else { Err(StoreError::UnknownShop { shop: shop.clone() }) }
    }
}

fn of_shop<'a, K, V: Clone>(rows: &'a BTreeMap<(ShopSlug, K), V>, shop: &'a ShopSlug) -> Vec<V> {
    rows.iter().filter(|((of, _), _)| of == shop).map(|(_, row)| row.clone()).collect()
}

#[async_trait]
impl Access for MemoryAccess {
    async fn add_person(&self, person: Person) -> Result<bool, StoreError> {
        let mut data = self.data();
        if data.people.values().any(|known| known.login == person.login) {
            return Ok(false);
        }
        data.people.insert(person.id, person);
        Ok(true)
    }

    async fn person(&self, id: Uuid) -> Result<Option<Person>, StoreError> {
        Ok(self.data().people.get(&id).cloned())
    }

    async fn person_of(&self, login: &Login) -> Result<Option<Person>, StoreError> {
        Ok(self.data().people.values().find(|person| person.login == *login).cloned())
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let mut people: Vec<_> = self.data().people.values().cloned().collect();
        people.sort_by(|one, other| one.login.cmp(&other.login));
        Ok(people)
    }

    async fn set_password(&self, person: Uuid, password: PasswordHash) -> Result<bool, StoreError> {
        let mut data = self.data();
        let known = data.people.get_mut(&person);
        Ok(known.map(|known| known.password = Some(password)).is_some())
    }

    async fn replace_password(
        &self,
        person: Uuid,
        before: &PasswordHash,
        password: PasswordHash,
    ) -> Result<bool, StoreError> {
        let mut data = self.data();
        let known = data.people.get_mut(&person).filter(|known| known.password.as_ref() == Some(before));
        Ok(known.map(|known| known.password = Some(password)).is_some())
    }

    async fn set_member(&self, member: Member) -> Result<(), StoreError> {
        self.known(&member.shop)?;
        let mut data = self.data();
        data.members.insert((member.shop.clone(), member.person), member);
        data.changes += 1;
        Ok(())
    }

    async fn found(&self, member: Member) -> Result<bool, StoreError> {
        self.known(&member.shop)?;
        let mut data = self.data();
        if data.members.keys().any(|(of, _)| *of == member.shop) {
            return Ok(false);
        }
        data.members.insert((member.shop.clone(), member.person), member);
        data.changes += 1;
        Ok(true)
    }

    async fn change_role(&self, shop: &ShopSlug, person: Uuid, role: Role) -> Result<MemberChange, StoreError> {
        Ok(self.data().change_member(shop, person, |member| member.role = role))
    }

    async fn remove_member(&self, shop: &ShopSlug, person: Uuid, now: Millis) -> Result<MemberChange, StoreError> {
        Ok(self.data().change_member(shop, person, |member| member.ended_at = Some(now)))
    }

    async fn end_member(&self, shop: &ShopSlug, person: Uuid, now: Millis) -> Result<bool, StoreError> {
        let mut data = self.data();
        let member = data.members.get_mut(&(shop.clone(), person)).filter(|member| member.ended_at.is_none());
        let is_ended = member.map(|member| member.ended_at = Some(now)).is_some();
        data.changes += u64::from(is_ended);
        Ok(is_ended)
    }

    async fn has_members(&self, shop: &ShopSlug) -> Result<bool, StoreError> {
        Ok(self.data().members.keys().any(|(of, _)| of == shop))
    }

    async fn member(&self, shop: &ShopSlug, person: Uuid) -> Result<Option<Member>, StoreError> {
        Ok(self.data().members.get(&(shop.clone(), person)).cloned())
    }

    async fn members(&self, shop: &ShopSlug) -> Result<Vec<Member>, StoreError> {
        Ok(of_shop(&self.data().members, shop))
    }

    async fn known_members(&self, shop: &ShopSlug) -> Result<Vec<(Person, Member)>, StoreError> {
        let data = self.data();
        let members = of_shop(&data.members, shop).into_iter().filter(|member| member.ended_at.is_none());
        let known = members.filter_map(|member| Some((data.people.get(&member.person)?.clone(), member)));
        let mut known: Vec<_> = known.collect();
        known.sort_by(|(one, _), (other, _)| one.login.cmp(&other.login));
        Ok(known)
    }

    async fn memberships(&self, person: Uuid) -> Result<Vec<Member>, StoreError> {
        Ok(self.data().members.values().filter(|member| member.person == person).cloned().collect())
    }

    async fn add_session(&self, session: Session) -> Result<(), StoreError> {
        self.data().sessions.insert(session.hash, session);
        Ok(())
    }

    async fn session(&self, hash: &SecretHash) -> Result<Option<Session>, StoreError> {
        Ok(self.data().sessions.get(hash).cloned())
    }

    async fn sessions(&self, person: Uuid) -> Result<Vec<Session>, StoreError> {
        Ok(self.data().sessions.values().filter(|session| session.person == person).cloned().collect())
    }

    async fn keep_session(&self, hash: &SecretHash, idle_until: Millis) -> Result<(), StoreError> {
        if let Some(session) = self.data().sessions.get_mut(hash) {
            session.idle_until = idle_until;
        }
        Ok(())
    }

    async fn end_session(&self, hash: &SecretHash) -> Result<(), StoreError> {
        let mut data = self.data();
        data.sessions.remove(hash);
        data.changes += 1;
        Ok(())
    }

    async fn end_sessions(&self, person: Uuid) -> Result<(), StoreError> {
        let mut data = self.data();
        data.sessions.retain(|_, session| session.person != person);
        data.pins.retain(|(_, of), _| *of != person);
        data.changes += 1;
        Ok(())
    }

    async fn forget_sessions(&self, now: Millis) -> Result<(), StoreError> {
        self.data().sessions.retain(|_, session| session.is_open(now));
        Ok(())
    }

    async fn set_pin(&self, pin: Pin) -> Result<(), StoreError> {
        self.data().pins.insert((pin.browser, pin.person), Pin { wrong: 0, ..pin });
        Ok(())
    }

    async fn pins(&self, browser: &SecretHash) -> Result<Vec<Pin>, StoreError> {
        Ok(self.data().pins.values().filter(|pin| pin.browser == *browser).cloned().collect())
    }

    async fn try_pin(
        &self,
        browser: &SecretHash,
        person: Uuid,
        most: u32,
        now: Millis,
    ) -> Result<Option<Pin>, StoreError> {
        let mut data = self.data();
        let open = data.pins.get_mut(&(*browser, person)).filter(|pin| pin.is_open(most, now));
        Ok(open.map(|pin| {
            pin.wrong += 1;
            pin.clone()
        }))
    }

    async fn pin_was_right(&self, browser: &SecretHash, person: Uuid) -> Result<(), StoreError> {
        if let Some(pin) = self.data().pins.get_mut(&(*browser, person)) {
            pin.wrong = 0;
        }
        Ok(())
    }

    async fn end_pin(&self, browser: &SecretHash, person: Uuid) -> Result<(), StoreError> {
        self.data().pins.remove(&(*browser, person));
        Ok(())
    }

    async fn end_pins_elsewhere(&self, person: Uuid, here: Option<&SecretHash>) -> Result<(), StoreError> {
        self.data().pins.retain(|(browser, of), _| *of != person || Some(browser) == here);
        Ok(())
    }

    async fn end_pins_of(&self, session: &SecretHash) -> Result<(), StoreError> {
        let mut data = self.data();
        let Some(person) = data.sessions.get(session).map(|session| session.person) else { return Ok(()) };
        let on = data.used_on.iter().filter(|((of, _), _)| of == session);
        let devices = on.filter_map(|((_, shop), id)| data.devices.get(&(shop.clone(), id.clone())));
        let browsers: Vec<_> = devices.filter_map(|device| device.browser).collect();
        data.pins.retain(|(browser, of), _| *of != person || !browsers.contains(browser));
        Ok(())
    }

    async fn end_pins_on(&self, shop: &ShopSlug, id: &str) -> Result<(), StoreError> {
        let mut data = self.data();
        let browser = data.devices.get(&(shop.clone(), id.into())).and_then(|device| device.browser);
        data.pins.retain(|(of, _), _| Some(*of) != browser);
        Ok(())
    }

    async fn add_reset(&self, reset: Reset) -> Result<(), StoreError> {
        self.known(&reset.shop)?;
        self.data().resets.insert(reset.hash, Reset { used_at: None, ..reset });
        Ok(())
    }

    async fn reset(&self, hash: &SecretHash) -> Result<Option<Reset>, StoreError> {
        Ok(self.data().resets.get(hash).cloned())
    }

    async fn use_reset(&self, hash: &SecretHash, now: Millis) -> Result<bool, StoreError> {
        let mut data = self.data();
        let reset = data.resets.get_mut(hash).filter(|reset| reset.is_open(now));
        Ok(reset.map(|reset| reset.used_at = Some(now)).is_some())
    }

    async fn end_resets(&self, person: Uuid, now: Millis) -> Result<(), StoreError> {
        for reset in self.data().resets.values_mut().filter(|reset| reset.person == person && reset.is_open(now)) {
            reset.expires_at = now;
        }
        Ok(())
    }

    async fn end_resets_in(&self, shop: &ShopSlug, now: Millis) -> Result<(), StoreError> {
        for reset in self.data().resets.values_mut().filter(|reset| reset.shop == *shop && reset.is_open(now)) {
            reset.expires_at = now;
        }
        Ok(())
    }

    async fn add_invite(&self, invite: Invite) -> Result<(), StoreError> {
        self.known(&invite.shop)?;
        let fresh = Invite { used_by: None, used_at: None, ..invite };
        self.data().invites.insert((fresh.shop.clone(), fresh.id), fresh);
        Ok(())
    }

    async fn invite(&self, hash: &SecretHash) -> Result<Option<Invite>, StoreError> {
        Ok(self.data().invites.values().find(|invite| invite.hash == *hash).cloned())
    }

    async fn withdraw_invite(&self, shop: &ShopSlug, id: Uuid, now: Millis) -> Result<bool, StoreError> {
        let mut data = self.data();
        let invite = data.invites.get_mut(&(shop.clone(), id)).filter(|invite| invite.is_open(now));
        Ok(invite.map(|invite| invite.expires_at = now).is_some())
    }

    async fn end_owner_invites(&self, shop: &ShopSlug, now: Millis) -> Result<(), StoreError> {
        let mut data = self.data();
        let theirs = data.invites.values_mut().filter(|invite| invite.shop == *shop && invite.role == Role::Owner);
        for invite in theirs {
            invite.expires_at = invite.expires_at.min(now);
        }
        Ok(())
    }

    async fn invites(&self, shop: &ShopSlug) -> Result<Vec<Invite>, StoreError> {
        Ok(of_shop(&self.data().invites, shop))
    }

    async fn claim_invite(&self, hash: &SecretHash, person: Uuid, now: Millis) -> Result<bool, StoreError> {
        Ok(self.data().claim_invite(hash, person, now).is_some())
    }

    async fn give_back_invite(&self, hash: &SecretHash, person: Uuid) -> Result<(), StoreError> {
        let mut data = self.data();
        let claimed = |invite: &&mut Invite| invite.hash == *hash && invite.used_by == Some(person);
        if let Some(invite) = data.invites.values_mut().find(claimed) {
            (invite.used_by, invite.used_at) = (None, None);
        }
        Ok(())
    }

    async fn use_invite(&self, hash: &SecretHash, person: Uuid, now: Millis) -> Result<Option<Member>, StoreError> {
        let mut data = self.data();
        let Some(invite) = data.claim_invite(hash, person, now) else { return Ok(None) };
        let (shop, role, made_at) = (invite.shop.clone(), invite.role, invite.made_at);
        let fresh = Member { shop: shop.clone(), person, role, since: now, ended_at: None };
        let member = data.members.entry((shop, person)).or_insert_with(|| fresh.clone());
        if member.ended_at.is_some_and(|ended| ended <= made_at) {
            *member = fresh;
        }
        let member = member.clone();
        data.changes += 1;
        Ok(Some(member).filter(|member| member.ended_at.is_none()))
    }

    async fn enrol(&self, device: Device) -> Result<(), StoreError> {
        self.known(&device.shop)?;
        let mut data = self.data();
        let key = (device.shop.clone(), device.id.clone());
        let (person, browser) = (device.person, device.browser);
        let fresh = Device { seen_at: None, last_entry: None, revoked_at: None, unsent: None, ..device };
        let known = data.devices.entry(key).or_insert(fresh);
        known.person = person;
        known.browser = known.browser.or(browser);
        Ok(())
    }

    async fn device(&self, shop: &ShopSlug, id: &str) -> Result<Option<Device>, StoreError> {
        Ok(self.data().devices.get(&(shop.clone(), id.into())).cloned())
    }

    async fn devices(&self, shop: &ShopSlug) -> Result<Vec<Device>, StoreError> {
        Ok(of_shop(&self.data().devices, shop))
    }

    async fn name_device(&self, shop: &ShopSlug, id: &str, name: String) -> Result<bool, StoreError> {
        let mut data = self.data();
        let device = data.devices.get_mut(&(shop.clone(), id.into()));
        Ok(device.map(|device| device.name = name).is_some())
    }

    async fn saw_device(&self, shop: &ShopSlug, id: &str, sighting: Sighting) -> Result<(), StoreError> {
        if let Some(device) = self.data().devices.get_mut(&(shop.clone(), id.into())) {
            if device.seen_at <= Some(sighting.at) {
                device.unsent = sighting.unsent.or(device.unsent);
            }
            device.seen_at = device.seen_at.max(Some(sighting.at));
            device.last_entry = device.last_entry.max(sighting.last_entry);
        }
        Ok(())
    }

    async fn use_device(&self, session: &SecretHash, shop: &ShopSlug, id: &str) -> Result<(), StoreError> {
        self.known(shop)?;
        self.data().used_on.insert((*session, shop.clone()), id.into());
        Ok(())
    }

    async fn carry_devices(&self, from: &SecretHash, to: &SecretHash) -> Result<(), StoreError> {
        let mut data = self.data();
        if !data.sessions.contains_key(from) {
            return Ok(());
        }
        let on = data.used_on.iter().filter(|((session, _), _)| session == from);
        let on: Vec<_> = on.map(|((_, shop), id)| (shop.clone(), id.clone())).collect();
        data.use_where_none_is(*to, on);
        Ok(())
    }

    async fn use_devices_of(&self, browser: &SecretHash, session: &SecretHash) -> Result<(), StoreError> {
        let mut data = self.data();
        let of_browser = data.devices.values().filter(|device| device.browser == Some(*browser));
        let mut on: Vec<_> = of_browser.map(|one| (one.enrolled_at, one.id.clone(), one.shop.clone())).collect();
        on.sort_by(|one, other| other.cmp(one));
        data.use_where_none_is(*session, on.into_iter().map(|(_, id, shop)| (shop, id)).collect());
        Ok(())
    }

    async fn know_browser(&self, session: &SecretHash, browser: &SecretHash) -> Result<(), StoreError> {
        let mut data = self.data();
        let on = data.used_on.iter().filter(|((of, _), _)| of == session);
        let on: Vec<_> = on.map(|((_, shop), id)| (shop.clone(), id.clone())).collect();
        for key in on {
            if let Some(device) = data.devices.get_mut(&key) {
                device.browser.get_or_insert(*browser);
            }
        }
        Ok(())
    }

    async fn device_of(&self, session: &SecretHash, shop: &ShopSlug) -> Result<Option<Device>, StoreError> {
        let data = self.data();
        if !data.sessions.contains_key(session) {
            return Ok(None);
        }
        let id = data.used_on.get(&(*session, shop.clone()));
        Ok(id.and_then(|id| data.devices.get(&(shop.clone(), id.clone())).cloned()))
    }

    async fn revoke_device(&self, shop: &ShopSlug, id: &str, now: Millis) -> Result<bool, StoreError> {
        let mut data = self.data();
        let device = data.devices.get_mut(&(shop.clone(), id.into())).filter(|device| device.revoked_at.is_none());
        let is_revoked = device.map(|device| device.revoked_at = Some(now)).is_some();
        data.changes += u64::from(is_revoked);
        Ok(is_revoked)
    }

    async fn readmit_device(&self, shop: &ShopSlug, id: &str) -> Result<bool, StoreError> {
        let mut data = self.data();
        let device = data.devices.get_mut(&(shop.clone(), id.into())).filter(|device| device.revoked_at.is_some());
        let is_in = device.map(|device| device.revoked_at = None).is_some();
        data.changes += u64::from(is_in);
        Ok(is_in)
    }

    async fn add_token(&self, token: Token) -> Result<bool, StoreError> {
        self.known(&token.shop)?;
        let mut data = self.data();
        if data.tokens.values().any(|known| known.shop == token.shop && known.name == token.name) {
            return Ok(false);
        }
        data.tokens.insert((token.shop.clone(), token.id), Token { revoked_at: None, ..token });
        Ok(true)
    }

    async fn token(&self, hash: &SecretHash) -> Result<Option<Token>, StoreError> {
        Ok(self.data().tokens.values().find(|token| token.hash == *hash).cloned())
    }

    async fn tokens(&self, shop: &ShopSlug) -> Result<Vec<Token>, StoreError> {
        Ok(of_shop(&self.data().tokens, shop))
    }

    async fn revoke_token(&self, shop: &ShopSlug, id: Uuid, now: Millis) -> Result<bool, StoreError> {
        let mut data = self.data();
        let token = data.tokens.get_mut(&(shop.clone(), id)).filter(|token| token.revoked_at.is_none());
        let is_revoked = token.map(|token| token.revoked_at = Some(now)).is_some();
        data.changes += u64::from(is_revoked);
        Ok(is_revoked)
    }

    async fn quarantine(&self, command: Quarantined) -> Result<bool, StoreError> {
        self.known(&command.shop)?;
        let key = (command.shop.clone(), command.command);
        let mut data = self.data();
        let is_new = !data.quarantine.contains_key(&key);
        data.quarantine.entry(key).or_insert((command, false));
        Ok(is_new)
    }

    async fn quarantined(&self, shop: &ShopSlug) -> Result<Vec<Quarantined>, StoreError> {
        let mut open = of_shop(&self.data().quarantine, shop);
        open.retain(|(_, is_settled)| !is_settled);
        open.sort_by_key(|(command, _)| (command.issued_at, command.command));
        Ok(open.into_iter().map(|(command, _)| command).collect())
    }

    async fn quarantined_count(&self, shop: &ShopSlug) -> Result<u64, StoreError> {
        Ok(self.quarantined(shop).await?.len() as u64)
    }

    async fn settle_quarantined(
        &self,
        shop: &ShopSlug,
        command: CommandId,
        _how: Release,
        _by: &str,
        _now: Millis,
    ) -> Result<bool, StoreError> {
        let mut data = self.data();
        let open = data.quarantine.get_mut(&(shop.clone(), command)).filter(|(_, is_settled)| !is_settled);
        Ok(open.map(|(_, is_settled)| *is_settled = true).is_some())
    }

    async fn changes(&self) -> Result<u64, StoreError> {
        Ok(self.data().changes)
    }
}
