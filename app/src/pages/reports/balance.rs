//! The balance of one account over time, in minor units, with the limit that it may go down to.

use domain::{AggregateId, values::AccountId, why::What};
use sync::past::Asked;

use super::over_time::{Beside, Line, Told, Words, load as load_line};
use crate::{format::money, live::PageContext, pages::account::name_of};

pub const WORDS: Words = Words { lines: ["balance", "limit"], columns: &["Balance"], say: money, caption };

#[must_use]
pub fn asked(account_id: &AccountId) -> Asked {
    Asked::Of(vec![AggregateId::new("account", account_id.as_str())])
}

/// None where the entries are of fewer than two days.
#[must_use]
pub fn load(context: &PageContext<'_>, account_id: &AccountId) -> Option<Line> {
    let account = context.books.projections.accounts.accounts.get(account_id)?;
    let (name, limit) = (name_of(context, account_id), Beside::Always(-account.limit.minor()));
    load_line(context, name, &asked(account_id), &What::Balance(account_id.clone()), &limit)
}

fn caption(told: &Told<'_>) -> String {
    let (from, to) = told.days();
    format!(
        "from {} on {from} to {} on {to}, at the least {}; it may go down to {}",
        money(told.first.number),
        money(told.last.number),
        money(told.least),
        money(told.last.beside),
    )
}
