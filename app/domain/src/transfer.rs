//! A transfer of money from one account to another: the book in which the process `transferring` keeps how far it is.
//! Each step is in one aggregate; between the two legs the money is on its way, and it always arrives, or comes back.

use serde::{Deserialize, Serialize};

use crate::{
    account::{self, Account},
    event::events,
    fields::{FieldError, Fields},
    refusal::{Refusal, Thing},
    values::{AccountId, Amount, Reference, TransferId},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "transfer.request")]
    Request(Request),
    /// Of the process `transferring` alone: the first leg is done.
    #[serde(rename = "transfer.record_debit")]
    RecordDebit { transfer_id: TransferId },
    /// Of the process `transferring` alone: the second leg is done.
    #[serde(rename = "transfer.record_credit")]
    RecordCredit { transfer_id: TransferId },
    /// Of the process `transferring` alone: nothing is left to do.
    #[serde(rename = "transfer.complete")]
    Complete { transfer_id: TransferId },
    /// Of the process `transferring` alone: it cannot be done, and the money is where it was.
    #[serde(rename = "transfer.fail")]
    Fail { transfer_id: TransferId, reason: Refusal },
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Request {
    pub transfer_id: TransferId,
    pub from: AccountId,
    pub to: AccountId,
    pub amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &["transfer.request"];

    pub(crate) fn parse(mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let transfer_id = fields.text("transfer_id", TransferId::parse);
        let (from, to) = (fields.text("from", AccountId::parse), fields.text("to", AccountId::parse));
        let amount = fields.number("amount", Amount::new);
        let reference = fields.optional_text("reference", Reference::parse);
        let request = transfer_id.zip(from).zip(to).zip(amount);
        fields.finish(request.map(|(((transfer_id, from), to), amount)| {
            Self::Request(Request { transfer_id, from, to, amount, reference })
        }))
    }

    #[must_use]
    pub fn transfer_id(&self) -> &TransferId {
        match self {
            Self::Request(Request { transfer_id, .. })
            | Self::RecordDebit { transfer_id }
            | Self::RecordCredit { transfer_id }
            | Self::Complete { transfer_id }
            | Self::Fail { transfer_id, .. } => transfer_id,
        }
    }
}

events!(
    /// What happened to a transfer.
    TransferRequested,
    DebitRecorded,
    CreditRecorded,
    TransferCompleted,
    TransferFailed,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransferRequested {
    pub transfer_id: TransferId,
    pub from: AccountId,
    pub to: AccountId,
    pub amount: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// The money is off the account that gives it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DebitRecorded {
    pub transfer_id: TransferId,
}

/// The money is on the account that gets it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CreditRecorded {
    pub transfer_id: TransferId,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransferCompleted {
    pub transfer_id: TransferId,
}

/// The money is where it was before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TransferFailed {
    pub transfer_id: TransferId,
    /// The rule that a leg of it ran into.
    pub reason: Refusal,
}

impl Event {
    /// The transfer that this happened to.
    #[must_use]
    pub fn transfer_id(&self) -> &TransferId {
        match self {
            Self::TransferRequested(TransferRequested { transfer_id, .. })
            | Self::DebitRecorded(DebitRecorded { transfer_id })
            | Self::CreditRecorded(CreditRecorded { transfer_id })
            | Self::TransferCompleted(TransferCompleted { transfer_id })
            | Self::TransferFailed(TransferFailed { transfer_id, .. }) => transfer_id,
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Requested,
    /// The first leg is recorded.
    Debited,
    /// The second leg is recorded, too.
    Credited,
    Completed,
    Failed,
}

/// A transfer as its events leave it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Transfer {
    pub from: AccountId,
    pub to: AccountId,
    pub amount: Amount,
    pub state: State,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

/// What accounts have done for a transfer that is under way. Their own entries say so, so that a step that is asked
/// for again before it is recorded changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Legs {
    pub debited: bool,
    pub credited: bool,
    pub put_back: bool,
}

impl Legs {
    /// Off the one account and not yet on the other.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        self.debited && !self.credited && !self.put_back
    }
}

/// `account` looks an account up by its number; `legs` is what accounts have done already. What would fail for certain
/// is refused at once.
///
/// # Errors
/// `already_exists`, `same_account`, `not_found` and `wrong_state` for an account that there is not or that is closed,
/// `insufficient_funds`. Steps of the process never are.
pub fn decide<'a>(
    transfer: Option<&Transfer>,
    legs: Legs,
    command: &Command,
    account: impl Fn(&AccountId) -> Option<&'a Account>,
) -> Result<Vec<Event>, Refusal> {
    let state = transfer.map(|transfer| transfer.state);
    let transfer_id = command.transfer_id().clone();
    let event: Event = match command {
        Command::Request(request) => return requested(state, request, account).map(|event| vec![event.into()]),
        Command::RecordDebit { .. } if state == Some(State::Requested) && legs.debited => {
            DebitRecorded { transfer_id }.into()
        }
        Command::RecordCredit { .. } if state == Some(State::Debited) && legs.credited => {
            CreditRecorded { transfer_id }.into()
        }
        Command::Complete { .. } if state == Some(State::Credited) => TransferCompleted { transfer_id }.into(),
        Command::Fail { reason, .. } if may_fail(state, legs) => {
            TransferFailed { transfer_id, reason: reason.clone() }.into()
        }
        // A step that was done before, or is not due: nothing changes (rows K-11, R-38).
        _ => return Ok(vec![]),
    };
    Ok(vec![event])
}

/// Only while no money is on its way.
fn may_fail(state: Option<State>, legs: Legs) -> bool {
    match state {
        Some(State::Requested) => !legs.debited,
        Some(State::Debited) => legs.put_back,
        _ => false,
    }
}

fn requested<'a>(
    state: Option<State>,
    request: &Request,
    account: impl Fn(&AccountId) -> Option<&'a Account>,
) -> Result<TransferRequested, Refusal> {
    let Request { transfer_id, from, to, amount, reference } = request.clone();
    if state.is_some() {
        return Err(Refusal::AlreadyExists { what: Thing::Transfer, id: transfer_id.to_string() });
    }
    if from == to {
        return Err(Refusal::SameAccount { account_id: from });
    }
    let known =
        |id: &AccountId| account(id).ok_or_else(|| Refusal::NotFound { what: Thing::Account, id: id.to_string() });
    let (giving, getting) = (known(&from)?, known(&to)?);
    account::open(getting, &to)?;
    account::covered(giving, &from, amount)?;
    Ok(TransferRequested { transfer_id, from, to, amount, reference })
}

/// A transfer begins with its first event; what is said of one that never began is nothing.
#[must_use]
pub fn evolve(transfer: Option<Transfer>, event: &Event) -> Option<Transfer> {
    let state = match event {
        Event::TransferRequested(requested) => {
            let TransferRequested { from, to, amount, .. } = requested.clone();
            return Some(Transfer { from, to, amount, state: State::Requested, version: 0 });
        }
        Event::DebitRecorded(_) => State::Debited,
        Event::CreditRecorded(_) => State::Credited,
        Event::TransferCompleted(_) => State::Completed,
        Event::TransferFailed(_) => State::Failed,
    };
    transfer.map(|transfer| Transfer { state, ..transfer })
}
