//! From a command to its frame on every open feed. Beside it: a bare server that passes a POST on to its streams
//! and keeps nothing, plus the time of one commit.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    response::sse::{Event, Sse},
    routing::{get, post},
};
use futures::StreamExt;
use tokio::sync::{Mutex, broadcast};

use super::{
    Folder,
    client::Client,
    processes::Daybook,
    table::{Goal, Latencies, Table},
};

const FEEDS: [usize; 3] = [1, 100, 1_000];

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("feed")?;
    let daybook = Daybook::start(&folder.sqlite(), &folder).await?;
    let echo = echo().await?;
    for feeds in FEEDS {
        let memory_before = daybook.memory();
        let ours = Subscribers::open(daybook.address, "/api/v1/shops/demo/feed", feeds).await?;
        // Every feed begins with a heartbeat; the memory is read when all have had it.
        let memory = daybook.memory().saturating_sub(memory_before);
        let theirs = Subscribers::open(echo, "/feed", feeds).await?;
        let rounds = if feeds == 1_000 { 60 } else { 300 };
        let (mut delivered, mut commits) = (Latencies::default(), Latencies::default());
        let mut echoed = Latencies::default();
        let mut client = Client::connect(daybook.address).await?;
        let mut echo_client = Client::connect(echo).await?;
        client
            .post(
                "/api/v1/shops/demo/commands",
                r#"{"type":"product.add","data":{"sku":"BENCH","name":"Measured","price":1}}"#,
            )
            .await?;
        ours.settle().await;
        for round in 0..rounds {
            let body =
                format!(r#"{{"type":"product.change","data":{{"sku":"BENCH","price":{}}}}}"#, round + feeds * 1_000);
            commits.push(ours.round(&mut client, "/api/v1/shops/demo/commands", &body, &mut delivered).await?);
            theirs.round(&mut echo_client, "/echo", &body, &mut echoed).await?;
        }
        // The answer comes after the commit and before the feeds: the time of a commit, with deciding and HTTP.
        let commit = commits.percentile(0.5);
        let more = (delivered.percentile(0.5) - echoed.percentile(0.5)) / commit;
        let shown = format!("p50 {:.2} p99 {:.2} ms", delivered.percentile(0.5), delivered.percentile(0.99));
        let beside = format!(
            "echo p50 {:.2} p99 {:.2} ms, commit {commit:.2} ms",
            echoed.percentile(0.5),
            echoed.percentile(0.99)
        );
        table.row(
            &format!("feed, {feeds} open: commits more than echo, p50"),
            shown.clone(),
            beside.clone(),
            more,
            Goal::AtMost(1.2),
        );
        let tail = delivered.percentile(0.99) - echoed.percentile(0.99) - commits.percentile(0.99);
        table.row(
            &format!("feed, {feeds} open: ms more than echo + commit, p99"),
            shown,
            beside,
            tail,
            Goal::AtMost(3.0),
        );
        if feeds == 1_000 {
            let each = memory as f64 / feeds as f64;
            table.row(
                "feed, memory of one, KiB",
                format!("{memory} KiB for {feeds}"),
                String::new(),
                each,
                Goal::AtMost(12.0),
            );
        }
    }
    Ok(())
}

/// Open streams, each read by a task that notes when something named `events` arrives.
struct Subscribers {
    begin: Arc<Mutex<Instant>>,
    arrived: Arc<AtomicUsize>,
    latencies: Arc<Mutex<Latencies>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Subscribers {
    async fn open(address: SocketAddr, path: &str, feeds: usize) -> Result<Self, String> {
        let begin = Arc::new(Mutex::new(Instant::now()));
        let arrived = Arc::new(AtomicUsize::new(0));
        let latencies = Arc::new(Mutex::new(Latencies::default()));
        let greeted = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::with_capacity(feeds);
        for _ in 0..feeds {
            let mut client = Client::connect(address).await?;
            client.subscribe(path).await?;
            let (begin, arrived, latencies, greeted) =
                (begin.clone(), arrived.clone(), latencies.clone(), greeted.clone());
            tasks.push(tokio::spawn(async move {
                let mut first = true;
                while let Ok(bytes) = client.next_bytes().await {
                    let now = Instant::now();
                    if bytes.windows(13).any(|window| window == b"event: events" || window == &b"event:events\n"[..]) {
                        latencies.lock().await.push(now.duration_since(*begin.lock().await));
                        arrived.fetch_add(1, Ordering::Release);
                    }
                    if std::mem::take(&mut first) {
                        greeted.fetch_add(1, Ordering::Release);
                    }
                }
            }));
        }
        wait_for(&greeted, feeds).await?;
        Ok(Self { begin, arrived, latencies, tasks })
    }

    /// Lets what the feeds replay at their start pass by.
    async fn settle(&self) {
        let mut seen = usize::MAX;
        while seen != self.arrived.load(Ordering::Acquire) {
            seen = self.arrived.load(Ordering::Acquire);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        *self.latencies.lock().await = Latencies::default();
    }

    /// Sends one request and waits until every stream has said so; answers how long the answer took.
    async fn round(
        &self,
        client: &mut Client,
        path: &str,
        body: &str,
        into: &mut Latencies,
    ) -> Result<Duration, String> {
        self.arrived.store(0, Ordering::Release);
        let begin = Instant::now();
        *self.begin.lock().await = begin;
        let response = client.post(path, body).await?;
        let answered = begin.elapsed();
        if response.status != 200 {
            return Err(format!("{path} answered {}", response.status));
        }
        wait_for(&self.arrived, self.tasks.len()).await?;
        into.extend(std::mem::take(&mut *self.latencies.lock().await));
        Ok(answered)
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn wait_for(count: &AtomicUsize, wanted: usize) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while count.load(Ordering::Acquire) < wanted {
        if Instant::now() > deadline {
            return Err(format!("{} of {wanted} feeds heard it", count.load(Ordering::Acquire)));
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    Ok(())
}

/// The least that can pass a POST on to open streams.
async fn echo() -> Result<SocketAddr, String> {
    let (sender, _) = broadcast::channel::<String>(64);
    let app = Router::new()
        .route(
            "/echo",
            post(|State(sender): State<broadcast::Sender<String>>, body: String| async move {
                let _ = sender.send(body);
                "{}"
            }),
        )
        .route(
            "/feed",
            get(|State(sender): State<broadcast::Sender<String>>| async move {
                let greeting = futures::stream::once(async {
                    Ok::<_, std::convert::Infallible>(Event::default().event("heartbeat").data("{}"))
                });
                let live = futures::stream::unfold(sender.subscribe(), |mut receiver| async move {
                    let body = receiver.recv().await.ok()?;
                    Some((Ok(Event::default().event("events").data(body)), receiver))
                });
                Sse::new(greeting.chain(live))
            }),
        )
        .with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
