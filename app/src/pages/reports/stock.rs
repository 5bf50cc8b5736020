//! Stock of one product over time: what was on hand after each entry, and what of it was promised.

use domain::{
    AggregateId,
    values::{Day, Millis, Sku},
    why::{Seen, What, explain},
};
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use crate::{
    format,
    live::PageContext,
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
    /// Oldest first.
    pub points: Vec<Point>,
    pub as_of: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Point {
    pub position: u64,
    /// As the device said, but never before the point before it: the order is that of the book.
    pub at: Millis,
    pub on_hand: i64,
    pub allocated: i64,
    pub is_pending: bool,
}

#[must_use]
pub fn asked(sku: &Sku) -> Asked {
    Asked::Of(vec![AggregateId::new("stock", sku.as_str())])
}

/// None where the entries are of fewer than two days.
#[must_use]
pub fn load(context: &PageContext<'_>, sku: &Sku) -> Option<Line> {
    let entries = context.entries(&asked(sku));
    let after = |what: What| {
        let seen = entries.iter().map(|(position, entry)| Seen {
            position: *position,
            event: &entry.event,
            issued_at: entry.issued_at,
        });
        explain(&what, context.since, seen)
    };
    let (on_hand, allocated) = (after(What::OnHand(sku.clone())), after(What::Allocated(sku.clone())));
    let (mut hand_steps, mut promise_steps) = (on_hand.steps.iter().peekable(), allocated.steps.iter().peekable());
    let (mut hand, mut promised, mut at) = (on_hand.start, allocated.start, Millis(0));
    let mut points = Vec::with_capacity(entries.len());
    for (position, entry) in &entries {
        let moved = hand_steps.next_if(|step| step.position == *position).map(|step| hand = step.number).is_some();
        let swapped =
            promise_steps.next_if(|step| step.position == *position).map(|step| promised = step.number).is_some();
        at = at.max(entry.issued_at);
        if moved || swapped {
            let is_pending = *position > context.marks.confirmed;
            points.push(Point { position: *position, at, on_hand: hand, allocated: promised, is_pending });
        }
    }
    let days = points
        .first()
        .zip(points.last())
        .map_or(0, |(first, last)| Day::of(last.at).number() - Day::of(first.at).number());
    points.drain(..points.len().saturating_sub(SHOWN));
    let name = crate::pages::name_of(context.books, sku);
    (days >= 1).then_some(Line { name, points, as_of: context.marks.confirmed })
}

#[must_use]
pub fn caption(line: &Line) -> String {
    let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else { return String::new() };
    let least = line.points.iter().map(|point| point.on_hand).min().unwrap_or(0);
    let most = line.points.iter().map(|point| point.on_hand).max().unwrap_or(0);
    let pending = line.points.iter().filter(|point| point.is_pending).count();
    let pending = if pending == 0 { String::new() } else { format!(" The dashed end ({pending}) is only saved here.") };
    format!(
        "{}: from {} on hand on {} to {} on {}, between {} and {}; {} of it promised. As of entry #{}.{pending}",
        line.name,
        format::number(first.on_hand),
        format::short_day(Day::of(first.at)),
        format::number(last.on_hand),
        format::short_day(Day::of(last.at)),
        format::number(least),
        format::number(most),
        format::number(last.allocated),
        line.as_of,
    )
}

#[must_use]
pub fn drawn(line: &Line) -> Part {
    let places: Vec<_> = line.points.iter().map(|point| point.at.0).collect();
    let on_hand = line.points.iter().map(|point| point.on_hand).collect();
    let allocated = line.points.iter().map(|point| point.allocated).collect();
    let lines = [
        steps::Line { name: "on hand", values: on_hand, is_second: false },
        steps::Line { name: "promised", values: allocated, is_second: true },
    ];
    let pending = line.points.iter().position(|point| point.is_pending).unwrap_or(line.points.len());
    let day = |point: Option<&Point>| point.map_or_else(String::new, |point| format::short_day(Day::of(point.at)));
    let ends = (day(line.points.first()), day(line.points.last()));
    let columns = ["Entry", "When", "On hand", "Promised"];
    let rows = line.points.iter().rev().map(|point| {
        let entry = if point.is_pending { "Saved here".to_owned() } else { format!("#{}", point.position) };
        vec![entry, format::moment(point.at), format::number(point.on_hand), format::number(point.allocated)]
    });
    let numbers = Numbers { columns: columns.map(str::to_owned).to_vec(), rows: rows.collect() };
    chart::figure(steps::steps(&places, &lines, pending, ends, format::number), caption(line), numbers)
}
