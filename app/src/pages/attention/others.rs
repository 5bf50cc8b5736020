//! What was not accepted of other people, and waits on their devices: whoever answers for others sees it too, and may give
//! it up in their place.

use domain::{
    Command, CommandId,
    change::{self, Because, Decline},
    projections::refused::Waiting,
    values::Reason,
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{
    format,
    live::PageContext,
    replica::{Replica, Wish},
    text,
    ui::{
        announce::Announcer,
        erased::{Parts, follow, memo},
        mark::{Shape, SyncState},
        past,
        reasons::Reasons,
        rows::rows,
        sentence::{Sentence, SentenceView},
        toast::Toasts,
        unsent::say_and_go_on,
    },
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub id: CommandId,
    pub what: String,
    pub why: String,
    /// Who asked for it, on what and when, with its entry.
    pub whose: Sentence,
    pub position: u64,
}

/// As far as whoever looks may decide about it. Their own is on the device that they wrote it on.
pub fn waiting<'a>(context: &PageContext<'a>) -> impl Iterator<Item = (&'a CommandId, &'a Waiting)> {
    let me = context.author;
    let all = context.books.projections.refused.waiting.iter();
    all.filter(move |(_, one)| me.role.answers_for_others() && me.actor != one.actor)
}

/// Oldest first.
pub fn load(context: &PageContext<'_>) -> Vec<Row> {
    let row = |(id, one): (&CommandId, &Waiting)| {
        let whose = format!("{} on {}, {} · ", one.actor, one.device, format::moment(one.issued_at));
        Row {
            id: *id,
            what: text::asked_for(&one.command, context.books),
            why: text::sentence_of(&format!("Not accepted: {}", context.why_not(&one.refusal))),
            whose: Sentence::default()
                .then(whose)
                .link(format!("#{}", one.position), context.at(&format!("/book/{}", one.position))),
            position: one.position,
        }
    };
    let mut rows: Vec<_> = waiting(context).map(row).collect();
    rows.sort_by_key(|row| row.position);
    rows
}

/// Nothing where there is nothing to decide.
#[component]
pub fn OfOthers(list: Memo<Vec<Row>>) -> impl IntoView {
    let some = list.part(|list| !list.is_empty());
    follow(move || {
        some.get().then(|| {
            view! {
                <section class="section">
                    <h2>"Of others"</h2>
                    <p class="note">{text::OF_OTHERS_MEANS}</p>
                    <ul class="needs">{rows(list, |row| row.id, |row: Memo<Row>| {
                        let id = row.with_untracked(|row| row.id);
                        view! {
                            <li data-position=row.show(|row| row.position) data-command=id.to_string()>
                                <h3>{row.show(|row| row.what.clone())}</h3>
                                <p class="reason">
                                    <span class="mark"><Shape state=SyncState::NeedsAttention/></span>
                                    " "
                                    {row.show(|row| row.why.clone())}
                                </p>
                                <p class="note">
                                    {follow(move || view! { <SentenceView sentence=row.with(|row| row.whose.clone())/> })}
                                </p>
                                <GiveUp id/>
                            </li>
                        }
                    })}</ul>
                </section>
            }
        })
    })
}

/// There with a device that can write it down, and not where a page looks back.
#[component]
fn GiveUp(id: CommandId) -> impl IntoView {
    let replica = Replica::of_context();
    let (announcer, toasts) = (Announcer::of_context(), Toasts::of_context());
    let writes = memo(move |_| replica.picture().is_some() && past::as_of().is_empty());
    let give_up = move |because: Because| {
        let Some((device, command)) = replica.device().zip(declining(replica, id, because)) else { return };
        spawn_local(async move {
            let words = match device.issue(Wish::from(command)).await {
                Ok(_) => text::GIVEN_UP,
                Err(_) => text::SETTLED_MEANWHILE,
            };
            say_and_go_on(announcer, toasts, words);
        });
    };
    follow(move || {
        writes
            .get()
            .then(|| view! { <div class="actions"><Reasons label="Give it up" give=give_up question=None/></div> })
    })
}

/// None once somebody has seen to it.
fn declining(replica: Replica, id: CommandId, because: Because) -> Option<Command> {
    let picture = replica.held()?;
    let waiting = picture.books.projections.refused.waiting.get(&id)?;
    let reason = Reason::parse(because.words()).ok()?;
    let decline = Decline { command_id: id, command: waiting.command.clone(), reason };
    Some(change::Command::Decline(decline).into())
}
