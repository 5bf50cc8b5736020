//! The forms about people: joining by an invite, and who belongs to a shop. As for signing in, what went wrong stands in the
//! address of the page that follows, as a word; a secret never does.

use std::net::IpAddr;

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use domain::{ShopSlug, books::Role};
use store::{StoreError, access::Person};
use uuid::Uuid;

use super::{
    Shared,
    peer::Peer,
    problem::Problem,
    reading::Door,
    redirect::{see_other, see_other_with},
    sign_in::{self, SentForm},
};
use crate::access::{
    Access, Kind,
    password::{PasswordError, Unfit},
    people::{Newcomer, PeopleError},
    reset::ResetError,
    secret::Secret,
    shown::{self, Purpose},
};

/// The word for it in an address.
pub(super) fn word(error: &PeopleError) -> &'static str {
    match error {
        PeopleError::NoSuchInvite => "invite",
        PeopleError::LoginTaken => "taken",
        PeopleError::Login(_) => "login",
        PeopleError::Password(error) => unfit(error),
        PeopleError::LastOwner => "last-owner",
        PeopleError::NoSuchMember => "member",
        PeopleError::NotTheFirst => "not-first",
        PeopleError::TooOften(_) => "later",
        PeopleError::Random(_) | PeopleError::Store(_) => "unavailable",
    }
}

/// The word for it in an address.
pub(super) fn reset_word(error: &ResetError) -> &'static str {
    match error {
        ResetError::NoSuchReset => "reset",
        ResetError::NoSuchMember => "member",
        ResetError::BelongsElsewhere => "elsewhere",
        ResetError::Password(error) => unfit(error),
        ResetError::Random(_) | ResetError::Store(_) => "unavailable",
    }
}

pub(super) fn unfit(error: &PasswordError) -> &'static str {
    match error {
        PasswordError::Unfit(Unfit::TooShort) => "short",
        PasswordError::Unfit(Unfit::TooLong) => "long",
        PasswordError::Unfit(Unfit::Guessable) => "guessable",
        PasswordError::Busy | PasswordError::Hashing { .. } => "unavailable",
    }
}

pub(super) fn newcomer(form: &SentForm) -> Newcomer {
    Newcomer { login: form.field("login"), name: form.field("name"), password: form.field("password") }
}

/// Makes somebody known. That a login is taken makes nobody known, so that it can be asked of any login, again and again:
/// it is counted as a wrong password is.
async fn counted<T>(
    access: &Access,
    address: IpAddr,
    login: &str,
    making: impl Future<Output = Result<T, PeopleError>>,
) -> Result<T, PeopleError> {
    let attempt = access.attempts.begin(address, login)?;
    let made = making.await;
    match &made {
        Err(PeopleError::LoginTaken) => attempt.is_wrong("login_taken"),
        _ => attempt.is_no_guess(),
    }
    made
}

/// On to a page, signed in.
pub(super) async fn sign_in_to(access: &Access, person: &Person, headers: &HeaderMap, to: &str) -> Response {
    match access.begin_session(person, headers).await {
        Ok(secrets) => sign_in::signed_in(headers, &secrets, to),
        Err(error) => {
            tracing::warn!(code = "unavailable", %error, "joined, and not signed in");
            see_other("/sign-in?problem=unavailable")
        }
    }
}

/// `POST /join`, a form with `code`, and with `login`, `name` and `password` of somebody who is not signed in.
pub async fn join(
    State(server): Shared,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = SentForm(body);
    let code = form.field("code");
    let access = &server.access;
    let joined = async {
        if form.field("login").is_empty()
            && let Some(person) = access.signed_in(&headers).await?
        {
            return Ok((None, access.join(&code, &person).await?));
        }
        // Whoever goes away meanwhile would leave an invite that is used up by nobody.
        let joining = async {
            let (access, code, newcomer) = (access.clone(), code.clone(), newcomer(&form));
            let lost = |error: tokio::task::JoinError| StoreError::Unavailable { reason: error.to_string() };
            tokio::spawn(async move { access.join_as_new(&code, newcomer).await }).await.map_err(lost)?
        };
        let (person, shop) = counted(access, address, &form.field("login"), joining).await?;
        Ok::<_, PeopleError>((Some(person), shop))
    };
    match joined.await {
        Ok((person, shop)) => {
            tracing::info!(%address, %shop, "joined by an invite");
            let to = format!("/s/{shop}");
            match person {
                Some(person) => sign_in_to(access, &person, &headers, &to).await,
                None => see_other(&to),
            }
        }
        Err(error) => {
            tracing::info!(%address, code = word(&error), "not joined");
            let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
            let (login, name) = (form.field("login"), form.field("name"));
            see_other_with(&format!("/join/{code}"), &[("problem", word(&error)), ("login", &login), ("name", &name)])
        }
    }
}

/// `POST /s/{shop}/people`, forms of the page of that name: `do` says what. For owners; `found` for whoever makes an open
/// shop theirs.
///
/// # Errors
/// [`Problem`] for whoever is no owner.
pub async fn post(door: Door, body: Bytes) -> Result<Response, Problem> {
    if door.author.role != Role::Owner {
        return Err(Problem::not_allowed(door.author.role, Role::Owner));
    }
    let (form, shop) = (SentForm(body), door.shop.slug.clone());
    let page = |name: &str, value: &str| see_other_with(&format!("/s/{shop}/people"), &[(name, value)]);
    let what = form.field("do");
    let done = match (what.as_str(), door.kind) {
        ("found", Kind::Anybody) => return Ok(found(&door, &form, &shop).await),
        ("invite" | "reset" | "withdraw" | "role" | "remove", Kind::Person) => {
            settle(&door.server.access, &shop, &door.author.actor, &what, &form).await
        }
        _ => {
            let title = "nothing that can be done here";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_action", title));
        }
    };
    let code = done.as_ref().err().copied().unwrap_or("done");
    tracing::info!(by = %door.author.actor, %shop, what, code, "people");
    Ok(match done {
        // Shown by the page that comes next, and nowhere kept.
        Ok(Some((purpose, secret))) => {
            let mut response = page("done", &what);
            let carried = shown::carry(&door.headers, purpose, &secret);
            response.headers_mut().extend(carried.map(|it| (header::SET_COOKIE, it)));
            response
        }
        Ok(None) => page("done", &what),
        Err(problem) => page("problem", problem),
    })
}

/// Does it; answers with a secret that was made, or why not in the word for it.
async fn settle(
    access: &Access,
    shop: &ShopSlug,
    by: &str,
    what: &str,
    form: &SentForm,
) -> Result<Option<(Purpose, Secret)>, &'static str> {
    let login = form.field("login");
    let made = match what {
        "reset" => {
            let made = access.begin_reset(shop, &login).await;
            made.map(|secret| Some((Purpose::Reset, secret))).map_err(|error| reset_word(&error))?
        }
        _ => change(access, shop, what, &login, form).await.map_err(|error| word(&error))?,
    };
    if made.is_some() {
        access.is_owner_still(shop, by).await.map_err(|error| word(&error))?;
    }
    Ok(made)
}

async fn change(
    access: &Access,
    shop: &ShopSlug,
    what: &str,
    login: &str,
    form: &SentForm,
) -> Result<Option<(Purpose, Secret)>, PeopleError> {
    let role = || Role::of_word(&form.field("role")).ok_or(PeopleError::NoSuchMember);
    match what {
        "invite" => return Ok(Some((Purpose::Invite, access.invite(shop, role()?).await?))),
        "withdraw" => {
            let id = Uuid::try_parse(&form.field("invite")).map_err(|_| PeopleError::NoSuchInvite)?;
            if !access.withdraw_invite(shop, id).await? {
                return Err(PeopleError::NoSuchInvite);
            }
        }
        "role" => access.set_role(shop, login, Some(role()?)).await?,
        _ => access.set_role(shop, login, None).await?,
    }
    Ok(None)
}

async fn found(door: &Door, form: &SentForm, shop: &ShopSlug) -> Response {
    let page = format!("/s/{shop}/people");
    // Everybody tries that one.
    if domain::demo::is_demo(shop) {
        return see_other_with(&page, &[("problem", "demo")]);
    }
    let access = &door.server.access;
    match counted(access, door.peer, &form.field("login"), access.found(shop, newcomer(form))).await {
        Ok(person) => {
            tracing::info!(by = %person.login, %shop, "the shop has its first owner");
            sign_in_to(access, &person, &door.headers, &page).await
        }
        Err(error) => {
            tracing::info!(%shop, code = word(&error), "no first owner");
            see_other_with(&page, &[("problem", word(&error))])
        }
    }
}
