//! A delivery came, or is on its way. Issues `stock.receive`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::query_param;
use crate::{
    live::{PageContext, page},
    ui::{
        command_form::CommandForm,
        erased::Parts,
        field::{Field, Kind},
        frame::here,
        head::PageHead,
        proposals::{Proposal, Proposals, products},
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    /// Where the page was opened from a product.
    pub sku: String,
    pub products: Vec<Proposal>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, sku: &String) -> Option<Model> {
    Some(Model { shop: context.title.to_owned(), sku: sku.clone(), products: products(context.books) })
}

#[component]
pub fn Receive() -> impl IntoView {
    page(query_param("sku"), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let sku = model.with_untracked(|model| model.sku.clone());
    view! {
        <PageHead title="Receive stock".to_owned() shop crumbs=vec![("Stock".to_owned(), here("/stock"))]/>
        <CommandForm command="stock.receive" id="receive" next=here("/stock?view=batches")>
            <Field name="batchref" label="Batch" kind=Kind::Code required=true hint="What you call this delivery, as on its note."/>
            <Field name="sku" label="SKU" kind=Kind::Code value=sku required=true list="products"/>
            <div class="field-row">
                <Field name="qty" label="Quantity" kind=Kind::Units required=true/>
                <Field name="eta" label="Expected on" kind=Kind::Day hint="Leave empty for goods that are here."/>
            </div>
            <div class="actions">
                <button type="submit" class="primary">"Write it down"</button>
                <a class="button quiet" href=here("/stock")>"Cancel"</a>
            </div>
        </CommandForm>
        <Proposals id="products" list=model.part(|model| model.products.clone())/>
    }
}
