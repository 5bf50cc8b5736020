//! Faults on demand, for trying out in a demo shop what a bad line does.

use std::{cell::Cell, rc::Rc};

use futures::future::LocalBoxFuture;
use sync::protocol::{ProtocolError, Push, PushAnswer, Snapshot, SnapshotRequest};

use crate::{events::sleep, handle::Transport};

/// Which faults are switched on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    /// Nothing gets through, either way.
    pub offline: bool,
    /// Each request takes three seconds longer.
    pub slow: bool,
    /// Each push is sent twice.
    pub duplicate: bool,
    /// The server decides, and its answer is lost.
    pub drop_answer: bool,
}

const SLOW: u64 = 3_000;

/// The way to the server, with faults.
pub(crate) struct Faulty {
    pub way: Rc<dyn Transport>,
    pub faults: Rc<Cell<Faults>>,
}

fn lost(switch: &str) -> ProtocolError {
    ProtocolError::NoAnswer { problem: format!("the fault switch '{switch}' is on") }
}

impl Transport for Faulty {
    fn push(&self, push: Push) -> LocalBoxFuture<'static, Result<PushAnswer, ProtocolError>> {
        let (way, faults) = (self.way.clone(), self.faults.get());
        Box::pin(async move {
            if faults.offline {
                return Err(lost("offline"));
            }
            if faults.slow {
                sleep(SLOW).await;
            }
            if faults.duplicate {
                let _ = way.push(push.clone()).await;
            }
            let answer = way.push(push).await;
            if faults.drop_answer { Err(lost("drop the answer")) } else { answer }
        })
    }

    fn snapshot(&self, request: SnapshotRequest) -> LocalBoxFuture<'static, Result<Snapshot, ProtocolError>> {
        let (way, faults) = (self.way.clone(), self.faults.get());
        Box::pin(async move {
            if faults.offline {
                return Err(lost("offline"));
            }
            if faults.slow {
                sleep(SLOW).await;
            }
            way.snapshot(request).await
        })
    }
}
