//! Rebasing pending commands when a batch of confirmed entries comes in.

use domain::{
    books::{Books, FOLD_VERSION, Reads, Stamp},
    chain::Hash,
    record::seal,
    values::Millis,
};
use serde_json::json;
use sync::{
    io::{Input, Output},
    protocol::{Events, FeedFrame, PROTOCOL, Snapshot},
    replica::{Config, Issue, Replica},
};

use crate::workload::{self, EPOCH, PRODUCTS};

/// Products that the pending commands are about; the others are somebody else's.
const OURS: u64 = PRODUCTS / 2;

/// What the incoming batch changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touches {
    /// Nothing that a pending command looked at.
    None,
    /// Something that each of them looked at.
    All,
}

/// Entries of the shop's history where how long it is does not matter.
pub const HISTORY: usize = 5_000;

/// A replica with pending sales, and the frame that makes it rebase them.
pub struct Prepared {
    replica: Replica,
    feed: u64,
    frame: FeedFrame,
    now: Millis,
}

/// # Errors
/// When the fixed sequence does not run as it should: a fault in the bench, not a measurement.
pub fn prepare(pending: u64, touches: Touches, history: usize) -> Result<Prepared, String> {
    let (books, _) = workload::history(history);
    let now = Millis(1_780_000_000_000);
    let config = Config {
        device: "bench".into(),
        author: workload::author(),
        person: None,
        colleagues: Vec::new(),
        jitter_seed: 1,
    };
    let mut replica = Replica::new(config);
    let mut feed = 0;
    let mut outputs = replica.handle(Input::Lead, now);
    while let Some(output) = outputs.pop() {
        match output {
            Output::FetchSnapshot { ticket, .. } => {
                let answer = Ok(Box::new(snapshot(&books)));
                outputs.extend(replica.handle(Input::SnapshotAnswered { ticket, answer }, now));
            }
            Output::OpenFeed { feed: number, .. } => {
                feed = number;
                outputs.extend(replica.handle(Input::FeedOpened { feed }, now));
            }
            _ => {}
        }
    }
    // Nobody answers what is sent below, so every command stays pending.
    for number in 0..pending {
        let line = json!({"sku": format!("SKU-{:04}", number % OURS), "qty": 1, "price": 100});
        let sale = json!({"sale_id": format!("T2-{number:07}"), "lines": [line], "payment": "card"});
        let request = workload::request((1 << 40) + number, "sale.record", &sale).ok_or("the sale does not parse")?;
        let issue = Issue::new(request.submission.id, request.submission.command);
        let issued = replica.issue(issue, now).map_err(|refusal| refusal.to_string())?;
        replica.handle(Input::Persisted(issued.id), now);
    }
    let frame = FeedFrame::Events(batch(&books, touches)?);
    Ok(Prepared { replica, feed, frame, now })
}

impl Prepared {
    /// Takes the batch in; the pending commands are on top of it again when this returns. Answers how many of
    /// them were kept as they were, and how many were decided again.
    pub fn run(&mut self) -> (usize, usize) {
        let (feed, frame) = (self.feed, Box::new(self.frame.clone()));
        let outputs = self.replica.handle(Input::FeedFrame { feed, frame }, self.now);
        drop(outputs);
        let trace = self.replica.last_rebase();
        (trace.kept, trace.decided_again)
    }
}

fn snapshot(books: &Books) -> Snapshot {
    Snapshot {
        protocol: PROTOCOL,
        fold: FOLD_VERSION,
        epoch: EPOCH,
        hash: Hash::ORIGIN,
        digest: books.digest(),
        title: "Bench".to_owned(),
        common: None,
        books: books.clone(),
    }
}

/// One price change for each product on the side that `touches` names.
fn batch(books: &Books, touches: Touches) -> Result<Events, String> {
    let side = match touches {
        Touches::None => OURS..PRODUCTS,
        Touches::All => 0..OURS,
    };
    let mut ahead = books.clone();
    let mut entries = Vec::new();
    for of in side {
        let change = json!({"sku": format!("SKU-{of:04}"), "price": 50_000 + of});
        let request =
            workload::request((1 << 41) + of, "product.change", &change).ok_or("the change does not parse")?;
        let stamp = Stamp { epoch: EPOCH, recorded_at: Millis(1_780_000_000_000) };
        entries.extend(ahead.handle(&request, stamp, &mut Reads::new()).entries);
    }
    let events = seal(&entries, Hash::ORIGIN).map_err(|error| error.to_string())?;
    Ok(Events { protocol: PROTOCOL, epoch: EPOCH, events })
}
