//! A forgotten password: an owner makes a link, and whoever it is sent to sets another one by it, once.
//!
//! A password opens every shop that somebody belongs to. So an owner makes a link only for somebody who belongs to their shop
//! and to no other one: otherwise it would be a way into a shop that is not theirs. Looked at again when the link is used.

use domain::{ShopSlug, values::Millis};
use store::{
    StoreError,
    access::{Person, Reset},
};
use uuid::Uuid;

use super::{
    Access,
    password::{self, PasswordError},
    secret::Secret,
};
use crate::clock;

/// Milliseconds for which a link is good.
pub const RESET_LASTS: i64 = 86_400_000;

/// Why there is no link, or no other password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResetError {
    /// Unknown, used or expired, or the person has left since: which of them is not said.
    #[error("no such reset")]
    NoSuchReset,
    #[error("no such member")]
    NoSuchMember,
    #[error("they belong to another shop too")]
    BelongsElsewhere,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("no randomness: {0}")]
    Random(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Access {
    /// Makes a way to another password for a member. Its secret is shown once; those that were made before are over.
    ///
    /// # Errors
    /// [`ResetError`].
    pub async fn begin_reset(&self, shop: &ShopSlug, login: &str) -> Result<Secret, ResetError> {
        let members = self.members_of(shop).await?;
        let found = members.into_iter().find(|(person, _)| person.login.as_str() == login);
        let (person, _) = found.ok_or(ResetError::NoSuchMember)?;
        if !self.belongs_to_alone(person.id, shop).await? {
            return Err(ResetError::BelongsElsewhere);
        }
        let secret = Secret::fresh().map_err(|error| ResetError::Random(error.to_string()))?;
        let made_at = clock::now();
        let expires_at = Millis(made_at.0.saturating_add(RESET_LASTS));
        self.store.end_resets(person.id, made_at).await?;
        let reset =
            Reset { hash: secret.hash(), shop: shop.clone(), person: person.id, made_at, expires_at, used_at: None };
        self.store.add_reset(reset).await?;
        Ok(secret)
    }

    async fn belongs_to_alone(&self, person: Uuid, shop: &ShopSlug) -> Result<bool, StoreError> {
        let memberships = self.store.memberships(person).await?;
        let shops: Vec<_> = memberships.iter().filter(|member| member.active().is_some()).collect();
        Ok(matches!(shops[..], [only] if only.shop == *shop))
    }

    /// Whom a link is for, as long as it can be used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_reset(&self, code: &str) -> Result<Option<(Reset, Person)>, StoreError> {
        let Some(secret) = Secret::parse(code) else { return Ok(None) };
        let found = self.store.reset(&secret.hash()).await?.filter(|reset| reset.is_open(clock::now()));
        let Some(reset) = found else { return Ok(None) };
        if !self.belongs_to_alone(reset.person, &reset.shop).await? {
            return Ok(None);
        }
        Ok(self.store.person(reset.person).await?.map(|person| (reset, person)))
    }

    /// Sets another password by a link, which is used up by it. Whatever the person is signed in on ends.
    ///
    /// # Errors
    /// [`ResetError::NoSuchReset`], [`ResetError::Password`], [`ResetError::Store`].
    pub async fn reset(&self, code: &str, password: String) -> Result<Person, ResetError> {
        let (reset, person) = self.open_reset(code).await?.ok_or(ResetError::NoSuchReset)?;
        password::check(&password, &person.login).map_err(PasswordError::from)?;
        let hash = self.passwords.hash(password).await?;
        // The link first: one that somebody else uses at the same time sets nothing.
        if !self.store.use_reset(&reset.hash, clock::now()).await? {
            return Err(ResetError::NoSuchReset);
        }
        self.store.set_password(person.id, hash).await?;
        self.store.end_resets(person.id, clock::now()).await?;
        self.store.end_sessions(person.id).await?;
        Ok(person)
    }
}
