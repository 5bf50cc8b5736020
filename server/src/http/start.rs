//! The forms of whoever belongs to shops: `POST /start` makes a new one, `POST /shops/leave` leaves one. As for signing in, what
//! went wrong stands in the address of the page that follows, as a word.

use app::{format::Currency, people::Starting};
use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use domain::{
    ShopSlug,
    books::{Author, Role},
};
use store::{StoreError, access::Person};
use sync::protocol::ShutOut;

use super::{
    Server, Shared,
    guard::is_local,
    peer::Peer,
    people::{newcomer, sign_in_to, word},
    problem::Problem,
    redirect::{see_other, see_other_with},
    sign_in::SentForm,
};
use crate::{
    access::{Denied, Entrance, log, people::PeopleError},
    shop::founding::{self, FoundingError},
};

/// Shops that one person may own: each costs the server memory and disk.
const MOST_OWNED: usize = 20;
/// Letters of a shop's name.
const LONGEST_TITLE: usize = 60;

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
    #[error(transparent)]
    Founding(#[from] FoundingError),
    #[error(transparent)]
    Store(#[from] StoreError),
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
            Self::Founding(_) | Self::Store(_) => "unavailable",
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
    let shop = founding::make(&server.shops, &title).await?;
    // Before anything is written in it: a shop that is cut off here is somebody's.
    server.access.own(&shop, &person).await?;
    let owner = Author { actor: person.login.as_str().into(), role: Role::Owner };
    founding::count_in(&server.shops, &shop, owner, currency).await?;
    Ok((person, shop, is_new))
}

/// `POST /shops/leave`, a form with `shop`.
pub async fn leave(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = SentForm(body);
    let problem = |word: &str| see_other_with("/shops", &[("problem", word)]);
    let person = match server.access.signed_in(&headers).await {
        Ok(Some(person)) => person,
        Ok(None) => return see_other("/sign-in"),
        Err(_) => return problem("unavailable"),
    };
    let Ok(shop) = ShopSlug::parse(&form.field("shop")) else { return problem("member") };
    match server.access.visitor(&headers, &shop, Entrance::Pages).await {
        // A device that was shut out does nothing in the shop for whoever uses it. Whoever has left is told so below.
        Err(denied) if denied.revocation().is_some_and(|end| end.of == ShutOut::Device) => {
            log::turned_away(Some(address), &shop, &denied);
            return Problem::from(denied).into_response();
        }
        Err(Denied::Store(_)) => return problem("unavailable"),
        _ => {}
    }
    match server.access.set_role(&shop, person.login.as_str(), None).await {
        Ok(()) => {
            tracing::info!(by = %person.login, %shop, "left the shop");
            see_other("/shops")
        }
        Err(error) => problem(word(&error)),
    }
}
