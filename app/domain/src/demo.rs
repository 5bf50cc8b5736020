//! Demo shops by their names: the one called `demo`, which stays, and those of visitors, each for 24 hours.
//!
//! A visitor's shop has its end in its name, `demo-<random>-<end>`, so everybody who meets the name knows when it is over:
//! every instance of the server, and a device without a network. The random part is what keeps others out.

use crate::{ids::ShopSlug, values::Millis};

/// The one that programs and tests address.
pub const NAME: &str = "demo";
/// Milliseconds from the making of a visitor's shop to its end.
pub const LASTS: i64 = 86_400_000;

/// Digits of 5 bits that nobody mixes up (Crockford's).
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Of the random part: 80 bits.
const RANDOM: usize = 16;
/// Of the end, in seconds since 1970: good for a thousand years.
const END: usize = 7;

fn written(number: u128, digits: usize) -> String {
    let digit = |place: usize| DIGITS.get((number >> (5 * place) & 31) as usize).copied().unwrap_or(b'0');
    (0..digits).rev().map(|place| char::from(digit(place))).collect()
}

fn read(text: &str, digits: usize) -> Option<i64> {
    let values = text.bytes().map(|byte| DIGITS.iter().position(|digit| *digit == byte));
    let number = values
        .map(|value| i64::try_from(value?).ok())
        .try_fold(0_i64, |sum, value| sum.checked_mul(32)?.checked_add(value?));
    number.filter(|_| text.len() == digits)
}

/// The name of a visitor's shop that is made at a moment. `random` has to come from the system's generator.
#[must_use]
pub fn name(random: [u8; 10], made_at: Millis) -> Option<ShopSlug> {
    let random = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let end = u128::try_from(made_at.0.checked_add(LASTS)?.div_euclid(1_000)).ok()?;
    ShopSlug::parse(&format!("{NAME}-{}-{}", written(random, RANDOM), written(end, END))).ok()
}

/// When a visitor's shop is over; none for any other shop.
#[must_use]
pub fn end(shop: &ShopSlug) -> Option<Millis> {
    let (random, end) = shop.as_str().strip_prefix(NAME)?.strip_prefix('-')?.split_once('-')?;
    let is_random = random.len() == RANDOM && random.bytes().all(|byte| DIGITS.contains(&byte));
    let seconds = read(end, END).filter(|_| is_random)?;
    seconds.checked_mul(1_000).map(Millis)
}

/// Whether it was a visitor's shop, and its time has passed.
#[must_use]
pub fn is_over(shop: &ShopSlug, now: Millis) -> bool {
    end(shop).is_some_and(|end| now >= end)
}

/// Whether it is one of either kind.
#[must_use]
pub fn is_demo(shop: &ShopSlug) -> bool {
    shop.as_str() == NAME || end(shop).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitors_shop_says_in_its_name_when_it_is_over() {
        let made = Millis::parse("2026-11-28T17:00:00Z").unwrap();
        let shop = name([7, 0, 255, 3, 4, 5, 6, 7, 8, 9], made).unwrap();
        assert_eq!(shop.as_str().len(), 29, "{shop}");
        assert_eq!(end(&shop), Some(Millis(made.0 + LASTS)));
        assert!(!is_over(&shop, made));
        assert!(!is_over(&shop, Millis(made.0 + LASTS - 1)));
        assert!(is_over(&shop, Millis(made.0 + LASTS)));
        assert!(is_demo(&shop));
        let next = name([7, 0, 255, 3, 4, 5, 6, 7, 8, 10], made).unwrap();
        assert_ne!(shop, next, "the last bits count too");
        let first = name([8, 0, 255, 3, 4, 5, 6, 7, 8, 9], made).unwrap();
        assert_ne!(shop, first, "and the first");
    }

    #[test]
    fn every_other_shop_stays() {
        let never = Millis(i64::MAX);
        for text in [
            "demo",
            "demo-",
            "demo-shop",
            "demo-0123456789abcdef",
            "demo-0123456789abcdef-",
            "corner",
            "demo-0123456789abcdef-01234567",
            "demo-0123456789abcdeu-0123456",
            "demo-0123456789abcdef-012345u",
        ] {
            let shop = ShopSlug::parse(text).unwrap();
            assert_eq!((end(&shop), is_over(&shop, never)), (None, false), "{text}");
            assert_eq!(is_demo(&shop), text == "demo", "{text}");
        }
        assert!(is_over(&ShopSlug::parse("demo-0123456789abcdef-0123456").unwrap(), never));
    }
}
