//! What breaks, and what is said then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
};

use domain::{CommandId, ShopSlug, books::Role};
use reqwest::StatusCode;
use serde_json::json;
use store::{
    AppendError, EventStore,
    contract::{Fixture, scribe},
    testing::{Interposed, execute},
};
use sync::protocol::PROTOCOL;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    people::{PASSWORD, location, person, session, sign_in},
    support::{Daybook, SHOP, answer, memory, on_every_store, until},
};

on_every_store!(
    f1_f2_an_append_whose_outcome_is_not_known_is_looked_up,
    f2_an_append_that_was_lost_is_written_again,
    f8_a_store_that_refuses_decides_nothing,
    f23_a_poisoned_command_is_found_by_sending_fewer,
    f18_an_event_of_a_newer_version_stops_the_shop,
    p4_p_17_r_10_the_books_from_snapshot_and_tail_are_those_of_the_log,
    p3_group_commit_keeps_every_answer,
    us_14_whoever_could_not_be_signed_out_is_told_so_and_can_try_again,
    us_14_whose_pin_could_not_be_ended_is_signed_out_all_the_same,
);

fn shared(store: Interposed) -> Arc<dyn EventStore> {
    Arc::new(store)
}

fn lost() -> AppendError {
    AppendError::OutcomeUnknown { reason: "the connection broke".to_owned() }
}

/// The commit went through, its answer did not.
async fn f1_f2_an_append_whose_outcome_is_not_known_is_looked_up(fixture: Fixture) {
    let store = shared(Interposed::new(fixture.store.clone()).after(|answer| answer.and(Err(lost()))));
    let daybook = Daybook::on(&store).await;
    let body = json!({"id": Uuid::new_v4(), "type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 4}});
    for _ in 0..2 {
        let (status, body) = answer(daybook.post(&body).send().await.unwrap()).await;
        assert_eq!((status, &body["positions"]), (StatusCode::OK, &json!([1])), "{body}");
    }
    assert_eq!(daybook.types_after(0).await, ["BatchReceived", "ProductAdded"]);
}

/// Neither the commit nor its answer.
async fn f2_an_append_that_was_lost_is_written_again(fixture: Fixture) {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let store = shared(Interposed::new(fixture.store.clone()).before(move |_| {
        let first = counted.fetch_add(1, SeqCst) == 0;
        async move { if first { Err(lost()) } else { Ok(()) } }
    }));
    let daybook = Daybook::on(&store).await;
    daybook.receive("B", "A", 4).await;
    assert_eq!(tries.load(SeqCst), 2);
    assert_eq!(daybook.types_after(0).await, ["BatchReceived", "ProductAdded"]);
}

async fn f8_a_store_that_refuses_decides_nothing(fixture: Fixture) {
    let full = Arc::new(AtomicBool::new(true));
    let now = full.clone();
    let store = shared(Interposed::new(fixture.store.clone()).before(move |_| {
        let full = now.load(SeqCst);
        async move { if full { Err(AppendError::Unavailable { reason: "disk full".to_owned() }) } else { Ok(()) } }
    }));
    let daybook = Daybook::on(&store).await;
    let body = json!({"id": Uuid::new_v4(), "type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 4}});
    let response = daybook.post(&body).send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    let (status, problem) = answer(response).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("store_unavailable")));
    assert!(!problem.to_string().contains("disk full"), "reasons are for the operator");
    assert_eq!(daybook.head().await, 0, "reads go on");
    full.store(false, SeqCst);
    assert_eq!(daybook.post(&body).send().await.unwrap().status(), StatusCode::OK);
}

/// Something about one command makes its append fail for good: the device is told that what it sent does not fit, and
/// what it sends apart goes through.
async fn f23_a_poisoned_command_is_found_by_sending_fewer(fixture: Fixture) {
    let poison = CommandId(Uuid::new_v4());
    let store = shared(Interposed::new(fixture.store.clone()).before(move |append| {
        let poisoned = append.verdicts.iter().any(|verdict| verdict.command_id == poison);
        async move { if poisoned { Err(AppendError::Malformed { problem: "poison".to_owned() }) } else { Ok(()) } }
    }));
    let daybook = Daybook::on(&store).await;
    let receive = |id: CommandId, batchref: &str| {
        json!({"id": id, "type": "stock.receive", "data": {"batchref": batchref, "sku": "A", "qty": 4},
            "device": "T1", "issued_at": "2026-01-01T00:00:00.000Z"})
    };
    let push = async |submissions: serde_json::Value| {
        let body = json!({"shop": SHOP, "push": {"protocol": PROTOCOL, "submissions": submissions}});
        answer(daybook.client.post(format!("{}/api/push_commands", daybook.origin)).json(&body).send().await.unwrap())
            .await
    };
    let (good, bad) = (receive(CommandId(Uuid::new_v4()), "B-1"), receive(poison, "B-2"));
    for sent in [json!([good, bad]), json!([bad])] {
        let (status, body) = push(sent).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("malformed")), "{body}");
    }
    assert_eq!(daybook.head().await, 0);
    let (status, body) = push(json!([good])).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(daybook.types_after(0).await, ["BatchReceived", "ProductAdded"]);
}

async fn f18_an_event_of_a_newer_version_stops_the_shop(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let good = daybook.receive("B", "A", 4).await;
    let shop = ShopSlug::parse("test").unwrap();
    let head = fixture.store.head(&shop).await.unwrap().unwrap();
    let mut unknown = scribe::event(scribe::id(99), "oven-1", 1);
    unknown.event_type = "OvenLit".into();
    fixture.store.append(&shop, scribe::append(&head, vec![unknown])).await.unwrap();
    fixture.store.announce(&shop, good + 1);
    let problem = until(async || {
        let (status, body) = answer(daybook.get("/digest").send().await.unwrap()).await;
        (status == StatusCode::SERVICE_UNAVAILABLE).then_some(body)
    })
    .await;
    assert_eq!(problem["code"], "log_unreadable");
    assert!(problem["title"].as_str().unwrap().contains(&format!("position {}", good + 1)), "{problem}");
    let (status, problem) = answer(daybook.command("product.archive", json!({"sku": "A"})).await).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("log_unreadable")));
    // One that starts now says the same.
    let again = Daybook::on(&fixture.reopened().await).await;
    assert_eq!(answer(again.get("/digest").send().await.unwrap()).await.1["code"], "log_unreadable");
    assert_eq!(fixture.store.head(&shop).await.unwrap().unwrap().position, good + 1);
}

async fn p4_p_17_r_10_the_books_from_snapshot_and_tail_are_those_of_the_log(fixture: Fixture) {
    let daybook = Daybook::with(&fixture.store, |limits| limits.snapshot_every = 5).await;
    for number in 0..12 {
        daybook.receive(&format!("B-{number}"), "A", 4).await;
    }
    let before = daybook.json("/digest").await;
    daybook.stop().await;
    let shop = ShopSlug::parse("test").unwrap();
    let store = fixture.reopened().await;
    let row = store.load_snapshot(&shop, domain::books::FOLD_VERSION, None).await.unwrap();
    assert!(row.is_some_and(|row| row.position > 5));
    let daybook = Daybook::on(&store).await;
    assert_eq!(daybook.json("/digest").await, before);
    let fresh = server::shop::log::Log::fold_from_start(store, &shop).await.unwrap().view();
    assert_eq!(before["digest"], fresh.books.digest().to_string());
}

async fn us_14_whoever_could_not_be_signed_out_is_told_so_and_can_try_again(fixture: Fixture) {
    let Some(url) = fixture.url() else { return };
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let cookie = session(&daybook, "asha").await;
    let end = async |accept: &str| {
        let end = daybook.client.post(format!("{}/session/end", daybook.origin)).header("accept", accept);
        end.header("cookie", &cookie).send().await.unwrap()
    };
    let seen = async || daybook.get("/digest").header("cookie", &cookie).send().await.unwrap().status();
    execute(url, "ALTER TABLE session RENAME TO session_elsewhere").await;
    let (script, form) = (end("*/*").await, end("text/html").await);
    for answered in [&script, &form] {
        assert_eq!(answered.headers().get("set-cookie"), None, "the cookie is kept");
    }
    assert_eq!(location(&form), "/sign-out?problem=unavailable");
    assert!(script.headers().contains_key("retry-after"));
    let (status, problem) = answer(script).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("store_unavailable")));
    execute(url, "ALTER TABLE session_elsewhere RENAME TO session").await;
    until(async || (seen().await == StatusCode::OK).then_some(())).await;
    assert_eq!(location(&end("*/*").await), "/sign-in");
    assert_eq!(seen().await, StatusCode::UNAUTHORIZED);
}

async fn us_14_whose_pin_could_not_be_ended_is_signed_out_all_the_same(fixture: Fixture) {
    let Some(url) = fixture.url() else { return };
    let daybook = Daybook::on(&fixture.store).await;
    person(&*fixture.store, "asha", SHOP, Role::Owner).await;
    let signed_in = sign_in(&daybook, &daybook.client, "asha", PASSWORD).await;
    let pairs = signed_in.headers().get_all("set-cookie").iter().filter_map(|set| set.to_str().ok()?.split(';').next());
    let cookies = pairs.collect::<Vec<_>>().join("; ");
    execute(url, "ALTER TABLE pin RENAME TO pin_elsewhere").await;
    let end = daybook.client.post(format!("{}/session/end", daybook.origin)).header("cookie", &cookies);
    assert_eq!(location(&end.send().await.unwrap()), "/sign-in");
    let seen = daybook.get("/digest").header("cookie", &cookies).send().await.unwrap();
    assert_eq!(seen.status(), StatusCode::UNAUTHORIZED);
}

async fn p3_group_commit_keeps_every_answer(fixture: Fixture) {
    let daybook = Daybook::on(&fixture.store).await;
    let posts = (0..200).map(|number| {
        let daybook = &daybook;
        async move {
            let (status, body) = answer(
                daybook
                    .command("stock.receive", json!({"batchref": format!("B-{number}"), "sku": "A", "qty": 1}))
                    .await,
            )
            .await;
            assert_eq!(status, StatusCode::OK);
            body["positions"][0].as_u64().unwrap()
        }
    });
    let mut positions = futures::future::join_all(posts).await;
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions.len(), 200);
    assert_eq!(daybook.head().await, 201);
    assert_eq!(daybook.json("/products/A").await["on_hand"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_said_and_nothing_of_it_is_decided() {
    let gate = Arc::new(Semaphore::new(0));
    let begun = Arc::new(AtomicU32::new(0));
    let (closed, counted) = (gate.clone(), begun.clone());
    let store = shared(Interposed::new(memory().await.unwrap().store).before(move |_| {
        let gate = closed.clone();
        counted.fetch_add(1, SeqCst);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(())
        }
    }));
    let daybook = Daybook::with(&store, |limits| limits.queue = 1).await;
    let receive = |number: u32| {
        let data = json!({"batchref": format!("B-{number}"), "sku": "A", "qty": 1});
        daybook.post(&json!({"type": "stock.receive", "data": data})).send()
    };
    // One is being written, one waits, and there is no room for a third.
    let written = tokio::spawn(receive(0));
    until(async || (begun.load(SeqCst) == 1).then_some(())).await;
    let waiting = tokio::spawn(receive(1));
    let two_wait = async || {
        let metrics = daybook.client.get(format!("{}/metrics", daybook.origin)).send().await.unwrap();
        metrics.text().await.unwrap().contains("daybook_queue_depth 2\n").then_some(())
    };
    until(two_wait).await;
    let response = receive(2).await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    let (status, problem) = answer(response).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("queue_full")));
    gate.add_permits(100);
    for post in [written, waiting] {
        assert_eq!(post.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    assert_eq!(daybook.get("/batches/B-2").send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn f27_a_client_that_goes_away_changes_nothing_about_its_command() {
    let fixture = memory().await.unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let closed = gate.clone();
    let store = shared(Interposed::new(fixture.store.clone()).before(move |_| {
        let gate = closed.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(())
        }
    }));
    let daybook = Daybook::on(&store).await;
    let id = Uuid::new_v4();
    let body = json!({"id": id, "type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 1}});
    let gone = daybook.post(&body).timeout(std::time::Duration::from_millis(200)).send().await;
    assert!(gone.unwrap_err().is_timeout());
    gate.add_permits(1);
    let verdict = until(async || {
        let response = daybook.get(&format!("/commands/{id}")).send().await.unwrap();
        (response.status() == StatusCode::OK).then_some(answer(response).await.1)
    })
    .await;
    assert_eq!(verdict["status"], "accepted");
}
