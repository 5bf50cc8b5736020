//! What the server has lost with a restore, as far as this device remembers it.

use domain::CommandId;
use leptos::prelude::*;

use crate::{
    format,
    replica::{Picture, Replica},
    text,
    ui::{
        erased::{IntoPart, Parts, follow, handle, memo},
        rows::rows,
        sentence::{Sentence, SentenceView},
    },
};

#[derive(Clone, PartialEq, Debug)]
struct Row {
    id: CommandId,
    sentence: Sentence,
    note: String,
}

fn of(picture: &Picture) -> Vec<Row> {
    let row = |lost: &sync::Lost| Row {
        id: lost.entry.command_id,
        sentence: text::entry(&picture.shop, &lost.entry, picture.author.role),
        note: format!(
            "Was #{} · {} · {} · {}",
            lost.position,
            lost.entry.actor,
            lost.entry.device,
            format::moment(lost.entry.issued_at)
        ),
    };
    picture.lost.iter().map(row).collect()
}

/// Nothing at all where nothing was lost. An entry goes by itself when the device that gave it has given it again.
#[component]
pub fn LostEntries() -> impl IntoView {
    let replica = Replica::of_context();
    let list = memo(move |_| replica.picture().map_or_else(Vec::new, |picture| of(&picture)));
    let some = list.part(|list| !list.is_empty());
    let dismiss = move |_| {
        if let Some(device) = replica.device() {
            device.dismiss_lost();
        }
    };
    follow(move || {
        some.get().then(|| {
            view! {
                <section class="section" data-testid="lost">
                    <h2>"Lost with a restored server"</h2>
                    <p>"The server was put back to an earlier state. These entries of others were in the book before, and are not now. Each goes from this list by itself when the device that wrote it has connected again; what stays must be written again, or looked into."</p>
                    <ul class="needs">{rows(list, |row| row.id, |row: Memo<Row>| view! {
                        <li>
                            <p>{follow(move || view! { <SentenceView sentence=row.with(|row| row.sentence.clone())/> })}</p>
                            <p class="note">{row.show(|row| row.note.clone())}</p>
                        </li>
                    })}</ul>
                    <div class="actions"><button type="button" class="quiet" on:click=handle(dismiss)>"Dealt with"</button></div>
                </section>
            }
            .into_part()
        })
    })
}
