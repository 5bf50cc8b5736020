//! `daybook token`: what other programs come in with.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::{
    books::Role,
    values::{Day, Millis},
};
use store::access::{Scope, Token};
use uuid::Uuid;

use super::{
    Failure,
    operations::{known_shop, open, slug},
};
use crate::{
    access::{actor_of, secret::Secret},
    clock,
};

#[derive(Subcommand)]
pub enum TokenOperation {
    /// Make a token for a shop's API, and print it: this once, since only its hash is kept.
    Create(Create),
    /// A shop's tokens: id, name, role, scope, until when, and whether it lets anybody in now.
    List {
        #[arg(long)]
        shop: String,
    },
    /// Let a token in no more. A server that runs meanwhile knows it within a second.
    Revoke {
        /// Its id or its name, as `list` prints them.
        token: String,
        #[arg(long)]
        shop: String,
    },
}

#[derive(Args)]
pub struct Create {
    #[arg(long)]
    shop: String,
    /// What it may do: owner, manager, seller, stock_hand or reader.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Until when it lets anybody in: after so long (`90d`, `12h`, `30m`), a day, a time by RFC 3339, or `never`.
    #[arg(long, default_value = "365d", value_parser = Expiry::parse)]
    expires: Expiry,
    /// What entries of the book name it by, as `token:NAME`; one of its own in the shop. Made up where it is left out.
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Only to read with.
    #[arg(long)]
    read_only: bool,
}

/// When a token ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expiry {
    Never,
    /// Milliseconds from now.
    After(i64),
    At(Millis),
}

impl Expiry {
    fn parse(text: &str) -> Result<Self, String> {
        let unit = |letter: char| match letter {
            'd' => Some(86_400_000),
            'h' => Some(3_600_000),
            'm' => Some(60_000),
            _ => None,
        };
        let after = || -> Option<i64> {
            let unit = unit(text.chars().last()?)?;
            text.get(..text.len() - 1)?.parse::<u32>().ok().and_then(|many| i64::from(many).checked_mul(unit))
        };
        let day = || Day::parse(text).ok().and_then(|_| Millis::parse(&format!("{text}T00:00:00Z")).ok());
        if text == "never" {
            return Ok(Self::Never);
        }
        let at = || day().or_else(|| Millis::parse(text).ok()).map(Self::At);
        let known = after().map(Self::After).or_else(at);
        known.ok_or_else(|| "must be like 90d, 12h, 30m, 2027-01-31, 2027-01-31T18:00:00Z or never".to_owned())
    }

    fn from(self, now: Millis) -> Option<Millis> {
        match self {
            Self::Never => None,
            Self::After(by) => Some(Millis(now.0.saturating_add(by)).clamped()),
            Self::At(at) => Some(at),
        }
    }
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    Role::of_word(&text.replace('-', "_")).ok_or_else(|| {
        let all: Vec<_> = Role::ALL.iter().map(|role| role.word()).collect();
        format!("must be one of {}", all.join(", "))
    })
}

/// Names stand in entries of the book and in lines of lists.
fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=40).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("must have 1 to 40 characters, and no control characters".to_owned()) }
}

pub async fn perform(database_url: &str, operation: TokenOperation) -> Result<ExitCode, Failure> {
    match operation {
        TokenOperation::Create(asked) => create(database_url, asked).await,
        TokenOperation::List { shop } => list(database_url, &shop).await,
        TokenOperation::Revoke { token, shop } => revoke(database_url, &shop, &token).await,
    }
}

async fn create(database_url: &str, asked: Create) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let shop = known_shop(&*store, &asked.shop).await?;
    let (id, now) = (Uuid::now_v7(), clock::now());
    let secret = Secret::fresh().map_err(|error| Failure::Other(error.to_string()))?;
    let made_up = || format!("{}-{}", asked.role, &Uuid::new_v4().simple().to_string()[..6]);
    let token = Token {
        shop,
        id,
        hash: secret.hash(),
        name: asked.name.unwrap_or_else(made_up),
        role: asked.role,
        scope: if asked.read_only { Scope::Read } else { Scope::Full },
        made_at: now,
        expires_at: asked.expires.from(now),
        revoked_at: None,
    };
    if !store.access().add_token(token.clone()).await? {
        return Err(Failure::Other(format!("shop {} has or had a token of the name {}", token.shop, token.name)));
    }
    // The token alone on standard output, so that it can be taken from there.
    println!("{}", secret.text());
    eprintln!(
        "{}: {} of shop {}, {}. Entries name it {}. It is not shown again.",
        token.id,
        token.role,
        token.shop,
        until(&token),
        actor_of(&token.name)
    );
    Ok(ExitCode::SUCCESS)
}

fn until(token: &Token) -> String {
    token.expires_at.map_or_else(|| "does not expire".to_owned(), |end| format!("until {end}"))
}

async fn list(database_url: &str, shop: &str) -> Result<ExitCode, Failure> {
    let store = open(database_url).await?;
    let mut tokens = store.access().tokens(&known_shop(&*store, shop).await?).await?;
    tokens.sort_by_key(|token| (token.made_at, token.id));
    for token in tokens {
        let state = match (token.revoked_at, token.is_live(clock::now())) {
            (Some(_), _) => "revoked",
            (None, true) => "live",
            (None, false) => "expired",
        };
        println!("{}\t{}\t{}\t{}\t{}\t{state}", token.id, token.name, token.role, token.scope, until(&token));
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(database_url: &str, shop: &str, asked: &str) -> Result<ExitCode, Failure> {
    let (access, shop) = (open(database_url).await?.access(), slug(shop)?);
    let is_asked = |token: &&Token| token.name == asked || token.id.to_string() == asked;
    let tokens = access.tokens(&shop).await?;
    let token =
        tokens.iter().find(is_asked).ok_or_else(|| Failure::Other(format!("shop {shop} has no token {asked}")))?;
    let word = if access.revoke_token(&shop, token.id, clock::now()).await? { "revoked" } else { "was revoked before" };
    println!("{}\t{}\t{word}", token.id, token.name);
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_span_a_day_or_a_time() {
        let now = Millis(1_000);
        let end = |text: &str| Expiry::parse(text).map(|end| end.from(now).map(|at| at.0));
        assert_eq!(end("2d"), Ok(Some(172_801_000)));
        assert_eq!(end("12h"), Ok(Some(43_201_000)));
        assert_eq!(end("30m"), Ok(Some(1_801_000)));
        assert_eq!(end("0m"), Ok(Some(1_000)), "ended already");
        assert_eq!(end("1970-01-02"), Ok(Some(86_400_000)));
        assert_eq!(end("1970-01-01T00:00:05Z"), Ok(Some(5_000)));
        assert_eq!(end("never"), Ok(None));
        assert_eq!(end("4294967295d"), Ok(Some(Millis::MOST)));
        for text in ["", "d", "90", "-1d", "4294967296d", "soon", "1.5h", "1970-13-01", "é"] {
            assert!(end(text).is_err(), "{text}");
        }
    }
}
