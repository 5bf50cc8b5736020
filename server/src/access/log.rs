//! What is written down of those who were turned away: who came from where, to which shop, and why. No secrets, and
//! nothing that a request has made up itself but the name of a shop, which has no blanks or control characters.

use std::net::IpAddr;

use domain::ShopSlug;

use super::Denied;

/// The word for it, as programs get it.
fn code(denied: &Denied) -> &'static str {
    match denied {
        Denied::NotSignedIn => "not_signed_in",
        Denied::NoSuchToken => "invalid_token",
        Denied::OtherShop => "other_shop",
        Denied::ReadsOnly => "reads_only",
        Denied::NotForRole { .. } => "not_for_role",
        Denied::Store(_) => "unavailable",
    }
}

/// Writes a refusal down. Somebody who has not signed in yet is led to where one does, which is nothing to look into.
pub fn turned_away(from: Option<IpAddr>, shop: &ShopSlug, denied: &Denied) {
    let from = from.map_or_else(|| "?".to_owned(), |address| address.to_string());
    let code = code(denied);
    match denied {
        Denied::NotSignedIn => tracing::debug!(from, %shop, code, "turned away"),
        Denied::Store(error) => tracing::warn!(from, %shop, code, %error, "turned away"),
        _ => tracing::info!(from, %shop, code, "turned away"),
    }
}
