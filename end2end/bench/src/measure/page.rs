//! A rendered page beside the same bytes as a static file, and what a first visit downloads.

use std::time::Instant;

use axum::{Router, routing::get};

use super::{
    Folder,
    client::Client,
    processes::Daybook,
    table::{Goal, Latencies, Table},
};

const ROUNDS: usize = 300;

pub async fn run(table: &mut Table) -> Result<(), String> {
    let folder = Folder::new("page")?;
    let daybook = Daybook::start(&folder.sqlite(), &folder).await?;
    for path in ["/s/demo", "/s/demo/products", "/s/demo/book"] {
        let mut ours = Client::connect(daybook.address).await?;
        let bytes = ours.get(path).await?.bytes;
        let file = vec![b'x'; bytes];
        let app = Router::new().route("/", get(move || async move { ([("content-type", "text/html")], file) }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        let mut theirs = Client::connect(address).await?;
        let (mut rendered, mut fixed) = (Latencies::default(), Latencies::default());
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            ours.get(path).await?;
            rendered.push(begin.elapsed());
            let begin = Instant::now();
            theirs.get("/").await?;
            fixed.push(begin.elapsed());
        }
        server.abort();
        let (rendered, fixed) = (rendered.percentile(0.5), fixed.percentile(0.5));
        let shown = format!("{rendered:.2} ms, {} KB", bytes / 1_000);
        table.row(
            &format!("page {path} ÷ static"),
            shown,
            format!("{fixed:.2} ms"),
            rendered / fixed,
            Goal::AtMost(3.0),
        );
    }
    Ok(())
}

/// Brotli bytes of script, Wasm and style.
pub fn size(table: &mut Table) {
    let entry = site::entry();
    let of =
        |path: &str| site::find(path).and_then(|asset| asset.brotli.as_ref().map(|bytes| bytes.len())).unwrap_or(0);
    let total = of(entry.js) + of(entry.wasm) + of(entry.css);
    let shown = format!("js {} + wasm {} + css {} B", of(entry.js), of(entry.wasm), of(entry.css));
    table.row(
        "download of the whole app, brotli, KB",
        shown,
        String::new(),
        total as f64 / 1_000.0,
        Goal::AtMost(400.0),
    );
}
