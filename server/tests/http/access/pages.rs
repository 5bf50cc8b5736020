//! Each page, as the server renders it, for each role: it offers what that role may do, and shows what it may see.

use std::collections::BTreeSet;

use app::viewer::{may_open, place_of};
use domain::books::Role;
use reqwest::StatusCode;
use serde_json::json;

use super::{
    matrix::routes_of_pages,
    owner,
    visitors::{by_token, let_in},
};
use crate::{
    people::{person, session},
    pictures::DOT,
    support::{Daybook, SHOP, answer, memory},
};

/// In every field that takes money, in minor units, and as the pages of these tests write it.
const SUM: i64 = 9_876_543;
const WRITTEN: &str = "98,765.43";

/// What an account is over its limit by.
const OVER: &str = "790,123.44";

/// What a stock hand's pages must be without: the sum and what comes of several, written and as data, and whose accounts
/// there are.
const MONEY: [&str; 10] = [
    WRITTEN,
    "9876543",
    "197,530.86",
    "19753086",
    OVER,
    "79012344",
    "888,888.87",
    "88888887",
    "Canary fund",
    "Asha Payer",
];

/// Pages by their routes, and an address of each with something on it.
const PAGES: &[(&str, &[&str])] = &[
    ("", &["", "?as_of={then}"]),
    ("/till", &["/till?basket=A*1"]),
    ("/products", &["/products", "/products?q=Bread"]),
    ("/products/new", &["/products/new"]),
    ("/products/{sku}", &["/products/A", "/products/A?as_of={then}"]),
    ("/stock", &["/stock", "/stock?view=batches"]),
    ("/stock/receive", &["/stock/receive"]),
    ("/batches/{batchref}", &["/batches/B", "/batches/LATER"]),
    ("/orders", &["/orders", "/orders?q=Asha"]),
    ("/orders/new", &["/orders/new"]),
    ("/orders/{order_id}", &["/orders/O", "/orders/POOR", "/orders/DRAFT", "/orders/O?as_of={then}"]),
    ("/orders/{order_id}/print", &["/orders/O/print"]),
    ("/pictures", &["/pictures"]),
    ("/pictures/{picture_id}", &["/pictures/P"]),
    ("/accounts", &["/accounts"]),
    ("/accounts/new", &["/accounts/new"]),
    ("/accounts/transfer", &["/accounts/transfer"]),
    ("/accounts/{account_id}", &["/accounts/1", "/accounts/1?as_of={then}"]),
    ("/accounts/{account_id}/print", &["/accounts/1/print"]),
    ("/transfers/{transfer_id}", &["/transfers/T"]),
    ("/sales/{number}/print", &["/sales/S/print"]),
    (
        "/history/{aggregate}",
        &["/history/product-A", "/history/order-O", "/history/order-POOR", "/history/account-1", "/history/sale-S"],
    ),
    ("/why/{what}", &["/why/on-hand-A", "/why/available-A", "/why/total-O", "/why/balance-1"]),
    ("/reports/{name}", &["/reports/sales", "/reports/stock?sku=A", "/reports/balance?account=1"]),
    ("/book", &["/book", "/book?before=12"]),
    ("/book/{position}", &["/book/{each}"]),
    ("/attention", &["/attention"]),
    ("/attention/{command}", &["/attention/00000000-0000-0000-0000-000000000001"]),
    ("/device", &["/device"]),
    ("/switch", &["/switch"]),
    ("/people", &["/people"]),
    ("/devices", &["/devices"]),
    ("/inspector", &["/inspector"]),
    ("/more", &["/more"]),
    ("/{*any}", &["/no-such-page"]),
];

/// A shop with the sum wherever there is room for one, and one person of each role. The entry that pages look back to.
async fn rich() -> (Daybook, u64) {
    let store = memory().await.unwrap().store;
    let daybook = Daybook::on(&store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Bread", "price": 100})).await;
    daybook.accepted("product.change", json!({"sku": "A", "price": SUM})).await;
    daybook.receive("B", "A", 40).await;
    let expected = json!({"batchref": "LATER", "sku": "A", "qty": 5, "eta": "2031-01-01"});
    daybook.accepted("stock.receive", expected).await;
    let account = |id: &str, balance: i64| json!({"account_id": id, "title": "Canary fund", "owner": "Asha Payer", "initial_balance": balance, "limit": SUM});
    daybook.accepted("account.open", account("1", SUM)).await;
    daybook.accepted("account.open", account("2", 0)).await;
    daybook.accepted("account.credit", json!({"account_id": "2", "amount": SUM, "reference": "x"})).await;
    let line = json!([{"sku": "A", "qty": 1}]);
    daybook.accepted("order.place", json!({"order_id": "O", "lines": line, "account": "1"})).await;
    let then = daybook.head().await;
    daybook.accepted("transfer.request", json!({"transfer_id": "T", "from": "2", "to": "1", "amount": SUM})).await;
    // More than there is on it: an order that is not accepted, and is handed over all the same.
    let much = json!([{"sku": "A", "qty": 9}]);
    daybook.accepted("order.place", json!({"order_id": "POOR", "lines": much, "account": "2"})).await;
    daybook.accepted("order.hand_over", json!({"order_id": "POOR"})).await;
    daybook.accepted("order.add_item", json!({"order_id": "DRAFT", "sku": "A", "qty": 2})).await;
    let refused = daybook.command("account.debit", json!({"account_id": "2", "amount": 3 * SUM})).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Paid later, far beyond the limit.
    let sale = |id: &str, qty: u32, payment: serde_json::Value| {
        let mut sale = json!({"sale_id": id, "lines": [{"sku": "A", "qty": qty, "price": SUM}]});
        sale.as_object_mut().unwrap().extend(payment.as_object().unwrap().clone());
        sale
    };
    daybook.accepted("sale.record", sale("S", 1, json!({"payment": "cash"}))).await;
    daybook.accepted("sale.record", sale("LATER", 9, json!({"payment": "account", "account": "2"}))).await;
    let (_, kept) = answer(daybook.client.post(daybook.url("/blobs")).body(DOT).send().await.unwrap()).await;
    let picture = json!({"picture_id": "P", "blob": kept["blob"], "media_type": kept["media_type"], "width": kept["width"],
        "height": kept["height"], "about": {"account": "1"}});
    daybook.accepted("picture.add", picture).await;
    daybook.accepted("comment.add", json!({"comment_id": "C", "picture_id": "P", "text": "Mine"})).await;
    store.access().set_member(owner()).await.unwrap();
    for role in Role::ALL {
        person(&*store, role.word(), SHOP, role).await;
    }
    (daybook, then)
}

/// Types of the commands that a page has forms of.
fn offered(html: &str) -> BTreeSet<String> {
    let fields = html.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let types = fields.filter(|field| field.contains("name=\"type\""));
    let value = |field: &str| Some(field.split_once("value=\"")?.1.split('"').next()?.to_owned());
    types.filter_map(value).collect()
}

fn links(html: &str) -> impl Iterator<Item = &str> {
    html.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next())
}

#[tokio::test(flavor = "multi_thread")]
async fn us_22_every_page_offers_what_a_role_may_do_and_shows_what_it_may_see() {
    let of_table: BTreeSet<String> = PAGES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(of_table, routes_of_pages(), "a page without a row, or a row without a page");
    let (daybook, then) = rich().await;
    let head = daybook.store.head(&domain::ShopSlug::parse(SHOP).unwrap()).await.unwrap().unwrap().position;
    let mut forms = BTreeSet::new();
    for role in Role::ALL {
        let cookie = session(&daybook, role.word()).await;
        let addresses = PAGES.iter().flat_map(|(_, addresses)| addresses.iter());
        let addresses = addresses.flat_map(|address| match address.contains("{each}") {
            true => (1..=head).map(|position| address.replace("{each}", &position.to_string())).collect(),
            false => vec![address.replace("{then}", &then.to_string())],
        });
        for address in addresses {
            let request = daybook.client.get(format!("{}/s/{SHOP}{address}", daybook.origin));
            let response = request.header("accept", "text/html").header("cookie", &cookie).send().await.unwrap();
            let (status, html) = (response.status(), response.text().await.unwrap());
            let opens = may_open(role, &address).is_ok();
            assert_eq!(status == StatusCode::FORBIDDEN, !opens, "{address} for {role}: {status}");
            for command in offered(&html) {
                assert!(role.may_send_type(&command).is_ok(), "{address} offers {command} to {role}");
                forms.insert(command);
            }
            for link in links(&html) {
                assert!(may_open(role, place_of(link)).is_ok(), "{address} leads {role} to {link}");
            }
            if !role.sees_money() {
                let before = |word: &str| html.split_once(word).map(|(before, _)| before.chars().rev().take(200));
                for word in MONEY {
                    let found =
                        before(word).map(|letters| letters.collect::<Vec<_>>().into_iter().rev().collect::<String>());
                    assert_eq!(found, None, "{address} shows {role} {word}");
                }
            }
            // The test would find it, were it there.
            let shows = ["", "/products", "/orders/O", "/book", "/attention", "/history/product-A", "/orders/O/print"];
            if role.sees_money() && shows.contains(&address.as_str()) {
                let sum = if address == "/attention" { OVER } else { WRITTEN };
                assert!(html.contains(sum), "{address} shows {role} no {sum}");
            }
            if role == Role::Reader {
                assert!(offered(&html).is_empty(), "{address} has a form for readers");
            }
        }
    }
    for command in ["product.change", "stock.count", "order.place", "account.credit", "comment.add", "sale.record"] {
        assert!(forms.contains(command), "no page offers {command}: {forms:?}");
    }
}

/// Programs are shown no more than people.
#[tokio::test(flavor = "multi_thread")]
async fn us_22_a_history_is_told_without_its_sums_to_whoever_sees_no_money() {
    let (daybook, _) = rich().await;
    let told = async |role: Role, record: &str| {
        let token = let_in(&*daybook.store, SHOP, &format!("{role}-{record}"), role).await;
        let answered = by_token(daybook.get(&format!("/history/{record}")), &token).send().await.unwrap();
        assert_eq!(answered.status(), StatusCode::OK, "{record}");
        answered.text().await.unwrap()
    };
    for record in ["product-A", "order-O", "order-POOR", "stock-A"] {
        let (whole, goods) = (told(Role::Reader, record).await, told(Role::StockHand, record).await);
        let found = |text: &str| MONEY.iter().any(|word| text.contains(word));
        assert!(!found(&goods), "{record}: {goods}");
        assert!(found(&whole) || record == "stock-A", "{record}: {whole}");
        assert_eq!(goods.matches("\"position\"").count(), whole.matches("\"position\"").count(), "{record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p_2_the_pages_of_a_server_that_only_reads_say_so_and_disable_what_writes() {
    let store = memory().await.unwrap().store;
    let writes = Daybook::on(&store).await;
    writes.accepted("product.add", json!({"sku": "A", "name": "Bread", "price": 100})).await;
    let reads = Daybook::configured(&store, |config| config.read_only = true).await;
    for path in ["/products/A", "/products/new", "/till?basket=A*1", "/stock/receive", "/people"] {
        let page = async |daybook: &Daybook| {
            let request =
                daybook.client.get(format!("{}/s/{SHOP}{path}", daybook.origin)).header("accept", "text/html");
            request.send().await.unwrap().text().await.unwrap()
        };
        let (one, other) = (page(&reads).await, page(&writes).await);
        assert!(one.contains("data-testid=\"reads-only\"") && one.contains("This server only reads"), "{path}: {one}");
        assert!(one.contains("aria-describedby=\"reads-only-reason\""), "{path}: {one}");
        let forms = |html: &str| html.matches("method=\"post\"").count();
        assert_eq!(forms(&one), forms(&other), "{path}: nothing is missing");
        assert!(!other.contains("only reads") && !other.contains("class=\"not-now\""), "{path}");
    }
}
