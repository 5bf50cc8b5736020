//! Selling: find, add, pay. Issues `sale.record`. The basket is a part of the address where no script runs, so every
//! button works as a plain form; where the page is alive it is changed in place.

mod agreement;
mod basket;
mod on_account;
pub mod receipt;

use domain::{Command, matcher::Matcher, sale};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent, keydown},
    html,
    prelude::*,
};
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use self::{
    basket::{Basket, Line},
    on_account::{Customer, Payer},
};
use crate::{
    format,
    live::{PageContext, Params, page},
    text,
    ui::{
        announce::Announcer,
        command_form::{CommandForm, Done},
        erased::{Parts, follow, handle, memo},
        frame::here,
        head::PageHead,
        rows::rows,
    },
};

/// Products shown at once.
const SHOWN: usize = 24;

/// What the address says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub searched: String,
    pub basket: Basket,
    /// Whose account was chosen in a form that came back.
    pub payer: String,
    /// The receipt to show.
    pub receipt: String,
}

impl Params for Asked {}

impl Asked {
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let word =
            |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default();
        let receipt = if word("done") == "sale.record" { word("id") } else { String::new() };
        Self { searched: word("q"), basket: Basket::of_pairs(&pairs), payer: word("typed.account"), receipt }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Model {
    pub shop: String,
    pub searched: String,
    pub basket: Basket,
    pub payer: String,
    pub receipt: String,
    pub paper: Option<receipt::Paper>,
    pub products: Vec<Product>,
    /// Who may pay later.
    pub payers: Vec<Payer>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub price: i64,
    pub available: i64,
}

#[must_use]
pub fn load(context: &PageContext<'_>, asked: &Asked) -> Option<Model> {
    let products = context.books.projections.catalogue.products.iter().filter(|(_, product)| !product.archived);
    let products = products.map(|(sku, product)| Product {
        sku: sku.to_string(),
        name: if product.name.is_empty() { sku.to_string() } else { product.name.to_string() },
        price: product.price.minor(),
        available: product.available,
    });
    // A device searches in all of them as somebody types; the server sends those that were searched for.
    let matcher = Matcher::new(&asked.searched);
    let wanted = |product: &Product| {
        context.device.is_some() || matcher.fits([&*product.name, &product.sku]) || asked.basket.has(&product.sku)
    };
    Some(Model {
        shop: context.title.to_owned(),
        searched: asked.searched.clone(),
        basket: asked.basket.clone(),
        payer: asked.payer.clone(),
        receipt: asked.receipt.clone(),
        paper: receipt::paper(context, &asked.receipt),
        products: products.filter(wanted).collect(),
        payers: on_account::payers(context.books),
    })
}

#[component]
pub fn Till() -> impl IntoView {
    let location = use_location();
    page(move || Asked::of_query(location.search.get().trim_start_matches('?')), load, show)
}

/// What the parts of the till share.
#[derive(Clone, Copy)]
struct Desk {
    model: Memo<Model>,
    searched: RwSignal<String>,
    basket: RwSignal<Basket>,
    /// The number of the account that is chosen; empty for none.
    payer: RwSignal<String>,
    /// Number of the receipt on the counter; empty while ringing up.
    receipt: RwSignal<String>,
    field: NodeRef<html::Input>,
    announcer: Announcer,
}

impl Desk {
    fn found(&self) -> Vec<Product> {
        let matcher = self.searched.with(|searched| Matcher::new(searched));
        self.model.with(|model| {
            model
                .products
                .iter()
                .filter(|product| matcher.fits([&*product.name, &product.sku]))
                .take(SHOWN)
                .cloned()
                .collect()
        })
    }

    fn add(&self, product: &Product) {
        self.receipt.set(String::new());
        self.basket.update(|basket| basket.add(&product.sku));
        let qty = self.basket.with_untracked(|basket| basket.qty(&product.sku));
        self.announcer.say(format!("{}, {qty} in this sale", product.name));
    }

    /// Lines with the names and prices of now.
    fn lines(&self) -> Vec<Line> {
        self.model.with(|model| self.basket.with(|basket| basket.lines(&model.products)))
    }

    fn total(&self) -> i64 {
        self.lines().iter().fold(0, |sum, line| sum.saturating_add(line.amount()))
    }

    fn focus_search(&self) {
        if let Some(field) = self.field.get_untracked() {
            let _ = field.focus();
        }
    }
}

fn show(model: Memo<Model>) -> impl IntoView {
    let opened = model.get_untracked();
    let desk = Desk {
        model,
        searched: RwSignal::new(opened.searched),
        basket: RwSignal::new(opened.basket),
        payer: RwSignal::new(opened.payer),
        receipt: RwSignal::new(opened.receipt),
        field: NodeRef::new(),
        announcer: Announcer::of_context(),
    };
    let shop = model.part(|model| model.shop.clone());
    let keys = window_event_listener(keydown, move |event: KeyboardEvent| match event.key().as_str() {
        "F2" => {
            event.prevent_default();
            desk.focus_search();
        }
        "F8" => {
            event.prevent_default();
            focus("#till-pay button");
        }
        _ => {}
    });
    on_cleanup(move || keys.remove());
    let has_receipt = memo(move |_| desk.receipt.with(|number| !number.is_empty()));
    view! {
        <PageHead title="Sell".to_owned() shop/>
        <Show when=move || has_receipt.get()>
            <receipt::Receipt number=desk.receipt first=model.with_untracked(|model| model.paper.clone()) next=Callback::new(move |()| {
                desk.receipt.set(String::new());
                desk.focus_search();
            })/>
        </Show>
        <div class="till">
            <Find desk/>
            <Sale desk/>
        </div>
    }
}

fn focus(selector: &'static str) {
    use leptos::{wasm_bindgen::JsCast, web_sys::HtmlElement};
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// The search that is always ready, and what it finds.
#[component]
fn Find(desk: Desk) -> impl IntoView {
    let found = memo(move |_| desk.found());
    let nothing = found.part(Vec::is_empty);
    // Enter takes the first one found: what a scanner types is a SKU and Enter.
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let searched = desk.searched.get_untracked();
        let exact = found.with_untracked(|found| {
            found.iter().find(|product| product.sku.eq_ignore_ascii_case(searched.trim())).cloned()
        });
        let first = exact.or_else(|| found.with_untracked(|found| found.first().cloned()));
        match first.filter(|_| !searched.trim().is_empty()) {
            Some(product) => {
                desk.add(&product);
                desk.searched.set(String::new());
            }
            None => desk.announcer.say("Nothing found"),
        }
    };
    view! {
        <section class="till-find" aria-label="Find">
            <form id="till-find" method="get" action=here("/till") on:submit=handle(submit)>
                <input
                    type="search"
                    name="q"
                    aria-label="Search or scan"
                    placeholder="Search or scan"
                    autocomplete="off"
                    value=desk.searched.get_untracked()
                    prop:value=follow(move || desk.searched.get())
                    node_ref=desk.field
                    on:input=handle(move |event| desk.searched.set(event_target_value(&event)))
                />
                <input type="hidden" name="basket" value=follow(move || desk.basket.with(Basket::written))/>
                <button type="submit" class="visually-hidden" tabindex="-1">"Search"</button>
            </form>
            {follow(move || nothing.get().then(|| view! {
                <p class="quiet-text">{follow(move || format!("Nothing matches ‘{}’.", desk.searched.get()))}</p>
            }))}
            <ul class="till-results">{rows(found, |product| product.sku.clone(), move |product| found_row(desk, product))}</ul>
        </section>
    }
}

fn found_row(desk: Desk, product: Memo<Product>) -> impl IntoView {
    let add = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        desk.add(&product.get_untracked());
    };
    let sku = product.with_untracked(|product| product.sku.clone());
    view! {
        <li>
            <button type="submit" form="till-find" name="add" value=sku on:click=handle(add)>
                {product.show(|product| product.name.clone())}
                " "
                <small>{product.show(|product| format!("{} · {}", product.sku, left(product.available)))}</small>
                " "
                <span class="num">{product.show(|product| format::money(product.price))}</span>
            </button>
        </li>
    }
}

fn left(available: i64) -> String {
    if available < 0 {
        format!("{} below zero", format::number(-available))
    } else {
        format!("{} available", format::number(available))
    }
}

/// The lines of this sale, and the ways to pay.
#[component]
fn Sale(desk: Desk) -> impl IntoView {
    let lines = memo(move |_| desk.lines());
    let none = lines.part(Vec::is_empty);
    let has_payers = desk.model.part(|model| !model.payers.is_empty());
    let done = Callback::new(move |done: Done| {
        if let Command::Sale(sale::Command::Record(record)) = &done.command {
            desk.basket.try_set(Basket::default());
            desk.payer.try_set(String::new());
            desk.searched.try_set(String::new());
            desk.receipt.try_set(record.sale_id.to_string());
            request_animation_frame(|| focus("#next-sale"));
        }
    });
    view! {
        <section class="till-basket" aria-label="This sale">
            {follow(move || none.get().then(|| view! { <p class="quiet-text">"Nothing rung up yet."</p> }))}
            <ol class="till-lines" data-in-hand=follow(move || (!none.get()).then_some(""))>{rows(lines, |line| line.sku.clone(), move |line| sale_line(desk, line))}</ol>
            <p class="till-total">
                <span>"Total"</span>
                " "
                <output data-testid="till-total">{follow(move || format::money(desk.total()))}</output>
            </p>
            <CommandForm command="sale.record" id="till-pay" class="pay" label="Pay".to_owned() on_done=done next=here("/till") stays=true>
                <PayLines lines/>
                <Show when=move || !none.get() && has_payers.get()><Customer desk/></Show>
                <Show when=move || !none.get()>
                    <button type="submit" class="primary" name="payment" value="cash">"Cash"</button>
                    <button type="submit" name="payment" value="card">"Card taken elsewhere"</button>
                    <Show when=move || has_payers.get()>
                        <button type="submit" name="payment" value="account">"On account"</button>
                    </Show>
                </Show>
            </CommandForm>
            <p class="note">{text::WORKS_OFFLINE}</p>
        </section>
    }
}

/// What the form carries, unseen.
#[component]
fn PayLines(lines: Memo<Vec<Line>>) -> impl IntoView {
    let numbered = move || lines.get().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <For each=numbered key=|(index, line)| (*index, line.sku.clone(), line.qty, line.price) children=|(index, line)| view! {
            <input type="hidden" name=format!("lines[{index}].sku") value=line.sku/>
            <input type="hidden" name=format!("lines[{index}].qty") value=line.qty.to_string()/>
            <input type="hidden" name=format!("lines[{index}].price") value=format::money_input(line.price)/>
        }/>
    }
}

fn sale_line(desk: Desk, line: Memo<Line>) -> impl IntoView {
    let seed = line.get_untracked();
    let (name, sku) = (seed.name.clone(), seed.sku.clone());
    let (less, more, out, set) = (sku.clone(), sku.clone(), sku.clone(), format!("set.{sku}"));
    let change = move |by: i64| {
        let sku = line.with_untracked(|line| line.sku.clone());
        desk.basket.update(|basket| basket.change(&sku, by));
        let qty = desk.basket.with_untracked(|basket| basket.qty(&sku));
        desk.announcer.say(format!("{}, {qty} in this sale", line.with_untracked(|line| line.name.clone())));
        if qty == 0 {
            desk.focus_search();
        }
    };
    let step = move |by: i64| {
        move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            change(by);
        }
    };
    let typed = move |event: leptos::ev::Event| {
        let sku = line.with_untracked(|line| line.sku.clone());
        if let Ok(qty) = event_target_value(&event).trim().parse::<u32>() {
            desk.basket.update(|basket| basket.set(&sku, qty));
        }
    };
    let remove = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        change(i64::MIN);
    };
    view! {
        <li data-sku=sku>
            <span class="line-name">
                {line.show(|line| line.name.clone())}
                " "
                <small>{follow(move || format!("{} each", line.with(|line| format::money(line.price))))}</small>
            </span>
            " "
            <span class="line-amount num">{line.show(|line| format::money(line.amount()))}</span>
            <div class="stepper">
                <button type="submit" form="till-find" name="less" value=less aria-label=format!("One less {name}") on:click=handle(step(-1))>"−"</button>
                <input
                    form="till-find"
                    name=set
                    inputmode="numeric"
                    autocomplete="off"
                    aria-label=format!("Quantity of {name}")
                    value=seed.qty.to_string()
                    prop:value=line.show(|line| line.qty.to_string())
                    on:change=handle(typed)
                />
                <button type="submit" form="till-find" name="add" value=more aria-label=format!("One more {name}") on:click=handle(step(1))>"+"</button>
            </div>
            <button type="submit" form="till-find" class="quiet line-remove" name="remove" value=out aria-label=format!("Remove {name}") on:click=handle(remove)>"Remove"</button>
        </li>
    }
}
