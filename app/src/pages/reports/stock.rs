//! Stock of one product over time: what was on hand after each entry, and what of it was promised.

use domain::{AggregateId, values::Sku, why::What};
use sync::past::Asked;

use super::over_time::{Beside, Line, Told, Words, load as load_line};
use crate::{format::number, live::PageContext, pages::name_of};

pub const WORDS: Words =
    Words { lines: ["on hand", "promised"], columns: &["On hand", "Promised"], say: number, caption };

#[must_use]
pub fn asked(sku: &Sku) -> Asked {
    Asked::Of(vec![AggregateId::new("stock", sku.as_str())])
}

/// None where the entries are of fewer than two days.
#[must_use]
pub fn load(context: &PageContext<'_>, sku: &Sku) -> Option<Line> {
    let promised = Beside::Number(What::Allocated(sku.clone()));
    load_line(context, name_of(context.books, sku), &asked(sku), &What::OnHand(sku.clone()), &promised)
}

fn caption(told: &Told<'_>) -> String {
    let (from, to) = told.days();
    format!(
        "from {} on hand on {from} to {} on {to}, between {} and {}; {} of it promised",
        number(told.first.number),
        number(told.last.number),
        number(told.least),
        number(told.most),
        number(told.last.beside),
    )
}
