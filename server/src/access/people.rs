//! Who belongs to a shop: its first owner, those who come by an invite, other roles, and leaving.

use domain::{ShopSlug, books::Role, values::Millis};
use store::{
    StoreError,
    access::{Invite, Login, LoginError, Member, MemberChange, Person},
};
use uuid::Uuid;

use super::{
    Access,
    attempts::TooOften,
    password::{self, PasswordError},
    secret::Secret,
};
use crate::clock;

/// Milliseconds for which an invite is good.
pub const INVITE_LASTS: i64 = 7 * 86_400_000;
/// Characters of a name.
const LONGEST_NAME: usize = 100;

/// Why somebody does not belong to a shop now, or still does.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PeopleError {
    /// Unknown, used, withdrawn or expired: which of them is not said.
    #[error("no such invite")]
    NoSuchInvite,
    #[error("somebody has this login")]
    LoginTaken,
    #[error("a login {0}")]
    Login(#[from] LoginError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("a shop keeps one owner at least")]
    LastOwner,
    #[error("no such member")]
    NoSuchMember,
    /// Only a shop that nobody has ever belonged to takes its first owner without an invite.
    #[error("somebody belongs to the shop")]
    NotTheFirst,
    #[error(transparent)]
    TooOften(#[from] TooOften),
    #[error("no randomness: {0}")]
    Random(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody who is to be known, as they wrote it themselves.
pub struct Newcomer {
    pub login: String,
    pub name: String,
    pub password: String,
}

impl Access {
    /// Makes an invite. Its secret is shown once.
    ///
    /// # Errors
    /// [`PeopleError::Random`], [`PeopleError::Store`].
    pub async fn invite(&self, shop: &ShopSlug, role: Role) -> Result<Secret, PeopleError> {
        let secret = Secret::fresh().map_err(|error| PeopleError::Random(error.to_string()))?;
        let made_at = clock::now();
        let invite = Invite {
            shop: shop.clone(),
            id: Uuid::now_v7(),
            hash: secret.hash(),
            role,
            made_at,
            expires_at: Millis(made_at.0.saturating_add(INVITE_LASTS)),
            used_by: None,
            used_at: None,
        };
        self.store.add_invite(invite).await?;
        Ok(secret)
    }

    /// The invite behind a code, as long as it can be used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_invite(&self, code: &str) -> Result<Option<Invite>, StoreError> {
        let Some(secret) = Secret::parse(code) else { return Ok(None) };
        let found = self.store.invite(&secret.hash()).await?;
        Ok(found.filter(|invite| invite.is_open(clock::now())))
    }

    /// Makes somebody known, and a member by an invite. Nobody is made known without one.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub async fn join_as_new(&self, code: &str, newcomer: Newcomer) -> Result<(Person, ShopSlug), PeopleError> {
        let invite = self.open_invite(code).await?.ok_or(PeopleError::NoSuchInvite)?;
        let person = self.described(newcomer).await?;
        // The invite first: of several who come by it at once, one is made known.
        if !self.store.claim_invite(&invite.hash, person.id, clock::now()).await? {
            return Err(PeopleError::NoSuchInvite);
        }
        if let Err(error) = self.add(&person).await {
            self.store.give_back_invite(&invite.hash, person.id).await?;
            return Err(error);
        }
        let member = self.store.use_invite(&invite.hash, person.id, clock::now()).await?;
        Ok((person, member.ok_or(PeopleError::NoSuchInvite)?.shop))
    }

    /// The same for somebody who is known.
    ///
    /// # Errors
    /// [`PeopleError::NoSuchInvite`], [`PeopleError::Store`].
    pub async fn join(&self, code: &str, person: &Person) -> Result<ShopSlug, PeopleError> {
        let secret = Secret::parse(code).ok_or(PeopleError::NoSuchInvite)?;
        let member = self.store.use_invite(&secret.hash(), person.id, clock::now()).await?;
        Ok(member.ok_or(PeopleError::NoSuchInvite)?.shop)
    }

    /// Makes somebody known, and the first owner of a shop that has asked nobody until now.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub async fn found(&self, shop: &ShopSlug, newcomer: Newcomer) -> Result<Person, PeopleError> {
        if self.store.has_members(shop).await? {
            return Err(PeopleError::NotTheFirst);
        }
        let person = self.make_known(newcomer).await?;
        self.own(shop, &person).await?;
        Ok(person)
    }

    /// Makes somebody the first owner of a shop that nobody has ever belonged to.
    ///
    /// # Errors
    /// [`PeopleError::NotTheFirst`], [`PeopleError::Store`].
    pub async fn own(&self, shop: &ShopSlug, person: &Person) -> Result<(), PeopleError> {
        let member =
            Member { shop: shop.clone(), person: person.id, role: Role::Owner, since: clock::now(), ended_at: None };
        // Of two at once, one.
        if self.store.found(member).await? { Ok(()) } else { Err(PeopleError::NotTheFirst) }
    }

    /// Whether nobody is known here yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn knows_nobody(&self) -> Result<bool, StoreError> {
        Ok(self.store.people().await?.is_empty())
    }

    /// # Errors
    /// As for an invite that is used: [`PeopleError`].
    pub async fn make_known(&self, newcomer: Newcomer) -> Result<Person, PeopleError> {
        let person = self.described(newcomer).await?;
        self.add(&person).await?;
        Ok(person)
    }

    /// As somebody will be known; nothing is written.
    async fn described(&self, Newcomer { login, name, password }: Newcomer) -> Result<Person, PeopleError> {
        let login = Login::parse(&login)?;
        password::check(&password, &login).map_err(PasswordError::from)?;
        let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
        let name = if name.is_empty() { login.to_string() } else { name };
        let password = Some(self.passwords.hash(password).await?);
        Ok(Person { id: Uuid::now_v7(), login, name, password, added_at: clock::now() })
    }

    async fn add(&self, person: &Person) -> Result<(), PeopleError> {
        if self.store.add_person(person.clone()).await? { Ok(()) } else { Err(PeopleError::LoginTaken) }
    }

    /// Those who belong to a shop now, by login.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn members_of(&self, shop: &ShopSlug) -> Result<Vec<(Person, Member)>, StoreError> {
        self.store.known_members(shop).await
    }

    /// Invites of a shop that can be used, those that were made last in front.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_invites(&self, shop: &ShopSlug) -> Result<Vec<Invite>, StoreError> {
        let now = clock::now();
        let mut open = self.store.invites(shop).await?;
        open.retain(|invite| invite.is_open(now));
        open.sort_by_key(|invite| std::cmp::Reverse(invite.made_at));
        Ok(open)
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn withdraw_invite(&self, shop: &ShopSlug, id: Uuid) -> Result<bool, StoreError> {
        self.store.withdraw_invite(shop, id, clock::now()).await
    }

    /// Gives a member another role, or with none ends their membership. With an owner end the ways back that they may have
    /// kept.
    ///
    /// # Errors
    /// [`PeopleError::NoSuchMember`], [`PeopleError::LastOwner`], [`PeopleError::Store`].
    pub async fn set_role(&self, shop: &ShopSlug, login: &str, role: Option<Role>) -> Result<(), PeopleError> {
        let members = self.members_of(shop).await?;
        let found = members.iter().find(|(person, _)| person.login.as_str() == login);
        let (person, member) = found.ok_or(PeopleError::NoSuchMember)?;
        let ends_an_owner = member.role == Role::Owner && role != Some(Role::Owner);
        let mut others = members.iter().filter(|(other, member)| other.id != person.id && member.role == Role::Owner);
        // Known before anything ends; of several who go at once, the statement keeps one.
        if ends_an_owner && others.next().is_none() {
            return Err(PeopleError::LastOwner);
        }
        // Before it, so that whatever breaks off in between leaves nothing behind that nobody would end; and after it, for
        // what they made meanwhile.
        if ends_an_owner {
            end_ways_of_owners(&*self.store, shop).await?;
        }
        let change = match role {
            Some(role) => self.store.change_role(shop, person.id, role).await?,
            None => self.store.remove_member(shop, person.id, clock::now()).await?,
        };
        match change {
            MemberChange::Done => {}
            MemberChange::NoSuchMember => return Err(PeopleError::NoSuchMember),
            MemberChange::LastOwner => return Err(PeopleError::LastOwner),
        }
        // Here at once; other instances hear of it.
        self.members.doubt();
        if ends_an_owner {
            end_ways_of_owners(&*self.store, shop).await?;
        }
        Ok(())
    }

    /// Asked once somebody has made a way in as an owner: who is none any more may still have been let in as one, and what
    /// their end has ended was there before.
    ///
    /// # Errors
    /// [`PeopleError::NoSuchMember`] for whoever is no owner, and what they made has ended; [`PeopleError::Store`].
    pub async fn is_owner_still(&self, shop: &ShopSlug, login: &str) -> Result<(), PeopleError> {
        let members = self.members_of(shop).await?;
        if members.iter().any(|(person, member)| person.login.as_str() == login && member.role == Role::Owner) {
            return Ok(());
        }
        end_ways_of_owners(&*self.store, shop).await?;
        Err(PeopleError::NoSuchMember)
    }

    /// The shops that somebody belongs to now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn shops_of(&self, person: &Person) -> Result<Vec<Member>, StoreError> {
        let mut shops = self.store.memberships(person.id).await?;
        shops.retain(|member| member.active().is_some());
        Ok(shops)
    }
}

/// Ends what owners of a shop can have made to come back by: links to another person's password, and invites of owners.
///
/// # Errors
/// When the database does not answer.
pub async fn end_ways_of_owners(store: &dyn store::access::Access, shop: &ShopSlug) -> Result<(), StoreError> {
    let now = clock::now();
    store.end_resets_in(shop, now).await?;
    store.end_owner_invites(shop, now).await
}
