//! What the application sees: start a replica of a shop on this device, read it, ask things of it.

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use domain::{
    Books, Command, CommandId, Refusal, ShopSlug,
    books::{Author, Role},
    ids::AggregateId,
    values::{BlobHash, Millis, SaleId},
};
use futures::future::LocalBoxFuture;
use sync::{
    Changes, Dependants, Input, Issue, Lost, NotIssued, PendingView, SyncState,
    connection::ConnectionView,
    past::Held,
    protocol::{ProtocolError, Push, PushAnswer, Revocation, Snapshot, SnapshotRequest},
    replica::{DigestsView, NotNow, RebaseTrace},
    unsent_file::UnsentFileError,
};
use uuid::Uuid;

use crate::{
    driver::Driver,
    faults::Faults,
    latencies::LatencyView,
    person,
    picture::{self, Taken},
    pin, sign_out,
    storage::{Mode, Storage, StorageError, outbox::Unreadable},
    tabs::Note,
};

/// The way to the server. The application gives it, because server functions live there.
pub trait Transport {
    /// Sends a part of the outbox. [`ProtocolError::NoAnswer`] when it is not known what became of it.
    fn push(&self, push: Push) -> LocalBoxFuture<'static, Result<PushAnswer, ProtocolError>>;

    /// Where a new replica starts.
    fn snapshot(&self, request: SnapshotRequest) -> LocalBoxFuture<'static, Result<Snapshot, ProtocolError>>;
}

/// What [`start`] needs.
pub struct Config {
    pub shop: ShopSlug,
    /// Who is signed in: commands are decided here as this person's.
    pub author: Author,
    /// Their login, where a session says who it is. Unsent commands of somebody else are left alone.
    pub person: Option<Arc<str>>,
    /// Others who share the device: what they have left here is sent in their names.
    pub colleagues: Vec<Author>,
    pub transport: Rc<dyn Transport>,
    /// A snapshot that came with the page. Used when it is newer than what the device has.
    pub offered: Option<Box<Snapshot>>,
    /// Called whenever something that pages show has changed, also before [`start`] has resolved. Reading the
    /// handle inside is fine.
    pub on_change: Box<dyn Fn(Changes)>,
    /// Called when this device, or whoever uses it, was shut out, and the copy of the books is gone: nothing of them may
    /// stay on the screen.
    pub on_revoked: Box<dyn Fn()>,
}

/// A command that was accepted here, and is on the medium.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Saved {
    pub id: CommandId,
}

/// Why a command is not in the outbox.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum IssueError {
    /// The rule that it runs into, as far as this device knows the books. Nothing was written.
    #[error(transparent)]
    Refused(Refusal),
    /// It was not stored. It stands in the list of pending commands as not saved, unless the device keeps nothing
    /// at all ([`Handle::keeps_changes`]).
    #[error("not saved: {0}")]
    NotSaved(StorageError),
    /// The command whose place it was to take is not there to be replaced any more.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

impl From<NotIssued> for IssueError {
    fn from(error: NotIssued) -> Self {
        match error {
            NotIssued::Refused(refusal) => Self::Refused(refusal),
            NotIssued::NotNow(not_now) => Self::NotNow(not_now),
        }
    }
}

/// Why a file of unsent commands was not taken in.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing of it was.
    #[error(transparent)]
    File(#[from] UnsentFileError),
    /// Some of it may have been; reading the file again does no harm.
    #[error("not saved: {0}")]
    NotSaved(StorageError),
    /// Some of it was somebody else's, who has to do it themselves; the rest is here.
    #[error("{left} are somebody else's, {taken} were taken in")]
    OfOthers { taken: usize, left: usize },
}

/// What the browser says about the storage of this origin.
#[derive(Clone, PartialEq, Debug)]
pub struct StorageView {
    pub mode: Mode,
    /// Whether the browser has promised not to clear it by itself; unknown before it was asked.
    pub protected: Option<bool>,
    /// Bytes in use and bytes available, as far as the browser tells.
    pub used: Option<u64>,
    pub quota: Option<u64>,
    /// What went wrong last.
    pub problem: Option<StorageError>,
    /// When the browser cleared what this device kept, while the page was open.
    pub cleared: Option<Millis>,
    /// Records that lie here in a form that this build cannot read.
    pub unreadable: Vec<Unreadable>,
    /// Unsent commands of somebody else, who has to sign in for them to be sent.
    pub of_others: usize,
}

/// A running replica. Cloning is a pointer copy; the replica stops when the last clone is dropped.
#[derive(Clone)]
pub struct Handle(Rc<Driver>);

/// Starts the replica of a shop: what this device has is there when the future resolves, before the network is
/// asked. Never fails: trouble with storage is a state, see [`Handle::storage`].
pub async fn start(config: Config) -> Handle {
    Handle(Driver::start(config).await)
}

/// An id for a command, to be made at the moment of the click.
#[must_use]
pub fn new_command_id() -> CommandId {
    CommandId(Uuid::now_v7())
}

impl Handle {
    /// The books with this device's pending commands on top: what pages show.
    #[must_use]
    pub fn overlay(&self) -> Arc<Books> {
        self.0.replica.borrow().overlay().clone()
    }

    /// The books at the last confirmed entry.
    #[must_use]
    pub fn confirmed(&self) -> Arc<Books> {
        self.0.replica.borrow().confirmed().clone()
    }

    /// Whether there are books to show: from this device, the page or the server.
    #[must_use]
    pub fn has_books(&self) -> bool {
        self.epoch().is_some()
    }

    /// That this device, or whoever uses it, was shut out of the shop.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.0.replica.borrow().revocation()
    }

    /// The log that this device follows.
    #[must_use]
    pub fn epoch(&self) -> Option<Uuid> {
        self.0.replica.borrow().epoch()
    }

    /// The shop's name as people read it; empty before there are books.
    #[must_use]
    pub fn title(&self) -> String {
        self.0.replica.borrow().title().to_owned()
    }

    /// The digests of both sides with their positions.
    #[must_use]
    pub fn digests(&self) -> DigestsView {
        self.0.replica.borrow().digests()
    }

    /// This device's commands that are not simply confirmed, in order of issue.
    #[must_use]
    pub fn pending(&self) -> Vec<PendingView> {
        self.0.replica.borrow().pending().collect()
    }

    /// The state of one command, while it is not simply confirmed.
    #[must_use]
    pub fn pending_of(&self, id: CommandId) -> Option<PendingView> {
        self.0.replica.borrow().pending_of(id)
    }

    /// The strongest state of every aggregate that this device's commands change.
    #[must_use]
    pub fn marks(&self) -> BTreeMap<AggregateId, SyncState> {
        self.0.replica.borrow().marks()
    }

    /// The strongest state of one aggregate.
    #[must_use]
    pub fn marks_for(&self, aggregate: &AggregateId) -> Option<SyncState> {
        self.0.replica.borrow().marks_for(aggregate)
    }

    /// The connection chip.
    #[must_use]
    pub fn connection(&self) -> ConnectionView {
        self.0.replica.borrow().connection()
    }

    /// What the last rebase did.
    #[must_use]
    pub fn last_rebase(&self) -> RebaseTrace {
        self.0.replica.borrow().last_rebase().clone()
    }

    /// What nobody should have seen happen, the latest last, the end of an earlier run included.
    #[must_use]
    pub fn reports(&self) -> Vec<(Millis, String)> {
        self.0.reports.borrow().iter().cloned().collect()
    }

    /// Entries of others that the server has lost with a restore, and nobody has given back yet.
    #[must_use]
    pub fn lost(&self) -> Vec<Lost> {
        self.0.replica.borrow().lost().to_vec()
    }

    /// A person gives up a record that this build cannot read.
    pub async fn remove_unreadable(&self, id: &str) {
        self.0.remove_unreadable(id).await;
    }

    /// A person has dealt with what the server lost.
    pub fn dismiss_lost(&self) {
        self.0.dismiss_lost();
    }

    /// Why a command would be refused just now, on what pages show; for forms that check while one types.
    #[must_use]
    pub fn would_refuse(&self, command: &Command) -> Option<Refusal> {
        self.0.replica.borrow().would_refuse(command)
    }

    /// Takes the picture that is chosen in the field `id` and keeps it on the medium, until a command that names it was
    /// accepted. `None` where nothing is chosen.
    ///
    /// # Errors
    /// When it cannot be read as a picture, or not be kept.
    pub async fn take_picture(&self, id: &str) -> Result<Option<Taken>, StorageError> {
        let Some(taken) = picture::take_chosen(id).await? else { return Ok(None) };
        self.0.storage.keep_picture(&taken.name, &taken.bytes).await?;
        Ok(Some(taken))
    }

    /// An address at which this page shows a picture that is kept here.
    pub async fn kept_picture(&self, name: &BlobHash) -> Option<String> {
        picture::address(&self.0.storage.picture(name).await.ok()??)
    }

    /// Decides a command and saves it. Resolves when it is on the medium: only then may the page say so. It is
    /// shown as being saved from the moment of the call.
    ///
    /// # Errors
    /// [`IssueError`]: refused here, or not saved.
    pub async fn issue(&self, command: Command) -> Result<Saved, IssueError> {
        self.issue_as(Issue::new(new_command_id(), command), None).await
    }

    /// The same with all that can be said about a command. With `replaces`, it takes the place of that one, which was
    /// refused, waits for such a one, or was not sent.
    ///
    /// # Errors
    /// [`IssueError`]: refused here, not saved, or not to be replaced.
    pub async fn issue_as(&self, issue: Issue, replaces: Option<CommandId>) -> Result<Saved, IssueError> {
        self.0.clone().issue(issue, replaces).await
    }

    /// Gives a command up, for a reason that stays in this device's history, and goes into the book where the book
    /// had heard of it.
    ///
    /// # Errors
    /// [`NotNow`], and nothing was changed.
    pub fn discard(&self, id: CommandId, reason: &str, dependants: Dependants) -> Result<(), NotNow> {
        self.0.ask(|replica, now| replica.discard(id, reason, dependants, now))
    }

    /// Tries a command again: a refused one under a new id, which is given back.
    ///
    /// # Errors
    /// [`NotNow`], and nothing was changed.
    pub fn retry(&self, id: CommandId) -> Result<CommandId, NotNow> {
        let new_id = new_command_id();
        self.0.ask(|replica, now| replica.retry(id, new_id, now))?;
        Ok(if self.pending_of(new_id).is_some() { new_id } else { id })
    }

    /// A person has seen a command that was confirmed with a change, or a discarded one: it leaves the list.
    ///
    /// # Errors
    /// [`NotNow`], and nothing was changed.
    pub fn acknowledge(&self, id: CommandId) -> Result<(), NotNow> {
        self.0.ask(|replica, now| replica.acknowledge(id, now))
    }

    /// Works offline until [`Handle::resume`], in all tabs, and also when the page is loaded anew.
    pub fn pause(&self) {
        self.0.set_paused(true);
    }

    pub fn resume(&self) {
        self.0.set_paused(false);
    }

    /// Tries to reach the server at once.
    pub fn try_now(&self) {
        self.0.tell_all(Input::TryNow, &Note::TryNow);
    }

    /// This page came with a session: other tabs that were left without one go on.
    pub fn tell_signed_in(&self) {
        self.0.tell_tabs(&Note::SignedIn);
    }

    #[must_use]
    pub fn shop(&self) -> &ShopSlug {
        self.0.shop()
    }

    /// Whether somebody has signed in here, as far as this page was told.
    #[must_use]
    pub fn knows_a_person(&self) -> bool {
        self.0.has_person()
    }

    /// As whom commands are decided here.
    #[must_use]
    pub fn author(&self) -> Author {
        self.0.replica.borrow().author().clone()
    }

    /// The server has said in which role they are now. Goes on where a feed was ended for that.
    pub fn take_role(&self, role: Role) {
        self.0.tell(Input::InRole(role));
        if self.knows_a_person() {
            person::remember(self.0.shop(), &Author { role, ..self.author() });
        }
        self.go_on();
    }

    /// There is a session after all: goes on where it had stopped for want of one.
    pub fn go_on(&self) {
        self.0.tell(Input::SignedIn);
    }

    /// Signs out, whether or not the server can be told: see [`sign_out`].
    pub async fn leave(&self) {
        self.0.stop();
        sign_out::remember().await;
        pin::forget(&self.author().actor);
        // One that cannot be cleared is overwritten by the next person's.
        let _ = self.0.storage.clear_book().await;
        for shop in person::shops_of(&self.author().actor) {
            person::forget(&shop);
            if shop != *self.0.shop() {
                let _ = Storage::forget_books(&shop).await;
            }
        }
        person::forget(self.0.shop());
        crate::worker::forget_pictures().await;
        sign_out::finish().await;
        sign_out::to_the_door();
    }

    /// Takes a snapshot that came with a page, if it is newer.
    pub fn offer(&self, snapshot: Box<Snapshot>) {
        self.0.tell(Input::SnapshotOffered(snapshot));
    }

    /// The short name of this device, a letter and digits. Receipts begin with it.
    #[must_use]
    pub fn device_code(&self) -> String {
        self.0.device.get().code()
    }

    /// A receipt number that was never given before and never will be again, as `T48213-0001`. Gaps are possible:
    /// a number that is not used is not given to anybody else.
    pub async fn next_receipt_number(&self) -> String {
        loop {
            let number = self.0.storage.next_receipt().await;
            // Only if another device of the shop has the same code.
            let is_taken = SaleId::parse(&number).is_ok_and(|id| self.overlay().aggregates.sales.contains_key(&id));
            if !is_taken {
                return number;
            }
        }
    }

    /// Whether this window keeps anything, as far as it knows by now. If not, [`Handle::issue`] never succeeds, and forms are better posted to
    /// the server as they are without a program: what is in the book needs no device to keep it.
    #[must_use]
    pub fn keeps_changes(&self) -> bool {
        self.0.storage.mode() == Mode::Durable
    }

    /// Storage, as last known. [`Handle::ask_storage`] brings it up to date.
    #[must_use]
    pub fn storage(&self) -> StorageView {
        self.0.storage_view()
    }

    /// From the click to the book, of the latest commands of this page.
    #[must_use]
    pub fn latencies(&self) -> LatencyView {
        self.0.latencies()
    }

    /// The faults that are switched on.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.0.faults()
    }

    pub fn set_faults(&self, faults: Faults) {
        self.0.set_faults(faults);
    }

    /// The copy of the log that lies here, for looking back; none where there is none, or none that this build reads.
    pub async fn held(&self) -> Option<Held> {
        let (snapshot, tail) = self.0.storage.load_book().await.ok().flatten()?;
        Held::new(snapshot, &tail).ok()
    }

    /// All that this device starts from, as a file for whoever looks into a fault.
    pub async fn save_bundle(&self, build: &str) {
        let bundle = self.0.bundle(build).await;
        crate::file::save("daybook-bundle.json", &bundle.written());
    }

    /// Asks the browser how much room there is and whether it may clear it. Then the listener is called.
    pub async fn ask_storage(&self) {
        self.0.ask_storage().await;
    }

    /// Throws the kept copy of the log away, never the outbox, and loads the page anew: the books come from the
    /// server again.
    pub async fn rebuild(&self) {
        // A copy that cannot be cleared is read again, and found out again: loading anew is still right.
        let _ = self.0.storage.clear_book().await;
        crate::worker::reload();
    }

    /// The unsent commands as the content of a file.
    #[must_use]
    pub fn export_unsent(&self) -> String {
        self.0.export_unsent()
    }

    /// Takes in such a file, of this device or another one: how many commands were new here. They are sent as any
    /// other; those that the server knows already change nothing.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn import_unsent(&self, text: &str) -> Result<usize, ImportError> {
        self.0.clone().import_unsent(text).await
    }
}
