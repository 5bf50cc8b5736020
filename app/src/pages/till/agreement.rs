//! More than may go on an account: whoever sells has somebody who leads agree to it, by their PIN.

use leptos::prelude::*;

use crate::{
    forms::{APPROVER, APPROVER_PIN},
    people::Colleague,
    text,
    ui::{
        command_form::FormState,
        erased::{IntoPart, Part, follow},
        frame::{Visit, here},
    },
    viewer::Viewer,
};

const AGREES: &str = "account.approve";

/// Whether whoever looks at the page has to ask.
pub(super) fn has_to_ask() -> bool {
    Viewer::of_context().may(AGREES).is_err()
}

/// Nothing for those who may agree themselves. `over`: minor units that are too much.
#[component]
pub(super) fn Agreement(over: Memo<i64>) -> impl IntoView {
    let Some(visit) = use_context::<Resource<Visit>>().filter(|_| has_to_ask()) else { return ().into_part() };
    let switch = here("/switch");
    view! {
        <Suspense>
            {follow(move || {
                let (form, switch) = (FormState::of_context(), switch.clone());
                Suspend::new(async move {
                    let mut people = visit.await.colleagues;
                    people.retain(|one| one.role.may_send_type(AGREES).is_ok());
                    follow(move || (over.get() > 0).then(|| fields(form, &switch, people.clone())))
                })
            })}
        </Suspense>
    }
    .into_part()
}

fn fields(form: FormState, switch: &str, people: Vec<Colleague>) -> Part {
    if people.is_empty() {
        let href = switch.to_owned();
        return view! { <p class="note till-nobody">{text::NOBODY_TO_AGREE}" "<a href=href>"Who is here"</a></p> }
            .into_part();
    }
    let (who, pin, problem) = (form.field_id(APPROVER), form.field_id(APPROVER_PIN), form.problem(APPROVER_PIN));
    let error = format!("{pin}-error");
    let is_wrong = move || problem.with(Option::is_some);
    let choice = |one: Colleague| view! { <option value=one.login>{one.name}", "{text::role(one.role)}</option> };
    view! {
        <fieldset class="till-agreement">
            <legend>"Who agrees?"</legend>
            <div class="field">
                <label for=who.clone()>"Manager"</label>
                <select id=who name=APPROVER>{people.into_iter().map(choice).collect_view()}</select>
            </div>
            <div class="field" data-invalid=follow(move || is_wrong().then_some(""))>
                <label for=pin.clone()>"Their PIN"</label>
                <input
                    id=pin
                    name=APPROVER_PIN
                    type="password"
                    inputmode="numeric"
                    autocomplete="off"
                    aria-required="true"
                    aria-invalid=follow(move || is_wrong().then_some("true"))
                    aria-describedby=error.clone()
                />
                {follow(move || problem.get().map(|problem| view! { <p class="error" id=error.clone()>{problem}</p> }))}
            </div>
        </fieldset>
    }
    .into_part()
}
