//! Why a number is what it is: parts that come to it, what is only saved here apart, and the entries that made it.

use domain::{
    books::Books,
    projections::day_book::BookEntry,
    values::Millis,
    why::{Explanation, Seen, What, explain},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use super::{path_param, query_param};
use crate::{
    format,
    live::{PageContext, Params, page},
    replica::Replica,
    text,
    ui::{
        erased::{self, IntoPart, Parts, follow, memo},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        rows::rows,
        sentence::{Sentence, SentenceView},
    },
};

/// Entries on the page; all of them are in the sums.
const SHOWN: usize = 200;

/// What the address says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Number {
    /// As `on-hand-OAT-1`.
    pub what: String,
    pub recount: bool,
}

impl Params for Number {
    const FOLLOWS: bool = true;

    fn asks(&self, _books: &Books) -> Option<Asked> {
        asked(&What::parse(&self.what)?)
    }
}

fn asked(what: &What) -> Option<Asked> {
    match what {
        What::Takings(day) => Some(Asked::Sales(*day)),
        other => other.aggregate().map(|aggregate| Asked::Of(vec![aggregate])),
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub what: String,
    pub title: String,
    pub href: String,
    pub is_money: bool,
    /// With everything saved here.
    pub number: i64,
    pub position: u64,
    pub parts: Vec<Part>,
    /// What is only saved here, each by itself.
    pub pending: Vec<Part>,
    /// Newest first.
    pub steps: Vec<Step>,
    pub hidden: usize,
    /// Entries up to this one are not on this device; nought where all were read.
    pub lacks: u64,
    pub recount: Option<Recount>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Part {
    pub label: String,
    pub amount: i64,
    /// How the part comes about, in words.
    pub note: String,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    pub position: u64,
    pub at: Millis,
    pub sentence: Sentence,
    pub person: String,
    pub change: i64,
    pub number: i64,
    pub mark: Mark,
}

/// What came of folding the entries again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recount {
    pub entries: usize,
    pub number: i64,
}

#[must_use]
pub fn load(context: &PageContext<'_>, number: &Number) -> Option<Model> {
    let what = What::parse(&number.what)?;
    let headline = what.headline(context.books)?;
    let entries = context.entries(&asked(&what)?);
    let explained = explained(&what, context, &entries);
    let confirmed = context.marks.confirmed;
    let pending = explained.pending(confirmed).map(|step| Part {
        label: "Saved here".to_owned(),
        amount: step.change,
        note: entry_at(&entries, step.position).map(|entry| context.sentence(entry).plain()).unwrap_or_default(),
    });
    let shown = explained.steps.iter().rev().take(SHOWN);
    let steps = shown.filter_map(|step| {
        let entry = entry_at(&entries, step.position)?;
        Some(Step {
            position: step.position,
            at: entry.issued_at,
            sentence: context.sentence(entry),
            person: entry.actor.to_string(),
            change: step.change,
            number: step.number,
            mark: Mark::new(context.marks.entry(entry.command_id, step.position), step.position),
        })
    });
    let (of, href) = subject(context, &what);
    Some(Model {
        shop: context.title.to_owned(),
        title: format!("{} of {of}", text::figure(&what)),
        href,
        is_money: what.is_money(),
        number: headline,
        position: confirmed,
        parts: parts(context, &what, &explained),
        pending: pending.collect(),
        steps: steps.collect(),
        hidden: explained.steps.len().saturating_sub(SHOWN),
        lacks: context.since.map_or(0, |since| since.position),
        recount: number.recount.then(|| Recount { entries: explained.read, number: explained.number() }),
        what: what.to_string(),
    })
}

fn explained(what: &What, context: &PageContext<'_>, entries: &[(u64, &BookEntry)]) -> Explanation {
    let seen = |(position, entry): &(u64, &'_ BookEntry)| (*position, entry.issued_at);
    explain(
        what,
        context.since,
        entries.iter().map(|of| {
            let (position, issued_at) = seen(of);
            Seen { position, event: &of.1.event, issued_at }
        }),
    )
}

fn entry_at<'a>(entries: &[(u64, &'a BookEntry)], position: u64) -> Option<&'a BookEntry> {
    let at = entries.binary_search_by_key(&position, |(position, _)| *position).ok()?;
    entries.get(at).map(|(_, entry)| *entry)
}

/// What the number is of, and where that stands.
fn subject(context: &PageContext<'_>, what: &What) -> (String, String) {
    match what {
        What::OnHand(sku) | What::Allocated(sku) | What::Arriving(sku) | What::Available(sku) => {
            (super::name_of(context.books, sku), context.at(&format!("/products/{sku}")))
        }
        What::Total(order_id) => (format!("order {order_id}"), context.at(&format!("/orders/{order_id}"))),
        What::Takings(day) => (format::day(*day), context.at("")),
        What::Balance(id) => {
            let row = context.books.projections.accounts.accounts.get(id);
            let title = row.map_or_else(|| id.to_string(), |row| row.title.to_string());
            (title, context.at(&format!("/accounts/{id}")))
        }
    }
}

/// The parts of the confirmed number. What can be had is made of three numbers, each with its own parts.
fn parts(context: &PageContext<'_>, what: &What, explained: &Explanation) -> Vec<Part> {
    let confirmed = context.marks.confirmed;
    let What::Available(sku) = what else {
        let before = context.since.map(|since| Part {
            label: format!("Up to entry #{}", since.position),
            amount: explained.start,
            note: "not on this device".to_owned(),
        });
        let of_entries = explained.parts(confirmed).into_iter();
        let of_entries =
            of_entries.map(|(cause, amount)| Part { label: text::cause(&cause), amount, note: String::new() });
        return before.into_iter().chain(of_entries).collect();
    };
    let all = [(What::OnHand(sku.clone()), 1), (What::Arriving(sku.clone()), 1), (What::Allocated(sku.clone()), -1)];
    let entries = asked(what).map(|asked| context.entries(&asked)).unwrap_or_default();
    let part = |(what, sign): (What, i64)| {
        let explained = self::explained(&what, context, &entries);
        let parts = explained.parts(confirmed);
        let amount = explained.start + parts.iter().map(|(_, amount)| amount).sum::<i64>();
        let start = (explained.start != 0).then(|| format!("before {}", format::number(explained.start)));
        let words =
            parts.iter().map(|(cause, amount)| format!("{} {}", text::cause_within(cause), format::change(*amount)));
        let note = start.into_iter().chain(words).collect::<Vec<_>>().join(", ");
        Part { label: text::figure(&what).to_owned(), amount: sign * amount, note }
    };
    all.map(part).into_iter().filter(|part| part.amount != 0 || !part.note.is_empty()).collect()
}

#[component]
pub fn WhyPage() -> impl IntoView {
    let (what, recount) = (path_param("what"), query_param("recount"));
    page(move || Number { what: what(), recount: !recount().is_empty() }, load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| format!("Why {}?", model.title));
    let shop = model.part(|model| model.shop.clone());
    let Model { href, title: of, what, .. } = model.get_untracked();
    let lacks = model.part(|model| model.lacks);
    view! {
        <PageHead title shop crumbs=vec![(of, href)]/>
        <Equation model/>
        {follow(move || (lacks.get() > 0).then(|| view! {
            <div class="notice" data-testid="lacks"><p>{text::not_held(lacks.get())}</p></div>
        }))}
        <div class="actions no-print">
            <a class="button" href=here(&format!("/why/{what}?recount=1"))>"Recount from the first entry"</a>
        </div>
        {follow(move || model.with(|model| model.recount.as_ref().map(|recount| recounted(recount, model))))}
        <Agreement/>
        <Steps model/>
    }
}

#[component]
fn Equation(model: Memo<Model>) -> impl IntoView {
    let parts = model.part(|model| model.parts.clone());
    let pending = model.part(|model| model.pending.clone());
    let is_money = model.with_untracked(|model| model.is_money);
    let as_of = move || {
        model.with(|model| match model.pending.len() {
            0 => format!("as of entry #{}", model.position),
            waiting => format!("as of entry #{}, plus {waiting} saved here", model.position),
        })
    };
    let row = move |name: &'static str| {
        move |part: Part| {
            view! {
                <tr data-part=name data-sync=(name == "pending").then_some("saved-here")>
                    <th scope="row">{part.label}" "<small>{part.note}</small></th>
                    <td class="num">{format::amount_change(part.amount, is_money)}</td>
                </tr>
            }
        }
    };
    view! {
        <table class="ledger keep equation">
            <caption>{follow(as_of)}</caption>
            <thead class="visually-hidden"><tr><th scope="col">"Part"</th><th scope="col">"Amount"</th></tr></thead>
            <tbody>
                {follow(move || parts.get().into_iter().map(row("confirmed")).collect::<Vec<_>>())}
                {follow(move || pending.get().into_iter().map(row("pending")).collect::<Vec<_>>())}
            </tbody>
            <tfoot>
                <tr data-part="number">
                    <th scope="row">{model.show(|model| model.title.clone())}</th>
                    <td class="num" data-testid="headline">{model.show(|model| format::amount(model.number, model.is_money))}</td>
                </tr>
            </tfoot>
        </table>
    }
}

fn recounted(recount: &Recount, model: &Model) -> erased::Part {
    let entries = text::counted(recount.entries, "entry", "entries");
    let from = if model.lacks > 0 { format!(", from #{} on,", model.lacks + 1) } else { String::new() };
    let same = recount.number == model.number;
    let words = if same {
        format!("Recounted {entries}{from}: same number.")
    } else {
        let difference = format::amount_change(recount.number - model.number, model.is_money);
        format!(
            "Recounted {entries}{from}: {}, a difference of {difference}.",
            format::amount(recount.number, model.is_money)
        )
    };
    let tone = if same { "good" } else { "refused" };
    view! { <div class="notice" data-tone=tone role="status" data-testid="recount"><p>{words}</p></div> }.into_part()
}

/// What this device and the server last found equal. Only a device can say.
#[component]
fn Agreement() -> impl IntoView {
    let replica = Replica::of_context();
    let agreed = memo(move |_| replica.line().and_then(|line| line.digests.agreed).map(|agreed| agreed.position));
    follow(move || {
        agreed.get().map(|position| {
            view! { <p class="note" data-testid="agreed">{format!("✓ This device and the server agree at entry #{position}.")}</p> }
        })
    })
}

#[component]
fn Steps(model: Memo<Model>) -> impl IntoView {
    let list = model.part(|model| model.steps.clone());
    let none = model.part(|model| model.steps.is_empty());
    let hidden = model.part(|model| model.hidden);
    let is_money = model.with_untracked(|model| model.is_money);
    view! {
        <section class="section">
            <h2>"The entries that made it"</h2>
            {follow(move || if none.get() {
                view! { <p class="quiet-text">"Nothing has changed it yet."</p> }.into_part()
            } else {
                view! {
                    <table class="ledger">
                        <caption class="visually-hidden">"Entries, the newest first"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"What"</th>
                                <th scope="col">"When"</th>
                                <th scope="col" class="num">"Change"</th>
                                <th scope="col" class="num">"Afterwards"</th>
                                <th scope="col" class="num">"Entry"</th>
                            </tr>
                        </thead>
                        <tbody>{rows(list, |step| step.position, move |step| step_row(step, is_money))}</tbody>
                    </table>
                }.into_part()
            })}
            {follow(move || (hidden.get() > 0).then(|| view! {
                <p class="note">{format!("{} older ones are in the sums.", format::number(i64::try_from(hidden.get()).unwrap_or(i64::MAX)))}</p>
            }))}
        </section>
    }
}

fn step_row(step: Memo<Step>, is_money: bool) -> impl IntoView {
    let place = step.part(|step| step.mark.confirmed_position());
    let sentence = step.part(|step| step.sentence.clone());
    view! {
        <tr data-sync=step.show(|step| step.mark.state.name()) data-position=follow(move || place.get())>
            <th scope="row">
                {follow(move || view! { <SentenceView sentence=sentence.get()/> })}
                " "
                <small>{step.show(|step| step.person.clone())}</small>
            </th>
            <td data-label="When">{step.show(|step| format::moment(step.at))}</td>
            <td class="num" data-label="Change">{follow(move || format::amount_change(step.with(|step| step.change), is_money))}</td>
            <td class="num" data-label="Afterwards">{follow(move || format::amount(step.with(|step| step.number), is_money))}</td>
            <td class="num" data-label="Entry">
                {follow(move || match place.get() {
                    Some(position) => view! { <a href=here(&format!("/book/{position}"))>{format!("#{position}")}</a> }.into_part(),
                    None => view! { <SyncMark state=step.part(|step| step.mark.state)/> }.into_part(),
                })}
            </td>
        </tr>
    }
}
