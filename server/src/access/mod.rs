//! Who is asking. Every door calls [`Access::visitor`]; nothing else in the server looks at credentials.
//!
//! A shop that nobody has ever belonged to asks nobody on the machine itself: whoever reaches the server by one of the
//! machine's own names is its owner under one name. That is the demo shop, and a shop that was just made. By a public name
//! every shop asks. With its first member a shop begins to ask, and it never stops again.
//!
//! Reading order: this file; [`secret`] (what tokens are made of), [`bearer`] (where they stand in a request),
//! [`session`] and [`elsewhere`] (people who are signed in), [`devices`] (on what), [`password`] and [`attempts`] (how they
//! sign in), [`browser`] and [`pin`] (how they share a browser), [`people`] (how they come to belong to a shop), [`reset`] (when they have forgotten it), [`shown`] (secrets that
//! an owner is shown once), [`quarantine`] (what comes after somebody's end); [`sight`] (what a route
//! shows, and to which roles), [`recent`] (so that a request costs no question to the database), [`pass`] (those who
//! stay for long); [`operator`] (who runs the server, and is of no shop).

pub mod attempts;
pub mod bearer;
pub mod browser;
pub mod devices;
pub mod elsewhere;
pub mod log;
pub mod operator;
pub mod pass;
pub mod password;
pub mod people;
pub mod pin;
pub mod quarantine;
pub mod recent;
pub mod reset;
pub mod secret;
pub mod session;
pub mod shown;
pub mod sight;

use std::sync::Arc;

use attempts::Attempts;
use axum::http::HeaderMap;
use bearer::Bearer;
use devices::Sightings;
use domain::{
    ShopSlug,
    books::{Author, Role},
    demo,
};
use password::Passwords;
use recent::Recent;
use store::{
    StoreError,
    access::{Device, Member, Person, Scope, SecretHash, Session, Token},
};
use sync::protocol::{Revocation, ShutOut};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{clock, http::guard::is_local};

/// The person whom everything is written down under in a shop that asks nobody.
pub const DEMO_ACTOR: &str = "demo";

/// Why a request may not go on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// The shop asks who is there, and nobody has said.
    #[error("not signed in")]
    NotSignedIn,
    /// Unknown, expired or revoked: which of them is not said.
    #[error("no such token")]
    NoSuchToken,
    /// A token, or a person, of another shop: whether there is this one is not said.
    #[error("no such shop")]
    OtherShop,
    /// A visitor's demo shop whose time has passed.
    #[error("this demo is over")]
    DemoOver,
    /// This device, or whoever uses it, belonged to the shop.
    #[error("shut out of the shop")]
    Revoked(Revoked),
    /// A token that only reads.
    #[error("this token only reads")]
    ReadsOnly,
    /// The role may not see this.
    #[error("needs {needs}, has {has}")]
    NotForRole { has: Role, needs: Role },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody who belonged to a shop, and when that ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revoked {
    pub revocation: Revocation,
    /// Who it is, with the role that they have, or had last.
    pub author: Author,
}

impl Denied {
    /// That somebody was shut out, where that is why.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        if let Self::Revoked(revoked) = self { Some(revoked.revocation) } else { None }
    }
}

/// What stands behind a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Whoever is there, in a shop that asks nobody.
    Anybody,
    /// Somebody who has signed in.
    Person,
    /// A token.
    Program,
}

/// Whoever stands behind a request, in one shop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visitor {
    pub author: Author,
    pub scope: Scope,
    pub kind: Kind,
}

impl Visitor {
    /// # Errors
    /// [`Denied::ReadsOnly`] for a request that may change something and comes with a token that only reads.
    pub fn may_write(&self) -> Result<(), Denied> {
        if self.scope == Scope::Full { Ok(()) } else { Err(Denied::ReadsOnly) }
    }
}

/// Which way a request came in: tokens are for programs, and open the API alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entrance {
    Api,
    Pages,
}

/// Whom the server lets in.
pub struct Access {
    store: Arc<dyn store::access::Access>,
    /// Whether nothing is written: a session that is used here lasts no longer by it.
    read_only: bool,
    /// The shop that asks nobody by a public name either, where the operator has said so.
    public_demo: Option<ShopSlug>,
    pub attempts: Attempts,
    pub passwords: Passwords,
    tokens: Recent<SecretHash, Token>,
    sessions: Recent<SecretHash, (Session, Person)>,
    members: Recent<(ShopSlug, Uuid), Member>,
    /// The device of each shop that a session is used on.
    used_on: Recent<(SecretHash, ShopSlug), Option<Device>>,
    sightings: Sightings,
    /// Whether a shop asks who is there.
    asking: Recent<ShopSlug, bool>,
    /// What the database last counted of all that may end somebody's way in.
    changes: watch::Sender<u64>,
}

impl Access {
    #[must_use]
    pub fn new(store: Arc<dyn store::access::Access>, read_only: bool) -> Self {
        Self {
            store,
            read_only,
            public_demo: None,
            attempts: Attempts::default(),
            passwords: Passwords::default(),
            tokens: Recent::default(),
            sessions: Recent::default(),
            members: Recent::default(),
            used_on: Recent::default(),
            sightings: Sightings::default(),
            asking: Recent::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Lets everybody who reaches the server into one shop, as long as nobody belongs to it, and into those of its visitors.
    #[must_use]
    pub fn with_public_demo(self, shop: Option<ShopSlug>) -> Self {
        Self { public_demo: shop, ..self }
    }

    /// Who is behind a request, with the role that they have in `shop`.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn visitor(&self, headers: &HeaderMap, shop: &ShopSlug, entrance: Entrance) -> Result<Visitor, Denied> {
        if demo::is_over(shop, clock::now()) {
            return Err(Denied::DemoOver);
        }
        match (entrance, bearer::of(headers)) {
            (Entrance::Api, Bearer::Secret(secret)) => self.program(&secret.hash(), shop).await,
            (Entrance::Api, Bearer::Unreadable) => Err(Denied::NoSuchToken),
            (Entrance::Api, Bearer::None) | (Entrance::Pages, _) => self.person(headers, shop).await,
        }
    }

    async fn program(&self, hash: &SecretHash, shop: &ShopSlug) -> Result<Visitor, Denied> {
        let token = self.tokens.get(hash, || self.store.token(hash)).await?;
        let token = token.filter(|token| token.is_live(clock::now())).ok_or(Denied::NoSuchToken)?;
        if token.shop != *shop {
            return Err(Denied::OtherShop);
        }
        Ok(Visitor {
            author: Author { actor: actor_of(&token.name).into(), role: token.role },
            scope: token.scope,
            kind: Kind::Program,
        })
    }

    async fn person(&self, headers: &HeaderMap, shop: &ShopSlug) -> Result<Visitor, Denied> {
        let Some(person) = self.signed_in(headers).await? else { return self.anybody(headers, shop).await };
        let key = (shop.clone(), person.id);
        let member = self.members.get(&key, || self.store.member(shop, person.id)).await?;
        let author = |role| Author { actor: person.login.as_str().into(), role };
        match member {
            Some(Member { role, ended_at: None, .. }) => {
                let visitor = Visitor { author: author(role), scope: Scope::Full, kind: Kind::Person };
                match self.end_of_device(headers, shop).await? {
                    Some(revocation) => Err(Denied::Revoked(Revoked { revocation, author: visitor.author })),
                    None => Ok(visitor),
                }
            }
            Some(Member { role, ended_at: Some(at), .. }) => {
                let revocation = Revocation { of: ShutOut::Person, at };
                Err(Denied::Revoked(Revoked { revocation, author: author(role) }))
            }
            None => self.anybody(headers, shop).await.map_err(|denied| match denied {
                Denied::NotSignedIn => Denied::OtherShop,
                other => other,
            }),
        }
    }

    async fn anybody(&self, headers: &HeaderMap, shop: &ShopSlug) -> Result<Visitor, Denied> {
        let is_public = self.public_demo.as_ref().is_some_and(|known| known == shop || demo::end(shop).is_some());
        if !is_local(headers) && !is_public {
            return Err(Denied::NotSignedIn);
        }
        let asks = self.asking.get(shop, async || self.store.has_members(shop).await.map(Some)).await?;
        if asks == Some(false) {
            Ok(Visitor { author: demo_author(), scope: Scope::Full, kind: Kind::Anybody })
        } else {
            Err(Denied::NotSignedIn)
        }
    }
}

/// As entries name what a token has written. No login has a colon in it.
#[must_use]
pub fn actor_of(token: &str) -> String {
    format!("token:{token}")
}

/// Everybody, where nobody is asked; and whoever runs the program on the machine itself.
#[must_use]
pub fn demo_author() -> Author {
    Author { actor: DEMO_ACTOR.into(), role: Role::Owner }
}
