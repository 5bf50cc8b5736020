//! An account: money that the shop keeps for somebody, or that somebody owes the shop. The balance may go down to
//! minus the limit, which is the credit that its owner has. A request never takes it lower; a fact may, since a fact has
//! happened already, and a person hears of it.

pub mod approval;
mod commands;
mod events;
mod rules;
mod state;

pub use commands::{Change, Charge, Command, Leg, Move, OfSale, Open};
pub use events::{
    AccountChanged, AccountClosed, AccountCredited, AccountDebited, AccountOpened, Event, SaleApproved, Was,
};
pub use rules::decide;
pub(crate) use rules::{covered, open};
pub use state::{Account, evolve};
