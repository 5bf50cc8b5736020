//! A picture that a person has chosen or taken, made ready to be kept: drawn anew, so that nothing stays of what the
//! camera wrote beside it, and no larger than a screen.

use domain::values::BlobHash;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlCanvasElement, HtmlInputElement, ImageBitmap, Url, Window,
};

use crate::storage::StorageError;

/// The longer side, in pixels.
const LONGEST_SIDE: u32 = 1_600;
/// Of a JPEG file, from 0 to 1.
const QUALITY: f64 = 0.85;
const JPEG: &str = "image/jpeg";

/// A JPEG file, and the name that the book knows it by.
#[derive(Clone, PartialEq, Debug)]
pub struct Taken {
    pub name: BlobHash,
    pub bytes: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// The picture chosen in the field `id`. `None` when none is chosen.
///
/// # Errors
/// When the browser cannot read it as a picture.
pub async fn take_chosen(id: &str) -> Result<Option<Taken>, StorageError> {
    let Some(window) = web_sys::window() else { return Ok(None) };
    let field = window.document().and_then(|document| document.get_element_by_id(id));
    let field = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let Some(file) = field.and_then(|field| field.files()?.get(0)) else { return Ok(None) };
    // The way up, which the file tells apart from its pixels, is in the bitmap already.
    let bitmap: ImageBitmap = JsFuture::from(window.create_image_bitmap_with_blob(&file)?).await?.unchecked_into();
    let (width, height) = fitting(bitmap.width(), bitmap.height());
    let drawn = draw(&window, &bitmap, width, height)?;
    bitmap.close();
    let blob: Blob = JsFuture::from(encoded(&drawn)).await?.dyn_into().map_err(|_| unreadable())?;
    let bytes = Uint8Array::new(&JsFuture::from(blob.array_buffer()).await?).to_vec();
    Ok(Some(Taken { name: BlobHash::of(&bytes), bytes, width, height }))
}

fn unreadable() -> StorageError {
    StorageError::named("EncodingError", "the browser cannot make a picture of it")
}

/// The same shape, no longer than [`LONGEST_SIDE`].
fn fitting(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= LONGEST_SIDE {
        return (width.max(1), height.max(1));
    }
    let side = |side: u32| {
        let scaled = u64::from(side) * u64::from(LONGEST_SIDE) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(LONGEST_SIDE).max(1)
    };
    (side(width), side(height))
}

fn draw(window: &Window, bitmap: &ImageBitmap, width: u32, height: u32) -> Result<HtmlCanvasElement, StorageError> {
    let document = window.document().ok_or_else(unreadable)?;
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.dyn_into().map_err(|_| unreadable())?;
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d")?.ok_or_else(unreadable)?;
    let context: CanvasRenderingContext2d = context.dyn_into().map_err(|_| unreadable())?;
    let (across, down) = (f64::from(width), f64::from(height));
    // JPEG has no transparency: what shows through is paper.
    context.set_fill_style_str("#fff");
    context.fill_rect(0.0, 0.0, across, down);
    context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, across, down)?;
    Ok(canvas)
}

/// Resolves with a blob, or with null.
fn encoded(canvas: &HtmlCanvasElement) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let done = Closure::once_into_js(move |blob: JsValue| {
            let _ = resolve.call1(&JsValue::NULL, &blob);
        });
        if let Err(thrown) = canvas.to_blob_with_type_and_encoder_options(done.unchecked_ref(), JPEG, &QUALITY.into()) {
            let _ = reject.call1(&JsValue::NULL, &thrown);
        }
    })
}

/// An address at which this page shows these bytes, as long as it lives.
pub fn address(bytes: &[u8]) -> Option<String> {
    let options = BlobPropertyBag::new();
    options.set_type(JPEG);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_shape() {
        assert_eq!(fitting(4_000, 3_000), (1_600, 1_200));
        assert_eq!(fitting(3_000, 4_000), (1_200, 1_600));
        assert_eq!(fitting(800, 600), (800, 600));
        assert_eq!(fitting(100_000, 1), (1_600, 1));
    }
}
