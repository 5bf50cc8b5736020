//! Who is here: people who share this device switch by their PINs. Plain forms where no script runs; alive, the device
//! looks at the PIN itself where the server cannot be reached.

use domain::{ShopSlug, books::Author};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::query_param;
use crate::{
    live::{PageContext, page},
    people::Colleague,
    replica::{Doing, Replica},
    text,
    ui::{
        door::{DoorField, PROBLEM},
        erased::{IntoPart, Part, follow, handle},
        frame::{Visit, at},
        head::PageHead,
    },
};

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<String> {
    Some(context.title.to_owned())
}

#[component]
pub fn SwitchPage() -> impl IntoView {
    page(|| (), load, show)
}

fn show(title: Memo<String>) -> impl IntoView {
    let (visit, shop) = (use_context::<Resource<Visit>>(), use_context::<ShopSlug>());
    view! {
        <PageHead title="Who is here".to_owned() shop=title/>
        <Suspense>
            {follow(move || {
                visit.zip(shop.clone()).map(|(visit, shop)| Suspend::new(async move { people(&shop, &visit.await) }))
            })}
        </Suspense>
    }
}

fn people(shop: &ShopSlug, visit: &Visit) -> Part {
    let Some(you) = visit.signed_in() else {
        return view! { <p class="quiet-text">{text::OPEN_SHOP}</p> }.into_part();
    };
    let has_pin = visit.colleagues.iter().any(|one| *one.login == *you.actor);
    let sign_in = format!("/sign-in?next={}", at(shop, "/till"));
    let found: Found = RwSignal::new(None);
    view! {
        <Problem found/>
        <SwitchForm shop=shop.clone() people=visit.colleagues.clone() found/>
        <p>
            "Not in the list? "<a href=sign_in rel="external">"Sign in with a password"</a>
            ", and set a PIN then."
        </p>
        <PinForm shop=shop.clone() you has_pin found/>
    }
    .into_part()
}

/// What was found wrong with a form that was sent by a script, in place of the address.
type Found = RwSignal<Option<String>>;

/// What the server found wrong, or this device.
#[component]
fn Problem(found: Found) -> impl IntoView {
    let of_server = query_param("problem");
    follow(move || {
        let word = found.get().unwrap_or_else(&of_server);
        text::door_problem(&word)
            .map(|words| view! { <div class="form-error" id=PROBLEM role="alert"><p>{words}</p></div> })
    })
}

/// Has a form sent by the device, and shows what was wrong with it. Where there is no device it goes as it is.
fn by_device(
    replica: Replica,
    found: Found,
    send: impl Fn() -> Option<Doing<Option<String>>> + 'static,
) -> impl FnMut(SubmitEvent) + 'static {
    let busy = StoredValue::new(false);
    move |event: SubmitEvent| {
        if replica.device().is_none() {
            return;
        }
        event.prevent_default();
        // A slow answer must not be asked for twice: each try counts.
        if busy.try_update_value(|busy| std::mem::replace(busy, true)) != Some(false) {
            return;
        }
        let doing = send();
        spawn_local(async move {
            let problem = match doing {
                Some(doing) => doing.await,
                None => None,
            };
            busy.try_set_value(false);
            found.try_set(problem);
        });
    }
}

/// Of a form that is about to be sent.
fn field(name: &str) -> String {
    use leptos::wasm_bindgen::JsCast;
    let element = document().get_element_by_id(name);
    match element.and_then(|element| element.dyn_into::<leptos::web_sys::HtmlInputElement>().ok()) {
        Some(input) => input.value(),
        None => String::new(),
    }
}

#[component]
fn SwitchForm(shop: ShopSlug, people: Vec<Colleague>, found: Found) -> impl IntoView {
    let replica = Replica::of_context();
    if people.is_empty() {
        return view! { <p>{text::NOBODY_TO_SWITCH_TO}</p> }.into_part();
    }
    let named = query_param("login");
    let send = move || {
        let login = checked("login")?;
        replica.device().map(|device| device.switch(login, field("pin")))
    };
    let choice = move |one: Colleague| {
        let login = one.login.clone();
        view! {
            <label class="check">
                <input
                    type="radio"
                    name="login"
                    value=one.login
                    required
                    checked=follow(move || named() == login)
                />
                <span>{one.name}", "{text::role(one.role)}</span>
            </label>
        }
    };
    view! {
        <form method="post" action="/session/switch" class="form" on:submit=handle(by_device(replica, found, send))>
            <input type="hidden" name="next" value=at(&shop, "/till")/>
            <input type="hidden" name="from" value=at(&shop, "/switch")/>
            <fieldset>
                <legend>"Who are you?"</legend>
                {people.into_iter().map(choice).collect_view()}
            </fieldset>
            <DoorField name="pin" label="PIN" autocomplete="current-password" digits=true/>
            <div class="actions"><button class="button primary">"Switch"</button></div>
        </form>
    }
    .into_part()
}

/// The value of the radio button that is chosen.
fn checked(name: &str) -> Option<String> {
    let chosen = document().query_selector(&format!("input[name={name}]:checked"));
    chosen.ok().flatten()?.get_attribute("value")
}

#[component]
fn PinForm(shop: ShopSlug, you: Author, has_pin: bool, found: Found) -> impl IntoView {
    let replica = Replica::of_context();
    let login = you.actor.to_string();
    let send =
        move || replica.device().map(|device| device.set_pin(login.clone(), field("password"), field("new-pin")));
    let title = if has_pin { "Another PIN for you on this device" } else { "A PIN for you on this device" };
    view! {
        <section class="section">
            <h2>{title}</h2>
            <p>{text::PIN_MEANS}</p>
            <form method="post" action="/session/pin" class="form" on:submit=handle(by_device(replica, found, send))>
                <input type="hidden" name="next" value=at(&shop, "/switch")/>
                <input type="hidden" name="from" value=at(&shop, "/switch")/>
                <DoorField name="password" label="Your password" autocomplete="current-password"/>
                <DoorField name="pin" id="new-pin" label="New PIN" autocomplete="new-password" digits=true hint=text::PIN_HINT/>
                <div class="actions"><button>"Set the PIN"</button></div>
            </form>
        </section>
    }
    .into_part()
}
