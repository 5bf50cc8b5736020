//! Roles that may do less than the owner: the whole contract on the one that serves, and what neither can do.

use domain::{ShopSlug, picture::MediaType, values::BlobHash};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::{
    Blob, Duty, Rights, SnapshotRow, StoreError,
    contract::{
        Fixture,
        scribe::{json, write},
    },
    open,
    postgres::grant,
    testing::{as_role, postgres_url},
};

const SERVING: &str = "daybook_test_serving";
const READING: &str = "daybook_test_reading";
/// What the database answers to whoever may not.
const DENIED: &str = "42501";

/// A database with its tables and both roles; answers its owner's address.
async fn owned() -> Option<String> {
    let url = postgres_url().await?;
    open(&url).await.unwrap().migrate().await.unwrap();
    grant(&url, SERVING, Duty::Serves).await.unwrap();
    grant(&url, READING, Duty::Reads).await.unwrap();
    Some(url)
}

/// The serving role migrates too, as every server does at its start: it looks.
async fn serving() -> Option<Fixture> {
    Some(Fixture::at(as_role(&owned().await?, SERVING), ()).await)
}

mod on_the_serving_role {
    store::contract_suite!(super::serving);
}

/// Two shops with an event, a verdict, a picture and a snapshot each, written by the serving role.
async fn two_shops() -> Option<(String, Fixture)> {
    let url = owned().await?;
    let fixture = Fixture::at(as_role(&url, SERVING), ()).await;
    for (number, name) in [(1, "corner"), (2, "market")] {
        let head = fixture.shop(name).await;
        let head = write(&*fixture.store, &head, number, "order-1", 1).await;
        let bytes = name.as_bytes().to_vec();
        let snapshot = SnapshotRow { position: 1, fold: 1, hash: head.hash, bytes: bytes.clone() };
        fixture.store.save_snapshot(&head.shop, snapshot).await.unwrap();
        let blob = Blob { name: BlobHash::of(&bytes), media_type: MediaType::Png, width: 1, height: 1, bytes };
        assert!(fixture.store.keep_blob(&head.shop, blob, 1_000).await.unwrap());
    }
    Some((url, fixture))
}

async fn refused(session: &mut PgConnection, statement: &str) -> Option<String> {
    let done = session.execute(AssertSqlSafe(statement)).await;
    done.err().map(|error| error.as_database_error().unwrap().code().unwrap().into_owned())
}

#[tokio::test]
async fn p_10_the_serving_role_adds_to_the_log_and_changes_nothing_in_it() {
    let Some((url, fixture)) = two_shops().await else { return };
    assert_eq!(fixture.store.rights().await.unwrap(), Some(Rights::Only(Duty::Serves)));
    let mut session = PgConnection::connect(fixture.url().unwrap()).await.unwrap();
    for statement in [
        "UPDATE event SET payload = 'x'",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE verdict SET verdict = 'x'",
        "DELETE FROM verdict",
        "TRUNCATE verdict",
        "DELETE FROM shop_head",
        "UPDATE blob SET bytes = 'x'",
        "DELETE FROM blob",
        "DELETE FROM token",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "ALTER TABLE event DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER event_append_only ON event",
        "DROP POLICY one_shop ON event",
        "DROP TABLE event",
        "ALTER TABLE event ADD COLUMN x text",
        "CREATE TABLE other (x text)",
        "CREATE RULE quiet AS ON INSERT TO event DO INSTEAD NOTHING",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "UPDATE _sqlx_migrations SET success = false",
    ] {
        assert_eq!(refused(&mut session, statement).await.as_deref(), Some(DENIED), "{statement}");
    }
    // It is the rights that stop it, and not the trigger, which stops the owner as well.
    let mut owner = PgConnection::connect(&url).await.unwrap();
    assert_eq!(refused(&mut owner, "DELETE FROM event").await.as_deref(), Some("DB001"));
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM event").fetch_one(&mut session).await.unwrap();
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn p_2_the_reading_role_reads_and_writes_nowhere() {
    let Some((url, fixture)) = two_shops().await else { return };
    let reader = open(&as_role(&url, READING)).await.unwrap();
    reader.migrate().await.unwrap();
    assert_eq!(reader.rights().await.unwrap(), Some(Rights::Only(Duty::Reads)));
    let shop = ShopSlug::parse("corner").unwrap();
    assert_eq!(json(&reader.read(&shop, 0, 9).await.unwrap()), json(&fixture.store.read(&shop, 0, 9).await.unwrap()));
    assert_eq!(reader.shops().await.unwrap().len(), 2);

    let mut owner = PgConnection::connect(&url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let mut session = PgConnection::connect(&as_role(&url, READING)).await.unwrap();
    for table in &tables {
        for statement in
            [format!("INSERT INTO {table} DEFAULT VALUES"), format!("DELETE FROM {table}"), format!("TRUNCATE {table}")]
        {
            assert_eq!(refused(&mut session, &statement).await.as_deref(), Some(DENIED), "{statement}");
        }
        assert_eq!(refused(&mut session, &format!("SELECT * FROM {table}")).await, None, "{table}");
    }
    // A table that was added and not given to the serving role would be found by the first statement that needs it.
    let mut session = PgConnection::connect(&as_role(&url, SERVING)).await.unwrap();
    for table in &tables {
        assert_eq!(refused(&mut session, &format!("SELECT * FROM {table}")).await, None, "{table}");
    }
}

#[tokio::test]
async fn p9_a_session_that_names_a_shop_sees_that_one_alone() {
    let Some((url, _fixture)) = two_shops().await else { return };
    for role in [SERVING, READING] {
        let mut session = PgConnection::connect(&as_role(&url, role)).await.unwrap();
        for (named, expected) in
            [(None, 2_i64), (Some(""), 0), (Some("corner"), 1), (Some("market"), 1), (Some("x"), 0)]
        {
            if let Some(named) = named {
                sqlx::query("SELECT set_config('daybook.shop', $1, false)")
                    .bind(named)
                    .execute(&mut session)
                    .await
                    .unwrap();
            }
            for table in ["event", "verdict", "snapshot", "blob", "log"] {
                let count = format!("SELECT count(DISTINCT shop) FROM {table}");
                let seen: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut session).await.unwrap();
                assert_eq!(seen, expected, "{table} as {role} of {named:?}");
            }
        }
        // What it does not see it cannot write either.
        if role == SERVING {
            let verdict = "INSERT INTO verdict VALUES ('corner', gen_random_uuid(), 0, '')";
            assert_eq!(refused(&mut session, verdict).await.as_deref(), Some(DENIED));
        }
    }
}

#[tokio::test]
async fn rights_that_came_from_elsewhere_are_taken_back_or_refused() {
    let Some((url, fixture)) = two_shops().await else { return };
    let mut owner = PgConnection::connect(&url).await.unwrap();
    owner.execute(AssertSqlSafe(format!("GRANT UPDATE, DELETE ON event TO {SERVING}"))).await.unwrap();
    assert_eq!(fixture.store.rights().await.unwrap(), Some(Rights::Owner), "it could change the log");
    grant(&url, SERVING, Duty::Serves).await.unwrap();
    assert_eq!(fixture.store.rights().await.unwrap(), Some(Rights::Only(Duty::Serves)));
    let itself: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut owner).await.unwrap();
    let by_itself = grant(&url, &itself, Duty::Serves).await;
    assert!(matches!(by_itself, Err(StoreError::Role { .. })), "a superuser, or the owner: {by_itself:?}");
}

#[tokio::test]
async fn whoever_may_not_change_tables_says_which_change_they_lack() {
    let Some(url) = owned().await else { return };
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let store = open(&as_role(&url, SERVING)).await.unwrap();
    store.migrate().await.unwrap();
    for (statement, says) in [
        (
            "INSERT INTO _sqlx_migrations SELECT 999, description, installed_on, success, checksum, execution_time \
             FROM _sqlx_migrations WHERE version = 3",
            "change 999 of the tables is not known",
        ),
        ("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 3", "change 3 of the tables is another one"),
        ("DELETE FROM _sqlx_migrations WHERE version = 3", "they lack change 3"),
    ] {
        owner.execute(statement).await.unwrap();
        match store.migrate().await {
            Err(StoreError::Schema { problem }) => assert!(problem.starts_with(says), "{problem}"),
            other => panic!("{statement}: {other:?}"),
        }
    }
}
