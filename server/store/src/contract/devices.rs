//! Devices of a shop, the sessions that are used on them, and what comes after their end.

use std::sync::Arc;

use domain::{CommandId, ShopSlug, books::Role, values::Millis};
use uuid::Uuid;

use super::Fixture;
use crate::{
    StoreError,
    access::{Access, Device, PasswordHash, Pin, Quarantined, Release, SecretHash, Session, Sighting},
};

fn slug(text: &str) -> ShopSlug {
    ShopSlug::parse(text).unwrap()
}

async fn two_shops(fixture: &Fixture) -> Arc<dyn Access> {
    fixture.shop("corner").await;
    fixture.shop("market").await;
    fixture.store.access()
}

fn device(shop: &str, id: &str, person: u128) -> Device {
    Device::enrolled(slug(shop), id, format!("{id} of {shop}"), Uuid::from_u128(person), Millis(3))
}

async fn session(access: &Arc<dyn Access>, hash: SecretHash) {
    let (begun_at, ends_at) = (Millis(0), Millis(10));
    let session = Session { hash, person: Uuid::from_u128(1), begun_at, idle_until: ends_at, ends_at };
    access.add_session(session).await.unwrap();
}

fn is_unknown<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::UnknownShop { .. }))
}

pub async fn p9_a_device_is_heard_of_and_revoked_in_its_own_shop(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    for one in [device("corner", "T1", 1), device("market", "T1", 2)] {
        access.enrol(one).await.unwrap();
    }
    assert!(is_unknown(access.enrol(device("elsewhere", "T1", 1)).await));
    let corner = slug("corner");
    for (at, last_entry, unsent) in
        [(10, Some(4), Some(2)), (9, Some(3), Some(9)), (12, None, None), (13, None, Some(0))]
    {
        access.saw_device(&corner, "T1", Sighting { at: Millis(at), last_entry, unsent }).await.unwrap();
        let seen = access.device(&corner, "T1").await.unwrap().unwrap();
        let unsent = if at == 13 { 0 } else { 2 };
        assert_eq!((seen.last_entry, seen.unsent), (Some(4), Some(unsent)), "at {at}");
    }
    let seen = access.device(&corner, "T1").await.unwrap().unwrap();
    assert_eq!(seen.seen_at, Some(Millis(13)));
    assert!(access.revoke_device(&corner, "T1", Millis(20)).await.unwrap());
    assert!(!access.revoke_device(&corner, "T1", Millis(21)).await.unwrap());
    assert!(access.name_device(&corner, "T1", "Window till".to_owned()).await.unwrap());
    assert!(!access.name_device(&corner, "T2", "None".to_owned()).await.unwrap());
    access.enrol(device("corner", "T1", 5)).await.unwrap();
    let again = Device { name: "Window till".into(), person: Uuid::from_u128(5), revoked_at: Some(Millis(20)), ..seen };
    assert_eq!(access.devices(&corner).await.unwrap(), [again], "revoked and named, whoever enrols it");
    assert!(access.readmit_device(&corner, "T1").await.unwrap());
    assert!(!access.readmit_device(&corner, "T1").await.unwrap());
    assert_eq!(access.device(&corner, "T1").await.unwrap().unwrap().revoked_at, None);
    assert_eq!(access.devices(&slug("market")).await.unwrap(), [device("market", "T1", 2)]);
    assert_eq!(access.device(&corner, "T2").await.unwrap(), None);
}

pub async fn p9_a_session_is_used_on_one_device_of_each_shop(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    for (shop, id) in [("corner", "T1"), ("corner", "T2"), ("market", "T1")] {
        access.enrol(device(shop, id, 1)).await.unwrap();
    }
    let [one, other] = [1, 2].map(|number| SecretHash([number; 32]));
    for hash in [one, other] {
        session(&access, hash).await;
    }
    let (corner, market) = (slug("corner"), slug("market"));
    assert_eq!(access.device_of(&one, &corner).await.unwrap(), None);
    for (session, shop, id) in [(&one, &corner, "T1"), (&one, &market, "T1"), (&other, &corner, "T1")] {
        access.use_device(session, shop, id).await.unwrap();
    }
    access.use_device(&other, &corner, "T2").await.unwrap();
    assert!(access.revoke_device(&corner, "T1", Millis(5)).await.unwrap());
    let ends = async |session, shop| access.device_of(session, shop).await.unwrap().map(|device| device.revoked_at);
    assert_eq!(ends(&one, &corner).await, Some(Some(Millis(5))));
    assert_eq!(ends(&one, &market).await, Some(None), "the same session in another shop");
    assert_eq!(ends(&other, &corner).await, Some(None), "the last word counts");
    access.end_session(&one).await.unwrap();
    assert_eq!(ends(&one, &corner).await, None, "a session takes it along");
}

pub async fn p9_a_session_goes_on_where_another_was_and_on_what_its_browser_is(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let [before, after, fresh, known, other] = [1, 2, 3, 4, 5].map(|number| SecretHash([number; 32]));
    let of = |browser, enrolled_at, device| Device { browser, enrolled_at: Millis(enrolled_at), ..device };
    for one in [
        of(Some(known), 3, device("corner", "T1", 1)),
        of(Some(known), 7, device("corner", "T2", 1)),
        of(Some(known), 5, device("corner", "T3", 1)),
        of(Some(known), 5, device("market", "T1", 1)),
        of(None, 1, device("market", "T4", 1)),
        of(Some(other), 9, device("market", "T5", 1)),
    ] {
        access.enrol(one).await.unwrap();
    }
    for hash in [before, after, fresh] {
        session(&access, hash).await;
    }
    let (corner, market) = (slug("corner"), slug("market"));
    let on = async |session: &SecretHash| {
        let mut ids = Vec::new();
        for shop in [&corner, &market] {
            ids.push(access.device_of(session, shop).await.unwrap().map(|device| device.id.to_string()));
        }
        ids
    };
    let ids = |corner: Option<&str>, market: Option<&str>| vec![corner.map(str::to_owned), market.map(str::to_owned)];
    access.use_device(&before, &market, "T4").await.unwrap();
    access.carry_devices(&before, &after).await.unwrap();
    assert_eq!(on(&after).await, ids(None, Some("T4")));
    access.use_devices_of(&known, &after).await.unwrap();
    assert_eq!(on(&after).await, ids(Some("T2"), Some("T4")), "the last that was enrolled, where none was known");
    access.use_devices_of(&known, &fresh).await.unwrap();
    access.carry_devices(&before, &fresh).await.unwrap();
    assert_eq!(on(&fresh).await, ids(Some("T2"), Some("T1")));
    access.end_session(&before).await.unwrap();
    session(&access, SecretHash([6; 32])).await;
    access.carry_devices(&before, &SecretHash([6; 32])).await.unwrap();
    assert_eq!(on(&SecretHash([6; 32])).await, ids(None, None), "of a session that has ended nothing is known");
}

pub async fn p9_the_pins_on_a_device_are_those_of_the_browser_that_was_known_first(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let [till, phone, used] = [1, 2, 3].map(|number| SecretHash([number; 32]));
    session(&access, used).await;
    for one in [device("corner", "T1", 1), device("market", "T1", 1), device("corner", "T2", 1)] {
        access.enrol(one).await.unwrap();
    }
    let (corner, market) = (slug("corner"), slug("market"));
    let browser = async |shop, id| access.device(shop, id).await.unwrap().unwrap().browser;
    for (shop, id) in [(&corner, "T1"), (&market, "T1")] {
        access.use_device(&used, shop, id).await.unwrap();
    }
    access.know_browser(&used, &till).await.unwrap();
    assert_eq!((browser(&corner, "T1").await, browser(&market, "T1").await), (Some(till), Some(till)), "in each shop");
    assert_eq!(browser(&corner, "T2").await, None, "where the session is not used");
    access.know_browser(&used, &phone).await.unwrap();
    access.enrol(Device { browser: Some(phone), ..device("corner", "T1", 2) }).await.unwrap();
    assert_eq!(browser(&corner, "T1").await, Some(till), "the first counts");
    access.enrol(Device { browser: Some(phone), ..device("corner", "T2", 2) }).await.unwrap();
    assert_eq!(browser(&corner, "T2").await, Some(phone));
    assert_eq!(access.devices(&corner).await.unwrap()[1].browser, Some(phone));

    for (browser, person) in [(till, 7), (till, 8), (phone, 7)] {
        let (hash, person) = (PasswordHash("$pin".to_owned()), Uuid::from_u128(person));
        access.set_pin(Pin { browser, person, hash, wrong: 0, set_at: Millis(1), ends_at: Millis(9) }).await.unwrap();
    }
    access.enrol(device("corner", "T3", 1)).await.unwrap();
    for nobodys in ["T3", "T4"] {
        access.end_pins_on(&corner, nobodys).await.unwrap();
    }
    let left = async || (access.pins(&till).await.unwrap().len(), access.pins(&phone).await.unwrap().len());
    assert_eq!(left().await, (2, 1), "where no browser is known there is no PIN either");
    access.end_pins_on(&corner, "T1").await.unwrap();
    assert_eq!(left().await, (0, 1), "everybody's, there alone");
}

pub async fn p5_what_comes_after_its_authors_end_is_kept_until_an_owner_decides(fixture: Fixture) {
    let access = two_shops(&fixture).await;
    let kept = |shop: &str, number: u128, issued_at: i64| Quarantined {
        shop: slug(shop),
        command: CommandId(Uuid::from_u128(number)),
        person: "asha".into(),
        role: Role::Seller,
        device: "T1".into(),
        submission: format!("{{\"id\":\"{number}\",\"note\":\"Milch \u{2028} 'n' “Brot”\"}}"),
        issued_at: Millis(issued_at),
        received_at: Millis(50),
    };
    let (late, early, foreign) = (kept("corner", 1, 9), kept("corner", 2, 4), kept("market", 1, 5));
    for one in [&late, &early, &foreign] {
        assert!(access.quarantine(one.clone()).await.unwrap());
        let again = Quarantined { submission: "{}".to_owned(), ..one.clone() };
        assert!(!access.quarantine(again).await.unwrap(), "the first word counts");
    }
    assert!(is_unknown(access.quarantine(kept("elsewhere", 1, 1)).await));
    let fixture = fixture.restarted().await;
    let access = fixture.store.access();
    let corner = slug("corner");
    assert_eq!(access.quarantined(&corner).await.unwrap(), [early.clone(), late.clone()]);
    assert_eq!(access.quarantined_count(&corner).await.unwrap(), 2);

    let settle = async |command, how| {
        access.settle_quarantined(&slug("corner"), command, how, "ines", Millis(60)).await.unwrap()
    };
    assert!(settle(late.command, Release::Decided).await);
    assert!(!settle(late.command, Release::Discarded).await, "once");
    assert!(settle(early.command, Release::Discarded).await);
    assert_eq!(access.quarantined(&corner).await.unwrap(), []);
    assert_eq!(access.quarantined_count(&corner).await.unwrap(), 0);
    assert!(!access.quarantine(late).await.unwrap(), "what was decided about does not come back");
    assert_eq!(access.quarantined(&slug("market")).await.unwrap(), [foreign]);
}
