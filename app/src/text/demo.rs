//! Shops that are to be tried.

use domain::values::Millis;

use crate::format;

pub const DEMO_BAND: &str = "Demo shop: everyone who tries it writes in the same book";
pub const TRY_DEMO: &str = "Try the demo shop";
pub const DEMO_OVER: &str = "Demo over";
pub const DEMO_OVER_WORDS: &str =
    "This demo shop is over. What is saved on this device and was not sent stays here, and goes nowhere.";
pub const ANOTHER_DEMO: &str = "Start another demo shop";

/// On every page of a visitor's shop.
#[must_use]
pub fn demo_until(end: Millis) -> String {
    format!("Demo shop · resets after 24 hours, on {}", format::moment(end))
}

/// Why the front door has something to say, by the word in the address.
#[must_use]
pub fn demo_problem(word: &str) -> Option<&'static str> {
    Some(match word {
        "over" => {
            "That demo shop is over: it lasted for 24 hours. What a device had not sent to it stays on the device. You can \
             start another one."
        }
        "full" => "There are as many demo shops as this server has room for. Come back later.",
        "often" => "Many demo shops were started from where you are. Come back tomorrow.",
        "unavailable" => "The demo shop could not be made. Try again.",
        "none" => "This server has no demo shops.",
        _ => return None,
    })
}
