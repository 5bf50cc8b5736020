//! A forgotten password, by a link of an owner; and where else one is signed in.

use domain::{ShopSlug, books::Role, values::Millis};
use reqwest::{Response, StatusCode};
use server::access::secret::Secret;
use store::{
    access::{Login, Reset},
    contract::Fixture,
};
use uuid::Uuid;

use crate::{
    joining::{page, people, shown},
    people::{PASSWORD, location, person, session, sign_in},
    support::{Daybook, SHOP, on_every_store, until},
};

on_every_store!(
    a_forgotten_password_is_set_anew_by_its_person_once_and_ends_every_session,
    a_link_is_for_members_of_this_shop_alone_and_made_by_owners_alone,
    whoever_is_signed_in_sees_where_and_ends_it_there,
);

pub const NEW: &str = "another horse battery";

pub async fn link(daybook: &Daybook, owner: &str, login: &str) -> String {
    let made = people(daybook, owner, &[("do", "reset"), ("login", login)]).await;
    shown(&made).trim_start_matches("daybook_shown=reset.").to_owned()
}

pub async fn set(daybook: &Daybook, code: &str, password: &str) -> Response {
    let post = daybook.client.post(format!("{}/reset", daybook.origin));
    post.form(&[("code", code), ("password", password)]).send().await.unwrap()
}

/// Waits for what another instance has done a moment ago.
async fn is_out(daybook: &Daybook, cookie: &str) {
    let ask = async || {
        let said = daybook.get("/digest").header("cookie", cookie).send().await.unwrap().status();
        (said == StatusCode::UNAUTHORIZED).then_some(())
    };
    tokio::time::timeout(std::time::Duration::from_secs(1), until(ask)).await.expect("within a second");
}

async fn a_forgotten_password_is_set_anew_by_its_person_once_and_ends_every_session(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let second = Daybook::on(&fixture.reopened().await).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let marek = person(&*fixture.store, "marek", SHOP, Role::Seller).await;
    let (owner, mareks) = (session(&daybook, "asha").await, session(&daybook, "marek").await);
    assert_eq!(second.get("/digest").header("cookie", &mareks).send().await.unwrap().status(), StatusCode::OK);

    let (old, code) = (link(&daybook, &owner, "marek").await, link(&daybook, &owner, "marek").await);
    let kept = fixture.store.access().reset(&Secret::parse(&code).unwrap().hash()).await.unwrap().unwrap();
    assert!(!format!("{kept:?}").contains(&code) && kept.person == marek.id);
    assert!(page(&daybook, &format!("/reset/{code}"), "").await.1.contains("For marek."));
    // Nothing has happened yet: whoever has not forgotten it goes on.
    assert!(location(&sign_in(&daybook, &daybook.client, "marek", PASSWORD).await).starts_with("/s/"));
    for (password, problem) in [("short", "short"), ("marek1234", "guessable")] {
        assert_eq!(location(&set(&daybook, &code, password).await), format!("/reset/{code}?problem={problem}"));
    }
    let done = set(&second, &code, NEW).await;
    assert_eq!((location(&done).as_str(), done.headers().get("set-cookie")), ("/sign-in?done=reset", None));
    for instance in [&daybook, &second] {
        is_out(instance, &mareks).await;
    }
    assert!(location(&sign_in(&daybook, &daybook.client, "marek", PASSWORD).await).contains("problem=wrong"));
    assert!(location(&sign_in(&daybook, &daybook.client, "marek", NEW).await).starts_with("/s/"));

    // Used, replaced, expired, unknown, none: one answer.
    let expired = Secret::fresh().unwrap();
    let reset = Reset { hash: expired.hash(), made_at: Millis(0), expires_at: Millis(1), used_at: None, ..kept };
    fixture.store.access().add_reset(reset).await.unwrap();
    let unknown = Secret::fresh().unwrap();
    let mut shown = Vec::new();
    for code in [&code, &old, &expired.text(), &unknown.text(), "daybook_x"] {
        assert_eq!(location(&set(&daybook, code, PASSWORD).await), format!("/reset/{code}?problem=reset"));
        let (status, text) = page(&daybook, &format!("/reset/{code}"), "").await;
        shown.push((status, text.contains("This link cannot be used"), text.contains("marek")));
    }
    assert!(shown.iter().all(|one| *one == (StatusCode::OK, true, false)), "{shown:?}");
    assert_eq!(set(&daybook, "", PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

/// A password opens every shop that somebody belongs to: an owner of one of them must not make a way into the others.
async fn a_link_is_for_members_of_this_shop_alone_and_made_by_owners_alone(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    fixture.store.create_shop(&ShopSlug::parse("other").unwrap(), "Other shop", Uuid::new_v4()).await.unwrap();
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "lead", SHOP, Role::Manager).await;
    let marek = person(&*fixture.store, "marek", SHOP, Role::Seller).await;
    person(&*fixture.store, "eve", "other", Role::Owner).await;
    let owner = session(&daybook, "asha").await;
    let code = link(&daybook, &owner, "marek").await;
    for (login, problem) in [("eve", "member"), ("nobody", "member")] {
        let refused = people(&daybook, &owner, &[("do", "reset"), ("login", login)]).await;
        assert_eq!(location(&refused), format!("/s/test/people?problem={problem}"));
    }
    let lead = session(&daybook, "lead").await;
    let refused = people(&daybook, &lead, &[("do", "reset"), ("login", "marek")]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    // Somebody who has come to belong to another shop since.
    let access = fixture.store.access();
    let mut elsewhere = access.member(&ShopSlug::parse(SHOP).unwrap(), marek.id).await.unwrap().unwrap();
    elsewhere.shop = ShopSlug::parse("other").unwrap();
    access.set_member(elsewhere.clone()).await.unwrap();
    let refused = people(&daybook, &owner, &[("do", "reset"), ("login", "marek")]).await;
    assert_eq!(location(&refused), "/s/test/people?problem=elsewhere");
    assert!(location(&set(&daybook, &code, NEW).await).contains("problem=reset"), "nor by a link from before");
    assert!(location(&sign_in(&daybook, &daybook.client, "marek", PASSWORD).await).starts_with("/s/"));
    access.end_member(&elsewhere.shop, marek.id, Millis(2)).await.unwrap();
    access.end_member(&ShopSlug::parse(SHOP).unwrap(), marek.id, Millis(2)).await.unwrap();
    assert!(location(&set(&daybook, &code, NEW).await).contains("problem=reset"), "nor after they have left");
    let kept = access.person_of(&Login::parse("marek").unwrap()).await.unwrap().unwrap();
    assert_eq!(kept.password, marek.password);
}

async fn whoever_is_signed_in_sees_where_and_ends_it_there(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    person(&*fixture.store, "marek", SHOP, Role::Owner).await;
    let here = session(&daybook, "asha").await;
    let (till, phone, mareks) =
        (session(&daybook, "asha").await, session(&daybook, "asha").await, session(&daybook, "marek").await);
    let names = |text: &str| -> Vec<String> {
        let fields = text.split("name=\"session\" value=\"").skip(1);
        fields.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let (_, shown) = page(&daybook, "/password", &here).await;
    let others = names(&shown);
    assert_eq!((others.len(), shown.matches("This browser").count()), (2, 1), "{shown}");
    assert!(![&here, &till, &phone].iter().any(|cookie| shown.contains(cookie.rsplit("daybook_").next().unwrap())));
    let end = async |cookie: &str, form: &[(&str, &str)]| {
        let post = daybook.client.post(format!("{}/session/elsewhere", daybook.origin)).header("cookie", cookie);
        location(&post.form(form).send().await.unwrap())
    };
    assert_eq!(end("", &[]).await, "/sign-in");
    // Somebody else's cannot be named.
    assert_eq!(end(&mareks, &[("session", &others[0])]).await, "/password?done=ended");
    assert_eq!(names(&page(&daybook, "/password", &here).await.1).len(), 2);
    assert_eq!(end(&here, &[("session", &others[0])]).await, "/password?done=ended");
    assert_eq!(names(&page(&daybook, "/password", &here).await.1), others[1..]);
    assert_eq!(end(&here, &[]).await, "/password?done=ended");
    for cookie in [&till, &phone] {
        is_out(&daybook, cookie).await;
    }
    for cookie in [&here, &mareks] {
        assert_eq!(daybook.get("/digest").header("cookie", cookie).send().await.unwrap().status(), StatusCode::OK);
    }
    assert!(!page(&daybook, "/password", "").await.1.contains("data-testid=\"sessions\""));
}
