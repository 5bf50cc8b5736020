//! Rows of both databases, to and from what they stand for.

use domain::{CommandId, ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

use super::{
    Device, Invite, Login, Member, PasswordHash, Person, Pin, Quarantined, Reset, Scope, SecretHash, Session, Token,
};
use crate::{error::StoreError, stored};

fn unreadable(what: &'static str, problem: impl ToString) -> StoreError {
    StoreError::Unreadable { what, problem: problem.to_string() }
}

pub(super) fn shop(slug: &str) -> Result<ShopSlug, StoreError> {
    ShopSlug::parse(slug).map_err(|problem| unreadable("a shop's name", problem))
}

fn role(word: &str) -> Result<Role, StoreError> {
    Role::of_word(word).ok_or_else(|| unreadable("a role", format!("{word} is none of this version")))
}

fn hash(bytes: Vec<u8>) -> Result<SecretHash, StoreError> {
    bytes.try_into().map(SecretHash).map_err(|_| unreadable("a hash", "it has another length"))
}

/// id, login, name, password, added at
pub(super) type PersonRow = (Uuid, String, String, Option<String>, i64);

pub(super) fn person((id, login, name, password, added_at): PersonRow) -> Result<Person, StoreError> {
    let login = Login::parse(&login).map_err(|problem| unreadable("a login", problem))?;
    Ok(Person { id, login, name, password: password.map(PasswordHash), added_at: Millis(added_at) })
}

/// shop, person, role, since, ended at
pub(super) type MemberRow = (String, Uuid, String, i64, Option<i64>);

pub(super) fn member((of, person, word, since, ended_at): MemberRow) -> Result<Member, StoreError> {
    let (shop, role) = (shop(&of)?, role(&word)?);
    Ok(Member { shop, person, role, since: Millis(since), ended_at: ended_at.map(Millis) })
}

/// Who it is, then role and since.
pub(super) type KnownMemberRow = (Uuid, String, String, Option<String>, i64, String, i64);

pub(super) fn known_member(row: KnownMemberRow, shop: &ShopSlug) -> Result<(Person, Member), StoreError> {
    let (id, login, name, password, added_at, word, since) = row;
    let member = Member { shop: shop.clone(), person: id, role: role(&word)?, since: Millis(since), ended_at: None };
    Ok((person((id, login, name, password, added_at))?, member))
}

/// hash, shop, person, made at, expires at, used at
pub(super) type ResetRow = (Vec<u8>, String, Uuid, i64, i64, Option<i64>);

pub(super) fn reset((bytes, of, person, made_at, expires_at, used_at): ResetRow) -> Result<Reset, StoreError> {
    let (made_at, expires_at, used_at) = (Millis(made_at), Millis(expires_at), used_at.map(Millis));
    Ok(Reset { hash: hash(bytes)?, shop: shop(&of)?, person, made_at, expires_at, used_at })
}

/// hash, person, begun at, idle until, ends at
pub(super) type SessionRow = (Vec<u8>, Uuid, i64, i64, i64);

pub(super) fn session((bytes, person, begun_at, idle_until, ends_at): SessionRow) -> Result<Session, StoreError> {
    let (begun_at, idle_until, ends_at) = (Millis(begun_at), Millis(idle_until), Millis(ends_at));
    Ok(Session { hash: hash(bytes)?, person, begun_at, idle_until, ends_at })
}

/// browser, person, hash, wrong, set at, ends at
pub(super) type PinRow = (Vec<u8>, Uuid, String, i64, i64, i64);

pub(super) fn pin((browser, person, phc, wrong, set_at, ends_at): PinRow) -> Result<Pin, StoreError> {
    let (set_at, ends_at) = (Millis(set_at), Millis(ends_at));
    let wrong = u32::try_from(wrong).unwrap_or(u32::MAX);
    Ok(Pin { browser: hash(browser)?, person, hash: PasswordHash(phc), wrong, set_at, ends_at })
}

/// shop, id, hash, role, made at, expires at, used by, used at
pub(super) type InviteRow = (String, Uuid, Vec<u8>, String, i64, i64, Option<Uuid>, Option<i64>);

pub(super) fn invite(row: InviteRow) -> Result<Invite, StoreError> {
    let (of, id, bytes, word, made_at, expires_at, used_by, used_at) = row;
    let (shop, hash, role) = (shop(&of)?, hash(bytes)?, role(&word)?);
    let (made_at, expires_at, used_at) = (Millis(made_at), Millis(expires_at), used_at.map(Millis));
    Ok(Invite { shop, id, hash, role, made_at, expires_at, used_by, used_at })
}

/// shop, id, name, person, enrolled at, seen at, last entry, revoked at, unsent, browser
pub(super) type DeviceRow =
    (String, String, String, Uuid, i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<Vec<u8>>);

pub(super) fn device(row: DeviceRow) -> Result<Device, StoreError> {
    let (of, id, name, person, enrolled_at, seen_at, last_entry, revoked_at, unsent, browser) = row;
    Ok(Device {
        shop: shop(&of)?,
        id: id.into(),
        name,
        person,
        enrolled_at: Millis(enrolled_at),
        seen_at: seen_at.map(Millis),
        last_entry: last_entry.map(stored::position).transpose()?,
        revoked_at: revoked_at.map(Millis),
        unsent: unsent.map(|unsent| u32::try_from(unsent).unwrap_or(u32::MAX)),
        browser: browser.map(hash).transpose()?,
    })
}

/// shop, command, person, role, device, submission, issued at, received at
pub(super) type QuarantinedRow = (String, Uuid, String, String, String, String, i64, i64);

pub(super) fn quarantined(row: QuarantinedRow) -> Result<Quarantined, StoreError> {
    let (of, command, person, word, device, submission, issued_at, received_at) = row;
    Ok(Quarantined {
        shop: shop(&of)?,
        command: CommandId(command),
        person: person.into(),
        role: role(&word)?,
        device: device.into(),
        submission,
        issued_at: Millis(issued_at),
        received_at: Millis(received_at),
    })
}

/// shop, id, hash, name, role, scope, made at, expires at, revoked at
pub(super) type TokenRow = (String, Uuid, Vec<u8>, String, String, String, i64, Option<i64>, Option<i64>);

pub(super) fn token(row: TokenRow) -> Result<Token, StoreError> {
    let (of, id, bytes, name, word, scope, made_at, expires_at, revoked_at) = row;
    let scope = Scope::of_word(&scope).ok_or_else(|| unreadable("a token's scope", scope))?;
    let (shop, hash, role) = (shop(&of)?, hash(bytes)?, role(&word)?);
    let (made_at, expires_at, revoked_at) = (Millis(made_at), expires_at.map(Millis), revoked_at.map(Millis));
    Ok(Token { shop, id, hash, name, role, scope, made_at, expires_at, revoked_at })
}
