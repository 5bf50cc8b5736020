//! The devices of the shop, and what came from those that were shut out: for its owners. The forms are posted as they are.

use domain::books::Books;
use leptos::prelude::*;

use crate::{
    api::shop_devices,
    devices::{DeviceRow, Devices, WaitingRow},
    format,
    live::{PageContext, page},
    text,
    ui::{
        erased::{IntoPart, Part},
        owners::{self, for_owners},
    },
};

#[must_use]
pub fn load(context: &PageContext<'_>, (): &()) -> Option<String> {
    Some(context.title.to_owned())
}

#[component]
pub fn DevicesPage() -> impl IntoView {
    owners::ask(shop_devices);
    page(|| (), load, show)
}

fn show(title: Memo<String>) -> impl IntoView {
    for_owners("Devices", "/devices", title, text::devices_done, all)
}

fn all(door: &str, Devices { devices, waiting }: Devices) -> Part {
    let none = devices.is_empty().then(|| view! { <p class="quiet-text">"No device has signed in yet."</p> });
    let rows = devices.into_iter().map(|device| device_row(door, device)).collect_view();
    view! {
        {waiting_list(door, waiting)}
        {none}
        <ul class="needs" data-testid="devices">{rows}</ul>
    }
    .into_part()
}

fn device_row(door: &str, device: DeviceRow) -> Part {
    let heading = if device.is_this { format!("{} (this one)", device.name) } else { device.name.clone() };
    let facts = facts(&device);
    let DeviceRow { id, name, revoked_at, .. } = device;
    let ends = match revoked_at {
        None => view! {
            <form method="post" action=door.to_owned()>
                <input type="hidden" name="do" value="revoke"/>
                <input type="hidden" name="device" value=id.clone()/>
                <p class="note">{text::REVOKE_MEANS}</p>
                <button class="button danger">"Shut it out"</button>
            </form>
        }
        .into_part(),
        Some(_) => view! {
            <form method="post" action=door.to_owned()>
                <input type="hidden" name="do" value="readmit"/>
                <input type="hidden" name="device" value=id.clone()/>
                <button class="button">"Let it in again"</button>
            </form>
        }
        .into_part(),
    };
    let field = format!("name-of-{id}");
    view! {
        <li data-device=id.clone() data-revoked=revoked_at.is_some().to_string()>
            <h3>{heading}</h3>
            <p class="note">{facts}</p>
            <details class="menu">
                <summary class="button">"Change"</summary>
                <div>
                    <form method="post" action=door.to_owned() class="form">
                        <input type="hidden" name="do" value="name"/>
                        <input type="hidden" name="device" value=id.clone()/>
                        <div class="field">
                            <label for=field.clone()>"Name"</label>
                            <input id=field name="name" value=name maxlength="60" autocomplete="off"/>
                        </div>
                        <div class="actions"><button class="button">"Save the name"</button></div>
                    </form>
                    {ends}
                </div>
            </details>
        </li>
    }
    .into_part()
}

/// Its code, who used it last, when it was heard of, and what it wrote and has not sent.
fn facts(device: &DeviceRow) -> String {
    let mut facts = vec![device.id.clone()];
    facts.extend(device.person.clone());
    facts.push(match device.seen_at {
        Some(at) => format!("seen {}", format::moment(at)),
        None => format!("since {}", format::moment(device.enrolled_at)),
    });
    facts.extend(device.last_entry.map(|entry| format!("last entry #{entry}")));
    facts.extend(device.unsent.filter(|unsent| *unsent > 0).map(|unsent| format!("{unsent} not sent")));
    facts.extend(device.revoked_at.map(|at| format!("shut out {}", format::moment(at))));
    facts.join(" · ")
}

fn waiting_list(door: &str, waiting: Vec<WaitingRow>) -> Option<Part> {
    if waiting.is_empty() {
        return None;
    }
    let number = waiting.len();
    let all =
        waiting.iter().map(|row| view! { <input type="hidden" name="command" value=row.id.clone()/> }).collect_view();
    let rows = waiting.into_iter().map(|row| waiting_row(door, row)).collect_view();
    let part = view! {
        <section class="section" data-testid="waiting">
            <h2>{format!("Waiting for your decision ({number})")}</h2>
            <p>{text::WAITING_MEANS}</p>
            <ul class="needs">{rows}</ul>
            {(number > 1).then(|| view! {
                <form method="post" action=door.to_owned()>
                    <input type="hidden" name="do" value="release"/>
                    {all}
                    <button class="button">"Let all of it in"</button>
                </form>
            })}
        </section>
    };
    Some(part.into_part())
}

fn waiting_row(door: &str, row: WaitingRow) -> Part {
    let form = |what: &'static str, words: &'static str, class: &'static str| {
        view! {
            <form method="post" action=door.to_owned()>
                <input type="hidden" name="do" value=what/>
                <input type="hidden" name="command" value=row.id.clone()/>
                <button class=class>{words}</button>
            </form>
        }
    };
    view! {
        <li data-command=row.id.clone()>
            <h3>{text::command(&row.command, &Books::default())}</h3>
            <p class="note">{format!("{} · {} · {}", row.person, row.device, format::moment(row.issued_at))}</p>
            <div class="actions">
                {form("release", "Let it in", "button primary")}
                {form("discard", "Keep it out", "button quiet")}
            </div>
        </li>
    }
    .into_part()
}
