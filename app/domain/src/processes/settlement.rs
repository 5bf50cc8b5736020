//! Goods were sold on account: the account owes for them, however much that is. Goods of such a sale came back: so does
//! their money.

use crate::{
    account::{self, OfSale},
    books::{Aggregates, Reads},
    command::Command,
    event::Event,
    record::Entry,
    sale,
    values::Amount,
};

pub fn react(entry: &Entry, _aggregates: &Aggregates, _reads: &mut Reads) -> Vec<Command> {
    let Event::Sale(event) = &entry.event else { return vec![] };
    let (account, total) = match event {
        sale::Event::SaleRecorded(recorded) => (&recorded.account, recorded.total),
        sale::Event::SalePutBack(back) => (&back.account, back.total),
    };
    let (Some(account_id), Ok(amount)) = (account.clone(), Amount::new(total)) else { return vec![] };
    let of_sale = OfSale { account_id, sale_id: event.sale_id().clone(), amount };
    vec![match event {
        sale::Event::SaleRecorded(_) => account::Command::PutOn(of_sale).into(),
        sale::Event::SalePutBack(_) => account::Command::TakeOff(of_sale).into(),
    }]
}
