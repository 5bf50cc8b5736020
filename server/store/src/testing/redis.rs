//! Redis for tests: private ones that live as long as this process.

use std::{
    env,
    fs::{self, File},
    io::Write,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::at_exit::at_exit;

/// The address of one that all tests of this process share. `None` if they are told to go without by
/// `DAYBOOK_TEST_REDIS=skip`; the reason is printed.
///
/// # Panics
/// When there is no Redis and nobody said to go without.
#[must_use]
pub fn redis_url() -> Option<String> {
    static SERVER: OnceLock<Option<Redis>> = OnceLock::new();
    SERVER.get_or_init(Redis::start).as_ref().map(Redis::url)
}

/// A Redis of its own that listens on a socket only and keeps nothing on disk. It ends with this process.
pub struct Redis {
    folder: PathBuf,
}

impl Redis {
    /// None where the tests go without, as for [`redis_url`].
    ///
    /// # Panics
    /// When there is no `redis-server` and nobody said to go without.
    #[must_use]
    pub fn start() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if env::var("DAYBOOK_TEST_REDIS").is_ok_and(|setting| setting == "skip") {
            // Straight to the stream: the test harness keeps what a passing test prints.
            let _ = writeln!(std::io::stderr(), "skipped: a test on Redis (DAYBOOK_TEST_REDIS=skip)");
            return None;
        }
        let name = format!("daybook-redis-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for Redis");
        let redis = Self { folder };
        redis.start_again();
        let folder = redis.folder.display();
        at_exit(&format!("kill -9 $(cat '{folder}/pid'); rm -rf '{folder}'"));
        Some(redis)
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+unix:{}", self.socket().display())
    }

    /// Ends it as a crash does, and with it all that it had.
    pub fn crash(&self) {
        let pid = fs::read_to_string(self.folder.join("pid")).expect("a Redis that runs");
        let killed = Command::new("kill").args(["-9", pid.trim()]).status();
        assert!(killed.is_ok_and(|status| status.success()), "Redis was not there");
        self.wait(|connected| !connected);
    }

    /// Returns when it takes connections.
    pub fn start_again(&self) {
        let setting = |name: &str| self.folder.join(name).display().to_string();
        let log = || File::create(self.folder.join("log")).expect("a log file");
        let server = Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", &setting("socket"), "--pidfile", &setting("pid")])
            .args(["--save", "", "--daemonize", "yes", "--dir", &setting("")])
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .status();
        assert!(
            server.is_ok_and(|status| status.success()),
            "Redis for the tests: install it (Debian: redis-server), or set DAYBOOK_TEST_REDIS to `skip`"
        );
        self.wait(|connected| connected);
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    fn wait(&self, until: impl Fn(bool) -> bool) {
        let begun = Instant::now();
        while !until(UnixStream::connect(self.socket()).is_ok()) {
            assert!(begun.elapsed() < Duration::from_secs(10), "Redis does not do what it was asked");
            thread::yield_now();
        }
    }
}
