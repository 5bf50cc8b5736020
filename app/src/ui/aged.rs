//! What has waited for long to be sent: a line on Today after an hour, on every page after a day.

use leptos::prelude::*;

use crate::{
    replica::Replica,
    text::{self, Age},
    ui::{
        erased::{follow, handle, memo},
        unreadable::file_address,
    },
};

/// The unsent changes as a file, in the address of a link.
#[must_use]
pub fn unsent_file(replica: Replica) -> Option<String> {
    replica.device().map(|device| file_address(&device.export_unsent()))
}

/// Shown while what waits is exactly as old as this.
#[component]
pub fn Aged(age: Age) -> impl IntoView {
    let replica = Replica::of_context();
    let words = memo(move |_| {
        let line = replica.line()?;
        let is_it = text::aged(&line.connection, line.now) == Some(age);
        is_it.then(|| text::waits_since(&line.connection, line.now))
    });
    let shown = memo(move |_| words.get().is_some());
    // Made again with the words: the file is never older than what stands beside it.
    let file = memo(move |_| words.with(|_| unsent_file(replica)));
    let send = move |_| {
        if let Some(device) = replica.device() {
            device.try_now();
        }
    };
    view! {
        <Show when=move || shown.get()>
            <div class="notice" data-tone="attention" data-testid="aged">
                <p>{follow(move || words.get().unwrap_or_default())}</p>
                <button type="button" on:click=handle(send)>"Send now"</button>
                <a class="button quiet" href=follow(move || file.get()) download="daybook-unsent.json" rel="external">"Save a file"</a>
            </div>
        </Show>
    }
}
