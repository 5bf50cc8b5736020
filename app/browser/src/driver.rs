//! Turns what the replica asks for into deeds, and what happens into what the replica is told.
//!
//! Here: its start, its commands, and the loop from output to deed. Beside it, each with its part of the deeds:
//! [`keeping`] (storage), [`found_late`] (what storage has after the start), [`line`] (the server), [`listening`]
//! (browser and other tabs), [`asked`] (what a person wants beside commands).

mod asked;
mod found_late;
mod keeping;
mod line;
mod listening;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    pin::pin,
    rc::Rc,
    task::{Context, Waker},
};

use domain::{CommandId, ShopSlug, values::Millis};
use futures::{
    StreamExt,
    channel::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
        oneshot,
    },
    future::{Either, select},
};
use sync::{
    Changes, Input, Issue, OutboxRecord, Output, Replica, Report, StoredState,
    protocol::{Push, feed_address},
};
use uuid::Uuid;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::console;

use self::listening::hear;
use crate::{
    clock, crash,
    device::Device,
    events::{Frame, Listener, Timer, sleep},
    faults::{Faults, Faulty},
    feed::{Feed, Poll},
    handle::{Config, IssueError, Saved, StorageView, Transport},
    latencies::Latencies,
    network, person,
    storage::{Found, Mode, Storage, StorageError},
    tabs::{Note, Tabs},
};

/// A quiet moment, for what can wait.
const QUIET: u64 = 2_000;
/// After this, whoever waits for a commit is told that it has not come. The replica gives up a little earlier.
const COMMIT: u64 = 11_000;
/// Reports that are remembered.
const MOST_REPORTS: usize = 50;

pub struct Driver {
    pub replica: RefCell<Replica>,
    pub storage: Storage,
    pub device: Cell<Device>,
    pub reports: RefCell<VecDeque<(Millis, String)>>,
    identity: sync::Config,
    shop: ShopSlug,
    transport: Rc<dyn Transport>,
    faults: Rc<Cell<Faults>>,
    latencies: RefCell<Latencies>,
    on_change: Box<dyn Fn(Changes)>,
    on_revoked: Box<dyn Fn()>,
    inputs: UnboundedSender<Input>,
    /// What is still to be done, in order; a deed may ask for more.
    outputs: RefCell<VecDeque<Output>>,
    busy: Cell<bool>,
    unshown: RefCell<Unshown>,
    feed: RefCell<Option<(u64, Feed)>>,
    poll: RefCell<Option<Poll>>,
    wake: RefCell<Option<Timer>>,
    /// Those who wait for a command to be saved.
    waiting: RefCell<BTreeMap<CommandId, oneshot::Sender<Result<(), StorageError>>>>,
    facts: RefCell<StorageView>,
    asked_to_protect: Cell<bool>,
    /// Position of the last entry that the kept copy of the log holds without a hole, as far as this tab knows.
    kept: Cell<Option<u64>>,
    /// The copy of the log had to make room for a command.
    is_short_of_room: Cell<bool>,
    rewriting: RefCell<Option<Timer>>,
    looking: RefCell<Option<Timer>>,
    /// The last heartbeat of the open feed, and when it came.
    heartbeat: RefCell<Option<(Millis, String)>>,
    listeners: RefCell<Vec<Listener>>,
    tabs: RefCell<Option<Tabs>>,
}

/// What one input has led to so far.
#[derive(Default)]
struct Round {
    changes: Changes,
    /// A command is on its way to storage.
    is_saving: bool,
    to_send: Vec<(u64, Push)>,
}

/// What has changed since pages were told last.
#[derive(Default)]
struct Unshown {
    changes: Changes,
    frame: Option<Frame>,
}

impl Driver {
    pub async fn start(config: Config) -> Rc<Self> {
        let Config { shop, author, person, colleagues, transport, offered, on_change, on_revoked } = config;
        let (telling, told) = unbounded();
        let storage = Storage::new(&shop, move |said| {
            let _ = telling.unbounded_send(said);
        });
        let (found, unread) =
            storage.load().await.map_or_else(|why| (Found::default(), Some(why)), |found| (found, None));
        let revocation = person::revocation(&shop, person.as_deref());
        let device = storage.device();
        let identity =
            sync::Config { device: device.code().into(), author, person, colleagues, jitter_seed: device.seed() };
        let (inputs, queue) = unbounded();
        let facts = StorageView {
            mode: storage.mode(),
            protected: None,
            used: None,
            quota: None,
            problem: found.problem.or(unread),
            cleared: None,
            unreadable: found.unreadable,
            of_others: of_others(&found.stored.outbox, &identity),
        };
        let end_of_tail = found.stored.tail.last().map(|record| record.position);
        let end_of_snapshot = found.stored.snapshot.as_ref().map(|snapshot| snapshot.books.position);
        let faults = Rc::<Cell<Faults>>::default();
        let reports = crash::last().into_iter().map(|note| (Millis(note.at), note.to_string())).collect();
        let _folding = crash::Folding::begin(&shop);
        let stored = StoredState { revocation, ..found.stored };
        let (replica, outputs) = Replica::restore(identity.clone(), stored, clock::now());
        let driver = Rc::new(Self {
            replica: RefCell::new(replica),
            storage,
            device: Cell::new(device),
            reports: RefCell::new(reports),
            shop,
            transport: Rc::new(Faulty { way: transport, faults: faults.clone() }),
            faults,
            latencies: RefCell::default(),
            identity,
            on_change,
            on_revoked,
            inputs,
            outputs: RefCell::default(),
            busy: Cell::new(false),
            unshown: RefCell::default(),
            feed: RefCell::default(),
            poll: RefCell::default(),
            wake: RefCell::default(),
            waiting: RefCell::default(),
            facts: RefCell::new(facts),
            asked_to_protect: Cell::new(false),
            kept: Cell::new(end_of_tail.or(end_of_snapshot)),
            is_short_of_room: Cell::new(false),
            rewriting: RefCell::default(),
            looking: RefCell::default(),
            heartbeat: RefCell::default(),
            listeners: RefCell::default(),
            tabs: RefCell::default(),
        });
        driver.execute(outputs);
        if let Some(snapshot) = offered {
            driver.take(Input::SnapshotOffered(snapshot));
        }
        driver.listen();
        spawn_local(run(Rc::downgrade(&driver), queue));
        spawn_local(hear(Rc::downgrade(&driver), told));
        driver.read_later();
        driver
    }

    pub fn shop(&self) -> &ShopSlug {
        &self.shop
    }

    pub fn has_person(&self) -> bool {
        self.person().is_some()
    }

    /// From here on nothing is heard, sent or written. What waits in storage waits there.
    pub fn stop(&self) {
        self.storage.close_book();
        drop((self.feed.take(), self.poll.take(), self.tabs.take()));
        drop((self.wake.take(), self.rewriting.take(), self.looking.take()));
        self.inputs.close_channel();
    }

    /// Who has signed in here.
    fn person(&self) -> Option<&str> {
        self.identity.person.as_deref()
    }

    /// Queues an input. It is taken in when the code that is running now has returned.
    pub fn tell(&self, input: Input) {
        let _ = self.inputs.unbounded_send(input);
    }

    /// Takes an input in and does what follows.
    fn take(self: &Rc<Self>, input: Input) {
        let outputs = self.replica.borrow_mut().handle(input, clock::now());
        self.execute(outputs);
    }

    pub async fn issue(self: Rc<Self>, issue: Issue, replaces: Option<CommandId>) -> Result<Saved, IssueError> {
        if let Mode::Memory { why } | Mode::Unread { why } = self.storage.mode() {
            return Err(IssueError::NotSaved(why));
        }
        let (id, now) = (issue.id, clock::now());
        let issued = match replaces {
            None => self.replica.borrow_mut().issue(issue, now).map_err(IssueError::Refused)?,
            Some(old) => self.replica.borrow_mut().replace(old, issue, now)?,
        };
        let saved = self.wait_for(id);
        self.execute(issued.outputs);
        saved.await.map(|()| Saved { id }).map_err(IssueError::NotSaved)
    }

    /// Resolves when the strict commit of a command that is about to be given to storage is known.
    fn wait_for(self: &Rc<Self>, id: CommandId) -> impl Future<Output = Result<(), StorageError>> + use<> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        let driver = self.clone();
        async move {
            match select(receiver, pin!(sleep(COMMIT))).await {
                Either::Left((Ok(answer), _)) => answer,
                Either::Left((Err(_), _)) => Err(StorageError::named("AbortError", "the page is closing")),
                Either::Right(_) => {
                    driver.waiting.borrow_mut().remove(&id);
                    Err(StorageError::named("TimeoutError", "storage does not answer"))
                }
            }
        }
    }

    fn execute(self: &Rc<Self>, outputs: Vec<Output>) {
        self.outputs.borrow_mut().extend(outputs);
        if self.busy.replace(true) {
            return;
        }
        let mut round = Round::default();
        while let Some(output) = self.next_output() {
            self.carry_out(output, &mut round);
        }
        let Round { changes, is_saving, to_send } = round;
        self.busy.set(false);
        if changes.connection && self.leads() {
            self.say_state();
        }
        self.unshown.borrow_mut().changes.add(changes);
        // Most often the commit is there before the next frame. To repaint at once would make it wait on this one thread,
        // and everything would be painted twice for one picture that anybody sees.
        if is_saving {
            self.show_at_next_frame();
        } else {
            self.show_changes();
        }
        // What the browser runs next, it runs in the order in which it was asked for: the page is painted before a request
        // is written, of which nobody sees anything.
        for (ticket, push) in to_send {
            self.send(ticket, push);
        }
    }

    fn show_at_next_frame(self: &Rc<Self>) {
        let driver = Rc::downgrade(self);
        self.unshown.borrow_mut().frame = Some(Frame::next(move || {
            if let Some(driver) = driver.upgrade() {
                driver.show_changes();
            }
        }));
    }

    fn show_changes(&self) {
        let Unshown { changes, frame: _ } = self.unshown.take();
        if changes != Changes::default() {
            (self.on_change)(changes);
        }
    }

    fn send(self: &Rc<Self>, ticket: u64, push: Push) {
        self.spawn(async move |driver| {
            let answer = driver.push(push).await;
            if let Ok(answer) = &answer {
                driver.tell_tabs(&Note::Answer { answer: Box::new(answer.clone()) });
            }
            driver.take(Input::PushAnswered { ticket, answer });
        });
    }

    fn next_output(&self) -> Option<Output> {
        self.outputs.borrow_mut().pop_front()
    }

    fn carry_out(self: &Rc<Self>, output: Output, round: &mut Round) {
        match output {
            Output::Persist(record) => {
                round.is_saving = true;
                self.persist(record);
            }
            Output::Update(record) => self.update(record),
            Output::Attempt(records) => self.attempt(records),
            Output::Forget(id) => self.forget(id),
            Output::Keep { acknowledged, dropped } => self.keep(acknowledged, dropped),
            Output::Append(records) => self.append(records),
            Output::SaveSnapshot(snapshot) => self.save_snapshot(*snapshot),
            Output::Offer { records, kept, snapshot } => self.offer(records, kept, snapshot),
            Output::KeepLost(lost) => self.cache(async move |driver| driver.storage.keep_lost(&lost).await),
            Output::Revoked(revocation) => self.revoked(revocation),
            Output::Readmitted => person::forget_revocation(&self.shop),
            Output::TakeAnotherCode(code) => self.take_another_code(code),
            Output::OpenFeed { feed, after, epoch } => self.open_feed(feed, &self.address(epoch, after)),
            Output::Poll { feed, after, epoch, wait_ms } => {
                self.poll(feed, &self.address(epoch, after), wait_ms);
            }
            Output::CloseFeed => {
                drop(self.feed.take());
                drop(self.poll.take());
                self.heartbeat.take();
            }
            Output::Push { ticket, push } => round.to_send.push((ticket, push)),
            Output::FetchSnapshot { ticket, request } => {
                let answer = self.transport.snapshot(request);
                self.spawn(async move |driver| {
                    let answer = answer.await.map(Box::new);
                    driver.take(Input::SnapshotAnswered { ticket, answer });
                });
            }
            Output::Probe => self.spawn(async |driver| {
                let reached = !driver.faults.get().offline && network::probe().await;
                driver.take(Input::Probed { reached });
            }),
            Output::CatchUp { after } => self.spawn(async move |driver| driver.catch_up(after).await),
            Output::WakeAt(at) => {
                let inputs = self.inputs.clone();
                let wait = u64::try_from(at.0 - clock::now().0).unwrap_or(0);
                let timer = Timer::after(wait, move || {
                    let _ = inputs.unbounded_send(Input::Wake);
                });
                *self.wake.borrow_mut() = Some(timer);
            }
            Output::Changed(which) => {
                round.changes.add(which);
            }
            Output::Report(report) => self.remember(&report),
        }
    }

    fn address(&self, epoch: Uuid, after: u64) -> String {
        feed_address(self.shop.as_str(), epoch, after, &self.device.get().code())
    }

    /// Does something that takes time. The driver lives until it is done.
    fn spawn(self: &Rc<Self>, work: impl AsyncFnOnce(Rc<Self>) + 'static) {
        let driver = self.clone();
        spawn_local(async move { work(driver).await });
    }

    /// The same, begun before this returns.
    fn begin(self: &Rc<Self>, work: impl AsyncFnOnce(Rc<Self>) + 'static) {
        let driver = self.clone();
        let mut work = Box::pin(async move { work(driver).await });
        // Whoever is to be woken comes with the next poll, which the spawner makes at once.
        if work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            spawn_local(work);
        }
    }

    fn remember(&self, report: &Report) {
        let report = report.to_string();
        console::warn_1(&JsValue::from_str(&report));
        let mut reports = self.reports.borrow_mut();
        if reports.len() == MOST_REPORTS {
            reports.pop_front();
        }
        reports.push_back((clock::now(), report));
    }

    fn note_problem(&self, problem: StorageError) {
        console::warn_1(&JsValue::from_str(&problem.to_string()));
        self.facts.borrow_mut().problem = Some(problem);
    }
}

/// How many wait for somebody who does not use the device now.
fn of_others(outbox: &[OutboxRecord], identity: &sync::Config) -> usize {
    outbox.iter().filter(|record| identity.leaves_alone(record)).count()
}

/// Takes inputs in, one after another, for as long as the driver lives.
async fn run(driver: std::rc::Weak<Driver>, mut inputs: UnboundedReceiver<Input>) {
    while let Some(input) = inputs.next().await {
        let Some(driver) = driver.upgrade() else { return };
        driver.take(input);
    }
}
