//! People and their ways in.

use std::sync::Arc;

use domain::{ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

use super::Fixture;
use crate::{
    StoreError,
    access::{
        Access, Device, Invite, Login, Member, MemberChange, PasswordHash, Person, Pin, Reset, Scope, SecretHash,
        Session, Sighting, Token,
    },
};

fn slug(text: &str) -> ShopSlug {
    ShopSlug::parse(text).unwrap()
}

fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

fn person(number: u128, text: &str) -> Person {
    Person { id: Uuid::from_u128(number), login: login(text), name: "Asha".into(), password: None, added_at: Millis(7) }
}

fn member(shop: &str, number: u128, role: Role, since: i64) -> Member {
    Member { shop: slug(shop), person: Uuid::from_u128(number), role, since: Millis(since), ended_at: None }
}

fn invite(shop: &str, number: u8, role: Role, made_at: i64) -> Invite {
    Invite {
        shop: slug(shop),
        id: Uuid::from_u128(number.into()),
        hash: SecretHash([number; 32]),
        role,
        made_at: Millis(made_at),
        expires_at: Millis(made_at + 100),
        used_by: None,
        used_at: None,
    }
}

fn token(shop: &str, number: u8, name: &str) -> Token {
    Token {
        shop: slug(shop),
        id: Uuid::from_u128(number.into()),
        hash: SecretHash([number; 32]),
        name: name.to_owned(),
        role: Role::Seller,
        scope: Scope::Read,
        made_at: Millis(1),
        expires_at: None,
        revoked_at: None,
    }
}

async fn two_shops(fixture: &Fixture) -> Arc<dyn Access> {
    fixture.shop("corner").await;
    fixture.shop("market").await;
    fixture.store.access()
}

fn unknown<T>(answer: Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::UnknownShop { shop }) if shop == slug("elsewhere"))
}

pub async fn a_login_is_one_persons(fixture: Fixture) {
    let access = fixture.store.access();
    let asha = person(1, "asha@corner.example");
    assert!(access.add_person(asha.clone()).await.unwrap());
    assert!(!access.add_person(person(2, "ASHA@corner.example")).await.unwrap());
    assert!(access.add_person(person(3, "a.first@corner.example")).await.unwrap());
    assert_eq!(access.person_of(&login("asha@corner.example")).await.unwrap(), Some(asha.clone()));
    assert_eq!(access.person(Uuid::from_u128(2)).await.unwrap(), None);
    let names: Vec<_> = access.people().await.unwrap().into_iter().map(|one| one.id.as_u128()).collect();
    assert_eq!(names, [3, 1], "by login");

    let password = PasswordHash("$argon2id$…".to_owned());
    assert!(access.set_password(asha.id, password.clone()).await.unwrap());
    assert!(!access.set_password(Uuid::from_u128(2), password.clone()).await.unwrap());
    let fixture = fixture.restarted().await;
    let kept = fixture.store.access().person(asha.id).await.unwrap();
    assert_eq!(kept, Some(Person { password: Some(password), ..asha }));
}

/// The row with the login is its reservation: found by it, and taken once.
pub async fn r_30_of_16_who_take_a_login_at_once_one_gets_it(fixture: Fixture) {
    let tries = (1..=16).map(|number| {
        let access = fixture.store.access();
        tokio::spawn(async move { access.add_person(person(number, "asha")).await.unwrap() })
    });
    let mut got = 0;
    for one in tries.collect::<Vec<_>>() {
        got += u32::from(one.await.unwrap());
    }
    let access = fixture.store.access();
    let everybody = access.people().await.unwrap();
    assert_eq!((got, everybody.len()), (1, 1));
    assert_eq!(access.person_of(&login("ASHA")).await.unwrap().as_ref(), everybody.first());
}

pub async fn of_16_who_found_a_shop_at_once_one_is_its_first_owner(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let tries = (1..=16).map(|number| {
        let access = fixture.store.access();
        tokio::spawn(async move { access.found(member("corner", number, Role::Owner, 5)).await.unwrap() })
    });
    let mut first = 0;
    for one in tries.collect::<Vec<_>>() {
        first += u32::from(one.await.unwrap());
    }
    assert_eq!((first, access.members(&slug("corner")).await.unwrap().len()), (1, 1));
    let owner = access.members(&slug("corner")).await.unwrap().remove(0);
    assert_eq!((owner.role, owner.since, owner.ended_at), (Role::Owner, Millis(5), None));
    access.end_member(&owner.shop, owner.person, Millis(6)).await.unwrap();
    assert!(!access.found(member("corner", 99, Role::Owner, 7)).await.unwrap(), "somebody once belonged to it");
    access.set_member(member("market", 1, Role::Reader, 5)).await.unwrap();
    assert!(!access.found(member("market", 2, Role::Owner, 7)).await.unwrap(), "nor beside a member");
    assert!(unknown(access.found(member("elsewhere", 1, Role::Owner, 5)).await));
}

pub async fn p9_members_are_known_by_login_in_one_question(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    for (number, login) in [(1, "marek"), (2, "asha"), (3, "bo"), (4, "eve")] {
        access.add_person(person(number, login)).await.unwrap();
    }
    for (shop, number, role) in [
        ("corner", 1, Role::Seller),
        ("corner", 2, Role::Owner),
        ("corner", 3, Role::Reader),
        ("market", 4, Role::Owner),
    ] {
        access.set_member(member(shop, number, role, 5)).await.unwrap();
    }
    access.end_member(&slug("corner"), Uuid::from_u128(3), Millis(6)).await.unwrap();
    let known = access.known_members(&slug("corner")).await.unwrap();
    let expected = [(2, "asha", Role::Owner), (1, "marek", Role::Seller)]
        .map(|(number, login, role)| (person(number, login), member("corner", number, role, 5)));
    assert_eq!(known, expected);
    assert_eq!(access.known_members(&slug("elsewhere")).await.unwrap(), []);
}

pub async fn of_16_owners_who_leave_at_once_one_stays(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    for number in 1..=16 {
        access.set_member(member("corner", number, Role::Owner, 5)).await.unwrap();
    }
    access.set_member(member("market", 17, Role::Owner, 5)).await.unwrap();
    let ends = (1..=16).map(|number| {
        let (access, shop, who) = (fixture.store.access(), slug("corner"), Uuid::from_u128(number));
        tokio::spawn(async move {
            if number % 2 == 0 {
                access.change_role(&shop, who, Role::Reader).await.unwrap()
            } else {
                access.remove_member(&shop, who, Millis(9)).await.unwrap()
            }
        })
    });
    let mut said = Vec::new();
    for one in ends.collect::<Vec<_>>() {
        said.push(one.await.unwrap());
    }
    said.sort_by_key(|change| *change == MemberChange::Done);
    assert_eq!(said[0], MemberChange::LastOwner);
    assert!(said[1..].iter().all(|change| *change == MemberChange::Done), "{said:?}");
    let members = access.members(&slug("corner")).await.unwrap();
    assert_eq!(members.iter().filter(|member| member.active() == Some(Role::Owner)).count(), 1);
}

pub async fn who_has_left_gets_no_other_role_and_the_last_owner_stays_one(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let (asha, marek) = (member("corner", 1, Role::Owner, 5), member("corner", 2, Role::Seller, 6));
    for one in [&asha, &marek, &member("market", 3, Role::Owner, 5)] {
        access.set_member(one.clone()).await.unwrap();
    }
    let role = async |who: u128, role| access.change_role(&asha.shop, Uuid::from_u128(who), role).await.unwrap();
    let remove = async |who: u128| access.remove_member(&asha.shop, Uuid::from_u128(who), Millis(9)).await.unwrap();
    let before = access.changes().await.unwrap();
    assert_eq!(role(1, Role::Manager).await, MemberChange::LastOwner);
    assert_eq!(remove(1).await, MemberChange::LastOwner);
    assert_eq!(access.changes().await.unwrap(), before, "nobody lost their way in");
    assert_eq!(role(1, Role::Owner).await, MemberChange::Done);
    assert_eq!(role(2, Role::Manager).await, MemberChange::Done);
    let manager = Member { role: Role::Manager, ..marek };
    assert_eq!(access.member(&asha.shop, manager.person).await.unwrap(), Some(manager.clone()));
    let before = access.changes().await.unwrap();
    assert_eq!(remove(2).await, MemberChange::Done);
    assert_ne!(access.changes().await.unwrap(), before);
    // As one who has read the member before they were removed.
    assert_eq!(role(2, Role::Owner).await, MemberChange::NoSuchMember);
    assert_eq!(remove(2).await, MemberChange::NoSuchMember);
    assert_eq!(role(3, Role::Seller).await, MemberChange::NoSuchMember, "of another shop");
    let ended = Member { ended_at: Some(Millis(9)), ..manager };
    assert_eq!(access.member(&asha.shop, ended.person).await.unwrap(), Some(ended));
    access.set_member(member("corner", 4, Role::Owner, 10)).await.unwrap();
    assert_eq!(role(1, Role::Reader).await, MemberChange::Done, "beside another owner");
}

pub async fn a_password_is_replaced_where_it_is_still_the_one_that_was_compared(fixture: Fixture) {
    let access = fixture.store.access();
    let of = |text: &str| PasswordHash(format!("$argon2id${text}"));
    let asha = Person { password: Some(of("one")), ..person(1, "asha") };
    access.add_person(asha.clone()).await.unwrap();
    access.add_person(person(2, "bo")).await.unwrap();
    assert!(access.replace_password(asha.id, &of("one"), of("two")).await.unwrap());
    assert!(!access.replace_password(asha.id, &of("one"), of("three")).await.unwrap(), "another one by now");
    assert!(!access.replace_password(Uuid::from_u128(2), &of("one"), of("two")).await.unwrap(), "has none");
    assert!(!access.replace_password(Uuid::from_u128(3), &of("one"), of("two")).await.unwrap(), "unknown");
    assert_eq!(access.person(asha.id).await.unwrap(), Some(Person { password: Some(of("two")), ..asha }));
    assert_eq!(access.person(Uuid::from_u128(2)).await.unwrap(), Some(person(2, "bo")));
}

pub async fn p9_resets_and_invites_of_owners_end_in_one_shop_alone(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    for (number, shop) in [(1, "corner"), (2, "corner"), (3, "market")] {
        let reset = Reset {
            hash: SecretHash([number; 32]),
            shop: slug(shop),
            person: Uuid::from_u128(number.into()),
            made_at: Millis(0),
            expires_at: Millis(100),
            used_at: None,
        };
        access.add_reset(reset).await.unwrap();
    }
    let invites = [
        invite("corner", 11, Role::Owner, 0),
        invite("corner", 12, Role::Owner, 0),
        invite("corner", 13, Role::Manager, 0),
        invite("market", 14, Role::Owner, 0),
    ];
    for one in &invites {
        access.add_invite(one.clone()).await.unwrap();
    }
    // Whoever has claimed one may give it back.
    assert!(access.claim_invite(&invites[1].hash, Uuid::from_u128(7), Millis(40)).await.unwrap());
    access.end_resets_in(&slug("corner"), Millis(50)).await.unwrap();
    access.end_owner_invites(&slug("corner"), Millis(50)).await.unwrap();
    access.give_back_invite(&invites[1].hash, Uuid::from_u128(7)).await.unwrap();
    for (number, usable) in [(1, false), (2, false), (3, true)] {
        assert_eq!(access.use_reset(&SecretHash([number; 32]), Millis(51)).await.unwrap(), usable, "{number}");
    }
    for (one, usable) in invites.iter().zip([false, false, true, true]) {
        let used = access.use_invite(&one.hash, Uuid::from_u128(8), Millis(51)).await.unwrap();
        assert_eq!(used.is_some(), usable, "{one:?}");
    }
    access.end_owner_invites(&slug("corner"), Millis(60)).await.unwrap();
    let found = access.invite(&invites[0].hash).await.unwrap().unwrap();
    assert_eq!(found.expires_at, Millis(50), "it ended once");
}

pub async fn another_password_is_set_by_a_reset_once(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let reset = |number: u8, who: u128| Reset {
        hash: SecretHash([number; 32]),
        shop: slug("corner"),
        person: Uuid::from_u128(who),
        made_at: Millis(0),
        expires_at: Millis(100),
        used_at: None,
    };
    let all = [reset(1, 1), reset(2, 1), reset(3, 2), reset(4, 1)];
    for one in &all {
        access.add_reset(one.clone()).await.unwrap();
    }
    let elsewhere = Reset { shop: slug("elsewhere"), ..reset(9, 1) };
    assert!(unknown(access.add_reset(elsewhere).await));
    assert!(!access.use_reset(&SecretHash([9; 32]), Millis(5)).await.unwrap(), "unknown");
    assert!(!access.use_reset(&all[0].hash, Millis(100)).await.unwrap(), "expired");
    let tries = (0..16).map(|_| {
        let (access, hash) = (fixture.store.access(), all[0].hash);
        tokio::spawn(async move { access.use_reset(&hash, Millis(99)).await.unwrap() })
    });
    let mut used = 0;
    for one in tries.collect::<Vec<_>>() {
        used += u32::from(one.await.unwrap());
    }
    assert_eq!(used, 1);
    let kept = access.reset(&all[0].hash).await.unwrap();
    assert_eq!(kept, Some(Reset { used_at: Some(Millis(99)), ..all[0].clone() }));
    access.end_resets(Uuid::from_u128(1), Millis(50)).await.unwrap();
    for (one, usable) in [(&all[1], false), (&all[3], false), (&all[2], true)] {
        assert_eq!(access.use_reset(&one.hash, Millis(51)).await.unwrap(), usable, "{one:?}");
    }
}

pub async fn p9_a_member_is_one_of_their_own_shop(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let asha = member("corner", 1, Role::Owner, 5);
    access.set_member(asha.clone()).await.unwrap();
    assert_eq!(access.member(&asha.shop, asha.person).await.unwrap(), Some(asha.clone()));
    assert_eq!(access.member(&slug("market"), asha.person).await.unwrap(), None);
    assert!(access.has_members(&asha.shop).await.unwrap());
    assert!(!access.has_members(&slug("market")).await.unwrap());
    assert!(!access.has_members(&slug("elsewhere")).await.unwrap());
    assert_eq!(access.members(&slug("market")).await.unwrap(), []);
    assert!(unknown(access.set_member(member("elsewhere", 1, Role::Owner, 5)).await));

    let seller = member("market", 1, Role::Seller, 6);
    access.set_member(seller.clone()).await.unwrap();
    assert_eq!(access.memberships(asha.person).await.unwrap(), [asha.clone(), seller]);
    let reader = Member { role: Role::Reader, since: Millis(8), ..asha.clone() };
    access.set_member(reader.clone()).await.unwrap();
    assert_eq!(access.members(&asha.shop).await.unwrap(), [reader]);
}

/// A shop whose last member has left is not open to everybody because of that.
pub async fn who_has_left_is_known_and_the_shop_goes_on_asking(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let asha = member("corner", 1, Role::Owner, 5);
    access.set_member(asha.clone()).await.unwrap();
    assert!(access.end_member(&asha.shop, asha.person, Millis(9)).await.unwrap());
    assert!(!access.end_member(&asha.shop, asha.person, Millis(10)).await.unwrap(), "once");
    assert!(!access.end_member(&slug("market"), asha.person, Millis(9)).await.unwrap());
    let ended = access.member(&asha.shop, asha.person).await.unwrap().unwrap();
    assert_eq!((ended.ended_at, ended.active()), (Some(Millis(9)), None));
    assert!(access.has_members(&asha.shop).await.unwrap());
    access.set_member(Member { since: Millis(11), ..asha.clone() }).await.unwrap();
    assert_eq!(access.member(&asha.shop, asha.person).await.unwrap().unwrap().active(), Some(Role::Owner));
}

pub async fn a_session_lasts_as_long_as_it_is_used_and_no_longer_than_it_may(fixture: Fixture) {
    let access = fixture.store.access();
    let session = |number: u8, who: u128, idle_until: i64, ends_at: i64| Session {
        hash: SecretHash([number; 32]),
        person: Uuid::from_u128(who),
        begun_at: Millis(0),
        idle_until: Millis(idle_until),
        ends_at: Millis(ends_at),
    };
    let all = [session(1, 1, 10, 100), session(2, 1, 10, 100), session(3, 2, 10, 100), session(4, 2, 50, 20)];
    for one in &all {
        access.add_session(one.clone()).await.unwrap();
    }
    let mut theirs = access.sessions(Uuid::from_u128(1)).await.unwrap();
    theirs.sort_by_key(|session| session.hash);
    assert_eq!(theirs, all[..2]);
    let found = access.session(&all[0].hash).await.unwrap();
    assert_eq!(found.as_ref(), Some(&all[0]));
    let open = |session: &Session, now: i64| session.is_open(Millis(now));
    assert!(open(&all[0], 9) && !open(&all[0], 10), "idle");
    assert!(open(&all[3], 19) && !open(&all[3], 20), "over");
    access.keep_session(&all[0].hash, Millis(30)).await.unwrap();
    assert!(open(&access.session(&all[0].hash).await.unwrap().unwrap(), 29));

    access.forget_sessions(Millis(15)).await.unwrap();
    let left = async || {
        let mut left = Vec::new();
        for one in &all {
            left.extend(access.session(&one.hash).await.unwrap().map(|session| session.hash.0[0]));
        }
        left
    };
    assert_eq!(left().await, [1, 4]);
    access.end_session(&all[3].hash).await.unwrap();
    assert_eq!(left().await, [1]);
    access.add_session(session(2, 1, 10, 100)).await.unwrap();
    access.end_sessions(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(left().await, [0_u8; 0]);
}

fn pin(browser: u8, who: u128) -> Pin {
    Pin {
        browser: SecretHash([browser; 32]),
        person: Uuid::from_u128(who),
        hash: PasswordHash(format!("$argon2id${browser}-{who}")),
        wrong: 0,
        set_at: Millis(1),
        ends_at: Millis(100),
    }
}

pub async fn a_pin_is_of_one_person_on_one_browser_and_ends_by_wrong_tries(fixture: Fixture) {
    let access = fixture.store.access();
    let (till, phone) = (SecretHash([1; 32]), SecretHash([2; 32]));
    for one in [pin(1, 7), pin(1, 8), pin(2, 7)] {
        access.set_pin(one).await.unwrap();
    }
    let of = async |browser: &SecretHash| {
        let mut pins = access.pins(browser).await.unwrap();
        pins.sort_by_key(|pin| pin.person);
        pins
    };
    assert_eq!(of(&till).await, [pin(1, 7), pin(1, 8)]);
    let asha = Uuid::from_u128(7);
    let tried = async |now: i64| access.try_pin(&till, asha, 3, Millis(now)).await.unwrap();
    for wrong in 1..=3 {
        assert_eq!(tried(99).await, Some(Pin { wrong, ..pin(1, 7) }));
        if wrong == 2 {
            access.pin_was_right(&till, asha).await.unwrap();
            assert_eq!(of(&till).await, [pin(1, 7), pin(1, 8)], "forgiven");
            assert_eq!(tried(99).await.map(|pin| pin.wrong), Some(1));
            assert_eq!(tried(99).await.map(|pin| pin.wrong), Some(2));
        }
    }
    assert_eq!(tried(99).await, None, "wrong three times in a row");
    assert_eq!(of(&phone).await, [pin(2, 7)], "on this browser alone");
    let again = Pin { hash: PasswordHash("$another".to_owned()), ..pin(1, 7) };
    access.set_pin(again.clone()).await.unwrap();
    assert_eq!(tried(100).await, None, "it is over");
    assert_eq!(tried(99).await, Some(Pin { wrong: 1, ..again }));
    assert_eq!(access.try_pin(&phone, Uuid::from_u128(8), 3, Millis(2)).await.unwrap(), None, "never set there");

    access.end_pin(&till, asha).await.unwrap();
    assert_eq!(of(&till).await, [pin(1, 8)]);
    let fixture = fixture.restarted().await;
    let access = fixture.store.access();
    assert_eq!(access.pins(&phone).await.unwrap(), [pin(2, 7)]);
    access.end_sessions(asha).await.unwrap();
    assert_eq!(access.pins(&phone).await.unwrap(), []);
    assert_eq!(access.pins(&till).await.unwrap(), [pin(1, 8)]);
}

pub async fn pins_end_everywhere_else_and_on_the_browser_of_a_session(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let [till, phone, home] = [1, 2, 3].map(|number| SecretHash([number; 32]));
    let [asha, marek] = [7, 8].map(Uuid::from_u128);
    let [on_till, on_none] = [4, 5].map(|number| SecretHash([number; 32]));
    let (begun_at, ends_at) = (Millis(0), Millis(10));
    for hash in [on_till, on_none] {
        let session = Session { hash, person: asha, begun_at, idle_until: ends_at, ends_at };
        access.add_session(session).await.unwrap();
    }
    for (shop, id, browser) in [("corner", "T1", Some(till)), ("market", "T1", None), ("market", "T2", Some(phone))] {
        access.enrol(device(shop, id, asha, browser)).await.unwrap();
    }
    for shop in ["corner", "market"] {
        access.use_device(&on_till, &slug(shop), "T1").await.unwrap();
    }
    let set = async || {
        for one in [pin(1, 7), pin(1, 8), pin(2, 7), pin(3, 7)] {
            access.set_pin(one).await.unwrap();
        }
    };
    let left = async || {
        let mut left = Vec::new();
        for browser in [till, phone, home] {
            let mut people: Vec<_> = access.pins(&browser).await.unwrap().iter().map(|pin| pin.person).collect();
            people.sort();
            left.push(people);
        }
        left
    };
    set().await;
    for unknown in [on_none, SecretHash([9; 32])] {
        access.end_pins_of(&unknown).await.unwrap();
    }
    assert_eq!(left().await, [vec![asha, marek], vec![asha], vec![asha]], "where no browser is known, none");
    access.end_pins_of(&on_till).await.unwrap();
    assert_eq!(left().await, [vec![marek], vec![asha], vec![asha]], "of that person, on that browser");
    set().await;
    access.end_pins_elsewhere(asha, Some(&home)).await.unwrap();
    assert_eq!(left().await, [vec![marek], vec![], vec![asha]]);
    set().await;
    access.end_pins_elsewhere(asha, None).await.unwrap();
    assert_eq!(left().await, [vec![marek], vec![], vec![]], "of a browser without a secret everything is elsewhere");
}

fn device(shop: &str, id: &str, person: Uuid, browser: Option<SecretHash>) -> Device {
    Device { browser, ..Device::enrolled(slug(shop), id, "Till".to_owned(), person, Millis(1)) }
}

pub async fn of_16_tries_of_a_pin_at_once_five_are_looked_at(fixture: Fixture) {
    let access = fixture.store.access();
    access.set_pin(pin(1, 7)).await.unwrap();
    let tries = (0..16).map(|_| {
        let access = fixture.store.access();
        tokio::spawn(async move {
            access.try_pin(&SecretHash([1; 32]), Uuid::from_u128(7), 5, Millis(2)).await.unwrap().is_some()
        })
    });
    let mut looked_at = 0;
    for one in tries.collect::<Vec<_>>() {
        looked_at += u32::from(one.await.unwrap());
    }
    assert_eq!(looked_at, 5);
}

pub async fn an_invite_is_used_once(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let (asha, marek) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let one = invite("corner", 1, Role::Seller, 0);
    access.add_invite(one.clone()).await.unwrap();
    assert!(unknown(access.add_invite(invite("elsewhere", 9, Role::Owner, 0)).await));
    let used = async |number: u8, who: Uuid, now: i64| {
        let member = access.use_invite(&SecretHash([number; 32]), who, Millis(now)).await.unwrap();
        member.map(|member| (member.shop.to_string(), member.role))
    };
    let seller = Some(("corner".to_owned(), Role::Seller));
    assert_eq!(used(7, asha, 5).await, None, "unknown");
    assert_eq!(used(1, asha, 100).await, None, "expired");
    assert_eq!(used(1, asha, 99).await, seller);
    assert_eq!(used(1, marek, 99).await, None, "used");
    assert_eq!(used(1, asha, 99).await, seller, "the answer was lost");
    let kept = access.invites(&one.shop).await.unwrap();
    assert_eq!(kept, [Invite { used_by: Some(asha), used_at: Some(Millis(99)), ..one }]);
    assert_eq!(access.invites(&slug("market")).await.unwrap(), []);

    access.add_invite(invite("corner", 2, Role::Owner, 90)).await.unwrap();
    assert_eq!(used(2, asha, 100).await, seller, "a member stays what they are");
    access.end_member(&slug("corner"), asha, Millis(110)).await.unwrap();
    assert_eq!(used(2, asha, 111).await, None, "an old one is no way back");
    access.add_invite(invite("corner", 3, Role::Reader, 120)).await.unwrap();
    assert_eq!(used(3, asha, 121).await, Some(("corner".to_owned(), Role::Reader)));
}

pub async fn of_16_who_claim_an_invite_at_once_one_has_it_and_gives_it_back(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let one = invite("corner", 1, Role::Seller, 0);
    access.add_invite(one.clone()).await.unwrap();
    let tries = (1..=16).map(|number| {
        let (access, who) = (fixture.store.access(), Uuid::from_u128(number));
        tokio::spawn(
            async move { access.claim_invite(&SecretHash([1; 32]), who, Millis(5)).await.unwrap().then_some(who) },
        )
    });
    let mut claimed = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        claimed.extend(one.await.unwrap());
    }
    let [who] = claimed[..] else { panic!("{claimed:?}") };
    assert_eq!(access.members(&one.shop).await.unwrap(), [], "nobody belongs to the shop by that");
    access.give_back_invite(&one.hash, Uuid::from_u128(99)).await.unwrap();
    let kept = access.invite(&one.hash).await.unwrap();
    assert_eq!(kept, Some(Invite { used_by: Some(who), used_at: Some(Millis(5)), ..one.clone() }), "another's");
    access.give_back_invite(&one.hash, who).await.unwrap();
    assert_eq!(access.invite(&one.hash).await.unwrap(), Some(one.clone()));
    assert!(!access.claim_invite(&one.hash, who, Millis(100)).await.unwrap(), "expired");
    assert!(access.claim_invite(&one.hash, who, Millis(99)).await.unwrap());
    assert!(access.use_invite(&one.hash, who, Millis(99)).await.unwrap().is_some());
}

pub async fn of_16_who_use_an_invite_at_once_one_comes_in(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    access.add_invite(invite("corner", 1, Role::Seller, 0)).await.unwrap();
    let tries = (1..=16).map(|number| {
        let access = fixture.store.access();
        let who = Uuid::from_u128(number);
        tokio::spawn(async move { access.use_invite(&SecretHash([1; 32]), who, Millis(5)).await.unwrap().is_some() })
    });
    let mut used = 0;
    for one in tries.collect::<Vec<_>>() {
        used += u32::from(one.await.unwrap());
    }
    assert_eq!((used, access.members(&slug("corner")).await.unwrap().len()), (1, 1));
}

pub async fn p9_a_token_is_of_one_shop_and_its_name_is_its_own_for_ever(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let one = Token { expires_at: Some(Millis(50)), ..token("corner", 1, "till") };
    assert!(access.add_token(one.clone()).await.unwrap());
    assert!(access.add_token(token("market", 2, "till")).await.unwrap(), "in another shop it is another name");
    assert!(!access.add_token(token("corner", 3, "till")).await.unwrap());
    assert!(unknown(access.add_token(token("elsewhere", 4, "till")).await));
    assert_eq!(access.token(&one.hash).await.unwrap(), Some(one.clone()));
    assert_eq!(access.token(&SecretHash([3; 32])).await.unwrap(), None);
    assert_eq!(access.token(&SecretHash([2; 32])).await.unwrap().unwrap().shop, slug("market"));
    assert!(one.is_live(Millis(49)) && !one.is_live(Millis(50)));

    assert!(!access.revoke_token(&slug("market"), one.id, Millis(9)).await.unwrap(), "by its own shop alone");
    assert!(access.revoke_token(&one.shop, one.id, Millis(9)).await.unwrap());
    assert!(!access.revoke_token(&one.shop, one.id, Millis(10)).await.unwrap());
    assert!(!access.add_token(token("corner", 5, "till")).await.unwrap(), "entries name the one that had it");
    let fixture = fixture.restarted().await;
    let kept = fixture.store.access().tokens(&one.shop).await.unwrap();
    assert_eq!(kept, [Token { revoked_at: Some(Millis(9)), ..one }]);
    assert!(!kept[0].is_live(Millis(9)));
}

pub async fn what_may_end_a_way_in_is_counted(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let asha = member("corner", 1, Role::Owner, 5);
    let session = Session {
        hash: SecretHash([1; 32]),
        person: asha.person,
        begun_at: Millis(0),
        idle_until: Millis(10),
        ends_at: Millis(10),
    };
    let device = device("corner", "T1", asha.person, None);
    let (till, invited) = (token("corner", 1, "till"), invite("corner", 2, Role::Seller, 1));
    let mut last = access.changes().await.unwrap();
    // `counts`: whether somebody may have lost their way in by what was just done.
    let mut done = async |what: &str, counts: bool| {
        let now = access.changes().await.unwrap();
        assert_eq!(now != last, counts, "{what}: {last}, then {now}");
        last = now;
    };
    access.set_member(asha.clone()).await.unwrap();
    done("a first member", true).await;
    access.set_member(Member { role: Role::Reader, ..asha.clone() }).await.unwrap();
    done("another role", true).await;
    access.add_session(session.clone()).await.unwrap();
    access.keep_session(&session.hash, Millis(9)).await.unwrap();
    access.enrol(device.clone()).await.unwrap();
    let sighting = Sighting { at: Millis(3), last_entry: Some(7), unsent: Some(1) };
    access.saw_device(&asha.shop, &device.id, sighting).await.unwrap();
    access.add_token(till.clone()).await.unwrap();
    access.add_invite(invited.clone()).await.unwrap();
    done("coming in and being seen", false).await;
    access.use_invite(&invited.hash, Uuid::from_u128(2), Millis(2)).await.unwrap().unwrap();
    done("one more member", true).await;
    access.end_session(&session.hash).await.unwrap();
    done("a session that was ended", true).await;
    access.add_session(session.clone()).await.unwrap();
    access.end_sessions(asha.person).await.unwrap();
    done("all of a person's sessions", true).await;
    assert!(access.revoke_device(&asha.shop, &device.id, Millis(4)).await.unwrap());
    done("a revoked device", true).await;
    assert!(access.revoke_token(&till.shop, till.id, Millis(4)).await.unwrap());
    done("a revoked token", true).await;
    assert!(access.end_member(&asha.shop, asha.person, Millis(4)).await.unwrap());
    done("a member who left", true).await;
}

pub async fn an_invite_is_found_by_its_hash_and_withdrawn_until_it_is_used(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let (one, used) = (invite("corner", 1, Role::Seller, 1), invite("corner", 2, Role::Reader, 1));
    access.add_invite(one.clone()).await.unwrap();
    access.add_invite(used.clone()).await.unwrap();
    assert_eq!(access.invite(&one.hash).await.unwrap(), Some(one.clone()));
    assert_eq!(access.invite(&SecretHash([9; 32])).await.unwrap(), None);
    access.use_invite(&used.hash, Uuid::from_u128(7), Millis(2)).await.unwrap().unwrap();
    for (shop, id, now, withdrawn) in [
        ("market", one.id, 2, false),
        ("corner", Uuid::from_u128(9), 2, false),
        ("corner", used.id, 2, false),
        ("corner", one.id, 101, false),
        ("corner", one.id, 2, true),
        ("corner", one.id, 3, false),
    ] {
        assert_eq!(access.withdraw_invite(&slug(shop), id, Millis(now)).await.unwrap(), withdrawn, "{shop} {id} {now}");
    }
    assert_eq!(access.use_invite(&one.hash, Uuid::from_u128(8), Millis(3)).await.unwrap(), None);
}
