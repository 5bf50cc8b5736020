//! A new product. Issues `product.add`.

use leptos::prelude::*;

use crate::{
    live::{PageContext, page},
    ui::{
        command_form::CommandForm,
        field::{Field, Kind},
        frame::here,
        head::PageHead,
    },
};

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<String> {
    Some(context.title.to_owned())
}

#[component]
pub fn NewProduct() -> impl IntoView {
    page(|| (), load, show)
}

fn show(shop: Memo<String>) -> impl IntoView {
    view! {
        <PageHead title="Add a product".to_owned() shop crumbs=vec![("Products".to_owned(), here("/products"))]/>
        <CommandForm command="product.add" id="add" next=here("/products")>
            <Field name="sku" label="SKU" kind=Kind::Code required=true hint="The code on the shelf. It never changes."/>
            <Field name="name" label="Name" required=true/>
            <div class="field-row">
                <Field name="price" label="Price" kind=Kind::Money required=true/>
                <Field name="category" label="Category"/>
            </div>
            <Field name="description" label="Description" kind=Kind::Paragraph/>
            <div class="actions">
                <button type="submit" class="primary">"Save"</button>
                <a class="button quiet" href=here("/products")>"Cancel"</a>
            </div>
        </CommandForm>
    }
}
