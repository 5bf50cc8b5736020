//! Numbers, money and moments as people read them. One formatter for both sides: a browser's own would print other
//! characters than the server did, and the page could not be taken over.

mod conventions;
mod reader;

use domain::values::{Day, Millis};

pub use conventions::{Conventions, Currency, Locale};
use reader::conventions;
#[cfg(not(feature = "hydrate"))]
pub use reader::{Reader, in_currency};
#[cfg(feature = "hydrate")]
pub use reader::{set_currency, set_locale};

/// A true minus sign, as wide as a plus in tabular figures.
const MINUS: char = '\u{2212}';

/// Units with thousands apart: `1,234`.
#[must_use]
pub fn number(units: i64) -> String {
    signed(units, &conventions().grouped(&units.unsigned_abs().to_string()))
}

fn signed(value: i64, text: &str) -> String {
    if value < 0 { format!("{MINUS}{text}") } else { text.to_owned() }
}

/// A change: `+5` or `−5`.
#[must_use]
pub fn change(units: i64) -> String {
    if units > 0 { format!("+{}", number(units)) } else { number(units) }
}

/// Minor units as major ones, with the sign of the currency: `€1,234.50`.
#[must_use]
pub fn money(minor: i64) -> String {
    let conventions = conventions();
    signed(minor, &conventions.with_sign(&conventions.amount(minor.unsigned_abs())))
}

/// Pieces, or minor units of money.
#[must_use]
pub fn amount(value: i64, is_money: bool) -> String {
    if is_money { money(value) } else { number(value) }
}

/// A change of either: `+5`, `−0.50`, `0`.
#[must_use]
pub fn amount_change(value: i64, is_money: bool) -> String {
    match (value, is_money) {
        (value, false) => change(value),
        (0, true) => money(0),
        (value, true) if value > 0 => format!("+{}", money(value)),
        (value, true) => money(value),
    }
}

/// Minor units as somebody would type them into a form: `1234.50`.
#[must_use]
pub fn money_input(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let Conventions { locale, currency } = conventions();
    let (unit, value) = (currency.unit(), minor.unsigned_abs());
    match currency.digits {
        0 => format!("{sign}{value}"),
        digits => format!("{sign}{}{}{:0width$}", value / unit, locale.point, value % unit, width = digits as usize),
    }
}

/// What somebody typed, as minor units: as the reader's language writes it, with its groups of three, or with `.` or `,`
/// before the minor units. None when it is not an amount.
#[must_use]
pub fn parse_money(text: &str) -> Option<i64> {
    let Conventions { locale, currency } = conventions();
    let text: String = text.trim().chars().map(|sign| if sign.is_whitespace() { ' ' } else { sign }).collect();
    let (major, minor) = text.rsplit_once(locale.point).unwrap_or((&text, ""));
    let group = if locale.group.trim().is_empty() { " " } else { locale.group };
    let written = ungrouped(major, group).and_then(|major| minor_units(&major, minor, currency));
    written.or_else(|| {
        let (major, minor) = text.split_once(['.', ',']).unwrap_or((&text, ""));
        minor_units(major, minor, currency)
    })
}

/// `1.234` as `1234`, where groups are parted by `.`; none where what stands between is no group of three.
fn ungrouped(major: &str, group: &str) -> Option<String> {
    let mut parts = major.split(group);
    let first = parts.next()?;
    let mut others = parts.clone();
    let fits = others.all(|part| part.len() == 3) && (first.len() <= 3 || parts.next().is_none());
    fits.then(|| major.replace(group, ""))
}

fn minor_units(major: &str, minor: &str, currency: &Currency) -> Option<i64> {
    let places = usize::try_from(currency.digits).ok()?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if major.is_empty() || !digits(major) || !digits(minor) || minor.len() > places {
        return None;
    }
    let minor: i64 = if minor.is_empty() { 0 } else { format!("{minor:0<places$}").parse().ok()? };
    major.parse::<i64>().ok()?.checked_mul(i64::try_from(currency.unit()).ok()?)?.checked_add(minor)
}

/// An amount as an example for the words about a field.
#[must_use]
pub fn money_example() -> String {
    money_input(420)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

fn month(number: i32) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("")
}

/// `20 November 2026`.
#[must_use]
pub fn day(day: Day) -> String {
    let (year, number, of_month) = day.civil();
    format!("{of_month} {} {year}", month(number))
}

/// `20 Nov`: in lists and tables.
#[must_use]
pub fn short_day(day: Day) -> String {
    let (_, number, of_month) = day.civil();
    format!("{of_month} {}", month(number).get(..3).unwrap_or(""))
}

/// `Friday`. Day nought, 1 January 1970, was a Thursday.
#[must_use]
pub fn weekday(day: Day) -> &'static str {
    usize::try_from(day.number().rem_euclid(7)).ok().and_then(|index| WEEKDAYS.get(index)).copied().unwrap_or("")
}

/// `14:03`, in UTC until a shop has a time zone.
#[must_use]
pub fn clock(time: Millis) -> String {
    let minutes = time.0.div_euclid(60_000).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `20 Nov 14:03`.
#[must_use]
pub fn moment(time: Millis) -> String {
    format!("{} {}", short_day(Day::of(time)), clock(time))
}

/// `14:03` today, `20 Nov 14:03` on any other day.
#[must_use]
pub fn since(time: Millis, now: Millis) -> String {
    if Day::of(time) == Day::of(now) { clock(time) } else { moment(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_have_a_true_minus_sign() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(-12_345), "\u{2212}12,345");
        assert_eq!((change(5), change(-5), change(0)), ("+5".into(), "\u{2212}5".into(), "0".into()));
    }

    #[test]
    fn money_keeps_its_minor_units_and_its_sign() {
        assert_eq!(money(123_450), "€1,234.50");
        assert_eq!(money(5), "€0.05");
        assert_eq!(money(-5), "\u{2212}€0.05");
        assert_eq!(money_input(123_450), "1234.50");
    }

    #[test]
    fn money_is_read_with_point_or_comma() {
        assert_eq!(parse_money(" 4.20 "), Some(420));
        assert_eq!(parse_money("4,2"), Some(420));
        assert_eq!(parse_money("4"), Some(400));
        assert_eq!(parse_money("0.05"), Some(5));
        assert_eq!(parse_money("1,234.50"), Some(123_450));
        assert_eq!(parse_money("1,234"), Some(123_400));
        assert_eq!(parse_money("12,34"), Some(1_234));
        assert_eq!(parse_money("1234,50"), Some(123_450));
        for wrong in ["", ".5", "4.205", "-1", "4.2.0", "1 000", "99999999999999999999"] {
            assert_eq!(parse_money(wrong), None, "{wrong}");
        }
        for minor in [0, 5, 420, 123_450] {
            assert_eq!(parse_money(&money_input(minor)), Some(minor));
        }
    }

    #[test]
    fn days_and_times_are_said_in_words() {
        let time = Millis::parse("2026-11-20T14:03:59Z").unwrap();
        assert_eq!(day(Day::of(time)), "20 November 2026");
        assert_eq!(weekday(Day::of(time)), "Friday");
        assert_eq!(moment(time), "20 Nov 14:03");
        assert_eq!(since(time, Millis(time.0 + 1)), "14:03");
        assert_eq!(since(time, Millis(time.0 + 86_400_000)), "20 Nov 14:03");
    }
}
