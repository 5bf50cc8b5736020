//! A server that decides with the product's own core, keeps everything in memory, and can be cut off.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
    time::Instant,
};

use domain::{
    CommandId, EventRecord, VerdictRecord,
    books::{Author, Books, FOLD_VERSION, Request, Role},
    chain::Hash,
    values::Millis,
};
use serde_json::json;
use sync::{
    authority::Authority,
    protocol::{CodeTaken, Events, Heartbeat, PROTOCOL, Push, PushAnswer, Snapshot},
};
use uuid::Uuid;

use crate::page;

/// Scripts and frames of the test pages. The page on top asks for orders; frames only run their scenario.
const PAGE: &str = concat!(
    r#"<!doctype html><meta charset="utf-8"><title>page</title><body><script type="module">"#,
    include_str!("../../../src/shell/stopped.js"),
    r#"
const wanted = new URLSearchParams(location.search);
const report = text => fetch('/report', { method: 'POST', body: text });
const crashed = () => {
  const panel = document.querySelector('[data-testid=crash]');
  if (panel && document.documentElement.dataset.crashed)
    report(`crashed: ${panel.querySelector('h2').textContent} / ${panel.querySelector('button').textContent}`);
};
addEventListener('error', crashed);
addEventListener('unhandledrejection', crashed);
window.add = (name, run) => {
  const frame = document.createElement('iframe');
  frame.id = name; frame.src = '/page?run=' + encodeURIComponent(run);
  document.body.append(frame);
};
window.remove = name => document.getElementById(name).remove();
if (wanted.get('sandbox')) {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.src = '/page?run=' + encodeURIComponent(wanted.get('sandbox'));
  document.body.append(frame);
}
if (wanted.get('tab')) add(...wanted.get('tab').split('|'));
if (top === window) setInterval(async () => {
  const order = await (await fetch('/order')).text();
  if (order) await eval(`(async () => { ${order} })()`);
}, 50);
if (wanted.get('before')) await eval(`(async () => { ${wanted.get('before')} })()`);
if (wanted.get('run')) {
  try {
    const { default: init, run } = await import('/page.js');
    await init({ module_or_path: '/page_bg.wasm' });
    report(await run(wanted.get('run')));
  } catch (error) {
    report(`failed: ${error} ${error.stack}`);
  }
}
</script>"#
);

struct Shop {
    authority: Authority,
    records: Vec<EventRecord>,
    verdicts: BTreeMap<CommandId, VerdictRecord>,
    is_cut_off: bool,
    to_swallow: u32,
    feeds: u32,
    orders: VecDeque<String>,
    /// The first code that comes is another browser's.
    has_twin: bool,
    /// The codes that feeds were opened under, in order.
    codes: Vec<String>,
}

#[derive(Clone)]
pub struct Server {
    address: String,
    shop: Arc<Mutex<Shop>>,
    reports: Arc<Mutex<Receiver<String>>>,
}

impl Server {
    pub fn start() -> Self {
        page::files();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let authority = Authority { epoch: Uuid::new_v4(), hash: Hash::ORIGIN, books: Books::default() };
        let shop = Shop {
            authority,
            records: Vec::new(),
            verdicts: BTreeMap::new(),
            is_cut_off: false,
            to_swallow: 0,
            feeds: 0,
            orders: VecDeque::new(),
            has_twin: false,
            codes: Vec::new(),
        };
        let (sender, receiver) = channel();
        let server = Self { address, shop: Arc::new(Mutex::new(shop)), reports: Arc::new(Mutex::new(receiver)) };
        let shop = server.shop.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shop, sender) = (shop.clone(), sender.clone());
                thread::spawn(move || answer(stream, &shop, &sender));
            }
        });
        server
    }

    fn lock(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().expect("no thread panics here")
    }

    pub fn page(&self, run: &str) -> String {
        format!("{}/page?run={}", self.address, escaped(run))
    }

    /// A page that does something before it starts the program.
    pub fn page_after(&self, script: &str, run: &str) -> String {
        format!("{}/page?before={}&run={}", self.address, escaped(script), escaped(run))
    }

    /// A page whose only content is a frame that may not store anything.
    pub fn page_without_storage(&self, run: &str) -> String {
        format!("{}/page?sandbox={}", self.address, escaped(run))
    }

    /// A page that holds tabs (frames of the same origin are that to locks, channels and storage).
    pub fn tab(&self, name: &str, run: &str) -> String {
        format!("{}/page?tab={}", self.address, escaped(&format!("{name}|{run}")))
    }

    pub fn go(&self, address: &str) {
        self.run_in_page(&format!("location.href = {}", json!(address)));
    }

    pub fn run_in_page(&self, script: &str) {
        self.lock().orders.push_back(script.to_owned());
    }

    /// The next thing that a page reports.
    pub fn report(&self) -> String {
        let reports = self.reports.lock().expect("no thread panics here");
        reports.recv_timeout(Duration::from_secs(60)).expect("the page reports in time")
    }

    pub fn cut_off(&self, is_cut_off: bool) {
        self.lock().is_cut_off = is_cut_off;
    }

    /// That many pushes are decided and never answered.
    pub fn swallow_answers(&self, count: u32) {
        self.lock().to_swallow = count;
    }

    /// Another browser has the code that is said first.
    pub fn has_a_twin(&self) {
        self.lock().has_twin = true;
    }

    /// Waits until a feed is opened under this code.
    pub fn hears(&self, code: &str) {
        let patience = Instant::now() + Duration::from_secs(60);
        while self.lock().codes.last().is_none_or(|last| last != code) {
            assert!(Instant::now() < patience, "{code} in time");
            thread::yield_now();
        }
    }

    pub fn head(&self) -> u64 {
        self.lock().authority.books.position
    }

    pub fn digest(&self) -> String {
        self.lock().authority.books.digest().to_string()
    }

    pub fn open_feeds(&self) -> u32 {
        self.lock().feeds
    }

    pub fn events_of_type(&self, name: &str) -> usize {
        self.lock().records.iter().filter(|record| &*record.event_type == name).count()
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn answer(mut stream: TcpStream, shop: &Mutex<Shop>, reports: &Sender<String>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let Some((path, body)) = request(&mut reader) else { return };
    let route = path.split('?').next().unwrap_or_default();
    let locked = || shop.lock().expect("no thread panics here");
    let is_cut_off = locked().is_cut_off;
    match route {
        "/page" => respond(&mut stream, "text/html", PAGE.as_bytes()),
        "/page.js" => respond(&mut stream, "text/javascript", page::files().glue.as_bytes()),
        "/page_bg.wasm" => respond(&mut stream, "application/wasm", &page::files().wasm),
        "/order" => {
            let order = locked().orders.pop_front().unwrap_or_default();
            respond(&mut stream, "text/plain", order.as_bytes());
        }
        "/report" => {
            let _ = reports.send(String::from_utf8_lossy(&body).into_owned());
            respond(&mut stream, "text/plain", b"");
        }
        _ if is_cut_off => {}
        "/healthz" => respond(&mut stream, "text/plain", b"ok"),
        "/push" => {
            let Ok(push) = serde_json::from_slice::<Push>(&body) else { return };
            let mut shop = locked();
            let answer = shop.push(push);
            if shop.to_swallow > 0 {
                shop.to_swallow -= 1;
                return;
            }
            drop(shop);
            respond(&mut stream, "application/json", &serde_json::to_vec(&answer).expect("JSON"));
        }
        "/snapshot" => {
            let snapshot = locked().snapshot();
            respond(&mut stream, "application/json", &serde_json::to_vec(&snapshot).expect("JSON"));
        }
        _ if route == "/api/v1/shops/demo/feed" => {
            locked().feeds += 1;
            let _ = feed(&mut stream, &path, shop);
            locked().feeds -= 1;
        }
        _ => {}
    }
}

fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

fn respond(stream: &mut TcpStream, kind: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\ncache-control: no-store\r\ndaybook-release: test\r\naccess-control-allow-origin: *\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// `after=<epoch>:<position>`; a heartbeat whenever nothing else is to be said for a moment.
fn feed(stream: &mut TcpStream, path: &str, shop: &Mutex<Shop>) -> std::io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\naccess-control-allow-origin: *\r\n\r\n")?;
    let code = path.split_once("device=").map_or("", |(_, rest)| rest.split('&').next().unwrap_or(""));
    let taken = shop.lock().expect("no thread panics here").taken(code);
    stream.write_all(taken.as_bytes())?;
    let id = path.split_once("after=").map_or("", |(_, rest)| rest.split('&').next().unwrap_or(""));
    let position = id.rsplit_once(':').or_else(|| id.rsplit_once("%3A")).map(|(_, position)| position.parse());
    let mut last: u64 = position.and_then(Result::ok).unwrap_or(0);
    loop {
        let text = {
            let shop = shop.lock().expect("no thread panics here");
            if shop.is_cut_off {
                return Ok(());
            }
            shop.frame(&mut last)
        };
        stream.write_all(text.as_bytes())?;
        thread::sleep(Duration::from_millis(50));
    }
}

impl Shop {
    fn push(&mut self, push: Push) -> PushAnswer {
        let author = Author { actor: "demo".into(), role: Role::Owner };
        let request = |submission| Request { submission, author: author.clone() };
        let requests: Vec<Request> = push.submissions.into_iter().map(request).collect();
        let batch = self.authority.decide(&requests, &self.verdicts, Millis(1)).expect("events can be written");
        self.records.extend(batch.records.iter().cloned());
        self.verdicts.extend(batch.verdicts.iter().map(|record| (record.command_id, record.clone())));
        let outcomes = batch.outcomes.clone();
        self.authority.commit(batch);
        PushAnswer { protocol: PROTOCOL, epoch: self.authority.epoch, head: self.authority.books.position, outcomes }
    }

    fn taken(&mut self, code: &str) -> String {
        self.codes.push(code.to_owned());
        if !self.has_twin || self.codes.first().is_none_or(|first| first != code) {
            return String::new();
        }
        let taken = CodeTaken { protocol: PROTOCOL, code: code.into() };
        format!("event: code_taken\ndata: {}\n\n", serde_json::to_string(&taken).expect("JSON"))
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            protocol: PROTOCOL,
            fold: FOLD_VERSION,
            epoch: self.authority.epoch,
            hash: self.authority.hash,
            digest: self.authority.books.digest(),
            title: "Demo".to_owned(),
            common: None,
            books: self.authority.books.clone(),
        }
    }

    fn frame(&self, last: &mut u64) -> String {
        let epoch = self.authority.epoch;
        let events: Vec<EventRecord> = self.records.iter().filter(|record| record.position > *last).cloned().collect();
        if let Some(end) = events.last() {
            *last = end.position;
            let data = serde_json::to_string(&Events { protocol: PROTOCOL, epoch, events }).expect("JSON");
            return format!("event: events\nid: {epoch}:{last}\ndata: {data}\n\n");
        }
        let heartbeat = Heartbeat {
            epoch,
            head: self.authority.books.position,
            digest: self.authority.books.digest(),
            fold: FOLD_VERSION,
            protocol: PROTOCOL,
        };
        format!("event: heartbeat\ndata: {}\n\n", serde_json::to_string(&heartbeat).expect("JSON"))
    }
}
