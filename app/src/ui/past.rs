//! Looking back: the moment that the address names, the band that says so on every page, and the comparison with now.
//!
//! The address alone knows. What writes is disabled there ([`Writing`]), and every link stays at the same moment.

use domain::values::Millis;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use serde::{Deserialize, Serialize};

use crate::{
    format, text,
    ui::{
        erased::{Inside, IntoPart, Part, memo},
        frame::{READS_ONLY, reads_only},
    },
};

/// The id of the words that say why a control is disabled.
pub const REASON: &str = "as-of-reason";

/// More numbers than these are compared only where they differ.
const FEW: usize = 12;

/// What the address says of the moment, followed. The frame provides it.
#[derive(Clone, Copy)]
pub struct AsOf(Memo<String>);

impl AsOf {
    #[must_use]
    pub fn of_route() -> Self {
        let query = use_query_map();
        Self(memo(move |_| query.with(|query| query.get("as_of").unwrap_or_default())))
    }
}

/// The moment of the address, followed; empty for now.
#[must_use]
pub fn as_of() -> String {
    use_context::<AsOf>().and_then(|AsOf(moment)| moment.try_get()).unwrap_or_default()
}

/// The moment of the address as it is; none for now.
#[must_use]
pub fn as_of_now() -> Option<String> {
    let moment = use_context::<AsOf>().and_then(|AsOf(moment)| moment.try_get_untracked());
    moment.filter(|moment| !moment.is_empty())
}

/// An address at the same moment.
#[must_use]
pub fn at_moment(address: &str, as_of: Option<&str>) -> String {
    let Some(as_of) = as_of else { return address.to_owned() };
    let joint = if address.contains('?') { '&' } else { '?' };
    let as_of: String = form_urlencoded::byte_serialize(as_of.as_bytes()).collect();
    format!("{address}{joint}as_of={as_of}")
}

/// A number of a page.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    pub label: String,
    pub value: i64,
    /// Minor units, not pieces.
    pub is_money: bool,
}

impl Figure {
    #[must_use]
    pub fn pieces(label: impl Into<String>, value: i64) -> Self {
        Self { label: label.into(), value, is_money: false }
    }

    #[must_use]
    pub fn money(label: impl Into<String>, value: i64) -> Self {
        Self { label: label.into(), value, is_money: true }
    }
}

/// A number then and now. None where there was, or is, no such thing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Compared {
    pub label: String,
    pub then: Option<i64>,
    pub now: Option<i64>,
    pub is_money: bool,
}

/// What a page that looks back says of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Past {
    /// The last entry that it knows of.
    pub position: u64,
    /// When that was written down.
    pub at: Millis,
    /// The last entry of now.
    pub head: u64,
    pub compared: Vec<Compared>,
}

/// Numbers of the same label side by side.
#[must_use]
pub fn compared(then: Vec<Figure>, now: &[Figure]) -> Vec<Compared> {
    let find = |label: &str| now.iter().find(|figure| figure.label == label).map(|figure| figure.value);
    let gone: Vec<_> = now.iter().filter(|now| !then.iter().any(|then| then.label == now.label)).cloned().collect();
    let kept = then.into_iter().map(|Figure { label, value, is_money }| {
        let now = find(&label);
        Compared { label, then: Some(value), now, is_money }
    });
    let new = gone.into_iter().map(|figure| Compared {
        label: figure.label,
        then: None,
        now: Some(figure.value),
        is_money: figure.is_money,
    });
    let mut all: Vec<_> = kept.chain(new).collect();
    if all.len() > FEW {
        all.retain(|row| row.then != row.now);
    }
    all
}

/// The page under its band, where it looks back.
#[must_use]
pub fn banded(past: Option<Past>, page: Part) -> Part {
    match past {
        None => page,
        Some(past) => view! { <Band past/> {page} }.into_part(),
    }
}

/// The address of this page at another moment; of now where none is said.
#[must_use]
pub fn elsewhen(as_of: Option<u64>) -> String {
    let location = use_location();
    let kept = other_pairs(&location.search.get_untracked());
    let pairs = kept.into_iter().chain(as_of.map(|position| ("as_of".to_owned(), position.to_string())));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let path = location.pathname.get_untracked();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

fn other_pairs(search: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes()).into_owned();
    pairs.filter(|(name, _)| name != "as_of").collect()
}

#[component]
fn Band(past: Past) -> impl IntoView {
    let Past { position, at, head, compared } = past;
    let location = use_location();
    let others = other_pairs(&location.search.get_untracked());
    let others: Vec<_> =
        others.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect();
    let beside = |position: u64, sign: &'static str, words: &'static str| {
        view! { <a class="button quiet" href=elsewhen(Some(position)) aria-label=format!("{words}, #{position}") title=words>{sign}</a> }
    };
    let entry = format!("#{position}");
    view! {
        <section class="strip looking-back" data-tone="as-of" aria-label="As it was" data-testid="as-of">
            <p id=REASON>{text::as_it_was(position, at)}</p>
            <a href=elsewhen(None)>{text::BACK_TO_NOW}</a>
            <form class="as-of no-print" method="get" action=location.pathname.get_untracked()>
                {others}
                {(position > 1).then(|| beside(position - 1, "[", "The entry before"))}
                <input name="as_of" aria-label="Entry number or time" title="An entry as 1039, or a time as 2026-11-20 14:03 (UTC)" value=entry autocomplete="off"/>
                <button type="submit">"Go"</button>
                {(position < head).then(|| beside(position + 1, "]", "The entry after"))}
            </form>
            {(!compared.is_empty()).then(|| view! { <Comparison position compared/> })}
        </section>
    }
}

#[component]
fn Comparison(position: u64, compared: Vec<Compared>) -> impl IntoView {
    let rows = compared.into_iter().map(|Compared { label, then, now, is_money }| {
        let said =
            move |value: Option<i64>| value.map_or_else(|| "–".to_owned(), |value| format::amount(value, is_money));
        let difference = now.unwrap_or(0) - then.unwrap_or(0);
        let named = label.clone();
        view! {
            <tr data-compared=named>
                <th scope="row">{label}</th>
                <td class="num">{said(then)}</td>
                <td class="num">{said(now)}</td>
                <td class="num">{format::amount_change(difference, is_money)}</td>
            </tr>
        }
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <details class="comparison">
            <summary>"Compare with now"</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="Compared with now">
                <table class="ledger keep">
                    <caption class="visually-hidden">"Numbers of then and of now"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Number"</th>
                            <th scope="col" class="num">{format!("At #{position}")}</th>
                            <th scope="col" class="num">"Now"</th>
                            <th scope="col" class="num">"Difference"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// Why nothing can be written on this page, and the id of the words that say so on it.
#[must_use]
pub fn not_now() -> Option<(&'static str, &'static str)> {
    if as_of_now().is_some() {
        return Some((REASON, text::NOT_IN_THE_PAST));
    }
    reads_only().then_some((READS_ONLY, text::READS_ONLY))
}

/// Controls that write. Where a page looks back, or its server only reads, they are disabled, and say why.
#[component]
pub fn Writing(children: Inside) -> impl IntoView {
    match not_now() {
        None => children.show(),
        Some((reason, words)) => view! {
            <fieldset class="not-now" disabled=true aria-describedby=reason title=words>
                <legend class="visually-hidden">{words}</legend>
                {children.show()}
            </fieldset>
        }
        .into_part(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn us_17_numbers_of_then_and_now_stand_side_by_side() {
        let then = vec![Figure::pieces("On hand", 5), Figure::pieces("Gone", 1)];
        let now = [Figure::pieces("On hand", 3), Figure::money("New", 250)];
        let rows: Vec<_> = compared(then, &now).into_iter().map(|row| (row.label, row.then, row.now)).collect();
        let named = |label: &str, then, now| (label.to_owned(), then, now);
        assert_eq!(
            rows,
            [named("On hand", Some(5), Some(3)), named("Gone", Some(1), None), named("New", None, Some(250))]
        );
        let many = |value| (0..20).map(|n| Figure::pieces(n.to_string(), if n == 7 { value } else { 0 })).collect();
        let many_now: Vec<_> = many(2);
        assert_eq!(compared(many(1), &many_now).len(), 1, "of many, those that differ");
    }

    #[test]
    fn a_link_stays_at_the_moment_of_its_page() {
        assert_eq!(at_moment("/s/demo/stock?view=batches", Some("7")), "/s/demo/stock?view=batches&as_of=7");
        assert_eq!(
            at_moment("/s/demo", Some("2026-11-20T14:03:00+01:00")),
            "/s/demo?as_of=2026-11-20T14%3A03%3A00%2B01%3A00"
        );
        assert_eq!(at_moment("/s/demo", None), "/s/demo");
    }
}
