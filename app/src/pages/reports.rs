//! Reports: what the entries come to over time. They honour the moment that the page looks at.

pub mod balance;
pub mod over_time;
pub mod sales;
pub mod stock;

use domain::{
    books::Books,
    values::{AccountId, Sku},
};
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
    viewer::Viewer,
};

/// What the address says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// `sales`, `stock` or `balance`.
    pub name: String,
    pub sku: String,
    pub account: String,
}

impl Params for Wanted {
    const FOLLOWS: bool = true;

    fn asks(&self, _books: &Books) -> Option<Asked> {
        match self.name.as_str() {
            "stock" => Sku::parse(&self.sku).ok().map(|sku| stock::asked(&sku)),
            "balance" => AccountId::parse(&self.account).ok().map(|account_id| balance::asked(&account_id)),
            _ => None,
        }
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
    Stock(Option<over_time::Line>),
    Balance(Option<over_time::Line>),
    /// Of which product?
    Choose(Vec<Choice>),
    /// Of which account?
    ChooseAccount(Vec<Choice>),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    pub key: String,
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
        ("balance", _) if wanted.account.is_empty() => Report::ChooseAccount(accounts(context)),
        ("balance", _) => {
            let account = AccountId::parse(&wanted.account).ok();
            let known = &context.books.projections.accounts.accounts;
            Report::Balance(balance::load(context, &account.filter(|account| known.get(account).is_some())?))
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
            key: sku.to_string(),
            name: super::name_of(context.books, sku),
            href: context.at(&format!("/reports/stock?sku={sku}")),
        })
        .collect()
}

fn accounts(context: &PageContext<'_>) -> Vec<Choice> {
    let accounts = context.books.projections.accounts.accounts.iter();
    accounts
        .map(|(account_id, account)| Choice {
            key: account_id.to_string(),
            name: account.title.to_string(),
            href: context.at(&format!("/reports/balance?account={account_id}")),
        })
        .collect()
}

#[component]
pub fn Reports() -> impl IntoView {
    let (name, sku, account) = (path_param("name"), query_param("sku"), query_param("account"));
    page(move || Wanted { name: name(), sku: sku(), account: account() }, load, show)
}

/// Address and name of each.
const REPORTS: [(&str, &str); 3] =
    [("sales", "Sales per day"), ("stock", "Stock over time"), ("balance", "Balance over time")];

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let (name, title) = model.with_untracked(|model| match model.report {
        Report::Sales(_) => REPORTS[0],
        Report::Stock(_) | Report::Choose(_) => REPORTS[1],
        Report::Balance(_) | Report::ChooseAccount(_) => REPORTS[2],
    });
    let viewer = Viewer::of_context();
    let opened = REPORTS.into_iter().filter(|(address, _)| viewer.opens(&format!("/reports/{address}")));
    let tabs = opened.map(|(address, title)| {
        let current = (address == name).then_some("page");
        view! { <a href=here(&format!("/reports/{address}")) aria-current=current>{title}</a> }
    });
    view! {
        <PageHead title=title.to_owned() shop/>
        <nav class="tabs" aria-label="Reports">
            {tabs.collect_view()}
        </nav>
        {follow(move || model.with(|model| shown(&model.report)))}
    }
}

fn shown(report: &Report) -> Part {
    match report {
        Report::Sales(Some(days)) => sales::drawn(days),
        Report::Stock(Some(line)) => over_time::drawn(line, &stock::WORDS),
        Report::Balance(Some(line)) => over_time::drawn(line, &balance::WORDS),
        Report::Sales(None) | Report::Stock(None) | Report::Balance(None) => {
            view! { <div class="empty"><p>"Needs at least two days of entries."</p></div> }.into_part()
        }
        Report::Choose(choices) if choices.is_empty() => {
            view! { <div class="empty"><p>"Nothing received yet. Record a delivery and it will show here."</p></div> }
                .into_part()
        }
        Report::ChooseAccount(choices) if choices.is_empty() => {
            view! { <div class="empty"><p>"No customer accounts yet."</p></div> }.into_part()
        }
        Report::Choose(choices) | Report::ChooseAccount(choices) => {
            let choices: Vec<_> = choices.iter().cloned().map(choice).collect();
            view! { <ul class="list">{choices}</ul> }.into_part()
        }
    }
}

fn choice(Choice { key, name, href }: Choice) -> impl IntoView {
    view! {
        <li>
            <a class="row" href=href>
                <span class="row-title">{name}</span>
                <span class="row-note">{key}</span>
            </a>
        </li>
    }
}
