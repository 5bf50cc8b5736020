//! Records on this device that this build cannot read: written by a newer version, or damaged. They are left where they
//! are and shown until a person gives them up; everything else goes on.

use domain::json;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    replica::{Replica, Unreadable},
    text,
    ui::{
        erased::{IntoPart, Parts, follow, handle, memo},
        rows::rows,
    },
};

/// The address of a file with this content, for a link that saves it.
#[must_use]
pub fn file_address(content: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(content.as_bytes()).collect();
    format!("data:application/json,{}", encoded.replace('+', "%20"))
}

/// Nothing at all where everything can be read.
#[component]
pub fn UnreadableRecords() -> impl IntoView {
    let replica = Replica::of_context();
    let list = memo(move |_| replica.line().map(|line| (*line.storage.unreadable).clone()).unwrap_or_default());
    let some = list.part(|list| !list.is_empty());
    let file = list.part(|list| file_address(&json::indented(list)));
    follow(move || {
        some.get().then(|| {
            view! {
                <section class="section" data-testid="unreadable">
                    <h2>"Cannot be read"</h2>
                    <p>{text::UNREADABLE_WORDS}</p>
                    <ul class="needs">{rows(list, |record| record.id.clone(), |record: Memo<Unreadable>| view! {
                        <li data-sync="needs-attention">
                            <h3><code>{record.show(|record| record.id.clone())}</code></h3>
                            <p class="reason">{record.show(|record| record.problem.clone())}</p>
                            <pre>{record.show(|record| record.text.clone())}</pre>
                            <GiveUp id=record.with_untracked(|record| record.id.clone())/>
                        </li>
                    })}</ul>
                    <p><a href=follow(move || file.get()) download="daybook-unreadable.json" rel="external">"Save them as a file"</a></p>
                </section>
            }
            .into_part()
        })
    })
}

/// What is taken away comes back with the saved file only, so it asks twice.
#[component]
fn GiveUp(id: String) -> impl IntoView {
    let replica = Replica::of_context();
    let remove = move |_| {
        if let Some(device) = replica.device() {
            spawn_local(device.remove_unreadable(id.clone()));
        }
    };
    view! {
        <details>
            <summary>"Remove…"</summary>
            <p>{text::UNREADABLE_GONE}</p>
            <div class="actions"><button type="button" class="danger" on:click=handle(remove)>"Remove from this device"</button></div>
        </details>
    }
}
