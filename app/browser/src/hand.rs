//! Whether a person has something in hand on this page that loading it anew would drop.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement, Node};

/// No basket with lines (`data-in-hand`), no open dialog, no field that differs from what the page put there.
#[must_use]
pub fn is_empty() -> bool {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return true };
    if document.query_selector("[data-in-hand], dialog[open]").ok().flatten().is_some() {
        return false;
    }
    let Ok(fields) = document.query_selector_all("form input:not([type=hidden]), form textarea") else { return true };
    !(0..fields.length()).filter_map(|at| fields.item(at)).any(is_changed)
}

fn is_changed(field: Node) -> bool {
    match field.dyn_into::<HtmlInputElement>() {
        Ok(input) => input.value() != input.default_value() || input.checked() != input.default_checked(),
        // Of a text area, the content of its element is what the page put there.
        Err(other) => other
            .dyn_into::<HtmlTextAreaElement>()
            .is_ok_and(|area| area.text_content().is_none_or(|put_there| area.value() != put_there)),
    }
}
