//! A shop's event stream, and the polls in its place where streams do not get through. What is heard goes to a callback that queues it: a signal keeps only its latest value.

use domain::json;
use js_sys::{Function, Object, Promise, Reflect};
use sync::{
    FeedEnd,
    protocol::{self, ProtocolError},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventSource, MessageEvent};

use crate::events::{AbortController, Listener};

/// The events that a feed names. An `EventSource` hands over named events only to those who ask for the name.
const NAMES: [&str; 8] = ["events", "heartbeat", "reset", "snapshot", "revoked", "bye", "too_old", "code_taken"];

/// What a feed says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Opened,
    Frame {
        name: &'static str,
        data: String,
    },
    /// The stream has ended or could not be opened. It is closed for good; opening again is the driver's affair.
    Ended,
}

/// An open feed. Closes when dropped.
#[derive(Debug)]
pub struct Feed {
    source: EventSource,
    _listeners: Vec<Listener>,
}

impl Feed {
    /// Opens the feed at this address ([`protocol::feed_address`]).
    ///
    /// # Errors
    /// What the browser threw at the address.
    pub fn open(address: &str, heard: impl Fn(Heard) + Clone + 'static) -> Result<Self, JsValue> {
        let source = EventSource::new(address)?;
        let mut listeners: Vec<Listener> = NAMES
            .iter()
            .map(|name| {
                let heard = heard.clone();
                Listener::on(&source, name, move |event| {
                    if let Some(event) = event.dyn_ref::<MessageEvent>() {
                        heard(Heard::Frame { name, data: event.data().as_string().unwrap_or_default() });
                    }
                })
            })
            .collect();
        listeners.push(Listener::on(&source, "open", {
            let heard = heard.clone();
            move |_| heard(Heard::Opened)
        }));
        listeners.push(Listener::on(&source, "error", {
            let source = source.clone();
            move |_| {
                // After a cut the browser would try again by itself, at a fixed pace and for ever; after an answer
                // other than 200 it never would (readyState 2). Both end here, so that one back-off rules.
                source.close();
                heard(Heard::Ended);
            }
        }));
        Ok(Self { source, _listeners: listeners })
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch(address: &str, options: &JsValue) -> Result<Promise, JsValue>;
}

/// A poll under way. Given up when dropped.
pub struct Poll(AbortController);

impl Poll {
    /// Asks the feed at this address once. The answer comes from the future, unless the poll is dropped before.
    pub fn start(address: &str, wait_ms: u32) -> (Self, impl Future<Output = Result<protocol::Poll, FeedEnd>> + use<>) {
        let poll = Self(AbortController::new());
        let wait = wait_ms / 1_000;
        let address = format!("{address}&wait={wait}");
        let options = Object::new();
        let headers = Object::new();
        let set = |on: &Object, name: &str, value: JsValue| Reflect::set(on, &name.into(), &value).is_ok();
        set(&headers, "accept", "application/json".into());
        set(&options, "headers", headers.into());
        set(&options, "cache", "no-store".into());
        set(&options, "redirect", "error".into());
        set(&options, "signal", poll.0.signal());
        let answer = fetch(&address, &options);
        (poll, async move {
            let (status, text) = read(answer).await.ok_or(FeedEnd::Lost)?;
            answered(status, &text)
        })
    }
}

fn answered(status: u16, text: &str) -> Result<protocol::Poll, FeedEnd> {
    match status {
        200 => protocol::Poll::parse(text).map_err(|_| FeedEnd::Lost),
        // A demo that is over is closed like one that asks.
        401 | 410 => Err(FeedEnd::Refused(ProtocolError::NotSignedIn)),
        // With since when somebody is shut out, or the numbers that do not go together.
        403 | 426 => Err(json::read(text).map_or(FeedEnd::Lost, FeedEnd::Refused)),
        429 | 503 => Err(FeedEnd::Refused(ProtocolError::Unavailable { retry_after_ms: BUSY })),
        _ => Err(FeedEnd::Lost),
    }
}

/// How long a server that is busy is left alone.
const BUSY: u32 = 5_000;

async fn read(answer: Result<Promise, JsValue>) -> Option<(u16, String)> {
    let response = JsFuture::from(answer.ok()?).await.ok()?;
    let status = Reflect::get(&response, &"status".into()).ok()?.as_f64()?;
    let text: Function = Reflect::get(&response, &"text".into()).ok()?.dyn_into().ok()?;
    let text: Promise = text.call0(&response).ok()?.dyn_into().ok()?;
    let text = JsFuture::from(text).await.ok()?.as_string()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a status is three digits")]
    Some((status as u16, text))
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.source.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_a_poll_that_is_too_old_is_told_apart_from_a_line_that_broke() {
        let problem = r#"{"type":"about:blank","title":"update","status":426,"code":"too_old","spoken":1,"least":2}"#;
        let refused = FeedEnd::Refused(ProtocolError::TooOld { spoken: 1, least: 2 });
        assert_eq!(answered(426, problem).unwrap_err(), refused);
        assert_eq!(answered(426, "<p>Upgrade</p>").unwrap_err(), FeedEnd::Lost, "somebody in between");
        assert_eq!(answered(200, "<p>Sign in</p>").unwrap_err(), FeedEnd::Lost);
        assert!(answered(200, r#"{"frames":[]}"#).is_ok());
    }
}
