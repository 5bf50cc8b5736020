//! The same doors for people: a session of each role, of somebody of another shop, of somebody who was removed and of
//! somebody whose device was shut out, at every route, page, form and server function.

use std::collections::BTreeSet;

use domain::{
    ShopSlug,
    books::Role,
    values::{BlobHash, Millis},
};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::{
    access::{elsewhere, secret::Secret},
    clock,
};
use store::{
    EventStore,
    access::{Device, Invite, Login, Member, Person, SecretHash, Session},
    contract::Fixture,
};
use uuid::Uuid;

use super::{API, Door, FORMS, OPEN, arguments, routes_of_pages, stocked};
use crate::{
    pictures::DOT,
    support::{Daybook, SHOP, on_every_store},
};

on_every_store!(
    p9_every_door_lets_in_the_people_whom_it_should_and_nobody_else,
    p9_no_form_of_an_owner_reaches_what_is_another_shops,
    p9_what_people_do_about_themselves_opens_no_shop,
);

const OTHER: &str = "other";
/// The device of somebody who is shut out with it.
const LOST: &str = "T20002";
const ON_LOST: &str = "an owner on a device that was shut out";

/// Of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    /// Without a session, or with one that is good for nothing.
    Nobody,
    OfAnotherShop,
    /// They belonged to the shop, or their device did.
    ShutOut,
    Role(Role),
}

/// Somebody in a browser.
struct Guest {
    name: String,
    is: Is,
    cookie: String,
    person: Option<Uuid>,
}

impl Guest {
    fn is_on_lost(&self) -> bool {
        self.name == ON_LOST
    }

    fn asks(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("cookie", &self.cookie)
    }
}

fn slug(shop: &str) -> ShopSlug {
    ShopSlug::parse(shop).unwrap()
}

/// Somebody who is known here, without a password: their sessions are begun by [`begun`].
async fn known(store: &dyn EventStore, login: &str) -> Uuid {
    let (id, login) = (Uuid::new_v4(), Login::parse(login).unwrap());
    let person = Person { id, login, name: "Somebody".to_owned(), password: None, added_at: Millis(0) };
    assert!(store.access().add_person(person).await.unwrap());
    id
}

async fn belongs(store: &dyn EventStore, person: Uuid, shop: &str, role: Role) {
    let member = Member { shop: slug(shop), person, role, since: Millis(0), ended_at: None };
    store.access().set_member(member).await.unwrap();
}

/// A session as the door begins it, without the work of a password; what the browser sends from then on, and its hash.
async fn begun(store: &dyn EventStore, person: Uuid) -> (String, SecretHash) {
    let (secret, now) = (Secret::fresh().unwrap(), clock::now());
    let end = Millis(now.0 + 3_600_000);
    let session = Session { hash: secret.hash(), person, begun_at: now, idle_until: end, ends_at: end };
    store.access().add_session(session).await.unwrap();
    (format!("daybook_session={}", secret.text()), secret.hash())
}

/// A session that is used on the device that was shut out.
async fn begun_on_lost(store: &dyn EventStore, person: Uuid) -> String {
    let (cookie, hash) = begun(store, person).await;
    store.access().use_device(&hash, &slug(SHOP), LOST).await.unwrap();
    cookie
}

fn device(shop: &str, id: &str, person: Uuid) -> Device {
    Device::enrolled(slug(shop), id, "A browser".to_owned(), person, Millis(0))
}

/// Everybody who may sit at a browser, those in front who are let in nowhere.
async fn everybody(store: &dyn EventStore) -> Vec<Guest> {
    let access = store.access();
    let guest = |name: &str, is, cookie: String, person| Guest { name: name.to_owned(), is, cookie, person };
    let unknown = format!("daybook_session={}", Secret::fresh().unwrap().text());
    let signed_out = known(store, "signed-out").await;
    belongs(store, signed_out, SHOP, Role::Owner).await;
    let (ended, hash) = begun(store, signed_out).await;
    access.end_session(&hash).await.unwrap();
    let ben = known(store, "ben").await;
    belongs(store, ben, OTHER, Role::Owner).await;
    let removed = known(store, "removed").await;
    belongs(store, removed, SHOP, Role::Manager).await;
    assert!(access.end_member(&slug(SHOP), removed, clock::now()).await.unwrap());
    let lost = known(store, "lost").await;
    belongs(store, lost, SHOP, Role::Owner).await;
    access.enrol(device(SHOP, LOST, lost)).await.unwrap();
    assert!(access.revoke_device(&slug(SHOP), LOST, clock::now()).await.unwrap());
    let mut all = vec![
        guest("nobody", Is::Nobody, String::new(), None),
        guest("an unknown session", Is::Nobody, unknown, None),
        guest("a session that was ended", Is::Nobody, ended, None),
        guest("an owner of another shop", Is::OfAnotherShop, begun(store, ben).await.0, Some(ben)),
        guest("somebody who was removed", Is::ShutOut, begun(store, removed).await.0, Some(removed)),
        guest(ON_LOST, Is::ShutOut, begun_on_lost(store, lost).await, Some(lost)),
    ];
    for role in Role::ALL {
        let person = known(store, role.word()).await;
        belongs(store, person, SHOP, role).await;
        all.push(guest(role.word(), Is::Role(role), begun(store, person).await.0, Some(person)));
    }
    all
}

/// Whom of a shop a door is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Right {
    Everybody,
    Money,
    Owners,
    Office,
    Till,
    Floor,
    /// Whoever may write anything.
    Writers,
}

impl Right {
    fn has(self, role: Role) -> bool {
        use Role::{Manager, Owner, Reader, Seller, StockHand};
        let roles: &[Role] = match self {
            Self::Everybody => &Role::ALL,
            Self::Money => &[Owner, Manager, Seller, Reader],
            Self::Owners => &[Owner],
            Self::Office => &[Owner, Manager],
            Self::Till => &[Owner, Manager, Seller],
            Self::Floor => &[Owner, Manager, StockHand],
            Self::Writers => &[Owner, Manager, Seller, StockHand],
        };
        roles.contains(&role)
    }
}

/// What kind of a door it is: by that it says no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Api,
    /// Where the book itself says no, and writes that down.
    ApiToBook,
    Page,
    Function,
    /// It keeps for an owner what comes from somebody who is shut out, and tells them that they are.
    Push,
    Form,
    FormToBook,
    PictureForm,
}

/// A door of a shop: of which, is what it is asked for.
struct Knock {
    name: String,
    way: Way,
    right: Right,
    /// A word of the answer to somebody who is let in.
    says: &'static str,
    /// The entry that is in the book then.
    writes: Option<&'static str>,
    ask: Box<dyn Fn(&str) -> RequestBuilder>,
}

/// The status, and a word of the answer.
fn expected(is: Is, knock: &Knock) -> (StatusCode, &'static str) {
    use Way::{Api, ApiToBook, Form, FormToBook, Function, Page, PictureForm, Push};
    let (forbidden, missing) = (StatusCode::FORBIDDEN, StatusCode::NOT_FOUND);
    match (is, knock.way) {
        (Is::Nobody, Page) => (StatusCode::SEE_OTHER, "/sign-in?next="),
        (Is::Nobody, Api | ApiToBook | Form | FormToBook | PictureForm) => (StatusCode::UNAUTHORIZED, "not_signed_in"),
        // A page that is open asks again who is here, whatever the reason is.
        (Is::Nobody | Is::OfAnotherShop, Function | Push) | (Is::ShutOut, Function) => (StatusCode::UNAUTHORIZED, ""),
        (Is::OfAnotherShop, _) => (missing, "unknown_shop"),
        (Is::ShutOut, Page) => (forbidden, ""),
        (Is::ShutOut, _) => (forbidden, "revoked"),
        (Is::Role(role), way) => match (way, knock.right.has(role)) {
            (Form | FormToBook | PictureForm, true) => (StatusCode::SEE_OTHER, knock.says),
            (_, true) => (StatusCode::OK, knock.says),
            (Api | Form, false) => (forbidden, "not_allowed"),
            (ApiToBook, false) => (StatusCode::UNPROCESSABLE_ENTITY, "not_allowed"),
            (Page, false) => (forbidden, "Not for your role"),
            (Function, false) => (StatusCode::OK, "null"),
            (Push, false) => (StatusCode::OK, "not_allowed"),
            (FormToBook, false) => (StatusCode::SEE_OTHER, "refused=not_allowed"),
            // The picture itself is not kept, so that there is no command to decide.
            (PictureForm, false) => (StatusCode::SEE_OTHER, "refused=malformed&field=blob"),
        },
    }
}

/// Every page, with an address of it that shows something.
const PAGES: &[(&str, &str, Right)] = &[
    ("", "", Right::Everybody),
    ("/till", "/till", Right::Till),
    ("/products", "/products", Right::Everybody),
    ("/products/new", "/products/new", Right::Office),
    ("/products/{sku}", "/products/A", Right::Everybody),
    ("/stock", "/stock", Right::Everybody),
    ("/stock/receive", "/stock/receive", Right::Floor),
    ("/batches/{batchref}", "/batches/B", Right::Everybody),
    ("/orders", "/orders", Right::Everybody),
    ("/orders/new", "/orders/new", Right::Till),
    ("/orders/{order_id}", "/orders/O", Right::Everybody),
    ("/orders/{order_id}/print", "/orders/O/print", Right::Everybody),
    ("/pictures", "/pictures", Right::Everybody),
    ("/pictures/{picture_id}", "/pictures/P", Right::Everybody),
    ("/accounts", "/accounts", Right::Money),
    ("/accounts/new", "/accounts/new", Right::Office),
    ("/accounts/transfer", "/accounts/transfer", Right::Office),
    ("/accounts/{account_id}", "/accounts/1", Right::Money),
    ("/accounts/{account_id}/print", "/accounts/1/print", Right::Money),
    ("/transfers/{transfer_id}", "/transfers/T", Right::Money),
    ("/sales/{number}/print", "/sales/S/print", Right::Money),
    ("/history/{aggregate}", "/history/product-A", Right::Everybody),
    ("/history/{aggregate}", "/history/account-1", Right::Money),
    ("/history/{aggregate}", "/history/transfer-T", Right::Money),
    ("/history/{aggregate}", "/history/sale-S", Right::Money),
    ("/why/{what}", "/why/on-hand-A", Right::Everybody),
    ("/why/{what}", "/why/balance-1", Right::Money),
    ("/reports/{name}", "/reports/stock?sku=A", Right::Everybody),
    ("/reports/{name}", "/reports/sales", Right::Money),
    ("/reports/{name}", "/reports/balance?account=1", Right::Money),
    ("/book", "/book", Right::Everybody),
    ("/book/{position}", "/book/1", Right::Everybody),
    ("/attention", "/attention", Right::Everybody),
    ("/attention/{command}", "/attention/00000000-0000-0000-0000-000000000001", Right::Everybody),
    ("/device", "/device", Right::Everybody),
    ("/switch", "/switch", Right::Everybody),
    ("/people", "/people", Right::Owners),
    ("/devices", "/devices", Right::Owners),
    ("/inspector", "/inspector", Right::Everybody),
    ("/more", "/more", Right::Everybody),
];

fn a_delivery() -> Value {
    json!({"batchref": Uuid::new_v4().simple().to_string(), "sku": "A", "qty": 1})
}

fn api(daybook: &Daybook) -> Vec<Knock> {
    let rows = API.iter().map(|(route, path, door)| {
        let (right, way, writes) = match door {
            Door::Goods | Door::Log => (Right::Everybody, Way::Api, None),
            Door::Money => (Right::Money, Way::Api, None),
            Door::Commands => (Right::Till, Way::ApiToBook, Some("SaleRecorded")),
            Door::Pictures => (Right::Writers, Way::Api, None),
        };
        let (origin, client, door) = (daybook.origin.clone(), daybook.client.clone(), *door);
        let path = path.replace("{blob}", &BlobHash::of(DOT).to_string());
        let ask = move |shop: &str| {
            let address = format!("{origin}/api/v1/shops/{shop}{path}");
            match door {
                Door::Commands => {
                    let sale = super::sale(&Uuid::new_v4().simple().to_string());
                    client.post(address).json(&json!({"type": "sale.record", "data": sale}))
                }
                Door::Pictures => client.post(address).body(DOT),
                Door::Goods | Door::Money | Door::Log => client.get(address).header("accept", "application/json"),
            }
        };
        Knock { name: (*route).to_owned(), way, right, says: "", writes, ask: Box::new(ask) }
    });
    rows.collect()
}

fn pages(daybook: &Daybook) -> Vec<Knock> {
    let rows = PAGES.iter().map(|(_, place, right)| {
        let (origin, client) = (daybook.origin.clone(), daybook.client.clone());
        let ask = move |shop: &str| client.get(format!("{origin}/s/{shop}{place}")).header("accept", "text/html");
        let (name, way) = (format!("the page {place}"), Way::Page);
        Knock { name, way, right: *right, says: "Test shop", writes: None, ask: Box::new(ask) }
    });
    rows.collect()
}

fn functions(daybook: &Daybook) -> Vec<Knock> {
    let rows = server_fn_paths().map(|(path, _)| {
        let (way, right, says, writes) = match path {
            "/api/push_commands" => (Way::Push, Right::Floor, "positions", Some("BatchReceived")),
            "/api/shop_people" | "/api/shop_devices" => (Way::Function, Right::Owners, "{", None),
            _ => (Way::Function, Right::Everybody, "", None),
        };
        let (address, client) = (format!("{}{path}", daybook.origin), daybook.client.clone());
        let ask = move |shop: &str| {
            let mut body = arguments(path);
            body["shop"] = shop.into();
            if way == Way::Push {
                let delivery = json!({"id": Uuid::now_v7(), "type": "stock.receive", "data": a_delivery(),
                    "device": "T10001", "issued_at": clock::now()});
                body["push"]["submissions"] = json!([delivery]);
            }
            client.post(&address).header("accept", "application/json").json(&body)
        };
        Knock { name: path.to_owned(), way, right, says, writes, ask: Box::new(ask) }
    });
    rows.collect()
}

fn forms(daybook: &Daybook) -> Vec<Knock> {
    let rows = FORMS.iter().map(|form| {
        let (way, right, says, writes) = match *form {
            "/s/{shop}/commands" => (Way::FormToBook, Right::Floor, "done=stock.receive", Some("BatchReceived")),
            "/s/{shop}/commands/picture" => {
                (Way::PictureForm, Right::Writers, "done=picture.add", Some("PictureAdded"))
            }
            "/s/{shop}/people" => (Way::Form, Right::Owners, "done=invite", None),
            "/s/{shop}/devices" => (Way::Form, Right::Owners, "done=name", None),
            form => panic!("the form {form} has no row in the matrix"),
        };
        let (origin, client) = (daybook.origin.clone(), daybook.client.clone());
        let ask = move |shop: &str| {
            let post = client.post(format!("{origin}{}", form.replace("{shop}", shop)));
            match *form {
                "/s/{shop}/commands" => {
                    let batchref = Uuid::new_v4().simple().to_string();
                    post.form(&[("type", "stock.receive"), ("batchref", &batchref), ("sku", "A"), ("qty", "1")])
                }
                "/s/{shop}/commands/picture" => a_picture(post, DOT),
                "/s/{shop}/people" => post.form(&[("do", "invite"), ("role", "reader")]),
                _ => post.form(&[("do", "name"), ("device", LOST), ("name", "Under the counter")]),
            }
        };
        Knock { name: (*form).to_owned(), way, right, says, writes, ask: Box::new(ask) }
    });
    rows.collect()
}

/// As a browser posts it where no script runs.
fn a_picture(post: RequestBuilder, file: &[u8]) -> RequestBuilder {
    let mut body = Vec::new();
    for (name, value) in [("type", "picture.add"), ("about.product", "A"), ("blob", "")] {
        let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    body.extend(b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--edge--\r\n");
    post.header("content-type", "multipart/form-data; boundary=edge").body(body)
}

/// Status, head and body in one text.
async fn told(answered: Response) -> (StatusCode, String) {
    let status = answered.status();
    let location = answered.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    let body = String::from_utf8_lossy(&answered.bytes().await.unwrap()).into_owned();
    (status, location.unwrap_or_default() + &body)
}

/// Types of the entries that somebody has written after a position.
async fn written(fixture: &Fixture, after: u64) -> Vec<String> {
    let entries = fixture.store.read(&slug(SHOP), after, 1_000).await.unwrap().into_iter();
    // What follows from an entry comes after it, when it comes.
    entries.filter(|entry| &*entry.actor != "daybook").map(|entry| entry.event_type.to_string()).collect()
}

async fn p9_every_door_lets_in_the_people_whom_it_should_and_nobody_else(fixture: Fixture) {
    let of_table: BTreeSet<String> = PAGES.iter().map(|(route, ..)| (*route).to_owned()).collect();
    let of_app: BTreeSet<String> = routes_of_pages().into_iter().filter(|route| route != "/{*any}").collect();
    assert_eq!(of_table, of_app, "a page without a row, or a row without a page");
    let daybook = stocked(&fixture).await;
    let all = everybody(&*fixture.store).await;
    let mut knocks = api(&daybook);
    knocks.extend(pages(&daybook));
    knocks.extend(functions(&daybook));
    knocks.extend(forms(&daybook));
    let mut wrong = Vec::new();
    for knock in &knocks {
        for guest in &all {
            let before = super::head(&fixture).await;
            let (status, text) = told(guest.asks((knock.ask)(SHOP)).send().await.unwrap()).await;
            let written = written(&fixture, before).await;
            if !is_right(knock, guest, status, &text, &written) {
                wrong.push(format!("{} for {}: {status} {written:?} {text:.200}", knock.name, guest.name));
            }
        }
    }
    wrong.extend(swapped(&daybook, &knocks, &all).await);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn is_right(knock: &Knock, guest: &Guest, status: StatusCode, text: &str, written: &[String]) -> bool {
    let is_in = matches!(guest.is, Is::Role(role) if knock.right.has(role));
    let is_of_shop = matches!(guest.is, Is::Role(_));
    let (expected, word) = expected(guest.is, knock);
    let shows_nothing = (is_in || !text.contains("Canary")) && (is_of_shop || !text.contains("Test shop"));
    let is_written = match knock.writes {
        Some(entry) if is_in => written.first().is_some_and(|first| first == entry),
        Some(_) if is_of_shop => written.iter().all(|entry| entry == "Refused"),
        _ => written.is_empty(),
    };
    status == expected && text.contains(word) && shows_nothing && is_written
}

/// Whoever is let into one shop is not let into the next by its name.
async fn swapped(daybook: &Daybook, knocks: &[Knock], all: &[Guest]) -> Vec<String> {
    let mut wrong = Vec::new();
    let head = daybook.store.head(&slug(OTHER)).await.unwrap().map(|head| head.position);
    for knock in knocks {
        for guest in all.iter().filter(|guest| guest.is != Is::OfAnotherShop) {
            let is = if guest.person.is_some() { Is::OfAnotherShop } else { Is::Nobody };
            let (status, text) = told(guest.asks((knock.ask)(OTHER)).send().await.unwrap()).await;
            let (expected, word) = expected(is, knock);
            if status != expected || !text.contains(word) {
                wrong.push(format!("{} of another shop for {}: {status} {text:.200}", knock.name, guest.name));
            }
        }
    }
    assert_eq!(daybook.store.head(&slug(OTHER)).await.unwrap().map(|head| head.position), head);
    wrong
}

/// All that is another shop's and has a name that somebody may learn.
async fn p9_no_form_of_an_owner_reaches_what_is_another_shops(fixture: Fixture) {
    let daybook = stocked(&fixture).await;
    let access = fixture.store.access();
    let all = everybody(&*fixture.store).await;
    let find = |is: Is| all.iter().find(|guest| guest.is == is).unwrap();
    let (owner, ben) = (find(Is::Role(Role::Owner)), find(Is::OfAnotherShop));
    let bens = ben.person.unwrap();
    access.enrol(device(OTHER, "T30003", bens)).await.unwrap();
    let end = Millis(clock::now().0 + 3_600_000);
    let invite = Invite {
        shop: slug(OTHER),
        id: Uuid::new_v4(),
        hash: SecretHash([3; 32]),
        role: Role::Owner,
        made_at: Millis(0),
        expires_at: end,
        used_by: None,
        used_at: None,
    };
    access.add_invite(invite.clone()).await.unwrap();
    let (_, elsewhere) = begun(&*fixture.store, bens).await;
    let elsewhere = access.session(&elsewhere).await.unwrap().unwrap();
    let add = json!({"type": "product.add", "data": {"sku": "THEIRS", "name": "Theirs", "price": 1}});
    let commands = format!("{}/api/v1/shops/{OTHER}/commands", daybook.origin);
    assert_eq!(ben.asks(daybook.client.post(commands).json(&add)).send().await.unwrap().status(), StatusCode::OK);

    let state = async || {
        let (members, invites) = (access.known_members(&slug(OTHER)).await, access.invites(&slug(OTHER)).await);
        let (devices, sessions) = (access.devices(&slug(OTHER)).await, access.sessions(bens).await.unwrap().len());
        let head = fixture.store.head(&slug(OTHER)).await.unwrap();
        format!("{members:?} {invites:?} {devices:?} {sessions:?} {head:?}")
    };
    let before = state().await;
    let (people, devices) = (format!("/s/{SHOP}/people"), format!("/s/{SHOP}/devices"));
    let (id, name) = (invite.id.to_string(), elsewhere::name_of(&elsewhere));
    let forms: &[(&str, Fields, &str)] = &[
        (&people, &[("do", "role"), ("login", "ben"), ("role", "reader")], "problem=member"),
        (&people, &[("do", "remove"), ("login", "ben")], "problem=member"),
        (&people, &[("do", "reset"), ("login", "ben")], "problem=member"),
        (&people, &[("do", "withdraw"), ("invite", &id)], "problem=invite"),
        (&devices, &[("do", "name"), ("device", "T30003"), ("name", "Mine")], "problem=device"),
        (&devices, &[("do", "revoke"), ("device", "T30003")], "problem=device"),
        (&devices, &[("do", "readmit"), ("device", "T30003")], "problem=device"),
        ("/session/elsewhere", &[("session", &name)], "/password"),
        ("/shops/leave", &[("shop", OTHER)], "problem=member"),
    ];
    for (path, form, word) in forms {
        let posted = owner.asks(daybook.client.post(format!("{}{path}", daybook.origin)).form(form));
        let (status, text) = told(posted.send().await.unwrap()).await;
        assert!(status == StatusCode::SEE_OTHER && text.contains(word), "{path} {form:?}: {status} {text}");
        assert_eq!(state().await, before, "{path} {form:?}");
    }
    for path in ["/products/THEIRS", "/stock/THEIRS", "/history/product-THEIRS"] {
        let (status, text) = told(owner.asks(daybook.get(path)).send().await.unwrap()).await;
        assert!(status == StatusCode::NOT_FOUND && !text.contains("Theirs"), "{path}: {text}");
    }
}

/// Doors that are no shop's, and what they say to whoever is signed in and to whoever is not.
const ABOUT_ONESELF: &[(&str, Fields, &str, &str)] = &[
    ("/session", &[("login", "nobody-at-all"), ("password", "wrong wrong")], "problem=", "problem="),
    ("/session/end", &[], "/sign-in", "/sign-in"),
    ("/session/elsewhere", &[], "/password?done=ended", "/sign-in"),
    ("/session/password", &[("current", "x"), ("password", "another good one")], "/password?problem=", "/sign-in"),
    ("/session/pin", &[("password", "x"), ("pin", "2580"), ("from", "/start")], "/start?problem=", "/sign-in"),
    (
        "/session/switch",
        &[("login", "owner"), ("pin", "2580"), ("from", "/start")],
        "/start?problem=",
        "/start?problem=",
    ),
    ("/reset", &[("code", "daybook_x"), ("password", "another good one")], "problem=reset", "problem=reset"),
    ("/join", &[("code", "daybook_x")], "problem=invite", "problem=invite"),
    ("/start", &[("title", "Mine")], "/s/mine", "problem=start-nobody"),
    ("/demo", &[], "demo=none", "demo=none"),
];

async fn p9_what_people_do_about_themselves_opens_no_shop(fixture: Fixture) {
    let daybook = stocked(&fixture).await;
    let all = everybody(&*fixture.store).await;
    let access = fixture.store.access();
    let posted: BTreeSet<&str> = ABOUT_ONESELF.iter().map(|(path, ..)| *path).chain(["/shops/leave"]).collect();
    let reads = ["/api/v1", "/api/v1/{*rest}", "/healthz", "/readyz", "/metrics", "/sw.js", "worker::SHELL"];
    let open: BTreeSet<&str> = OPEN.iter().copied().filter(|path| !reads.contains(path)).collect();
    assert_eq!(posted, open, "a door without a row, or a row without a door");
    for guest in &all {
        for (path, form, known, unknown) in ABOUT_ONESELF {
            let before = super::head(&fixture).await;
            // Some of them end it.
            let own = fresh(&fixture, guest).await;
            let post = daybook.client.post(format!("{}{path}", daybook.origin)).header("cookie", &own).form(form);
            let (status, text) = told(post.send().await.unwrap()).await;
            let word = if guest.person.is_some() { known } else { unknown };
            let who = format!("{path} for {}", guest.name);
            assert!(status == StatusCode::SEE_OTHER && text.contains(word), "{who}: {status} {text}");
            assert_eq!(super::head(&fixture).await, before, "{who}");
        }
        let own = fresh(&fixture, guest).await;
        for page in ["/", "/sign-in", "/shops", "/password", "/start", "/join/x", "/reset/x", "/sign-out"] {
            let get = daybook.client.get(format!("{}{page}", daybook.origin)).header("accept", "text/html");
            let (status, text) = told(get.header("cookie", &own).send().await.unwrap()).await;
            assert_eq!(status, StatusCode::OK, "{page} for {}", guest.name);
            assert!(!text.contains("Canary"), "{page} for {}: {text}", guest.name);
            let is_listed = page == "/shops" && matches!(guest.is, Is::Role(_));
            let belongs = is_listed || (page == "/shops" && guest.is_on_lost());
            assert!(belongs || !text.contains("Test shop"), "{page} for {}: {text}", guest.name);
            assert!(!is_listed || text.contains("Test shop"), "{page} for {}: {text}", guest.name);
        }
    }
    for guest in &all {
        let own = fresh(&fixture, guest).await;
        let post = daybook.client.post(format!("{}/shops/leave", daybook.origin)).header("cookie", own);
        let (status, text) = told(post.form(&[("shop", SHOP)]).send().await.unwrap()).await;
        let (expected, word, stays) = match guest.is {
            Is::Nobody => (StatusCode::SEE_OTHER, "/sign-in", false),
            Is::OfAnotherShop => (StatusCode::SEE_OTHER, "problem=member", false),
            Is::ShutOut if guest.is_on_lost() => (StatusCode::FORBIDDEN, "revoked", true),
            Is::ShutOut => (StatusCode::SEE_OTHER, "problem=member", false),
            Is::Role(_) => (StatusCode::SEE_OTHER, "/shops", false),
        };
        assert!(status == expected && text.contains(word), "{}: {status} {text}", guest.name);
        let Some(person) = guest.person else { continue };
        let member = access.member(&slug(SHOP), person).await.unwrap();
        assert_eq!(member.is_some_and(|member| member.active().is_some()), stays, "{}", guest.name);
    }
}

/// Another session of the same person, where there is one.
async fn fresh(fixture: &Fixture, guest: &Guest) -> String {
    match guest.person {
        None => guest.cookie.clone(),
        Some(person) if guest.is_on_lost() => begun_on_lost(&*fixture.store, person).await,
        Some(person) => begun(&*fixture.store, person).await.0,
    }
}
