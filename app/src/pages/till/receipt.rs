//! The receipt on the counter. Its number was given by the device and never changes; whether the sale is in the book
//! is said on the paper too.

use domain::{
    CommandId,
    values::{AccountId, SaleId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::PageContext,
    replica::Replica,
    text,
    ui::{
        erased::{Parts, follow, handle, memo},
        frame::here,
        mark::{Mark, SyncMark},
        undo::UndoButton,
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Paper {
    pub shop: String,
    pub number: String,
    pub when: String,
    pub lines: Vec<(String, i64)>,
    pub total: i64,
    pub payment: String,
    pub mark: Mark,
    /// The command, if the day book still keeps it.
    pub command: Option<CommandId>,
    pub put_back: bool,
}

/// A receipt by its number, while the books keep it.
#[must_use]
pub fn paper(context: &PageContext<'_>, number: &str) -> Option<Paper> {
    use domain::{Command, sale::Payment};
    let sale_id = SaleId::parse(number).ok()?;
    let (position, receipt) = context.books.projections.sales.receipt(&sale_id)?;
    let pending = context.pending.iter().find(|view| match &view.command {
        Command::Sale(domain::sale::Command::Record(record)) => record.sale_id == sale_id,
        _ => false,
    });
    let state = pending.map_or_else(|| context.marks.entry_place(position), |view| view.state.into());
    Some(Paper {
        shop: context.title.to_owned(),
        number: number.to_owned(),
        when: format::moment(receipt.issued_at),
        lines: receipt
            .lines
            .iter()
            .map(|line| (format!("{} × {}", format::number(line.qty.signed()), line.name), line.price.times(line.qty)))
            .collect(),
        total: receipt.total,
        payment: match receipt.payment {
            Payment::Cash => "Cash".to_owned(),
            Payment::Card => "Card".to_owned(),
            Payment::Account => on_account(context, receipt.account.as_ref()),
        },
        mark: Mark::new(state, position),
        command: context.books.projections.day_book.entries.get(&position).map(|entry| entry.command_id),
        put_back: context.books.aggregates.sales.get(&sale_id).is_some_and(is_put_back),
    })
}

/// With whose it is, as it is called now.
fn on_account(context: &PageContext<'_>, id: Option<&AccountId>) -> String {
    let known = id.and_then(|id| Some((id, context.books.projections.accounts.accounts.get(id)?)));
    known.map_or_else(|| "On account".to_owned(), |(id, account)| format!("On account: {} ({id})", account.title))
}

fn is_put_back(sale: &domain::sale::Sale) -> bool {
    sale.out.as_ref().is_some_and(|out| out.lines.is_empty())
}

/// Shows what the replica knows of the sale; before it has started, what the page came with.
#[component]
pub fn Receipt(number: RwSignal<String>, first: Option<Paper>, next: Callback<()>) -> impl IntoView {
    let replica = Replica::of_context();
    let paper = memo(move |last: Option<&Option<Paper>>| {
        let number = number.get();
        let now = replica.picture().and_then(|picture| paper(&picture.context(), &number));
        // A sale that was taken back or refused leaves the books, not the counter.
        let last = last.cloned().unwrap_or_else(|| first.clone());
        now.or_else(|| last.filter(|last| last.number == number))
    });
    let mark = paper.part(|paper| paper.as_ref().map(|paper| paper.mark).unwrap_or_default());
    let command = paper.part(|paper| paper.as_ref().and_then(|paper| paper.command));
    let put_back = paper.part(|paper| paper.as_ref().is_some_and(|paper| paper.put_back));
    let alive = memo(move |_| replica.picture().is_some());
    view! {
        <article
            class="receipt"
            aria-label="Receipt"
            data-testid="receipt"
            data-sync=mark.show(|mark| mark.state.name())
            data-position=mark.show(|mark| mark.confirmed_position())
        >
            <header>
                <h2 data-testid="receipt-number">{follow(move || number.get())}</h2>
                {follow(move || paper.get().map(|paper| view! { <p>{format!("{} · {}", paper.shop, paper.when)}</p> }))}
            </header>
            {follow(move || paper.get().map(|paper| view! {
                <table>
                    <caption class="visually-hidden">"What was sold"</caption>
                    <tbody>{paper.lines.into_iter().map(|(name, amount)| view! {
                        <tr><th scope="row">{name}</th><td class="num">{format::money(amount)}</td></tr>
                    }).collect_view()}</tbody>
                    <tfoot>
                        <tr><th scope="row">"Total"</th><td class="num">{format::money(paper.total)}</td></tr>
                        <tr><th scope="row">{paper.payment}</th><td></td></tr>
                    </tfoot>
                </table>
            }))}
            <p><SyncMark state=mark.part(|mark| mark.state)/></p>
            {follow(move || put_back.get().then(|| view! { <p><strong>{text::PUT_BACK}</strong></p> }))}
            {mark.show(|mark| mark.state.is_pending().then(|| view! { <p class="print-only">"Saved on this till, not yet confirmed"</p> }))}
            <div class="actions no-print">
                <a
                    class="button primary"
                    id="next-sale"
                    href=here("/till")
                    on:click=handle(move |event: leptos::ev::MouseEvent| {
                        event.prevent_default();
                        next.run(());
                    })
                >"Next sale"</a>
                {follow(move || alive.get().then(|| view! {
                    <button type="button" on:click=handle(move |_| { let _ = window().print(); })>"Print"</button>
                }))}
                <a class="button quiet" href=follow(move || here(&format!("/sales/{}/print", number.get())))>"Print view"</a>
                {follow(move || command.get().map(|id| view! { <UndoButton id on_done=next/> }))}
            </div>
        </article>
    }
}
