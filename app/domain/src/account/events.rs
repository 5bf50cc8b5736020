//! What happened to an account.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    refusal::Refusal,
    values::{AccountId, AccountTitle, Amount, Currency, Funds, OrderId, OwnerName, Reference, SaleId, TransferId},
};

events!(
    /// What happened to an account.
    AccountOpened,
    AccountChanged,
    AccountCredited,
    AccountDebited,
    AccountClosed,
    SaleApproved,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccountOpened {
    pub account_id: AccountId,
    pub title: AccountTitle,
    pub owner: OwnerName,
    /// Minor units that were on it from the beginning.
    pub initial_balance: Funds,
    /// Minor units by which the balance may go below nought.
    pub limit: Funds,
    pub currency: Currency,
}

/// Only what changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccountChanged {
    pub account_id: AccountId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<AccountTitle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Funds>,
    /// The same fields as they were before.
    pub was: Was,
}

/// Fields as they were.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Was {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Funds>,
}

/// Money came onto the account. At most one of the three numbers says for what; without one it came from outside.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccountCredited {
    pub account_id: AccountId,
    pub amount: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// It came with a transfer, or came back from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<TransferId>,
    /// It had been paid for this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Goods of this sale came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
    /// Why money of a transfer came back to the account that gave it: the rule that its second leg ran into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_back: Option<Refusal>,
}

/// Money went off the account. At most one of the three numbers says for what; without one it was paid out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccountDebited {
    pub account_id: AccountId,
    pub amount: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<TransferId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccountClosed {
    pub account_id: AccountId,
}

/// Somebody who leads has agreed that a sale goes on the account although it is more than it may take. The sale itself is
/// an entry of its own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SaleApproved {
    pub account_id: AccountId,
    pub sale_id: SaleId,
    /// Of the whole sale.
    pub amount: Amount,
}

impl AccountCredited {
    /// From outside.
    #[must_use]
    pub fn new(account_id: &AccountId, amount: Amount) -> Self {
        let account_id = account_id.clone();
        Self { account_id, amount, reference: None, transfer_id: None, order_id: None, sale_id: None, put_back: None }
    }
}

impl AccountDebited {
    /// Paid out.
    #[must_use]
    pub fn new(account_id: &AccountId, amount: Amount) -> Self {
        let account_id = account_id.clone();
        Self { account_id, amount, reference: None, transfer_id: None, order_id: None, sale_id: None }
    }
}

impl Event {
    /// The account that this happened to.
    #[must_use]
    pub fn account_id(&self) -> &AccountId {
        match self {
            Self::AccountOpened(AccountOpened { account_id, .. })
            | Self::AccountChanged(AccountChanged { account_id, .. })
            | Self::AccountCredited(AccountCredited { account_id, .. })
            | Self::AccountDebited(AccountDebited { account_id, .. })
            | Self::AccountClosed(AccountClosed { account_id })
            | Self::SaleApproved(SaleApproved { account_id, .. }) => account_id,
        }
    }

    /// Minor units by which the balance changes; nought for what is not about money.
    #[must_use]
    pub fn change(&self) -> i64 {
        match self {
            Self::AccountOpened(opened) => opened.initial_balance.minor(),
            Self::AccountCredited(credited) => credited.amount.minor(),
            Self::AccountDebited(debited) => -debited.amount.minor(),
            Self::AccountChanged(_) | Self::AccountClosed(_) | Self::SaleApproved(_) => 0,
        }
    }

    /// The transfer that it is a step of.
    #[must_use]
    pub fn transfer_id(&self) -> Option<&TransferId> {
        match self {
            Self::AccountCredited(AccountCredited { transfer_id, .. })
            | Self::AccountDebited(AccountDebited { transfer_id, .. }) => transfer_id.as_ref(),
            _ => None,
        }
    }

    /// The order that was paid, or whose money came back.
    #[must_use]
    pub fn order_id(&self) -> Option<&OrderId> {
        match self {
            Self::AccountCredited(AccountCredited { order_id, .. })
            | Self::AccountDebited(AccountDebited { order_id, .. }) => order_id.as_ref(),
            _ => None,
        }
    }
}
