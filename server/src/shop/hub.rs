//! What a shop publishes: a view for readers, and frames for feeds.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app::backend::View;
use domain::books::FOLD_VERSION;
use sync::protocol::{Heartbeat, PROTOCOL, StartOver};
use tokio::sync::{broadcast, watch};

use super::frame::{self, Frame};

/// Bytes of past frames kept, so that feeds which resume after a short cut ask no database.
const KEPT_BYTES: usize = 1024 * 1024;

pub struct Hub {
    view: watch::Sender<View>,
    /// Publishing and subscribing happen under this lock, so that a feed finds each frame either among those kept
    /// or in its receiver, and the view that a heartbeat tells of is not ahead of the frames before it.
    kept: Mutex<Kept>,
    frames: broadcast::Sender<Frame>,
}

#[derive(Default)]
struct Kept {
    frames: VecDeque<Frame>,
    bytes: usize,
}

/// A feed's beginning.
pub struct Subscription {
    pub view: View,
    /// What the feed has missed, if all of it is still kept.
    pub missed: Option<Vec<Frame>>,
    pub frames: broadcast::Receiver<Frame>,
}

impl Hub {
    /// `lag`: frames a feed may fall behind.
    #[must_use]
    pub fn new(view: View, lag: usize) -> Self {
        Self { view: watch::Sender::new(view), kept: Mutex::default(), frames: broadcast::Sender::new(lag) }
    }

    /// A pointer copy.
    #[must_use]
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    #[must_use]
    pub fn follow(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    #[must_use]
    pub fn feeds(&self) -> usize {
        self.frames.receiver_count()
    }

    /// The next frames, and the view after them.
    pub fn publish(&self, view: View, frames: Vec<Frame>) {
        let mut kept = self.lock();
        self.view.send_replace(view);
        for frame in frames {
            kept.push(frame.clone());
            // No feed is open: nobody to send to.
            let _ = self.frames.send(frame);
        }
    }

    /// Another log than before: every feed ends with `reset`.
    pub fn restart(&self, view: View, reason: &str) {
        let start_over =
            StartOver { protocol: PROTOCOL, epoch: view.epoch, head: view.books.position, reason: reason.to_owned() };
        let mut kept = self.lock();
        *kept = Kept::default();
        self.view.send_replace(view);
        let _ = self.frames.send(Frame::Last { bytes: frame::reset(&start_over) });
    }

    /// Nothing follows: every feed ends.
    pub fn end(&self) {
        let _kept = self.lock();
        let _ = self.frames.send(Frame::Last { bytes: frame::bye() });
    }

    pub fn beat(&self) {
        let _kept = self.lock();
        if self.feeds() > 0 {
            let bytes = frame::heartbeat(&heartbeat(&self.view.borrow()));
            let _ = self.frames.send(Frame::Heartbeat { bytes });
        }
    }

    /// Everything published from now on, and what was published since `after`.
    #[must_use]
    pub fn subscribe(&self, after: u64) -> Subscription {
        let kept = self.lock();
        let view = self.view();
        let missed = if view.books.position == after { Some(Vec::new()) } else { kept.since(after) };
        Subscription { view, missed, frames: self.frames.subscribe() }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, frame: Frame) {
        let Frame::Events { bytes, .. } = &frame else { return };
        self.bytes += bytes.len();
        self.frames.push_back(frame);
        while self.bytes > KEPT_BYTES {
            let Some(Frame::Events { bytes, .. }) = self.frames.pop_front() else { break };
            self.bytes -= bytes.len();
        }
    }

    /// None unless one of the frames begins right after `after`.
    fn since(&self, after: u64) -> Option<Vec<Frame>> {
        let begins = |frame: &Frame| matches!(frame, Frame::Events { first, .. } if *first == after + 1);
        let at = self.frames.iter().position(begins)?;
        Some(self.frames.iter().skip(at).cloned().collect())
    }
}

/// What a replica compares itself with.
#[must_use]
pub fn heartbeat(view: &View) -> Heartbeat {
    Heartbeat {
        epoch: view.epoch,
        head: view.books.position,
        digest: view.books.digest(),
        fold: FOLD_VERSION,
        protocol: PROTOCOL,
    }
}
