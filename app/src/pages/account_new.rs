//! A new account. Issues `account.open`.

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
pub fn NewAccount() -> impl IntoView {
    page(|| (), load, show)
}

fn show(shop: Memo<String>) -> impl IntoView {
    view! {
        <PageHead title="New account".to_owned() shop crumbs=vec![("Accounts".to_owned(), here("/accounts"))]/>
        <CommandForm command="account.open" id="open" next=here("/accounts")>
            <Field name="title" label="Title" required=true hint="As it stands in lists: Café fund."/>
            <Field name="owner" label="Owner" required=true/>
            <Field name="account_id" label="Account number" kind=Kind::Code hint="Leave empty for the next free number."/>
            <div class="field-row">
                <Field name="initial_balance" label="Balance" kind=Kind::Money value="0" required=true/>
                <Field name="limit" label="Limit" kind=Kind::Money hint="How far below nought it may go. Leave empty for not at all."/>
            </div>
            <div class="actions">
                <button type="submit" class="primary">"Open the account"</button>
                <a class="button quiet" href=here("/accounts")>"Cancel"</a>
            </div>
        </CommandForm>
    }
}
