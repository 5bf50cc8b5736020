//! The document around the application.

use http::{HeaderName, HeaderValue, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use crate::{
    format::{Locale, Reader},
    pages::App,
};

/// The addresses that a page names to start the app. The server provides them by context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SiteEntry {
    pub css: &'static str,
    pub js: &'static str,
    pub wasm: &'static str,
}

impl Default for SiteEntry {
    /// The names that `cargo leptos` gives without hashes.
    fn default() -> Self {
        Self { css: "/style/main.css", js: "/pkg/daybook.js", wasm: "/pkg/daybook.wasm" }
    }
}

/// How the page looks; kept in a cookie so that the server renders the right one from the first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// The name that the cookie and `<html data-theme>` use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// None where the system decides.
    #[must_use]
    pub fn of_cookies(cookies: &str) -> Option<Self> {
        cookies.split(';').find_map(|cookie| match cookie.trim().split_once('=')? {
            ("theme", "light") => Some(Self::Light),
            ("theme", "dark") => Some(Self::Dark),
            _ => None,
        })
    }
}

/// The whole document for one request. Takes [`SiteEntry`] from the context.
#[must_use]
pub fn shell() -> AnyView {
    let entry = use_context::<SiteEntry>().unwrap_or_default();
    let nonce = use_nonce();
    protect(nonce.as_deref());
    let locale = asked_locale();
    provide_context(Reader::new(locale));
    view! {
        <!DOCTYPE html>
        <html lang="en" data-boot="hydrate" data-locale=locale.tag data-theme=asked_theme().map(Theme::name)>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href=entry.css/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/icon-192.png"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <link rel="modulepreload" href=entry.js/>
                <link rel="preload" href=entry.wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <script type="module" nonce=nonce>{start_script(entry)}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
    .into_any()
}

/// The document that the service worker keeps for every address of the app: empty, it mounts instead of hydrating.
/// It is kept and shown again, so it has no nonce: its policy must name the hashes of its scripts instead.
pub struct OfflineShell {
    pub html: String,
    pub inline_scripts: [String; 2],
}

#[must_use]
pub fn offline_shell(entry: SiteEntry) -> OfflineShell {
    let SiteEntry { css, .. } = entry;
    let inline_scripts = [THEME_SCRIPT.to_owned(), start_script(entry)];
    let [theme, start] = &inline_scripts;
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\" data-boot=\"csr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Daybook</title><script>{theme}</script>\
         <link rel=\"stylesheet\" href=\"{css}\"><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"apple-touch-icon\" href=\"/icon-192.png\">\
         <link rel=\"manifest\" href=\"/manifest.webmanifest\">\
         <script type=\"module\">{start}</script></head><body></body></html>"
    );
    OfflineShell { html, inline_scripts }
}

/// The server reads the cookie before it renders; the kept document has to read it before it is painted.
const THEME_SCRIPT: &str = "{let t=/(?:^|; )theme=(light|dark)/.exec(document.cookie);\
    if(t)document.documentElement.dataset.theme=t[1]}";

/// What is done when the page stops. Plain script, and in the document itself: it has to work where neither Wasm nor
/// any file of ours does.
const STOPPED_SCRIPT: &str = include_str!("shell/stopped.js");

fn start_script(SiteEntry { js, wasm, .. }: SiteEntry) -> String {
    // Imported by a call: a file that is missing would otherwise end the whole script without a word.
    format!(
        "{STOPPED_SCRIPT}import({js:?}).then(({{default:init,hydrate}})=>init({{module_or_path:{wasm:?}}}).then(hydrate))\
         .catch((problem)=>daybookStopped(problem,'This page could not be started',\
         'What was saved here is safe, and goes to the book when the page works again.'));"
    )
}

/// How this reader's language writes numbers.
fn asked_locale() -> &'static Locale {
    let header = use_context::<Parts>().and_then(|parts| parts.headers.get(header::ACCEPT_LANGUAGE).cloned());
    let header = header.as_ref().and_then(|header| header.to_str().ok()).unwrap_or_default();
    Locale::accepted(header)
}

fn asked_theme() -> Option<Theme> {
    let parts = use_context::<Parts>()?;
    parts.headers.get_all(header::COOKIE).iter().find_map(|value| Theme::of_cookies(value.to_str().ok()?))
}

/// Only our own files, and the inline scripts of this very answer, may run. Wasm needs a word of its own.
fn protect(nonce: Option<&str>) {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), nonce) else { return };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; img-src 'self' data: blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(HeaderName::from_static("content-security-policy"), policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_is_read_among_other_cookies() {
        assert_eq!(Theme::of_cookies("a=b; theme=dark; c=d"), Some(Theme::Dark));
        assert_eq!(Theme::of_cookies("theme=light"), Some(Theme::Light));
        assert_eq!(Theme::of_cookies("theme=system; xtheme=dark"), None);
    }

    #[test]
    fn the_offline_shell_mounts_the_same_files() {
        let entry = SiteEntry { css: "/c.css", js: "/j.js", wasm: "/w.wasm" };
        let shell = offline_shell(entry);
        assert!(shell.html.contains("data-boot=\"csr\""));
        assert!(
            shell.html.contains("/c.css") && shell.html.contains("\"/j.js\"") && shell.html.contains("\"/w.wasm\"")
        );
        assert!(shell.inline_scripts.iter().all(|script| shell.html.contains(&format!(">{script}</script>"))));
    }
}
