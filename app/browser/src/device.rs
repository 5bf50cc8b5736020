//! Who this browser profile is.

use uuid::Uuid;

/// A device's identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device(pub Uuid);

impl Device {
    /// A letter and five digits: short enough for a receipt, and 2.6 million of them, since two devices of a shop
    /// with the same code would give out the same receipt numbers.
    #[must_use]
    pub fn code(self) -> String {
        // The first 48 bits of a random UUID are all random.
        let bits = self.0.as_u128() >> 80;
        let letter = char::from(b'A' + u8::try_from(bits % 26).unwrap_or(0));
        format!("{letter}{:05}", (bits / 26) % 100_000)
    }

    /// A number for the jitter of retries.
    #[must_use]
    pub fn seed(self) -> u64 {
        self.0.as_u64_pair().1
    }
}

/// The languages that the person has told the browser, best first, as in the header that it sends with each request.
#[must_use]
pub fn languages() -> String {
    let said = web_sys::window().map(|window| window.navigator().languages());
    said.map(|languages| languages.iter().filter_map(|tag| tag.as_string()).collect::<Vec<_>>().join(","))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_letter_and_digits() {
        for seed in 0..200_u128 {
            let code = Device(Uuid::from_u128(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834))).code();
            let (letter, digits) = code.split_at(1);
            assert!(letter.bytes().all(|b| b.is_ascii_uppercase()), "{code}");
            assert!(digits.len() == 5 && digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn codes_of_two_hundred_devices_differ() {
        let codes: std::collections::BTreeSet<String> =
            (0..200_u128).map(|seed| Device(Uuid::from_u128(seed << 80 | seed << 100)).code()).collect();
        assert!(codes.len() > 190);
    }
}
