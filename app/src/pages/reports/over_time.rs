//! What the reports on one record have in common: a number after each entry that changed it, and another one beside it.

use domain::{
    values::{Day, Millis},
    why::{Explanation, Seen, Step, What, explain},
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
    pub number: i64,
    pub beside: i64,
    pub is_pending: bool,
}

/// The number that is drawn beside the first.
pub enum Beside {
    /// Another one that entries change.
    Number(What),
    /// The same everywhere.
    Always(i64),
}

/// None where the entries that change a number are of fewer than two days.
#[must_use]
pub fn load(context: &PageContext<'_>, name: String, asked: &Asked, number: &What, beside: &Beside) -> Option<Line> {
    let entries = context.entries(asked);
    let after = |what: &What| {
        let seen = entries.iter().map(|(position, entry)| Seen {
            position: *position,
            event: &entry.event,
            issued_at: entry.issued_at,
        });
        explain(what, context.since, seen)
    };
    let (number, beside) = match beside {
        Beside::Number(what) => (after(number), after(what)),
        Beside::Always(always) => (after(number), Explanation { start: *always, read: 0, steps: Vec::new() }),
    };
    let (mut number_steps, mut beside_steps) = (number.steps.iter().peekable(), beside.steps.iter().peekable());
    let (mut number, mut beside, mut at) = (number.start, beside.start, Millis(0));
    let mut points = Vec::with_capacity(entries.len());
    for (position, entry) in &entries {
        let is_here = |step: &&Step| step.position == *position;
        let moved = number_steps.next_if(is_here).map(|step| number = step.number).is_some();
        let swapped = beside_steps.next_if(is_here).map(|step| beside = step.number).is_some();
        at = at.max(entry.issued_at);
        if moved || swapped {
            let is_pending = *position > context.marks.confirmed;
            points.push(Point { position: *position, at, number, beside, is_pending });
        }
    }
    let ends = points.first().zip(points.last());
    let days = ends.map_or(0, |(first, last)| Day::of(last.at).number() - Day::of(first.at).number());
    points.drain(..points.len().saturating_sub(SHOWN));
    (days >= 1).then_some(Line { name, points, as_of: context.marks.confirmed })
}

/// How a line is told and drawn.
pub struct Words {
    /// The names at the ends of both lines.
    pub lines: [&'static str; 2],
    /// Over the columns of numbers: of the first line alone, where the second is the same everywhere.
    pub columns: &'static [&'static str],
    pub say: fn(i64) -> String,
    pub caption: fn(&Told<'_>) -> String,
}

/// What a caption has to tell.
pub struct Told<'a> {
    pub first: &'a Point,
    pub last: &'a Point,
    pub least: i64,
    pub most: i64,
}

impl Told<'_> {
    #[must_use]
    pub fn days(&self) -> (String, String) {
        (format::short_day(Day::of(self.first.at)), format::short_day(Day::of(self.last.at)))
    }
}

fn caption(line: &Line, words: &Words) -> String {
    let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else { return String::new() };
    let numbers = || line.points.iter().map(|point| point.number);
    let told = Told { first, last, least: numbers().min().unwrap_or(0), most: numbers().max().unwrap_or(0) };
    let pending = line.points.iter().filter(|point| point.is_pending).count();
    let pending = if pending == 0 { String::new() } else { format!(" The dashed end ({pending}) is only saved here.") };
    format!("{}: {}. As of entry #{}.{pending}", line.name, (words.caption)(&told), line.as_of)
}

#[must_use]
pub fn drawn(line: &Line, words: &Words) -> Part {
    let places: Vec<_> = line.points.iter().map(|point| point.at.0).collect();
    let [number, beside] = words.lines;
    let lines = [
        steps::Line { name: number, values: line.points.iter().map(|point| point.number).collect(), is_second: false },
        steps::Line { name: beside, values: line.points.iter().map(|point| point.beside).collect(), is_second: true },
    ];
    let pending = line.points.iter().position(|point| point.is_pending).unwrap_or(line.points.len());
    let day = |point: Option<&Point>| point.map_or_else(String::new, |point| format::short_day(Day::of(point.at)));
    let ends = (day(line.points.first()), day(line.points.last()));
    let columns = ["Entry", "When"].iter().chain(words.columns).map(|name| (*name).to_owned());
    let rows = line.points.iter().rev().map(|point| {
        let entry = if point.is_pending { "Saved here".to_owned() } else { format!("#{}", point.position) };
        let numbers = [point.number, point.beside].into_iter().take(words.columns.len()).map(words.say);
        [entry, format::moment(point.at)].into_iter().chain(numbers).collect()
    });
    let numbers = Numbers { columns: columns.collect(), rows: rows.collect() };
    chart::figure(steps::steps(&places, &lines, pending, ends, words.say), caption(line, words), numbers)
}
