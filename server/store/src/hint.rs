//! Hints that a log has moved. A hint may be lost, late or doubled: the truth is the head.

use domain::ShopSlug;
use tokio::sync::broadcast;

/// How many hints a slow receiver may lag behind before it is told so (`RecvError::Lagged`, which means the same
/// as [`Hint::LookAgain`]).
pub(crate) const WAITING: usize = 1024;

/// Something may have happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hint {
    /// The log of `shop` has come to `position`, or further.
    Head { shop: ShopSlug, position: u64 },
    /// Hints may have been lost: look at every head that matters.
    LookAgain,
}

/// Hints within one process.
#[derive(Debug)]
pub(crate) struct Hints {
    sender: broadcast::Sender<Hint>,
}

impl Hints {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::Sender::new(WAITING) }
    }

    pub(crate) fn send(&self, hint: Hint) {
        // Nobody listening is not an error.
        let _ = self.sender.send(hint);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.sender.subscribe()
    }
}
