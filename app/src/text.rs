//! Every word on screen, by key. Numbers and names come in; a sentence comes out.

mod changed;
mod commands;
mod demo;
mod devices;
mod entries;
pub mod letters;
mod line;
mod looking_back;
mod people;
pub mod pictures;
mod refusals;
mod roles;
mod status;
mod taken;
mod transfers;
mod undo;

pub use changed::came_out;
pub use commands::{asked_for, command, saved};
pub use demo::{ANOTHER_DEMO, DEMO_BAND, DEMO_OVER, DEMO_OVER_WORDS, TRY_DEMO, demo_problem, demo_until};
pub use devices::{QUARANTINED, REVOKE_MEANS, SHUT_OUT, TOO_LATE, WAITING_MEANS, devices_done, shut_out};
pub use entries::{entry, step};
pub use line::{
    Age, Left, aged, came_in, chip_more, chip_word, decides, fault, not_taken, of_others, storage, storage_warning,
    taken_in, waiting, waits_since,
};
pub use looking_back::{as_it_was, before_first, cause, cause_within, field, figure, not_held, value};
pub use people::{door_problem, password_done, people_done, role_means, switched_here};
pub use refusals::{at_risk, field_label, field_problem, refusal, role, sentence_of, why_not, why_not_for};
pub use roles::{ABOUT_MONEY, no_longer, not_for_role, only};
pub use status::{AWAY, agrees, behind, follower};
pub use taken::taken;
pub use transfers::{transfer_state, transfer_step, transfer_tone};
pub use undo::{no_undo, undo_label, undo_question};

use domain::change::Because;

use crate::format::money;

pub const PRODUCT: &str = "Daybook";
pub const OPENING: &str = "Opening the book";
pub const SKIP: &str = "Skip to content";
pub const SIGN_OUT_AWAY: &str = "Not connected: the book hears of it with the next connection.";
pub const SIGN_OUT_WAITS: &str = "Whoever was here has signed out, and the book has not heard of it yet. You can sign in once there is a connection.";
pub const READS_ONLY: &str = "This server only reads: the book can be looked at, and nothing can be written.";
pub const NOT_FOR_ROLE: &str = "Not for your role";
pub const NOT_FOUND: &str = "Not found";
pub const NOT_FOUND_WORDS: &str = "There is nothing at this address.";
pub const UNREACHABLE: &str = "Can't reach the book";
pub const UNREACHABLE_WORDS: &str = "The book could not be read just now. Nothing is lost. Try again in a moment.";
pub const NEVER_OPENED: &str = "Not on this device yet";
pub const NEVER_OPENED_WORDS: &str =
    "This device has not opened this shop before, so there is nothing to show until it connects.";
pub const WITHOUT_BOOKS_WORDS: &str = "The copy of the books is not on this device just now. It comes back with a connection; what was saved here is below.";
pub const OF_OTHERS_MEANS: &str = "Not accepted, and kept on the device that they were written on. Whoever wrote one can still change it and send it again; \
     what you give up here is given up there too.";
pub const GIVEN_UP: &str = "Given up.";
pub const NOTHING_WAITS: &str = "Nothing waits here.";
pub const WAITS_UNREAD: &str = "What waits here cannot be read yet.";
pub const UNREADABLE_WORDS: &str = "This version cannot read these records. They stay on this device as they are. Load the page again if there is a newer \
     version; else save them as a file, and look at what they were about.";
pub const UNREADABLE_GONE: &str =
    "It is gone from this device then, and no newer version can send it any more. Save it as a file first.";
pub const NOT_SAVED: &str = "Not saved";
pub const UNANSWERED: &str = "No answer came from the book. Send it again: it will be written down only once.";
pub const UNDO: &str = "Undo";
pub const PUT_BACK: &str = "Put back";
pub const UNDONE: &str = "Taken back. It was not sent.";
pub const UNDONE_REASON: &str = "Taken back before it was sent";
pub const UNDO_TOO_LATE: &str = "It is on its way already and cannot be taken back.";
pub const SETTLED_MEANWHILE: &str = "It was sent or settled meanwhile: nothing was changed.";
pub const INCLUDES_PENDING: &str = "includes what is only saved here";
pub const UPDATE_NEEDED: &str = "This device needs the new version before it can send. What is saved here stays.";
pub const UPDATE_READY: &str = "A new version is ready. What is saved here stays.";
pub const UPDATE_TAKE: &str = "Use it now";
pub const REBUILD: &str = "Fetches the books again. What waits here stays.";
pub const BACK_TO_NOW: &str = "Back to now";
pub const NOT_IN_THE_PAST: &str = "Nothing can be changed while you look back";
pub const NO_SUCH_MOMENT: &str = "No such moment";
pub const NO_SUCH_MOMENT_WORDS: &str = "Say an entry by its number, as 1039, or a time, as 2026-11-20 14:03 (UTC).";
pub const NOT_CONFIRMED: &str = "Saved here, not yet confirmed";
pub const NOT_BEGUN: &str = "Before the first entry";
pub const NOT_ON_THIS_DEVICE: &str = "Not on this device";
pub const PASSWORD_HINT: &str =
    "8 characters at least: the longer the better, and none that everybody would try first.";
pub const HERE: &str = "Here:";
pub const START_BY_WHOM: &str =
    "Whoever is known here may start a shop. Sign in, or ask whoever runs the server for an invite.";
pub const START_FIRST: &str = "Nobody is known here yet: you will be the first.";
pub const LEAVE_MEANS: &str =
    "You will see no more of it. What you wrote stays in its book, and an owner can invite you again.";
pub const NOBODY_TO_AGREE: &str =
    "Nobody who may agree has a PIN on this device: let them sign in here and set one, or take cash or card.";
pub const NOBODY_TO_SWITCH_TO: &str = "Nobody has a PIN on this device yet.";
pub const PIN_MEANS: &str =
    "With it you switch to yourself on this device, also without a network. It is good here alone, for 90 days.";
pub const PIN_HINT: &str = "4 to 6 digits. Pasting and password managers are welcome.";
pub const NOT_AN_OWNER: &str = "Only an owner sees who belongs to the shop.";
pub const OPEN_SHOP: &str = "This shop asks nobody who they are: whoever reaches the server is its owner.";
pub const OPEN_SHOP_ENDS: &str = "With its first owner it begins to ask everybody, and never stops again.";
pub const INVITE_ONCE: &str = "Good once, for seven days. It is shown now and never again.";
pub const RESET_ONCE: &str =
    "Good once, for a day. It is shown now and never again; links that were made for them before are over.";
pub const NEEDS_CONNECTION: &str = "Needs a connection.";
pub const WORKS_OFFLINE: &str = "Works without a connection";

/// Where a list is empty: as it is said of the whole list, or of what was searched for in it.
#[must_use]
pub fn nothing_found(of_all: &str, searched: &str) -> String {
    if searched.is_empty() { of_all.to_owned() } else { format!("Nothing matches ‘{searched}’.") }
}

/// The document's title on a page of a shop.
#[must_use]
pub fn page_title(page: &str, shop: &str) -> String {
    format!("{page} · {shop} · {PRODUCT}")
}

/// Why something was given up: what the button for it says, and the entry.
#[must_use]
pub fn because(because: Because) -> &'static str {
    match because {
        Because::Mistake => "Mistake",
        Because::CustomerLeft => "Customer left",
        Because::DoneAnotherWay => "Done another way",
        Because::OtherTextStays => "The other text stays",
        Because::ThereAlready => "There is one already",
        Because::Other => "For another reason",
    }
}

/// What an account may still take, as short as it goes.
#[must_use]
pub fn room(room: i64) -> String {
    if room > 0 { format!("{} left", money(room)) } else { "nothing left".to_owned() }
}

/// The same with where it comes from.
#[must_use]
pub fn room_left(balance: i64, limit: i64, room: i64) -> String {
    let left = if room > 0 { money(room) } else { "nothing more".to_owned() };
    format!("Balance {}, limit {}: {left} may go on it.", money(balance), money(limit))
}

/// Said before it is written down, and no reason not to. `asks`: whether somebody has to agree.
#[must_use]
pub fn over_room(over: i64, asks: bool) -> String {
    let rest = if asks {
        "Somebody who leads has to agree, and the shop’s list will say so."
    } else {
        "It will be written down all the same, and the shop’s list will say so."
    };
    format!("{} more than may go on it. {rest}", money(over))
}

/// `1 line`, `2 lines`.
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[must_use]
pub fn not_saved(problem: &str) -> String {
    format!("This device could not keep it ({problem}). Nothing was written down.")
}

/// After a form was posted and accepted, on the page it led to.
#[must_use]
pub fn done(command_type: &str, id: &str) -> String {
    let what = match command_type {
        "product.add" => "Product added",
        "product.change" => "Product changed",
        "product.archive" => "Product archived",
        "product.unarchive" => "Product sold again",
        "stock.receive" => "Delivery written down",
        "stock.change_quantity" | "stock.adjust" => "Quantity changed",
        "stock.count" => "Count written down",
        "stock.damage" => "Breakage written down",
        "order.place" => "Order placed",
        "order.add_item" => "Item added",
        "order.remove_item" => "Item taken out",
        "order.take_what_is_left" => "What is left was taken",
        "order.back_order" => "Back-ordered",
        "order.cancel" => "Order cancelled",
        "order.hand_over" => "Order handed over",
        "order.settle" => "Seen to",
        "account.open" => "Account opened",
        "account.change" => "Account changed",
        "account.credit" => "Credited",
        "account.debit" => "Debited",
        "account.close" => "Account closed",
        "account.approve" => "Agreed to",
        "transfer.request" => "Transfer requested",
        "order.allocate" => "Goods reserved",
        "order.free" => "Goods freed",
        "sale.record" => "Sale recorded",
        "sale.put_back" => "Sale put back",
        "picture.add" => "Picture added",
        "comment.add" => "Comment added",
        "comment.edit" => "Comment changed",
        "comment.delete" => "Comment removed",
        "comment.put_back" => "Comment put back",
        "change.decline" => "Given up",
        _ => "Written down",
    };
    if id.is_empty() { format!("{what}.") } else { format!("{what}: {id}.") }
}
