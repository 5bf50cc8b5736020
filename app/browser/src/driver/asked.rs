//! What a person asks of this device beside commands.

use std::rc::Rc;

use domain::values::Millis;
use sync::{Changes, FeedEnd, Input, Output, Replica, StoredState, bundle::Bundle, replica::NotNow, unsent_file};

use super::{Driver, listening::pause};
use crate::{
    clock,
    faults::Faults,
    handle::{ImportError, StorageView},
    latencies::LatencyView,
    network,
    storage::Mode,
};

impl Driver {
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

    pub fn storage_view(&self) -> StorageView {
        let facts = self.facts.borrow().clone();
        let of_others = facts.of_others + self.replica.borrow().withheld();
        StorageView { mode: self.storage.mode(), of_others, ..facts }
    }

    /// The commands that the server has not settled, as a file's content.
    pub fn export_unsent(&self) -> String {
        unsent_file::write(&self.shop, &self.replica.borrow().unsent()).unwrap_or_default()
    }

    /// Takes in such a file. Resolves when all of it is on the medium.
    pub async fn import_unsent(self: Rc<Self>, text: &str) -> Result<usize, ImportError> {
        let mut unsent = unsent_file::read(&self.shop, text)?;
        if let Mode::Memory { why } | Mode::Unread { why } = self.storage.mode() {
            return Err(ImportError::NotSaved(why));
        }
        unsent.retain(|one| !self.replica.borrow().has(one.submission.id));
        let all = unsent.len();
        unsent.retain(|one| self.replica.borrow().may_take_in(one));
        let number = unsent.len();
        let saved: Vec<_> = unsent.iter().map(|one| self.wait_for(one.submission.id)).collect();
        let outputs = self.replica.borrow_mut().take_in(unsent, clock::now());
        self.execute(outputs);
        for saved in saved {
            saved.await.map_err(ImportError::NotSaved)?;
        }
        if all > number { Err(ImportError::OfOthers { taken: number, left: all - number }) } else { Ok(number) }
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
        let revocation = self.replica.borrow().revocation();
        let tail = tail.unwrap_or_default();
        let stored = StoredState { snapshot, tail, outbox, acknowledged, lost, revocation };
        let identity = sync::Config { device: self.device.get().code().into(), ..self.identity.clone() };
        let mut bundle = Bundle::new(build, self.shop.clone(), &identity, stored, clock::now());
        bundle.unreadable = unreadable;
        let said = |(at, report): &(Millis, String)| format!("{}: {report}", at.0);
        bundle.reports = self.reports.borrow().iter().map(said).collect();
        bundle
    }

    /// Asks the browser not to clear this origin by itself. Asked after the first saved command, when there is
    /// something to protect and the person has shown that it is used.
    pub(super) async fn protect(&self) {
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
