//! A real server on a port of its own, and a client.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::{Config, Limits, Running};
use store::{
    EventStore, MemoryStore,
    contract::Fixture,
    testing::{SqliteFile, postgres_url},
};
use uuid::Uuid;

pub const SHOP: &str = "test";
/// Where a test sets it as the metrics' key, those of each shop are there.
pub const METRICS_KEY: &str = "for-the-operator-alone";

pub async fn memory() -> Option<Fixture> {
    Some(Fixture::of(Arc::new(MemoryStore::new())))
}

pub async fn sqlite() -> Option<Fixture> {
    let file = SqliteFile::new();
    Some(Fixture::at(file.url(), file).await)
}

pub async fn postgres() -> Option<Fixture> {
    Some(Fixture::at(postgres_url().await?, ()).await)
}

/// Runs tests, each an async function of a fixture, on every store.
macro_rules! on_every_store {
    ($($test:ident),+ $(,)?) => {
        on_every_store!(@on memory $($test)+);
        on_every_store!(@on sqlite $($test)+);
        on_every_store!(@on postgres $($test)+);
    };
    (@on $store:ident $($test:ident)+) => {
        mod $store {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(fixture) = crate::support::$store().await {
                    super::$test(fixture).await;
                }
            })+
        }
    };
}
pub(crate) use on_every_store;

/// A server with one shop, `test`.
pub struct Daybook {
    pub running: Option<Running>,
    pub store: Arc<dyn EventStore>,
    pub client: Client,
    pub origin: String,
}

impl Daybook {
    pub async fn on(store: &Arc<dyn EventStore>) -> Self {
        Self::with(store, |_| {}).await
    }

    pub async fn with(store: &Arc<dyn EventStore>, change: impl FnOnce(&mut Limits)) -> Self {
        Self::configured(store, |config| change(&mut config.limits)).await
    }

    pub async fn configured(store: &Arc<dyn EventStore>, change: impl FnOnce(&mut Config)) -> Self {
        let slug = domain::ShopSlug::parse(SHOP).unwrap();
        store.create_shop(&slug, "Test shop", Uuid::new_v4()).await.unwrap();
        let (poll, drain) = (Duration::from_millis(50), Duration::from_secs(5));
        // Patience with a busy machine; who asks how long a read waits says so.
        let wait = Duration::from_secs(30);
        let limits = Limits { poll, drain, wait, ..Limits::default() };
        let mut config = Config { listen: ([127, 0, 0, 1], 0).into(), limits, ..Config::default() };
        change(&mut config);
        let running = server::start_on(config, store.clone()).await.unwrap();
        let origin = format!("http://{}", running.addr);
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running: Some(running), store: store.clone(), client, origin }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v1/shops/{SHOP}{path}", self.origin)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub async fn metrics(&self) -> String {
        let asked = self.client.get(format!("{}/metrics", self.origin)).bearer_auth(METRICS_KEY);
        asked.send().await.unwrap().text().await.unwrap()
    }

    pub fn post(&self, body: &Value) -> RequestBuilder {
        self.client.post(self.url("/commands")).json(body)
    }

    pub async fn command(&self, command_type: &str, data: Value) -> Response {
        self.post(&json!({"type": command_type, "data": data})).send().await.unwrap()
    }

    /// A command that must be accepted; answers the head after it.
    pub async fn accepted(&self, command_type: &str, data: Value) -> u64 {
        let (status, body) = answer(self.command(command_type, data).await).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["head"].as_u64().unwrap()
    }

    pub async fn receive(&self, batchref: &str, sku: &str, qty: u32) -> u64 {
        self.accepted("stock.receive", json!({"batchref": batchref, "sku": sku, "qty": qty})).await
    }

    pub async fn head(&self) -> u64 {
        self.json("/digest").await["position"].as_u64().unwrap()
    }

    /// Types of the events after a position.
    pub async fn types_after(&self, position: u64) -> Vec<String> {
        let log = self.json(&format!("/events?after={position}&limit=1000")).await;
        log["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    /// As SIGTERM does.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }
}

impl Drop for Daybook {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stopper().cancel();
        }
    }
}

/// Asks until the answer is as wanted.
pub async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.expect("the wanted answer in time")
}

pub async fn answer(response: Response) -> (StatusCode, Value) {
    let (status, body) = (response.status(), response.text().await.unwrap());
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

/// One event of a feed.
#[derive(Debug, Clone)]
pub struct Frame {
    pub event: String,
    pub id: Option<String>,
    pub data: Value,
    /// The data as it came: what hashes are made over.
    pub text: String,
}

impl Frame {
    pub fn positions(&self) -> Vec<u64> {
        let events = self.data["events"].as_array().cloned().unwrap_or_default();
        events.iter().map(|event| event["position"].as_u64().unwrap()).collect()
    }
}

/// A feed, read frame by frame.
pub struct Feed {
    response: Response,
    text: String,
}

impl Feed {
    pub async fn open(request: RequestBuilder) -> Self {
        Self::try_open(request).await.expect("a feed")
    }

    /// None where the line is broken or the server does not open one now.
    pub async fn try_open(request: RequestBuilder) -> Option<Self> {
        let response = request.send().await.ok().filter(|response| response.status() == StatusCode::OK)?;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Some(Self { response, text: String::new() })
    }

    /// The next frame; None at the end of the feed.
    pub async fn next(&mut self) -> Option<Frame> {
        tokio::time::timeout(Duration::from_secs(20), self.read()).await.expect("a frame in time")
    }

    /// The same, however long it takes.
    pub async fn read(&mut self) -> Option<Frame> {
        loop {
            while let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(frame) = parse(&frame) {
                    return Some(frame);
                }
            }
            let bytes = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next frame of this name.
    pub async fn next_named(&mut self, event: &str) -> Frame {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("no {event} before the end"));
            if frame.event == event {
                return frame;
            }
        }
    }
}

fn parse(frame: &str) -> Option<Frame> {
    let field = |name: &str| {
        let lines = frame.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        lines.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let event = field("event").pop()?;
    let text = field("data").join("\n");
    let data = serde_json::from_str(&text).unwrap();
    Some(Frame { event, id: field("id").pop(), data, text })
}
