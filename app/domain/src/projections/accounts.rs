//! Accounts, one document each: what is on it, how it came there, and the transfers that it is part of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    account::{self, Account},
    books::Seen,
    digest::Digest,
    event::Event,
    record::Entry,
    ring::Ring,
    table::{Row, Table},
    transfer,
    values::{AccountId, Amount, Currency, Funds, Millis, OrderId, Reference, SaleId, TransferId},
};

use super::transfers::TransferState;

/// Changes kept for each account; older ones are in the log.
pub const CHANGES_KEPT: usize = 200;
/// Transfers kept for each account; older ones are in the log.
pub const TRANSFERS_KEPT: usize = 50;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AccountRow {
    pub title: Arc<str>,
    pub owner: Arc<str>,
    /// Minor units; below nought when the owner owes the shop.
    pub balance: i64,
    /// Minor units by which the balance may go below nought.
    pub limit: Funds,
    pub currency: Currency,
    pub state: AccountState,
    /// By position, the oldest first.
    pub changes: Ring<Change>,
    /// The oldest first.
    pub transfers: Vec<AccountTransfer>,
    /// Of the last entry that changed this row.
    pub position: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    #[default]
    Open,
    Closed,
}

/// Money that came or went.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change {
    pub what: What,
    /// Minor units, never below nought: which way they went is in the type. Nought for an account that was opened with
    /// nothing.
    pub amount: i64,
    /// The balance afterwards.
    pub balance: i64,
    pub reference: Option<Reference>,
    pub transfer_id: Option<TransferId>,
    pub order_id: Option<OrderId>,
    pub sale_id: Option<SaleId>,
    /// It came back from a transfer that failed.
    pub put_back: bool,
    pub issued_at: Millis,
}

/// The type of its event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum What {
    #[serde(rename = "AccountOpened")]
    Opened,
    #[serde(rename = "AccountCredited")]
    Credited,
    #[serde(rename = "AccountDebited")]
    Debited,
}

impl Change {
    /// Minor units; what went off the account is below nought.
    #[must_use]
    pub fn signed(&self) -> i64 {
        if self.what == What::Debited { -self.amount } else { self.amount }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccountTransfer {
    pub transfer_id: TransferId,
    pub from: AccountId,
    pub to: AccountId,
    pub amount: Amount,
    pub state: TransferState,
}

impl Row for AccountRow {
    const TABLE: &'static str = "accounts";
    type Key = AccountId;

    /// Change by change, so that one more does not mean hashing all.
    fn digest(&self, account: &AccountId) -> Digest {
        let Self { title, owner, balance, limit, currency, state, changes, transfers, position } = self;
        let head = (title, owner, balance, limit, currency, state, transfers, position);
        let head = Digest::of_row(Self::TABLE, account, &head);
        head.plus(changes.digest(|position, change| Digest::of_row("changes", &(account, position), change)))
    }
}

impl AccountRow {
    /// The largest amount that may go off it, in minor units; below nought when facts have taken it below its limit.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.balance.saturating_add(self.limit.minor())
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accounts {
    pub accounts: Table<AccountRow>,
}

impl Accounts {
    pub(super) fn apply(&mut self, entry: &Entry, seen: &Seen<'_>) {
        match &entry.event {
            Event::Account(event) => {
                let Some(account) = seen.accounts.get(event.account_id()) else { return };
                self.accounts.change(event.account_id(), AccountRow::default, |row| {
                    row.position = entry.position;
                    row.show(account);
                    if let Some(change) = change(entry, event, account.balance) {
                        row.changes.push(entry.position, change, CHANGES_KEPT);
                    }
                });
            }
            Event::Transfer(transfer::Event::TransferRequested(requested)) => {
                let transfer = AccountTransfer {
                    transfer_id: requested.transfer_id.clone(),
                    from: requested.from.clone(),
                    to: requested.to.clone(),
                    amount: requested.amount,
                    state: TransferState::Requested,
                };
                for account in [&requested.from, &requested.to] {
                    self.accounts.change(account, AccountRow::default, |row| {
                        row.position = entry.position;
                        row.transfers.push(transfer.clone());
                        if row.transfers.len() > TRANSFERS_KEPT {
                            row.transfers.remove(0);
                        }
                    });
                }
            }
            _ => {}
        }
    }

    /// A transfer of these accounts is further now.
    pub(super) fn transfer_is(&mut self, entry: &Entry, id: &TransferId, of: [&AccountId; 2], state: TransferState) {
        for account in of {
            self.accounts.change(account, AccountRow::default, |row| {
                row.position = entry.position;
                let known = row.transfers.iter_mut().rev().find(|transfer| transfer.transfer_id == *id);
                known.into_iter().for_each(|transfer| transfer.state = state);
            });
        }
    }

    pub(super) fn digest(&self) -> Digest {
        self.accounts.digest()
    }
}

impl AccountRow {
    fn show(&mut self, account: &Account) {
        self.title.clone_from(&account.title);
        self.owner.clone_from(&account.owner);
        self.balance = account.balance;
        self.limit = account.limit;
        self.currency = account.currency.clone();
        self.state = if account.closed { AccountState::Closed } else { AccountState::Open };
    }
}

fn change(entry: &Entry, event: &account::Event, balance: i64) -> Option<Change> {
    let plain = |what| Change {
        what,
        amount: event.change().saturating_abs(),
        balance,
        reference: None,
        transfer_id: None,
        order_id: None,
        sale_id: None,
        put_back: false,
        issued_at: entry.issued_at,
    };
    match event {
        account::Event::AccountOpened(_) => Some(plain(What::Opened)),
        account::Event::AccountCredited(credited) => {
            let account::AccountCredited { reference, transfer_id, order_id, sale_id, put_back, .. } = credited.clone();
            let put_back = put_back.is_some();
            Some(Change { reference, transfer_id, order_id, sale_id, put_back, ..plain(What::Credited) })
        }
        account::Event::AccountDebited(debited) => {
            let account::AccountDebited { reference, transfer_id, order_id, sale_id, .. } = debited.clone();
            Some(Change { reference, transfer_id, order_id, sale_id, ..plain(What::Debited) })
        }
        account::Event::AccountChanged(_) | account::Event::AccountClosed(_) | account::Event::SaleApproved(_) => None,
    }
}
