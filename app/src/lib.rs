//! The application: pages and components, rendered by the server and alive in the browser.
//!
//! Reading order:
//!
//! 1. [`pages`]: one file a screen, each a pure `load` and a view of what it loaded
//! 2. [`live`]: how a page gets its data: from the server once, then from the device's replica
//! 3. [`replica`]: the device's replica, as pages see it and ask things of it
//!    [`repair`]: what can be done about a command that was not accepted; `held`: looking back in the browser
//! 4. [`forms`]: how a form becomes a command, the same on both sides
//! 5. [`ui`]: what several pages share; [`viewer`]: what the role of whoever looks opens and offers
//! 6. [`text`], [`format`]: every word and every number on screen
//! 7. [`api`], `backend`: the doors of the server, and what they need of it; [`status`]: how the server stands;
//!    [`people`], [`devices`]: who and what belongs to a shop
//! 8. [`shell`]: the document around the application

// Views are types, and those of whole pages are deep.
#![recursion_limit = "256"]

pub mod api;
pub mod approval;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod devices;
pub mod format;
pub mod forms;
#[cfg(not(feature = "ssr"))]
mod held;
pub mod live;
pub mod pages;
pub mod people;
pub mod repair;
pub mod replica;
#[cfg(feature = "ssr")]
mod shell;
pub mod status;
pub mod text;
pub mod ui;
pub mod viewer;
#[cfg(feature = "hydrate")]
mod wire;

pub use pages::App;
#[cfg(feature = "ssr")]
pub use shell::{OfflineShell, SiteEntry, Theme, offline_shell, shell};

/// Brings the document to life. Called once by its start script.
///
/// The attribute tells the two kinds of document apart: a page rendered by the server is hydrated; the empty shell
/// that the service worker keeps for any address is mounted, since there is nothing to walk over.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    browser::install_panic_hook();
    let html = leptos::prelude::document().document_element();
    let said = |name: &str| html.as_ref().and_then(|html| html.get_attribute(name));
    // As the server has written the numbers of this very document; one that the device kept was written for nobody.
    let locale = said("data-locale").and_then(|tag| format::Locale::of_tag(&tag));
    format::set_locale(locale.unwrap_or_else(|| format::Locale::accepted(&browser::languages())));
    let is_kept = said("data-boot").as_deref() == Some("csr");
    browser::sign_out::finish_of_form(move || start(is_kept));
}

/// `is_kept`: the document is the one that the worker keeps.
#[cfg(feature = "hydrate")]
fn start(is_kept: bool) {
    if !browser::sign_out::may_show(!is_kept) {
        return;
    }
    if is_kept {
        leptos::mount::mount_to_body(App);
    } else {
        leptos::mount::hydrate_body(App);
    }
}
