//! A PostgreSQL of the tests' own, which lives as long as this process.

use std::{
    env,
    fs::{self, OpenOptions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::at_exit::at_exit;

/// A cluster in a folder of its own, listening on a socket only.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    settings: String,
    /// PostgreSQL refuses to run as root.
    is_root: bool,
}

impl Cluster {
    /// Makes it and starts it, with settings as `name=value`.
    #[must_use]
    pub fn start(name: &str, settings: &[&str]) -> Self {
        let folder = env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let sockets = folder.join("sock");
        fs::create_dir_all(&sockets).expect("a folder for PostgreSQL");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a private folder");
        let is_root = fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nUid:\t0\t"));
        if is_root {
            run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(&folder));
        }
        let mut all = format!("-c listen_addresses='' -c unix_socket_directories='{}'", sockets.display());
        for setting in ["max_connections=300"].iter().chain(settings) {
            all.push_str(" -c ");
            all.push_str(setting);
        }
        let cluster = Self { folder, bin: binaries(), settings: all, is_root };
        let options = ["-U", "daybook", "--auth-local=trust", "--auth-host=reject", "-E", "UTF8", "--locale=C.UTF-8"];
        run(cluster.tool("initdb").args(options).arg("--no-sync"));
        cluster.start_again();
        stop_at_exit(cluster.tool("pg_ctl"), &cluster.folder);
        cluster
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://daybook@localhost/postgres?host={}", self.folder.join("sock").display())
    }

    /// Ends it as a crash does: no checkpoint, open transactions lost, connections cut.
    pub fn crash(&self) {
        run(self.tool("pg_ctl").args(["-m", "immediate", "stop"]));
    }

    /// Returns when it takes connections, after whatever recovery it needs.
    pub fn start_again(&self) {
        run(self
            .tool("pg_ctl")
            .arg("-w")
            .arg("-l")
            .arg(self.folder.join("log"))
            .arg("-o")
            .arg(&self.settings)
            .arg("start"));
    }

    /// One of its programs, on its data, as an ordinary user.
    fn tool(&self, name: &str) -> Command {
        let mut command = if self.is_root { Command::new("runuser") } else { Command::new(self.bin.join(name)) };
        if self.is_root {
            command.args(["-u", "postgres", "--"]).arg(self.bin.join(name));
        }
        command.current_dir(&self.folder).arg("-D").arg(self.folder.join("data"));
        command
    }
}

/// Stops the server when this process has ended.
fn stop_at_exit(pg_ctl: Command, folder: &Path) {
    let quoted = |path: &std::ffi::OsStr| format!("'{}'", path.to_string_lossy());
    let mut stop = quoted(pg_ctl.get_program());
    for argument in pg_ctl.get_args() {
        stop.push(' ');
        stop.push_str(&quoted(argument));
    }
    at_exit(&format!("cd /; {stop} -m immediate stop; rm -rf {}", quoted(folder.as_os_str())));
}

fn run(command: &mut Command) {
    // pg_ctl leaves the server holding its output, so that is a file and never a pipe that somebody reads to its end.
    let log = env::temp_dir().join(format!("daybook-pg-{}.log", std::process::id()));
    let file = || OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
    let status = command.stdin(Stdio::null()).stdout(file()).stderr(file()).status();
    let text = || fs::read_to_string(&log).unwrap_or_default();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed:\n{}", text());
    let _ = fs::remove_file(&log);
}

/// The newest PostgreSQL here.
fn binaries() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return bin;
    }
    let asked = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
    let bin = asked.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    bin.filter(|bin| bin.join("initdb").exists()).expect(
        "PostgreSQL for the tests: install it (Debian: postgresql), or set DAYBOOK_TEST_POSTGRES to the address of a \
         server where databases may be created, or to `skip`",
    )
}
