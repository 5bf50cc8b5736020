//! A change that was not accepted, in its form again: filled in, with the reason on top and the focus in the field at
//! fault. What is saved here takes its place.

use domain::{Command, CommandId, Refusal};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::path_param;
use crate::{
    forms,
    live::{PageContext, page},
    repair, text,
    ui::{
        command_form::CommandForm,
        erased::{IntoPart, Part, Parts, follow, memo},
        field::{Field, Kind},
        frame::here,
        head::PageHead,
        proposals::{Proposal, Proposals, products},
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub products: Vec<Proposal>,
    /// None where this device does not have it, or nothing needs to be decided about it.
    pub item: Option<Item>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Item {
    pub id: CommandId,
    pub what: String,
    pub command_type: String,
    pub fields: Vec<(String, String)>,
    pub refusal: Option<Refusal>,
}

#[must_use]
pub fn load(context: &PageContext<'_>, id: &String) -> Option<Model> {
    let id = CommandId::parse(id).ok()?;
    let view = context.pending.iter().find(|view| view.id == id && view.replaceable && repair::needs_person(view));
    Some(Model {
        shop: context.title.to_owned(),
        products: products(context.books),
        item: view.map(|view| Item {
            id,
            what: text::command(&view.command, context.books),
            command_type: forms::type_of(&view.command).to_owned(),
            fields: with_empty_ones(&repair::merge(view).unwrap_or_else(|| view.command.clone())),
            refusal: view.refusal().cloned(),
        }),
    })
}

/// Fields that were left empty can be filled in now.
fn with_empty_ones(command: &Command) -> Vec<(String, String)> {
    let mut fields = forms::fields_of(command);
    if forms::type_of(command) == "stock.receive" && !fields.iter().any(|(name, _)| name == "eta") {
        fields.push(("eta".to_owned(), String::new()));
    }
    fields
}

#[component]
pub fn Resend() -> impl IntoView {
    page(path_param("command"), load, show)
}

fn show(model: Memo<Model>) -> impl IntoView {
    let shop = model.part(|model| model.shop.clone());
    // The form stays as it was opened: what is typed must not go when the books move, or when it has been sent.
    let item = memo(move |before: Option<&Option<Item>>| {
        before.cloned().flatten().or_else(|| model.with(|model| model.item.clone()))
    });
    view! {
        <PageHead title="Change and resend".to_owned() shop crumbs=vec![("Needs attention".to_owned(), here("/attention"))]/>
        {follow(move || match item.get() {
            Some(item) => form(item),
            None => view! { <p class="quiet-text">"Nothing needs to be changed here: it is settled, or it waits on another device."</p> }.into_part(),
        })}
        <Proposals id="products" list=model.part(|model| model.products.clone())/>
    }
}

fn form(item: Item) -> Part {
    let Some(command) = Command::types().find(|known| *known == item.command_type) else { return ().into_part() };
    let fields = item.fields;
    view! {
        <p>{item.what}</p>
        <CommandForm command id="resend" next=here("/attention") label="Change and resend".to_owned() replaces=Some(item.id) refused=item.refusal>
            // Made inside the form: a field takes its place in it from the context.
            {fields.into_iter().map(|(name, value)| field(name, value)).collect_view()}
            <div class="actions">
                <button type="submit" class="primary">"Send it"</button>
                <a class="button quiet" href=here("/attention")>"Cancel"</a>
            </div>
        </CommandForm>
    }
    .into_part()
}

/// As on the form that it came from; what nobody typed there is carried along.
fn field(name: String, value: String) -> Part {
    let (line, plain) = match name.split_once("].") {
        Some((list, field)) => (list.split_once('[').and_then(|(_, index)| index.parse::<usize>().ok()), field),
        None => (None, name.as_str()),
    };
    let kind = match plain {
        "sku" | "batchref" | "order_id" => Kind::Code,
        "qty" | "counted" | "by" | "short" => Kind::Units,
        "price" => Kind::Money,
        "eta" => Kind::Day,
        "description" | "text" => Kind::Paragraph,
        "name" | "category" | "reason" | "caption" => Kind::Text,
        _ => return view! { <input type="hidden" name=name value=value/> }.into_part(),
    };
    let label = text::field_label(plain);
    let label = line.map_or_else(|| label.to_owned(), |line| format!("{label}, line {}", line + 1));
    if plain == "sku" {
        return view! { <Field name label kind value list="products"/> }.into_part();
    }
    view! { <Field name label kind value/> }.into_part()
}
