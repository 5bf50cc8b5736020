//! The contract on SQLite, and what only a file can suffer.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use domain::{ShopSlug, Verdict};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};
use store::{
    AppendError, ShopHead,
    contract::{
        Fixture,
        scribe::{append, event, id, write},
    },
    open,
    testing::SqliteFile,
};
use uuid::Uuid;

async fn fixture() -> Option<Fixture> {
    let file = SqliteFile::new();
    Some(Fixture::at(file.url(), file).await)
}

store::contract_suite!(fixture);

/// A store with one event, and a connection beside it, as the `sqlite3` shell opens one.
async fn with_one_event() -> (Fixture, ShopHead, SqliteConnection) {
    let file = SqliteFile::new();
    let fixture = Fixture::at(file.url(), file).await;
    let head = fixture.shop("corner").await;
    let head = write(&*fixture.store, &head, 1, "order-1", 1).await;
    let beside = SqliteConnection::connect(fixture.url().unwrap()).await.unwrap();
    (fixture, head, beside)
}

#[tokio::test(flavor = "multi_thread")]
async fn p_10_events_and_verdicts_are_append_only() {
    let (fixture, head, mut beside) = with_one_event().await;
    let columns = "type, schema, command_id, index_in_command, actor, device, issued_at, recorded_at, causation,
                   correlation, CAST('{}' AS BLOB), hash FROM event";
    let changes = [
        "UPDATE event SET payload = CAST('{}' AS BLOB)".to_owned(),
        "DELETE FROM event".to_owned(),
        format!("INSERT OR REPLACE INTO event SELECT shop, position, 'order-9', 9, {columns}"),
        format!("INSERT OR REPLACE INTO event SELECT shop, 9, aggregate, version, {columns}"),
        "UPDATE verdict SET fingerprint = 0".to_owned(),
        "DELETE FROM verdict".to_owned(),
        "INSERT OR REPLACE INTO verdict SELECT shop, command_id, 0, verdict FROM verdict".to_owned(),
    ];
    let trigger = Some("1811".into());
    for change in changes {
        let error = beside.execute(AssertSqlSafe(change.clone())).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code(), trigger, "{change}: {error}");
    }
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1);
    assert_eq!(fixture.store.verify(&head.shop).await.unwrap().unwrap().first_bad, None);
}

/// F28: somebody who writes in the file, without its triggers.
#[tokio::test(flavor = "multi_thread")]
async fn f28_a_log_that_was_tampered_with_is_found_at_the_right_place() {
    let swap = "UPDATE event SET position = 99 WHERE position = 3;
                UPDATE event SET position = 3 WHERE position = 4;
                UPDATE event SET position = 4 WHERE position = 99";
    for (tampering, position) in [
        ("UPDATE event SET payload = CAST('{\"sku\":\"OAT-1\",\"qty\":4}' AS BLOB) WHERE position = 4", 4),
        ("UPDATE event SET actor = 'mallory' WHERE position = 2", 2),
        ("DELETE FROM event WHERE position = 3", 3),
        ("DELETE FROM event WHERE position >= 5", 5),
        (swap, 3),
        ("UPDATE shop_head SET position = 4", 4),
    ] {
        let (fixture, head, mut beside) = with_one_event().await;
        let events = (2..=6).map(|n| event(id(n), &format!("order-{n}"), 1)).collect();
        fixture.store.append(&head.shop, append(&head, events)).await.unwrap();
        let triggers: Vec<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .fetch_all(&mut beside)
            .await
            .unwrap();
        for (name,) in triggers {
            beside.execute(AssertSqlSafe(format!("DROP TRIGGER {name}"))).await.unwrap();
        }
        beside.execute(AssertSqlSafe(tampering)).await.unwrap();
        let found = fixture.store.verify(&head.shop).await.unwrap().unwrap();
        let bad = found.first_bad.unwrap_or_else(|| panic!("not found: {tampering}"));
        assert_eq!((bad.position, found.good), (position, position - 1), "{tampering}: {bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_can_be_searched_as_text() {
    let (_fixture, _head, mut beside) = with_one_event().await;
    let found: (i64, String) =
        sqlx::query_as("SELECT position, recorded_at FROM log WHERE data LIKE '%OAT-1%' AND actor = 'anna'")
            .fetch_one(&mut beside)
            .await
            .unwrap();
    assert_eq!(found, (1, "2023-11-14T22:13:20.001Z".to_owned()));
}

/// F8: the disk is full. Nothing is decided, and when there is room the store goes on.
#[tokio::test(flavor = "multi_thread")]
async fn f8_a_full_disk_is_unavailable_and_passes() {
    let folder = env::temp_dir().join(format!("daybook-full-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&folder).status();
    if !mounted.is_ok_and(|status| status.success()) {
        std::fs::remove_dir_all(&folder).unwrap();
        eprintln!("skipped: a small disk cannot be mounted here");
        return;
    }
    let store = open(&format!("sqlite:{}", folder.join("daybook.db").display())).await.unwrap();
    store.migrate().await.unwrap();
    let shop = ShopSlug::parse("corner").unwrap();
    let mut head = store.create_shop(&shop, "Corner shop", Uuid::from_u128(1)).await.unwrap();
    std::fs::write(folder.join("ballast"), vec![0; 1024 * 1024]).unwrap();

    let mut number = 0;
    let error = loop {
        number += 1;
        match store.append(&shop, append(&head, vec![event(id(number), &format!("order-{number}"), 1)])).await {
            Ok(()) => head = store.head(&shop).await.unwrap().unwrap(),
            Err(error) => break error,
        }
        assert!(number < 10_000, "the disk never filled");
    };
    assert!(matches!(error, AppendError::Unavailable { .. } | AppendError::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!(store.head(&shop).await.unwrap(), Some(head.clone()), "reads go on");
    assert!(store.verdict(&shop, id(number)).await.unwrap().is_none());

    std::fs::remove_file(folder.join("ballast")).unwrap();
    let head = write(&*store, &head, number, &format!("order-{number}"), 1).await;
    let found = store.verify(&shop).await.unwrap().unwrap();
    assert_eq!((found.good, found.first_bad), (head.position, None));
    drop(store);
    let _ = Command::new("umount").arg("-l").arg(&folder).status();
    let _ = std::fs::remove_dir_all(&folder);
}

/// Somebody else writes to the file for longer than anyone waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_busy_is_unavailable_and_passes() {
    let (fixture, head, mut beside) = with_one_event().await;
    beside.execute("BEGIN IMMEDIATE").await.unwrap();
    let batch = append(&head, vec![event(id(2), "order-2", 1)]);
    let error = fixture.store.append(&head.shop, batch.clone()).await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("store_unavailable", false), "{error}");
    assert_eq!(fixture.store.read(&head.shop, 0, 10).await.unwrap().len(), 1, "readers do not wait");
    beside.execute("ROLLBACK").await.unwrap();
    fixture.store.append(&head.shop, batch).await.unwrap();
}

#[tokio::test]
async fn an_address_that_keeps_nothing_is_refused() {
    for url in ["sqlite::memory:", "sqlite:x.db?mode=memory", "mysql://x", "daybook.db"] {
        let Err(error) = open(url).await else { panic!("{url} was opened") };
        assert_eq!(error.code(), "store_address", "{url}: {error}");
    }
}

const CHILD: &str = "DAYBOOK_STORE_CHILD";
const BATCH: u64 = 3;

/// Not a test of its own: what [`p1_r_5_a_killed_process_keeps_what_it_answered`] runs and kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_appends_until_it_is_killed() {
    let Ok(url) = env::var(CHILD) else { return };
    let store = open(&url).await.unwrap();
    store.migrate().await.unwrap();
    let shop = ShopSlug::parse("corner").unwrap();
    let mut head = store.create_shop(&shop, "Corner shop", Uuid::from_u128(1)).await.unwrap();
    loop {
        let command = id(u128::from(head.position) + 1);
        let order = format!("order-{}", head.position);
        let events = (1..=3).map(|version| event(command, &order, version)).collect();
        store.append(&shop, append(&head, events)).await.unwrap();
        head = store.head(&shop).await.unwrap().unwrap();
        println!("\nappended {}", head.position);
    }
}

/// Killed at any moment, again and again on the same file.
#[tokio::test(flavor = "multi_thread")]
async fn p1_r_5_a_killed_process_keeps_what_it_answered() {
    let file = SqliteFile::new();
    let mut answered = 0;
    for round in 1..=4 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child_that_appends_until_it_is_killed", "--nocapture"])
            .env(CHILD, file.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let appended = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("appended ")?.parse().ok());
        answered = appended.take(round * 13).last().unwrap_or(answered);
        child.kill().unwrap();
        child.wait().unwrap();

        let store = open(&file.url()).await.unwrap();
        let shop = ShopSlug::parse("corner").unwrap();
        let head = store.head(&shop).await.unwrap().unwrap();
        assert!(head.position >= answered && answered > 0, "{} of {answered}", head.position);
        assert_eq!(head.position % BATCH, 0, "a batch was written in part");
        let found = store.verify(&shop).await.unwrap().unwrap();
        assert_eq!((found.good, found.first_bad), (head.position, None));
        for first in (1..=head.position).step_by(3) {
            let verdict = store.verdict(&shop, id(u128::from(first))).await.unwrap().unwrap().verdict;
            assert_eq!(verdict, Verdict::Accepted { positions: vec![first, first + 1, first + 2] });
        }
    }
}

/// The statement that the view's query is, and the plan that is made for it: one search of the primary key, which has
/// every column asked for.
#[tokio::test(flavor = "multi_thread")]
async fn c_27_the_flat_view_is_read_by_its_primary_key_alone() {
    let (_fixture, _head, mut beside) = with_one_event().await;
    let query = concat!("EXPLAIN QUERY PLAN\n", include_str!("../src/views/sqlite/flat/of_order.sql"));
    let plan: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(query).bind("corner").bind("o1").fetch_all(&mut beside).await.unwrap();
    let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
    assert_eq!(steps, ["SEARCH allocations_view USING PRIMARY KEY (shop=? AND order_id=?)"], "no sort, no other table");
}
