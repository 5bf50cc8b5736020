//! Takings of the last four weeks, day by day, each beside what its weekday usually brings.

use domain::values::Day;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::PageContext,
    text,
    ui::{
        chart::{
            self, Numbers,
            bars::{self, Bar},
        },
        erased::Part,
    },
};

/// Days shown, today included.
const SHOWN: i32 = 28;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Days {
    /// Oldest first.
    pub days: Vec<OfDay>,
    pub as_of: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OfDay {
    pub day: Day,
    /// Minor units, with what is only saved here.
    pub total: i64,
    /// Of it, what is only saved here.
    pub pending: i64,
    pub sales: u32,
    /// What the same weekday brought on average; none before the first day of the book.
    pub usual: Option<i64>,
}

/// None where the takings are of fewer than two days.
#[must_use]
pub fn load(context: &PageContext<'_>) -> Option<Days> {
    let takings = &context.books.projections.sales.takings;
    let first = *takings.first_key().filter(|_| takings.len() > 1)?;
    let today = Day::of(context.now);
    let of_day = |day: Day| takings.get(&day).copied().unwrap_or_default();
    let days = (0..SHOWN).rev().map(|ago| {
        let day = today.plus(-ago);
        let usual = (day >= first).then(|| {
            let same = (0..SHOWN).map(|ago| today.plus(-ago));
            let same = same.filter(|other| *other >= first && (other.number() - day.number()) % 7 == 0);
            let (sum, count) =
                same.fold((0_i64, 0_i64), |(sum, count), day| (sum.saturating_add(of_day(day).total()), count + 1));
            sum / count.max(1)
        });
        let takings = of_day(day);
        OfDay { day, total: takings.total(), pending: pending(context, day), sales: takings.sales, usual }
    });
    Some(Days { days: days.collect(), as_of: context.marks.confirmed })
}

/// Money of a day that is only saved here.
fn pending(context: &PageContext<'_>, day: Day) -> i64 {
    let newest_first = context.books.projections.day_book.entries.iter().rev();
    let unsent = newest_first.take_while(|(position, _)| **position > context.marks.confirmed);
    unsent.filter(|(_, entry)| Day::of(entry.issued_at) == day).filter_map(|(_, entry)| entry.amount).sum()
}

#[must_use]
pub fn caption(days: &Days) -> String {
    let total: i64 = days.days.iter().map(|day| day.total).sum();
    let sales: u32 = days.days.iter().map(|day| day.sales).sum();
    let sales = text::counted(usize::try_from(sales).unwrap_or(0), "sale", "sales");
    let unsent: i64 = days.days.iter().map(|day| day.pending).sum();
    let unsent =
        if unsent == 0 { String::new() } else { format!(" Of it, {} is only saved here.", format::money(unsent)) };
    let best = days.days.iter().max_by_key(|day| (day.total, day.day)).map_or_else(String::new, |best| {
        format!("; most on {} {} ({})", format::weekday(best.day), format::day(best.day), format::money(best.total))
    });
    format!("{} in {sales} over {SHOWN} days{best}. As of entry #{}.{unsent}", format::money(total), days.as_of)
}

#[must_use]
pub fn drawn(days: &Days) -> Part {
    let bars: Vec<_> = days
        .days
        .iter()
        .map(|day| Bar {
            tick: if format::weekday(day.day) == "Monday" { format::short_day(day.day) } else { String::new() },
            value: day.total,
            pending: day.pending,
            usual: day.usual,
        })
        .collect();
    let columns = ["Day", "Takings", "Only saved here", "Sales", "Usual for the weekday"];
    let rows = days.days.iter().rev().map(|day| {
        let name = format!("{} {}", format::weekday(day.day).get(..3).unwrap_or(""), format::short_day(day.day));
        vec![
            name,
            format::money(day.total),
            format::money(day.pending),
            format::number(i64::from(day.sales)),
            day.usual.map_or_else(|| "–".to_owned(), format::money),
        ]
    });
    let numbers = Numbers { columns: columns.map(str::to_owned).to_vec(), rows: rows.collect() };
    chart::figure(bars::bars(&bars, major), caption(days), numbers)
}

/// Whole major units at the lines.
fn major(minor: i64) -> String {
    if minor % 100 == 0 { format::number(minor / 100) } else { format::money(minor) }
}
