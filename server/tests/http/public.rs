//! The server as people reach it from outside: by a public name, over TLS that a proxy in front speaks. What the proxy does
//! to a request is done here by hand; `end2end/nginx.sh` does it with a real one.

use domain::{ShopSlug, books::Role};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use server::{Config, StartError, http::arrival::Edge};
use store::contract::Fixture;

use crate::{
    people::{PASSWORD, location, person},
    support::{Daybook, SHOP, memory, on_every_store},
};

on_every_store!(
    by_a_public_name_a_shop_without_people_asks_and_gets_its_first_owner_by_an_invite_alone,
    whoever_signs_in_by_a_public_name_has_a_cookie_that_no_plain_connection_sees,
);

const NAME: &str = "books.example";

fn edge() -> Edge {
    Edge { origins: vec![format!("https://{NAME}").parse().unwrap()], proxies: vec![[127, 0, 0, 1].into()] }
}

async fn public(fixture: &Fixture) -> Daybook {
    Daybook::configured(&fixture.store, |config| config.edge = edge()).await
}

/// A request as the proxy passes it on, of somebody at `from`.
fn forwarded(daybook: &Daybook, method: Method, path: &str, from: &str) -> RequestBuilder {
    let request = daybook.client.request(method, format!("{}{path}", daybook.origin));
    request.header("host", NAME).header("x-forwarded-proto", "https").header("x-forwarded-for", from)
}

fn get(daybook: &Daybook, path: &str) -> RequestBuilder {
    forwarded(daybook, Method::GET, path, "192.0.2.7")
}

fn post(daybook: &Daybook, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
    forwarded(daybook, Method::POST, path, "192.0.2.7").form(form)
}

fn set_cookie(response: &Response) -> &str {
    response.headers()["set-cookie"].to_str().unwrap()
}

async fn by_a_public_name_a_shop_without_people_asks_and_gets_its_first_owner_by_an_invite_alone(fixture: Fixture) {
    let daybook = public(&fixture).await;
    let digest = format!("/api/v1/shops/{SHOP}/digest");
    assert_eq!(get(&daybook, &digest).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let page = get(&daybook, "/s/test/people").header("accept", "text/html").send().await.unwrap();
    assert_eq!(location(&page), "/sign-in?next=%2Fs%2Ftest%2Fpeople");
    let found = [("do", "found"), ("login", "eve"), ("password", PASSWORD)];
    assert_eq!(post(&daybook, "/s/test/people", &found).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(fixture.store.access().people().await.unwrap(), []);
    // On the machine itself nothing is another than it was.
    assert_eq!(daybook.get("/digest").send().await.unwrap().status(), StatusCode::OK);

    let shop = ShopSlug::parse(SHOP).unwrap();
    let access = &daybook.running.as_ref().unwrap().server.access;
    let code = access.invite(&shop, Role::Owner).await.unwrap().text();
    let joins = [("code", code.as_str()), ("login", "asha"), ("name", "Asha"), ("password", PASSWORD)];
    let joined = post(&daybook, "/join", &joins).send().await.unwrap();
    assert_eq!(location(&joined), "/s/test");
    let cookie = set_cookie(&joined).split(';').next().unwrap().to_owned();
    let people = get(&daybook, "/s/test/people").header("accept", "text/html").header("cookie", &cookie);
    assert!(people.send().await.unwrap().text().await.unwrap().contains("Asha (you)"));
}

async fn whoever_signs_in_by_a_public_name_has_a_cookie_that_no_plain_connection_sees(fixture: Fixture) {
    let daybook = public(&fixture).await;
    person(&*fixture.store, "asha", SHOP, Role::Seller).await;
    let form = [("login", "asha"), ("password", PASSWORD)];
    let signed_in = post(&daybook, "/session", &form).header("origin", format!("https://{NAME}")).send().await.unwrap();
    let set = set_cookie(&signed_in);
    assert!(set.starts_with("__Host-daybook_session=daybook_") && set.contains("; Secure"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    let digest = format!("/api/v1/shops/{SHOP}/digest");
    assert_eq!(get(&daybook, &digest).header("cookie", &cookie).send().await.unwrap().status(), StatusCode::OK);
    // Under the name of a plain connection it is nobody's.
    let plain = cookie.trim_start_matches("__Host-");
    for wrong in [get(&daybook, &digest).header("cookie", plain), daybook.get("/digest").header("cookie", &cookie)] {
        assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    for origin in ["http://books.example", "https://evil.example"] {
        let forged = post(&daybook, "/session", &form).header("origin", origin).send().await.unwrap();
        assert_eq!(forged.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    // Nor is the word to the next script anybody else's.
    let end = post(&daybook, "/session/end", &[]).header("cookie", &cookie).header("accept", "text/html");
    let ended = end.header("origin", format!("https://{NAME}")).send().await.unwrap();
    let set: Vec<_> = ended.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    let word = set.iter().find(|set| set.contains("daybook_out")).unwrap();
    assert!(word.starts_with("__Host-daybook_out=asha; Path=/;") && word.ends_with("; Secure"), "{word}");
}

#[tokio::test]
async fn every_answer_over_tls_asks_for_tls_from_now_on_and_no_other_does() {
    let fixture = memory().await.unwrap();
    let daybook = public(&fixture).await;
    for path in ["/", "/healthz", "/s/test", "/no-such-page", "/api/v1/shops/test/digest", "/sw.js", "/favicon.svg"] {
        let secure = get(&daybook, path).header("accept", "text/html").send().await.unwrap();
        let said = secure.headers().get("strict-transport-security").map(|value| value.to_str().unwrap());
        assert_eq!(said, Some("max-age=63072000; includeSubDomains"), "{path}");
        let plain = daybook.client.get(format!("{}{path}", daybook.origin)).send().await.unwrap();
        assert!(plain.headers().get("strict-transport-security").is_none(), "{path}");
    }
}

#[tokio::test]
async fn other_names_other_ways_and_names_of_this_machine_from_outside_are_refused() {
    let fixture = memory().await.unwrap();
    let daybook = public(&fixture).await;
    for headers in [
        &[("host", "evil.example"), ("x-forwarded-proto", "https")][..],
        &[("host", NAME)],
        &[("host", NAME), ("x-forwarded-proto", "http")],
        &[("host", "localhost"), ("x-forwarded-for", "192.0.2.7")],
        &[("host", NAME), ("x-forwarded-host", "localhost"), ("x-forwarded-proto", "https")],
    ] {
        let ask = daybook.client.get(daybook.url("/digest"));
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(*name, *value));
        let said = ask.send().await.unwrap();
        assert_eq!(said.status(), StatusCode::MISDIRECTED_REQUEST, "{headers:?}");
        assert_eq!(said.headers()["x-content-type-options"], "nosniff");
    }
    // A peer that is no proxy is not believed, whatever it says.
    let other = Edge { proxies: vec![[192, 0, 2, 1].into()], ..edge() };
    let daybook = Daybook::configured(&fixture.store, |config| config.edge = other).await;
    assert_eq!(get(&daybook, "/").send().await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn numbers_of_the_server_without_a_key_are_for_the_machine_itself() {
    let fixture = memory().await.unwrap();
    let daybook = public(&fixture).await;
    assert_eq!(get(&daybook, "/metrics").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let here = daybook.client.get(format!("{}/metrics", daybook.origin)).send().await.unwrap();
    assert_eq!(here.status(), StatusCode::OK);
}

/// Signs in with a wrong password often enough for a pause; answers whether the right one gets in after it.
async fn gets_in_after_guessing(daybook: &Daybook, from: impl Fn(u32) -> String, then: &str) -> bool {
    let try_it = async |from: &str, password: &str| {
        let form = [("login", "asha"), ("password", password)];
        location(&forwarded(daybook, Method::POST, "/session", from).form(&form).send().await.unwrap())
    };
    for number in 0..10 {
        try_it(&from(number), "guess guess").await;
    }
    try_it(then, PASSWORD).await.starts_with("/s/")
}

#[tokio::test]
async fn a_header_that_somebody_made_up_does_not_change_where_they_guess_from() {
    let fixture = memory().await.unwrap();
    let through_proxy = public(&fixture).await;
    person(&*fixture.store, "asha", SHOP, Role::Seller).await;
    // The proxy has added the last one; what stands before it came with the request.
    let spoofed = |number: u32| format!("203.0.113.{number}, 192.0.2.7");
    assert!(!gets_in_after_guessing(&through_proxy, spoofed, "203.0.113.99, 192.0.2.7").await);
    assert!(gets_in_after_guessing(&through_proxy, |number| format!("198.51.100.{number}"), "192.0.2.8").await);
    // Without a proxy there is nobody to believe.
    let direct = Daybook::on(&fixture.store).await;
    let form = [("login", "asha"), ("password", "guess guess")];
    let mut words = Vec::new();
    for number in 0..10 {
        let post = direct.client.post(format!("{}/session", direct.origin)).form(&form);
        let said = post.header("x-forwarded-for", format!("203.0.113.{number}")).send().await.unwrap();
        words.push(location(&said));
    }
    assert!(words.last().unwrap().contains("problem=later"), "{words:?}");
}

#[tokio::test]
async fn a_server_for_outside_says_by_which_name_through_which_proxy_and_has_no_demo() {
    let fixture = memory().await.unwrap();
    let anywhere = ([0, 0, 0, 0], 0).into();
    let start = async |change: &dyn Fn(&mut Config)| {
        let mut config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        change(&mut config);
        match server::start_on(config, fixture.store.clone()).await {
            Ok(running) => {
                running.stop().await;
                None
            }
            Err(error) => Some(error),
        }
    };
    assert!(matches!(start(&|config| config.listen = anywhere).await, Some(StartError::NotLoopback(_))));
    let nameless = Edge { proxies: vec![], ..edge() };
    assert!(matches!(start(&|config| config.edge = nameless.clone()).await, Some(StartError::NoProxy(_))));
    let demo = |config: &mut Config| (config.edge, config.demo) = (edge(), true);
    assert!(matches!(start(&demo).await, Some(StartError::DemoInPublic)));
    let served = |config: &mut Config| (config.listen, config.edge) = (anywhere, edge());
    assert!(start(&served).await.is_none());
    let guessable = |config: &mut Config| config.database_url = "postgres://postgres:postgres@db/daybook".to_owned();
    assert!(matches!(start(&guessable).await, Some(StartError::Secret(_))));
}

#[tokio::test]
async fn the_demo_is_everybodys_from_outside_only_where_the_operator_says_so() {
    let fixture = memory().await.unwrap();
    let told = |config: &mut Config| (config.edge, config.demo, config.public_demo) = (edge(), true, true);
    let daybook = Daybook::configured(&fixture.store, told).await;
    for (shop, status) in [("demo", StatusCode::OK), (SHOP, StatusCode::UNAUTHORIZED)] {
        let said = get(&daybook, &format!("/api/v1/shops/{shop}/digest")).send().await.unwrap();
        assert_eq!(said.status(), status, "{shop}");
    }
    let unknown = [("title", "Mine"), ("login", "eve"), ("password", PASSWORD)];
    let refused = location(&post(&daybook, "/start", &unknown).send().await.unwrap());
    assert!(refused.contains("problem=start-nobody"), "nobody makes themselves known from outside: {refused}");
    let made = post(&daybook, "/demo", &[]).send().await.unwrap();
    let theirs = location(&made).strip_prefix("/s/").expect("a shop of theirs").to_owned();
    let digest =
        async |shop: &str| get(&daybook, &format!("/api/v1/shops/{shop}/digest")).send().await.unwrap().status();
    assert_eq!(digest(&theirs).await, StatusCode::OK, "a visitor's own is theirs from outside too");
    let at = theirs.len() - 1;
    let other = if theirs.ends_with('a') { "b" } else { "a" };
    assert_eq!(digest(&format!("{}{other}", &theirs[..at])).await, StatusCode::NOT_FOUND, "and no other has been made");
}
