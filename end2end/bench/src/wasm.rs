//! The door for Node: numbers in, numbers out, bytes by address. Node holds the clock.

use std::cell::RefCell;

use domain::Entry;

use crate::{
    fold,
    rebase::{self, Prepared, Touches},
    workload,
};

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    prepared: Option<Prepared>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Makes room for the log's bytes and answers their address.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.bytes = vec![0; length];
        state.bytes.as_mut_ptr()
    })
}

/// Decodes the reserved bytes; answers how many entries they hold, 0 when they cannot be read.
#[unsafe(no_mangle)]
pub extern "C" fn decode() -> usize {
    STATE.with_borrow_mut(|state| {
        let decoded = workload::records_from_json(&state.bytes).and_then(|records| fold::decode(&records));
        state.entries = decoded.unwrap_or_default();
        state.entries.len()
    })
}

/// Folds the decoded entries; answers the low half of the digest.
#[unsafe(no_mangle)]
pub extern "C" fn fold_all() -> u64 {
    STATE.with_borrow(|state| fold::fold(&state.entries).map_or(0, |digest| digest.0 as u64))
}

/// Prepares a rebase of `pending` commands; answers 1 when it is ready.
#[unsafe(no_mangle)]
pub extern "C" fn rebase_prepare(pending: u32, all: u32) -> u32 {
    let touches = if all == 0 { Touches::None } else { Touches::All };
    STATE.with_borrow_mut(|state| {
        state.prepared = rebase::prepare(u64::from(pending), touches, rebase::HISTORY).ok();
        u32::from(state.prepared.is_some())
    })
}

/// Runs the prepared rebase; answers how many commands were decided again.
#[unsafe(no_mangle)]
pub extern "C" fn rebase_run() -> usize {
    STATE.with_borrow_mut(|state| state.prepared.as_mut().map_or(0, |prepared| prepared.run().1))
}
