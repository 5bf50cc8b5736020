//! What the program writes down of itself, at its most talkative, while secrets go through it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::json;
use store::testing::SqliteFile;

use super::{daybook, said, with_input};

/// Stands in everything that must not be written down, but in tokens, which nobody chooses.
const WORD: &str = "wagtail";

/// A server in a process of its own.
struct Serving {
    process: Child,
    origin: String,
    log: String,
}

impl Serving {
    fn start(file: &SqliteFile, metrics_key: &str) -> Self {
        let log = format!("{}.log", file.url().trim_start_matches("sqlite:"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_daybook"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-json"])
            .env("DATABASE_URL", file.url())
            .env("DAYBOOK_METRICS_KEY", metrics_key)
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.trim().strip_prefix("Daybook is at ").unwrap().trim_end_matches('/').to_owned();
        Self { process, origin, log }
    }

    /// Ends it as an operator does; answers what it wrote.
    fn stop(mut self) -> String {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

fn token(file: &SqliteFile, shop: &str, more: &[&str]) -> String {
    let arguments = [&["token", "create", "--shop", shop, "--role", "reader"][..], more].concat();
    said(&daybook(file, &arguments)).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_nothing_of_a_shop_is_in_the_log_and_every_refusal_at_the_door_is() {
    let file = SqliteFile::new();
    for shop in ["corner", "market"] {
        assert!(daybook(&file, &["shop", "create", shop]).status.success());
    }
    let (right, wrong, key) = (format!("{WORD}-right-one"), format!("{WORD}-wrong-one"), format!("{WORD}-metrics-key"));
    assert!(daybook(&file, &["person", "add", "asha", "--shop", "corner", "--role", "owner"]).status.success());
    assert!(with_input(&file, &["person", "password", "asha"], &format!("{right}\n")).status.success());
    let reads = token(&file, "corner", &["--name", "reads", "--read-only"]);
    let (revoked, other) = (token(&file, "corner", &["--name", "gone"]), token(&file, "market", &["--name", "theirs"]));
    assert!(daybook(&file, &["token", "revoke", "gone", "--shop", "corner"]).status.success());

    let serving = Serving::start(&file, &key);
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let at = |path: &str| format!("{}{path}", serving.origin);
    let books = |path: &str| at(&format!("/api/v1/shops/corner{path}"));
    let sign_in =
        |login: String, password: String| client.post(at("/session")).form(&[("login", login), ("password", password)]);
    let signed_in = sign_in("asha".to_owned(), right.clone()).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    let text = |what: &str| format!("{WORD} {what}");
    let product = json!({"type": "product.add", "device": text("phone"),
        "data": {"sku": format!("{WORD}-1"), "name": text("bread"), "category": text("shelf"), "price": 1}});
    let posted = |body: String| client.post(books("/commands")).header("content-type", "application/json").body(body);
    let unfit = format!("{{\"type\": \"product.add\", \"data\": {{\"{WORD}\": 1}}, \"{WORD}\": ");
    for (request, expected) in [
        (posted(product.to_string()).header("cookie", &cookie), StatusCode::OK),
        (posted(product.to_string()).header("cookie", &cookie), StatusCode::UNPROCESSABLE_ENTITY),
        (posted(unfit).header("cookie", &cookie), StatusCode::BAD_REQUEST),
        (client.get(books(&format!("/products?q={WORD}"))).bearer_auth(&reads), StatusCode::OK),
        (posted(product.to_string()).bearer_auth(&reads), StatusCode::FORBIDDEN),
        (client.get(books("/products")).bearer_auth(&revoked), StatusCode::UNAUTHORIZED),
        (client.get(books("/products")).bearer_auth(format!("{WORD}-token")), StatusCode::UNAUTHORIZED),
        (client.get(books("/products")).bearer_auth(&other), StatusCode::NOT_FOUND),
        (client.get(at("/metrics")).bearer_auth(&key), StatusCode::OK),
        (client.get(at("/metrics")).bearer_auth(format!("{WORD}-no-key")), StatusCode::UNAUTHORIZED),
        (sign_in("asha".to_owned(), wrong.clone()), StatusCode::SEE_OTHER),
        // The password in the wrong field.
        (sign_in(right.clone(), String::new()), StatusCode::SEE_OTHER),
        (
            posted(product.to_string()).header("cookie", &cookie).header("origin", format!("http://{WORD}.example")),
            StatusCode::FORBIDDEN,
        ),
        (client.get(at("/")).header("host", format!("{WORD}.example")), StatusCode::MISDIRECTED_REQUEST),
    ] {
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    // What an owner makes, and whoever comes with it.
    let form = |path: &str, fields: &[(&str, &str)]| client.post(at(path)).header("cookie", &cookie).form(fields);
    assert!(daybook(&file, &["person", "add", "marek", "--shop", "corner", "--role", "seller"]).status.success());
    let mut codes = Vec::new();
    for (fields, page) in
        [(&[("do", "invite"), ("role", "reader")][..], "join"), (&[("do", "reset"), ("login", "marek")], "reset")]
    {
        let made = form("/s/corner/people", fields).send().await.unwrap();
        let shown = made.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let code = shown.split_once('.').unwrap().1.to_owned();
        for path in ["/s/corner/people".to_owned(), format!("/{page}/{code}")] {
            client.get(at(&path)).header("cookie", format!("{cookie}; {shown}")).send().await.unwrap();
        }
        let fields = [("code", code.as_str()), ("login", "bo"), ("password", right.as_str())];
        let used = client.post(at(&format!("/{page}"))).form(&fields).send().await.unwrap();
        assert_eq!(used.status(), StatusCode::SEE_OTHER);
        codes.push(code.trim_start_matches("daybook_").to_owned());
    }
    for _ in 0..8 {
        sign_in("asha".to_owned(), wrong.clone()).send().await.unwrap();
    }

    let log = serving.stop();
    for code in [
        "reads_only",
        "invalid_token",
        "other_shop",
        "invalid_metrics_key",
        "wrong_password",
        "too_many_tries",
        "cross_site",
        "wrong_host",
    ] {
        assert!(log.contains(&format!("\"code\":\"{code}\"")), "{code}");
    }
    assert!(log.contains("\"DEBUG\"") && log.contains("\"from\":\"127.0.0.1\""), "at its most talkative");
    let secrets = [&reads, &revoked, &other].map(|token| token.trim_start_matches("daybook_"));
    let session = cookie.rsplit("daybook_").next().unwrap();
    for line in log.lines() {
        let said = |secret: &str| line.to_lowercase().contains(&secret.to_lowercase());
        assert!(!said(WORD) && !said(session) && !secrets.iter().any(|secret| said(secret)), "{line}");
        assert!(!codes.iter().any(|code| said(code)), "{line}");
    }
}
