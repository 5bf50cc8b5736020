//! What people look for in a list: a few typed words.

/// Finds by every typed word, in any of the texts, whatever its case.
pub struct Matcher(Vec<String>);

impl Matcher {
    #[must_use]
    pub fn new(searched: &str) -> Self {
        Self(searched.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether every word is in one of the texts; always where nothing was typed.
    #[must_use]
    pub fn fits<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let texts: Vec<String> = texts.into_iter().map(str::to_lowercase).collect();
        self.0.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_typed_word_must_be_found_in_one_of_the_texts() {
        let fits = |searched: &str| Matcher::new(searched).fits(["Oat bread", "OAT-1"]);
        assert!(fits("") && fits("oat") && fits("BREAD oat-1") && fits(" br "));
        assert!(!fits("oat milk"));
    }
}
