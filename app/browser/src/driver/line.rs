//! The line to the server: pushes with the pictures that they name, and the feed.

use std::rc::Rc;

use domain::{Command, CommandId, Submission, Verdict, picture, values::BlobHash};
use sync::{
    FeedEnd, Input,
    protocol::{FeedFrame, Outcome, ProtocolError, Push, PushAnswer},
};
use wasm_bindgen_futures::spawn_local;

use super::Driver;
use crate::{
    clock,
    feed::{Feed, Heard, Poll},
    network,
    tabs::Note,
};

impl Driver {
    /// Sends a part of the outbox, and before it the pictures that it names: a command whose picture has not arrived
    /// would be refused.
    pub(super) async fn push(&self, push: Push) -> Result<PushAnswer, ProtocolError> {
        let named: Vec<_> = push.submissions.iter().filter_map(named_picture).collect();
        for (_, name) in &named {
            self.send_picture(name).await?;
        }
        let answer = self.transport.push(push).await?;
        for (id, name) in &named {
            let is_taken = |outcome: &Outcome| matches!(outcome, Outcome::Settled { id: of, verdict: Verdict::Accepted { .. } } if of == id);
            if answer.outcomes.iter().any(is_taken) {
                // What stays by mistake is sent to nobody: no command names it any more.
                let _ = self.storage.forget_picture(name).await;
            }
        }
        Ok(answer)
    }

    /// One that is not here goes with the command's fate: the server has it, or it is refused and says so.
    pub(super) async fn send_picture(&self, name: &BlobHash) -> Result<(), ProtocolError> {
        let Ok(Some(bytes)) = self.storage.picture(name).await else { return Ok(()) };
        if self.faults.get().offline {
            return Err(ProtocolError::NoAnswer { problem: "offline".to_owned() });
        }
        network::send_picture(&self.shop, &bytes).await
    }

    pub(super) fn open_feed(self: &Rc<Self>, feed: u64, address: &str) {
        let driver = Rc::downgrade(self);
        let heard = move |heard: Heard| {
            let Some(driver) = driver.upgrade() else { return };
            if let Some(input) = driver.input_of(feed, heard) {
                driver.tell(input);
            }
        };
        drop((self.feed.take(), self.poll.take()));
        if self.faults.get().offline {
            return self.tell(Input::FeedClosed { feed, end: FeedEnd::Lost });
        }
        match Feed::open(address, heard) {
            Ok(open) => *self.feed.borrow_mut() = Some((feed, open)),
            Err(_) => self.tell(Input::FeedClosed { feed, end: FeedEnd::Lost }),
        }
    }

    pub(super) fn poll(self: &Rc<Self>, feed: u64, address: &str, wait_ms: u32) {
        drop(self.feed.take());
        if self.faults.get().offline {
            return self.tell(Input::PollAnswered { feed, answer: Err(FeedEnd::Lost) });
        }
        let (poll, answer) = Poll::start(address, wait_ms);
        *self.poll.borrow_mut() = Some(poll);
        // Not kept alive by the wait: a driver that is let go gives its poll up.
        let driver = Rc::downgrade(self);
        spawn_local(async move {
            let answer = answer.await;
            let Some(driver) = driver.upgrade() else { return };
            for frame in answer.iter().flat_map(|poll| &poll.frames) {
                let (name, data) = (frame.event.clone(), frame.data.get().to_owned());
                if name == "heartbeat" {
                    *driver.heartbeat.borrow_mut() = Some((clock::now(), data.clone()));
                }
                driver.tell_tabs(&Note::Frame { name, data });
            }
            let answer = answer.and_then(|poll| poll.read().map_err(|_| FeedEnd::Lost));
            driver.tell(Input::PollAnswered { feed, answer });
        });
    }

    pub(super) fn input_of(&self, feed: u64, heard: Heard) -> Option<Input> {
        Some(match heard {
            Heard::Opened => Input::FeedOpened { feed },
            Heard::Ended => {
                self.heartbeat.take();
                Input::FeedClosed { feed, end: FeedEnd::Lost }
            }
            Heard::Frame { name, data } => {
                let parsed = FeedFrame::parse(name, &data);
                if name == "heartbeat" {
                    *self.heartbeat.borrow_mut() = Some((clock::now(), data.clone()));
                }
                self.tell_tabs(&Note::Frame { name: name.to_owned(), data });
                match parsed {
                    Ok(frame) => Input::FeedFrame { feed, frame: Box::new(frame?) },
                    Err(error) => Input::FeedUnreadable { feed, problem: error.to_string() },
                }
            }
        })
    }
}

/// The picture that a command names.
fn named_picture(submission: &Submission) -> Option<(CommandId, BlobHash)> {
    match &submission.command {
        Command::Picture(picture::Command::Add(add)) => Some((submission.id, add.blob.clone())),
        _ => None,
    }
}
