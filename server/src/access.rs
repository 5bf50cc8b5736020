//! Who is asking. Every door calls [`author`]; nothing else in the server looks at credentials.
//!
//! There are no accounts yet: everybody on this machine is the demo shop's owner, and the server listens on
//! loopback only. Session cookies and tokens enter here, and nowhere else.

use axum::http::HeaderMap;
use domain::{
    ShopSlug,
    books::{Author, Role},
};

/// The person whom everything is written down under until there are accounts.
pub const DEMO_ACTOR: &str = "demo";

/// Why a request may not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// Neither session nor token, or one that has ended.
    #[error("not signed in")]
    NotSignedIn,
}

/// The person behind a request, with the role they have in `shop`.
///
/// # Errors
/// [`Denied`] never comes yet: see the module.
pub fn author(_headers: &HeaderMap, _shop: &ShopSlug) -> Result<Author, Denied> {
    Ok(Author { actor: DEMO_ACTOR.into(), role: Role::Owner })
}

/// The person behind a page or a server function; who may do what in a shop is asked again when it decides.
#[must_use]
pub fn page_author() -> Author {
    Author { actor: DEMO_ACTOR.into(), role: Role::Owner }
}
