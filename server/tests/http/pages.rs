//! Pages and files, as a browser without a script meets them.

use reqwest::{StatusCode, header};
use serde_json::json;

use crate::support::{Daybook, memory};

async fn with_demo_shop() -> Daybook {
    let daybook = Daybook::on(&memory().await.unwrap().store).await;
    server::demo::fill(&daybook.running.as_ref().unwrap().server.shops).await.unwrap();
    daybook
}

/// Many at once, on several threads: what a page leaves behind may be cleared away on another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_page_arrives_whole_with_its_data() {
    let daybook = with_demo_shop().await;
    for (path, shows) in [
        ("/", "Daybook"),
        ("/s/demo", "demo"),
        ("/s/demo/till", "Oat bread"),
        ("/s/demo/products", "Oat bread"),
        ("/s/demo/products/OAT-1", "Sourdough"),
        ("/s/demo/products/new", "<form"),
        ("/s/demo/stock", "OAT-1"),
        ("/s/demo/stock/receive", "<form"),
        ("/s/demo/batches/B-001", "B-001"),
        ("/s/demo/orders", "O-0001"),
        ("/s/demo/orders/O-0001", "O-0001"),
        ("/s/demo/book", "<"),
        ("/s/demo/book/1", "<"),
        ("/s/demo/attention", "<"),
        ("/s/demo/history/product-OAT-1", "Oat bread"),
        ("/s/demo/history/order-O-0001", "O-0001"),
        ("/s/demo/why/on-hand-OAT-1", "Received"),
        ("/s/demo/why/available-OAT-1?recount=1", "same number"),
        ("/s/demo/reports/sales", "<svg"),
        ("/s/demo/reports/stock?sku=OAT-1", "<svg"),
        ("/s/demo/orders/O-0001/print", "as of entry #"),
        ("/s/demo?as_of=40", "as it was at entry #40"),
        ("/s/demo/products/OAT-1?as_of=90", "Compare with now"),
        ("/s/demo/device", "<"),
        ("/s/demo/inspector", "Inspector"),
    ] {
        let visits = (0..12).map(|_| {
            let request = daybook.client.get(format!("{}{path}", daybook.origin)).header("accept", "text/html");
            tokio::spawn(async move {
                let response = request.send().await.unwrap();
                (response.status(), response.headers().clone(), response.text().await)
            })
        });
        for visit in futures::future::join_all(visits).await {
            let (status, headers, html) = visit.unwrap();
            let html = html.unwrap_or_else(|error| panic!("{path} was cut off: {error}"));
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(html.contains("</html>") && html.contains(shows), "{path}: {shows} is not in {html}");
            assert_eq!(headers["cache-control"], "private, no-cache", "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && policy.contains("'nonce-"), "{path}: {policy}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_page_is_404() {
    let daybook = with_demo_shop().await;
    for path in ["/nowhere", "/s/demo/nowhere", "/s/no-such-shop", "/s/demo/products/NO-SUCH"] {
        let page = daybook.client.get(format!("{}{path}", daybook.origin)).header("accept", "text/html").send().await;
        let page = page.unwrap();
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
    let program = daybook.client.get(format!("{}/nowhere", daybook.origin)).send().await.unwrap();
    assert_eq!(program.headers()["content-type"], "application/problem+json");
}

/// What stands between a mark and the next tag.
fn after<'a>(html: &'a str, mark: &str) -> &'a str {
    let rest = html.split_once(mark).unwrap_or_else(|| panic!("{mark} is not in {html}")).1;
    rest.split('<').next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn us_17_r_21_a_page_shows_the_shop_as_it_was_at_an_entry_and_at_a_time() {
    let daybook = Daybook::on(&memory().await.unwrap().store).await;
    let page = async |path: &str| {
        let request = daybook.client.get(format!("{}/s/test{path}", daybook.origin)).header("accept", "text/html");
        let response = request.send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    let (status, html) = page("?as_of=1").await;
    assert!(status == StatusCode::NOT_FOUND && html.contains("The book starts with entry #1"), "{html}");
    daybook.receive("B-1", "OAT", 5).await;
    let then = daybook.head().await;
    daybook.receive("B-2", "OAT", 4).await;
    let (_, html) = page(&format!("/products/OAT?as_of={then}")).await;
    assert!(html.contains(&format!("as it was at entry #{then}")), "{html}");
    assert!(html.contains("<fieldset disabled") && html.contains("class=\"not-now\""), "{html}");
    assert!(html.contains("batches/B-1") && !html.contains("batches/B-2"), "{html}");
    let compared = after(&html, "data-compared=\"On hand\"");
    assert!(compared.starts_with('>'), "{compared}");
    let (_, now) = page("/products/OAT").await;
    assert!(!now.contains("class=\"not-now\"") && now.contains("batches/B-2"));
    let (status, html) = page("/products/OAT?as_of=1999-01-01").await;
    assert!(status == StatusCode::NOT_FOUND && html.contains("(entry #1)") && html.contains("Go to #1"), "{html}");
    let (_, html) = page("?as_of=9999-01-01").await;
    assert!(html.contains(&format!("as it was at entry #{}", daybook.head().await)), "what is yet to come is as now");
    let (status, html) = page("?as_of=soon").await;
    assert!(status == StatusCode::NOT_FOUND && html.contains("No such moment"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_by_their_tag() {
    let daybook = Daybook::on(&memory().await.unwrap().store).await;
    let get = |tag: &str| {
        let request = daybook.client.get(format!("{}/favicon.svg", daybook.origin));
        request.header(header::IF_NONE_MATCH, tag).send()
    };
    let first = get("").await.unwrap();
    assert_eq!((first.status(), &first.headers()["content-type"]), (StatusCode::OK, &"image/svg+xml".parse().unwrap()));
    assert_eq!(first.headers()["vary"], "accept-encoding");
    assert_eq!(first.headers()["x-content-type-options"], "nosniff");
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(get(&tag).await.unwrap().status(), StatusCode::NOT_MODIFIED);
    let upward = daybook.client.get(format!("{}/..%2f..%2fCargo.toml", daybook.origin)).send().await.unwrap();
    assert_eq!(upward.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kept_document_names_its_scripts_and_every_answer_its_release() {
    let daybook = Daybook::on(&memory().await.unwrap().store).await;
    let get = |path: &str| daybook.client.get(format!("{}{path}", daybook.origin)).send();
    let shell = get("/offline").await.unwrap();
    let release = shell.headers()["daybook-release"].clone();
    let policy = shell.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("nonce"), "{policy}");
    let html = shell.text().await.unwrap();
    assert!(html.contains("data-boot=\"csr\"") && html.matches("<script").count() == 2, "{html}");
    for path in ["/", "/healthz", "/nowhere", "/s/test"] {
        assert_eq!(get(path).await.unwrap().headers()["daybook-release"], release, "{path}");
    }
}

/// Files of a debug build have no lasting names, so nothing may be kept of them; the same script ends a bad release.
#[tokio::test(flavor = "multi_thread")]
async fn f30_where_nothing_may_be_kept_the_worker_retires() {
    let daybook = Daybook::on(&memory().await.unwrap().store).await;
    let worker = daybook.client.get(format!("{}/sw.js", daybook.origin)).send().await.unwrap();
    assert_eq!(worker.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(worker.headers()["cache-control"], "no-store");
    let script = worker.text().await.unwrap();
    assert!(script.contains("registration.unregister()") && script.contains("caches.delete"), "{script}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_ends_no_title_and_no_field() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    let text = "</textarea></title><b onfocus=\"alert(1)\">Milk & more";
    let product = json!({"sku": "A", "name": text, "description": text, "category": "Dairy", "price": 420});
    daybook.accepted("product.add", product).await;
    let page = daybook.client.get(format!("{}/s/test/products/A", daybook.origin)).header("accept", "text/html");
    let html = page.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("&lt;/textarea") && html.contains("Milk &amp; more"), "{html}");
    let markup = html.split("<script").next().unwrap();
    assert!(!markup.contains("<b onfocus"), "{markup}");
    assert_eq!(html.matches("</title>").count(), 1, "{html}");
}
