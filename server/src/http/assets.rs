//! The files of the browser half, in the form that the browser asks for.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use site::Asset;

/// The file at `path`, if there is one.
#[must_use]
pub fn find(path: &str, headers: &HeaderMap) -> Option<Response> {
    site::find(path).map(|asset| answer(asset, headers))
}

fn answer(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let (encoding, bytes) = chosen(asset, headers);
    // One tag a form, so that a cache never answers one form's question with another.
    let etag = match encoding {
        Some(encoding) => format!("{}-{encoding}\"", asset.etag.trim_end_matches('"')),
        None => asset.etag.to_string(),
    };
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(bytes).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let lasting = if asset.immutable { LASTING } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(lasting));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn chosen(asset: &'static Asset, headers: &HeaderMap) -> (Option<&'static str>, Bytes) {
    match (asset.brotli, asset.gzip) {
        (Some(brotli), _) if accepts(headers, "br") => (Some("br"), Bytes::from_static(brotli)),
        (_, Some(gzip)) if accepts(headers, "gzip") => (Some("gzip"), Bytes::from_static(gzip)),
        _ => (None, Bytes::from_static(&asset.identity)),
    }
}

/// How long a file whose path names its content may be kept.
pub(super) const LASTING: &str = "public, max-age=31536000, immutable";

/// Whether the asker has this form already.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).any(|tag| tag.trim() == etag)
}

/// Whether the asker can take this coding.
pub(super) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}
