//! People at the door, and those who belong to a shop.

use domain::books::Role;

/// What a role is for, beside its name.
#[must_use]
pub fn role_means(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything, people included",
        Role::Manager => "everything in the book",
        Role::Seller => "sells and takes payments",
        Role::StockHand => "goods, and no money",
        Role::Reader => "sees, and changes nothing",
    }
}

/// Why a door stayed shut, by the word in the address.
#[must_use]
pub fn door_problem(word: &str) -> Option<&'static str> {
    Some(match word {
        "wrong" => "There is no such login with this password.",
        "later" => "Too many tries. Wait a few minutes, then try again.",
        "unavailable" => "The server could not look it up. Try again.",
        "invite" => "This invite cannot be used. Ask for a new one.",
        "reset" => "This link cannot be used. Ask an owner for a new one.",
        "elsewhere" => {
            "They belong to another shop too, which their password opens as well. Whoever runs the server sets another one."
        }
        "taken" => "Somebody has this login. If it is yours, sign in first, then open the invite again.",
        "login" => "A login has no blanks and no colons.",
        "short" => "The password needs 8 characters at least.",
        "long" => "The password is too long.",
        "guessable" => "Everybody would try that password first. Take another one.",
        "last-owner" => "A shop keeps one owner at least.",
        "member" => "That person does not belong to the shop.",
        "device" => "There is no such device, or it is so already. A name needs a letter at least.",
        "not-waiting" => "Somebody has decided about it already.",
        "not-decided" => "The book cannot take it: it has something else under the same number.",
        "not-first" => "Somebody belongs to this shop already. Sign in.",
        "pin-offline" => "Setting a PIN needs a connection.",
        "pin-unfit" => "A PIN has 4 to 6 digits.",
        "pin-guessable" => "Everybody would try that PIN first. Take another one.",
        "pin-wrong" => "This is not the PIN. After five wrong ones the password is needed.",
        "demo" => "The demo shop stays open to everybody.",
        "start-nobody" => "Sign in first.",
        "shop-title" => "A shop needs a name, of 60 letters at most.",
        "currency" => "No such currency is known here.",
        "enough-shops" => "You have as many shops as one person may start here.",
        _ => return None,
    })
}

/// What was done about one's own password and sessions, by the word in the address.
#[must_use]
pub fn password_done(word: &str) -> Option<&'static str> {
    Some(match word {
        "1" => "Changed. You are signed out everywhere else.",
        "ended" => "Signed out there.",
        "reset" => "The password is set. Sign in with it.",
        _ => return None,
    })
}

/// What was done about people, by the word in the address.
#[must_use]
pub fn people_done(word: &str) -> Option<&'static str> {
    Some(match word {
        "withdraw" => "The invite is withdrawn.",
        "role" => "The role is changed.",
        "remove" => "They do not belong to the shop any more.",
        _ => return None,
    })
}

/// Somebody has switched without the server.
#[must_use]
pub fn switched_here(here: &str, known: &str) -> String {
    format!("The server takes this device for {known}'s. What {here} writes goes into the book under {here}'s name.")
}
