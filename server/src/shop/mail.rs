//! Mail to whoever buys the goods: an order asked for more than there is.
//!
//! A reader follows the log and notes letters in the outbox; a sender takes those that are due and sends them. What was
//! in the log before anybody asked for mail is not written about.

use std::{sync::Arc, time::Duration};

use app::text::letters::out_of_stock;
use domain::{Entry, Event, Refusal, ShopSlug, stock, values::Millis};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    letters::{Due, Letter},
    views::ViewError,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Shops;
use crate::{clock, config::Mail};

/// Entries in one read.
const PAGE: u32 = 500;

/// Letters in one go. They are sent one after another, so all of them must be done before [`LEASE`] ends.
const LETTERS: u32 = 10;

/// How long a letter that was taken is left to whoever took it.
const LEASE: Duration = Duration::from_secs(600);

/// How long one letter may take.
const SENDING: Duration = Duration::from_secs(30);

/// The longest pause before a letter that could not be sent is tried again.
const MOST_PAUSE: Duration = Duration::from_secs(3600);

/// What a letter is about.
#[derive(Serialize, Deserialize)]
struct Shortage {
    sku: String,
    asked: u32,
    left: Option<u32>,
    order_id: Option<String>,
}

/// Only what makes somebody buy goods.
fn shortage(event: &Event) -> Option<Shortage> {
    match event {
        Event::Stock(stock::Event::LineShort(line)) => Some(Shortage {
            sku: line.sku.to_string(),
            asked: line.qty.get(),
            left: None,
            order_id: Some(line.order_id.to_string()),
        }),
        Event::Refused(refused) => {
            let Refusal::OutOfStock { sku, asked, left, .. } = &refused.refusal else { return None };
            let order_id = refused.command.data.get("order_id").and_then(|id| id.as_str()).map(ToOwned::to_owned);
            Some(Shortage { sku: sku.to_string(), asked: *asked, left: Some(*left), order_id })
        }
        _ => None,
    }
}

fn letters(shop: &ShopSlug, epoch: Uuid, entries: &[Entry]) -> Vec<Letter> {
    let letter = |entry: &Entry| {
        let body = serde_json::to_vec(&shortage(&entry.event)?).ok()?;
        Some(Letter { shop: shop.clone(), epoch, position: entry.position, body })
    };
    entries.iter().filter_map(letter).collect()
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("{0} is not the address of a mail relay, like smtp://127.0.0.1:25")]
    Server(String),
    #[error("{0} is not an address to write to: {1}")]
    Address(String, lettre::address::AddressError),
}

/// Host and port of `smtp://host:port`, or of `smtp://host`.
fn relay(address: &str) -> Option<(&str, u16)> {
    let place = address.strip_prefix("smtp://")?.trim_end_matches('/');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (place, 25),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then_some((host, port))
}

/// Reads the log of every shop for letters, and sends them, until the server stops.
pub struct Postman {
    shops: Arc<Shops>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailbox,
    stop: CancellationToken,
}

impl Postman {
    /// # Errors
    /// [`MailError`]: nothing is asked of the mail server yet.
    pub fn new(shops: Arc<Shops>, mail: &Mail, stop: CancellationToken) -> Result<Self, MailError> {
        let (host, port) = relay(&mail.server).ok_or_else(|| MailError::Server(mail.server.clone()))?;
        // "Dangerous" since nothing is encrypted on the way to the relay: it is the operator's own.
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).timeout(Some(SENDING)).build();
        let mailbox = |text: &String| text.parse::<Mailbox>().map_err(|error| MailError::Address(text.clone(), error));
        Ok(Self { shops, transport, from: mailbox(&mail.from)?, to: mailbox(&mail.to)?, stop })
    }

    pub async fn run(self) {
        while !self.stop.is_cancelled() {
            if let Err(error) = self.read_all().await {
                tracing::debug!(%error, "letters are not noted yet");
            }
            if let Err(error) = self.send_due().await {
                tracing::debug!(%error, "the outbox cannot be read");
            }
            tokio::select! {
                () = tokio::time::sleep(self.shops.limits.poll) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn read_all(&self) -> Result<(), ViewError> {
        for head in self.shops.store.shops().await? {
            match self.read(&head.shop).await {
                // Another instance noted them.
                Ok(()) | Err(ViewError::Moved { .. }) => {}
                Err(error) => tracing::warn!(shop = %head.shop, %error, "the log is not read for letters"),
            }
        }
        Ok(())
    }

    async fn read(&self, shop: &ShopSlug) -> Result<(), ViewError> {
        let (store, outbox) = (&self.shops.store, self.shops.store.letters());
        let reached = outbox.reached(shop).await?;
        let Some(head) = store.head(shop).await? else { return Ok(()) };
        let mut position = match reached {
            Some(reached) if reached.epoch == head.epoch => reached.position,
            // The first time, and after a restore: from here on.
            before => {
                if before.is_some() {
                    outbox.forget_reached(shop).await?;
                }
                outbox.note(shop, head.epoch, (0, head.position), &[]).await?;
                head.position
            }
        };
        while position < head.position {
            let records = store.read(shop, position, PAGE).await?;
            let Some(last) = records.last().map(|record| record.position) else { break };
            let entries: Result<Vec<Entry>, _> = records.iter().map(domain::EventRecord::decode).collect();
            let unreadable = |error: domain::event::DecodeError| ViewError::Unreadable {
                position: position + 1,
                problem: error.to_string(),
            };
            let noted = letters(shop, head.epoch, &entries.map_err(unreadable)?);
            outbox.note(shop, head.epoch, (position, last), &noted).await?;
            position = last;
        }
        Ok(())
    }

    async fn send_due(&self) -> Result<(), StoreError> {
        let outbox = self.shops.store.letters();
        while !self.stop.is_cancelled() {
            let now = clock::now();
            let due = outbox.take(now, after(now, LEASE), LETTERS).await?;
            if due.is_empty() {
                break;
            }
            for Due { letter, attempts } in due {
                if self.stop.is_cancelled() {
                    // Nobody else may send it before the lease is over.
                    outbox.send_later(&letter, clock::now()).await?;
                    continue;
                }
                match self.send(&letter).await {
                    Ok(()) => outbox.sent(&letter).await?,
                    Err(problem) => {
                        let pause = Duration::from_secs(1 << attempts.min(12)).min(MOST_PAUSE);
                        let at = letter.position;
                        tracing::warn!(shop = %letter.shop, position = at, problem, "a letter was not sent; later");
                        outbox.send_later(&letter, after(clock::now(), pause)).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The same name each time: a mail server or a reader that has it already can tell.
    async fn send(&self, letter: &Letter) -> Result<(), String> {
        let Letter { shop, epoch, position, body } = letter;
        let Shortage { sku, asked, left, order_id } = serde_json::from_slice(body).map_err(said)?;
        let head = self.shops.store.head(shop).await.map_err(said)?;
        let title = head.map_or_else(|| shop.to_string(), |head| head.title.to_string());
        let words = out_of_stock(&title, &sku, asked, left, order_id.as_deref());
        let message = Message::builder()
            .message_id(Some(format!("<{shop}.{epoch}.{position}@daybook>")))
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(words.subject)
            .body(words.text)
            .map_err(said)?;
        self.transport.send(message).await.map(|_| ()).map_err(said)
    }
}

fn said(error: impl ToString) -> String {
    error.to_string()
}

fn after(now: Millis, pause: Duration) -> Millis {
    Millis(now.0.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::relay;

    #[test]
    fn a_relay_has_a_host_and_perhaps_a_port() {
        assert_eq!(relay("smtp://127.0.0.1:2525"), Some(("127.0.0.1", 2525)));
        assert_eq!(relay("smtp://mail.example.org"), Some(("mail.example.org", 25)));
        assert_eq!(relay("smtp://[::1]:26/"), Some(("::1", 26)));
        assert_eq!(relay("smtp://[::1]"), Some(("::1", 25)));
        for wrong in ["mail:25", "smtps://mail:465", "smtp://", "smtp://mail:seven"] {
            assert_eq!(relay(wrong), None, "{wrong}");
        }
    }
}
