//! The forms of whoever belongs to shops: `POST /start` makes a new one, `POST /shops/leave` leaves one. As for signing in, what
//! went wrong stands in the address of the page that follows, as a word.

use app::{format::Currency, people::Starting};
use axum::{Extension, body::Bytes, extract::State, http::HeaderMap, response::Response};
use domain::{
    CommandId, ShopSlug, Submission,
    books::{Author, Request, Role},
    demo, shop,
};
use store::{StoreError, access::Person};
use uuid::Uuid;

use super::{
    Server, Shared,
    guard::is_local,
    peer::Peer,
    people::{newcomer, sign_in_to, word},
    redirect::{see_other, see_other_with},
    sign_in::SentForm,
};
use crate::{access::people::PeopleError, clock};

/// Shops that one person may own: each costs the server memory and disk.
const MOST_OWNED: usize = 20;
/// Letters of a shop's name.
const LONGEST_TITLE: usize = 60;
/// Addresses that are tried in turn for shops of one name.
const MOST_OF_A_NAME: u32 = 50;

/// Why there is no new shop.
#[derive(Debug, thiserror::Error)]
enum NoShop {
    #[error("nobody is signed in")]
    NobodyThere,
    #[error("a shop needs a name of at most {LONGEST_TITLE} letters")]
    Title,
    #[error("no such currency is known")]
    Currency,
    #[error("one person owns at most {MOST_OWNED} shops")]
    Enough,
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error("the shop could not be made: {0}")]
    Making(String),
}

impl From<StoreError> for NoShop {
    fn from(error: StoreError) -> Self {
        Self::Making(error.to_string())
    }
}

impl NoShop {
    /// The word for it in an address.
    fn word(&self) -> &'static str {
        match self {
            Self::NobodyThere => "start-nobody",
            Self::Title => "shop-title",
            Self::Currency => "currency",
            Self::Enough => "enough-shops",
            Self::People(error) => word(error),
            Self::Making(_) => "unavailable",
        }
    }
}

/// As whom whoever asks would start a shop. Somebody who is not known yet only on the machine itself, and only the first: from
/// outside nobody makes themselves known without an invite.
enum Starter {
    Known(Person),
    First,
    Nobody,
}

async fn starter(server: &Server, headers: &HeaderMap) -> Result<Starter, StoreError> {
    if server.read_only {
        return Ok(Starter::Nobody);
    }
    match server.access.signed_in(headers).await? {
        Some(person) => Ok(Starter::Known(person)),
        None if is_local(headers) && server.access.knows_nobody().await? => Ok(Starter::First),
        None => Ok(Starter::Nobody),
    }
}

/// The same, for the page.
pub(crate) async fn starting(server: &Server, headers: &HeaderMap) -> Result<Starting, StoreError> {
    Ok(match starter(server, headers).await? {
        Starter::Known(person) => Starting::Known(person.login.to_string()),
        Starter::First => Starting::First,
        Starter::Nobody => Starting::Nobody,
    })
}

/// `POST /start`, a form with `title` and `currency`, and with `login`, `name` and `password` of the first person of a server.
pub async fn post(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = SentForm(body);
    match start(&server, &headers, &form).await {
        Ok((person, shop, is_new)) => {
            tracing::info!(%address, by = %person.login, %shop, "a new shop");
            let to = format!("/s/{shop}");
            if is_new { sign_in_to(&server.access, &person, &headers, &to).await } else { see_other(&to) }
        }
        Err(error) => {
            tracing::info!(%address, code = error.word(), %error, "no new shop");
            let (title, login, name) = (form.field("title"), form.field("login"), form.field("name"));
            see_other_with(
                "/start",
                &[("problem", error.word()), ("title", &title), ("login", &login), ("name", &name)],
            )
        }
    }
}

async fn start(server: &Server, headers: &HeaderMap, form: &SentForm) -> Result<(Person, ShopSlug, bool), NoShop> {
    let title = form.field("title").trim().to_owned();
    if title.is_empty() || title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        return Err(NoShop::Title);
    }
    let code = form.field("currency");
    let code = if code.is_empty() { Currency::standard().code } else { &code };
    let currency = Currency::of_code(code).and_then(|known| domain::values::Currency::parse(known.code).ok());
    let currency = currency.ok_or(NoShop::Currency)?;
    let (person, is_new) = match starter(server, headers).await? {
        Starter::Known(person) => (person, false),
        Starter::First => (server.access.make_known(newcomer(form)).await?, true),
        Starter::Nobody => return Err(NoShop::NobodyThere),
    };
    let owned = server.access.shops_of(&person).await?.iter().filter(|member| member.role == Role::Owner).count();
    if owned >= MOST_OWNED {
        return Err(NoShop::Enough);
    }
    let shop = make(server, &title).await?;
    server.access.own(&shop, &person).await?;
    count_in(server, &shop, &person, currency).await?;
    Ok((person, shop, is_new))
}

/// The part of an address that a name makes: `Corner shop` is `corner-shop`.
fn address_of(title: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' };
    let words: String = title.chars().map(letter).collect();
    let joined = words.split_whitespace().collect::<Vec<_>>().join("-");
    let short: String = joined.chars().take(30).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "shop".to_owned() } else { short.to_owned() }
}

/// Makes a shop under the first address of its name that is free.
async fn make(server: &Server, title: &str) -> Result<ShopSlug, NoShop> {
    let name = address_of(title);
    for number in 1..=MOST_OF_A_NAME {
        let address = if number == 1 { name.clone() } else { format!("{name}-{number}") };
        let Ok(shop) = ShopSlug::parse(&address) else { return Err(NoShop::Title) };
        if demo::is_demo(&shop) {
            continue;
        }
        // A shop that is there keeps its epoch.
        let epoch = Uuid::new_v4();
        if server.shops.store.create_shop(&shop, title, epoch).await?.epoch == epoch {
            return Ok(shop);
        }
    }
    Err(NoShop::Making(format!("{MOST_OF_A_NAME} shops are called {name}")))
}

/// What its sums are counted in: its first entry, where that is not the standard one.
async fn count_in(
    server: &Server,
    shop: &ShopSlug,
    owner: &Person,
    currency: domain::values::Currency,
) -> Result<(), NoShop> {
    let submission = Submission {
        id: CommandId(Uuid::now_v7()),
        command: shop::Command::SetCurrency { currency }.into(),
        if_version: None,
        device: "web".into(),
        issued_at: clock::now(),
        undoes: None,
        depends_on: Vec::new(),
    };
    let author = Author { actor: owner.login.as_str().into(), role: Role::Owner };
    let making = |error: &dyn std::fmt::Display| NoShop::Making(error.to_string());
    let open = server.shops.open(shop).await.map_err(|error| making(&error))?;
    open.decide(vec![Request { submission, author }]).await.map_err(|error| making(&error))?;
    Ok(())
}

/// `POST /shops/leave`, a form with `shop`.
pub async fn leave(State(server): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let form = SentForm(body);
    let problem = |word: &str| see_other_with("/shops", &[("problem", word)]);
    let person = match server.access.signed_in(&headers).await {
        Ok(Some(person)) => person,
        Ok(None) => return see_other("/sign-in"),
        Err(_) => return problem("unavailable"),
    };
    let Ok(shop) = ShopSlug::parse(&form.field("shop")) else { return problem("member") };
    match server.access.set_role(&shop, person.login.as_str(), None).await {
        Ok(()) => {
            tracing::info!(by = %person.login, %shop, "left the shop");
            see_other("/shops")
        }
        Err(error) => problem(word(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_shop_comes_from_its_name() {
        for (title, address) in [
            ("Corner shop", "corner-shop"),
            ("  Bäckerei & Café 24 ", "b-ckerei-caf-24"),
            ("日本の店", "shop"),
            ("--", "shop"),
            ("a very long name that goes on and on", "a-very-long-name-that-goes-on"),
        ] {
            assert_eq!(address_of(title), address);
            assert!(ShopSlug::parse(&address_of(title)).is_ok());
        }
    }
}
