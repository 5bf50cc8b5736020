//! Pictures' bytes: sent before the command that names them, and given out under the same name.

use axum::{
    Json,
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{books::Role, values::BlobHash};
use serde_json::{Value, json};
use store::Blob;

use super::{problem::Problem, reading::Door};
use crate::{
    pictures::{Unfit, made_clean},
    shop::log::unavailable,
};

/// Pictures that are decoded at a time, all shops together.
pub const AT_A_TIME: usize = 2;

/// `POST /blobs`: the body is the picture.
///
/// # Errors
/// 403 for whoever only reads; 413 for one that is too large in bytes or pixels, or a shop that is full; 415 for what is no
/// picture; 422 for one that cannot be decoded.
pub async fn post(door: Door, body: Result<Bytes, BytesRejection>) -> Result<Response, Problem> {
    let body = body.map_err(|_| Problem::too_large(format!("{} bytes at most", door.server.limits.picture)))?;
    let (blob, is_new) = keep(&door, body).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, Json(described(&blob))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/shops/{}/blobs/{}", door.shop.slug, blob.name)) {
        headers.insert(header::LOCATION, place);
    }
    Ok(response)
}

fn described(blob: &Blob) -> Value {
    json!({
        "blob": blob.name, "media_type": blob.media_type, "width": blob.width, "height": blob.height,
        "size": blob.bytes.len(),
    })
}

/// The picture as the shop has it from now on, and whether it was new. The same bytes twice are one picture.
///
/// # Errors
/// As [`post`].
pub async fn keep(door: &Door, sent: Bytes) -> Result<(Blob, bool), Problem> {
    if door.author.role == Role::Reader {
        return Err(Problem::not_allowed(Role::Reader, Role::StockHand));
    }
    let (server, shop) = (&door.server, &door.shop.slug);
    let store = &server.shops.store;
    if let Some(known) = store.blob(shop, &BlobHash::of(&sent)).await.map_err(unavailable)? {
        return Ok((known, false));
    }
    let stopping = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server stops").retry_after(1);
    let turn = server.pictures.clone().acquire_owned().await.map_err(|_| stopping())?;
    let made = tokio::task::spawn_blocking(move || {
        let made = made_clean(&sent);
        drop(turn);
        made
    });
    let blob = made.await.unwrap_or(Err(Unfit::Damaged)).map_err(|unfit| refused(&unfit))?;
    let most = server.limits.pictures;
    if !store.keep_blob(shop, blob.clone(), most).await.map_err(unavailable)? {
        let title = format!("the pictures of this shop would take more than {most} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "shop_full", title).with("most", most));
    }
    Ok((blob, true))
}

fn refused(unfit: &Unfit) -> Problem {
    let (status, code) = match unfit {
        Unfit::Type => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        Unfit::MoreThanAPicture => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "more_than_a_picture"),
        Unfit::TooManyPixels { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_many_pixels"),
        Unfit::Damaged => (StatusCode::UNPROCESSABLE_ENTITY, "not_a_picture"),
    };
    Problem::new(status, code, unfit.to_string())
}

/// `GET /blobs/{name}`
///
/// # Errors
/// 404 for a name that this shop has no picture of.
pub async fn get(door: Door) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("picture of this name");
    let name = BlobHash::parse(door.segment("name")).map_err(|_| unknown())?;
    let blob = door.server.shops.store.blob(&door.shop.slug, &name).await.map_err(unavailable)?.ok_or_else(unknown)?;
    // The name is never given to other bytes.
    let etag = format!("\"{name}\"");
    let mut response = if super::assets::is_known(&door.headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static(blob.media_type.as_str()))], blob.bytes).into_response()
    };
    let headers = response.headers_mut();
    for (header, value) in [
        // In the asker's own cache alone: other people's caches ask no one for a session.
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::VARY, "authorization, cookie"),
        // Should a browser ever open it as something else than a picture, it can do nothing.
        (HeaderName::from_static("content-security-policy"), "default-src 'none'; sandbox"),
    ] {
        headers.insert(header, HeaderValue::from_static(value));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}
