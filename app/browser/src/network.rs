//! Questions to the browser that are answered later: is the server there, is there room, is it protected.

use domain::ShopSlug;
use js_sys::{Promise, Reflect};
use sync::protocol::ProtocolError;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch(address: &str, options: &JsValue) -> Result<Promise, JsValue>;

    /// An answer that is late is no answer.
    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout, catch)]
    fn abort_after(milliseconds: u32) -> Result<JsValue, JsValue>;
}

/// How long the server may take to say that it is there.
const PATIENCE: u32 = 8_000;

/// Whether the server answers at its health address. A hotel's sign-in page in its place does not count, whether it
/// leads elsewhere or answers by itself: the server names its release.
pub async fn probe() -> bool {
    let options = js_sys::Object::new();
    let option = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).is_ok();
    option("cache", "no-store".into());
    option("redirect", "error".into());
    if let Ok(signal) = abort_after(PATIENCE) {
        option("signal", signal);
    }
    let Ok(answer) = fetch("/healthz", &options) else { return false };
    match JsFuture::from(answer).await {
        Ok(answer) => property(&answer, "ok").is_some_and(|ok| ok.is_truthy()) && names_release(&answer),
        Err(_) => false,
    }
}

/// Ends the session that this browser has, if it has one. Whether the server has heard it.
pub async fn end_session() -> bool {
    let options = js_sys::Object::new();
    let option = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).is_ok();
    option("method", "POST".into());
    option("cache", "no-store".into());
    if let Ok(signal) = abort_after(PATIENCE) {
        option("signal", signal);
    }
    let Ok(answer) = fetch("/session/end", &options) else { return false };
    match JsFuture::from(answer).await {
        // It leads to the page where one signs in.
        Ok(answer) => property(&answer, "ok").is_some_and(|ok| ok.is_truthy()) && names_release(&answer),
        Err(_) => false,
    }
}

/// How long a picture may take on its way.
const PICTURE_PATIENCE: u32 = 60_000;

/// Sends a picture's bytes. One that the server does not take is no reason to hold back the command that names it: that
/// is refused then, and a person sees why.
///
/// # Errors
/// [`ProtocolError::NotSignedIn`], or [`ProtocolError::NoAnswer`] when it is worth another try.
pub async fn send_picture(shop: &ShopSlug, bytes: &[u8]) -> Result<(), ProtocolError> {
    let options = js_sys::Object::new();
    let option = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).is_ok();
    option("method", "POST".into());
    option("body", js_sys::Uint8Array::from(bytes).into());
    if let Ok(signal) = abort_after(PICTURE_PATIENCE) {
        option("signal", signal);
    }
    let no_answer = || ProtocolError::NoAnswer { problem: "a picture was not sent".to_owned() };
    let answer = fetch(&format!("/api/v1/shops/{shop}/blobs"), &options).map_err(|_| no_answer())?;
    let answer = JsFuture::from(answer).await.map_err(|_| no_answer())?;
    // A hotel's sign-in page has taken nothing, whatever it says.
    let status = property(&answer, "status").and_then(|status| status.as_f64()).filter(|_| names_release(&answer));
    match status.map(whole) {
        Some(401 | 410) => Err(ProtocolError::NotSignedIn),
        Some(200 | 201 | 413 | 415 | 422) => Ok(()),
        _ => Err(no_answer()),
    }
}

/// On to another page of this server.
pub fn go(address: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.location().assign(address);
    }
}

/// How long a form may take, which includes a slow hash and the page behind it.
const FORM_PATIENCE: u32 = 20_000;

/// Posts a form and follows to the page behind it, whose address this is. None where the server was not reached.
pub async fn post_form(path: &str, fields: &[(&str, &str)]) -> Option<String> {
    let form = web_sys::UrlSearchParams::new().ok()?;
    fields.iter().for_each(|(name, value)| form.append(name, value));
    let options = js_sys::Object::new();
    let option = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).is_ok();
    option("method", "POST".into());
    option("body", form.into());
    if let Ok(signal) = abort_after(FORM_PATIENCE) {
        option("signal", signal);
    }
    let answer = JsFuture::from(fetch(path, &options).ok()?).await.ok()?;
    // Whatever the page is like: its address says what came of the form.
    property(&answer, "url").filter(|_| names_release(&answer))?.as_string()
}

fn names_release(answer: &JsValue) -> bool {
    let release = property(answer, "headers").and_then(|headers| {
        let get: js_sys::Function = property(&headers, "get")?.dyn_into().ok()?;
        get.call1(&headers, &"daybook-release".into()).ok()
    });
    release.is_some_and(|release| release.is_string())
}

/// What the browser tells about this origin's storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StorageFacts {
    pub protected: Option<bool>,
    pub used: Option<u64>,
    pub quota: Option<u64>,
}

/// Asks the browser not to clear this origin by itself. What it says is in [`storage_facts`].
pub async fn persist() {
    ask_storage("persist").await;
}

pub async fn storage_facts() -> StorageFacts {
    let protected = ask_storage("persisted").await.and_then(|answer| answer.as_bool());
    let estimate = ask_storage("estimate").await;
    let bytes = |name: &str| property(estimate.as_ref()?, name)?.as_f64().map(whole);
    StorageFacts { protected, used: bytes("usage"), quota: bytes("quota") }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of bytes")]
fn whole(number: f64) -> u64 {
    number as u64
}

/// Calls a method of `navigator.storage`, which is there only in secure contexts.
async fn ask_storage(method: &str) -> Option<JsValue> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    let storage = property(&navigator, "storage").filter(JsValue::is_object)?;
    let method: js_sys::Function = property(&storage, method)?.dyn_into().ok()?;
    let promise: Promise = method.call0(&storage).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}
