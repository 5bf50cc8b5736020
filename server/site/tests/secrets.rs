//! Nothing that opens a door is in what every visitor downloads.

/// How secrets begin: our own, keys as programs write them, addresses of databases with a password, keys of well-known services.
const BEGINNINGS: &[&str] = &[
    "-----BEGIN ",
    "postgres://",
    "postgresql://",
    "redis://",
    "smtp://",
    "$argon2id$v=",
    "AKIA",
    "ghp_",
    "github_pat_",
    "xoxb-",
    "sk_live_",
];

/// Ours is a word and 43 letters.
fn has_token(bytes: &[u8]) -> bool {
    let prefix = b"daybook_";
    bytes.windows(prefix.len() + 43).any(|window| {
        let (word, rest) = window.split_at(prefix.len());
        word == prefix
            && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
            && rest.iter().any(u8::is_ascii_digit)
    })
}

#[test]
fn no_secret_is_in_the_files_of_the_app() {
    let files = site::assets();
    assert!(!files.is_empty());
    for file in files {
        let bytes = &file.identity;
        assert!(!has_token(bytes), "{}", file.path);
        for beginning in BEGINNINGS {
            let found = bytes.windows(beginning.len()).any(|window| window == beginning.as_bytes());
            assert!(!found, "{beginning} in {}", file.path);
        }
    }
}

#[test]
fn a_token_would_be_found() {
    assert!(has_token(b"let token = 'daybook_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'"));
    assert!(!has_token(b"daybook_session and daybook_shown are names of cookies, and no secrets at all 123"));
}
