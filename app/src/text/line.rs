//! The connection and the medium, in words that promise nothing that is not so.

use domain::values::Millis;
use sync::{
    connection::{ConnectionView, DataState},
    unsent_file::UnsentFileError,
};

use crate::{
    format::{moment, number, since},
    replica::{Fault, Keeping, NotTaken, StorageLine},
};

const HOUR: i64 = 3_600_000;

/// How long the oldest change has waited to be sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Age {
    OverAnHour,
    OverADay,
}

/// The word of the chip.
#[must_use]
pub fn chip_word(state: DataState) -> &'static str {
    match state {
        DataState::Live => "Live",
        DataState::CatchingUp => "Catching up",
        DataState::NotConnected => "Not connected",
        DataState::Unreachable => "Can't reach the book",
        DataState::Paused => "Paused",
        DataState::SignIn => "Sign in",
        DataState::Revoked => "Shut out",
        DataState::Update => "New version needed",
        DataState::Storage => "This device can't keep changes",
    }
}

/// What follows the word, where there is more to say.
#[must_use]
pub fn chip_more(view: &ConnectionView) -> Option<String> {
    let behind = view.head.saturating_sub(view.confirmed);
    match view.state {
        DataState::CatchingUp if behind > 0 => {
            Some(format!("· {} to go", number(i64::try_from(behind).unwrap_or(i64::MAX))))
        }
        DataState::Storage => None,
        DataState::SignIn if view.waiting > 0 => Some(format!("to send {}", view.waiting)),
        DataState::Update if view.waiting > 0 => Some(format!("· {} safe here", view.waiting)),
        _ if view.waiting > 0 => Some(format!("· {} saved here", view.waiting)),
        _ => None,
    }
}

/// Whether what waits has become old enough to say so.
#[must_use]
pub fn aged(view: &ConnectionView, now: Millis) -> Option<Age> {
    match now.0 - view.oldest_waiting?.0 {
        ..=HOUR => None,
        age if age <= 24 * HOUR => Some(Age::OverAnHour),
        _ => Some(Age::OverADay),
    }
}

/// How many wait, and since when the first of them does.
#[must_use]
pub fn waits_since(view: &ConnectionView, now: Millis) -> String {
    let since = view.oldest_waiting.map(|oldest| format!(" The oldest is from {}.", since(oldest, now)));
    format!("{}{}", waiting(view.waiting), since.unwrap_or_default())
}

/// How many wait, as a sentence.
#[must_use]
pub fn waiting(number: usize) -> String {
    match number {
        0 => "Nothing waits to be sent.".to_owned(),
        1 => "1 change is saved here and not yet in the book.".to_owned(),
        many => format!("{many} changes are saved here and not yet in the book."),
    }
}

/// What somebody else has left on the device; nothing most of the time.
#[must_use]
pub fn of_others(number: usize) -> Option<String> {
    match number {
        0 => None,
        1 => Some("1 change of somebody else waits here. It is sent when they sign in on this device.".to_owned()),
        many => Some(format!(
            "{many} changes of somebody else wait here. They are sent when that person signs in on this device."
        )),
    }
}

/// Under a change of somebody who shares the device.
#[must_use]
pub fn decides(colleague: &str) -> String {
    format!("It is {colleague}’s. They decide about it, or a manager or owner does.")
}

/// What signing out would leave behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Left {
    not_sent: usize,
    /// Held, not accepted or not stored.
    for_a_person: usize,
}

impl Left {
    #[must_use]
    pub fn of(line: &ConnectionView) -> Self {
        Self { not_sent: line.waiting, for_a_person: line.attention }
    }

    #[must_use]
    pub fn is_some(self) -> bool {
        self != Self::default()
    }

    #[must_use]
    pub fn question(self) -> String {
        // Some of what needs a person was sent, and not accepted.
        let state = if self.for_a_person == 0 { "not sent" } else { "not in the book" };
        match self.not_sent + self.for_a_person {
            1 => format!("1 change is {state}"),
            many => format!("{many} changes are {state}"),
        }
    }

    #[must_use]
    pub fn stays(self) -> &'static str {
        if self.for_a_person == 0 { SENT_LATER } else { DECIDED_LATER }
    }
}

const SENT_LATER: &str =
    "What is not sent stays on this device and waits until you sign in here again. Nobody else can send it.";
const DECIDED_LATER: &str = "What is not in the book stays on this device and waits until you sign in here again. Nobody else can send it or decide about it.";

/// What became of changes that were waited for: `2 confirmed`, `1 confirmed, 1 not accepted`.
#[must_use]
pub fn came_in(confirmed: usize, refused: usize) -> String {
    match (confirmed, refused) {
        (confirmed, 0) => format!("{confirmed} confirmed"),
        (0, refused) => format!("{refused} not accepted"),
        (confirmed, refused) => format!("{confirmed} confirmed, {refused} not accepted"),
    }
}

/// What goes wrong on demand.
#[must_use]
pub fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Offline => "Offline: nothing gets through",
        Fault::Slow => "Slow: each request takes three seconds longer",
        Fault::Duplicate => "Twice: each change is sent two times",
        Fault::DropAnswer => "Lost answers: the book decides, and its answer does not arrive",
    }
}

/// After a file of unsent changes was read: how many were new here.
#[must_use]
pub fn taken_in(number: usize) -> String {
    match number {
        0 => "All of them are here already.".to_owned(),
        1 => "1 change taken in. It is saved here.".to_owned(),
        number => format!("{number} changes taken in. They are saved here."),
    }
}

/// Why a file of unsent changes was not taken in.
#[must_use]
pub fn not_taken(why: &NotTaken) -> String {
    let why = match why {
        NotTaken::File(UnsentFileError::NotOne) => "This is not a file of unsent changes.".to_owned(),
        NotTaken::File(UnsentFileError::TooNew { .. }) => {
            "A newer version of Daybook wrote this file. Load the page again, then try once more.".to_owned()
        }
        NotTaken::File(UnsentFileError::OtherShop { found, wanted }) => {
            format!("This file is of the shop {found}, not of {wanted}.")
        }
        NotTaken::File(UnsentFileError::Damaged { .. } | UnsentFileError::Unreadable { .. }) => {
            "This file is damaged.".to_owned()
        }
        NotTaken::OfOthers { taken, left } => {
            let changes = if *left == 1 { "1 change is".to_owned() } else { format!("{left} changes are") };
            let rest = if *taken == 0 { String::new() } else { format!(" {}", taken_in(*taken)) };
            return format!(
                "{changes} somebody else's: they take the file in themselves, or an owner or manager does.{rest}"
            );
        }
        NotTaken::NotSaved(problem) => return format!("Not all of it could be saved here: {problem}. Try it again."),
    };
    format!("{why} Nothing of it was taken.")
}

/// What everybody who uses this device has to know about the medium.
#[must_use]
pub fn storage_warning(line: &StorageLine, device: &str) -> Option<String> {
    let reason = || line.problem.clone().unwrap_or_default();
    match (line.keeping, line.cleared) {
        (Keeping::Nothing, _) => {
            Some("This window forgets everything when closed. Use it only while connected.".to_owned())
        }
        (Keeping::Unread, _) => Some(format!(
            "What is saved on this device cannot be read yet ({}). It is tried again; until then nothing new is saved here.",
            reason()
        )),
        (Keeping::Durably, Some(at)) => Some(format!(
            "The browser cleared what this device kept ({}). What this page still had is saved again, and the device is \
             called {device} from now on.",
            moment(at)
        )),
        (Keeping::Durably, None) => None,
    }
}

/// What is known about the medium.
#[must_use]
pub fn storage(line: &StorageLine) -> String {
    if line.keeping != Keeping::Durably {
        return "This window keeps nothing: what you write goes straight to the server, and only while connected."
            .to_owned();
    }
    let promise = match line.protected {
        Some(true) => "The browser has promised not to clear it by itself.",
        Some(false) => "The browser may clear it when room runs short. Adding Daybook to the home screen protects it.",
        None => "Whether the browser may clear it is not known yet.",
    };
    match (line.used, line.quota) {
        (Some(used), Some(quota)) => format!("Uses {} of {}. {promise}", size(used), size(quota)),
        _ => promise.to_owned(),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn view(state: DataState, waiting: usize) -> ConnectionView {
        ConnectionView {
            state,
            waiting,
            attention: 0,
            oldest_waiting: None,
            last_heard: None,
            confirmed: 10,
            head: 130,
            next_attempt: None,
        }
    }

    #[test]
    fn the_chip_tells_how_many_are_saved_here() {
        let words = |state, waiting| {
            let view = view(state, waiting);
            [Some(chip_word(state).to_owned()), chip_more(&view)].into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(DataState::NotConnected, 1), "Not connected · 1 saved here");
        assert_eq!(words(DataState::Unreachable, 3), "Can't reach the book · 3 saved here");
        assert_eq!(words(DataState::CatchingUp, 0), "Catching up · 120 to go");
        assert_eq!(words(DataState::SignIn, 3), "Sign in to send 3");
        assert_eq!(words(DataState::Live, 0), "Live");
        assert_eq!(words(DataState::Storage, 3), "This device can't keep changes");
    }

    #[test]
    fn a_medium_that_keeps_everything_needs_no_words_and_any_other_does() {
        let line = |keeping, cleared| StorageLine {
            keeping,
            cleared,
            unreadable: Arc::default(),
            of_others: 0,
            protected: None,
            used: None,
            quota: None,
            problem: Some("slow".to_owned()),
        };
        let warning = |keeping, cleared| storage_warning(&line(keeping, cleared), "T00001");
        assert_eq!(warning(Keeping::Durably, None), None);
        assert!(warning(Keeping::Durably, Some(Millis(0))).is_some_and(|words| words.contains("T00001")));
        assert!(warning(Keeping::Unread, None).is_some_and(|words| words.contains("slow")));
        assert!(warning(Keeping::Nothing, None).is_some());
    }

    #[test]
    fn what_came_in_together_is_one_message() {
        assert_eq!(came_in(2, 0), "2 confirmed");
        assert_eq!(came_in(1, 1), "1 confirmed, 1 not accepted");
        assert_eq!(came_in(0, 3), "3 not accepted");
    }

    #[test]
    fn waiting_for_over_an_hour_shows_and_for_over_a_day_more() {
        let mut old = view(DataState::NotConnected, 1);
        old.oldest_waiting = Some(Millis(0));
        assert_eq!(aged(&old, Millis(HOUR)), None);
        assert_eq!(aged(&old, Millis(HOUR + 1)), Some(Age::OverAnHour));
        assert_eq!(aged(&old, Millis(24 * HOUR)), Some(Age::OverAnHour));
        assert_eq!(aged(&old, Millis(24 * HOUR + 1)), Some(Age::OverADay));
    }
}
