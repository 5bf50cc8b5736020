//! `Authorization: Bearer …`, as RFC 6750 has it.

use axum::http::{HeaderMap, header};

use super::secret::Secret;

/// What a request's head says.
pub enum Bearer {
    /// Nothing, or in words that are not ours: a proxy in front may have a password of its own.
    None,
    Secret(Secret),
    /// A token that we never gave out, or more than one.
    Unreadable,
}

#[must_use]
pub fn of(headers: &HeaderMap) -> Bearer {
    let mut found = texts(headers);
    match (found.next(), found.next()) {
        (None, _) => Bearer::None,
        (Some(text), None) => Secret::parse(text).map_or(Bearer::Unreadable, Bearer::Secret),
        (Some(_), Some(_)) => Bearer::Unreadable,
    }
}

/// What stands behind each `Bearer`.
pub(super) fn texts(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let text = value.to_str().ok()?;
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        scheme.eq_ignore_ascii_case("bearer").then_some(rest.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(values: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        match of(&headers) {
            Bearer::None => "none",
            Bearer::Secret(_) => "secret",
            Bearer::Unreadable => "unreadable",
        }
    }

    #[test]
    fn one_token_of_ours_is_read_and_everything_else_told_apart_from_none() {
        let token = Secret::fresh().unwrap().text();
        let (good, lower) = (format!("Bearer {token}"), format!("bearer  {token} "));
        for (expected, values) in [
            ("none", &[][..]),
            ("none", &["Basic YTpi"]),
            ("secret", &[&good]),
            ("secret", &[&lower]),
            ("secret", &["Basic YTpi", &good]),
            ("unreadable", &["Bearer"]),
            ("unreadable", &["Bearer garbage"]),
            ("unreadable", &[&good, &good]),
        ] {
            assert_eq!(word(values), expected, "{values:?}");
        }
    }
}
