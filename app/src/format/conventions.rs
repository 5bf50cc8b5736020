//! How a reader's language writes numbers, and what a shop's currency is made of. A small table of our own: the
//! characters must be the same where the server writes a page and where the browser takes it over, and a browser's own
//! tables are not at hand on the server. The values are those of the Unicode Common Locale Data Repository
//! (<https://cldr.unicode.org>).

/// How one language writes numbers and sums of money.
#[derive(PartialEq, Eq, Debug)]
pub struct Locale {
    /// As in `<html data-locale>`.
    pub tag: &'static str,
    /// Between groups of three digits.
    pub group: &'static str,
    /// Before the minor units.
    pub point: char,
    /// The sign of the currency comes behind the number.
    sign_behind: bool,
    /// Between the number and the sign.
    gap: &'static str,
    /// Signs that this language writes otherwise, by the code of the currency.
    signs: &'static [(&'static str, &'static str)],
}

const NO_BREAK: &str = "\u{a0}";
const NARROW: &str = "\u{202f}";

const fn before(tag: &'static str, group: &'static str, point: char) -> Locale {
    Locale { tag, group, point, sign_behind: false, gap: "", signs: &[] }
}

const fn behind(tag: &'static str, group: &'static str, point: char) -> Locale {
    Locale { tag, group, point, sign_behind: true, gap: NO_BREAK, signs: &[] }
}

/// The first one is for everybody else.
static LOCALES: &[Locale] = &[
    before("en", ",", '.'),
    behind("de", ".", ','),
    behind("fr", NARROW, ','),
    behind("it", ".", ','),
    behind("sv", NO_BREAK, ','),
    Locale { gap: NO_BREAK, ..before("nl", ".", ',') },
    Locale { signs: &[("JPY", "\u{ffe5}")], ..before("ja", ",", '.') },
];

impl Locale {
    #[must_use]
    pub fn standard() -> &'static Self {
        &LOCALES[0]
    }

    /// The one for a tag such as `de-DE`; None for a language that is not in the table.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<&'static Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        LOCALES.iter().find(|locale| locale.tag.eq_ignore_ascii_case(language))
    }

    /// The one that a reader likes best of those in the table, by the header `Accept-Language`
    /// (<https://www.rfc-editor.org/rfc/rfc9110#field.accept-language>).
    #[must_use]
    pub fn accepted(header: &str) -> &'static Self {
        let mut best: Option<(u32, &'static Self)> = None;
        for part in header.split(',') {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let Some(locale) = Self::of_tag(tag.trim()) else { continue };
            let weight = thousandths(weight.trim());
            // Of equals the first one: people's browsers name them in order.
            if weight > best.map_or(0, |(best, _)| best) {
                best = Some((weight, locale));
            }
        }
        best.map_or(Self::standard(), |(_, locale)| locale)
    }
}

/// `0.8` as 800; nought for what is no weight.
fn thousandths(weight: &str) -> u32 {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{rest:0<3}");
    let part = |text: &str| text.parse::<u32>().ok();
    part(whole).zip(digits.get(..3).and_then(part)).map_or(0, |(whole, rest)| (whole * 1_000 + rest).min(1_000))
}

/// What sums of money are counted in.
#[derive(PartialEq, Eq, Debug)]
pub struct Currency {
    /// By ISO 4217.
    pub code: &'static str,
    /// Digits of the minor unit.
    pub digits: u32,
    sign: &'static str,
}

/// The first one is for shops that have not said.
static CURRENCIES: &[Currency] = &[
    Currency { code: "EUR", digits: 2, sign: "€" },
    Currency { code: "USD", digits: 2, sign: "$" },
    Currency { code: "GBP", digits: 2, sign: "£" },
    Currency { code: "CHF", digits: 2, sign: "CHF" },
    Currency { code: "SEK", digits: 2, sign: "kr" },
    Currency { code: "JPY", digits: 0, sign: "¥" },
    Currency { code: "KWD", digits: 3, sign: "KWD" },
];

impl Currency {
    #[must_use]
    pub fn standard() -> &'static Self {
        &CURRENCIES[0]
    }

    /// All that are known here, the standard one in front.
    #[must_use]
    pub fn all() -> &'static [Self] {
        CURRENCIES
    }

    #[must_use]
    pub fn of_code(code: &str) -> Option<&'static Self> {
        CURRENCIES.iter().find(|currency| currency.code == code)
    }

    /// The shop's.
    #[must_use]
    pub fn of_books(books: &domain::Books) -> &'static Self {
        Self::of_code(books.aggregates.shop.currency.as_str()).unwrap_or(Self::standard())
    }

    /// Minor units in a major one.
    #[must_use]
    pub fn unit(&self) -> u64 {
        10_u64.pow(self.digits)
    }
}

/// How numbers and money are written for one reader in one shop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conventions {
    pub locale: &'static Locale,
    pub currency: &'static Currency,
}

impl Default for Conventions {
    fn default() -> Self {
        Self { locale: Locale::standard(), currency: Currency::standard() }
    }
}

impl Conventions {
    /// `digits`, which are of a whole number, in groups.
    #[must_use]
    pub fn grouped(&self, digits: &str) -> String {
        let mut text = String::with_capacity(digits.len() + 4);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push_str(self.locale.group);
            }
            text.push(digit);
        }
        text
    }

    /// `minor` units without a sign of any kind.
    #[must_use]
    pub fn amount(&self, minor: u64) -> String {
        let (major, rest) = (minor / self.currency.unit(), minor % self.currency.unit());
        let mut text = self.grouped(&major.to_string());
        if self.currency.digits > 0 {
            text.push(self.locale.point);
            text.push_str(&format!("{rest:0width$}", width = self.currency.digits as usize));
        }
        text
    }

    /// `text` with the sign of the currency where this language has it.
    #[must_use]
    pub fn with_sign(&self, text: &str) -> String {
        let Locale { sign_behind, gap, signs, .. } = self.locale;
        let own = signs.iter().find(|(code, _)| *code == self.currency.code).map(|(_, sign)| *sign);
        let sign = own.unwrap_or(self.currency.sign);
        // A sign of letters stands apart in every language.
        let gap = if sign.len() > 1 && sign.is_ascii() { NO_BREAK } else { gap };
        if *sign_behind { format!("{text}{gap}{sign}") } else { format!("{sign}{gap}{text}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(tag: &str, code: &str, minor: u64) -> String {
        let conventions =
            Conventions { locale: Locale::of_tag(tag).unwrap(), currency: Currency::of_code(code).unwrap() };
        conventions.with_sign(&conventions.amount(minor))
    }

    #[test]
    fn us_30_each_language_writes_money_in_its_own_way() {
        assert_eq!(money("de-DE", "EUR", 123_450), "1.234,50\u{a0}€");
        assert_eq!(money("ja-JP", "JPY", 1_234_567), "￥1,234,567");
        assert_eq!(money("en-GB", "GBP", 123_450), "£1,234.50");
        assert_eq!(money("fr-FR", "EUR", 123_450), "1\u{202f}234,50\u{a0}€");
        assert_eq!(money("nl-NL", "EUR", 5), "€\u{a0}0,05");
        assert_eq!(money("en", "KWD", 1_234_567), "KWD\u{a0}1,234.567");
    }

    #[test]
    fn us_30_the_reader_says_which_language() {
        assert_eq!(Locale::accepted("de-DE,de;q=0.9,en;q=0.8").tag, "de");
        assert_eq!(Locale::accepted("xx, fr;q=0.5, ja;q=0.7").tag, "ja");
        assert_eq!(Locale::accepted("de;q=0, en;q=0.1").tag, "en");
        assert_eq!(Locale::accepted("").tag, "en");
        assert_eq!(Locale::accepted("de;q=many").tag, "en");
    }
}
