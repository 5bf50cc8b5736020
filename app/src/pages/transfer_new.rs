//! Money from one account to another. Issues `transfer.request`.

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
        proposals::{Proposal, Proposals, accounts},
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    /// Where the page was opened from an account.
    pub from: String,
    pub accounts: Vec<Proposal>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, from: &String) -> Option<Model> {
    Some(Model { shop: context.title.to_owned(), from: from.clone(), accounts: accounts(context.books) })
}

#[component]
pub fn NewTransfer() -> impl IntoView {
    page(query_param("from"), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    let from = model.with_untracked(|model| model.from.clone());
    let next = if from.is_empty() { here("/accounts") } else { here(&format!("/accounts/{from}")) };
    let back = next.clone();
    view! {
        <PageHead title="Transfer".to_owned() shop crumbs=vec![("Accounts".to_owned(), here("/accounts"))]/>
        <CommandForm command="transfer.request" id="transfer" next=next>
            <Field name="from" label="From" kind=Kind::Code value=from required=true list="accounts" hint="The number of the account that gives."/>
            <Field name="to" label="To" kind=Kind::Code required=true list="accounts" hint="The number of the account that gets."/>
            <div class="field-row">
                <Field name="amount" label="Amount" kind=Kind::Money required=true/>
                <Field name="reference" label="Reference" hint="Stands on both statements."/>
            </div>
            <Field name="transfer_id" label="Transfer number" kind=Kind::Code hint="Leave empty for the next free number."/>
            <div class="actions">
                <button type="submit" class="primary">"Move the money"</button>
                <a class="button quiet" href=back>"Cancel"</a>
            </div>
        </CommandForm>
        <Proposals id="accounts" list=model.part(|model| model.accounts.clone())/>
    }
}
