//! What a shop may do, and what happened.
//!
//! Everything in this crate is pure: no input or output, no clock, no randomness, no hash maps whose order
//! could differ. The same code runs in the server and, as Wasm, in every browser; the books of a shop are the
//! result of folding its events, so both sides must fold alike to the last bit.
//!
//! Reading order:
//!
//! 1. [`values`]: SKU, quantity, money, texts and days, each with a `parse` that says what is wrong
//! 2. [`text`], [`ids`]: names of shops, aggregates and commands; [`demo`]: shops that are to be tried
//! 3. [`product`], [`stock`], [`order`], [`sale`], [`account`], [`transfer`], [`picture`], [`comment`]: the aggregates,
//!    each `decide` and `evolve`; [`shop`]: what holds for all of it;
//!    [`change`]: giving up what was not accepted; [`decider`]: what they have in common
//! 4. [`command`], [`event`], [`refusal`]: the three vocabularies, gathered from the aggregates
//! 5. [`roles`]: who may send which command; [`processes`]: what spans several aggregates
//! 6. [`projections`]: read models; [`matcher`]: what people look for in them
//! 7. [`books`]: all of a shop's state, and the one way to advance it; [`deeds`]: who gave which command lately
//! 8. [`undo`]: the command that puts an entry back; [`history`]: what was before each entry of a record and after it;
//!    [`why`]: the entries that made a number
//! 9. [`record`], [`chain`]: an event as it is stored and sent, and the hash chain over it; `upcast`: events of earlier
//!    schemas
//! 10. [`digest`], [`table`], [`ring`]: rows of read models, and how two replicas notice that they differ
//! 11. [`json`]: how all of this is read and written

pub mod account;
pub mod books;
pub mod chain;
pub mod change;
pub mod command;
pub mod comment;
pub mod decider;
pub mod deeds;
pub mod demo;
pub mod digest;
pub mod event;
pub mod fields;
pub mod history;
pub mod ids;
pub mod json;
pub mod matcher;
pub mod order;
pub mod picture;
pub mod processes;
pub mod product;
pub mod projections;
pub mod record;
pub mod refusal;
pub mod ring;
pub mod roles;
pub mod sale;
pub mod shop;
pub mod stock;
pub mod table;
pub mod text;
pub mod transfer;
pub mod undo;
mod upcast;
pub mod values;
pub mod why;

pub use books::{Books, Decision, FoldError};
pub use command::{Command, Kind};
pub use event::Event;
pub use ids::{AggregateId, CommandId, ShopSlug};
pub use record::{Entry, EventRecord, Submission, Verdict, VerdictRecord};
pub use refusal::Refusal;
