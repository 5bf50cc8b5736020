//! Reports: what the entries come to over time. They honour the moment that the page looks at.

pub mod sales;
pub mod stock;

use domain::{books::Books, values::Sku};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sync::past::Asked;

use super::{path_param, query_param};
use crate::{
    live::{PageContext, Params, page},
    ui::{
        erased::{IntoPart, Part, Parts, follow},
        frame::here,
        head::PageHead,
    },
};

/// What the address says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// `sales` or `stock`.
    pub name: String,
    pub sku: String,
}

impl Params for Wanted {
    const FOLLOWS: bool = true;

    fn asks(&self, _books: &Books) -> Option<Asked> {
        let sku = Sku::parse(&self.sku).ok().filter(|_| self.name == "stock")?;
        Some(stock::asked(&sku))
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub report: Report,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// None where there are not two days of entries.
    Sales(Option<sales::Days>),
    Stock(Option<stock::Line>),
    /// Of which product?
    Choose(Vec<Choice>),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    pub sku: String,
    pub name: String,
    pub href: String,
}

#[must_use]
pub fn load(context: &PageContext<'_>, wanted: &Wanted) -> Option<Model> {
    let report = match (wanted.name.as_str(), wanted.sku.as_str()) {
        ("sales", _) => Report::Sales(sales::load(context)),
        ("stock", "") => Report::Choose(choices(context)),
        ("stock", sku) => {
            let sku = Sku::parse(sku).ok().filter(|sku| context.books.aggregates.stocks.contains_key(sku))?;
            Report::Stock(stock::load(context, &sku))
        }
        _ => return None,
    };
    Some(Model { shop: context.title.to_owned(), report })
}

fn choices(context: &PageContext<'_>) -> Vec<Choice> {
    let products = context.books.projections.catalogue.products.iter();
    let with_stock = products.filter(|(sku, _)| context.books.aggregates.stocks.contains_key(*sku));
    with_stock
        .map(|(sku, _)| Choice {
            sku: sku.to_string(),
            name: super::name_of(context.books, sku),
            href: context.at(&format!("/reports/stock?sku={sku}")),
        })
        .collect()
}

#[component]
pub fn Reports() -> impl IntoView {
    let (name, sku) = (path_param("name"), query_param("sku"));
    page(move || Wanted { name: name(), sku: sku() }, load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let is_sales = model.with_untracked(|model| matches!(model.report, Report::Sales(_)));
    let title = if is_sales { "Sales per day" } else { "Stock over time" };
    let current = |is: bool| is.then_some("page");
    view! {
        <PageHead title=title.to_owned() shop/>
        <nav class="tabs" aria-label="Reports">
            <a href=here("/reports/sales") aria-current=current(is_sales)>"Sales per day"</a>
            <a href=here("/reports/stock") aria-current=current(!is_sales)>"Stock over time"</a>
        </nav>
        {follow(move || model.with(|model| shown(&model.report)))}
    }
}

fn shown(report: &Report) -> Part {
    match report {
        Report::Sales(Some(days)) => sales::drawn(days),
        Report::Stock(Some(line)) => stock::drawn(line),
        Report::Sales(None) | Report::Stock(None) => {
            view! { <div class="empty"><p>"Needs at least two days of entries."</p></div> }.into_part()
        }
        Report::Choose(choices) if choices.is_empty() => {
            view! { <div class="empty"><p>"Nothing received yet. Record a delivery and it will show here."</p></div> }
                .into_part()
        }
        Report::Choose(choices) => {
            let choices: Vec<_> = choices.iter().cloned().map(choice).collect();
            view! { <ul class="list">{choices}</ul> }.into_part()
        }
    }
}

fn choice(Choice { sku, name, href }: Choice) -> impl IntoView {
    view! {
        <li>
            <a class="row" href=href>
                <span class="row-title">{name}</span>
                <span class="row-note">{sku}</span>
            </a>
        </li>
    }
}
