//! Looking back: what can be asked of a log besides its end, and how far a device can answer by itself.

use domain::{
    AggregateId, Books, EventRecord,
    books::Aggregates,
    event::{DecodeError, Event},
    projections::day_book::BookEntry,
    record::Entry,
    values::{Day, Millis},
};
use serde::{Deserialize, Serialize};

use crate::protocol::Snapshot;

/// A place in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// After this entry.
    Entry(u64),
    /// After the last entry that was written down by then.
    Time(Millis),
}

impl Moment {
    /// `1039`, `#1039`, a time of RFC 3339, or without seconds and zone (UTC) as forms give it, or a day: its end.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = text.strip_prefix('#').unwrap_or(text);
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return number.parse().ok().map(Self::Entry);
        }
        // A `+` of an offset arrives as a blank when whoever wrote the address did not escape it.
        let (date, time) = text.split_at_checked(10).unwrap_or((text, ""));
        let time = time.replace(' ', "+");
        let time = time.strip_prefix('+').map_or_else(|| time.clone(), |time| format!("T{time}"));
        let whole = match time.len() {
            0 => format!("{date}T23:59:59.999Z"),
            6 => format!("{date}{time}:59.999Z"),
            9 => format!("{date}{time}Z"),
            _ => format!("{date}{time}"),
        };
        Millis::parse(&whole).ok().map(Self::Time)
    }
}

/// Entries that a page needs besides the books, which keep the last few hundred.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// At most `limit` entries before a position (from the head where none is said), newest first.
    Before { before: Option<u64>, limit: u16 },
    /// All of these aggregates, oldest first.
    Of(Vec<AggregateId>),
    /// All sales of a day, by the device's clock, oldest first.
    Sales(Day),
}

impl Asked {
    /// Whether an entry is among those asked for; for a page of the log, all are.
    #[must_use]
    pub fn fits(&self, aggregate: &AggregateId, event: &Event, issued_at: Millis) -> bool {
        match self {
            Self::Before { .. } => true,
            Self::Of(aggregates) => aggregates.contains(aggregate),
            Self::Sales(day) => matches!(event, Event::Sale(_)) && Day::of(issued_at) == *day,
        }
    }
}

/// The copy of the log that a device keeps: books, and the entries behind them.
#[derive(Clone, Debug)]
pub struct Held {
    since: Books,
    tail: Vec<Entry>,
}

/// The books of that moment are not to be had from this device, which holds what came behind `from`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this device holds entries behind {from}")]
pub struct NotHeld {
    pub from: u64,
}

impl Held {
    /// # Errors
    /// [`DecodeError`] at an entry that this build cannot read: nothing behind it is used.
    pub fn new(snapshot: Snapshot, tail: &[EventRecord]) -> Result<Self, DecodeError> {
        let tail = tail.iter().map(EventRecord::decode).collect::<Result<_, _>>()?;
        Ok(Self { since: snapshot.books, tail })
    }

    /// The books before the first of the entries.
    #[must_use]
    pub fn since(&self) -> &Books {
        &self.since
    }

    /// When the first entry of the book was written down, where that is known here.
    #[must_use]
    pub fn first(&self) -> Option<Millis> {
        let kept = self
            .since
            .projections
            .day_book
            .entries
            .iter()
            .next()
            .map(|(position, entry)| (*position, entry.recorded_at));
        let first = kept.or_else(|| self.tail.first().map(|entry| (entry.position, entry.recorded_at)));
        first.filter(|(position, _)| *position == 1).map(|(_, at)| at)
    }

    /// The books at a moment; the last ones where it is yet to come.
    ///
    /// # Errors
    /// [`NotHeld`].
    pub fn at(&self, moment: Moment) -> Result<Books, NotHeld> {
        let is_held = match moment {
            Moment::Entry(position) => position >= self.since.position,
            // When the last entry of the books was written down stands in their day book.
            Moment::Time(time) => {
                let last = self.since.projections.day_book.entries.iter().next_back();
                last.is_none_or(|(_, entry)| entry.recorded_at <= time)
            }
        };
        if !is_held {
            return Err(NotHeld { from: self.since.position });
        }
        let mut books = self.since.clone();
        for entry in &self.tail {
            let is_before = match moment {
                Moment::Entry(position) => entry.position <= position,
                Moment::Time(time) => entry.recorded_at <= time,
            };
            // Entries that a storage puts together have no holes; one that did would end what is held.
            if !is_before || books.apply(entry).is_err() {
                break;
            }
        }
        Ok(books)
    }

    /// What of the entries that are asked for lies here, oldest first. `aggregates` are those of now: names in old
    /// entries are those of today.
    #[must_use]
    pub fn entries(&self, asked: &Asked, aggregates: &Aggregates) -> Vec<(u64, BookEntry)> {
        let fitting = self.tail.iter().filter(|entry| asked.fits(&entry.aggregate, &entry.event, entry.issued_at));
        fitting.map(|entry| (entry.position, BookEntry::of(entry, aggregates))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn us_17_a_moment_is_an_entry_a_time_or_a_day() {
        let time = |text: &str| Some(Moment::Time(Millis::parse(text).unwrap()));
        assert_eq!(Moment::parse("1039"), Some(Moment::Entry(1_039)));
        assert_eq!(Moment::parse(" #7 "), Some(Moment::Entry(7)));
        assert_eq!(Moment::parse("2026-11-20T14:03:00+01:00"), time("2026-11-20T13:03:00Z"));
        assert_eq!(Moment::parse("2026-11-20T14:03:00 01:00"), time("2026-11-20T13:03:00Z"));
        assert_eq!(Moment::parse("2026-11-20T14:03"), time("2026-11-20T14:03:59.999Z"));
        assert_eq!(Moment::parse("2026-11-20 14:03"), time("2026-11-20T14:03:59.999Z"));
        assert_eq!(Moment::parse("2026-11-20"), time("2026-11-20T23:59:59.999Z"));
        for wrong in ["", "#", "-1", "soon", "2026-02-30", "99999999999999999999"] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }
}
