//! Devices of a shop with people: enrolled, heard of, shut out, and what they wrote before.

use std::time::{Duration, Instant};

use domain::books::Role;
use reqwest::{
    Client, StatusCode,
    header::{COOKIE, HeaderMap, USER_AGENT},
};
use serde_json::{Value, json};
use server::clock;
use store::{access::Device as Enrolled, contract::Fixture};
use sync::{
    Input, OutboxRecord, Reason, Report, Stage,
    protocol::{PROTOCOL, Revocation, ShutOut},
};

use super::{shop, status};
use crate::{
    device::Device,
    people::{PASSWORD, location, person, session},
    support::{Daybook, Feed, SHOP, answer, on_every_store, until},
};

on_every_store!(
    a_device_is_enrolled_with_its_first_word_and_heard_of_since,
    what_a_device_said_last_outlives_the_server,
    a_link_with_the_code_of_a_device_makes_nobody_that_device,
    what_a_page_of_owners_shows_is_what_its_document_tells_the_browser,
    p9_a_revoked_device_is_out_within_a_second_on_every_instance_and_forgets_the_books,
    p5_what_a_revoked_device_wrote_before_waits_for_an_owner_and_what_it_wrote_later_is_refused,
    p5_what_somebody_wrote_before_they_were_removed_waits_for_an_owner,
    p2_what_was_decided_before_the_end_keeps_its_verdict,
    p8_a_page_from_before_there_were_devices_has_to_sign_in_and_loses_nothing,
    only_owners_see_devices_and_what_waits,
    p2_of_two_browsers_with_one_code_the_second_takes_another_and_both_go_on,
    p8_whether_a_code_is_taken_is_said_in_front_and_changes_nothing_else,
);

/// A browser in which somebody has signed in.
async fn browser(daybook: &Daybook, login: &str) -> Client {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, session(daybook, login).await.parse().unwrap());
    headers.insert(USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36".parse().unwrap());
    Client::builder().default_headers(headers).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// As a browser would: it keeps all that it is given. `before`: what it has.
async fn cookies(daybook: &Daybook, login: &str, before: &str) -> String {
    let form = [("login", login), ("password", PASSWORD), ("next", "/s/test")];
    let asked = daybook.client.post(format!("{}/session", daybook.origin)).form(&form).header("cookie", before);
    let signed_in = asked.send().await.unwrap();
    let set = signed_in.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap());
    let pairs: Vec<&str> = set.map(|set| set.split(';').next().unwrap()).collect();
    assert!(pairs[0].starts_with("daybook_session=") && pairs[1].starts_with("daybook_browser="), "{pairs:?}");
    pairs.join("; ")
}

/// The same till in a browser that is known.
async fn known_till(daybook: &Daybook, name: &str, login: &str) -> Device {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, cookies(daybook, login, "").await.parse().unwrap());
    let client = Client::builder().default_headers(headers).build().unwrap();
    Device::of(name, &daybook.origin, client, Some(login), Role::Manager).await
}

async fn till(daybook: &Daybook, name: &str, login: &str) -> Device {
    let client = browser(daybook, login).await;
    Device::of(name, &daybook.origin, client, Some(login), Role::Manager).await
}

/// Ines owns the shop; Asha works on a till, `T10001`.
async fn staffed(fixture: &Fixture) -> (Daybook, Client, Device) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 40).await;
    person(&*fixture.store, "ines", SHOP, Role::Owner).await;
    person(&*fixture.store, "asha", SHOP, Role::Manager).await;
    let (ines, till) = (browser(&daybook, "ines").await, till(&daybook, "T10001", "asha").await);
    (daybook, ines, till)
}

/// A form of the devices' page; what it says afterwards.
async fn form(daybook: &Daybook, by: &Client, fields: &[(&str, &str)]) -> String {
    let address = format!("{}/s/{SHOP}/devices", daybook.origin);
    let to = location(&by.post(address).form(fields).send().await.unwrap());
    to.strip_prefix(&format!("/s/{SHOP}/devices?")).unwrap().to_owned()
}

async fn devices(daybook: &Daybook, by: &Client) -> Value {
    let asked = by.post(format!("{}/api/shop_devices", daybook.origin)).json(&json!({"shop": SHOP}));
    let (status, found) = answer(asked.send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    found
}

async fn enrolled(fixture: &Fixture, id: &str) -> Option<Enrolled> {
    fixture.store.access().device(&shop(), id).await.unwrap()
}

fn damage(qty: u32) -> Value {
    json!({"batchref": "B", "qty": qty, "reason": "Fell"})
}

/// Another millisecond than now: what is written in the one in which an end comes is not before it.
async fn later() {
    let now = clock::now();
    until(async || (clock::now() > now).then_some(())).await;
}

/// What a device says of its commands.
fn stages(till: &Device) -> Vec<Stage> {
    till.replica.pending().map(|view| view.stage).collect()
}

async fn is_saved(till: &mut Device) {
    till.until("it is saved", |replica| replica.pending().all(|view| view.stage == Stage::Saved)).await;
}

fn is_over(stage: &Stage) -> bool {
    !matches!(stage, Stage::Saving | Stage::Saved)
}

fn refused(reason: Reason) -> Stage {
    Stage::Refused { reason }
}

async fn a_device_is_enrolled_with_its_first_word_and_heard_of_since(fixture: Fixture) {
    let (daybook, ines, mut till) = staffed(&fixture).await;
    let first = enrolled(&fixture, "T10001").await.unwrap();
    assert_eq!(first.name, "Chrome on Linux");
    till.issue("stock.damage", &damage(1));
    till.until_settled().await;
    // The feed may tell it before the push is answered.
    let seen = until(async || {
        let seen = devices(&daybook, &ines).await["devices"][0].clone();
        (seen["unsent"] == 0).then_some(seen)
    });
    let seen = seen.await;
    assert_eq!((&seen["id"], &seen["person"]), (&json!("T10001"), &json!("asha")));
    assert_eq!(seen["last_entry"], till.replica.confirmed().position);
    let known = enrolled(&fixture, "T10001").await.unwrap();
    assert!(known.seen_at.unwrap() >= known.enrolled_at);

    assert_eq!(
        form(&daybook, &ines, &[("do", "name"), ("device", "T10001"), ("name", " Front till ")]).await,
        "done=name"
    );
    let problem = [("do", "name"), ("device", "T10001"), ("name", "  ")];
    assert_eq!(form(&daybook, &ines, &problem).await, "problem=device");
    assert_eq!(enrolled(&fixture, "T10001").await.unwrap().name, "Front till");
    // Whoever comes later on the same device finds it under its name.
    let _again = self::till(&daybook, "T10001", "ines").await;
    let found = devices(&daybook, &ines).await;
    assert_eq!((&found["devices"][0]["name"], &found["devices"][0]["person"]), (&json!("Front till"), &json!("ines")));
}

async fn what_a_device_said_last_outlives_the_server(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Manager).await;
    let asha = browser(&daybook, "asha").await;
    for unsent in [3, 0] {
        let push = json!({"protocol": PROTOCOL, "device": "T10001", "unsent": unsent, "submissions": []});
        let pushed = asha.post(format!("{}/api/push_commands", daybook.origin));
        let pushed = pushed.json(&json!({"shop": SHOP, "push": push})).send().await.unwrap();
        assert_eq!(pushed.status(), StatusCode::OK);
    }
    daybook.stop().await;
    assert_eq!(enrolled(&fixture, "T10001").await.unwrap().unsent, Some(0));
}

/// Asked for twice, it could have two answers, and the browser would walk over the markup of one with the other.
async fn what_a_page_of_owners_shows_is_what_its_document_tells_the_browser(fixture: Fixture) {
    let (daybook, ines, _till) = staffed(&fixture).await;
    for (page, field) in [("devices", "waiting"), ("people", "members")] {
        let asked = ines.get(format!("{}/s/{SHOP}/{page}", daybook.origin)).header("accept", "text/html");
        let html = asked.send().await.unwrap().text().await.unwrap();
        let told = html.matches(&format!(r#"\"{field}\":"#)).count();
        assert_eq!(told, 1, "{page}: {html}");
    }
}

async fn a_link_with_the_code_of_a_device_makes_nobody_that_device(fixture: Fixture) {
    let (daybook, ines, _till) = staffed(&fixture).await;
    let asha = enrolled(&fixture, "T10001").await.unwrap().person;
    assert_eq!(form(&daybook, &ines, &[("do", "revoke"), ("device", "T10001")]).await, "done=revoke");
    let ways = [
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")][..],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("accept", "text/event-stream")],
        // Of a browser that says no more.
        &[("accept", "text/html,*/*")],
    ];
    let ask = async |device: &str, heads: &[(&str, &str)]| {
        let mut asked = ines.get(format!("{}/api/v1/shops/{SHOP}/feed?after=0&device={device}", daybook.origin));
        for (name, value) in heads {
            asked = asked.header(*name, *value);
        }
        asked.send().await.unwrap().status()
    };
    for heads in ways {
        assert_eq!(ask("T10001", heads).await, StatusCode::OK, "{heads:?}");
        assert_eq!(ask("T66666", heads).await, StatusCode::OK, "{heads:?}");
        let digest = ines.get(format!("{}/api/v1/shops/{SHOP}/digest", daybook.origin)).send().await.unwrap();
        assert_eq!(digest.status(), StatusCode::OK, "{heads:?}");
    }
    assert!(enrolled(&fixture, "T66666").await.is_none());
    assert_eq!(enrolled(&fixture, "T10001").await.unwrap().person, asha);
    // Its own script's word counts.
    assert_eq!(ask("T66666", &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]).await, StatusCode::OK);
    assert!(enrolled(&fixture, "T66666").await.is_some());
}

async fn p9_a_revoked_device_is_out_within_a_second_on_every_instance_and_forgets_the_books(fixture: Fixture) {
    let (daybook, ines, _here) = staffed(&fixture).await;
    let other = Daybook::on(&fixture.reopened().await).await;
    let client = browser(&other, "asha").await;
    let mut there = Device::of("T10002", &other.origin, client.clone(), Some("asha"), Role::Manager).await;
    let mut stays = till(&other, "T10003", "asha").await;
    there.until("the feed is open", |replica| replica.connection().last_heard.is_some()).await;
    assert_eq!(form(&daybook, &ines, &[("do", "revoke"), ("device", "T10002")]).await, "done=revoke");
    let ended = Instant::now();
    there.until("it is shut out", |replica| replica.revocation().is_some()).await;
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    assert_eq!((there.replica.epoch(), there.replica.confirmed().position), (None, 0));
    assert_eq!(there.replica.revocation().unwrap().of, ShutOut::Device);

    // Its session opens nothing of the shop, whatever it calls itself.
    for place in ["/digest", "/products", "/feed?after=0&device=T77777"] {
        let asked = client.get(format!("{}/api/v1/shops/{SHOP}{place}", other.origin));
        let (status, problem) = answer(asked.send().await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("revoked")), "{place}");
    }
    let page = client.get(format!("{}/s/{SHOP}/products", other.origin)).header("accept", "text/html");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let page = page.text().await.unwrap();
    assert!(page.contains("data-boot=\"csr\"") && !page.contains("Test shop"), "the program, and nothing of the shop");

    // Another device of the same person goes on, and so does the person.
    stays.issue("stock.damage", &damage(1));
    stays.until_settled().await;
    assert_eq!(stays.replica.revocation(), None);

    assert_eq!(form(&daybook, &ines, &[("do", "readmit"), ("device", "T10002")]).await, "done=readmit");
    let opens = async || {
        (client.get(format!("{}/api/v1/shops/{SHOP}/digest", other.origin)).send().await.unwrap().status()
            == StatusCode::OK)
            .then_some(())
    };
    until(opens).await;
    there.tell(Input::TryNow);
    there.until("it has books again", |replica| replica.epoch().is_some() && replica.revocation().is_none()).await;
}

async fn p5_what_a_revoked_device_wrote_before_waits_for_an_owner_and_what_it_wrote_later_is_refused(fixture: Fixture) {
    let (daybook, ines, mut till) = staffed(&fixture).await;
    till.tell(Input::Pause);
    for qty in [1, 2] {
        till.issue("stock.damage", &damage(qty));
    }
    later().await;
    let head = fixture.store.head(&shop()).await.unwrap().unwrap().position;
    assert_eq!(form(&daybook, &ines, &[("do", "revoke"), ("device", "T10001")]).await, "done=revoke");
    let revoked_at = enrolled(&fixture, "T10001").await.unwrap().revoked_at.unwrap();
    later().await;
    till.issue("stock.damage", &damage(3));
    till.tell(Input::Unpause);
    till.until("all of it is handed over", |replica| replica.pending().all(|view| is_over(&view.stage))).await;
    let handed = [refused(Reason::Quarantined), refused(Reason::Quarantined), refused(Reason::TooLate)];
    assert_eq!(stages(&till), handed);
    assert_eq!(till.replica.revocation(), Some(Revocation { of: ShutOut::Device, at: revoked_at }));
    assert_eq!(fixture.store.head(&shop()).await.unwrap().unwrap().position, head, "nothing of it is in the book");

    let waiting = devices(&daybook, &ines).await["waiting"].clone();
    let ids: Vec<&str> = waiting.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!((&waiting[0]["person"], &waiting[0]["device"]), (&json!("asha"), &json!("T10001")));
    assert_eq!(form(&daybook, &ines, &[("do", "release"), ("command", ids[0])]).await, "done=release");
    assert_eq!(form(&daybook, &ines, &[("do", "discard"), ("command", ids[1])]).await, "done=discard");
    for what in ["release", "discard"] {
        assert_eq!(form(&daybook, &ines, &[("do", what), ("command", ids[0])]).await, "problem=not-waiting");
    }
    let written = fixture.store.read(&shop(), head, 10).await.unwrap();
    assert_eq!(written.len(), 1);
    let entry = written[0].decode().unwrap();
    assert_eq!((&*entry.actor, &*entry.device, entry.command_id.to_string()), ("asha", "T10001", ids[0].to_owned()));
    assert_eq!(devices(&daybook, &ines).await["waiting"], json!([]));
    // The device asks once more: what was decided is decided, and what was kept out does not come back.
    let again = till.replica.pending().map(|view| view.id).collect::<Vec<_>>();
    assert_eq!(again.len(), 3);
    let outbox = till.outbox().into_iter().map(now_saved).collect();
    let mut restarted = till.restarted_with(outbox).await;
    restarted.until("it is told again", |replica| replica.pending().all(|view| is_over(&view.stage))).await;
    assert_eq!(
        stages(&restarted),
        [refused(Reason::Quarantined), refused(Reason::TooLate)],
        "the first is in the book"
    );
    assert_eq!(devices(&daybook, &ines).await["waiting"], json!([]));
}

/// As storage would have it where the answers did not arrive.
fn now_saved(record: OutboxRecord) -> OutboxRecord {
    OutboxRecord { stage: Stage::Saved, ..record }
}

async fn p5_what_somebody_wrote_before_they_were_removed_waits_for_an_owner(fixture: Fixture) {
    let (daybook, ines, mut till) = staffed(&fixture).await;
    till.tell(Input::Pause);
    till.issue("stock.damage", &damage(1));
    later().await;
    let remove = [("do", "remove"), ("login", "asha")];
    let removed = ines.post(format!("{}/s/{SHOP}/people", daybook.origin)).form(&remove).send().await.unwrap();
    assert!(location(&removed).ends_with("done=remove"));
    till.tell(Input::Unpause);
    till.until("it is handed over", |replica| replica.pending().all(|view| is_over(&view.stage))).await;
    assert_eq!(stages(&till), [refused(Reason::Quarantined)]);
    assert_eq!(till.replica.revocation().unwrap().of, ShutOut::Person);
    assert_eq!(till.replica.epoch(), None);
    let waiting = devices(&daybook, &ines).await["waiting"].clone();
    let id = waiting[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(form(&daybook, &ines, &[("do", "release"), ("command", &id)]).await, "done=release");
}

async fn p2_what_was_decided_before_the_end_keeps_its_verdict(fixture: Fixture) {
    let (daybook, ines, mut till) = staffed(&fixture).await;
    till.tell(Input::Pause);
    let decided = till.issue("stock.damage", &damage(1));
    is_saved(&mut till).await;
    let outbox = till.outbox();
    till.tell(Input::Unpause);
    till.until_settled().await;
    assert_eq!(form(&daybook, &ines, &[("do", "revoke"), ("device", "T10001")]).await, "done=revoke");
    // The answer never came to the device: it has the command still.
    let mut restarted = till.restarted_with(outbox).await;
    restarted.until("it is told", |replica| replica.revocation().is_some() && replica.pending().count() == 0).await;
    assert_eq!(devices(&daybook, &ines).await["waiting"], json!([]), "{decided} is in the book");
}

async fn p8_a_page_from_before_there_were_devices_has_to_sign_in_and_loses_nothing(fixture: Fixture) {
    let (daybook, ines, mut till) = staffed(&fixture).await;
    till.tell(Input::Pause);
    till.issue("stock.damage", &damage(1));
    is_saved(&mut till).await;
    let submission = serde_json::to_value(&till.outbox()[0].submission).unwrap();
    assert_eq!(form(&daybook, &ines, &[("do", "revoke"), ("device", "T10001")]).await, "done=revoke");
    let client = till.client();
    let ask = async |door: &str, body: Value| {
        let asked = client.post(format!("{}/api/{door}", daybook.origin)).json(&body).send().await.unwrap();
        (asked.status(), asked.json::<Value>().await.unwrap()["code"].clone())
    };
    let signed_out = (StatusCode::UNAUTHORIZED, json!("not_signed_in"));
    let push = json!({"shop": SHOP, "push": {"protocol": 2, "person": "asha", "submissions": [submission]}});
    until(async || (ask("push_commands", push.clone()).await == signed_out).then_some(())).await;
    assert_eq!(ask("replica_snapshot", json!({"shop": SHOP, "request": {"protocol": 2}})).await, signed_out);
    assert_eq!(devices(&daybook, &ines).await["waiting"].as_array().unwrap().len(), 1, "an owner decides all the same");
}

async fn only_owners_see_devices_and_what_waits(fixture: Fixture) {
    let (daybook, _, till) = staffed(&fixture).await;
    let asha = till.client();
    assert_eq!(devices(&daybook, &asha).await, Value::Null);
    let address = format!("{}/s/{SHOP}/devices", daybook.origin);
    for what in ["name", "revoke", "readmit", "release", "discard"] {
        let form = [("do", what), ("device", "T10001"), ("name", "Mine"), ("command", "0")];
        assert_eq!(status(asha.post(&address).form(&form)).await, StatusCode::FORBIDDEN, "{what}");
    }
    assert_eq!(enrolled(&fixture, "T10001").await.unwrap().name, "Chrome on Linux");
}

async fn p2_of_two_browsers_with_one_code_the_second_takes_another_and_both_go_on(fixture: Fixture) {
    let (daybook, ines, _) = staffed(&fixture).await;
    let mut one = known_till(&daybook, "T20002", "asha").await;
    one.until("the feed is open", |replica| replica.connection().last_heard.is_some()).await;
    let mut other = known_till(&daybook, "T20002", "asha").await;
    let began = Instant::now();
    while enrolled(&fixture, "U20002").await.is_none() {
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", other.reports);
        other.turn().await;
    }
    assert_eq!(other.reports, [Report::CodeTaken { code: "T20002".into() }]);
    let head = fixture.store.head(&shop()).await.unwrap().unwrap().position;
    for till in [&mut one, &mut other] {
        till.issue("stock.damage", &damage(1));
        till.until_settled().await;
    }
    assert_eq!(one.reports, [], "the first keeps it");
    let written = fixture.store.read(&shop(), head, 10).await.unwrap();
    let codes: Vec<String> = written.iter().map(|entry| entry.decode().unwrap().device.to_string()).collect();
    assert_eq!(codes, ["T20002", "U20002"]);
    let [first, second] = [enrolled(&fixture, "T20002").await.unwrap(), enrolled(&fixture, "U20002").await.unwrap()];
    assert!(first.browser.is_some() && second.browser.is_some() && first.browser != second.browser);

    // The end of one is not the end of the other.
    assert_eq!(form(&daybook, &ines, &[("do", "revoke"), ("device", "T20002")]).await, "done=revoke");
    one.until("it is shut out", |replica| replica.revocation().is_some()).await;
    other.issue("stock.damage", &damage(1));
    other.until_settled().await;
    assert_eq!(other.replica.revocation(), None);
}

async fn p8_whether_a_code_is_taken_is_said_in_front_and_changes_nothing_else(fixture: Fixture) {
    let (daybook, ..) = staffed(&fixture).await;
    let feed = format!("{}/api/v1/shops/{SHOP}/feed?after=0", daybook.origin);
    let stream = async |cookies: &str, device: &str, count: usize| {
        let mut feed = Feed::open(daybook.client.get(format!("{feed}{device}")).header("cookie", cookies)).await;
        let mut frames = Vec::new();
        for _ in 0..count {
            frames.push(feed.next().await.unwrap());
        }
        frames.into_iter().map(|frame| (frame.event, frame.data["code"].clone())).collect::<Vec<_>>()
    };
    let plain = |name: &str| (name.to_owned(), Value::Null);
    let goes_on = vec![plain("events"), plain("heartbeat")];
    let taken = [vec![("code_taken".to_owned(), json!("T20002"))], goes_on.clone()].concat();

    let first = cookies(&daybook, "asha", "").await;
    assert_eq!(stream(&first, "&device=T20002", 2).await, goes_on);
    let again = cookies(&daybook, "asha", &first).await;
    assert_ne!(again, first);
    assert_eq!(stream(&again, "&device=T20002", 2).await, goes_on, "the same browser, by another session");
    let other = cookies(&daybook, "asha", "").await;
    assert_eq!(stream(&other, "&device=T20002", 3).await, taken, "and all that it would have read");
    assert_eq!(stream(&other, "&device=T20003", 2).await, goes_on, "another code");
    assert_eq!(stream(&other, "", 2).await, goes_on, "a program that says none");
    let unknown = session(&daybook, "asha").await;
    assert_eq!(stream(&unknown, "&device=T20002", 2).await, goes_on, "of a browser that is not known nothing is known");

    let poll = daybook.client.get(format!("{feed}&device=T20002")).header("accept", "application/json");
    let (_, polled) = answer(poll.header("cookie", &other).send().await.unwrap()).await;
    let frames = polled["frames"].as_array().unwrap();
    let frames: Vec<_> = frames
        .iter()
        .map(|frame| (frame["event"].as_str().unwrap().to_owned(), frame["data"]["code"].clone()))
        .collect();
    assert_eq!(frames, taken);
    // A page that does not know the word goes on as before.
    let submission = json!({"id": domain::CommandId(uuid::Uuid::now_v7()), "type": "stock.damage", "data": damage(1),
        "device": "T20002", "issued_at": "2026-11-28T17:00:00.000Z"});
    let push = json!({"shop": SHOP, "push": {"protocol": 3, "person": "asha", "device": "T20002",
        "submissions": [submission]}});
    let pushed = daybook.client.post(format!("{}/api/push_commands", daybook.origin)).json(&push);
    let pushed = pushed.header("accept", "application/json").header("cookie", &other).send().await.unwrap();
    let (status, pushed) = answer(pushed).await;
    assert_eq!((status, &pushed["outcomes"][0]["verdict"]["status"]), (StatusCode::OK, &json!("accepted")), "{pushed}");
}
