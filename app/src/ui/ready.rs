//! Tells tests, and whoever else looks, that a document can be used.

use leptos::prelude::*;

/// Sets `<html data-hydrated="true">`.
pub fn mark_interactive() {
    if let Some(html) = document().document_element() {
        let _ = html.set_attribute("data-hydrated", "true");
    }
}

/// For a page that needs nothing of the device: as soon as it is alive. Effects run in the browser only.
pub fn interactive_when_alive() {
    Effect::new(|_| mark_interactive());
}
