//! Transfers with their timelines: those under way, and the last that came to an end.

use std::sync::Arc;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use crate::{
    account::{self, AccountChanged},
    books::Seen,
    digest::Digest,
    event::Event,
    record::Entry,
    refusal::Refusal,
    table::{Row, Table},
    transfer,
    values::{AccountId, Amount, Millis, Reference, TransferId},
};

/// Transfers kept after their end; older ones are in the log.
pub const TRANSFERS_KEPT: usize = 500;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransferRow {
    pub from: Party,
    pub to: Party,
    pub amount: Amount,
    pub reference: Option<Reference>,
    pub state: TransferState,
    /// The rule that it ran into, where it failed.
    pub reason: Option<Refusal>,
    pub timeline: Vec<Happened>,
    /// Of the last entry that changed this row.
    pub position: u64,
}

/// An account, with a copy of its names that follows them (row R-31).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Party {
    pub account_id: AccountId,
    pub title: Arc<str>,
    pub owner: Arc<str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    Requested,
    /// The money is off the one account.
    Debited,
    Completed,
    Failed,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Happened {
    pub position: u64,
    pub issued_at: Millis,
    pub what: Step,
}

/// A step of a transfer, as a sentence's data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Requested,
    /// Off the account that gives.
    Debited,
    DebitRecorded,
    /// Onto the account that gets.
    Credited,
    CreditRecorded,
    /// Onto the account that gave: the other could not get it.
    PutBack {
        reason: Refusal,
    },
    Completed,
    Failed {
        reason: Refusal,
    },
}

impl Row for TransferRow {
    const TABLE: &'static str = "transfers";
    type Key = TransferId;
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Transfers {
    pub transfers: Table<TransferRow>,
    /// Those that came to an end, the first one first.
    ended: Vector<TransferId>,
}

impl Transfers {
    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>, accounts: &mut Accounts) {
        match &entry.event {
            Event::Transfer(event) => self.follow(entry, event, seen, accounts),
            Event::Account(account::Event::AccountDebited(debited)) => {
                debited.transfer_id.iter().for_each(|id| self.step(id, entry, Step::Debited));
            }
            Event::Account(account::Event::AccountCredited(credited)) => {
                let back = |reason: &Refusal| Step::PutBack { reason: reason.clone() };
                let step = credited.put_back.as_ref().map_or(Step::Credited, back);
                credited.transfer_id.iter().for_each(|id| self.step(id, entry, step.clone()));
            }
            Event::Account(account::Event::AccountChanged(changed)) => self.rename(changed),
            _ => {}
        }
    }

    fn follow(&mut self, entry: &Entry, event: &transfer::Event, seen: &Seen<'_>, accounts: &mut Accounts) {
        let id = event.transfer_id();
        let (step, state) = match event {
            transfer::Event::TransferRequested(requested) => {
                let row = TransferRow {
                    from: Party::of(&requested.from, seen),
                    to: Party::of(&requested.to, seen),
                    amount: requested.amount,
                    reference: requested.reference.clone(),
                    state: TransferState::Requested,
                    reason: None,
                    timeline: vec![],
                    position: entry.position,
                };
                self.transfers.insert(id.clone(), row);
                (Step::Requested, None)
            }
            transfer::Event::DebitRecorded(_) => (Step::DebitRecorded, Some(TransferState::Debited)),
            transfer::Event::CreditRecorded(_) => (Step::CreditRecorded, None),
            transfer::Event::TransferCompleted(_) => (Step::Completed, Some(TransferState::Completed)),
            transfer::Event::TransferFailed(failed) => {
                (Step::Failed { reason: failed.reason.clone() }, Some(TransferState::Failed))
            }
        };
        self.step(id, entry, step);
        let Some(state) = state else { return };
        if let Some(row) = self.transfers.get(id) {
            accounts.transfer_is(entry, id, [&row.from.account_id, &row.to.account_id], state);
        }
        self.change(id, |row| {
            row.state = state;
            if let transfer::Event::TransferFailed(failed) = event {
                row.reason = Some(failed.reason.clone());
            }
        });
        if matches!(state, TransferState::Completed | TransferState::Failed) {
            self.end(id);
        }
    }

    fn step(&mut self, id: &TransferId, entry: &Entry, what: Step) {
        self.change(id, |row| {
            row.position = entry.position;
            row.timeline.push(Happened { position: entry.position, issued_at: entry.issued_at, what });
        });
    }

    /// Nothing, where the row is not kept any more.
    fn change(&mut self, id: &TransferId, change: impl FnOnce(&mut TransferRow)) {
        if let Some(mut row) = self.transfers.get(id).cloned() {
            change(&mut row);
            self.transfers.insert(id.clone(), row);
        }
    }

    fn end(&mut self, id: &TransferId) {
        self.ended.push_back(id.clone());
        if self.ended.len() > TRANSFERS_KEPT
            && let Some(oldest) = self.ended.pop_front()
        {
            self.transfers.remove(&oldest);
        }
    }

    fn rename(&mut self, changed: &AccountChanged) {
        if changed.title.is_none() && changed.owner.is_none() {
            return;
        }
        let is_of = |row: &TransferRow| [&row.from, &row.to].iter().any(|party| party.account_id == changed.account_id);
        let of_it: Vec<_> = self.transfers.iter().filter(|(_, row)| is_of(row)).map(|(id, _)| id.clone()).collect();
        for id in of_it {
            self.change(&id, |row| {
                row.from.rename(changed);
                row.to.rename(changed);
            });
        }
    }

    pub(super) fn digest(&self) -> Digest {
        self.transfers.digest()
    }
}

impl Party {
    pub(super) fn of(account_id: &AccountId, seen: &Seen<'_>) -> Self {
        let account = seen.accounts.get(account_id);
        Self {
            account_id: account_id.clone(),
            title: account.map(|account| account.title.clone()).unwrap_or_default(),
            owner: account.map(|account| account.owner.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn rename(&mut self, changed: &AccountChanged) {
        if self.account_id == changed.account_id {
            changed.title.iter().for_each(|title| self.title = title.into());
            changed.owner.iter().for_each(|owner| self.owner = owner.into());
        }
    }
}
