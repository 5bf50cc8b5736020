//! Devices that work as fast as they are told to, each behind a line of its own.

use std::time::{Duration, Instant};

use domain::{CommandId, values::Millis};
use reqwest::Client;
use serde_json::{Value, json};
use store::testing::{End, Line, Mode};
use sync::{Report, SyncState, connection::ConnectionView, random::Random};
use tokio::{sync::watch, task::JoinHandle};

use crate::device::Device;

/// Commands of one device that may wait at once: enough to be busy, and a bound for those that are cut off.
const MOST_WAITING: usize = 25;
/// What there is to sell.
pub const SKUS: [&str; 4] = ["OAT-1", "RYE-2", "SOAP-3", "TEA-4"];
/// How long the fleet may take to have the same books when nothing is broken any more.
const HEALED_WITHIN: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    Work,
    Rest,
    End,
}

/// Where a device stands, as it says after every turn.
#[derive(Clone, PartialEq, Default, Debug)]
struct Standing {
    issued: usize,
    waiting: usize,
    position: u64,
    digest: String,
    connection: Option<ConnectionView>,
    reports: Vec<Report>,
    /// Since when an answer to a push is waited for.
    sent_at: Option<Millis>,
}

/// A device's last words.
pub struct Retired {
    pub name: String,
    pub device: Device,
    pub issued: Vec<CommandId>,
}

struct Member {
    line: Line,
    standing: watch::Receiver<Standing>,
    working: JoinHandle<Retired>,
}

pub struct Fleet {
    orders: watch::Sender<Order>,
    members: Vec<Member>,
}

/// Calls and streams on their own connections, as a browser makes new ones where old ones failed.
fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

impl Fleet {
    pub async fn of(count: usize, seed: u64, end: &End) -> Self {
        let orders = watch::Sender::new(Order::Rest);
        let mut members = Vec::new();
        for number in 0..count {
            let line = Line::to(end.clone()).await;
            let name = format!("till-{number}");
            let device = Device::at(&name, &format!("http://{}", line.address()), client()).await;
            let (says, standing) = watch::channel(Standing::default());
            let work = Work {
                random: Random::new(seed ^ number as u64),
                name,
                device,
                issued: Vec::new(),
                orders_made: Vec::new(),
            };
            let working = tokio::spawn(work.go_on(orders.subscribe(), says));
            members.push(Member { line, standing, working });
        }
        Self { orders, members }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn work(&self) {
        self.orders.send_replace(Order::Work);
    }

    /// All lines lead there from now on.
    pub fn lead_to(&self, end: &End) {
        for member in &self.members {
            member.line.lead_to(end.clone());
        }
    }

    pub fn lead_one_to(&self, number: usize, end: &End) {
        self.members[number].line.lead_to(end.clone());
    }

    pub fn set(&self, number: usize, mode: Mode) {
        self.members[number].line.set(mode);
    }

    pub fn confirmed(&self) -> u64 {
        self.members.iter().map(|member| member.standing.borrow().position).max().unwrap_or_default()
    }

    /// Until the device furthest ahead has so many entries more than now: the faults fall into work, not into waiting.
    pub async fn until_grown_by(&self, entries: u64) {
        let wanted = self.confirmed() + entries;
        self.until("the log grows", PATIENCE, |standings| standings.iter().any(|each| each.position >= wanted)).await;
    }

    /// Until one device has issued so many more, or has as much waiting as it may.
    pub async fn until_issued(&self, number: usize, more: usize) {
        let wanted = self.members[number].standing.borrow().issued + more;
        let is_so =
            |standings: &[Standing]| standings[number].issued >= wanted || standings[number].waiting >= MOST_WAITING;
        self.until("it works on", PATIENCE, is_so).await;
    }

    /// Nothing is issued any more and nothing is broken: within the promised time nothing waits and all have one
    /// digest at one position. Answers how long it took.
    pub async fn heal(&self) -> Duration {
        self.orders.send_replace(Order::Rest);
        for member in &self.members {
            member.line.set(Mode::Pass);
        }
        let began = Instant::now();
        let same = |standings: &[Standing]| {
            let first = &standings[0];
            standings
                .iter()
                .all(|each| (each.waiting, each.position, &each.digest) == (0, first.position, &first.digest))
        };
        self.until("the same books everywhere", HEALED_WITHIN, same).await;
        began.elapsed()
    }

    /// Ends the work; each device with all that it ever issued.
    pub async fn retire(self) -> Vec<Retired> {
        self.orders.send_replace(Order::End);
        let mut retired = Vec::new();
        for member in self.members {
            retired.push(member.working.await.unwrap());
        }
        retired
    }

    async fn until(&self, wanted: &str, patience: Duration, is_so: impl Fn(&[Standing]) -> bool) {
        let mut heard: Vec<_> = self.members.iter().map(|member| member.standing.clone()).collect();
        let standings = || self.members.iter().map(|member| member.standing.borrow().clone()).collect::<Vec<_>>();
        let watching = async {
            while !is_so(&standings()) {
                let changes = heard.iter_mut().map(|one| Box::pin(one.changed()));
                let (changed, ..) = futures::future::select_all(changes).await;
                changed.expect("a device that works");
            }
        };
        if tokio::time::timeout(patience, watching).await.is_err() {
            panic!("not within {patience:?}: {wanted}; {:#?}", standings());
        }
    }
}

/// A person at a till, from a seed.
struct Work {
    random: Random,
    name: String,
    device: Device,
    issued: Vec<CommandId>,
    orders_made: Vec<(String, &'static str)>,
}

impl Work {
    async fn go_on(mut self, orders: watch::Receiver<Order>, says: watch::Sender<Standing>) -> Retired {
        loop {
            let order = *orders.borrow();
            if order == Order::End {
                return Retired { name: self.name, device: self.device, issued: self.issued };
            }
            if order == Order::Work && self.waiting() < MOST_WAITING {
                self.issue();
            }
            self.device.turn().await;
            let confirmed = self.device.replica.confirmed();
            let standing = Standing {
                issued: self.issued.len(),
                waiting: self.waiting(),
                position: confirmed.position,
                digest: confirmed.digest().to_string(),
                connection: Some(self.device.replica.connection()),
                reports: self.device.reports.clone(),
                sent_at: self.device.sent_at,
            };
            says.send_if_modified(|said| {
                let is_new = *said != standing;
                *said = standing;
                is_new
            });
        }
    }

    /// For the server, that is. What is held waits for a person, and there is none here.
    fn waiting(&self) -> usize {
        use SyncState::{AtRisk, SavedHere, Saving, Sending};
        let is_waiting = |state| matches!(state, Saving | SavedHere | Sending | AtRisk);
        self.device.replica.pending().filter(|view| is_waiting(view.state)).count()
    }

    /// Half facts, half requests, on few products, so that devices get into each other's way.
    fn issue(&mut self) {
        let number = self.issued.len();
        let sku = SKUS[usize::try_from(self.random.below(SKUS.len() as u64)).unwrap()];
        let qty = 1 + self.random.below(3);
        let (command_type, data) = match self.random.below(10) {
            0..=3 => ("sale.record", sale(&format!("{}-{number}", self.name), sku, qty)),
            4 => ("stock.receive", json!({"batchref": format!("{}-B{number}", self.name), "sku": sku, "qty": 4})),
            5 | 6 if !self.orders_made.is_empty() => {
                let which = self.random.below(self.orders_made.len() as u64);
                let (order, sku) = self.orders_made.swap_remove(usize::try_from(which).unwrap());
                ("order.free", json!({"order_id": order, "sku": sku}))
            }
            _ => {
                let order = format!("{}-O{number}", self.name);
                self.orders_made.push((order.clone(), sku));
                ("order.allocate", json!({"order_id": order, "sku": sku, "qty": qty}))
            }
        };
        // What the device itself refuses was never saved.
        if let Ok(id) = self.device.try_issue(command_type, &data) {
            self.issued.push(id);
        }
    }
}

fn sale(sale_id: &str, sku: &str, qty: u64) -> Value {
    json!({"sale_id": sale_id, "lines": [{"sku": sku, "qty": qty, "price": 250}], "payment": "cash"})
}
