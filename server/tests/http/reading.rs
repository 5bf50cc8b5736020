//! Reads: position, ETag, past and future.

use std::{sync::Arc, time::Duration};

use reqwest::StatusCode;
use serde_json::{Value, json};
use store::{EventStore, contract::Fixture, testing::Interposed};

use crate::support::{Daybook, METRICS_KEY, answer, on_every_store};

on_every_store!(
    c_15_every_read_has_its_position_as_an_etag,
    c_21_c_38_allocations_by_order_and_by_line,
    p_4_r_29_min_position_waits_until_it_is_reached,
    as_of_answers_from_the_past,
    p3_the_log_by_page_and_as_one_stream,
    k_6_k_8_the_documents_have_their_shapes,
    c_39_a_cache_may_show_the_last_document_for_seconds_unless_a_position_was_named,
    d_19_a_category_is_there_as_long_as_a_product_is_in_it,
    d_9_d_18_a_change_shows_in_the_product_and_in_its_category,
    d_2_c_26_what_a_read_asks_the_store_does_not_grow_with_the_rows,
    history_tells_what_was_and_is_now,
    p9_no_byte_of_one_shop_reaches_another,
);

async fn c_15_every_read_has_its_position_as_an_etag(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let head = daybook.receive("B", "A", 4).await;
    for path in [
        "/products",
        "/products/A",
        "/batches/B",
        "/stock/A",
        "/orders",
        "/accounts",
        "/digest",
        "/snapshot",
        "/events?after=0",
        "/history/stock-A",
    ] {
        let response = daybook.get(path).send().await.unwrap();
        assert_eq!(response.headers()["daybook-position"], head.to_string().as_str(), "{path}");
        let etag = response.headers()["etag"].clone();
        assert_eq!(etag, format!("\"{head}\"").as_str(), "{path}");
        let again = daybook.get(path).header("if-none-match", &etag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!((again.headers()["etag"].clone(), again.text().await.unwrap()), (etag, String::new()), "{path}");
    }
    daybook.receive("C", "A", 1).await;
    let stale = daybook.get("/products").header("if-none-match", format!("\"{head}\"")).send().await.unwrap();
    assert_eq!(stale.status(), StatusCode::OK);
}

async fn c_21_c_38_allocations_by_order_and_by_line(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    for sku in ["A", "B"] {
        daybook.receive(&format!("BATCH-{sku}"), sku, 4).await;
        daybook.accepted("order.allocate", json!({"order_id": "O", "sku": sku, "qty": 2})).await;
    }
    let both = json!([{"sku": "A", "batchref": "BATCH-A"}, {"sku": "B", "batchref": "BATCH-B"}]);
    assert_eq!(daybook.json("/orders/O/allocations").await, both);
    assert_eq!(daybook.json("/orders/O/allocations/B").await, both[1]);
    daybook.accepted("order.free", json!({"order_id": "O", "sku": "B"})).await;
    assert_eq!(daybook.get("/orders/O/allocations/B").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(daybook.json("/orders/O/allocations").await, json!([both[0]]));
}

async fn p_4_r_29_min_position_waits_until_it_is_reached(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let hasty = Daybook::with(&fixture.store, |limits| limits.wait = Duration::from_millis(300)).await;
    let head = daybook.receive("B", "A", 4).await;
    let reading = tokio::spawn(daybook.get(&format!("/products/A?min_position={}", head + 1)).send());
    daybook.receive("C", "A", 6).await;
    let read = reading.await.unwrap().unwrap();
    assert_eq!(answer(read).await.1["on_hand"], 10);
    let never = hasty.get("/digest").header("daybook-min-position", (head + 99).to_string()).send().await.unwrap();
    assert!(never.headers().contains_key("retry-after"));
    let (status, body) = answer(never).await;
    assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("position_not_reached")));
    let wrong = daybook.get("/digest?min_position=soon").send().await.unwrap();
    assert_eq!(answer(wrong).await.0, StatusCode::BAD_REQUEST);
}

async fn as_of_answers_from_the_past(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.snapshot_every = 3).await;
    let mut then = Vec::new();
    for number in 0..8 {
        daybook.receive(&format!("B-{number}"), "A", 1).await;
        then.push((daybook.json("/digest").await, daybook.json("/products/A").await));
    }
    for (digest, product) in &then {
        let position = &digest["position"];
        assert_eq!(daybook.json(&format!("/digest?as_of={position}")).await, *digest);
        assert_eq!(daybook.json(&format!("/products/A?as_of={position}")).await, *product);
    }
    assert_eq!(daybook.json("/products?as_of=0").await["items"], json!([]));
    let log = daybook.json("/events?after=0&limit=1000").await;
    let event = &log["events"][3];
    let at = daybook.get("/digest").query(&[("as_of", event["recorded_at"].as_str().unwrap())]).send().await.unwrap();
    let at = answer(at).await.1;
    // Several may have been written down in that millisecond: the last of them counts.
    let same = log["events"].as_array().unwrap().iter().rfind(|other| other["recorded_at"] == event["recorded_at"]);
    assert_eq!(at["position"], same.unwrap()["position"]);
    let before = daybook.json("/digest?as_of=1990-01-01T00:00:00Z").await;
    assert_eq!(before["position"], 0);
    for wrong in ["yesterday", "-1", "2026-13-01T00:00:00Z"] {
        let response = daybook.get("/digest").query(&[("as_of", wrong)]).send().await.unwrap();
        assert_eq!(answer(response).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

async fn p3_the_log_by_page_and_as_one_stream(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    for number in 0..7 {
        daybook.receive(&format!("B-{number}"), &format!("SKU-{number}"), 1).await;
    }
    let head = daybook.head().await;
    let mut paged: Vec<Value> = Vec::new();
    while (paged.len() as u64) < head {
        let page = daybook.json(&format!("/events?after={}&limit=3", paged.len())).await;
        assert_eq!(page["head"], head);
        paged.extend(page["events"].as_array().unwrap().clone());
    }
    let positions: Vec<_> = paged.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=head).collect::<Vec<_>>());
    let stream = daybook.get("/events").header("accept", "application/x-ndjson").send().await.unwrap();
    let text = stream.text().await.unwrap();
    let streamed: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(streamed, paged);
}

async fn k_6_k_8_the_documents_have_their_shapes(fixture: Fixture) {
    let daybook = Daybook::configured(&fixture.store, |config| config.metrics_key = METRICS_KEY.parse().ok()).await;
    let product = json!({"sku": "A", "name": "Apple", "category": "Fruit & nuts", "price": 50});
    daybook.accepted("product.add", product).await;
    daybook.accepted("stock.receive", json!({"batchref": "B", "sku": "A", "qty": 5, "eta": "2031-05-06"})).await;
    daybook.accepted("order.place", json!({"order_id": "O", "lines": [{"sku": "A", "qty": 2}]})).await;
    let contains = |value: &Value, fields: Value| {
        for (field, expected) in fields.as_object().unwrap() {
            assert_eq!(value.get(field), Some(expected), "{field} in {value}");
        }
    };
    let row = json!({"sku": "A", "name": "Apple", "description": "", "category": "Fruit & nuts", "price": 50,
        "archived": false, "on_hand": 0, "allocated": 2, "available": 3, "next_eta": "2031-05-06"});
    contains(&daybook.json("/products/A").await, row.clone());
    let list = daybook.json("/products").await;
    contains(&list["items"][0], row.clone());
    assert_eq!(list["next"], Value::Null);
    contains(&daybook.json("/categories/Fruit%20%26%20nuts").await["products"][0], row);
    let batch = json!({"batchref": "B", "sku": "A", "qty": 5, "available": 3, "eta": "2031-05-06",
        "allocations": [{"order_id": "O", "sku": "A", "qty": 2}]});
    contains(&daybook.json("/batches/B").await, batch.clone());
    contains(&daybook.json("/stock/A").await["batches"][0], batch);
    let order = daybook.json("/orders/O").await;
    contains(&order, json!({"order_id": "O", "state": "accepted", "account": null, "reason": null, "total": 100}));
    contains(&order["lines"][0], json!({"sku": "A", "qty": 2, "allocated": 2, "short": false, "batchref": "B"}));
    // Placed, its goods found, accepted.
    assert_eq!(order["timeline"].as_array().unwrap().len(), 3);
    let paged = daybook.json("/products?limit=1").await;
    assert_eq!(paged["items"].as_array().unwrap().len(), 1);
    let document = daybook.json("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(daybook.json("/schemas/LineAllocated.json").await["title"], "LineAllocated");
    let ready = daybook.client.get(format!("{}/readyz", daybook.origin)).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    let metrics = daybook.metrics().await;
    assert!(metrics.contains(&format!("daybook_head_position{{shop=\"test\"}} {}\n", daybook.head().await)));
}

async fn c_39_a_cache_may_show_the_last_document_for_seconds_unless_a_position_was_named(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let head = daybook.receive("B", "A", 4).await;
    let may = "private, max-age=0, stale-while-revalidate=10";
    let must_ask = "private, no-cache";
    let named = format!("/products?min_position={head}");
    for (path, expected) in [
        ("/products", may),
        ("/products/A", may),
        ("/stock/A", may),
        (&*named, must_ask),
        ("/products?as_of=1", must_ask),
        ("/digest", must_ask),
        ("/events", must_ask),
    ] {
        let response = daybook.get(path).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], expected, "{path}");
        let (etag, vary) =
            (response.headers()["etag"].clone(), response.headers()["vary"].to_str().unwrap().to_owned());
        assert!(vary.contains("cookie") && vary.contains("authorization"), "private to who asked: {vary}");
        // What a cache asks behind somebody's back costs the comparison of two numbers.
        let again = daybook.get(path).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(
            (again.status(), again.headers()["cache-control"].to_str().unwrap()),
            (StatusCode::NOT_MODIFIED, expected)
        );
        assert!(again.bytes().await.unwrap().is_empty());
    }
    let response = daybook.get("/products").header("daybook-min-position", head).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], must_ask);
    assert!(response.headers()["vary"].to_str().unwrap().contains("daybook-min-position"));
}

async fn d_19_a_category_is_there_as_long_as_a_product_is_in_it(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let skus = async |category: &str| {
        let (status, body) = answer(daybook.get(&format!("/categories/{category}")).send().await.unwrap()).await;
        (status == StatusCode::OK).then(|| {
            let products = body["products"].as_array().unwrap();
            products.iter().map(|product| product["sku"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
    };
    for sku in ["B", "A"] {
        let product = json!({"sku": sku, "name": sku, "category": "Fruit", "price": 50});
        daybook.accepted("product.add", product).await;
    }
    assert_eq!(skus("Fruit").await.unwrap(), ["A", "B"]);
    daybook.accepted("product.change", json!({"sku": "A", "category": "Dried"})).await;
    assert_eq!(
        (skus("Fruit").await.unwrap(), skus("Dried").await.unwrap()),
        (vec!["B".to_owned()], vec!["A".to_owned()])
    );
    daybook.accepted("product.change", json!({"sku": "B", "category": "Dried"})).await;
    assert_eq!(skus("Fruit").await, None);
    // And so it is for a server that starts from a snapshot, or from the log.
    daybook.stop().await;
    let daybook = Daybook::on(&fixture.reopened().await).await;
    assert_eq!(daybook.json("/categories/Dried").await["products"].as_array().unwrap().len(), 2);
}

async fn d_9_d_18_a_change_shows_in_the_product_and_in_its_category(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    for sku in ["A", "B"] {
        let product = json!({"sku": sku, "name": "Apple", "category": "Fruit", "price": 50});
        daybook.accepted("product.add", product).await;
    }
    daybook.accepted("product.change", json!({"sku": "A", "category": "Dried", "price": 60})).await;
    let product = daybook.json("/products/A").await;
    assert_eq!(json!([product["category"], product["price"]]), json!(["Dried", 60]));
    let dried = daybook.json("/categories/Dried").await;
    assert_eq!(dried["products"], json!([product]));
    let fruit = daybook.json("/categories/Fruit").await;
    let left: Vec<_> = fruit["products"].as_array().unwrap().iter().map(|row| row["sku"].clone()).collect();
    assert_eq!(left, ["B"]);
}

/// Documents are read off the books in memory. A page may ask for entries of the log, but never once for each row.
async fn d_2_c_26_what_a_read_asks_the_store_does_not_grow_with_the_rows(fixture: Fixture) {
    let counted = Arc::new(Interposed::new(fixture.store.clone()).silent());
    let store: Arc<dyn EventStore> = counted.clone();
    // Nothing but requests reads.
    let daybook = Daybook::with(&store, |limits| limits.poll = Duration::from_secs(3_600)).await;
    let documents = [
        "/products",
        "/products/A-0",
        "/categories/Fruit",
        "/batches/B-0",
        "/stock/A-0",
        "/orders",
        "/orders/O-0",
        "/orders/O-0/allocations",
        "/orders/O-0/allocations/A-0",
        "/accounts",
        "/digest",
    ];
    let pages = [
        "",
        "/products",
        "/products/A-0",
        "/stock",
        "/orders",
        "/orders/O-0",
        "/book",
        "/till",
        "/history/product-A-0",
    ];
    let mut asked_before = None;
    for rows in [0..2, 2..40] {
        for number in rows {
            let sku = format!("A-{number}");
            let product = json!({"sku": sku, "name": "Apple", "category": "Fruit", "price": 50});
            daybook.accepted("product.add", product).await;
            daybook.receive(&format!("B-{number}"), &sku, 9).await;
            let order = json!({"order_id": format!("O-{number}"), "lines": [{"sku": sku, "qty": 2}]});
            daybook.accepted("order.place", order).await;
        }
        for path in documents {
            let before = counted.reads();
            daybook.json(path).await;
            assert_eq!(counted.reads(), before, "{path}");
        }
        let mut asked = Vec::new();
        for path in pages {
            let before = counted.reads();
            let page = daybook.client.get(format!("{}/s/test{path}", daybook.origin)).header("accept", "text/html");
            page.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
            asked.push((path, counted.reads() - before));
        }
        assert_eq!(*asked_before.get_or_insert(asked.clone()), asked);
    }
}

async fn history_tells_what_was_and_is_now(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "Apple", "price": 50})).await;
    daybook.accepted("product.change", json!({"sku": "A", "price": 60})).await;
    let history = daybook.json("/history/product-A").await;
    let changed = &history["entries"][1];
    assert_eq!((&changed["type"], &changed["actor"]), (&json!("ProductChanged"), &json!("demo")));
    assert_eq!(changed["changes"], json!([{"field": "price", "was": 50, "now": 60}]));
    daybook.receive("B", "A", 5).await;
    daybook.accepted("order.allocate", json!({"order_id": "O", "sku": "A", "qty": 2})).await;
    let history = daybook.json("/history/stock-A").await;
    let changes = history["entries"][1]["changes"].as_array().unwrap();
    assert!(changes.contains(&json!({"field": "available", "was": 5, "now": 3})), "{changes:?}");
}

async fn p9_no_byte_of_one_shop_reaches_another(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    fixture.store.create_shop(&domain::ShopSlug::parse("other").unwrap(), "Other", uuid::Uuid::new_v4()).await.unwrap();
    let other = |path: &str| daybook.client.get(format!("{}/api/v1/shops/other{path}", daybook.origin)).send();
    let id = uuid::Uuid::new_v4();
    let body = json!({"id": id, "type": "stock.receive", "data": {"batchref": "CANARY", "sku": "CANARY", "qty": 4}});
    assert_eq!(daybook.post(&body).send().await.unwrap().status(), StatusCode::OK);
    daybook.accepted("order.allocate", json!({"order_id": "CANARY", "sku": "CANARY", "qty": 4})).await;
    for path in [
        "/products",
        "/orders",
        "/snapshot",
        "/events",
        "/digest",
        "/products/CANARY",
        "/batches/CANARY",
        "/stock/CANARY",
        "/orders/CANARY",
        "/orders/CANARY/allocations",
        "/history/stock-CANARY",
        &format!("/commands/{id}"),
    ] {
        let response = other(path).await.unwrap();
        assert!(matches!(response.status(), StatusCode::OK | StatusCode::NOT_FOUND), "{path}");
        assert!(!response.text().await.unwrap().contains("CANARY"), "{path}");
    }
    // The same id is another command there.
    let there = daybook.client.post(format!("{}/api/v1/shops/other/commands", daybook.origin)).json(&body).send();
    assert_eq!(answer(there.await.unwrap()).await.1["positions"], json!([1]));
}

/// `docs/requests.sh`, as whoever reads it would run it.
#[tokio::test(flavor = "multi_thread")]
async fn d_8_the_requests_in_the_documents_walk_the_catalogue() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl here");
        return;
    }
    let daybook = Daybook::on(&crate::support::memory().await.unwrap().store).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/requests.sh");
    let walk = tokio::process::Command::new("bash").arg(script).arg(daybook.url("")).output().await.unwrap();
    assert!(walk.status.success(), "{walk:?}");
    let expected = ["ProductAdded", "ProductChanged", "BatchReceived", "LineAllocated", "Refused", "ProductArchived"];
    assert_eq!(daybook.types_after(0).await, expected);
}

/// What the server writes is what its schemas say.
#[tokio::test]
async fn k_7_every_event_of_the_demo_shop_fits_its_schema() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    let server = &daybook.running.as_ref().unwrap().server;
    let head = server::demo::fill(&server.shops).await.unwrap();
    assert_eq!(server::demo::fill(&server.shops).await.unwrap(), head, "filling it again changes nothing");
    let demo = format!("{}/api/v1/shops/demo", daybook.origin);
    let get = |path: String| daybook.client.get(format!("{demo}{path}")).send();
    let log = answer(get("/events?after=0&limit=1000".to_owned()).await.unwrap()).await.1;
    for event in log["events"].as_array().unwrap() {
        let name = event["type"].as_str().unwrap();
        let schema = answer(get(format!("/schemas/{name}.json")).await.unwrap()).await.1;
        fits(&schema, &event["data"], name);
    }
}

/// As much of JSON Schema as ours use.
pub fn fits(schema: &Value, value: &Value, path: &str) {
    if let Some(either) = schema["anyOf"].as_array() {
        return if value.is_null() {
            assert!(either.contains(&json!({"type": "null"})), "{path}")
        } else {
            fits(&either[0], value, path)
        };
    }
    if let Some(words) = schema["enum"].as_array() {
        return assert!(words.contains(value), "{path}: {value}");
    }
    match schema["type"].as_str().unwrap() {
        "string" => assert!(value.is_string(), "{path}: {value}"),
        "boolean" => assert!(value.is_boolean(), "{path}: {value}"),
        "integer" => {
            let number = value.as_i64().unwrap_or_else(|| panic!("{path}: {value}"));
            assert!(schema["minimum"].as_i64().is_none_or(|least| number >= least), "{path}: {value}");
            assert!(schema["maximum"].as_i64().is_none_or(|most| number <= most), "{path}: {value}");
        }
        "array" => value.as_array().unwrap().iter().for_each(|item| fits(&schema["items"], item, path)),
        "object" => {
            let object = value.as_object().unwrap_or_else(|| panic!("{path}: {value}"));
            let Some(properties) = schema["properties"].as_object() else { return };
            for field in schema["required"].as_array().unwrap() {
                assert!(object.contains_key(field.as_str().unwrap()), "{path} has no {field}");
            }
            for (field, value) in object {
                assert!(properties.contains_key(field), "{path}.{field} is in no schema");
                fits(&properties[field], value, &format!("{path}.{field}"));
            }
        }
        other => panic!("{other}"),
    }
}
