//! Who has signed in, and the way out. Whoever has unsent changes is asked about them first.

use domain::books::Role;
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use sync::connection::DataState;

use crate::{
    replica::Replica,
    text,
    ui::{
        aged::unsent_file,
        erased::{IntoPart, follow, handle, memo},
        frame::{Visit, here},
    },
};

/// Nothing at all in a shop that asks nobody.
#[component]
pub fn Who() -> impl IntoView {
    let visit = use_context::<Resource<Visit>>();
    view! {
        <Suspense>
            {follow(move || {
                visit.map(|visit| Suspend::new(async move {
                    visit.await.signed_in().map(|person| view! { <SignedIn login=person.actor.to_string() role=person.role/> })
                }))
            })}
        </Suspense>
    }
}

#[component]
fn SignedIn(login: String, role: Role) -> impl IntoView {
    let replica = Replica::of_context();
    let left = memo(move |_| replica.line().map_or(text::Left::default(), |line| text::Left::of(&line.connection)));
    // Somebody else may be here than the session says, by a PIN and without a network.
    let who = memo(move |_| {
        let here = replica.picture().map(|picture| (picture.author.actor.to_string(), picture.author.role));
        here.unwrap_or_else(|| (login.clone(), role))
    });
    let question = NodeRef::<html::Dialog>::new();
    let sign_out = move |event: SubmitEvent| {
        // Without a device there is nothing here to be asked about, and the form goes as it is.
        if replica.device().is_none() {
            return;
        }
        event.prevent_default();
        match question.get_untracked() {
            Some(question) if left.get_untracked().is_some() => _ = question.show_modal(),
            _ => leave(replica),
        }
    };
    let away = memo(move |_| {
        let is_away = |state| matches!(state, DataState::NotConnected | DataState::Unreachable);
        replica.line().is_some_and(|line| is_away(line.connection.state))
    });
    view! {
        <section class="section">
            <h2>"Who is here"</h2>
            <p data-testid="signed-in-as">{follow(move || who.get().0)}", "{follow(move || text::role(who.get().1))}</p>
            <form method="post" action="/session/end" on:submit=handle(sign_out)>
                <button class="quiet">"Sign out"</button>
                " "
                {follow(move || away.get().then(|| view! { <span class="note">{text::SIGN_OUT_AWAY}</span> }))}
            </form>
            <p>
                <a href=here("/switch")>"Switch to somebody else"</a>" · "
                <a href="/password" rel="external">"Change the password"</a>
                {follow(move || (who.get().1 == Role::Owner).then(|| view! { " · "<a href=here("/people")>"People and invites"</a>" · "<a href=here("/devices")>"Devices"</a> }))}
            </p>
            <dialog node_ref=question aria-labelledby="sign-out-question" data-testid="sign-out-question">
                <h2 id="sign-out-question">{follow(move || left.get().question())}</h2>
                <p>{follow(move || left.get().stays())}</p>
                <Choices question/>
            </dialog>
        </section>
    }
}

/// *Cancel* is the one that a hasty key presses.
#[component]
fn Choices(question: NodeRef<html::Dialog>) -> impl IntoView {
    let replica = Replica::of_context();
    let close = move || {
        if let Some(question) = question.get_untracked() {
            question.close();
        }
    };
    let connected = memo(move |_| {
        let may_send = |state| matches!(state, DataState::Live | DataState::CatchingUp);
        replica.line().is_some_and(|line| may_send(line.connection.state))
    });
    // Made again whenever something changes here.
    let file = memo(move |_| replica.line().and_then(|_| unsent_file(replica)));
    let send = move |_| {
        if let Some(device) = replica.device() {
            device.try_now();
        }
        close();
    };
    view! {
        <div class="actions">
            <button type="button" autofocus on:click=handle(move |_| close())>"Cancel"</button>
            <button type="button" disabled=follow(move || !connected.get()) on:click=handle(send)>"Send now"</button>
            <a class="button" href=follow(move || file.get()) download="daybook-unsent.json" rel="external">"Save a file"</a>
            <button type="button" class="quiet" on:click=handle(move |_| leave(replica))>"Keep them here and sign out"</button>
        </div>
    }
    .into_part()
}

/// Also without a network: the device does it, and tells the server when it can.
fn leave(replica: Replica) {
    if let Some(device) = replica.device() {
        spawn_local(device.leave());
    }
}
