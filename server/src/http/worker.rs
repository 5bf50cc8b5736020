//! The service worker, and the one document that it opens every address of the app with while there is no network.
//!
//! The worker is rendered from the files that this build carries, so the two cannot disagree. It keeps documents, files
//! and pictures that were seen, never what the books of a shop say: those are the device's own, in its database.

use std::sync::LazyLock;

use app::{OfflineShell, SiteEntry, offline_shell};
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest as _, Sha256};

use super::Shared;

/// Where the document is.
pub const SHELL: &str = "/offline";

const WORKER: &str = include_str!("worker/worker.js");
const RETIRE: &str = include_str!("worker/retire.js");

/// What this build's pages are made of, in the answer to every request: a page that did not come from a server of
/// ours does not have it.
pub static RELEASE: LazyLock<HeaderValue> =
    LazyLock::new(|| HeaderValue::from_str(&release()).unwrap_or(HeaderValue::from_static("unknown")));

fn release() -> String {
    let mut hasher = Sha256::new();
    for part in [site::release_id(), WORKER, &SHELL_OF_THIS_BUILD.html] {
        hasher.update(part);
    }
    hasher.finalize().iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

static SHELL_OF_THIS_BUILD: LazyLock<OfflineShell> = LazyLock::new(|| {
    let entry = site::entry();
    offline_shell(SiteEntry { css: entry.css, js: entry.js, wasm: entry.wasm })
});

/// `GET /sw.js`. Where offline start is switched off, and in builds whose files have no lasting names, it is one that
/// retires its predecessor: the way out of a release that keeps something bad.
pub async fn worker(State(server): Shared) -> Response {
    let lasting = site::assets().iter().any(|asset| asset.immutable);
    let script = if server.offline_start && lasting { rendered() } else { RETIRE.to_owned() };
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (kind, script).into_response()
}

fn rendered() -> String {
    let files: Vec<&str> = site::assets().iter().map(|asset| asset.path.as_ref()).collect();
    let json = |value: serde_json::Value| value.to_string();
    WORKER.replacen("__RELEASE__", &json(release().into()), 1).replacen("__SHELL__", &json(SHELL.into()), 1).replacen(
        "__FILES__",
        &json(files.into()),
        1,
    )
}

/// `GET /offline`: the document. Its policy names its scripts by their hashes: a kept document cannot have a nonce.
pub async fn shell() -> Response {
    let OfflineShell { html, inline_scripts } = &*SHELL_OF_THIS_BUILD;
    let hashes: String =
        inline_scripts.iter().map(|script| format!(" 'sha256-{}'", BASE64.encode(Sha256::digest(script)))).collect();
    let policy = format!(
        "default-src 'self'; script-src 'self'{hashes} 'wasm-unsafe-eval'; img-src 'self' data: blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let mut response = html.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(HeaderName::from_static("content-security-policy"), policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_names_the_files_of_this_build() {
        let script = rendered();
        assert!(!script.contains("__"), "{script}");
        for asset in site::assets() {
            assert!(script.contains(asset.path.as_ref()), "{}", asset.path);
        }
    }
}
