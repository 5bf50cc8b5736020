//! The program behind broken lines, killed and started again under load, on a database that crashes: what the
//! devices called saved is in the book once, and all come to the same books by themselves.
//!
//! Each test takes its faults from a seed (`DAYBOOK_SEED`) and works until conditions hold, never for a time.
//! `DAYBOOK_SERVER_KILLS`, `DAYBOOK_DATABASE_CRASHES` and `DAYBOOK_PARTITIONS` say how often, for longer runs.

mod audit;
mod fleet;
mod program;

use std::{env, time::Duration};

use store::testing::{Cluster, End, Mode, SqliteFile, postgres_url};
use sync::random::Random;

use self::{
    audit::nothing_is_lost_or_doubled,
    fleet::Fleet,
    program::{Program, create_shop, verify},
};

const TILLS: usize = 4;

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn random() -> Random {
    let seed = setting("DAYBOOK_SEED", 1);
    println!("DAYBOOK_SEED={seed}");
    Random::new(seed)
}

fn end(program: &Program) -> End {
    End::Tcp(program.address)
}

/// Servers on one database, and tills whose lines lead to them in turn.
struct Shop {
    database_url: String,
    servers: Vec<Program>,
    fleet: Fleet,
    random: Random,
}

impl Shop {
    async fn open(database_url: String, instances: usize) -> Self {
        create_shop(&database_url);
        let servers: Vec<_> = (0..instances).map(|_| Program::start(&database_url)).collect();
        let mut random = random();
        let fleet = Fleet::of(TILLS, random.draw(), &end(&servers[0])).await;
        let shop = Self { database_url, servers, fleet, random };
        shop.spread();
        shop
    }

    fn spread(&self) {
        for number in 0..self.fleet.len() {
            self.fleet.lead_one_to(number, &end(&self.servers[number % self.servers.len()]));
        }
    }

    /// Kills one server in the middle of its work; until it is there again, its tills go to another one, if there
    /// is one.
    async fn kill_and_restart(&mut self) {
        self.fleet.until_grown_by(1 + self.random.below(20)).await;
        let which = usize::try_from(self.random.below(self.servers.len() as u64)).unwrap();
        self.servers[which].kill();
        if self.servers.len() > 1 {
            self.fleet.lead_to(&end(&self.servers[(which + 1) % self.servers.len()]));
            self.fleet.until_grown_by(1).await;
        } else {
            // Somebody else may get its port.
            self.fleet.lead_to(&End::Unix("/nowhere".into()));
        }
        self.servers[which] = Program::start(&self.database_url);
        self.spread();
    }

    /// Breaks some lines, each in its own way, while all go on working.
    async fn partition(&mut self) -> Duration {
        self.fleet.work();
        self.fleet.until_grown_by(1).await;
        let broken = 1 + self.random.below(self.fleet.len() as u64);
        let mut last = 0;
        for _ in 0..broken {
            last = usize::try_from(self.random.below(self.fleet.len() as u64)).unwrap();
            let modes = [Mode::Cut, Mode::Swallow, Mode::Stall];
            self.fleet.set(last, modes[usize::try_from(self.random.below(3)).unwrap()]);
        }
        let more = 1 + self.random.below(10);
        self.fleet.until_issued(last, usize::try_from(more).unwrap()).await;
        self.fleet.heal().await
    }

    async fn close(self) {
        let took = self.fleet.heal().await;
        let fleet = self.fleet.retire().await;
        nothing_is_lost_or_doubled(self.servers[0].address, &fleet).await;
        let issued: usize = fleet.iter().map(|retired| retired.issued.len()).sum();
        println!("{issued} commands, lost 0, doubled 0; the same books {took:?} after the last fault");
        drop(self.servers);
        verify(&self.database_url);
    }
}

async fn kills(database_url: String, instances: usize) {
    let mut shop = Shop::open(database_url, instances).await;
    shop.fleet.work();
    for _ in 0..setting("DAYBOOK_SERVER_KILLS", 30) {
        shop.kill_and_restart().await;
    }
    shop.close().await;
}

async fn partitions(database_url: String, instances: usize) {
    let mut shop = Shop::open(database_url, instances).await;
    let mut longest = Duration::ZERO;
    let times = setting("DAYBOOK_PARTITIONS", 100);
    for _ in 0..times {
        longest = longest.max(shop.partition().await);
    }
    println!("{times} partitions, after each the same books, {longest:?} at the longest");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p7_a_server_killed_under_load_on_sqlite() {
    let file = SqliteFile::new();
    kills(file.url(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p7_two_servers_killed_under_load_on_postgres() {
    if let Some(url) = postgres_url().await {
        kills(url, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_p4_p7_partitions_on_sqlite() {
    let file = SqliteFile::new();
    partitions(file.url(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_p4_p7_partitions_on_postgres_with_two_servers() {
    if let Some(url) = postgres_url().await {
        partitions(url, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_postgres_crashes_under_two_servers() {
    if env::var("DAYBOOK_TEST_POSTGRES").is_ok_and(|setting| setting == "skip") {
        return;
    }
    // What it has answered for it must keep, so it writes to the disk.
    let cluster = Cluster::start("daybook-crashing-pg", &["fsync=on"]);
    let mut shop = Shop::open(cluster.url(), 2).await;
    shop.fleet.work();
    for _ in 0..setting("DAYBOOK_DATABASE_CRASHES", 10) {
        let entries = 1 + shop.random.below(30);
        shop.fleet.until_grown_by(entries).await;
        cluster.crash();
        cluster.start_again();
    }
    shop.fleet.until_grown_by(1).await;
    shop.close().await;
}
