//! What a crowd at the door costs those who are inside: attempts to sign in, heads that do not come, and being asked who one
//! is. Each is measured with and without in turns, so that what else the machine does falls on both.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bench::workload::{EPOCH, Random};
use domain::ShopSlug;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::sleep_until};

use super::{
    Folder,
    client::{Client, due},
    log,
    processes::Daybook,
    table::{Goal, Latencies, Table, median, thousands},
};

const ROUNDS: u32 = 5;
const SECONDS: u32 = 4;
/// At once.
const ATTEMPTS: u32 = 200;
const SLOW: u32 = 500;
/// What a person does, a second.
const STEPS: u32 = 100;
const OPEN: &str = "open";
const ASKS: &str = "asks";
const CONNECTIONS: u32 = 8;

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("doors")?;
    let url = folder.sqlite();
    let store = log::open(&url).await?;
    for shop in [OPEN, ASKS] {
        let slug = ShopSlug::parse(shop).map_err(|error| error.to_string())?;
        store.create_shop(&slug, "Bench", EPOCH).await.map_err(|error| error.to_string())?;
    }
    drop(store);
    let daybook = Daybook::start(&url, &folder).await?;
    let address = daybook.address;
    let cookie = prepare(address).await?;

    let crowd = compared(&daybook, &Crowd::guessing(address)).await?;
    row(table, "p99 of other routes while 200 sign in at once ÷ alone", crowd);
    let slow = compared(&daybook, &Crowd::slow(address)).await?;
    row(table, "p99 of other routes beside 500 heads that do not come ÷ alone", slow);
    asked(table, address, &cookie).await?;
    known(table, address).await
}

/// A product in each shop, and an owner of one; answers with what their browser sends.
async fn prepare(address: SocketAddr) -> Result<String, String> {
    let mut client = Client::connect(address).await?;
    for shop in [OPEN, ASKS] {
        let body = r#"{"type":"product.add","data":{"sku":"P","name":"Measured","price":1}}"#;
        let response = client.post(&format!("/api/v1/shops/{shop}/commands"), body).await?;
        if response.status != 200 {
            return Err(format!("product.add answered {}", response.status));
        }
    }
    client.form(&format!("/s/{ASKS}/people"), "do=found&login=asha&name=Asha&password=violet+heron+on+a+post").await?;
    let answer = client.answer();
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).ok_or("no session")?;
    Ok(format!("cookie: {}\r\n", set.split(';').next().unwrap_or(set)))
}

fn row(table: &mut Table, what: &str, (mut with, mut without): (Latencies, Latencies)) {
    let shown = |of: &mut Latencies| {
        format!("p50 {:.2} p99 {:.2} ms of {}", of.percentile(0.5), of.percentile(0.99), of.count())
    };
    let ratio = with.percentile(0.99) / without.percentile(0.99);
    table.row(what, shown(&mut with), shown(&mut without), ratio, Goal::AtMost(2.0));
}

/// Those who trouble the door. Each comes again as soon as it is done, as long as they are let.
struct Crowd {
    address: SocketAddr,
    many: u32,
    signs_in: bool,
}

impl Crowd {
    fn guessing(address: SocketAddr) -> Self {
        Self { address, many: ATTEMPTS, signs_in: true }
    }

    fn slow(address: SocketAddr) -> Self {
        Self { address, many: SLOW, signs_in: false }
    }

    /// Until told to stop; answers how often they came.
    fn begin(&self, stop: &Arc<AtomicBool>) -> JoinSet<u32> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mut all = JoinSet::new();
        for _ in 0..self.many {
            let (stop, address, signs_in) = (stop.clone(), self.address, self.signs_in);
            all.spawn(async move {
                let mut came = 0;
                while !stop.load(Ordering::Relaxed) {
                    let number = NEXT.fetch_add(1, Ordering::Relaxed);
                    let done = if signs_in { sign_in(address, number).await } else { stall(address, &stop).await };
                    came += u32::from(done.is_ok());
                }
                came
            });
        }
        all
    }
}

/// A guess from an address of its own: otherwise the pause, and not the work, would be measured.
async fn sign_in(address: SocketAddr, number: u32) -> Result<(), String> {
    let [_, high, middle, low] = number.to_be_bytes();
    let mut client = Client::connect_from(Ipv4Addr::new(127, 1 + high, middle, low.max(1)), address).await?;
    let fields = format!("login=person-{number}&password=guess+guess");
    let response = client.form("/session", &fields).await?;
    if client.answer().contains("problem=later") || response.status != 303 {
        Err("not tried".to_owned())
    } else {
        Ok(())
    }
}

/// A head that comes by one letter a second, until the server has enough of it.
async fn stall(address: SocketAddr, stop: &AtomicBool) -> Result<(), String> {
    let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let mut next = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ").await.map_err(|error| error.to_string())?;
    while !stop.load(Ordering::Relaxed) {
        next += Duration::from_millis(250);
        sleep_until(next.into()).await;
        if stream.write_all(b"a").await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What a person meets, with the crowd and without it, in turns.
async fn compared(daybook: &Daybook, crowd: &Crowd) -> Result<(Latencies, Latencies), String> {
    let (mut with, mut without) = (Latencies::default(), Latencies::default());
    one_person(daybook.address, 1).await?;
    for _ in 0..ROUNDS {
        without.extend(one_person(daybook.address, SECONDS).await?);
        let stop = Arc::new(AtomicBool::new(false));
        let mut all = crowd.begin(&stop);
        // Once the crowd is there.
        one_person(daybook.address, 1).await?;
        let before = (daybook.cpu(), Instant::now());
        with.extend(one_person(daybook.address, SECONDS).await?);
        let share = (daybook.cpu() - before.0) / before.1.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        let mut came = 0;
        while let Some(one) = all.join_next().await {
            came += one.map_err(|error| error.to_string())?;
        }
        eprintln!(
            "  {} at the door came {came} times; the server used {share:.2} processors, {} KiB",
            crowd.many,
            daybook.memory()
        );
    }
    Ok((with, without))
}

/// One who reads and writes at an even pace.
async fn one_person(address: SocketAddr, seconds: u32) -> Result<Latencies, String> {
    let mut client = Client::connect(address).await?;
    let (mut latencies, begun) = (Latencies::default(), Instant::now());
    for step in 0..seconds * STEPS {
        sleep_until(due(begun, step, STEPS).into()).await;
        let sent = Instant::now();
        let response = match step % 4 {
            0 => client.get("/api/v1/shops/demo/products").await?,
            1 => client.get("/api/v1/shops/demo/digest").await?,
            2 => client.get("/s/demo/products").await?,
            _ => {
                let body = format!(r#"{{"type":"product.change","data":{{"sku":"P","price":{step}}}}}"#);
                client.post(&format!("/api/v1/shops/{OPEN}/commands"), &body).await?
            }
        };
        if response.status != 200 {
            return Err(format!("step {step} answered {}", response.status));
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Commands of somebody who has signed in, beside those in a shop that asks nobody.
async fn asked(table: &mut Table, address: SocketAddr, cookie: &str) -> Result<(), String> {
    load(address, OPEN, "").await?;
    load(address, ASKS, cookie).await?;
    let (mut ratios, mut rates) = (Vec::new(), (Vec::new(), Vec::new()));
    for round in 0..2 * ROUNDS {
        // Whoever goes first changes with each round.
        let (open, asks) = if round % 2 == 0 {
            let open = load(address, OPEN, "").await?;
            (open, load(address, ASKS, cookie).await?)
        } else {
            let asks = load(address, ASKS, cookie).await?;
            (load(address, OPEN, "").await?, asks)
        };
        ratios.push(open / asks);
        rates.0.push(open);
        rates.1.push(asks);
    }
    let what = "a command of somebody who is asked, 8 connections: time ÷ in a shop that asks nobody";
    let (open, asks) = (thousands(median(rates.0)), thousands(median(rates.1)));
    table.row(what, asks, open, median(ratios), Goal::AtMost(1.05));
    Ok(())
}

/// Price changes a second, as in `append`.
async fn load(address: SocketAddr, shop: &'static str, headers: &str) -> Result<f64, String> {
    let begin = Instant::now();
    let end = begin + Duration::from_secs(2);
    let mut all = JoinSet::new();
    for number in 0..CONNECTIONS {
        let headers = headers.to_owned();
        all.spawn(async move {
            let mut client = Client::connect(address).await?;
            let (mut random, mut done) = (Random(u64::from(number) + 1), 0_u32);
            while Instant::now() < end {
                let body = format!(
                    r#"{{"type":"product.change","data":{{"sku":"P","price":{}}}}}"#,
                    random.below(1_000_000_000)
                );
                let response =
                    client.post_with(&format!("/api/v1/shops/{shop}/commands"), &headers, body.as_bytes()).await?;
                if response.status != 200 {
                    return Err(format!("a command answered {}", response.status));
                }
                done += 1;
            }
            Ok::<_, String>(done)
        });
    }
    let mut commands = 0;
    while let Some(done) = all.join_next().await {
        commands += done.map_err(|error| error.to_string())??;
    }
    Ok(f64::from(commands) / begin.elapsed().as_secs_f64())
}

/// Whether the time of an answer tells who has an account.
async fn known(table: &mut Table, address: SocketAddr) -> Result<(), String> {
    let (mut there, mut nobody) = (Latencies::default(), Latencies::default());
    for number in 0..200_u8 {
        for (login, latencies) in [("asha", &mut there), ("nobody", &mut nobody)] {
            let local = Ipv4Addr::new(127, 200, u8::from(login == "asha"), number.saturating_add(1));
            let mut client = Client::connect_from(local, address).await?;
            let sent = Instant::now();
            client.form("/session", &format!("login={login}&password=guess+guess")).await?;
            latencies.push(sent.elapsed());
        }
    }
    let (there, nobody) = (there.percentile(0.5), nobody.percentile(0.5));
    let ratio = (there / nobody).max(nobody / there);
    let what = "a wrong password ÷ a login that nobody has, medians of 200";
    table.row(what, format!("{there:.2} ms"), format!("{nobody:.2} ms"), ratio, Goal::AtMost(1.05));
    Ok(())
}
