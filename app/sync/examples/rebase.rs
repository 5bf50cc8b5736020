//! How long 1 000 pending commands take to be put on top of a batch from the server: one that touches none of
//! what they looked at, and one that touches all of it.
//!
//! Native: `cargo run --release -p sync --example rebase`. In Wasm the exports are called from Node, which holds
//! the clock: `cargo build --profile wasm-release --target wasm32-unknown-unknown -p sync --example rebase`, then
//! `node app/sync/examples/rebase.mjs <target>/wasm32-unknown-unknown/wasm-release/examples/rebase.wasm`.

use std::cell::RefCell;

use domain::{
    Command, CommandId, EventRecord,
    books::{Author, Request, Role},
    record::Submission,
    values::Millis,
};
use serde_json::json;
use sync::{
    Config, Input, Issue, Replica,
    authority::Authority,
    protocol::{Events, FeedFrame, PROTOCOL, Snapshot},
};
use uuid::Uuid;

const PENDING: u32 = 1_000;
const SKUS: u32 = 200;
const NOW: Millis = Millis(1_767_225_600_000);

struct Bench {
    authority: Authority,
    replica: Replica,
    serial: u32,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

fn author() -> Author {
    Author { actor: "asha".into(), role: Role::Manager }
}

fn command(command_type: &str, data: &serde_json::Value) -> Command {
    match Command::parse(command_type, data) {
        Ok(command) => command,
        Err(error) => panic!("{error}"),
    }
}

fn append(authority: &mut Authority, commands: Vec<Command>, serial: &mut u32) -> Vec<EventRecord> {
    let requests: Vec<Request> = commands
        .into_iter()
        .map(|command| {
            *serial += 1;
            let submission = Submission {
                id: CommandId(Uuid::from_u128(u128::from(*serial))),
                command,
                if_version: None,
                device: "till-2".into(),
                issued_at: NOW,
                undoes: None,
                replaces: None,
                depends_on: Vec::new(),
            };
            Request { submission, author: author() }
        })
        .collect();
    let Ok(batch) = authority.decide(&requests, &std::collections::BTreeMap::new(), NOW) else { return Vec::new() };
    let records = batch.records.clone();
    authority.commit(batch);
    records
}

fn set_up() -> Bench {
    let mut authority =
        Authority { epoch: Uuid::from_u128(1), hash: domain::chain::Hash::ORIGIN, books: domain::Books::default() };
    let mut serial = 0;
    let mut commands = Vec::new();
    for n in 0..SKUS * 2 {
        commands.push(command("product.add", &json!({"sku": format!("SKU-{n}"), "name": "Bread", "price": 250})));
        let batch = json!({"batchref": format!("B-{n}"), "sku": format!("SKU-{n}"), "qty": 900_000});
        commands.push(command("stock.receive", &batch));
    }
    append(&mut authority, commands, &mut serial);
    let config =
        Config { device: "till-1".into(), author: author(), person: None, colleagues: Vec::new(), jitter_seed: 1 };
    let mut replica = Replica::new(config);
    let snapshot = Snapshot {
        protocol: PROTOCOL,
        fold: domain::books::FOLD_VERSION,
        epoch: authority.epoch,
        hash: authority.hash,
        digest: authority.books.digest(),
        title: "The shop".to_owned(),
        common: None,
        books: authority.books.clone(),
    };
    replica.handle(Input::SnapshotOffered(Box::new(snapshot)), NOW);
    // Half sales, half allocations, spread over half of the products; the other half is for the other till.
    for n in 0..PENDING {
        let sku = format!("SKU-{}", n % SKUS);
        let given = if n % 2 == 0 {
            let lines = json!([{"sku": sku, "qty": 1, "price": 250}]);
            command("sale.record", &json!({"sale_id": format!("S-{n}"), "lines": lines, "payment": "cash"}))
        } else {
            command("order.allocate", &json!({"order_id": format!("O-{n}"), "sku": sku, "qty": 2}))
        };
        let id = CommandId(Uuid::from_u128(1_000_000 + u128::from(n)));
        if let Err(refusal) = replica.issue(Issue::new(id, given), NOW) {
            panic!("{refusal}");
        }
    }
    Bench { authority, replica, serial }
}

/// A batch of the other till's sales arrives, of goods that this device's commands concern or not.
fn arrive(bench: &mut Bench, touches: bool) -> FeedFrame {
    let range = if touches { 0..SKUS } else { SKUS..SKUS + 20 };
    let commands = range
        .map(|n| {
            command("stock.change_quantity", &json!({"batchref": format!("B-{n}"), "qty": 800_000 + bench.serial}))
        })
        .collect();
    let events = append(&mut bench.authority, commands, &mut bench.serial);
    FeedFrame::Events(Events { protocol: PROTOCOL, epoch: bench.authority.epoch, events })
}

fn with_bench<T>(run: impl FnOnce(&mut Bench, &RefCell<Option<FeedFrame>>) -> T) -> T {
    thread_local!(static FRAME: RefCell<Option<FeedFrame>> = const { RefCell::new(None) });
    BENCH.with_borrow_mut(|bench| FRAME.with(|frame| run(bench.get_or_insert_with(set_up), frame)))
}

/// Makes ready what [`take`] takes: 1 for a batch that touches what every pending command looked at.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(touches: u32) {
    with_bench(|bench, frame| *frame.borrow_mut() = Some(arrive(bench, touches == 1)));
}

/// Takes the batch in. Says how many commands were decided again.
#[unsafe(no_mangle)]
pub extern "C" fn take() -> u32 {
    with_bench(|bench, frame| {
        if let Some(frame) = frame.borrow_mut().take() {
            bench.replica.handle(Input::Relayed(Box::new(frame)), NOW);
        }
        u32::try_from(bench.replica.last_rebase().decided_again).unwrap_or(u32::MAX)
    })
}

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    for (name, touches) in [("touches none", 0), ("touches all", 1)] {
        let mut times = Vec::new();
        let mut decided = 0;
        for _ in 0..30 {
            prepare(touches);
            let begin = std::time::Instant::now();
            decided = take();
            times.push(begin.elapsed());
        }
        times.sort();
        println!(
            "rebase of {PENDING} on a batch that {name}: median {:?}, slowest {:?}, {decided} decided again",
            times[15], times[29]
        );
    }
}
