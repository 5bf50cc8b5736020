//! Devices of a shop, and the end of one.

use sync::protocol::{Revocation, ShutOut};

use crate::format::moment;

pub const SHUT_OUT: &str = "Shut out of this shop";
pub const QUARANTINED: &str = "Handed over. It was written before the end, and an owner of the shop decides about it.";
pub const TOO_LATE: &str = "Not accepted: it was written after the end.";
pub const REVOKE_MEANS: &str = "It loses its copy of the books as soon as it connects, and whoever uses it has to sign in \
                                again elsewhere. What it wrote before and has not sent waits here for you to decide.";
pub const WAITING_MEANS: &str = "Written before its device or its author was shut out, and received afterwards. Nothing of \
                                 it is in the book until you let it in.";

/// Why a page shows nothing.
#[must_use]
pub fn shut_out(revocation: Option<Revocation>) -> String {
    let what = match revocation {
        Some(Revocation { of: ShutOut::Device, at }) => {
            format!("This device was removed from the shop on {}.", moment(at))
        }
        Some(Revocation { of: ShutOut::Person, at }) => {
            format!("You do not belong to the shop any more since {}.", moment(at))
        }
        None => "This device does not belong to the shop any more.".to_owned(),
    };
    format!(
        "{what} Its copy of the books is gone. What was not sent is below: it is handed over to the shop's owner, and you \
         can save it as a file."
    )
}

/// What was done, by the word in the address.
#[must_use]
pub fn devices_done(word: &str) -> Option<&'static str> {
    Some(match word {
        "name" => "The device has its new name.",
        "revoke" => "The device is shut out.",
        "readmit" => "The device may come in again.",
        "release" => "It is decided: the day book says how.",
        "discard" => "It stays out of the book.",
        _ => return None,
    })
}
