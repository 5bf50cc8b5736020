//! Turns what the replica asks for into deeds, and what happens into what the replica is told.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    pin::pin,
    rc::Rc,
    task::{Context, Waker},
};

use domain::{
    Command, CommandId, EventRecord, ShopSlug, Submission, Verdict, picture,
    values::{BlobHash, Millis},
};
use futures::{
    StreamExt,
    channel::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
        oneshot,
    },
    future::{Either, select},
};
use sync::{
    Acknowledged, Changes, FeedEnd, Input, Issue, OutboxRecord, Output, Replica, Report, Stage, StoredState,
    bundle::Bundle,
    connection::DataState,
    protocol::{Events, FeedFrame, Outcome, PROTOCOL, ProtocolError, Push, PushAnswer, Snapshot, feed_address},
    replica::NotNow,
    unsent_file,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{StorageEvent, console};

use crate::{
    clock, crash,
    device::Device,
    events::{Frame, Listener, Timer, sleep},
    faults::{Faults, Faulty},
    feed::{Feed, Heard, Poll},
    handle::{Config, ImportError, IssueError, Saved, StorageView, Transport},
    latencies::{Latencies, LatencyView},
    network,
    storage::{Found, Mode, Storage, StorageError, Told, idb::Durability, outbox},
    tabs::{Note, Part, Tabs, is_visible},
};

/// A quiet moment, for what can wait.
const QUIET: u64 = 2_000;
/// After this, whoever waits for a commit is told that it has not come. The replica gives up a little earlier.
const COMMIT: u64 = 11_000;
/// When storage that could not be read is asked again.
const READ_AGAIN: u64 = 2_000;
/// When it is asked again whether there is room for the copy of the log, and how much more than the copy there must be:
/// it must not crowd out the next command.
const ROOM: u64 = 30_000;
const SPARE: u64 = 1_000_000;
/// How old a heartbeat may be to be passed on to a tab that has just come.
const FRESH: i64 = 20_000;
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

/// What has changed since pages were told last.
#[derive(Default)]
struct Unshown {
    changes: Changes,
    frame: Option<Frame>,
}

/// The picture that a command names.
fn named_picture(submission: &Submission) -> Option<(CommandId, BlobHash)> {
    match &submission.command {
        Command::Picture(picture::Command::Add(add)) => Some((submission.id, add.blob.clone())),
        _ => None,
    }
}

impl Driver {
    pub async fn start(config: Config) -> Rc<Self> {
        let Config { shop, author, transport, offered, on_change } = config;
        let (telling, told) = unbounded();
        let storage = Storage::new(&shop, move |said| {
            let _ = telling.unbounded_send(said);
        });
        let (found, unread) =
            storage.load().await.map_or_else(|why| (Found::default(), Some(why)), |found| (found, None));
        let device = storage.device();
        let (inputs, queue) = unbounded();
        let facts = StorageView {
            mode: storage.mode(),
            protected: None,
            used: None,
            quota: None,
            problem: found.problem.or(unread),
            cleared: None,
            unreadable: found.unreadable,
        };
        let end_of_tail = found.stored.tail.last().map(|record| record.position);
        let end_of_snapshot = found.stored.snapshot.as_ref().map(|snapshot| snapshot.books.position);
        let faults = Rc::<Cell<Faults>>::default();
        let identity = sync::Config { device: device.code().into(), author, jitter_seed: device.seed() };
        let reports = crash::last().into_iter().map(|note| (Millis(note.at), note.to_string())).collect();
        let _folding = crash::Folding::begin(&shop);
        let (replica, outputs) = Replica::restore(identity.clone(), found.stored, clock::now());
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

    /// Queues an input. It is taken in when the code that is running now has returned.
    pub fn tell(&self, input: Input) {
        let _ = self.inputs.unbounded_send(input);
    }

    /// Takes an input in and does what follows.
    fn take(self: &Rc<Self>, input: Input) {
        let outputs = self.replica.borrow_mut().handle(input, clock::now());
        self.execute(outputs);
    }

    /// Whoever led before may have left commands that were never heard of here, may have sent what this tab believes
    /// unsent, and has kept a copy of the log that this tab did not write.
    async fn begin_to_lead(self: Rc<Self>) {
        let reading = pin!(async {
            self.recall().await;
            self.clone().adopt_stored().await;
        });
        // Storage that does not answer must not leave the browser without a leader.
        if let Either::Right(_) = select(reading, pin!(sleep(QUIET))).await {
            self.look_for_records(0);
        }
        if self.leads() {
            self.take(Input::Lead);
            if self.kept.get().is_none() {
                // Books that came before this tab led are nowhere yet: a reload without a network would find none.
                self.keep_books();
            } else {
                self.rewrite_when_quiet();
            }
        }
    }

    /// Before the outbox is read: what has settled there must not come back from the half that is written late.
    async fn recall(self: &Rc<Self>) {
        let settled = self.storage.load_acknowledged().await.unwrap_or_default();
        self.take(Input::Recalled(settled));
    }

    /// In this tab and in the others.
    pub fn tell_all(&self, input: Input, note: &Note) {
        self.tell(input);
        self.tell_tabs(note);
    }

    pub fn set_paused(&self, is_paused: bool) {
        self.storage.set_paused(is_paused);
        self.tell(pause(is_paused));
    }

    /// A person has dealt with what the server lost.
    pub fn dismiss_lost(self: &Rc<Self>) {
        let outputs = self.replica.borrow_mut().dismiss_lost(clock::now());
        self.execute(outputs);
    }

    pub async fn remove_unreadable(&self, id: &str) {
        match self.storage.remove_unreadable(id).await {
            Ok(()) => self.facts.borrow_mut().unreadable.retain(|record| record.id != id),
            Err(problem) => self.note_problem(problem),
        }
        (self.on_change)(Changes { connection: true, ..Changes::default() });
    }

    /// Asks the replica something that a person wants.
    pub fn ask(
        self: &Rc<Self>,
        wish: impl FnOnce(&mut Replica, Millis) -> Result<Vec<Output>, NotNow>,
    ) -> Result<(), NotNow> {
        let outputs = wish(&mut self.replica.borrow_mut(), clock::now())?;
        self.execute(outputs);
        Ok(())
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
        let mut changes = Changes::default();
        let mut is_saving = false;
        while let Some(output) = self.next_output() {
            is_saving |= matches!(output, Output::Persist(_));
            self.carry_out(output, &mut changes);
        }
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

    fn next_output(&self) -> Option<Output> {
        self.outputs.borrow_mut().pop_front()
    }

    fn carry_out(self: &Rc<Self>, output: Output, changes: &mut Changes) {
        match output {
            Output::Persist(record) => self.persist(record),
            Output::Update(record) => self.update(record),
            Output::Attempt(records) => self.attempt(records),
            Output::Forget(id) => self.forget(id),
            Output::Keep { acknowledged, dropped } => self.keep(acknowledged, dropped),
            Output::Append(records) => self.append(records),
            Output::SaveSnapshot(snapshot) => self.save_snapshot(*snapshot),
            Output::Offer { records, kept, snapshot } => self.offer(records, kept, snapshot),
            Output::KeepLost(lost) => self.cache(async move |driver| driver.storage.keep_lost(&lost).await),
            Output::OpenFeed { feed, after, epoch } => {
                self.open_feed(feed, &feed_address(self.shop.as_str(), epoch, after));
            }
            Output::Poll { feed, after, epoch, wait_ms } => {
                self.poll(feed, &feed_address(self.shop.as_str(), epoch, after), wait_ms);
            }
            Output::CloseFeed => {
                drop(self.feed.take());
                drop(self.poll.take());
                self.heartbeat.take();
            }
            Output::Push { ticket, push } => {
                self.spawn(async move |driver| {
                    let answer = driver.push(push).await;
                    if let Ok(answer) = &answer {
                        driver.tell_tabs(&Note::Answer { answer: Box::new(answer.clone()) });
                    }
                    driver.take(Input::PushAnswered { ticket, answer });
                });
            }
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
                changes.add(which);
            }
            Output::Report(report) => self.remember(&report),
        }
    }

    /// Sends a part of the outbox, and before it the pictures that it names: a command whose picture has not arrived
    /// would be refused.
    async fn push(&self, push: Push) -> Result<PushAnswer, ProtocolError> {
        let named: Vec<_> = push.submissions.iter().filter_map(named_picture).collect();
        for (_, name) in &named {
            self.send_picture(name).await?;
        }
        let answer = self.transport.push(push).await?;
        for (id, name) in &named {
            let is_taken = |outcome: &Outcome| matches!(outcome, Outcome::Settled { id: of, verdict: Verdict::Accepted { .. } } if of == id);
            if answer.outcomes.iter().any(is_taken) {
                // What stays by mistake is sent to nobody: no command names it any more.
                let _ = self.storage.forget_picture(name).await;
            }
        }
        Ok(answer)
    }

    /// One that is not here goes with the command's fate: the server has it, or it is refused and says so.
    async fn send_picture(&self, name: &BlobHash) -> Result<(), ProtocolError> {
        let Ok(Some(bytes)) = self.storage.picture(name).await else { return Ok(()) };
        if self.faults.get().offline {
            return Err(ProtocolError::NoAnswer { problem: "offline".to_owned() });
        }
        network::send_picture(&self.shop, &bytes).await
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

    /// Writes to the copy of the log, whose loss costs only a fetch.
    fn cache(self: &Rc<Self>, work: impl AsyncFnOnce(&Self) -> Result<(), StorageError> + 'static) {
        self.spawn(async move |driver| {
            if let Err(problem) = work(&driver).await {
                driver.kept.set(None);
                driver.note_problem(problem);
                driver.take(Input::CacheFailed);
            }
        });
    }

    fn persist(self: &Rc<Self>, record: Box<OutboxRecord>) {
        self.latencies.borrow_mut().issued(record.submission.id, clock::now());
        // Before this returns, the command is in the half that outlives the tab.
        self.storage.mirror(&record);
        self.begin(async move |driver| {
            let id = record.submission.id;
            let answer = driver.storage.put(&record, Durability::Strict).await;
            match &answer {
                Ok(()) => {
                    driver.take(Input::Persisted(id));
                    driver.tell_written(record);
                }
                Err(problem) => {
                    // Not silently sent after the next start either: a person who was told "not saved" decides.
                    driver.storage.mirror(&OutboxRecord { stage: Stage::Unsaved, ..*record });
                    driver.note_problem(problem.clone());
                    driver.take(Input::StorageFailed(id));
                }
            }
            let saved = answer.is_ok();
            if let Some(waiting) = driver.waiting.borrow_mut().remove(&id) {
                let _ = waiting.send(answer);
            }
            if saved && !driver.asked_to_protect.replace(true) {
                driver.protect().await;
            }
        });
    }

    fn update(self: &Rc<Self>, record: Box<OutboxRecord>) {
        self.storage.mirror(&record);
        self.spawn(async move |driver| {
            // What a person gave up must not come back; everything else can be learned again from the server.
            let durability = match record.stage {
                Stage::Discarded { .. } => Durability::Strict,
                _ => Durability::Relaxed,
            };
            match driver.storage.put(&record, durability).await {
                Ok(()) => driver.tell_written(record),
                Err(problem) => driver.note_problem(problem),
            }
        });
    }

    /// A write that is done only after the end of its command is not worth a word: the others would wait for it again.
    fn tell_written(&self, record: Box<OutboxRecord>) {
        if self.replica.borrow().pending_of(record.submission.id).is_some() {
            self.tell_tabs(&Note::Written { record });
        }
    }

    /// The push comes next. By then the half that outlives the tab knows that these may have been sent, and the other
    /// tabs are on their way to know.
    fn attempt(self: &Rc<Self>, records: Vec<OutboxRecord>) {
        for record in &records {
            self.storage.mirror(record);
            self.tell_tabs(&Note::Written { record: Box::new(record.clone()) });
        }
        self.spawn(async move |driver| {
            if let Err(problem) = driver.storage.put_attempted(&records).await {
                driver.note_problem(problem);
            }
        });
    }

    fn forget(self: &Rc<Self>, id: CommandId) {
        self.latencies.borrow_mut().settled(id, clock::now());
        self.spawn(async move |driver| match driver.storage.forget(id).await {
            Ok(()) => driver.tell_tabs(&Note::Removed { id }),
            Err(problem) => driver.note_problem(problem),
        });
    }

    fn keep(self: &Rc<Self>, acknowledged: Box<Acknowledged>, dropped: Vec<CommandId>) {
        self.latencies.borrow_mut().settled(acknowledged.id(), clock::now());
        self.spawn(async move |driver| match driver.storage.keep(&acknowledged, &dropped).await {
            Ok(()) => driver.tell_tabs(&Note::Removed { id: acknowledged.id() }),
            Err(problem) => driver.note_problem(problem),
        });
    }

    fn offer(self: &Rc<Self>, records: Vec<OutboxRecord>, kept: Vec<Acknowledged>, snapshot: Option<Box<Snapshot>>) {
        if let Some(snapshot) = &snapshot {
            self.kept.set(Some(snapshot.books.position));
        }
        self.cache(async move |driver| {
            driver.storage.offer(&records, &kept, snapshot.as_deref()).await?;
            for record in records {
                driver.tell_tabs(&Note::Written { record: Box::new(record) });
            }
            Ok(())
        });
    }

    fn append(self: &Rc<Self>, records: Vec<EventRecord>) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
        if self.kept.get().is_some_and(|kept| kept + 1 == first.position) {
            self.kept.set(Some(last.position));
        } else {
            self.kept.set(None);
            self.rewrite_when_quiet();
        }
        self.cache(async move |driver| driver.storage.append(&records).await);
    }

    fn save_snapshot(self: &Rc<Self>, snapshot: Snapshot) {
        self.kept.set(Some(snapshot.books.position));
        self.cache(async move |driver| driver.storage.save_snapshot(&snapshot).await);
    }

    /// Writes the books as they are in place of the kept copy, if that one does not lead up to them: they came
    /// with the page, or another tab kept them until now.
    fn rewrite_when_quiet(self: &Rc<Self>) {
        self.rewrite_after(QUIET);
    }

    fn rewrite_after(self: &Rc<Self>, wait: u64) {
        let driver = Rc::downgrade(self);
        let timer = Timer::after(wait, move || {
            if let Some(driver) = driver.upgrade() {
                driver.spawn(async |driver| driver.rewrite().await);
            }
        });
        *self.rewriting.borrow_mut() = Some(timer);
    }

    /// Writes the books as they are in place of the kept copy.
    fn keep_books(self: &Rc<Self>) {
        let snapshot = self.replica.borrow().snapshot();
        if let Some(snapshot) = snapshot {
            self.save_snapshot(snapshot);
        }
    }

    async fn rewrite(self: &Rc<Self>) {
        let position = self.replica.borrow().confirmed().position;
        if self.kept.get() == Some(position) || !self.leads() {
            return;
        }
        let snapshot = self.replica.borrow().snapshot();
        let Some(snapshot) = snapshot else { return };
        if self.is_short_of_room.get() {
            let facts = network::storage_facts().await;
            let bytes = serde_json::to_vec(&snapshot).map_or(0, |bytes| bytes.len() as u64);
            if facts.quota.zip(facts.used).is_some_and(|(quota, used)| quota.saturating_sub(used) < 2 * bytes + SPARE) {
                return self.rewrite_after(ROOM);
            }
            self.is_short_of_room.set(false);
        }
        self.save_snapshot(snapshot);
    }

    /// What this device kept is gone, and what the page still has is written again, under another name.
    fn storage_cleared(self: &Rc<Self>) {
        self.kept.set(None);
        self.facts.borrow_mut().cleared = Some(clock::now());
        self.take_name();
        self.take(Input::StorageLost);
        (self.on_change)(Changes { connection: true, ..Changes::default() });
    }

    fn take_name(self: &Rc<Self>) {
        let device = self.storage.device();
        if self.device.replace(device) != device {
            self.take(Input::Named(device.code().into()));
        }
    }

    /// Asks storage that was slow, or could not be read, until it says what it has.
    fn read_later(self: &Rc<Self>) {
        let driver = Rc::downgrade(self);
        spawn_local(async move {
            loop {
                let Some(driver) =
                    driver.upgrade().filter(|driver| matches!(driver.storage.mode(), Mode::Unread { .. }))
                else {
                    return;
                };
                match driver.storage.load().await {
                    Ok(found) => driver.take_late(found),
                    Err(problem) => driver.note_problem(problem),
                }
                drop(driver);
                sleep(READ_AGAIN).await;
            }
        });
    }

    fn take_late(self: &Rc<Self>, found: Found) {
        self.take_name();
        {
            let mut facts = self.facts.borrow_mut();
            (facts.problem, facts.unreadable) = (found.problem, found.unreadable);
        }
        let identity = self.identity.clone();
        let StoredState { snapshot, tail, outbox, acknowledged, .. } = found.stored;
        let book = StoredState { snapshot, tail, ..StoredState::default() };
        let _folding = crash::Folding::begin(&self.shop);
        let kept = Replica::restore(identity, book, clock::now()).0.snapshot();
        if let Some(snapshot) = kept {
            self.take(Input::SnapshotOffered(Box::new(snapshot)));
        }
        self.take(Input::Recalled(acknowledged));
        self.take(Input::FoundLate(outbox));
        self.rewrite_when_quiet();
        (self.on_change)(Changes { books: true, pending: true, connection: true });
    }

    /// Takes in the records of other tabs that are in storage and were never announced: a tab may end between its
    /// commit and its message.
    fn look_for_records(self: &Rc<Self>, after: u64) {
        let driver = Rc::downgrade(self);
        let timer = Timer::after(after, move || {
            let Some(driver) = driver.upgrade() else { return };
            driver.spawn(async |driver| {
                if driver.leads() {
                    driver.recall().await;
                }
                driver.adopt_stored().await;
            });
        });
        *self.looking.borrow_mut() = Some(timer);
    }

    /// Takes in what storage knows and this tab does not.
    async fn adopt_stored(self: Rc<Self>) {
        let before: Vec<CommandId> = self.replica.borrow().saved().collect();
        let (records, unreadable) = match self.storage.load_outbox().await {
            Ok(found) => found,
            Err(problem) => return self.note_problem(problem),
        };
        let leads = self.replica.borrow().is_leading();
        if !leads {
            // Whoever leads has dealt with what is gone. A leading tab drops nothing: it sends what it has.
            let here: BTreeSet<String> = records.iter().map(|record| record.submission.id.to_string()).collect();
            let is_there = |id: &String| here.contains(id) || unreadable.iter().any(|record| record.id == *id);
            let gone = before.into_iter().filter(|id| !is_there(&id.to_string()));
            for id in gone {
                self.take(Input::Removed(id));
            }
        }
        self.facts.borrow_mut().unreadable = unreadable;
        for record in records {
            let is_known = self.replica.borrow().knows(&record);
            if !is_known {
                self.take(Input::Adopted(Box::new(record)));
            }
        }
    }

    /// The leading tab has nothing left to send. What still waits here was settled without this tab hearing of it.
    fn compare_waiting(self: &Rc<Self>, leader: DataState) {
        let waits_here = self.replica.borrow().connection().waiting > 0;
        if waits_here && matches!(leader, DataState::Live | DataState::Storage) && !self.leads() {
            self.look_for_records(QUIET);
        }
    }

    fn say_state(&self) {
        let state = self.replica.borrow().connection().state;
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.say(state);
        }
    }

    fn leads(&self) -> bool {
        self.tabs.borrow().as_ref().is_some_and(|tabs| tabs.part() == Part::Leads)
    }

    fn open_feed(self: &Rc<Self>, feed: u64, address: &str) {
        let driver = Rc::downgrade(self);
        let heard = move |heard: Heard| {
            let Some(driver) = driver.upgrade() else { return };
            if let Some(input) = driver.input_of(feed, heard) {
                driver.tell(input);
            }
        };
        drop((self.feed.take(), self.poll.take()));
        if self.faults.get().offline {
            return self.tell(Input::FeedClosed { feed, end: FeedEnd::Lost });
        }
        match Feed::open(address, heard) {
            Ok(open) => *self.feed.borrow_mut() = Some((feed, open)),
            Err(_) => self.tell(Input::FeedClosed { feed, end: FeedEnd::Lost }),
        }
    }

    fn poll(self: &Rc<Self>, feed: u64, address: &str, wait_ms: u32) {
        drop(self.feed.take());
        if self.faults.get().offline {
            return self.tell(Input::PollAnswered { feed, answer: Err(FeedEnd::Lost) });
        }
        let (poll, answer) = Poll::start(address, wait_ms);
        *self.poll.borrow_mut() = Some(poll);
        // Not kept alive by the wait: a driver that is let go gives its poll up.
        let driver = Rc::downgrade(self);
        spawn_local(async move {
            let answer = answer.await;
            let Some(driver) = driver.upgrade() else { return };
            for frame in answer.iter().flat_map(|poll| &poll.frames) {
                let (name, data) = (frame.event.clone(), frame.data.get().to_owned());
                if name == "heartbeat" {
                    *driver.heartbeat.borrow_mut() = Some((clock::now(), data.clone()));
                }
                driver.tell_tabs(&Note::Frame { name, data });
            }
            let answer = answer.and_then(|poll| poll.read().map_err(|_| FeedEnd::Lost));
            driver.tell(Input::PollAnswered { feed, answer });
        });
    }

    fn input_of(&self, feed: u64, heard: Heard) -> Option<Input> {
        Some(match heard {
            Heard::Opened => Input::FeedOpened { feed },
            Heard::Ended => {
                self.heartbeat.take();
                Input::FeedClosed { feed, end: FeedEnd::Lost }
            }
            Heard::Frame { name, data } => {
                let parsed = FeedFrame::parse(name, &data);
                if name == "heartbeat" {
                    *self.heartbeat.borrow_mut() = Some((clock::now(), data.clone()));
                }
                self.tell_tabs(&Note::Frame { name: name.to_owned(), data });
                match parsed {
                    Ok(frame) => Input::FeedFrame { feed, frame: Box::new(frame?) },
                    Err(error) => Input::FeedUnreadable { feed, problem: error.to_string() },
                }
            }
        })
    }

    /// A following tab reads what it missed where the leading one has written it, which may be in a moment.
    async fn catch_up(self: Rc<Self>, after: u64) {
        for pause in [0, 300, 1_000] {
            sleep(pause).await;
            if self.replica.borrow().confirmed().position > after {
                return;
            }
            self.read_on(after).await;
        }
        self.take(Input::Missed { after });
    }

    async fn read_on(self: &Rc<Self>, after: u64) {
        let Ok(Some((snapshot, tail))) = self.storage.load_book().await else { return };
        let epoch = snapshot.epoch;
        if snapshot.books.position > after {
            self.take(Input::SnapshotOffered(Box::new(snapshot)));
        }
        let events: Vec<_> = tail.into_iter().filter(|record| record.position > after).collect();
        if !events.is_empty() {
            self.take(Input::Relayed(Box::new(FeedFrame::Events(Events { protocol: PROTOCOL, epoch, events }))));
        }
    }

    fn listen(self: &Rc<Self>) {
        let Some(window) = web_sys::window() else { return };
        let hint = |input: Input| {
            let inputs = self.inputs.clone();
            move |_| {
                let _ = inputs.unbounded_send(input.clone());
            }
        };
        let mut listeners = vec![
            Listener::on(&window, "online", hint(Input::NetworkUp)),
            Listener::on(&window, "offline", hint(Input::NetworkDown)),
            // Out of the back-forward cache: the stream was cut and nobody was there to hear it.
            Listener::on(&window, "pageshow", hint(Input::Resumed)),
        ];
        // Another tab's write to localStorage is heard of even if that tab does not live to say anything else.
        let driver = Rc::downgrade(self);
        listeners.push(Listener::on(&window, "storage", move |event| {
            let key = event.dyn_ref::<StorageEvent>().and_then(StorageEvent::key);
            let (Some(key), Some(driver)) = (key, driver.upgrade()) else { return };
            if outbox::id_of_mirror_key(&driver.shop, &key).is_some() {
                driver.look_for_records(QUIET);
            } else if key == driver.storage.paused_key() {
                driver.tell(pause(driver.storage.is_paused()));
            }
        }));
        if let Some(document) = window.document() {
            let inputs = self.inputs.clone();
            let shown = document.clone();
            listeners.push(Listener::on(&document, "visibilitychange", move |_| {
                let _ = inputs.unbounded_send(if shown.hidden() { Input::Hidden } else { Input::Resumed });
            }));
            // The browser stops a page that nobody looks at. Its feed would stay open beside that of the tab which
            // leads then, and nobody would read it.
            let driver = Rc::downgrade(self);
            listeners.push(Listener::on(&document, "freeze", move |_| {
                let Some(driver) = driver.upgrade() else { return };
                if let Some(tabs) = &*driver.tabs.borrow() {
                    tabs.rest();
                }
                driver.take(Input::Follow);
            }));
            let driver = Rc::downgrade(self);
            listeners.push(Listener::on(&document, "resume", move |_| {
                let Some(driver) = driver.upgrade() else { return };
                if let Some(tabs) = &*driver.tabs.borrow() {
                    tabs.wake();
                }
            }));
        }
        *self.listeners.borrow_mut() = listeners;
        if !window.navigator().on_line() {
            self.tell(Input::NetworkDown);
        }
        if !is_visible() {
            self.tell(Input::Hidden);
        }
        if self.storage.is_paused() {
            self.tell(Input::Pause);
        }
        let (driver, changed) = (Rc::downgrade(self), Rc::downgrade(self));
        let tabs = Tabs::join(
            &self.shop,
            move |note| {
                let Some(driver) = driver.upgrade() else { return };
                match &note {
                    Note::Hello => driver.greet(),
                    Note::Alive { state } => driver.compare_waiting(*state),
                    _ => {}
                }
                if let Some(input) = input_of_note(note) {
                    driver.tell(input);
                }
            },
            move |part| {
                let Some(driver) = changed.upgrade() else { return };
                match part {
                    Part::Leads => driver.spawn(async |driver| driver.begin_to_lead().await),
                    Part::Follows => driver.tell(Input::Follow),
                }
            },
        );
        tabs.tell(&Note::Hello);
        *self.tabs.borrow_mut() = Some(tabs);
    }

    /// A tab that has just come would know nothing of the connection until the next heartbeat.
    fn greet(&self) {
        let heartbeat = self.heartbeat.borrow().clone();
        if let Some((_, data)) = heartbeat.filter(|(at, _)| clock::now().0 - at.0 < FRESH) {
            self.tell_tabs(&Note::Frame { name: "heartbeat".to_owned(), data });
        }
        if self.leads() {
            let state = self.replica.borrow().connection().state;
            self.tell_tabs(&Note::Alive { state });
        }
    }

    fn tell_tabs(&self, note: &Note) {
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.tell(note);
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

    pub fn storage_view(&self) -> StorageView {
        StorageView { mode: self.storage.mode(), ..self.facts.borrow().clone() }
    }

    /// The commands that the server has not settled, as a file's content.
    pub fn export_unsent(&self) -> String {
        unsent_file::write(&self.shop, &self.replica.borrow().unsent()).unwrap_or_default()
    }

    /// Takes in such a file. Resolves when all of it is on the medium.
    pub async fn import_unsent(self: Rc<Self>, text: &str) -> Result<usize, ImportError> {
        let mut submissions = unsent_file::read(&self.shop, text)?;
        if let Mode::Memory { why } | Mode::Unread { why } = self.storage.mode() {
            return Err(ImportError::NotSaved(why));
        }
        submissions.retain(|submission| !self.replica.borrow().has(submission.id));
        let number = submissions.len();
        let saved: Vec<_> = submissions.iter().map(|submission| self.wait_for(submission.id)).collect();
        let outputs = self.replica.borrow_mut().take_in(submissions, clock::now());
        self.execute(outputs);
        for saved in saved {
            saved.await.map_err(ImportError::NotSaved)?;
        }
        Ok(number)
    }

    pub fn latencies(&self) -> LatencyView {
        self.latencies.borrow().view()
    }

    pub fn faults(&self) -> Faults {
        self.faults.get()
    }

    pub fn set_faults(&self, faults: Faults) {
        let before = self.faults.replace(faults);
        let went_offline = faults.offline && !before.offline;
        if went_offline {
            let open = self.feed.take();
            if let Some((feed, _)) = open {
                self.tell(Input::FeedClosed { feed, end: FeedEnd::Lost });
            }
        } else {
            self.tell(Input::TryNow);
        }
    }

    /// All that this device starts from, for looking at it elsewhere.
    pub async fn bundle(&self, build: &str) -> Bundle {
        let (snapshot, tail) = self.storage.load_book().await.ok().flatten().unzip();
        let (outbox, unreadable) = self.storage.load_outbox().await.unwrap_or_default();
        let acknowledged = self.storage.load_acknowledged().await.unwrap_or_default();
        let lost = self.replica.borrow().lost().to_vec();
        let stored = StoredState { snapshot, tail: tail.unwrap_or_default(), outbox, acknowledged, lost };
        let identity = sync::Config { device: self.device.get().code().into(), ..self.identity.clone() };
        let mut bundle = Bundle::new(build, self.shop.clone(), &identity, stored, clock::now());
        bundle.unreadable = unreadable;
        let said = |(at, report): &(Millis, String)| format!("{}: {report}", at.0);
        bundle.reports = self.reports.borrow().iter().map(said).collect();
        bundle
    }

    /// Asks the browser not to clear this origin by itself. Asked after the first saved command, when there is
    /// something to protect and the person has shown that it is used.
    async fn protect(&self) {
        network::persist().await;
        self.ask_storage().await;
    }

    pub async fn ask_storage(&self) {
        let facts = network::storage_facts().await;
        {
            let mut view = self.facts.borrow_mut();
            (view.protected, view.used, view.quota) = (facts.protected, facts.used, facts.quota);
        }
        (self.on_change)(Changes { connection: true, ..Changes::default() });
    }
}

fn pause(is_paused: bool) -> Input {
    if is_paused { Input::Pause } else { Input::Unpause }
}

/// What other tabs say, as the replica is told it.
fn input_of_note(note: Note) -> Option<Input> {
    match note {
        Note::Written { record } => Some(Input::Adopted(record)),
        Note::Removed { id } => Some(Input::Removed(id)),
        Note::Frame { name, data } => FeedFrame::parse(&name, &data).ok()?.map(|frame| Input::Relayed(Box::new(frame))),
        Note::Answer { answer } => Some(Input::RelayedAnswer(answer)),
        Note::Alive { state } => Some(Input::Led(state)),
        Note::TryNow => Some(Input::TryNow),
        Note::SignedIn => Some(Input::SignedIn),
        Note::Hello => None,
    }
}

/// Does what storage asks for by itself.
async fn hear(driver: std::rc::Weak<Driver>, mut told: UnboundedReceiver<Told>) {
    while let Some(told) = told.next().await {
        let Some(driver) = driver.upgrade() else { return };
        match told {
            Told::Ended => {
                if let Err(problem) = driver.storage.reopen_ended().await {
                    driver.note_problem(problem);
                }
            }
            Told::Cleared => driver.storage_cleared(),
            Told::BookDropped => {
                driver.kept.set(None);
                driver.is_short_of_room.set(true);
                driver.rewrite_after(ROOM);
            }
        }
    }
}

/// Takes inputs in, one after another, for as long as the driver lives.
async fn run(driver: std::rc::Weak<Driver>, mut inputs: UnboundedReceiver<Input>) {
    while let Some(input) = inputs.next().await {
        let Some(driver) = driver.upgrade() else { return };
        driver.take(input);
    }
}
