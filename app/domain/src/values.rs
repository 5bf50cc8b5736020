//! Values that cannot be wrong once they exist: each is made by `parse` (or `new`), which says what is wrong.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, de::Error as _};

use crate::text::Text;

/// Why a text or a number is not the value it was meant to be. The page and the API turn it into words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueError {
    #[error("must not be empty")]
    Empty,
    #[error("at most {most} characters, not {actual}")]
    TooLong { most: usize, actual: usize },
    #[error("must not contain {0:?}")]
    Character(char),
    #[error("must be {expected}")]
    Id { expected: &'static str },
    #[error("must be a whole number from {least} to {most}")]
    Number { least: i64, most: i64 },
    #[error("must be a date like 2026-05-03")]
    Day,
    #[error("must be a time like 2026-05-03T13:40:00Z")]
    Time,
    #[error("must be one of {0}")]
    Choice(&'static str),
    #[error("must be {0}")]
    Shape(&'static str),
}

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident($held:ty), $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name($held);

        impl $name {
            /// # Errors
            /// [`ValueError`] naming the limit or the character that does not fit.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                let check: fn(&str) -> Result<&str, ValueError> = $check;
                check(text).map(|fitting| Self(fitting.into()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// For looking up what a name in the log stands for: nothing, where it was never parsed.
            #[allow(dead_code, reason = "not every text is a key")]
            pub(crate) fn from_stored(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<&$name> for $held {
            fn from(value: &$name) -> Self {
                value.0.clone()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    };
}

text_value!(
    /// A product's code: 1 to 64 of letters, digits and `- _ . : +`. Case counts.
    Sku(Text), |text| code(text, 64));
text_value!(
    /// What the shop calls one delivery: 1 to 64 of letters, digits and `- _ . : +`.
    BatchRef(Text), |text| code(text, 64));
text_value!(
    /// An order's number: 1 to 64 of letters, digits and `- _ . : +`.
    OrderId(Text), |text| code(text, 64));
text_value!(
    /// A receipt's number, given by the device and never reused: 1 to 64 of letters, digits and `- _ . : +`.
    SaleId(Text), |text| code(text, 64));
text_value!(
    /// An account's number: 1 to 64 of letters, digits and `- _ . : +`.
    AccountId(Text), |text| code(text, 64));
text_value!(
    /// A transfer's number: 1 to 64 of letters, digits and `- _ . : +`.
    TransferId(Text), |text| code(text, 64));
text_value!(
    /// A picture's name, given by the device: 1 to 64 of letters, digits and `- _ . : +`.
    PictureId(Text), |text| code(text, 64));
text_value!(
    /// A comment's name, given by the device: 1 to 64 of letters, digits and `- _ . : +`.
    CommentId(Text), |text| code(text, 64));
text_value!(
    /// Name of a picture's bytes: the BLAKE3 hash of what the device sent, as 64 hexadecimal digits in lower case.
    BlobHash(Arc<str>), |text| hash(text));

impl BlobHash {
    /// The name of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).to_hex().as_str().into())
    }
}

impl BatchRef {
    /// The most characters.
    pub const MOST: usize = 64;
}

impl TransferId {
    /// The most characters.
    pub const MOST: usize = 64;
}

impl Default for Category {
    fn default() -> Self {
        Self("".into())
    }
}

impl Default for Description {
    fn default() -> Self {
        Self("".into())
    }
}

text_value!(
    /// What people call a product: 1 to 120 characters on one line.
    ProductName(Arc<str>), |text| line(text, 1, 120));
text_value!(
    /// A shelf or kind of goods: up to 60 characters on one line; may be empty.
    Category(Arc<str>), |text| line(text, 0, 60));
text_value!(
    /// Up to 2 000 characters; may be empty and may have several lines.
    Description(Arc<str>), |text| paragraph(text, 2_000));
text_value!(
    /// A note on why: 1 to 200 characters on one line.
    Reason(Arc<str>), |text| line(text, 1, 200));
text_value!(
    /// What people call an account: 1 to 120 characters on one line.
    AccountTitle(Arc<str>), |text| line(text, 1, 120));
text_value!(
    /// Whose account it is: 1 to 120 characters on one line.
    OwnerName(Arc<str>), |text| line(text, 1, 120));
text_value!(
    /// What a payment is for, in the words of whoever wrote it down: 1 to 200 characters on one line.
    Reference(Arc<str>), |text| line(text, 1, 200));
text_value!(
    /// A currency's code: three capital letters.
    Currency(Text), currency);

impl Default for Currency {
    /// One for each shop, and for now the same for all.
    fn default() -> Self {
        Self("EUR".into())
    }
}

fn currency(text: &str) -> Result<&str, ValueError> {
    let fits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
    if fits { Ok(text) } else { Err(ValueError::Shape("a currency's code like EUR")) }
}

text_value!(
    /// What is to be seen on a picture: 1 to 200 characters on one line.
    Caption(Arc<str>), |text| line(text, 1, 200));
text_value!(
/// What somebody says about a picture: 1 to 2 000 characters, on several lines if they like.
CommentText(Arc<str>), |text| match paragraph(text, 2_000)? {
    "" => Err(ValueError::Empty),
    text => Ok(text),
});

fn code(text: &str, most: usize) -> Result<&str, ValueError> {
    let text = line(text, 1, most)?;
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_.:+".contains(*c)) {
        Some(other) => Err(ValueError::Character(other)),
        // A name that browsers and file systems read as a path step would not survive in an address.
        None if text == "." || text == ".." => Err(ValueError::Character('.')),
        None => Ok(text),
    }
}

fn hash(text: &str) -> Result<&str, ValueError> {
    let fits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if fits { Ok(text) } else { Err(ValueError::Id { expected: "64 hexadecimal digits in lower case" }) }
}

fn line(text: &str, least: usize, most: usize) -> Result<&str, ValueError> {
    let text = text.trim();
    match text.chars().find(|c| c.is_control()) {
        Some(control) => Err(ValueError::Character(control)),
        None => bounded(text, least, most),
    }
}

fn paragraph(text: &str, most: usize) -> Result<&str, ValueError> {
    let text = text.trim();
    match text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\r' && *c != '\t') {
        Some(control) => Err(ValueError::Character(control)),
        None => bounded(text, 0, most),
    }
}

fn bounded(text: &str, least: usize, most: usize) -> Result<&str, ValueError> {
    let actual = text.chars().count();
    if actual < least {
        Err(ValueError::Empty)
    } else if actual > most {
        Err(ValueError::TooLong { most, actual })
    } else {
        Ok(text)
    }
}

/// Whole units of goods, 1 to 1 000 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    pub const MOST: u32 = 1_000_000;

    /// # Errors
    /// [`ValueError::Number`] outside 1 to 1 000 000.
    pub fn new(units: i64) -> Result<Self, ValueError> {
        match u32::try_from(units) {
            Ok(fitting @ 1..=Self::MOST) => Ok(Self(fitting)),
            _ => Err(ValueError::Number { least: 1, most: i64::from(Self::MOST) }),
        }
    }

    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// The same units where the sum may be nought or below.
    #[must_use]
    pub fn signed(self) -> i64 {
        i64::from(self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// One side of a picture, in pixels: 1 to 10 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Pixels(u32);

impl Pixels {
    pub const MOST: u32 = 10_000;

    /// # Errors
    /// [`ValueError::Number`] outside 1 to 10 000.
    pub fn new(pixels: i64) -> Result<Self, ValueError> {
        match u32::try_from(pixels) {
            Ok(fitting @ 1..=Self::MOST) => Ok(Self(fitting)),
            _ => Err(ValueError::Number { least: 1, most: i64::from(Self::MOST) }),
        }
    }

    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Pixels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A count of goods that may be nought: 0 to 1 000 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Count(u32);

impl Count {
    /// # Errors
    /// [`ValueError::Number`] outside 0 to 1 000 000.
    pub fn new(units: i64) -> Result<Self, ValueError> {
        match u32::try_from(units) {
            Ok(fitting @ 0..=Quantity::MOST) => Ok(Self(fitting)),
            _ => Err(ValueError::Number { least: 0, most: i64::from(Quantity::MOST) }),
        }
    }

    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Whole units more or fewer: −1 000 000 to 1 000 000, never nought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Difference(i32);

impl Difference {
    pub const MOST: i64 = 1_000_000;

    /// # Errors
    /// [`ValueError::Shape`] for nought and beyond a million either way.
    pub fn new(units: i64) -> Result<Self, ValueError> {
        match i32::try_from(units) {
            Ok(fitting) if fitting != 0 && units.abs() <= Self::MOST => Ok(Self(fitting)),
            _ => Err(ValueError::Shape("a whole number from -1000000 to 1000000, and not 0")),
        }
    }

    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }
}

impl<'de> Deserialize<'de> for Difference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Minor units (cents) of a price: 0 to 1 000 000 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Price(i64);

impl Price {
    pub const MOST: i64 = 1_000_000_000;

    /// # Errors
    /// [`ValueError::Number`] outside 0 to 1 000 000 000.
    pub fn new(minor: i64) -> Result<Self, ValueError> {
        if (0..=Self::MOST).contains(&minor) {
            Ok(Self(minor))
        } else {
            Err(ValueError::Number { least: 0, most: Self::MOST })
        }
    }

    #[must_use]
    pub fn minor(self) -> i64 {
        self.0
    }

    /// Minor units of `quantity` pieces: at most 10^15, so it always fits.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> i64 {
        self.0 * quantity.signed()
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Money that moves, in minor units: 1 to 10^15. Never nought, and never below: which way it goes is in the word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    pub const MOST: i64 = 1_000_000_000_000_000;

    /// # Errors
    /// [`ValueError::Number`] outside 1 to 10^15.
    pub fn new(minor: i64) -> Result<Self, ValueError> {
        match minor {
            1..=Self::MOST => Ok(Self(minor)),
            _ => Err(ValueError::Number { least: 1, most: Self::MOST }),
        }
    }

    #[must_use]
    pub fn minor(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Money that is there or may be owed, in minor units: 0 to 10^15.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Funds(i64);

impl Funds {
    /// # Errors
    /// [`ValueError::Number`] outside 0 to 10^15.
    pub fn new(minor: i64) -> Result<Self, ValueError> {
        match minor {
            0..=Amount::MOST => Ok(Self(minor)),
            _ => Err(ValueError::Number { least: 0, most: Amount::MOST }),
        }
    }

    #[must_use]
    pub fn minor(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Funds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A calendar day, `YYYY-MM-DD`, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(i32);

impl Day {
    /// # Errors
    /// [`ValueError::Day`] unless the text is a day of the years 1970 to 9999 in the form `2026-05-03`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let number = |range: std::ops::Range<usize>| {
            text.get(range)
                .filter(|part| part.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|part| part.parse::<i32>().ok())
        };
        let dashed = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (Some(year), Some(month), Some(day), true) = (number(0..4), number(5..7), number(8..10), dashed) else {
            return Err(ValueError::Day);
        };
        let parsed = Self::of_civil(year, month, day);
        // A day that does not exist (31 April) comes back as another one.
        if year >= 1970 && parsed.civil() == (year, month, day) { Ok(parsed) } else { Err(ValueError::Day) }
    }

    #[must_use]
    pub fn of(time: Millis) -> Self {
        Self(i32::try_from(time.clamped().0.div_euclid(86_400_000)).unwrap_or(0))
    }

    /// The day `days` later (earlier when negative), within 1970 to 9999: what is written can be read again.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(0, Self::of(Millis(Millis::MOST)).0))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, by Howard Hinnant's `days_from_civil`
    /// (<https://howardhinnant.github.io/date_algorithms.html>).
    fn of_civil(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month (1 to 12) and day (1 to 31).
    #[must_use]
    pub fn civil(self) -> (i32, i32, i32) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A text for people and other programs, a number in the wire format that digests are made from.
impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i32(self.0) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i32::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// A moment in milliseconds since 1970-01-01 UTC; RFC 3339 in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Millis(pub i64);

impl Millis {
    /// The last moment of the year 9999: what comes later has no place in a text of four-digit years.
    pub const MOST: i64 = 253_402_300_799_999;

    /// # Errors
    /// [`ValueError::Time`] unless the text is RFC 3339, with `Z` or an offset, in the years 1970 to 9999 (UTC).
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Self::read(text).filter(|time| *time == time.clamped()).ok_or(ValueError::Time)
    }

    /// The nearest moment that can be written and read again. A clock that is wrong by centuries must not make
    /// an entry that nobody can read.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self(self.0.clamp(0, Self::MOST))
    }

    fn read(text: &str) -> Option<Self> {
        let day = Day::parse(text.get(..10)?).ok()?;
        if !matches!(text.as_bytes().get(10)?, b'T' | b't' | b' ') {
            return None;
        }
        let two = |at: usize| -> Option<i64> {
            text.get(at..at + 2).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
        };
        let colon = |at: usize| text.get(at..=at) == Some(":");
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        if !colon(13) || !colon(16) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let rest = text.get(19..)?;
        let fraction_digits =
            rest.strip_prefix('.').map_or(0, |digits| digits.bytes().take_while(u8::is_ascii_digit).count());
        let (millis, zone) = match rest.strip_prefix('.') {
            Some(_) if fraction_digits == 0 => return None,
            Some(digits) => {
                let mut padded = digits.get(..fraction_digits.min(3))?.to_owned();
                padded.extend(std::iter::repeat_n('0', 3 - padded.len()));
                (padded.parse::<i64>().ok()?, digits.get(fraction_digits..)?)
            }
            None => (0, rest),
        };
        let offset_minutes = match zone.as_bytes() {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let at = text.len() - 5;
                let minutes = two(at)? * 60 + two(at + 3)?;
                if *sign == b'-' { -minutes } else { minutes }
            }
            _ => return None,
        };
        let seconds = (i64::from(day.number()) * 24 + hour) * 3_600 + (minute - offset_minutes) * 60 + second;
        Some(Self(seconds * 1_000 + millis))
    }

    /// Hour and minute of the day, UTC.
    #[must_use]
    pub fn clock(self) -> (i64, i64) {
        let minute = self.0.div_euclid(60_000).rem_euclid(1_440);
        (minute / 60, minute % 60)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = self.clock();
        let millis = self.0.rem_euclid(60_000);
        write!(f, "{}T{hour:02}:{minute:02}:{:02}.{:03}Z", Day::of(*self), millis / 1_000, millis % 1_000)
    }
}

/// A text for people and other programs, a number in the wire format that digests are made from.
impl Serialize for Millis {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sku_says_what_is_wrong_with_it() {
        assert_eq!(Sku::parse("  OAT-1 ").map(|sku| sku.to_string()), Ok("OAT-1".to_owned()));
        assert_eq!(Sku::parse("   "), Err(ValueError::Empty));
        assert_eq!(Sku::parse("a/b"), Err(ValueError::Character('/')));
        assert_eq!(Sku::parse(&"x".repeat(65)), Err(ValueError::TooLong { most: 64, actual: 65 }));
        assert_eq!(Sku::parse(".."), Err(ValueError::Character('.')));
    }

    #[test]
    fn quantities_and_prices_have_limits() {
        let limits = Err(ValueError::Number { least: 1, most: 1_000_000 });
        assert_eq!(Quantity::new(0), limits);
        assert_eq!(Quantity::new(-1), limits);
        assert_eq!(Quantity::new(1_000_001), limits);
        assert_eq!(Quantity::new(i64::MAX), limits);
        assert_eq!(Price::new(-1), Err(ValueError::Number { least: 0, most: Price::MOST }));
        let most = (Price::new(Price::MOST).map(Price::minor), Quantity::new(1_000_000).map(Quantity::signed));
        assert_eq!(most, (Ok(1_000_000_000), Ok(1_000_000)));
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for wrong in [
            "2026-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "20260101",
            "2026-01-+1",
            "1969-12-31",
        ] {
            assert_eq!(Day::parse(wrong), Err(ValueError::Day), "{wrong}");
        }
        assert_eq!(Day::parse("2024-02-29").map(|day| day.plus(1).to_string()), Ok("2024-03-01".to_owned()));
    }

    #[test]
    fn times_are_read_with_offset_and_fraction() {
        let noon = Millis::parse("2026-11-21T12:00:00Z");
        assert_eq!(Millis::parse("2026-11-21T13:30:00.000+01:30"), noon);
        assert_eq!(Millis::parse("2026-11-21T07:00:00-05:00"), noon);
        assert_eq!(Millis::parse("2026-11-21T12:00:00.5Z").map(|t| t.0), noon.clone().map(|t| t.0 + 500));
        assert_eq!(noon.map(|t| t.to_string()), Ok("2026-11-21T12:00:00.000Z".to_owned()));
        for wrong in [
            "2026-11-21",
            "2026-11-21T12:00:00",
            "2026-11-21T25:00:00Z",
            "2026-11-21T12:00:00.Z",
            "now",
            "2026-11-21T12:00:00+1:00",
        ] {
            assert_eq!(Millis::parse(wrong), Err(ValueError::Time), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_survives_being_written_and_read(millis in 0_i64..253_402_300_800_000) {
            prop_assert_eq!(Millis::parse(&Millis(millis).to_string()), Ok(Millis(millis)));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in "\\PC{0,40}") {
            let _ = (Day::parse(&text), Millis::parse(&text), Sku::parse(&text), Description::parse(&text));
        }
    }
}
