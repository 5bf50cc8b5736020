//! The device's replica as pages see it: what it shows, and what can be asked of it. The browser crate stands behind
//! it; on the server, and until it has started, it shows nothing, so pages compile and render without it.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
};

use domain::{
    AggregateId, Command, CommandId, Refusal, ShopSlug,
    books::{Author, Books},
    picture::MediaType,
    values::{BlobHash, Millis},
};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use sync::{
    Dependants, Lost, PendingView,
    connection::{ConnectionView, DataState},
    past::Held,
    protocol::Revocation,
    replica::{DigestsView, NotNow},
    unsent_file::UnsentFileError,
};

use crate::{ui::mark::SyncState, viewer::Takes};

/// A future that stays on the page's one thread.
pub type Doing<T> = Pin<Box<dyn Future<Output = T>>>;

/// What can be asked of a device. The browser crate does it.
pub trait Device {
    /// Whether this window keeps anything. If not, forms are posted as they are: what is in the book needs no
    /// device to keep it.
    fn keeps_changes(&self) -> bool;
    /// Decides and saves. Resolves when the command is on the medium.
    fn issue(&self, wish: Wish) -> Doing<Result<CommandId, NotDone>>;
    /// A receipt or order number that was never given before.
    fn next_number(&self) -> Doing<String>;
    /// Gives a command up, and says what becomes of those that wait for it.
    fn discard(&self, id: CommandId, reason: &str, dependants: Dependants) -> Result<(), NotNow>;
    /// Gives the id under which it is tried again.
    fn retry(&self, id: CommandId) -> Result<CommandId, NotNow>;
    fn acknowledge(&self, id: CommandId) -> Result<(), NotNow>;
    /// A person has dealt with what the server lost.
    fn dismiss_lost(&self);
    /// Takes a record away that this build cannot read.
    fn remove_unreadable(&self, id: String) -> Doing<()>;
    fn pause(&self);
    fn resume(&self);
    fn try_now(&self);
    fn ask_storage(&self) -> Doing<()>;
    /// The unsent commands as the content of a file.
    fn export_unsent(&self) -> String;
    /// Takes in such a file, chosen in the field with this id: how many of its commands were new here.
    fn import_unsent(&self, field: &'static str) -> Doing<Result<usize, NotTaken>>;
    /// Takes the picture that is chosen in the field with this id: smaller, without what the camera wrote beside it, and
    /// kept here until it is sent. None where nothing is chosen.
    fn take_picture(&self, field: String) -> Doing<Result<Option<Taken>, String>>;
    /// An address at which this page shows a picture that is kept here.
    fn kept_picture(&self, blob: &BlobHash) -> Doing<Option<String>>;
    fn inspect(&self) -> Inspection;
    /// The copy of the log that this device keeps; none where it keeps nothing.
    fn held(&self) -> Doing<Option<Held>>;
    fn set_fault(&self, fault: Fault, on: bool);
    /// Saves all that this device starts from, as a file.
    fn save_bundle(&self) -> Doing<()>;
    /// Throws the kept copy of the books away, never the outbox, and loads the page anew.
    fn rebuild(&self) -> Doing<()>;
    /// Somebody else says by their PIN that they are here: to the server where it can be reached, and to this device where
    /// it cannot. Goes on to another page, or says by a word what was wrong.
    fn switch(&self, login: String, pin: String) -> Doing<Option<String>>;
    /// Whether it is somebody's PIN, as this device knows it. Wrong ones are counted.
    fn fits_pin(&self, login: String, pin: String) -> Doing<bool>;
    /// Gives whoever has signed in a PIN on this device. Needs the server; says by a word what was wrong.
    fn set_pin(&self, login: String, password: String, pin: String) -> Doing<Option<String>>;
    /// Signs out: the copy of the books goes, the outbox stays, and the server is told, now or with the next contact.
    fn leave(&self) -> Doing<()>;
}

/// A picture that lies on this device, ready to be named by a command.
#[derive(Clone, PartialEq, Debug)]
pub struct Taken {
    pub blob: BlobHash,
    pub media_type: MediaType,
    pub width: u32,
    pub height: u32,
}

/// Something that goes wrong on demand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Offline,
    Slow,
    Duplicate,
    DropAnswer,
}

impl Fault {
    pub const ALL: [Self; 4] = [Self::Offline, Self::Slow, Self::Duplicate, Self::DropAnswer];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Slow => "slow",
            Self::Duplicate => "duplicate",
            Self::DropAnswer => "drop-answer",
        }
    }
}

/// What the inspector shows of a device.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inspection {
    pub outbox: Vec<InspectedCommand>,
    pub rebase: InspectedRebase,
    pub reports: Vec<(Millis, String)>,
    /// Records that this build cannot read: id and why.
    pub unreadable: Vec<(String, String)>,
    pub faults: Vec<Fault>,
    /// Commands of this page that reached the book, and milliseconds from the click to there.
    pub settled: usize,
    pub p50: u64,
    pub p95: u64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct InspectedCommand {
    pub id: String,
    pub command: String,
    pub state: &'static str,
    pub raw: String,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct InspectedRebase {
    pub position: u64,
    pub kept: usize,
    pub decided_again: usize,
    pub changed: Vec<InspectedChange>,
}

/// A pending command that came out differently.
#[derive(Clone, PartialEq, Debug)]
pub struct InspectedChange {
    pub id: String,
    pub before: String,
    pub after: String,
}

/// What a person wants done.
#[derive(Clone, PartialEq, Debug)]
pub struct Wish {
    pub command: Command,
    /// The command that this one puts back.
    pub undoes: Option<CommandId>,
    /// The command of this device whose place it takes.
    pub replaces: Option<CommandId>,
    /// The login of the colleague in whose name it goes; none for whoever uses the device.
    pub by: Option<String>,
}

impl From<Command> for Wish {
    fn from(command: Command) -> Self {
        Self { command, undoes: None, replaces: None, by: None }
    }
}

/// Why a command is not in the outbox.
#[derive(Clone, PartialEq, Debug)]
pub enum NotDone {
    Refused(Refusal),
    /// In the browser's words.
    NotSaved(String),
    /// The command whose place it was to take is settled, or was sent.
    NotNow,
}

/// Why a file of unsent commands was not taken in.
#[derive(Clone, PartialEq, Debug)]
pub enum NotTaken {
    File(UnsentFileError),
    /// In the browser's words.
    NotSaved(String),
    /// What is somebody else's was left; the rest was taken.
    OfOthers {
        taken: usize,
        left: usize,
    },
}

/// Why a page has no data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    #[error("no such shop")]
    UnknownShop,
    #[error("the book cannot be reached")]
    Unreachable,
    /// Offline, and this device has nothing of the shop.
    #[error("never opened on this device")]
    NeverOpened,
    /// This device, or whoever uses it, was shut out of the shop.
    #[error("shut out")]
    Revoked,
    #[error("neither an entry nor a time")]
    NoSuchMoment,
    /// The book had no entry then. `first`: when the first one was written down, if there is one.
    #[error("before the first entry")]
    BeforeFirst { first: Option<Millis> },
    /// Offline, and this device holds what came behind entry `from`.
    #[error("not held on this device")]
    NotHeld { from: u64 },
    /// The role of whoever looks does not open it.
    #[error("not for this role")]
    NotForRole(Takes),
}

/// What of the books is not confirmed yet. On the server everything is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Marks {
    /// The last confirmed entry. Rows from beyond it are this device's own, not in the book yet.
    pub confirmed: u64,
    pub aggregates: BTreeMap<AggregateId, SyncState>,
    pub commands: BTreeMap<CommandId, SyncState>,
    /// By provisional position: which of this device's commands wrote it.
    pub places: BTreeMap<u64, SyncState>,
}

impl Marks {
    #[must_use]
    pub fn all_confirmed(position: u64) -> Self {
        Self { confirmed: position, ..Self::default() }
    }

    /// Of a row that is about the aggregates `kinds` of `key` and was changed last at `position`.
    #[must_use]
    pub fn of(&self, kinds: &[&str], key: &str, position: u64) -> SyncState {
        let marked = kinds.iter().filter_map(|kind| self.aggregates.get(&AggregateId::new(kind, key)).copied()).max();
        self.at_least(position, marked.max(self.places.get(&position).copied()))
    }

    /// Of an entry that `command` wrote, or that followed from it.
    #[must_use]
    pub fn entry(&self, command: CommandId, position: u64) -> SyncState {
        self.at_least(position, self.commands.get(&command).copied())
    }

    /// Of a row that only its place tells anything about.
    #[must_use]
    pub fn entry_place(&self, position: u64) -> SyncState {
        self.at_least(position, self.places.get(&position).copied())
    }

    fn at_least(&self, position: u64, marked: Option<SyncState>) -> SyncState {
        let by_place = if position > self.confirmed { SyncState::SavedHere } else { SyncState::Confirmed };
        marked.unwrap_or_default().max(by_place)
    }
}

/// The replica at one moment. Cloning is a pointer copy.
#[derive(Clone, Debug)]
pub struct Picture {
    pub shop: ShopSlug,
    pub title: Arc<str>,
    /// With everything saved here taken in.
    pub books: Arc<Books>,
    pub marks: Arc<Marks>,
    /// This device's commands that are not simply confirmed, in order of issue.
    pub pending: Arc<Vec<PendingView>>,
    /// Entries of others that the server has lost.
    pub lost: Arc<Vec<Lost>>,
    pub device: Arc<str>,
    /// Who uses it.
    pub author: Author,
    pub now: Millis,
}

/// What changes without the books: the line to the server, and the medium.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    pub connection: ConnectionView,
    pub digests: DigestsView,
    pub storage: StorageLine,
    pub device: Arc<str>,
    pub revocation: Option<Revocation>,
    pub now: Millis,
}

/// Whether this window keeps what it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeping {
    Durably,
    /// What lies here could not be read yet.
    Unread,
    Nothing,
}

/// A record on this device that this build cannot read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unreadable {
    pub id: String,
    pub text: String,
    pub problem: String,
}

#[derive(Clone, PartialEq, Debug)]
pub struct StorageLine {
    pub keeping: Keeping,
    /// When the browser cleared it, while the page was open.
    pub cleared: Option<Millis>,
    pub unreadable: Arc<Vec<Unreadable>>,
    /// Changes that somebody else has left here, who has to sign in for them to be sent.
    pub of_others: usize,
    /// Whether the browser has promised not to clear it by itself; unknown before it was asked.
    pub protected: Option<bool>,
    pub used: Option<u64>,
    pub quota: Option<u64>,
    pub problem: Option<String>,
}

/// The handle that components share. The frame around a shop's pages provides it.
#[derive(Clone, Copy)]
pub struct Replica {
    picture: RwSignal<Option<Result<Picture, Problem>>>,
    /// For what a device holds without having the books.
    bare: RwSignal<Option<Picture>>,
    /// Counts how often pages had to load again: books came after it had been said that there are none, or somebody else
    /// looks at them, or the same person in another role.
    reloads: RwSignal<u32>,
    line: RwSignal<Option<Line>>,
    /// Wrapped only once there is one: a value bound to a thread, even an empty one, may not be dropped on another,
    /// as the server's runtime does.
    device: StoredValue<Option<SendWrapper<Rc<dyn Device>>>>,
    waiting: StoredValue<Vec<Waker>>,
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            picture: RwSignal::new(None),
            bare: RwSignal::new(None),
            reloads: RwSignal::new(0),
            line: RwSignal::new(None),
            device: StoredValue::new(None),
            waiting: StoredValue::new(Vec::new()),
        }
    }
}

impl Replica {
    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_default()
    }

    /// From now on, this can be asked.
    pub fn attach(&self, device: Rc<dyn Device>) {
        self.device.try_set_value(Some(SendWrapper::new(device)));
    }

    /// Repaints what differs.
    pub fn show(&self, picture: Result<Picture, Problem>) {
        // A page that has its books keeps them, whatever happens to the line.
        let before = self.picture.try_get_untracked().flatten();
        if matches!(before, Some(Ok(_))) && picture.is_err() {
            return;
        }
        let is_another = match (&before, &picture) {
            (Some(Err(_)), Ok(_)) => true,
            (Some(Ok(before)), Ok(now)) => before.author != now.author,
            _ => false,
        };
        self.picture.try_set(Some(picture));
        if is_another {
            self.reloads.try_update(|times| *times += 1);
        }
        let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// What of this device's commands can be shown while there are no books to show.
    pub fn show_bare(&self, picture: Picture) {
        self.bare.try_set(Some(picture));
    }

    pub fn show_line(&self, line: Line) {
        self.line.try_set(Some(line));
    }

    /// Follows the replica.
    #[must_use]
    pub fn picture(&self) -> Option<Picture> {
        self.picture.get().and_then(Result::ok)
    }

    /// Follows this device's commands, also where there are no books: on empty ones then.
    #[must_use]
    pub fn held(&self) -> Option<Picture> {
        self.picture().or_else(|| self.bare.get())
    }

    /// The replica now, for an event handler.
    #[must_use]
    pub fn picture_now(&self) -> Option<Picture> {
        self.picture.try_get_untracked().flatten().and_then(Result::ok)
    }

    #[must_use]
    pub(crate) fn reloads(&self) -> u32 {
        self.reloads.get()
    }

    /// Whether the replica shows no less than a page that was made from the confirmed books at `position`: a device
    /// that was away begins with the books that it kept, and a page must not fall back to them. What is saved here
    /// only is shown at once all the same, and so are the books of a replica that the server has just called up to
    /// date, where a restored log ends before the page.
    #[must_use]
    pub fn has_come_to(&self, position: u64) -> bool {
        let reached = |picture: &Picture| picture.marks.confirmed >= position || !picture.pending.is_empty();
        self.picture().is_some_and(|picture| reached(&picture))
            || self.line().is_some_and(|line| line.connection.state == DataState::Live)
    }

    /// 0 while there are no books here, then 1, and 2 once the server has been reached: more can be found from there on.
    #[must_use]
    pub(crate) fn stage(&self) -> u8 {
        match self.picture() {
            None => 0,
            Some(_) if self.line().is_some_and(|line| line.connection.last_heard.is_some()) => 2,
            Some(_) => 1,
        }
    }

    /// Whether it makes sense to ask the server for something now.
    #[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server has its books at hand"))]
    pub(crate) fn may_ask(&self) -> bool {
        let line = self.line.try_get_untracked().flatten();
        line.is_some_and(|line| matches!(line.connection.state, DataState::Live | DataState::CatchingUp))
    }

    /// Whether the replica has come up, or will not.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.picture.with(Option::is_some)
    }

    /// Follows the line.
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        self.line.get()
    }

    /// What can be asked, once it has started.
    #[must_use]
    pub fn device(&self) -> Option<Rc<dyn Device>> {
        self.device.try_get_value().flatten().map(SendWrapper::take)
    }

    /// The device, if it has books to decide on and keeps what it is given.
    #[must_use]
    pub fn keeping_device(&self) -> Option<(Rc<dyn Device>, Picture)> {
        self.device().filter(|device| device.keeps_changes()).zip(self.picture_now())
    }

    /// The first picture, or why there is none.
    #[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server has its books at hand"))]
    pub(crate) fn first(self) -> impl Future<Output = Result<Picture, Problem>> + Send {
        poll_fn(move |cx| match self.picture.try_get_untracked() {
            Some(Some(picture)) => Poll::Ready(picture),
            Some(None) => {
                self.waiting.try_update_value(|waiting| waiting.push(cx.waker().clone()));
                Poll::Pending
            }
            None => Poll::Ready(Err(Problem::NeverOpened)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_from_beyond_the_confirmed_log_is_only_saved_here() {
        let mut marks = Marks::all_confirmed(7);
        assert_eq!(marks.of(&["product", "stock"], "OAT", 7), SyncState::Confirmed);
        assert_eq!(marks.of(&["product", "stock"], "OAT", 8), SyncState::SavedHere);
        marks.aggregates.insert(AggregateId::new("stock", "OAT"), SyncState::NeedsAttention);
        assert_eq!(marks.of(&["product", "stock"], "OAT", 7), SyncState::NeedsAttention);
        assert_eq!(marks.of(&["product"], "OAT", 7), SyncState::Confirmed);
    }
}
