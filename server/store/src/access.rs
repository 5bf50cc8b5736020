//! Who may come in: people, the shops that they belong to, and what they come in with.
//!
//! Nothing here is in a shop's log, and nothing of it travels to a device: secrets are kept as hashes alone. A row is
//! never removed when somebody leaves or something is revoked; it gets the moment, since what was written before that
//! is judged by it.
//!
//! Reading order: [`Login`], [`Person`], [`Member`]; then what people and programs come with: [`Session`], [`Pin`],
//! [`Invite`], [`Reset`], [`Device`], [`Token`]; what comes after their end ([`Quarantined`]); then [`Access`], the trait, in memory and in
//! tables. On both databases the statements are the
//! same, in `access/sql`.

mod databases;
mod entrances;
mod memory;
mod people;
mod quarantine;
mod rows;
mod tables;

use async_trait::async_trait;
use domain::{CommandId, ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

pub(crate) use self::{
    databases::{OnPostgres, OnSqlite},
    memory::{Data as MemoryData, MemoryAccess},
    tables::Tables,
};
pub use self::{
    entrances::{Device, Invite, Pin, Reset, Scope, SecretHash, Session, Sighting, Token},
    people::{Login, LoginError, Member, MemberChange, PasswordHash, Person},
    quarantine::{Quarantined, Release},
};
use crate::error::StoreError;

/// People, their shops, and their ways in. A write that names a shop that does not exist is
/// [`StoreError::UnknownShop`].
#[async_trait]
pub trait Access: Send + Sync {
    /// False, and nothing written, where the login is somebody's already.
    async fn add_person(&self, person: Person) -> Result<bool, StoreError>;

    async fn person(&self, id: Uuid) -> Result<Option<Person>, StoreError>;

    async fn person_of(&self, login: &Login) -> Result<Option<Person>, StoreError>;

    /// Everybody, by login.
    async fn people(&self) -> Result<Vec<Person>, StoreError>;

    /// False for an unknown person.
    async fn set_password(&self, person: Uuid, password: PasswordHash) -> Result<bool, StoreError>;

    /// False, and nothing written, where it is not `before` that they have.
    async fn replace_password(
        &self,
        person: Uuid,
        before: &PasswordHash,
        password: PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Makes a person a member of a shop, again where they had left, or gives a member another role. For whoever runs the
    /// server: nothing is looked at.
    async fn set_member(&self, member: Member) -> Result<(), StoreError>;

    /// Makes a person the first member of a shop. False, and nothing written, where somebody belongs to it or ever did; of
    /// several who try at once, one is it.
    async fn found(&self, member: Member) -> Result<bool, StoreError>;

    /// Gives a member another role; somebody who has left gets none. Of several owners who get one at once, one stays.
    async fn change_role(&self, shop: &ShopSlug, person: Uuid, role: Role) -> Result<MemberChange, StoreError>;

    /// Ends a membership. Of several owners whose ends come at once, one stays.
    async fn remove_member(&self, shop: &ShopSlug, person: Uuid, now: Millis) -> Result<MemberChange, StoreError>;

    /// The same whoever it is, for whoever runs the server. False where they are no member.
    async fn end_member(&self, shop: &ShopSlug, person: Uuid, now: Millis) -> Result<bool, StoreError>;

    /// Whether somebody belongs to the shop, or ever did: such a shop asks who is there.
    async fn has_members(&self, shop: &ShopSlug) -> Result<bool, StoreError>;

    /// Also one who has left.
    async fn member(&self, shop: &ShopSlug, person: Uuid) -> Result<Option<Member>, StoreError>;

    /// A shop's, also those who have left; in no order.
    async fn members(&self, shop: &ShopSlug) -> Result<Vec<Member>, StoreError>;

    /// Those who belong to a shop now, with who they are; by login.
    async fn known_members(&self, shop: &ShopSlug) -> Result<Vec<(Person, Member)>, StoreError>;

    /// A person's, also the shops that they have left; by shop.
    async fn memberships(&self, person: Uuid) -> Result<Vec<Member>, StoreError>;

    async fn add_session(&self, session: Session) -> Result<(), StoreError>;

    /// Also one that has ended by the clock.
    async fn session(&self, hash: &SecretHash) -> Result<Option<Session>, StoreError>;

    /// A person's, also those that have ended by the clock; in no order.
    async fn sessions(&self, person: Uuid) -> Result<Vec<Session>, StoreError>;

    /// It was used: idle from now on.
    async fn keep_session(&self, hash: &SecretHash, idle_until: Millis) -> Result<(), StoreError>;

    async fn end_session(&self, hash: &SecretHash) -> Result<(), StoreError>;

    /// All of a person's, and their PINs: wherever they are, they sign in by their password.
    async fn end_sessions(&self, person: Uuid) -> Result<(), StoreError>;

    /// Those that ended by the clock.
    async fn forget_sessions(&self, now: Millis) -> Result<(), StoreError>;

    /// In place of the one that they had on this browser.
    async fn set_pin(&self, pin: Pin) -> Result<(), StoreError>;

    /// Of everybody on one browser, also those that ended by the clock or by wrong tries; in no order.
    async fn pins(&self, browser: &SecretHash) -> Result<Vec<Pin>, StoreError>;

    /// Counts one more try before anybody looks whether it is the right one. None, and nothing counted, where there is
    /// none, it is over, or it was wrong `most` times in a row.
    async fn try_pin(
        &self,
        browser: &SecretHash,
        person: Uuid,
        most: u32,
        now: Millis,
    ) -> Result<Option<Pin>, StoreError>;

    /// The last try was the right one.
    async fn pin_was_right(&self, browser: &SecretHash, person: Uuid) -> Result<(), StoreError>;

    async fn end_pin(&self, browser: &SecretHash, person: Uuid) -> Result<(), StoreError>;

    /// All of a person's but the one on this browser.
    async fn end_pins_elsewhere(&self, person: Uuid, here: Option<&SecretHash>) -> Result<(), StoreError>;

    /// Those of whoever a session is, on the browser that its devices are. Where nobody knows which it is, none.
    async fn end_pins_of(&self, session: &SecretHash) -> Result<(), StoreError>;

    /// Of everybody, on the browser that a device is. Where nobody knows which it is, none.
    async fn end_pins_on(&self, shop: &ShopSlug, id: &str) -> Result<(), StoreError>;

    /// As it is made: not used yet.
    async fn add_reset(&self, reset: Reset) -> Result<(), StoreError>;

    /// Also one that is used or expired.
    async fn reset(&self, hash: &SecretHash) -> Result<Option<Reset>, StoreError>;

    /// False where it is unknown, expired or used already; of several who use it at once, one has.
    async fn use_reset(&self, hash: &SecretHash, now: Millis) -> Result<bool, StoreError>;

    /// All of a person's that are open.
    async fn end_resets(&self, person: Uuid, now: Millis) -> Result<(), StoreError>;

    /// All that were made in a shop and are open, whomever they are for.
    async fn end_resets_in(&self, shop: &ShopSlug, now: Millis) -> Result<(), StoreError>;

    /// As it is made: not used yet.
    async fn add_invite(&self, invite: Invite) -> Result<(), StoreError>;

    /// Of whichever shop; also one that is used or expired.
    async fn invite(&self, hash: &SecretHash) -> Result<Option<Invite>, StoreError>;

    /// It ends now. False for an unknown invite, and for one that is used or expired already.
    async fn withdraw_invite(&self, shop: &ShopSlug, id: Uuid, now: Millis) -> Result<bool, StoreError>;

    /// All of a shop that make somebody an owner: nobody comes in by them any more.
    async fn end_owner_invites(&self, shop: &ShopSlug, now: Millis) -> Result<(), StoreError>;

    /// A shop's, also used and expired ones; in no order.
    async fn invites(&self, shop: &ShopSlug) -> Result<Vec<Invite>, StoreError>;

    /// Uses an invite up for somebody who may not be known yet, and makes nobody a member. False where it is unknown,
    /// expired or used by another; of several who claim it at once, one has it.
    async fn claim_invite(&self, hash: &SecretHash, person: Uuid, now: Millis) -> Result<bool, StoreError>;

    /// It can be used again, where it was this person who had claimed it.
    async fn give_back_invite(&self, hash: &SecretHash, person: Uuid) -> Result<(), StoreError>;

    /// Uses an invite up and makes the person a member by it; whoever is one already keeps the role that they have. The
    /// same person may do it again after a broken line. None where it is unknown, expired or used by another.
    async fn use_invite(&self, hash: &SecretHash, person: Uuid, now: Millis) -> Result<Option<Member>, StoreError>;

    /// One that is there already is given to the person who enrols it now, and keeps its name, and its browser where that
    /// was known; a revoked one stays revoked. What it has written and when it was seen is said by [`Access::saw_device`].
    async fn enrol(&self, device: Device) -> Result<(), StoreError>;

    async fn device(&self, shop: &ShopSlug, id: &str) -> Result<Option<Device>, StoreError>;

    /// A shop's, by id.
    async fn devices(&self, shop: &ShopSlug) -> Result<Vec<Device>, StoreError>;

    /// False for an unknown device.
    async fn name_device(&self, shop: &ShopSlug, id: &str, name: String) -> Result<bool, StoreError>;

    /// It was heard of, with the last entry that is its own, if it has written any since, and with how many commands it
    /// still had to send, if it said so. The first two never go back.
    async fn saw_device(&self, shop: &ShopSlug, id: &str, sighting: Sighting) -> Result<(), StoreError>;

    /// A session is used on this device of the shop from now on. The device is enrolled, and the session open.
    async fn use_device(&self, session: &SecretHash, shop: &ShopSlug, id: &str) -> Result<(), StoreError>;

    /// Another session is used on the same devices, in the shops where it is not used on one yet.
    async fn carry_devices(&self, from: &SecretHash, to: &SecretHash) -> Result<(), StoreError>;

    /// A session is used on what this browser is in each shop where it is not used on a device yet: of several devices on
    /// the one that was enrolled last.
    async fn use_devices_of(&self, browser: &SecretHash, session: &SecretHash) -> Result<(), StoreError>;

    /// The devices that a session is used on are this browser, where nobody knew which they are.
    async fn know_browser(&self, session: &SecretHash, browser: &SecretHash) -> Result<(), StoreError>;

    /// The device of a shop that a session is used on.
    async fn device_of(&self, session: &SecretHash, shop: &ShopSlug) -> Result<Option<Device>, StoreError>;

    /// False for an unknown device, or one that is revoked already.
    async fn revoke_device(&self, shop: &ShopSlug, id: &str, now: Millis) -> Result<bool, StoreError>;

    /// It may come in again. False for an unknown device, or one that is not revoked.
    async fn readmit_device(&self, shop: &ShopSlug, id: &str) -> Result<bool, StoreError>;

    /// False, and nothing written, where a token of the shop has this name or had it: entries of the log name it.
    async fn add_token(&self, token: Token) -> Result<bool, StoreError>;

    /// Of whichever shop; also one that is expired or revoked.
    async fn token(&self, hash: &SecretHash) -> Result<Option<Token>, StoreError>;

    /// A shop's, also expired and revoked ones; in no order.
    async fn tokens(&self, shop: &ShopSlug) -> Result<Vec<Token>, StoreError>;

    /// False for an unknown token, or one that is revoked already.
    async fn revoke_token(&self, shop: &ShopSlug, id: Uuid, now: Millis) -> Result<bool, StoreError>;

    /// Keeps a command until an owner decides. False, and nothing written, where it is kept already, or was.
    async fn quarantine(&self, command: Quarantined) -> Result<bool, StoreError>;

    /// Those of a shop that nobody has decided about, in the order of their issue.
    async fn quarantined(&self, shop: &ShopSlug) -> Result<Vec<Quarantined>, StoreError>;

    /// How many these are.
    async fn quarantined_count(&self, shop: &ShopSlug) -> Result<u64, StoreError>;

    /// An owner, named by login, has decided. False where there is nothing to decide, or not any more.
    async fn settle_quarantined(
        &self,
        shop: &ShopSlug,
        command: CommandId,
        how: Release,
        by: &str,
        now: Millis,
    ) -> Result<bool, StoreError>;

    /// A number that is another one after anything that may have ended somebody's way in: a member who came, left or has
    /// another role, a session that was ended, a device or token that was revoked. What ends by the clock does not count.
    async fn changes(&self) -> Result<u64, StoreError>;
}
