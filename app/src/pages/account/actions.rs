//! What can be done with an account. A closed one only reads.

use leptos::prelude::*;

use super::Model;
use crate::{
    format,
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Parts, follow},
        field::{Field, Kind},
    },
    viewer::Offered,
};

#[component]
pub(super) fn Actions(model: Memo<Model>) -> impl IntoView {
    let open = model.part(|model| !model.closed);
    let id = model.with_untracked(|model| model.account_id.clone());
    follow(move || {
        let (id, moved, changed, seed) = (id.clone(), id.clone(), id.clone(), model.get_untracked());
        open.get().then(|| {
            view! {
                <Offered command="account.credit">
                    <section class="section">
                        <h2>"Pay in, take out"</h2>
                        <Move command="account.credit" id=moved.clone() label="Pay in"/>
                        <Move command="account.debit" id=moved label="Take out"/>
                    </section>
                </Offered>
                <Offered command="account.change" says_who=true>
                    <section class="section">
                        <h2>"Change the account"</h2>
                        <CommandForm command="account.change" id="change" label="Change the account">
                            <input type="hidden" name="account_id" value=changed/>
                            <Field name="title" label="Title" value=seed.title required=true/>
                            <Field name="owner" label="Owner" value=seed.owner required=true/>
                            <Field name="limit" label="Limit" kind=Kind::Money value=format::money_input(seed.limit)/>
                            <div class="actions"><button type="submit">"Save"</button></div>
                        </CommandForm>
                        <Close model id/>
                    </section>
                </Offered>
            }
            .into_part()
        })
    })
}

#[component]
fn Move(command: &'static str, id: String, label: &'static str) -> impl IntoView {
    let form = if command == "account.credit" { "credit" } else { "debit" };
    view! {
        <CommandForm command id=form label=label>
            <input type="hidden" name="account_id" value=id/>
            <div class="field-row">
                <Field name="amount" label="Amount" kind=Kind::Money required=true/>
                <Field name="reference" label="Reference" hint="What it is for."/>
            </div>
            <div class="actions"><button type="submit">{label}</button></div>
        </CommandForm>
    }
}

/// Only with nothing on it: before that, what stands in the way is said.
#[component]
fn Close(model: Memo<Model>, id: String) -> impl IntoView {
    let balance = model.part(|model| model.balance);
    follow(move || {
        let id = id.clone();
        if balance.get() == 0 {
            view! {
                <CommandForm command="account.close" id="close" class="actions">
                    <input type="hidden" name="account_id" value=id/>
                    <button type="submit" class="quiet">"Close the account"</button>
                </CommandForm>
            }
            .into_part()
        } else {
            let words = format!("It can be closed once nothing is on it: now {}.", format::money(balance.get()));
            view! { <p class="quiet-text">{words}</p> }.into_part()
        }
    })
}
