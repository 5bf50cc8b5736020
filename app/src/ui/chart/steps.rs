//! A step line: stock and balances are constant between entries, and a smooth line would invent values.

use leptos::prelude::*;

use super::{
    HEIGHT, WIDTH, grid,
    scale::{RIGHT, Scale, x},
};
use crate::ui::erased::{IntoPart, Part};

/// A line. Lines differ by their dashes and by the name at their end, not only by colour.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    pub name: &'static str,
    /// Value from each place on, in order; as many as there are places.
    pub values: Vec<i64>,
    pub is_second: bool,
}

/// `places` along the drawing, in order (milliseconds, as a rule), and the lines over them. `pending`: from this index
/// on, entries are only saved here, and drawn dashed. `ends`: words for the first and the last place.
#[must_use]
pub fn steps(places: &[i64], lines: &[Line], pending: usize, ends: (String, String), say: fn(i64) -> String) -> Part {
    let scale = Scale::of(lines.iter().flat_map(|line| line.values.iter().copied()));
    let (first, last) = (places.first().copied().unwrap_or(0), places.last().copied().unwrap_or(0));
    let across: Vec<i32> = places.iter().map(|place| x(place - first, last - first)).collect();
    let drawn = lines.iter().map(|line| {
        let ys: Vec<i32> = line.values.iter().map(|value| scale.y(*value)).collect();
        let split = pending.clamp(1, ys.len().max(1));
        let sure = path(&across, &ys, 0, split);
        let tail = (split < ys.len()).then(|| path(&across, &ys, split - 1, ys.len()));
        let end = ys.last().copied().unwrap_or(0);
        let (group, class) = if line.is_second { ("series-2", "line dashed") } else { ("series-1", "line") };
        view! {
            <g class=group>
                <path class=class d=sure></path>
                {tail.map(|tail| view! { <path class="line pending" d=tail></path> })}
                <text x=WIDTH - RIGHT + 6 y=end + 4>{line.name}</text>
            </g>
        }
    });
    let drawn: Vec<_> = drawn.collect();
    let (from, to) = ends;
    view! {
        {grid(&scale, say)}
        {drawn}
        <text x=x(0, 1) y=HEIGHT - 8>{from}</text>
        <text x=x(1, 1) y=HEIGHT - 8 text-anchor="end">{to}</text>
    }
    .into_part()
}

/// Along to the next place, then up or down.
fn path(across: &[i32], ys: &[i32], from: usize, to: usize) -> String {
    let mut path = String::new();
    for index in from..to {
        let (Some(x), Some(y)) = (across.get(index), ys.get(index)) else { break };
        let part = if index == from { format!("M{x} {y}") } else { format!("H{x}V{y}") };
        path.push_str(&part);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_value_stays_until_the_next_entry() {
        assert_eq!(path(&[10, 20, 40], &[5, 3, 9], 0, 3), "M10 5H20V3H40V9");
        assert_eq!(path(&[10, 20, 40], &[5, 3, 9], 1, 3), "M20 3H40V9");
    }
}
