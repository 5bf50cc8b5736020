//! Passwords that guessers try first.
//!
//! What a list can do against guessing is small beside the pause after wrong ones, so the list is short: the well known
//! ones of eight letters and more, which also stand for their many forms. Capital letters, digits and signs at the end, and the
//! usual digits in place of letters make no other password of it.

use std::{collections::BTreeSet, sync::LazyLock};

/// In lower case, one a line.
const LIST: &str = include_str!("common.txt");

static COMMON: LazyLock<BTreeSet<&str>> = LazyLock::new(|| LIST.lines().collect());
/// The same with what people put at the end taken away.
static STEMS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| COMMON.iter().map(|word| stem(word)).filter(|stem| stem.len() >= LEAST_STEM).collect());

/// Shorter ones are words that good passwords may be made of.
const LEAST_STEM: usize = 5;
/// Of a row of keys, or of the alphabet.
const ROWS: [&str; 6] =
    ["01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm"];

/// Without the digits and signs at the end, unless there is nothing else.
fn stem(word: &str) -> &str {
    word.trim_end_matches(|letter: char| !letter.is_alphabetic())
}

/// Whether everybody would try it.
#[must_use]
pub fn is_common(password: &str) -> bool {
    let lower = password.trim().to_lowercase();
    let letters: String = lower.chars().map(letter_for).collect();
    let is_listed = |text: &str| COMMON.contains(text) || STEMS.contains(stem(text));
    is_listed(&lower) || is_listed(&letters) || is_row(&lower) || is_one_letter(&lower)
}

/// The letter that a digit or sign usually stands for.
fn letter_for(written: char) -> char {
    match written {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Keys that stand beside each other, forwards or backwards.
fn is_row(text: &str) -> bool {
    let back: String = text.chars().rev().collect();
    ROWS.iter().any(|row| row.contains(text) || row.contains(&back))
}

fn is_one_letter(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| letters.all(|letter| letter == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_of_passwords_that_are_long_enough() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.is_sorted());
        assert!(lines.iter().all(|line| line.chars().count() >= 8 && *line == line.to_lowercase()));
    }

    #[test]
    fn what_everybody_tries_is_common_in_all_its_usual_forms() {
        for common in [
            "password",
            "Password1",
            "PASSWORD2026!",
            "p@ssw0rd",
            "Passw0rd!",
            "12345678",
            "87654321",
            "qwertyui",
            "iloveyou22",
            "sunshine!!",
            "aaaaaaaaaaaa",
            "liverpool99",
            " letmein123 ",
            "trustno1",
            "abcdefgh",
            "zzzzzzzz",
        ] {
            assert!(is_common(common), "{common}");
        }
        for good in
            ["correct horse battery", "staple under the stairs", "my password is long", "tR7#kd9!qz", "éüéüéüéü"]
        {
            assert!(!is_common(good), "{good}");
        }
    }
}
