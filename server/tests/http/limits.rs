//! Requests that are too much of something: they get a quick answer, and everybody else is served meanwhile.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Daybook, SHOP, answer, memory};

/// Bytes on a connection of their own; what comes back until the server says no more.
async fn raw(daybook: &Daybook, request: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(daybook.running.as_ref().unwrap().addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    let head = head(&mut stream).await;
    (stream, head)
}

/// The head of the next answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read_buf(&mut head).await.unwrap();
        assert!(read > 0, "no answer");
    }
    String::from_utf8_lossy(&head).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_deep_or_too_many_is_refused_and_nothing_is_written() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.body = 64 * 1024 * 1024).await;
    let before = daybook.receive("B", "A", 4).await;
    let deep = |open: &str| open.repeat(100_000);
    let product = |description: &str| {
        format!("{{\"type\": \"product.add\", \"data\": {{\"sku\": \"A\", \"description\": {description}}}}}")
    };
    let many =
        format!("[{}]", vec!["{\"type\": \"product.archive\", \"data\": {\"sku\": \"A\"}}"; 1_000_000].join(","));
    assert!(many.len() < 64 * 1024 * 1024);
    let forms = ["/session", "/join", "/s/test/commands"].map(|path| format!("{}{path}", daybook.origin));
    let functions = ["/api/push_commands", "/api/read_entries"].map(|path| format!("{}{path}", daybook.origin));
    for (body, statuses) in [
        (deep("["), [400, 400].as_slice()),
        (deep("{\"a\":"), &[400]),
        (product(&deep("[")), &[400]),
        (many, &[413, 400]),
    ] {
        for address in [&daybook.url("/commands"), &functions[0], &functions[1]] {
            let post = daybook.client.post(address).header("content-type", "application/json").body(body.clone());
            let status = post.header("accept", "application/json").send().await.unwrap().status().as_u16();
            assert!(statuses.contains(&status), "{address}: {status} for {}", &body[..20]);
        }
    }
    for address in &forms {
        let fields = "a=b&".repeat(1_000_000);
        let post =
            daybook.client.post(address).header("content-type", "application/x-www-form-urlencoded").body(fields);
        let answered = post.send().await.unwrap();
        assert!(!answered.status().is_server_error(), "{address}");
        let led_to = answered.headers().get("location").map_or(0, |to| to.len());
        assert!(led_to < 20_000, "{address}: an address of {led_to} bytes");
    }
    assert_eq!(daybook.head().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_when_it_is_announced_and_when_it_comes_without_a_word() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    for path in [
        format!("/api/v1/shops/{SHOP}/commands"),
        format!("/api/v1/shops/{SHOP}/blobs"),
        "/api/push_commands".to_owned(),
        "/s/test/commands".to_owned(),
        "/s/test/commands/picture".to_owned(),
        "/session".to_owned(),
        "/join".to_owned(),
    ] {
        let kind = match path.as_str() {
            "/s/test/commands/picture" => "multipart/form-data; boundary=x",
            "/session" | "/join" | "/s/test/commands" => "application/x-www-form-urlencoded",
            _ => "application/json",
        };
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\ncontent-type: {kind}\r\n");
        let announced = format!("{head}content-length: 1073741824\r\n\r\n");
        let (_, said) = raw(&daybook, announced.as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 413"), "{path}: {said}");

        // In pieces, until the answer is there: long before the end.
        let mut stream = TcpStream::connect(daybook.running.as_ref().unwrap().addr).await.unwrap();
        stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
        let (mut reads, mut writes) = stream.split();
        let piece = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        let mut answered = Vec::new();
        let mut sent = 0_u64;
        while answered.is_empty() {
            assert!(sent < 1 << 30, "{path}: all of it was taken");
            tokio::select! {
                read = reads.read_buf(&mut answered) => assert!(read.unwrap() > 0, "{path}"),
                written = writes.write_all(&piece) => {
                    written.unwrap();
                    sent += 0x10000;
                }
            }
        }
        let said = String::from_utf8_lossy(&answered);
        assert!(said.starts_with("HTTP/1.1 413"), "{path} after {sent} bytes: {said}");
    }
    assert_eq!(daybook.head().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_do_not_come_are_dropped_and_others_are_served_meanwhile() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.header = Duration::from_secs(2)).await;
    let address = daybook.running.as_ref().unwrap().addr;
    let mut slow = Vec::new();
    for number in 0..500 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-{number}: ").as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let (status, said) = answer(
        daybook
            .post(&json!({"type": "stock.receive", "data": {"batchref": "B", "sku": "A", "qty": 1}}))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let ended = async {
        for stream in &mut slow {
            let mut rest = Vec::new();
            // An answer that says so, or none; then the end.
            let _ = stream.read_to_end(&mut rest).await;
            assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("all of them are dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.pause = Duration::from_millis(200)).await;
    for (path, kind) in [
        ("/api/v1/shops/test/commands", "application/json"),
        ("/api/push_commands", "application/json"),
        ("/session", "application/x-www-form-urlencoded"),
        ("/s/test/commands/picture", "multipart/form-data; boundary=x"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\ncontent-type: {kind}\r\ncontent-length: 100\r\n\r\n--x"
        );
        let answered = tokio::time::timeout(Duration::from_secs(20), raw(&daybook, head.as_bytes())).await;
        let (_, said) = answered.unwrap_or_else(|_| panic!("{path}: no answer"));
        let status: u16 = said.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((400..=503).contains(&status) && status != 500, "{path}: {said}");
    }
    assert_eq!(daybook.head().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_refused() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::on(&fixture.store).await;
    for head in [
        format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(1_000)),
    ] {
        let (_, said) = raw(&daybook, head.as_bytes()).await;
        let status = said.split(' ').nth(1).unwrap().to_owned();
        assert!(["414", "431", "400"].contains(&status.as_str()), "{said}");
    }
    assert_eq!(daybook.head().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_or_break_off_in_a_preface_are_dropped() {
    let fixture = memory().await.unwrap();
    let daybook = Daybook::with(&fixture.store, |limits| limits.header = Duration::from_millis(500)).await;
    for said in ["", "P", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM"] {
        let mut stream = TcpStream::connect(daybook.running.as_ref().unwrap().addr).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{said:?} holds its place");
        let rest = String::from_utf8_lossy(&rest);
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 4"), "{said:?}: {rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_for_which_there_is_no_place_waits_until_another_ends() {
    let fixture = memory().await.unwrap();
    let change = |limits: &mut server::Limits| {
        (limits.connections, limits.header) = (2, Duration::from_secs(60));
    };
    let daybook = Daybook::with(&fixture.store, change).await;
    let ask = b"HEAD /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let (first, said) = raw(&daybook, ask).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    let (mut second, _) = raw(&daybook, ask).await;
    let mut third = TcpStream::connect(daybook.running.as_ref().unwrap().addr).await.unwrap();
    third.write_all(ask).await.unwrap();
    // Long enough to be answered, if it were served.
    for _ in 0..100 {
        second.write_all(ask).await.unwrap();
        assert!(head(&mut second).await.starts_with("HTTP/1.1 200"));
    }
    let kind = third.try_read(&mut [0; 16]).unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::WouldBlock, "there are two places");
    drop(first);
    assert!(head(&mut third).await.starts_with("HTTP/1.1 200"));
}
