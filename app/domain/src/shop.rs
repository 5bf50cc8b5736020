//! What holds for the whole shop: the currency that its prices and accounts are counted in.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    event::events,
    fields::{FieldError, Fields},
    refusal::{Refusal, Thing},
    values::Currency,
};

/// There is one in each log.
pub const KEY: &str = "settings";

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// A request: it is refused once there is a price or an account, which would mean another sum afterwards.
    #[serde(rename = "shop.set_currency")]
    SetCurrency { currency: Currency },
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &["shop.set_currency"];

    pub(crate) fn parse(mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let currency = fields.text("currency", Currency::parse);
        fields.finish(currency.map(|currency| Self::SetCurrency { currency }))
    }
}

events!(
    /// What was settled for the whole shop.
    CurrencySet,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CurrencySet {
    /// By ISO 4217.
    pub currency: Currency,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Shop {
    pub currency: Currency,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

impl Shop {
    /// Nothing while nothing was settled.
    #[must_use]
    pub fn digest(&self) -> Digest {
        if self.version == 0 { Digest::default() } else { Digest::of_row("shop", &KEY, &self.currency) }
    }
}

/// `has_sums`: something in the shop has a price or a balance.
///
/// # Errors
/// `wrong_state` once there is something to be paid in the currency before.
pub fn decide(shop: &Shop, has_sums: bool, command: &Command) -> Result<Vec<Event>, Refusal> {
    let Command::SetCurrency { currency } = command;
    if *currency == shop.currency {
        return Ok(vec![]);
    }
    if has_sums {
        let (id, state) = (KEY.to_owned(), "in use".to_owned());
        return Err(Refusal::WrongState { what: Thing::Shop, id, state });
    }
    Ok(vec![CurrencySet { currency: currency.clone() }.into()])
}

#[must_use]
pub fn evolve(shop: Shop, event: &Event) -> Shop {
    let Event::CurrencySet(CurrencySet { currency }) = event;
    Shop { currency: currency.clone(), ..shop }
}
