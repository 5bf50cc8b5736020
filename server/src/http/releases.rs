//! Files of releases that have been here before: a page that was opened weeks ago, or a service worker that keeps one,
//! asks for parts by names that this build does not know. Every release leaves its lasting files in the store.

use std::{io::Read, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use store::{EventStore, Release, ReleaseFile};

use super::assets::{LASTING, accepts, is_known};
use crate::clock;

/// Where files with lasting names are.
const FOLDER: &str = "/pkg/";
const LONGEST_PATH: usize = 100;

/// The lasting files that this build carries; none in builds whose files have no lasting names.
#[must_use]
pub fn of_this_build() -> Option<Release> {
    let lasting = site::assets().iter().filter(|asset| asset.immutable && asset.path.starts_with(FOLDER));
    let files: Vec<ReleaseFile> = lasting
        .map(|asset| ReleaseFile {
            path: asset.path.to_string(),
            content_type: asset.content_type.to_owned(),
            gzip: asset.gzip.is_some(),
            bytes: asset.gzip.unwrap_or(&asset.identity).to_vec(),
        })
        .collect();
    (!files.is_empty()).then(|| Release { id: site::release_id().into(), files })
}

/// Leaves a release in the store. A store that does not answer costs old pages a reload, and nobody else anything: it
/// is tried a few times, and a server does not wait for it to start.
pub async fn keep(store: Arc<dyn EventStore>, release: Release) {
    for pause in [1, 5, 30, 120] {
        match store.keep_release(release.clone(), clock::now()).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(code = error.code(), %error, "this release's files are not kept yet"),
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

/// The file at `path`, if some release that is kept had it.
pub async fn find(store: &dyn EventStore, path: &str, headers: &HeaderMap) -> Option<Response> {
    if !is_name(path) {
        return None;
    }
    let file = match store.release_file(path).await {
        Ok(file) => file?,
        Err(error) => {
            tracing::warn!(code = error.code(), %error, "files of earlier releases cannot be looked up");
            return None;
        }
    };
    answer(file, headers).await
}

/// Whether a file could have this name: other addresses are not worth asking the store.
fn is_name(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    path.len() <= LONGEST_PATH && path.strip_prefix(FOLDER).is_some_and(|name| name.bytes().all(plain))
}

async fn answer(file: ReleaseFile, headers: &HeaderMap) -> Option<Response> {
    let ReleaseFile { path, content_type, gzip, bytes } = file;
    let packed = gzip && accepts(headers, "gzip");
    // The path names the content, and so does the tag.
    let etag = format!("\"{}{}\"", path.trim_start_matches(FOLDER), if packed { "-gzip" } else { "" });
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let bytes = if gzip && !packed { unpacked(bytes).await? } else { bytes };
        let mut response = Body::from(bytes).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_str(&content_type).ok()?);
        if packed {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(LASTING));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).ok()?);
    Some(response)
}

async fn unpacked(bytes: Vec<u8>) -> Option<Vec<u8>> {
    // Megabytes of it: other requests go on meanwhile.
    let unpacking = tokio::task::spawn_blocking(move || {
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut unpacked).map(|_| unpacked)
    });
    match unpacking.await {
        Ok(Ok(unpacked)) => Some(unpacked),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a file of an earlier release cannot be unpacked");
            None
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_be_a_file_is_asked_for() {
        assert!(is_name("/pkg/daybook.0123456789abcdef.wasm"));
        for path in
            ["/", "/pkg", "/pkg/../x", "/pkg/a/b", "/pkg/a%20b", "/s/demo", &format!("/pkg/{}", "x".repeat(100))]
        {
            assert!(!is_name(path), "{path}");
        }
    }

    #[test]
    fn a_build_without_lasting_names_keeps_nothing() {
        let lasting = site::assets().iter().any(|asset| asset.immutable);
        assert_eq!(of_this_build().is_some(), lasting);
    }
}
