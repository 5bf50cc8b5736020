//! How what follows the log stands, in words.

use crate::{format::number, status::Kind};

/// What follows.
#[must_use]
pub fn follower(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Books => "Books in memory".to_owned(),
        Kind::Process => format!("Process {name}"),
        Kind::View => format!("View {name}"),
        Kind::Letters => "Letters".to_owned(),
    }
}

/// By how many entries, and since when.
#[must_use]
pub fn behind(entries: u64, ms: Option<i64>) -> String {
    let entries = i64::try_from(entries).unwrap_or(i64::MAX);
    match (entries, ms) {
        (0, _) | (_, None) => "Nothing".to_owned(),
        (1, Some(ms)) => format!("1 entry, for {}", duration(ms)),
        (entries, Some(ms)) => format!("{} entries, for {}", number(entries), duration(ms)),
    }
}

fn duration(ms: i64) -> String {
    match ms / 1_000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// Of one that does not answer.
pub const AWAY: &str = "Does not answer";

/// Whether it is what the log says.
#[must_use]
pub fn agrees(agrees: Option<bool>) -> &'static str {
    match agrees {
        Some(true) => "Yes",
        Some(false) => "No",
        None => "–",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_3_lag_is_said_in_entries_and_in_time() {
        assert_eq!(behind(0, None), "Nothing");
        assert_eq!(behind(1, Some(1_999)), "1 entry, for 1 s");
        assert_eq!(behind(1_200, Some(600_000)), "1,200 entries, for 10 min");
        assert_eq!(behind(3, Some(90_000_000)), "3 entries, for 25 h");
        // It came to the head while it was looked at.
        assert_eq!(behind(3, None), "Nothing");
    }
}
