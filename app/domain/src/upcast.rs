//! Events of earlier schemas, brought up to date as they are read. The log keeps the bytes that were written, for ever;
//! nothing but [`Event::decode`](crate::Event::decode) knows that there were others, so aggregates, read models and
//! pages deal with the newest form alone.
//!
//! A type whose data changes its form gets a higher number in [`CHANGED`], the form it had stays here as a struct of its
//! own, and `From` leads from each form to the next. Golden files of all of them stay in `tests/golden`.

use serde::Deserialize;

use crate::{
    change::{Because, Declined},
    event::AskedCommand,
    ids::CommandId,
    json,
    values::Reason,
};

/// Types that have been written in more than one form, with the number of the newest.
pub(crate) const CHANGED: &[(&str, u16)] = &[("Declined", 2)];

/// Schema 1 had one text for why: the words of the button that was pressed, in English, or what somebody had typed.
#[derive(Deserialize)]
struct Declined1 {
    command_id: CommandId,
    command: AskedCommand,
    reason: Reason,
}

/// `reason` became `because`, a word that can be counted and said in any language, and `note`, what somebody typed.
impl From<Declined1> for Declined {
    fn from(Declined1 { command_id, command, reason }: Declined1) -> Self {
        let (because, note) = Because::told(&reason);
        Self { command_id, command, because, note }
    }
}

pub(crate) fn declined(schema: u16, payload: &str) -> serde_json::Result<Declined> {
    match schema {
        1 => json::read::<Declined1>(payload).map(Declined::from),
        _ => json::read(payload),
    }
}
