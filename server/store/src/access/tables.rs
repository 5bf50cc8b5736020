//! People and their ways in, in the tables of either database: the statements are the same on both, and what differs is
//! in [`Database`].

use async_trait::async_trait;
use domain::{CommandId, ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

use super::{
    Access, Device, Invite, Login, Member, MemberChange, PasswordHash, Person, Pin, Quarantined, Release, Reset,
    SecretHash, Session, Sighting, Token,
    databases::{Database, Value},
    rows::{
        self, DeviceRow, InviteRow, KnownMemberRow, MemberRow, PersonRow, PinRow, QuarantinedRow, ResetRow, SessionRow,
        TokenRow,
    },
};
use crate::{error::StoreError, stored::column};

pub(crate) struct Tables<D>(pub(crate) D);

impl<D: Database> Tables<D> {
    /// Whether a row was changed.
    async fn change<const N: usize>(&self, sql: &'static str, values: [Value; N]) -> Result<bool, StoreError> {
        Ok(self.0.write(None, sql, values.into()).await? > 0)
    }

    /// Whether a row that is a shop's was written.
    async fn insert<const N: usize>(
        &self,
        shop: &ShopSlug,
        sql: &'static str,
        values: [Value; N],
    ) -> Result<bool, StoreError> {
        Ok(self.0.write(Some(shop), sql, values.into()).await? > 0)
    }

    /// What became of a change that leaves the last owner as they are.
    async fn change_member<const N: usize>(
        &self,
        shop: &ShopSlug,
        person: Uuid,
        sql: &'static str,
        values: [Value; N],
    ) -> Result<MemberChange, StoreError> {
        if self.0.write_behind_owners(shop, sql, values.into()).await? > 0 {
            return Ok(MemberChange::Done);
        }
        let is_there = self.member(shop, person).await?.is_some_and(|member| member.active().is_some());
        Ok(if is_there { MemberChange::LastOwner } else { MemberChange::NoSuchMember })
    }

    async fn members_in(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Member>, StoreError> {
        let found: Vec<MemberRow> = self.0.rows(sql, values).await?;
        found.into_iter().map(rows::member).collect()
    }

    async fn people_in(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Person>, StoreError> {
        let found: Vec<PersonRow> = self.0.rows(sql, values).await?;
        found.into_iter().map(rows::person).collect()
    }

    async fn devices_in(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Device>, StoreError> {
        let found: Vec<DeviceRow> = self.0.rows(sql, values).await?;
        found.into_iter().map(rows::device).collect()
    }

    async fn tokens_in(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Token>, StoreError> {
        let found: Vec<TokenRow> = self.0.rows(sql, values).await?;
        found.into_iter().map(rows::token).collect()
    }
}

#[async_trait]
impl<D: Database> Access for Tables<D> {
    async fn add_person(&self, person: Person) -> Result<bool, StoreError> {
        let Person { id, login, name, password, added_at } = person;
        let password = password.map(|PasswordHash(phc)| phc);
        let values = [id.into(), login.as_str().into(), name.into(), password.into(), added_at.into()];
        self.change(include_str!("sql/add_person.sql"), values).await
    }

    async fn person(&self, id: Uuid) -> Result<Option<Person>, StoreError> {
        Ok(self.people_in(include_str!("sql/person.sql"), vec![id.into()]).await?.pop())
    }

    async fn person_of(&self, login: &Login) -> Result<Option<Person>, StoreError> {
        Ok(self.people_in(include_str!("sql/person_of.sql"), vec![login.as_str().into()]).await?.pop())
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.people_in(include_str!("sql/people.sql"), vec![]).await
    }

    async fn set_password(&self, person: Uuid, password: PasswordHash) -> Result<bool, StoreError> {
        self.change(include_str!("sql/set_password.sql"), [person.into(), password.0.into()]).await
    }

    async fn replace_password(
        &self,
        person: Uuid,
        before: &PasswordHash,
        password: PasswordHash,
    ) -> Result<bool, StoreError> {
        let values = [person.into(), password.0.into(), before.0.as_str().into()];
        self.change(include_str!("sql/replace_password.sql"), values).await
    }

    async fn set_member(&self, member: Member) -> Result<(), StoreError> {
        let Member { shop, person, role, since, ended_at } = member;
        let values = [shop.as_str().into(), person.into(), role.word().into(), since.into(), ended_at.into()];
        self.insert(&shop, include_str!("sql/set_member.sql"), values).await.map(drop)
    }

    async fn found(&self, member: Member) -> Result<bool, StoreError> {
        let Member { shop, person, role, since, ended_at: _ } = member;
        let values = [shop.as_str().into(), person.into(), role.word().into(), since.into()];
        self.insert(&shop, include_str!("sql/found.sql"), values).await
    }

    async fn change_role(&self, shop: &ShopSlug, person: Uuid, role: Role) -> Result<MemberChange, StoreError> {
        let values = [shop.as_str().into(), person.into(), role.word().into()];
        self.change_member(shop, person, include_str!("sql/change_role.sql"), values).await
    }

    async fn remove_member(&self, shop: &ShopSlug, person: Uuid, now: Millis) -> Result<MemberChange, StoreError> {
        let values = [shop.as_str().into(), person.into(), now.into()];
        self.change_member(shop, person, include_str!("sql/remove_member.sql"), values).await
    }

    async fn end_member(&self, shop: &ShopSlug, person: Uuid, now: Millis) -> Result<bool, StoreError> {
        self.change(include_str!("sql/end_member.sql"), [shop.as_str().into(), person.into(), now.into()]).await
    }

    async fn has_members(&self, shop: &ShopSlug) -> Result<bool, StoreError> {
        let found: Vec<(bool,)> = self.0.rows(include_str!("sql/has_members.sql"), vec![shop.as_str().into()]).await?;
        Ok(found.first().is_some_and(|(has,)| *has))
    }

    async fn member(&self, shop: &ShopSlug, person: Uuid) -> Result<Option<Member>, StoreError> {
        let values = vec![shop.as_str().into(), person.into()];
        Ok(self.members_in(include_str!("sql/member.sql"), values).await?.pop())
    }

    async fn members(&self, shop: &ShopSlug) -> Result<Vec<Member>, StoreError> {
        self.members_in(include_str!("sql/members.sql"), vec![shop.as_str().into()]).await
    }

    async fn known_members(&self, shop: &ShopSlug) -> Result<Vec<(Person, Member)>, StoreError> {
        let sql = include_str!("sql/known_members.sql");
        let found: Vec<KnownMemberRow> = self.0.rows(sql, vec![shop.as_str().into()]).await?;
        found.into_iter().map(|row| rows::known_member(row, shop)).collect()
    }

    async fn memberships(&self, person: Uuid) -> Result<Vec<Member>, StoreError> {
        self.members_in(include_str!("sql/memberships.sql"), vec![person.into()]).await
    }

    async fn add_session(&self, session: Session) -> Result<(), StoreError> {
        let Session { hash, person, begun_at, idle_until, ends_at } = session;
        let values = [hash.into(), person.into(), begun_at.into(), idle_until.into(), ends_at.into()];
        self.change(include_str!("sql/add_session.sql"), values).await.map(drop)
    }

    async fn session(&self, hash: &SecretHash) -> Result<Option<Session>, StoreError> {
        let found: Vec<SessionRow> = self.0.rows(include_str!("sql/session.sql"), vec![(*hash).into()]).await?;
        found.into_iter().next().map(rows::session).transpose()
    }

    async fn sessions(&self, person: Uuid) -> Result<Vec<Session>, StoreError> {
        let found: Vec<SessionRow> = self.0.rows(include_str!("sql/sessions.sql"), vec![person.into()]).await?;
        found.into_iter().map(rows::session).collect()
    }

    async fn keep_session(&self, hash: &SecretHash, idle_until: Millis) -> Result<(), StoreError> {
        self.change(include_str!("sql/keep_session.sql"), [(*hash).into(), idle_until.into()]).await.map(drop)
    }

    async fn end_session(&self, hash: &SecretHash) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_session.sql"), [(*hash).into()]).await.map(drop)
    }

    async fn end_sessions(&self, person: Uuid) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_pins.sql"), [person.into()]).await?;
        self.change(include_str!("sql/end_sessions.sql"), [person.into()]).await.map(drop)
    }

    async fn forget_sessions(&self, now: Millis) -> Result<(), StoreError> {
        self.change(include_str!("sql/forget_sessions.sql"), [now.into()]).await.map(drop)
    }

    async fn set_pin(&self, pin: Pin) -> Result<(), StoreError> {
        let Pin { browser, person, hash, wrong: _, set_at, ends_at } = pin;
        let values = [browser.into(), person.into(), hash.0.into(), set_at.into(), ends_at.into()];
        self.change(include_str!("sql/set_pin.sql"), values).await.map(drop)
    }

    async fn pins(&self, browser: &SecretHash) -> Result<Vec<Pin>, StoreError> {
        let found: Vec<PinRow> = self.0.rows(include_str!("sql/pins.sql"), vec![(*browser).into()]).await?;
        found.into_iter().map(rows::pin).collect()
    }

    async fn try_pin(
        &self,
        browser: &SecretHash,
        person: Uuid,
        most: u32,
        now: Millis,
    ) -> Result<Option<Pin>, StoreError> {
        let values = vec![(*browser).into(), person.into(), Value::Number(most.into()), now.into()];
        let tried: Vec<PinRow> = self.0.write_returning(include_str!("sql/try_pin.sql"), values).await?;
        tried.into_iter().next().map(rows::pin).transpose()
    }

    async fn pin_was_right(&self, browser: &SecretHash, person: Uuid) -> Result<(), StoreError> {
        self.change(include_str!("sql/pin_was_right.sql"), [(*browser).into(), person.into()]).await.map(drop)
    }

    async fn end_pin(&self, browser: &SecretHash, person: Uuid) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_pin.sql"), [(*browser).into(), person.into()]).await.map(drop)
    }

    async fn end_pins_elsewhere(&self, person: Uuid, here: Option<&SecretHash>) -> Result<(), StoreError> {
        let values = [person.into(), here.copied().into()];
        self.change(include_str!("sql/end_pins_elsewhere.sql"), values).await.map(drop)
    }

    async fn end_pins_of(&self, session: &SecretHash) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_pins_of.sql"), [(*session).into()]).await.map(drop)
    }

    async fn end_pins_on(&self, shop: &ShopSlug, id: &str) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_pins_on.sql"), [shop.as_str().into(), id.into()]).await.map(drop)
    }

    async fn add_reset(&self, reset: Reset) -> Result<(), StoreError> {
        let Reset { hash, shop, person, made_at, expires_at, used_at: _ } = reset;
        let values = [hash.into(), shop.as_str().into(), person.into(), made_at.into(), expires_at.into()];
        self.insert(&shop, include_str!("sql/add_reset.sql"), values).await.map(drop)
    }

    async fn reset(&self, hash: &SecretHash) -> Result<Option<Reset>, StoreError> {
        let found: Vec<ResetRow> = self.0.rows(include_str!("sql/reset.sql"), vec![(*hash).into()]).await?;
        found.into_iter().next().map(rows::reset).transpose()
    }

    async fn use_reset(&self, hash: &SecretHash, now: Millis) -> Result<bool, StoreError> {
        self.change(include_str!("sql/use_reset.sql"), [(*hash).into(), now.into()]).await
    }

    async fn end_resets(&self, person: Uuid, now: Millis) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_resets.sql"), [person.into(), now.into()]).await.map(drop)
    }

    async fn end_resets_in(&self, shop: &ShopSlug, now: Millis) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_resets_in.sql"), [shop.as_str().into(), now.into()]).await.map(drop)
    }

    async fn add_invite(&self, invite: Invite) -> Result<(), StoreError> {
        let Invite { shop, id, hash, role, made_at, expires_at, used_by: _, used_at: _ } = invite;
        let values =
            [shop.as_str().into(), id.into(), hash.into(), role.word().into(), made_at.into(), expires_at.into()];
        self.insert(&shop, include_str!("sql/add_invite.sql"), values).await.map(drop)
    }

    async fn invite(&self, hash: &SecretHash) -> Result<Option<Invite>, StoreError> {
        let found: Vec<InviteRow> = self.0.rows(include_str!("sql/invite.sql"), vec![(*hash).into()]).await?;
        found.into_iter().next().map(rows::invite).transpose()
    }

    async fn withdraw_invite(&self, shop: &ShopSlug, id: Uuid, now: Millis) -> Result<bool, StoreError> {
        self.change(include_str!("sql/withdraw_invite.sql"), [shop.as_str().into(), id.into(), now.into()]).await
    }

    async fn end_owner_invites(&self, shop: &ShopSlug, now: Millis) -> Result<(), StoreError> {
        self.change(include_str!("sql/end_owner_invites.sql"), [shop.as_str().into(), now.into()]).await.map(drop)
    }

    async fn invites(&self, shop: &ShopSlug) -> Result<Vec<Invite>, StoreError> {
        let found: Vec<InviteRow> = self.0.rows(include_str!("sql/invites.sql"), vec![shop.as_str().into()]).await?;
        found.into_iter().map(rows::invite).collect()
    }

    async fn claim_invite(&self, hash: &SecretHash, person: Uuid, now: Millis) -> Result<bool, StoreError> {
        self.change(include_str!("sql/use_invite.sql"), [(*hash).into(), person.into(), now.into()]).await
    }

    async fn give_back_invite(&self, hash: &SecretHash, person: Uuid) -> Result<(), StoreError> {
        self.change(include_str!("sql/give_back_invite.sql"), [(*hash).into(), person.into()]).await.map(drop)
    }

    /// Two statements. A process that dies between them has used the invite and made nobody a member; the same person
    /// does both again.
    async fn use_invite(&self, hash: &SecretHash, person: Uuid, now: Millis) -> Result<Option<Member>, StoreError> {
        let values = vec![(*hash).into(), person.into(), now.into()];
        let used: Vec<(String, String, i64)> =
            self.0.write_returning(include_str!("sql/use_invite.sql"), values).await?;
        let Some((of, role, made_at)) = used.into_iter().next() else { return Ok(None) };
        let shop = rows::shop(&of)?;
        let values = [of.into(), person.into(), role.into(), now.into(), Millis(made_at).into()];
        self.insert(&shop, include_str!("sql/join.sql"), values).await?;
        Ok(self.member(&shop, person).await?.filter(|member| member.ended_at.is_none()))
    }

    async fn enrol(&self, device: Device) -> Result<(), StoreError> {
        let Device { shop, id, name, person, enrolled_at, browser, .. } = device;
        let values =
            [shop.as_str().into(), (&*id).into(), name.into(), person.into(), enrolled_at.into(), browser.into()];
        self.insert(&shop, include_str!("sql/enrol.sql"), values).await.map(drop)
    }

    async fn device(&self, shop: &ShopSlug, id: &str) -> Result<Option<Device>, StoreError> {
        let values = vec![shop.as_str().into(), id.into()];
        Ok(self.devices_in(include_str!("sql/device.sql"), values).await?.pop())
    }

    async fn devices(&self, shop: &ShopSlug) -> Result<Vec<Device>, StoreError> {
        self.devices_in(include_str!("sql/devices.sql"), vec![shop.as_str().into()]).await
    }

    async fn name_device(&self, shop: &ShopSlug, id: &str, name: String) -> Result<bool, StoreError> {
        self.change(include_str!("sql/name_device.sql"), [shop.as_str().into(), id.into(), name.into()]).await
    }

    async fn saw_device(&self, shop: &ShopSlug, id: &str, sighting: Sighting) -> Result<(), StoreError> {
        let Sighting { at, last_entry, unsent } = sighting;
        let last_entry = Value::Number(column(last_entry.unwrap_or(0)));
        let unsent = Value::Number(unsent.map_or(-1, i64::from));
        let values = [shop.as_str().into(), id.into(), at.into(), last_entry, unsent];
        self.change(include_str!("sql/saw_device.sql"), values).await.map(drop)
    }

    async fn use_device(&self, session: &SecretHash, shop: &ShopSlug, id: &str) -> Result<(), StoreError> {
        let values = [(*session).into(), shop.as_str().into(), id.into()];
        self.insert(shop, include_str!("sql/use_device.sql"), values).await.map(drop)
    }

    async fn carry_devices(&self, from: &SecretHash, to: &SecretHash) -> Result<(), StoreError> {
        self.change(include_str!("sql/carry_devices.sql"), [(*from).into(), (*to).into()]).await.map(drop)
    }

    async fn use_devices_of(&self, browser: &SecretHash, session: &SecretHash) -> Result<(), StoreError> {
        self.change(include_str!("sql/use_devices_of.sql"), [(*browser).into(), (*session).into()]).await.map(drop)
    }

    async fn know_browser(&self, session: &SecretHash, browser: &SecretHash) -> Result<(), StoreError> {
        self.change(include_str!("sql/know_browser.sql"), [(*session).into(), (*browser).into()]).await.map(drop)
    }

    async fn device_of(&self, session: &SecretHash, shop: &ShopSlug) -> Result<Option<Device>, StoreError> {
        let values = vec![(*session).into(), shop.as_str().into()];
        Ok(self.devices_in(include_str!("sql/device_of.sql"), values).await?.pop())
    }

    async fn revoke_device(&self, shop: &ShopSlug, id: &str, now: Millis) -> Result<bool, StoreError> {
        self.change(include_str!("sql/revoke_device.sql"), [shop.as_str().into(), id.into(), now.into()]).await
    }

    async fn readmit_device(&self, shop: &ShopSlug, id: &str) -> Result<bool, StoreError> {
        self.change(include_str!("sql/readmit_device.sql"), [shop.as_str().into(), id.into()]).await
    }

    async fn add_token(&self, token: Token) -> Result<bool, StoreError> {
        let Token { shop, id, hash, name, role, scope, made_at, expires_at, revoked_at: _ } = token;
        let values = [
            shop.as_str().into(),
            id.into(),
            hash.into(),
            name.into(),
            role.word().into(),
            scope.word().into(),
            made_at.into(),
            expires_at.into(),
        ];
        self.insert(&shop, include_str!("sql/add_token.sql"), values).await
    }

    async fn token(&self, hash: &SecretHash) -> Result<Option<Token>, StoreError> {
        Ok(self.tokens_in(include_str!("sql/token.sql"), vec![(*hash).into()]).await?.pop())
    }

    async fn tokens(&self, shop: &ShopSlug) -> Result<Vec<Token>, StoreError> {
        self.tokens_in(include_str!("sql/tokens.sql"), vec![shop.as_str().into()]).await
    }

    async fn revoke_token(&self, shop: &ShopSlug, id: Uuid, now: Millis) -> Result<bool, StoreError> {
        self.change(include_str!("sql/revoke_token.sql"), [shop.as_str().into(), id.into(), now.into()]).await
    }

    async fn quarantine(&self, command: Quarantined) -> Result<bool, StoreError> {
        let Quarantined { shop, command, person, role, device, submission, issued_at, received_at } = command;
        let values = [
            shop.as_str().into(),
            command.0.into(),
            (&*person).into(),
            role.word().into(),
            (&*device).into(),
            submission.into(),
            issued_at.into(),
            received_at.into(),
        ];
        self.insert(&shop, include_str!("sql/quarantine.sql"), values).await
    }

    async fn quarantined(&self, shop: &ShopSlug) -> Result<Vec<Quarantined>, StoreError> {
        let values = vec![shop.as_str().into()];
        let found: Vec<QuarantinedRow> = self.0.rows(include_str!("sql/quarantined.sql"), values).await?;
        found.into_iter().map(rows::quarantined).collect()
    }

    async fn quarantined_count(&self, shop: &ShopSlug) -> Result<u64, StoreError> {
        let values = vec![shop.as_str().into()];
        let found: Vec<(i64,)> = self.0.rows(include_str!("sql/quarantined_count.sql"), values).await?;
        Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
    }

    async fn settle_quarantined(
        &self,
        shop: &ShopSlug,
        command: CommandId,
        how: Release,
        by: &str,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let values = [shop.as_str().into(), command.0.into(), how.word().into(), by.into(), now.into()];
        self.change(include_str!("sql/settle_quarantined.sql"), values).await
    }

    async fn changes(&self) -> Result<u64, StoreError> {
        let found: Vec<(i64,)> = self.0.rows(include_str!("sql/changes.sql"), vec![]).await?;
        Ok(found.first().map_or(0, |(number,)| number.unsigned_abs()))
    }
}
