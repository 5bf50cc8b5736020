//! Owners who are none any more: what was made before, by them or for them, is no way back.

use domain::{ShopSlug, books::Role};
use server::access::{Access, people::PeopleError};
use store::contract::Fixture;

use crate::{
    forgotten::{NEW, link, set},
    joining::{invite, join, people, role},
    people::{PASSWORD, location, person, session},
    support::{Daybook, SHOP, on_every_store},
};

on_every_store!(
    with_an_owner_end_the_links_and_the_invites_of_owners_that_were_made_before,
    with_anybody_else_no_link_and_no_invite_ends,
    what_is_made_by_whoever_is_an_owner_no_more_ends_at_once,
);

/// What a newcomer is told who uses an invite.
async fn comes_in(daybook: &Daybook, code: &str, login: &str) -> String {
    let form = [("code", code), ("login", login), ("password", PASSWORD)];
    location(&join(daybook, "", &form).await)
}

async fn with_an_owner_end_the_links_and_the_invites_of_owners_that_were_made_before(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    for login in ["asha", "ben", "cleo", "dora"] {
        person(&*fixture.store, login, SHOP, Role::Owner).await;
    }
    let ashas = session(&daybook, "asha").await;
    for (login, end) in [
        ("ben", &[("do", "remove"), ("login", "ben")][..]),
        ("cleo", &[("do", "role"), ("login", "cleo"), ("role", "reader")]),
        ("dora", &[]),
    ] {
        let theirs = session(&daybook, login).await;
        let reset = link(&daybook, &theirs, "asha").await;
        let (owners, sellers) =
            (invite(&daybook, &theirs, Role::Owner).await, invite(&daybook, &theirs, Role::Seller).await);
        if end.is_empty() {
            let left = daybook.client.post(format!("{}/shops/leave", daybook.origin)).header("cookie", &theirs);
            assert_eq!(location(&left.form(&[("shop", SHOP)]).send().await.unwrap()), "/shops");
        } else {
            assert!(location(&people(&daybook, &ashas, end).await).contains("done="));
        }
        assert_eq!(location(&set(&daybook, &reset, NEW).await), format!("/reset/{reset}?problem=reset"), "{login}");
        let new = format!("{login}-again");
        assert!(comes_in(&daybook, &owners, &new).await.contains("problem=invite"), "{login}");
        assert_eq!(comes_in(&daybook, &sellers, &new).await, "/s/test", "an invite of others stays: {login}");
        assert_eq!(role(&fixture, &new).await, Some(Role::Seller));
    }
    let kept = fixture.store.access().known_members(&ShopSlug::parse(SHOP).unwrap()).await.unwrap();
    let owners: Vec<_> = kept.iter().filter(|(_, member)| member.role == Role::Owner).collect();
    assert!(matches!(owners[..], [(person, _)] if person.login.as_str() == "asha"), "{owners:?}");
}

async fn with_anybody_else_no_link_and_no_invite_ends(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    for login in ["marek", "bo"] {
        person(&*fixture.store, login, SHOP, Role::Seller).await;
    }
    let ashas = session(&daybook, "asha").await;
    let (reset, owners) = (link(&daybook, &ashas, "marek").await, invite(&daybook, &ashas, Role::Owner).await);
    assert!(location(&people(&daybook, &ashas, &[("do", "remove"), ("login", "bo")]).await).contains("done="));
    // The last owner stays: so does whoever they have invited to follow them.
    for end in [&[("do", "remove"), ("login", "asha")][..], &[("do", "role"), ("login", "asha"), ("role", "reader")]] {
        assert!(location(&people(&daybook, &ashas, end).await).contains("problem=last-owner"));
    }
    assert_eq!(location(&set(&daybook, &reset, NEW).await), "/sign-in?done=reset");
    assert_eq!(comes_in(&daybook, &owners, "ines").await, "/s/test");
}

/// They were let in a moment before their end, and make something behind it.
async fn what_is_made_by_whoever_is_an_owner_no_more_ends_at_once(fixture: Fixture) {
    fixture.shop(SHOP).await;
    let access = Access::new(fixture.store.access(), false);
    let shop = ShopSlug::parse(SHOP).unwrap();
    for login in ["asha", "ben"] {
        person(&*fixture.store, login, SHOP, Role::Owner).await;
    }
    assert_eq!(access.is_owner_still(&shop, "ben").await, Ok(()));
    access.set_role(&shop, "ben", None).await.unwrap();
    let (reset, owners) = (access.begin_reset(&shop, "asha").await, access.invite(&shop, Role::Owner).await);
    assert_eq!(access.is_owner_still(&shop, "ben").await, Err(PeopleError::NoSuchMember));
    assert_eq!(access.open_reset(&reset.unwrap().text()).await.unwrap(), None);
    assert_eq!(access.open_invite(&owners.unwrap().text()).await.unwrap(), None);
}
