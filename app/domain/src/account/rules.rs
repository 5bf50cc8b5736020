//! The rules: what may go off an account, and what comes onto it whatever it is.

use std::sync::Arc;

use super::{
    commands::{Change, Charge, Command, Leg, Move, OfSale, Open},
    events::{AccountChanged, AccountClosed, AccountCredited, AccountDebited, AccountOpened, Event, SaleApproved, Was},
    state::Account,
};
use crate::{
    refusal::{Refusal, Thing},
    values::{AccountId, Amount, Currency},
};

/// Beyond this no balance goes by request, so that facts always find room.
const MOST_BALANCE: i64 = 1_000 * Amount::MOST;

/// What `command` does to the account, which is `None` when there is none of that number. Whether a step of a process is
/// due at all was asked before ([`crate::processes::is_due`]). `currency` is the shop's.
///
/// # Errors
/// `already_exists`, `not_found`, `wrong_state` for what a closed account does not do, `insufficient_funds`, `not_zero`,
/// `too_large`.
pub fn decide(account: Option<&Account>, command: &Command, currency: &Currency) -> Result<Vec<Event>, Refusal> {
    if let Command::Open(open) = command {
        return match account {
            None => Ok(vec![opened(open, currency).into()]),
            Some(_) => Err(Refusal::AlreadyExists { what: Thing::Account, id: open.account_id.to_string() }),
        };
    }
    let id = command.account_id();
    let account = account.ok_or_else(|| Refusal::NotFound { what: Thing::Account, id: id.to_string() })?;
    match command {
        // Decided above: an account that is there is not opened again.
        Command::Open(_) => Ok(vec![]),
        Command::Change(wanted) => open(account, id).map(|()| change(account, wanted)),
        Command::Close { .. } => close(account, id),
        Command::Approve(OfSale { sale_id, amount, .. }) => {
            open(account, id)?;
            let (account_id, sale_id) = (id.clone(), sale_id.clone());
            Ok(vec![SaleApproved { account_id, sale_id, amount: *amount }.into()])
        }
        Command::Credit(Move { amount, reference, .. }) => {
            open(account, id)?;
            fits(account, id, amount.minor())?;
            Ok(vec![AccountCredited { reference: reference.clone(), ..AccountCredited::new(id, *amount) }.into()])
        }
        Command::Debit(Move { amount, reference, .. }) => {
            covered(account, id, *amount)?;
            Ok(vec![AccountDebited { reference: reference.clone(), ..AccountDebited::new(id, *amount) }.into()])
        }
        Command::Take(Leg { amount, transfer_id, .. }) => {
            covered(account, id, *amount)?;
            let transfer_id = Some(transfer_id.clone());
            Ok(vec![AccountDebited { transfer_id, ..AccountDebited::new(id, *amount) }.into()])
        }
        Command::Bring(Leg { amount, transfer_id, .. }) => {
            open(account, id)?;
            fits(account, id, amount.minor())?;
            let transfer_id = Some(transfer_id.clone());
            Ok(vec![AccountCredited { transfer_id, ..AccountCredited::new(id, *amount) }.into()])
        }
        Command::Charge(Charge { amount, order_id, .. }) => {
            covered(account, id, *amount)?;
            let order_id = Some(order_id.clone());
            Ok(vec![AccountDebited { order_id, ..AccountDebited::new(id, *amount) }.into()])
        }
        // Facts, from here on: onto and off a closed account too, and below the limit.
        Command::Return { leg: Leg { amount, transfer_id, .. }, reason } => {
            let (transfer_id, put_back) = (Some(transfer_id.clone()), Some(reason.clone()));
            Ok(vec![AccountCredited { transfer_id, put_back, ..AccountCredited::new(id, *amount) }.into()])
        }
        Command::Refund { order_id, amount, .. } => {
            let order_id = Some(order_id.clone());
            Ok(vec![AccountCredited { order_id, ..AccountCredited::new(id, *amount) }.into()])
        }
        Command::PutOn(OfSale { sale_id, amount, .. }) => {
            let sale_id = Some(sale_id.clone());
            Ok(vec![AccountDebited { sale_id, ..AccountDebited::new(id, *amount) }.into()])
        }
        Command::TakeOff(OfSale { sale_id, amount, .. }) => {
            let sale_id = Some(sale_id.clone());
            Ok(vec![AccountCredited { sale_id, ..AccountCredited::new(id, *amount) }.into()])
        }
    }
}

fn opened(open: &Open, currency: &Currency) -> AccountOpened {
    AccountOpened {
        account_id: open.account_id.clone(),
        title: open.title.clone(),
        owner: open.owner.clone(),
        initial_balance: open.initial_balance,
        limit: open.limit.unwrap_or_default(),
        currency: currency.clone(),
    }
}

/// # Errors
/// `wrong_state` for a closed account.
pub(crate) fn open(account: &Account, id: &AccountId) -> Result<(), Refusal> {
    match account.closed {
        false => Ok(()),
        true => Err(Refusal::WrongState { what: Thing::Account, id: id.to_string(), state: "closed".to_owned() }),
    }
}

/// # Errors
/// `wrong_state`, or `insufficient_funds` with the largest amount that would fit.
pub(crate) fn covered(account: &Account, id: &AccountId, amount: Amount) -> Result<(), Refusal> {
    open(account, id)?;
    let (asked, available) = (amount.minor(), account.available());
    match asked <= available {
        true => Ok(()),
        false => Err(Refusal::InsufficientFunds { account_id: id.clone(), asked, available: available.max(0) }),
    }
}

fn fits(account: &Account, id: &AccountId, change: i64) -> Result<(), Refusal> {
    match account.balance.checked_add(change) {
        Some(balance) if balance <= MOST_BALANCE => Ok(()),
        _ => Err(Refusal::TooLarge { what: Thing::Account, id: id.to_string() }),
    }
}

fn close(account: &Account, id: &AccountId) -> Result<Vec<Event>, Refusal> {
    match account.balance {
        _ if account.closed => Ok(vec![]),
        0 => Ok(vec![AccountClosed { account_id: id.clone() }.into()]),
        balance => Err(Refusal::NotZero { account_id: id.clone(), balance }),
    }
}

/// One event with the fields that differ, none where nothing does.
fn change(account: &Account, wanted: &Change) -> Vec<Event> {
    let title = wanted.title.clone().filter(|title| title.as_str() != &*account.title);
    let owner = wanted.owner.clone().filter(|owner| owner.as_str() != &*account.owner);
    let limit = wanted.limit.filter(|limit| *limit != account.limit);
    if title.is_none() && owner.is_none() && limit.is_none() {
        return vec![];
    }
    let was = Was {
        title: title.as_ref().map(|_| Arc::clone(&account.title)),
        owner: owner.as_ref().map(|_| Arc::clone(&account.owner)),
        limit: limit.map(|_| account.limit),
    };
    vec![AccountChanged { account_id: wanted.account_id.clone(), title, owner, limit, was }.into()]
}
