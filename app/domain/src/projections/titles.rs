//! What the accounts in an entry were called.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    event::{AskedCommand, Event},
    order,
    picture::{self, PictureAdded, Subject},
    refusal::Refusal,
    sale, transfer,
    values::AccountId,
};

/// Titles by account. Two at most, so a list is the quickest map.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Titles(Vec<(AccountId, Arc<str>)>);

impl Titles {
    pub(super) fn of(event: &Event, accounts: &OrdMap<AccountId, Account>) -> Self {
        let mut titles = Self::default();
        let mut add = |id: &AccountId| titles.add(id, accounts);
        match event {
            Event::Account(event) => add(event.account_id()),
            Event::Transfer(transfer::Event::TransferRequested(requested)) => {
                add(&requested.from);
                add(&requested.to);
            }
            Event::Order(order::Event::OrderPlaced(placed)) => placed.account.iter().for_each(add),
            Event::Order(order::Event::OrderRejected(order::OrderRejected {
                reason: Refusal::InsufficientFunds { account_id, .. },
                ..
            })) => add(account_id),
            Event::Sale(
                sale::Event::SaleRecorded(sale::SaleRecorded { account, .. })
                | sale::Event::SalePutBack(sale::SalePutBack { account, .. }),
            ) => account.iter().for_each(add),
            Event::Picture(picture::Event::PictureAdded(PictureAdded {
                about: Some(Subject::Account(id)), ..
            })) => add(id),
            Event::Refused(refused) => asked(&refused.command).for_each(|id| add(&id)),
            Event::Declined(declined) => asked(&declined.command).for_each(|id| add(&id)),
            Event::Product(_)
            | Event::Stock(_)
            | Event::Order(_)
            | Event::Transfer(_)
            | Event::Shop(_)
            | Event::Picture(_)
            | Event::Comment(_) => {}
        }
        titles
    }

    fn add(&mut self, id: &AccountId, accounts: &OrdMap<AccountId, Account>) {
        if let Some(account) = accounts.get(id).filter(|_| self.get(id).is_none()) {
            self.0.push((id.clone(), account.title.clone()));
        }
    }

    #[must_use]
    pub fn get(&self, id: &AccountId) -> Option<&Arc<str>> {
        self.0.iter().find(|(named, _)| named == id).map(|(_, title)| title)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The accounts that a command is about.
fn asked(command: &AskedCommand) -> impl Iterator<Item = AccountId> {
    let named = ["account_id", "account", "from", "to"].into_iter().filter_map(|field| command.text(field));
    let about = command.data.get("about").and_then(|about| about.get("account")?.as_str());
    named.chain(about).filter_map(|id| AccountId::parse(id).ok())
}
