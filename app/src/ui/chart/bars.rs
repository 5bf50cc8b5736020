//! Bars from nought: totals that stand apart, as days do.

use leptos::prelude::*;

use super::{
    HEIGHT, grid,
    scale::{Scale, x},
};
use crate::ui::erased::{IntoPart, Part};

#[derive(Clone, PartialEq, Debug)]
pub struct Bar {
    /// Below the bar; empty for none.
    pub tick: String,
    pub value: i64,
    /// The part of it that is only saved here: drawn apart, outlined.
    pub pending: i64,
    /// What is usual: a line across the bar.
    pub usual: Option<i64>,
}

#[must_use]
pub fn bars(bars: &[Bar], say: fn(i64) -> String) -> Part {
    let scale = Scale::of(bars.iter().flat_map(|bar| [bar.value, bar.usual.unwrap_or(0)]));
    let count = i64::try_from(bars.len()).unwrap_or(1);
    let drawn = (0_i64..).zip(bars).map(|(index, bar)| {
        let (left, right) = (x(index, count) + 2, x(index + 1, count) - 2);
        let sure = bar.value.saturating_sub(bar.pending);
        view! {
            {block("bar", left, right, scale.y(0), scale.y(sure))}
            {(bar.pending != 0).then(|| block("bar pending", left, right, scale.y(sure), scale.y(bar.value)))}
            {bar.usual.map(|usual| view! { <path class="usual" d=format!("M{left} {}H{right}", scale.y(usual))></path> })}
            <text x=i32::midpoint(left, right) y=HEIGHT - 8 text-anchor="middle">{bar.tick.clone()}</text>
        }
    });
    let drawn: Vec<_> = drawn.collect();
    view! { {grid(&scale, say)} {drawn} }.into_part()
}

fn block(class: &'static str, left: i32, right: i32, from: i32, to: i32) -> Part {
    let (top, height) = (from.min(to), (from - to).abs());
    view! { <rect class=class x=left y=top width=right - left height=height></rect> }.into_part()
}
