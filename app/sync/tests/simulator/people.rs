//! People of the shop: what they may do changes, their sessions end, their devices are shut out and let in again, and an
//! owner decides about what came in between.

use domain::{books::Role, values::Millis};
use sync::{
    FeedEnd, Input,
    connection::DataState,
    protocol::{Fate, FeedFrame, PROTOCOL, ProtocolError, Push, Revocation, Revoked, ShutOut},
    quarantine::fate,
};

use crate::{
    node::Write,
    server::{Incoming, Poll, Quarantined, author},
    world::{Call, World},
};

impl World {
    pub(crate) fn change_role(&mut self, device: usize) {
        let role =
            [Role::Manager, Role::Manager, Role::Seller, Role::StockHand, Role::Reader][self.random.below(5) as usize];
        self.tell(|_| format!("the person of till-{device} is a {role} from now on"));
        self.sometimes.reached("role changed");
        self.server.members[device].role = role;
    }

    /// Feeds and questions of the device end with it.
    pub(crate) fn sign_out(&mut self, device: usize) {
        self.tell(|_| format!("the session of till-{device} is over"));
        self.sometimes.reached("signed out");
        self.server.members[device].is_signed_in = false;
        self.end_feeds(device, None, &ProtocolError::NotSignedIn);
    }

    fn end_feeds(&mut self, device: usize, revocation: Option<Revocation>, problem: &ProtocolError) {
        for node in self.devices[device].tabs.clone() {
            self.frame(node, FeedFrame::Revoked(Revoked { protocol: PROTOCOL, revocation }));
            self.server.feeds.remove(&node);
            if let Some(Poll { number, life, after }) = self.server.polls.remove(&node) {
                let call = Call::Poll { feed: number, after, epoch: self.server.authority.epoch, wait: 0 };
                self.turn_away(node, life, &call, problem);
            }
        }
    }

    /// A person reads what the page asks for, and does it.
    pub(crate) fn sign_in_where_asked(&mut self) {
        self.try_to_save_again();
        for device in 0..self.devices.len() {
            if !self.server.is_up {
                continue;
            }
            if self.server.members[device].shut_out.is_none() {
                // The owner has said so, and they try again.
                for node in self.tabs_that_say(device, DataState::Revoked) {
                    self.sometimes.reached("let in again");
                    self.input(node, Input::TryNow);
                }
            }
            if self.tabs_that_say(device, DataState::SignIn).is_empty() {
                continue;
            }
            self.sometimes.reached("signed in again");
            self.server.members[device].is_signed_in = true;
            let tabs = self.devices[device].tabs.clone();
            for node in tabs.into_iter().filter(|node| self.nodes[*node].replica.is_some()).collect::<Vec<_>>() {
                self.input(node, Input::SignedIn);
            }
        }
    }

    fn tabs_that_say(&self, device: usize, state: DataState) -> Vec<usize> {
        let says = |node: &usize| {
            let replica = self.nodes[*node].replica.as_ref();
            replica.is_some_and(|replica| replica.connection().state == state)
        };
        self.devices[device].tabs.iter().copied().filter(says).collect()
    }

    pub(crate) fn turn_away(&mut self, node: usize, life: u64, call: &Call, problem: &ProtocolError) {
        let refused = || FeedEnd::Refused(problem.clone());
        let input = match call {
            Call::Push { ticket, .. } => Input::PushAnswered { ticket: *ticket, answer: Err(problem.clone()) },
            Call::Snapshot { ticket, .. } => Input::SnapshotAnswered { ticket: *ticket, answer: Err(problem.clone()) },
            Call::Feed { feed, .. } => Input::FeedClosed { feed: *feed, end: refused() },
            Call::Poll { feed, .. } => Input::PollAnswered { feed: *feed, answer: Err(refused()) },
            Call::Probe => Input::Probed { reached: true },
        };
        self.answer(node, life, call, input);
    }

    // The end of a device, and after.

    pub(crate) fn shut_out(&mut self, device: usize) {
        if !self.server.members[device].is_heard() {
            return;
        }
        self.tell(|_| format!("till-{device} is shut out"));
        self.sometimes.reached("shut out");
        let revocation = Revocation { of: ShutOut::Device, at: self.now };
        self.server.members[device].shut_out = Some(self.now);
        let problem = ProtocolError::Revoked { revocation, fates: Vec::new() };
        self.end_feeds(device, Some(revocation), &problem);
    }

    pub(crate) fn let_in(&mut self, device: usize) {
        if self.server.members[device].shut_out.take().is_some() {
            self.tell(|_| format!("till-{device} is let in again"));
        }
    }

    /// What somebody asks who was shut out at `at`. What they send is kept for the owner, or comes too late.
    pub(crate) fn take_over(&mut self, node: usize, life: u64, call: &Call, at: Millis) {
        let revocation = Revocation { of: ShutOut::Device, at };
        let mut fates = Vec::new();
        if let Call::Push { push, .. } = call {
            let device = self.nodes[node].device;
            let author = author(device, self.server.members[device].role);
            for submission in &push.submissions {
                let known = self.server.durable.verdicts.get(&submission.id);
                let fate = fate(submission, known, revocation);
                match &fate {
                    Fate::Quarantined { id } => {
                        self.sometimes.reached("quarantined");
                        let (author, submission) = (author.clone(), submission.clone());
                        self.server.quarantine.entry(*id).or_insert(Quarantined { node, author, submission });
                    }
                    Fate::TooLate { .. } => self.sometimes.reached("written too late"),
                    Fate::Decided(_) => self.sometimes.reached("decided before the end"),
                }
                fates.push(fate);
            }
        }
        self.turn_away(node, life, call, &ProtocolError::Revoked { revocation, fates });
    }

    /// The owner lets all of it through, as often as it takes.
    pub(crate) fn decide_about_the_quarantine(&mut self) -> Result<(), String> {
        let verdicts = &self.server.durable.verdicts;
        self.server.quarantine.retain(|id, _| !verdicts.contains_key(id));
        if !self.server.is_up || !self.server.queue.is_empty() {
            return Ok(());
        }
        for Quarantined { node, author, submission } in self.server.quarantine.values().cloned().collect::<Vec<_>>() {
            let (device, unsent) = (Some(submission.device.clone()), None);
            let submission = domain::Submission { if_version: None, depends_on: Vec::new(), ..submission };
            let push = Push { protocol: PROTOCOL, person: None, device, unsent, submissions: vec![submission] };
            // No page waits for the answer.
            self.server.queue.push_back(Incoming { node, author, ticket: 0, life: u64::MAX, push });
        }
        self.append()
    }

    /// The device forgets the books, and its other tabs are told.
    pub(crate) fn revoked(&mut self, node: usize, revocation: Revocation) {
        // What it had confirmed is the book's from now on: it gives nothing back any more.
        self.device(node).confirmed.clear();
        let revoked = Revoked { protocol: PROTOCOL, revocation: Some(revocation) };
        self.note(node, &Input::Relayed(Box::new(FeedFrame::Revoked(revoked))));
        self.store(node, Write::Revoked(revocation));
    }
}
