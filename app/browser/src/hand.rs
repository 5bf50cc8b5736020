//! Whether a person has something in hand on this page that loading it anew would drop.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlOptionElement, HtmlSelectElement, HtmlTextAreaElement, Node};

/// No basket with lines (`data-in-hand`), no open dialog, no field that differs from what the page put there.
#[must_use]
pub fn is_empty() -> bool {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return true };
    if document.query_selector("[data-in-hand], dialog[open]").ok().flatten().is_some() {
        return false;
    }
    let fields = "form input:not([type=hidden]), form textarea, form select";
    let Ok(fields) = document.query_selector_all(fields) else { return true };
    !(0..fields.length()).filter_map(|at| fields.item(at)).any(is_changed)
}

fn is_changed(field: Node) -> bool {
    if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
        return input.value() != input.default_value() || input.checked() != input.default_checked();
    }
    if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
        let options = select.options();
        let is_put_there = |at: &u32| {
            let option = options.item(*at).and_then(|option| option.dyn_into::<HtmlOptionElement>().ok());
            option.is_some_and(|option| option.default_selected())
        };
        // Where the page chose none, the browser chooses the first.
        let put_there = (0..options.length()).find(is_put_there).unwrap_or(0);
        return u32::try_from(select.selected_index()).is_ok_and(|chosen| chosen != put_there);
    }
    // Of a text area, the content of its element is what the page put there.
    let area = field.dyn_into::<HtmlTextAreaElement>();
    area.is_ok_and(|area| area.text_content().is_none_or(|put_there| area.value() != put_there))
}
