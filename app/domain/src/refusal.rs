//! Why a command was not accepted: a stable code and the numbers on both sides of the disagreement. Words for
//! people are made from it in the page.

use serde::{Deserialize, Serialize};

use crate::{
    roles::Role,
    values::{AccountId, BatchRef, Sku},
};

/// A rule that a command ran into.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum Refusal {
    /// No such product or stock in this shop.
    #[error("Invalid sku {sku}")]
    InvalidSku { sku: Sku },
    /// No single batch can give what was asked for. `left` is the most that one batch can still give,
    /// `available` what all batches together can.
    #[error("Out of stock for sku {sku}: asked {asked}, left {left}")]
    OutOfStock { sku: Sku, asked: u32, left: u32, available: i64 },
    /// The order's line already has another quantity of this SKU allocated.
    #[error("Order {order_id} already has {allocated} of {sku} from batch {batchref}")]
    AlreadyAllocated { order_id: String, sku: Sku, allocated: u32, batchref: BatchRef },
    /// The name is taken.
    #[error("{what} {id} already exists")]
    AlreadyExists { what: Thing, id: String },
    #[error("{what} {id} not found")]
    NotFound { what: Thing, id: String },
    /// It exists, but is not in a state that allows this.
    #[error("{what} {id} is {state}")]
    WrongState { what: Thing, id: String, state: String },
    /// The sender's role may not do this. Entries of earlier versions do not say which role that was.
    #[error("Not allowed: needs {needs}{}", has.map_or_else(String::new, |has| format!(", has {has}")))]
    NotAllowed {
        needs: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        has: Option<Role>,
    },
    /// Somebody else changed it first.
    #[error("{0}")]
    ChangedMeanwhile(Changed),
    /// A sum would pass the largest amount or quantity that the books can carry.
    #[error("{what} {id} would pass the largest number the books can carry")]
    TooLarge { what: Thing, id: String },
    /// The order has no such line.
    #[error("Order {order_id} has no line for {sku}")]
    NoSuchLine { order_id: String, sku: String },
    /// Fewer of it are there to be put back.
    #[error("{what} {id}: asked to put back {asked}, left {left}")]
    TooMany { what: Thing, id: String, asked: u32, left: u32 },
    /// The account would go below its limit. `available` is the largest amount that fits: balance and credit, in minor
    /// units.
    #[error("Account {account_id}: asked {asked}, available {available}")]
    InsufficientFunds { account_id: AccountId, asked: i64, available: i64 },
    /// Only an account with nothing on it is closed. `balance` is in minor units.
    #[error("Account {account_id} still has {balance} on it")]
    NotZero { account_id: AccountId, balance: i64 },
    /// Money that would go from an account to itself.
    #[error("From and to are both account {account_id}")]
    SameAccount { account_id: AccountId },
    /// It was there, and somebody took it out.
    #[error("{what} {id} is gone")]
    Gone { what: Thing, id: String },
    /// The bytes of this name were not sent to this shop.
    #[error("No picture was sent under the name {blob}")]
    UnknownBlob { blob: String },
}

/// What changed before the command came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(untagged)]
pub enum Changed {
    /// The command named the version that it was meant for.
    #[error("{id} changed meanwhile: expected version {expected}, actual {actual}")]
    Version { id: String, expected: u32, actual: u32 },
    /// The text that it was meant to replace has been replaced by another one.
    #[error("{0}")]
    Text(Box<Texts>),
}

/// Three texts of one thing: what both authors began from, and what each of them made of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{id} changed meanwhile: {by} wrote another text")]
pub struct Texts {
    pub id: String,
    pub was: String,
    pub theirs: String,
    pub yours: String,
    /// Who wrote `theirs`.
    pub by: String,
}

/// What a refusal speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    Product,
    Batch,
    Order,
    Allocation,
    Sale,
    Stock,
    Account,
    Transfer,
    /// What is settled for the whole shop.
    Shop,
    /// An entry of the book, by its number.
    Entry,
    Picture,
    Comment,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Product => "Product",
            Self::Batch => "Batch",
            Self::Order => "Order",
            Self::Allocation => "Allocation",
            Self::Sale => "Sale",
            Self::Stock => "Stock",
            Self::Account => "Account",
            Self::Transfer => "Transfer",
            Self::Shop => "Shop",
            Self::Entry => "Entry",
            Self::Picture => "Picture",
            Self::Comment => "Comment",
        })
    }
}

impl Refusal {
    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidSku { .. } => "invalid_sku",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::AlreadyAllocated { .. } => "already_allocated",
            Self::AlreadyExists { .. } => "already_exists",
            Self::NotFound { .. } => "not_found",
            Self::WrongState { .. } => "wrong_state",
            Self::NotAllowed { .. } => "not_allowed",
            Self::ChangedMeanwhile(_) => "changed_meanwhile",
            Self::TooLarge { .. } => "too_large",
            Self::NoSuchLine { .. } => "no_such_line",
            Self::TooMany { .. } => "too_many",
            Self::InsufficientFunds { .. } => "insufficient_funds",
            Self::NotZero { .. } => "not_zero",
            Self::SameAccount { .. } => "same_account",
            Self::Gone { .. } => "gone",
            Self::UnknownBlob { .. } => "unknown_blob",
        }
    }
}
