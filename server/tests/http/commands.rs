//! `POST /commands`.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use server::Limits;
use store::contract::Fixture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use crate::support::{Daybook, SHOP, answer, on_every_store, until};

on_every_store!(
    r_42_commands_share_an_append_as_far_and_as_long_as_is_set,
    c_19_d_1_an_answer_to_a_post_carries_no_read_model,
    c_20_an_answer_names_where_the_result_is_read,
    c_22_d_3_what_was_posted_can_be_read,
    d_5_a_command_without_a_delta_writes_nothing,
    d_10_every_wrong_field_is_named_and_nothing_is_written,
    p2_one_id_has_one_verdict_in_parallel_and_after_a_restart,
    p2_an_id_used_for_something_else_is_told_so,
    p2_a_refusal_is_answered_alike,
    r_34_the_order_is_that_of_positions_and_not_of_ids,
    an_array_is_answered_in_its_order,
    what_is_too_large_is_read_to_its_end_and_answered,
    r_18_if_version_tells_both_versions,
    what_depends_on_a_refused_command_is_held,
    us_10_a_command_names_the_refused_one_whose_place_it_takes,
);

async fn c_19_d_1_an_answer_to_a_post_carries_no_read_model(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let known = ["id", "status", "positions", "head"];
    let (_, body) =
        answer(daybook.command("stock.receive", json!({"batchref": "B", "sku": "A", "qty": 1})).await).await;
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(members.iter().all(|member| known.contains(member)), "{members:?}");
    let post = daybook.post(&json!({"type": "product.archive", "data": {"sku": "A"}}));
    let (_, body) = answer(post.header("prefer", "respond-async").send().await.unwrap()).await;
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(members.iter().all(|member| known.contains(member) || *member == "location"), "{members:?}");
}

async fn c_20_an_answer_names_where_the_result_is_read(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let product = json!({"sku": "A", "name": "Apple", "price": 50});
    for (command_type, data) in [
        ("product.add", product),
        ("stock.receive", json!({"batchref": "B-1", "sku": "A", "qty": 10})),
        ("stock.change_quantity", json!({"batchref": "B-1", "qty": 9})),
        ("stock.damage", json!({"batchref": "B-1", "qty": 1, "reason": "wet"})),
        ("stock.count", json!({"sku": "A", "counted": 7})),
        ("order.place", json!({"order_id": "O-1", "lines": [{"sku": "A", "qty": 2}]})),
        ("order.allocate", json!({"order_id": "O-1", "sku": "A", "qty": 2})),
        ("order.free", json!({"order_id": "O-1", "sku": "A"})),
        ("sale.record", json!({"sale_id": "S-1", "lines": [{"sku": "A", "qty": 1, "price": 50}], "payment": "cash"})),
        ("account.open", json!({"account_id": "101", "title": "A", "owner": "B", "initial_balance": 9})),
        ("account.open", json!({"account_id": "202", "title": "C", "owner": "D", "initial_balance": 0})),
        ("transfer.request", json!({"transfer_id": "55", "from": "101", "to": "202", "amount": 9})),
        ("product.archive", json!({"sku": "A"})),
    ] {
        let response = daybook.command(command_type, data).await;
        assert_eq!(response.status(), StatusCode::OK, "{command_type}");
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let read = daybook.client.get(format!("{}{location}", daybook.origin)).send().await.unwrap().status();
        // What was just freed has no allocation to read any more; everything else has.
        assert_eq!(read, StatusCode::OK, "{command_type}: {location}");
    }
}

async fn c_22_d_3_what_was_posted_can_be_read(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    for (batchref, sku, eta) in
        [("LATER", "TABLE", Some("2031-01-03")), ("EARLY", "TABLE", Some("2031-01-02")), ("OTHER", "CHAIR", None)]
    {
        daybook.accepted("stock.receive", json!({"batchref": batchref, "sku": sku, "qty": 100, "eta": eta})).await;
    }
    let (status, body) =
        answer(daybook.command("order.allocate", json!({"order_id": "O-1", "sku": "TABLE", "qty": 3})).await).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("accepted")));
    assert_eq!(daybook.json("/orders/O-1/allocations").await, json!([{"sku": "TABLE", "batchref": "EARLY"}]));

    let refused = daybook.command("order.allocate", json!({"order_id": "O-2", "sku": "NONE", "qty": 1})).await;
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let (status, body) = answer(refused).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((&body["status"], &body["code"]), (&json!("refused"), &json!("invalid_sku")));
    assert_eq!((&body["message"], &body["detail"]), (&json!("Invalid sku NONE"), &json!({"sku": "NONE"})));
    assert_eq!(body["position"], body["head"]);
    let missing = daybook.get("/orders/O-2/allocations").send().await.unwrap();
    assert_eq!(answer(missing).await.0, StatusCode::NOT_FOUND);
}

async fn d_5_a_command_without_a_delta_writes_nothing(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 10).await;
    let allocate = json!({"order_id": "O", "sku": "A", "qty": 10});
    let head = daybook.accepted("order.allocate", allocate.clone()).await;
    let (status, body) = answer(daybook.command("order.allocate", allocate).await).await;
    assert_eq!((status, &body["positions"], &body["head"]), (StatusCode::OK, &json!([]), &json!(head)));
    // It has its verdict all the same.
    let asked = daybook.json(&format!("/commands/{}", body["id"].as_str().unwrap())).await;
    assert_eq!((&asked["status"], &asked["positions"]), (&json!("accepted"), &json!([])));
}

async fn d_10_every_wrong_field_is_named_and_nothing_is_written(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let head = daybook.receive("B", "A", 10).await;
    let body = json!({"id": "no", "type": "stock.receive", "data": {"batchref": "", "qty": 0, "eta": "soon"}, "x": 1});
    for prefer in ["", "respond-async"] {
        let response = daybook.post(&body).header("prefer", prefer).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let (status, problem) = answer(response).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("malformed")));
        let named: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        for field in ["id", "batchref", "sku", "qty", "eta", "x"] {
            assert!(named.contains(&field), "{field} in {named:?}");
        }
    }
    let good = json!({"type": "stock.receive", "data": {"batchref": "C", "sku": "A", "qty": 1}});
    let (status, problem) = answer(daybook.post(&json!([good, {"type": "no.such"}])).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["errors"][0]["field"], "[1].type");
    assert_eq!(daybook.head().await, head);
    assert!(daybook.store.queue_status(&domain::ShopSlug::parse("test").unwrap(), id(1)).await.unwrap().is_none());
}

fn id(number: u128) -> domain::CommandId {
    domain::CommandId(Uuid::from_u128(number))
}

async fn p2_one_id_has_one_verdict_in_parallel_and_after_a_restart(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let body = json!({"id": Uuid::new_v4(), "type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 4}});
    let posts = futures::future::join_all((0..5).map(|_| daybook.post(&body).send())).await;
    let mut answers = Vec::new();
    for post in posts {
        answers.push(answer(post.unwrap()).await);
    }
    let (status, first) = answers[0].clone();
    assert_eq!((status, &first["status"]), (StatusCode::OK, &json!("accepted")));
    for (status, again) in &answers {
        assert_eq!((*status, &again["positions"]), (StatusCode::OK, &first["positions"]));
    }
    let head = daybook.head().await;
    daybook.stop().await;
    // Nothing of it is in this process's memory any more.
    let daybook = Daybook::on(&fixture.reopened().await).await;
    let (status, again) = answer(daybook.post(&body).send().await.unwrap()).await;
    assert_eq!((status, &again["positions"], &again["head"]), (StatusCode::OK, &first["positions"], &json!(head)));
    let received = daybook.types_after(0).await.iter().filter(|name| *name == "BatchReceived").count();
    assert_eq!(received, 1);
}

async fn p2_an_id_used_for_something_else_is_told_so(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let id = Uuid::new_v4();
    let receive = |qty| json!({"id": id, "type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": qty}});
    daybook.post(&receive(4)).send().await.unwrap();
    let head = daybook.head().await;
    for prefer in ["", "respond-async"] {
        let (status, body) = answer(daybook.post(&receive(5)).header("prefer", prefer).send().await.unwrap()).await;
        assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("id_reused")));
    }
    assert_eq!(daybook.head().await, head);
}

async fn p2_a_refusal_is_answered_alike(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let body = json!({"id": Uuid::new_v4(), "type": "order.allocate", "data": {"order_id": "O", "sku": "A", "qty": 4}});
    let (_, first) = answer(daybook.post(&body).send().await.unwrap()).await;
    // It would be accepted now; the verdict stays what it was.
    daybook.receive("B", "A", 10).await;
    let (status, again) = answer(daybook.post(&body).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((&again["code"], &again["position"]), (&first["code"], &first["position"]));
    assert_eq!(daybook.types_after(0).await.iter().filter(|name| *name == "Refused").count(), 1);
}

/// Ids are made where commands are made, each later than the one before; the book has them in the order in which they came.
async fn r_34_the_order_is_that_of_positions_and_not_of_ids(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let mut ids: Vec<_> = (0..4).map(|_| Uuid::now_v7()).collect();
    ids.reverse();
    for (number, id) in ids.iter().enumerate() {
        let data = json!({"sku": format!("A-{number}"), "name": "Apple", "price": 50});
        let (status, body) =
            answer(daybook.post(&json!({"id": id, "type": "product.add", "data": data})).send().await.unwrap()).await;
        assert_eq!((status, &body["positions"]), (StatusCode::OK, &json!([number + 1])));
    }
    daybook.accepted("product.archive", json!({"sku": "A-0"})).await;
    let log = daybook.json("/events?after=0").await;
    let events = log["events"].as_array().unwrap();
    let written: Vec<Uuid> =
        events.iter().map(|event| event["command_id"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(written[..4], ids);
    assert!(ids.is_sorted_by(|one, next| one > next), "{ids:?}");
    assert_eq!(written[4].get_version_num(), 7, "made by the server for whoever gives none");
    let positions: Vec<_> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5]);
}

async fn an_array_is_answered_in_its_order(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let allocate = |sku: &str| json!({"type": "order.allocate", "data": {"order_id": "O", "sku": sku, "qty": 1}});
    let receive = json!({"type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 4}});
    let (status, body) =
        answer(daybook.post(&json!([receive, allocate("NONE"), allocate("A")])).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let states: Vec<_> = body.as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["accepted", "refused", "accepted"]);
    let many: Vec<Value> = (0..501).map(|_| allocate("A")).collect();
    let (status, body) = answer(daybook.post(&json!(many)).send().await.unwrap()).await;
    assert_eq!((status, &body["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("too_large")));
}

/// Whoever sends first and reads then, as browsers do, must not meet a connection that was closed meanwhile.
async fn what_is_too_large_is_read_to_its_end_and_answered(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let address = daybook.origin.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let body = vec![b'x'; 20_000_000];
    let head = format!(
        "POST /api/v1/shops/{SHOP}/commands HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len(),
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body).await.expect("all of it is taken");
    let mut line = [0; 12];
    socket.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"HTTP/1.1 413");
}

async fn r_18_if_version_tells_both_versions(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.accepted("product.add", json!({"sku": "A", "name": "One", "price": 1})).await;
    let id = Uuid::new_v4();
    let change = |id: Uuid, name: &str, version: u32| {
        let body =
            json!({"id": id, "type": "product.change", "data": {"sku": "A", "name": name}, "if_version": version});
        daybook.post(&body).send()
    };
    assert_eq!(change(id, "Two", 1).await.unwrap().status(), StatusCode::OK);
    let (status, body) = answer(change(Uuid::new_v4(), "Three", 1).await.unwrap()).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("changed_meanwhile")));
    assert_eq!((&body["expected"], &body["actual"]), (&json!(1), &json!(2)));
    // The repeat of the one that went through gets its verdict, whatever the version is by now.
    assert_eq!(change(id, "Two", 1).await.unwrap().status(), StatusCode::OK);
}

async fn what_depends_on_a_refused_command_is_held(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let refused = Uuid::new_v4();
    let (status, _) = answer(
        daybook.post(&json!({"id": refused, "type": "product.archive", "data": {"sku": "A"}})).send().await.unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let depending =
        json!({"type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 1}, "depends_on": [refused]});
    let (status, body) = answer(daybook.post(&depending).send().await.unwrap()).await;
    assert_eq!((status, &body["code"], &body["by"]), (StatusCode::CONFLICT, &json!("held"), &json!(refused)));
    assert_eq!(daybook.types_after(0).await, ["Refused"]);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_a_problem_with_a_code() {
    let fixture = crate::support::memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.body = 10_000).await;
    let unknown_id = format!("/commands/{}", Uuid::new_v4());
    for path in [
        "/products/A",
        "/batches/B",
        "/stock/A",
        "/categories/X",
        "/orders/O",
        "/orders/O/allocations",
        "/orders/O/allocations/A",
        "/history/product-A",
        "/accounts/1",
        "/transfers/1",
        "/pictures/1",
        "/pictures/1/comments",
        "/schemas/no.such.json",
        "/no/such/route",
        &unknown_id,
        "/commands/garbage",
    ] {
        let response = daybook.get(path).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        let (status, body) = answer(response).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(body["code"].is_string(), "{path}");
    }
    let other = daybook.client.get(format!("{}/api/v1/shops/no-such/digest", daybook.origin)).send().await.unwrap();
    assert_eq!(answer(other).await.1["code"], "unknown_shop");

    let delete = daybook.client.delete(daybook.url("/orders")).send().await.unwrap();
    assert_eq!(
        (delete.status(), &delete.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse().unwrap())
    );
    assert_eq!(answer(delete).await.1["code"], "method_not_allowed");

    let text = daybook.client.post(daybook.url("/commands")).header("content-type", "text/plain").body("{}");
    assert_eq!(answer(text.send().await.unwrap()).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = json!({"type": "product.add", "data": {"description": "x".repeat(20_000)}});
    assert_eq!(answer(daybook.post(&large).send().await.unwrap()).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = "[".repeat(5_000);
    let deep = daybook.client.post(daybook.url("/commands")).header("content-type", "application/json").body(deep);
    assert_eq!(answer(deep.send().await.unwrap()).await.0, StatusCode::BAD_REQUEST);

    let foreign = daybook.post(&json!({})).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(answer(foreign).await.1["code"], "cross_site");
    let rebound = daybook.get("/digest").header("host", "evil.example").send().await.unwrap();
    assert_eq!(answer(rebound).await.1["code"], "wrong_host");
}

/// Six deliveries at once.
async fn six_at_once(daybook: &Daybook, prefix: &str) {
    let posts = (0..6).map(|number| {
        let data = json!({"batchref": format!("{prefix}-{number}"), "sku": "A", "qty": 1});
        daybook.post(&json!({"type": "stock.receive", "data": data})).send()
    });
    for response in futures::future::join_all(posts).await {
        assert_eq!(response.unwrap().status(), StatusCode::OK);
    }
}

/// In how many appends this server has written them.
async fn appends(daybook: &Daybook) -> u64 {
    let metrics = daybook.metrics().await;
    let count = metrics.lines().find_map(|line| line.strip_prefix("daybook_append_commands_count "));
    count.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

async fn r_42_commands_share_an_append_as_far_and_as_long_as_is_set(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.batch = 1).await;
    six_at_once(&daybook, "B").await;
    assert_eq!(appends(&daybook).await, 6, "no two share one");
    daybook.stop().await;

    // As if for ever: it is written as soon as there are six.
    let patient = |limits: &mut Limits| (limits.batch, limits.batch_wait) = (6, Duration::from_secs(600));
    let daybook = Daybook::with(&fixture.reopened().await, patient).await;
    six_at_once(&daybook, "C").await;
    assert_eq!(appends(&daybook).await, 1, "all of them");
}

/// At once and through the queue: the entry says whose place it took, which is how the tray of the shop knows.
async fn us_10_a_command_names_the_refused_one_whose_place_it_takes(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    daybook.receive("B", "A", 4).await;
    for (order, prefer) in [("O-1", ""), ("O-2", "respond-async")] {
        let allocate = |qty: u32, replaces: Value| {
            let data = json!({"order_id": order, "sku": "A", "qty": qty});
            json!({"id": Uuid::now_v7(), "type": "order.allocate", "data": data, "replaces": replaces})
        };
        let refused = allocate(9, Value::Null);
        let (status, _) = answer(daybook.post(&refused).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

        let (status, problem) = answer(daybook.post(&allocate(1, json!("it"))).send().await.unwrap()).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!("replaces")));

        let instead = allocate(1, refused["id"].clone());
        let sent = daybook.post(&instead).header("prefer", prefer).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.status());
        let written = until(async || {
            let history = daybook.json("/history/stock-A").await;
            history["entries"].as_array()?.iter().find(|entry| entry["command_id"] == instead["id"]).cloned()
        })
        .await;
        assert_eq!((&written["type"], &written["replaces"]), (&json!("LineAllocated"), &refused["id"]));
    }
}
