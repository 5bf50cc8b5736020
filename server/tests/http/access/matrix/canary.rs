//! A word that stands in every text of one shop, and is looked for in every answer that anybody else gets: in bodies,
//! heads, feeds, errors and numbers.

use domain::{ShopSlug, books::Role, values::Millis};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::archive::export::export;
use store::{
    access::{Device, Invite, Login, Member, Person, SecretHash},
    contract::Fixture,
};
use uuid::Uuid;

use super::{API, DOT, Door, FORMS, OPEN, arguments, pages};
use crate::{
    access::visitors::{Is, Visitor, everybody, let_in},
    people::{person, session},
    support::{Daybook, Feed, METRICS_KEY, SHOP, on_every_store, until},
};

on_every_store!(p9_no_byte_of_a_shop_leaves_for_anybody_else, p9_the_numbers_of_each_shop_are_for_the_operator_alone,);

/// The shop that is looked for. The other one, [`SHOP`], belongs to whoever looks.
const THEIRS: &str = "cormorant-lane";
const WORD: &str = "wagtail";
/// Of a command that was refused.
const REFUSED: u128 = 0xdead_0001;

type Ask = Box<dyn Fn() -> RequestBuilder>;

/// Where somebody can knock.
pub(super) struct Knock {
    pub(super) name: String,
    /// Whether the request itself names their shop, so that the answer may say the name again.
    names_them: bool,
    pub(super) ask: Ask,
}

/// Whether an answer has the word, or the name of the shop, in its head or its body.
async fn carries(answered: Response, names_them: bool) -> bool {
    let head: String = answered.headers().iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
    let bytes = answered.bytes().await.unwrap();
    let text = format!("{head}{}", String::from_utf8_lossy(&bytes)).to_lowercase();
    text.contains(WORD) || (!names_them && text.contains(THEIRS))
}

fn of_theirs() -> ShopSlug {
    ShopSlug::parse(THEIRS).unwrap()
}

fn command(daybook: &Daybook, shop: &str, body: &Value) -> RequestBuilder {
    daybook.client.post(format!("{}/api/v1/shops/{shop}/commands", daybook.origin)).json(body)
}

/// The word in every text that a shop can hold: books, people, devices, tokens, the queue.
async fn fill(daybook: &Daybook, fixture: &Fixture) -> String {
    let title = format!("{WORD} & Daughters");
    fixture.store.create_shop(&of_theirs(), &title, Uuid::new_v4()).await.unwrap();
    let token = let_in(&*fixture.store, THEIRS, &format!("{WORD} till"), Role::Owner).await;
    let send = async |id: Uuid, command_type: &str, data: Value| {
        let body = json!({"id": id, "type": command_type, "data": data, "device": format!("{WORD} phone")});
        command(daybook, THEIRS, &body).bearer_auth(&token).send().await.unwrap().status()
    };
    let blobs = format!("{}/api/v1/shops/{THEIRS}/blobs", daybook.origin);
    let kept: Value =
        daybook.client.post(blobs).body(DOT).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    let text = |what: &str| format!("{what} of {WORD} Lane");
    let product = |sku: &str, category: &str| {
        json!({"sku": sku, "name": text("bread"), "description": text("baked in the oven"), "category": category,
            "price": 420})
    };
    let account = |id: &str, balance: u32| json!({"account_id": id, "title": text("account"), "owner": text("owner"), "initial_balance": balance});
    let picture = |id: &str| {
        json!({"picture_id": id, "blob": kept["blob"], "media_type": kept["media_type"], "width": kept["width"],
            "height": kept["height"], "caption": text("picture")})
    };
    let order = |id: &str| json!({"order_id": id, "lines": [{"sku": "A", "qty": 2}], "account": "1"});
    let comment = |id: &str, of: &str| json!({"comment_id": id, "picture_id": of, "text": text("comment")});
    for (command_type, data) in [
        ("product.add", product("A", "Bread")),
        ("product.add", product("1", WORD)),
        // A search answers with names of records alone.
        ("product.add", product(&format!("{WORD}-3"), "Bread")),
        ("stock.receive", json!({"batchref": "B", "sku": "A", "qty": 40})),
        ("stock.receive", json!({"batchref": format!("{WORD}-1"), "sku": "A", "qty": 1})),
        ("account.open", account("1", 90_000)),
        ("account.open", account("2", 0)),
        ("account.credit", json!({"account_id": "1", "amount": 5, "reference": text("deposit")})),
        ("order.place", order("O")),
        ("order.place", order("1")),
        (
            "transfer.request",
            json!({"transfer_id": "T", "from": "1", "to": "2", "amount": 5, "reference": text("debt")}),
        ),
        ("sale.record", super::sale("S")),
        ("picture.add", picture("P")),
        ("picture.add", picture("1")),
        ("comment.add", comment("C", "P")),
        ("comment.add", comment("1", "1")),
    ] {
        assert_eq!(send(Uuid::now_v7(), command_type, data).await, StatusCode::OK, "{command_type}");
    }
    let much = json!({"order_id": format!("{WORD}-2"), "sku": "A", "qty": 9_000});
    assert_eq!(send(Uuid::from_u128(REFUSED), "order.allocate", much).await, StatusCode::UNPROCESSABLE_ENTITY);
    let queued = json!({"type": "order.allocate", "data": {"order_id": WORD, "sku": "A", "qty": 9_000}});
    let queued = command(daybook, THEIRS, &queued).bearer_auth(&token).header("prefer", "respond-async");
    assert_eq!(queued.send().await.unwrap().status(), StatusCode::ACCEPTED);
    belonging(fixture).await;
    token
}

/// People and devices with the word in their names.
async fn belonging(fixture: &Fixture) {
    person(&*fixture.store, &format!("{WORD}@corner.example"), THEIRS, Role::Owner).await;
    let (access, id) = (fixture.store.access(), Uuid::new_v4());
    let login = Login::parse(&format!("{WORD}.jr")).unwrap();
    let junior = Person { id, login, name: format!("{WORD} Jr"), password: None, added_at: Millis(0) };
    assert!(access.add_person(junior).await.unwrap());
    let member = Member { shop: of_theirs(), person: id, role: Role::Seller, since: Millis(0), ended_at: None };
    access.set_member(member).await.unwrap();
    let device = Device::enrolled(of_theirs(), "A10001", format!("{WORD} phone"), id, Millis(0));
    access.enrol(device).await.unwrap();
    let invite = Invite {
        shop: of_theirs(),
        id: Uuid::new_v4(),
        hash: SecretHash([7; 32]),
        role: Role::Owner,
        made_at: Millis(0),
        expires_at: Millis(i64::MAX),
        used_by: None,
        used_at: None,
    };
    access.add_invite(invite).await.unwrap();
}

/// Every door of one shop: the API, its pages, its forms, its server functions.
pub(super) fn of_shop(daybook: &Daybook, shop: &str) -> Vec<Knock> {
    let (origin, client) = (&daybook.origin, &daybook.client);
    let mut all: Vec<(String, Ask)> = Vec::new();
    let refused = format!("/commands/{}", Uuid::from_u128(REFUSED));
    // What is there, asked for in other ways; and what is not.
    let more = ["/search?q=wagt", "/events?limit=1000", "/products?as_of=2", "/orders/1", &refused, "/nowhere"];
    let rows = API.iter().map(|(route, path, door)| (*route, *path, *door));
    for (route, path, door) in rows.chain(more.map(|path| (path, path, Door::Goods))) {
        let path = path.replace("{blob}", &domain::values::BlobHash::of(DOT).to_string());
        let (address, client) = (format!("{origin}/api/v1/shops/{shop}{path}"), client.clone());
        all.push((
            route.to_owned(),
            Box::new(move || match door {
                Door::Commands => {
                    let sale = super::sale(&Uuid::new_v4().simple().to_string());
                    client.post(&address).json(&json!({"type": "sale.record", "data": sale}))
                }
                Door::Pictures => client.post(&address).body(DOT),
                Door::Goods | Door::Money | Door::Log => client.get(&address).header("accept", "application/json"),
            }),
        ));
    }
    for page in pages() {
        let page = page.replacen(&format!("/s/{SHOP}"), &format!("/s/{shop}"), 1);
        let (address, client) = (format!("{origin}{page}"), client.clone());
        all.push((page, Box::new(move || client.get(&address).header("accept", "text/html"))));
    }
    for (path, _) in server_fn_paths() {
        let (address, mut body, client) = (format!("{origin}{path}"), arguments(path), client.clone());
        body["shop"] = shop.into();
        let ask = move || client.post(&address).header("accept", "application/json").json(&body);
        all.push((path.to_owned(), Box::new(ask)));
    }
    for form in FORMS {
        let (address, client) = (format!("{origin}{}", form.replace("{shop}", shop)), client.clone());
        let ask = move || client.post(&address).form(&[("type", "product.archive"), ("sku", "C")]);
        all.push(((*form).to_owned(), Box::new(ask)));
    }
    let names_them = shop == THEIRS;
    all.into_iter().map(|(name, ask)| Knock { name, names_them, ask }).collect()
}

/// Every door that is no shop's.
pub(super) fn of_nobody(daybook: &Daybook) -> Vec<Knock> {
    let pages = leptos_axum::generate_route_list(super::server_app).into_iter().map(|route| route.path().to_owned());
    let pages =
        pages.filter(|path| !path.contains("/s/")).map(|path| path.replace([':', '*'], "").replace(['{', '}'], ""));
    let open = OPEN.iter().map(|path| if path.starts_with('/') { *path } else { "/offline" });
    let all: Vec<String> = open.map(|path| path.replace("{*rest}", "shops")).chain(pages).collect();
    all.into_iter()
        .map(|path| {
            let (address, client) = (format!("{}{path}", daybook.origin), daybook.client.clone());
            Knock { name: path, names_them: false, ask: Box::new(move || client.get(&address)) }
        })
        .collect()
}

async fn p9_no_byte_of_a_shop_leaves_for_anybody_else(fixture: Fixture) {
    let daybook = Daybook::configured(&fixture.store, |config| config.views = vec!["search".to_owned()]).await;
    let token = fill(&daybook, &fixture).await;
    let mine = person(&*fixture.store, "bea", SHOP, Role::Owner).await;
    let cookie = session(&daybook, mine.login.as_str()).await;
    let their_cookie = session(&daybook, &format!("{WORD}@corner.example")).await;
    until(async || {
        let asked = daybook.client.get(format!("{}/api/v1/shops/{THEIRS}/search?q=wagt", daybook.origin));
        let found = asked.bearer_auth(&token).send().await.unwrap().text().await.unwrap();
        found.contains("accounts/1").then_some(())
    })
    .await;
    seen_by_their_owner(&daybook, &token, &their_cookie).await;

    let picture = daybook.url(&format!("/blobs/{}", domain::values::BlobHash::of(DOT)));
    let picture = daybook.client.get(picture).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(picture.status(), StatusCode::NOT_FOUND, "whoever knows the name of a picture of another shop");

    let strangers: Vec<Visitor> = everybody(&*fixture.store, THEIRS, SHOP)
        .await
        .into_iter()
        .filter(|visitor| matches!(visitor.is, Is::Nobody | Is::Unknown | Is::OfAnotherShop))
        .collect();
    assert!(strangers.len() >= 6, "with those who have lost their way in");
    let mut knocks = of_shop(&daybook, THEIRS);
    knocks.extend(of_shop(&daybook, SHOP));
    knocks.extend(of_nobody(&daybook));
    for knock in &knocks {
        for visitor in &strangers {
            let answered = visitor.asks((knock.ask)()).send().await.unwrap();
            assert!(!carries(answered, knock.names_them).await, "{} for {}", knock.name, visitor.name);
        }
        let answered = (knock.ask)().header("cookie", &cookie).send().await.unwrap();
        assert!(!carries(answered, knock.names_them).await, "{} for a person of another shop", knock.name);
    }
    along_a_feed(&daybook, &cookie, &token).await;

    let mut file = Vec::new();
    export(&*fixture.store, &ShopSlug::parse(SHOP).unwrap(), &mut file, &mut |_, _| {}).await.unwrap();
    let file = String::from_utf8(file).unwrap().to_lowercase();
    assert!(file.contains("salerecorded") && !file.contains(WORD) && !file.contains(THEIRS));
}

/// The word is there to be found: a walk that could not see it would prove nothing.
async fn seen_by_their_owner(daybook: &Daybook, token: &str, cookie: &str) {
    // What has no texts of theirs in it.
    let silent = [
        "POST /commands",
        "GET /digest",
        "POST /blobs",
        "GET /blobs/{name}",
        "GET /commands/{id}",
        "GET /openapi.json",
        "GET /schemas/{file}",
        "GET /batches/{batchref}",
        "GET /orders/{id}/allocations",
        "GET /orders/{id}/allocations/{sku}",
    ];
    let (mut pages, mut blind) = (0, Vec::new());
    for knock in of_shop(daybook, THEIRS) {
        let is_api = API.iter().any(|(route, ..)| *route == knock.name);
        if is_api && !silent.contains(&knock.name.as_str()) && !knock.name.starts_with("POST") {
            let answered = (knock.ask)().bearer_auth(token).send().await.unwrap();
            let status = answered.status();
            if !carries(answered, true).await {
                blind.push((knock.name, status));
            }
        } else if knock.name.starts_with("/s/") && !FORMS.contains(&knock.name.as_str()) {
            let answered = (knock.ask)().header("cookie", cookie).send().await.unwrap();
            pages += usize::from(carries(answered, true).await);
        }
    }
    assert!(blind.is_empty(), "{blind:?}");
    assert!(pages >= 15, "{pages}");
}

/// What is written in one shop while the feed of another is open.
async fn along_a_feed(daybook: &Daybook, cookie: &str, token: &str) {
    let mut feed = Feed::open(daybook.get("/feed?after=0").header("cookie", cookie)).await;
    let goods = |sku: &str| json!({"type": "product.add", "data": {"sku": sku, "name": sku, "price": 1}});
    let theirs = command(daybook, THEIRS, &goods(&format!("{WORD}-9"))).bearer_auth(token);
    assert_eq!(theirs.send().await.unwrap().status(), StatusCode::OK);
    let mine = command(daybook, SHOP, &goods("LAST")).header("cookie", cookie);
    assert_eq!(mine.send().await.unwrap().status(), StatusCode::OK);
    loop {
        let frame = feed.next().await.unwrap();
        let text = frame.text.to_lowercase();
        assert!(!text.contains(WORD) && !text.contains(THEIRS), "{text}");
        if text.contains("last") {
            break;
        }
    }
}

async fn p9_the_numbers_of_each_shop_are_for_the_operator_alone(fixture: Fixture) {
    let daybook = Daybook::configured(&fixture.store, |config| config.metrics_key = METRICS_KEY.parse().ok()).await;
    daybook.receive("B", "A", 4).await;
    let named = "daybook_head_position{shop=\"test\"}";
    assert!(daybook.metrics().await.contains(named));
    let owner = let_in(&*fixture.store, SHOP, "owner", Role::Owner).await;
    let asked = || daybook.client.get(format!("{}/metrics", daybook.origin));
    for refused in [asked(), asked().bearer_auth(owner), asked().bearer_auth(&METRICS_KEY[1..])] {
        let refused = refused.send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(!refused.text().await.unwrap().contains("test"));
    }
    let open = Daybook::on(&fixture.reopened().await).await;
    open.receive("C", "A", 4).await;
    let text = open.metrics().await;
    assert!(text.contains("daybook_appended_events_total 1\n") && !text.contains("shop="), "{text}");
}
