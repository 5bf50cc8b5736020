//! Charts: drawn by hand as SVG, the same on the server and in the browser, in the colours of the style sheet. Each has a
//! sentence made from its numbers, and the numbers as a table; colour never says anything alone.
//!
//! 1. this file: the figure around a drawing
//! 2. [`scale`]: from numbers to places
//! 3. [`steps`]: what is constant between entries; [`bars`]: totals that stand apart

pub mod bars;
pub mod scale;
pub mod steps;

use leptos::prelude::*;

use crate::ui::erased::{IntoPart, Part};

/// Of every drawing, in its own units.
pub const WIDTH: i32 = 640;
pub const HEIGHT: i32 = 240;

/// The numbers behind a drawing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Numbers {
    pub columns: Vec<String>,
    /// The first cell of a row names it.
    pub rows: Vec<Vec<String>>,
}

/// The figure: drawing, sentence, table.
#[must_use]
pub fn figure(drawing: Part, caption: String, numbers: Numbers) -> Part {
    let head: Vec<_> = numbers
        .columns
        .into_iter()
        .enumerate()
        .map(|(index, column)| view! { <th scope="col" class=(index > 0).then_some("num")>{column}</th> })
        .collect();
    let rows: Vec<_> = numbers.rows.into_iter().map(row).collect();
    let (said, named) = (caption.clone(), caption.clone());
    view! {
        <figure class="chart">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=said>{drawing}</svg>
            <figcaption>{caption}</figcaption>
            <details>
                <summary>"Numbers"</summary>
                <div class="scroll" tabindex="0" role="region" aria-label="Numbers of the chart">
                    <table class="ledger keep">
                        <caption class="visually-hidden">{named}</caption>
                        <thead><tr>{head}</tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        </figure>
    }
    .into_part()
}

fn row(cells: Vec<String>) -> Part {
    let mut cells = cells.into_iter();
    let name = cells.next().unwrap_or_default();
    let cells: Vec<_> = cells.map(|cell| view! { <td class="num">{cell}</td> }).collect();
    view! { <tr><th scope="row">{name}</th>{cells}</tr> }.into_part()
}

/// Lines across at whole numbers, each with its number.
fn grid(scale: &scale::Scale, say: fn(i64) -> String) -> Part {
    let lines = scale.ticks().into_iter().map(|tick| {
        let y = scale.y(tick);
        view! {
            <path class="grid" d=format!("M{} {y}H{}", scale::LEFT, WIDTH - scale::RIGHT)></path>
            <text x=scale::LEFT - 6 y=y + 4 text-anchor="end">{say(tick)}</text>
        }
    });
    let lines: Vec<_> = lines.collect();
    let y = scale.y(0);
    view! { {lines}<path class="axis" d=format!("M{} {y}H{}", scale::LEFT, WIDTH - scale::RIGHT)></path> }.into_part()
}
