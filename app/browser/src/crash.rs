//! What remains when the program panics. Wasm here cannot unwind, so the page stops answering; this leaves a note
//! for the next start and a panel that works without Wasm. Nothing is lost by it: what was said to be saved is in
//! storage, and what was not saved was not said to be.

use std::panic::PanicHookInfo;

use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, console};

use crate::storage::mirror;

const NOTE: &str = "daybook:crash";

/// What happened, for the next start to show or to send.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CrashNote {
    pub message: String,
    pub build: String,
    pub page: String,
    /// Milliseconds since 1970 by the device's clock.
    pub at: i64,
}

/// To be called once, before anything else. `build` tells releases apart.
pub fn install_panic_hook(build: &'static str) {
    std::panic::set_hook(Box::new(move |info| leave_note_and_panel(info, build)));
}

/// The note of the last crash, which is forgotten by reading it.
#[must_use]
pub fn take_crash_note() -> Option<CrashNote> {
    let note = mirror::get(NOTE);
    mirror::delete(NOTE);
    note
}

fn leave_note_and_panel(info: &PanicHookInfo<'_>, build: &str) {
    let message = info.to_string();
    console::error_1(&JsValue::from_str(&message));
    let window = web_sys::window();
    let page = window.as_ref().and_then(|window| window.location().pathname().ok()).unwrap_or_default();
    let note = CrashNote { message, build: build.to_owned(), page, at: crate::clock::now().0 };
    // Where storage is blocked or full the console has it.
    let _ = mirror::set(NOTE, &note);
    let _ = window.and_then(|window| window.document()).map(|document| show_panel(&document));
}

/// The words stand here and not in the page's templates, because nothing of the page can be relied on any more.
fn show_panel(document: &Document) -> Result<(), JsValue> {
    let Some(root) = document.document_element() else { return Ok(()) };
    if root.has_attribute("data-crashed") {
        return Ok(());
    }
    root.set_attribute("data-crashed", "true")?;
    let panel = element(document, "section", "crash")?;
    panel.set_attribute("role", "alert")?;
    panel.set_attribute("data-testid", "crash")?;
    let heading = element(document, "h2", "crash-title")?;
    heading.set_text_content(Some("This page has stopped"));
    let text = element(document, "p", "crash-text")?;
    text.set_text_content(Some("What was saved here is safe. Load the page again to go on."));
    let button = element(document, "button", "button crash-reload")?;
    button.set_attribute("type", "button")?;
    button.set_text_content(Some("Load again"));
    // The browser's own function, bound to its object: a click does not pass through the stopped program, and a
    // strict content policy has nothing inline to forbid.
    let location: JsValue = document.location().into();
    let reload: js_sys::Function = js_sys::Reflect::get(&location, &"reload".into())?.unchecked_into();
    button.add_event_listener_with_callback("click", &reload.bind0(&location))?;
    for part in [heading, text, button] {
        panel.append_child(&part)?;
    }
    if let Some(body) = document.body() {
        body.insert_before(&panel, body.first_child().as_ref())?;
    }
    Ok(())
}

fn element(document: &Document, name: &str, class: &str) -> Result<Element, JsValue> {
    let element = document.create_element(name)?;
    element.set_class_name(class);
    Ok(element)
}
