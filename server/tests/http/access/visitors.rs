//! Who knocks: nobody, somebody with a token that is good for nothing, and one of each role.

use domain::{ShopSlug, books::Role, values::Millis};
use reqwest::RequestBuilder;
use server::{access::secret::Secret, clock};
use store::{
    EventStore,
    access::{Scope, Token},
};
use uuid::Uuid;

/// One who knocks.
pub struct Visitor {
    pub name: &'static str,
    pub is: Is,
    /// What they bring.
    pub token: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Is {
    Nobody,
    /// A token that is unknown, expired or revoked.
    Unknown,
    OfAnotherShop,
    ReadsOnly,
    Role(Role),
}

/// A good token of a shop.
pub async fn let_in(store: &dyn EventStore, shop: &str, name: &str, role: Role) -> String {
    with(store, shop, name, role, |_| {}).await
}

async fn with(store: &dyn EventStore, shop: &str, name: &str, role: Role, change: impl FnOnce(&mut Token)) -> String {
    let secret = Secret::fresh().unwrap();
    let mut token = Token {
        shop: ShopSlug::parse(shop).unwrap(),
        id: Uuid::new_v4(),
        hash: secret.hash(),
        name: name.to_owned(),
        role,
        scope: Scope::Full,
        made_at: Millis(0),
        expires_at: Some(Millis(clock::now().0 + 3_600_000)),
        revoked_at: None,
    };
    change(&mut token);
    let access = store.access();
    assert!(access.add_token(token.clone()).await.unwrap());
    if let Some(at) = token.revoked_at {
        assert!(access.revoke_token(&token.shop, token.id, at).await.unwrap());
    }
    secret.text()
}

/// Everybody who may knock at the doors of `shop`; one has the key of `other`.
pub async fn everybody(store: &dyn EventStore, shop: &str, other: &str) -> Vec<Visitor> {
    let visitor = |name, is, token: String| Visitor { name, is, token: Some(token) };
    let past = Millis(clock::now().0 - 1);
    let expired = with(store, shop, "expired", Role::Owner, |token| token.expires_at = Some(past)).await;
    let revoked = with(store, shop, "revoked", Role::Owner, |token| token.revoked_at = Some(past)).await;
    let reads = with(store, shop, "reads", Role::Manager, |token| token.scope = Scope::Read).await;
    let mut all = vec![
        Visitor { name: "nobody", is: Is::Nobody, token: None },
        visitor("bad token", Is::Unknown, "garbage".to_owned()),
        visitor("unknown token", Is::Unknown, Secret::fresh().unwrap().text()),
        visitor("expired token", Is::Unknown, expired),
        visitor("revoked token", Is::Unknown, revoked),
        visitor("other shop's token", Is::OfAnotherShop, let_in(store, other, "theirs", Role::Owner).await),
        visitor("token that only reads", Is::ReadsOnly, reads),
    ];
    for role in Role::ALL {
        all.push(visitor(role.word(), Is::Role(role), let_in(store, shop, role.word(), role).await));
    }
    all
}

impl Visitor {
    pub fn asks(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

pub fn by_token(request: RequestBuilder, token: &str) -> RequestBuilder {
    request.bearer_auth(token)
}
