//! A sale at the till: a fact. The goods have left the shop when it is written down, so no rule about stock can
//! refuse it; what it breaks is flagged for a person.

use serde::{Deserialize, Serialize};

use crate::{
    event::events,
    fields::{FieldError, Fields},
    refusal::{Refusal, Thing},
    values::{AccountId, Amount, Price, Quantity, SaleId, Sku, ValueError},
};

/// The most lines one receipt or order may have.
pub const MOST_LINES: usize = 200;

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    #[serde(rename = "sale.record")]
    Record(Record),
    /// Goods come back, and their money is given back: never more than was sold.
    #[serde(rename = "sale.put_back")]
    PutBack(PutBack),
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Record {
    pub sale_id: SaleId,
    pub lines: Vec<Line>,
    pub payment: Payment,
    /// Which account pays; only where the payment says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PutBack {
    pub sale_id: SaleId,
    /// What came back; none for all that is not back yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Returned>>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Returned {
    pub sku: Sku,
    pub qty: Quantity,
}

/// Goods sold together, at the price that was asked at the till.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub sku: Sku,
    pub qty: Quantity,
    /// Of one piece, in minor units.
    pub price: Price,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    Cash,
    /// Taken on a terminal outside Daybook.
    Card,
    /// Put on a customer's account, whatever its limit is: the goods are gone.
    Account,
}

impl Payment {
    /// # Errors
    /// [`ValueError::Choice`] for any other word.
    pub fn parse(word: &str) -> Result<Self, ValueError> {
        match word {
            "cash" => Ok(Self::Cash),
            "card" => Ok(Self::Card),
            "account" => Ok(Self::Account),
            _ => Err(ValueError::Choice("cash, card, account")),
        }
    }
}

impl Command {
    pub(crate) const TYPES: &'static [&'static str] = &["sale.record", "sale.put_back"];

    pub(crate) fn parse(command_type: &str, mut fields: Fields<'_>) -> Result<Self, Vec<FieldError>> {
        let sale_id = fields.text("sale_id", SaleId::parse);
        if command_type == "sale.put_back" {
            let lines = if fields.has("lines") { fields.list("lines", MOST_LINES, returned) } else { None };
            return fields.finish(sale_id.map(|sale_id| Self::PutBack(PutBack { sale_id, lines })));
        }
        let lines = fields.list("lines", MOST_LINES, |line| {
            let (sku, qty) = (line.text("sku", Sku::parse), line.number("qty", Quantity::new));
            let price = line.number("price", Price::new);
            Some(Line { sku: sku?, qty: qty?, price: price? })
        });
        let payment = fields.text("payment", Payment::parse);
        let on_account = payment == Some(Payment::Account);
        let account = if on_account { fields.text("account", AccountId::parse) } else { None };
        let record = sale_id.zip(lines).zip(payment);
        fields
            .finish(record.map(|((sale_id, lines), payment)| Self::Record(Record { sale_id, lines, payment, account })))
    }

    #[must_use]
    pub fn sale_id(&self) -> &SaleId {
        match self {
            Self::Record(Record { sale_id, .. }) | Self::PutBack(PutBack { sale_id, .. }) => sale_id,
        }
    }
}

fn returned(line: &mut Fields<'_>) -> Option<Returned> {
    let (sku, qty) = (line.text("sku", Sku::parse), line.number("qty", Quantity::new));
    Some(Returned { sku: sku?, qty: qty? })
}

events!(
    /// What happened to a sale.
    SaleRecorded,
    SalePutBack,
);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SaleRecorded {
    pub sale_id: SaleId,
    pub lines: Vec<Line>,
    pub payment: Payment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Minor units.
    pub total: i64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SalePutBack {
    pub sale_id: SaleId,
    /// What came back, at the prices it was sold for.
    pub lines: Vec<Line>,
    /// As it had been paid.
    pub payment: Payment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Minor units that went back.
    pub total: i64,
}

impl Event {
    /// The sale that this happened to.
    #[must_use]
    pub fn sale_id(&self) -> &SaleId {
        match self {
            Self::SaleRecorded(SaleRecorded { sale_id, .. }) | Self::SalePutBack(SalePutBack { sale_id, .. }) => {
                sale_id
            }
        }
    }
}

/// A sale as its events leave it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sale {
    pub total: i64,
    /// What can still be put back. None once so many sales came after it that it is no longer remembered.
    pub out: Option<Out>,
    /// Of its last entry that was not a refusal.
    pub version: u32,
}

/// Goods of a sale that are with the customer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Out {
    pub lines: Vec<Line>,
    pub payment: Payment,
    pub account: Option<AccountId>,
}

/// `is_account` tells whether an account is one of the shop's.
///
/// # Errors
/// For a sale, `already_exists`: a receipt number is never used twice, since two receipts of one number could not be told
/// apart. And `not_found` for an account that nobody has opened: nothing could be written down under its name. These are
/// the two things that a sale can run into. Goods that come back must have been sold: `not_found`, `wrong_state`,
/// `too_many`.
pub fn decide(
    sale: Option<&Sale>,
    command: &Command,
    is_account: impl Fn(&AccountId) -> bool,
) -> Result<Vec<Event>, Refusal> {
    let Record { sale_id, lines, payment, account } = match command {
        Command::Record(record) => record,
        Command::PutBack(back) => return put_back(sale, back).map(|back| vec![back.into()]),
    };
    if sale.is_some() {
        return Err(Refusal::AlreadyExists { what: Thing::Sale, id: sale_id.to_string() });
    }
    if let Some(account_id) = account.as_ref().filter(|account_id| !is_account(account_id)) {
        return Err(Refusal::NotFound { what: Thing::Account, id: account_id.to_string() });
    }
    let total = total(sale_id, lines)?;
    if account.is_some() && total > Amount::MOST {
        return Err(Refusal::TooLarge { what: Thing::Sale, id: sale_id.to_string() });
    }
    let (sale_id, lines, account) = (sale_id.clone(), lines.clone(), account.clone());
    Ok(vec![SaleRecorded { sale_id, lines, payment: *payment, account, total }.into()])
}

/// At most 200 lines of 10^15 each: no overflow, and checked all the same.
pub(crate) fn total(sale_id: &SaleId, lines: &[Line]) -> Result<i64, Refusal> {
    lines
        .iter()
        .try_fold(0_i64, |sum, line| sum.checked_add(line.price.times(line.qty)))
        .ok_or_else(|| Refusal::TooLarge { what: Thing::Sale, id: sale_id.to_string() })
}

fn put_back(sale: Option<&Sale>, back: &PutBack) -> Result<SalePutBack, Refusal> {
    let (what, id) = (Thing::Sale, back.sale_id.to_string());
    let sale = sale.ok_or_else(|| Refusal::NotFound { what, id: id.clone() })?;
    let wrong = |state: &str| Refusal::WrongState { what, id: id.clone(), state: state.to_owned() };
    let out = sale.out.as_ref().ok_or_else(|| wrong("too old"))?;
    if out.lines.is_empty() {
        return Err(wrong("put back"));
    }
    let lines = match &back.lines {
        None => out.lines.clone(),
        Some(returned) => {
            let mut left = out.lines.clone();
            let mut lines = Vec::new();
            for Returned { sku, qty } in returned {
                let missing = take(&mut left, sku, None, qty.get(), &mut lines);
                if missing > 0 {
                    return Err(Refusal::TooMany { what, id, asked: qty.get(), left: qty.get() - missing });
                }
            }
            lines
        }
    };
    let total = total(&back.sale_id, &lines)?;
    let account = out.account.clone();
    Ok(SalePutBack { sale_id: back.sale_id.clone(), lines, payment: out.payment, account, total })
}

/// Takes units of a SKU (sold at `price`, where one is said) out of `left`, and says how many are not there.
fn take(left: &mut Vec<Line>, sku: &Sku, price: Option<Price>, mut units: u32, taken: &mut Vec<Line>) -> u32 {
    left.retain_mut(|line| {
        let fits = line.sku == *sku && price.is_none_or(|price| price == line.price);
        let Ok(qty) = Quantity::new(i64::from(line.qty.get().min(units))) else { return true };
        if !fits {
            return true;
        }
        units -= qty.get();
        taken.push(Line { qty, ..line.clone() });
        let rest = Quantity::new(line.qty.signed() - qty.signed());
        line.qty = rest.clone().unwrap_or(line.qty);
        rest.is_ok()
    });
    units
}

#[must_use]
pub fn evolve(mut sale: Sale, event: &Event) -> Sale {
    match event {
        Event::SaleRecorded(recorded) => {
            sale.total = recorded.total;
            let (lines, account) = (recorded.lines.clone(), recorded.account.clone());
            sale.out = Some(Out { lines, payment: recorded.payment, account });
        }
        Event::SalePutBack(back) => {
            if let Some(out) = &mut sale.out {
                for line in &back.lines {
                    take(&mut out.lines, &line.sku, Some(line.price), line.qty.get(), &mut Vec::new());
                }
            }
        }
    }
    sale
}
