//! Pages of earlier releases still get their files.

use std::io::Write;

use domain::values::Millis;
use reqwest::{Method, StatusCode};
use store::{Release, ReleaseFile, contract::Fixture};

use crate::support::{Daybook, on_every_store};

on_every_store!(p8_f17_a_file_of_an_earlier_release_is_served_as_it_was, p8_a_release_keeps_its_files_when_it_starts,);

const WASM: &str = "/pkg/daybook.0123456789abcdef.wasm";
const CSS: &str = "/pkg/daybook.fedcba9876543210.css";

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn release(wasm: &[u8]) -> Release {
    let file = |path: &str, content_type: &str, gzip, bytes| ReleaseFile {
        path: path.to_owned(),
        content_type: content_type.to_owned(),
        gzip,
        bytes,
    };
    let css = file(CSS, "text/css; charset=utf-8", false, b"a{}".to_vec());
    Release { id: "earlier".into(), files: vec![file(WASM, "application/wasm", true, packed(wasm)), css] }
}

async fn p8_f17_a_file_of_an_earlier_release_is_served_as_it_was(fixture: Fixture) {
    let wasm: Vec<u8> = (0..100_000_u32).map(|at| u8::try_from(at % 7).unwrap()).collect();
    fixture.store.keep_release(release(&wasm), Millis(1)).await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    let ask = |method: Method, path: &str| daybook.client.request(method, format!("{}{path}", daybook.origin));

    let plain = ask(Method::GET, WASM).send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::OK);
    assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(plain.headers()["content-type"], "application/wasm");
    assert_eq!(plain.headers()["vary"], "accept-encoding");
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_eq!(plain.bytes().await.unwrap(), wasm);

    let small = ask(Method::GET, WASM).header("accept-encoding", "br, gzip").send().await.unwrap();
    assert_eq!(small.headers()["content-encoding"], "gzip");
    let etag = small.headers()["etag"].clone();
    assert_eq!(small.bytes().await.unwrap(), packed(&wasm));
    let again = ask(Method::GET, WASM).header("accept-encoding", "gzip").header("if-none-match", etag).send().await;
    assert_eq!(again.unwrap().status(), StatusCode::NOT_MODIFIED);

    let css = ask(Method::GET, CSS).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!((css.status(), css.headers().contains_key("content-encoding")), (StatusCode::OK, false));
    assert_eq!(css.text().await.unwrap(), "a{}");
    assert_eq!(ask(Method::HEAD, WASM).send().await.unwrap().status(), StatusCode::OK);

    for path in ["/pkg/daybook.0000000000000000.wasm", "/pkg/", "/pkg/../healthz-not", "/elsewhere.wasm"] {
        let unknown = ask(Method::GET, path).send().await.unwrap();
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND, "{path}");
        let cached = unknown.headers().get("cache-control").map(|value| value.to_str().unwrap().to_owned());
        assert!(!cached.unwrap_or_default().contains("immutable"), "{path}");
    }
}

async fn p8_a_release_keeps_its_files_when_it_starts(fixture: Fixture) {
    server::http::releases::keep(fixture.store.clone(), release(b"bytes")).await;
    let kept = fixture.store.release_file(WASM).await.unwrap().unwrap();
    assert_eq!((kept.gzip, kept.bytes), (true, packed(b"bytes")));
}
