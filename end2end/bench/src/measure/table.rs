//! The table that comes out, and the arithmetic of it.

use std::time::Duration;

/// Whether more or less is better.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Shown beside the others, without a goal of its own.
    None,
}

struct Row {
    what: String,
    ours: String,
    reference: String,
    value: f64,
    goal: Goal,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// A line of the table; `value` is what the goal speaks of, most often ours divided by the reference.
    pub fn row(&mut self, what: &str, ours: String, reference: String, value: f64, goal: Goal) {
        eprintln!("  {what}: {ours} | {reference} | {value:.2}");
        self.rows.push(Row { what: what.to_owned(), ours, reference, value, goal });
    }

    pub fn print(&self) {
        println!("| what | ours | reference in the same run | value | goal | |");
        println!("|---|---|---|---|---|---|");
        for Row { what, ours, reference, value, goal } in &self.rows {
            let (goal, met) = match goal {
                Goal::AtLeast(least) => (format!("≥ {least}"), *value >= *least),
                Goal::AtMost(most) => (format!("≤ {most}"), *value <= *most),
                Goal::None => {
                    println!("| {what} | {ours} | {reference} | {value:.2} | | |");
                    continue;
                }
            };
            println!(
                "| {what} | {ours} | {reference} | {value:.2} | {goal} | {} |",
                if met { "met" } else { "missed" }
            );
        }
    }
}

/// Latencies, to be asked for percentiles.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn push(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds; `part` of 0.5 is the median.
    pub fn percentile(&mut self, part: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let index = ((last as f64) * part).round() as usize;
        self.0.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// The middle of several rounds.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn thousands(value: f64) -> String {
    if value >= 10_000.0 { format!("{:.1}k/s", value / 1_000.0) } else { format!("{value:.0}/s") }
}
