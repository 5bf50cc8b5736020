//! Text inside `title` and `textarea`. HTML reads no tags there but their own end, and knows entities; the framework writes
//! such text into the server's document as it is, as if no end could come in it. Names of products can have one.

use std::borrow::Cow;

/// The text as it has to be handed to such an element: escaped on the server, as it is in a browser, where it becomes a text
/// node and no markup.
#[must_use]
pub fn raw_text(text: &str) -> Cow<'_, str> {
    if cfg!(feature = "ssr") { escaped(text) } else { text.into() }
}

fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['&', '<']) { text.replace('&', "&amp;").replace('<', "&lt;").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn no_end_comes_in_what_is_written_into_an_element_of_text() {
        assert_eq!(escaped("</textarea></title><b> &lt;"), "&lt;/textarea>&lt;/title>&lt;b> &amp;lt;");
        assert_eq!(escaped("Oat bread > 500 g"), "Oat bread > 500 g");
    }
}
