//! Proposals for a field: the shop's products by SKU and name.

use domain::books::Books;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    pub sku: String,
    pub name: String,
}

#[must_use]
pub fn products(books: &Books) -> Vec<Proposal> {
    let products = books.projections.catalogue.products.iter().filter(|(_, product)| !product.archived);
    products.map(|(sku, product)| Proposal { sku: sku.to_string(), name: product.name.clone() }).collect()
}

#[component]
pub fn Proposals(id: &'static str, list: Memo<Vec<Proposal>>) -> impl IntoView {
    view! {
        <datalist id=id>
            <For each=move || list.get() key=|proposal| proposal.sku.clone() children=|proposal| view! {
                <option value=proposal.sku>{proposal.name}</option>
            }/>
        </datalist>
    }
}
