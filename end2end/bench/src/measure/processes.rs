//! The processes that are measured: the release binary, and a private PostgreSQL with fsync on.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

fn binary() -> Result<String, String> {
    std::env::var("DAYBOOK_BINARY").map_err(|_| "DAYBOOK_BINARY names no binary".to_owned())
}

/// A running `daybook serve`, stopped when dropped.
pub struct Daybook {
    child: Child,
    pub address: SocketAddr,
}

impl Daybook {
    /// Starts the binary that `DAYBOOK_BINARY` names.
    pub async fn start(database: &str, folder: &Path) -> Result<Self, String> {
        let port = free_port()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let log = fs::File::create(folder.join("daybook.log")).map_err(|error| error.to_string())?;
        let child = Command::new(binary()?)
            .args(["serve", "--demo", "--listen", &address.to_string()])
            .env("DATABASE_URL", database)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| error.to_string())?;
        let daybook = Self { child, address };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(mut client) = super::client::Client::connect(address).await
                && client.get("/readyz").await.is_ok_and(|response| response.status == 200)
            {
                return Ok(daybook);
            }
            if Instant::now() > deadline {
                return Err("the server did not become ready".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs one of the binary's other operations to its end.
    pub fn operate(database: &str, arguments: &[&str]) -> Result<String, String> {
        run(Command::new(binary()?).args(arguments).env("DATABASE_URL", database))
    }

    /// Waits until the page of the shop with a log made beforehand is answered: from then on the shop is in memory.
    pub async fn shop_page(&self) -> Result<(), String> {
        let mut client = super::client::Client::connect(self.address).await?;
        let answer = client.get(&format!("/s/{}", super::log::SHOP)).await?;
        if answer.status == 200 { Ok(()) } else { Err(format!("the page answered {}", answer.status)) }
    }

    /// CPU seconds used so far, user and system.
    pub fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Daybook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A private cluster with fsync, `synchronous_commit` and `full_page_writes` on; gone when dropped.
pub struct Postgres {
    folder: PathBuf,
    bin: PathBuf,
}

impl Postgres {
    pub fn start(folder: &Path) -> Result<Self, String> {
        let bin = find_bin()?;
        let folder = folder.join("pg");
        fs::create_dir_all(folder.join("sock")).map_err(|error| error.to_string())?;
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres:"]).arg(&folder))?;
        }
        let cluster = Self { folder, bin };
        let data = cluster.folder.join("data");
        cluster.owner(
            "initdb",
            &[
                "-D",
                &data.to_string_lossy(),
                "-U",
                "daybook",
                "--auth-local=trust",
                "--auth-host=reject",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ],
        )?;
        let sock = cluster.socket();
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{sock}' -c max_connections=200 -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=512MB -c max_wal_size=4GB"
        );
        let log = cluster.folder.join("log");
        cluster.owner(
            "pg_ctl",
            &["-D", &data.to_string_lossy(), "-w", "-l", &log.to_string_lossy(), "-o", &options, "start"],
        )?;
        Ok(cluster)
    }

    fn socket(&self) -> String {
        self.folder.join("sock").to_string_lossy().into_owned()
    }

    /// A fresh database; answers its URL.
    pub fn database(&self, name: &str) -> Result<String, String> {
        self.owner("createdb", &["-h", &self.socket(), "-U", "daybook", name])?;
        Ok(format!("postgres://daybook@localhost/{name}?host={}", self.socket()))
    }

    /// What one statement answers, as text.
    pub fn ask(&self, database: &str, sql: &str) -> Result<String, String> {
        self.owner(
            "psql",
            &["-h", &self.socket(), "-U", "daybook", "-d", database, "-qtAX", "-v", "ON_ERROR_STOP=1", "-c", sql],
        )
    }

    /// Seconds in which every row of a table is copied to a client that throws it away; the client's start is taken off.
    pub fn copy_out(&self, database: &str, table: &str) -> Result<f64, String> {
        let socket = self.socket();
        let seconds = |sql: &str| {
            let begin = Instant::now();
            self.owner("psql", &["-h", &socket, "-U", "daybook", "-d", database, "-qX", "-o", "/dev/null", "-c", sql])
                .map(|_| begin.elapsed().as_secs_f64())
        };
        Ok(seconds(&format!("COPY {table} TO STDOUT"))? - seconds("SELECT 1")?)
    }

    /// Transactions per second and p99 in milliseconds of a pgbench script.
    pub fn pgbench(&self, database: &str, script: &str, clients: u32, seconds: u32) -> Result<(f64, f64), String> {
        let file = self.folder.join("sock").join(format!("{database}.sql"));
        fs::write(&file, script).map_err(|error| error.to_string())?;
        let prefix = self.folder.join("sock").join(format!("log{clients}"));
        if is_root() {
            run(Command::new("chown").arg("-R").arg("postgres:").arg(&self.folder))?;
        }
        let output = self.owner(
            "pgbench",
            &[
                "-h",
                &self.socket(),
                "-U",
                "daybook",
                "-n",
                "-M",
                "prepared",
                "-c",
                &clients.to_string(),
                "-j",
                "1",
                "-T",
                &seconds.to_string(),
                "-l",
                "--log-prefix",
                &prefix.to_string_lossy(),
                "-f",
                &file.to_string_lossy(),
                database,
            ],
        )?;
        let tps = output
            .lines()
            .find_map(|line| line.strip_prefix("tps = "))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|tps| tps.parse().ok())
            .ok_or_else(|| format!("pgbench said: {output}"))?;
        let mut latencies = Vec::new();
        for entry in fs::read_dir(self.folder.join("sock")).map_err(|error| error.to_string())?.flatten() {
            if entry.path().to_string_lossy().starts_with(&*prefix.to_string_lossy()) {
                let log = fs::read_to_string(entry.path()).unwrap_or_default();
                latencies.extend(log.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok()));
                let _ = fs::remove_file(entry.path());
            }
        }
        latencies.sort_unstable_by(f64::total_cmp);
        let p99 = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or(0.0) / 1_000.0;
        Ok((tps, p99))
    }

    /// CPU seconds used so far by every process of the cluster.
    pub fn cpu(&self) -> f64 {
        let pid = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        let Some(postmaster) = pid.lines().next().and_then(|pid| pid.parse::<u32>().ok()) else { return 0.0 };
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap_or_default();
        // Backends that have ended are in the postmaster's own account of its children.
        cpu_with_ended_children(postmaster)
            + children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(cpu_of).sum::<f64>()
    }

    fn owner(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let path = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        run(command.args(arguments).current_dir("/"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let _ = self.owner("pg_ctl", &["-D", &data.to_string_lossy(), "-m", "immediate", "-w", "stop"]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A Redis that listens on a socket only and keeps nothing on disk; ended when dropped.
pub struct Redis {
    child: Child,
    socket: PathBuf,
}

impl Redis {
    pub fn start(folder: &Path) -> Result<Self, String> {
        let socket = folder.join("redis");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket", &socket.to_string_lossy()])
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("redis-server: {error}"))?;
        let redis = Self { child, socket };
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::os::unix::net::UnixStream::connect(&redis.socket).is_err() {
            if Instant::now() > deadline {
                return Err("Redis did not become ready".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }

    pub fn url(&self) -> String {
        format!("redis+unix:{}", self.socket.display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn find_bin() -> Result<PathBuf, String> {
    let versions = fs::read_dir("/usr/lib/postgresql").map_err(|_| "no PostgreSQL server is installed".to_owned())?;
    let mut bins: Vec<PathBuf> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    bins.retain(|bin| bin.join("pgbench").exists() && bin.join("initdb").exists());
    bins.sort();
    bins.pop().ok_or_else(|| "no PostgreSQL server is installed".to_owned())
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

/// Clock ticks are 100 a second on every Linux that this runs on.
const TICKS: f64 = 100.0;

fn stat(pid: u32) -> Vec<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect()
}

fn cpu_of(pid: u32) -> f64 {
    stat(pid).iter().skip(11).take(2).sum::<f64>() / TICKS
}

fn cpu_with_ended_children(pid: u32) -> f64 {
    stat(pid).iter().skip(11).take(4).sum::<f64>() / TICKS
}
