//! What a feed sends, as bytes: encoded once, shared by every feed of the shop.

use bytes::Bytes;
use domain::EventRecord;
use serde::Serialize;
use sync::protocol::{Bye, CodeTaken, Heartbeat, PROTOCOL, Revocation, Revoked, StartOver, TooOld};
use uuid::Uuid;

/// The most entries in one `events` frame.
pub const MOST_ENTRIES: usize = 500;

/// One frame, ready to be written to a socket.
#[derive(Clone, Debug)]
pub enum Frame {
    /// The entries `first..=last`.
    Events {
        first: u64,
        last: u64,
        bytes: Bytes,
    },
    Heartbeat {
        bytes: Bytes,
    },
    /// The last frame of every feed: the log is another one now, or nothing follows.
    Last {
        bytes: Bytes,
    },
}

/// The entries as frames of at most [`MOST_ENTRIES`].
#[must_use]
pub fn events(epoch: Uuid, records: &[EventRecord]) -> Vec<Frame> {
    /// As `sync::protocol::Events`, without owning the entries.
    #[derive(Serialize)]
    struct Events<'a> {
        protocol: u16,
        epoch: Uuid,
        events: &'a [EventRecord],
    }
    let mut frames = Vec::with_capacity(records.len().div_ceil(MOST_ENTRIES));
    for chunk in records.chunks(MOST_ENTRIES) {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
        let id = format!("{epoch}:{}", last.position);
        let bytes = encode("events", Some(&id), &Events { protocol: PROTOCOL, epoch, events: chunk });
        frames.push(Frame::Events { first: first.position, last: last.position, bytes });
    }
    frames
}

#[must_use]
pub fn heartbeat(heartbeat: &Heartbeat) -> Bytes {
    encode("heartbeat", None, heartbeat)
}

/// The replica's log is not this one.
#[must_use]
pub fn reset(start_over: &StartOver) -> Bytes {
    encode("reset", None, start_over)
}

/// The replica is too far behind for the feed to replay everything.
#[must_use]
pub fn snapshot(start_over: &StartOver) -> Bytes {
    encode("snapshot", None, start_over)
}

/// The device that reads says a code which another browser has.
#[must_use]
pub fn code_taken(code: &str) -> Bytes {
    encode("code_taken", None, &CodeTaken { protocol: PROTOCOL, code: code.into() })
}

#[must_use]
pub fn too_old(too_old: &TooOld) -> Bytes {
    encode("too_old", None, too_old)
}

/// Within which the readers of a feed that ends come back.
const BYE_SPREAD_MS: u32 = 3_000;

#[must_use]
pub fn bye() -> Bytes {
    encode("bye", None, &Bye { protocol: PROTOCOL, spread_ms: BYE_SPREAD_MS })
}

/// The same for one that goes on under another connection: at once.
#[must_use]
pub fn again() -> Bytes {
    encode("bye", None, &Bye { protocol: PROTOCOL, spread_ms: 0 })
}

/// The last frame for a reader who may not read on; with why, for one that was shut out.
#[must_use]
pub fn revoked(revocation: Option<Revocation>) -> Bytes {
    encode("revoked", None, &Revoked { protocol: PROTOCOL, revocation })
}

/// Whether a frame only says how long to wait before coming back.
#[must_use]
pub fn is_greeting(frame: &[u8]) -> bool {
    !frame.starts_with(b"event: ")
}

#[must_use]
pub fn is_heartbeat(frame: &[u8]) -> bool {
    frame.starts_with(b"event: heartbeat\n")
}

/// Frames of a stream as the one answer to a poll, `{"protocol":…,"frames":[{"event":…,"data":…}]}`: the same bytes, without
/// writing the entries anew.
#[must_use]
pub fn polled(frames: &[Bytes]) -> Bytes {
    let mut text = Vec::with_capacity(frames.iter().map(Bytes::len).sum::<usize>() + 32 * frames.len() + 32);
    text.extend_from_slice(format!("{{\"protocol\":{PROTOCOL},\"frames\":[").as_bytes());
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(b"{\"event\":\"");
        let mut data = false;
        for line in frame.split(|byte| *byte == b'\n') {
            if let Some(name) = line.strip_prefix(b"event: ") {
                text.extend_from_slice(name);
                text.extend_from_slice(b"\",\"data\":");
            } else if let Some(part) = line.strip_prefix(b"data: ") {
                // Lines were parted between tokens of the JSON, so they may be put together without a break.
                text.extend_from_slice(part);
                data = true;
            }
        }
        text.extend_from_slice(if data { b"}" } else { b"null}" });
    }
    text.extend_from_slice(b"]}");
    text.into()
}

fn encode(name: &str, id: Option<&str>, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_default();
    let mut text = String::with_capacity(data.len() + 96);
    text.push_str("event: ");
    text.push_str(name);
    if let Some(id) = id {
        text.push_str("\nid: ");
        text.push_str(id);
    }
    // A payload that came in by import may hold line breaks between its tokens; in the stream each line has a name.
    for line in data.split(['\n', '\r']) {
        text.push_str("\ndata: ");
        text.push_str(line);
    }
    text.push_str("\n\n");
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_says_what_a_stream_says() {
        let over =
            StartOver { protocol: PROTOCOL, epoch: Uuid::from_u128(1), head: 7, reason: "other_epoch".to_owned() };
        let frames = [reset(&over), bye()];
        let text = polled(&frames);
        let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let events: Vec<_> = read["frames"].as_array().unwrap().iter().map(|frame| frame["event"].clone()).collect();
        assert_eq!(events, ["reset", "bye"]);
        assert_eq!(read["frames"][0]["data"], serde_json::to_value(&over).unwrap());
        assert_eq!(polled(&[]), format!("{{\"protocol\":{PROTOCOL},\"frames\":[]}}"));
    }

    #[test]
    fn what_a_stream_parts_into_lines_a_poll_puts_together() {
        let frame = Bytes::from_static(b"event: events\nid: x:1\ndata: {\"a\":\ndata: 1}\n\n");
        let expected = "\"frames\":[{\"event\":\"events\",\"data\":{\"a\":1}}]}";
        assert_eq!(polled(&[frame]), format!("{{\"protocol\":{PROTOCOL},{expected}"));
        assert!(is_greeting(b"retry: 1000\n\n") && !is_greeting(b"event: bye\n\n"));
    }
}
