//! Reading a file that a person has chosen, and saving one.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlElement, HtmlInputElement, Url};

/// The text of the file chosen in the field `id`, which is empty afterwards, so that the same file can be chosen again.
/// `None` when none is chosen or it cannot be read.
pub async fn take_chosen(id: &str) -> Option<String> {
    let field = web_sys::window()?.document()?.get_element_by_id(id)?.dyn_into::<HtmlInputElement>().ok()?;
    let file = field.files()?.get(0)?;
    let text = JsFuture::from(AsRef::<Blob>::as_ref(&file).text()).await;
    field.set_value("");
    text.ok()?.as_string()
}

/// Saves a text where the browser saves what is downloaded.
pub fn save(name: &str, text: &str) {
    // A link that is pressed by the program; its address lives as long as the press.
    let _ = try_save(name, text);
}

fn try_save(name: &str, text: &str) -> Option<()> {
    let document = web_sys::window()?.document()?;
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&text.into()), &options).ok()?;
    let address = Url::create_object_url_with_blob(&blob).ok()?;
    let link = document.create_element("a").ok()?.dyn_into::<HtmlElement>().ok()?;
    link.set_attribute("href", &address).ok()?;
    link.set_attribute("download", name).ok()?;
    link.click();
    Url::revoke_object_url(&address).ok()
}
