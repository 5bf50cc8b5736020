//! Writes down what a client and the server of this build say to each other, and what the client keeps, so that later
//! builds can be tried on it: `app/sync/tests/fixtures/README.md` says when and how.

use std::{collections::BTreeMap, fs, path::PathBuf};

use domain::{
    Command, CommandId, ShopSlug,
    books::{Author, Role},
    fields::FieldError,
    json,
    projections::day_book::BookEntry,
    values::Millis,
};
use serde::Serialize;
use serde_json::{Value, json};
use server::archive::export::export;
use sync::{
    Acknowledged, FeedEnd, Input, Issue, Lost, OutboxRecord, Output, Replica, Stage, StoredState,
    bundle::Bundle,
    protocol::{FeedFrame, Poll, ProtocolError, Push, PushAnswer, SnapshotRequest, feed_address},
    unsent_file,
};
use uuid::Uuid;

use crate::support::{Daybook, Feed, SHOP, memory};

const NOW: Millis = Millis(1_767_225_700_000);

struct Folder(PathBuf);

impl Folder {
    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), format!("{text}\n")).unwrap();
    }

    fn write_json(&self, name: &str, value: &impl Serialize) {
        self.write(name, &json::written(value));
    }
}

/// A client, with its storage as a page would have it.
struct Client {
    replica: Replica,
    outbox: BTreeMap<CommandId, OutboxRecord>,
    acknowledged: Vec<Acknowledged>,
    serial: u128,
    push: Option<(u64, Push)>,
    feed: Option<(u64, String)>,
}

impl Client {
    fn config() -> sync::Config {
        let author = Author { actor: "demo".into(), role: Role::Owner };
        sync::Config { device: "T10001".into(), author, person: None, colleagues: Vec::new(), jitter_seed: 1 }
    }

    fn issue(&mut self, command_type: &str, data: Value) -> CommandId {
        self.issue_with(command_type, &data, None)
    }

    fn issue_with(&mut self, command_type: &str, data: &Value, if_version: Option<u32>) -> CommandId {
        self.serial += 1;
        let id = CommandId(Uuid::from_u128(0x100 + self.serial));
        let issue = Issue { if_version, ..Issue::new(id, Command::parse(command_type, data).unwrap()) };
        let issued = self.replica.issue(issue, NOW).unwrap();
        self.carry_out(issued.outputs);
        self.tell(Input::Persisted(id));
        id
    }

    fn tell(&mut self, input: Input) {
        let outputs = self.replica.handle(input, NOW);
        self.carry_out(outputs);
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Persist(record) => {
                    let record = OutboxRecord { stage: Stage::Saved, ..*record };
                    self.outbox.insert(record.submission.id, record);
                }
                Output::Update(record) => drop(self.outbox.insert(record.submission.id, *record)),
                Output::Forget(id) => drop(self.outbox.remove(&id)),
                Output::Keep { acknowledged, .. } => {
                    self.outbox.remove(&acknowledged.id());
                    self.acknowledged.push(*acknowledged);
                }
                Output::Push { ticket, push } => self.push = Some((ticket, push)),
                Output::OpenFeed { feed, after, epoch } => {
                    self.feed = Some((feed, feed_address(SHOP, epoch, after, "T10001")));
                }
                _ => {}
            }
        }
    }
}

async fn posted(daybook: &Daybook, door: &str, body: Value) -> String {
    let request = daybook.client.post(format!("{}/api/{door}", daybook.origin)).json(&body);
    request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

async fn polled(daybook: &Daybook, address: &str) -> String {
    let request = daybook.client.get(format!("{}{address}&wait=0", daybook.origin));
    request.header("accept", "application/json").send().await.unwrap().text().await.unwrap()
}

/// What others do in the shop before the client comes.
async fn open_the_shop(daybook: &Daybook) {
    for (sku, name, price) in [("OAT-1", "Oat bread", 250), ("RYE-1", "Rye bread", 300)] {
        let data = json!({"sku": sku, "name": name, "description": "", "category": "bread", "price": price});
        daybook.accepted("product.add", data).await;
    }
    daybook.receive("B-0", "OAT-1", 20).await;
    daybook.accepted("stock.receive", json!({"batchref": "E-0", "sku": "OAT-1", "qty": 30, "eta": "2026-03-01"})).await;
    for (number, reason) in [(1, "Customer left"), (2, "Rain, all day")] {
        daybook.accepted("change.decline", given_up(number, reason)).await;
    }
}

/// An order for more than there is, and why nobody wants it any more.
fn given_up(number: u128, reason: &str) -> Value {
    let asked = json!({"order_id": format!("O-9{number}"), "sku": "OAT-1", "qty": 90});
    json!({"command_id": Uuid::from_u128(number), "type": "order.allocate", "data": asked, "reason": reason})
}

/// One of each kind of command, with every outcome that an answer can have.
fn work(client: &mut Client) {
    let sale =
        json!({"sale_id": "T10001-0001", "lines": [{"sku": "OAT-1", "qty": 2, "price": 250}], "payment": "cash"});
    let sale = client.issue("sale.record", sale);
    client.issue("order.place", json!({"order_id": "O-1", "lines": [{"sku": "OAT-1", "qty": 3}]}));
    client.issue("order.allocate", json!({"order_id": "O-2", "sku": "OAT-1", "qty": 1}));
    client.issue("order.free", json!({"order_id": "O-2", "sku": "OAT-1"}));
    client.issue("order.cancel", json!({"order_id": "O-1"}));
    let bun = json!({"sku": "BUN-1", "name": "Bun", "description": "", "category": "bread", "price": 90});
    client.issue("product.add", bun);
    client.issue("product.archive", json!({"sku": "BUN-1"}));
    client.issue("sale.put_back", json!({"sale_id": "T10001-0001"}));
    client.issue("stock.damage", json!({"batchref": "B-0", "qty": 1, "reason": "wet"}));
    client.issue("stock.change_quantity", json!({"batchref": "E-0", "qty": 28}));
    client.issue("stock.count", json!({"sku": "OAT-1", "counted": 12}));
    client.issue("change.decline", given_up(3, "Done another way"));
    // Somebody else has taken this name meanwhile, so what builds on it is held.
    client.issue("stock.receive", json!({"batchref": "B-1", "sku": "RYE-1", "qty": 3}));
    client.issue("stock.damage", json!({"batchref": "B-1", "qty": 1, "reason": "wet"}));
    // And has changed this one, so the version is another.
    client.issue_with("product.change", &json!({"sku": "RYE-1", "price": 310}), Some(1));
    assert!(client.replica.pending_of(sale).is_some());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes files: once for each build that is released"]
async fn record_what_this_build_says() {
    let folder = Folder(std::env::var("DAYBOOK_RECORD").expect("DAYBOOK_RECORD names a folder").into());
    fs::create_dir_all(&folder.0).unwrap();
    let store = memory().await.unwrap().store;
    let daybook = Daybook::on(&store).await;
    open_the_shop(&daybook).await;

    let request = SnapshotRequest { protocol: sync::protocol::PROTOCOL, device: None, known: Vec::new() };
    folder.write_json("snapshot-request.json", &request);
    let snapshot = posted(&daybook, "replica_snapshot", json!({"shop": SHOP, "request": request})).await;
    folder.write("snapshot.json", &snapshot);
    let stored = StoredState { snapshot: Some(json::read(&snapshot).unwrap()), ..StoredState::default() };
    let (replica, outputs) = Replica::restore(Client::config(), stored.clone(), NOW);
    let mut client =
        Client { replica, outbox: BTreeMap::new(), acknowledged: Vec::new(), serial: 0, push: None, feed: None };
    client.carry_out(outputs);

    work(&mut client);
    daybook.receive("B-1", "OAT-1", 4).await;
    daybook.accepted("product.change", json!({"sku": "RYE-1", "price": 305})).await;
    let shop = ShopSlug::parse(SHOP).unwrap();
    folder.write_json("log.json", &store.read(&shop, 0, 500).await.unwrap());

    client.tell(Input::Lead);
    client.tell(Input::Probed { reached: true });
    let (ticket, push) = client.push.take().unwrap();
    folder.write_json("push.json", &push);
    let answer = posted(&daybook, "push_commands", json!({"shop": SHOP, "push": push})).await;
    folder.write("push-answer.json", &answer);

    // One that has kept no frames gives all that was missed as one.
    daybook.stop().await;
    let daybook = Daybook::on(&store).await;
    let (feed, address) = client.feed.take().unwrap();
    folder.write_json("addresses.json", &json!({"feed": address, "poll": format!("{address}&wait=0")}));
    let poll = polled(&daybook, &address).await;
    folder.write("poll.json", &poll);
    let poll = Poll::parse(&poll).unwrap();
    let mut records = Vec::new();
    for frame in &poll.frames {
        folder.write(&format!("{}.json", frame.event), frame.data.get());
        let read = FeedFrame::parse(&frame.event, frame.data.get()).unwrap().unwrap();
        if let FeedFrame::Events(events) = &read {
            records.clone_from(&events.events);
        }
        client.tell(Input::FeedFrame { feed, frame: Box::new(read) });
    }
    let other = Poll::parse(&polled(&daybook, &format!("/api/v1/shops/{SHOP}/feed?after={}:0", Uuid::nil())).await);
    folder.write("start-over.json", other.unwrap().frames[0].data.get());
    let mut open = Feed::open(daybook.get("/feed")).await;
    assert_eq!(open.next().await.unwrap().event, "heartbeat");
    daybook.stop().await;
    folder.write("bye.json", &open.next_named("bye").await.text);
    let mut archive = Vec::new();
    export(&*store, &shop, &mut archive, &mut |_, _| {}).await.unwrap();
    fs::write(folder.0.join("archive.ndjson"), archive).unwrap();
    let errors = vec![FieldError { field: "qty".to_owned(), problem: "is missing".to_owned() }];
    folder.write_json(
        "problems.json",
        &[
            ProtocolError::TooOld { spoken: 0, least: 1 },
            ProtocolError::UnknownShop { shop: "x".to_owned() },
            ProtocolError::TooMany { most: 500, actual: 501 },
            ProtocolError::Malformed { errors: errors.clone() },
            ProtocolError::Unavailable { retry_after_ms: 2_000 },
            ProtocolError::NotSignedIn,
            ProtocolError::NoAnswer { problem: "cut".to_owned() },
        ],
    );

    let answer: PushAnswer = json::read(&answer).unwrap();
    client.tell(Input::PushAnswered { ticket, answer: Ok(answer) });
    client.tell(Input::FeedClosed { feed, end: FeedEnd::Lost });
    keep(&folder, client, stored, &records);
}

/// What the client has kept: every stage that a command can have.
fn keep(folder: &Folder, mut client: Client, mut stored: StoredState, records: &[domain::EventRecord]) {
    let waits = client.issue("stock.count", json!({"sku": "OAT-1", "counted": 11}));
    let unsaved = client.issue("stock.count", json!({"sku": "OAT-1", "counted": 10}));
    let given_up = client.issue("stock.count", json!({"sku": "OAT-1", "counted": 9}));
    let instead = client.issue("stock.count", json!({"sku": "OAT-1", "counted": 8}));
    client.outbox.get_mut(&unsaved).unwrap().stage = Stage::Unsaved;
    client.outbox.get_mut(&given_up).unwrap().stage =
        Stage::Discarded { reason: "customer left".to_owned(), at: NOW, by: None };
    client.outbox.get_mut(&instead).unwrap().replaces = Some(waits);
    stored.tail = records.to_vec();
    stored.outbox = client.outbox.values().cloned().collect();
    stored.acknowledged.clone_from(&client.acknowledged);
    let mut stages: Vec<String> = stored.outbox.iter().map(|one| stage(&one.stage)).collect();
    stages.sort();
    stages.dedup();
    assert_eq!(stages, ["changed", "discarded", "held", "refused", "saved", "unsaved"]);
    folder.write_json("outbox.json", &stored.outbox);
    folder.write_json("acknowledged.json", &stored.acknowledged);

    let books = client.replica.confirmed();
    let lost: Vec<Lost> = records
        .iter()
        .take(3)
        .map(|record| Lost {
            position: record.position,
            entry: BookEntry::of(&record.decode().unwrap(), &books.aggregates),
        })
        .collect();
    folder.write_json("lost.json", &lost);
    let shop = ShopSlug::parse(SHOP).unwrap();
    folder.write("unsent-file.json", &unsent_file::write(&shop, &client.replica.unsent()).unwrap());
    let mut bundle = Bundle::new(env!("CARGO_PKG_VERSION"), shop, &Client::config(), stored, NOW);
    bundle.reports.push("1767225700000: entry 7 does not continue the chain".to_owned());
    folder.write("bundle.json", &bundle.written());
}

fn stage(stage: &Stage) -> String {
    serde_json::to_value(stage).unwrap()["stage"].as_str().unwrap().to_owned()
}
