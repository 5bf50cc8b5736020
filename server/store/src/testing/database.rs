//! PostgreSQL for tests: the server named by `DAYBOOK_TEST_POSTGRES`, or else a private one that lives as long as
//! this process.

use std::{
    env,
    io::Write,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tokio::sync::OnceCell;

use super::cluster::Cluster;

const PREFIX: &str = "daybook_test_";
/// Databases of runs that ended this long ago are removed.
const LEFT_OVER_SECONDS: u64 = 3600;

/// The address of a fresh, empty database. `None` if the tests are told to go without by
/// `DAYBOOK_TEST_POSTGRES=skip`; the reason is printed.
///
/// # Panics
/// When there is no PostgreSQL and nobody said to go without.
pub async fn postgres_url() -> Option<String> {
    static SERVER: OnceCell<String> = OnceCell::const_new();
    static NEXT: AtomicU32 = AtomicU32::new(0);

    let setting = env::var("DAYBOOK_TEST_POSTGRES").ok();
    if setting.as_deref() == Some("skip") {
        // Straight to the stream: the test harness keeps what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: a test on PostgreSQL (DAYBOOK_TEST_POSTGRES=skip)");
        return None;
    }
    let server = SERVER
        .get_or_init(|| async {
            let url = match setting {
                Some(url) => url,
                None => tokio::task::spawn_blocking(private).await.expect("a private PostgreSQL"),
            };
            remove_left_overs(&url).await;
            url
        })
        .await;
    let name = format!("{PREFIX}{}_{}_{}", seconds(), std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(server).await.expect("the PostgreSQL of the tests");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
    connection.execute(AssertSqlSafe(create)).await.expect("a database of the test's own");
    Some(with_database(server, &name))
}

/// Runs one statement as another program on the same database would, SQLite or PostgreSQL.
///
/// # Panics
/// When the database does not take it.
pub async fn execute(url: &str, statement: &'static str) {
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.expect("the file of the test");
        connection.execute(statement).await.expect(statement);
    } else {
        let mut connection = PgConnection::connect(url).await.expect("the database of the test");
        connection.execute(statement).await.expect(statement);
    }
}

fn private() -> String {
    // What a test database forgets when the machine loses power is nobody's loss.
    Cluster::start("daybook-pg", &["fsync=off"]).url()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

async fn remove_left_overs(url: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the PostgreSQL of the tests");
    let names: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE $1")
        .bind(format!("{PREFIX}%"))
        .fetch_all(&mut connection)
        .await
        .expect("a list of databases");
    for name in names {
        let made = name.trim_start_matches(PREFIX).split('_').next().and_then(|text| text.parse::<u64>().ok());
        if made.is_some_and(|made| made + LEFT_OVER_SECONDS < seconds()) {
            // Another run may remove it at the same moment.
            let _ = connection.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await;
        }
    }
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let start = address.find("://").map_or(0, |at| at + 3);
    let authority = address[start..].find('/').map_or(address.len(), |at| start + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..authority])
}

/// The same database, as another role; on the servers of tests none has a password.
#[must_use]
pub fn as_role(url: &str, role: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(start);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let place = rest[..end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}{role}@{}", &rest[place..])
}

#[cfg(test)]
mod tests {
    use super::{as_role, with_database};

    #[test]
    fn another_role_on_the_same_database() {
        assert_eq!(as_role("postgres://a@h:1/x?host=/s", "r"), "postgres://r@h:1/x?host=/s");
        assert_eq!(as_role("postgres://h/x?user=a@b", "r"), "postgres://r@h/x?user=a@b");
    }

    #[test]
    fn another_database_on_the_same_server() {
        assert_eq!(with_database("postgres://a@h:1/x?host=/s", "y"), "postgres://a@h:1/y?host=/s");
        assert_eq!(with_database("postgres:///x", "y"), "postgres:///y");
        assert_eq!(with_database("postgres://h", "y"), "postgres://h/y");
    }
}
