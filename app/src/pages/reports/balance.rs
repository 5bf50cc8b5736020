//! The balance of one account over time, with the limit that it may go down to.

use domain::{
    AggregateId,
    values::{AccountId, Day, Millis},
    why::{Seen, What, explain},
};
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use crate::{
    format,
    live::PageContext,
    pages::account::name_of,
    ui::{
        chart::{self, Numbers, steps},
        erased::Part,
    },
};

/// Entries drawn; of a longer history the last ones.
const SHOWN: usize = 400;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    /// How far below nought it may go, in minor units.
    pub limit: i64,
    /// Oldest first.
    pub points: Vec<Point>,
    pub as_of: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Point {
    pub position: u64,
    /// As the device said, but never before the point before it: the order is that of the book.
    pub at: Millis,
    /// Minor units.
    pub balance: i64,
    pub is_pending: bool,
}

#[must_use]
pub fn asked(account_id: &AccountId) -> Asked {
    Asked::Of(vec![AggregateId::new("account", account_id.as_str())])
}

/// None where the entries are of fewer than two days.
#[must_use]
pub fn load(context: &PageContext<'_>, account_id: &AccountId) -> Option<Line> {
    let account = context.books.projections.accounts.accounts.get(account_id)?;
    let entries = context.entries(&asked(account_id));
    let seen = entries.iter().map(|(position, entry)| Seen {
        position: *position,
        event: &entry.event,
        issued_at: entry.issued_at,
    });
    let explained = explain(&What::Balance(account_id.clone()), context.since, seen);
    let mut steps = explained.steps.iter().peekable();
    let (mut at, mut points) = (Millis(0), Vec::with_capacity(entries.len()));
    for (position, entry) in &entries {
        at = at.max(entry.issued_at);
        if let Some(step) = steps.next_if(|step| step.position == *position) {
            let is_pending = *position > context.marks.confirmed;
            points.push(Point { position: *position, at, balance: step.number, is_pending });
        }
    }
    let ends = points.first().zip(points.last());
    let days = ends.map_or(0, |(first, last)| Day::of(last.at).number() - Day::of(first.at).number());
    points.drain(..points.len().saturating_sub(SHOWN));
    let (name, limit, as_of) = (name_of(context, account_id), account.limit.minor(), context.marks.confirmed);
    (days >= 1).then_some(Line { name, limit, points, as_of })
}

#[must_use]
pub fn caption(line: &Line) -> String {
    let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else { return String::new() };
    let least = line.points.iter().map(|point| point.balance).min().unwrap_or(0);
    let pending = line.points.iter().filter(|point| point.is_pending).count();
    let pending = if pending == 0 { String::new() } else { format!(" The dashed end ({pending}) is only saved here.") };
    format!(
        "{}: from {} on {} to {} on {}, at the least {}; it may go down to {}. As of entry #{}.{pending}",
        line.name,
        format::money(first.balance),
        format::short_day(Day::of(first.at)),
        format::money(last.balance),
        format::short_day(Day::of(last.at)),
        format::money(least),
        format::money(-line.limit),
        line.as_of,
    )
}

#[must_use]
pub fn drawn(line: &Line) -> Part {
    let places: Vec<_> = line.points.iter().map(|point| point.at.0).collect();
    let lines = [
        steps::Line {
            name: "balance",
            values: line.points.iter().map(|point| point.balance).collect(),
            is_second: false,
        },
        steps::Line { name: "limit", values: vec![-line.limit; line.points.len()], is_second: true },
    ];
    let pending = line.points.iter().position(|point| point.is_pending).unwrap_or(line.points.len());
    let day = |point: Option<&Point>| point.map_or_else(String::new, |point| format::short_day(Day::of(point.at)));
    let ends = (day(line.points.first()), day(line.points.last()));
    let rows = line.points.iter().rev().map(|point| {
        let entry = if point.is_pending { "Saved here".to_owned() } else { format!("#{}", point.position) };
        vec![entry, format::moment(point.at), format::money(point.balance)]
    });
    let numbers = Numbers { columns: ["Entry", "When", "Balance"].map(str::to_owned).to_vec(), rows: rows.collect() };
    chart::figure(steps::steps(&places, &lines, pending, ends, format::money), caption(line), numbers)
}
