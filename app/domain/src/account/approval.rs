//! What somebody who leads agrees to beforehand: a sale on an account that may not take as much.
//!
//! This is a rule of the till, and none of the book: the goods are gone when a sale is written down, so the book takes it
//! either way and says that the account is over its limit. Whoever is asked writes down that they agreed, in their name.

use super::commands::OfSale;
use crate::{books::Aggregates, command::Command, roles::Role, sale, values::Amount};

/// What has to be agreed to before somebody in `role` gives `command`; none where nothing has.
#[must_use]
pub fn needed(command: &Command, role: Role, aggregates: &Aggregates) -> Option<OfSale> {
    let Command::Sale(sale::Command::Record(record)) = command else { return None };
    if role.may_send_type("account.approve").is_ok() {
        return None;
    }
    let account_id = record.account.clone()?;
    let account = aggregates.accounts.get(&account_id).filter(|account| !account.closed)?;
    let total = sale::total(&record.sale_id, &record.lines).ok()?;
    let amount = Amount::new(total).ok().filter(|amount| amount.minor() > account.available())?;
    Some(OfSale { account_id, sale_id: record.sale_id.clone(), amount })
}
