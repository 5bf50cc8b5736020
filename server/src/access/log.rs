//! What is written down of those who were turned away: who came from where, to which shop, and why. No secrets, and
//! nothing that a request has made up itself but the name of a shop, which has no blanks or control characters.

use std::{net::IpAddr, sync::LazyLock};

use domain::ShopSlug;

use super::Denied;

/// The word for it, as programs get it.
fn code(denied: &Denied) -> &'static str {
    match denied {
        Denied::NotSignedIn => "not_signed_in",
        Denied::NoSuchToken => "invalid_token",
        Denied::OtherShop => "other_shop",
        Denied::DemoOver => "demo_over",
        Denied::Revoked(_) => "revoked",
        Denied::ReadsOnly => "reads_only",
        Denied::NotForRole { .. } => "not_for_role",
        Denied::Store(_) => "unavailable",
    }
}

/// Writes a refusal down. Somebody who has not signed in yet, or comes back to a demo, is led on, which is nothing to look
/// into.
pub fn turned_away(from: Option<IpAddr>, shop: &ShopSlug, denied: &Denied) {
    let from = from.map_or_else(|| "?".to_owned(), |address| address.to_string());
    let code = code(denied);
    match denied {
        Denied::NotSignedIn | Denied::DemoOver => tracing::debug!(from, %shop, code, "turned away"),
        Denied::Store(error) => tracing::warn!(from, %shop, code, %error, "turned away"),
        _ => tracing::info!(from, %shop, code, "turned away"),
    }
}

/// Writes down what was refused before anybody looked at who asks, and for which shop.
pub fn refused(from: Option<IpAddr>, code: &'static str) {
    let from = from.map_or_else(|| "?".to_owned(), |address| address.to_string());
    tracing::info!(from, code, "turned away");
}

/// Writes down a try to sign in that did not succeed. People write their password where the login belongs, so the login
/// stands there only so that tries for the same one are told from others.
pub fn not_signed_in(from: IpAddr, login: &str, code: &'static str) {
    tracing::info!(%from, login = mark(login), code, "not signed in");
}

/// Of this process alone, so that nobody finds the login, or the password, by trying words at home.
static KEY: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut key = [0; 32];
    // Without randomness nobody can sign in either.
    let _ = getrandom::fill(&mut key);
    key
});

fn mark(login: &str) -> String {
    let hash = blake3::keyed_hash(&KEY, login.trim().to_lowercase().as_bytes()).to_hex();
    hash.chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn a_login_is_marked_and_not_named() {
        assert_eq!(mark("asha"), mark(" Asha "));
        assert_ne!(mark("asha"), mark("marek"));
        assert_eq!(mark("asha").len(), 8);
        assert!(!blake3::hash(b"asha").to_hex().starts_with(&mark("asha")), "without a key anybody could try words");
    }
}
