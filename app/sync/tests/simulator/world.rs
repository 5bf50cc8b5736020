//! Everything at once, one thing after another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{
    Command, CommandId, change,
    undo::{self, Undo},
    values::Millis,
};
use sync::{
    Dependants, FeedEnd, Input, Issue, Output, Report, Stage, SyncState,
    connection::DataState,
    defects::Defect,
    protocol::{Bye, FeedFrame, PROTOCOL, ProtocolError, Push, Waypoint},
    random::Random,
};
use uuid::Uuid;

use crate::{
    checks::{Checks, Restored},
    faults::Faults,
    node::{Device, Node, Storage, Write},
    server::{Commit, Feed, Incoming, Poll, Server, author},
    sometimes::Sometimes,
    workload,
};

/// What is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    Nothing,
    AnswerBeforeCommit,
    PublishBeforeDurable,
    NoDedupe,
    RefusalsNotRemembered,
    RolesNotAsked,
    SignedOutIsHeard,
    ShutOutIsHeard,
    Replica(Defect),
}

const START: i64 = 1_767_225_600_000;
/// How long faults and people last, in simulated milliseconds.
const TROUBLE: i64 = 60_000;
/// How long the world has to come to rest without help. The longest chain of waits: a silent feed (35 s), an answer
/// that never comes (30 s), and some pauses of 3 s.
const RECOVERY: i64 = 80_000;
const HEARTBEAT: i64 = 15_000;

/// What a device asks the server.
#[derive(Clone)]
pub(crate) enum Call {
    Push { ticket: u64, push: Push },
    Snapshot { ticket: u64, known: Vec<Waypoint> },
    Feed { feed: u64, after: u64, epoch: Uuid },
    Poll { feed: u64, after: u64, epoch: Uuid, wait: i64 },
    Probe,
}

pub(crate) enum Happening {
    Called {
        node: usize,
        life: u64,
        call: Call,
    },
    Told {
        node: usize,
        life: u64,
        input: Box<Input>,
    },
    Woken {
        node: usize,
        life: u64,
        timer: u64,
    },
    /// The lock is this tab's.
    Granted {
        node: usize,
        life: u64,
    },
    /// A tab whose lock was taken away hears of it.
    Ousted {
        node: usize,
        life: u64,
    },
    /// A tab looks into storage, where another one wrote.
    Looks {
        node: usize,
        life: u64,
    },
    CatchesUp {
        node: usize,
        life: u64,
        after: u64,
        is_last: bool,
    },
    /// A tab hears that another one has paused, or gone on.
    HearsOfPause {
        node: usize,
        life: u64,
    },
    Written {
        node: usize,
        life: u64,
        write: Write,
    },
    Committed {
        commit: Box<Commit>,
    },
    Heartbeat,
    PollEnds {
        node: usize,
        number: u64,
    },
    Act {
        device: usize,
    },
    Fault,
    ServerStarts,
    NodeStarts {
        node: usize,
    },
    PartitionEnds {
        device: usize,
    },
}

pub struct World {
    pub now: Millis,
    pub random: Random,
    pub faults: Faults,
    pub server: Server,
    /// Tabs of all devices.
    pub nodes: Vec<Node>,
    pub devices: Vec<Device>,
    pub broken: Broken,
    pub sometimes: Sometimes,
    pub checks: Checks,
    agenda: BTreeMap<(Millis, u64), Happening>,
    steps: u64,
    next_restore: i64,
    is_drill: bool,
    healed: bool,
    is_told: bool,
    /// Ids that a person may have given a command.
    pub issued: BTreeSet<CommandId>,
}

impl World {
    pub fn new(seed: u64, broken: Broken, is_told: bool) -> Self {
        let mut random = Random::new(seed);
        let faults = Faults::drawn(&mut random);
        let epoch = Uuid::from_u64_pair(random.draw(), random.draw());
        let count = 2 + random.below(3) as usize;
        // Most people have one tab open.
        let tabs = (0..count).map(|_| [1, 1, 2, 2, 3][random.below(5) as usize]).collect();
        Self::of(random, faults, epoch, tabs, broken, is_told)
    }

    /// A number of devices, a restore, and no other trouble.
    pub fn drill(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed);
        let epoch = Uuid::from_u64_pair(random.draw(), random.draw());
        Self { is_drill: true, ..Self::of(random, Faults::drill(), epoch, vec![1; count], Broken::Nothing, false) }
    }

    fn of(random: Random, faults: Faults, epoch: Uuid, tabs: Vec<usize>, broken: Broken, is_told: bool) -> Self {
        let defect = if let Broken::Replica(defect) = broken { Some(defect) } else { None };
        let mut world = Self {
            now: Millis(START),
            random,
            faults,
            server: Server::new(epoch, tabs.len()),
            nodes: Vec::new(),
            devices: Vec::new(),
            broken,
            sometimes: Sometimes::default(),
            checks: Checks::new(epoch),
            agenda: BTreeMap::new(),
            steps: 0,
            next_restore: START + 35_000,
            is_drill: false,
            healed: false,
            is_told,
            issued: BTreeSet::new(),
        };
        world.tell(|world| format!("devices with {tabs:?} tabs, {:?}", world.faults));
        for (device, tabs) in tabs.into_iter().enumerate() {
            let first = world.nodes.len();
            world.nodes.extend((0..tabs).map(|nth| Node::new(device, nth, defect)));
            let is_held_back = world.random.chance(world.faults.held_back);
            world.devices.push(Device::new((first..first + tabs).collect(), is_held_back));
            for node in first..first + tabs {
                world.later(0, Happening::NodeStarts { node });
            }
            world.soon(2_000, Happening::Act { device });
        }
        world.later(HEARTBEAT, Happening::Heartbeat);
        world.later(1_000, Happening::Fault);
        world
    }

    pub fn tell(&self, text: impl FnOnce(&Self) -> String) {
        if self.is_told {
            println!("{:>8} {}", self.now.0 - START, text(self));
        }
    }

    /// Runs to the end. Says what a restore cost, before and after the devices have given back what they had.
    pub fn run_drill(mut self) -> Result<Restored, String> {
        self.run_to_rest()?;
        Ok(self.what_a_restore_cost())
    }

    /// Runs to the end: a minute of trouble, then none, then everything must be well.
    pub fn run(mut self) -> Result<Sometimes, String> {
        self.run_to_rest()?;
        Ok(self.sometimes)
    }

    /// Runs to the end. Says where everybody has come to, and by what way.
    pub fn run_to_line(mut self) -> Result<String, String> {
        self.run_to_rest()?;
        let authority = &self.server.authority;
        let (head, digest) = (authority.books.position, authority.books.digest());
        let mut line = format!("{} #{head} {digest} {}", authority.epoch, authority.hash);
        for replica in self.nodes.iter().filter_map(|node| node.replica.as_ref()) {
            let (confirmed, overlay) = (replica.confirmed(), replica.overlay());
            line += &format!("; #{} {} {}", confirmed.position, confirmed.digest(), overlay.digest());
        }
        Ok(format!("{line}; {}", self.sometimes))
    }

    fn run_to_rest(&mut self) -> Result<(), String> {
        self.run_until(Millis(START + TROUBLE))?;
        self.heal();
        let deadline = Millis(START + TROUBLE + RECOVERY);
        // Rest is looked for now and then: the checks at the end are what counts.
        while self.now < deadline && !self.is_at_rest() {
            self.sign_in_where_asked();
            self.decide_about_the_quarantine()?;
            self.run_until(Millis(self.now.0 + 1_000))?;
        }
        self.checks_at_the_end()
    }

    fn run_until(&mut self, end: Millis) -> Result<(), String> {
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > end {
                break;
            }
            let ((at, _), happening) = entry.remove_entry();
            self.now = at;
            let concerned = self.happen(happening)?;
            self.check(concerned)?;
        }
        self.now = end;
        Ok(())
    }

    /// Says which device it concerned.
    fn happen(&mut self, happening: Happening) -> Result<Option<usize>, String> {
        match happening {
            Happening::Called { node, life, call } => {
                if self.server.is_up {
                    self.called(node, life, call)?;
                }
                Ok(None)
            }
            Happening::Told { node, life, input } => {
                if self.nodes[node].life == life {
                    self.input(node, *input);
                }
                Ok(Some(node))
            }
            Happening::Woken { node, life, timer } => {
                if self.nodes[node].life == life && self.nodes[node].timer == timer {
                    self.input(node, Input::Wake);
                }
                Ok(Some(node))
            }
            Happening::Written { node, life, write } => {
                if self.nodes[node].life == life {
                    self.written(node, write);
                }
                Ok(Some(node))
            }
            Happening::Granted { node, life } => {
                if self.nodes[node].life == life && self.device(node).holder == Some(node) {
                    self.begin_to_lead(node);
                }
                Ok(Some(node))
            }
            Happening::Ousted { node, life } => {
                if self.nodes[node].life == life && self.device(node).holder != Some(node) {
                    self.nodes[node].leads = false;
                    self.input(node, Input::Follow);
                }
                Ok(Some(node))
            }
            Happening::Looks { node, life } => {
                if self.nodes[node].life == life {
                    self.look(node);
                }
                Ok(Some(node))
            }
            Happening::HearsOfPause { node, life } => {
                if self.nodes[node].life == life {
                    let is_paused = self.device(node).is_paused;
                    self.input(node, if is_paused { Input::Pause } else { Input::Unpause });
                }
                Ok(Some(node))
            }
            Happening::CatchesUp { node, life, after, is_last } => {
                if self.nodes[node].life == life {
                    self.catch_up_from_storage(node, after, is_last);
                }
                Ok(Some(node))
            }
            Happening::Committed { commit } => {
                self.committed(*commit)?;
                Ok(None)
            }
            Happening::Heartbeat => {
                for node in self.server.feeds.keys().copied().collect::<Vec<_>>() {
                    let frame = self.server.heartbeat();
                    self.frame(node, frame);
                }
                for node in 0..self.nodes.len() {
                    self.nodes[node].said = None;
                    self.say_state(node);
                }
                self.later(HEARTBEAT, Happening::Heartbeat);
                Ok(None)
            }
            Happening::PollEnds { node, number } => {
                if self.server.polls.get(&node).is_some_and(|poll| poll.number == number) {
                    self.sometimes.reached("poll waited in vain");
                    self.answer_poll(node);
                }
                Ok(None)
            }
            Happening::Act { device } => {
                let node = self.some_tab(device);
                if !self.healed {
                    self.act(node);
                    self.soon(6_000, Happening::Act { device });
                }
                Ok(Some(node))
            }
            Happening::Fault => {
                if !self.healed {
                    self.fault();
                    self.later(1_000, Happening::Fault);
                }
                Ok(None)
            }
            Happening::ServerStarts => {
                self.tell(|_| "server starts".to_owned());
                self.server.is_up = true;
                Ok(None)
            }
            Happening::NodeStarts { node } => {
                self.start(node);
                Ok(Some(node))
            }
            Happening::PartitionEnds { device } => {
                self.devices[device].outbound_cut = false;
                self.devices[device].inbound_cut = false;
                Ok(None)
            }
        }
    }

    // Devices.

    fn start(&mut self, node: usize) {
        if self.nodes[node].replica.is_some() {
            return;
        }
        if self.checks.newer_event.is_some() && self.random.chance(50) {
            self.nodes[node].is_newer = true;
        }
        let (seed, now) = (self.random.draw(), self.now);
        let device = self.nodes[node].device;
        // The page comes from the server, with the role in it, or from the device.
        let member = self.server.members[device];
        if self.server.is_up && member.is_heard() && !self.devices[device].outbound_cut {
            self.devices[device].role = member.role;
        }
        let Device { storage, role, .. } = &self.devices[device];
        let outputs = self.nodes[node].start(storage, *role, seed, now);
        self.tell(|world| format!("{} opens at {}", world.nodes[node].name, world.position(node)));
        self.perform(node, outputs);
        if self.devices[device].is_paused {
            self.input(node, Input::Pause);
        }
        self.input(node, Input::Follow);
        self.elect(device);
    }

    pub(crate) fn device(&mut self, node: usize) -> &mut Device {
        &mut self.devices[self.nodes[node].device]
    }

    pub(crate) fn later(&mut self, delay: i64, happening: Happening) {
        self.steps += 1;
        self.agenda.insert((Millis(self.now.0 + delay), self.steps), happening);
    }

    pub(crate) fn soon(&mut self, longest: u64, happening: Happening) {
        let delay = 1 + self.random.below(longest) as i64;
        self.later(delay, happening);
    }

    pub(crate) fn position(&self, node: usize) -> u64 {
        self.nodes[node].replica.as_ref().map_or(0, |replica| replica.confirmed().position)
    }

    pub(crate) fn input(&mut self, node: usize, input: Input) {
        self.tell(|world| {
            let text = format!("{input:?}");
            format!("{} <- {}", world.nodes[node].name, text.chars().take(160).collect::<String>())
        });
        if self.nodes[node].replica.is_some() {
            self.pass_on(node, &input);
        }
        if let Input::Led(leader) = input {
            self.compare_waiting(node, leader);
        }
        let before = self.position(node);
        let Some(replica) = &mut self.nodes[node].replica else { return };
        let outputs = replica.handle(input, self.now);
        let trace = replica.last_rebase();
        if trace.kept > 0 {
            self.sometimes.reached("kept in a rebase");
        }
        if trace.position > before && trace.decided_again > 0 {
            self.sometimes.reached("decided again after another device");
        }
        self.perform(node, outputs);
    }

    fn perform(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            self.tell(|world| {
                let text = format!("{output:?}");
                format!("{} -> {}", world.nodes[node].name, text.chars().take(160).collect::<String>())
            });
            match output {
                Output::Persist(record) => self.persist(node, record),
                Output::Update(record) => {
                    self.mirror(node, &record);
                    self.store(node, Write::Put { record, is_awaited: false });
                }
                Output::Attempt(records) => {
                    for record in &records {
                        self.mirror(node, record);
                        self.note(node, &Input::Adopted(Box::new(record.clone())));
                    }
                    self.store(node, Write::Attempt(records));
                }
                Output::Forget(id) => {
                    // What was to be in another's place and could not be saved has replaced nothing.
                    self.checks.replaces.remove(&id);
                    // Nobody has decided about it, so it went because it was confirmed. Whoever is shut out gives nothing back.
                    let replica = self.nodes[node].replica.as_ref();
                    let is_shut_out = replica.is_some_and(|replica| replica.revocation().is_some());
                    if self.nodes[node].open.contains(&id) && !is_shut_out {
                        self.device(node).confirmed.insert(id);
                    }
                    self.store(node, Write::Remove(id));
                }
                Output::Append(records) => self.store(node, Write::Append(records)),
                Output::SaveSnapshot(snapshot) => self.store(node, Write::Replace(snapshot)),
                Output::Keep { acknowledged, dropped } => {
                    self.device(node).confirmed.insert(acknowledged.id());
                    self.store(node, Write::Keep { acknowledged, dropped });
                }
                Output::Offer { records, kept, snapshot } => {
                    self.sometimes.reached("offered again");
                    self.store(node, Write::Offer { records, kept, snapshot });
                }
                Output::KeepLost(lost) => {
                    if !lost.is_empty() {
                        self.sometimes.reached("listed as lost");
                    }
                    self.store(node, Write::KeepLost(lost));
                }
                Output::Revoked(revocation) => self.revoked(node, revocation),
                Output::Readmitted => self.store(node, Write::Readmitted),
                Output::TakeAnotherCode(code) => unreachable!("nobody has told it that {code} is taken"),
                Output::OpenFeed { feed, after, epoch } => {
                    self.nodes[node].feed = Some(feed);
                    self.call(node, Call::Feed { feed, after, epoch });
                }
                Output::Poll { feed, after, epoch, wait_ms } => {
                    self.nodes[node].feed = Some(feed);
                    self.call(node, Call::Poll { feed, after, epoch, wait: i64::from(wait_ms) });
                }
                Output::CloseFeed => {
                    self.nodes[node].feed = None;
                    self.server.feeds.remove(&node);
                    self.server.polls.remove(&node);
                }
                Output::Push { ticket, push } => {
                    if push.submissions.len() > 1 {
                        self.sometimes.reached("batch of several");
                    }
                    self.call(node, Call::Push { ticket, push });
                }
                Output::FetchSnapshot { ticket, request } => {
                    self.call(node, Call::Snapshot { ticket, known: request.known });
                }
                Output::Probe => self.call(node, Call::Probe),
                Output::CatchUp { after } => {
                    let life = self.nodes[node].life;
                    for delay in [1, 300, 1_300] {
                        self.later(delay, Happening::CatchesUp { node, life, after, is_last: delay == 1_300 });
                    }
                }
                Output::Changed(_) => self.say_state(node),
                Output::WakeAt(at) => {
                    self.nodes[node].timer += 1;
                    let (life, timer) = (self.nodes[node].life, self.nodes[node].timer);
                    self.later((at.0 - self.now.0).max(1), Happening::Woken { node, life, timer });
                }
                Output::Report(report) => self.reported(&report),
            }
        }
    }

    fn reported(&mut self, report: &Report) {
        match report {
            Report::DigestDiffers { .. } => {
                self.sometimes.reached("digest differed");
            }
            Report::OtherLog { .. } => self.sometimes.reached("other log"),
            Report::Undecodable { .. } => self.sometimes.reached("unknown event"),
            _ => {}
        }
    }

    fn persist(&mut self, node: usize, record: Box<sync::OutboxRecord>) {
        self.mirror(node, &record);
        let write = if self.random.chance(self.faults.write_fails) {
            self.sometimes.reached("storage failed");
            Write::Fail(record)
        } else {
            Write::Put { record, is_awaited: true }
        };
        if self.random.chance(self.faults.write_hangs) {
            self.sometimes.reached("storage hung");
            // Late, or never as far as this run is concerned.
            let delay = 12_000 + self.random.below(120_000) as i64;
            let life = self.nodes[node].life;
            self.later(delay, Happening::Written { node, life, write });
            return;
        }
        self.store(node, write);
    }

    pub(crate) fn store(&mut self, node: usize, write: Write) {
        let delay = 1 + self.random.below(self.faults.longest_write) as i64;
        let at = Millis(self.now.0 + delay).max(self.device(node).storage_clear_at);
        self.device(node).storage_clear_at = at;
        let life = self.nodes[node].life;
        self.later(at.0 - self.now.0, Happening::Written { node, life, write });
    }

    fn crash_node(&mut self, node: usize) {
        if self.nodes[node].replica.is_none() {
            return;
        }
        self.tell(|world| format!("{} crashes", world.nodes[node].name));
        self.sometimes.reached("client crash");
        self.stop(node);
        self.soon(5_000, Happening::NodeStarts { node });
    }

    fn crash_device(&mut self, device: usize) {
        for node in self.devices[device].tabs.clone() {
            self.crash_node(node);
        }
    }

    fn cut_power(&mut self, device: usize) {
        self.sometimes.reached("power cut");
        self.crash_device(device);
        let storage = &mut self.devices[device].storage;
        storage.lose_what_was_not_flushed();
        // Given up in the last moment, before the commit that was on its way: the person finds it as it was.
        for record in storage.outbox().into_values().filter(|record| record.stage == Stage::Saved) {
            self.checks.taken_back.remove(&record.submission.id);
        }
        self.devices[device].has_lost_writes = true;
    }

    /// One half is enough.
    fn lose_half(&mut self, device: usize) {
        self.sometimes.reached("half of the outbox lost");
        self.crash_device(device);
        if self.devices[device].has_lost_writes || self.random.chance(50) {
            self.devices[device].storage.lose_mirror();
        } else {
            self.devices[device].storage.lose_database();
        }
        // Nobody is that unlucky twice.
        self.faults.half_lost = 0;
        self.faults.power_cut = 0;
    }

    /// By the browser, while the page is open.
    fn clear_storage(&mut self, node: usize) {
        let Some(replica) = &self.nodes[node].replica else { return };
        if replica.pending().any(|view| view.stage == Stage::Saved) {
            self.sometimes.reached("storage cleared with something unsent");
        }
        let device = self.nodes[node].device;
        self.devices[device].storage = Storage::default();
        self.devices[device].has_lost_writes = true;
        for tab in self.devices[device].tabs.clone() {
            // From here on the screen has promised nothing until it says again that it is saved.
            self.nodes[tab].open.clear();
            if self.nodes[tab].replica.is_some() {
                self.input(tab, Input::StorageLost);
            }
            // F11: there is nothing in storage that the word could stand on.
            let says_saved = |view: &sync::PendingView| view.stage == Stage::Saved;
            if let Some(view) = self.nodes[tab].replica.as_ref().and_then(|replica| replica.pending().find(says_saved))
            {
                let problem = format!("P1: {} is called saved where storage was cleared", view.id);
                self.checks.postponed.get_or_insert(problem);
            }
        }
    }

    /// A person does something.
    fn act(&mut self, node: usize) {
        let Some(replica) = &self.nodes[node].replica else { return };
        match self.random.below(100) {
            0..80 => {
                for _ in 0..=self.random.below(3) {
                    self.issue(node);
                }
            }
            80..90 => {
                let all: Vec<_> = replica.pending().collect();
                if !all.is_empty() {
                    let view = &all[self.random.below(all.len() as u64) as usize];
                    let (id, state) = (view.id, view.state);
                    self.repair(node, id, state);
                }
            }
            90..93 => {
                self.sometimes.reached("paused");
                self.set_paused(node, true);
            }
            93..95 => self.input(node, Input::Resumed),
            95..96 => self.input(node, Input::NetworkUp),
            96..97 => self.input(node, Input::NetworkDown),
            97..98 => self.sign_in_where_asked(),
            _ => {
                self.input(node, Input::TryNow);
                self.note(node, &Input::TryNow);
            }
        }
        if self.device(node).is_paused && self.random.chance(40) {
            self.set_paused(node, false);
        }
    }

    fn new_id(&mut self) -> CommandId {
        let id = CommandId(Uuid::from_u64_pair(self.random.draw(), self.random.draw()));
        self.issued.insert(id);
        id
    }

    fn issue(&mut self, node: usize) {
        let id = self.new_id();
        let if_version = self.random.chance(6).then(|| self.random.below(4) as u32);
        let serial = format!("{node}-{}", self.nodes[node].serial);
        self.nodes[node].serial += 1;
        let undoes = self.draw_undo(node);
        let given_up = self.draw_waiting(node);
        let Some(replica) = &mut self.nodes[node].replica else { return };
        let issue = match (undoes, given_up) {
            (Some(undo), _) => Issue { undoes: Some(undo.undoes), ..Issue::new(id, undo.command) },
            (None, Some(command)) => Issue::new(id, command),
            (None, None) => {
                let command = workload::command(replica.overlay(), &mut self.random, &serial);
                Issue { if_version, ..Issue::new(id, command) }
            }
        };
        self.tell(|_| format!("tab {node} issues {issue:?}"));
        let Some(replica) = &mut self.nodes[node].replica else { return };
        match replica.issue(issue, self.now) {
            Ok(issued) => {
                // The word needs the commit, and nothing has been handed to storage yet.
                if replica.pending_of(id).is_some_and(|view| view.stage == Stage::Saved) {
                    let problem = format!("P1: {id} is called saved before anything was written");
                    self.checks.postponed.get_or_insert(problem);
                }
                self.perform(node, issued.outputs);
            }
            Err(_) => self.sometimes.reached("refused on the device"),
        }
    }

    /// Now and then somebody puts back what was done a moment ago, by whomever.
    fn draw_undo(&mut self, node: usize) -> Option<Undo> {
        if !self.random.chance(8) {
            return None;
        }
        let nth = self.random.below(12) as usize;
        let replica = self.nodes[node].replica.as_ref()?;
        let entry = replica.overlay().projections.day_book.entries.iter().rev().nth(nth)?.1;
        let device = self.nodes[node].device;
        let undo = undo::of_entry(replica.overlay(), entry, &author(device, self.devices[device].role)).ok()?;
        self.sometimes.reached("undo");
        Some(undo)
    }

    /// Now and then somebody gives up what was not accepted of somebody else, whether they may or not.
    fn draw_waiting(&mut self, node: usize) -> Option<Command> {
        if !self.random.chance(8) {
            return None;
        }
        let device = self.nodes[node].device;
        let me = author(device, self.devices[device].role).actor;
        let waiting = &self.nodes[node].replica.as_ref()?.overlay().projections.refused.waiting;
        let of_others: Vec<_> = waiting.iter().filter(|(_, one)| one.actor != me).collect();
        let nth = self.random.below(of_others.len() as u64 + 1) as usize;
        let (id, one) = of_others.get(nth)?;
        let reason = domain::values::Reason::parse("Done another way").ok()?;
        let decline = change::Decline { command_id: **id, command: one.command.clone(), reason };
        Some(change::Command::Decline(decline).into())
    }

    /// A person gives it another form.
    fn replace(&mut self, node: usize, id: CommandId, new_id: CommandId) -> Option<Vec<Output>> {
        let serial = format!("{node}-{}", self.nodes[node].serial);
        self.nodes[node].serial += 1;
        let replica = self.nodes[node].replica.as_mut()?;
        let command = workload::command(replica.overlay(), &mut self.random, &serial);
        let is_unsent = replica.pending_of(id).is_some_and(|view| view.stage == Stage::Saved);
        let issued = replica.replace(id, Issue::new(new_id, command), self.now).ok()?;
        self.sometimes.reached("replaced");
        if is_unsent && self.knows_what_was_sent(node) {
            self.checks.replaces.insert(new_id, id);
        }
        Some(issued.outputs)
    }

    fn repair(&mut self, node: usize, id: CommandId, state: SyncState) {
        let new_id = self.new_id();
        self.issued.insert(change::decline_id(id));
        let replaces =
            matches!(state, SyncState::NeedsAttention | SyncState::Held | SyncState::AtRisk | SyncState::SavedHere);
        if replaces && self.random.chance(25) {
            if let Some(outputs) = self.replace(node, id, new_id) {
                self.tell(|_| format!("tab {node}: {new_id} instead of {id}"));
                self.nodes[node].open.remove(&id);
                self.checks.decided.insert(id);
                self.perform(node, outputs);
            }
            return;
        }
        let dependants = match self.random.below(3) {
            0 => Dependants::Wait,
            1 => Dependants::GoOn,
            _ => Dependants::GiveUp,
        };
        let gives_up = self.random.chance(40);
        let now = self.now;
        let knows_what_was_sent = self.knows_what_was_sent(node);
        let Some(replica) = &mut self.nodes[node].replica else { return };
        let done = match state {
            SyncState::NeedsAttention | SyncState::Held if !gives_up => {
                let done = replica.retry(id, new_id, now);
                if done.is_ok() {
                    self.sometimes.reached("retried");
                }
                done
            }
            SyncState::ConfirmedChanged => replica.acknowledge(id, now),
            _ if gives_up => {
                let held: Vec<_> = replica
                    .pending()
                    .filter(|view| matches!(view.stage, Stage::Held { .. }))
                    .map(|view| view.id)
                    .collect();
                let is_unsent = replica.pending_of(id).is_some_and(|view| view.stage == Stage::Saved);
                let done = replica.discard(id, "customer left", dependants, now);
                if done.is_ok() {
                    self.sometimes.reached("discarded");
                    if is_unsent && knows_what_was_sent {
                        self.sometimes.reached("taken back");
                        self.checks.taken_back(id);
                    }
                    for id in held {
                        let view = self.nodes[node].replica.as_ref().and_then(|replica| replica.pending_of(id));
                        if view.is_some_and(|view| matches!(view.stage, Stage::Discarded { .. })) {
                            self.sometimes.reached("given up with what it waited for");
                            self.issued.insert(change::decline_id(id));
                            self.nodes[node].open.remove(&id);
                            self.checks.decided.insert(id);
                        }
                    }
                }
                done
            }
            _ => return,
        };
        if let Ok(outputs) = done {
            self.tell(|_| format!("tab {node}: a person decides about {id}"));
            // From here the record may go: somebody has decided.
            self.nodes[node].open.remove(&id);
            self.checks.decided.insert(id);
            self.perform(node, outputs);
        }
    }

    // Network.

    fn call(&mut self, node: usize, call: Call) {
        let life = self.nodes[node].life;
        let is_cut = self.device(node).outbound_cut || !self.server.is_up;
        if is_cut || self.random.chance(self.faults.lost) {
            self.nothing_came(node, &call);
            return;
        }
        if self.random.chance(self.faults.twice) {
            if matches!(call, Call::Push { .. }) {
                self.sometimes.reached("duplicate push");
            }
            self.soon(self.faults.longest_delay * 3, Happening::Called { node, life, call: call.clone() });
        }
        self.soon(self.faults.longest_delay, Happening::Called { node, life, call });
    }

    /// The browser notices at once, after a while, or not at all.
    fn nothing_came(&mut self, node: usize, call: &Call) {
        if self.random.chance(30) {
            return;
        }
        let problem = || ProtocolError::NoAnswer { problem: "connection".to_owned() };
        let input = match call {
            Call::Push { ticket, .. } => Input::PushAnswered { ticket: *ticket, answer: Err(problem()) },
            Call::Snapshot { ticket, .. } => Input::SnapshotAnswered { ticket: *ticket, answer: Err(problem()) },
            Call::Feed { feed, .. } => Input::FeedClosed { feed: *feed, end: FeedEnd::Lost },
            Call::Poll { feed, .. } => Input::PollAnswered { feed: *feed, answer: Err(FeedEnd::Lost) },
            Call::Probe => Input::Probed { reached: false },
        };
        let life = self.nodes[node].life;
        self.soon(8_000, Happening::Told { node, life, input: Box::new(input) });
    }

    pub(crate) fn answer(&mut self, node: usize, life: u64, call: &Call, input: Input) {
        if self.device(node).inbound_cut || self.random.chance(self.faults.lost) {
            if matches!(call, Call::Push { .. }) {
                self.sometimes.reached("command lost its answer");
            }
            self.nothing_came(node, call);
            return;
        }
        if self.random.chance(self.faults.twice) {
            self.soon(self.faults.longest_delay * 3, Happening::Told { node, life, input: Box::new(input.clone()) });
        }
        self.soon(self.faults.longest_delay, Happening::Told { node, life, input: Box::new(input) });
    }

    fn called(&mut self, node: usize, life: u64, call: Call) -> Result<(), String> {
        let device = self.nodes[node].device;
        let member = self.server.members[device];
        if matches!(call, Call::Probe) {
            self.answer(node, life, &call, Input::Probed { reached: true });
            return Ok(());
        }
        if !member.is_signed_in && self.broken != Broken::SignedOutIsHeard {
            self.turn_away(node, life, &call, &ProtocolError::NotSignedIn);
            return Ok(());
        }
        if let Some(at) = member.shut_out.filter(|_| self.broken != Broken::ShutOutIsHeard) {
            self.take_over(node, life, &call, at);
            return Ok(());
        }
        match &call {
            Call::Push { ticket, push } => {
                self.checks.hears(member)?;
                let author = author(device, member.role);
                self.server.queue.push_back(Incoming { node, author, ticket: *ticket, life, push: push.clone() });
                self.append()?;
            }
            Call::Snapshot { ticket, known } => {
                let mut answer = self.server.snapshot(known);
                // A release that writes new events folds them too, and older pages cannot use its snapshots.
                if let Ok(snapshot) = &mut answer
                    && self.checks.newer_event.is_some()
                    && !self.nodes[node].is_newer
                {
                    snapshot.fold += 1;
                }
                let input = Input::SnapshotAnswered { ticket: *ticket, answer };
                self.answer(node, life, &call, input);
            }
            Call::Feed { feed, after, epoch } => self.open_feed(node, life, *feed, *after, *epoch),
            Call::Poll { feed, after, epoch, wait } => self.poll(node, life, *feed, *after, *epoch, *wait),
            Call::Probe => {}
        }
        Ok(())
    }

    // Feeds.

    fn open_feed(&mut self, node: usize, life: u64, number: u64, after: u64, epoch: Uuid) {
        // Closing ends also what is still on its way to be opened.
        if self.nodes[node].life != life || self.nodes[node].feed != Some(number) {
            return;
        }
        let feed = Feed { number, life, sent: after, is_stalled: false, clear_at: self.now };
        self.server.feeds.insert(node, feed);
        self.feed_input(node, Input::FeedOpened { feed: number });
        if epoch != self.server.authority.epoch || after > self.server.head() {
            let frame = FeedFrame::Reset(self.server.start_over("another log"));
            self.frame(node, frame);
        } else if self.server.head() - after > self.faults.too_far {
            self.sometimes.reached("snapshot instead of the feed");
            let frame = FeedFrame::Snapshot(self.server.start_over("too far behind"));
            self.frame(node, frame);
        } else {
            self.catch_up(node);
            let frame = self.server.heartbeat();
            self.frame(node, frame);
        }
    }

    fn poll(&mut self, node: usize, life: u64, number: u64, after: u64, epoch: Uuid, wait: i64) {
        if self.nodes[node].life != life || self.nodes[node].feed != Some(number) {
            return;
        }
        self.server.polls.insert(node, Poll { number, life, after });
        let is_of_another = epoch != self.server.authority.epoch || after > self.server.head();
        let frame = if is_of_another {
            Some(FeedFrame::Reset(self.server.start_over("another log")))
        } else if self.server.head() - after > self.faults.too_far {
            Some(FeedFrame::Snapshot(self.server.start_over("too far behind")))
        } else {
            None
        };
        match frame {
            Some(frame) => self.end_poll(node, vec![frame]),
            None if after < self.server.head() || wait == 0 => self.answer_poll(node),
            None => self.later(wait, Happening::PollEnds { node, number }),
        }
    }

    /// Answers with what is there by now.
    fn answer_poll(&mut self, node: usize) {
        let Some(Poll { after, .. }) = self.server.polls.get(&node).copied() else { return };
        let mut frames = Vec::new();
        if let Some(records) = self.server.durable.log.get(after as usize..).filter(|records| !records.is_empty()) {
            frames.push(self.server.events(records));
        }
        frames.push(self.server.heartbeat());
        self.end_poll(node, frames);
    }

    fn end_poll(&mut self, node: usize, frames: Vec<FeedFrame>) {
        let Some(Poll { number, life, after }) = self.server.polls.remove(&node) else { return };
        self.sometimes.reached("poll answered");
        let call = Call::Poll { feed: number, after, epoch: self.server.authority.epoch, wait: 0 };
        self.answer(node, life, &call, Input::PollAnswered { feed: number, answer: Ok(frames) });
    }

    /// Sends a feed what it has not had.
    fn catch_up(&mut self, node: usize) {
        let head = self.server.head();
        while let Some(feed) = self.server.feeds.get_mut(&node).filter(|feed| feed.sent < head) {
            let from = feed.sent as usize;
            let to = (from + 1 + self.random.below(12) as usize).min(head as usize);
            feed.sent = to as u64;
            let frame = self.server.events(&self.server.durable.log[from..to]);
            self.frame(node, frame);
        }
    }

    pub(crate) fn frame(&mut self, node: usize, frame: FeedFrame) {
        let Some(number) = self.server.feeds.get(&node).map(|feed| feed.number) else { return };
        if matches!(frame, FeedFrame::Events(_)) {
            if self.random.chance(self.faults.frame_lost) {
                self.sometimes.reached("gap in the feed");
                return;
            }
            if self.random.chance(self.faults.frame_twice) {
                self.feed_input(node, Input::FeedFrame { feed: number, frame: Box::new(frame.clone()) });
            }
        }
        self.feed_input(node, Input::FeedFrame { feed: number, frame: Box::new(frame) });
    }

    fn feed_input(&mut self, node: usize, input: Input) {
        let is_cut = self.device(node).inbound_cut;
        let delay = 1 + self.random.below(self.faults.longest_delay) as i64;
        let is_held_back = self.device(node).is_held_back;
        let Some(feed) = self.server.feeds.get_mut(&node) else { return };
        if is_held_back {
            return;
        }
        if is_cut && !feed.is_stalled {
            self.sometimes.reached("feed stalled");
            feed.is_stalled = true;
        }
        if feed.is_stalled {
            return;
        }
        let at = Millis(self.now.0 + delay).max(feed.clear_at);
        feed.clear_at = at;
        let life = feed.life;
        self.later(at.0 - self.now.0, Happening::Told { node, life, input: Box::new(input) });
    }

    fn publish(&mut self) {
        for node in self.server.feeds.keys().copied().collect::<Vec<_>>() {
            self.catch_up(node);
        }
        for node in self.server.polls.keys().copied().collect::<Vec<_>>() {
            self.answer_poll(node);
        }
    }

    // The appender.

    pub(crate) fn append(&mut self) -> Result<(), String> {
        let most = 1 + self.random.below(3) as usize;
        let Some(commit) = self.server.begin(most, self.broken, self.now) else { return Ok(()) };
        self.check_roles(&commit)?;
        if self.broken == Broken::AnswerBeforeCommit {
            self.send_answers(&commit)?;
        }
        if self.broken == Broken::PublishBeforeDurable {
            let frame = self.server.events(&commit.batch.records);
            for node in self.server.feeds.keys().copied().collect::<Vec<_>>() {
                self.frame(node, frame.clone());
            }
        }
        self.soon(30, Happening::Committed { commit: Box::new(commit) });
        Ok(())
    }

    fn committed(&mut self, commit: Commit) -> Result<(), String> {
        if commit.life != self.server.life {
            return Ok(());
        }
        self.server.is_committing = false;
        if self.random.chance(self.faults.commit_fails) {
            self.sometimes.reached("commit failed");
            let retry_after_ms = 200 + self.random.below(2_000) as u32;
            self.fail(&commit, &ProtocolError::Unavailable { retry_after_ms });
        } else if self.random.chance(self.faults.commit_unknown) {
            self.sometimes.reached("commit outcome unknown");
            if self.random.chance(50) {
                self.make_durable(commit.batch.clone())?;
            }
            // What became of it is in the database; this process knows nothing any more.
            self.server.authority = self.server.durable.authority.clone();
            self.publish();
            self.fail(&commit, &ProtocolError::NoAnswer { problem: "commit".to_owned() });
        } else {
            self.make_durable(commit.batch.clone())?;
            self.server.authority.commit(commit.batch.clone());
            self.publish();
            if self.broken != Broken::AnswerBeforeCommit {
                self.send_answers(&commit)?;
            }
        }
        self.append()
    }

    fn make_durable(&mut self, batch: sync::authority::Batch) -> Result<(), String> {
        self.tell(|_| format!("server appends {} behind {}", batch.records.len(), batch.after));
        self.check_append(&batch)?;
        self.server.make_durable(batch, self.broken);
        self.check_books()
    }

    fn send_answers(&mut self, commit: &Commit) -> Result<(), String> {
        let answers = self.server.answers(
            &commit.pushes,
            commit.batch.outcomes.clone(),
            commit.batch.after + commit.batch.records.len() as u64,
        );
        for (incoming, answer) in commit.pushes.iter().zip(answers) {
            self.check_answer(&answer)?;
            let call = Call::Push { ticket: incoming.ticket, push: incoming.push.clone() };
            let input = Input::PushAnswered { ticket: incoming.ticket, answer: Ok(answer) };
            self.answer(incoming.node, incoming.life, &call, input);
        }
        Ok(())
    }

    fn fail(&mut self, commit: &Commit, error: &ProtocolError) {
        for incoming in &commit.pushes {
            let call = Call::Push { ticket: incoming.ticket, push: incoming.push.clone() };
            let input = Input::PushAnswered { ticket: incoming.ticket, answer: Err(error.clone()) };
            self.answer(incoming.node, incoming.life, &call, input);
        }
    }

    // Trouble.

    fn fault(&mut self) {
        let device = self.random.below(self.devices.len() as u64) as usize;
        let node = self.some_tab(device);
        if self.random.chance(self.faults.client_crash) {
            self.crash_node(node);
        }
        if self.random.chance(self.faults.power_cut) {
            self.cut_power(device);
        } else if self.random.chance(self.faults.half_lost) {
            self.lose_half(device);
        }
        if self.random.chance(self.faults.steal) {
            self.steal(device);
        }
        if self.random.chance(30) {
            self.devices[device].storage.flush();
        }
        if self.server.is_up && self.random.chance(self.faults.server_crash) {
            self.crash_server();
        }
        if self.random.chance(self.faults.storage_cleared) {
            self.clear_storage(node);
        }
        if self.random.chance(self.faults.partition) {
            self.sometimes.reached("partition");
            let ways = self.random.below(3);
            self.device(node).outbound_cut = ways != 1;
            self.device(node).inbound_cut = ways != 2;
            self.tell(|_| format!("till-{device} is cut off, way {ways}"));
            self.soon(50_000, Happening::PartitionEnds { device });
        }
        if self.random.chance(self.faults.role_change) {
            self.change_role(device);
        }
        if self.server.is_up && self.random.chance(self.faults.signed_out) {
            self.sign_out(device);
        }
        if self.server.is_up && self.faults.shut_out > 0 && self.random.chance(self.faults.shut_out) {
            self.shut_out(device);
        }
        if self.server.is_up && self.server.members[device].shut_out.is_some() && self.random.chance(20) {
            self.let_in(device);
        }
        if self.random.chance(self.faults.bye) {
            self.frame(node, FeedFrame::Bye(Bye { protocol: PROTOCOL, spread_ms: 3_000 }));
        }
        if self.random.chance(self.faults.spoil)
            && let Some(replica) = &mut self.nodes[node].replica
        {
            replica.spoil();
            self.device(node).is_spoilt = true;
        }
        let is_quiet = self.server.is_up && !self.server.is_committing && self.server.head() > 0;
        if self.faults.newer_event && self.now.0 > START + 20_000 && is_quiet {
            self.faults.newer_event = false;
            self.checks.newer_event = Some(self.server.head() + 1);
            self.server.write_unknown_event();
            self.note_unknown_event();
            self.publish();
        }
        if self.faults.restores > 0 && self.now.0 > self.next_restore {
            self.faults.restores -= 1;
            self.next_restore += 13_000;
            self.crash_server();
            self.restore_from_backup();
        }
    }

    /// As long as a page has something that it could not keep, it asks for that before anything else.
    pub(crate) fn try_to_save_again(&mut self) {
        for node in 0..self.nodes.len() {
            let Some(replica) = &self.nodes[node].replica else { continue };
            let unsaved = replica.pending().filter(|view| view.stage == Stage::Unsaved);
            for id in unsaved.map(|view| view.id).collect::<Vec<_>>() {
                let (new_id, now) = (self.new_id(), self.now);
                let again = self.nodes[node].replica.as_mut().and_then(|replica| replica.retry(id, new_id, now).ok());
                self.perform(node, again.unwrap_or_default());
            }
        }
    }

    fn crash_server(&mut self) {
        self.tell(|_| "server crashes".to_owned());
        if self.server.is_committing {
            self.sometimes.reached("server crash in a commit");
            // The statement may have reached the database a moment before.
            let begun = self.agenda.iter().find_map(|(key, happening)| match happening {
                Happening::Committed { commit } if commit.life == self.server.life => Some(*key),
                _ => None,
            });
            if let Some(Happening::Committed { commit }) = begun.and_then(|key| self.agenda.remove(&key))
                && self.random.chance(50)
            {
                let done = self.make_durable(commit.batch);
                self.checks.postponed = self.checks.postponed.take().or(done.err());
            }
        }
        let feeds: Vec<(usize, u64, u64)> =
            self.server.feeds.iter().map(|(node, feed)| (*node, feed.number, feed.life)).collect();
        for (node, feed, life) in feeds {
            if self.random.chance(70) {
                let input = Box::new(Input::FeedClosed { feed, end: FeedEnd::Lost });
                self.soon(500, Happening::Told { node, life, input });
            }
        }
        let waiting: VecDeque<Incoming> = std::mem::take(&mut self.server.queue);
        for incoming in waiting {
            self.nothing_came(incoming.node, &Call::Push { ticket: incoming.ticket, push: incoming.push });
        }
        self.server.restart();
        self.server.is_up = false;
        self.soon(6_000, Happening::ServerStarts);
    }

    /// The last entries are gone, and the log has another identity.
    fn restore_from_backup(&mut self) {
        let behind = self.server.head() / 3;
        // Nobody needs a drill for a backup of a moment ago.
        let least = if self.is_drill { behind / 2 } else { 0 };
        let kept = self.server.head() - least - self.random.below(behind - least + 1);
        let kept =
            if self.checks.newer_event.is_some_and(|position| position > kept) { self.server.head() } else { kept };
        // A backup ends where a transaction ends.
        let log = &self.server.durable.log;
        let ends_there =
            |at: &u64| log.get(*at as usize).is_none_or(|next| next.index_in_command == 0 && next.causation.is_none());
        let kept = (kept..).find(ends_there).unwrap_or(kept);
        self.tell(|_| format!("server is restored from a backup of {kept} entries"));
        let epoch = Uuid::from_u64_pair(self.random.draw(), self.random.draw());
        self.restored(kept, epoch);
        self.server.restart();
    }

    /// Everything works from here on.
    fn heal(&mut self) {
        self.tell(|_| "everything works again".to_owned());
        self.healed = true;
        self.faults = Faults::none();
        self.later(1, Happening::ServerStarts);
        for device in 0..self.devices.len() {
            self.let_in(device);
            self.devices[device].outbound_cut = false;
            self.devices[device].inbound_cut = false;
            for node in self.devices[device].tabs.clone() {
                self.later(1, Happening::NodeStarts { node });
            }
            if self.devices[device].is_paused {
                self.set_paused(self.devices[device].tabs[0], false);
            }
        }
        for node in 0..self.nodes.len() {
            let Some(replica) = &self.nodes[node].replica else {
                self.nodes[node].is_newer = true;
                continue;
            };
            if replica.connection().state == DataState::Update {
                // The page asked for the new version, and somebody presses the button.
                self.sometimes.reached("update asked for");
                self.stop(node);
            }
            self.nodes[node].is_newer = true;
        }
        // A page that had not come to the newer event yet meets it now; it is reloaded like the others.
        for node in 0..self.nodes.len() {
            if self.checks.newer_event.is_some() && self.nodes[node].replica.is_some() {
                self.stop(node);
            }
        }
    }

    fn is_at_rest(&self) -> bool {
        self.server.quarantine.is_empty()
            && self.nodes.iter().all(|node| {
                node.replica.as_ref().is_some_and(|replica| {
                    replica.confirmed().position == self.server.head()
                        && replica.epoch() == Some(self.server.authority.epoch)
                        && replica.confirmed().digest() == self.server.authority.books.digest()
                        && replica.pending().all(|view| is_settled(&view.stage))
                        && matches!(replica.connection().state, DataState::Live | DataState::Storage)
                })
            })
    }
}

/// Nothing is left to do without a person.
pub fn is_settled(stage: &Stage) -> bool {
    !matches!(stage, Stage::Saving | Stage::Saved | Stage::Accepted { .. })
}
