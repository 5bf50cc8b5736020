//! An order: what a customer asks for. It begins as a draft, is placed, and is then accepted or not: the process
//! `ordering` finds its goods, one line after another, and has it paid where an account is named. Which batch its goods
//! come from is the stock's business.

mod commands;
mod events;
mod rules;
mod state;

pub use commands::{Asked, Command, Item, Place};
pub use events::{
    Event, HandedLine, ItemAdded, ItemRemoved, OrderAccepted, OrderCancelled, OrderHandedOver, OrderPlaced,
    OrderRejected, OrderSettled, PlacedLine,
};
pub use rules::{Around, decide};
pub use state::{Order, State, evolve};
