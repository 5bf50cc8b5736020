//! One field of a form: label, input, hint, and what is wrong with it, tied together for those who cannot see it.

use leptos::prelude::*;

use crate::ui::{
    command_form::FormState,
    erased::{IntoPart, follow},
    raw_text::raw_text,
};

/// What is typed into a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    #[default]
    Text,
    /// A code, as a SKU or a batch reference: no spelling help.
    Code,
    /// Whole units. A text field all the same: a number field changes under the wheel and hides what was typed.
    Units,
    /// Major units, with `.` or `,`.
    Money,
    Day,
    Paragraph,
}

#[component]
pub fn Field(
    /// As in the command's data: `sku`, `lines[0].qty`.
    #[prop(into)]
    name: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] required: bool,
    /// The id of a list of proposals.
    #[prop(optional, into)]
    list: Option<String>,
) -> impl IntoView {
    let state = FormState::of_context();
    let id = state.field_id(&name);
    let value = state.typed(&name).unwrap_or(value);
    let problem = state.problem(&name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let has_hint = !hint.is_empty();
    let described_by = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || {
            let parts = [has_hint.then(|| hint_id.clone()), problem.with(Option::is_some).then(|| error_id.clone())];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        }
    };
    let invalid = move || problem.with(Option::is_some).then_some("true");
    let control = match kind {
        Kind::Paragraph => view! {
            <textarea id=id.clone() name=name rows="3" aria-invalid=invalid aria-describedby=described_by>{raw_text(&value).into_owned()}</textarea>
        }
        .into_part(),
        _ => {
            let (input_type, mode, plain) = match kind {
                Kind::Day => ("date", None, false),
                Kind::Units => ("text", Some("numeric"), true),
                Kind::Money => ("text", Some("decimal"), true),
                Kind::Code => ("text", None, true),
                Kind::Text | Kind::Paragraph => ("text", None, false),
            };
            view! {
                <input
                    id=id.clone()
                    name=name
                    type=input_type
                    inputmode=mode
                    autocomplete="off"
                    autocapitalize=plain.then_some("none")
                    spellcheck=plain.then_some("false")
                    list=list
                    value=value
                    aria-required=required.then_some("true")
                    aria-invalid=invalid
                    aria-describedby=described_by
                />
            }
            .into_part()
        }
    };
    view! {
        <div class="field" data-invalid=follow(move || problem.with(Option::is_some).then_some(""))>
            <label for=id>{label}</label>
            {control}
            {has_hint.then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            {follow(move || problem.get().map(|problem| view! { <p class="error" id=error_id.clone()>{problem}</p> }))}
        </div>
    }
}
