//! Coming to belong to a shop, other roles, and leaving: the pages for owners, and those for whoever is invited.

use domain::{ShopSlug, books::Role};
use reqwest::{Response, StatusCode};
use serde_json::json;
use store::contract::Fixture;
use uuid::Uuid;

use crate::{
    people::{PASSWORD, cookie, location, person, session, sign_in},
    support::{Daybook, SHOP, answer, on_every_store, until},
};

on_every_store!(
    an_invite_makes_one_person_a_member_once,
    what_an_owner_made_is_shown_once_by_its_whole_address_and_stands_in_none,
    r_30_of_two_who_register_one_login_at_once_one_is_it_and_the_other_can_still_join,
    whoever_is_known_joins_a_second_shop_as_themselves,
    an_open_shop_gets_its_first_owner_and_asks_from_then_on,
    an_owner_gives_other_roles_and_removes_and_the_last_owner_stays,
    only_owners_see_and_change_who_belongs_to_a_shop,
    another_password_needs_the_current_one_and_ends_every_other_session,
);

/// A form of the page about people, sent with a session.
pub async fn people(daybook: &Daybook, cookie: &str, form: &[(&str, &str)]) -> Response {
    let post = daybook.client.post(format!("{}/s/{SHOP}/people", daybook.origin));
    post.header("cookie", cookie).form(form).send().await.unwrap()
}

/// The code of a new invite.
pub async fn invite(daybook: &Daybook, cookie: &str, role: Role) -> String {
    let made = people(daybook, cookie, &[("do", "invite"), ("role", role.word())]).await;
    shown(&made).trim_start_matches("daybook_shown=invite.").to_owned()
}

/// What carries a secret to the page that comes next.
pub fn shown(made: &Response) -> String {
    let set = made.headers()["set-cookie"].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Lax; Max-Age=60"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

pub async fn join(daybook: &Daybook, cookie: &str, form: &[(&str, &str)]) -> Response {
    let post = daybook.client.post(format!("{}/join", daybook.origin)).header("cookie", cookie);
    post.form(form).send().await.unwrap()
}

pub async fn page(daybook: &Daybook, path: &str, cookie: &str) -> (StatusCode, String) {
    let get = daybook.client.get(format!("{}{path}", daybook.origin)).header("accept", "text/html");
    let page = get.header("cookie", cookie).send().await.unwrap();
    (page.status(), page.text().await.unwrap())
}

pub async fn role(fixture: &Fixture, login: &str) -> Option<Role> {
    let access = fixture.store.access();
    let person = access.person_of(&store::access::Login::parse(login).unwrap()).await.unwrap()?;
    access.member(&ShopSlug::parse(SHOP).unwrap(), person.id).await.unwrap()?.active()
}

async fn an_invite_makes_one_person_a_member_once(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let owner = session(&daybook, "asha").await;
    let code = invite(&daybook, &owner, Role::Seller).await;
    let (status, shown) = page(&daybook, &format!("/join/{code}"), "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(shown.contains("Test shop") && shown.contains("seller"), "{shown}");
    assert!(page(&daybook, "/s/test/people", &owner).await.1.contains("Withdraw"));

    let form = |login: &'static str, password: &'static str| {
        [
            ("code", code.clone()),
            ("login", login.to_owned()),
            ("name", "Marek".to_owned()),
            ("password", password.to_owned()),
        ]
    };
    let try_it = async |login, password| {
        let form = form(login, password);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        join(&daybook, "", &form).await
    };
    for (login, password, problem) in [
        ("asha", PASSWORD, "taken"),
        ("a b", PASSWORD, "login"),
        ("marek", "short", "short"),
        ("marek", "marek1234", "guessable"),
    ] {
        let refused = try_it(login, password).await;
        assert!(refused.headers().get("set-cookie").is_none());
        let back = location(&refused);
        assert!(back.starts_with(&format!("/join/{code}?problem={problem}")), "{back}");
    }
    assert_eq!(fixture.store.access().people().await.unwrap().len(), 1, "nobody is made known in vain");

    let joined = try_it("Marek", PASSWORD).await;
    assert_eq!(location(&joined), "/s/test");
    let mareks = cookie(&joined);
    assert_eq!(page(&daybook, "/s/test/products", &mareks).await.0, StatusCode::OK);
    assert_eq!(role(&fixture, "marek").await, Some(Role::Seller));
    assert!(location(&try_it("eve", PASSWORD).await).contains("problem=invite"), "once");
    assert!(page(&daybook, &format!("/join/{code}"), "").await.1.contains("cannot be used"));
    assert!(location(&sign_in(&daybook, &daybook.client, "marek", PASSWORD).await).starts_with("/s/test"));

    let code = invite(&daybook, &owner, Role::Reader).await;
    let shop = ShopSlug::parse(SHOP).unwrap();
    let access = fixture.store.access();
    let open = access.invites(&shop).await.unwrap().into_iter().find(|invite| invite.used_by.is_none()).unwrap();
    assert!(!format!("{open:?}").contains(&code), "kept as a hash");
    let withdraw =
        [("do", "withdraw"), ("invite", &*open.id.to_string())].map(|(name, value)| (name, value.to_owned()));
    let withdraw: Vec<_> = withdraw.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(location(&people(&daybook, &owner, &withdraw).await), "/s/test/people?done=withdraw");
    let late = [("code", code.as_str()), ("login", "eve"), ("password", PASSWORD)];
    assert!(location(&join(&daybook, "", &late).await).contains("problem=invite"));
    assert_eq!(role(&fixture, "eve").await, None);
}

async fn what_an_owner_made_is_shown_once_by_its_whole_address_and_stands_in_none(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "marek", SHOP, Role::Seller).await;
    let owner = session(&daybook, "asha").await;
    for (form, path) in
        [(&[("do", "invite"), ("role", "reader")][..], "join"), (&[("do", "reset"), ("login", "marek")], "reset")]
    {
        let made = people(&daybook, &owner, form).await;
        let carried = shown(&made);
        let code = carried.split_once('.').unwrap().1;
        assert!(!location(&made).contains(code), "{}", location(&made));
        let get = daybook.client.get(format!("{}/s/test/people", daybook.origin)).header("accept", "text/html");
        let page = get.header("cookie", format!("{owner}; {carried}")).send().await.unwrap();
        assert!(page.headers()["set-cookie"].to_str().unwrap().starts_with("daybook_shown=; "), "once");
        let text = page.text().await.unwrap();
        assert!(text.contains(&format!("{}/{path}/{code}", daybook.origin)), "{text}");
    }
    let again = self::page(&daybook, "/s/test/people", &owner).await.1;
    assert!(!again.contains("/join/daybook_") && !again.contains("/reset/daybook_"), "{again}");
}

/// The login is reserved by the row of whoever has it.
async fn r_30_of_two_who_register_one_login_at_once_one_is_it_and_the_other_can_still_join(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let second = Daybook::on(&fixture.reopened().await).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let owner = session(&daybook, "asha").await;
    let codes = [invite(&daybook, &owner, Role::Seller).await, invite(&daybook, &owner, Role::Seller).await];
    let form = |code, login| [("code", code), ("login", login), ("name", "Marek"), ("password", PASSWORD)];
    let forms = [form(codes[0].as_str(), "marek"), form(codes[1].as_str(), "MAREK")];
    let both = tokio::join!(join(&daybook, "", &forms[0]), join(&second, "", &forms[1]));
    let said = [location(&both.0), location(&both.1)];
    let lost = said.iter().position(|to| to.contains("problem=taken")).unwrap_or_else(|| panic!("{said:?}"));
    assert_eq!(said[1 - lost], "/s/test", "{said:?}");
    let access = fixture.store.access();
    let of_marek = access.person_of(&store::access::Login::parse("marek").unwrap()).await.unwrap().unwrap();
    assert_eq!(access.people().await.unwrap().len(), 2);
    assert_eq!(access.memberships(of_marek.id).await.unwrap().len(), 1);
    assert_eq!(location(&join(&daybook, "", &form(codes[lost].as_str(), "bo")).await), "/s/test");
}

async fn whoever_is_known_joins_a_second_shop_as_themselves(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let other = ShopSlug::parse("other").unwrap();
    fixture.store.create_shop(&other, "Other shop", Uuid::new_v4()).await.unwrap();
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "marek", "other", Role::Owner).await;
    let (owner, mareks) = (session(&daybook, "asha").await, session(&daybook, "marek").await);
    let code = invite(&daybook, &owner, Role::Manager).await;
    assert!(page(&daybook, &format!("/join/{code}"), &mareks).await.1.contains("Join as marek"));
    let joined = join(&daybook, &mareks, &[("code", &code)]).await;
    assert_eq!(location(&joined), "/s/test");
    assert!(joined.headers().get("set-cookie").is_none(), "the session that was there goes on");
    assert_eq!(role(&fixture, "marek").await, Some(Role::Manager));
    let shops = page(&daybook, "/shops", &mareks).await.1;
    assert!(shops.contains("Test shop") && shops.contains("Other shop") && shops.contains("manager"), "{shops}");
    assert!(page(&daybook, "/shops", "").await.1.contains("Nobody is signed in"));
    let signed_in = daybook.client.post(format!("{}/session", daybook.origin));
    let signed_in = signed_in.form(&[("login", "marek"), ("password", PASSWORD)]).send().await.unwrap();
    assert_eq!(location(&signed_in), "/shops", "with two of them, to choose");
}

async fn an_open_shop_gets_its_first_owner_and_asks_from_then_on(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    assert!(page(&daybook, "/s/test/people", "").await.1.contains("Become the owner"));
    let form = [("do", "found"), ("login", "asha"), ("name", "Asha"), ("password", PASSWORD)];
    // Whoever comes by an invite would shut the owner out.
    for what in ["invite", "role", "remove"] {
        let said = people(&daybook, "", &[("do", what), ("role", "seller")]).await;
        assert_eq!(said.status(), StatusCode::UNPROCESSABLE_ENTITY, "{what}");
    }
    let short = [("do", "found"), ("login", "asha"), ("password", "short")];
    assert_eq!(location(&people(&daybook, "", &short).await), "/s/test/people?problem=short");
    let founded = people(&daybook, "", &form).await;
    assert_eq!(location(&founded), "/s/test/people");
    let owner = cookie(&founded);
    assert_eq!(role(&fixture, "asha").await, Some(Role::Owner));
    let asks = async || (page(&daybook, "/s/test", "").await.0 == StatusCode::SEE_OTHER).then_some(());
    until(asks).await;
    assert!(page(&daybook, "/s/test/people", &owner).await.1.contains("Asha (you)"));
    assert_eq!(people(&daybook, "", &form).await.status(), StatusCode::UNAUTHORIZED, "once");
}

async fn an_owner_gives_other_roles_and_removes_and_the_last_owner_stays(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "marek", SHOP, Role::Seller).await;
    let (owner, mareks) = (session(&daybook, "asha").await, session(&daybook, "marek").await);
    for form in [&[("do", "role"), ("login", "asha"), ("role", "reader")][..], &[("do", "remove"), ("login", "asha")]] {
        assert_eq!(location(&people(&daybook, &owner, form).await), "/s/test/people?problem=last-owner");
    }
    assert_eq!(role(&fixture, "asha").await, Some(Role::Owner));
    let form = [("do", "role"), ("login", "marek"), ("role", "manager")];
    assert_eq!(location(&people(&daybook, &owner, &form).await), "/s/test/people?done=role");
    assert_eq!(role(&fixture, "marek").await, Some(Role::Manager));
    let product = json!({"type": "product.add", "data": {"sku": "A", "name": "Oat bread", "price": 420}});
    let may = async || {
        let said = daybook.post(&product).header("cookie", &mareks).send().await.unwrap();
        (said.status() == StatusCode::OK).then_some(())
    };
    until(may).await;
    let form = [("do", "remove"), ("login", "marek")];
    assert_eq!(location(&people(&daybook, &owner, &form).await), "/s/test/people?done=remove");
    let out = async || {
        let said = daybook.get("/digest").header("cookie", &mareks).send().await.unwrap();
        (said.status() == StatusCode::FORBIDDEN).then_some(())
    };
    until(out).await;
    assert_eq!(location(&people(&daybook, &owner, &form).await), "/s/test/people?problem=member");
}

async fn only_owners_see_and_change_who_belongs_to_a_shop(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Owner) {
        person(&*fixture.store, role.word(), SHOP, role).await;
        let cookie = session(&daybook, role.word()).await;
        let (status, shown) = page(&daybook, "/s/test/people", &cookie).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(shown.contains("Only an owner") && !shown.contains("data-testid=\"members\""), "{role}: {shown}");
        let ask = daybook.client.post(format!("{}/api/shop_people", daybook.origin)).json(&json!({"shop": SHOP}));
        assert_eq!(answer(ask.header("cookie", &cookie).send().await.unwrap()).await.1, json!(null), "{role}");
        for form in
            [&[("do", "invite"), ("role", "owner")][..], &[("do", "role"), ("login", role.word()), ("role", "owner")]]
        {
            assert_eq!(people(&daybook, &cookie, form).await.status(), StatusCode::FORBIDDEN, "{role}");
        }
    }
    let shop = ShopSlug::parse(SHOP).unwrap();
    assert_eq!(fixture.store.access().invites(&shop).await.unwrap(), []);
}

async fn another_password_needs_the_current_one_and_ends_every_other_session(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let (here, there) = (session(&daybook, "asha").await, session(&daybook, "asha").await);
    let change = async |cookie: &str, current: &str, password: &str| {
        let post = daybook.client.post(format!("{}/session/password", daybook.origin)).header("cookie", cookie);
        post.form(&[("current", current), ("password", password)]).send().await.unwrap()
    };
    assert_eq!(location(&change("", PASSWORD, "another horse battery").await), "/sign-in");
    assert_eq!(location(&change(&here, "a wrong password", "another horse").await), "/password?problem=wrong");
    assert_eq!(location(&change(&here, PASSWORD, "short").await), "/password?problem=short");
    let changed = change(&here, PASSWORD, "another horse battery").await;
    assert_eq!(location(&changed), "/password?done=1");
    let fresh = cookie(&changed);
    for (cookie, status) in
        [(&fresh, StatusCode::OK), (&here, StatusCode::UNAUTHORIZED), (&there, StatusCode::UNAUTHORIZED)]
    {
        let is = async || {
            (daybook.get("/digest").header("cookie", cookie).send().await.unwrap().status() == status).then_some(())
        };
        until(is).await;
    }
    assert!(location(&sign_in(&daybook, &daybook.client, "asha", PASSWORD).await).contains("problem=wrong"));
    assert_eq!(
        location(&sign_in(&daybook, &daybook.client, "asha", "another horse battery").await),
        "/s/test/products"
    );
}
