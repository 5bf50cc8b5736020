//! What remains when the program stops: a panic, a trap, an error that nobody caught. The page's own script
//! (`app/src/shell/stopped.js`) leaves a note for the next start and shows a panel, because it works where Wasm does
//! not. Nothing is lost by it: what was said to be saved is in storage, and what was not saved was not said to be.

use std::{
    fmt::{self, Display, Formatter},
    panic::PanicHookInfo,
};

use domain::ShopSlug;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, console};

use crate::storage::mirror;

const NOTE: &str = "daybook:crash";
/// On the document's root while the kept copy of a shop's log is folded: its name. The script copies it into the note.
const FOLDING: &str = "data-folding";

/// What happened, as the script has written it down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CrashNote {
    pub message: String,
    pub page: String,
    /// Milliseconds since 1970 by the device's clock.
    pub at: i64,
    /// The shop whose kept log was being folded.
    #[serde(default)]
    pub folding: Option<String>,
}

impl Display for CrashNote {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the page {} stopped: {}", self.page, self.message)
    }
}

/// To be called once, before anything else.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(stop));
}

/// A panic in Wasm reaches the script as a bare "unreachable": only here its message is known.
fn stop(info: &PanicHookInfo<'_>) {
    let message = JsValue::from_str(&info.to_string());
    console::error_1(&message);
    let stopped = js_sys::Reflect::get(&js_sys::global(), &"daybookStopped".into());
    if let Ok(Ok(stopped)) = stopped.map(JsValue::dyn_into::<js_sys::Function>) {
        let _ = stopped.call1(&JsValue::UNDEFINED, &message);
    }
}

/// The note of the last crash. It stays for the reports of the next starts too, until there is another one.
#[must_use]
pub fn last() -> Option<CrashNote> {
    mirror::get(NOTE)
}

/// Whether the last crash was in folding this shop's kept log. Said once: the copy is set aside for it.
#[must_use]
pub fn was_folding(shop: &ShopSlug) -> bool {
    let Some(note) = last().filter(|note| note.folding.as_deref() == Some(shop.as_str())) else { return false };
    let _ = mirror::set(NOTE, &CrashNote { folding: None, ..note });
    true
}

/// The kept log is being folded for as long as this lives.
pub(crate) struct Folding(Option<Element>);

impl Folding {
    pub fn begin(shop: &ShopSlug) -> Self {
        let root = web_sys::window().and_then(|window| window.document()?.document_element());
        if let Some(root) = &root {
            let _ = root.set_attribute(FOLDING, shop.as_str());
        }
        Self(root)
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        if let Some(root) = &self.0 {
            let _ = root.remove_attribute(FOLDING);
        }
    }
}
