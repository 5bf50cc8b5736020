//! The one polite live region. It is in the document from the first byte: a region that is added together with its
//! words is not read out.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::erased::follow;

/// Words that come this soon after others are said with them: the later ones would only silence the earlier.
const TOGETHER: Duration = Duration::from_millis(500);

/// Says things to people who do not see them. The frame provides it.
#[derive(Clone, Copy)]
pub struct Announcer {
    said: RwSignal<String>,
    /// Whether something was said a moment ago.
    speaking: StoredValue<bool>,
}

impl Default for Announcer {
    fn default() -> Self {
        Self { said: RwSignal::new(String::new()), speaking: StoredValue::new(false) }
    }
}

impl Announcer {
    #[must_use]
    pub fn of_context() -> Self {
        use_context().unwrap_or_default()
    }

    /// Says words, in the place of those that were said before. In the browser only.
    pub fn say(&self, words: impl Into<String>) {
        let (words, speaking) = (words.into(), self.speaking);
        let together = speaking.try_get_value().unwrap_or(false);
        self.said.try_update(|said| *said = following(said, &words, together));
        if !together {
            speaking.try_set_value(true);
            set_timeout(move || _ = speaking.try_set_value(false), TOGETHER);
        }
    }
}

/// What the region holds next.
fn following(said: &str, words: &str, together: bool) -> String {
    match said.trim_end_matches(SAME_AGAIN) {
        before if before == words => format!("{said}{SAME_AGAIN}"),
        before if together => format!("{}. {words}", before.trim_end_matches('.')),
        _ => words.to_owned(),
    }
}

/// The same words again are read out only if the text differs; a trailing no-break space is not spoken.
const SAME_AGAIN: char = '\u{a0}';

#[component]
pub fn LiveRegion(announcer: Announcer) -> impl IntoView {
    view! {
        <p class="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
            {follow(move || announcer.said.get())}
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_one_moment_are_said_together_and_later_ones_alone() {
        assert_eq!(following("2 confirmed", "Live", true), "2 confirmed. Live");
        assert_eq!(following("Saved here: 2 buns.", "Live", true), "Saved here: 2 buns. Live");
        assert_eq!(following("2 confirmed", "Live", false), "Live");
    }

    #[test]
    fn the_same_words_again_are_another_text() {
        let again = following("Live", "Live", false);
        assert_eq!(again, "Live\u{a0}");
        assert_ne!(following(&again, "Live", false), again);
    }
}
