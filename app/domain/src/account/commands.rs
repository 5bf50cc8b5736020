//! What can be asked of an account.

use serde::Serialize;

use crate::{
    fields::{FieldError, Fields},
    refusal::Refusal,
    values::{AccountId, AccountTitle, Amount, Funds, OrderId, OwnerName, Reference, SaleId, TransferId},
};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "account.open")]
    Open(Open),
    #[serde(rename = "account.change")]
    Change(Change),
    /// Money comes in.
    #[serde(rename = "account.credit")]
    Credit(Move),
    /// Money goes out, within balance and limit.
    #[serde(rename = "account.debit")]
    Debit(Move),
    /// Only with nothing on it.
    #[serde(rename = "account.close")]
    Close { account_id: AccountId },
    /// Somebody who leads agrees that a sale goes on it although it is more than it may take.
    #[serde(rename = "account.approve")]
    Approve(OfSale),
    /// Of the process `transferring` alone: the first leg, off the account that gives.
    #[serde(rename = "account.take")]
    Take(Leg),
    /// Of the process `transferring` alone: the second leg, onto the account that gets.
    #[serde(rename = "account.bring")]
    Bring(Leg),
    /// A fact, of the process `transferring` alone: the second leg was refused, so the money goes back, onto a closed
    /// account too.
    #[serde(rename = "account.return")]
    Return {
        #[serde(flatten)]
        leg: Leg,
        reason: Refusal,
    },
    /// Of the process `ordering` alone: the order's goods are found, and are paid from the account.
    #[serde(rename = "account.charge")]
    Charge(Charge),
    /// A fact, of the process `cancellation` alone: what an order was charged goes back.
    #[serde(rename = "account.refund")]
    Refund { account_id: AccountId, order_id: OrderId, amount: Amount },
    /// A fact, of the process `settlement` alone: goods were sold on account.
    #[serde(rename = "account.put_on")]
    PutOn(OfSale),
    /// A fact, of the process `settlement` alone: such goods came back.
    #[serde(rename = "account.take_off")]
    TakeOff(OfSale),
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Open {
    pub account_id: AccountId,
    pub title: AccountTitle,
    pub owner: OwnerName,
    pub initial_balance: Funds,
    /// The credit that its owner has; none is nought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Funds>,
}

/// What is absent stays as it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    pub account_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<AccountTitle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Funds>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Move {
    pub account_id: AccountId,
    pub amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// One half of a transfer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Leg {
    pub account_id: AccountId,
    pub transfer_id: TransferId,
    pub amount: Amount,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Charge {
    pub account_id: AccountId,
    pub order_id: OrderId,
    pub amount: Amount,
    /// Which placing of the order it is for.
    pub round: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OfSale {
    pub account_id: AccountId,
    pub sale_id: SaleId,
    pub amount: Amount,
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] =
        &["account.open", "account.change", "account.credit", "account.debit", "account.close", "account.approve"];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let account_id = fields.text("account_id", AccountId::parse);
        let command = match command_type {
            "account.open" => {
                let title = fields.text("title", AccountTitle::parse);
                let owner = fields.text("owner", OwnerName::parse);
                let initial_balance = fields.number("initial_balance", Funds::new);
                let limit = fields.optional_number("limit", Funds::new);
                account_id.zip(title).zip(owner).zip(initial_balance).map(
                    |(((account_id, title), owner), initial_balance)| {
                        Self::Open(Open { account_id, title, owner, initial_balance, limit })
                    },
                )
            }
            "account.change" => {
                let title = fields.has("title").then(|| fields.text("title", AccountTitle::parse)).flatten();
                let owner = fields.has("owner").then(|| fields.text("owner", OwnerName::parse)).flatten();
                let limit = fields.optional_number("limit", Funds::new);
                account_id.map(|account_id| Self::Change(Change { account_id, title, owner, limit }))
            }
            "account.close" => account_id.map(|account_id| Self::Close { account_id }),
            "account.approve" => {
                let (sale_id, amount) = (fields.text("sale_id", SaleId::parse), fields.number("amount", Amount::new));
                let of_sale = account_id.zip(sale_id).zip(amount);
                of_sale.map(|((account_id, sale_id), amount)| Self::Approve(OfSale { account_id, sale_id, amount }))
            }
            _ => {
                let amount = fields.number("amount", Amount::new);
                let reference = fields.optional_text("reference", Reference::parse);
                let is_credit = command_type == "account.credit";
                account_id.zip(amount).map(|(account_id, amount)| {
                    let moved = Move { account_id, amount, reference };
                    if is_credit { Self::Credit(moved) } else { Self::Debit(moved) }
                })
            }
        };
        fields.finish(command)
    }

    #[must_use]
    pub fn account_id(&self) -> &AccountId {
        match self {
            Self::Open(Open { account_id, .. })
            | Self::Change(Change { account_id, .. })
            | Self::Credit(Move { account_id, .. })
            | Self::Debit(Move { account_id, .. })
            | Self::Close { account_id }
            | Self::Take(Leg { account_id, .. })
            | Self::Bring(Leg { account_id, .. })
            | Self::Return { leg: Leg { account_id, .. }, .. }
            | Self::Charge(Charge { account_id, .. })
            | Self::Refund { account_id, .. }
            | Self::Approve(OfSale { account_id, .. })
            | Self::PutOn(OfSale { account_id, .. })
            | Self::TakeOff(OfSale { account_id, .. }) => account_id,
        }
    }

    /// The transfer that it is a step of.
    #[must_use]
    pub fn transfer_id(&self) -> Option<&TransferId> {
        match self {
            Self::Take(leg) | Self::Bring(leg) | Self::Return { leg, .. } => Some(&leg.transfer_id),
            _ => None,
        }
    }

    /// The order that it is a step of.
    #[must_use]
    pub fn order_id(&self) -> Option<&OrderId> {
        match self {
            Self::Charge(Charge { order_id, .. }) | Self::Refund { order_id, .. } => Some(order_id),
            _ => None,
        }
    }
}
