//! A transfer, step by step: off the one account, on record; onto the other, on record; completed. If the first leg is
//! refused, it has failed and nothing has moved. If the second is (the account was closed meanwhile), the money goes back
//! first, and then it has failed.

use crate::{
    account::{self, Leg},
    books::{self, Aggregates, Reads},
    command::Command,
    event::{Event, Refused},
    record::Entry,
    transfer::{self, State},
    values::{AccountId, TransferId},
};

pub fn react(entry: &Entry, aggregates: &Aggregates, reads: &mut Reads) -> Vec<Command> {
    let command: Option<Command> = match &entry.event {
        Event::Transfer(event) => follow(event, aggregates),
        Event::Account(account::Event::AccountDebited(debited)) => {
            let transfer_id = debited.transfer_id.clone();
            transfer_id.map(|transfer_id| transfer::Command::RecordDebit { transfer_id }.into())
        }
        Event::Account(account::Event::AccountCredited(credited)) => {
            let reason = credited.put_back.clone();
            credited.transfer_id.clone().map(|transfer_id| match reason {
                None => transfer::Command::RecordCredit { transfer_id }.into(),
                Some(reason) => transfer::Command::Fail { transfer_id, reason }.into(),
            })
        }
        Event::Refused(refused) => give_up(refused, aggregates),
        _ => None,
    };
    if let Some(Command::Account(step)) = &command {
        reads.extend(step.transfer_id().map(books::transfer_id));
    }
    command.into_iter().collect()
}

fn leg(
    transfer_id: &TransferId,
    aggregates: &Aggregates,
    account: fn(&transfer::Transfer) -> &AccountId,
) -> Option<Leg> {
    let transfer = aggregates.transfers.get(transfer_id)?;
    let account_id = account(transfer).clone();
    Some(Leg { account_id, transfer_id: transfer_id.clone(), amount: transfer.amount })
}

fn follow(event: &transfer::Event, aggregates: &Aggregates) -> Option<Command> {
    let id = event.transfer_id();
    match event {
        transfer::Event::TransferRequested(_) => {
            leg(id, aggregates, |transfer| &transfer.from).map(|leg| account::Command::Take(leg).into())
        }
        transfer::Event::DebitRecorded(_) => {
            leg(id, aggregates, |transfer| &transfer.to).map(|leg| account::Command::Bring(leg).into())
        }
        transfer::Event::CreditRecorded(_) => Some(transfer::Command::Complete { transfer_id: id.clone() }.into()),
        transfer::Event::TransferCompleted(_) | transfer::Event::TransferFailed(_) => None,
    }
}

/// A leg was refused: the entry says which, and why.
fn give_up(refused: &Refused, aggregates: &Aggregates) -> Option<Command> {
    let is_second = match refused.command.command_type.as_str() {
        "account.take" => false,
        "account.bring" => true,
        _ => return None,
    };
    let transfer_id = TransferId::parse(refused.command.text("transfer_id")?).ok()?;
    let reason = refused.refusal.clone();
    if is_second {
        let leg = leg(&transfer_id, aggregates, |transfer| &transfer.from)?;
        Some(account::Command::Return { leg, reason }.into())
    } else {
        Some(transfer::Command::Fail { transfer_id, reason }.into())
    }
}

/// Each leg is gone once, whatever is delivered twice or late.
pub(super) fn leg_is_due(step: &account::Command, aggregates: &Aggregates) -> bool {
    let Some(id) = step.transfer_id() else { return true };
    let state = aggregates.transfers.get(id).map(|transfer| transfer.state);
    let legs = aggregates.legs.get(id).copied().unwrap_or_default();
    match step {
        account::Command::Take(_) => state == Some(State::Requested) && !legs.debited,
        _ => state == Some(State::Debited) && legs.is_under_way(),
    }
}

/// What accounts have done for a transfer is in their own entries.
pub(super) fn read(id: &TransferId, aggregates: &Aggregates, reads: &mut Reads) {
    let transfer = aggregates.transfers.get(id);
    reads.extend(transfer.into_iter().flat_map(|transfer| [&transfer.from, &transfer.to]).map(books::account_id));
}
