//! Proposals for a field: the shop's products by SKU and name, its accounts by number and title.

use domain::{books::Books, projections::accounts::AccountState};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::format;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// What goes into the field: a SKU, a number.
    pub key: String,
    pub name: String,
}

#[must_use]
pub fn products(books: &Books) -> Vec<Proposal> {
    let products = books.projections.catalogue.products.iter().filter(|(_, product)| !product.archived);
    products.map(|(sku, product)| Proposal { key: sku.to_string(), name: product.name.clone() }).collect()
}

/// Those that are open, with what is on them.
#[must_use]
pub fn accounts(books: &Books) -> Vec<Proposal> {
    let open = books.projections.accounts.accounts.iter().filter(|(_, account)| account.state == AccountState::Open);
    open.map(|(id, account)| Proposal {
        key: id.to_string(),
        name: format!("{} · {}", account.title, format::money(account.balance)),
    })
    .collect()
}

#[component]
pub fn Proposals(id: &'static str, list: Memo<Vec<Proposal>>) -> impl IntoView {
    view! {
        <datalist id=id>
            <For each=move || list.get() key=|proposal| proposal.key.clone() children=|proposal| view! {
                <option value=proposal.key>{proposal.name}</option>
            }/>
        </datalist>
    }
}
