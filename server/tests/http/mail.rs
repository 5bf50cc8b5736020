//! Mail about goods that ran out, to a mail server of the test's own.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use serde_json::json;
use server::Mail;
use store::{EventStore, contract::Fixture};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::support::{Daybook, on_every_store, until};

on_every_store!(
    a_shortage_is_written_about_once_by_two_instances,
    p_12_a_letter_that_is_not_taken_on_is_sent_again_and_once,
);

/// Takes mail on as RFC 5321 says, but the first few times it has no time.
#[derive(Clone)]
struct Sink {
    address: std::net::SocketAddr,
    taken: Arc<Mutex<Vec<String>>>,
    busy: Arc<AtomicU32>,
}

impl Sink {
    async fn open(busy: u32) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let sink = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
            busy: Arc::new(AtomicU32::new(busy)),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = serving.clone();
                tokio::spawn(async move { sink.serve(stream).await });
            }
        });
        sink
    }

    async fn serve(self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink\r\n").await.ok()?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let answer = match line.get(..4)?.to_ascii_uppercase().as_str() {
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    while !text.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut text).await.ok()?;
                    }
                    self.taken.lock().unwrap().push(text);
                    "250 taken\r\n"
                }
                "MAIL" if self.busy.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() => {
                    "451 no time\r\n"
                }
                "QUIT" => "221 bye\r\n",
                _ => "250 yes\r\n",
            };
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    async fn daybook(&self, store: &Arc<dyn EventStore>) -> Daybook {
        let server = format!("smtp://{}", self.address);
        let mail = Mail { server, from: "daybook@localhost".to_owned(), to: "anna@example.org".to_owned() };
        Daybook::configured(store, |config| config.mail = Some(mail)).await
    }
}

async fn ask_for(daybook: &Daybook, order: &str, qty: u32) {
    let data = json!({"order_id": order, "sku": "A", "qty": qty});
    assert_eq!(daybook.command("order.allocate", data).await.status(), 422);
}

/// Until the reader of letters has come to the head.
async fn read(daybook: &Daybook) {
    let head = daybook.head().await;
    let (letters, shop) = (daybook.store.letters(), domain::ShopSlug::parse(crate::support::SHOP).unwrap());
    until(async || {
        let reached = letters.reached(&shop).await.unwrap();
        reached.is_some_and(|reached| reached.position == head).then_some(())
    })
    .await;
}

async fn a_shortage_is_written_about_once_by_two_instances(fixture: Fixture) {
    let before = Daybook::on(&fixture.store).await;
    before.receive("B", "A", 3).await;
    ask_for(&before, "O-before", 9).await;
    before.stop().await;

    let sink = Sink::open(0).await;
    let (one, other) = (sink.daybook(&fixture.store).await, sink.daybook(&fixture.reopened().await).await);
    read(&one).await;
    for number in 0..6 {
        ask_for(if number % 2 == 0 { &one } else { &other }, &format!("O-{number}"), 5).await;
    }
    let taken = until(async || Some(sink.taken()).filter(|taken| taken.len() >= 6)).await;
    // One more, last of all: whatever was sent twice would have been sent before it.
    one.stop().await;
    ask_for(&other, "O-last", 7).await;
    let all = until(async || Some(sink.taken()).filter(|taken| taken.iter().any(|one| one.contains("O-last")))).await;
    assert_eq!(all.len(), 7, "{all:#?}");
    for number in 0..6 {
        let about: Vec<_> = taken.iter().filter(|one| one.contains(&format!("Order O-{number} asked for 5"))).collect();
        assert_eq!(about.len(), 1, "{taken:#?}");
        assert!(about[0].contains("Subject: Test shop: out of stock: A\r\n"), "{}", about[0]);
        assert!(about[0].contains("To: anna@example.org\r\n"), "{}", about[0]);
    }
    assert!(!all.iter().any(|one| one.contains("O-before")), "from before anybody asked for mail");
}

async fn p_12_a_letter_that_is_not_taken_on_is_sent_again_and_once(fixture: Fixture) {
    let sink = Sink::open(1).await;
    let daybook = sink.daybook(&fixture.store).await;
    daybook.receive("B", "A", 3).await;
    read(&daybook).await;
    ask_for(&daybook, "O-1", 5).await;
    until(async || (sink.busy.load(SeqCst) == 0).then_some(())).await;
    // Another process takes it up.
    daybook.stop().await;
    let daybook = sink.daybook(&fixture.store).await;
    until(async || Some(sink.taken()).filter(|taken| !taken.is_empty())).await;
    ask_for(&daybook, "O-2", 5).await;
    let taken = until(async || Some(sink.taken()).filter(|taken| taken.len() >= 2)).await;
    assert_eq!(taken.iter().filter(|one| one.contains("O-1")).count(), 1, "{taken:#?}");
}
