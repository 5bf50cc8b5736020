//! The contract on PostgreSQL, and what only a server can suffer.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{sync::Arc, time::Duration};

use domain::{EventRecord, ShopSlug};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::{
    AppendError, EventStore, Hint, ShopHead, StoreError,
    contract::{
        Fixture,
        scribe::{append, event, id, write},
    },
    open,
    testing::{Proxy, postgres_url},
};
use tokio::time::timeout;

async fn fixture() -> Option<Fixture> {
    Some(Fixture::at(postgres_url().await?, ()).await)
}

store::contract_suite!(fixture);

#[path = "postgres/roles.rs"]
mod roles;

/// A store with one event, and a connection beside it with all rights.
async fn with_one_event() -> Option<(Fixture, ShopHead, PgConnection)> {
    let fixture = fixture().await?;
    let head = fixture.shop("corner").await;
    let head = write(&*fixture.store, &head, 1, "order-1", 1).await;
    let beside = PgConnection::connect(fixture.url().unwrap()).await.unwrap();
    Some((fixture, head, beside))
}

const WAITS_FOR_A_LOCK: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Asks until the answer is a row; the query is of this file.
async fn until_a_row(connection: &mut PgConnection, query: &'static str) -> i32 {
    let asking = async {
        loop {
            if let Some(found) = sqlx::query_scalar(query).fetch_optional(&mut *connection).await.unwrap() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), asking).await.unwrap()
}

fn spawn_append(
    store: &Arc<dyn EventStore>,
    head: &ShopHead,
    events: Vec<EventRecord>,
) -> tokio::task::JoinHandle<Result<(), AppendError>> {
    let (store, shop, batch) = (store.clone(), head.shop.clone(), append(head, events));
    tokio::spawn(async move { store.append(&shop, batch).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn p_10_events_and_verdicts_are_append_only() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    let changes = [
        "UPDATE event SET payload = '{}'",
        "UPDATE event SET actor = 'x' WHERE false",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE verdict SET fingerprint = 0",
        "DELETE FROM verdict",
        "TRUNCATE verdict",
    ];
    for change in changes {
        let error = beside.execute(change).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("DB001"), "{change}");
    }
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1);
    assert!(fixture.store.verdict(&head.shop, id(1)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_can_be_searched_as_text() {
    let Some((_fixture, _head, mut beside)) = with_one_event().await else { return };
    let found: i64 = sqlx::query_scalar("SELECT position FROM log WHERE data LIKE '%OAT-1%' AND actor = 'anna'")
        .fetch_one(&mut beside)
        .await
        .unwrap();
    assert_eq!(found, 1);
}

/// Between the update of the head and the insert of the events: the insert waits for another session's row with the
/// same key, and there the backend is ended.
#[tokio::test(flavor = "multi_thread")]
async fn p1_a_backend_that_dies_within_the_statement_leaves_nothing() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    let mut other = PgConnection::connect(fixture.url().unwrap()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other
        .execute(
            "INSERT INTO event SELECT shop, 99, 'order-2', 1, type, schema, command_id, index_in_command, actor, device,
             issued_at, recorded_at, causation, correlation, payload, hash FROM event",
        )
        .await
        .unwrap();
    let events = vec![event(id(2), "order-3", 1), event(id(3), "order-2", 1)];
    let appending = spawn_append(&fixture.store, &head, events.clone());
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                   AND query LIKE '%moved%' AND pid <> pg_backend_pid()";
    let pid = until_a_row(&mut beside, waiting).await;
    sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&mut beside).await.unwrap();
    let error = appending.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "outcome_unknown", "{error}");
    other.execute("ROLLBACK").await.unwrap();

    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head.clone()));
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1);
    assert!(fixture.store.verdicts(&head.shop, &[id(2), id(3)]).await.unwrap().is_empty());
    // The same again, on a connection that lives.
    fixture.store.append(&head.shop, append(&head, events)).await.unwrap();
    assert_eq!(fixture.store.verify(&head.shop).await.unwrap().unwrap().good, 3);
}

/// F2: the commit is made, its answer never arrives.
#[tokio::test(flavor = "multi_thread")]
async fn p2_f2_a_commit_whose_answer_is_swallowed_is_unknown_and_written_once() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    let proxy = Proxy::start(fixture.url().unwrap()).await;
    let through = open(proxy.url()).await.unwrap();
    // The first append prepares the statement, so that the second is one message and one answer.
    let head = write(&*through, &head, 2, "order-2", 1).await;

    // Answers are swallowed only once the statement is at the database: a connection that rested is asked first whether
    // it lives, and without that answer nothing would be sent.
    let mut other = PgConnection::connect(fixture.url().unwrap()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("SELECT 1 FROM shop_head FOR UPDATE").await.unwrap();
    let appending = spawn_append(&through, &head, vec![event(id(3), "order-3", 1)]);
    until_a_row(&mut beside, WAITS_FOR_A_LOCK).await;
    proxy.swallow();
    other.execute("ROLLBACK").await.unwrap();
    let committed = async {
        while fixture.store.head(&head.shop).await.unwrap().unwrap().position < 3 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), committed).await.unwrap();
    assert!(!appending.is_finished(), "nobody has answered yet");
    proxy.cut();
    let error = appending.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "outcome_unknown", "{error}");
    assert_eq!(through.verdict(&head.shop, id(3)).await.unwrap_err().code(), "store_unavailable");

    proxy.pass();
    // Connections that lie in the pool before are dead, and would be found so one by one.
    let through = open(proxy.url()).await.unwrap();
    assert!(through.verdict(&head.shop, id(3)).await.unwrap().is_some());
    let again = through.append(&head.shop, append(&head, vec![event(id(3), "order-3", 1)])).await;
    assert_eq!(again, Err(AppendError::HeadMoved { expected: 2, actual: 3 }));
    assert_eq!(through.read(&head.shop, 0, 10).await.unwrap().len(), 3);
}

/// The connection is gone before anything is sent: certainly not written.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_without_a_connection_is_unavailable() {
    let Some((fixture, head, _beside)) = with_one_event().await else { return };
    let proxy = Proxy::start(fixture.url().unwrap()).await;
    let through = open(proxy.url()).await.unwrap();
    proxy.cut();
    // Those that lie in the pool are found dead first.
    let answered = async {
        loop {
            match through.append(&head.shop, append(&head, vec![event(id(2), "order-2", 1)])).await.unwrap_err() {
                AppendError::OutcomeUnknown { .. } => {}
                other => return other,
            }
        }
    };
    let error = timeout(Duration::from_secs(30), answered).await.unwrap();
    assert_eq!((error.code(), error.is_permanent()), ("store_unavailable", false), "{error}");
    proxy.pass();
    through.append(&head.shop, append(&head, vec![event(id(2), "order-2", 1)])).await.unwrap();
}

/// F27: after many callers that went away, no session sits in a transaction and every connection works.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f27_callers_that_vanish_leave_no_transaction_open() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    for number in 0..300_u32 {
        let head = fixture.store.head(&head.shop).await.unwrap().unwrap();
        let task =
            spawn_append(&fixture.store, &head, vec![event(id(u128::from(number) + 10), &format!("sale-{number}"), 1)]);
        let (store, shop) = (fixture.store.clone(), head.shop.clone());
        let reading = tokio::spawn(async move { store.read(&shop, 0, 100).await });
        for _ in 0..number % 13 {
            tokio::task::yield_now().await;
        }
        task.abort();
        reading.abort();
    }
    let open: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    .fetch_one(&mut beside)
    .await
    .unwrap();
    assert_eq!(open, 0);
    let reads = (0..40).map(|_| {
        let (store, shop) = (fixture.store.clone(), head.shop.clone());
        tokio::spawn(async move { store.read(&shop, 0, 10).await.unwrap().len() })
    });
    for read in reads.collect::<Vec<_>>() {
        assert!(read.await.unwrap() >= 1);
    }
    assert_eq!(fixture.store.verify(&head.shop).await.unwrap().unwrap().first_bad, None);
}

/// F28: somebody with all rights.
#[tokio::test(flavor = "multi_thread")]
async fn f28_a_log_that_was_tampered_with_is_found_at_the_right_place() {
    let cases = [
        ("UPDATE event SET payload = convert_to('{\"sku\":\"OAT-1\",\"qty\":4}', 'UTF8') WHERE position = 4", 4),
        ("UPDATE event SET payload = payload || ' '::bytea WHERE position = 4", 4),
        ("UPDATE event SET payload = 'no json' WHERE position = 4", 4),
        ("UPDATE event SET actor = 'mallory' WHERE position = 2", 2),
        ("DELETE FROM event WHERE position = 3", 3),
        ("DELETE FROM event WHERE position >= 5", 5),
        ("UPDATE event SET position = position + 100 WHERE position >= 4", 4),
        ("UPDATE shop_head SET position = 4", 4),
        ("UPDATE shop_head SET (position, hash) = (SELECT position, hash FROM event WHERE position = 4)", 5),
    ];
    for (tampering, position) in cases {
        let Some((fixture, head, mut beside)) = with_one_event().await else { return };
        let events = (2..=6).map(|n| event(id(n), &format!("order-{n}"), 1)).collect();
        fixture.store.append(&head.shop, append(&head, events)).await.unwrap();
        assert_eq!(fixture.store.verify(&head.shop).await.unwrap().unwrap().first_bad, None);
        beside.execute("ALTER TABLE event DISABLE TRIGGER ALL").await.unwrap();
        beside.execute(AssertSqlSafe(tampering)).await.unwrap();
        let found = fixture.store.verify(&head.shop).await.unwrap().unwrap();
        let bad = found.first_bad.unwrap_or_else(|| panic!("not found: {tampering}"));
        assert_eq!(bad.position, position, "{tampering}: {bad:?}");
        assert_eq!(found.good, position - 1, "{tampering}");
    }
}

/// A lock that somebody holds makes a writer wait, and wait no longer than it must.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_locked_delays_the_append_and_nothing_else() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    let mut other = PgConnection::connect(fixture.url().unwrap()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("SELECT 1 FROM shop_head FOR UPDATE").await.unwrap();
    let appending = spawn_append(&fixture.store, &head, vec![event(id(2), "order-2", 1)]);
    until_a_row(&mut beside, WAITS_FOR_A_LOCK).await;
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1, "readers do not wait");
    other.execute("UPDATE shop_head SET position = 7").await.unwrap();
    other.execute("COMMIT").await.unwrap();
    let error = appending.await.unwrap().unwrap_err();
    assert_eq!(error, AppendError::HeadMoved { expected: 1, actual: 7 }, "the condition is checked after the wait");
}

/// A row that somebody's trigger swallows must not pass for written.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_lost_on_its_way_in_fails_the_append() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    beside
        .execute(
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
             CREATE TRIGGER swallow BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION swallow();",
        )
        .await
        .unwrap();
    let error = fixture.store.append(&head.shop, append(&head, vec![event(id(2), "order-2", 1)])).await.unwrap_err();
    assert!(matches!(&error, AppendError::Database { state, .. } if state == "DB002"), "{error:?}");
    assert_eq!(fixture.store.head(&head.shop).await.unwrap(), Some(head.clone()));
    assert!(fixture.store.verdict(&head.shop, id(2)).await.unwrap().is_none());
}

/// The session that listens is ended: whoever follows is told to look again, and hints come again afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_lost_its_connection_says_look_again() {
    let Some((fixture, head, mut beside)) = with_one_event().await else { return };
    let other = fixture.reopened().await;
    let mut hints = other.announcements();
    assert_eq!(timeout(Duration::from_secs(10), hints.recv()).await.unwrap(), Ok(Hint::LookAgain));
    beside
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'daybook-hints'",
        )
        .await
        .unwrap();
    assert_eq!(timeout(Duration::from_secs(10), hints.recv()).await.unwrap(), Ok(Hint::LookAgain));
    let heard = async {
        loop {
            fixture.store.announce(&head.shop, 5);
            match timeout(Duration::from_millis(50), hints.recv()).await {
                Ok(Ok(Hint::Head { shop, position })) => return (shop, position),
                Ok(Ok(Hint::LookAgain)) | Err(_) => {}
                Ok(Err(error)) => panic!("{error}"),
            }
        }
    };
    assert_eq!(timeout(Duration::from_secs(10), heard).await.unwrap(), (head.shop.clone(), 5));
}

/// Many announcements become few, and the latest is among them.
#[tokio::test(flavor = "multi_thread")]
async fn announcements_are_collected() {
    let Some((fixture, head, _beside)) = with_one_event().await else { return };
    let other = fixture.reopened().await;
    let mut hints = other.announcements();
    assert_eq!(timeout(Duration::from_secs(10), hints.recv()).await.unwrap(), Ok(Hint::LookAgain));
    for position in 1..=1000 {
        fixture.store.announce(&head.shop, position);
    }
    let mut heard = 0;
    let last = async {
        loop {
            heard += 1;
            if hints.recv().await == Ok(Hint::Head { shop: head.shop.clone(), position: 1000 }) {
                break;
            }
        }
    };
    timeout(Duration::from_secs(10), last).await.unwrap();
    assert!(heard < 500, "{heard} notifications for 1000 announcements");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tables_the_error_says_so() {
    let Some(url) = postgres_url().await else { return };
    let store = open(&url).await.unwrap();
    let error = store.head(&ShopSlug::parse("corner").unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "store_schema", "{error}");
    assert!(error.is_permanent());
}

/// An older build on a database that a newer one has migrated.
#[tokio::test(flavor = "multi_thread")]
async fn p8_tables_of_a_newer_version_are_not_touched() {
    let Some((fixture, _head, mut beside)) = with_one_event().await else { return };
    beside
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', true, '', 0)",
        )
        .await
        .unwrap();
    let error = fixture.store.migrate().await.unwrap_err();
    assert!(matches!(error, StoreError::Schema { .. }), "{error:?}");
}

/// The plan that is made once the table has more than a page of rows: the primary key has every column asked for.
#[tokio::test(flavor = "multi_thread")]
async fn c_27_the_flat_view_is_read_by_its_primary_key_alone() {
    let Some((_fixture, _head, mut beside)) = with_one_event().await else { return };
    let rows = "INSERT INTO allocations_view SELECT 'corner', 'o' || n, 'sku', 'b1', 1 FROM generate_series(1, 5000) n";
    beside.execute(rows).await.unwrap();
    beside.execute("VACUUM ANALYZE allocations_view").await.unwrap();
    let query = concat!("EXPLAIN (COSTS off)\n", include_str!("../src/views/postgres/flat/of_order.sql"));
    let plan: Vec<String> = sqlx::query_scalar(query).bind("corner").bind("o7").fetch_all(&mut beside).await.unwrap();
    let condition = "  Index Cond: ((shop = 'corner'::text) AND (order_id = 'o7'::text))";
    assert_eq!(
        plan,
        ["Index Only Scan using allocations_view_pkey on allocations_view", condition],
        "no sort, no heap"
    );
}
