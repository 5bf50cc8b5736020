//! Secrets that are none: those of examples and manuals, which everybody would try first. A server that is more than a demo
//! does not start with one.

use crate::Config;

/// What such secrets are made of.
const WORDS: &[&str] = &[
    "changeme",
    "replaceme",
    "password",
    "passwort",
    "passwd",
    "secret",
    "default",
    "example",
    "sample",
    "test",
    "admin",
    "administrator",
    "root",
    "postgres",
    "postgresql",
    "redis",
    "daybook",
    "user",
    "guest",
    "demo",
    "letmein",
    "welcome",
    "qwerty",
    "token",
    "metrics",
    "operator",
    "key",
    "pass",
    "my",
    "your",
    "the",
    "todo",
    "abc",
    "x",
];

/// A setting whose secret everybody would try.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the password in {setting} is empty, or one that everybody would try first: give it one of its own")]
pub struct DefaultSecret {
    pub setting: &'static str,
}

/// Whether a secret is empty, or made of such words and digits alone.
#[must_use]
pub fn is_default(secret: &str) -> bool {
    let letters: String = secret.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut left = letters.as_str();
    while let Some(first) = left.chars().next() {
        let word = WORDS.iter().filter_map(|word| left.strip_prefix(word)).min_by_key(|rest| rest.len());
        left = match word {
            Some(rest) => rest,
            None if first.is_numeric() => left.trim_start_matches(char::is_numeric),
            None => return false,
        };
    }
    true
}

/// # Errors
/// The first setting with a default secret. [`crate::access::operator::Key`] refuses one when it is read.
pub fn check(config: &Config) -> Result<(), DefaultSecret> {
    let mail = config.mail.as_ref().map(|mail| mail.server.as_str());
    let urls = [
        ("DATABASE_URL", Some(config.database_url.as_str())),
        ("DAYBOOK_REDIS", config.redis.as_deref()),
        ("DAYBOOK_MAIL", mail),
    ];
    let open = urls.into_iter().find(|(_, url)| {
        url.and_then(password_in).is_some_and(|(user, password)| user == password || is_default(&password))
    });
    open.map_or(Ok(()), |(setting, _)| Err(DefaultSecret { setting }))
}

/// User and password of an address; none where it has no password, and something else than that is the lock.
fn password_in(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = authority.split('/').next().unwrap_or(authority);
    let (user, password) = authority.rsplit_once('@').map_or(("", None), |(info, _)| match info.split_once(':') {
        Some((user, password)) => (user, Some(decoded(password))),
        None => (info, None),
    });
    let in_query = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "password");
    let password = password.or(in_query.map(|(_, value)| value.into_owned()))?;
    Some((decoded(user), password))
}

/// Without its `%`. A `+` stands for itself here, and not for a blank.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B").replace('&', "%26");
    form_urlencoded::parse(format!("x={text}").as_bytes())
        .map(|(_, value)| value.into_owned())
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_would_try_is_no_secret() {
        for secret in [
            "",
            "changeme",
            "Change-Me",
            "change_me_123",
            "secret",
            "password1",
            "test",
            "postgres",
            "0000000000000000",
            "my-secret-token",
            "PASSWORD-password",
            "x",
        ] {
            assert!(is_default(secret), "{secret}");
        }
        for secret in ["a-key-of-sixteen", "for-the-operator-alone", "keystone", "test-of-7-wrens", "Zq8!", "ключ"]
        {
            assert!(!is_default(secret), "{secret}");
        }
    }

    #[test]
    fn a_server_with_a_default_password_does_not_start() {
        for (url, setting) in [
            ("postgres://postgres:postgres@127.0.0.1/daybook", Some("DATABASE_URL")),
            ("postgres://daybook_serving:changeme@db/daybook", Some("DATABASE_URL")),
            ("postgres://shop:shop@db/daybook", Some("DATABASE_URL")),
            ("postgres://shop:@db/daybook", Some("DATABASE_URL")),
            ("postgres://shop:pass%77ord@db/daybook", Some("DATABASE_URL")),
            ("postgres://db/daybook?user=shop&password=secret", Some("DATABASE_URL")),
            ("postgres://shop:violet+heron@db/daybook", None),
            // Let in by the system's own account, or by a certificate.
            ("postgres://daybook@localhost/daybook?host=/run/postgresql", None),
            ("sqlite://daybook.db", None),
            ("memory:", None),
        ] {
            let config = Config { database_url: url.to_owned(), ..Config::default() };
            assert_eq!(check(&config).err().map(|error| error.setting), setting, "{url}");
        }
        let config = Config { redis: Some("redis://:redis@127.0.0.1/0".to_owned()), ..Config::default() };
        assert_eq!(check(&config), Err(DefaultSecret { setting: "DAYBOOK_REDIS" }));
    }
}
