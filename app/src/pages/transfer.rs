//! One transfer: between whom, how far it is, and what happened to it.

use domain::{
    projections::transfers::{Party, TransferState},
    values::TransferId,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::path_param;
use crate::{
    format,
    live::{PageContext, page_of_numbers},
    text,
    ui::{
        erased::{IntoPart, Parts, follow},
        frame::here,
        head::PageHead,
        mark::{Mark, SyncMark},
        past::Figure,
        timeline::{Step, Timeline},
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub transfer_id: String,
    pub from: Side,
    pub to: Side,
    /// Minor units.
    pub amount: i64,
    pub reference: String,
    pub state: TransferState,
    /// Why it failed, in words.
    pub reason: Option<String>,
    pub timeline: Vec<Step>,
    pub mark: Mark,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Side {
    pub title: String,
    pub owner: String,
    pub href: String,
}

#[must_use]
pub fn load(context: &PageContext<'_>, transfer_id: &String) -> Option<Model> {
    let transfer_id = TransferId::parse(transfer_id).ok()?;
    let transfer = context.books.projections.transfers.transfers.get(&transfer_id)?;
    let side = |party: &Party| Side {
        title: party.title.to_string(),
        owner: party.owner.to_string(),
        href: context.at(&format!("/accounts/{}", party.account_id)),
    };
    let timeline = transfer.timeline.iter();
    let timeline = timeline.map(|it| Step::new(context, it.position, it.issued_at, text::transfer_step(&it.what)));
    Some(Model {
        shop: context.title.to_owned(),
        from: side(&transfer.from),
        to: side(&transfer.to),
        amount: transfer.amount.minor(),
        reference: transfer.reference.as_ref().map(ToString::to_string).unwrap_or_default(),
        state: transfer.state,
        reason: transfer.reason.as_ref().map(text::why_not),
        timeline: timeline.collect(),
        mark: Mark::new(context.marks.of(&["transfer"], transfer_id.as_str(), transfer.position), transfer.position),
        transfer_id: transfer_id.to_string(),
    })
}

#[component]
pub fn TransferPage() -> impl IntoView {
    let figures: fn(&Model) -> Vec<Figure> = |model| vec![Figure::money("Amount", model.amount)];
    page_of_numbers(path_param("transfer_id"), load, show, figures)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let title = model.part(|model| format!("Transfer {}", model.transfer_id));
    let shop = model.part(|model| model.shop.clone());
    let id = model.with_untracked(|model| model.transfer_id.clone());
    let mark = model.part(|model| model.mark);
    let reason = model.part(|model| model.reason.clone());
    let state = model.part(|model| model.state);
    view! {
        <PageHead title shop crumbs=vec![("Accounts".to_owned(), here("/accounts"))]>
            <span class="tag" data-tone=state.show(|state| text::transfer_tone(*state))>{state.show(|state| text::transfer_state(*state))}</span>
            <a class="button quiet" href=here(&format!("/history/transfer-{id}"))>"History"</a>
        </PageHead>
        <div class="with-aside">
            <div class="stack">
                <section
                    class="section record"
                    aria-label="Transfer"
                    data-sync=mark.show(|mark| mark.state.name())
                    data-position=mark.show(|mark| mark.confirmed_position())
                >
                    <dl class="facts">
                        <Party name="From" side=model.part(|model| model.from.clone())/>
                        <Party name="To" side=model.part(|model| model.to.clone())/>
                        <div><dt>"Amount"</dt><dd>{model.show(|model| format::money(model.amount))}</dd></div>
                        <div><dt>"Reference"</dt><dd>{model.show(|model| if model.reference.is_empty() { "–".to_owned() } else { model.reference.clone() })}</dd></div>
                    </dl>
                    {follow(move || reason.get().map(|reason| view! { <p class="reason">{format!("Not done: {reason}")}</p> }))}
                    <p><SyncMark state=mark.part(|mark| mark.state)/></p>
                </section>
            </div>
            <aside>
                <h2>"What happened"</h2>
                <Timeline steps=model.part(|model| model.timeline.clone())/>
            </aside>
        </div>
    }
}

#[component]
fn Party(name: &'static str, side: Memo<Side>) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{follow(move || {
                let Side { title, owner, href } = side.get();
                view! { <a href=href>{title}</a>{format!(" · {owner}")} }.into_part()
            })}</dd>
        </div>
    }
}
