//! What is shown once: the secret of an invite or a reset that was made a moment ago, from the form that made it to the page
//! that comes next. In a cookie for a minute, so that it stands in no address, history or log, and in no memory of a server.

use axum::http::{HeaderMap, HeaderValue};

use super::{secret::Secret, session};

const NAME: &str = "daybook_shown";
/// Until the page has come.
const SECONDS: i64 = 60;

/// What a secret is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    Invite,
    Reset,
}

impl Purpose {
    /// Where it is used, on this server.
    #[must_use]
    pub fn page(self) -> &'static str {
        match self {
            Self::Invite => "/join",
            Self::Reset => "/reset",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }
}

/// `Set-Cookie` that carries it.
#[must_use]
pub fn carry(headers: &HeaderMap, purpose: Purpose, secret: &Secret) -> Option<HeaderValue> {
    session::cookie(headers, NAME, &format!("{}.{}", purpose.word(), secret.text()), SECONDS)
}

/// What a request carries.
#[must_use]
pub fn carried(headers: &HeaderMap) -> Option<(Purpose, Secret)> {
    let value = session::value_of(headers, NAME)?;
    let (word, secret) = value.split_once('.')?;
    let purpose = [Purpose::Invite, Purpose::Reset].into_iter().find(|purpose| purpose.word() == word)?;
    Some((purpose, Secret::parse(secret)?))
}

/// `Set-Cookie` that ends it, for whoever carries something.
#[must_use]
pub fn forget(headers: &HeaderMap) -> Option<HeaderValue> {
    session::value_of(headers, NAME)?;
    session::cookie(headers, NAME, "", 0)
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn what_is_carried_comes_back_and_nothing_else_does() {
        for (host, name) in [("localhost:3000", "daybook_shown"), ("books.example", "__Host-daybook_shown")] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            let secret = Secret::fresh().unwrap();
            let set = carry(&headers, Purpose::Reset, &secret).unwrap();
            let set = set.to_str().unwrap().to_owned();
            assert!(
                set.starts_with(&format!("{name}=reset.daybook_")) && set.contains("HttpOnly; SameSite=Lax"),
                "{set}"
            );
            assert_eq!(forget(&headers), None);
            headers.insert(header::COOKIE, set.split(';').next().unwrap().parse().unwrap());
            let (purpose, found) = carried(&headers).unwrap();
            assert_eq!((purpose, found.hash()), (Purpose::Reset, secret.hash()));
            assert!(forget(&headers).unwrap().to_str().unwrap().contains("Max-Age=0"));
            headers.insert(header::COOKIE, format!("{name}=reset.garbage").parse().unwrap());
            assert!(carried(&headers).is_none() && forget(&headers).is_some());
        }
    }
}
