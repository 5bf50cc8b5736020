//! Several people on one browser.

mod agreeing;

use domain::{CommandId, ShopSlug, books::Role};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use server::access::elsewhere::name_of;
use store::{access::Person, contract::Fixture};
use sync::protocol::PROTOCOL;
use uuid::Uuid;

use crate::{
    people::{PASSWORD, cookie, location, person, session},
    support::{Daybook, SHOP, answer, on_every_store, until},
};

on_every_store!(
    people_switch_on_one_browser_by_their_pins_and_write_under_their_own_names,
    a_pin_is_off_after_five_wrong_ones_and_is_worth_nothing_elsewhere,
    a_pin_stays_on_for_whoever_is_sent_away_from_a_long_queue,
    whoever_signs_out_or_has_another_password_is_switched_to_no_more,
    whoever_is_signed_out_from_elsewhere_does_not_come_back_by_their_pin,
    us_14_what_colleagues_wrote_goes_out_in_the_session_of_whoever_is_there,
    p9_with_a_device_the_pins_on_its_browser_end_for_everybody,
    p9_whoever_switches_on_a_device_that_was_shut_out_is_shown_nothing,
    p9_a_device_that_was_shut_out_before_its_browser_was_known_ends_the_pins_with_its_next_word,
);

const ASHA: &str = "asha";
const MAREK: &str = "marek";
const PIN: &str = "2580";

/// What the till's device calls itself.
const DEVICE: &str = "T10001";

/// What one browser keeps.
struct Browser<'a> {
    daybook: &'a Daybook,
    session: String,
    browser: String,
}

impl<'a> Browser<'a> {
    /// Both have signed in on it by their password and set a PIN. Marek is there.
    async fn shared(daybook: &'a Daybook) -> Self {
        let mut browser = Self { daybook, session: session(daybook, ASHA).await, browser: String::new() };
        browser.set_pin(PASSWORD, PIN).await;
        browser.sign_in(MAREK).await;
        browser.set_pin(PASSWORD, "314159").await;
        browser
    }

    fn cookies(&self) -> String {
        format!("{}; {}", self.session, self.browser)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let posted = self.daybook.client.post(format!("{}{path}", self.daybook.origin)).form(form);
        posted.header("cookie", self.cookies()).send().await.unwrap()
    }

    /// As a browser would: what it has is ended by it.
    async fn sign_in(&mut self, login: &str) {
        let form = [("login", login), ("password", PASSWORD), ("next", "/s/test")];
        self.session = cookie(&self.post("/session", &form).await);
    }

    async fn set_pin(&mut self, password: &str, pin: &str) -> String {
        let form = [("password", password), ("pin", pin), ("next", "/s/test/device"), ("from", "/s/test/switch")];
        let set = self.post("/session/pin", &form).await;
        if let Some(kept) = set.headers().get("set-cookie") {
            let kept = kept.to_str().unwrap();
            assert!(kept.contains("HttpOnly") && kept.contains("SameSite=Lax"), "{kept}");
            let (pair, _) = kept.split_once(';').unwrap();
            assert!(pair.starts_with("daybook_browser=daybook_"), "{kept}");
            self.browser = pair.to_owned();
        }
        location(&set)
    }

    /// Where it leads.
    async fn switch(&mut self, login: &str, pin: &str) -> String {
        let form = [("login", login), ("pin", pin), ("next", "/s/test/till"), ("from", "/s/test/switch")];
        let switched = self.post("/session/switch", &form).await;
        if switched.headers().contains_key("set-cookie") {
            self.session = cookie(&switched);
        }
        location(&switched)
    }

    async fn sells(&self, id: &str) -> StatusCode {
        let sale = json!({"type": "sale.record", "data": sale(id)});
        self.daybook.post(&sale).header("cookie", self.cookies()).send().await.unwrap().status()
    }

    /// A part of an outbox, as whose it says it is.
    async fn pushes(&self, login: &str, id: &str) -> (StatusCode, Value) {
        let submission = json!({"id": CommandId(Uuid::now_v7()), "type": "sale.record", "data": sale(id), "device": "T1",
            "issued_at": "2026-11-28T17:00:00.000Z"});
        let push = json!({"protocol": PROTOCOL, "person": login, "submissions": [submission]});
        let pushed = self.daybook.client.post(format!("{}/api/push_commands", self.daybook.origin));
        let pushed = pushed.header("accept", "application/json").json(&json!({"shop": SHOP, "push": push}));
        answer(pushed.header("cookie", self.cookies()).send().await.unwrap()).await
    }

    /// Its script says which device it is.
    async fn says(&self, device: &str) -> StatusCode {
        let ask = json!({"shop": SHOP, "request": {"protocol": PROTOCOL, "device": device}});
        let asked = self.daybook.client.post(format!("{}/api/replica_snapshot", self.daybook.origin)).json(&ask);
        asked.header("cookie", self.cookies()).send().await.unwrap().status()
    }

    /// A page, before any script has said anything.
    async fn page(&self) -> StatusCode {
        let page = self.daybook.client.get(format!("{}/s/test/products", self.daybook.origin));
        page.header("accept", "text/html").header("cookie", self.cookies()).send().await.unwrap().status()
    }

    async fn sellers(&self) -> Vec<(String, String)> {
        let log = self.daybook.get("/events?after=0&limit=1000").header("cookie", self.cookies());
        let (_, log) = answer(log.send().await.unwrap()).await;
        let events = log["events"].as_array().unwrap().iter().filter(|event| event["type"] == "SaleRecorded");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        events.map(|event| (text(&event["data"]["sale_id"]), text(&event["actor"]))).collect()
    }
}

fn sale(id: &str) -> Value {
    json!({"sale_id": id, "lines": [{"sku": "A", "qty": 1, "price": 420}], "payment": "cash"})
}

fn by(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, login)| ((*id).to_owned(), (*login).to_owned())).collect()
}

async fn corner(fixture: &Fixture) -> (Daybook, Person, Person) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Oat bread", "price": 420})).await;
    let asha = person(&*fixture.store, ASHA, SHOP, Role::Manager).await;
    let marek = person(&*fixture.store, MAREK, SHOP, Role::Seller).await;
    // Until a moment ago it asked nobody.
    let asks =
        async || (daybook.get("/digest").send().await.unwrap().status() == StatusCode::UNAUTHORIZED).then_some(());
    until(asks).await;
    (daybook, asha, marek)
}

async fn people_switch_on_one_browser_by_their_pins_and_write_under_their_own_names(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    let mut till = Browser::shared(&daybook).await;
    assert_eq!(till.sells("S-1").await, StatusCode::OK);
    let before = till.session.clone();
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    assert_ne!(till.session, before, "another session");
    let old = daybook.get("/digest").header("cookie", format!("{before}; {}", till.browser));
    assert_eq!(old.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "and the one before has ended");
    assert_eq!(till.sells("S-2").await, StatusCode::OK);
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/till");
    assert_eq!(till.sells("S-3").await, StatusCode::OK);
    assert_eq!(till.sellers().await, by(&[("S-1", MAREK), ("S-2", ASHA), ("S-3", MAREK)]));

    let page = daybook.client.get(format!("{}/s/test/switch", daybook.origin)).header("accept", "text/html");
    let page = page.header("cookie", till.cookies()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("action=\"/session/switch\"") && page.contains("value=\"asha\""), "without a script: {page}");
}

async fn a_pin_is_off_after_five_wrong_ones_and_is_worth_nothing_elsewhere(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    let mut till = Browser::shared(&daybook).await;
    let wrong = "/s/test/switch?problem=pin-wrong&login=asha";
    for _ in 0..4 {
        assert_eq!(till.switch(ASHA, "1397").await, wrong);
    }
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till", "four are forgiven by the right one");
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/till");
    let elsewhere = Browser { browser: "daybook_browser=".to_owned(), ..Browser::shared(&daybook).await };
    let form = [("login", ASHA), ("pin", PIN), ("from", "/s/test/switch")];
    assert_eq!(location(&elsewhere.post("/session/switch", &form).await), wrong, "this browser knows nobody");
    for _ in 0..4 {
        assert_eq!(till.switch(ASHA, "1397").await, wrong);
    }
    // By now the address waits; that is another lock, and not the one that is looked at here.
    daybook.running.as_ref().unwrap().server.access.attempts.forgive([127, 0, 0, 1].into(), ASHA);
    assert_eq!(till.switch(ASHA, "1397").await, wrong);
    daybook.running.as_ref().unwrap().server.access.attempts.forgive([127, 0, 0, 1].into(), ASHA);
    assert_eq!(till.switch(ASHA, PIN).await, wrong, "off, also for the right one");
    till.sign_in(ASHA).await;
    assert_eq!(till.set_pin("not the password", "4711").await, "/s/test/switch?problem=wrong");
    assert_eq!(till.set_pin(PASSWORD, "1111").await, "/s/test/switch?problem=pin-guessable");
    assert_eq!(till.set_pin(PASSWORD, "4711").await, "/s/test/device");
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/till");
    assert_eq!(till.switch(ASHA, "4711").await, "/s/test/till");
}

async fn a_pin_stays_on_for_whoever_is_sent_away_from_a_long_queue(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    let mut till = Browser::shared(&daybook).await;
    let passwords = &daybook.running.as_ref().unwrap().server.access.passwords;
    let all_places: Vec<_> = std::iter::from_fn(|| passwords.place().ok()).collect();
    let unavailable = "/s/test/switch?problem=unavailable";
    for _ in 0..30 {
        assert_eq!(till.switch(ASHA, PIN).await, format!("{unavailable}&login=asha"));
        assert_eq!(till.set_pin(PASSWORD, "4711").await, unavailable);
    }
    drop(all_places);
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
}

async fn whoever_signs_out_or_has_another_password_is_switched_to_no_more(fixture: Fixture) {
    let (daybook, _, marek) = corner(&fixture).await;
    let mut till = Browser::shared(&daybook).await;
    assert_eq!(location(&till.post("/session/end", &[]).await), "/sign-in");
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/switch?problem=pin-wrong&login=marek");
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till", "the others are still known here");

    till.sign_in(MAREK).await;
    till.set_pin(PASSWORD, "314159").await;
    till.switch(ASHA, PIN).await;
    fixture.store.access().end_sessions(marek.id).await.unwrap();
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/switch?problem=pin-wrong&login=marek");
}

async fn whoever_is_signed_out_from_elsewhere_does_not_come_back_by_their_pin(fixture: Fixture) {
    let (daybook, asha, _) = corner(&fixture).await;
    let mut till = Browser::shared(&daybook).await;
    assert_eq!(till.says(DEVICE).await, StatusCode::OK);
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    let mut home = Browser { daybook: &daybook, session: session(&daybook, ASHA).await, browser: String::new() };
    home.set_pin(PASSWORD, PIN).await;
    let wrong = "/s/test/switch?problem=pin-wrong&login=asha";

    let sessions = fixture.store.access().sessions(asha.id).await.unwrap();
    let tills = sessions.iter().min_by_key(|session| session.begun_at).map(name_of).unwrap();
    assert_eq!(location(&home.post("/session/elsewhere", &[("session", &tills)]).await), "/password?done=ended");
    assert_eq!(till.switch(ASHA, PIN).await, wrong, "not with the session that was named");
    assert_eq!(home.switch(ASHA, PIN).await, "/s/test/till", "here it is good");

    till.sign_in(ASHA).await;
    till.set_pin(PASSWORD, PIN).await;
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/till", "her session there is over, and the PIN is not");
    assert_eq!(location(&home.post("/session/elsewhere", &[]).await), "/password?done=ended");
    assert_eq!(till.switch(ASHA, PIN).await, wrong);
    assert_eq!(till.switch(MAREK, "314159").await, "/s/test/till", "nobody else's");
    assert_eq!(home.switch(ASHA, PIN).await, "/s/test/till", "nor the one of the browser that asked");
}

async fn us_14_what_colleagues_wrote_goes_out_in_the_session_of_whoever_is_there(fixture: Fixture) {
    let (daybook, asha, _) = corner(&fixture).await;
    person(&*fixture.store, "sonja", SHOP, Role::Seller).await;
    let mut till = Browser::shared(&daybook).await;
    for (login, id) in [(MAREK, "S-1"), (ASHA, "S-2")] {
        assert_eq!(till.pushes(login, id).await.0, StatusCode::OK, "{login}");
    }
    assert_eq!(till.pushes("sonja", "S-3").await.0, StatusCode::UNAUTHORIZED, "who never signed in here");
    let alone = Browser { browser: "daybook_browser=".to_owned(), session: till.session.clone(), daybook: &daybook };
    assert_eq!(alone.pushes(ASHA, "S-4").await.0, StatusCode::UNAUTHORIZED, "another browser");
    assert_eq!(till.sellers().await, by(&[("S-1", MAREK), ("S-2", ASHA)]));

    let shop = ShopSlug::parse(SHOP).unwrap();
    fixture.store.access().end_member(&shop, asha.id, server::clock::now()).await.unwrap();
    until(async || (till.pushes(ASHA, "S-5").await.0 == StatusCode::UNAUTHORIZED).then_some(())).await;
    assert_eq!(till.pushes(MAREK, "S-6").await.0, StatusCode::OK);
    let ended = till.session.clone();
    till.post("/session/end", &[]).await;
    till.session = ended;
    assert_eq!(till.pushes(MAREK, "S-7").await.0, StatusCode::UNAUTHORIZED, "nobody is signed in");
}

/// An owner shuts a device out, or lets it in again.
async fn an_owner(daybook: &Daybook, what: &str, device: &str) {
    let owner = session(daybook, "ines").await;
    let form = [("do", what), ("device", device)];
    let posted = daybook.client.post(format!("{}/s/{SHOP}/devices", daybook.origin)).form(&form);
    let posted = posted.header("cookie", owner).send().await.unwrap();
    assert_eq!(location(&posted), format!("/s/{SHOP}/devices?done={what}"));
}

async fn p9_with_a_device_the_pins_on_its_browser_end_for_everybody(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    person(&*fixture.store, "ines", SHOP, Role::Owner).await;
    let wrong = |login: &str| format!("/s/test/switch?problem=pin-wrong&login={login}");
    // It spoke before the browser had a secret, and has not since: the PIN tells which browser it is.
    let mut till = Browser { daybook: &daybook, session: session(&daybook, ASHA).await, browser: String::new() };
    assert_eq!(till.says(DEVICE).await, StatusCode::OK);
    assert_eq!(till.set_pin(PASSWORD, PIN).await, "/s/test/device");
    let elsewhere = Browser::shared(&daybook).await;
    assert_eq!(elsewhere.says("T10002").await, StatusCode::OK);
    an_owner(&daybook, "revoke", DEVICE).await;
    assert_eq!(till.switch(ASHA, PIN).await, wrong(ASHA));

    an_owner(&daybook, "readmit", DEVICE).await;
    assert_eq!(till.switch(ASHA, PIN).await, wrong(ASHA), "letting it in does not bring them back");
    till.sign_in(ASHA).await;
    till.set_pin(PASSWORD, PIN).await;
    till.sign_in(MAREK).await;
    till.set_pin(PASSWORD, "314159").await;
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till", "set anew");
    // Now it is enough that the script has spoken since there is a secret, whoever was there.
    an_owner(&daybook, "revoke", DEVICE).await;
    for (login, pin) in [(ASHA, PIN), (MAREK, "314159")] {
        assert_eq!(till.switch(login, pin).await, wrong(login));
    }
    let mut elsewhere = elsewhere;
    assert_eq!(elsewhere.switch(ASHA, PIN).await, "/s/test/till", "on another browser they are good");
    assert_eq!(elsewhere.page().await, StatusCode::OK);
}

async fn p9_whoever_switches_on_a_device_that_was_shut_out_is_shown_nothing(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    person(&*fixture.store, "ines", SHOP, Role::Owner).await;
    let mut till = Browser::shared(&daybook).await;
    assert_eq!(till.says(DEVICE).await, StatusCode::OK);
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    assert_eq!(till.page().await, StatusCode::OK);
    // As one who knows the password may do at any time; PINs are of the browser, and it is in other shops too.
    an_owner(&daybook, "revoke", DEVICE).await;
    until(async || (till.page().await == StatusCode::FORBIDDEN).then_some(())).await;
    till.set_pin(PASSWORD, PIN).await;
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    assert_eq!(till.page().await, StatusCode::FORBIDDEN, "the session goes on where the other was");
    till.sign_in(MAREK).await;
    assert_eq!(till.page().await, StatusCode::FORBIDDEN, "the browser is known, whoever has the password");
    let shop = ShopSlug::parse(SHOP).unwrap();
    let found = fixture.store.access().device(&shop, DEVICE).await.unwrap().unwrap();
    assert!(found.browser.is_some() && found.revoked_at.is_some());
    an_owner(&daybook, "readmit", DEVICE).await;
    until(async || (till.page().await == StatusCode::OK).then_some(())).await;
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    assert_eq!(till.says(DEVICE).await, StatusCode::OK);
    let now = fixture.store.access().device(&shop, DEVICE).await.unwrap().unwrap();
    assert_ne!(now.person, found.person, "whoever uses it now");
}

async fn p9_a_device_that_was_shut_out_before_its_browser_was_known_ends_the_pins_with_its_next_word(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    person(&*fixture.store, "ines", SHOP, Role::Owner).await;
    let mut till = Browser { daybook: &daybook, session: session(&daybook, ASHA).await, browser: String::new() };
    assert_eq!(till.says(DEVICE).await, StatusCode::OK);
    // Nothing joins this session to the one before.
    till.session = session(&daybook, ASHA).await;
    till.set_pin(PASSWORD, PIN).await;
    an_owner(&daybook, "revoke", DEVICE).await;
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    assert_ne!(till.says(DEVICE).await, StatusCode::OK);
    assert_eq!(till.page().await, StatusCode::FORBIDDEN);
    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/switch?problem=pin-wrong&login=asha");
}
