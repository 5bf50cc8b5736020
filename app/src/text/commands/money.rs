//! What somebody asked for of accounts and transfers, in words.

use domain::{account, transfer};

use crate::format::money;

pub(super) fn account(command: &account::Command) -> String {
    match command {
        account::Command::Open(open) => format!("Open account {} ({}) for {}", open.title, open.account_id, open.owner),
        account::Command::Change(change) => format!("Change account {}", change.account_id),
        account::Command::Close { account_id } => format!("Close account {account_id}"),
        account::Command::Credit(moved) => {
            format!("Credit {} to account {}", money(moved.amount.minor()), moved.account_id)
        }
        account::Command::Debit(moved) => {
            format!("Debit {} from account {}", money(moved.amount.minor()), moved.account_id)
        }
        account::Command::Approve(sale) => format!(
            "Agree to {} over the limit: {} on account {}",
            sale.sale_id,
            money(sale.amount.minor()),
            sale.account_id
        ),
        account::Command::Take(leg) => format!(
            "Take {} off account {} for transfer {}",
            money(leg.amount.minor()),
            leg.account_id,
            leg.transfer_id
        ),
        account::Command::Bring(leg) => {
            format!("Bring {} to account {} by transfer {}", money(leg.amount.minor()), leg.account_id, leg.transfer_id)
        }
        account::Command::Return { leg, .. } => format!(
            "Put back {} to account {} from transfer {}",
            money(leg.amount.minor()),
            leg.account_id,
            leg.transfer_id
        ),
        account::Command::Charge(charge) => format!(
            "Charge {} to account {} for order {}",
            money(charge.amount.minor()),
            charge.account_id,
            charge.order_id
        ),
        account::Command::Refund { account_id, order_id, amount } => {
            format!("Give back {} to account {account_id} for order {order_id}", money(amount.minor()))
        }
        account::Command::PutOn(sale) => {
            format!("Put {} on account {} for {}", money(sale.amount.minor()), sale.account_id, sale.sale_id)
        }
        account::Command::TakeOff(sale) => {
            format!("Give back {} to account {} for {}", money(sale.amount.minor()), sale.account_id, sale.sale_id)
        }
    }
}

pub(super) fn transfer(command: &transfer::Command) -> String {
    match command {
        transfer::Command::Request(request) => {
            format!("Move {} from account {} to {}", money(request.amount.minor()), request.from, request.to)
        }
        transfer::Command::RecordDebit { transfer_id } => format!("Note that transfer {transfer_id} is off"),
        transfer::Command::RecordCredit { transfer_id } => format!("Note that transfer {transfer_id} has arrived"),
        transfer::Command::Complete { transfer_id } => format!("Complete transfer {transfer_id}"),
        transfer::Command::Fail { transfer_id, .. } => format!("Give up transfer {transfer_id}"),
    }
}

/// What was saved of it, in words.
pub(super) fn saved_account(command: &account::Command) -> String {
    match command {
        account::Command::Open(open) => format!("Saved here: account {} opened.", open.title),
        account::Command::Close { account_id } => format!("Saved here: account {account_id} closed."),
        account::Command::Credit(moved) => {
            format!("Saved here: {} credited to account {}.", money(moved.amount.minor()), moved.account_id)
        }
        account::Command::Debit(moved) => {
            format!("Saved here: {} debited from account {}.", money(moved.amount.minor()), moved.account_id)
        }
        other => format!("Saved here: account {}.", other.account_id()),
    }
}
