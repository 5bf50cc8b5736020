//! An account as its events leave it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::Event;
use crate::values::{Currency, Funds};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Shared with the many rows that show it.
    pub title: Arc<str>,
    /// Whose it is. A copy of a name that may change; it follows.
    pub owner: Arc<str>,
    /// Minor units; below nought when the owner owes the shop.
    pub balance: i64,
    pub limit: Funds,
    pub currency: Currency,
    pub closed: bool,
    /// It was closed, and is open again because money moved that could not be held back: nobody has looked at it yet.
    pub reopened: bool,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

impl Account {
    /// The largest amount that may go off it, in minor units; below nought when facts have taken it below its limit.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.balance.saturating_add(self.limit.minor())
    }
}

/// Value in, value out; every number in it was decided before.
#[must_use]
pub fn evolve(mut account: Account, event: &Event) -> Account {
    match event {
        Event::AccountOpened(opened) => {
            account.title = (&opened.title).into();
            account.owner = (&opened.owner).into();
            account.limit = opened.limit;
            account.currency = opened.currency.clone();
        }
        Event::AccountChanged(changed) => {
            account.title = changed.title.as_ref().map_or(account.title, Arc::from);
            account.owner = changed.owner.as_ref().map_or(account.owner, Arc::from);
            account.limit = changed.limit.unwrap_or(account.limit);
        }
        Event::AccountCredited(_) | Event::AccountDebited(_) => {
            account.reopened |= account.closed;
            account.closed = false;
        }
        Event::AccountClosed(_) => account.closed = true,
        Event::SaleApproved(_) => {}
    }
    // No command makes a balance that does not fit; a log that somebody has made up must not end the fold.
    account.balance = account.balance.saturating_add(event.change());
    account.reopened &= account.balance != 0 && !account.closed;
    account
}
