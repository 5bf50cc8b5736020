//! Sheets for paper: a receipt, an order to pick, the statement of an account. Black on white, nothing around them, and the truth about what is not in
//! the book yet: beside the line, and at the foot.

use domain::values::Millis;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{account, order, path_param, till::receipt};
use crate::{
    format,
    live::{PageContext, page},
    replica::Replica,
    text,
    ui::{
        erased::{Parts, follow, handle, memo},
        frame::here,
        head::PageHead,
    },
};

/// What a sheet carries.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sheet {
    pub shop: String,
    /// As `Receipt T1-0007`.
    pub title: String,
    /// The page that it is of.
    pub href: String,
    pub facts: Vec<(String, String)>,
    pub columns: Vec<String>,
    pub lines: Vec<Line>,
    /// Label and amount.
    pub total: Option<(String, String)>,
    /// Where it was printed: the device, if it was one.
    pub device: String,
    pub at: Millis,
    pub as_of: u64,
    pub is_unconfirmed: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// As many as there are columns.
    pub cells: Vec<String>,
    pub is_unconfirmed: bool,
}

impl Sheet {
    /// A sheet with its foot; what it is about is filled in.
    fn of(context: &PageContext<'_>, title: String, path: &str) -> Self {
        Self {
            shop: context.title.to_owned(),
            title,
            href: context.at(path),
            facts: vec![],
            columns: vec![],
            lines: vec![],
            total: None,
            device: context.device.unwrap_or("the server").to_owned(),
            at: context.now,
            as_of: context.marks.confirmed,
            is_unconfirmed: false,
        }
    }
}

/// The receipt of a sale, while the books keep it.
#[must_use]
pub fn load_receipt(context: &PageContext<'_>, number: &String) -> Option<Sheet> {
    let paper = receipt::paper(context, number)?;
    let is_unconfirmed = paper.mark.state.is_pending();
    let lines = paper.lines.into_iter();
    let lines = lines.map(|(name, amount)| Line { cells: vec![name, format::money(amount)], is_unconfirmed });
    let sheet = Sheet::of(context, format!("Receipt {number}"), "/till");
    let back = paper.put_back.then(|| ("Put back".to_owned(), "the goods of this receipt came back".to_owned()));
    Some(Sheet {
        facts: [("Sold".to_owned(), paper.when), ("Paid".to_owned(), paper.payment)].into_iter().chain(back).collect(),
        columns: vec!["What".to_owned(), "Amount".to_owned()],
        lines: lines.collect(),
        total: Some(("Total".to_owned(), format::money(paper.total))),
        is_unconfirmed,
        ..sheet
    })
}

/// An order, with the batches that its goods are picked from.
#[must_use]
pub fn load_order(context: &PageContext<'_>, order_id: &String) -> Option<Sheet> {
    let order = order::load(context, order_id)?;
    let is_new = order.mark.state.is_pending() && order.timeline.iter().all(|step| step.mark.state.is_pending());
    let lines = order.lines.iter().map(|line| Line {
        cells: [
            format!("{} ({})", line.name, line.sku),
            format::number(line.qty),
            format::number(i64::from(line.allocated)),
            line.batchref.clone().unwrap_or_else(|| if line.short { "short".to_owned() } else { "–".to_owned() }),
        ]
        .into_iter()
        .chain(line.amount.map(format::money))
        .collect(),
        is_unconfirmed: is_new || line.state.is_pending(),
    });
    let lines: Vec<_> = lines.collect();
    let columns = ["Product", "Asked", "Allocated", "Batch"].into_iter().chain(order.total.map(|_| "Amount"));
    Some(Sheet {
        facts: vec![("State".to_owned(), order.standing.words().to_owned())],
        columns: columns.map(str::to_owned).collect(),
        total: order.total.map(|total| ("Total".to_owned(), format::money(total))),
        is_unconfirmed: order.mark.state.is_pending() || lines.iter().any(|line| line.is_unconfirmed),
        lines,
        ..Sheet::of(context, format!("Order {order_id}"), &format!("/orders/{order_id}"))
    })
}

/// A statement, with the running balance.
#[must_use]
pub fn load_statement(context: &PageContext<'_>, account_id: &String) -> Option<Sheet> {
    let account = account::load(context, account_id)?;
    let before = account.brought_forward.map(|balance| Line {
        cells: vec!["Brought forward".to_owned(), String::new(), String::new(), format::money(balance)],
        is_unconfirmed: false,
    });
    let lines = account.statement.iter().map(|line| Line {
        cells: vec![
            line.words.clone(),
            format::moment(line.at),
            format::money(line.amount),
            format::money(line.balance),
        ],
        is_unconfirmed: line.mark.state.is_pending(),
    });
    let lines: Vec<_> = before.into_iter().chain(lines).collect();
    let facts =
        [("Owner", account.owner.clone()), ("Account", account_id.clone()), ("Limit", format::money(account.limit))];
    Some(Sheet {
        facts: facts.map(|(label, value)| (label.to_owned(), value)).to_vec(),
        columns: ["What", "When", "Amount", "Balance"].map(str::to_owned).to_vec(),
        total: Some(("Balance".to_owned(), format::money(account.balance))),
        is_unconfirmed: account.mark.state.is_pending() || lines.iter().any(|line| line.is_unconfirmed),
        lines,
        ..Sheet::of(context, format!("Statement of {}", account.title), &format!("/accounts/{account_id}"))
    })
}

#[component]
pub fn PrintReceipt() -> impl IntoView {
    page(path_param("number"), load_receipt, show)
}

#[component]
pub fn PrintOrder() -> impl IntoView {
    page(path_param("order_id"), load_order, show)
}

#[component]
pub fn PrintStatement() -> impl IntoView {
    page(path_param("account_id"), load_statement, show)
}

fn show(sheet: Memo<Sheet>) -> impl IntoView {
    let title = sheet.part(|sheet| sheet.title.clone());
    let shop = sheet.part(|sheet| sheet.shop.clone());
    let back = sheet.with_untracked(|sheet| sheet.href.clone());
    let replica = Replica::of_context();
    let alive = memo(move |_| replica.picture().is_some());
    view! {
        <article class="sheet" data-testid="sheet">
            <p class="sheet-shop">{sheet.show(|sheet| sheet.shop.clone())}</p>
            <PageHead title shop/>
            <div class="actions no-print">
                {follow(move || alive.get().then(|| view! {
                    <button type="button" class="primary" on:click=handle(move |_| { let _ = window().print(); })>"Print"</button>
                }))}
                <a class="button quiet" href=back>"Back"</a>
                <a class="button quiet" href=here("")>"Today"</a>
            </div>
            {follow(move || sheet.with(|sheet| paper(sheet.clone())))}
        </article>
    }
}

fn paper(sheet: Sheet) -> impl IntoView {
    let Sheet { facts, columns, lines, total, device, at, as_of, is_unconfirmed, title, .. } = sheet;
    let facts: Vec<_> =
        facts.into_iter().map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }).collect();
    let span = columns.len().saturating_sub(1);
    let head: Vec<_> = columns
        .into_iter()
        .enumerate()
        .map(|(index, column)| view! { <th scope="col" class=(index > 0).then_some("num")>{column}</th> })
        .collect();
    let rows: Vec<_> = lines.into_iter().map(row).collect();
    view! {
        <dl class="facts">{facts}</dl>
        <div class="scroll" tabindex="0" role="region" aria-label="Lines">
            <table class="ledger keep">
                <caption class="visually-hidden">{title}</caption>
                <thead><tr>{head}</tr></thead>
                <tbody>{rows}</tbody>
                {total.map(|(label, amount)| view! {
                    <tfoot><tr><th scope="row" colspan=span>{label}</th><td class="num">{amount}</td></tr></tfoot>
                })}
            </table>
        </div>
        <footer>
            <p>{format!("{} · {} · as of entry #{as_of}", device, format::moment(at))}</p>
            {is_unconfirmed.then(|| view! { <p><strong>{text::NOT_CONFIRMED}</strong></p> })}
        </footer>
    }
}

fn row(line: Line) -> impl IntoView {
    let mut cells = line.cells.into_iter();
    let name = cells.next().unwrap_or_default();
    let cells: Vec<_> = cells.map(|cell| view! { <td class="num">{cell}</td> }).collect();
    view! {
        <tr>
            <th scope="row">
                {name}
                {line.is_unconfirmed.then(|| view! { " "<small>{text::NOT_CONFIRMED}</small> })}
            </th>
            {cells}
        </tr>
    }
}
