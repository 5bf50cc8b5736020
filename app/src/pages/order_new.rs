//! A new order. Issues `order.place`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    live::{PageContext, page},
    ui::{
        command_form::CommandForm,
        erased::{Parts, handle},
        field::{Field, Kind},
        frame::here,
        head::PageHead,
        proposals::{Proposal, Proposals, accounts, products},
    },
};

/// Lines that are there without a script; more can be added where one runs.
const LINES: usize = 4;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub products: Vec<Proposal>,
    pub accounts: Vec<Proposal>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<Model> {
    Some(Model { shop: context.title.to_owned(), products: products(context.books), accounts: accounts(context.books) })
}

#[component]
pub fn NewOrder() -> impl IntoView {
    page(|| (), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let lines = RwSignal::new(LINES);
    view! {
        <PageHead title="New order".to_owned() shop crumbs=vec![("Orders".to_owned(), here("/orders"))]/>
        <CommandForm command="order.place" id="place" next=here("/orders")>
            <Field name="order_id" label="Order number" kind=Kind::Code hint="Leave empty for the next free number."/>
            <fieldset>
                <legend>"Lines"</legend>
                <For each=move || 0..lines.get() key=|index| *index children=|index| view! {
                    <div class="field-row">
                        <Field name=format!("lines[{index}].sku") label=format!("SKU, line {}", index + 1) kind=Kind::Code list="products"/>
                        <Field name=format!("lines[{index}].qty") label=format!("Quantity, line {}", index + 1) kind=Kind::Units/>
                    </div>
                }/>
            </fieldset>
            <Field name="account" label="Account" kind=Kind::Code list="accounts" hint="Who pays for it. Leave empty where it is paid otherwise."/>
            <div class="actions">
                <button type="submit" class="primary">"Place the order"</button>
                <button type="button" class="quiet" on:click=handle(move |_| lines.update(|lines| *lines += 1))>"Add a line"</button>
                <a class="button quiet" href=here("/orders")>"Cancel"</a>
            </div>
        </CommandForm>
        <Proposals id="accounts" list=model.part(|model| model.accounts.clone())/>
        <Proposals id="products" list=model.part(|model| model.products.clone())/>
    }
}
