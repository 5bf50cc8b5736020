//! Process managers: what has to follow from an event in another aggregate. Each is a pure function from an event
//! and the books after it to commands; the ids of those commands are derived, so that running twice is harmless.
//!
//! What spans several aggregates is a chain of such steps, each caused by the one before. A step that is asked for again,
//! or late, is not due any more and changes nothing ([`is_due`]); one that is refused has an answer too. So a chain that a
//! crash has cut goes on from wherever it was, and ends.

pub mod backorder;
pub mod cancellation;
pub mod handover;
pub mod ordering;
pub mod reallocation;
pub mod registration;
pub mod settlement;
pub mod transferring;

use crate::{
    account,
    books::{self, Aggregates, Reads},
    command::Command,
    record::Entry,
    stock, transfer,
};

/// One process manager.
pub struct Process {
    /// Part of the derived command ids, and the name of its checkpoint. Never change it.
    pub name: &'static str,
    /// The last argument gains every aggregate that was looked at.
    pub react: fn(&Entry, &Aggregates, &mut Reads) -> Vec<Command>,
}

/// In the order in which they answer one event.
pub const PROCESSES: &[Process] = &[
    Process { name: "registration", react: registration::react },
    Process { name: "handover", react: handover::react },
    Process { name: "reallocation", react: reallocation::react },
    Process { name: "cancellation", react: cancellation::react },
    Process { name: "ordering", react: ordering::react },
    Process { name: "backorder", react: backorder::react },
    Process { name: "transferring", react: transferring::react },
    Process { name: "settlement", react: settlement::react },
];

/// Whether a step of a process still has something to do. Everything that people send is due.
pub(crate) fn is_due(command: &Command, aggregates: &Aggregates, reads: &mut Reads) -> bool {
    match command {
        Command::Account(step) => {
            reads.extend(step.transfer_id().map(books::transfer_id));
            reads.extend(step.order_id().map(books::order_id));
            match step {
                account::Command::Charge(charge) => ordering::charge_is_due(charge, aggregates),
                account::Command::Refund { order_id, account_id, .. } => {
                    cancellation::refund_is_due(order_id, account_id, aggregates)
                }
                step => transferring::leg_is_due(step, aggregates),
            }
        }
        Command::Transfer(transfer::Command::RecordDebit { transfer_id })
        | Command::Transfer(transfer::Command::RecordCredit { transfer_id })
        | Command::Transfer(transfer::Command::Fail { transfer_id, .. }) => {
            transferring::read(transfer_id, aggregates, reads);
            true
        }
        Command::Stock(step) => {
            let is_step = matches!(
                step,
                stock::Command::Reserve { .. } | stock::Command::Release { .. } | stock::Command::Fill { .. }
            );
            reads.extend(step.order_id().filter(|_| is_step).map(books::order_id));
            match step {
                stock::Command::Reserve { order_id, sku, qty, round, .. } => {
                    ordering::line_is_due(order_id, sku, *qty, *round, aggregates)
                }
                stock::Command::Release { order_id, sku } => cancellation::release_is_due(order_id, sku, aggregates),
                stock::Command::Fill { order_id, sku, qty } => {
                    backorder::wanted(order_id, sku, aggregates) == Some(*qty)
                }
                _ => true,
            }
        }
        _ => true,
    }
}
